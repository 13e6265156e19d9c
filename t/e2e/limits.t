#!/usr/bin/perl
# Whoever asks too often, or guesses passwords, is held back; all others go on. Rates are of a day, so
# that no test depends on how fast it runs.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Autodiscover;
use MobileSync::Metrics;
use MobileSync::Scenario;
use MobileSync::Server;

# The answer to OPTIONS: only who asks counts.
sub knock ($phone) {
    return $phone->exchange( $phone->request_bytes( method => 'OPTIONS' ), method => 'OPTIONS' );
}

sub throttles ($admin) { return @{ $admin->get( ['throttles'] )->{json}{throttles} } }

sub sample ( $admin, $name ) {
    my $figures = MobileSync::Metrics::read_text( $admin->get( ['metrics'] )->{content} );
    is_deeply( $figures->wrong, [], 'the figures are in order' );
    return $figures->value("mobilesync_$name");
}

sub figure ( $admin, $name ) { return sample( $admin, "${name}_total" ) }

subtest 'devices' => sub {
    my $server = MobileSync::Server->start(
        admin => 'root',
        settings => {
            MobileSyncDeviceRequests => '5/day',
            MobileSyncHeartbeatMin => 1
        }
    );
    my $admin = $server->admin;
    each_version(
        $server,
        sub ( $version, $account ) {
            my $phone = $server->client( account => $account, version => $version );
            $phone->folder_sync;
            my $inbox = $phone->folder_of_type(INBOX)->{id};
            $phone->initial_sync($inbox);
            my $spent = 0;
            $spent++ until $spent > 10 or refusal( sub { $phone->folder_sync } );
            my $refused = refusal( sub { $phone->sync($inbox) } );
            is_held_back( $refused, 'a device that asks too often' );
            is( scalar $refused->header('X-MS-ASThrottle'), 'CommandFrequency', 'and why' );
            is( knock($phone)->status, 200, 'OPTIONS names no device' );
            my $other =
                $server->client( account => $account, version => $version, device_id => 'OTHER' );
            is( $other->folder_sync->{status}, 1, 'another device of the account goes on' );

            my ($held) = grep { $_->{account} eq $account } throttles($admin);
            is( $held->{what}, 'requests', 'administrators see it' );
            is( $held->{device}, $phone->{device_id}, 'with the device' );
            cmp_ok( $held->{refused}, '>=', 2, 'and how often it was refused' );
            ok( $held->{until} gt $held->{since}, 'and until when' );
            my $shown = sub { $admin->get( device_path($phone) )->{json}{throttled} };
            is( $shown->()->{id}, $held->{id}, 'also when they look at the device' );
            my $path = [ 'throttles', $held->{id} ];
            my $plan = $admin->delete( $path, query => { dry_run => 1 } );
            is( $plan->{json}{device}, $phone->{device_id}, 'a dry run tells' );
            is_held_back( refusal( sub { $phone->sync($inbox) } ), 'and does nothing' );
            is( $admin->delete($path)->{status}, 200, 'released' );
            ok( $phone->sync($inbox)->{empty}, 'it goes on where it was' );
            is( $shown->(), undef, 'and nothing holds it back' );
            is( $admin->delete($path)->{status}, 404, 'there is nothing left to release' );
            my $entry = $admin->get( ['audit'] )->{json}{entries}[0];
            is_deeply(
                [ @$entry{qw(action account device outcome actor)} ],
                [ 'throttle.release', $account, $phone->{device_id}, 'done', 'root' ],
                'the audit knows'
            );
        }
    );
    cmp_ok( figure( $admin, 'throttled_devices' ), '>=', 9, 'it is counted' );

    subtest 'a Ping that waits is no abuse' => sub {
        $server->add_account('patient');
        my $phone = $server->client( account => 'patient' );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->sync($inbox);
        $phone->sync($inbox);
        my $ping = $phone->ping( heartbeat => 60, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(2), 'it waits, with one token left' );
        $server->mailbox('patient')->deliver("From: x\@y.org\r\nSubject: news\r\n\r\nx\r\n");
        is( $ping->result->{status}, 2, 'is answered' );
        is( $phone->sync($inbox)->{status}, 1, 'and has not used the last one' );
        is_held_back( refusal( sub { $phone->sync($inbox) } ), 'which this does' );
    };
    is( $admin->delete( ['throttles'] )->{status}, 200, 'all are released' );
    is( scalar throttles($admin), 0, 'none is held back then' );
    $server->allow_errors(qr{AH01617|AH01618});
    $server->done;
};

