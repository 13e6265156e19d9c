# Waiting phones in a few processes, so that the server is asked by several at the same time. The
# test asks them how they are:
#
#   my $crowd = MobileSync::Crowd->start( 3, sub ($number) { ... @waiting_phones } );
#   my @answers = $crowd->ask('holdings');    # one for each phone, with its name
package MobileSync::Crowd;
use v5.36;
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP ();
use List::Util qw(max min);
use POSIX ();
use Socket;
use Time::HiRes qw(time);

use constant { NAP => 5, PATIENCE => 600 };

# make is called in each process, with its number from 0, and returns its phones.
sub start ( $class, $processes, $make ) {
    my $self = bless { owner => $$, members => [] }, $class;
    for my $number ( 0 .. $processes - 1 ) {
        my ( $ours, $theirs ) = IO::Socket::UNIX->socketpair( AF_UNIX, SOCK_STREAM, PF_UNSPEC );
        my $pid = fork // die "fork: $!\n";
        if ( !$pid ) {
            close $_ for $ours, map { $_->{socket} } @{ $self->{members} };
            @SIG{qw(TERM INT HUP)} = ('DEFAULT') x 3;
            eval { _live( $theirs, $make->($number) ); 1 }
                or print {*STDERR} "process $number of the crowd: $@";
            POSIX::_exit(0);
        }
        close $theirs;
        push @{ $self->{members} }, { pid => $pid, socket => $ours };
    }
    return $self;
}

# Calls a method of every phone. Returns [ device, result ] of each; dies with what phones died with.
sub ask ( $self, $method, @arguments ) {
    my $question = JSON::PP::encode_json( [ $method, @arguments ] ) . "\n";
    $_->{socket}->print($question), $_->{socket}->flush for @{ $self->{members} };
    my @answers = map { @{ _hear( $_->{socket} ) } } @{ $self->{members} };
    my @died = map {"$_->[0]: $method: $_->[2]"} grep { defined $_->[2] } @answers;
    die @died if @died;
    return @answers;
}

sub _hear ($socket) {
    local $SIG{ALRM} = sub { die "the crowd does not answer\n" };
    alarm PATIENCE;
    my $line = readline $socket;
    alarm 0;
    return JSON::PP::decode_json( $line // die "a process of the crowd ended\n" );
}

sub stop ($self) {
    for my $member ( splice @{ $self->{members} } ) {
        close $member->{socket};
        local $?;
        waitpid $member->{pid}, 0;
    }
    return;
}

sub DESTROY ($self) {
    $self->stop if $self->{owner} == $$;
    return;
}

# --- in a process of the crowd ---

sub _live ( $control, @phones ) {
    while (1) {
        my $now = time;
        my ( %phone_at, $next );
        for my $phone (@phones) {
            $phone->work if defined $phone->due && $phone->due <= $now;
            my $due = $phone->due;
            $next = min( grep {defined} $next, $due ) if defined $due;
            $phone_at{ fileno $phone->socket } = $phone if $phone->socket;
        }
        my $select = IO::Select->new( $control, map { $_->socket // () } @phones );
        my $left = defined $next ? max( 0, $next - time ) : NAP;
        for my $ready ( $select->can_read($left) ) {
            if ( $ready == $control ) {
                _answer( $control, @phones ) or return;
            }
            elsif ( my $phone = $phone_at{ fileno $ready // -1 } ) { $phone->answered }
        }
    }
}

sub _answer ( $control, @phones ) {
    my $question = readline $control // return 0;
    my ( $method, @arguments ) = @{ JSON::PP::decode_json($question) };
    my @answers = map {
        my $phone = $_;
        my $result = eval { [ $phone->$method(@arguments) ] };
        [ $phone->{client}{device_id}, $result ? $result->[0] : ( undef, "$@" ) ]
    } @phones;
    $control->print( JSON::PP::encode_json( \@answers ) . "\n" );
    $control->flush;
    return 1;
}

1;
