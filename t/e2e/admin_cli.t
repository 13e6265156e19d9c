#!/usr/bin/perl
# mobilesyncctl does what the REST interface does, for people and scripts.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use JSON::PP ();
use Test::More;
use MobileSync::Ctl;
use MobileSync::Process qw(find_program);
use MobileSync::Scenario;
use MobileSync::Server;

my $policies = File::Temp->new;
chmod 0644, "$policies";
print $policies "[office]\naccounts = dora\nDevicePasswordEnabled = 1\n";
close $policies or die "$!\n";
my $server = MobileSync::Server->start(
    accounts => { anna => 'secret', dora => 'secret' },
    admin => 'root',
    tls => 1,
    settings => { MobileSyncPolicies => "$policies" }
);
my $node = $server->node;
my $url = $server->admin->url;
my $ctl = MobileSync::Ctl->new( $server->folder );
my $config = $ctl->config_file;

sub write_config (@arguments) { return $ctl->write_config(@arguments) }
sub ctl (@arguments) { return $ctl->run(@arguments) }
sub json (@arguments) { return $ctl->json(@arguments) }

my $good = "# the test's\nserver = $url/\n\n user=root \npassword = secret\n";

subtest 'configuration' => sub {
    $ENV{MOBILESYNC_CONFIG} = "$config.none";
    is( ctl('account list')->{code}, 2, 'a command must be words' );
    is( ctl( 'account', 'list' )->{code}, 2, 'a file that is named must be there' );
    delete $ENV{MOBILESYNC_CONFIG};
    my $run = ctl( 'account', 'list' );
    is( $run->{code}, 2, 'no server' );
    like( $run->{err}, qr/which server\?.*ctl\.conf/, 'tells where it belongs' );
    write_config( $good, 0640 );
    $ENV{MOBILESYNC_CONFIG} = $config;
    $run = ctl( 'account', 'list' );
    is( $run->{code}, 2, 'a file that others may read is refused' );
    like( $run->{err}, qr/chmod 600/, 'and it tells what to do' );
    write_config("sever = $url\n");
    like( ctl( 'account', 'list' )->{err}, qr/no "sever"/, 'a misspelt name' );
    write_config("nonsense\n");
    is( ctl( 'account', 'list' )->{code}, 2, 'no name at all' );
    write_config( $good =~ s/127\.0\.0\.1/mail.example.com/r );
    like( ctl( 'account', 'list' )->{err}, qr/in clear/, 'no password in clear to others' );

    for my $other (
        '127.example.com', 'localhost.example.com',
        'x@127.0.0.1.example.com', '127.0.0.1@example.com'
        )
    {
        write_config( $good =~ s/127\.0\.0\.1/$other/r );
        like( ctl( 'account', 'list' )->{err}, qr/in clear/, "nor to $other" );
    }
    write_config( $good =~ s/^server.*$/server = ftp:\/\/x/mr );
    is( ctl( 'account', 'list' )->{code}, 2, 'no ftp' );
    write_config( $good =~ s/secret/wrong/r );
    is( ctl( 'account', 'list' )->{code}, 5, 'a wrong password' );
    local $ENV{MOBILESYNC_PASSWORD} = 'secret';
    is( ctl( 'account', 'list' )->{code}, 0, 'the environment goes before the file' );
    delete local $ENV{MOBILESYNC_PASSWORD};
    write_config( $good =~ s/:\d+/:1/r );
    is( ctl( 'account', 'list' )->{code}, 6, 'nobody there' );
    is( ctl( '--server', $url, 'account', 'list' )->{code}, 0, 'an option goes before all' );
    is( ctl( '--server', "$url/nonsense", 'account', 'list' )->{code}, 3, 'a wrong URL' );
    my $tls = 'https://localhost:' . $node->tls_port . '/mobilesync-admin';
    is( ctl( '--server', $tls, 'account', 'list' )->{code}, 6, 'an unknown authority' );
    is( ctl( '--server', $tls, '--ca', $server->ca, 'account', 'list' )->{code}, 0, 'a known one' );
    write_config($good);
};

