#!/usr/bin/perl
# covers: MoveItems
# Messages move between folders, once, under the name that the phone is told.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start;
my $box = $server->mailbox;
my $trash_name;

sub folder ( $phone, $type ) { return $phone->folder_of_type($type)->{id} }

sub item ( $phone, $folder, $subject ) {
    my $items = $phone->items($folder);
    my ($id) = grep { $items->{$_}->text('Email:Subject') eq $subject } keys %$items;
    return $id;
}

for my $version (VERSIONS) {
    subtest "moves at $version" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my ( $inbox, $trash ) = map { folder( $phone, $_ ) } 2, 4;
        my $plain = deliver_mail( $box, "plain $version" );
        my $flagged = deliver_mail( $box, "flagged $version", flags => 'FS' );
        $phone->initial_sync( $_, options => { filter_type => 0 } ) for $inbox, $trash;
        my @ids = map { item( $phone, $inbox, "$_ $version" ) } qw(plain flagged);
        my $results = $phone->move_items(
            [
                [ $ids[0], $inbox, $trash ],
                [ 'nonsense', $inbox, $trash ],
                [ $ids[1], $inbox, $trash ],
                [ $ids[1], $inbox, $inbox ],
                [ $ids[1], $inbox, 'nowhere' ],
                [ $ids[1], 'nowhere', $trash ],
            ]
        );
        is_deeply( [ map { $_->{status} } @$results ], [qw(3 1 3 4 2 1)], 'each on its own' );
        is_deeply(
            [ map { $_->{source} } @$results ],
            [ $ids[0], 'nonsense', ( $ids[1] ) x 4 ],
            'answered in order'
        );
        is( scalar keys %{ $box->messages }, 0, 'the Maildir folder is empty' );
        ($trash_name) = grep { scalar keys %{ $box->messages($_) } } $box->folders;
        my @moved = values %{ $box->messages($trash_name) };
        is( @moved, 2, 'both are in the other' );
        is( scalar( grep {/:2,.*F/} @moved ), 1, 'with their flags' );
        my $result = $phone->sync_until_done($inbox);
        is( scalar keys %{ $phone->items($inbox) }, 0, 'the next Sync takes them from the phone' );
        $phone->sync_until_done($trash);
        is_deeply(
            [ sort keys %{ $phone->items($trash) } ],
            [ sort map { $results->[$_]{destination} } 0, 2 ],
            'and adds them under the ids that were told'
        );
        is(
            $phone->items($trash)->{ $results->[0]{destination} }->text('Email:Subject'),
            "plain $version",
            'each its own'
        );
        $results = $phone->move_items( [ [ $ids[0], $inbox, folder( $phone, 5 ) ] ] );
        is( $results->[0]{status}, 1, 'what went cannot go elsewhere' );
        $box->delete( $_, $trash_name ) for keys %{ $box->messages($trash_name) };
    };

    subtest "a lost response at $version" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my ( $inbox, $trash ) = map { folder( $phone, $_ ) } 2, 4;
        deliver_mail( $box, "lost $version" );
        $phone->initial_sync( $_, options => { filter_type => 0 } ) for $inbox, $trash;
        my $id = item( $phone, $inbox, "lost $version" );
        my $call = $phone->move_items( [ [ $id, $inbox, $trash ] ], lose => 1 );
        my $result = $phone->repeat($call)->[0];
        is( $result->{status}, 3, 'the same request again succeeds' );
        is( scalar keys %{ $box->messages($trash_name) }, 1, 'the message moved once' );
        $phone->sync_until_done($trash);
        ok( $phone->items($trash)->{ $result->{destination} }, 'DstMsgId is its name' );
        is( $phone->repeat($call)->[0]{destination}, $result->{destination}, 'again and again' );
        $result =
            $phone->move_items( [ [ $result->{destination}, $trash, $inbox ] ] )->[0];
        is( $result->{status}, 3, 'and back' );
        $phone->sync_until_done($inbox);
        ok( $phone->items($inbox)->{ $result->{destination} }, 'under a new name' );
        $box->delete($_) for keys %{ $box->messages };
    };
}

for my $version (VERSIONS) {
    subtest "requests that break the rules at $version" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my ( $inbox, $trash ) = map { folder( $phone, $_ ) } 2, 4;
        my $status = sub (@moves) {
            my $answer = $phone->command( 'MoveItems', tree => [ 'Move:MoveItems', @moves ] );
            return $answer->status == 200 ? $answer->text('Status') : $answer->status;
        };
        my @move = ( [ SrcMsgId => 'x' ], [ SrcFldId => $inbox ], [ DstFldId => $trash ] );
        is( $status->( [ Move => @move, [ DstFldId => $inbox ] ] ), 5, 'two destinations' );
        is( $status->( [ Move => @move[ 0, 1 ] ] ), 5, 'none' );
        is( $status->(), $version < 14 ? 400 : 103, 'no Move' );
        is(
            $status->( map { [ Move => @move ] } 1 .. 1001 ),
            $version < 14 ? 400 : 103,
            'too many'
        );
    };
}

subtest 'a waiting phone learns of it' => sub {
    my $phone = $server->client;
    $phone->folder_sync;
    my ( $inbox, $trash ) = map { folder( $phone, $_ ) } 2, 4;
    deliver_mail( $box, 'watched' );
    $phone->initial_sync( $_, options => { filter_type => 0 } ) for $inbox, $trash;
    my $other = $phone->twin( device_id => 'OTHER' );
    $other->folder_sync;
    $other->initial_sync( $trash, options => { filter_type => 0 } );
    my $ping = $other->ping( folders => [$trash], heartbeat => 300, async => 1 );
    $phone->move_items( [ [ item( $phone, $inbox, 'watched' ), $inbox, $trash ] ] );
    my $result = $ping->result;
    is( $result->{status}, 2, 'its Ping is answered' );
    is_deeply( $result->{folders}, [$trash], 'for the folder that got it' );
};

$server->done;
done_testing;
