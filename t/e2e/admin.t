#!/usr/bin/perl
# Administrators see, reset and remove SyncStates over REST; phones recover from all of it.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Handle ();
use POSIX ();
use Test::More;
use MobileSync::Process qw(find_program wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

# Requests that the flight recorder keeps of a device.
use constant RECORDED => 12;

my $server = MobileSync::Server->start(
    nodes => 2,
    admin => 'root',
    settings => {
        MobileSyncHeartbeatMin => 1,
        MobileSyncHeartbeatMax => 600,
        MobileSyncRecorder => RECORDED
    }
);
my $admin = $server->admin;

sub device ($phone) { return $admin->get( device_path($phone) )->{json} }

# What a phone does after Status 9 and 3: it begins again.
sub begin_again ( $phone, $inbox ) {
    is( $phone->folder_sync( key => '0' )->{status}, 1, 'it begins again' );
    $phone->reset_collection($inbox);
    $phone->initial_sync( $inbox, window_size => 5 );
    return;
}

sub holds_the_mailbox ( $phone, $inbox, $account ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply( $phone->collection($inbox)->{duplicates}, [], 'without duplicates' );
    return is(
        scalar keys %{ $phone->items($inbox) },
        scalar keys %{ $server->mailbox($account)->messages },
        'and holds the mailbox'
    );
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) =
            synced_phone( $server, count => 12, account => $account, version => $version );
        my $before = device($phone);
        is( $before->{protocol}, $version, 'a device is shown' );
        my ($folder) = grep { $_->{folder} eq $inbox } @{ $before->{folders} };
        is( $folder->{items}, scalar keys %{ $phone->items($inbox) }, 'with what it holds' );
        is( $folder->{sync_key}, $phone->collection($inbox)->{key}, 'and its sync key' );

        my $plan =
            $admin->post( device_path( $phone, 'reset' ), query => { dry_run => 1 } );
        is( $plan->{json}{items}, $folder->{items}, 'a dry run counts' );
        cmp_ok( $plan->{json}{estimated_mb}, '>', 0, 'and estimates' );
        ok( $phone->sync($inbox)->{empty}, 'and does nothing' );

        my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(0.5), 'a Ping waits' );
        my $reset = $admin->post( device_path( $phone, 'reset' ) );
        is( $reset->{status}, 200, 'a reset' );
        ok( $ping->is_ready(PATIENCE), 'ends the Ping' );
        is( $ping->result->{status}, 7, 'which asks for FolderSync' );
        is( $phone->folder_sync->{status}, 9, 'FolderSync: begin again' );
        is( $phone->sync($inbox)->{status}, 3, 'Sync: begin again' );
        is( $phone->ping->{status}, 3, 'an empty Ping: what?' );
        is( device($phone)->{state}, 'empty', 'the device has no state' );
        begin_again( $phone, $inbox );
        holds_the_mailbox( $phone, $inbox, $account );
        is( $admin->post( [ 'accounts', $account, 'undo', $reset->{json}{undo} ] )->{status},
            409, 'too late to undo' );
        $server->mailbox($account)->deliver( simple_mail( subject => 'later' ) );
        is( scalar @{ $phone->sync($inbox)->{adds} }, 1, 'it goes on' );
    }
);

subtest 'undo' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    my $reset = $admin->post( device_path( $phone, 'reset' ) );
    $server->mailbox($account)->deliver( simple_mail( subject => 'meanwhile' ) );
    is( $phone->sync($inbox)->{status}, 3, 'a phone that was told to begin again' );
    my $undo = $admin->post( [ 'accounts', $account, 'undo', $reset->{json}{undo} ] );
    is( $undo->{status}, 200, 'undone' );
    my $result = $phone->sync($inbox);
    is( $result->{status}, 1, 'it goes on where it was' );
    is( scalar @{ $result->{adds} }, 1, 'and misses nothing' );
    is( $phone->folder_sync->{status}, 1, 'folders too' );
    holds_the_mailbox( $phone, $inbox, $account );
    is( $admin->post( [ 'accounts', $account, 'undo', $reset->{json}{undo} ] )->{status},
        404, 'only once' );
};

