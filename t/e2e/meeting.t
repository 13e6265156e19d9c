#!/usr/bin/perl
# covers: MeetingResponse
# Invitations by mail that are answered on a phone: the calendar, the Inbox, who gets mail.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start(
    accounts => { anna => 'secret', bo => 'secret' },
    status => 1
);
my %box = map { $_ => $server->mailbox($_) } qw(anna bo);
my $vdir = $server->vdir('anna');

my @zone = split /\n/, <<'ZONE' =~ s/\n\z//r;
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
ZONE

sub calendar ( $method, $uid, @more ) {
    return join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//t//EN', "METHOD:$method",
        @zone, 'BEGIN:VEVENT', "UID:$uid",
        'ORGANIZER;CN=Bo:mailto:bo@example.org',
        'ATTENDEE;CN=Anna;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Anna@example.org',
        'ATTENDEE;CN=Cy;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:cy@example.org',
        'X-UNKNOWN;X-P=1:kept', @more, 'END:VEVENT', 'END:VCALENDAR', '';
}

sub event ( $day, @more ) {
    return (
        'DTSTAMP:20260101T120000Z',
        "DTSTART;TZID=Europe/Berlin:${day}T100000",
        "DTEND;TZID=Europe/Berlin:${day}T110000",
        'SEQUENCE:0', @more
    );
}

sub header ( $subject, $type ) {
    return (
        'From: Bo <bo@example.org>',
        'To: anna@example.org',
        "Subject: $subject",
        'Date: Thu, 01 Jan 2026 12:00:00 +0000',
        'MIME-Version: 1.0',
        "Content-Type: $type", ''
    );
}

# As the programs write them that most people use.
my %written = (
    google => sub ( $subject, $calendar ) {
        return join "\r\n", header( $subject, 'multipart/mixed; boundary="m"' ), '--m',
            'Content-Type: multipart/alternative; boundary="a"', '', '--a',
            'Content-Type: text/plain; charset="UTF-8"', '', 'You have been invited.', '--a',
            'Content-Type: text/calendar; charset="UTF-8"; method=REQUEST',
            'Content-Transfer-Encoding: 7bit', '', $calendar, '--a--', '--m',
            'Content-Type: application/ics; name="invite.ics"',
            'Content-Disposition: attachment; filename="invite.ics"', '', $calendar, '--m--', '';
    },
    outlook => sub ( $subject, $calendar ) {
        require MIME::Base64;
        return join "\r\n", header( $subject, 'multipart/alternative; boundary="a"' ), '--a',
            'Content-Type: text/plain; charset="us-ascii"', '', 'When: soon', '--a',
            'Content-Type: text/calendar; charset="utf-8"; method=REQUEST',
            'Content-Transfer-Encoding: base64', '', MIME::Base64::encode_base64($calendar),
            '--a--',
            '';
    },
    apple => sub ( $subject, $calendar ) {
        return join "\r\n", header( $subject, 'multipart/mixed; boundary="m"' ), '--m',
            'Content-Type: text/plain', '', 'An invitation', '--m',
            'Content-Type: text/calendar; name="iCal.ics"; method=REQUEST; charset=utf-8',
            'Content-Disposition: attachment; filename="iCal.ics"', '', $calendar, '--m--', '';
    },
);

sub folder ( $phone, $type ) { return $phone->folder_of_type($type)->{id} }

sub phone ($version) {
    my $phone = $server->client( version => $version );
    $phone->folder_sync;
    $phone->initial_sync( folder( $phone, $_ ), options => { filter_type => 0 } ) for 2, 8;
    return $phone;
}

sub id_of ( $phone, $subject ) {
    my $inbox = folder( $phone, 2 );
    $phone->sync_until_done($inbox);
    my $items = $phone->items($inbox);
    my ($id) = grep { $items->{$_}->text('Email:Subject') eq $subject } keys %$items;
    return $id;
}

