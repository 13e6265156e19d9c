#!/usr/bin/perl
# Access control on the command line, with its own names and with those that administrators may know.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Ctl;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( admin => 'root' );
my $ctl = MobileSync::Ctl->new( $server->folder );
$ctl->write_config("server = @{[$server->admin->url]}\nuser = root\npassword = secret\n");
$ENV{MOBILESYNC_CONFIG} = $ctl->config_file;
my ( $phone, $inbox, $account ) = synced_phone($server);
my $device = $phone->{device_id};

sub done (@arguments) {
    my $run = $ctl->run( '--yes', @arguments );
    is( $run->{code}, 0, "@arguments" ) or diag "$run->{out}$run->{err}";
    return $run->{out};
}

sub status () {
    return $server->admin->get( device_path($phone) )->{json}{access}{status};
}

sub file_of ($text) {
    my $name = $server->folder . '/devices.txt';
    open my $file, '>', $name or die "$name: $!\n";
    print $file $text;
    close $file or die "$name: $!\n";
    return $name;
}

sub listed (@arguments) {
    return join ' ', sort map {"$_->{device}=$_->{status}"} @{ $ctl->json(@arguments)->{devices} };
}

subtest 'decisions' => sub {
    my $run = $ctl->run( qw(access block), $device );
    is( $run->{code}, 7, 'nobody to ask' );
    like( $run->{out}, qr/\Q$device\E +allow +block/, 'what would change' );
    is( status(), 'allow', 'nothing was done' );
    like( done( qw(access block), $device ), qr/^Done/, 'done' );
    is( status(), 'block', 'blocked' );
    like( done( qw(access block), $device ), qr/nothing to be changed/, 'twice is once' );
    done( qw(access quarantine), $device, '--account', $account );
    is( status(), 'quarantine', 'for one account' );
    like( listed(qw(access list --status quarantine)), qr/\Q$device\E=quarantine/, 'listed' );
    done( qw(access forget), $device, '--account', $account );
    done( qw(access allow), $device, '--reason', 'it is mine' );
    like( $ctl->run(qw(access list))->{out}, qr/\Q$device\E .* allow .* root .* it is mine/,
        'why' );
    done( qw(access forget), $device );
    is( $ctl->run(qw(access set x nothing))->{code}, 2, 'no status' );
    like( $ctl->run(qw(device list --access allow))->{out}, qr/\Q$device\E.*allow/, 'device list' );
    like( $ctl->run(qw(access show))->{out}, qr/^Mode: +permissive$/m, 'the mode' );
};

subtest 'the names of the product that administrators may know' => sub {
    done( qw(ABQ set), $device, 'Quarantined' );
    is( status(), 'quarantine', 'ABQ set' );
    done( qw(abq allow), $device );
    is( status(), 'allow', 'in any case of letters' );
    done( qw(ABQ block), $device, 'account', $account );
    is( status(), 'block', 'an option without dashes' );
    is( listed(qw(ABQ list status Blocked)), "$device=block", 'ABQ list' );
    done( qw(ABQ delete), $device, 'account', $account );
    done( qw(ABQ delete), $device );
    my $name = file_of("$device\nunseen/joe\@example.com\n");
    like(
        done( qw(ABQ import), $name, 'Blocked' ),
        qr/^2 devices are put on the list/m,
        'ABQ import'
    );
    is( status(), 'block', 'blocked' );
    done( qw(ABQ import), file_of("$device\n"), 'Allowed' );
    done( qw(ABQ setRule), 'TEST.*', 'Quarantined', 10, 'domain', 'elsewhere.example' );
    done( qw(ABQ setRule), 'TEST.*', 'Blocked', 20 );
    like( $ctl->run(qw(ABQ listRules))->{out},
        qr/10 +quarantine +elsewhere.* 20 +block /s, 'rules' );
    done( qw(ABQ deleteRule), 'TEST.*' );
    is( $ctl->run( '--yes', qw(ABQ deleteRule), 'TEST.*' )->{code}, 3, 'not twice' );
    done( qw(ABQ deleteRule), 'TEST.*', 'domain', 'elsewhere.example' );
    is( $ctl->run(qw(ABQ burn x))->{code}, 2, 'another name' );
    is( $ctl->run(qw(ABQ set x))->{code}, 2, 'an argument missing' );
    done( qw(access forget), $device );
};

subtest 'rules' => sub {
    done( qw(access rule set 10 block --type), 'Test.*', '--agent', 'testphone/.*' );
    is( status(), 'block', 'it fits' );
    my ($rule) = @{ $ctl->json(qw(access rule list))->{rules} };
    is( $rule->{agent}, 'testphone/.*', 'listed' );
    done( qw(access rule delete), $rule->{rule} );
    is( status(), 'allow', 'gone' );
    is( $ctl->run( '--yes', qw(access rule set 10 block) )->{code}, 2, 'about nothing' );
};

subtest 'a long file' => sub {
    my $good = join '', map {"device$_ \n"} 1 .. 1500;
    my $run = $ctl->run( '--yes', qw(access import), file_of( $good . "bad\tone\n" ), 'block' );
    is( $run->{code}, 2, 'one line is wrong' );
    like( $run->{err}, qr/line \d+.*counted from line \d+/s, 'which' );
    is( listed(qw(access list --status block)) =~ tr/=//, 1, 'nothing of it was done' );
    like( done( qw(access import), file_of($good), 'block' ), qr/^1500 devices/m, 'all right' );
    is( listed(qw(access list --status block)) =~ tr/=//, 1501, 'all are listed' );
    is( $ctl->run( qw(access import), file_of("a\0b\n"), 'block' )->{code},
        2, 'bytes that are no text' );
    is( $ctl->run(qw(access import /none block))->{code}, 2, 'no file' );
    done( qw(access import), file_of(''), 'block' );
};

like( done(qw(access adopt)), qr/^Done/, 'known devices are allowed by name' );
is(
    $server->admin->get( device_path($phone) )->{json}{access}{by},
    'entry of the account',
    'as this is'
);

$server->done;
done_testing();