subtest 'addresses' => sub {
    my $modules = MobileSync::Httpd::module_folder();
    my $server = MobileSync::Server->start(
        admin => 'root',
        autodiscover => 1,
        global => "LoadModule remoteip_module $modules/mod_remoteip.so\n"
            . "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1",
        settings => { MobileSyncAddressRequests => '3/day' }
    );
    my $from = sub ($address) {
        my $phone = $server->client;
        my @headers = ( [ 'X-Forwarded-For' => $address ] );
        return $phone->exchange( $phone->request_bytes( method => 'OPTIONS', headers => \@headers ),
            method => 'OPTIONS' );
    };
    is( $from->('192.0.2.1')->status, 200, 'a request' ) for 1 .. 3;
    is_held_back( $from->('192.0.2.1'), 'the fourth' );
    is( $from->('192.0.2.2')->status, 200, 'another address behind the same proxy goes on' );
    is( $from->("2001:db8::$_")->status, 200, 'an IPv6 address' ) for 1 .. 3;
    is_held_back( $from->('2001:db8::4'), 'another one of its network' );
    is( $from->('2001:db8:0:1::4')->status, 200, 'but not of another one' );
    my $json = EAS::Autodiscover->new( $server->client )->ask(
        method => 'GET',
        path => EAS::Autodiscover::JSON_PATH,
        anonymous => 1,
        headers => [ [ 'X-Forwarded-For' => '192.0.2.1' ] ]
    );
    is( $json->{http}, 503, 'Autodiscover counts as well' );
    is_deeply(
        [ map { $_->{address} } throttles( $server->admin ) ],
        [ '192.0.2.1', '2001:db8::/64' ],
        'administrators see them'
    );
    is( sample( $server->admin, 'throttled{what="requests",of="address"}' ),
        2, 'so does monitoring' );
    cmp_ok( figure( $server->admin, 'throttled_addresses' ), '==', 3, 'they are counted' );
    $server->node->graceful;
    is_held_back( $from->('192.0.2.1'), 'a graceful restart is no way out' );
    $server->done;
};