subtest 'one folder' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    my $sent = $phone->folder_of_type(SENT)->{id};
    $phone->initial_sync($sent);
    is( $admin->post( device_path( $phone, 'folders', $inbox, 'reset' ) )->{status},
        200, 'a reset of the Inbox' );
    is( $phone->folder_sync->{status}, 1, 'the folders stay' );
    is( $phone->sync($sent)->{status}, 1, 'another folder too' );
    is( $phone->sync($inbox)->{status}, 3, 'the Inbox begins again' );
    $phone->reset_collection($inbox);
    $phone->initial_sync($inbox);
    holds_the_mailbox( $phone, $inbox, $account );
};

subtest 'removal' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    my $other = $phone->twin( device_id => 'OTHER' );
    $other->folder_sync;
    $other->initial_sync($inbox);
    my $removed = $admin->delete( device_path($phone) );
    is( $removed->{status}, 200, 'a device is removed' );
    my $missing = $admin->get( device_path($phone) );
    is( $missing->{status}, 404, 'it is gone' );
    is_deeply( $missing->{json}{devices}, ['OTHER'], 'the other one is not' );
    is( $other->sync($inbox)->{status}, 1, 'nor is it disturbed' );
    my @left = grep {/:\Q$phone->{device_id}\E(?::|$)/} $server->redis->keys;
    is_deeply( \@left, [], 'nothing in Redis has its name' );
    is( $admin->post( [ 'accounts', $account, 'undo', $removed->{json}{undo} ] )->{status},
        200, 'undone' );
    is( $phone->sync($inbox)->{status}, 1, 'it goes on' );
    $admin->delete( device_path($phone) );
    is( $phone->folder_sync->{status}, 9, 'removed again, it begins again' );
    begin_again( $phone, $inbox );
    holds_the_mailbox( $phone, $inbox, $account );
};

subtest 'an account, from another node' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12, node => 1 );
    my $other = $phone->twin( device_id => 'OTHER' );
    $other->folder_sync;
    $other->initial_sync($inbox);
    my @pings =
        map { $_->ping( heartbeat => 500, folders => [$inbox], async => 1 ) } $phone, $other;
    ok( !$_->is_ready(0.3), 'a phone waits at the second node' ) for @pings;
    my $reset = $admin->post( [ 'accounts', $account, 'reset' ] );
    is( scalar @{ $reset->{json}{devices} }, 2, 'a reset at the first node: two devices' );

    for my $ping (@pings) {
        ok( $ping->is_ready(PATIENCE), 'wakes it' );
        is( $ping->result->{status}, 7, 'with Status 7' );
    }
    begin_again( $phone, $inbox );
    holds_the_mailbox( $phone, $inbox, $account );
    my $undo = [ 'accounts', $account, 'undo', $reset->{json}{undo} ];
    is( $admin->post($undo)->{status}, 409, 'one has begun: no undo' );
    is( $admin->post( $undo, json => { device => 'OTHER' } )->{status},
        200, 'but of the other one' );
    is( $other->sync($inbox)->{status}, 1, 'which goes on' );
    is( $phone->sync($inbox)->{status}, 1, 'as does the first' );
};