sub invite ( $phone, $subject, $writer, @event ) {
    $box{anna}->deliver( $written{$writer}->( $subject, calendar( 'REQUEST', @event ) ) );
    return id_of( $phone, $subject );
}

sub answer ( $phone, $id, $response, %more ) {
    return $phone->meeting_response(
        [ { folder => folder( $phone, 2 ), id => $id, response => $response, %more } ] )->[0];
}

# The stored event of a UID, its lines unfolded; undef.
sub stored ($uid) {
    my @found = grep {/^UID:\Q$uid\E\r?$/m}
        map { values $vdir->contents($_)->%* } $vdir->collections;
    die "$uid is there more than once\n" if @found > 1;
    return @found ? $found[0] =~ s/\r?\n[ \t]//gr : undef;
}

sub partstat ($event) {
    return [ $event =~ /^ATTENDEE[^\n]*?PARTSTAT=([A-Z-]+)[^\n]*anna\@example\.org\r?$/gim ];
}
sub mails ($account) { return scalar keys $box{$account}->messages->%* }

for my $version (VERSIONS) {
    subtest "answers at $version" => sub {
        my $phone = phone($version);
        my ( $inbox, $calendar ) = map { folder( $phone, $_ ) } 2, 8;
        my $bo = mails('bo');
        my %uid = map { $_ => "$_-$version\@example.org" } qw(google outlook apple no);
        my %id =
            map {
            $_ => invite( $phone, "$_ $version", $_, $uid{$_}, event( '20270308', 'SUMMARY:x' ) )
            } qw(google outlook apple);

        my $yes = answer( $phone, $id{google}, 1 );
        is( $yes->{status}, 1, 'accepted' );
        is( $yes->{id}, $id{google}, 'the RequestId' );
        ok( $yes->{calendar}, 'a CalendarId' );
        my $event = stored( $uid{google} );
        is_deeply( partstat($event), ['ACCEPTED'], 'the event has the answer' );
        like( $event, qr/^X-UNKNOWN;X-P=1:kept\r$/m, 'and what nobody here knows' );
        unlike( $event, qr/^METHOD/m, 'it is no message any more' );
        $phone->sync_until_done($calendar);
        my $item = $phone->items($calendar)->{ $yes->{calendar} };
        ok( $item, 'the phone gets it under that id' );
        is( $item->text('Calendar:StartTime'), '20270308T090000Z', 'at its time' );
        ok( !id_of( $phone, "google $version" ), 'the message left the Inbox' );
        is_deeply( answer( $phone, $id{google}, 1 ), $yes, 'a repeat gets the same' );
        is( stored( $uid{google} ), $event, 'and changes nothing' );

        my $maybe = answer( $phone, $id{outlook}, 2 );
        is( $maybe->{status}, 1, 'tentative' );
        is_deeply( partstat( stored( $uid{outlook} ) ), ['TENTATIVE'], 'the event says so' );
        my $no = answer( $phone, $id{apple}, 3 );
        is( $no->{status}, 1, 'declined' );
        is( $no->{calendar}, undef, 'no CalendarId' );
        is( stored( $uid{apple} ), undef, 'no event' );
        ok( !id_of( $phone, "apple $version" ), 'the message left the Inbox' );
        is_deeply( answer( $phone, $id{apple}, 3 ), $no, 'a repeat gets the same' );
        is( mails('bo'), $bo, 'the server sent nothing' );
        is( answer( $phone, $id{apple}, 1 )->{status}, 2, 'what is gone cannot be accepted' );
    };
}

# A weekly meeting on the phone that was accepted: its CalendarId.
sub weekly ( $phone, $name ) {
    my $id = invite( $phone, $name, 'google', $name,
        event( '20270308', 'SUMMARY:x', 'RRULE:FREQ=WEEKLY;COUNT=5' ) );
    return answer( $phone, $id, 1 )->{calendar};
}

sub in_calendar ( $phone, $id, $response, %more ) {
    return $phone->meeting_response(
        [ { folder => folder( $phone, 8 ), id => $id, response => $response, %more } ] )->[0];
}

