#!/usr/bin/perl
# covers: Ping Sync FolderSync
# What mod_status and /metrics say of those who wait: over graceful restarts, children that are
# killed, and connections that httpd closes.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

use constant PHONES => 12;

my $server = MobileSync::Server->start(
    admin => 'root',
    status => 1,
    config => 'CustomLog outcome.log "%{MOBILESYNC_OUTCOME}e|%r"',
    settings => { MobileSyncHeartbeatMin => 1, Timeout => 2 }
);
my $inbox;

sub figures { return $server->node->waiting }

# Waits until the figure is as wanted; an answer is counted a moment after it has come.
sub becomes ( $key, $value, $what ) {
    eval {
        wait_until( $what, sub { figures()->{$key} == $value } );
        1;
    };
    return is( figures()->{$key}, $value, $what );
}

sub phone ($name) {
    my $phone = $server->client( device_id => "STATUS$name" );
    $phone->folder_sync;
    $inbox = $phone->folder_of_type(INBOX)->{id};
    $phone->initial_sync($inbox);
    $phone->sync_until_done($inbox);
    $phone->disconnect;
    return $phone;
}

# Lines of the access log, of requests that ended so.
sub logged ($outcome) {
    open my $log, '<', $server->node->base . '/outcome.log' or return 0;
    return scalar grep {/^\Q$outcome\E\|/} <$log>;
}

my @phones = map { phone($_) } 1 .. PHONES;
my $before = figures();

subtest 'how a wait ends' => sub {
    my @pings = map { wait_for_change($_) } @phones[ 0 .. 3 ];
    becomes( Parked => 4, 'four wait' );
    like(
        $server->node->status_page,
        qr{<dt>Requests that wait without a thread: 4</dt>},
        'the page says so too'
    );
    $pings[0]->hang_up;
    becomes( HangUps => $before->{HangUps} + 1, 'one hangs up' );
    my $newer = wait_for_change( $phones[1] );
    ok( $pings[1]->is_ready(PATIENCE), 'a newer request ends its older one' );
    becomes( Superseded => $before->{Superseded} + 1, 'which is counted' );
    is( $phones[4]->ping( heartbeat => 2, folders => [$inbox] )->{status}, 1, 'a heartbeat ends' );
    becomes( Heartbeats => $before->{Heartbeats} + 1, 'and is counted' );
    deliver_mail( $server->mailbox, 'for all' );
    is( ( grep { $_->is_ready(PATIENCE) && $_->result->{status} == 2 } @pings[ 2, 3 ], $newer ),
        3, 'mail wakes the others' );
    becomes( Parked => 0, 'none waits any more' );
    my $after = figures();
    cmp_ok( $after->{WakeUps}, '>=', $before->{WakeUps} + 3, 'the wake-ups are counted' );
    $_->sync_until_done($inbox) for @phones;
    is( figures()->{FalseWakeUps}, $before->{FalseWakeUps}, 'and none was false' );
    is( figures()->{FallbackWaits}, 0, 'nobody held a thread' );
};

subtest 'a false wake-up' => sub {
    my ( $phone, $other ) = @phones;
    my $ping = wait_for_change($phone);
    becomes( Parked => 1, 'a phone waits' );
    my $name = deliver_mail( $server->mailbox, 'to be taken away' );
    is( $ping->result->{status}, 2, 'it is told of mail' );
    $server->mailbox->delete($name);
    $other->sync($inbox);
    is( figures()->{FalseWakeUps}, $before->{FalseWakeUps}, 'that others get nothing is in order' );
    $phone->sync( $inbox, get_changes => 0 );
    is(
        figures()->{FalseWakeUps},
        $before->{FalseWakeUps},
        'so is that it gets nothing when it does not ask'
    );
    is_deeply( $phone->sync($inbox)->{adds} // [], [], 'it asks, and the mail is gone' );
    becomes( FalseWakeUps => $before->{FalseWakeUps} + 1, 'that is a false wake-up' );
    $phone->sync($inbox);
    is( figures()->{FalseWakeUps}, $before->{FalseWakeUps} + 1, 'once' );
};

subtest 'Redis restarts' => sub {
    my $ping = wait_for_change( $phones[0] );
    becomes( Parked => 1, 'a phone waits' );
    my $reconnects = figures()->{SubscriberReconnects};
    $server->allow_errors(qr{mobilesync:(?:error|warn)\].*[Rr]edis});
    $server->redis->restart;
    wait_until( 'the subscription to be made anew',
        sub { figures()->{SubscriberReconnects} > $reconnects } );
    pass('the subscription is made anew, and counted');
    deliver_mail( $server->mailbox, 'after Redis came back' );
    is( $ping->result->{status}, 2, 'who waits is told' );
    $_->sync_until_done($inbox) for @phones;
};

