# One HTTP/1.1 connection, TCP or TLS, under full control of the test.
#
# HTTP::Tiny and LWP hide what these tests are about: which bytes go out and when, a
# request that ends half-way, an answer nobody reads, two requests in one write, and
# whether the server keeps to Content-Length. Reading is strict: a response whose end
# is not given by Content-Length (or by its status) is an error.
package EAS::HTTP;
use v5.36;
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes ();

use constant { CHUNK => 65_536, MAX_HEAD => 65_536, DEFAULT_TIMEOUT => 60 };

# host, port; ca: a file of the CA to trust, which also asks for TLS; timeout: seconds
# without a byte after which reading and writing give up (a guard against hanging tests).
sub new ( $class, %option ) {
    my $self = bless {
        host => $option{host} // '127.0.0.1',
        port => $option{port} // die("EAS::HTTP: no port\n"),
        ca => $option{ca},
        timeout => $option{timeout} // DEFAULT_TIMEOUT,
        buffer => '',
    }, $class;
    return $self->connect;
}

sub connect ($self) {
    my %peer = ( PeerAddr => $self->{host}, PeerPort => $self->{port} );
    $peer{Timeout} = $self->{timeout};
    $self->{buffer} = '';
    $self->{ended} = 0;
    $self->{answers} = 0;
    if ( defined $self->{ca} ) {
        require IO::Socket::SSL;
        $self->{socket} = IO::Socket::SSL->new( %peer, SSL_ca_file => $self->{ca} );
    }
    else {
        $self->{socket} = IO::Socket::INET->new( %peer, Proto => 'tcp' );
    }
    if ( !$self->{socket} ) {
        my $why = defined $self->{ca} ? IO::Socket::SSL::errstr() : $@;
        die "cannot connect to $self->{host}:$self->{port}: $why\n";
    }
    $self->{socket}->blocking(0);
    return $self;
}

sub is_open ($self) { return defined $self->{socket} }

sub close ($self) {
    my $socket = delete $self->{socket} or return;
    $socket->close;
    return;
}

# Ends the connection with RST, as a phone that vanished does.
sub abort ($self) {
    my $socket = delete $self->{socket} or return;
    setsockopt $socket, Socket::SOL_SOCKET(), Socket::SO_LINGER(), pack( 'ii', 1, 0 );
    $socket->close;
    return;
}

# No more bytes will be sent; the answer can still be read. TCP only.
sub finish_writing ($self) { return shutdown $self->{socket}, 1 }

# Sends bytes as they are. Dies where the peer hung up.
sub write ( $self, $bytes ) {
    local $SIG{PIPE} = 'IGNORE';
    my $offset = 0;
    while ( $offset < length $bytes ) {
        my $sent = syswrite $self->{socket}, $bytes, CHUNK, $offset;
        if ( defined $sent ) {
            $offset += $sent;
            next;
        }
        $self->_wait_or_die('writing');
    }
    return;
}

# Whether a byte of an answer, or the end of the connection, is there within so many seconds. With
# TLS the socket may be readable for a record that carries none, such as a session ticket.
sub readable ( $self, $seconds = 0 ) {
    my $end = Time::HiRes::time() + $seconds;
    my $select = IO::Select->new( $self->{socket} );
    while (1) {
        return 1 if length $self->{buffer} || $self->{ended};
        my $left = $end - Time::HiRes::time();
        return 0 unless $self->_pending || $select->can_read( $left > 0 ? $left : 0 );
        my $read = sysread $self->{socket}, $self->{buffer}, CHUNK, length $self->{buffer};
        $self->{ended} = 1 unless $read || !defined $read && $self->_would_block;
        return 0 if !$read && !$self->{ended} && $left <= 0;
    }
}

# After a read or write that failed: whether it is to be tried again later.
sub _would_block ($self) {
    return 1 if $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
    return 0 unless defined $self->{ca};
    my $error = $IO::Socket::SSL::SSL_ERROR // 0;
    return $error == IO::Socket::SSL::SSL_WANT_READ()
        || $error == IO::Socket::SSL::SSL_WANT_WRITE();
}

# Whether the server ended the idle connection. Call only when no answer is due.
sub is_stale ($self) {
    return 1 unless $self->is_open;
    return $self->readable && $self->{ended};
}

# Whether the server ended a connection that it had kept, before any byte of the answer that is due.
# Until then it may do so at any time, and nobody can tell whether it read the request.
sub was_cut_idle ($self) {
    return $self->{ended} && $self->{answers} && !length $self->{buffer};
}

# --- reading ---

