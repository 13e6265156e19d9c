#!/usr/bin/perl
# Access control: devices are allowed, blocked or kept in quarantine, by list, rules and mode. Those
# that may not synchronise see an Inbox with one message, and nothing of theirs reaches the mailbox.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use JSON::PP ();
use MobileSync::Scenario;
use MobileSync::Server;

my $text = 'Ask the help desk: öffnen Sie ein Ticket.';
utf8::encode( my $bytes = $text );
my $server = MobileSync::Server->start(
    nodes => 2,
    admin => 'root',
    settings => {
        MobileSyncHeartbeatMin => 1,
        MobileSyncHeartbeatMax => 600,
        MobileSyncQuarantineText => qq{"$bytes"},
    }
);
my $admin = $server->admin;

sub decide ( $device, $status, %query ) {
    my $answer =
        $admin->post( [ 'access', 'devices', $device ], query => { status => $status, %query } );
    is( $answer->{status}, 200, "$device: $status" ) or diag $answer->{content};
    return $answer->{json};
}

sub forget ( $device, %query ) {
    my $answer = $admin->delete( [ 'access', 'devices', $device ], query => \%query );
    is( $answer->{status}, 200, "$device: forgotten" );
    return $answer->{json};
}

sub rule (%query) { return $admin->post( '/access/rules', query => \%query ) }

sub rules { return $admin->get('/access/rules')->{json}{rules} }

sub drop_rules {
    $admin->delete( [ 'access', 'rules', $_->{rule} ] ) for @{ rules() };
    return;
}

# Every file of a mailbox but its index, with its size.
sub stored ($account) {
    my $root = $server->mailbox($account)->maildir;
    return [ sort map { substr $_, length $root } glob "$root/{,.[!.]*/}{cur,new}/*" ];
}

# What a phone does that was told 9: it forgets what it has, and begins again.
sub begin_again ($phone) {
    is( $phone->folder_sync->{status}, 9, 'FolderSync: begin again' );
    my $anew = $phone->twin;
    is( $anew->folder_sync->{status}, 1, 'from the beginning' );
    return $anew;
}

# It has the Inbox of another mailbox, with the one message. Returns its folder.
sub has_notice ( $phone, $wanted ) {
    is_deeply( [ map { $_->{type} } values %{ $phone->{folders} } ], [INBOX], 'only an Inbox' );
    my $folder = $phone->folder_of_type(INBOX)->{id};
    $phone->initial_sync($folder);
    my @items = values %{ $phone->items($folder) };
    is( scalar @items, 1, 'with one message' );
    my $body = $phone->fetch_item( $folder, $items[0]{id}, body => [ { type => 1 } ] );
    is( $body->{status}, 1, 'which can be read' );
    like( $body->{properties}->text('AirSyncBase:Body/AirSyncBase:Data'), $wanted, 'and explains' );
    return $folder;
}

