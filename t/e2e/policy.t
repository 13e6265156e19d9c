#!/usr/bin/perl
# covers: Provision
# Policies: phones acknowledge them in both steps before they are let in; whatever is edited, upgraded or
# lost, that takes one handshake and no more.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use File::Temp ();
use MobileSync::Scenario;
use MobileSync::Server;

my $file = File::Temp->new;
chmod 0644, "$file";

sub write_policies ($text) {
    open my $out, '>', "$file" or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
    return;
}

my $STAFF = <<'END';
# nothing is asked of guests
[lax]
accounts = lax*
AllowNonProvisionableDevices = 1
AllowExternalDeviceManagement = 1

[refreshed]
accounts = refreshed*
DevicePolicyRefreshInterval = 1

[staff]
accounts = v* edit* staff*
DevicePasswordEnabled = 1
MinDevicePasswordLength = 6
MaxInactivityTimeDeviceLock = 300
AllowBluetooth = 1
ApplicationName = solitaire.exe
ApplicationName = mine sweeper.exe
Hash = 0123456789abcdef0123456789ABCDEF01234567
END
write_policies($STAFF);

my $server = MobileSync::Server->start(
    nodes => 2,
    admin => 'root',
    accounts => { map { $_ => 'secret' } qw(anna staff lax refreshed edit) },
    settings => {
        MobileSyncPolicies => "$file",
        MobileSyncHeartbeatMin => 1,
        MobileSyncHeartbeatMax => 600
    }
);
my $admin = $server->admin;

sub is_let_in ( $phone, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is( refused_with( sub { $phone->folder_sync } ), 0, $name );
}

