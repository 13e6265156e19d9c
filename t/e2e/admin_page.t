#!/usr/bin/perl
# The admin page, in a real browser and with real phones. Screenshots go to MOBILESYNC_ARTEFACTS,
# t/artefacts of the build tree unless it is set.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use HTTP::Tiny;
use Test::More;
use MobileSync::Browser;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $policies = File::Temp->new;
chmod 0644, "$policies";
print $policies "[office]\naccounts = dora\nDevicePasswordEnabled = 1\n";
close $policies or die "$!\n";

my $server = MobileSync::Server->start(
    accounts => { map { $_ => 'secret' } 'anna', 'bert', 'carla', 'dora', q{<i>eve "x" & 'y'} },
    admin => 'root',
    settings => {
        MobileSyncBrakeItems => 20,
        MobileSyncFailedLogins => '3/day',
        MobileSyncPolicies => "$policies"
    }
);
my $admin = $server->admin;
my $artefacts = $ENV{MOBILESYNC_ARTEFACTS}
    // ( $ENV{top_builddir} // "$FindBin::Bin/../.." ) . '/t/artefacts';

# What a phone may call itself.
use constant EVIL => q{<img src=x onerror="document.title='pwned'">};

# --- what is served ---

my $authority = '127.0.0.1:' . $server->node->port;
my $url = "http://root:secret\@$authority/mobilesync-admin";
my $http = HTTP::Tiny->new( max_redirect => 0 );

subtest 'files' => sub {
    my %browser = ( headers => { Accept => 'text/html,*/*;q=0.8' } );
    my $answer = $http->get( $url, \%browser );
    is( $answer->{status}, 302, 'a browser is sent on' );
    is( $answer->{headers}{location}, '/mobilesync-admin/page/', 'to the page' );
    is( $http->get( "$url/page", \%browser )->{headers}{location},
        '/mobilesync-admin/page/', 'whose name ends with a slash' );
    is( $http->get("$url/")->{headers}{'content-type'}, 'application/json', 'a script is not' );

    $answer = $http->get("$url/page/");
    is( $answer->{status}, 200, 'the page' );
    my $headers = $answer->{headers};
    is( $headers->{'content-type'}, 'text/html; charset=utf-8', 'is HTML' );
    my %policy =
        map {/^(\S+) ?(.*)$/} split /; /, $headers->{'content-security-policy'};
    my $self = q{'self'};
    my $none = q{'none'};
    is_deeply(
        \%policy,
        {
            'default-src' => $none,
            ( map { ( "$_-src" => $self ) } qw(script style connect img) ),
            ( map { ( $_ => $none ) } qw(form-action frame-ancestors base-uri trusted-types) ),
            'require-trusted-types-for' => q{'script'}
        },
        'with a strict policy'
    );
    is( $headers->{'x-content-type-options'}, 'nosniff', 'nosniff' );
    is( $headers->{'referrer-policy'}, 'no-referrer', 'no referrer' );
    unlike( $answer->{content}, qr/<script>|<style|\son\w+=|style=/, 'nothing inline' );
    my @files = $answer->{content} =~ /(?:src|href)="([^"#]+)"/g;
    cmp_ok( scalar @files, '>', 2, 'it names files' );

    for my $file (@files) {
        my $part = $http->get("$url/page/$file");
        is( $part->{status}, 200, $file );
        push @files, grep {
            my $new = $_;
            !grep { $_ eq $new } @files
        } $part->{content} =~ m{from '\./([^']+)'}g;
        unlike( $part->{content}, qr{https?://(?!www\.w3\.org/2000/svg)},
            'nothing from elsewhere' );
        unlike(
            $part->{content},
            qr/innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
            'no HTML from text'
        );
        my @texts = $part->{content} =~ s/\$\{.*?\}//gr =~ /'([^'\n]*)'|`([^`\n]*)`/g;
        is_deeply( [ grep { defined && /\s/ && /wip(?:e|ing)/i } @texts ],
            [], 'what is erased is called so, and nothing is called a wipe' );
    }
    is( $http->get("$url/page/passwd")->{status}, 404, 'no other file' );
    is( $http->get("$url/page/..%2fpage.css")->{status}, 404, 'whatever its name' );
    is( $http->post("$url/page/")->{status}, 405, 'only GET' );
    is(
        $http->request( HEAD => "$url/page/" )->{headers}{'content-length'},
        length $answer->{content},
        'or HEAD'
    );
    is( $http->get("http://$authority/mobilesync-admin/page/")->{status},
        401, 'nothing without a password' );
};

