# What an httpd wrote to its error log, and which of it a test did not expect.
package MobileSync::ErrorLog;
use v5.36;

# Lines of these levels are httpd's usual talk, unless they tell of a process that died.
my %IS_QUIET = map { $_ => 1 } qw(notice info debug trace1 trace2 trace3 trace4 trace5 trace6
    trace7 trace8);
# Of the distribution's packages, not of this project: Debian's mod_ssl says so at each start where
# apache2 was brought up to date and libssl was not.
my $OTHERS = qr/\bAH01882: /;
my $DEATH = qr/exit signal|core dump|AddressSanitizer|runtime error:|Assertion|SEGV/i;

sub new ( $class, $file ) { return bless { file => $file }, $class }

sub file ($self) { return $self->{file} }

sub text ($self) {
    open my $log, '<', $self->{file} or return '';
    local $/;
    return readline($log) // '';
}

# How many lines match.
sub count ( $self, $pattern ) {
    return scalar grep {/$pattern/} split /\n/, $self->text;
}

# Lines above notice, lines of no known form, and deaths, unless one of the patterns allows them.
sub unexpected ( $self, @allowed ) {
    return grep { _is_alarming($_) && !_is_allowed( $_, @allowed ) } split /\n/, $self->text;
}

sub _is_alarming ($line) {
    return 0 if $line =~ /^\s*$/;
    return 1 if $line =~ $DEATH;
    return 0 if $line =~ $OTHERS;
    my ($level) = $line =~ /^\[[^\]]*\] \[[\w.-]*:(\w+)\] /;
    return !( defined $level && $IS_QUIET{$level} );
}

sub _is_allowed ( $line, @allowed ) {
    for my $pattern (@allowed) {
        return 1 if $line =~ $pattern;
    }
    return 0;
}

1;
