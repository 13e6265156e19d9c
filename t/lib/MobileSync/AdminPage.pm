# The admin page of a server in a browser of its own:
#
#   my $page = MobileSync::AdminPage->start($server);
#   $page->go( device_hash($phone) );
#   $page->browser->click( [ 'button', 'Reset device' ] );
#   $page->browser->click( confirm('Reset device') );
#   $page->done;                              # ends browser and server, with their checks
#
# Screenshots go to MOBILESYNC_ARTEFACTS, t/artefacts of the build tree unless it is set.
package MobileSync::AdminPage;
use v5.36;
use Exporter 'import';
use FindBin ();
use Test::More ();
use MobileSync::Browser;
use MobileSync::Scenario ();

our @EXPORT = qw(confirm device_hash page_with_phone UNDO);

# What a notice offers.
use constant UNDO => [ '#notice button', 'Undo' ];

# Where a server's administration is, with a login.
sub url ($server) {
    my $authority = '127.0.0.1:' . $server->node->port;
    return "http://root:secret\@$authority/mobilesync-admin";
}

# server: made with admin => 'root'.
sub start ( $class, $server ) {
    my $folder = $server->folder . '/browser';
    mkdir $folder;
    my $build = $ENV{top_builddir} // "$FindBin::Bin/../..";
    return bless {
        server => $server,
        browser => MobileSync::Browser->start( folder => $folder ),
        artefacts => $ENV{MOBILESYNC_ARTEFACTS} // "$build/t/artefacts",
        shots => 0
    }, $class;
}

# The page of a server, a phone of anna's that has some of the 25 mails of her Inbox, and that folder's id.
sub page_with_phone ($server) {
    my $page = __PACKAGE__->start($server);
    my ( $phone, $inbox ) =
        MobileSync::Scenario::phone_with_mail( $server, account => 'anna', count => 25 );
    $phone->set_device_information( FriendlyName => "Anna's phone", Model => 'iPhone15,3' );
    $phone->initial_sync( $inbox, window_size => 10 );
    return ( $page, $phone, $inbox );
}

sub browser ($self) { return $self->{browser} }

# The button of a dialog that does it, once it can be pressed.
sub confirm ($label) { return [ 'dialog button:enabled', $label ] }

# Where a phone's device is shown.
sub device_hash ($phone) { return "#/device/$phone->{user}/$phone->{device_id}" }

# Shows a part of the page, opened before or now.
sub go ( $self, $hash ) {
    my $browser = $self->{browser};
    $browser->open( url( $self->{server} ) . '/page/' ) unless $self->{is_open}++;
    $browser->script( 'location.hash = arguments[0]', $hash );
    $browser->find('main[data-state=shown]');
    return;
}

sub shoot ( $self, $name ) {
    my $test = $FindBin::Script =~ s/\.t\z//r;
    return $self->{browser}->screenshot( sprintf '%s/%s-%02d-%s.png',
        $self->{artefacts}, $test, ++$self->{shots}, $name );
}

# The page is no wider than the window.
sub is_fit ($self) {
    return $self->{browser}->script(
        'return document.documentElement.scrollWidth <= document.documentElement.clientWidth');
}

# The newest entry of the audit stream.
sub last_action ($self) { return $self->{server}->admin->get( ['audit'] )->{json}{entries}[0] }

# Texts whose contrast to what is behind them is below 4.5 : 1 (WCAG 2, AA).
sub contrasts ($self) {
    return $self->{browser}->script(<<'END');
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

# The end: one test for what the browser complained of, one for the servers.
sub done ($self) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is_deeply(
        [ grep { !/status of (?:400|404|409|503)/ } $self->{browser}->complaints ],
        [], 'no complaint of the browser, no breach of the policy' );
    $self->{browser}->stop;
    $self->{server}->done;
    return;
}

1;