subtest 'usage' => sub {
    my $help = ctl('--help');
    is( $help->{code}, 0, '--help' );
    like( $help->{out}, qr/device reset ACCOUNT.*doResetDevice/, 'tells commands and old names' );
    like( ctl('--version')->{out}, qr/^mobilesyncctl \d/, '--version' );
    is( ctl()->{code}, 2, 'nothing' );
    is( ctl('nonsense')->{code}, 2, 'no such command' );
    is( ctl( 'device', 'show', 'anna' )->{code}, 2, 'too few arguments' );
    is( ctl( 'account', 'list', 'x' )->{code}, 2, 'too many' );
    is( ctl( '--nonsense', 'account', 'list' )->{code}, 2, 'no such option' );
    is( ctl( '--limit', 'x', 'account', 'list' )->{code}, 2, 'no number' );
};

my ( $phone, $inbox ) = phone_with_mail( $server, count => 15 );
$phone->initial_sync($inbox);
my $device = $phone->{device_id};

subtest 'lists' => sub {
    like( ctl( 'account', 'list' )->{out}, qr/^ACCOUNT +DEVICES\nanna +1\n\z/, 'accounts' );
    my $list = qr/^ACCOUNT +DEVICE .*\nanna +\Q$device\E +TestPhone .*active +1 +allow\n\z/;
    like( ctl(@$_)->{out}, $list, "@$_" )
        for [ 'device', 'list' ], [ 'device', 'list', 'anna' ], ['getAllDevices'],
        [ 'getDeviceList', 'anna' ], [ 'device', 'list', '--type', 'testph' ];
    unlike( ctl( 'device', 'list', '--state', 'empty' )->{out}, qr/anna/, 'a filter' );
    is( json( 'device', 'list' )->{devices}[0]{device}, $device, 'JSON' );
    my $show = ctl( 'device', 'show', 'anna', $device );
    like( $show->{out}, qr/^Protocol: +16\.1$/m, 'a device' );
    like( $show->{out}, qr/^$inbox +INBOX +Email +15 +yes/mi, 'with its folders' );
    is( json( 'getDeviceInfo', 'anna', $device )->{items}, 15, 'in JSON' );
    my $missing = ctl( 'device', 'show', 'anna', 'NONE' );
    is( $missing->{code}, 3, 'no such device' );
    like( $missing->{err}, qr/no such device.*it has: \Q$device\E/, 'tells those that there are' );
    is( ctl( 'device', 'list', 'nobody' )->{code}, 3, 'no such account' );
};

subtest 'the index of accounts' => sub {
    my $odd = 'o{d} d';
    $server->add_account($odd);
    $server->client( account => $odd )->folder_sync;
    my $redis = $server->redis;
    $redis->command( 'DEL', $_ ) for grep {/^ms:accounts:/} $redis->keys;
    is( ctl( 'account', 'list' )->{out}, "ACCOUNT  DEVICES\n", 'an index that is lost' );
    is( $phone->folder_sync->{status}, 1, 'does not concern phones' );
    is( json( '--dry-run', 'index', 'rebuild' )->{missing}, 2, 'what is missing' );
    like( ctl( 'index', 'rebuild' )->{out}, qr/^2 accounts, of which 2 were/, 'index rebuild' );
    like( ctl( 'account', 'list' )->{out}, qr/^anna +1$/m, 'all is found again' );
    is_deeply(
        [ sort map { $_->{account} } @{ json( 'account', 'list' )->{accounts} } ],
        [ 'anna', $odd ],
        'odd names too'
    );
    is( json( 'index', 'rebuild' )->{missing}, 0, 'once' );
};

