# A private httpd (one node) with the module, and its configuration: the only place that
# writes one.
package MobileSync::Httpd;
use v5.36;
use HTTP::Tiny;
use IO::Socket::INET;
use MobileSync::ErrorLog;
use MobileSync::Process qw(wait_until find_program service_user);

use constant {
    PATH => '/Microsoft-Server-ActiveSync',
    ADMIN_PATH => '/mobilesync-admin',
    START_ATTEMPTS => 5
};

# folder: for its files (made if need be). name: of the node, for file names.
# module: path of mod_mobilesync.so, undef for an httpd without it.
# redis: URL; backends: list of argument lists of MobileSyncBackend; htpasswd: file.
# mpm: event, worker or prefork. certificates: see MobileSync::Certificates, asks for a TLS port.
# port, tls_port: fixed ones instead of free ones; address: to listen on with TLS.
# admin: the user who may administer, if any.
# autodiscover: 1 for Autodiscover, in XML for accounts and in JSON for anybody.
# settings: MobileSync... directives, { name => arguments }; config: more of the virtual host;
# location: more of the Location; global: more of the server's. sanitize: preload ASan.
# clock: seconds that its clock is ahead.
# environment: further variables, { name => value }.
# status: 1 for mod_status, see status_page. processes: how many children; threads: of each; mpm_file: a
# file that says that, and other things, in place of them. detached: see MobileSync::Process.
sub new ( $class, %option ) {
    my $self = bless {
        name => 'httpd',
        mpm => 'event',
        processes => 2,
        threads => 16,
        address => '127.0.0.1',
        backends => [],
        settings => {},
        config => '',
        location => '',
        global => '',
        environment => {},
        %option,
        user => service_user(),
    }, $class;
    my $base = "$self->{folder}/$self->{name}";
    mkdir $_ for $self->{folder}, $base;
    chown +( getpwnam $self->{user} )[ 2, 3 ], $base if defined $self->{user};
    $self->{log_level} //= $ENV{MOBILESYNC_LOG_LEVEL}
        // ( defined $self->{module} ? 'info mobilesync:debug' : 'info' );
    $self->{base} = $base;
    $self->{error_log} = MobileSync::ErrorLog->new("$base/error.log");
    return $self;
}

sub port ($self) { return $self->{actual_port} }
sub tls_port ($self) { return $self->{actual_tls_port} }
# Whether a sanitizer of the C compiler watches it.
sub is_sanitized ($self) { return $self->{sanitize} }
sub error_log ($self) { return $self->{error_log} }
sub pid ($self) { return $self->{process} && $self->{process}->pid }
sub base ($self) { return $self->{base} }

sub is_running ($self) { return $self->{process} && $self->{process}->is_running }

# --- configuration ---

# Debian's httpd has some of these built in, others do not.
my @MODULES = qw(unixd authn_core authn_file authz_core authz_user auth_basic log_config);

sub module_folder {
    my $apxs = find_program(qw(apxs apxs2));
    my $folder = $apxs ? `$apxs -q LIBEXECDIR` =~ s/\s+$//r : '/usr/lib/apache2/modules';
    die "no httpd modules in '$folder'\n" unless -d $folder;
    return $folder;
}

sub program {
    return $ENV{HTTPD} // find_program(qw(apache2 httpd)) // die "httpd is not installed\n";
}

sub _load ( $folder, @names ) {
    return join '',
        map {"<IfModule !mod_$_.c>\nLoadModule ${_}_module $folder/mod_$_.so\n</IfModule>\n"}
        grep { -e "$folder/mod_$_.so" } @names;
}

