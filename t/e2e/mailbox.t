#!/usr/bin/perl
# The mailbox changes underneath: what other programs do comes to the phone, what the phone does
# they see, and no key loses or doubles anything.
# covers: Sync
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Mail;
use MobileSync::Scenario qw(sync_until);
use MobileSync::Server;

use constant COUNT => 60;

my %account_for = ( '12.1' => 'anna', '14.1' => 'bert', '16.1' => 'carl' );
my $server =
    MobileSync::Server->start( accounts => { map { $_ => 'pw' } values %account_for, 'dora' } );

# The items that phone and mailbox have: pairs of subject and flags, sorted, for comparison.
sub held ( $phone, $folder ) {
    return [ sort map { $_->text('Email:Subject') . ( $_->text('Email:Read') ? ' read' : '' ) }
            values %{ $phone->items($folder) } ];
}

sub start ( $account, $version, $count = COUNT ) {
    my $box = $server->mailbox($account);
    my @filled = MobileSync::Mail->new(
        seed => "sync $version",
        kinds => [qw(plain html alternative)],
        newest => time - 3_600
    )->fill( $box, $count, corpora => 0 );
    my $phone =
        $server->client( account => $account, version => $version, device_id => "PHONE$account" );
    $phone->folder_sync;
    return ( $phone, $box, $phone->folder_of_type(2)->{id}, @filled );
}

for my $version ( sort keys %account_for ) {
    subtest $version => sub {
        my ( $phone, $box, $inbox, @filled ) = start( $account_for{$version}, $version );
        my $prime = $phone->sync($inbox);
        is( $prime->{status}, 1, 'key 0' );
        is_deeply( $prime->{adds}, [], 'gets no items' );
        my $done = $phone->sync_until_done( $inbox, window_size => 25 );
        is_deeply( $done, { rounds => 3, items => COUNT }, 'all items in windows of 25' );
        my @expected =
            sort
            map { $_->{message}{subject} . ( $box->flags( $_->{name} ) =~ /S/ ? ' read' : '' ) }
            @filled;
        is_deeply( held( $phone, $inbox ),
            \@expected, 'with their subjects and whether they are read' );

        my $key = $phone->collection($inbox)->{key};
        my $empty = $phone->sync($inbox);
        is_deeply( [ @$empty{qw(status adds changes deletes)} ], [ 1, [], [], [] ], 'nothing new' );
        is( $phone->collection($inbox)->{key}, $key, 'steps no key' );

        my ( $one, $two, $three ) = map { $_->{name} } @filled[ 1, 2, 4 ];
        my %id_of = map { $_->text('Email:Subject') => $_->id } values %{ $phone->items($inbox) };
        my %subject_of = map { $_->{name} => $_->{message}{subject} } @filled;
        my $new =
            $box->deliver( "From: x\@example.net\nSubject: A new one\nDate: "
                . MobileSync::Mail::Mime::mail_date(time)
                . "\n\nHello\n" );
        $box->set_flags( $one, 'S' );
        $box->delete($two);
        my $sync = $phone->sync($inbox);
        is_deeply(
            [ map { $phone->items($inbox)->{$_}->text('Email:Subject') } @{ $sync->{adds} } ],
            ['A new one'], 'a delivery' );
        is_deeply( $sync->{changes}, [ $id_of{ $subject_of{$one} } ], 'a message read elsewhere' );

        # a file that is missing may be being renamed: the server makes sure first
        my @deletes = @{ $sync->{deletes} };
        push @deletes, @{ sync_until( $phone, $inbox, sub ($seen) { @{ $seen->{deletes} } } )->{deletes} }
            unless @deletes;
        is_deeply( \@deletes, [ $id_of{ $subject_of{$two} } ], 'one deleted elsewhere' );

        my $id = $id_of{ $subject_of{$three} };
        $sync =
            $phone->sync( $inbox, commands => [ $phone->change_of( $id, [ 'Email:Read', 1 ] ) ] );
        is( $sync->{status}, 1, 'the phone marks a message as read' );
        like( $box->flags($three), qr/S/, 'and it is' );
        is_deeply( $phone->sync($inbox)->{changes}, [], 'without an echo' );
        $sync =
            $phone->sync( $inbox, commands => [ $phone->delete_of($id) ], deletes_as_moves => 1 );
        is( $box->path($three), undef, 'the phone deletes a message' );
        my $trash = $phone->folder_of_type(4)->{id};
        $phone->initial_sync($trash);
        is_deeply(
            [ map { $_->text('Email:Subject') } values %{ $phone->items($trash) } ],
            [ $subject_of{$three} ],
            'which goes to the deleted ones'
        );
        $sync = $phone->sync(
            $trash,
            deletes_as_moves => 0,
            commands => [ $phone->delete_of( keys %{ $phone->items($trash) } ) ]
        );
        is_deeply( $phone->items($trash), {}, 'and there for good' );

        my ($fetched) = keys %{ $phone->items($inbox) };
        $sync = $phone->sync(
            $inbox,
            commands => [ $phone->fetch_of($fetched) ],
            options => { body => [ { type => 1 } ] }
        );
        my ($response) = @{ $sync->{responses}{Fetch} };
        is( $response->text('Status'), 1, 'Fetch' );
        ok( length $response->text('ApplicationData/Body/Data'), 'brings the body' );
    };
}

