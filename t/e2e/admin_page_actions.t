#!/usr/bin/perl
# The admin page in a real browser: what is done to devices, and undone.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::AdminPage;
use MobileSync::Scenario;
use MobileSync::Server;

plan skip_all => 'chromium and its chromedriver are not installed'
    unless MobileSync::Browser::is_installed();
my $server = MobileSync::Server->start(
    admin => 'root',
    settings => { MobileSyncBrakeItems => 20 }
);
my ( $page, $phone, $inbox ) = page_with_phone($server);
my $browser = $page->browser;
my $admin = $server->admin;

subtest 'a reset and its undo' => sub {
    $page->go( device_hash($phone) );
    $browser->find( [ 'td', 'Inbox' ] );
    $page->shoot('device');
    $browser->click( [ 'button', 'Reset device' ] );
    $browser->find( confirm('Reset device') );
    my $plan = $browser->text('dialog .plan');
    my $dry = $admin->post( [ 'accounts', 'anna', 'devices', $phone->{device_id}, 'reset' ],
        query => { dry_run => 1 } )->{json};
    like( $plan, qr/Devices1Folders$dry->{folders}Items$dry->{items}/, 'shows the dry run' );
    like( $plan, qr/up to [\d.]+ [kM]?B/, 'and the size' );
    $page->shoot('reset');
    $browser->click( [ 'dialog button', 'Cancel' ] );
    $browser->wait_gone('dialog');
    is( $phone->sync($inbox)->{status}, 1, 'cancelled, it does nothing' );
    $browser->click( [ 'button', 'Reset device' ] );
    $browser->click( confirm('Reset device') );
    $browser->find(UNDO);
    $page->shoot('undo');
    is( $phone->sync($inbox)->{status}, 3, 'confirmed, the phone begins again' );
    $browser->click(UNDO);
    $browser->find( [ '#notice span', 'Reset device is undone.' ] );
    is( $phone->sync($inbox)->{status}, 1, 'undone, it goes on' );
    is( $browser->text('#notice'), 'Reset device is undone.✕', 'which is said' );
    is( $page->last_action->{action}, 'undo', 'on record' );

    $browser->click( [ 'button', 'Reset folder Inbox' ] );
    $browser->click( confirm('Reset folder') );
    $browser->find(UNDO);
    is( $phone->sync($inbox)->{status}, 3, 'a folder begins again' );
    is( $phone->folder_sync->{status}, 1, 'the list of folders does not' );
    $phone->reset_collection($inbox);
    $phone->initial_sync($inbox);
    $browser->click(UNDO);
    $browser->find('#notice span');
    like( $browser->text('#notice'), qr/could not be undone/, 'too late to undo' );
};

subtest 'with the keyboard alone' => sub {
    $page->go('#/');
    $page->go( device_hash($phone) );
    $browser->find( [ 'td', 'Inbox' ] );
    is( $browser->focused, $phone->{device_id}, 'the heading has the focus' );
    $browser->press('Tab');
    is( $browser->focused, 'Reset device', 'the first button is next' );
    $browser->press('Enter');
    $browser->find( confirm('Reset device') );
    is( $browser->focused, 'Cancel', 'the dialog has the focus, at what does no harm' );
    my %seen;

    for ( 1 .. 6 ) {
        $seen{ $browser->focused }++;
        $browser->press('Tab');
    }
    is_deeply( [ grep { !/^(?:Cancel|Reset device|)$/ && !/^.{200}/s } keys %seen ],
        [], 'and keeps it' );
    $browser->press('Escape');
    $browser->wait_gone('dialog');
    is( $browser->focused, 'Reset device', 'Escape: back where it was' );
    is( $phone->sync($inbox)->{status}, 1, 'nothing was done' );
    $browser->press('Enter');
    $browser->find( confirm('Reset device') );
    $browser->press( 'Tab', 'Enter' );
    $browser->find(UNDO);
    is( $browser->focused, 'Undo', 'the Undo has the focus' );
    is( $phone->sync($inbox)->{status}, 3, 'a reset' );
    $browser->press('Enter');
    $browser->find( [ '#notice span', 'Reset device is undone.' ] );
    is( $phone->sync($inbox)->{status}, 1, 'and its undo' );
};