# --- in the browser ---

SKIP: {
    skip 'chromium and its chromedriver are not installed', 1
        unless MobileSync::Browser::is_installed();
    mkdir $server->folder . '/browser';
    my $browser = MobileSync::Browser->start( folder => $server->folder . '/browser' );
    in_browser($browser);
    $browser->stop;
}
$server->done;
done_testing;

sub in_browser ($browser) {
    my $shot = 0;
    my $shoot = sub ($name) {
        $browser->screenshot( sprintf '%s/%02d-%s.png', $artefacts, ++$shot, $name );
    };
    my $confirm = sub ($label) { return [ 'dialog button:enabled', $label ] };
    my $notice_undo = [ '#notice button', 'Undo' ];
    my $go = sub ($hash) {
        $browser->script( 'location.hash = arguments[0]', $hash );
        $browser->find('main[data-state=shown]');
    };
    my $device_hash = sub ($phone) {"#/device/$phone->{user}/$phone->{device_id}"};
    my $last_action = sub { $admin->get( ['audit'] )->{json}{entries}[0] };
    my $is_fit = sub {
        $browser->script(
            'return document.documentElement.scrollWidth <= document.documentElement.clientWidth');
    };

    my ( $phone, $inbox ) = phone_with_mail( $server, account => 'anna', count => 25 );
    $phone->set_device_information( FriendlyName => "Anna's phone", Model => 'iPhone15,3' );
    $phone->initial_sync( $inbox, window_size => 10 );

    subtest 'the table' => sub {
        $browser->open("$url/");
        $browser->find('main[data-state=shown]');
        like( $browser->url, qr{/mobilesync-admin/page/$}, 'the page is there' );
        $browser->find( [ 'td a', $phone->{device_id} ] );
        is( $browser->text('.tile dd'), 1, 'one account' );
        my ($bert) = phone_with_mail( $server, account => 'bert', device_id => 'BERTSPHONE' );
        $bert->set_device_information( FriendlyName => EVIL, Model => "\x{202e}Pixel 9 <b>" );
        $bert->initial_sync( $bert->folder_of_type(INBOX)->{id} );
        $browser->find( [ 'td a', 'BERTSPHONE' ] );
        pass('a new device shows by itself');
        my ($carla) = phone_with_mail( $server, account => 'carla', device_id => 'CARLA2' );
        my ($eve) = phone_with_mail(
            $server,
            account => q{<i>eve "x" & 'y'},
            device_id => 'EVESPHONE'
        );
        $browser->find( [ 'td a', 'EVESPHONE' ] );
        like( join( "\n", @{ $browser->texts('td.phone') } ),
            qr/\Q@{[EVIL]}\E/, 'a hostile name is text' );
        is(
            $browser->script('return document.querySelectorAll("main img, main i, main b").length'),
            0, 'and nothing else'
        );
        $shoot->('devices');

        my $ping = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
        wait_until(
            'the waiting phone to be counted',
            sub {
                grep {/^Waiting phones1/} @{ $browser->texts('.tile') };
            }
        );
        $ping->hang_up;
        pass('a phone that waits is counted');
        ok( ( grep {/^Syncs a minute/} @{ $browser->texts('.tile') } ), 'as are Syncs' );

        $browser->type( '#search', 'pixel BERT' );
        is_deeply( $browser->texts('td.device'), ['BERTSPHONE'], 'the search' );
        $browser->type( '#search', 'nobody' );
        is_deeply( $browser->texts('td.device'), [], 'finds what there is' );
        like( $browser->text('.bar p'), qr/^0 of 4 devices/, 'and says how many' );
        $browser->type( '#search', ' ' );

        $browser->click( [ 'th button', 'Device' ] );
        my $devices = $browser->texts('td.device');
        is( $browser->script('return document.querySelector("th.device").ariaSort'),
            'ascending', 'sorted by device' );
        $browser->click( [ 'th button', 'Device' ] );
        is_deeply( $browser->texts('td.device'), [ reverse @$devices ], 'and the other way' );
        $browser->click( [ 'td a', q{<i>eve "x" & 'y'} ] );
        $browser->find( [ 'h1', q{<i>eve "x" & 'y'} ] );
        $browser->click( [ 'td a', 'EVESPHONE' ] );
        $browser->find( [ 'h1', 'EVESPHONE' ] );
        $browser->find('main[data-state=shown]');
        pass('odd names lead to their pages');
        unlike( $browser->script('return document.title'), qr/pwned/, 'and do nothing' );
    };

    subtest 'a reset and its undo' => sub {
        $go->( $device_hash->($phone) );
        $browser->find( [ 'td', 'Inbox' ] );
        $shoot->('device');
        $browser->click( [ 'button', 'Reset device' ] );
        $browser->find( $confirm->('Reset device') );
        my $plan = $browser->text('dialog .plan');
        my $dry = $admin->post( [ 'accounts', 'anna', 'devices', $phone->{device_id}, 'reset' ],
            query => { dry_run => 1 } )->{json};
        like( $plan, qr/Devices1Folders$dry->{folders}Items$dry->{items}/, 'shows the dry run' );
        like( $plan, qr/up to [\d.]+ [kM]?B/, 'and the size' );
        $shoot->('reset');
        $browser->click( [ 'dialog button', 'Cancel' ] );
        $browser->wait_gone('dialog');
        is( $phone->sync($inbox)->{status}, 1, 'cancelled, it does nothing' );
        $browser->click( [ 'button', 'Reset device' ] );
        $browser->click( $confirm->('Reset device') );
        $browser->find($notice_undo);
        $shoot->('undo');
        is( $phone->sync($inbox)->{status}, 3, 'confirmed, the phone begins again' );
        $browser->click($notice_undo);
        $browser->find( [ '#notice span', 'Reset device is undone.' ] );
        is( $phone->sync($inbox)->{status}, 1, 'undone, it goes on' );
        is( $browser->text('#notice'), 'Reset device is undone.✕', 'which is said' );
        is( $last_action->()->{action}, 'undo', 'on record' );

        $browser->click( [ 'button', 'Reset folder Inbox' ] );
        $browser->click( $confirm->('Reset folder') );
        $browser->find($notice_undo);
        is( $phone->sync($inbox)->{status}, 3, 'a folder begins again' );
        is( $phone->folder_sync->{status}, 1, 'the list of folders does not' );
        $phone->reset_collection($inbox);
        $phone->initial_sync($inbox);
        $browser->click($notice_undo);
        $browser->find('#notice span');
        like( $browser->text('#notice'), qr/could not be undone/, 'too late to undo' );
    };

    subtest 'with the keyboard alone' => sub {
        $go->('#/');
        $go->( $device_hash->($phone) );
        $browser->find( [ 'td', 'Inbox' ] );
        is( $browser->focused, $phone->{device_id}, 'the heading has the focus' );
        $browser->press('Tab');
        is( $browser->focused, 'Reset device', 'the first button is next' );
        $browser->press('Enter');
        $browser->find( $confirm->('Reset device') );
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
        $browser->find( $confirm->('Reset device') );
        $browser->press( 'Tab', 'Enter' );
        $browser->find($notice_undo);
        is( $browser->focused, 'Undo', 'the Undo has the focus' );
        is( $phone->sync($inbox)->{status}, 3, 'a reset' );
        $browser->press('Enter');
        $browser->find( [ '#notice span', 'Reset device is undone.' ] );
        is( $phone->sync($inbox)->{status}, 1, 'and its undo' );
    };

    subtest 'a removal' => sub {
        $go->( $device_hash->($phone) );
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
        $shoot->('remove');
        $browser->press('Enter');
        $browser->find($notice_undo);
        is( $admin->get( [ 'accounts', 'anna', 'devices', $phone->{device_id} ] )->{status},
            404, 'the device is removed' );
        $browser->find(
            [
                'p.card',
                'This device is not on the server: it was removed, or never synchronised.'
            ]
        );
        $shoot->('removed');

        $go->('#/audit');
        $browser->click( [ 'td button', 'Undo: Remove device of anna' ] );
        $browser->find( $confirm->('Undo') );
        $shoot->('audit');
        $browser->click( $confirm->('Undo') );
        $browser->find( [ '#notice span', 'Remove device is undone.' ] );
        is( $phone->sync($inbox)->{status}, 1, 'undone from the audit, the phone goes on' );
        $browser->wait_gone( [ 'td button', 'Undo: Remove device of anna' ] );
    };

    subtest 'suspension' => sub {
        $go->( $device_hash->($phone) );
        $browser->click( [ 'button', 'Suspend device' ] );
        $browser->type( '#reason', 'lost in a train' );
        $browser->find( $confirm->('Suspend device') );
        $shoot->('suspend');
        $browser->click( $confirm->('Suspend device') );
        $browser->find( [ '.badge', 'Suspended' ] );
        like(
            join( ' ', @{ $browser->texts('.undo li') } ),
            qr/Suspended by root, .*lost in a train/,
            'a banner says who and why'
        );
        is( $phone->exchange( $phone->request_bytes( command => 'Ping' ) )->status,
            503, 'the phone is sent away' );
        $phone->disconnect;
        $shoot->('suspended');
        $browser->click( [ 'button', 'Resume device' ] );
        $browser->click( $confirm->('Resume device') );
        $browser->find( [ 'button', 'Suspend device' ] );
        is( $phone->sync($inbox)->{status}, 1, 'resumed, it goes on' );
    };

    subtest 'access control' => sub {
        $go->( $device_hash->($phone) );
        $browser->click( [ 'button', 'Block device' ] );
        $browser->type( '#reason', 'sold' );
        $browser->find( $confirm->('Block device') );
        $shoot->('block');
        $browser->click( $confirm->('Block device') );
        $browser->find( [ '.badge', 'Blocked' ] );
        is( $phone->sync($inbox)->{status}, 12, 'the phone sees its folder no more' );
        $go->('#/access');
        $browser->find( [ 'td .badge', 'Blocked' ] );
        like(
            join( ' ', @{ $browser->texts('.access td') } ),
            qr/\Q$phone->{device_id}\E.*by root.*sold/,
            'the list has it'
        );
        $browser->click( [ 'button', 'Add rule …' ] );
        $browser->type( '#type', 'nothing(' );
        $browser->click( $confirm->('Continue') );
        $browser->find('dialog .wrong:not(:empty)');
        like( $browser->text('dialog .wrong'), qr{parenthes}, 'what is wrong with it' );
        $browser->type( '#type', 'nothing.*' );
        ok( $is_fit->(), 'it fits' );
        $shoot->('rule');
        $browser->click( $confirm->('Continue') );
        $browser->find( $confirm->('Set rule') );
        like( $browser->text('dialog .plan'), qr/another status by it0/, 'what it would do' );
        $browser->click( $confirm->('Set rule') );
        $browser->find( [ '.rules code', 'nothing.*' ] );
        ok( $is_fit->(), 'it fits' );
        $shoot->('access');
        $browser->click( [ '.rules button', 'Delete' ] );
        $browser->click( $confirm->('Delete rule') );
        $browser->find( [ '#notice span', 'The rule is deleted.' ] );
        $browser->click( [ '.access button', 'Forget' ] );
        $browser->click( $confirm->('Forget') );
        $browser->wait_gone( [ 'td .badge', 'Blocked' ] );
        is( $last_action->()->{action}, 'access.forget', 'the audit has it' );
        is( $phone->folder_sync->{status}, 9, 'the phone begins again' );
        $phone->{hierarchy_key} = '0';
        $phone->folder_sync;
        $phone->reset_collection($inbox);
        $phone->initial_sync($inbox);
    };

    subtest 'erasing' => sub {
        $go->( $device_hash->($phone) );
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
        ok( $is_fit->(), 'it fits' );
        $shoot->('erase');
        $browser->click( $confirm->('Erase phone') );
        $browser->find( [ '.undo strong', 'This phone is to be erased' ] );
        $browser->find( [ '.badge', 'To be erased' ] );
        is( $admin->get( device_path($phone) )->{json}{wipe}{reason}, 'stolen', 'it is noted' );
        is( $phone->sync($inbox)->{status}, 140, 'the phone is told' );
        $browser->click( [ '#notice button', 'Cancel erasing' ] );
        $browser->click( $confirm->('Cancel erasing') );
        $browser->find( [ 'button', 'Erase phone …' ] );
        is( $phone->sync($inbox)->{status}, 1, 'cancelled, it goes on' );

        $browser->click( [ 'button', 'Erase phone …' ] );
        $browser->click('#only');
        $browser->type( '#typed', $phone->{device_id} );
        $browser->click( $confirm->('Erase phone') );
        $browser->find( [ '.undo strong', 'The account on this phone is to be erased' ] );
        is( $admin->get( device_path($phone) )->{json}{wipe}{scope}, 'account', 'only that' );
        $phone->_provision(
            [ 'Provision:Provision', [ AccountOnlyRemoteWipe => [ Status => 1 ] ] ] );
        $browser->find( [ '.undo strong', 'The account on this phone is erased' ] );
        $browser->find( [ '.badge', 'Erased' ] );
        $shoot->('erased');
        $browser->click( [ 'button', 'Release device' ] );
        $browser->click( $confirm->('Release device') );
        $browser->find( [ 'button', 'Erase phone …' ] );
        is( $phone->sync($inbox)->{status}, 1, 'released' );
        is( $last_action->()->{action}, 'device.release', 'the audit has it' );
    };

    subtest 'a policy' => sub {
        my $dora = $server->client( account => 'dora', policy_key => '0' );
        $dora->provision;
        is( $dora->folder_sync->{status}, 1, 'a phone that acknowledged its policy' );
        $go->( $device_hash->($dora) );
        $browser->find( [ 'button', 'Provision anew' ] );
        my $shown = sub { join "\n", @{ $browser->texts('dl.facts dd') } };
        like( $shown->(), qr/^office: applied /m, 'the page says so' );
        $browser->click( [ 'button', 'Provision anew' ] );
        $browser->click( $confirm->('Provision anew') );
        $browser->wait_gone( [ 'button', 'Provision anew' ] );
        like( $shown->(), qr/^office: .*to be acknowledged anew$/m, 'and that it has to anew' );
        is( $dora->folder_sync->{status}, 144, 'has to do so anew' );
        is( $last_action->()->{action}, 'device.provision', 'the audit has it' );
        $admin->delete( device_path($dora) );
    };

    subtest 'limits' => sub {
        $go->('#/throttles');
        $browser->find( [ 'main p', 'No limit is reached at node0.' ] );
        for my $number ( 1 .. 4 ) {
            my $guess = $server->client( account => 'bert', password => "guess$number" );
            my $answer = $guess->exchange( $guess->request_bytes( method => 'OPTIONS' ) );
            is( $answer->status, $number < 4 ? 401 : 503, 'a guess' );
        }
        $browser->find( [ 'td', '127.0.0.1' ] );
        ok( ( grep {/failed logins/} @{ $browser->texts('.throttles tr') } ),
            'who is held back, and why' );
        ok( $is_fit->(), 'it fits' );
        $shoot->('limits');
        $browser->click( [ 'td button', 'Release' ] );
        $browser->click( $confirm->('Release') );
        $browser->find( [ '#notice span', '127.0.0.1 is released.' ] );
        $browser->find( [ 'main p', 'No limit is reached at node0.' ] );
        is( $last_action->()->{action}, 'throttle.release', 'the audit has it' );
        $browser->click( [ 'button', 'Release all' ] );
        $browser->click( $confirm->('Release all') );
        $browser->find( [ '#notice span', 'All are released.' ] );
        $go->('#/audit');
        $browser->find( [ 'td', 'Release limit' ] );
        ok( ( grep {/Release limit.*127\.0\.0\.1/} @{ $browser->texts('.audit tr') } ),
            'and shows whom' );
    };

    subtest 'who waits' => sub {
        my $ping = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
        $go->( $device_hash->($phone) );
        $browser->find( [ '.badge', 'Waiting' ] );
        ok( ( grep {/^Waits for mail.*for 10 min, at node0/} @{ $browser->texts('.facts div') } ),
            'a phone that waits, where and for how long' );
        $shoot->('waiting');
        $go->('#/');
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
        $go->( $device_hash->($phone) );
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
        $shoot->('why');
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
        $browser->click( $confirm->('Retry') );
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
        $go->( $device_hash->($phone) );
        $browser->click( [ 'button', "Profile \x{2026}" ] );
        $browser->find( $confirm->('Set profile') );
        $browser->type( '#window', '0' );
        $browser->click( $confirm->('Set profile') );
        $browser->find( [ '[role=alert]', 'window must be a number from 1 to 512, or none' ] );
        $browser->script('document.querySelector("#window").value = ""');
        $browser->type( '#window', '25' );
        $shoot->('profile');
        $browser->click( $confirm->('Set profile') );
        $browser->find( [ '#notice span', "The profile of device $phone->{device_id} is set." ] );
        wait_until( 'the page to show it', sub { $has->('at most 25 items at once') } );
        ok( $has->('set for this device: window'), 'a device of its own' );
    };

    subtest 'a trace and the bundle' => sub {
        $go->( $device_hash->($phone) );
        $browser->click( [ 'button', "Trace \x{2026}" ] );
        $browser->find( $confirm->('Start trace') );
        $shoot->('trace-start');
        $browser->click( $confirm->('Start trace') );
        $browser->find( [ 'button', 'Stop trace' ] );
        $server->mailbox('anna')->deliver( simple_mail( subject => 'hush' ) );
        $phone->sync($inbox);
        $browser->find('.trace .told summary');
        $browser->click('.trace .told summary');
        my $xml = $browser->text('.trace .told pre');
        like( $xml, qr{<SyncKey>}, 'what was answered' );
        unlike( $xml, qr/hush/, 'without its contents' );
        $browser->script('document.querySelector("#trace").scrollIntoView()');
        $shoot->('trace');
        $browser->click( [ 'button', 'Stop trace' ] );
        $browser->find( [ 'button', "Trace \x{2026}" ] );
        my $bundle = $browser->script(<<'END');
            const link = [...document.querySelectorAll('a[download]')][0];
            return fetch(link.href).then((answer) => answer.json()).then(({ device }) => device.device);
END
        is( $bundle, $phone->{device_id}, 'a link to the bundle' );
    };

    subtest 'more devices than are shown' => sub {
        my ($crowd) = phone_with_mail( $server, account => 'carla', device_id => 'CROWD' );
        my $redis = $server->redis;
        for my $number ( 1 .. 1_100 ) {
            my $id = sprintf 'CROWD%05d', $number;
            $redis->command( 'COPY', 'ms:{carla}:d:CROWD', "ms:{carla}:d:$id" );
            $redis->command( 'SADD', "ms:{carla}:i:$id", 'd' );
            $redis->command( 'SADD', 'ms:{carla}:devices', $id );
        }
        $go->('#/');
        $browser->find( [ '.bar p', 'the first 1,000 devices; the search looks through all' ] );
        like( join( "\n", @{ $browser->texts('.tile') } ), qr/^Devices1,000\+/m, 'there are more' );
        $browser->type( '#search', 'crowd01099 CARLA' );
        $browser->find( [ '.bar p', '1 found of all devices' ] );
        is_deeply( $browser->texts('td.device'), ['CROWD01099'], 'the search finds them' );
        $browser->type( '#search', ' ' );
        $browser->find( [ '.bar p', 'the first 1,000 devices; the search looks through all' ] );
        $shoot->('many');

        for my $number ( 1 .. 1_100 ) {
            my $id = sprintf 'CROWD%05d', $number;
            $redis->command( 'DEL', "ms:{carla}:d:$id", "ms:{carla}:i:$id" );
            $redis->command( 'SREM', 'ms:{carla}:devices', $id );
        }
    };

    subtest 'an account' => sub {
        $go->('#/account/anna');
        $browser->click( [ 'button', 'Reset account' ] );
        $browser->click( $confirm->('Reset account') );
        $browser->find($notice_undo);
        is( $phone->sync($inbox)->{status}, 3, 'its phone begins again' );
        $browser->find('.undo button');
        $shoot->('account');
        $browser->click('.undo button');
        $browser->click( $confirm->('Undo') );
        $browser->find( [ '#notice span', 'Reset account is undone.' ] );
        is( $phone->sync($inbox)->{status}, 1, 'and goes on' );
    };

    subtest 'narrow and dark' => sub {
        for my $scheme (qw(light dark)) {
            $browser->prefer($scheme);
            my $is_dark = $browser->script(<<'END');
                const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g);
                return Number(r) + Number(g) + Number(b) < 384;
END
            is( $is_dark ? 'dark' : 'light', $scheme, "$scheme as is preferred" );
            for my $width ( 375, 1280 ) {
                $browser->resize( $width, $width < 600 ? 812 : 860 );
                for my $hash ( '#/', $device_hash->($phone), '#/audit' ) {
                    $go->($hash);
                    ok( $is_fit->(), "$hash fits $width px" );
                    $shoot->( join '-', $scheme, $width, $hash =~ m{/(\w+)} ? $1 : 'devices' );
                }
                $go->( $device_hash->($phone) );
                $browser->click( [ 'button', 'Remove device' ] );
                $browser->find('dialog .plan dl');
                ok( $is_fit->(), 'so does a dialog' );
                $shoot->("$scheme-$width-dialog") if $width < 600;
                $browser->press('Escape');
                $browser->wait_gone('dialog');
            }
        }
        is_deeply( contrasts($browser), [], 'texts can be read' );
    };

    subtest 'a mass change' => sub {
        my ( $careless, $folder ) = synced_phone( $server, count => 25 );
        my @all = map { $careless->delete_of($_) } keys %{ $careless->items($folder) };
        $server->allow_errors(qr/it is paused until an administrator/);
        is( $careless->sync( $folder, commands => \@all )->{status}, 5, 'a folder is paused' );
        $go->( $device_hash->($careless) );
        $browser->click( [ 'button', 'Approve' ] );
        $browser->find( $confirm->('Approve') );
        $shoot->('paused');
        $browser->click( $confirm->('Approve') );
        $browser->find(
            [ '#notice span', "The removal is approved; the phone\x{2019}s next try is done." ] );
        is( $careless->sync( $folder, commands => \@all )->{status}, 1, 'approved, it is done' );
    };

    subtest 'Redis away' => sub {
        $server->allow_errors(qr/./);
        $go->('#/');
        $server->redis->stop;
        $browser->find('#live.stale');
        ok( $browser->is_there('td.device'), 'the last state stays' );
        $shoot->('redis-away');
        $server->redis->start;
        $browser->find('#live.fresh');
        $browser->wait_gone('#trouble');
        pass('it comes back by itself');
    };
    is_deeply( [ grep { !/status of (?:400|404|409|503)/ } $browser->complaints ],
        [], 'no complaint of the browser, no breach of the policy' );
    return;
}

# Texts whose contrast to what is behind them is below 4.5 : 1 (WCAG 2, AA).
sub contrasts ($browser) {
    return $browser->script(<<'END');
        const parse = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
        const light = ([r, g, b]) => [[r, 0.2126], [g, 0.7152], [b, 0.0722]].reduce((sum, [c, w]) => {
            c /= 255;
            return sum + w * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        }, 0);
        const behind = (element) => {
            for (let e = element; e; e = e.parentElement) {
                const color = parse(getComputedStyle(e).backgroundColor);
                if (color.length === 3 || color[3] === 1) return color;
            }
            return [255, 255, 255];
        };
        return [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility()
            && !e.disabled && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((e) => {
                const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                return ratio < 4.5 ? `${e.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}` : null;
            }).filter(Boolean);
END
}
