#!/usr/bin/perl
# The admin page in a real browser: the table of devices, odd names, sizes, colours.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use HTTP::Tiny;
use Test::More;
use MobileSync::AdminPage;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start(
    accounts => { map { $_ => 'secret' } 'anna', 'bert', 'carla', q{<i>eve "x" & 'y'} },
    admin => 'root'
);

# What a phone may call itself.
use constant EVIL => q{<img src=x onerror="document.title='pwned'">};

# --- what is served ---

my $url = MobileSync::AdminPage::url($server);
my ($authority) = $url =~ m{@([^/]+)};
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

if ( !MobileSync::Browser::is_installed() ) {
    note('chromium and its chromedriver are not installed');
    $server->done;
    done_testing;
    exit;
}
my ( $page, $phone, $inbox ) = page_with_phone($server);
my $browser = $page->browser;

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
    is( $browser->script('return document.querySelectorAll("main img, main i, main b").length'),
        0, 'and nothing else' );
    $page->shoot('devices');

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

subtest 'more devices than are shown' => sub {
    my ($crowd) = phone_with_mail( $server, account => 'carla', device_id => 'CROWD' );
    my $redis = $server->redis;
    for my $number ( 1 .. 1_100 ) {
        my $id = sprintf 'CROWD%05d', $number;
        $redis->command( 'COPY', 'ms:{carla}:d:CROWD', "ms:{carla}:d:$id" );
        $redis->command( 'SADD', "ms:{carla}:i:$id", 'd' );
        $redis->command( 'SADD', 'ms:{carla}:devices', $id );
    }
    $page->go('#/');
    $browser->find( [ '.bar p', 'the first 1,000 devices; the search looks through all' ] );
    like( join( "\n", @{ $browser->texts('.tile') } ), qr/^Devices1,000\+/m, 'there are more' );
    $browser->type( '#search', 'crowd01099 CARLA' );
    $browser->find( [ '.bar p', '1 found of all devices' ] );
    is_deeply( $browser->texts('td.device'), ['CROWD01099'], 'the search finds them' );
    $browser->type( '#search', ' ' );
    $browser->find( [ '.bar p', 'the first 1,000 devices; the search looks through all' ] );
    $page->shoot('many');

    for my $number ( 1 .. 1_100 ) {
        my $id = sprintf 'CROWD%05d', $number;
        $redis->command( 'DEL', "ms:{carla}:d:$id", "ms:{carla}:i:$id" );
        $redis->command( 'SREM', 'ms:{carla}:devices', $id );
    }
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
            for my $hash ( '#/', device_hash($phone), '#/audit' ) {
                $page->go($hash);
                ok( $page->is_fit, "$hash fits $width px" );
                $page->shoot( join '-', $scheme, $width, $hash =~ m{/(\w+)} ? $1 : 'devices' );
            }
            $page->go( device_hash($phone) );
            $browser->click( [ 'button', 'Remove device' ] );
            $browser->find('dialog .plan dl');
            ok( $page->is_fit, 'so does a dialog' );
            $page->shoot("$scheme-$width-dialog") if $width < 600;
            $browser->press('Escape');
            $browser->wait_gone('dialog');
        }
    }
    is_deeply( $page->contrasts, [], 'texts can be read' );
};

subtest 'Redis away' => sub {
    $server->allow_errors(qr/./);
    $page->go('#/');
    $server->redis->stop;
    $browser->find('#live.stale');
    ok( $browser->is_there('td.device'), 'the last state stays' );
    $page->shoot('redis-away');
    $server->redis->start;
    $browser->find('#live.fresh');
    $browser->wait_gone('#trouble');
    pass('it comes back by itself');
};

$page->done;
done_testing;
