#!/usr/bin/perl
# The admin page in a real browser: what a device does and lacks, and why.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::AdminPage;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

plan skip_all => 'chromium and its chromedriver are not installed'
    unless MobileSync::Browser::is_installed();
my $server = MobileSync::Server->start( admin => 'root' );
my ( $page, $phone, $inbox ) = page_with_phone($server);
my $browser = $page->browser;
my $admin = $server->admin;

subtest 'who waits' => sub {
    my $ping = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
    $page->go( device_hash($phone) );
    $browser->find( [ '.badge', 'Waiting' ] );
    ok( ( grep {/^Waits for mail.*for 10 min, at node0/} @{ $browser->texts('.facts div') } ),
        'a phone that waits, where and for how long' );
    $page->shoot('waiting');
    $page->go('#/');
    $browser->find( [ 'td .badge', 'Waiting' ] );
    ok( ( grep {/^Waiting phones1at node0/} @{ $browser->texts('.tile') } ), 'of all servers' );
    $ping->hang_up;
    $browser->wait_gone( [ 'td .badge', 'Waiting' ] );
    pass('until it hangs up');
};

subtest 'why, and what cannot be rendered' => sub {
    my $box = $server->mailbox('anna');
    my $name = $box->deliver( simple_mail( subject => 'unreadable' ) );
    chmod 0, $box->maildir . "/new/$name";
    $server->allow_errors(qr/is quarantined/);
    $phone->sync_until_done($inbox);
    $phone->sync($inbox);
    $page->go( device_hash($phone) );
    $browser->click( [ 'button', 'Why: folder Inbox' ] );
    $browser->find( [ '#why ~ .card .badge', 'cannot be rendered' ] );
    like(
        $browser->text('#why ~ .card'),
        qr/1 item is not on the phone.*Permission denied/,
        'why a folder lacks something'
    );
    $box->deliver( simple_mail( subject => 'waits' ) );
    $browser->click( [ 'button', 'Why: folder Inbox' ] );
    $browser->find( [ '#why ~ .card .badge', 'comes with one of the next Syncs' ] );
    like(
        $browser->text('#why ~ .card'),
        qr/2 items are not on the phone.*cannot be rendered/,
        'and what waits'
    );
    $browser->script('document.querySelector("#why").scrollIntoView()');
    $page->shoot('why');
    $browser->click('#why ~ .card li button');
    $browser->find( [ '#why ~ .card h3', 'This item' ] );
    like( $browser->text('#why ~ .card'), qr/On the phoneno/, 'an item of it' );
    $browser->type( '#item', 'nonsense' );
    $browser->press('Enter');
    $browser->find('#why ~ .card .wrong');
    like( $browser->text('#why ~ .card'), qr/must be a ServerId/, 'what is no item' );
    my ($retry) = grep {/^Retry /} @{
        $browser->script(
            'return [...document.querySelectorAll("button")].map((b) => b.ariaLabel ?? "")')
    };
    chmod 0644, $box->maildir . "/new/$name";
    $browser->click( [ 'button', $retry ] );
    $browser->click( confirm('Retry') );
    $browser->find('#notice span');
    $phone->sync_until_done($inbox);
    ok( item_by_subject( $phone, $inbox, 'unreadable' ), 'tried once more, it is given' );
    $browser->wait_gone( [ 'button', $retry ] );
    pass('and is quarantined no more');
};

subtest 'a profile' => sub {
    my $has = sub ($words) {
        return grep {/^Profile.*\Q$words\E/} @{ $browser->texts('.facts div') };
    };
    $page->go( device_hash($phone) );
    $browser->click( [ 'button', "Profile \x{2026}" ] );
    $browser->find( confirm('Set profile') );
    $browser->type( '#window', '0' );
    $browser->click( confirm('Set profile') );
    $browser->find( [ '[role=alert]', 'window must be a number from 1 to 512, or none' ] );
    $browser->script('document.querySelector("#window").value = ""');
    $browser->type( '#window', '25' );
    $page->shoot('profile');
    $browser->click( confirm('Set profile') );
    $browser->find( [ '#notice span', "The profile of device $phone->{device_id} is set." ] );
    wait_until( 'the page to show it', sub { $has->('at most 25 items at once') } );
    ok( $has->('set for this device: window'), 'a device of its own' );
};

subtest 'a trace and the bundle' => sub {
    $page->go( device_hash($phone) );
    $browser->click( [ 'button', "Trace \x{2026}" ] );
    $browser->find( confirm('Start trace') );
    $page->shoot('trace-start');
    $browser->click( confirm('Start trace') );
    $browser->find( [ 'button', 'Stop trace' ] );
    $server->mailbox('anna')->deliver( simple_mail( subject => 'hush' ) );
    $phone->sync($inbox);
    $browser->find('.trace .told summary');
    $browser->click('.trace .told summary');
    my $xml = $browser->text('.trace .told pre');
    like( $xml, qr{<SyncKey>}, 'what was answered' );
    unlike( $xml, qr/hush/, 'without its contents' );
    $browser->script('document.querySelector("#trace").scrollIntoView()');
    $page->shoot('trace');
    $browser->click( [ 'button', 'Stop trace' ] );
    $browser->find( [ 'button', "Trace \x{2026}" ] );
    my $bundle = $browser->script(<<'END');
        const link = [...document.querySelectorAll('a[download]')][0];
        return fetch(link.href).then((answer) => answer.json()).then(({ device }) => device.device);
END
    is( $bundle, $phone->{device_id}, 'a link to the bundle' );
};

$page->done;
done_testing;
