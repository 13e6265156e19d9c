#!/usr/bin/perl
# covers: SmartForward SmartReply Sync MeetingResponse
# A meeting is forwarded: who gets it answers to its organizer, whose calendar knows of it. With a message
# at every version, by Forwardees from 16.0 on; once, whatever is lost.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MIME::Base64 qw(decode_base64);
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Sendmail;
use MobileSync::Server;

my $sendmail = MobileSync::Sendmail->new;
my $server = MobileSync::Server->start( settings => { MobileSyncSendmail => $sendmail->command } );

# The calendar of a message, unfolded.
sub calendar_of ($message) {
    my ($part) = $message =~ /^Content-Type: text\/calendar[^\n]*\n.*?\n\r?\n(.*?)\n--/ms;
    return decode_base64( $part // '' ) =~ s/\r\n //gr;
}

# What went to sendmail for an address.
sub sent_to ($address) {
    return map { $_->{message} }
        grep {
        grep { $_ eq $address }
            MobileSync::Sendmail::recipients($_)
        } $sendmail->calls;
}

sub account ($name) {
    $server->add_account($name) unless $server->has_account($name);
    return $name;
}

sub calendar_phone ( $account, $version ) {
    return folder_phone( $server, 8, account => account($account), version => $version );
}

sub item ( $phone, $folder ) {
    $phone->sync_until_done($folder);
    my @items = values %{ $phone->items($folder) };
    is( scalar @items, 1, "one item of $phone->{user}" );
    return $items[0];
}

sub mail_to ( $subject, @people ) {
    return join "\r\n", 'To: ' . join( ', ', @people ), "Subject: $subject",
        'Content-Type: text/plain; charset=utf-8', '', 'Have a look.', '';
}

# A weekly meeting of one account to which another is invited, at its version: the phones of both, with
# their calendars, and the ServerId that the other has.
sub weekly ( $organizer, $attendee, $version ) {
    my ( $phone, $calendar ) = calendar_phone( $organizer, '16.1' );
    my ( $other, $others ) = calendar_phone( $attendee, $version );
    add_item(
        $phone,
        $calendar,
        event(
            Subject => 'Plan',
            StartTime => '20301104T090000Z',
            EndTime => '20301104T100000Z',
            MeetingStatus => 1,
            Recurrence => [ Type => 1, Interval => 1, DayOfWeek => 2, Occurrences => 4 ],
            Attendees => [ Attendee => [ Email => $server->address($attendee), Name => 'A' ] ]
        )
    );
    return ( $phone, $calendar, $other, $others, item( $other, $others )->id );
}

sub attendees ($item) {
    return
        map { $_->text('Email') => $_->text('AttendeeStatus') }
        $item->property('Calendar:Attendees')->children;
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $boss, $bosses, $phone, $calendar, $id ) =
            weekly( "boss$account", $account, $version );
        my ( $joe, $joes ) = calendar_phone( "joe$account", '16.1' );
        my $address = $server->address("joe$account");
        my $mime = mail_to( "FW: Plan $account", $address, "eve$account\@example.com" );

        my $call = $phone->smart_forward( $calendar, $id, $mime, save => 1, lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'forwarded' );
        my @sent = sent_to("eve$account\@example.com");
        is( @sent, 1, 'once' );
        like( $sent[0], qr/^Have a look\..*^Content-Type: text\/calendar/ms, 'behind the text' );
        like(
            calendar_of( $sent[0] ),
            qr/^METHOD:REQUEST\r.*^RRULE:/ms,
            'an invitation to all of it'
        );
        like(
            calendar_of( $sent[0] ),
            qr/^ORGANIZER[^\n]*boss$account\@/m,
            'of the same organizer'
        );
        is( scalar keys %{ $server->mailbox($account)->messages('Sent') }, 1, 'one copy' );

        my $inbox = $joe->folder_of_type(2)->{id};
        $joe->initial_sync($inbox);
        my $mail = item( $joe, $inbox );
        is( $mail->text('Email:MessageClass'), 'IPM.Schedule.Meeting.Request',
            'a meeting request' );
        my $request = $mail->property('Email:MeetingRequest');
        is( $request->text('Recurrences/Recurrence/Occurrences'), 4, 'with its recurrence' );
        my $event = item( $joe, $joes );
        is( $event->text('Calendar:BusyStatus'), 1, 'in the calendar, tentative' );
        is( $event->text('Calendar:OrganizerEmail'), $server->address("boss$account"), 'of whom' );
        my %known = attendees( item( $boss, $bosses ) );
        is( $known{$address}, 5, 'the organizer has it: not answered' );
        is( $known{"eve$account\@example.com"}, 5, 'of both' );
        is(
            (
                grep {/Forward Notification/} map { $server->mailbox("boss$account")->content($_) }
                    keys %{ $server->mailbox("boss$account")->messages }
            ),
            1,
            'and was told'
        );

        $joe->meeting_response(
            [ { folder => $inbox, id => $mail->id, response => 1, send => [] } ] );
        %known = attendees( item( $boss, $bosses ) );
        is( $known{$address}, 3, 'who gets it answers to the organizer' );

        my $long = mail_to( 'long', "long$account\@example.com" );
        is( $phone->smart_forward( undef, $id, $long )->{status}, 1, 'by its LongId' );
        like( calendar_of( ( sent_to("long$account\@example.com") )[0] ),
            qr/^METHOD:REQUEST/m, 'too' );

        my $one = mail_to( 'one', "one$account\@example.com" );
        my @instance = ( instance => '2030-11-11T09:00:00.000Z' );
        is( $phone->smart_forward( $calendar, $id, $one, @instance )->{status},
            1, 'one occurrence' );
        my $calendar_text = calendar_of( ( sent_to("one$account\@example.com") )[0] );
        like( $calendar_text, qr/^RECURRENCE-ID[^\n]*:20301111T/m, 'is that' );
        unlike( $calendar_text, qr/^RRULE/m, 'alone' );
        my $missing = sub {
            $phone->smart_forward( $calendar, $id, $one, instance => '2030-11-12T09:00:00.000Z' );
        };
        my $status = refused_with($missing);
        is( $status, $version < 14 ? 500 : 150, 'one that is not' );
        is( scalar sent_to("one$account\@example.com"), 1, 'is not sent' );

        my $reply = mail_to( 'RE: Plan', "reply$account\@example.com" );
        is( $phone->smart_reply( $calendar, $id, $reply )->{status}, 1, 'answered' );
        my ($answer) = sent_to("reply$account\@example.com");
        like( $answer, qr/^> When: 2030-11-04/m, 'by a message that quotes it' );
        unlike( $answer, qr/text\/calendar/, 'and no more' );
    }
);

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $boss, $bosses, $phone, $calendar, $id ) =
            weekly( "lead$account", "at$account", $version );
        my $address = "fay$account\@example.com";
        my @people = ( [ $address => 'Fay' ], instance => '2030-11-11T09:00:00.000Z' );
        my @body = ( body => [ [ Type => 2 ], [ Data => '<b>Have</b> a look.' ] ] );

        my $call = $phone->forward_event( $calendar, $id, @people, @body, lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'forwarded' );
        my @sent = sent_to($address);
        is( @sent, 1, 'once' );
        like( $sent[0], qr/^Subject: FW: Plan\r?$/m, 'of a name' );
        like( $sent[0], qr/^From:[^\n]*at$account\@/m, 'in the name of who forwards it' );
        like( $sent[0], qr/<b>Have<\/b> a look\./, 'with the text' );
        like( calendar_of( $sent[0] ), qr/^RECURRENCE-ID[^\n]*:20301111T/m, 'one occurrence' );
        is( scalar keys %{ $server->mailbox("at$account")->messages('Sent') }, 1, 'one copy' );
        my $item = item( $boss, $bosses );
        ok( !{ attendees($item) }->{$address}, 'the organizer has nobody new in the series' );
        my ($exception) = $item->property('Calendar:Exceptions')->children;
        ok( ( grep { $_->text('Email') eq $address } $exception->at('Attendees')->children ),
            'but in the occurrence' );

        my $own =
            $boss->forward_event( $bosses, $item->id, [ "own$account\@example.com" => 'Own' ] );
        is( $own->{status}, 1, 'the organizer forwards it' );
        my %known = attendees( item( $boss, $bosses ) );
        is( $known{"own$account\@example.com"}, 5, 'who invites by that' );
        is( scalar sent_to("own$account\@example.com"), 1, 'once' );
    },
    '16.0',
    '16.1'
);

$server->done;
done_testing();