# The first step only.
sub offer ( $phone, %option ) {
    my @information = $phone->{version} >= 14.1 ? $phone->device_information : ();
    return $phone->_provision(
        [
            'Provision:Provision',
            @information,
            [
                Policies =>
                    [ Policy => [ PolicyType => $option{type} // 'MS-EAS-Provisioning-WBXML' ] ]
            ]
        ],
        policy_key => '0'
    );
}

# What a phone does that is told to provision: handshakes until it is let in.
sub handshakes ( $phone, $code = sub { $phone->folder_sync } ) {
    for my $count ( 0 .. 3 ) {
        return $count unless refused_with($code);
        $phone->provision;
    }
    return 'a loop';
}

for my $version (VERSIONS) {
    subtest "a phone, $version" => sub {
        my $account = 'v' . $version =~ tr/.//dr;
        $server->add_account($account);
        my $phone = $server->client( account => $account, version => $version, policy_key => '0' );
        is_refused( $phone, 142, sub { $phone->folder_sync }, 'it is not let in' );
        is_refused( $phone, 142, sub { $phone->ping( heartbeat => 60, folders => ['1'] ) },
            'Ping' );
        is_refused( $phone, 142, sub { $phone->send_mail( simple_mail() ) }, 'SendMail' );
        is( $phone->options->{response}->status, 200, 'OPTIONS needs no policy' );

        my $first = offer($phone);
        is( $first->{status}, 1, 'Provision' );
        is( $first->{policy_status}, 1, 'there is a policy' );
        my $document = $first->{document}->at('Policies/Policy/Data/EASProvisionDoc');
        is( $document->text('DevicePasswordEnabled'), 1, 'as configured' );
        is( $document->text('MinDevicePasswordLength'), 6, 'all of it' );
        is( $document->text('AllowCamera'), 1, 'the rest by default' );
        is( $document->text('MaxAttachmentSize'), '', 'or empty' );
        is( scalar $document->children, 42, 'all elements' );
        is_deeply(
            [ map { $_->text } $document->all('UnapprovedInROMApplicationList/ApplicationName') ],
            [ 'solitaire.exe', 'mine sweeper.exe' ],
            'lists too'
        );
        is(
            $first->{document}->text('Settings:DeviceInformation/Status'),
            $version >= 14.1 ? 1 : undef,
            'DeviceInformation is answered'
        );
        is( offer($phone)->{policy_key}, $first->{policy_key}, 'a repeat gets the same key' );
        is_refused( $phone, 144, sub { $phone->folder_sync }, 'which opens nothing' );
        my $second = $phone->acknowledge_policy( $first->{policy_key}, 1 );
        is( $second->{status}, 1, 'acknowledged' );
        is( $second->{policy_status}, 1, 'in both Status' );
        isnt( $second->{policy_key}, $first->{policy_key}, 'with another key' );
        like( $second->{policy_key}, qr{\A[1-9][0-9]{0,9}\z}, 'a number' );
        ok( !$second->{document}->at('Policies/Policy/Data'), 'and no document' );
        is_let_in( $phone, 'it is let in' );
        my $again = $phone->acknowledge_policy( $first->{policy_key}, 1 );
        is( $again->{policy_key}, $second->{policy_key}, 'the answer was lost: the same key' );

        my $old = $phone->twin( policy_key => 4711 );
        is_refused( $old, 144, sub { $old->folder_sync( key => '0' ) }, 'another key' );
        my $wiped = $phone->twin( policy_key => '0' );
        is_refused( $wiped, 142, sub { $wiped->folder_sync( key => '0' ) }, 'none any more' );
        is( handshakes($wiped), 1, 'one handshake' );
        is_refused( $phone, 144, sub { $phone->folder_sync }, 'the old key is no longer valid' );
        is( handshakes($phone), 1, 'one handshake' );
        my $compact = $phone->twin( base64 => 1 );
        is( refused_with( sub { $compact->folder_sync( key => '0' ) } ), 0, 'a compact query' );
        $compact->{policy_key} = '0';
        is( handshakes($compact), 1, 'and its handshake' );
        $phone->{policy_key} = $compact->{policy_key};
        my $keyless = $phone->twin( policy_key => undef );
        is( refused_with( sub { $keyless->ping( heartbeat => 1, folders => ['none'] ) } ),
            0, 'Ping needs no key where the policy is acknowledged' );
        is_refused( $keyless, 142, sub { $keyless->folder_sync( key => '0' ) }, 'others do' );

        my $shown = $admin->get( device_path($phone) )->{json}{policy};
        is_deeply(
            [ @$shown{qw(name acknowledged current)} ],
            [ 'staff', 'applied', JSON::PP::true() ],
            'administrators see it'
        );
        is( $admin->get( device_path($phone) )->{json}{protocol}, $version, 'and the phone' );
    };
}

subtest 'what is wrong' => sub {
    my $phone = $server->client( account => 'staff', policy_key => '0' );
    my $first = offer($phone);
    is( $phone->acknowledge_policy( 12, 1 )->{policy_status}, 5, 'another key' );
    is( $phone->acknowledge_policy( $first->{policy_key}, 1, policy_key => 12 )->{policy_status},
        5, 'a request with another key' );
    is( offer( $phone, type => 'MS-WAP-Provisioning-XML' )->{policy_status}, 3, 'no such type' );
    my $policy = sub (@elements) {
        return $phone->_provision(
            [ 'Provision:Provision', [ Policies => [ Policy => @elements ] ] ],
            policy_key => $first->{policy_key} )->{status};
    };
    my @type = [ PolicyType => 'MS-EAS-Provisioning-WBXML' ];
    my @key = [ PolicyKey => $first->{policy_key} ];
    is( $policy->( @type, @key ), 2, 'a key without Status' );
    is( $policy->( @type, [ Status => 1 ] ), 2, 'a Status without key' );
    is( $policy->( @type, @key, [ Status => $_ ] ), 2, "Status '$_'" ) for 0, 5, 'x', '';
    is( $policy->(@type), 1, 'no DeviceInformation, which is known' );
    my $new = $server->client( account => 'staff', policy_key => '0' );
    my $request = [ 'Provision:Provision', [ Policies => [ Policy => @type ] ] ];
    is( $new->_provision($request)->{status}, 165, 'or is not' );
    is( $phone->_provision( ['Provision:Provision'] )->{status}, 1, 'nothing asked' );
    $phone->{policy_key} = '0';
    is_refused( $phone, 142, sub { $phone->folder_sync }, 'nothing came of all that' );
};

each_version(
    $server,
    sub ( $version, $account ) {
        for my $case ( [ 2, 139 ], [ 3, 139 ], [ 4, 145 ] ) {
            my ( $compliance, $status ) = @$case;
            my $phone = $server->client( account => 'staff', version => $version );
            my $first = offer($phone);
            is_refused(
                $phone, $status,
                sub { $phone->acknowledge_policy( $first->{policy_key}, $compliance ) },
                "$compliance is not accepted"
            );
            $phone->{policy_key} = '0';
            is_refused( $phone, 142, sub { $phone->folder_sync }, 'it stays outside' );
            isnt( $admin->get( device_path($phone) )->{json}{policy}{acknowledged},
                'applied', 'and administrators see why' );
            is( handshakes($phone), 1, 'when it does what it has to do it is let in' );

            $phone = $server->client( account => 'lax', version => $version );
            is( $phone->acknowledge_policy( offer($phone)->{policy_key}, $compliance )->{status},
                1, "$compliance is accepted" );
            is_let_in( $phone, 'where the policy says so' );
        }
        my $phone = $server->client( account => 'lax', version => $version );
        is_let_in( $phone, 'so is one without any key' );
        $phone->{policy_key} = '0';
        is_refused( $phone, 142, sub { $phone->folder_sync }, 'but one that knows policies' );
        $phone = $server->client( version => $version );
        is_let_in( $phone, 'an account without policy' );
        is( $phone->provision->{policy_status}, 2, 'has none' );
    }
);

subtest 'a phone that is upgraded' => sub {
    my $phone = $server->client( account => 'staff', version => '12.1', policy_key => '0' );
    is( handshakes($phone), 1, 'one handshake' );
    for my $version (qw(14.0 14.1 16.0 16.1 12.1)) {
        $phone->{version} = $version;
        is( handshakes($phone), 0, "$version: its document is the same, so no other" );
    }
};

subtest 'a policy that is asked for from time to time' => sub {
    for my $version (qw(12.1 14.1 16.1)) {
        my $phone =
            $server->client( account => 'refreshed', version => $version, policy_key => '0' );
        is( handshakes($phone), 1, $version );
        my ($key) = grep {/:d:\Q$phone->{device_id}\E$/} $server->redis->keys;
        $server->redis->command( 'HINCRBY', $key, 'policy-time', -1_800_000_000 );
        is_let_in( $phone, 'not yet' );
        $server->redis->command( 'HINCRBY', $key, 'policy-time', -1_800_000_000 );
        is_refused( $phone, 143, sub { $phone->folder_sync }, 'an hour later' );
        is( handshakes($phone), 1, 'one handshake' );
    }
};

# Every answer of a handshake is lost once, at two nodes in turn.
subtest 'lost answers' => sub {
    for my $version (VERSIONS) {
        my $phone = $server->client( account => 'staff', version => $version, policy_key => '0' );
        my $other = $phone->twin( port => $server->node(1)->port );
        $phone->provision( lose => 1 );
        my $first = offer($other);
        $phone->acknowledge_policy( $first->{policy_key}, 1, lose => 'hang up' );
        $phone->acknowledge_policy( $first->{policy_key}, 1, lose => 1 );
        my $key = $other->acknowledge_policy( $first->{policy_key}, 1 )->{policy_key};
        ok( $key, "$version: a key" );
        $phone->{policy_key} = $key;
        is( handshakes($phone), 0, 'that is valid' );
    }
};

subtest 'a policy is edited while phones sync' => sub {
    my %phones;
    for my $version (VERSIONS) {
        my $account = 'edit' . $version =~ tr/.//dr;
        $server->add_account($account);
        my $phone = $server->client( account => $account, version => $version, policy_key => '0' );
        is( handshakes($phone), 1, "$version: one handshake" );
        $phones{$version} = $phone;
    }
    my %inbox = map { $_ => $phones{$_}->folder_of_type(INBOX)->{id} } VERSIONS;
    $phones{$_}->initial_sync( $inbox{$_} ) for VERSIONS;
    my %offered = ( '16.1' => offer( $phones{'16.1'}->twin )->{policy_key} );
    my @waiting =
        map { [ $_, $phones{$_}->ping( heartbeat => 500, folders => [ $inbox{$_} ], async => 1 ) ] }
        VERSIONS;
    ok( !$_->[1]->is_ready(0.1), "$_->[0]: a Ping waits" ) for @waiting;

    write_policies( $STAFF =~ s/Length = 6/Length = 8/r );
    $_->graceful for $server->nodes;
    for (@waiting) {
        my ( $version, $ping ) = @$_;
        my $phone = $phones{$version};
        ok( $ping->is_ready(PATIENCE), "$version: it ends" );
        eval { $ping->result };
        is_refused( $phone, 144, sub { $phone->sync( $inbox{$version} ) }, 'Sync is refused' );
        if ( my $key = $offered{$version} ) {
            is( $phone->acknowledge_policy( $key, 1 )->{policy_status},
                5, 'what was offered before is not what is asked now' );
        }
        is( handshakes( $phone, sub { $phone->sync( $inbox{$version} ) } ), 1, 'one handshake' );
        is( $phone->sync( $inbox{$version} )->{status}, 1, 'and it goes on with its key' );
        is( handshakes($phone), 0, 'no other' );
    }

    write_policies( $STAFF =~ s/Length = 6/Length = 8\nAllowNonProvisionableDevices = 1/r );
    $_->graceful for $server->nodes;
    is( handshakes( $phones{$_} ), 0, "$_: what phones are not sent asks nothing of them" )
        for VERSIONS;
    write_policies('');
    $_->graceful for $server->nodes;
    is( handshakes( $phones{$_} ), 0, "$_: no policy any more" ) for VERSIONS;
    write_policies($STAFF);
    $_->graceful for $server->nodes;
    is( handshakes( $phones{$_} ), 1, "$_: one handshake" ) for VERSIONS;
};

subtest 'administrators' => sub {
    my $policies = $admin->get( ['policies'] )->{json}{policies};
    is_deeply( [ map { $_->{policy} } @$policies ], [qw(lax refreshed staff)], 'see the policies' );
    is( $policies->[2]{elements}{MinDevicePasswordLength}, '6', 'what they ask' );
    is_deeply(
        $policies->[2]{elements}{UnapprovedInROMApplicationList},
        [ 'solitaire.exe', 'mine sweeper.exe' ],
        'lists too'
    );
    is_deeply( $policies->[2]{accounts}, [qw(v* edit* staff*)], 'of whom' );
    for my $version (qw(12.1 14.1 16.1)) {
        my $phone = $server->client( account => 'staff', version => $version, policy_key => '0' );
        is( handshakes($phone), 1, $version );
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync($inbox);
        my $reset = $admin->post( device_path( $phone, 'reset' ) );
        is( $reset->{status}, 200, 'a reset' );
        is( refused_with( sub { $phone->sync($inbox) } ), 0, 'forgets no acknowledgement' );
        $phone->folder_sync( key => '0' );
        $phone->initial_sync($inbox);
        my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(0.1), 'a Ping waits' );
        my $path = device_path( $phone, 'provision' );
        ok( $admin->post( $path, query => { dry_run => 1 } )->{json}{changes}, 'a dry run' );
        is_let_in( $phone, 'does nothing' );
        ok( $admin->post($path)->{json}{changes}, 'it is to provision anew' );
        ok( $ping->is_ready(PATIENCE), 'the Ping ends' );
        is_refused( $phone, 144, sub { $ping->result }, 'and says so' ) if $version < 14;
        is( handshakes($phone), 1, 'one handshake' );
        is( $admin->delete( device_path($phone) )->{status}, 200, 'a removal' );
        is( handshakes($phone), 1, 'forgets it' );
    }
    my ($entry) = grep { $_->{action} eq 'device.provision' }
        @{ $admin->get( ['audit'], query => { account => 'staff' } )->{json}{entries} };
    is( $entry->{outcome}, 'done', 'the audit has it' );
};

$server->done;
done_testing;
