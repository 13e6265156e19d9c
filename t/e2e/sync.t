#!/usr/bin/perl
# covers: FolderSync Sync GetItemEstimate
# A phone lists its folders and keeps its Inbox in step with the server, at every protocol version.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Mail;
use MobileSync::Scenario;
use MobileSync::Server;

use constant MESSAGES => 40;
use constant BODY => { filter_type => 0, body => [ { type => 1, truncation_size => 500 } ] };

my $server = MobileSync::Server->start;
my $box = $server->mailbox;
MobileSync::Mail->new( seed => 'sync' )->fill( $box, MESSAGES );
my $address = 0;

sub inbox ($phone) { return $phone->folder_of_type(2)->{id} }

for my $version (VERSIONS) {
    subtest "folders at $version" => sub {
        my $phone = $server->client( version => $version );
        my $first = $phone->folder_sync;
        is( $first->{status}, 1, 'FolderSync with key 0' );
        like( $first->{answer}->header('X-MS-RP'), qr{16\.1}, 'tells of new versions' );
        ok( $phone->folder_of_type($_), "there is a folder of type $_" ) for 2 .. 5;
        my %ids = map { $_ => $phone->folder_of_type($_)->{id} } 2 .. 5;
        my $again = $phone->folder_sync;
        is( $again->{status}, 1, 'nothing new' );
        is_deeply( [ @$again{qw(added updated deleted)} ], [ [], [], [] ], 'no changes' );
        $phone->folder_sync( key => '0' );
        is_deeply( { map { $_ => $phone->folder_of_type($_)->{id} } 2 .. 5 },
            \%ids, 'key 0 again: the same ids' );
        is( $phone->folder_sync( key => $_ )->{status}, 9, "key $_ is not known" )
            for '4711', 'abc', '{0123456789abcdef}7', 'x' x 64;
    };

    subtest "an Inbox at $version" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my $inbox = inbox($phone);
        is( $phone->get_item_estimate( [$inbox] )->{$inbox}{status}, 3, 'not primed' );
        is( $phone->sync( $inbox, options => BODY )->{status}, 1, 'key 0' );
        my $estimate = $phone->get_item_estimate( [$inbox] )->{$inbox};
        is( $estimate->{estimate}, scalar keys %{ $box->messages }, 'the estimate' );
        my $done = $phone->sync_until_done( $inbox, window_size => 7 );
        is( $done->{items}, scalar keys %{ $box->messages }, 'everything came' );
        is( $done->{rounds}, int( ( $done->{items} + 6 ) / 7 ), 'in windows of seven' );
        ok( $phone->sync($inbox)->{empty}, 'nothing new' );
        ok( $phone->empty_sync->{empty}, 'nor in an empty Sync' );
        is( $phone->get_item_estimate( [$inbox] )->{$inbox}{estimate}, 0, 'nor by estimate' );

        my ($unread) =
            sort grep { $phone->items($inbox)->{$_}->text('Email:Read') eq '0' }
            keys %{ $phone->items($inbox) };
        my $result = $phone->sync( $inbox,
            commands => [ $phone->change_of( $unread, [ 'Email:Read', 1 ] ) ] );
        is( $result->{status}, 1, 'a message is read' );
        is_deeply( $result->{changes}, [], 'without an echo' );
        ok( $phone->sync($inbox)->{empty}, 'nor later' );
        my $other = $phone->twin( device_id => 'OTHER' . $version =~ s{\D}{}r );
        $other->folder_sync;
        $other->initial_sync( $inbox, options => BODY );
        is( $other->items($inbox)->{$unread}->text('Email:Read'), 1, 'another phone sees it' );

        $box->deliver( "From: eve\@example.org\nSubject: number " . ++$address . "\n\nHello\n" );
        $result = $phone->sync($inbox);
        is( scalar @{ $result->{adds} }, 1, 'a new message comes' );
        my $new = $result->{adds}[0];
        is( $phone->items($inbox)->{$new}->text('Email:Subject'), "number $address", 'as sent' );
        $result = $phone->sync(
            $inbox,
            commands => [ $phone->delete_of($new) ],
            deletes_as_moves => 0
        );
        is( $result->{status}, 1, 'and is deleted' );
        $result = $other->sync($inbox);
        is_deeply( $result->{adds}, [], 'the other phone never saw it' );
        is( scalar keys %{ $other->items($inbox) }, scalar keys %{ $box->messages }, 'all equal' );
    };
}