for my $version ( grep { $_ < 14.1 } VERSIONS ) {
    subtest "no event is answered at $version" => sub {
        my $phone = phone($version);
        my $weekly = weekly( $phone, "early-$version" );
        my $before = stored("early-$version");
        is( in_calendar( $phone, $weekly, 2 )->{status}, 2, 'Status 2' );
        is( stored("early-$version"), $before, 'and nothing is done' );
    };
}

for my $version ( grep { $_ >= 14.1 } VERSIONS ) {
    subtest "events are answered at $version" => sub {
        my $phone = phone($version);
        my $uid = "weekly-$version";
        my $weekly = weekly( $phone, $uid );
        my $maybe = in_calendar( $phone, $weekly, 2 );
        is_deeply( $maybe, { id => $weekly, status => 1, calendar => $weekly, instance => undef },
            'tentative' );
        is_deeply( partstat( stored($uid) ), ['TENTATIVE'], 'the event says so' );

        my $second = '2027-03-15T09:00:00.000Z';
        my $one = in_calendar( $phone, $weekly, 1, instance => $second );
        is( $one->{status}, 1, 'one occurrence' );
        is( $one->{instance}, $second, 'of which the answer says which it is' );
        my $event = stored($uid);
        is_deeply( partstat($event), [qw(TENTATIVE ACCEPTED)], 'it alone has the answer' );
        like( $event, qr/^RECURRENCE-ID;TZID=[^:]*:20270315T100000\r$/m, 'as an instance' );
        my $no = in_calendar( $phone, $weekly, 3, instance => '2027-03-22T09:00:00.000Z' );
        is( $no->{status}, 1, 'another one is declined' );
        like( stored($uid), qr/^EXDATE;TZID=[^:]*:20270322T100000\r$/m, 'and is no more' );
        my %status = (
            '2027-03-16T09:00:00.000Z' => 2,
            'some time' => 104,
            '2027-03-15' => 104
        );
        is( in_calendar( $phone, $weekly, 1, instance => $_ )->{status}, $status{$_}, "at $_" )
            for sort keys %status;
        my $single = answer(
            $phone,
            invite(
                $phone, "s-$version", 'google', "s-$version", event( '20270309', 'SUMMARY:s' )
            ),
            1
        )->{calendar};
        is( in_calendar( $phone, $single, 1, instance => $second )->{status}, 146, 'no series' );

        is( in_calendar( $phone, $weekly, 3 )->{status}, 1, 'all of it is declined' );
        is( stored($uid), undef, 'and gone' );
        is( in_calendar( $phone, $weekly, 3 )->{status}, 1, 'a repeat gets the same' );
        is( in_calendar( $phone, $weekly, 1 )->{status}, 2, 'nothing is there to be accepted' );
    };
}

# The new mail of an account, decoded.
my %known;

sub new_mail ($account) {
    require MIME::Base64;
    my @new = grep { !$known{$account}{$_}++ } sort keys $box{$account}->messages->%*;
    return map {
        $box{$account}->content($_) =~ s/\r//gr =~
            s/base64\n\n(.*?)\n--/"\n\n" . MIME::Base64::decode_base64($1) . "\n--"/gser =~
            s/\r//gr =~ s/\n //gr
    } @new;
}