subtest 'the flight recorder' => sub {
    my $log = ctl( 'device', 'log', 'anna', $device );
    is( $log->{code}, 0, 'device log' );
    like(
        $log->{out},
        qr/ Sync +200 +1 +\d+ +\Q$inbox\E +[\da-f]{16}-1 +[\da-f]{16}-2 +15 /,
        'has the initial synchronisation'
    );
    like( $log->{out}, qr/ FolderSync +200 +1 /, 'and the folders' );
};

subtest 'why' => sub {
    my ($item) = keys %{ $phone->items($inbox) };
    like( ctl( 'device', 'why', 'anna', $device, $item )->{out}, qr/^Verdict: +given$/m,
        'an item' );
    like(
        ctl( 'device', 'why', 'anna', $device, '--folder', $inbox )->{out},
        qr/^Items on device: +15$/m,
        'a folder'
    );
    is( ctl( 'device', 'why', 'anna', $device )->{code}, 2, 'what?' );
};

subtest 'actions' => sub {
    my $run = ctl( 'device', 'reset', 'anna', $device );
    is( $run->{code}, 7, 'nobody to ask' );
    like( $run->{out}, qr/1 folders with 15 items, up to [\d.]+ MB/, 'after the plan' );
    is( ctl( '--dry-run', 'device', 'reset', 'anna', $device )->{code}, 0, 'a dry run' );
    is( $phone->sync($inbox)->{status}, 1, 'nothing was done' );
    $run = ctl( '--yes', 'doResetDevice', 'anna', $device );
    is( $run->{code}, 0, 'doResetDevice' );
    my ($undo) = $run->{out} =~ /mobilesyncctl undo anna (\w+)/;
    ok( $undo, 'tells how to undo it' );
    is( $phone->sync($inbox)->{status}, 3, 'the phone begins again' );
    like(
        ctl( 'undo', 'list', 'anna' )->{out},
        qr/^$undo +device\.reset +\Q$device\E/m,
        'undo list'
    );
    is( ctl( '-y', 'undo', 'anna', $undo )->{code}, 0, 'undo' );
    is( $phone->sync($inbox)->{status}, 1, 'the phone goes on' );
    is( ctl( '-y', 'undo', 'anna' )->{code}, 3, 'nothing left to undo' );
    is( ctl( '-y', 'device', 'reset', 'anna', $device, '--folder', $inbox )->{code},
        0, 'one folder' );
    is( $phone->folder_sync->{status}, 1, 'only' );
    is( ctl( '-y', 'undo', 'anna', '--device', $device )->{code}, 0, 'the last one is undone' );
    is( ctl( '-y', 'device', 'reset', 'anna', $device, '--folder', 'x' )->{code},
        3, 'no such folder' );
    is( ctl( '-y', 'device', 'reset', 'anna', '--folder', $inbox )->{code}, 2, 'whose folder?' );
    is( json( '-y', 'doResetAccount', 'anna' )->{action}, 'account.reset', 'doResetAccount' );
    is( $phone->folder_sync->{status}, 9, 'the phone begins again' );
    $phone->folder_sync( key => '0' );
    is( ctl( 'undo', 'anna' )->{code}, 4, 'too late: it is told before it is asked' );
    is( ctl( '-y', 'undo', 'anna' )->{code}, 4, 'too late' );
    is( ctl( '-y', 'doResetDevice', 'anna' )->{code}, 0, 'all devices' );
    is( ctl( '-y', 'doRemoveDevice', 'anna', $device )->{code}, 0, 'doRemoveDevice' );
    is( ctl( 'device', 'list', 'anna' )->{code}, 3, 'gone' );
    is( ctl( '-y', 'undo', 'anna' )->{code}, 0, 'and back' );
    my $run_suspend = ctl( '-y', 'doSuspendDeviceSync', 'anna', $device, '--reason', 'lost' );
    is( $run_suspend->{out}, "Done.\n", 'doSuspendDeviceSync' );
    like(
        ctl( 'device', 'show', 'anna', $device )->{out},
        qr/^Suspended by: +root\nReason: +lost$/m,
        'is shown'
    );
    like( ctl( 'device', 'list', '--state', 'suspended' )->{out},
        qr/^anna +\Q$device\E/m, 'listed' );
    like( ctl( '-y', 'device', 'suspend', 'anna', $device )->{out}, qr/nothing/, 'only once' );
    is( ctl( '-y', 'device', 'resume', 'anna', $device )->{code}, 0, 'device resume' );
    my $wipe = ctl( '--dry-run', 'doWipeDevice', 'anna', $device );
    is(
        $wipe->{out},
        "ERASING OF A WHOLE PHONE: account anna, device $device\n",
        'doWipeDevice says what it does'
    );
    is( ctl( 'doWipeDevice', 'anna', $device )->{code}, 7, 'and asks first' );
    is( ctl( '-y', 'doWipeDevice', 'anna', $device, 'acount_only' )->{code}, 2,
        'a misspelt scope' );
    is( ctl( 'wipe', 'list' )->{out} =~ /\Q$device/, '', 'nothing came of that' );
    $wipe = ctl( '-y', 'doWipeDevice', 'anna', $device, 'account_only', '--reason', 'lost' );
    is( $wipe->{out}, "Done.\n", 'the account' );
    like( ctl( 'wipe', 'list' )->{out}, qr/^anna +\Q$device\E .*wiping/m, 'wipe list' );
    like( ctl( 'device', 'show', 'anna', $device )->{out}, qr/^Wipe of: +account$/m, 'is shown' );
    is( ctl( '-y', 'device', 'wipe', 'anna', $device )->{code}, 4, 'the phone: not at once' );
    is( ctl( '-y', 'device', 'remove', 'anna', $device )->{code}, 4, 'nor removed' );
    is( ctl( '-y', 'device', 'wipe', 'cancel', 'anna', $device )->{out}, "Done.\n", 'cancelled' );
    is( ctl( '-y', 'device', 'wipe', 'anna', $device )->{out}, "Done.\n", 'device wipe' );
    $phone->_provision( [ 'Provision:Provision', [ RemoteWipe => [ Status => 1 ] ] ] );
    is( ctl( '-y', 'device', 'wipe', 'cancel', 'anna', $device )->{code}, 4, 'too late' );
    is( ctl( '-y', 'device', 'release', 'anna', $device )->{out}, "Done.\n", 'device release' );
    is( ctl( '-y', 'device', 'remove', 'anna', $device, '--folder', $inbox )->{code},
        2, 'an option that does not belong there' );
    is( ctl( 'audit', '--state', 'x' )->{code}, 2, 'nor there' );
    my $purge = ctl( '--dry-run', 'doPurgeMobileState', 30 );
    is( $purge->{out}, "0 devices would be removed.\n", 'doPurgeMobileState' );
    $server->redis->command( 'HSET', "ms:{anna}:d:$device", 'last', 1_000_000 );
    $purge = ctl( 'device', 'purge', 30 );
    is( $purge->{code}, 7, 'asks first' );
    like( $purge->{out}, qr/^anna +\Q$device\E +1970-01-01 .*1 devices would be/ms, 'shows them' );
    is( json( '-y', 'device', 'purge', 30, 'anna' )->{devices}[0]{account}, 'anna',
        'device purge' );
    is( ctl( '-y', 'undo', 'anna' )->{code}, 0, 'is undone' );
    is( ctl( 'device', 'purge', 'x' )->{code}, 2, 'days?' );
    my $audit = ctl( 'audit', '--limit', 7 );
    like( $audit->{out}, qr/root +127\.0\.0\.1 +undo +anna/, 'the audit' );
    is( () = $audit->{out} =~ /\n/g, 8, 'seven rows of it' );
    is( @{ json( 'audit', '--action', 'device.remove' )->{entries} }, 1, 'filtered' );
};

