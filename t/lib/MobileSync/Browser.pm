# A real browser: headless Chromium, driven over the W3C WebDriver protocol of its chromedriver.
#
#   my $browser = MobileSync::Browser->start( folder => $folder ) // plan skip_all => ...;
#   $browser->open($url);
#   $browser->click('button.primary');
#
# Elements are named by CSS selectors, or by [ selector, text ]: the first one that is visible and
# whose text (or label) is that. What is not there yet is awaited.
package MobileSync::Browser;
use v5.36;
use File::Path ();
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 ();
use MobileSync::Process qw(find_program wait_until);

# WebDriver 17.4.2: keys that are no characters.
my %KEYS = (
    Tab => "\x{e004}",
    Enter => "\x{e007}",
    Shift => "\x{e008}",
    Escape => "\x{e00c}",
    Space => ' ',
    Backspace => "\x{e003}",
);

# Finds what is meant. Arguments: selector, text or null.
my $FIND = <<'END';
    const [selector, text] = arguments;
    return [...document.querySelectorAll(selector)].find((element) =>
        element.checkVisibility() && (text === null
            || [element.textContent.trim(), element.getAttribute('aria-label')].includes(text)))
        ?? null;
END

# Whether there is a browser to drive.
sub is_installed {
    return find_program('chromedriver') && find_program(qw(chromium chromium-browser chrome));
}

