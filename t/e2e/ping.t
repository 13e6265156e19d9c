#!/usr/bin/perl
# Ping waits for changes and wakes the phone.
# covers: Ping
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start(
    settings => {
        MobileSyncHeartbeatMin => 1,
        MobileSyncHeartbeatMax => 600,
        MobileSyncPingFolders => 4
    }
);

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) = synced_phone( $server, account => $account, version => $version );
        my $box = $server->mailbox($account);
        is_deeply( $phone->ping( heartbeat => 1, folders => [$inbox] )->{status},
            1, 'the heartbeat ends' );

        my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(0.5), 'a Ping waits' );
        is( $phone->sync($inbox)->{status}, 1, 'while the phone may do other things' );
        $box->deliver( simple_mail( subject => 'wake up' ) );
        ok( $ping->is_ready(PATIENCE), 'a delivery ends it' );
        my $result = $ping->result;
        is_deeply(
            [ $result->{status}, $result->{folders} ],
            [ 2, [$inbox] ],
            'and names the folder'
        );
        is_deeply(
            [
                map { $phone->items($inbox)->{$_}->text('Email:Subject') }
                    @{ $phone->sync($inbox)->{adds} }
            ],
            ['wake up'],
            'the Sync brings the message'
        );

        $ping = $phone->ping( async => 1 );
        ok( !$ping->is_ready(0.5),
            'an empty Ping waits with the parameters that the server remembers' );
        my $newer = $phone->ping( async => 1 );
        ok( $ping->is_ready(PATIENCE), 'a newer Ping of the device ends it' );
        is( $ping->result->{status}, 1, 'as if its heartbeat were over' );
        $box->deliver( simple_mail( subject => 'wake up again' ) );
        is( $newer->result->{status}, 2, 'which goes on to wait' );
        $phone->sync($inbox);

        $box->deliver( simple_mail( subject => 'before' ) );
        is( $phone->ping->{status}, 2, 'what came before the Ping is told at once' );
        is( $phone->ping->{status}, 2, 'and once more, as the answer may have been lost' );
        is( $phone->ping->{status}, 2, 'and after a while again' );
    }
);

# Changes that are no additions are told together, a while later.
subtest 'changes and deletions' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, account => 'anna' );
    my $box = $server->mailbox;
    my ( $one, $two ) = sort keys %{ $box->messages };
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    $box->set_flags( $one, $box->flags($one) =~ /S/ ? '' : 'S' );
    ok( $ping->is_ready(PATIENCE), 'a flag ends the Ping' );
    is( $ping->result->{status}, 2, 'as a change' );
    sync_until( $phone, $inbox, sub ($seen) { @{ $seen->{changes} } } );
    $ping = $phone->ping( async => 1 );
    $box->delete($two);
    ok( $ping->is_ready(PATIENCE), 'a deletion too' );
    is( $ping->result->{status}, 2, 'is a change' );
    sync_until( $phone, $inbox, sub ($seen) { @{ $seen->{deletes} } } );
};

subtest 'parameters' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, account => 'anna' );
    is( $phone->ping->{status}, 3, 'an empty Ping of a device that never sent one' );
    is( $phone->ping( heartbeat => 60 )->{status}, 3, 'no folders' );
    is( $phone->ping( heartbeat => 9999, folders => [$inbox] )->{status},
        5, 'too long a heartbeat' );
    is( $phone->ping( heartbeat => 9999, folders => [$inbox] )->{heartbeat},
        600, 'is told the limit' );
    my $many = $phone->ping( heartbeat => 60, folders => [ map {"f$_"} 1 .. 5 ] );
    is_deeply( [ @$many{qw(status max_folders)} ], [ 6, 4 ], 'too many folders' );
    is( $phone->ping( heartbeat => 60, folders => [ $inbox, $inbox ] )->{status},
        4, 'a folder twice' );
    is( $phone->ping( heartbeat => 60, folders => ['none'] )->{status}, 7, 'an unknown folder' );
    is( $phone->ping( tree => [ 'Ping:Ping', [ HeartbeatInterval => 'soon' ] ] )->{status},
        4, 'no number' );
};

# One that does not sync what it was told of must not turn in circles.
subtest 'without a Sync' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, account => 'anna' );
    $server->node->reconfigure(
        settings => { %{ $server->node->{settings} }, MobileSyncHeartbeatMin => 300 } );
    my %wait = ( heartbeat => 500, folders => [$inbox] );
    $server->mailbox->deliver( simple_mail( subject => 'not taken' ) );
    is( $phone->ping(%wait)->{status}, 2, 'a phone is told' ) for 1, 2;
    my $ping = $phone->ping( %wait, async => 1 );
    ok( !$ping->is_ready(1), 'and then not at once' );
    $server->mailbox->deliver( simple_mail( subject => 'another' ) );
    ok( $ping->is_ready(PATIENCE), 'but of what is new' );
    is( $ping->result->{status}, 2, 'which is a change' );
    my $lost = $phone->folder_of_type(SENT)->{id};
    %wait = ( heartbeat => 500, folders => [$lost] );
    is( $phone->ping(%wait)->{status}, 2, 'a folder that was never synced is a change' ) for 1, 2;
    ok( !$phone->ping( %wait, async => 1 )->is_ready(1), 'until it was told' );
};

subtest 'phones that vanish' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, account => 'anna' );
    $_->hang_up for map {
        $phone->twin( device_id => "GONE$_" )
            ->ping( heartbeat => 500, folders => [$inbox], async => 1 )
    } 1 .. 20;
    is( $phone->sync($inbox)->{status}, 1, 'do no harm' );
};

$server->done;
done_testing;