sub refuses_the_rest ( $phone, $folder ) {
    my ($item) = keys %{ $phone->items($folder) };
    is_refused( $phone, 129, sub { $phone->send_mail( simple_mail() ) }, 'SendMail' );
    is_refused( $phone, 129, sub { $phone->smart_reply( $folder, $item, simple_mail() ) },
        'SmartReply' );
    is_refused( $phone, 129, sub { $phone->folder_create( '0', 'Mine' ) }, 'FolderCreate' );
    is_refused( $phone, 129, sub { $phone->folder_delete($folder) }, 'FolderDelete' );
    is_refused(
        $phone, 129,
        sub { { status => $phone->search_people('a')->{command_status} } },
        'Search of people'
    );
    my $move = $phone->move_items( [ [ $item, $folder, '5' ] ] );
    is( $move->[0]{status}, 2, 'MoveItems: there is no other folder' );
    my $sync = $phone->sync( $folder,
        commands => [ $phone->change_of( $item, [ 'Email:Read', 1 ] ), $phone->delete_of($item) ] );
    is( $sync->{status}, 1, 'changes of the message are taken and come to nothing' );
    is( $phone->set_device_information( Model => 'Nine', OS => 'Android 14' ),
        1, 'it may say what it is' );
    return;
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) =
            phone_with_mail( $server, account => $account, version => $version, count => 4 );
        $phone->initial_sync($inbox);
        my $device = $phone->{device_id};
        my $before = stored($account);
        my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(0.3), 'a Ping waits' );

        my $plan = decide( $device, 'quarantine', dry_run => 1 );
        is_deeply(
            $plan->{changed},
            [ { account => $account, device => $device, from => 'allow', to => 'quarantine' } ],
            'a dry run tells what changes'
        );
        ok( $plan->{changes} && !exists $plan->{waiting_told}, 'and does nothing' );
        ok( !$ping->is_ready(0.3), 'the Ping waits on' );
        my $done = decide( $device, 'quarantine', reason => 'a new phone' );
        ok( $done->{waiting_told}, 'done' );
        ok( $ping->is_ready(PATIENCE), 'the Ping ends' );
        is( $ping->result->{status}, 7, 'FolderSync first' );
        my $sync = $phone->sync( $inbox,
            commands => [ $phone->delete_of( ( sort keys %{ $phone->items($inbox) } )[0] ) ] );
        is( $sync->{status}, 12, 'its folder is not there: nothing is deleted' );
        $phone = begin_again($phone);
        my $notice = has_notice( $phone, qr/\Q$text\E.*\Q$device\E/s );
        refuses_the_rest( $phone, $notice );
        like(
            $admin->get( device_path( $phone, 'why' ), query => { folder => $notice } )
                ->{json}{detail},
            qr/access control/,
            'why its folder is none'
        );
        is_deeply( stored($account), $before, 'nothing reached the mailbox' );

        subtest 'it waits as any phone' => sub {
            $phone->sync($notice);
            $ping = $phone->ping( heartbeat => 500, folders => [$notice], async => 1 );
            $server->mailbox($account)->deliver( simple_mail( subject => 'for another phone' ) );
            ok( !$ping->is_ready(1), 'mail in the mailbox does not wake it' );
            decide( $device, 'block' );
            ok( $ping->is_ready(PATIENCE), 'another decision does' );
            is( $ping->result->{status}, 7, 'FolderSync first' );
        };
        subtest 'blocked' => sub {
            $phone = begin_again($phone);
            $notice = has_notice( $phone, qr/does not allow/ );
            refuses_the_rest( $phone, $notice );
        };
        subtest 'allowed' => sub {
            my $hang = $version eq '12.1' ? undef : $phone->sync( $notice, wait => 8, async => 1 );
            ok( !$hang->is_ready(0.3), 'a Sync waits' ) if $hang;
            decide( $device, 'allow', account => $account );
            if ($hang) {
                ok( $hang->is_ready(PATIENCE), 'it ends' );
                is( $hang->result->{status}, 12, 'FolderSync first' );
            }
            is( $phone->sync($notice)->{status}, 12, 'that folder is gone' );
            $phone = begin_again($phone);
            $inbox = $phone->folder_of_type(INBOX)->{id};
            $phone->initial_sync($inbox);
            is( scalar keys %{ $phone->items($inbox) }, 5, 'all mail is there' );
            is( scalar @{ stored($account) }, 5, 'on the server too' );
        };
        my $shown = $admin->get( device_path($phone) )->{json}{access};
        is_deeply(
            [ @$shown{qw(status by actor)} ],
            [ 'allow', 'entry of the account', 'root' ],
            'the device shows it'
        );
        forget( $device, account => $account );
        is( $phone->sync($inbox)->{status}, 12, 'what was decided for any account counts again' );
        forget($device);
        $phone = begin_again($phone);
        my @log = map { [ @$_{qw(action actor outcome)}, $_->{status} ] }
            @{ $admin->get( '/audit', query => { device => $device } )->{json}{entries} };
        is_deeply(
            \@log,
            [
                [ 'access.forget', 'root', 'done', undef ],
                [ 'access.forget', 'root', 'done', undef ],
                [ 'access.set', 'root', 'done', 'allow' ],
                [ 'access.set', 'root', 'done', 'block' ],
                [ 'access.set', 'root', 'done', 'quarantine' ],
            ],
            'the audit has all of it'
        );
    }
);