subtest 'passwords' => sub {
    my $server = MobileSync::Server->start(
        accounts => { anna => 'secret', bert => 'secret' },
        admin => 'root',
        settings => { MobileSyncFailedLogins => '4/day', MobileSyncFailedLoginMemory => 3600 }
    );
    my $admin = $server->admin;
    my $login = sub ( $user, $password ) {
        return knock( $server->client( user => $user, password => $password ) );
    };
    my $asked = sub { $server->node->error_log->count(qr{AH0161[78]}) };

    is( $login->( 'anna', 'secret' )->status, 200, 'a password that is right' );
    is( $login->( 'anna', 'old' )->status, 401, 'one that is wrong' );
    is( $asked->(), 1, 'the provider was asked' );
    my $again = $login->( 'EXAMPLE\\Anna', 'old' );
    is( $again->status, 401, 'the same again' );
    like( scalar $again->header('WWW-Authenticate'), qr/^Basic realm="mobilesync"/, 'a challenge' );
    is( $login->( 'anna', 'old' )->status, 401, 'and again' ) for 1 .. 5;
    is( $asked->(), 1, 'is answered without the provider, and uses up nothing' );
    is( $login->( 'anna', 'secret' )->status, 200, 'the right one is right' );
    cmp_ok( figure( $admin, 'failed_logins' ), '==', 1, 'one failed login' );
    cmp_ok( figure( $admin, 'repeated_logins' ), '==', 6, 'repeated so often' );

    is( $login->( 'anna', "guess$_" )->status, 401, 'a guess' ) for 1 .. 3;
    is_held_back( $login->( 'anna', 'guess4' ), 'one too many' );
    is_held_back( $login->( 'bert', 'secret' ), 'whoever was never there before' );
    is( $login->( 'anna', 'secret' )->status, 200, 'who was there before goes on' );
    is( $login->( 'anna', 'old' )->status, 401, 'what was wrong stays so' );
    is( $asked->(), 4, 'no provider was asked more than that' );
    cmp_ok( figure( $admin, 'throttled_logins' ), '==', 2, 'it is counted' );
    is( $admin->get( [], password => 'guess' )->{status}, 503, 'administration is no way around' );

    my %held = map { ( $_->{address} // $_->{account} ) => $_ } throttles($admin);
    is_deeply( [ sort keys %held ], ['127.0.0.1'], 'the address is listed' );
    is( $held{'127.0.0.1'}{what}, 'logins', 'for its logins' );
    is( $admin->delete( [ 'throttles', $held{'127.0.0.1'}{id} ] )->{status}, 200, 'released' );
    is( $login->( 'bert', 'secret' )->status, 200, 'others get in' );
    is_held_back( $login->( 'anna', 'guess5' ), 'guesses of the account do not, from wherever' );

    $server->add_account( 'anna', 'old' );
    is( $login->( 'anna', 'old' )->status, 401, 'a password that is put right must wait' );
    is( $admin->delete( ['throttles'] )->{status}, 200, 'unless all is released' );
    is( $login->( 'anna', 'old' )->status, 200, 'then it is right' );
    is( $login->( 'anna', 'secret' )->status, 401, 'and the other one wrong' );
    is( $login->( 'anna', 'old' )->status, 200, 'which does not matter to it' );
    $server->allow_errors(qr{AH0161[78]});
    $server->done;
};

subtest 'whoever is asked for passwords' => sub {
    for my $providers ( 'mobilesync', 'file mobilesync' ) {
        my $server = MobileSync::Server->start(
            backend => 'memory account=carla:open-sesame',
            mpm => 'worker',
            location => "AuthBasicProvider $providers",
            settings => { MobileSyncFailedLogins => '2/day', MobileSyncFailedLoginMemory => 3600 }
        );
        my $login = sub ($password) {
            return knock( $server->client( user => 'carla', password => $password ) )->status;
        };
        my $asked = sub { $server->node->error_log->count(qr{AH0161[78]}) };
        is( $login->('guess'), 401, "$providers: a wrong password" );
        my $once = $asked->();
        is( $login->('guess'), 401, 'again' );
        is( $asked->(), $once, 'is refused from memory' );
        is( $login->('open-sesame'), 200, 'the right one is right' );
        is( $login->('more'), 401, 'another guess' );
        is( $login->('and more'), 503, 'is the last one' );
        is( $login->('open-sesame'), 200, 'the right one stays right' );
        $server->allow_errors(qr{AH0161[78]});
        $server->done;
    }
};

subtest 'without memory' => sub {
    my $server = MobileSync::Server->start(
        backend => 'memory',
        settings => { MobileSyncFailedLogins => 'off', MobileSyncFailedLoginMemory => 0 }
    );
    my $login = sub ($password) { knock( $server->client( password => $password ) )->status };
    is( $login->('old'), 401, 'a wrong password' ) for 1 .. 20;
    is( $server->node->error_log->count(qr{AH01617}), 20, 'is tried each time' );
    $server->add_account( 'anna', 'old' );
    is( $login->('old'), 200, 'and at once when it is right' );
    $server->allow_errors(qr{AH01617});
    $server->done;
};

subtest 'a document of its own for 401' => sub {
    my $server = MobileSync::Server->start(
        backend => 'memory',
        config => "ErrorDocument 401 /missing.html\n",
        settings => { MobileSyncFailedLoginMemory => 3600 }
    );
    my $phone = $server->client( password => 'old' );
    is( knock($phone)->status, 401, 'a wrong password' ) for 1 .. 3;
    is( $server->node->error_log->count(qr{AH01617}), 1, 'is remembered as well' );
    $server->allow_errors(qr{AH01617|AH01630});
    $server->done;
};

done_testing();
