# A child process that ends with the test: by pid, never by name, also when the test dies.
package MobileSync::Process;
use v5.36;
use Exporter 'import';
use POSIX ();
use Scalar::Util ();
use Time::HiRes ();

our @EXPORT_OK = qw(wait_until find_program service_user);

# How long a server may take to start or stop before the test gives up on it. A guard
# against hanging, no measure of anything.
use constant { PATIENCE => 60, POLL => 0.02 };

my %running;

# Waits until the condition holds; dies naming what was awaited.
sub wait_until ( $what, $condition, $seconds = PATIENCE ) {
    my $end = Time::HiRes::time() + $seconds;
    until ( $condition->() ) {
        die "gave up waiting for $what after $seconds s\n" if Time::HiRes::time() > $end;
        Time::HiRes::sleep(POLL);
    }
    return;
}

# The full path of the first program found; system folders that are not in a user's PATH count.
sub find_program (@names) {
    for my $name (@names) {
        for my $folder ( split( /:/, $ENV{PATH} ), qw(/usr/sbin /sbin /usr/local/sbin) ) {
            return "$folder/$name" if -x "$folder/$name" && !-d _;
        }
    }
    return undef;
}

# Servers that are started as root run as this user, as they do in a distribution; undef for a
# normal user, whose servers run as he does.
sub service_user {
    return undef if $>;
    for my $user (qw(www-data apache httpd daemon nobody)) {
        return $user if defined getpwnam $user;
    }
    die "no user to run servers as\n";
}

# command: list. log: file for stdout and stderr. environment: additions. user: to run as.
# detached: in a session of its own, outliving the test (a demonstration server).
sub new ( $class, %option ) {
    my @command = @{ $option{command} };
    my $detached = $option{detached};
    my @wrapper = _wrapper( $detached, $option{user} );
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        # A group of its own: httpd's prefork MPM signals the whole group that it is in.
        $detached ? POSIX::setsid() : setpgrp;
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>>', $option{log} or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        %ENV = ( %ENV, %{ $option{environment} // {} } );
        exec { $wrapper[0] // $command[0] } @wrapper, @command or POSIX::_exit(127);
    }
    my $self = bless {
        pid => $pid,
        owner => $$,
        name => $command[0] =~ s{.*/}{}r,
        detached => $detached
    }, $class;
    if ( !$detached ) {
        $running{$pid} = $self;
        Scalar::Util::weaken( $running{$pid} );
    }
    return $self;
}

# The kernel ends the process when the test is killed; setpriv is part of util-linux.
sub _wrapper ( $detached, $user ) {
    my $setpriv = find_program('setpriv');
    die "setpriv is needed to run a server as $user\n" if defined $user && !$setpriv;
    return () unless $setpriv;
    my @wrapper = ($setpriv);
    if ( defined $user ) {
        my ( $uid, $gid ) = ( getpwnam $user )[ 2, 3 ];
        push @wrapper, '--reuid', $uid, '--regid', $gid, '--clear-groups';
    }
    push @wrapper, '--pdeathsig', 'TERM' unless $detached;
    return @wrapper > 1 ? @wrapper : ();
}

sub pid ($self) { return $self->{pid} }

# Whether it runs; remembers the exit status once it does not.
sub is_running ($self) {
    return 0 if defined $self->{status};
    return 1 if waitpid( $self->{pid}, POSIX::WNOHANG() ) == 0;
    $self->{status} = $?;
    delete $running{ $self->{pid} };
    return 0;
}

# The wait status after the end, undef before.
sub exit_status ($self) { return $self->{status} }

sub signal ( $self, $name ) {
    return $self->is_running ? kill( $name => $self->{pid} ) : 0;
}

# TERM (or another signal), and KILL for a process that does not heed it. Returns the wait status; a
# process that had to be killed has signal 9 in it.
sub stop ( $self, $signal = 'TERM' ) {
    $self->signal($signal);
    eval {
        wait_until( "$self->{name} to stop", sub { !$self->is_running } );
        1;
    }
        or $self->kill_hard;
    return $self->{status};
}

# As a crash.
sub kill_hard ($self) {
    $self->signal('KILL');
    wait_until( "$self->{name} to die", sub { !$self->is_running } );
    return;
}

sub DESTROY ($self) {
    return if $self->{owner} != $$ || $self->{detached};
    local ( $?, $@ );
    eval { $self->stop } if $self->is_running;
    return;
}

END {
    local $?;
    for my $process ( grep { defined && $_->{owner} == $$ } values %running ) {
        eval { $process->stop };
    }
}

# END blocks run for these, so that nothing stays behind.
for my $name (qw(INT TERM HUP)) {
    $SIG{$name} //= sub { exit 128 + ( $name eq 'INT' ? 2 : $name eq 'TERM' ? 15 : 1 ) };
}

1;
