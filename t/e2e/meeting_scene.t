#!/usr/bin/perl
# covers: Sync MeetingResponse SendMail
# A weekly meeting from its invitation to its end, on phones of all kinds of versions and with desktop
# programs at the files: what everybody has after each step, and how many mails there are then. Every
# request's first answer is lost.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Participant;
use MobileSync::Scenario;
use MobileSync::Sendmail;
use MobileSync::Server;
use MobileSync::Vdir;

my $sendmail = MobileSync::Sendmail->new;
my $server = MobileSync::Server->start(
    accounts => {},
    settings => { MobileSyncSendmail => $sendmail->command }
);

# What happens between an answer that is lost and the repeat of its request.
my %mishap = (
    'redis restarts' => sub { $server->redis->restart },
    'the children are killed' => sub {
        my $node = $server->node;
        $node->expect_killed( $node->children );
        kill KILL => $node->children;
        $node->await_children;
    }
);

# Organizer, attendee; each phone and the other one.
my @PAIRS = (
    [ [qw(14.1 14.1)], [qw(14.1 14.1)] ],
    [ [qw(16.1 16.1)], [qw(16.1 16.1)] ],
    [ [qw(12.1 14.0)], [qw(16.1 14.1)] ],
    [ [qw(16.0 12.1)], [qw(14.1 16.1)] ],
    [ [qw(16.1 12.1)], [qw(16.1 14.0)], 'redis restarts' ],
    [ [qw(14.1 16.1)], [qw(14.1 16.0)], 'redis restarts' ],
    [ [qw(16.1 14.1)], [qw(14.1 12.1)], 'the children are killed' ],
    [ [qw(14.0 16.0)], [qw(16.1 16.0)], 'the children are killed' ],
);

# The same, for those who decline.
my @BRIEF = (
    [ [qw(14.1 16.1)], [qw(12.1 14.1)] ],
    [ [qw(16.1 14.0)], [qw(14.0 16.0)] ],
    [ [qw(16.0 14.1)], [qw(14.1 12.1)] ],
    [ [qw(12.1 16.1)], [qw(16.0 14.1)] ],
);

my $outside = 0;

# New mails to those who are elsewhere, since the last time.
sub sent_outside () {
    my $sent = $sendmail->calls - $outside;
    $outside += $sent;
    return $sent;
}

# After a step: counts of the organizer's and the attendee's mails, and of those that left the server.
sub after_step ( $name, $anna, $bo, $annas, $bos, $left ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply(
        [ $anna->mails, $bo->mails, sent_outside() ],
        [ $annas, $bos, $left ],
        "$name: mails"
    );
    $_->in_step($name) for $anna, $bo;
    return;
}

# A weekly meeting of the two, and one elsewhere: its id and what it is.
sub invited ( $anna, $bo, $subject ) {
    my %meeting = (
        subject => $subject,
        start => '20301104T090000Z',
        end => '20301104T100000Z',
        weekly => 1,
        people => [ $bo->address, 'eve@example.com' ]
    );
    my $id = $anna->organize( \%meeting );
    after_step( 'invited', $anna, $bo, [ 0, 1, 0 ], [ 1, 0, 0 ], 1 );
    return ( $id, %meeting );
}

