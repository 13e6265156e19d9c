#!/usr/bin/perl
# The admin page in a real browser: who may synchronise, and under what conditions.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use Test::More;
use MobileSync::AdminPage;
use MobileSync::Scenario;
use MobileSync::Server;

plan skip_all => 'chromium and its chromedriver are not installed'
    unless MobileSync::Browser::is_installed();

my $policies = File::Temp->new;
chmod 0644, "$policies";
print $policies "[office]\naccounts = dora\nDevicePasswordEnabled = 1\n";
close $policies or die "$!\n";

my $server = MobileSync::Server->start(
    accounts => { map { $_ => 'secret' } qw(anna bert dora) },
    admin => 'root',
    settings => { MobileSyncFailedLogins => '3/day', MobileSyncPolicies => "$policies" }
);
# What httpd says of guessed passwords.
$server->allow_errors(qr/authentication failure/);
my ( $page, $phone, $inbox ) = page_with_phone($server);
my $browser = $page->browser;
my $admin = $server->admin;

subtest 'access control' => sub {
    $page->go( device_hash($phone) );
    $browser->click( [ 'button', 'Block device' ] );
    $browser->type( '#reason', 'sold' );
    $browser->find( confirm('Block device') );
    $page->shoot('block');
    $browser->click( confirm('Block device') );
    $browser->find( [ '.badge', 'Blocked' ] );
    is( $phone->sync($inbox)->{status}, 12, 'the phone sees its folder no more' );
    $page->go('#/access');
    $browser->find( [ 'td .badge', 'Blocked' ] );
    like(
        join( ' ', @{ $browser->texts('.access td') } ),
        qr/\Q$phone->{device_id}\E.*by root.*sold/,
        'the list has it'
    );
    $browser->click( [ 'button', 'Add rule …' ] );
    $browser->type( '#type', 'nothing(' );
    $browser->click( confirm('Continue') );
    $browser->find('dialog .wrong:not(:empty)');
    like( $browser->text('dialog .wrong'), qr{parenthes}, 'what is wrong with it' );
    $browser->type( '#type', 'nothing.*' );
    ok( $page->is_fit, 'it fits' );
    $page->shoot('rule');
    $browser->click( confirm('Continue') );
    $browser->find( confirm('Set rule') );
    like( $browser->text('dialog .plan'), qr/another status by it0/, 'what it would do' );
    $browser->click( confirm('Set rule') );
    $browser->find( [ '.rules code', 'nothing.*' ] );
    ok( $page->is_fit, 'it fits' );
    $page->shoot('access');
    $browser->click( [ '.rules button', 'Delete' ] );
    $browser->click( confirm('Delete rule') );
    $browser->find( [ '#notice span', 'The rule is deleted.' ] );
    $browser->click( [ '.access button', 'Forget' ] );
    $browser->click( confirm('Forget') );
    $browser->wait_gone( [ 'td .badge', 'Blocked' ] );
    is( $page->last_action->{action}, 'access.forget', 'the audit has it' );
    is( $phone->folder_sync->{status}, 9, 'the phone begins again' );
    $phone->{hierarchy_key} = '0';
    $phone->folder_sync;
    $phone->reset_collection($inbox);
    $phone->initial_sync($inbox);
};