# The same figures for Prometheus.
subtest 'metrics' => sub {
    my $figures = figures();
    my $text = $server->admin->get('/metrics')->{content};
    my %name = (
        WakeUps => 'wakeups_total',
        Heartbeats => 'heartbeats_total',
        HangUps => 'waits_hung_up_total',
        FalseWakeUps => 'false_wakeups_total',
        SubscriberReconnects => 'subscriber_reconnects_total',
        Parked => 'waiting{how="parked"}'
    );
    for my $key ( sort keys %name ) {
        my ($value) = $text =~ /^mobilesync_\Q$name{$key}\E (\d+)$/m;
        is( $value, $figures->{$key}, $key );
    }
};

subtest 'a graceful restart' => sub {
    my @pings = map { wait_for_change($_) } @phones;
    becomes( Parked => PHONES, 'all wait' );
    my $old = figures();
    $server->node->graceful;
    is( ( grep { $_->is_ready(PATIENCE) && $_->result->{status} == 1 } @pings ),
        PHONES, 'all are answered' );
    becomes( Stopped => $old->{Stopped} + PHONES, 'which is counted' );
    becomes( Parked => 0, 'none waits any more' );
    is( figures()->{HangUps}, $old->{HangUps}, 'counters go on' );
};

subtest 'a child that is killed' => sub {
    my @pings = map { wait_for_change($_) } @phones;
    becomes( Parked => PHONES, 'all wait' );
    my ($child) = $server->node->children;
    $server->node->kill_child($child);
    my @cut = grep { $_->is_ready(1) } @pings;
    becomes( Parked => PHONES - @cut, 'those of the child do not count any more' );
    my ($open) = $server->admin->get('/metrics')->{content} =~
        /^mobilesync_requests_open\{command="Ping"\} (\d+)/m;
    is( $open, PHONES - @cut, 'neither as open requests' );
    deliver_mail( $server->mailbox, 'for the others' );
    is(
        (
            grep {
                eval { $_->result->{status} == 2 }
            } @pings
        ),
        PHONES - @cut,
        'the others are told'
    );
    becomes( Parked => 0, 'none waits any more' );
    $server->node->await_children;
    $_->disconnect, $_->sync_until_done($inbox) for @phones;
};

# A child that stands still for longer than Timeout finds, when it goes on, that everybody should
# have been looked after long ago: httpd closes whom it likes.
subtest 'connections that httpd closes' => sub {
    my @pings = map { wait_for_change($_) } @phones;
    becomes( Parked => PHONES, 'all wait' );
    my $closed = figures()->{Closed};
    my @children = $server->node->children;
    kill STOP => @children;
    sleep 4;
    kill CONT => @children;
    deliver_mail( $server->mailbox, 'after the pause' );
    my $told = grep {
        eval { $_->result->{status} == 2 }
    } @pings;
    diag( PHONES - $told . ' of ' . PHONES . ' were closed' );
    becomes( Parked => 0, 'who was not is told' );
    becomes( Closed => $closed + PHONES - $told, 'the others are counted' );
    is( logged('closed by the server'), PHONES - $told, 'and logged' );
    $_->disconnect, $_->sync_until_done($inbox) for @phones;
};

subtest 'a restart that is not graceful' => sub {
    my $logged = sub { return logged('closed by the server') + logged('Ping 1 3000') };
    my $before = $logged->();
    my @pings = map { wait_for_change($_) } @phones;
    becomes( Parked => PHONES, 'all wait' );
    my $closed = figures()->{Closed};
    my $text = $server->node->error_log->count(qr/resuming normal operations/);
    kill HUP => $server->node->pid;
    wait_until( 'the restart',
        sub { $server->node->error_log->count(qr/resuming normal operations/) > $text } );
    is( ( grep { $_->is_ready(PATIENCE) } @pings ), PHONES, 'ends all connections' );
    is( $logged->() - $before, PHONES, 'each is logged' );
    becomes( Parked => 0, 'none waits any more' );
    cmp_ok( figures()->{Closed}, '>', $closed, 'which is counted' );
};

$server->done;
done_testing();
