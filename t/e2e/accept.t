#!/usr/bin/perl
# covers: Ping
# The event MPM may stop to accept connections when all threads are at work, and not notice that they
# have gone idle since; where phones wait nothing else may come to wake it for minutes. The gap in
# which that happens is made wide here: libslow_listener has the listener think while all threads go
# idle. New connections have to be answered all the same.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Cwd ();
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $build = $ENV{top_builddir} // "$FindBin::Bin/../..";
my $slow = Cwd::abs_path("$build/t/e2e/.libs/libslow_listener.so");
plan skip_all => 'make check builds libslow_listener' unless defined $slow && -e $slow;

use constant { PHONES => 64, THREADS => 4, TOGETHER => 16 };

my $mark = File::Temp->new;
chmod 0644, "$mark";
my $server = MobileSync::Server->start(
    processes => 1,
    threads => THREADS,
    log_level => 'info mpm_event:debug',
    environment => { LD_PRELOAD => $slow, SLOW_LISTENER => "$mark" },
    # one child: another one would accept in its place
    global => join( "\n",
        'AsyncRequestWorkerFactor 300',
        'MaxRequestWorkers ' . THREADS,
        'MinSpareThreads ' . THREADS,
        'MaxSpareThreads ' . THREADS ),
    # nothing is to happen by itself meanwhile
    settings => { Timeout => 600, MobileSyncWaitingPerAccount => 1_000 }
);
$server->allow_errors(qr/AH00484|AH10159/);    # MaxRequestWorkers is reached

my @calls = map {
    my $phone = $server->client( device_id => "WAIT$_", validate => 0 );
    $phone->folder_sync;
    my $inbox = $phone->folder_of_type(INBOX)->{id};
    $phone->initial_sync($inbox);
    my $call = $phone->ping( heartbeat => 3_000, folders => [$inbox], lose => 'request' );
    $phone->disconnect;
    [ $phone, $call ];
} 1 .. PHONES;

sub answers_new_connection {
    my $connection =
        IO::Socket::INET->new( PeerAddr => '127.0.0.1', PeerPort => $server->node->port )
        // die "connecting: $!\n";
    syswrite $connection, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    return IO::Select->new($connection)->can_read(PATIENCE);
}

# More phones than there are threads come at the same moment; then all of them wait.
my @pings;
while ( my @group = splice @calls, 0, TOGETHER ) {
    push @pings, map { $_->[0]->repeat( $_->[1], async => 1 ) } @group;
    ok( answers_new_connection(), @pings . ' phones wait, and a new connection is answered' )
        or last;
}
cmp_ok( $server->node->error_log->count(qr/not accepting new conns/),
    '>', 0, 'the listener had stopped to accept' );
is( ( grep { $_->is_ready } @pings ), 0, 'nobody was told of anything' );
unlink "$mark";
$_->hang_up for @pings;
$server->done;
done_testing;
