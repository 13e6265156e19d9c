#!/usr/bin/perl
# covers: Sync Ping FolderSync
# Redis that hangs, that goes while phones wait, a disk that refuses: what cannot be done is said, and
# done later.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Letters qw(letter deliver_letters new_phone inbox letter_ids held kept in_step insist);
use MobileSync::Process qw(wait_until);
use MobileSync::Server;

my $server = MobileSync::Server->start(
    settings => { MobileSyncRedisTimeout => 500, MobileSyncHeartbeatMin => 1 } );

sub account ( $name, $letters = 10 ) {
    $server->add_account($name);
    my $box = $server->mailbox($name);
    deliver_letters( $box, 'old', $letters );
    return $box;
}

# After an outage.
sub begin ($account) {
    my $phone;
    wait_until( 'the server to serve',
        sub { $phone = eval { new_phone( $server, account => $account ) } } );
    return $phone;
}

# A request that waits; at first a child may still be without its connection to Redis.
sub waiting ($request) {
    my $pending;
    wait_until( 'a request to wait',
        sub { $pending = $request->(); return !$pending->is_ready(0.3) } );
    return $pending;
}

# The answer to the phone's last request, which waits; where it met Redis away (503), to its repeat.
sub answer ( $phone, $pending ) {
    my $call = $phone->last_call;
    return eval { $pending->result } // insist( $phone, $call );
}

subtest 'many phones begin at once with a new account' => sub {
    my $box = account( 'fresh', 30 );
    my @phones = map { $server->client( account => 'fresh' ) } 1 .. 8;
    my @pending = map { $_->folder_sync( async => 1 ) } @phones;
    my @results = map { $_->result } @pending;
    is( scalar( grep { $_->{status} == 1 } @results ), 8, 'FolderSync' );
    is_deeply( $phones[$_]{folders}, $phones[0]{folders}, 'the same folders' ) for 1 .. 7;
    my $inbox = inbox( $phones[0] );
    $_->sync( $inbox, options => MobileSync::Letters::OPTIONS ) for @phones;
    @pending = map { $_->sync( $inbox, async => 1 ) } @phones;
    is( $_->result->{status}, 1, 'the first window' ) for @pending;
    for my $phone (@phones) {
        in_step( $phone, $box, 'in step' );
        is_deeply( [ sort keys %{ $phone->items($inbox) } ],
            [ sort keys %{ $phones[0]->items($inbox) } ], 'the same ids' );
    }
};

subtest 'a folder that cannot be written' => sub {
    my $box = account('closed');
    my $phone = new_phone( $server, account => 'closed' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    my @folders = map { $box->maildir('') . "/$_" } qw(cur new);
    chmod 0500, @folders;
    my $call = $phone->sync( $inbox, lose => 'request',
        commands => [ $phone->change_of( $ids[0], [ 'Email:Read', 1 ] ),
            $phone->delete_of( $ids[1] ) ] );
    my $result = eval { $phone->repeat($call) };
    my $error = $@;
    chmod 0700, @folders;
    ok( $result || ref $error, 'an answer' ) or diag($error);
    if ($result) {
        is( $result->{status}, 1, 'the Sync' );
        my @refused = map { @{ $result->{responses}{$_} // [] } } qw(Change Delete);
        is( scalar @refused, 2, 'tells that neither was done' );
    }
    is( scalar @{ kept($box) }, 10, 'nothing is lost' );
    in_step( $phone, $box, 'in step' );
};

subtest 'Redis hangs' => sub {
    my $box = account('hang');
    my $phone = new_phone( $server, account => 'hang' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    my $call = $phone->sync( $inbox, lose => 'request',
        commands => [ $phone->delete_of( $ids[0] ), $phone->delete_of( $ids[1] ) ] );
    kill STOP => $server->redis->pid;
    my $answer = eval { $phone->repeat($call) };
    my $error = $@;
    kill CONT => $server->redis->pid;
    ok( !$answer && ref $error && $error->status == 503, 'HTTP 503' ) or diag($error);
    is( insist( $phone, $call )->{status}, 1, 'then it goes on' );
    in_step( $phone, $box, 'in step', eventually => 1 );
    is( scalar @{ kept( $box, 'Trash' ) }, 2, 'deleted once' );
};

subtest 'Redis hangs in the middle of operations' => sub {
    my $box = account( 'middle', 60 );
    my $phone = begin('middle');
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    for my $round ( 0 .. 3 ) {
        my @commands = map { $phone->delete_of($_) } splice @ids, 0, 12;
        my $call = $phone->sync( $inbox, commands => \@commands, lose => 'request' );
        # When the first of them are done; after the last outage it may be put off first.
        my $pending;
        wait_until(
            'the first deletions',
            sub {
                $pending = $phone->repeat( $call, async => 1 ) if !$pending || $pending->is_ready;
                return keys %{ $box->messages('Trash') } > 12 * $round + 2;
            }
        );
        kill STOP => $server->redis->pid;
        my $response = eval { $pending->{http}->read_response };
        kill CONT => $server->redis->pid;
        ok( $response && $response->status =~ /^(?:200|503)$/, 'an answer' );
        is( insist( $phone, $call )->{status}, 1, 'the repeat' );
        in_step( $phone, $box, 'in step', eventually => 1 );
        is( scalar @{ kept( $box, 'Trash' ) }, 12 * ( $round + 1 ), 'each deleted once' );
    }
};

subtest 'Redis goes while a phone waits' => sub {
    my $box = account('wait');
    my $phone = begin('wait');
    my $inbox = inbox($phone);
    my $ping = waiting( sub { $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 ) } );
    $server->redis->restart;
    deliver_letters( $box, 'new', 1 );
    my $result = answer( $phone, $ping );
    ok( $result->{status} =~ /^[12]$/, 'and is answered' ) or diag("Status $result->{status}");
    in_step( $phone, $box, 'in step', eventually => 1 );
    my $sync = waiting( sub { $phone->sync( $inbox, heartbeat_interval => 600, async => 1 ) } );
    $server->redis->restart;
    deliver_letters( $box, 'newer', 1 );
    $result = answer( $phone, $sync );
    is( scalar @{ $result->{adds} }, 1, 'and brings the message' );
    in_step( $phone, $box, 'in step', eventually => 1 );
};

$server->allow_errors( qr/redis/i, qr/\[UNAVAILABLE\]/, qr/\[DENIED\]/ );
$server->done;
done_testing();