subtest 'the flight recorder' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    my $exchanges = sub ($wanted) {
        my $list;
        wait_until(
            'the record, written after the response',
            sub {
                $list =
                    $admin->get( device_path( $phone, 'exchanges' ) )->{json}{exchanges};
                return $wanted->( $list->[0] );
            }
        );
        return $list;
    };
    my $mail = simple_mail( subject => 'a secret' );
    $server->mailbox($account)->deliver($mail);
    my $key = $phone->collection($inbox)->{key};
    my ($added) = @{ $phone->sync($inbox)->{adds} };
    my $list = $exchanges->( sub ($last) { ( $last->{folders}[0]{sync_key} // '' ) eq $key } );
    my $first = $list->[0];
    is( $first->{command}, 'Sync', 'a Sync' );
    is_deeply( [ @$first{qw(status http_status protocol)} ], [ 1, 200, '16.1' ],
        'what it came to' );
    my $folder = $first->{folders}[0];
    is_deeply(
        [ @$folder{qw(folder sync_key next_sync_key add change delete)} ],
        [ $inbox, $key, $phone->collection($inbox)->{key}, 1, 0, 0 ],
        'keys and counts'
    );
    cmp_ok( $first->{bytes_in}, '>', 10, 'bytes that came' );
    cmp_ok( $first->{bytes_out}, '>', 10, 'and went' );
    unlike(
        join( '',
            $server->redis->command( 'LRANGE', "ms:{$account}:e:$phone->{device_id}", 0, -1 )->@* ),
        qr/secret/,
        'no content'
    );
    $phone->sync( $inbox, commands => [ $phone->delete_of($added) ] );
    $list = $exchanges->( sub ($last) { $last->{folders}[0]{client_delete} } );
    is( $list->[0]{folders}[0]{client_delete}, 1, 'what the phone wants' );
    $phone->ping( heartbeat => 1, folders => [$inbox] );
    $list = $exchanges->( sub ($last) { $last->{command} eq 'Ping' } );
    is_deeply( [ @{ $list->[0] }{qw(status heartbeat)} ], [ 1, 1 ], 'a Ping' );
    cmp_ok( $list->[0]{duration_ms}, '>=', 900, 'that waited' );
    $phone->sync( $inbox, key => 'nonsense' );
    $list = $exchanges->( sub ($last) { $last->{command} eq 'Sync' } );
    is( $list->[0]{folders}[0]{status}, 3, 'a refusal' );
    $phone->folder_sync( key => '4711' );
    $list = $exchanges->( sub ($last) { $last->{command} eq 'FolderSync' } );
    is( $list->[0]{status}, 9, 'a refused FolderSync' );
    like( $list->[0]{error}, qr/4711/, 'with its reason' );
    my ($moved) = keys %{ $phone->items($inbox) };
    my $trash = $phone->folder_of_type(DELETED)->{id};
    my %call = (
        FolderCreate => [ 1, sub { $phone->folder_create( '0', 'new' ) } ],
        MoveItems => [ 3, sub { $phone->move_items( [ [ $moved, $inbox, $trash ] ] ) } ],
        GetItemEstimate => [ 1, sub { $phone->get_item_estimate( [$inbox] ) } ],
        SendMail => [ 1, sub { $phone->send_mail( simple_mail() ) } ],
        Settings => [ 1, sub { $phone->user_information } ],
    );

    for my $command ( sort keys %call ) {
        my ( $status, $code ) = @{ $call{$command} };
        $code->();
        $list = $exchanges->( sub ($last) { $last->{command} eq $command } );
        is( $list->[0]{status}, $status, "$command: Status $status" );
    }
    $phone->move_items( [ [ "$inbox:1:1", $inbox, $trash ] ] );
    $list = $exchanges->( sub ($last) { $last->{command} eq 'MoveItems' } );
    is( $list->[0]{status}, 1, 'MoveItems of what is not there: Status 1' );
    my $device = device($phone);
    ok( $device->{last_sync}, 'the device shows its last Sync' );
    is( $device->{ping}{last_status}, 1, 'and its last Ping' );
    $phone->get_item_estimate( [$inbox] ) for 1 .. RECORDED;
    $list = $exchanges->( sub ($last) { $last->{command} eq 'GetItemEstimate' } );
    cmp_ok( scalar @$list, '<=', RECORDED, 'no more than it shall keep' );
    $admin->post( device_path( $phone, 'reset' ) );
    ok( @{ $exchanges->( sub ($last) {$last} ) }, 'a reset leaves them' );
};

subtest 'metrics' => sub {
    my $read = sub {
        my $answer = $admin->get('/metrics');
        my %value = $answer->{content} =~ /^([a-z_]+(?:\{.*?\})?) (\S+)$/mg;
        return ( $answer, \%value );
    };
    my $wait = sub ($good) {
        my $value;
        wait_until( 'the count, made after the response',
            sub { $value = ( $read->() )[1]; return $good->($value) } );
        return $value;
    };
    my ( $phone, $inbox ) = synced_phone( $server, count => 12 );
    my ( $answer, $before ) = $read->();
    is( $answer->{status}, 200, 'figures' );
    like( $answer->{type}, qr{^text/plain; version=0\.0\.4}, 'for Prometheus' );
    my ( $ok, $open ) = (
        'mobilesync_requests_total{command="Sync",status="1"}',
        'mobilesync_requests_open{command="Ping"}'
    );
    my @pings = map {
        my $waiting = $phone->twin( device_id => "METRICS$_" );
        $waiting->folder_sync;
        $waiting->initial_sync($inbox);
        $waiting->ping( heartbeat => 500, folders => [$inbox], async => 1 )
    } 1 .. 3;
    is(
        $wait->( sub ($value) { $value->{$open} == $before->{$open} + 3 } )->{$open},
        $before->{$open} + 3,
        'three phones wait'
    );
    $_->hang_up for @pings;
    is( $wait->( sub ($value) { $value->{$open} == $before->{$open} } )->{$open},
        $before->{$open}, 'and no more' );
    $phone->sync($inbox) for 1 .. 5;
    $phone->sync( $inbox, key => 'nonsense' );
    my $refused = 'mobilesync_sync_keys_refused_total';
    my $after = $wait->( sub ($value) { $value->{$refused} > $before->{$refused} } );
    cmp_ok( $after->{$ok}, '>=', $before->{$ok} + 5, 'requests are counted' );
    is( $after->{$refused}, $before->{$refused} + 1, 'refused keys too' );
    is(
        $after->{'mobilesync_request_duration_seconds_bucket{command="Sync",le="+Inf"}'},
        $after->{'mobilesync_request_duration_seconds_count{command="Sync"}'},
        'a histogram'
    );
    SKIP: {
        my $promtool = find_program('promtool') // skip 'there is no promtool', 1;
        my $file = $server->folder . '/metrics';
        open my $out, '>', $file or die "$file: $!\n";
        print $out $answer->{content};
        close $out or die "$file: $!\n";
        is( `$promtool check metrics <$file 2>&1`, '', 'promtool finds nothing wrong' );
    }
};

subtest 'why' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    my $box = $server->mailbox($account);
    my $why = sub (%query) {
        return $admin->get( device_path( $phone, 'why' ), query => \%query );
    };
    my $verdict = sub ( $item, $of = $phone ) {
        return $admin->get( device_path( $of, 'why' ), query => { item => $item } )
            ->{json}{verdict};
    };
    my ($item) = sort keys %{ $phone->items($inbox) };
    is( $verdict->($item), 'given', 'in the last answer' );
    $phone->sync($inbox);
    ok(
        eval {
            wait_until( 'the record', sub { $verdict->($item) eq 'held' } );
            1;
        },
        'confirmed'
    );
    my $folder = $why->( folder => $inbox )->{json};
    is( $folder->{on_server}{held}, 12, 'a folder' );
    is_deeply( $folder->{not_on_device}, [], 'that lacks nothing' );
    $box->deliver( simple_mail( subject => 'new' ) );
    my $missing = $why->( folder => $inbox )->{json}{not_on_device};
    is( scalar @$missing, 1, 'a new message is missing' );
    is( $missing->[0]{verdict}, 'waiting', 'as it waits' );
    is( $verdict->( $missing->[0]{item} ), 'waiting', 'asked for alone, too' );
    is_deeply( $phone->sync($inbox)->{adds}, [ $missing->[0]{item} ], 'and comes' );
    my ( $other, $old ) =
        map { $phone->twin( device_id => $_->[0] . $account, version => $_->[1] ) }
        [ 'OTHER', $phone->{version} ], [ 'OLD', '12.1' ];

    for my $twin ( $other, $old ) {
        $twin->folder_sync;
        $twin->initial_sync($inbox);
    }
    $other->sync( $inbox,
        commands =>
            [ $other->change_of( $item, [ 'Email:Categories' => [ Category => 'Blue' ] ] ) ] );
    is( $verdict->($item), 'change_waiting', 'a category is news' );
    like( $verdict->( $item, $old ), qr/^(?:given|held)$/, 'but not for 12.1, which has none' );
    is( $why->( folder => $inbox )->{json}{on_server}{change_waiting}, 1, 'in the folder too' );
    is(
        $admin->get( device_path( $old, 'why' ), query => { folder => $inbox } )
            ->{json}{on_server}{change_waiting},
        0,
        'of both'
    );
    $other->sync(
        $inbox,
        commands => [
            $other->change_of( $item, [ 'Email:Read', 1 ] ),
            $other->delete_of( $missing->[0]{item} )
        ]
    );
    is( $verdict->( $missing->[0]{item} ), 'removal_waiting', 'what another device removed' );
    $phone->sync($inbox);
    $phone->sync($inbox);
    is( $verdict->( $missing->[0]{item} ), 'gone', 'is gone' );
    $box->deliver( simple_mail( subject => 'old', time => time - 90 * 86_400 ),
        time => time - 90 * 86_400 );
    $phone->sync( $inbox, options => { filter_type => 2 } );
    $phone->sync($inbox);
    $folder = $why->( folder => $inbox )->{json};
    cmp_ok( $folder->{on_server}{filtered}, '>', 0, 'what is too old' );
    is( $folder->{filter_type}, 2, 'for the filter' );
    $phone->reset_collection($inbox);
    $phone->sync($inbox);
    $phone->sync( $inbox, window_size => 3, options => { filter_type => 0 } );
    $folder = $why->( folder => $inbox )->{json};
    is( $folder->{on_server}{given}, 3, 'half-way in a first synchronisation' );
    cmp_ok( $folder->{on_server}{waiting}, '>', 5, 'the rest waits' );
    $phone->sync_until_done($inbox);
    my $name = $box->deliver( simple_mail( subject => 'unreadable' ) );
    chmod 0, $box->maildir . "/new/$name";
    $server->allow_errors(qr/is quarantined/);
    $phone->sync_until_done($inbox);
    $folder = $why->( folder => $inbox )->{json};
    is_deeply( [ map { $_->{verdict} } @{ $folder->{not_on_device} } ],
        ['quarantined'], 'what cannot be read is quarantined' );
    my $is_recorded = sub {
        my $list = $admin->get( device_path( $phone, 'exchanges' ) )->{json}{exchanges};
        return grep { ( $_->{folders}[0]{quarantined} // 0 ) == 1 } @$list;
    };
    ok( eval { wait_until( 'the record', $is_recorded ); 1 }, 'as the flight recorder knows' );
    is( $why->( item => 'nonsense' )->{status}, 400, 'no ServerId' );
    is( $why->()->{status}, 400, 'nothing asked' );
    is( $why->( folder => 'none' )->{status}, 404, 'a folder that it does not synchronise' );
    is( $why->( item => "$inbox:4711:1" )->{status}, 404, 'another generation' );
};

subtest 'odd names' => sub {
    for my $account ( 'jo hn', q{we{ird} "quoted" 'x' %41 a&b=c+d;e?f#g}, "j\x{f6}rg\x{2603}" ) {
        my ( $phone, $inbox ) = synced_phone( $server, count => 12, account => $account );
        is( device($phone)->{account}, $account, 'an account is shown' );
        my $reset = $admin->post( device_path( $phone, 'reset' ) );
        is( $reset->{json}{account}, $account, 'and reset' );
        is( $phone->sync($inbox)->{status}, 3, 'it begins again' );
        is( $admin->post( [ 'accounts', $account, 'undo', $reset->{json}{undo} ] )->{status},
            200, 'undone' );
        ok( $phone->sync($inbox)->{empty}, 'goes on' );
        is(
            $admin->get( ['audit'], query => { account => $account } )->{json}{entries}[1]{account},
            $account,
            'on record'
        );
    }
    is( $admin->get( [ 'accounts', $_ ] )->{status}, 404, 'a name that nobody has' )
        for 'a/b', '../..', '%2e%2e', "\xff\xfe", ' ', 'x' x 2_000, "a\nb";
    is( $admin->get( [ 'accounts', 'x' x 600 ] )->{status}, 404, 'a long one' );
};

subtest 'who may' => sub {
    $server->allow_errors(qr/Password Mismatch|authorization (?:failure|result)/);
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    is( $admin->get( '', password => 'wrong' )->{status}, 401, 'a wrong password' );
    is( $admin->get( '', user => $account, password => $phone->{password} )->{status},
        401, 'an account that may not' );
    my $path = device_path( $phone, 'reset' );
    is( $admin->post( $path, plain => 1 )->{status}, 403, 'a form of another site' );
    is(
        $admin->post(
            $path,
            plain => 1,
            content => 'dry_run=0',
            headers => { 'Content-Type' => 'text/plain' }
        )->{status},
        403,
        'whatever it pretends'
    );
    is( $admin->delete( device_path($phone), plain => 1 )->{status}, 403, 'not even DELETE' );
    my $get = $admin->get($path);
    is( $get->{status}, 405, 'nor GET' );
    is( $get->{headers}{allow}, 'POST', 'which is told what to use' );
    is( $admin->post( $path, content => 'x' x 70_000 )->{status}, 413, 'a huge body' );
    is( $phone->sync($inbox)->{status}, 1, 'nothing was done' );
    my $answer = $admin->get('/accounts/nobody');
    is( $answer->{type}, 'application/problem+json', 'errors are problems' );
    is( $answer->{headers}{'cache-control'}, 'no-store', 'nothing is cached' );
};

# A phone in a process of its own that syncs, and begins again when it is told to, until its file
# is there. Then it syncs to the end, and tells what it holds, how often it began again, what went
# wrong. It says a line first when it has done its first round.
sub stop_file ($account) { return $server->folder . "/stop-$account" }

sub start_phone ($account) {
    pipe my $reader, my $writer or die "pipe: $!\n";
    $writer->autoflush;
    my $pid = fork // die "fork: $!\n";
    return ( $pid, $reader ) if $pid;
    my ( $again, $rounds, @wrong ) = ( 0, 0 );
    my $held = eval {
        my ( $phone, $inbox ) = phone_with_mail( $server, account => $account, node => 1 );
        my $step = sub ( $what, @good ) {
            my $status = $what->();
            push @wrong, "Status $status" unless grep { $_ == $status } 1, 16, @good;
            return $status;
        };
        for ( my $last = 0; !$last; $rounds++ ) {
            $last = -e stop_file($account);
            my $again_now = 0;
            if ( $step->( sub { $phone->folder_sync->{status} }, 9 ) == 9 ) {
                $step->( sub { $phone->folder_sync( key => '0' )->{status} } );
                $again_now = 1;
            }
            my $result;
            for ( 1 .. 100 ) {
                my $status = $step->(
                    sub { ( $result = $phone->sync( $inbox, window_size => 4 ) )->{status} }, 3
                );
                if ( $status == 3 ) {
                    push @wrong, 'duplicates' if @{ $phone->collection($inbox)->{duplicates} };
                    $phone->reset_collection($inbox);
                    $again_now = 1;
                }
                last
                    if $status == 1
                    && !$result->{more}
                    && $phone->collection($inbox)->{key} !~ /-1$/;
            }
            $again += $again_now;
            print $writer "ready\n" if !$rounds;
        }
        push @wrong, 'duplicates' if @{ $phone->collection($inbox)->{duplicates} };
        scalar keys %{ $phone->items($inbox) };
    };
    push @wrong, $@ =~ s/\s+/ /gr unless defined $held;
    print $writer join "\t", $held // 0, $again, $rounds, @wrong;
    close $writer;
    POSIX::_exit(0);
}

subtest 'resets while phones sync' => sub {
    my @accounts = map {"busy$_"} 1 .. 2;
    for my $account (@accounts) {
        $server->add_account($account);
        MobileSync::Mail->new( kinds => ['plain'] )
            ->fill( $server->mailbox($account), 20, corpora => 0 );
    }
    my %phone = map { $_ => [ start_phone($_) ] } @accounts;
    my ( $done, @wrong ) = 0;
    readline $phone{$_}[1] for @accounts;
    for my $round ( 1 .. 150 ) {
        my $account = $accounts[ $round % 2 ];
        my $reset = $admin->post( [ 'accounts', $account, 'reset' ] );
        push @wrong, "reset: $reset->{status}" unless $reset->{status} =~ /^(?:200|404|503)$/;
        $done++ if $reset->{status} == 200;
        $server->mailbox($account)->deliver( simple_mail( subject => "round $round" ) )
            if $round % 5 < 2;
        if ( $round % 3 == 0 && $reset->{json}{undo} ) {
            my $undo = $admin->post( [ 'accounts', $account, 'undo', $reset->{json}{undo} ] );
            push @wrong, "undo: $undo->{status}" unless $undo->{status} =~ /^(?:200|409)$/;
        }
    }
    is_deeply( \@wrong, [], 'every request is answered' );
    cmp_ok( $done, '>', 10, 'there were resets' );
    for my $account (@accounts) {
        my ( $pid, $reader ) = @{ $phone{$account} };
        open my $file, '>', stop_file($account) or die "stop: $!\n";
        my ( $held, $again, $rounds, @trouble ) = split /\t/, readline($reader) // '';
        waitpid $pid, 0;
        is_deeply( \@trouble, [], "a phone made its $rounds rounds" );
        cmp_ok( $again, '>', 0, 'began again' );
        is(
            $held,
            scalar keys %{ $server->mailbox($account)->messages },
            'and holds exactly the mailbox'
        );
    }
};

subtest 'servers that die' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    my $node = $server->node(0);
    for my $round ( 1 .. 6 ) {
        my $pid = fork // die "fork: $!\n";
        if ( !$pid ) {
            for ( 1 .. 200 ) {
                eval { $server->admin->post( device_path( $phone, 'reset' ) ) };
            }
            POSIX::_exit(0);
        }
        select undef, undef, undef, rand 0.2;
        $node->kill_child( ( $node->children )[0] );
        kill KILL => $pid;
        waitpid $pid, 0;
        is( $phone->sync($inbox)->{status}, 3, 'a reset, and a child that is killed' );
        my $shown = $server->admin(1)->get( device_path($phone) )->{json};
        is( $shown->{state}, 'empty', 'nothing is left by half' );
        begin_again( $phone, $inbox );
        holds_the_mailbox( $phone, $inbox, $account );
    }
};

subtest 'Redis away' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, count => 12 );
    $server->allow_errors( qr/mobilesync:.*redis/i, qr/mobilesync:.*admin: .* by root: / );
    my $reset = $admin->post( device_path( $phone, 'reset' ) );
    $server->redis->kill_hard;
    my $answer = $admin->get( device_path($phone) );
    is( $answer->{status}, 503, 'Service Unavailable' );
    ok( $answer->{headers}{'retry-after'}, 'with Retry-After' );
    like( $answer->{json}{detail}, qr/redis/, 'and a reason' );
    unlike( $answer->{content}, qr{\Q@{[ $server->folder ]}\E},
        'that does not say where Redis is' );
    is( $admin->post( [ 'accounts', $account, 'reset' ] )->{status}, 503, 'nothing is changed' );
    $server->redis->restart;
    wait_until( 'Redis', sub { $admin->get( ['accounts'] )->{status} == 200 } );
    is( $admin->post( [ 'accounts', $account, 'undo', $reset->{json}{undo} ] )->{status},
        200, 'what was moved aside survived' );
    $phone->disconnect;
    # each child looks for Redis by itself; a phone comes back after Retry-After
    my $result;
    wait_until(
        'the phone to be served',
        sub {
            $result = eval { $phone->sync($inbox) }
        }
    );
    is( $result->{status}, 1, 'the phone goes on' );
};

subtest 'the audit' => sub {
    my ( %count, $before );
    do {
        my $page = $admin->get( ['audit'],
            query => { limit => 50, defined $before ? ( before => $before ) : () } );
        is( $page->{status}, 200, 'a page' );
        $count{"$_->{action} $_->{outcome}"}++ for @{ $page->{json}{entries} };
        $before = $page->{json}{next};
    } while ( defined $before );
    cmp_ok( $count{"$_ done"} // 0, '>', 0, "has $_" )
        for qw(device.reset folder.reset account.reset device.remove undo);
    cmp_ok( $count{'undo failed'}, '>', 0, 'and what was refused' );
};

$server->done;
done_testing;
