#!/usr/bin/perl
# What administrators learn of phones: who waits at this moment and where.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use MobileSync::Ctl;
use MobileSync::Metrics;
use MobileSync::Process qw(find_program);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start(
    nodes => 2,
    admin => 'root',
    settings => {
        MobileSyncHeartbeatMin => 1,
        MobileSyncHeartbeatMax => 600,
        MobileSyncSmtp => 'smtps://relay-user:hunter2@127.0.0.1:465'
    }
);
my $admin = $server->admin;

sub device ( $phone, $at = $admin ) {
    return $at->get( device_path($phone) )->{json};
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

sub parked ($phone) {
    return until_good( sub { device($phone)->{parked} }, sub ($parked) {$parked} );
}

my $ctl = MobileSync::Ctl->new( $server->folder );
$ctl->write_config(
    "server = @{[ $admin->url ]}
user = root
password = secret
"
);

# mobilesyncctl's output.
sub ctl (@arguments) {
    local $ENV{MOBILESYNC_CONFIG} = $ctl->config_file;
    my $run = $ctl->run(@arguments);
    return $run->{code} ? "exit $run->{code}: $run->{err}" : $run->{out};
}

subtest 'who waits' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, node => 1 );
    my $idle = device($phone);
    ok( exists $idle->{parked} && !$idle->{parked}, 'a phone that does not wait' );
    my $before = time;
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    my $parked = parked($phone);
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
    my $found = ctl( qw(device list --search), uc("$account ") . lc $phone->{device_id} );
    like( $found, qr/$phone->{device_id}/, 'and found by words' );
    unlike( $found, qr/IDLE/, 'all of them' );
    $server->mailbox($account)->deliver( simple_mail( subject => 'new' ) );
    ok( $ping->is_ready(PATIENCE), 'new mail' );
    is( $ping->result->{status}, 2, 'ends the Ping' );
    is( device($phone)->{parked}, undef, 'it waits no more' );
    my $last = until_good( sub { device($phone)->{ping} }, sub ($p) { $p->{last} } );
    is_deeply(
        [ @$last{qw(last_status node heartbeat_asked heartbeat folders)} ],
        [ 2, 'node1', 500, 500, $inbox ],
        'the last Ping'
    );
    is( $phone->ping( heartbeat => 4_000, folders => [$inbox] )->{status},
        5, 'one that asks for more' );
    $last = until_good( sub { device($phone)->{ping} }, sub ($p) { $p->{last_status} == 5 } );
    is( $last->{heartbeat_asked}, 4_000, 'is shown with what it asked for' );
    is( $last->{heartbeat}, undef, 'and that it did not wait' );
};

subtest 'a hanging Sync' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, version => '14.1' );
    $phone->sync($inbox);
    my $hanging = $phone->sync( $inbox, heartbeat_interval => 300, async => 1 );
    my $parked = parked($phone);
    is_deeply( [ @$parked{qw(command node heartbeat)} ], [ 'Sync', 'node0', 300 ], 'waits too' );
    $hanging->hang_up;
    is( until_good( sub { device($phone)->{parked} }, sub ($parked) { !$parked } ),
        undef, 'until it hangs up' );
};

subtest 'odd names' => sub {
    my ( $phone, $inbox ) =
        synced_phone( $server, account => q{we{ird} "quoted" %41 a&b}, node => 1 );
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    is( parked($phone)->{node}, 'node1', 'wait as others do' );
    $ping->hang_up;
};