subtest 'erasing' => sub {
    $page->go( device_hash($phone) );
    $browser->click( [ 'button', 'Erase phone …' ] );
    $browser->find('dialog .plan dl');
    my $button = [ 'dialog button:disabled', 'Erase phone' ];
    ok( $browser->is_there($button), 'not before the id is typed' );
    $browser->type( '#typed', 'Erase' );
    ok( $browser->is_there($button), 'nor with anything else' );
    $browser->press('Escape');
    $browser->wait_gone('dialog');
    ok( !$admin->get( device_path($phone) )->{json}{wipe}, 'nothing was done' );
    $browser->click( [ 'button', 'Erase phone …' ] );
    $browser->type( '#reason', 'stolen' );
    $browser->type( '#typed', $phone->{device_id} );
    ok( $page->is_fit, 'it fits' );
    $page->shoot('erase');
    $browser->click( confirm('Erase phone') );
    $browser->find( [ '.undo strong', 'This phone is to be erased' ] );
    $browser->find( [ '.badge', 'To be erased' ] );
    is( $admin->get( device_path($phone) )->{json}{wipe}{reason}, 'stolen', 'it is noted' );
    is( $phone->sync($inbox)->{status}, 140, 'the phone is told' );
    $browser->click( [ '#notice button', 'Cancel erasing' ] );
    $browser->click( confirm('Cancel erasing') );
    $browser->find( [ 'button', 'Erase phone …' ] );
    is( $phone->sync($inbox)->{status}, 1, 'cancelled, it goes on' );

    $browser->click( [ 'button', 'Erase phone …' ] );
    $browser->click('#only');
    $browser->type( '#typed', $phone->{device_id} );
    $browser->click( confirm('Erase phone') );
    $browser->find( [ '.undo strong', 'The account on this phone is to be erased' ] );
    is( $admin->get( device_path($phone) )->{json}{wipe}{scope}, 'account', 'only that' );
    $phone->_provision( [ 'Provision:Provision', [ AccountOnlyRemoteWipe => [ Status => 1 ] ] ] );
    $browser->find( [ '.undo strong', 'The account on this phone is erased' ] );
    $browser->find( [ '.badge', 'Erased' ] );
    $page->shoot('erased');
    $browser->click( [ 'button', 'Release device' ] );
    $browser->click( confirm('Release device') );
    $browser->find( [ 'button', 'Erase phone …' ] );
    is( $phone->sync($inbox)->{status}, 1, 'released' );
    is( $page->last_action->{action}, 'device.release', 'the audit has it' );
};

subtest 'a policy' => sub {
    my $dora = $server->client( account => 'dora', policy_key => '0' );
    $dora->provision;
    is( $dora->folder_sync->{status}, 1, 'a phone that acknowledged its policy' );
    $page->go( device_hash($dora) );
    $browser->find( [ 'button', 'Provision anew' ] );
    my $shown = sub { join "\n", @{ $browser->texts('dl.facts dd') } };
    like( $shown->(), qr/^office: applied /m, 'the page says so' );
    $browser->click( [ 'button', 'Provision anew' ] );
    $browser->click( confirm('Provision anew') );
    $browser->wait_gone( [ 'button', 'Provision anew' ] );
    like( $shown->(), qr/^office: .*to be acknowledged anew$/m, 'and that it has to anew' );
    is( $dora->folder_sync->{status}, 144, 'has to do so anew' );
    is( $page->last_action->{action}, 'device.provision', 'the audit has it' );
    $admin->delete( device_path($dora) );
};

subtest 'limits' => sub {
    $page->go('#/throttles');
    $browser->find( [ 'main p', 'No limit is reached at node0.' ] );
    for my $number ( 1 .. 4 ) {
        my $guess = $server->client( account => 'bert', password => "guess$number" );
        my $answer = $guess->exchange( $guess->request_bytes( method => 'OPTIONS' ) );
        is( $answer->status, $number < 4 ? 401 : 503, 'a guess' );
    }
    $browser->find( [ 'td', '127.0.0.1' ] );
    ok( ( grep {/failed logins/} @{ $browser->texts('.throttles tr') } ),
        'who is held back, and why' );
    ok( $page->is_fit, 'it fits' );
    $page->shoot('limits');
    $browser->click( [ 'td button', 'Release' ] );
    $browser->click( confirm('Release') );
    $browser->find( [ '#notice span', '127.0.0.1 is released.' ] );
    $browser->find( [ 'main p', 'No limit is reached at node0.' ] );
    is( $page->last_action->{action}, 'throttle.release', 'the audit has it' );
    $browser->click( [ 'button', 'Release all' ] );
    $browser->click( confirm('Release all') );
    $browser->find( [ '#notice span', 'All are released.' ] );
    $page->go('#/audit');
    $browser->find( [ 'td', 'Release limit' ] );
    ok( ( grep {/Release limit.*127\.0\.0\.1/} @{ $browser->texts('.audit tr') } ),
        'and shows whom' );
};

$page->done;
done_testing;