subtest 'taken back before the device came' => sub {
    my ( $phone, $inbox, $account ) = synced_phone($server);
    decide( $phone->{device_id}, 'block' );
    forget( $phone->{device_id} );
    is( $phone->sync($inbox)->{status}, 1, 'it goes on where it was' );
};

subtest 'rules' => sub {
    my ( $phone, $inbox, $account ) =
        synced_phone( $server, device_type => 'OldPhone', version => '14.1' );
    my ( $other, $other_inbox ) = synced_phone( $server, device_type => 'NewPhone' );
    is( rule( order => 20, status => 'block', type => 'old.*' )->{status}, 200, 'a rule' );
    my $plan = rule( order => 10, status => 'allow', device => $phone->{device_id}, dry_run => 1 );
    is( $plan->{json}{devices_changed}, 1, 'a rule before it would let one in' );
    is( $phone->sync($inbox)->{status}, 12, 'the first of them blocks it' );
    is( $other->sync($other_inbox)->{status}, 1, 'others are not concerned' );
    my $told = rule( order => 10, status => 'allow', device => $phone->{device_id} )->{json};
    is( $told->{devices_changed}, 1, 'now the other rule' );
    $phone = begin_again($phone);
    is( $phone->folder_of_type(SENT) && 1, 1, 'lets it in' );

    is( $other->set_device_information( Model => 'Ten', OS => 'Android 14' ),
        1, 'it says what it is' );
    is(
        rule( order => 30, status => 'quarantine', os => 'android.*', model => 'ten' )
            ->{json}{devices_changed},
        1,
        'a rule about two things'
    );
    $other = begin_again($other);
    has_notice( $other, qr/help desk/ );
    my ($id) = map { $_->{rule} } grep { $_->{os} } @{ rules() };
    is( $admin->get( device_path($other) )->{json}{access}{rule}, $id, 'the device shows which' );
    is( $admin->delete( [ 'access', 'rules', $id ] )->{status}, 200, 'taken away' );
    $other = begin_again($other);
    is( $admin->delete( [ 'access', 'rules', $id ] )->{status}, 404, 'not twice' );
    my ($domain) = $other->{user} =~ /@(.+)/;
    is(
        rule( order => 5, status => 'block', domain => 'elsewhere.example' )
            ->{json}{devices_changed},
        0,
        'of another domain'
    );
    is( rule( order => 5, status => 'block', type => '(' )->{status}, 400, 'no expression' );
    is( rule( order => 5, status => 'block' )->{status}, 400, 'about nothing' );
    is( rule( order => 'x', status => 'block', type => 'a' )->{status}, 400, 'no order' );
    is( rule( order => 1, status => 'shut', type => 'a' )->{status}, 400, 'no status' );
    is( $admin->delete( '/access/rules', query => { type => 'old.*' } )->{status},
        200, 'taken away by what it is about' );
    drop_rules();
    is_deeply( rules(), [], 'no rules' );
};