sub play ( $anna, $bo ) {
    my ( $id, %meeting ) = invited( $anna, $bo, 'Plan' );
    my $event = $bo->only_event;
    is( $event->text('Calendar:MeetingStatus'), 3, 'a meeting that was received' );
    is( $event->text('Calendar:BusyStatus'), 1, 'tentative' );
    my $request = $bo->mail('Request');
    is( $request->text('Email:MeetingRequest/StartTime'),
        '2030-11-04T09:00:00.000Z', 'in the mail' );

    $bo->answer( mail => $request->id, response => 1 );
    after_step( 'accepted silently', $anna, $bo, [ 0, 1, 0 ], [ 0, 0, 1 ], 0 );
    is( $bo->only_event->text('Calendar:BusyStatus'), 2, 'busy' );
    is( $anna->only_file->{people}, people( $bo, 'none' ), 'the organizer does not know' );

    my $event_id = $bo->only_event->id;
    $bo->answer( event => $event_id, response => 2, loudly => 1 );
    after_step( 'perhaps', $anna, $bo, [ 1, 1, 0 ], [ 0, 1, 1 ], 0 );
    is( $anna->only_file->{people}, people( $bo, 'tentative' ), 'the organizer knows' );
    ok( $anna->mail('Resp.Tent'), 'and has the answer' );

    my @later = qw(20301104T150000Z 20301104T160000Z);
    $bo->answer( event => $event_id, response => 2, proposal => \@later, loudly => 1 );
    after_step( 'another time is proposed', $anna, $bo, [ 2, 1, 0 ], [ 0, 2, 1 ], 0 );
    is( $anna->only_file->{start}, '20301104T090000Z', 'which is a proposal' );

    $anna->reschedule( $id, \%meeting, start => '20301104T100000Z', end => '20301104T110000Z' );
    after_step( 'moved', $anna, $bo, [ 2, 2, 0 ], [ 1, 2, 1 ], 1 );
    is( $bo->only_file->{start}, '20301104T100000Z', 'so it is for the attendee' );
    is( $bo->only_file->{people}, people( $bo, 'none' ), 'who is asked anew' );

    $bo->answer( mail => $bo->mail('Request')->id, response => 1, loudly => 1 );
    after_step( 'accepted', $anna, $bo, [ 3, 2, 0 ], [ 0, 3, 2 ], 0 );
    is( $anna->only_file->{people}, people( $bo, 'yes' ), 'the organizer knows' );
    ok( $anna->mail('Resp.Pos'), 'and has the answer' );

    my %one = ( start => '20301111T130000Z', end => '20301111T140000Z' );
    $anna->reschedule_one( $id, \%meeting, '20301111T100000Z', %one );
    after_step( 'one is moved', $anna, $bo, [ 3, 3, 0 ], [ 1, 3, 2 ], 1 );
    like(
        $bo->only_file->{exceptions},
        qr/^20301111T100000Z $one{start} $one{end} Plan$/,
        'that one'
    );
    $anna->reschedule_one( $id, \%meeting, '20301118T100000Z' );
    after_step( 'one is cancelled', $anna, $bo, [ 3, 4, 0 ], [ 2, 3, 2 ], 1 );
    like( $bo->only_file->{exceptions}, qr/; 20301118T100000Z -$/, 'and is no more' );
    ok( $bo->mail('Canceled'), 'of which the attendee is told' );

    $anna->edit( qr/^SUMMARY:Plan\r$/m, "SUMMARY:Plans\r" );
    after_step( "the organizer's desktop names it", $anna, $bo, [ 3, 4, 0 ], [ 2, 3, 2 ], 0 );
    $anna->edit( qr/(?=^END:VCALENDAR)/m, $anna->occurrence( '20301125T10', '20301125T12' ) );
    after_step( 'and moves one', $anna, $bo, [ 3, 4, 0 ], [ 2, 3, 2 ], 0 );
    like( $anna->only_file->{exceptions}, qr/20301125T100000Z 20301125T120000Z/, 'there' );

    my $address = $bo->address;
    $bo->edit( qr/PARTSTAT=ACCEPTED([^\r]*:mailto:\Q$address\E)/,
        sub ($rest) {"PARTSTAT=DECLINED$rest"} );
    after_step( "the attendee's desktop declines", $anna, $bo, [ 3, 4, 0 ], [ 2, 3, 2 ], 0 );
    is( $bo->only_event->text('Calendar:ResponseType'), 4, 'the phone shows it' );
    $bo->answer( event => $event_id, response => 1, loudly => 1 );
    after_step( 'the phone accepts', $anna, $bo, [ 4, 4, 0 ], [ 2, 4, 2 ], 0 );

    $anna->cancel( $id, \%meeting );
    after_step( 'cancelled', $anna, $bo, [ 4, 5, 0 ], [ 3, 4, 2 ], 1 );
    is_deeply( $anna->files, {}, 'it is gone' );
    is( $bo->only_event->text('Calendar:MeetingStatus'), 7, 'the attendee sees why' );
    $bo->ask( $bo->phone->delete_of($event_id) );
    after_step( 'the attendee deletes it', $anna, $bo, [ 4, 5, 0 ], [ 3, 4, 2 ], 0 );
    is_deeply( $bo->files, {}, 'it is gone' );
    return;
}

