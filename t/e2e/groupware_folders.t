#!/usr/bin/perl
# covers: FolderSync FolderCreate FolderUpdate FolderDelete
# Folders of contacts, events, tasks and notes: the default ones, those that phones make, rename and
# delete, and those of other programs.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Groupware;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;

# Ids that the next FolderSync brings: [ added, updated, deleted ].
sub news ($phone) { return [ @{ $phone->folder_sync }{qw(added updated deleted)} ] }

each_version(
    $server,
    sub ( $version, $account ) {
        my $phone = $server->client( account => $account, version => $version );
        $phone->folder_sync;
        my %type_of = map { $_->{type} => $_ } values %{ $phone->{folders} };
        for my $class (qw(Contacts Calendar Tasks Notes)) {
            my $row = class_named($class);
            my $there = $type_of{ $row->{type} };
            if ( $version < $row->{since} ) {
                ok( !$there, "$class are not known at $version" );
                next;
            }
            ok( $there, "the default folder of $class" ) or next;
            is( $there->{parent}, '0', 'on top' );
            like( $there->{name}, qr/\S/, 'with a name' );
            is( $phone->folder_delete( $there->{id} )->{status}, 3, 'cannot be deleted' );
        }
    }
);

each_class(
    $server,
    sub ( $class, $version, $first ) {
        my $account = "own$first";
        $server->add_account($account);
        my $vdir = $server->vdir($account);
        my ( $phone, $other ) =
            map { $server->client( account => $account, version => $version ) } 1, 2;
        $_->folder_sync for $phone, $other;
        my $own = $class->{own};

        # --- made, renamed and deleted by a phone ---
        my $call = $phone->folder_create( '0', 'Vereine & Zeug', type => $own, lose => 1 );
        my $made = $phone->repeat($call);
        is( $made->{status}, 1, 'made; the answer was lost' );
        my $id = $made->{id};
        is_deeply( news($other), [ [$id], [], [] ], 'once, as another phone sees' );
        is_deeply(
            [ @{ $other->{folders}{$id} }{qw(name type)} ],
            [ 'Vereine & Zeug', $own ],
            'of its name and type'
        );
        my $collection = $vdir->named('Vereine & Zeug');
        ok( -d $vdir->folder($collection), 'a collection with that displayname' );
        is( $phone->folder_create( '0', 'Vereine & Zeug', type => $own )->{status},
            2, 'a name that is there' );

        $phone->initial_sync($id);
        add_item( $phone, $id, $class->{data}->( 'In it', 'x' ) );
        $other->initial_sync($id);
        $call = $phone->folder_update( $id, '0', 'Klubs', lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'renamed; the answer was lost' );
        is_deeply( news($other), [ [], [$id], [] ], 'another phone is told' );
        is( $other->{folders}{$id}{name}, 'Klubs', 'its name' );
        ok( -d $vdir->folder( $vdir->named('Klubs') ), 'other programs see it' );
        is( $other->sync($id)->{status}, 1, 'its items stay as they were' );
        in_step( $class, $_, $id, $vdir, $vdir->named('Klubs'), 'after the renaming' )
            for $phone, $other;
        $call = $phone->folder_delete( $id, lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'deleted; the answer was lost' );
        is( $vdir->named('Klubs'), undef, 'with what was in it' );
        is( $other->sync($id)->{status}, 12, 'another phone notices' );
        is_deeply( news($other), [ [], [], [$id] ], 'and is told' );

        # --- by other programs ---
        my $stem = "of-others-$class->{collection}";
        $vdir->create( $stem, name => 'Änderbar', color => '#00ff00' );
        $vdir->write( $stem, "x.$class->{extension}", $class->{blob}->( 'u1', 'Theirs' ) );
        my $result = news($phone);
        is( scalar @{ $result->[0] }, 1, 'a collection of another program' ) or return;
        $id = $result->[0][0];
        is_deeply(
            [ @{ $phone->{folders}{$id} }{qw(name type)} ],
            [ 'Änderbar', $own ],
            'its displayname, and the type of what is in it'
        );
        $phone->initial_sync($id);
        in_step( $class, $phone, $id, $vdir, $stem, 'its items come' );
        my $name = 'Umbenannt';
        $vdir->name( $stem, $name );
        is_deeply( news($phone), [ [], [$id], [] ], 'named otherwise' );
        is( $phone->{folders}{$id}{name}, $name, 'so it is called' );
        $vdir->rename_collection( $stem, "$stem-2" );
        is_deeply( news($phone), [ [], [], [] ], 'its directory is renamed: it is the same' );
        $vdir->write( "$stem-2", "y.$class->{extension}", $class->{blob}->( 'u2', 'Another' ) );
        in_step( $class, $phone, $id, $vdir, "$stem-2", 'and goes on' );
        is( $vdir->content( "$stem-2", 'color' ), '#00ff00', 'its colour stays' );
        $vdir->remove_collection("$stem-2");
        # it may be just being renamed: that it is gone takes a second look
        wait_until(
            'it to be gone',
            sub {
                grep { $_ eq $id } @{ news($phone)->[2] };
            }
        );
        pass('removed');

        # --- below and between ---
        my $top = $phone->folder_create( '0', 'Top', type => $own )->{id};
        my $below = $phone->folder_create( $top, 'Below', type => $own );
        is( $below->{status}, 1, 'a folder in a folder' );
        is( ( news($other), $other->{folders}{ $below->{id} }{parent} )[1],
            $top, 'as another phone sees it' );
        is( $phone->folder_update( $below->{id}, '0', 'Above' )->{status}, 1, 'moved' );
        is( ( news($other), $other->{folders}{ $below->{id} }{parent} )[1], '0', 'on top' );
        my @names = ( 'a/b', '.hidden', '日本語 📁', '..', 'x' x 200, 'nul' );

        for my $odd (@names) {
            my $odd_one = $phone->folder_create( '0', $odd, type => $own );
            next if $odd_one->{status} == 10;
            is( $odd_one->{status}, 1, 'an odd name' );
            is( ( news($other), $other->{folders}{ $odd_one->{id} }{name} )[1], $odd, 'is kept' );
        }
        is_deeply( [ grep {m{/}} $vdir->collections ], [], 'one level on disk' );
        ok( !-e $vdir->root . '/../b', 'and nothing outside' );
    },
    qw(12.1 14.1 16.1)
);

$server->done;
done_testing;
