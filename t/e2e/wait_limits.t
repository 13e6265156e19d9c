#!/usr/bin/perl
# covers: Ping Sync
# How many may wait, and for how long where waiting holds a thread; what the server says of limits
# that are too low.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

sub phones ( $server, $count ) {
    my @phones = map { $server->client( device_id => "LIMIT$_" ) } 1 .. $count;
    for my $phone (@phones) {
        $phone->folder_sync;
        $phone->initial_sync( $phone->folder_of_type(INBOX)->{id} );
    }
    return @phones;
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
    deliver_mail( $server->mailbox, 'for all' );
    is( ( grep { $_->is_ready(PATIENCE) && $_->result->{status} == 2 } @pings, $again ),
        3, 'all are told of a change' );
    $server->allow_errors(qr{\] MaxSpareThreads});
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

# What the log of a server with these options says of limits.
sub warnings_of (%option) {
    my $server = MobileSync::Server->start(
        processes => 1,
        %option,
        settings => { MobileSyncWaitingMax => 1_000_000, %{ $option{settings} // {} } }
    );
    my @lines = grep {/:warn\]/} split /\n/, $server->node->error_log->text;
    $server->allow_errors(qr{: set |use the event MPM});
    $server->done;
    return @lines;
}

sub sysctl ($name) {
    open my $file, '<', "/proc/sys/fs/inotify/$name" or return undef;
    return 0 + readline $file;
}

subtest 'start-up checks' => sub {
    my @lines = warnings_of( threads => 4, global => "MaxSpareThreads 5\nMaxRequestWorkers 12" );
    my $log = join "\n", @lines;
    like(
        $log,
        qr{needs 2000256 file descriptors in each child.* set LimitNOFILE=2000256 },
        'too few file descriptors'
    );
    like(
        $log,
        qr{factor 2 serves nobody.*: set AsyncRequestWorkerFactor 500002$}mi,
        'too small a factor'
    );
    like(
        $log,
        qr{MaxSpareThreads 5: .*: set MinSpareThreads and MaxSpareThreads 12$}m,
        'children that would be ended'
    );
    my $watches = sysctl('max_user_watches');
    my $children = 3;
    SKIP: {
        skip 'there are enough inotify watches', 1 if !$watches || $watches >= $children * 6e6;
        like(
            $log,
            qr{allows $watches: set sysctl fs\.inotify\.max_user_watches=18000000,},
            'too few inotify watches'
        );
    }
};

subtest 'inotify instances' => sub {
    my $instances = sysctl('max_user_instances');
    plan skip_all => 'there are enough' if !$instances || $instances > 2_000;
    my $needed = 2 * $instances;
    like(
        join(
            "\n",
            warnings_of(
                threads => 2,
                global => "ServerLimit $instances\nMaxRequestWorkers $needed"
            )
        ),
        qr{allows $instances: set sysctl fs\.inotify\.max_user_instances=$needed,},
        'too few for a restart of all children'
    );
};

subtest 'other MPMs' => sub {
    like(
        join( "\n", warnings_of( mpm => 'worker', settings => { MobileSyncWaitingMax => 30 } ) ),
        qr{30: each holds one of the 16 threads.* or set ThreadsPerChild and ThreadLimit 41$}m,
        'too few threads'
    );
    like(
        join( "\n", warnings_of( mpm => 'prefork', settings => { MobileSyncWaitingMax => 30 } ) ),
        qr{30: a child of this MPM serves one request at a time.*: use the event MPM$}m,
        'no threads'
    );
};

# As the warnings say, and as Debian writes it: in a section.
subtest 'enough of everything' => sub {
    my @lines = warnings_of(
        threads => 16,
        settings => { MobileSyncWaitingMax => 320 },
        global => "<IfModule mpm_event_module>\nAsyncRequestWorkerFactor 42\n"
            . "MaxRequestWorkers 48\nMinSpareThreads 48\nMaxSpareThreads 48\n</IfModule>"
    );
    is( "@lines", '', 'no warning' );
};

subtest 'when nothing is said' => sub {
    my $server = MobileSync::Server->start(
        processes => 1,
        threads => 4,
        global => 'AsyncRequestWorkerFactor 7'
    );
    like(
        $server->node->error_log->text,
        qr{children 18 requests may wait at a time},
        'threads and factor set the limit'
    );
    $server->done;
};

done_testing();
