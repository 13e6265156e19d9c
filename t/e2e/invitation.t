#!/usr/bin/perl
# covers: Sync ItemOperations MeetingResponse
# Invitations in the Inbox: MessageClass and MeetingRequest as each version has them.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start;
my $box = $server->mailbox('anna');

sub mail ( $subject, $method, @event ) {
    my $calendar = join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//t//EN',
        "METHOD:$method", @event, 'END:VCALENDAR', '';
    $box->deliver(
        join "\r\n",
        'From: Orga <orga@example.com>',
        'To: anna@example.org',
        "Subject: $subject",
        'MIME-Version: 1.0',
        'Content-Type: multipart/mixed; boundary="m"',
        '',
        '--m',
        'Content-Type: multipart/alternative; boundary="a"',
        '',
        '--a',
        'Content-Type: text/plain; charset=utf-8',
        '',
        'Please come.',
        '--a',
        "Content-Type: text/calendar; charset=utf-8; method=$method",
        '',
        $calendar,
        '--a--',
        '--m--',
        ''
    );
    return;
}

my @zone = (
    'BEGIN:VTIMEZONE', 'TZID:Europe/Berlin',
    'BEGIN:STANDARD', 'DTSTART:19701025T030000',
    'TZOFFSETFROM:+0200', 'TZOFFSETTO:+0100',
    'TZNAME:CET', 'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
    'END:STANDARD', 'BEGIN:DAYLIGHT',
    'DTSTART:19700329T020000', 'TZOFFSETFROM:+0100',
    'TZOFFSETTO:+0200', 'TZNAME:CEST',
    'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU', 'END:DAYLIGHT',
    'END:VTIMEZONE'
);
my @event = (
    'BEGIN:VEVENT',
    'UID:weekly-42@example.com',
    'DTSTAMP:20260101T120000Z',
    'DTSTART;TZID=Europe/Berlin:20260706T100000',
    'DTEND;TZID=Europe/Berlin:20260706T110000',
    "SUMMARY:Jour fixe \xc3\xbc",
    "LOCATION:Saal \xe2\x82\xac",
    'ORGANIZER;CN=Orga:mailto:orga@example.com',
    'ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org'
);
mail( 'weekly', 'REQUEST', @zone, @event, 'RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10', 'END:VEVENT' );
mail( 'once', 'REQUEST', @zone, @event, 'END:VEVENT' );
mail( 'moved', 'REQUEST', @zone, @event,
    'RECURRENCE-ID;TZID=Europe/Berlin:20260705T100000', 'END:VEVENT' );
mail( 'day', 'REQUEST', 'BEGIN:VEVENT', 'UID:day', 'DTSTAMP:20260101T120000Z',
    'DTSTART;VALUE=DATE:20260706', 'END:VEVENT' );
mail( 'off', 'CANCEL', @zone, @event, 'SEQUENCE:3', 'END:VEVENT' );
mail( 'yes', 'REPLY', 'BEGIN:VEVENT', 'UID:u', 'DTSTAMP:20260101T120000Z',
    'DTSTART:20260706T080000Z', 'ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@example.com', 'END:VEVENT' );
mail(
    'later', 'COUNTER', @zone, @event,
    'X-MS-OLK-ORIGINALSTART:20260706T070000Z',
    'X-MS-OLK-ORIGINALEND:20260706T080000Z', 'END:VEVENT'
);
mail( 'broken', 'REQUEST', 'BEGIN:VEVENT', 'garbage' );