# Somebody declines from the phone, and one occurrence alone; events that come and go as files.
sub play_briefly ( $anna, $bo ) {
    my ( $id, %meeting ) = invited( $anna, $bo, 'Talk' );
    $bo->answer( mail => $bo->mail('Request')->id, response => 1, loudly => 1 );
    after_step( 'accepted', $anna, $bo, [ 1, 1, 0 ], [ 0, 1, 1 ], 0 );
    my ( $mails, $sent ) = ( 1, 1 );
    my $event_id = $bo->only_event->id;
    if ( $bo->version >= 14.1 ) {
        my $one = '20301111T090000Z';
        $bo->answer( event => $event_id, instance => $one, response => 3, loudly => 1 );
        after_step( 'one is declined', $anna, $bo, [ ++$mails, 1, 0 ], [ 0, ++$sent, 1 ], 0 );
        is( $bo->only_file->{exceptions}, "$one -", 'the attendee has it no more' );
        is( $anna->only_file->{people}, people( $bo, 'yes' ), 'but comes to the others' );
        $bo->answer( event => $event_id, response => 3, loudly => 1 );
    }
    else {
        $anna->reschedule(
            $id, \%meeting,
            start => '20301104T100000Z',
            end => '20301104T110000Z'
        );
        after_step( 'moved', $anna, $bo, [ $mails, 2, 0 ], [ 1, $sent, 1 ], 1 );
        $bo->answer( mail => $bo->mail('Request')->id, response => 3, loudly => 1 );
    }
    my $asked = $bo->version >= 14.1 ? 1 : 2;
    after_step( 'declined', $anna, $bo, [ ++$mails, $asked, 0 ], [ 0, ++$sent, $asked ], 0 );
    is_deeply( $bo->files, {}, 'the attendee has it no more' );
    is( $anna->only_file->{people}, people( $bo, 'no' ), 'the organizer knows' );

    my @people = map {"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:$_"} $bo->address;
    my $file = MobileSync::Vdir::component( 'VEVENT', 'desk', 'Desk', 'DTSTART:20301105T090000Z',
        'DTEND:20301105T100000Z', 'ORGANIZER:mailto:' . $anna->address, @people );
    $anna->vdir->write( $anna->calendar, 'desk.ics', $file );
    after_step(
        'a desktop program adds one',
        $anna, $bo,
        [ $mails, $asked, 0 ],
        [ 0, $sent, $asked ], 0
    );
    is( scalar $anna->events, 2, 'the phone has both' );
    $anna->vdir->delete( $anna->calendar, 'desk.ics' );
    after_step( 'and deletes it', $anna, $bo, [ $mails, $asked, 0 ], [ 0, $sent, $asked ], 0 );
    my ($name) = $anna->vdir->files( $anna->calendar );
    $anna->vdir->delete( $anna->calendar, $name );
    after_step( 'and the meeting', $anna, $bo, [ $mails, $asked, 0 ], [ 0, $sent, $asked ], 0 );
    is( scalar $anna->events, 0, 'the phone has none' );
    return;
}

# Who is invited, with the answer of the one who is here.
sub people ( $bo, $answer ) { return $bo->address . "=$answer eve\@example.com=none" }

for my $pair (@PAIRS) {
    my $number = state $pairs++;
    my ( $anna, $bo ) = map {
        MobileSync::Participant->new( $server, "$_->[0]$number", $_->[1][0], other => $_->[1][1] )
    } [ anna => $pair->[0] ], [ bo => $pair->[1] ];
    my $mishap = $pair->[2];
    if ($mishap) { $_->mishap( $mishap{$mishap} ) for $anna, $bo }
    subtest "@{ $pair->[0] } invites @{ $pair->[1] }"
        . ( $mishap ? ", $mishap" : '' ) => sub { play( $anna, $bo ) };
}

for my $pair (@BRIEF) {
    my $number = state $brief++;
    my ( $anna, $bo ) = map {
        MobileSync::Participant->new( $server, "$_->[0]b$number", $_->[1][0], other => $_->[1][1] )
    } [ carla => $pair->[0] ], [ dan => $pair->[1] ];
    subtest "@{ $pair->[0] } invites @{ $pair->[1] }, who declines" =>
        sub { play_briefly( $anna, $bo ) };
}

$server->allow_errors( qr/redis/i, qr/AH10392: children are killed successively/ );
$server->done;
done_testing;
