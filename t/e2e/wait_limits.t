#!/usr/bin/perl
# covers: Ping Sync
# How many may wait, and for how long where waiting holds a thread; what the server says of limits
# that are too low.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Server;

use constant { INBOX => 2, PATIENCE => 60 };

sub phones ( $server, $count ) {
    my @phones = map { $server->client( device_id => "LIMIT$_" ) } 1 .. $count;
    for my $phone (@phones) {
        $phone->folder_sync;
        $phone->initial_sync( $phone->folder_of_type(INBOX)->{id} );
    }
    return @phones;
}

sub wait_for_change ($phone) {
    my $inbox = $phone->folder_of_type(INBOX)->{id};
    return $phone->ping( heartbeat => 3_000, folders => [$inbox], async => 1 );
}

# Two wait, a third one ends early, and all of them would have been told.
sub two_may_wait ( $directive, %option ) {
    my $server = MobileSync::Server->start(
        processes => 1,
        settings => { MobileSyncHeartbeatMin => 2, $directive => 2 },
        %option
    );
    my @phones = phones( $server, 3 );
    my @pings = map { wait_for_change($_) } @phones[ 0, 1 ];
    ok( !$pings[1]->is_ready(1), 'two wait' );
    my $third = wait_for_change( $phones[2] );
    ok( $third->is_ready(PATIENCE), 'a third one does not' );
    is( $third->result->{status}, 1, 'it is told that nothing changed' );
    ok( !$pings[0]->is_ready(1), 'the others still wait' );
    like(
        $server->node->error_log->text,
        qr{waits for 2 s only, because of $directive},
        'it is logged'
    );
    my $again = wait_for_change( $phones[2] );
    $server->mailbox->deliver("From: e\@example.org\nSubject: for all\n\nHi\n");
    is( ( grep { $_->is_ready(PATIENCE) && $_->result->{status} == 2 } @pings, $again ),
        3, 'all are told of a change' );
    $server->allow_errors(qr{MobileSyncWaitingMax 2:});
    $server->done;
    return;
}

subtest 'in a child' => sub { two_may_wait('MobileSyncWaitingMax') };
subtest 'of an account' => sub { two_may_wait('MobileSyncWaitingPerAccount') };

subtest 'where waiting holds a thread' => sub {
    my $server = MobileSync::Server->start(
        mpm => 'prefork',
        settings => { MobileSyncHeartbeatMin => 1, MobileSyncBlockingHeartbeatMax => 2 }
    );
    my ($phone) = phones( $server, 1 );
    my $ping = wait_for_change($phone);
    ok( $ping->is_ready(PATIENCE), 'a long heartbeat ends early' );
    is( $ping->result->{status}, 1, 'with Status 1' );
    my $inbox = $phone->folder_of_type(INBOX)->{id};
    my $sync = $phone->sync( $inbox, heartbeat_interval => 3_000, async => 1 );
    ok( $sync->is_ready(PATIENCE) && $sync->result->{empty}, 'so does that of a Sync' );
    my $told = $server->node->error_log->count(qr{hold a thread here, for 2 s at most});
    ok( $told >= 1 && $told <= $server->node->children, 'the log says so once for each child' );
    $server->done;
};

subtest 'start-up checks' => sub {
    my $server = MobileSync::Server->start( settings => { MobileSyncWaitingMax => 1_000_000 } );
    my $log = $server->node->error_log->text;
    like(
        $log,
        qr{needs 2000256 file descriptors in each child.* set LimitNOFILE=2000256},
        'too few file descriptors'
    );
    like( $log, qr{set AsyncRequestWorkerFactor 125002}, 'too small a factor' );
    like( $log, qr{set sysctl fs\.inotify\.max_user_watches=\d+}, 'too few inotify watches' );
    $server->allow_errors(qr{MobileSyncWaitingMax 1000000});
    $server->done;
};

done_testing();