sub _config ($self) {
    my $modules = module_folder();
    my @wanted = ( "mpm_$self->{mpm}", @MODULES );
    push @wanted, qw(socache_shmcb ssl) if $self->{certificates};
    push @wanted, 'status' if $self->{status};
    my $load = _load( $modules, @wanted );
    $load .= "LoadModule mobilesync_module $self->{module}\n" if defined $self->{module};
    my $user =
        defined $self->{user}
        ? "User $self->{user}\nGroup #@{[( getpwnam $self->{user} )[3]]}"
        : '';
    my $base = $self->{base};
    my $tls = $self->{certificates} ? $self->_tls_host : '';
    return <<"END";
$load$user
ServerRoot "$base"
ServerName localhost
DefaultRuntimeDir "$base"
PidFile "$base/httpd.pid"
ErrorLog "$base/error.log"
LogLevel $self->{log_level}
LogFormat "%h %u %t \\"%r\\" %>s %b %D" plain
CustomLog "$base/access.log" plain
Listen 127.0.0.1:$self->{actual_port}
KeepAlive On
KeepAliveTimeout 60
MaxKeepAliveRequests 0
GracefulShutdownTimeout 10
@{[ $self->_mpm_config ]}
<Directory />
    AllowOverride None
    Require all denied
</Directory>
$self->{global}
<VirtualHost 127.0.0.1:$self->{actual_port}>
@{[ $self->_host_config ]}
</VirtualHost>
$tls
END
}

# Small, but more than one child, so that every test also tests that nothing is kept in one.
sub _mpm_config ($self) {
    my ( $n, $threads ) = @$self{qw(processes threads)};
    return "Include $self->{mpm_file}\n" if defined $self->{mpm_file};
    return <<"END" if $self->{mpm} eq 'prefork';
StartServers $n
MinSpareServers $n
MaxSpareServers @{[ $n * 2 ]}
MaxRequestWorkers 40
END
    return <<"END";
StartServers $n
ServerLimit @{[ $n + 20 ]}
ThreadsPerChild $threads
ThreadLimit $threads
MinSpareThreads @{[ $threads * $n ]}
MaxSpareThreads @{[ $threads * ( $n + 1 ) ]}
MaxRequestWorkers @{[ $threads * ( $n + 2 ) ]}
END
}

sub _tls_host ($self) {
    my $certificates = $self->{certificates};
    return <<"END";
Listen $self->{address}:$self->{actual_tls_port}
SSLSessionCache shmcb:$self->{base}/ssl_cache(512000)
<VirtualHost *:$self->{actual_tls_port}>
SSLEngine On
SSLCertificateFile "$certificates->{certificate}"
SSLCertificateKeyFile "$certificates->{key}"
@{[ $self->_host_config ]}
</VirtualHost>
END
}

sub _host_config ($self) {
    my @lines;
    push @lines, "MobileSyncRedis $self->{redis}"
        if defined $self->{module} && defined $self->{redis};
    push @lines, map {"MobileSyncBackend $_"} @{ $self->{backends} };
    my %settings = %{ $self->{settings} };
    $settings{MobileSyncNode} //= $self->{name} if defined $self->{module};
    push @lines, map {"$_ $settings{$_}"} sort keys %settings;
    my $path = PATH;
    my $handler = defined $self->{module} ? 'SetHandler mobilesync' : '';
    return join "\n", @lines, <<"END";
<Location $path>
    $handler
    AuthType Basic
    AuthName mobilesync
    AuthBasicProvider file
    AuthUserFile "$self->{htpasswd}"
    Require valid-user
    $self->{location}
</Location>
@{[ $self->{autodiscover} ? $self->_autodiscover_locations : '' ]}
@{[ defined $self->{admin} ? $self->_admin_location : '' ]}
@{[ $self->{status} ? $self->_status_location : '' ]}
$self->{config}
END
}

sub _autodiscover_locations ($self) {
    return <<"END";
<LocationMatch "(?i)^/autodiscover/autodiscover\\.xml\$">
    SetHandler mobilesync-autodiscover
    AuthType Basic
    AuthName mobilesync
    AuthBasicProvider file
    AuthUserFile "$self->{htpasswd}"
    Require valid-user
</LocationMatch>
<LocationMatch "(?i)^/autodiscover/autodiscover\\.json">
    SetHandler mobilesync-autodiscover
    Require all granted
</LocationMatch>
END
}

