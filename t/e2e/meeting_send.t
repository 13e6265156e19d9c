#!/usr/bin/perl
# covers: Sync
# Who sends invitations: from 16.0 on the server, for an organizer who changes when or where a meeting is or
# who comes, once and for nothing else; up to 14.1 the client.
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
my $server = MobileSync::Server->start(
    accounts => { bo => 'secret' },
    settings => { MobileSyncSendmail => $sendmail->command }
);
my ( %seen, %calls );

# The calendar of a message.
sub calendar_of ($message) {
    my ($part) = $message =~ /^Content-Type: text\/calendar[^\n]*\n.*?\n\r?\n(.*?)\n--/ms;
    return decode_base64($part);
}

# What went to sendmail since the last time: "METHOD recipients" each, sorted; the calendars.
sub sent () {
    my @new = grep { !$calls{ $_->{time} }++ } $sendmail->calls;
    my @calendars = map { calendar_of( $_->{message} ) } @new;
    my @lines =
        map {
        ( $calendars[$_] =~ /^METHOD:(\w+)/m ? $1 : '?' ) . ' '
            . join( ' ', sort( MobileSync::Sendmail::recipients( $new[$_] ) ) )
        } 0 .. $#new;
    return ( [ sort @lines ], @calendars );
}

# The messages of a mailbox since the last time.
sub delivered ( $account, $folder = '' ) {
    my $box = $server->mailbox($account);
    return map { $box->content( $_, $folder ) }
        grep { !$seen{"$account $folder $_"}++ } sort keys %{ $box->messages($folder) };
}

sub people (@addresses) {
    return Attendees => [ map { ( Attendee => [ Email => $_, Name => $_ ] ) } @addresses ];
}

sub meeting ( $subject, @more ) {
    return event(
        Subject => $subject,
        StartTime => '20301104T090000Z',
        EndTime => '20301104T100000Z',
        ( {@more}->{MeetingStatus} ? () : ( MeetingStatus => 1 ) ),
        @more
    );
}

sub change ( $phone, $calendar, $id, @properties ) {
    return $phone->sync( $calendar, commands => [ $phone->change_of( $id, @properties ) ] );
}

# Of a calendar: when it was written, and the highest revision in it.
sub moment ($calendar) { return $calendar =~ /^DTSTAMP:(\w+)/m ? $1 : '' }

sub sequence ($calendar) {
    return ( sort { $b <=> $a } $calendar =~ /^SEQUENCE:(\d+)/mg, 0 )[0];
}