subtest 'a trace' => sub {
    my ( $phone, $inbox, $account ) = synced_phone($server);
    my $path = device_path( $phone, 'trace' );
    my $key = "ms:{$account}:x:$phone->{device_id}";
    my $trace = sub (@query) { return $admin->get($path)->{json} };
    my $mail = sub ($subject) {
        return simple_mail(
            subject => $subject,
            from => 'sender-of-it@example.net',
            body => "a very private line\n"
        );
    };
    my $sync_traced = sub ($wanted) {
        return until_good( sub { $trace->()->{trace} }, sub ($list) { @$list == $wanted } );
    };
    is( $trace->()->{tracing}, undef, 'a device that is not traced' );
    $server->mailbox($account)->deliver( $mail->('hidden-subject') );
    $phone->sync($inbox);
    is_deeply( $trace->()->{trace}, [], 'nothing is kept' );
    ok( !$server->redis->command( 'EXISTS', $key ), 'nowhere' );
    is( $admin->post( $path, query => { dry_run => 1 } )->{json}{dry_run},
        JSON::PP::true, 'a dry run' );
    is( $trace->()->{tracing}, undef, 'does nothing' );
    is( $admin->post( $path, query => { minutes => 0 } )->{status}, 400, 'for no time' );
    is( $admin->post( $path, query => { minutes => 5 } )->{status}, 200, 'switched on' );
    my $state = $trace->()->{tracing};
    ok( $state->{until} && !$state->{content}, 'until when, and without content' );
    $server->mailbox($account)->deliver( $mail->('secret-subject') );
    my ($added) = @{ $phone->sync($inbox)->{adds} };
    my $list = $sync_traced->(2);
    is_deeply(
        [ map {"$_->{command} $_->{direction}"} @$list ],
        [ 'Sync response', 'Sync request' ],
        'a Sync'
    );
    like( $list->[1]{xml}, qr{<SyncKey>\S+-\d+</SyncKey>}, 'what was asked' );
    like( $list->[0]{xml}, qr{<ServerId>\Q$added\E</ServerId>}, 'and answered' );
    like( $list->[0]{xml}, qr{<Subject[^>]*>\[14 bytes\]</Subject>}, 'a subject is its length' );
    like( $list->[0]{xml}, qr{<From[^>]*>\[\d+ bytes\]</From>}, 'a sender too' );
    my $stored = join '', $server->redis->command( 'LRANGE', $key, 0, -1 )->@*;
    unlike( $stored, qr/secret-subject|sender-of-it|private/, 'nothing else is in Redis' );
    cmp_ok( $server->redis->command( 'TTL', $key ), '<=', 86_400, 'it will be forgotten' );

    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    parked($phone);
    $list = $sync_traced->(3);
    is( "$list->[0]{command} $list->[0]{direction}", 'Ping request', 'a Ping that waits' );
    $server->mailbox($account)->deliver( $mail->('third') );
    ok( $ping->is_ready(PATIENCE), 'until there is new mail' );
    $ping->result;
    $list = $sync_traced->(4);
    like( $list->[0]{xml}, qr{<Status>2</Status>}, 'and is answered' );

    $admin->post( $path, query => { content => 1 } );
    ok( $trace->()->{tracing}{content}, 'with contents' );
    $phone->sync($inbox);
    $list = $sync_traced->(6);
    like( $list->[0]{xml}, qr{<Subject[^>]*>third</Subject>}, 'which are shown then' );
    my ($audited) =
        @{ $admin->get( ['audit'], query => { account => $account } )->{json}{entries} };
    is_deeply(
        [ @$audited{qw(action content actor)} ],
        [ 'device.trace', 'shown', 'root' ],
        'and the audit says who asked'
    );

    my $bundle = $admin->get( device_path( $phone, 'bundle' ) );
    is( $bundle->{status}, 200, 'a bundle' );
    my $json = $bundle->{json};
    is( $json->{device}{device}, $phone->{device_id}, 'has the device' );
    ok( @{ $json->{exchanges} } > 3, 'its exchanges' );
    is( scalar @{ $json->{trace} }, 6, 'its trace' );
    is( scalar @{ $json->{why} }, 1, 'what its folder lacks' );
    is( $json->{why}[0]{on_server}{waiting}, 0, 'which is nothing' );
    ok( $json->{server}{module} && $json->{server}{httpd}, 'versions' )
        || diag explain $json->{server};
    is( $json->{server}{MobileSyncHeartbeatMax}, 600, 'and settings' );
    unlike(
        $bundle->{content},
        qr/hidden-subject|secret-subject|third|sender-of|private|Inbox/,
        'but no content'
    );
    is( $json->{server}{MobileSyncSmtp}, 'smtps://127.0.0.1:465', 'without credentials' );
    unlike( $bundle->{content}, qr/relay-user|hunter2/, 'anywhere' );
    unlike( $bundle->{content}, qr/\Q$phone->{password}\E|\Q$admin->{password}\E/, 'no password' );
    like( ctl( qw(device bundle), $account, $phone->{device_id} ),
        qr/"exchanges"/, 'on a terminal' );
    like(
        ctl( qw(device trace show), $account, $phone->{device_id} ),
        qr/^\S+ \S+  Ping request.*?^  <Ping /ms,
        'mobilesyncctl shows the trace'
    );

    like( ctl( qw(--yes device trace off), $account, $phone->{device_id} ),
        qr/Done/, 'switched off' );
    is( $trace->()->{tracing}, undef, 'it is off' );
    $phone->sync($inbox);
    until_good(
        sub { $admin->get( device_path( $phone, 'exchanges' ) )->{json}{exchanges} },
        sub ($all) { $all->[0]{folders}[0]{sync_key} eq $phone->collection($inbox)->{key} }
    );
    is( scalar @{ $trace->()->{trace} }, 6, 'nothing more is kept' );

    $admin->post( $path, query => { minutes => 1 } );
    $server->redis->command(
        'HSET',
        "ms:{$account}:d:$phone->{device_id}",
        trace => int( ( time - 1 ) * 1e6 ) . ' full'
    );
    is( $trace->()->{tracing}, undef, 'when its time is over' );
    $phone->sync($inbox);
    until_good(
        sub { $admin->get( device_path( $phone, 'exchanges' ) )->{json}{exchanges} },
        sub ($all) { $all->[0]{folders}[0]{sync_key} eq $phone->collection($inbox)->{key} }
    );
    is( scalar @{ $trace->()->{trace} }, 6, 'it has ended by itself' );
    $admin->delete( device_path($phone) );
    ok( !$server->redis->command( 'EXISTS', $key ), 'it goes with the device' );
};

