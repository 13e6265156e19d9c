#!/usr/bin/perl
# What administrators learn of phones: who waits at this moment and where.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

# How long something may take that must come; no measure, only an end.
use constant PATIENCE => 60;

my $server = MobileSync::Server->start(
    nodes => 2,
    admin => 'root',
    settings => { MobileSyncHeartbeatMin => 1, MobileSyncHeartbeatMax => 600 }
);
my $admin = $server->admin;

# A phone that has its Inbox, of an account of its own.
my $accounts = 0;

sub synced_phone (%option) {
    my $account = $option{account} // 'user' . ++$accounts;
    $server->add_account($account) unless $server->has_account($account);
    my ( $phone, $inbox ) = phone_with_mail( $server, count => 3, %option, account => $account );
    $phone->initial_sync($inbox);
    return ( $phone, $inbox, $account );
}

sub device_path ( $account, $phone, @more ) {
    return [ 'accounts', $account, 'devices', $phone->{device_id}, @more ];
}

sub device ( $account, $phone, $at = $admin ) {
    return $at->get( device_path( $account, $phone ) )->{json};
}

# Asks until the answer is good; the last one.
sub until_good ( $ask, $good ) {
    my $answer;
    for ( 1 .. PATIENCE * 20 ) {
        last if $good->( $answer = $ask->() );
        select undef, undef, undef, 0.05;
    }
    return $answer;
}

sub parked ( $account, $phone ) {
    return until_good( sub { device( $account, $phone )->{parked} }, sub ($parked) {$parked} );
}

# mobilesyncctl's output.
sub ctl (@arguments) {
    local @ENV{qw(MOBILESYNC_SERVER MOBILESYNC_USER MOBILESYNC_PASSWORD)} =
        ( $admin->url, @$admin{qw(user password)} );
    my $program = ( $ENV{top_builddir} // "$FindBin::Bin/../.." ) . '/mobilesyncctl';
    open my $pipe, '-|', $program, @arguments or die "$program: $!\n";
    my $out = join '', readline $pipe;
    return close $pipe ? $out : "exit $?: $out";
}

subtest 'who waits' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( node => 1 );
    my $idle = device( $account, $phone );
    ok( exists $idle->{parked} && !$idle->{parked}, 'a phone that does not wait' );
    my $before = time;
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    my $parked = parked( $account, $phone );
    is_deeply(
        [ @$parked{qw(command node heartbeat_asked heartbeat)} ],
        [ 'Ping', 'node1', 500, 500 ],
        'one that does, at the second node'
    );
    like( $parked->{since}, qr/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, 'since when' );
    is( $admin->get( [ 'accounts', $account ] )->{json}{devices}[0]{parked}{node},
        'node1', 'in the list of the account' );
    my $twin = $phone->twin( device_id => 'IDLE' );
    $twin->folder_sync;
    my $list = sub ($state) {
        my $answer = $admin->get( ['devices'], query => { account => $account, state => $state } );
        return map { $_->{device} } @{ $answer->{json}{devices} };
    };
    is_deeply( [ $list->('parked') ], [ $phone->{device_id} ], 'narrowed down to those that wait' );
    is( scalar( () = $list->('active') ), 2, 'of two that are active' );
    my $count = $admin->get( ['parked'] )->{json};
    ok( $count->{complete}, 'everybody answered' );
    is( $count->{pings}, 1, 'one Ping waits' );
    is_deeply( [ map { $_->{node} } grep { $_->{pings} } @{ $count->{nodes} } ],
        ['node1'], 'at the second node' );
    like( ctl('stats'), qr/^node1 +1 +0$/m, 'mobilesyncctl shows it' );
    like( ctl( qw(device list), $account ), qr/$phone->{device_id} .* node1 /, 'in lists' );
    like(
        ctl( qw(device show), $account, $phone->{device_id} ),
        qr/^Waits at: +node1$/m,
        'and of a device'
    );
    $server->mailbox($account)->deliver( simple_mail( subject => 'new' ) );
    ok( $ping->is_ready(PATIENCE), 'new mail' );
    is( $ping->result->{status}, 2, 'ends the Ping' );
    is( device( $account, $phone )->{parked}, undef, 'it waits no more' );
    my $last = until_good( sub { device( $account, $phone )->{ping} }, sub ($p) { $p->{last} } );
    is_deeply(
        [ @$last{qw(last_status node heartbeat_asked heartbeat folders)} ],
        [ 2, 'node1', 500, 500, $inbox ],
        'the last Ping'
    );
    is( $phone->ping( heartbeat => 4_000, folders => [$inbox] )->{status},
        5, 'one that asks for more' );
    $last = until_good( sub { device( $account, $phone )->{ping} },
        sub ($p) { $p->{last_status} == 5 } );
    is( $last->{heartbeat_asked}, 4_000, 'is shown with what it asked for' );
    is( $last->{heartbeat}, undef, 'and that it did not wait' );
};

subtest 'a hanging Sync' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( version => '14.1' );
    $phone->sync($inbox);
    my $hanging = $phone->sync( $inbox, heartbeat_interval => 300, async => 1 );
    my $parked = parked( $account, $phone );
    is_deeply( [ @$parked{qw(command node heartbeat)} ], [ 'Sync', 'node0', 300 ], 'waits too' );
    $hanging->hang_up;
    is( until_good( sub { device( $account, $phone )->{parked} }, sub ($parked) { !$parked } ),
        undef, 'until it hangs up' );
};

subtest 'odd names' => sub {
    my ( $phone, $inbox, $account ) =
        synced_phone( account => q{we{ird} "quoted" %41 a&b}, node => 1 );
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    is( parked( $account, $phone )->{node}, 'node1', 'wait as others do' );
    $ping->hang_up;
};

subtest 'a node that is killed' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( node => 1 );
    my ( $other, $folder, $stays ) = synced_phone();
    my @pings = (
        $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 ),
        $other->ping( heartbeat => 500, folders => [$folder], async => 1 )
    );
    is( parked( $account, $phone )->{node}, 'node1', 'a phone waits there' );
    is( parked( $stays, $other )->{node}, 'node0', 'another elsewhere' );
    $server->node(1)->kill_hard;
    is( device( $account, $phone )->{parked}, undef, 'kill -9: nobody waits there any more' );
    my $count = $admin->get( ['parked'] )->{json};
    is_deeply( [ grep { $_->{node} eq 'node1' } @{ $count->{nodes} } ], [], 'nor is it counted' );
    ok( $count->{complete}, 'nobody has to be waited for' );
    is( parked( $stays, $other )->{node}, 'node0', 'the other phone waits on' );
    $_->hang_up for @pings;
};

$server->done;
done_testing;