for my $version ( grep { $_ >= 16 } VERSIONS ) {
    subtest "who gets mail at $version" => sub {
        my $phone = phone($version);
        new_mail('bo');
        my $silent = invite( $phone, "quiet $version",
            'apple', "quiet-$version", event( '20270308', 'SUMMARY:Quiet' ) );
        is( answer( $phone, $silent, 1 )->{status}, 1, 'accepted' );
        is( scalar new_mail('bo'), 0, 'without SendResponse nobody does' );

        my $uid = "loud-$version";
        my @event = event( '20270308', "SUMMARY:Gr\xc3\xbc\xc3\x9fe" );
        my $id = invite( $phone, $uid, 'google', $uid, @event );
        my @body = (
            [
                'AirSyncBase:Body',
                [ 'AirSyncBase:Type', 1 ],
                [ 'AirSyncBase:Data', "Gern!\r\nAnna" ]
            ]
        );
        my $yes = answer( $phone, $id, 1, send => \@body );
        is( $yes->{status}, 1, 'accepted with a word' );
        my @mail = new_mail('bo');
        is( scalar @mail, 1, 'the organizer gets one mail' );
        like( $mail[0], qr/^From:.*anna\@example\.org/m, 'of who answers' );
        like( $mail[0], qr/^Gern!\nAnna$/m, 'with what was said' );
        like( $mail[0], qr{^Content-Type: text/calendar; charset=utf-8; method=REPLY$}m,
            'a REPLY' );
        like( $mail[0], qr/^METHOD:REPLY$/m, 'that says so' );
        like( $mail[0], qr/^UID:\Q$uid\E$/m, 'about the meeting' );
        is_deeply( [ $mail[0] =~ /^ATTENDEE[^\n]*:mailto:(\S+)/gm ],
            ['Anna@example.org'], 'of the one who answers alone' );
        is_deeply( partstat( $mail[0] ), ['ACCEPTED'], 'with the answer' );
        is_deeply( answer( $phone, $id, 1, send => \@body ), $yes, 'a repeat gets the same' );
        is( scalar new_mail('bo'), 0, 'and sends nothing' );
        my $calendar_id = $yes->{calendar};
        in_calendar( $phone, $calendar_id, 1, send => [''] );
        is( scalar new_mail('bo'), 0, 'nor does an answer that was given' );
        in_calendar( $phone, $calendar_id, 2, send => [''] );
        is_deeply( [ map { partstat($_)->@* } new_mail('bo') ], ['TENTATIVE'], 'another one does' );
        in_calendar( $phone, $calendar_id, 3, send => [''] );
        is_deeply( [ map { partstat($_)->@* } new_mail('bo') ], ['DECLINED'], 'so does No' );
        is( stored($uid), undef, 'the event is gone' );
        in_calendar( $phone, $calendar_id, 3, send => [''] );
        is( scalar new_mail('bo'), 0, 'once' );

        my $styled = invite( $phone, "styled-$version", 'apple', "styled-$version", @event );
        @body = (
            [
                'AirSyncBase:Body',
                [ 'AirSyncBase:Type', 2 ],
                [ 'AirSyncBase:Data', '<p>Perhaps <i>not</i></p><script>x()</script>' ]
            ]
        );
        answer( $phone, $styled, 2, send => \@body );
        @mail = new_mail('bo');
        like( $mail[0], qr/^Perhaps not$/m, 'what was said in HTML is sent as text' );
        like( $mail[0], qr{<i>not</i>}, 'and as it is' );
        unlike( $mail[0], qr/script/, 'without what is active' );

        my $away = invite( $phone, "away-$version", 'apple', "away-$version", @event );
        answer( $phone, $away, 3, send => [''] ) for 1, 2;
        is_deeply( [ map { partstat($_)->@* } new_mail('bo') ],
            ['DECLINED'], 'so does No to what was in no calendar' );

        my $name = "lost-$version";
        my %request = (
            folder => folder( $phone, 2 ),
            id => invite( $phone, $name, 'apple', $name, @event, 'DESCRIPTION:text', 'X-MINE:1' ),
            response => 1,
            send => ['']
        );
        my $call = $phone->meeting_response( [ \%request ], lose => 1 );
        is( $phone->repeat($call)->[0]{status}, 1, 'a lost answer is given again' );
        is_deeply( partstat( stored($name) ), ['ACCEPTED'], 'it was done' );
        @mail = new_mail('bo');
        is( scalar @mail, 1, 'and sent once' );
        like( $mail[0], qr/^X-MINE:1$/m, 'what is said of the meeting' );
        unlike( $mail[0], qr/^DESCRIPTION/m, 'but not the text, where an attendee takes notes' );
        return if $version < 16.1;

        $id = invite( $phone, "later $version", 'outlook', "later-$version", @event );
        my @start = ( [ 'MeetingResponse:ProposedStartTime', '20270309T120000Z' ] );
        is( answer( $phone, $id, 2, send => \@start )->{status}, 2, 'half a proposal is none' );
        push @start, [ 'MeetingResponse:ProposedEndTime', '20270309T130000Z' ];
        my $proposed = answer( $phone, $id, 2, send => \@start );
        is( $proposed->{status}, 1, 'another time is proposed' );
        @mail = new_mail('bo');
        is( scalar @mail, 1, 'by one mail' );
        like( $mail[0], qr/^METHOD:COUNTER$/m, 'a COUNTER' );
        like( $mail[0], qr/^DTSTART:20270309T120000Z$/m, 'with its start' );
        like( $mail[0], qr/^DTEND:20270309T130000Z$/m, 'and its end' );
        like( stored("later-$version"), qr/^DTSTART;[^:]*:20270308T100000\r$/m, 'the event stays' );
        $_->[1] =~ s/T1/T2/ for @start;
        %request = (
            folder => folder( $phone, 8 ),
            id => $proposed->{calendar},
            response => 1,
            send => \@start
        );
        $call = $phone->meeting_response( [ \%request ], lose => 1 );
        is( $phone->repeat($call)->[0]{status}, 1, 'a lost answer to a proposal is given again' );
        @mail = new_mail('bo');
        is( scalar @mail, 1, 'and that was sent once' );
        like( $mail[0], qr/^DTSTART:20270309T220000Z$/m, 'the other one' );
    };
}