subtest 'what is refused' => sub {
    my $phone = $server->client;
    $phone->folder_sync;
    my $inbox = inbox($phone);
    $phone->initial_sync( $inbox, options => BODY );
    my $key = $phone->collection($inbox)->{key};
    is( $phone->sync( $inbox, key => $_ )->{status}, 3, "key $_" ) for '1', 'nonsense', "$key.1";
    is( $phone->sync( 'nosuchfolder', key => '0' )->{status}, 12, 'a folder that is not there' );
    is( $phone->sync( $inbox, key => $key, options => { filter_type => 9 } )->{status},
        4, 'FilterType 9' );
    is( $phone->sync( $inbox, key => '0', get_changes => 1 )->{status}, 4,
        'GetChanges with key 0' );

    for my $wait ( [ wait => 9_999, 59 ], [ heartbeat_interval => 5, 60 ], [ wait => 0, 1 ] ) {
        my ( $name, $value, $limit ) = @$wait;
        my $sync = $phone->sync( [ { id => $inbox } ], $name => $value );
        is( "$sync->{status} $sync->{limit}", "14 $limit",
            "$name $value: Status 14 and the limit" );
    }
    my $sync = $phone->sync( [ map { { id => "folder$_", key => '0' } } 1 .. 301 ] );
    is(
        "$sync->{status} $sync->{limit}",
        '15 300',
        'too many collections: Status 15 and the limit'
    );
    $sync = $phone->sync( [ { id => $inbox }, { id => $inbox } ] );
    is( $sync->{status}, 4, 'a collection twice' );
    $sync = $phone->sync( [ { id => $inbox } ], wait => 1, heartbeat_interval => 60 );
    is( $sync->{status}, 4, 'Wait and HeartbeatInterval' );
    my $result = $phone->sync(
        $inbox,
        key => $key,
        commands => [ $phone->add_of( 'c1', [ 'Email:Subject', 'x' ] ) ]
    );
    is( $result->{responses}{Add}[0]->text('Status'), 6, 'an Add of mail' );
    $result = $phone->sync( $inbox,
        commands => [ $phone->change_of( "$inbox:1:999999", [ 'Email:Read', 1 ] ) ] );
    is( $result->{responses}{Change}[0]->text('Status'), 8, 'a Change of what is not there' );
    my ($id) = keys %{ $phone->items($inbox) };

    for my $own (
        [ 'Email2:ConversationId', \'x' ],
        [ 'Email2:ReceivedAsBcc', 1 ],
        [ 'Email2:Sender', 'a@b.c' ]
        )
    {
        $result = $phone->sync( $inbox,
            commands => [ [ Change => [ ServerId => $id ], [ ApplicationData => $own ] ] ] );
        is( $result->{responses}{Change}[0]->text('Status'), 6, "a Change of $own->[0]" );
    }
};

subtest 'a lost response' => sub {
    my $phone = $server->client;
    $phone->folder_sync;
    my $inbox = inbox($phone);
    $phone->initial_sync( $inbox, options => BODY );
    $box->deliver("From: eve\@example.org\nSubject: lost\n\nHello\n");
    my ($unread) = grep { $phone->items($inbox)->{$_}->text('Email:Read') eq '0' }
        keys %{ $phone->items($inbox) };
    my $call = $phone->sync(
        $inbox,
        lose => 1,
        commands => [ $phone->change_of( $unread, [ 'Email:Read', 1 ] ) ]
    );
    $box->deliver("From: eve\@example.org\nSubject: meanwhile\n\nHello\n");
    my $result = $phone->repeat($call);
    is( $result->{status}, 1, 'the same request again' );
    is( scalar @{ $result->{adds} }, 1, 'gets the answer that was lost' );
    is_deeply( $result->{duplicates}, [], 'nothing twice' );
    my $done = $phone->sync_until_done($inbox);
    is( $done->{items}, scalar keys %{ $box->messages }, 'the rest comes with the next key' );

    $box->deliver("From: eve\@example.org\nSubject: lost again\n\nHello\n");
    $phone->sync( $inbox, lose => 1 );
    $result =
        $phone->sync( $inbox, commands => [ $phone->change_of( $unread, [ 'Email:Read', 0 ] ) ] );
    is( $result->{status}, 1, 'another request with the old key' );
    is( scalar @{ $result->{adds} }, 1, 'brings what the lost one brought' );
    is( $phone->sync_until_done($inbox)->{items}, scalar keys %{ $box->messages }, 'all there' );
};

subtest 'Fetch, Partial and several collections' => sub {
    my $phone = $server->client( version => '14.1' );
    $phone->folder_sync;
    my ( $inbox, $sent ) = map { $phone->folder_of_type($_)->{id} } 2, 5;
    $phone->initial_sync( $inbox, options => { body => [ { type => 1, truncation_size => 10 } ] } );
    my ($cut) =
        grep { ( $phone->items($inbox)->{$_}->text('AirSyncBase:Body/Truncated') // 0 ) eq '1' }
        sort keys %{ $phone->items($inbox) };
    my $result = $phone->sync( $inbox, commands => [ $phone->fetch_of($cut) ] );
    my $fetched = $result->{responses}{Fetch}[0];
    is( $fetched->text('Status'), 1, 'Fetch' );
    ok( !$fetched->text('ApplicationData/AirSyncBase:Body/Truncated'), 'brings the whole' );
    my $both = $phone->sync( [ { id => $inbox }, { id => $sent, key => '0' } ] );
    is( $both->{collections}{$sent}{status}, 1, 'a second collection starts' );
    ok( !$both->{collections}{$inbox}, 'the first has nothing to say' );
    $both = $phone->sync( [ { id => $inbox }, { id => $sent } ] );
    is( $both->{collections}{$sent}{status}, 1, 'and is begun' );
    ok( $phone->sync( [ { id => $inbox }, { id => $sent } ] )->{empty}, 'both in step' );
    $box->deliver("From: eve\@example.org\nSubject: partial\n\nHello\n");
    my $partial = $phone->sync( [ { id => $sent } ], partial => 1 );
    is( scalar @{ $partial->{collections}{$inbox}{adds} }, 1, 'Partial takes the other along' );
    is( $server->client->empty_sync->{status}, 13, 'an empty Sync of a new phone' );
};

$server->done;
done_testing();