# folder: where the browser's files go; it has to be there.
sub start ( $class, %option ) {
    my $self = bless { owner => $$, http => HTTP::Tiny->new( timeout => 120 ), %option }, $class;
    my $folder = $self->{folder};
    my $socket = IO::Socket::INET->new( Listen => 1, LocalAddr => '127.0.0.1' )
        or die "no free port: $!\n";
    $self->{url} = 'http://127.0.0.1:' . $socket->sockport;
    close $socket;
    $self->{process} = MobileSync::Process->new(
        command => [ find_program('chromedriver'), '--port=' . $self->{url} =~ s/.*://r ],
        log => "$folder/chromedriver.log",
        environment => {
            HOME => $folder,
            TMPDIR => $folder,
            XDG_CONFIG_HOME => "$folder/config",
            XDG_CACHE_HOME => "$folder/cache",
            LC_ALL => 'C.UTF-8',
            TZ => 'UTC'
        }
    );
    wait_until(
        'chromedriver to start',
        sub {
            die "chromedriver ended; see $folder/chromedriver.log\n"
                unless $self->{process}->is_running;
            return eval { $self->_request( GET => '/status' )->{ready} };
        }
    );
    $self->_open_session;
    return $self;
}

# Without Chromium's sandbox: root and most containers cannot have it, and no pages but the test
# server's are opened.
sub _open_session ($self) {
    my @arguments = (
        qw(--headless=new --disable-gpu --disable-quic --no-first-run
            --disable-background-networking --disable-component-update --disable-sync
            --disable-dev-shm-usage --no-sandbox --lang=en),
        '--window-size=1280,860',
        "--user-data-dir=$self->{folder}/profile"
    );
    my $session = $self->_request(
        POST => '/session',
        {
            capabilities => {
                alwaysMatch => {
                    browserName => 'chrome',
                    'goog:loggingPrefs' => { browser => 'ALL' },
                    'goog:chromeOptions' => {
                        binary => find_program(qw(chromium chromium-browser chrome)),
                        args => \@arguments
                    }
                }
            }
        }
    );
    $self->{session} = "/session/$session->{sessionId}";
    return;
}

# One command; its value. Dies with the error.
sub _request ( $self, $method, $path, $body = undef ) {
    my %content = (
        headers => { 'Content-Type' => 'application/json' },
        content => JSON::PP->new->utf8->encode( $body // {} )
    );
    my $response =
        $self->{http}->request( $method, $self->{url} . $path, $method eq 'POST' ? \%content : {} );
    die "$method $path: $response->{content}\n" if $response->{status} == 599;
    my $value = JSON::PP->new->utf8->decode( $response->{content} )->{value};
    die "$path: $value->{error}: $value->{message}\n" unless $response->{success};
    return $value;
}

sub _post ( $self, $command, $body = undef ) {
    return $self->_request( POST => "$self->{session}/$command", $body );
}

# --- looking ---

sub open ( $self, $url ) { return $self->_post( url => { url => $url } ) }
sub url ($self) { return $self->_request( GET => "$self->{session}/url" ) }

# What the script returns; it gets the arguments as its own.
sub script ( $self, $script, @arguments ) {
    return $self->_post( 'execute/sync', { script => $script, args => \@arguments } );
}

sub _find ( $self, $what ) {
    my ( $selector, $text ) = ref $what ? @$what : ( $what, undef );
    return $self->script( $FIND, $selector, $text );
}

sub is_there ( $self, $what ) { return defined $self->_find($what) }

# Waits until it is there; returns it.
sub find ( $self, $what ) {
    my $found;
    my $name = ref $what ? join( ' ', @$what ) : $what;
    wait_until( "'$name' in the browser", sub { defined( $found = $self->_find($what) ) } );
    return $found;
}

sub wait_gone ( $self, $what ) {
    my $name = ref $what ? join( ' ', @$what ) : $what;
    wait_until( "'$name' to go", sub { !$self->is_there($what) } );
    return;
}

sub text ( $self, $what ) {
    return $self->script( 'return arguments[0].textContent', $self->find($what) );
}

# The texts of all elements of the selector.
sub texts ( $self, $selector ) {
    return $self->script(
        'return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)',
        $selector );
}

# Text, or label, of the element that has the focus.
sub focused ($self) {
    return $self->script(<<'END');
        const e = document.activeElement;
        return e?.getAttribute('aria-label') ?? (e?.id || e?.textContent.trim()) ?? '';
END
}

# Lines of the browser's console that tell of something wrong, a breach of the policy among them.
sub complaints ($self) {
    my $log = $self->_post( 'se/log', { type => 'browser' } );
    return map {"$_->{level}: $_->{message}"}
        grep { $_->{level} =~ /^(?:SEVERE|WARNING)$/ } @$log;
}

# --- doing ---

sub _element_id ($element) { return ( values %$element )[0] }

sub click ( $self, $what ) {
    my $id = _element_id( $self->find($what) );
    return $self->_post("element/$id/click");
}

# Into a field, in the place of what it has.
sub type ( $self, $what, $text ) {
    my $id = _element_id( $self->find($what) );
    $self->_post("element/$id/clear");
    return $self->_post( "element/$id/value", { text => $text } );
}

# Keys one after another, wherever the focus is: names of %KEYS, 'Shift+Tab', or texts.
sub press ( $self, @keys ) {
    my @actions;
    for my $key (@keys) {
        my @chord = map { $KEYS{$_} // split // } split /(?<=.)\+/, $key;
        push @actions, map { { type => 'keyDown', value => $_ } } @chord;
        push @actions, map { { type => 'keyUp', value => $_ } } reverse @chord;
    }
    return $self->_post( actions =>
            { actions => [ { type => 'key', id => 'keyboard', actions => \@actions } ] } );
}

# --- how it looks ---

sub _devtools ( $self, $command, %parameters ) {
    return $self->_post( 'goog/cdp/execute', { cmd => $command, params => \%parameters } );
}

# The size of the viewport; a narrow one is that of a phone.
sub resize ( $self, $width, $height ) {
    $self->_devtools(
        'Emulation.setDeviceMetricsOverride',
        width => $width,
        height => $height,
        deviceScaleFactor => 1,
        mobile => $width < 600 ? JSON::PP::true : JSON::PP::false
    );
    return;
}

# 'dark' or 'light'.
sub prefer ( $self, $scheme ) {
    $self->_devtools( 'Emulation.setEmulatedMedia',
        features => [ { name => 'prefers-color-scheme', value => $scheme } ] );
    return;
}

# PNG.
sub screenshot ( $self, $file ) {
    File::Path::make_path( $file =~ s{/[^/]*\z}{}r );
    CORE::open my $out, '>:raw', $file or die "$file: $!\n";
    print $out MIME::Base64::decode_base64(
        $self->_request( GET => "$self->{session}/screenshot" ) );
    close $out or die "$file: $!\n";
    return;
}

# --- the end ---

# The browser ends with its session; chromedriver by its pid.
sub stop ($self) {
    my $session = delete $self->{session};
    eval { $self->_request( DELETE => $session ) } if $session;
    my $process = delete $self->{process} or return;
    $process->stop;
    # Its process group is its own: a browser that outlived the session is still in it.
    kill TERM => -$process->pid;
    return;
}

sub DESTROY ($self) {
    return if $self->{owner} != $$;
    local ( $?, $@ );
    $self->stop;
    return;
}

1;
