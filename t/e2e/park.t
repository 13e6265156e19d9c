#!/usr/bin/perl
# covers: Ping Sync
# Phones that wait hold no thread: many more of them than the server has, and everybody else is
# served meanwhile. They are woken, answered at their heartbeat, missed when they hang up, and
# answered when the server restarts.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use EAS::WBXML;
use MobileSync::Httpd;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

use constant { THREADS => 4, PHONES => 40 };

# One child of four threads: what blocks a thread would block the server. The modules that touch
# requests and connections are those that distributions load.
my $server = MobileSync::Server->start(
    tls => 1,
    processes => 1,
    threads => THREADS,
    global => join(
        "\n",
        (
            map { "LoadModule ${_}_module " . MobileSync::Httpd::module_folder() . "/mod_$_.so" }
                qw(headers setenvif reqtimeout deflate filter)
        ),
        'AsyncRequestWorkerFactor 300',
        'RequestReadTimeout header=3 body=3'
    ),
    config => join( "\n",
        'CustomLog outcome.log "%{MOBILESYNC_OUTCOME}e|%>s|%u|%{User-Agent}i|%r"',
        'CustomLog marked.log "%{MOBILESYNC_OUTCOME}e|%{MARK}e" env=MARK',
        'SetEnvIf User-Agent ^Test(.*)$ MARK=$1' ),
    location => "Header set X-Location here\n"
        . "<If \"-n reqenv('MARK')\">\nHeader set X-If here\n</If>",
    settings => { Timeout => 12, MobileSyncHeartbeatMin => 1 }
);
my $box = $server->mailbox;
my $phone = $server->client;
$phone->folder_sync;
my $inbox = $phone->folder_of_type(2)->{id};
$phone->initial_sync($inbox);

sub waiting_phone ( $number, %option ) {
    my $other = $server->client( device_id => "WAITER$number", %option );
    $other->folder_sync;
    $other->initial_sync($inbox);
    return $other;
}

# How many wait, as the server's log of what they came to cannot tell: by trying.
sub all_woken ( $pings, $what ) {
    my @wrong = grep { !$_->is_ready(PATIENCE) || $_->result->{status} != 2 } @$pings;
    is( scalar @wrong, 0, $what );
    return;
}

subtest 'more phones than threads' => sub {
    my @phones = map { waiting_phone($_) } 1 .. PHONES;
    my @pings = map { wait_for_change($_) } @phones;

    # httpd ends idle connections when all its threads are busy for a moment
    $_->disconnect for $phone, @phones;
    is( $phone->sync($inbox)->{empty}, 1, 'others are served while ' . PHONES . ' wait' );
    deliver_mail( $box, 'for all' );
    all_woken( \@pings, 'new mail wakes every one' );
    $_->disconnect, $_->sync_until_done($inbox) for @phones;
    is( ( grep { $_->sync($inbox)->{empty} } @phones ), PHONES, 'and they are in step' );
};

subtest 'the heartbeat' => sub {
    my ( $pinger, $syncer ) = map { waiting_phone("BEAT$_") } 1, 2;
    my $ping = $pinger->ping( heartbeat => 16, folders => [$inbox], async => 1 );
    my $sync = $syncer->sync( $inbox, heartbeat_interval => 16, async => 1 );
    is( $ping->result->{status}, 1, 'is answered at its end, though Timeout is shorter' );
    ok( $sync->result->{empty}, 'so is a Sync that waits' );
    is( $_->sync($inbox)->{empty}, 1, 'the phone goes on' ) for $pinger, $syncer;
};

subtest 'a Sync that waits' => sub {
    my $other = waiting_phone('SYNC');
    my $sync = $other->sync( $inbox, heartbeat_interval => 600, async => 1 );
    ok( !$sync->is_ready(1), 'has nothing to say at first' );
    deliver_mail( $box, 'for the Sync' );
    ok( $sync->is_ready(PATIENCE), 'is answered when mail comes' );
    is( scalar @{ $sync->result->{adds} }, 1, 'and brings it' );
};

# The request is freed while it waits: what is made of the rest of it has to look the same.
sub outcomes ($device) {
    open my $log, '<', $server->node->base . '/outcome.log' or die "outcome.log: $!\n";
    return grep {/DeviceId=WAITER$device&/} <$log>;
}

