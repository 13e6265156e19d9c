#!/usr/bin/perl
# What is wrong in the configuration is said at start-up, with the directive to mend; what is right is
# inherited and overridden as httpd's users expect.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use EAS::WBXML;
use MobileSync::Server;

# How a server with these settings fails to start.
sub complaint (%option) {
    my $server = MobileSync::Server->new( backend => 'memory', %option );
    my $started = eval { $server->redis->start; $server->node->start; 1 };
    my $why = $@;
    $server->discard;
    return $started ? 'it starts' : $why;
}

subtest 'mistakes' => sub {
    my @mistakes = (
        [ MobileSyncHeartbeatMin => 'soon', qr{MobileSyncHeartbeatMin takes a number from 1 to} ],
        [ MobileSyncWindowMax => 513, qr{MobileSyncWindowMax takes a number from 1 to 512} ],
        [ MobileSyncWindow => '12x', qr{MobileSyncWindow takes a number} ],
        [ MobileSyncAccountName => 'short', qr{MobileSyncAccountName must be full or bare} ],
        [ MobileSyncSmtp => 'gopher://x', qr{MobileSyncSmtp} ],
        [ MobileSyncSendmail => '/no/such/program', qr{MobileSyncSendmail} ],
        [ MobileSyncSmtpCAFile => '/dev/null', qr{MobileSyncSmtpCAFile .* with MobileSyncSmtp} ],
        [ MobileSyncUrl => 'mail.example.com', qr{MobileSyncUrl must be like https:} ],
        [ MobileSyncAutodiscoverRedirect => '@a.example.com b', qr{"b" is neither an address} ],
        [ MobileSyncAutodiscoverRedirect => 'a.example.com @b.example.com', qr{nor \@domain} ],
        [ MobileSyncAutodiscoverRedirect => '@a.example.com @A.example.com', qr{leads to itself} ],
        [ MobileSyncClients => '/no/such/file', qr{MobileSyncClients: /no/such/file} ],
        [ MobileSyncClients => '/etc/hostname', qr{MobileSyncClients: /etc/hostname, line 1} ],
        [ MobileSyncPolicies => '/no/such/file', qr{MobileSyncPolicies: /no/such/file} ],
        [ MobileSyncPolicies => '/etc/passwd', qr{MobileSyncPolicies: /etc/passwd: line 1: } ],
        [ MobileSyncDeviceRequests => '600', qr{MobileSyncDeviceRequests takes off, or like 600/} ],
        [ MobileSyncAddressRequests => '0/minute', qr{MobileSyncAddressRequests takes off} ],
        [ MobileSyncFailedLogins => '1/year', qr{MobileSyncFailedLogins takes off} ],
        [ MobileSyncNonsense => 'x', qr{Invalid command 'MobileSyncNonsense'} ],
    );
    for my $mistake (@mistakes) {
        my ( $name, $value, $expected ) = @$mistake;
        like( complaint( settings => { $name => $value } ), $expected, "$name $value" );
    }
    like( complaint( settings => { MobileSyncHeartbeatMin => 900, MobileSyncHeartbeatMax => 60 } ),
        qr{MobileSyncHeartbeatMin is above MobileSyncHeartbeatMax}, 'limits that cross' );
    like( complaint( settings => { MobileSyncWindow => 200, MobileSyncWindowMax => 100 } ),
        qr{MobileSyncWindow is above MobileSyncWindowMax}, 'windows that cross' );
    like( complaint( settings => { MobileSyncRedis => 'http://127.0.0.1/' } ),
        qr{MobileSyncRedis: }, 'a URL of something else' );
    like(
        complaint(
            settings => { MobileSyncSmtp => 'smtp://h', MobileSyncSmtpCAFile => '/no/such/file' }
        ),
        qr{MobileSyncSmtpCAFile: /no/such/file},
        'authorities that are not there'
    );
    like( complaint( backend => 'nonsense' ), qr{there is no driver "nonsense"}, 'no such backend' );
    like( complaint( backend => 'local root=/x nonsense=1' ),
        qr{MobileSyncBackend: .*nonsense}, 'no such argument' );
    like( complaint( settings => { "MobileSyncCertificate$_" => '/no/such/file' } ),
        qr{MobileSyncCertificate$_: /no/such/file}, "$_ that are not there" )
        for qw(Authorities Revocations);
    for my $directory ( 'nonsense', 'none x=1', 'local x=1', 'local vcard=people.vcf',
        'local accounts=some' )
    {
        like( complaint( settings => { MobileSyncDirectory => $directory } ),
            qr{MobileSyncDirectory: }, "no directory $directory" );
    }
};