subtest 'what comes later' => sub {
    my $phone = phone('16.1');
    my $uid = 'update';
    answer( $phone, invite( $phone, 'first', 'google', $uid, event( '20270308', 'SUMMARY:one' ) ),
        1 );
    $vdir->edit( $_->@*, qr/^X-UNKNOWN/m, "CATEGORIES:Mine\r\nX-UNKNOWN" ) for map {
        my $folder = $_;
        map { [ $folder, $_ ] }
            grep { $vdir->content( $folder, $_ ) =~ /^UID:update\r$/m }
            $vdir->files($folder)
    } $vdir->collections;
    my @later = map {s/^SEQUENCE:0/SEQUENCE:1/r} event( '20270310', 'SUMMARY:two' );
    my $id = invite( $phone, 'second', 'outlook', $uid, @later );
    my $old = invite( $phone, 'third', 'outlook', $uid, event( '20270311', 'SUMMARY:old' ) );
    answer( $phone, $id, 2 );
    my $event = stored($uid);
    like( $event, qr/^DTSTART;[^:]*:20270310T100000\r$/m, 'the event has moved' );
    like( $event, qr/^SUMMARY:two\r$/m, 'what the organizer changed is changed' );
    like( $event, qr/^CATEGORIES:Mine\r$/m, 'what is one\'s own stays' );
    is_deeply( partstat($event), ['TENTATIVE'], 'with the new answer' );
    answer( $phone, $old, 1 );
    $event = stored($uid);
    like( $event, qr/^SUMMARY:two\r$/m, 'an older message changes nothing' );
    is_deeply( partstat($event), ['ACCEPTED'], 'but is an answer' );
};

# An update of one occurrence, as a message of its own.
sub update_one ( $phone, $name, $uid ) {
    return invite(
        $phone,
        $name,
        'outlook',
        $uid,
        'DTSTAMP:20260201T120000Z',
        'SEQUENCE:1',
        'RECURRENCE-ID;TZID=Europe/Berlin:20270315T100000',
        'DTSTART;TZID=Europe/Berlin:20270315T150000',
        'DTEND;TZID=Europe/Berlin:20270315T160000',
        'SUMMARY:one'
    );
}

