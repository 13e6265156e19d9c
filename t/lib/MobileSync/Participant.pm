# Somebody who has meetings: an account with a phone that is used, another one that lies there and gets
# everything, and a desktop program at the files of the calendar.
#
#   my $anna = MobileSync::Participant->new( $server, 'anna', '14.1', other => '16.1' );
#   my $id = $anna->organize( \%meeting );
#   $anna->in_step('invited');
#
# A meeting: { subject, start, end (UTC), weekly (1), people => [addresses] }; id, uid, sequence and
# exceptions come to it. What the phone asks it asks twice, because the first
# answer is lost; in between happens what mishap() says. Up to 14.1 the phone sends invitations and
# answers itself, as the protocol has it; from 16.0 on the server does.
package MobileSync::Participant;
use v5.36;
use MIME::Base64 qw(encode_base64);
use Test::More;
use EAS::Properties;
use MobileSync::EventFacts;
use MobileSync::Letters qw(insist);
use MobileSync::Scenario;

# TIME_ZONE_INFORMATION of Berlin, MS-ASDTYPE 2.7.6.
my $BERLIN = encode_base64(
    pack(
        'l< a64 (S<)8 l< a64 (S<)8 l<',
        -60, '', 0, 10, 0, 5, 3, 0, 0, 0, 0, '', 0, 3, 0, 5, 2, 0, 0, 0, -60
    ),
    ''
);
my @FOLDERS = ( INBOX, CALENDAR, SENT, DELETED );
my %PARTSTAT = ( 1 => 'ACCEPTED', 2 => 'TENTATIVE', 3 => 'DECLINED' );

# other: version of the other phone, by default the same.
sub new ( $class, $server, $account, $version, %option ) {
    $server->add_account($account) unless $server->has_account($account);
    my $self = bless {
        server => $server,
        account => $account,
        address => $server->address($account),
        version => $version,
        mishap => sub { }
    }, $class;
    @$self{qw(phone other)} = map { $self->_device($_) } $version, $option{other} // $version;
    $self->{used} = [ $self->{phone} ];
    return $self;
}

# One more phone that is used: an EAS::Client.
sub another_phone ( $self, $version ) {
    my $phone = $self->_device($version);
    push @{ $self->{used} }, $phone;
    return $phone;
}

sub _device ( $self, $version ) {
    my $phone = $self->{server}->client( account => $self->{account}, version => $version );
    $phone->folder_sync;
    $phone->initial_sync( $_, $self->_options )
        for map { $phone->folder_of_type($_)->{id} } @FOLDERS;
    return $phone;
}

sub _options ($) { return options => { filter_type => 0 } }

sub phone ($self) { return $self->{phone} }
sub version ($self) { return $self->{version} }
sub address ($self) { return $self->{address} }
sub folder ( $self, $type = CALENDAR ) { return $self->{phone}->folder_of_type($type)->{id} }
sub vdir ($self) { return $self->{server}->vdir( $self->{account} ) }

# Where its calendar is: the collection's name.
sub calendar ($self) { return $self->vdir->named('Calendar') }

# Called between a request whose answer is lost and its repeat.
sub mishap ( $self, $code ) {
    $self->{mishap} = $code;
    return;
}

# --- what the phone asks ---

sub _twice ( $self, $call ) {
    $self->{mishap}->();
    return insist( $self->{phone}, $call );
}