for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
    subtest "protocol $version" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(2)->{id};
        $phone->initial_sync( $inbox, options => { filter_type => 0, body => [ { type => 1 } ] } );
        my %item = map { $_->text('Email:Subject') => $_ } values %{ $phone->items($inbox) };
        is( scalar keys %item, 8, 'all messages came' );
        my %class = map { $_ => $item{$_}->text('Email:MessageClass') } keys %item;
        my $base = 'IPM.Schedule.Meeting';
        is_deeply(
            \%class,
            {
                ( map { $_ => "$base.Request" } qw(weekly once moved day) ),
                off => "$base.Canceled",
                yes => "$base.Resp.Pos",
                later => "$base.Resp.Tent",
                broken => 'IPM.Note'
            },
            'their classes'
        );
        my %request =
            map { $_ => $item{$_}->property('Email:MeetingRequest') } keys %item;
        is_deeply(
            [ sort grep { $request{$_} } keys %request ],
            [ 'day', ( $version >= 16.1 ? 'later' : () ), qw(moved off once weekly) ],
            'which of them have a request'
        );
        my $weekly = $request{weekly};
        is( $weekly->text('StartTime'), '2026-07-06T08:00:00.000Z', 'the begin' );
        is( $weekly->text('EndTime'), '2026-07-06T09:00:00.000Z', 'the end' );
        is( $weekly->text('InstanceType'), 1, 'a series' );
        is( $weekly->text('Recurrences/Recurrence/DayOfWeek'), 10, 'on two days' );
        is( $weekly->text('Recurrences/Recurrence/Occurrences'), 10, 'ten times' );
        is( $weekly->text('Organizer'), '"Orga" <orga@example.com>', 'by whom' );
        is( $weekly->text( $version >= 16 ? 'AirSyncBase:Location/DisplayName' : 'Location' ),
            "Saal \x{20ac}", 'where' );
        my $id = $weekly->text('GlobalObjId');
        ok( $version >= 16 ? !$id : $id, 'GlobalObjId before 16.0' );
        is(
            $weekly->text('Calendar:UID'),
            $version >= 16 ? 'weekly-42@example.com' : undef,
            'UID from then on'
        );
        is(
            $weekly->text('Email2:MeetingMessageType'),
            $version >= 14.1 ? 1 : undef,
            'a first one'
        );
        is( $item{weekly}->property('AirSyncBase:Attachments'),
            undef, 'the calendar is no attachment' );
        ok( $item{broken}->property('AirSyncBase:Attachments'), 'but one that cannot be read is' );

        if ( my $later = $request{later} ) {
            is( $later->text('StartTime'), '2026-07-06T07:00:00.000Z', 'what another time is of' );
            is( $later->text('MeetingResponse:ProposedStartTime'), '20260706T080000Z', 'which' );
            is( $later->text('MeetingResponse:ProposedEndTime'), '20260706T090000Z', 'until when' );
        }
        is( $request{once}->text('Recurrences'), undef, 'one meeting has no recurrence' );
        is( $request{moved}->text('RecurrenceId'), '2026-07-05T08:00:00.000Z', 'which one moved' );
        is( $request{day}->text('AllDayEvent'), 1, 'a whole day' );
        my $fetched = $phone->fetch_item( $inbox, $item{once}->id );
        ok( $fetched->{properties}->at('Email:MeetingRequest'), 'Fetch gives it as well' );
    };
}

# A calendar that is sent as a file is a meeting, and a file.
each_version(
    $server,
    sub ( $version, $account ) {
        my $calendar = join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST',
            'BEGIN:VEVENT', "UID:file$account", 'DTSTAMP:20260101T120000Z',
            'DTSTART:20301104T090000Z', 'DTEND:20301104T100000Z', 'SUMMARY:File',
            'ORGANIZER:mailto:orga@example.com', "ATTENDEE:mailto:$account\@example.org",
            'END:VEVENT', 'END:VCALENDAR', '';
        $server->mailbox($account)->deliver(
            join "\r\n",
            'From: orga@example.com',
            'Subject: File',
            'MIME-Version: 1.0',
            'Content-Type: multipart/mixed; boundary="m"',
            '',
            '--m',
            'Content-Type: multipart/mixed; boundary="n"',
            '',
            '--n',
            '',
            'Please come.',
            '--n',
            'Content-Type: application/octet-stream; name="invite.ics"',
            'Content-Disposition: attachment; filename="invite.ics"',
            '',
            "$calendar--n--",
            '--m--',
            ''
        );
        my ( $phone, $inbox ) = folder_phone(
            $server, 2,
            account => $account,
            version => $version,
            sync => { options => { filter_type => 0 } }
        );
        my $item = item_with( $phone, $inbox, 'Email:Subject', 'File' );
        is( $item->text('Email:MessageClass'), 'IPM.Schedule.Meeting.Request', 'a request' );
        my $request = $item->property('Email:MeetingRequest');
        is( $request->text('StartTime'), '2030-11-04T09:00:00.000Z', 'of when' );
        my $file = $item->property('AirSyncBase:Attachments')->at('Attachment');
        is( $file->text('DisplayName'), 'invite.ics', 'and a file' );
        my $fetched = $phone->fetch_attachment( $file->text('FileReference') );
        is( $fetched->{data} =~ s/\R\z//r, $calendar =~ s/\R\z//r, 'that can be downloaded' );
        my $answer =
            $phone->meeting_response( [ { folder => $inbox, id => $item->id, response => 1 } ] )
            ->[0];
        is( $answer->{status}, 1, 'it can be answered' );
        ok( $answer->{calendar}, 'and is in the calendar' );
    }
);

$server->done;
done_testing();