subtest 'import' => sub {
    my ( $phone, $inbox, $account ) = synced_phone($server);
    my $list = "# phones\r\n\n  unknown1 \nunknown2/nobody\@example.org\n$phone->{device_id}\n";
    my $import = sub (%option) {
        return $admin->post( '/access/import',
            json => { status => 'Blocked', list => $list, %option } );
    };
    is( $import->( dry_run => JSON::PP::true )->{json}{entries}, 3, 'three of them' );
    is( $phone->sync($inbox)->{status}, 1, 'not yet' );
    my $done = $import->()->{json};
    is_deeply( [ @$done{qw(entries devices_changed)} ], [ 3, 1 ], 'one is known' );
    is( $phone->sync($inbox)->{status}, 12, 'it is blocked' );
    is( $import->()->{json}{entries}, 0, 'again: nothing new' );
    my $unknown = $server->client( account => $account, device_id => 'unknown1' );
    $unknown->folder_sync;
    has_notice( $unknown, qr/does not allow/ );

    for my $bad ( "a\n" . ( 'x' x 600 ), "/joe", "a/", "a\x{1}b", "b\tc" ) {
        my $answer = $import->( list => $bad );
        is( $answer->{status}, 400, 'a list that is wrong' );
        like( $answer->{json}{detail}, qr/^line \d/, 'says where' );
    }
    is( $import->( list => join "\n", map {"many$_"} 1 .. 1001 )->{status},
        400, 'too many at once' );
    is( $import->( status => 'nothing' )->{status}, 400, 'no status' );
    my @listed = map { $_->{device} }
        grep { ( $_->{status} // '' ) eq 'block' } @{ all_listed( status => 'block' ) };
    is_deeply( [ sort @listed ], [ sort 'unknown1', 'unknown2', $phone->{device_id} ], 'listed' );
    forget($_) for 'unknown1', $phone->{device_id};
    forget( 'unknown2', account => 'nobody@example.org' );
};

# The whole list, page by page.
sub all_listed (%query) {
    my @devices;
    my $after;
    do {
        my $page = $admin->get( '/access/devices',
            query => { %query, limit => 7, defined $after ? ( after => $after ) : () } )->{json};
        push @devices, @{ $page->{devices} };
        $after = $page->{next};
    } while defined $after;
    return \@devices;
}

subtest 'adopted' => sub {
    my ( $phone, $inbox, $account ) = synced_phone($server);
    my $answer = $admin->post('/access/adopt')->{json};
    cmp_ok( $answer->{entries}, '>=', 1, 'those that synchronise are allowed by name' );
    is( $answer->{devices_changed}, 0, 'which changes nothing now' );
    is( $admin->get( device_path($phone) )->{json}{access}{by}, 'entry of the account', 'it is' );
    is( $admin->post('/access/adopt')->{json}{entries}, 0, 'once' );
};

subtest 'two nodes' => sub {
    my ( $phone, $inbox, $account ) = synced_phone( $server, node => 1 );
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    ok( !$ping->is_ready(0.3), 'a Ping waits at the second node' );
    is(
        rule( order => 1, status => 'quarantine', device => $phone->{device_id} )
            ->{json}{waiting_told},
        JSON::PP::true,
        'a rule at the first'
    );
    ok( $ping->is_ready(PATIENCE), 'it ends' );
    is( $ping->result->{status}, 7, 'FolderSync first' );
    $phone = begin_again($phone);
    has_notice( $phone, qr/help desk/ );
    drop_rules();
};

# A Ping that comes in the same moment either waits and is woken, or sees it at once.
subtest 'races' => sub {
    my ( $phone, $inbox, $account ) = synced_phone($server);
    my $device = $phone->{device_id};
    my $wrong = 0;
    for my $round ( 1 .. 12 ) {
        my $ping = $phone->ping(
            heartbeat => 500,
            folders => [ $phone->folder_of_type(INBOX)->{id} ],
            async => 1
        );
        select undef, undef, undef, 0.01 * ( $round % 4 );
        $admin->post( [ 'access', 'devices', $device ],
            query => { status => $round % 2 ? 'quarantine' : 'allow' } );
        $wrong++ unless $ping->is_ready(PATIENCE) && $ping->result->{status} == 7;
        $phone = $phone->twin;
        $wrong++ unless $phone->folder_sync->{status} == 1;
        $phone->initial_sync( $phone->folder_of_type(INBOX)->{id} );
        $wrong++ unless $round % 2 == ( keys %{ $phone->{folders} } == 1 );
    }
    is( $wrong, 0, 'every Ping was told, every time' );
    is( scalar @{ stored($account) }, 3, 'no mail is lost' );
    forget($device);
};

subtest 'killed in between, and redis restarted' => sub {
    my ( $phone, $inbox, $account ) = synced_phone($server);
    decide( $phone->{device_id}, 'quarantine' );
    $phone->folder_sync( lose => 1 );
    my ($node) = $server->nodes;
    $node->kill_child($_) for $node->children;
    $node->await_children;
    $phone = $phone->twin;
    $phone->folder_sync;
    my $notice = has_notice( $phone, qr/help desk/ );
    $phone->sync($notice);
    $server->redis->stop;
    $server->redis->start;
    is( $phone->sync($notice)->{status} // 1, 1, 'the message stays after a restart of redis' );
    is( $admin->get( device_path($phone) )->{json}{access}{status},
        'quarantine', 'so does what was decided' );
    forget( $phone->{device_id} );
    $phone = begin_again($phone);
    is( scalar @{ stored($account) }, 3, 'no mail is lost' );
};

$server->done;
done_testing();
