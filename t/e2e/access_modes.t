#!/usr/bin/perl
# What becomes of devices that nothing was decided about, in each mode; the limit of devices of an
# account; and that an administrator learns of new ones.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use File::Temp ();
use MIME::Base64 ();
use MobileSync::Metrics;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Sendmail;
use MobileSync::Server;

my $sendmail = MobileSync::Sendmail->new;

sub server_with (%settings) {
    return MobileSync::Server->start(
        admin => 'root',
        settings => { MobileSyncHeartbeatMin => 1, %settings }
    );
}

sub decide ( $server, $device, $status ) {
    my $answer =
        $server->admin->post( [ 'access', 'devices', $device ], query => { status => $status } );
    is( $answer->{status}, 200, "$device: $status" );
    return;
}

sub sees ( $phone, $count, $name ) {
    is( $phone->folder_sync->{status}, 1, 'FolderSync' );
    is( keys %{ $phone->{folders} } == 1 ? 1 : 'all', $count, $name );
    return;
}

subtest 'interactive' => sub {
    my $server = server_with( MobileSyncAccess => 'interactive' );
    each_version(
        $server,
        sub ( $version, $account ) {
            my $phone = $server->client( account => $account, version => $version );
            sees( $phone, 1, 'a new device waits' );
            is( $server->admin->get( device_path($phone) )->{json}{access}{by}, 'mode', 'why' );
            my ($listed) = grep { $_->{device} eq $phone->{device_id} } @{
                $server->admin->get( '/access/devices',
                    query => { after => 'devices/', status => 'quarantine' } )->{json}{devices}
            };
            is( $listed->{account}, $account, 'the list has it' );
            decide( $server, $phone->{device_id}, 'allow' );
            is( $phone->folder_sync->{status}, 9, 'allowed' );
            sees( $phone->twin, 'all', 'it synchronises' );
            my $first = $server->client( account => $account, version => $version );
            is_refused(
                $first, 129,
                sub { $first->send_mail( simple_mail() ) },
                'one whose first command is SendMail'
            );
            is( $server->admin->get( device_path($first) )->{status}, 200, 'is known too' );
        }
    );
    $server->done;
};

# List and rules come with what a request reads anyway.
subtest 'what it costs' => sub {
    my %trips;
    for my $mode (qw(disabled permissive)) {
        my $server = server_with( MobileSyncAccess => $mode, MobileSyncRecorder => 0 );
        my ( $phone, $inbox ) = phone_with_mail( $server, count => 3 );
        $phone->initial_sync($inbox);
        $server->admin->post( '/access/rules',
            query => { order => $_, status => 'block', type => "other$_" } )
            for 1 .. 5;
        decide( $server, $phone->{device_id}, 'allow' );
        $phone->sync($inbox) for 1, 2;
        my $count = sub {
            my $text = $server->admin->get('/metrics')->{content};
            return MobileSync::Metrics::read_text($text)
                ->value('mobilesync_redis_duration_seconds_count');
        };
        my $before = $count->();
        my $own = $count->() - $before;
        $phone->sync($inbox) for 1 .. 20;
        $trips{$mode} = $count->() - $before - 2 * $own;
        $server->done;
    }
    cmp_ok( $trips{disabled}, '>', 0, 'round trips of twenty Syncs' );
    is( $trips{permissive}, $trips{disabled}, 'are no more with access control' );
};

subtest 'strict' => sub {
    my $server = server_with( MobileSyncAccess => 'strict' );
    my $phone = $server->client;
    decide( $server, $phone->{device_id}, 'allow' );
    sees( $phone, 'all', 'a device on the list' );
    my $other = $phone->twin( device_id => 'NOTLISTED' );
    sees( $other, 1, 'any other is blocked' );
    is( $server->admin->get( device_path($other) )->{json}{access}{status}, 'block', 'it says so' );
    $server->done;
};