sub is_sent ( $expected, $name ) {
    my ( $lines, @calendars ) = sent();
    is_deeply( $lines, $expected, $name );
    return @calendars;
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $calendar ) =
            folder_phone( $server, 8, account => $account, version => $version );

        my $call = $phone->sync(
            $calendar,
            lose => 1,
            commands => [
                $phone->add_of(
                    'm1', meeting( 'Plan', people( 'eve@example.com', 'bo@example.org' ) )
                )
            ]
        );
        $phone->repeat( $call, lose => 1 );
        my ($add) = @{ $phone->repeat($call)->{responses}{Add} };
        my ($invitation) = is_sent( ['REQUEST eve@example.com'], 'invites once, whatever is lost' );
        like( $invitation, qr/^DTSTART:20301104T090000Z\r$/m, 'to what there is' );
        like( $invitation, qr/^ORGANIZER[^\n]*mailto:$account\@example.org\r$/m, 'in whose name' );
        my @bo = delivered('bo');
        is( @bo, 1, 'an account of the server has it' );
        like( $bo[0], qr/^From:[^\n]*$account\@example.org/m, 'from the organizer' );
        my ($id) = $add->text('ServerId');
        is( scalar delivered( $account, 'Sent' ), 1, 'and Sent' );

        change( $phone, $calendar, $id,
            event( Subject => 'Plans', Reminder => 5, Categories => [ Category => 'x' ] ) );
        is_sent( [], 'a subject, a reminder, a category: nobody' );
        change( $phone, $calendar, $id,
            event( StartTime => '20301104T090000Z', EndTime => '20301104T100000Z' ) );
        is_sent( [], 'the same times: nobody' );

        $call = $phone->sync(
            $calendar,
            lose => 1,
            commands => [
                $phone->change_of(
                    $id, event( StartTime => '20301104T100000Z', EndTime => '20301104T110000Z' )
                )
            ]
        );
        $phone->repeat($call);
        ($invitation) = is_sent( ['REQUEST eve@example.com'], 'another time: once' );
        like( $invitation, qr/^DTSTART:20301104T100000Z\r$/m, 'it is told' );
        like( $invitation, qr/^SEQUENCE:1\r$/m, 'as a later one' );
        change( $phone, $calendar, $id,
            [ 'AirSyncBase:Location' => [ 'AirSyncBase:DisplayName' => 'Attic' ] ] );
        is_sent( ['REQUEST eve@example.com'], 'another place' );
        is( scalar delivered('bo'), 2, 'both here, too' );

        change( $phone, $calendar, $id,
            event( people( 'eve@example.com', 'bo@example.org', 'joe@example.com' ) ) );
        is_sent( ['REQUEST joe@example.com'], 'who is added' );
        change( $phone, $calendar, $id, event( people( 'bo@example.org', 'joe@example.com' ) ) );
        is_sent( ['CANCEL eve@example.com'], 'who is removed' );
        is( scalar delivered('bo'), 0, 'the others are left alone' );

        $call = $phone->sync( $calendar, lose => 1, commands => [ $phone->delete_of($id) ] );
        $phone->repeat($call);
        my ($cancel) = is_sent( ['CANCEL joe@example.com'], 'deleted: cancelled once' );
        like( $cancel, qr/^STATUS:CANCELLED\r$/m, 'it says so' );
        is( scalar delivered('bo'), 1, 'here, too' );
    },
    qw(16.0 16.1)
);

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $calendar ) =
            folder_phone( $server, 8, account => $account, version => $version );
        my $id = add_item(
            $phone,
            $calendar,
            meeting(
                'Weekly',
                people('eve@example.com'),
                Recurrence => [ Type => 1, Interval => 1, DayOfWeek => 2 ]
            )
        );
        is_sent( ['REQUEST eve@example.com'], 'a series: one invitation' );
        my $instance = sub ( $tag, $when, @data ) {
            $phone->sync(
                $calendar,
                commands => [
                    [
                        "AirSync:$tag" => [ ServerId => $id ],
                        [ 'AirSyncBase:InstanceId' => $when ],
                        ( @data ? [ 'AirSync:ApplicationData' => event(@data) ] : () )
                    ]
                ]
            );
        };
        $instance->( 'Change', '20301111T090000Z', Subject => 'Special' );
        is_sent( [], 'the subject of one: nobody' );
        $instance->(
            'Change', '20301111T090000Z',
            StartTime => '20301111T120000Z',
            EndTime => '20301111T130000Z'
        );
        my ($moved) = is_sent( ['REQUEST eve@example.com'], 'one is moved' );
        like( $moved, qr/^RECURRENCE-ID:20301111T090000Z\r$/m, 'that is told alone' );
        unlike( $moved, qr/^RRULE/m, 'not the series' );
        $instance->( 'Delete', '20301118T090000Z' );
        my ($gone) = is_sent( ['CANCEL eve@example.com'], 'one is deleted' );
        like( $gone, qr/^RECURRENCE-ID:20301118T090000Z\r$/m, 'that one' );

        my @two = qw(eve@example.com joe@example.com);
        $instance->( 'Change', '20301111T090000Z', people(@two) );
        my ($one) = is_sent( ['REQUEST joe@example.com'], 'one is added to one' );
        unlike( $one, qr/^RRULE/m, 'which does not invite to all' );
        change( $phone, $calendar, $id, event( people('bo@example.org') ) );
        my ( $cancel, $kept ) = is_sent(
            [ 'CANCEL eve@example.com', 'REQUEST eve@example.com' ],
            'removed from all but one: nobody else is told'
        );
        like( $cancel, qr/^RRULE.*^STATUS:CANCELLED\r$/ms, 'of the whole' );
        like( $kept, qr/^RECURRENCE-ID:20301111T090000Z\r$/m, 'but of that one' );
        unlike( $kept, qr/^(?:RRULE|STATUS:CANCELLED)/m, 'which stands' );
        cmp_ok( moment($kept), 'gt', moment($cancel), 'that is the later' );
        cmp_ok( sequence($kept), '>=', sequence($cancel), 'by its number, too' );
        is( scalar delivered('bo'), 1, 'and who is invited instead' );
        change( $phone, $calendar, $id, event( people( 'bo@example.org', 'eve@example.com' ) ) );
        ($one) = is_sent( ['REQUEST eve@example.com'], 'invited again' );
        cmp_ok( sequence($one), '>=', sequence($cancel), 'which is the later' );
        change( $phone, $calendar, $id,
            [ 'AirSyncBase:Location' => [ 'AirSyncBase:DisplayName' => 'Attic' ] ] );
        ( undef, $one ) = is_sent( [ 'REQUEST eve@example.com', 'REQUEST joe@example.com' ],
            'all of it, and the one, is elsewhere' );
        like( $one, qr/^LOCATION:Attic\r$/m, 'who comes to one is told of that' );
        unlike( $one, qr/^RRULE/m, 'not of all' );
        is( scalar delivered('bo'), 1, 'but of theirs' );
        my $other = $phone->folder_create( 0, 'More', type => 13 )->{id};
        $phone->move_items( [ [ $id, $calendar, $other ] ] );
        is_sent( [], 'into another calendar: nobody' );
        delivered($account);
    },
    qw(16.0 16.1)
);

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $calendar ) =
            folder_phone( $server, 8, account => $account, version => $version );
        my $id = add_item(
            $phone,
            $calendar,
            meeting(
                'Plan',
                people( 'eve@example.com', 'bo@example.org' ),
                OrganizerEmail => "$account\@example.org",
                UID => "old-$account"
            )
        );
        change( $phone, $calendar, $id,
            meeting( 'Plan', StartTime => '20301105T090000Z', EndTime => '20301105T100000Z' ) );
        $phone->sync( $calendar, commands => [ $phone->delete_of($id) ] );
        is_sent( [], 'the client sends them, not the server' );
        is( scalar delivered('bo'), 0, 'to nobody' );
    },
    qw(12.1 14.0 14.1)
);

