#!/usr/bin/perl
# A device is suspended: it is answered 503, nothing of its SyncState moves, and resumed it goes on
# where it was.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start(
    nodes => 2,
    admin => 'root',
    settings => { MobileSyncHeartbeatMin => 1, MobileSyncHeartbeatMax => 600 }
);
my $admin = $server->admin;

sub suspend ( $phone, %query ) {
    my $answer = $admin->post( device_path( $phone, 'suspend' ), query => \%query );
    is( $answer->{status}, 200, 'suspended' );
    return $answer->{json};
}

sub resume ($phone) {
    my $answer = $admin->post( device_path( $phone, 'resume' ) );
    is( $answer->{status}, 200, 'resumed' );
    return $answer->{json};
}

sub is_suspended ( $code, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_held_back( refusal($code), $name );
}

sub state_of ($phone) {
    my %value;
    my $redis = $server->redis;
    for my $key ( grep {/:[hf]:\Q$phone->{device_id}\E(?::|$)/} $redis->keys ) {
        my %hash = @{ $redis->command( 'HGETALL', $key ) };
        $value{$key} = \%hash;
    }
    return \%value;
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) =
            phone_with_mail( $server, account => $account, version => $version, count => 8 );
        $phone->initial_sync($inbox);
        $phone->sync($inbox);
        my $before = state_of($phone);
        my $plan = suspend( $phone, dry_run => 1 );
        ok( $plan->{changes} && !$plan->{suspended}, 'a dry run tells' );
        ok( $phone->sync($inbox)->{empty}, 'and does nothing' );

        my $waiting = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
        ok( !$waiting->is_ready(0.3), 'a Ping waits' );
        my $done = suspend( $phone, reason => 'lost in a taxi' );
        is( $done->{suspended}{by}, 'root', 'by whom' );
        is( $done->{suspended}{reason}, 'lost in a taxi', 'and why' );
        ok( $waiting->is_ready(PATIENCE), 'the Ping ends' );
        is_suspended( sub { $waiting->result }, 'it' );
        is_suspended( sub { $phone->sync($inbox) }, 'Sync' );
        is_suspended( sub { $phone->folder_sync }, 'FolderSync' );
        is_suspended( sub { $phone->folder_sync( key => '0' ) }, 'even from the beginning' );
        is_suspended( sub { $phone->ping( heartbeat => 500, folders => [$inbox] ) }, 'Ping' );
        is_suspended( sub { $phone->ping }, 'an empty Ping' );
        is_suspended( sub { $phone->get_item_estimate( [$inbox] ) }, 'GetItemEstimate' );
        is_suspended( sub { $phone->send_mail( simple_mail() ) }, 'SendMail' );
        is_deeply( state_of($phone), $before, 'nothing has moved' );
        my $other = $phone->twin( device_id => "OTHER$account" );
        is( $other->folder_sync->{status}, 1, 'other devices are not concerned' );

        my $shown = $admin->get( device_path($phone) )->{json};
        is( $shown->{suspended}{reason}, 'lost in a taxi', 'the device shows it' );
        is( $shown->{state}, 'active', 'and that it has its SyncState' );
        is(
            $admin->get( device_path( $phone, 'why' ), query => { folder => $inbox } )
                ->{json}{suspended}{by},
            'root',
            'so does why'
        );
        is_deeply(
            [
                map { $_->{device} } @{
                    $admin->get( '/devices',
                        query => { account => $account, state => 'suspended' } )->{json}{devices}
                }
            ],
            [ $phone->{device_id} ],
            'lists find it'
        );
        ok( !suspend( $phone, reason => 'again' )->{changes}, 'suspended twice is suspended' );

        $server->mailbox($account)->deliver( simple_mail( subject => 'meanwhile' ) );
        ok( !resume($phone)->{suspended}, 'a resume' );
        my $result = $phone->sync($inbox);
        is( $result->{status}, 1, 'it goes on with its key' );
        is( scalar @{ $result->{adds} }, 1, 'and gets what came meanwhile, nothing else' );
        is( $phone->folder_sync->{status}, 1, 'folders too' );
        ok( !resume($phone)->{changes}, 'resumed twice is resumed' );
    }
);