subtest 'inheritance' => sub {
    my $server = MobileSync::Server->start(
        backend => 'memory',
        global => 'MobileSyncHeartbeatMax 700',
        settings => { MobileSyncHeartbeatMin => 30 }
    );
    my $phone = $server->client;
    $phone->folder_sync;
    my $inbox = $phone->folder_of_type(2)->{id};
    my $ping = $phone->ping( heartbeat => 3_000, folders => [$inbox] );
    is( $ping->{status}, 5, 'the server-wide maximum holds in the virtual host' );
    is( $ping->{heartbeat}, 700, 'and is told' );
    $ping = $phone->ping( heartbeat => 5, folders => [$inbox] );
    is( $ping->{heartbeat}, 30, 'beside the virtual host\'s own minimum' );
    $server->done;
};

subtest 'switched off' => sub {
    my $server = MobileSync::Server->start( backend => 'memory', location => 'MobileSync Off' );
    my $phone = $server->client;
    my $answer = $phone->exchange( $phone->request_bytes( method => 'OPTIONS' ) );
    is( $answer->status, 403, 'MobileSync Off: 403' );
    $server->done;
};

subtest 'Redis that may lose data' => sub {
    my $server = MobileSync::Server->new(
        backend => 'memory',
        redis => { config => "maxmemory-policy allkeys-lru\nappendonly no\n" }
    );
    $server->redis->start;
    $server->node->start;
    my $log = $server->node->error_log;
    ok( $log->count(qr{maxmemory-policy}), 'eviction is warned of' );
    ok( $log->count(qr{append}i), 'and so is a missing AOF' );
    $server->allow_errors(qr{maxmemory-policy|append}i);
    $server->done;
};

subtest 'the backend checks passwords' => sub {
    my $server = MobileSync::Server->start(
        backend => 'memory account=carla:open-sesame',
        location => 'AuthBasicProvider mobilesync'
    );
    my $ask = sub (%login) {
        my $phone = $server->client(%login);
        return $phone->exchange( $phone->request_bytes( method => 'OPTIONS' ) )->status;
    };
    is( $ask->( user => 'Carla', password => 'open-sesame' ), 200, 'the right one' );
    is( $ask->( user => 'carla', password => 'guess' ), 401, 'a wrong one' );
    is( $ask->( user => 'bert', password => 'open-sesame' ), 401, 'nobody' );
    $server->allow_errors(qr{AH01617|AH01618});
    $server->done;
};

subtest 'gzip' => sub {
    my $server = MobileSync::Server->start( backend => 'memory messages=50', processes => 1 );
    my ( $plain, $packed ) = map { $server->client( gzip => $_, device_id => "GZIP$_" ) } 0, 1;
    for my $phone ( $plain, $packed ) {
        $phone->folder_sync;
        $phone->initial_sync( $phone->folder_of_type(2)->{id} );
    }
    my $inbox = $plain->folder_of_type(2)->{id};
    is( keys %{ $packed->items($inbox) }, keys %{ $plain->items($inbox) }, 'the same items' );
    $packed->reset_collection($inbox);
    my $first = $packed->sync($inbox);
    my $body = EAS::WBXML::encode(
        [
            'AirSync:Sync',
            [
                Collections => [
                    Collection => [ SyncKey => $first->{key} ],
                    [ CollectionId => $inbox ],
                    [ GetChanges => 1 ]
                ]
            ]
        ]
    );
    my $answer =
        $packed->exchange( $packed->request_bytes( command => 'Sync', body => $body ) );
    is( $answer->header('Content-Encoding'), 'gzip', 'a large answer is packed' );
    is( $answer->header('Content-Length'), length $answer->body, 'with its length' );
    $server->done;
};

done_testing();