# Operations on the calendar; the result of the Sync. Dies where one is refused.
sub ask ( $self, @commands ) {
    my $phone = $self->{phone};
    my $call = $phone->sync( $self->folder, commands => \@commands, lose => 1 );
    my $result = $self->_twice($call);
    my @refused =
        grep { ( $_->text('Status') // 1 ) != 1 } map {@$_} values %{ $result->{responses} };
    die "Sync: Status $result->{status}\n" . join '', map { $_->dump } @refused
        if $result->{status} != 1 || @refused;
    return $result;
}

sub _send ( $self, $mime ) {
    my $phone = $self->{phone};
    my $call = $phone->send_mail( $mime, save => 1, lose => 1 );
    my $status = $self->_twice($call)->{status};
    die "SendMail: Status $status\n" if $status != 1;
    return;
}

sub is_old ($self) { return $self->{version} < 16 }

# Adds a meeting and invites. Its ServerId.
sub organize ( $self, $meeting ) {
    @$meeting{qw(uid sequence)} = ( "$meeting->{subject}\@phone", 0 ) if $self->is_old;
    my $add = $self->{phone}->add_of( $self->{phone}->new_client_id, $self->_event($meeting) );
    $meeting->{id} = $self->ask($add)->{responses}{Add}[0]->text('ServerId');
    $self->_send( $self->_itip( 'REQUEST', $meeting ) ) if $self->is_old;
    return $meeting->{id};
}

# A meeting with its exceptions, as phones up to 14.1 send it with every change.
sub whole ( $self, $meeting ) { return $self->_event( $meeting, $self->_exceptions($meeting) ) }

sub _event ( $self, $meeting, @more ) {
    my $status_of = $self->_statuses( $meeting->{id} );
    my @people = map {
        my $status = $status_of->{$_};
        (
            Attendee => [
                Email => $_,
                Name => $_,
                defined $status ? ( AttendeeStatus => $status ) : (),
                $self->is_old ? ( AttendeeType => 1 ) : ()
            ]
        )
    } @{ $meeting->{people} };
    return event(
        ( $self->is_old ? ( Timezone => $BERLIN ) : () ),
        AllDayEvent => 0,
        BusyStatus => 2,
        (
            $self->is_old
            ? ( OrganizerName => $self->{account}, OrganizerEmail => $self->{address} )
            : ()
        ),
        EndTime => $meeting->{end},
        Sensitivity => 0,
        Subject => $meeting->{subject},
        StartTime => $meeting->{start},
        ( $self->is_old ? ( UID => $meeting->{uid} ) : () ),
        MeetingStatus => 1,
        Attendees => \@people,
        (
            $meeting->{weekly} ? ( Recurrence => [ Type => 1, Interval => 1, DayOfWeek => 2 ] ) : ()
        ),
        @more
    );
}

# Of the people of an event, as the phone has them.
sub _statuses ( $self, $id ) {
    my $item = defined $id ? $self->{phone}->items( $self->folder )->{$id} : undef;
    my $people = $item && $item->property('Calendar:Attendees') // return {};
    return { map { $_->text('Email') => $_->text('AttendeeStatus') } $people->children };
}

# Gives the meeting other fields (start, end, subject ...), and tells unless it says silently.
sub reschedule ( $self, $id, $meeting, %fields ) {
    my $silently = delete $fields{silently};
    @$meeting{ keys %fields } = values %fields;
    $meeting->{sequence}++ unless $silently;
    my %element = ( start => 'StartTime', end => 'EndTime', subject => 'Subject' );
    my @changed =
          $self->is_old
        ? $self->whole($meeting)
        : event( map { $element{$_} => $fields{$_} } sort keys %fields );
    $self->ask( $self->{phone}->change_of( $id, @changed ) );
    $self->_send( $self->_itip( 'REQUEST', $meeting ) ) if $self->is_old && !$silently;
    return;
}

# One occurrence gets other times; without any it is cancelled.
sub reschedule_one ( $self, $id, $meeting, $instance, %times ) {
    $meeting->{exceptions}{$instance} = \%times;
    $meeting->{sequence}++;
    if ( !$self->is_old ) {
        my @properties =
            %times ? event( EndTime => $times{end}, StartTime => $times{start} ) : ();
        $self->ask( instance_op( $id, $instance, @properties ) );
        $self->keep_instance( $self->{phone}, $id, $instance, @properties );
        return;
    }
    $self->ask( $self->{phone}->change_of( $id, $self->whole($meeting) ) );
    $self->_send(
        $self->_itip(
            %times ? 'REQUEST' : 'CANCEL',
            { %$meeting, weekly => 0, start => $instance, end => $instance, %times },
            instance => $instance
        )
    );
    return;
}

# A Change of one occurrence, from 16.0 on; without properties its Delete.
sub instance_op ( $id, $instance, @properties ) {
    return [
        'AirSync:' . ( @properties ? 'Change' : 'Delete' ) => [ ServerId => $id ],
        [ 'AirSyncBase:InstanceId' => $instance ],
        ( @properties ? [ 'AirSync:ApplicationData' => @properties ] : () )
    ];
}

# What a phone makes of its own change.
sub keep_instance ( $self, $phone, $id, $instance, @properties ) {
    my $item = $phone->items( $self->folder )->{$id};
    my $before = $item->property('Calendar:Exceptions');
    my @others =
        grep { $_->text('InstanceId') !~ /\A\Q$instance\E/ } $before ? $before->children : ();
    my @exception = (
        'Calendar:Exception',
        [ 'AirSyncBase:InstanceId' => $instance ],
        @properties ? @properties : [ 'Calendar:Deleted' => 1 ]
    );
    my $list = [ 'Calendar:Exceptions', \@exception, map { $_->to_tree } @others ];
    $item->merge(
        EAS::WBXML::decode( EAS::WBXML::encode( [ 'AirSync:ApplicationData', $list ] ) ) );
    return;
}

sub _exceptions ( $self, $meeting ) {
    my $of = $meeting->{exceptions} // return ();
    return (
        Exceptions => [
            map {
                my $times = $of->{$_};
                (
                    Exception => [
                        ( %$times ? ( EndTime => $times->{end} ) : ( Deleted => 1 ) ),
                        ExceptionStartTime => $_,
                        ( %$times ? ( StartTime => $times->{start} ) : () )
                    ]
                )
            } sort keys %$of
        ]
    );
}

# Deletes the meeting for all.
sub cancel ( $self, $id, $meeting ) {
    $meeting->{sequence}++;
    $self->_send( $self->_itip( 'CANCEL', $meeting ) ) if $self->is_old;
    $self->ask( $self->{phone}->delete_of($id) );
    return;
}

# MeetingResponse. mail, or event: what is answered; response: 1 to 3; instance; loudly: the organizer
# is told; proposal: [ start, end ].
# Returns the CalendarId.
sub answer ( $self, %answer ) {
    my @times = @{ $answer{proposal} // [] };
    my @send =
        @times
        ? (
        [ 'MeetingResponse:ProposedStartTime' => $times[0] ],
        [ 'MeetingResponse:ProposedEndTime' => $times[1] ]
        )
        : ();
    my %request = (
        folder => $self->folder( defined $answer{mail} ? INBOX : CALENDAR ),
        id => $answer{mail} // $answer{event},
        response => $answer{response},
        instance => $answer{instance},
        ( $answer{loudly} && !$self->is_old ? ( send => \@send ) : () )
    );
    my $meeting = $self->is_old && $answer{loudly} ? $self->_answered(%answer) : undef;
    my $call = $self->{phone}->meeting_response( [ \%request ], lose => 1 );
    my ($result) = @{ $self->_twice($call) };
    die "MeetingResponse: Status $result->{status}\n" if $result->{status} != 1;
    return $result->{calendar} unless $meeting;
    @$meeting{qw(start end)} = @times if @times;
    $self->_send(
        $self->_itip(
            @times ? 'COUNTER' : 'REPLY', $meeting,
            to => $meeting->{organizer},
            partstat => $PARTSTAT{ $answer{response} },
            instance => $answer{instance}
        )
    );
    return $result->{calendar};
}

# What the phone knows of the meeting that is answered. There is no SEQUENCE in it.
sub _answered ( $self, %answer ) {
    my ($event) = grep { !defined $answer{event} || $_->id eq $answer{event} } $self->events;
    return {
        uid => $event->text('Calendar:UID'),
        organizer => $event->text('Calendar:OrganizerEmail'),
        map { $_ => MobileSync::EventFacts::of_item( $event, $self->{version} )->{$_} }
            qw(subject start end)
    };
}

# --- the mail of a phone up to 14.1 ---

sub _itip ( $self, $method, $meeting, %more ) {
    state $sent = 0;
    my @to = defined $more{to} ? $more{to} : @{ $meeting->{people} };
    my %event = ( %$meeting, %more );
    my @people =
        defined $more{to}
        ? "ATTENDEE;PARTSTAT=$more{partstat}:mailto:$self->{address}"
        : map {"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:$_"} @to;
    my @lines = (
        'BEGIN:VCALENDAR',
        'VERSION:2.0',
        'PRODID:-//phone//EN',
        "METHOD:$method",
        'BEGIN:VEVENT',
        "UID:$event{uid}",
        'DTSTAMP:' . POSIX::strftime( '%Y%m%dT%H%M%SZ', gmtime ),
        ( defined $event{sequence} ? "SEQUENCE:$event{sequence}" : () ),
        'ORGANIZER:mailto:' . ( $more{to} // $self->{address} ),
        @people,
        "DTSTART:$event{start}",
        "DTEND:$event{end}",
        "SUMMARY:$event{subject}",
        ( $event{instance} ? "RECURRENCE-ID:$event{instance}" : () ),
        ( $event{weekly} && !$event{instance} ? 'RRULE:FREQ=WEEKLY;BYDAY=MO' : () ),
        ( $method eq 'CANCEL' ? 'STATUS:CANCELLED' : () ),
        'END:VEVENT',
        'END:VCALENDAR'
    );
    return join "\r\n",
        "From: $self->{address}",
        'To: ' . join( ', ', @to ),
        "Subject: $method $event{subject}",
        "Message-ID: <@{[ ++$sent ]}.$$.@{[time]}\@phone>",
        'MIME-Version: 1.0',
        "Content-Type: text/calendar; method=$method; charset=utf-8",
        '', @lines, '';
}

# --- what there is ---

# Counts of messages: Inbox, Sent, Deleted Items.
sub mails ($self) {
    my $box = $self->{server}->mailbox( $self->{account} );
    return [ map { scalar keys %{ $box->messages($_) } } '', 'Sent', 'Trash' ];
}

# The newest mail with that MessageClass in the Inbox, on the phone: the item. Dies without one.
sub mail ( $self, $class ) {
    my $inbox = $self->folder(INBOX);
    $self->{phone}->sync_until_done($inbox);
    my @found = sort { $b->text('Email:DateReceived') cmp $a->text('Email:DateReceived') }
        grep { $_->text('Email:MessageClass') eq "IPM.Schedule.Meeting.$class" }
        values %{ $self->{phone}->items($inbox) };
    return $found[0] // die "there is no $class in the Inbox\n";
}

# The events of the phone, after a Sync.
sub events ($self) {
    $self->{phone}->sync_until_done( $self->folder );
    return values %{ $self->{phone}->items( $self->folder ) };
}

# The only one. Dies unless there is just one.
sub only_event ($self) {
    my @events = $self->events;
    die "$self->{account} has " . @events . " events\n" if @events != 1;
    return $events[0];
}

# { UID => facts } of the files.
sub files ($self) {
    my $contents = $self->vdir->contents( $self->calendar );
    my %facts;
    for my $content ( values %$contents ) {
        my $uid = MobileSync::EventFacts::uid_of($content);
        die "two files have the UID $uid\n" if $facts{$uid};
        $facts{$uid} = MobileSync::EventFacts::of_file($content);
    }
    return \%facts;
}

# The facts of the only file.
sub only_file ($self) {
    my @files = values %{ $self->files };
    die "$self->{account} has " . @files . " files\n" if @files != 1;
    return $files[0];
}

# --- what the desktop program does ---

# Replaces in the only file; to: a text, or what makes one of what the pattern keeps ($1).
sub edit ( $self, $from, $to ) {
    my ( $vdir, $calendar ) = ( $self->vdir, $self->calendar );
    my ($file) = $vdir->files($calendar);
    my $content = $vdir->content( $calendar, $file );
    $content =~ s/$from/ref $to ? $to->($1) : $to/e or die "nothing of $from in:\n$content";
    return $vdir->write( $calendar, $file, $content );
}

# An occurrence of the only file's series that begins at another time of UTC (20301104T10), for an hour,
# as a component.
sub occurrence ( $self, $instance, $start ) {
    my $content = $self->vdir->contents( $self->calendar );
    my ($file) = values %$content;
    my ($uid) = MobileSync::EventFacts::uid_of($file);
    return join '', map {"$_\r\n"} 'BEGIN:VEVENT', "UID:$uid", 'DTSTAMP:20260101T000000Z',
        "RECURRENCE-ID:${instance}0000Z", "DTSTART:${start}0000Z",
        'DTEND:' . MobileSync::EventFacts::later( "${start}0000Z", 3600 ), 'SUMMARY:One',
        ( $file =~ s/\r\n //gr =~ /^((?:ORGANIZER|ATTENDEE)[^\r]*)/gm ), 'END:VEVENT';
}

# --- is all of it the same? ---

# The phones have what the files say, and the mail of the Maildir. What the used one wrote itself is
# compared by what it means, the other one whole with what a third phone gets that begins now.
sub in_step ( $self, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ( @difference, $end );
    $end = time + PATIENCE;
    while ( @difference = $self->_differences ) {
        last if time > $end;
        select undef, undef, undef, 0.2;
    }
    return ok( !@difference, "$self->{account}: $name" ) || diag( join "\n", @difference );
}

sub _differences ($self) {
    my $reader = $self->{reader} //= $self->_device( $self->{other}{version} );
    my @folders = map { $self->folder($_) } @FOLDERS;
    $reader->initial_sync( $_, $self->_options ) for @folders;
    my @phones = ( @{ $self->{used} }, $self->{other} );
    for my $phone (@phones) {
        $phone->sync_until_done($_) for @folders;
    }
    my @counts = ( $self->mails->@* );
    my @differences =
        _unlike( 'files', $self->files, 'a new phone', _facts( $reader, $folders[1] ) );
    push @differences, _unlike( 'files', $self->files, 'a phone', _facts( $_, $folders[1] ) )
        for @{ $self->{used} };
    for my $folder (@folders) {
        push @differences,
            _unlike(
            'a new phone',
            _contents( $reader, $folder ),
            'the other phone',
            _contents( $self->{other}, $folder )
            );
        next if $folder eq $folders[1];
        my $count = shift @counts;
        push @differences, "of folder $folder, which has $count, " . scalar( keys %$_ )
            for grep { keys %$_ != $count } map { $_->items($folder) } @phones;
    }
    push @differences, "twice in $_: @{ $self->{phone}->collection($_)->{duplicates} }"
        for grep { @{ $self->{phone}->collection($_)->{duplicates} } } @folders;
    return @differences;
}

sub _facts ( $phone, $folder ) {
    return [ map { MobileSync::EventFacts::of_item( $_, $phone->{version} ) }
            values %{ $phone->items($folder) } ];
}

sub _unlike ( $one_name, $one, $two_name, $two ) {
    my @texts;
    for my $things ( $one, $two ) {
        push @texts, join "\n",
            sort map { _text($_) } ref $things eq 'HASH' ? values %$things : @$things;
    }
    return $texts[0] eq $texts[1] ? () : "$one_name:\n$texts[0]\n$two_name:\n$texts[1]";
}

sub _text ($facts) {
    return ref $facts ? join ', ', map {"$_: $facts->{$_}"} sort keys %$facts : $facts;
}

# Everything that a phone has of each item.
sub _contents ( $phone, $folder ) {
    my $items = $phone->items($folder);
    return {
        map {
            my $item = $items->{$_};
            $_ => join "\n", $_, map { $item->property($_)->dump } $item->names
        } keys %$items
    };
}

1;