subtest 'disabled' => sub {
    my $server = server_with( MobileSyncAccess => 'disabled' );
    my $phone = $server->client;
    decide( $server, $phone->{device_id}, 'block' );
    sees( $phone, 'all', 'what was decided does not count' );
    is( $server->admin->get('/access')->{json}{mode}, 'disabled', 'the mode' );
    $server->done;
};

# The mode is another one after a restart: what a device was served as, it is served no longer.
subtest 'another mode' => sub {
    my $server = server_with( MobileSyncAccess => 'interactive' );
    my $phone = $server->client;
    sees( $phone, 1, 'in quarantine' );
    $server->node->reconfigure(
        settings => { %{ $server->node->{settings} }, MobileSyncAccess => 'permissive' } );
    is( $phone->folder_sync->{status}, 9, 'permissive: begin again' );
    $phone = $phone->twin;
    sees( $phone, 'all', 'with the mailbox' );
    $server->node->reconfigure(
        settings => { %{ $server->node->{settings} }, MobileSyncAccess => 'strict' } );
    is( $phone->folder_sync->{status}, 9, 'strict: begin again' );
    sees( $phone->twin, 1, 'with the message' );
    $server->node->reconfigure(
        settings => { %{ $server->node->{settings} }, MobileSyncAccess => 'disabled' } );
    sees( $phone->twin, 'all', 'disabled: with the mailbox' );
    $server->done;
};

# Whoever has to acknowledge a policy does so, whatever he may see then; rules about model and OS know
# what is said on that way.
subtest 'with a policy' => sub {
    my $file = File::Temp->new;
    chmod 0644, "$file";
    print $file "[all]\naccounts = *\nDevicePasswordEnabled = 1\n";
    close $file or die "$file: $!\n";
    my $server = server_with( MobileSyncAccess => 'strict', MobileSyncPolicies => "$file" );
    each_version(
        $server,
        sub ( $version, $account ) {
            my $phone = $server->client( account => $account, version => $version );
            my $refused = eval { $phone->folder_sync->{status} } // $@->status;
            is( $refused, $version eq '12.1' ? 449 : 142, 'provision first' );
            is( $phone->provision->{status}, 1, 'it does' );
            sees( $phone, 1, 'and has the message' );
            is(
                $server->admin->post( '/access/rules',
                    query => { order => 10, status => 'allow', model => '.+', domain => 'nowhere' }
                )->{status},
                200, 'a rule'
            );
            is( $phone->folder_sync->{status}, 1, 'of another domain' );
            decide( $server, $phone->{device_id}, 'allow' );
            is( $phone->folder_sync->{status}, 9, 'allowed' );
            $phone = $phone->twin;
            sees( $phone, 'all', 'it synchronises, with the same policy key' );
        }
    );
    $server->done;
};

subtest 'too many devices' => sub {
    my $server = server_with( MobileSyncDevicesPerAccount => 2 );
    each_version(
        $server,
        sub ( $version, $account ) {
            my @phones = map { $server->client( account => $account, version => $version ) } 1 .. 3;
            is( $phones[$_]->folder_sync->{status}, 1, 'within the limit' ) for 0, 1;
            is_refused( $phones[2], 177, sub { $phones[2]->folder_sync }, 'one too many' );
            is_refused( $phones[2], 177, sub { $phones[2]->send_mail( simple_mail() ) },
                'SendMail too' );
            is( $phones[0]->folder_sync->{status}, 1, 'the others go on' );
            is( $server->admin->get( device_path( $phones[2] ) )->{status}, 404,
                'it is not known' );
            $server->admin->delete( device_path( $phones[0] ) );
            is( $phones[2]->folder_sync->{status}, 1, 'when one is removed there is room' );
            is_refused( $phones[0], 177, sub { $phones[0]->folder_sync }, 'not for both' );
        }
    );
    $server->done;
};

# The text of a mail that the server wrote.
sub text_of ($message) {
    my ( $head, $body ) = split /\r?\n\r?\n/, $message, 2;
    return "$head\n\n" . MIME::Base64::decode($body);
}

