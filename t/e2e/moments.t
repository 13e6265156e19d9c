#!/usr/bin/perl
# covers: Ping
# A change made at an awkward moment by a program that tells nobody: while Redis is away, and while
# the server restarts gracefully. Each phone is told, if not by the Ping that waits then by the next.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( settings => { MobileSyncCoalesce => 1 } );
$server->allow_errors( qr/redis/i, qr/UNAVAILABLE/ );
my $box = $server->mailbox;
my ( $phone, $inbox ) = phone_with_mail( $server, count => 3 );
$phone->initial_sync($inbox);
my %wait = ( heartbeat => 3_000, folders => [$inbox], async => 1 );

# Asks until it is not refused; returns what the Ping waits for.
sub next_ping {
    my $result;
    wait_until(
        'a Ping to be answered',
        sub {
            my $ping = $phone->ping(%wait);
            $ping->is_ready(PATIENCE) or die "the Ping waits, though there is mail\n";
            $result = eval { $ping->result } and return 1;
            die $@ if !ref $@ || $@->status != 503;
            return 0;
        }
    );
    return $result;
}

sub brings ( $subject, $what ) {
    is( next_ping()->{status}, 2, "$what: the phone is told" );
    my $seen = sync_until( $phone, $inbox, sub ($seen) { @{ $seen->{adds} } } );
    is_deeply( [ map { $phone->items($inbox)->{$_}->text('Email:Subject') } @{ $seen->{adds} } ],
        [$subject], 'and gets it' );
    return;
}

my $ping = $phone->ping(%wait);
ok( !$ping->is_ready(1), 'a Ping waits' );
$server->redis->kill_hard;
$box->deliver( simple_mail( subject => 'without Redis' ) );
$server->redis->start;
ok( $ping->is_ready(PATIENCE), 'mail that comes while Redis is away ends it' );
my $result = eval { $ping->result };
ok( $result ? $result->{status} == 2 : $@->status == 503, 'with the change, or to come back' );
brings( 'without Redis', 'when Redis is back' );

$ping = $phone->ping(%wait);
ok( !$ping->is_ready(1), 'a Ping waits' );
$server->redis->kill_hard;
$server->redis->start;
$box->deliver( simple_mail( subject => 'after Redis' ) );
ok( $ping->is_ready(PATIENCE), 'a Ping that waited while Redis restarted is answered' );
$result = eval { $ping->result };
ok( $result ? $result->{status} == 2 : $@->status == 503, 'with the change, or to come back' );
brings( 'after Redis', 'then' );

$ping = $phone->ping(%wait);
ok( !$ping->is_ready(1), 'a Ping waits' );
$server->node->graceful;
$box->deliver( simple_mail( subject => 'restarted' ) );
ok( $ping->is_ready(PATIENCE), 'a graceful restart ends it' );
$ping->result;
brings( 'restarted', 'after a graceful restart' );

$server->done;
done_testing;