# The next response: { version, status, reason, headers (see header()), body, raw_head }.
# method: HEAD responses have no body; on_body: called with each piece of the body.
sub read_response ( $self, %option ) {
    my $response;
    do { $response = $self->_read_head } while $response->{status} =~ /^1/;
    $self->{answers}++;
    if ( _ends_with_connection($response) ) {
        $response->{body} = $self->read_to_end;
        $self->close;
        return $response;
    }
    my $length = _body_length( $response, $option{method} // 'POST' );
    while ( length $self->{buffer} < $length ) {
        $self->_fill
            or die sprintf "the connection ended after %d of %d bytes of the body\n",
            length $self->{buffer}, $length;
        $option{on_body}->( length $self->{buffer}, $length ) if $option{on_body};
    }
    $response->{body} = substr $self->{buffer}, 0, $length, '';
    $self->close if lc( $response->header('Connection') // '' ) eq 'close';
    return $response;
}

sub _read_head ($self) {
    my $end;
    while ( ( $end = index $self->{buffer}, "\r\n\r\n" ) < 0 ) {
        die "the response head exceeds @{[MAX_HEAD]} bytes\n" if length $self->{buffer} > MAX_HEAD;
        $self->_fill
            or die sprintf "the connection ended before the response (%d bytes read)\n",
            length $self->{buffer};
    }
    my $head = substr $self->{buffer}, 0, $end + 4, '';
    my ( $status_line, @lines ) = split /\r\n/, $head;
    my ( $version, $status, $reason ) = $status_line =~ m{^HTTP/(1\.[01]) (\d{3})(?: (.*))?$}
        or die "not an HTTP response: '$status_line'\n";
    my @headers = map { [/^([^\s:]+):\s*(.*?)\s*$/] } @lines;
    die "bad header in:\n$head" if grep { @$_ != 2 } @headers;
    return bless {
        version => $version,
        status => $status,
        reason => $reason // '',
        headers => \@headers,
        raw_head => $head,
        },
        'EAS::HTTP::Response';
}

# httpd's own page for an error after which it closes (413) has no length. Only there is it well.
sub _ends_with_connection ($response) {
    return
           $response->{status} =~ /^[45]/
        && lc( $response->header('Connection') // '' ) eq 'close'
        && !defined $response->header('Content-Length')
        && !defined $response->header('Transfer-Encoding');
}

# How long the body is; dies where only the end of the connection would tell.
sub _body_length ( $response, $method ) {
    return 0 if $method eq 'HEAD' || $response->{status} =~ /^(?:204|304)$/;
    my @lengths = $response->headers('Content-Length');
    my $head = $response->{raw_head};
    die "Transfer-Encoding is not for EAS (MS-ASHTTP 2.2.2.1.2.3):\n$head"
        if defined $response->header('Transfer-Encoding');
    die "no Content-Length (MS-ASHTTP 2.2.2.1.2.3):\n$head" unless @lengths;
    die "bad Content-Length:\n$head" if @lengths > 1 || $lengths[0] !~ /^\d+$/;
    return $lengths[0];
}

# Whatever comes until the server closes, uninterpreted.
sub read_to_end ($self) {
    1 while $self->_fill;
    return delete $self->{buffer};
}

# Adds what is there to the buffer, waiting for at least one byte. False at the end.
sub _fill ($self) {
    die "the connection is closed\n" unless $self->{socket};
    return 0 if $self->{ended};
    while (1) {
        my $read = sysread $self->{socket}, $self->{buffer}, CHUNK, length $self->{buffer};
        return $read if $read;
        if ( defined $read || $!{ECONNRESET} ) {
            $self->{ended} = 1;
            return 0;
        }
        $self->_wait_or_die('reading');
    }
}

sub _pending ($self) { return defined $self->{ca} && $self->{socket}->pending }

# After a read or write that could not go on.
sub _wait_or_die ( $self, $doing ) {
    my $select = IO::Select->new( $self->{socket} );
    my $ready;
    if ( defined $self->{ca} && $IO::Socket::SSL::SSL_ERROR ) {
        my $error = $IO::Socket::SSL::SSL_ERROR;
        $ready =
              $error == IO::Socket::SSL::SSL_WANT_READ() ? $select->can_read( $self->{timeout} )
            : $error == IO::Socket::SSL::SSL_WANT_WRITE() ? $select->can_write( $self->{timeout} )
            : die "$doing: TLS: $error\n";
    }
    elsif ( $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR ) {
        $ready =
              $doing eq 'reading'
            ? $select->can_read( $self->{timeout} )
            : $select->can_write( $self->{timeout} );
    }
    else {
        my $fault = "$doing: $!\n";
        $self->{ended} = 1 if $!{EPIPE} || $!{ECONNRESET};
        die $fault;
    }
    die "$doing: nothing for $self->{timeout} seconds\n" unless $ready;
    return;
}

package EAS::HTTP::Response;
use v5.36;

# Values of all headers of a name, in order.
sub headers ( $self, $name ) {
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
}

# The first one, or undef.
sub header ( $self, $name ) { return ( $self->headers($name) )[0] }

sub status ($self) { return $self->{status} }
sub body ($self) { return $self->{body} }

# The body with its Content-Encoding undone.
sub content ($self) {
    my $encoding = $self->header('Content-Encoding') // return $self->{body};
    die "Content-Encoding '$encoding'\n" unless lc $encoding eq 'gzip';
    require IO::Uncompress::Gunzip;
    my $content;
    IO::Uncompress::Gunzip::gunzip( \$self->{body}, \$content )
        or die "gzip: $IO::Uncompress::Gunzip::GunzipError\n";
    return $content;
}

1;
