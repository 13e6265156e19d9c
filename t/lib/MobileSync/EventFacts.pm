# What an event says, however it is written: on a phone of any version, or in a file. For tests that
# compare the two.
#
#   of_item( $item, '14.1' ) and of_file( $content ): { subject, location, start, end, cancelled,
#       people => "address=answer ...", exceptions => "instance -" or "instance start end subject" }
#
# Times are those of UTC as in iCalendar. Answers: none, tentative, yes, no.
package MobileSync::EventFacts;
use v5.36;
use POSIX ();
use Time::Local ();

my %ANSWER_OF_STATUS = ( 0 => 'none', 2 => 'tentative', 3 => 'yes', 4 => 'no', 5 => 'none' );
my %ANSWER_OF_PARTSTAT = (
    'NEEDS-ACTION' => 'none',
    TENTATIVE => 'tentative',
    ACCEPTED => 'yes',
    DECLINED => 'no'
);

# A time of UTC, seconds later.
sub later ( $utc, $seconds ) { return _stamp( _seconds($utc) + $seconds ) }

# --- on a phone ---

sub of_item ( $item, $version ) {
    my $people = $item->property('Calendar:Attendees');
    my %facts = (
        subject => $item->text('Calendar:Subject') // '',
        location =>
            $item->text( $version < 16 ? 'Calendar:Location' : 'AirSyncBase:Location/DisplayName' )
            // '',
        start => _utc( $item->text('Calendar:StartTime') ),
        end => _utc( $item->text('Calendar:EndTime') ),
        cancelled => ( $item->text('Calendar:MeetingStatus') // 0 ) & 4 ? 1 : 0,
        people => _people(
            map { lc( $_->text('Email') ) => $ANSWER_OF_STATUS{ $_->text('AttendeeStatus') // 0 } }
                $people ? $people->children : ()
        ),
    );
    my $length = _seconds( $facts{end} ) - _seconds( $facts{start} );
    my $exceptions = $item->property('Calendar:Exceptions');
    $facts{exceptions} = join '; ', sort
        map { _exception( $_, $facts{subject}, $length ) } $exceptions ? $exceptions->children : ();
    return \%facts;
}

sub _exception ( $node, $subject, $length ) {
    my $instance = _utc( $node->text('ExceptionStartTime') // $node->text('InstanceId') );
    return "$instance -" if ( $node->text('Deleted') // 0 ) == 1;
    my $start = _utc( $node->text('StartTime') // $instance );
    my $end = _utc( $node->text('EndTime') // later( $start, $length ) );
    return "$instance $start $end " . ( $node->text('Subject') // $subject );
}

# Both forms of MS-ASDTYPE 2.7.2.
sub _utc ($time) { return $time =~ s/\.\d+Z/Z/r =~ tr/-://dr }

sub _people (%answer_of) {
    return join ' ', map {"$_=$answer_of{$_}"} sort keys %answer_of;
}

# --- in a file ---

sub of_file ($content) {
    utf8::decode($content);
    my @events = map { _lines($_) } $content =~ /^BEGIN:VEVENT\r\n(.*?)^END:VEVENT/gms;
    my ($series) = ( ( grep { !$_->{'RECURRENCE-ID'} } @events ), @events );
    my %facts = _event($series);
    my @exceptions = map {"$_ -"} _times( $series->{EXDATE} );
    for my $event ( grep { $_ != $series } @events ) {
        my %one = _event($event);
        push @exceptions,
            join ' ', _times( $event->{'RECURRENCE-ID'} ), @one{qw(start end subject)};
    }
    return { %facts, exceptions => join '; ', sort @exceptions };
}

sub uid_of ($content) { return ( $content =~ s/\r\n //gr =~ /^UID:(.*?)\r$/m )[0] }

# { NAME => [ [ parameters, value ] ... ] }, without what is in inner components.
sub _lines ($text) {
    my %lines;
    for ( split /\r\n/, $text =~ s/\r\n[ \t]//gr =~ s/^BEGIN:(\w+)\r\n.*?^END:\1\r\n//gmsr ) {
        my ( $name, $parameters, $value ) = /\A([\w-]+)((?:;[^:;"]+(?:"[^"]*")?)*):(.*)\z/ or next;
        push @{ $lines{$name} }, [ $parameters, $value ];
    }
    return \%lines;
}

sub _event ($lines) {
    my $value = sub ($name) { return ( $lines->{$name} // [ [ '', '' ] ] )->[0][1] };
    my ($organizer) = $value->('ORGANIZER') =~ /^mailto:(.*)/i;
    my %answer_of =
        map { lc( $_->[1] =~ s/^mailto://ir ) => _answer( $_->[0] ) } @{ $lines->{ATTENDEE} // [] };
    delete $answer_of{ lc( $organizer // '' ) };
    return (
        subject => $value->('SUMMARY') =~ s/\\(.)/$1/gr,
        location => $value->('LOCATION') =~ s/\\(.)/$1/gr,
        start => _times( $lines->{DTSTART} ),
        end => _times( $lines->{DTEND} ),
        cancelled => $value->('STATUS') eq 'CANCELLED' ? 1 : 0,
        people => _people(%answer_of)
    );
}

sub _answer ($parameters) {
    my ($partstat) = $parameters =~ /;PARTSTAT=([\w-]+)/i;
    return $ANSWER_OF_PARTSTAT{ $partstat // 'NEEDS-ACTION' } // $partstat;
}

sub _times ($lines) {
    my @times;
    for my $line ( @{ $lines // [] } ) {
        my ($zone) = $line->[0] =~ /;TZID="?([^";]+)/;
        push @times, map { _of_zone( $_, $zone ) } split /,/, $line->[1];
    }
    return @times;
}

# The C library knows the zones.
sub _of_zone ( $time, $zone ) {
    return $time unless defined $zone;
    my ( $year, @rest ) = unpack 'A4 A2 A2 x A2 A2 A2', $time;
    local $ENV{TZ} = $zone;
    POSIX::tzset();
    my $seconds =
        POSIX::mktime( @rest[ 4, 3, 2, 1 ], $rest[0] - 1, $year - 1900, 0, 0, -1 );
    return _stamp($seconds);
}

sub _seconds ($utc) {
    my ( $year, $month, @rest ) = unpack 'A4 A2 A2 x A2 A2 A2', $utc;
    return Time::Local::timegm( reverse(@rest), $month - 1, $year );
}

sub _stamp ($seconds) { return POSIX::strftime( '%Y%m%dT%H%M%SZ', gmtime $seconds ) }

1;
