# A private redis-server on a unix socket.
package MobileSync::Redis;
use v5.36;
use IO::Socket::UNIX;
use MobileSync::Process qw(wait_until find_program service_user);

# folder: for its files (made if need be). aof: append-only file, on unless 0. config: more lines.
# detached: see MobileSync::Process.
sub new ( $class, %option ) {
    my $self = bless {
        folder => $option{folder},
        socket => "$option{folder}/redis.sock",
        aof => $option{aof} // 1,
        config => $option{config} // '',
        detached => $option{detached},
        user => service_user()
    }, $class;
    die "redis: the socket path '$self->{socket}' is too long\n" if length $self->{socket} > 100;
    mkdir $self->{folder};
    chown +( getpwnam $self->{user} )[ 2, 3 ], $self->{folder} if defined $self->{user};
    chmod 0700, $self->{folder};
    return $self;
}

sub socket_path ($self) { return $self->{socket} }
sub log_file ($self) { return "$self->{folder}/redis.log" }
sub pid ($self) { return $self->{process} && $self->{process}->pid }
sub is_running ($self) { return $self->{process} && $self->{process}->is_running }

sub _write_config ($self) {
    my $file = "$self->{folder}/redis.conf";
    my $aof = $self->{aof} ? 'yes' : 'no';
    open my $config, '>', $file or die "$file: $!\n";
    print $config <<"END" or die "$file: $!\n";
port 0
unixsocket $self->{socket}
unixsocketperm 700
dir $self->{folder}
pidfile $self->{folder}/redis.pid
daemonize no
save ""
appendonly $aof
appendfsync everysec
maxmemory-policy noeviction
$self->{config}
END
    close $config or die "$file: $!\n";
    return $file;
}

sub start ($self) {
    my $program = find_program('redis-server') // die "redis-server is not installed\n";
    unlink $self->{socket};
    $self->{process} = MobileSync::Process->new(
        command => [ $program, $self->_write_config ],
        log => $self->log_file,
        user => $self->{user},
        detached => $self->{detached}
    );
    wait_until(
        'redis-server to answer',
        sub {
            die "redis-server ended at once, see " . $self->log_file . "\n"
                unless $self->is_running;
            return ( eval { $self->command('PING') } // '' ) eq 'PONG';
        }
    );
    return $self;
}

sub stop ($self) {
    my $process = delete $self->{process} or return;
    return $process->stop;
}

# As a power failure.
sub kill_hard ($self) {
    my $process = delete $self->{process} or return;
    return $process->kill_hard;
}

sub restart ($self) {
    $self->stop;
    return $self->start;
}

# --- a small client, for looking at and spoiling what the module keeps ---

# One command, its words as bytes, on a connection of its own. Arrays come as array references, nil
# as undef; an error reply dies.
sub command ( $self, @words ) {
    my $socket = IO::Socket::UNIX->new( Peer => $self->{socket} )
        or die "redis: $self->{socket}: $!\n";
    my $request = join '', map {"\$@{[length]}\r\n$_\r\n"} @words;
    $socket->print( '*' . @words . "\r\n$request" );
    $socket->flush;
    return _reply($socket);
}

sub _reply ($socket) {
    my $line = readline($socket) // die "redis: the connection ended\n";
    my ( $kind, $rest ) = $line =~ /^([-+:\$*])(.*?)\r\n$/s or die "redis: bad reply '$line'\n";
    return $rest if $kind eq '+' || $kind eq ':';
    die "redis: $rest\n" if $kind eq '-';
    return undef if $rest < 0;
    return [ map { _reply($socket) } 1 .. $rest ] if $kind eq '*';
    my $data = '';
    while ( length $data < $rest + 2 ) {
        read $socket, $data, $rest + 2 - length $data, length $data
            or die "redis: the reply ended early\n";
    }
    return substr $data, 0, $rest;
}

# All keys, sorted.
sub keys ($self) { return sort @{ $self->command( 'KEYS', '*' ) } }

1;