sub await ( $condition, $name ) {
    wait_until( $name, $condition );
    return pass($name);
}

subtest 'an administrator elsewhere' => sub {
    my $server = server_with(
        MobileSyncSendmail => $sendmail->command,
        MobileSyncAccess => 'interactive',
        MobileSyncAccessNotify => 'admin@elsewhere.example'
    );
    my ( $first, @more ) = map {
        $server->client( device_id => "NEW$_", device_type => "Type$_", user_agent => "Agent\xe9" )
    } 1 .. 4;
    $first->folder_sync;
    await( sub { ( my @calls = $sendmail->calls ) == 1 }, 'told at once' );
    my ($call) = $sendmail->calls;
    my $text = text_of( $call->{message} );
    like( $text, qr/^Subject: 1 new device on /m, 'of one' );
    like( $text, qr/^To: admin\@elsewhere\.example\r?$/m, 'him' );
    like( $text, qr/^anna.*: NEW1, Type1, Agent.*: quarantine\r?$/m, 'which, and what it is' );
    $_->folder_sync for @more, @more, $first;
    is( scalar( my @calls = $sendmail->calls ), 1, 'the others wait for the interval' );

    my $redis = $server->redis;
    my ($key) = grep {/:access-news$/} $redis->keys;
    $redis->command( HSET => $key, told => 1 );
    $server->client( device_id => 'NEW5' )->folder_sync;
    await( sub { ( my @all = $sendmail->calls ) == 2 }, 'then they are told together' );
    ($text) = grep {/^Subject: 4 new devices/m} map { text_of( $_->{message} ) } $sendmail->calls;
    is( scalar( () = $text =~ /: NEW[2-5], /g ), 4, 'each once' );
    unlike( $text, qr/NEW1,/, 'the first not again' );
    await( sub { @{ $redis->command( HKEYS => $key ) } == 1 }, 'nothing is left to be told' );

    # as if they had come at other servers
    $redis->command( HSET => $key, told => 1, map { ( "d:m$_/anna", "anna: m$_" ) } 1 .. 2500 );
    $server->client( device_id => 'NEW6' )->folder_sync;
    await( sub { ( my @all = $sendmail->calls ) == 3 }, 'thousands are one mail' );
    ($text) =
        grep {/^Subject: 2501 new devices/m} map { text_of( $_->{message} ) } $sendmail->calls;
    is( scalar( () = $text =~ /^anna: /mg ), 100, 'of which it names a hundred' );
    like( $text, qr/^and 2401 more\r?$/m, 'and counts the others' );

    $sendmail->then('exit 75');
    $server->allow_errors(qr/telling admin\@elsewhere\.example of new devices/);
    $redis->command( HSET => $key, told => 1 );
    $server->client( device_id => 'NEW7' )->folder_sync;
    await( sub { ( my @all = $sendmail->calls ) == 4 }, 'nobody takes one' );
    await( sub { @{ $redis->command( HKEYS => $key ) } == 2 }, 'it is kept' );
    $sendmail->then('exit 0');
    $redis->command( HSET => $key, told => 1 );
    $server->client( device_id => 'NEW8' )->folder_sync;
    await( sub { @{ $redis->command( HKEYS => $key ) } == 1 }, 'for the next' );
    $server->done;
};

subtest 'an administrator with a mailbox here' => sub {
    my $server = server_with( MobileSyncAccessNotify => 'bert@example.org' );
    $server->add_account($_) for qw(anna bert);
    $server->client( account => 'bert', device_id => 'OWN' )->folder_sync;
    my $box = $server->mailbox('bert');
    await( sub { keys %{ $box->messages } == 1 }, 'mail is in his Inbox' );
    my ($name) = keys %{ $box->messages };
    like( text_of( $box->content($name) ), qr/^bert.*: OWN, /m, 'of his new device' );
    $server->done;
};

done_testing();