subtest 'limits' => sub {
    my $limited = MobileSync::Server->start(
        admin => 'root',
        backend => 'memory',
        settings => { MobileSyncDeviceRequests => '2/day' }
    );
    my @at = ( '--server', $limited->admin->url );
    my $phone = $limited->client;
    my $held = sub { @{ json( @at, qw(throttle list) )->{throttles} } };
    for ( 1 .. 3 ) {
        $phone->exchange( $phone->request_bytes( command => 'Ping' ) );
        $phone->disconnect;
    }
    my ($one) = $held->();
    is( $one->{device}, $phone->{device_id}, 'a device that is held back' );
    my $list = ctl( @at, qw(throttle list) )->{out};
    like( $list, qr/^Server:? +node0$/m, 'the server that answers' );
    like( $list, qr/^$one->{id} +requests +anna +$one->{device} /m, 'and the device' );
    my $plan = ctl( @at, qw(--dry-run throttle release), $one->{id} )->{out};
    like( $plan, qr/^Release: account anna, device $one->{device}$/m, 'a dry run says whom' );
    like( $plan, qr/^1 held back will be let through/m, 'it would let through' );
    is( scalar $held->(), 1, 'and does nothing' );
    my @release = ( @at, qw(throttle release) );
    is( ctl( @release, $one->{id} )->{code}, 7, 'it wants to be confirmed' );
    is( ctl( '--yes', @release, $one->{id} )->{out}, "Done.\n", 'released' );
    is( scalar $held->(), 0, 'it is gone' );
    is( ctl( '--yes', @release, $one->{id} )->{code}, 3, 'there is nothing more' );
    is( ctl( '--yes', @release )->{out}, "Done.\n", 'all at once' );
    $limited->done;
};