sub _admin_location ($self) {
    return <<"END";
<Location @{[ADMIN_PATH]}>
    SetHandler mobilesync-admin
    AuthType Basic
    AuthName "mobilesync administration"
    AuthBasicProvider file
    AuthUserFile "$self->{htpasswd}"
    Require user $self->{admin}
</Location>
END
}

sub _status_location ($self) {
    return <<'END';
<Location /server-status>
    SetHandler server-status
    Require all granted
</Location>
END
}

# What mod_status answers; query: '?auto'.
sub status_page ( $self, $query = '' ) {
    my $url = "http://127.0.0.1:$self->{actual_port}/server-status$query";
    my $answer = HTTP::Tiny->new->get($url);
    die "$url: $answer->{status} $answer->{content}\n" unless $answer->{success};
    return $answer->{content};
}

# What it says of those who wait: { Parked => 3, ... }.
sub waiting ($self) { return { $self->status_page('?auto') =~ /^MobileSync(\w+): (\d+)$/mg } }

# --- running ---

sub start ($self) {
    for my $attempt ( 1 .. START_ATTEMPTS ) {
        $self->{actual_port} = $self->{port} // _free_port();
        $self->{actual_tls_port} = $self->{tls_port} // _free_port() if $self->{certificates};
        $self->_write_config;
        return $self if $self->_start_once;
        # Another process may have taken the port since it was found free.
        last if defined $self->{port} || $self->error_log->text !~ /Address already in use/;
        rename $self->error_log->file, $self->error_log->file . ".$attempt";
    }
    die "httpd does not start:\n" . $self->error_log->text . $self->_console;
}

sub _free_port {
    my $socket = IO::Socket::INET->new( Listen => 1, LocalAddr => '127.0.0.1' )
        or die "no free port: $!\n";
    return $socket->sockport;
}

sub config_file ($self) { return "$self->{base}/httpd.conf" }

sub _write_config ($self) {
    my $file = $self->config_file;
    open my $config, '>', $file or die "$file: $!\n";
    print $config $self->_config or die "$file: $!\n";
    close $config or die "$file: $!\n";
    return;
}

sub _start_once ($self) {
    my $before = $self->error_log->count(qr/resuming normal operations/);
    $self->{process} = MobileSync::Process->new(
        command => [ program(), '-f', $self->config_file, '-DFOREGROUND' ],
        log => "$self->{base}/console.log",
        environment => $self->_environment,
        detached => $self->{detached}
    );
    return eval {
        wait_until(
            'httpd to start',
            sub {
                die "it ended\n" unless $self->is_running;
                return $self->error_log->count(qr/resuming normal operations/) > $before;
            }
        );
        1;
    };
}

# The library that sets a program's clock, where it is installed.
sub faketime { return ( glob '/usr/lib/{*/,}faketime/libfaketimeMT.so.1' )[0] }