subtest 'what waits at another node' => sub {
    $server->add_account('bert');
    my ( $phone, $inbox ) = phone_with_mail( $server, account => 'bert', node => 1, count => 3 );
    $phone->initial_sync($inbox);
    $phone->sync($inbox);
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    my $hang = $phone->sync( $inbox, wait => 8, async => 1 );
    ok( !$ping->is_ready(0.3), 'a Ping' );
    ok( !$hang->is_ready(0.3), 'and a Sync wait' );
    ok( suspend($phone)->{waiting_told}, 'at the first node' );

    for ( $ping, $hang ) {
        ok( $_->is_ready(PATIENCE), 'it ends' );
        is_suspended( sub { $_->result }, 'it' );
    }
    my $reset = $admin->post( device_path( $phone, 'reset' ) );
    is( $reset->{status}, 200, 'a suspended device is reset' );
    is_suspended( sub { $phone->sync($inbox) }, 'it stays suspended' );
    resume($phone);
    is( $phone->sync($inbox)->{status}, 3, 'then begins again' );
};

# A Ping that comes in the same moment either waits and is woken, or sees it at once.
subtest 'races' => sub {
    my ( $phone, $inbox ) = phone_with_mail( $server, count => 3 );
    $phone->initial_sync($inbox);
    $phone->sync($inbox);
    for my $round ( 1 .. 20 ) {
        my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
        my $answer = $admin->post( device_path( $phone, 'suspend' ) );
        my $ended = $ping->is_ready(PATIENCE);
        my $error = $ended ? refusal( sub { $ping->result } ) : undef;
        $admin->post( device_path( $phone, 'resume' ) );
        next if $answer->{status} == 200 && $error && $error->status == 503;
        fail("round $round: the Ping did not end with 503");
    }
    is( $phone->sync($inbox)->{status}, 1, 'and it goes on' );
};

subtest 'a killed child' => sub {
    my ( $phone, $inbox ) = phone_with_mail( $server, count => 3 );
    $phone->initial_sync($inbox);
    my $node = $server->node(0);
    for my $round ( 1 .. 4 ) {
        my $pid = fork // die "fork: $!\n";
        if ( !$pid ) {
            for ( 1 .. 100 ) {
                eval { $server->admin->post( device_path( $phone, $_ ) ) } for qw(suspend resume);
            }
            exec 'true';
        }
        select undef, undef, undef, rand 0.2;
        $node->kill_child( ( $node->children )[0] );
        kill KILL => $pid;
        waitpid $pid, 0;
        my $shown = $server->admin(1)->get( device_path($phone) )->{json};
        my $error = refusal( sub { $phone->sync($inbox) } );
        is(
            $error ? $error->status : 200,
            $shown->{suspended} ? 503 : 200,
            'shown and done are the same'
        );
        $server->admin(1)->post( device_path( $phone, 'resume' ) );
    }
    is( $phone->sync($inbox)->{status}, 1, 'the phone goes on with its key' );
};

my %actions = map { $_->{action} => $_ }
    reverse @{ $admin->get( ['audit'], query => { account => 'bert' } )->{json}{entries} };
is( $actions{"device.$_"}{outcome}, 'done', "$_ is on record" ) for qw(suspend resume);
is( $admin->post( [ 'accounts', 'bert', 'devices', 'none', 'suspend' ] )->{status},
    404, 'no such device' );
is(
    $admin->post( [ 'accounts', 'bert', 'devices', 'x', 'suspend' ],
        query => { reason => 'x' x 400 } )->{status},
    400,
    'a reason without end'
);
is( $admin->get( '/devices', query => { state => 'sleepy' } )->{status}, 400, 'no such state' );

$server->done;
done_testing;