subtest 'policies' => sub {
    my $phone = $server->client( account => 'dora', policy_key => '0' );
    $phone->provision;
    like(
        ctl( 'policy', 'list' )->{out},
        qr/^office +dora +DevicePasswordEnabled +1$/m,
        'policy list'
    );
    like(
        ctl( 'device', 'show', 'dora', $phone->{device_id} )->{out},
        qr/^Policy: +office\nPolicy is: +applied\n.*^Policy is current: +yes$/ms,
        'device show'
    );
    is( $phone->folder_sync->{status}, 1, 'the phone is let in' );
    is( ctl( '-y', 'device', 'provision', 'dora', $phone->{device_id} )->{out},
        "Done.\n", 'device provision' );
    is( $phone->folder_sync->{status}, 144, 'it has to provision anew' );
};

subtest 'a terminal' => sub {
    my $script = find_program('script');
    plan skip_all => 'there is no script(1)' unless $script;
    $phone->folder_sync( key => '0' );
    my $program = $ctl->program;
    my $ask = sub ($answer) {
        return
            scalar
            `echo '$answer' | $script -qec '$program device reset anna $device' /dev/null; true`;
    };
    like( $ask->('n'), qr/Continue\?.*nothing was done/s, 'no' );
    is( $phone->folder_sync->{status}, 1, 'does nothing' );
    like( $ask->('y'), qr/Continue\?.*Done/s, 'yes' );
    is( $phone->folder_sync->{status}, 9, 'does it' );
};

subtest 'names' => sub {
    my $account = q{we{ird} "q" 'x' %41 &=+;?#ü☃};
    $server->add_account($account);
    my $other = $server->client(
        account => $account,
        device_id => 'ODD',
        user_agent => "Evil/\x{c2}\x{9b}1"
    );
    $other->folder_sync;
    is( ctl( '-y', 'device', 'reset', $account, 'ODD' )->{code}, 0, 'an odd account' );
    is( $other->folder_sync->{status}, 9, 'its phone begins again' );
    my $show = ctl( 'device', 'show', $account, 'ODD' );
    like( $show->{out}, qr/^Account: +\Q$account\E$/m, 'is shown as it is' );
    unlike(
        $show->{out},
        qr/[\x{00}-\x{09}\x{0b}-\x{1f}\x{7f}-\x{9f}]/,
        'without control characters'
    );
};

$server->allow_errors(qr/Password Mismatch/);
$server->done;
done_testing;
