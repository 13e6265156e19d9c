#!/usr/bin/perl
# covers: Sync SendMail MeetingResponse
# A meeting among accounts of one server: invitation, move, answer and cancellation are in the other's
# calendar as they are delivered, unless that is switched off.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Server;

sub calendar_phone ( $server, $account, $version ) {
    return folder_phone( $server, 8, account => $account, version => $version );
}

sub invite ( $phone, $calendar, $subject ) {
    return add_item(
        $phone,
        $calendar,
        event(
            Subject => $subject,
            StartTime => '20301104T090000Z',
            EndTime => '20301104T100000Z',
            MeetingStatus => 1,
            Attendees => [ Attendee => [ Email => 'bo@example.org', Name => 'Bo' ] ]
        )
    );
}

sub change ( $phone, $calendar, $id, @properties ) {
    return $phone->sync( $calendar, commands => [ $phone->change_of( $id, @properties ) ] );
}

# The only item of a calendar.
sub only ( $phone, $calendar ) {
    $phone->sync_until_done($calendar);
    my @items = values %{ $phone->items($calendar) };
    is( scalar @items, 1, 'one item' );
    return $items[0];
}

my $server = MobileSync::Server->start( accounts => { anna => 'secret', bo => 'secret' } );
my ( $anna, $annas ) = calendar_phone( $server, 'anna', '16.1' );
my ( $bo, $bos ) = calendar_phone( $server, 'bo', '16.1' );
my ( $old, $olds ) =
    folder_phone( $server, 8, account => 'bo', version => '14.1', device_id => 'OLD' );
my $id = invite( $anna, $annas, 'Plan' );

my $item = only( $old, $olds );
is( $item->text('Calendar:MeetingStatus'), 3, 'an invitation is in the calendar' );
is( $item->text('Calendar:BusyStatus'), 1, 'tentative' );
is( $item->text('Calendar:ResponseType'), 5, 'not answered' );
is( scalar keys %{ $server->mailbox('bo')->messages }, 1, 'and in the Inbox' );

change( $anna, $annas, $id,
    event( StartTime => '20301104T110000Z', EndTime => '20301104T120000Z' ) );
is( only( $old, $olds )->text('Calendar:StartTime'), '20301104T110000Z', 'moved' );

my $answered = only( $bo, $bos );
$bo->meeting_response( [ { folder => $bos, id => $answered->id, response => 1, send => [] } ] );
my ($attendee) = only( $anna, $annas )->property('Calendar:Attendees')->children;
is( $attendee->text('AttendeeStatus'), 3, 'an answer is in the calendar of the organizer' );
is( only( $old, $olds )->text('Calendar:BusyStatus'), 2, 'and what is agreed to is busy' );

# Another time is proposed: the organizer sees it, until it is answered or he moves the meeting.
sub proposed () {
    my ($who) = only( $anna, $annas )->property('Calendar:Attendees')->children;
    return [ map { $who->text($_) }
            qw(AttendeeStatus MeetingResponse:ProposedStartTime MeetingResponse:ProposedEndTime) ];
}

sub propose ($hour) {
    my ($result) = $bo->meeting_response(
        [
            {
                folder => $bos,
                id => only( $bo, $bos )->id,
                response => 2,
                send => [
                    [ 'MeetingResponse:ProposedStartTime' => "20301104T${hour}0000Z" ],
                    [ 'MeetingResponse:ProposedEndTime' => "20301104T${hour}3000Z" ]
                ]
            }
        ]
    )->@*;
    return $result->{status};
}
is( propose(14), 1, 'another time is proposed' );
is_deeply( proposed(), [ 2, '20301104T140000Z', '20301104T143000Z' ], 'and shown' );
change( $anna, $annas, $id, event( Reminder => 5 ) );
is_deeply( proposed(), [ 2, '20301104T140000Z', '20301104T143000Z' ], 'whatever else changes' );
change( $anna, $annas, $id,
    event( StartTime => '20301104T140000Z', EndTime => '20301104T143000Z' ) );
is_deeply( proposed(), [ 2, undef, undef ], 'until the meeting is moved' );
change(
    $anna, $annas, $id,
    event(
        DisallowNewTimeProposal => 1,
        StartTime => '20301104T140000Z',
        EndTime => '20301104T150000Z'
    )
);
my $mails = keys %{ $server->mailbox('anna')->messages };
is( propose(15), 2, 'where no proposals are taken there are none' );
is( scalar keys %{ $server->mailbox('anna')->messages }, $mails, 'and no mail' );

$anna->sync( $annas, commands => [ $anna->delete_of($id) ] );
is( only( $old, $olds )->text('Calendar:MeetingStatus') & 4, 4, 'cancelled' );

subtest 'forwarded' => sub {
    my $calendar = join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', 'BEGIN:VEVENT',
        'UID:elsewhere', 'DTSTAMP:20260101T000000Z', 'DTSTART:20301104T090000Z',
        'ORGANIZER:mailto:eve@example.com', 'ATTENDEE:mailto:bo@example.org', 'END:VEVENT',
        'END:VCALENDAR', '';
    $anna->send_mail(
        join "\r\n",
        'From: anna@example.org',
        'To: bo@example.org',
        'Subject: look',
        'MIME-Version: 1.0',
        'Content-Type: text/calendar; method=REQUEST; charset=utf-8',
        '', $calendar
    );
    only( $old, $olds );
    is(
        $server->node->error_log->count(
            qr/meeting elsewhere, from anna, changes nothing .* of bo:/),
        1,
        'administrators see why not'
    );
};

subtest 'a calendar that cannot be written' => sub {
    my $vdir = $server->vdir('bo');
    my $folder = $vdir->folder( $vdir->named('Calendar') );
    my $mode = ( stat $folder )[2] & 07777;
    chmod 0500, $folder;
    invite( $anna, $annas, 'Nowhere' );
    chmod $mode, $folder;
    is(
        scalar(
            grep {/Nowhere/} map { $server->mailbox('bo')->content($_) }
                keys %{ $server->mailbox('bo')->messages }
        ),
        1,
        'the invitation comes'
    );
    is(
        $server->node->error_log->count(
            qr/meeting \S+, from anna, is not in the calendar of bo: \w/),
        1,
        'administrators see why it is nothing more'
    );
};

subtest 'switched off' => sub {
    my $off = MobileSync::Server->start(
        accounts => { anna => 'secret', bo => 'secret' },
        settings => { MobileSyncMeetings => 'off' }
    );
    my ( $phone, $calendar ) = calendar_phone( $off, 'anna', '16.1' );
    my ( $other, $others ) = calendar_phone( $off, 'bo', '16.1' );
    invite( $phone, $calendar, 'Plan' );
    is( scalar keys %{ $off->mailbox('bo')->messages }, 1, 'the invitation comes' );
    $other->sync_until_done($others);
    is_deeply( $other->items($others), {}, 'the calendar is left to its owner' );
    $off->done;
};

$server->allow_errors(qr/is not in the calendar of bo/);
$server->done;
done_testing;