subtest "another's meeting" => sub {
    my ( $phone, $calendar ) = folder_phone( $server, 8, account => 'bo', version => '16.1' );
    my $vdir = $server->vdir('bo');
    $vdir->write(
        'Calendar',
        'theirs.ics',
        MobileSync::Vdir::component(
            'VEVENT',
            'theirs',
            'Theirs',
            'DTSTART:20301104T090000Z',
            'DTEND:20301104T100000Z',
            'ORGANIZER:mailto:eve@example.com',
            'ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bo@example.org',
            'ATTENDEE:mailto:joe@example.com'
        )
    );
    sync_until( $phone, $calendar, sub ($) { %{ $phone->items($calendar) } } );
    my $id = item_with( $phone, $calendar, 'Calendar:Subject', 'Theirs' )->id;
    change( $phone, $calendar, $id,
        event( StartTime => '20301104T100000Z', EndTime => '20301104T110000Z' ) );
    $phone->sync( $calendar, commands => [ $phone->delete_of($id) ] );
    is_sent( [], 'an attendee moves and deletes it: nobody is told' );
};

subtest 'what the organizer wrote of it' => sub {
    $server->add_account('ida');
    my ( $phone, $calendar ) = folder_phone( $server, 8, account => 'ida', version => '16.1' );
    my $body = sub ( $type, $data ) {
        ( 'AirSyncBase:Body' => [ 'AirSyncBase:Type' => $type, 'AirSyncBase:Data' => $data ] );
    };
    # Types and texts of what is beside the calendar.
    my $parts = sub ($message) {
        my @parts =
            $message =~ m{^Content-Type: (text/(?:plain|html))[^\n]*\n.*?\n\r?\n(.*?)\n--}msg;
        my @read;
        while ( my ( $type, $text ) = splice @parts, 0, 2 ) {
            push @read, $type, decode_base64($text) =~ s/\r\n/\n/gr =~ s/\s+\z//r;
        }
        return \@read;
    };
    delivered('bo');
    add_item( $phone, $calendar,
        meeting( 'Plain', people('bo@example.org'), $body->( 1, 'Bring tea' ) ) );
    my ($plain) = delivered('bo');
    is_deeply( $parts->($plain), [ 'text/plain', 'Bring tea' ], 'a text is a text' );
    add_item(
        $phone,
        $calendar,
        meeting(
            'Styled', people('bo@example.org'),
            $body->( 2, '<p>Bring <b>tea</b></p><script>x()</script>' )
        )
    );
    my ($styled) = delivered('bo');
    my ( $type, $text, $other, $html ) = $parts->($styled)->@*;
    is_deeply( [ $type, $text ], [ 'text/plain', 'Bring tea' ], 'HTML has a text' );
    is( $other, 'text/html', 'and is beside it' );
    like( $html, qr{<b>tea</b>}, 'as it was written' );
    unlike( $html, qr/script/, 'without what is active' );
    is_sent( [], 'nobody elsewhere is told' );
};

subtest 'an invitation that was received' => sub {
    $server->add_account('may');
    my ( $phone, $calendar ) = folder_phone( $server, 8, account => 'may', version => '16.1' );
    add_item( $phone, $calendar, meeting( 'Plan', MeetingStatus => 3, people('eve@example.com') ) );
    is_sent( [], 'is sent to nobody by who has it' );
};

subtest 'what cannot be sent' => sub {
    $server->add_account('lea');
    my ( $phone, $calendar ) = folder_phone( $server, 8, account => 'lea', version => '16.1' );
    delivered('bo');
    $sendmail->then('exit 67');
    my $id = add_item( $phone, $calendar,
        meeting( 'Plan', people( 'nobody@example.com', 'bo@example.org' ) ) );
    ok( $id, 'the meeting stands' );
    is( scalar delivered('bo'), 1, 'who can be reached is invited' );
    my @notes = delivered('lea');
    is( @notes, 1, 'the organizer has a note' );
    like( $notes[0], qr/^Subject: A meeting message could not be sent/m, 'which says so' );
    $sendmail->then('exit 0');
};

done_testing;