# Locale and time zone settings of the machine do not matter to tests; the sanitizer's
# runtime has to be there before httpd loads the module.
sub _environment ($self) {
    my %environment = ( LC_ALL => 'C', %{ $self->{environment} } );
    if ( $self->{clock} ) {
        # file times stay true, and so does the clock that only ticks
        %environment = (
            %environment,
            LD_PRELOAD => faketime() // die("there is no libfaketime\n"),
            FAKETIME => "+$self->{clock}s",
            NO_FAKE_STAT => 1,
            FAKETIME_DONT_FAKE_MONOTONIC => 1
        );
    }
    return \%environment unless $self->{sanitize};
    my $runtime = `gcc -print-file-name=libasan.so` =~ s/\s+$//r;
    # gcc names a linker script where the library has one.
    if ( open my $script, '<', $runtime ) {
        read $script, my $start, 4096;
        $runtime = $1 if $start =~ m{INPUT\s*\(\s*(\S+libasan\S*)};
    }
    $environment{LD_PRELOAD} = join ':', $runtime, grep {defined} $environment{LD_PRELOAD};
    # httpd's pools hold memory to the end, and modules get unloaded: leaks cannot be told.
    $environment{ASAN_OPTIONS} = "detect_leaks=0:abort_on_error=1:log_path=$self->{base}/sanitizer";
    $environment{UBSAN_OPTIONS} = "print_stacktrace=1:log_path=$self->{base}/sanitizer";
    return \%environment;
}

sub _read_files (@files) {
    my $text = '';
    for my $file (@files) {
        open my $handle, '<', $file or next;
        local $/;
        $text .= "$file:\n" . ( readline($handle) // '' );
    }
    return $text;
}

sub _console ($self) { return _read_files("$self->{base}/console.log") }

# What sanitizers reported; empty if nothing.
sub sanitizer_reports ($self) { return _read_files( glob "$self->{base}/sanitizer.*" ) }

# Graceful restart; returns once the new generation serves.
sub graceful ($self) {
    my $before = $self->error_log->count(qr/resuming normal operations/);
    $self->{process}->signal('USR1') or die "httpd does not run\n";
    my $is_done = sub { $self->error_log->count(qr/resuming normal operations/) > $before };
    return if eval { wait_until( 'the graceful restart', $is_done ); 1 };
    my @last = ( split /\n/, $self->error_log->text )[ -10 .. -1 ];
    die join "\n", "$@the log ends:", grep( {defined} @last ), '';
}

# Changes what new() was given and takes it up with a graceful restart.
sub reconfigure ( $self, %option ) {
    @$self{ keys %option } = values %option;
    $self->_write_config;
    return $self->graceful;
}

# Pids of the children.
sub children ($self) {
    my $parent = $self->pid // return;
    return grep {
        my $stat = _read_stat($_);
        defined $stat && $stat == $parent
    } map {m{(\d+)}} glob '/proc/[0-9]*';
}

sub _read_stat ($pid) {
    open my $file, '<', "/proc/$pid/stat" or return undef;
    my $line = readline($file) // return undef;
    return ( split ' ', $line =~ s/^.*\)//sr )[1];
}

# kill -9 of one child; the log line that tells of it is expected.
sub kill_child ( $self, $pid ) {
    die "$pid is no child of this httpd\n" unless grep { $_ == $pid } $self->children;
    $self->expect_killed($pid);
    kill KILL => $pid;
    wait_until(
        "child $pid to die",
        sub {
            !grep { $_ == $pid } $self->children;
        }
    );
    return;
}

# The test kills these children itself: the log lines that tell of it are expected.
sub expect_killed ( $self, @pids ) {
    push @{ $self->{killed} }, @pids;
    return;
}

# Until the parent has replaced those that died.
sub await_children ($self) {
    wait_until( 'new children', sub { $self->children >= $self->{processes} } );
    return;
}

# As a crash of the whole server.
sub kill_hard ($self) {
    my @children = $self->children;
    my $process = delete $self->{process} or return;
    $process->kill_hard;
    kill KILL => @children if @children;
    return;
}

# Returns what was wrong with its end: empty if it ended by itself and in order. signal: another one
# than the gentle one.
sub stop ( $self, $signal = undef ) {
    my $process = delete $self->{process} or return '';
    my $early = $process->is_running ? '' : 'it had ended before';
    # Gracefully: httpd's event MPM may touch a socket that a worker just freed when it is told to
    # end at once (close_worker_sockets()), and a test cannot tell that crash from one of ours.
    $signal //= $self->{mpm} eq 'event' ? 'WINCH' : 'TERM';
    my $status = $process->stop($signal);
    return $early if $early;
    return $status ? sprintf( 'wait status 0x%x', $status ) : '';
}

# Lines of the log, the console and the sanitizer that nobody expected.
sub unexpected ( $self, @allowed ) {
    push @allowed, map {qr/child pid $_ exit signal Killed/} @{ $self->{killed} // [] };
    my @lines = $self->error_log->unexpected(@allowed);
    my $reports = $self->sanitizer_reports;
    return ( @lines, length $reports ? $reports : () );
}

1;