for my $version ( 12.1, 16.1 ) {
    subtest "one occurrence by mail at $version" => sub {
        my $phone = phone($version);
        my $uid = "part-$version";
        my $weekly = weekly( $phone, $uid );
        my $one = answer( $phone, update_one( $phone, "one $uid", $uid ), 2 );
        is( $one->{calendar}, $weekly, 'it is of the series' );
        my $event = stored($uid);
        is_deeply( partstat($event), [qw(ACCEPTED TENTATIVE)], 'it alone has the answer' );
        like( $event, qr/^DTSTART;[^:]*:20270315T150000\r$/m, 'at its time' );
        my $no = answer( $phone, update_one( $phone, "no $uid", $uid ), 3 );
        is( $no->{status}, 1, 'declined' );
        $event = stored($uid);
        unlike( $event, qr/^RECURRENCE-ID/m, 'it is no more' );
        like( $event, qr/^EXDATE;[^:]*:20270315T100000\r$/m, 'in the series' );

        my $alone = answer( $phone, update_one( $phone, "alone $uid", "alone-$uid" ), 1 );
        is( $alone->{status}, 1, 'of a series that one is not invited to' );
        is_deeply( partstat( stored("alone-$uid") ), ['ACCEPTED'], 'it is an event' );
        my $calendar = folder( $phone, 8 );
        $phone->sync_until_done($calendar);
        is( $phone->items($calendar)->{ $alone->{calendar} }->text('Calendar:StartTime'),
            '20270315T140000Z', 'on the phone, too' );
        answer( $phone, update_one( $phone, "away $uid", "alone-$uid" ), 3 );
        is( stored("alone-$uid"), undef, 'and none when it is declined' );

        my $days = answer(
            $phone,
            invite(
                $phone, "day $uid",
                'apple', "day-$uid",
                'DTSTAMP:20260101T120000Z', 'DTSTART;VALUE=DATE:20270308',
                'DTEND;VALUE=DATE:20270309', 'RRULE:FREQ=DAILY;COUNT=3'
            ),
            1
        );
        is( $days->{status}, 1, 'days' );
        return if $version < 16;
        is(
            in_calendar( $phone, $days->{calendar}, 3, instance => '2027-03-09T00:00:00.000Z' )
                ->{status},
            1,
            'one of them is declined'
        );
        like( stored("day-$uid"), qr/^EXDATE;VALUE=DATE:20270309\r$/m, 'that one' );
    };
}

# An event as another program put it into the calendar.
sub place ( $uid, @event ) {
    my $content = calendar( 'REQUEST', $uid, @event ) =~ s/^METHOD:.*\r\n//mr;
    return $vdir->write( $vdir->named('Calendar'), "$uid.ics", $content );
}