subtest 'a request that waited' => sub {
    my $other = waiting_phone('LOG');
    my $folder = [ Folder => [ Id => $inbox ], [ Class => 'Email' ] ];
    my $tree = [ 'Ping:Ping', [ HeartbeatInterval => 2 ], [ Folders => $folder ] ];
    my $connection = $other->connection;
    my $answer = $other->exchange(
        $other->request_bytes( command => 'Ping', body => EAS::WBXML::encode($tree) ) );
    is( $answer->status, 200, 'is answered' );
    is( $answer->header('X-Location'), 'here', "as the location's configuration says" );
    is( $answer->header('X-If'), 'here', 'also where that depends on the request' );
    is( $answer->header('MS-Server-ActiveSync'), '16.1', 'with the usual headers' );
    is( $other->sync($inbox)->{empty}, 1, 'is followed by another one' );
    is( $other->connection, $connection, 'on the same connection' );
    my @lines;
    wait_until(
        'the log',
        sub {
            @lines = grep {/Cmd=Ping/} outcomes('LOG');
        }
    );
    is( scalar @lines, 1, 'is logged once' );
    like(
        $lines[0],
        qr{^Ping 1 2\|200\|anna\|TestPhone/1\.0\|POST /Microsoft-Server\S+ HTTP/1\.1$},
        'with its outcome, its user and its request line'
    );
    wait_until(
        'the log of requests that are marked',
        sub {
            open my $marked, '<', $server->node->base . '/marked.log' or die "marked.log: $!\n";
            grep { $_ eq "Ping 1 2|Phone/1.0\n" } <$marked>;
        }
    );
    pass('the log finds what was set for it');
    my $sync = $other->sync( $inbox, heartbeat_interval => 600, async => 1 );
    ok( !$sync->is_ready(1), 'a Sync waits' );
    deliver_mail( $box, 'for the log' );
    is( scalar @{ $sync->result->{adds} }, 1, 'brings what comes' );
    $other->sync_until_done($inbox);
    wait_until(
        'the log',
        sub {
            grep {/^Sync 1 600\|.*Cmd=Sync/} outcomes('LOG');
        }
    );
    is( ( grep {/^Sync 1 600\|.*Cmd=Sync/} outcomes('LOG') ), 1, 'and is logged once' );
};

subtest 'a newer request' => sub {
    my $other = waiting_phone('TWICE');
    my $first = wait_for_change($other);
    ok( !$first->is_ready(1), 'the first waits' );
    my $second = wait_for_change($other);
    ok( $first->is_ready(PATIENCE), 'a second one ends it' );
    is( $first->result->{status}, 1, 'with Status 1' );
    deliver_mail( $box, 'for the second' );
    all_woken( [$second], 'the second is told' );
};

subtest 'over TLS' => sub {
    my $other = waiting_phone( 'TLS', tls => 1 );
    my $ping = wait_for_change($other);
    sleep 1;    # to let it wait: a TLS session ticket makes the connection readable
    deliver_mail( $box, 'over TLS' );
    all_woken( [$ping], 'a phone is woken' );
    $other->sync_until_done($inbox);
    my $connection = $other->connection;
    is( $other->ping( heartbeat => 14, folders => [$inbox] )->{status},
        1, 'a heartbeat longer than Timeout ends' );
    is( $other->sync($inbox)->{empty}, 1, 'another request follows' );
    is( $other->connection, $connection, 'on the same connection' );
};

subtest 'a phone that hangs up' => sub {
    for my $tls ( 0, 1 ) {
        my $name = "GONE$tls";
        my $ping = wait_for_change( waiting_phone( $name, tls => $tls ) );
        ok( !$ping->is_ready(1), 'waits' );
        $ping->hang_up;
        wait_until( 'the server to notice',
            sub { $server->node->error_log->count(qr{WAITER$name: hung up}) } );
        wait_until(
            'the access log',
            sub {
                grep {/^hung up\|/} outcomes($name);
            }
        );
        pass( 'is missed, and logged as such' . ( $tls ? ', over TLS' : '' ) );
    }
};

subtest 'a graceful restart' => sub {
    my @phones = map { waiting_phone("GRACE$_") } 1 .. 10;
    my @pings = map { wait_for_change($_) } @phones;
    ok( !$pings[-1]->is_ready(1), 'they wait' );
    my ($old) = $server->node->children;
    $server->node->graceful;
    is( ( grep { $_->is_ready(PATIENCE) && $_->result->{status} == 1 } @pings ),
        10, 'all are answered' );
    wait_until(
        'the old child to end',
        sub {
            !grep { $_ == $old } $server->node->children;
        }
    );
    @pings = map { wait_for_change($_) } @phones;
    deliver_mail( $box, 'after the restart' );
    all_woken( \@pings, 'and wait again' );
};

$server->done;
done_testing();
