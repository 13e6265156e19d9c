# An SMTP server with TLS that keeps what it is given:
#
#   my $smtp = MobileSync::Smtp->new( certificates => $files, starttls => 1 );
#   ... MobileSyncSmtp => 'smtp://127.0.0.1:' . $smtp->port ...
#   my @sessions = $smtp->sessions;      # { tls, auth, from, to => [ ... ], message, commands }
package MobileSync::Smtp;
use v5.36;
use File::Temp ();
use IO::Socket::INET;
use IO::Socket::SSL ();
use JSON::PP ();
use MIME::Base64 ();
use POSIX ();

# Gives up on a client that says nothing: an end for a test that fails.
use constant PATIENCE => 60;

# certificates: { certificate, key } files. starttls: offers it; tls: from the first byte.
sub new ( $class, %option ) {
    my $folder = File::Temp->newdir( 'mobilesync-smtp-XXXXXX', TMPDIR => 1 );
    my $listener = IO::Socket::INET->new( Listen => 5, LocalAddr => '0.0.0.0' )
        or die "no free port: $!\n";
    my $self = bless {
        %option,
        folder => $folder,
        port => $listener->sockport,
        owner => $$,
        parent => $$
    }, $class;
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        $folder->unlink_on_destroy(0);
        local $SIG{TERM} = 'DEFAULT';
        local $SIG{PIPE} = 'IGNORE';
        eval { $self->_serve($listener); 1 } or print STDERR "# SMTP server: $@";
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return $self;
}

sub port ($self) { return $self->{port} }

# Every session so far, oldest first.
sub sessions ($self) {
    my @sessions;
    for my $file ( sort glob "$self->{folder}/*.json" ) {
        open my $handle, '<:raw', $file or die "$file: $!\n";
        local $/;
        push @sessions, JSON::PP::decode_json( readline $handle );
    }
    return @sessions;
}

# --- the server's process ---

sub _serve ( $self, $listener ) {
    my $number = 0;
    while ( getppid == $self->{parent} ) {
        $listener->timeout(1);
        my $socket = $listener->accept // next;
        my $session = { tls => 0, commands => [] };
        alarm PATIENCE;
        eval { $self->_converse( $socket, $session ) };
        $session->{error} = "$@" if $@;
        alarm 0;
        my $file = sprintf '%s/%05d', $self->{folder}, $number++;
        open my $handle, '>:raw', $file or die "$file: $!\n";
        print $handle JSON::PP->new->canonical->encode($session);
        close $handle or die "$file: $!\n";
        rename $file, "$file.json" or die "$file: $!\n";
    }
    return;
}

sub _start_tls ( $self, $socket, $session ) {
    IO::Socket::SSL->start_SSL(
        $socket,
        SSL_server => 1,
        SSL_cert_file => $self->{certificates}{certificate},
        SSL_key_file => $self->{certificates}{key}
    ) or die "TLS: $IO::Socket::SSL::SSL_ERROR\n";
    $session->{tls} = 1;
    return;
}

sub _converse ( $self, $socket, $session ) {
    my $say = sub (@lines) { print $socket map {"$_\r\n"} @lines };
    $self->_start_tls( $socket, $session ) if $self->{tls};
    $say->('220 smtp.example ESMTP');
    while ( defined( my $line = readline $socket ) ) {
        $line =~ s/\r\n\z//;
        push @{ $session->{commands} }, $line;
        my $command = uc $line =~ s/ .*//r;
        if ( $command eq 'EHLO' ) {
            my @offers = ( 'AUTH PLAIN', '8BITMIME' );
            push @offers, 'STARTTLS' if $self->{starttls} && !$session->{tls};
            $say->( '250-smtp.example', ( map {"250-$_"} @offers ), '250 SIZE' );
        }
        elsif ( $command eq 'STARTTLS' ) {
            $say->('220 go on');
            $self->_start_tls( $socket, $session );
        }
        elsif ( $command eq 'AUTH' ) {
            my $secret = $line =~ /^AUTH PLAIN (\S+)/i ? $1 : do {
                $say->('334 ');
                readline($socket) =~ s/\r\n\z//r;
            };
            $session->{auth} = MIME::Base64::decode_base64($secret) =~ s/\0/ /gr;
            $say->('235 welcome');
        }
        elsif ( $line =~ /^MAIL FROM:<(.*?)>/i ) {
            $session->{from} = $1;
            $say->('250 ok');
        }
        elsif ( $line =~ /^RCPT TO:<(.*?)>/i ) {
            push @{ $session->{to} }, $1;
            $say->('250 ok');
        }
        elsif ( $command eq 'DATA' ) {
            $say->('354 go on');
            $session->{message} = _message($socket);
            $say->('250 queued');
        }
        elsif ( $command eq 'QUIT' ) {
            $say->('221 bye');
            last;
        }
        else {
            $say->('502 what?');
        }
    }
    close $socket;
    return;
}

# As base64, since it is bytes.
sub _message ($socket) {
    my $message = '';
    while ( defined( my $line = readline $socket ) ) {
        return MIME::Base64::encode_base64( $message, '' ) if $line eq ".\r\n";
        $message .= $line =~ s/^\.//r;
    }
    die "the message is cut off\n";
}

sub DESTROY ($self) {
    return if $self->{owner} != $$ || !$self->{pid};
    local ( $?, $! );
    kill TERM => $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

1;