for my $version ( 14.1, 16.1 ) {
    subtest "another program was there first, $version" => sub {
        my $phone = phone($version);
        my $uid = "first-$version";
        my @event = event( '20270308', 'SUMMARY:f' );
        place( $uid, @event, 'CATEGORIES:Mine' );
        my $answer = answer( $phone, invite( $phone, $uid, 'google', $uid, @event ), 1 );
        my $event = stored($uid);
        is_deeply( partstat($event), ['ACCEPTED'], 'its event has the answer' );
        like( $event, qr/^CATEGORIES:Mine\r$/m, 'and keeps what it had' );
        my $calendar = folder( $phone, 8 );
        $phone->sync_until_done($calendar);
        is( $phone->items($calendar)->{ $answer->{calendar} }->text('Calendar:UID'),
            $uid, 'it is the one of the answer' );
        place( "$uid-no", @event );
        my $id = invite( $phone, "$uid-no", 'apple', "$uid-no", @event );
        is( answer( $phone, $id, 3 )->{status}, 1, 'another one is declined' );
        is( stored("$uid-no"), undef, 'and gone' );
    };

    subtest "what was cancelled, $version" => sub {
        my $phone = phone($version);
        my $uid = "cancelled-$version";
        my @event = event( '20270308', 'SUMMARY:c' );
        my @off = map {s/^SEQUENCE:0/SEQUENCE:1/r} @event, 'STATUS:CANCELLED';
        new_mail('bo');
        place( $uid, @off );
        my $id = invite( $phone, $uid, 'google', $uid, @event );
        my $yes = answer( $phone, $id, 1, send => [''] );
        is( $yes->{status}, 1, 'is answered' );
        like( stored($uid), qr/^STATUS:CANCELLED\r$/m, 'and stays so' );
        is( scalar new_mail('bo'), 0, 'nobody is told' );
        is( in_calendar( $phone, $yes->{calendar}, 3, send => [''] )->{status}, 1, 'declined' );
        is( stored($uid), undef, 'it goes' );
        is( scalar new_mail('bo'), 0, 'silently' );
    };

    subtest "by way of a mailing list, $version" => sub {
        my $phone = phone($version);
        my $uid = "list-$version";
        my $text = $written{google}->(
            $uid,
            calendar( 'REQUEST', $uid, event( '20270308', 'SUMMARY:l' ) ) =~
                s/^ATTENDEE;CN=Anna;(.*):mailto:.*\r$/ATTENDEE;CN=All;$1:mailto:all\@example.org\r/mr
        );
        new_mail('bo');
        $box{anna}->deliver($text);
        my $answer = answer( $phone, id_of( $phone, $uid ), 1, send => [''] );
        is( $answer->{status}, 1, 'accepted' );
        my $event = stored($uid);
        is_deeply( partstat($event), ['ACCEPTED'], 'oneself is there with the answer' );
        like( $event, qr/^ATTENDEE;CN=All;.*PARTSTAT=NEEDS-ACTION/m, 'the list has none' );
        my @mail = new_mail('bo');
        is( scalar @mail, $version < 16 ? 0 : 1, 'who is told' );
        is_deeply(
            [ map {/^ATTENDEE[^\n]*:mailto:(\S+)/gm} @mail ],
            [ ('anna@example.org') x @mail ],
            'of whom'
        );
    };
}

subtest 'who waits is told' => sub {
    my ( $phone, $other ) = map { phone($_) } 16.1, 14.1;
    my $id = invite( $phone, 'waiting', 'google', 'waiting', event( '20270308', 'SUMMARY:w' ) );
    my ( $inbox, $calendar ) = map { folder( $other, $_ ) } 2, 8;
    $other->sync_until_done($_) for $inbox, $calendar;
    for my $folder ( $calendar, $inbox ) {
        my $ping = wait_for_change( $other, $folder );
        wait_until( 'it to wait', sub { $server->node->waiting->{Parked} == 1 } );
        answer( $phone, $id, 1 );
        ok( $ping->is_ready(PATIENCE), 'the Ping ends' ) or return;
        is_deeply( $ping->result->{folders}, [$folder], 'for the folder' );
        $other->sync_until_done($folder);
        $id = invite( $phone, 'waiting', 'google', 'waiting-2', event( '20270308', 'SUMMARY:w' ) );
        $other->sync_until_done($inbox);
    }
};

subtest 'what cannot be answered' => sub {
    my $phone = phone('16.1');
    my $inbox = folder( $phone, 2 );
    deliver_mail( $box{anna}, 'plain' );
    my $plain = id_of( $phone, 'plain' );
    my $good = invite( $phone, 'good', 'google', 'good', event( '20270308', 'SUMMARY:g' ) );
    my $results = $phone->meeting_response(
        [
            { folder => $inbox, id => $plain, response => 1 },
            { folder => $inbox, id => 'nonsense', response => 1 },
            { folder => $inbox, id => $good, response => 4 },
            { folder => folder( $phone, 8 ), id => $good, response => 1 },
            { long_id => $good, response => 1 },
        ]
    );
    is_deeply( [ map { $_->{status} } @$results ], [ 2, 2, 2, 2, 1 ], 'each for itself' );
    is( $results->[4]{id}, undef, 'a LongId has no RequestId' );
    ok( stored('good'), 'the one is in the calendar' );
    ok( id_of( $phone, 'plain' ), 'mail stays' );
};

$server->done;
done_testing;