subtest 'keys' => sub {
    my ( $phone, $box, $inbox, @filled ) = start( 'dora', '16.1', 10 );
    my $first = $phone->sync( $inbox, key => '0' )->{key};
    is( $phone->sync( $inbox, key => '0' )->{key},
        $first, 'key 0 again before it is confirmed: the same key' );
    is( $phone->sync( $inbox, key => 'nonsense' )->{status}, 3, 'an unknown key' );
    $phone->sync_until_done($inbox);
    my $known = $phone->collection($inbox)->{key};
    is( $phone->sync( $inbox, key => "${known}9" )->{status}, 3, 'a key of the future' );
    is( $phone->sync( 'none', key => '0' )->{status}, 12, 'no such folder' );

    my $message = sub ($subject) {"Subject: $subject\n\ntext\n"};
    $box->deliver( $message->('lost') );
    my $call = $phone->sync( $inbox, lose => 1 );
    my $repeated = $phone->repeat($call);
    is( scalar @{ $repeated->{adds} }, 1, 'a lost answer comes again' );
    is_deeply( $repeated->{duplicates}, [], 'once' );
    is_deeply( $phone->sync($inbox)->{adds}, [], 'and not a third time' );

    # The same key with another request: a later delivery comes too, nothing twice.
    $box->deliver( $message->('first') );
    $phone->sync( $inbox, lose => 1 );
    $box->deliver( $message->('second') );
    $phone->sync_until_done( $inbox, window_size => 50 );
    my @subjects = sort map { $_->text('Email:Subject') } values %{ $phone->items($inbox) };
    is( scalar( grep {/^(?:lost|first|second)$/} @subjects ),
        3, 'nothing is lost, nothing doubled' );
    is( scalar keys %{ $phone->items($inbox) }, 13, 'all items are there' );

    # A lost Delete, repeated: done once, and answered well.
    my ($victim) = grep { $_->text('Email:Subject') eq 'first' } values %{ $phone->items($inbox) };
    $call = $phone->sync(
        $inbox,
        commands => [ $phone->delete_of( $victim->id ) ],
        deletes_as_moves => 1,
        lose => 1
    );
    is( $phone->repeat($call)->{status}, 1, 'a repeated Delete' );
    is( scalar keys %{ $box->messages('Trash') }, 1, 'moved one message' );
    is( $phone->sync( $inbox, commands => [ $phone->delete_of( $victim->id ) ] )->{status},
        1, 'deleting what is gone' );

    $server->redis->command('FLUSHALL');
    is( $phone->sync($inbox)->{status}, 3, 'state lost: start over' );
    is( $phone->initial_sync($inbox)->{items}, 12, 'and nothing is missing' );
};

$server->done;
done_testing;
