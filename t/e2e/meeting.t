#!/usr/bin/perl
# covers: MeetingResponse
# Invitations by mail that are answered on a phone: the calendar, the Inbox, who gets mail.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( accounts => { anna => 'secret', bo => 'secret' } );
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

$server->done;
done_testing;
