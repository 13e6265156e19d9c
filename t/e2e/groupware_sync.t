#!/usr/bin/perl
# covers: Sync GetItemEstimate MoveItems ItemOperations
# Contacts, events, tasks and notes at every version: down and up, changed on either side without
# loss of what a phone does not know, deleted, moved, fetched.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Groupware;
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;

each_class(
    $server,
    sub ( $class, $version, $account ) {
        my $vdir = $server->vdir($account);
        my $collection = $class->{collection};
        my $file = "a-1.$class->{extension}";
        $vdir->create($collection);
        $vdir->write( $collection, $file,
            $class->{blob}->( 'uid-1', 'Älpha', kept_line, 'CATEGORIES:One,Two' ) );
        $vdir->write( $collection, "b.$class->{extension}", $class->{blob}->( 'uid-2', 'Beta' ) );
        my @phones = map { $server->client( account => $account, version => $version ) } 1, 2;
        $_->folder_sync for @phones;
        my ( $phone, $other ) = @phones;
        my $folder = $phone->folder_of_type( $class->{type} )->{id};

        # --- down ---
        $phone->sync($folder);
        is( $phone->get_item_estimate( [$folder] )->{$folder}{estimate}, 2, 'two are to come' );
        $phone->sync_until_done($folder);
        is_deeply( titles( $class, $phone, $folder ), [qw(Beta Älpha)], 'they come' );
        my $alpha = item_titled( $class, $phone, $folder, 'Älpha' );
        is_deeply( tags_of( $class, $alpha ), [qw(One Two)], 'with their categories' );
        is( $phone->get_item_estimate( [$folder] )->{$folder}{estimate}, 0, 'nothing more' );
        ok( $phone->sync($folder)->{empty}, 'nothing comes' );
        $other->initial_sync($folder);

        # --- up ---
        my $before = $vdir->content( $collection, $file );
        my $result = $phone->sync( $folder,
            commands =>
                [ $phone->change_of( $alpha->id, $class->{data}->( 'Älpha', qw(One Three) ) ) ] );
        is( $result->{status}, 1, 'a Change' );
        is_deeply( $result->{responses}{Change} // [], [], 'is taken' );
        is_deeply( $result->{changes}, [], 'and not told to the phone itself' );
        my $after = $vdir->content( $collection, $file );
        is_deeply( tags_in($after), [qw(One Three)], 'is in the file' );
        like( $after, qr/^\Q@{[kept_line]}\E\r$/m, 'which keeps what the phone knows nothing of' );
        like( $after, qr/^UID:uid-1\r$/m, 'its UID, too' );
        is_deeply( $other->sync($folder)->{changes}, [ $alpha->id ], 'another phone is told' );
        is_deeply( tags_of( $class, $other->items($folder)->{ $alpha->id } ),
            [qw(One Three)], 'of that' );
        my $gamma = add_item( $phone, $folder, $class->{data}->( 'Gamma; ü, \\', 'New' ) );
        in_step( $class, $phone, $folder, $vdir, $collection, 'a new one of the phone' );
        is_deeply( $other->sync($folder)->{adds}, [$gamma], 'another phone gets it' );
        is_deeply(
            titles( $class, $other, $folder ),
            titles( $class, $phone, $folder ),
            'as it was written'
        );
        is( scalar $vdir->files($collection), 3, 'a file of its own' );
        my $same = $phone->sync( $folder,
            commands =>
                [ $phone->change_of( $alpha->id, $class->{data}->( 'Älpha', qw(One Three) ) ) ] );
        is( $vdir->content( $collection, $file ), $after, 'what changes nothing writes nothing' );
        ok( $other->sync($folder)->{empty}, 'and nobody is told' );

        # --- other programs ---
        $vdir->edit( $collection, $file, qr/One/, 'Uno' );
        $vdir->delete( $collection, "b.$class->{extension}" );
        $vdir->write( $collection, "d.$class->{extension}", $class->{blob}->( 'uid-4', 'Delta' ) );
        $vdir->rename( $collection, ( has_file( $class, $vdir, $collection, 'Gamma' ) )[0],
            "renamed.$class->{extension}" );
        my $seen = sync_until( $phone, $folder,
            sub ($seen) { $seen->{changes}->@* && $seen->{adds}->@* && $seen->{deletes}->@* } );
        is_deeply(
            [ map { scalar @$_ } @$seen{qw(adds changes deletes)} ],
            [ 1, 1, 1 ],
            'one each, and none for a file that was renamed'
        );
        in_step( $class, $_, $folder, $vdir, $collection, 'what other programs did' ) for @phones;
        ok( $phone->items($folder)->{$gamma}, 'the renamed one is the same' );

        # --- fetch ---
        my $fetched = $phone->fetch_item( $folder, $gamma );
        is( $fetched->{status}, 1, 'ItemOperations' );
        is( $fetched->{properties}->text( $class->{title} ), 'Gamma; ü, \\', 'fetches an item' );
        # the schema of Sync has no notes there, though nothing else forbids them
        local $phone->{validate} = $class->{name} ne 'Notes';
        my $again = $phone->sync( $folder, commands => [ $phone->fetch_of($gamma) ] );
        is( $again->{responses}{Fetch}[0]->text("ApplicationData/$class->{title}"),
            'Gamma; ü, \\', 'so does Sync' );

        # --- away ---
        $phone->sync( $folder, commands => [ $phone->delete_of($gamma) ] );
        in_step( $class, $_, $folder, $vdir, $collection, 'a Delete' ) for @phones;
        $result = $phone->sync( $folder, commands => [ $phone->delete_of($gamma) ] );
        is( $result->{status}, 1, 'once more does no harm' );
        $result =
            $phone->sync( $folder,
            commands => [ $phone->change_of( $gamma, $class->{data}->('Gone') ) ] );
        is( $result->{responses}{Change}[0]->text('Status'), 8, 'a Change of what is gone' );
        my $count = () = $vdir->files($collection);
        is( $count, 2, 'makes nothing' );
    }
);

each_class(
    $server,
    sub ( $class, $version, $account ) {
        my $vdir = $server->vdir($account);
        my $phone =
            $server->client( account => $account, version => $version, device_id => 'MOVER' );
        $phone->folder_sync;
        my $from = $phone->folder_of_type( $class->{type} )->{id};
        my $made = $phone->folder_create( '0', 'Other one', type => $class->{own} );
        is( $made->{status}, 1, 'a folder of its own' );
        my $to = $made->{id};
        my $is_there = sub ($collection) {
            return scalar grep {/Moved/} values %{ $vdir->contents($collection) };
        };
        my $new = $vdir->named('Other one');
        $phone->initial_sync($_) for $from, $to;
        my $item = add_item( $phone, $from, $class->{data}->( 'Moved', 'x' ) );
        my $call = $phone->move_items( [ [ $item, $from, $to ] ], lose => 1 );
        my $move = $phone->repeat($call)->[0];
        is( $move->{status}, 3, 'a move; its answer is lost' );
        is_deeply( $phone->sync($from)->{deletes}, [$item], 'gone from there' );
        is_deeply( $phone->sync($to)->{adds}, [ $move->{destination} ], 'and here' );
        is_deeply( titles( $class, $phone, $to ), ['Moved'], 'as it was' );
        is( $is_there->( $class->{collection} ), 0, 'on the disk, too' );
        is( $is_there->($new), 1, 'once' );
        $move = $phone->move_items( [ [ $item, $from, $to ] ] )->[0];
        ok( $move->{status} == 1 || $move->{status} == 3, 'again it is not there' );
        is( $is_there->($new), 1, 'still once' );
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        my $back = ( $phone->sync($to), keys %{ $phone->items($to) } )[-1];
        isnt( $phone->move_items( [ [ $back, $to, $inbox ] ] )->[0]{status},
            3, 'not into a folder of mail' );
        is( $is_there->($new), 1, 'it stays' );
        is( $phone->folder_delete($to)->{status}, 1, 'the folder is deleted' );
        is( scalar grep( { $_ eq $new } $vdir->collections ), 0, 'and what is in it' );
    }
);

$server->done;
done_testing;