subtest 'a removal' => sub {
    $page->go( device_hash($phone) );
    $browser->click( [ 'button', 'Remove device' ] );
    is( $browser->focused, 'typed', 'the id is asked for' );
    $browser->find('dialog .plan dl');
    my $button = [ 'dialog button:disabled', 'Remove device' ];
    ok( $browser->is_there($button), 'no removal before' );
    $browser->type( '#typed', lc $phone->{device_id} );
    ok( $browser->is_there($button), 'nor with another one' );
    $browser->press('Enter');
    ok( $browser->is_there($button), 'whatever is pressed' );
    $browser->type( '#typed', $phone->{device_id} );
    $page->shoot('remove');
    $browser->press('Enter');
    $browser->find(UNDO);
    is( $admin->get( [ 'accounts', 'anna', 'devices', $phone->{device_id} ] )->{status},
        404, 'the device is removed' );
    $browser->find(
        [ 'p.card', 'This device is not on the server: it was removed, or never synchronised.' ] );
    $page->shoot('removed');

    $page->go('#/audit');
    $browser->click( [ 'td button', 'Undo: Remove device of anna' ] );
    $browser->find( confirm('Undo') );
    $page->shoot('audit');
    $browser->click( confirm('Undo') );
    $browser->find( [ '#notice span', 'Remove device is undone.' ] );
    is( $phone->sync($inbox)->{status}, 1, 'undone from the audit, the phone goes on' );
    $browser->wait_gone( [ 'td button', 'Undo: Remove device of anna' ] );
};

subtest 'suspension' => sub {
    $page->go( device_hash($phone) );
    $browser->click( [ 'button', 'Suspend device' ] );
    $browser->type( '#reason', 'lost in a train' );
    $browser->find( confirm('Suspend device') );
    $page->shoot('suspend');
    $browser->click( confirm('Suspend device') );
    $browser->find( [ '.badge', 'Suspended' ] );
    like(
        join( ' ', @{ $browser->texts('.undo li') } ),
        qr/Suspended by root, .*lost in a train/,
        'a banner says who and why'
    );
    is( $phone->exchange( $phone->request_bytes( command => 'Ping' ) )->status,
        503, 'the phone is sent away' );
    $phone->disconnect;
    $page->shoot('suspended');
    $browser->click( [ 'button', 'Resume device' ] );
    $browser->click( confirm('Resume device') );
    $browser->find( [ 'button', 'Suspend device' ] );
    is( $phone->sync($inbox)->{status}, 1, 'resumed, it goes on' );
};

subtest 'an account' => sub {
    $page->go('#/account/anna');
    $browser->click( [ 'button', 'Reset account' ] );
    $browser->click( confirm('Reset account') );
    $browser->find(UNDO);
    is( $phone->sync($inbox)->{status}, 3, 'its phone begins again' );
    $browser->find('.undo button');
    $page->shoot('account');
    $browser->click('.undo button');
    $browser->click( confirm('Undo') );
    $browser->find( [ '#notice span', 'Reset account is undone.' ] );
    is( $phone->sync($inbox)->{status}, 1, 'and goes on' );
};

subtest 'a mass change' => sub {
    my ( $careless, $folder ) = synced_phone( $server, count => 25 );
    my @all = map { $careless->delete_of($_) } keys %{ $careless->items($folder) };
    $server->allow_errors(qr/it is paused until an administrator/);
    is( $careless->sync( $folder, commands => \@all )->{status}, 5, 'a folder is paused' );
    $page->go( device_hash($careless) );
    $browser->click( [ 'button', 'Approve' ] );
    $browser->find( confirm('Approve') );
    $page->shoot('paused');
    $browser->click( confirm('Approve') );
    $browser->find(
        [ '#notice span', "The removal is approved; the phone\x{2019}s next try is done." ] );
    is( $careless->sync( $folder, commands => \@all )->{status}, 1, 'approved, it is done' );
};

$page->done;
done_testing;