subtest 'figures' => sub {
    my $read = sub { return MobileSync::Metrics::read_text( $admin->get('/metrics')->{content} ) };
    my ( $phone, $inbox ) = synced_phone($server);
    my $before = $read->();
    is_deeply( $before->wrong, [], 'a strict reader finds nothing wrong' );
    ok( $before->has_family( "mobilesync_$_->[0]", $_->[1] ), "there is $_->[0]" )
        for [ requests_total => 'counter' ], [ request_duration_seconds => 'histogram' ],
        [ waiting => 'gauge' ], [ wakeups_total => 'counter' ],
        [ false_wakeups_total => 'counter' ],
        [ sync_keys_replayed_total => 'counter' ], [ sync_starts_total => 'counter' ],
        [ items_quarantined_total => 'counter' ], [ redis_duration_seconds => 'histogram' ],
        [ redis_errors_total => 'counter' ], [ redis_dataset_bytes => 'gauge' ];
    cmp_ok( $before->value('mobilesync_redis_dataset_bytes'), '>', 1_000, 'states have a size' );
    $phone->sync($inbox) for 1 .. 5;
    my $after = until_good(
        $read,
        sub ($now) {
            my $sample = 'mobilesync_requests_total{command="Sync",status="1"}';
            return $now->value($sample) > $before->value($sample);
        }
    );
    cmp_ok( $after->value("mobilesync_$_"), '>', $before->value("mobilesync_$_"), "$_ grows" )
        for qw(redis_duration_seconds_count redis_duration_seconds_sum redis_sent_bytes_total);
    is(
        $after->value('mobilesync_redis_errors_total'),
        $before->value('mobilesync_redis_errors_total'),
        'no errors'
    );
    $admin->post( device_path( $phone, 'suspend' ) );
    $phone->exchange( $phone->request_bytes( command => 'Ping' ) );
    $phone->disconnect;
    my $suspended =
        until_good( $read, sub ($now) { return $now->value('mobilesync_suspended_total') } );
    is( $suspended->value('mobilesync_suspended_total'), 1, 'who is suspended is counted' );
    is(
        $suspended->value('mobilesync_unavailable_total'),
        $before->value('mobilesync_unavailable_total'),
        'and is no failure'
    );
    $admin->post( device_path( $phone, 'resume' ) );
    $server->allow_errors(qr/mobilesync:.*redis/i);
    $server->redis->kill_hard;
    my $down = until_good(
        $read,
        sub ($now) {
            return $now->value('mobilesync_redis_errors_total') >
                $after->value('mobilesync_redis_errors_total');
        }
    );
    is_deeply( $down->wrong, [], 'Redis is down: there are figures all the same' );
    is( $down->value('mobilesync_redis_dataset_bytes'), undef, 'but for its own' );
    cmp_ok(
        $down->value('mobilesync_redis_errors_total'), '>',
        $after->value('mobilesync_redis_errors_total'), 'and errors are counted'
    );
    $server->redis->restart;
    until_good( sub { $admin->get( ['accounts'] ) }, sub ($answer) { $answer->{status} == 200 } );
    SKIP: {
        my $promtool = find_program('promtool') // skip 'there is no promtool', 1;
        my $file = $server->folder . '/metrics';
        open my $out, '>', $file or die "$file: $!\n";
        print $out $admin->get('/metrics')->{content};
        close $out or die "$file: $!\n";
        is( `$promtool check metrics <$file 2>&1`, '', 'promtool finds nothing wrong' );
    }
};

subtest 'a node that hangs' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, node => 1 );
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    parked($phone);
    my @children = $server->node(1)->children;
    kill STOP => @children;
    # a process that was told to stop may answer once more
    my $count = until_good( sub { $admin->get( ['parked'] )->{json} },
        sub ($parked) { !$parked->{complete} } );
    ok( !$count->{complete}, 'it does not answer: somebody may be missing' );
    my $shown = device($phone);
    ok( !$shown->{parked_complete}, 'which is said of a device as well' );
    is( $shown->{state}, 'active', 'the rest is known' );
    kill CONT => @children;
    until_good( sub { $admin->get( ['parked'] )->{json} }, sub ($count) { $count->{complete} } );
    is( parked($phone)->{node}, 'node1', 'it answers again' );
    $ping->hang_up;
};

subtest 'a node that is killed' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, node => 1 );
    my ( $other, $folder ) = synced_phone($server);
    my @pings = (
        $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 ),
        $other->ping( heartbeat => 500, folders => [$folder], async => 1 )
    );
    is( parked($phone)->{node}, 'node1', 'a phone waits there' );
    is( parked($other)->{node}, 'node0', 'another elsewhere' );
    $server->node(1)->kill_hard;
    is( device($phone)->{parked}, undef, 'kill -9: nobody waits there any more' );
    my $count = $admin->get( ['parked'] )->{json};
    is_deeply( [ grep { $_->{node} eq 'node1' } @{ $count->{nodes} } ], [], 'nor is it counted' );
    ok( $count->{complete}, 'nobody has to be waited for' );
    is( parked($other)->{node}, 'node0', 'the other phone waits on' );
    $_->hang_up for @pings;
};

$server->done;
done_testing;
