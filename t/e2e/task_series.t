#!/usr/bin/perl
# covers: Sync
# A recurring task of another program, of which a phone completes one after the other without splitting
# them off: the task goes on to the next one, once however often the request comes, and the phone is told.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Server;

my @KEPT = (
    'UID:w1', 'SUMMARY:Water', 'PRIORITY:3', 'X-FOO;A=b:c',
    'RELATED-TO:parent', 'ACTION:DISPLAY', 'TRIGGER:-PT15M'
);
my $vtodo = join "\r\n", qw(BEGIN:VCALENDAR VERSION:2.0 PRODID:-//x//y BEGIN:VTODO),
    @KEPT[ 0 .. 4 ],
    qw(DTSTAMP:20260101T000000Z DTSTART;VALUE=DATE:20260302 DUE;VALUE=DATE:20260303
    RRULE:FREQ=WEEKLY;COUNT=3 BEGIN:VALARM), @KEPT[ 5, 6 ],
    qw(DESCRIPTION:x END:VALARM END:VTODO END:VCALENDAR), '';

my $server = MobileSync::Server->start;

# All of the task as the phone has it, but done.
sub done ($item) {
    my $recurrence = $item->property('Tasks:Recurrence');
    return task(
        (
            map { ( $_ => $item->text("Tasks:$_") ) }
                qw(Subject Importance Sensitivity ReminderSet)
        ),
        Complete => 1,
        DateCompleted => '2026-03-03T10:00:00.000Z',
        (
            map { ( $_ => $item->text("Tasks:$_") ) }
                qw(ReminderTime UtcStartDate StartDate
                UtcDueDate DueDate)
        ),
        Recurrence => [
            map { ( $_ => $recurrence->text($_) ) } qw(Type Start Interval DayOfWeek Occurrences)
        ]
    );
}

each_version(
    $server,
    sub ( $version, $account ) {
        my $vdir = $server->vdir($account);
        $vdir->create('Tasks');
        $vdir->write( 'Tasks', 'w.ics', $vtodo );
        my ( $phone, $folder ) =
            folder_phone( $server, TASKS, account => $account, version => $version );
        my ($id) = keys %{ $phone->items($folder) };
        my $item = sub { return $phone->items($folder)->{$id} };

        for my $date (qw(2026-03-09 2026-03-16)) {
            my $lost = $phone->sync(
                $folder,
                lose => 1,
                commands => [ $phone->change_of( $id, done( $item->() ) ) ]
            );
            is( $phone->repeat($lost)->{status}, 1, 'one is done, and the answer lost' );
            $phone->sync_until_done($folder);
            is( $item->()->text('Tasks:Complete'), 0, 'the next one is to be done' );
            is( $item->()->text('Tasks:StartDate'), "${date}T00:00:00.000Z", "on $date" );
            my ($short) = $date =~ s{-}{}gr;
            my $content = $vdir->content( 'Tasks', 'w.ics' );
            like( $content, qr/^DTSTART;VALUE=DATE:$short\r$/m, 'other programs see it' );
        }
        is( $item->()->text('Tasks:ReminderTime'),
            '2026-03-15T23:45:00.000Z', 'the reminder went along' );

        $phone->sync( $folder, commands => [ $phone->change_of( $id, done( $item->() ) ) ] );
        $phone->sync_until_done($folder);
        my $content = $vdir->content( 'Tasks', 'w.ics' );
        like( $content, qr/^STATUS:COMPLETED\r$/m, 'the last one is done' );
        like( $content, qr/^DTSTART;VALUE=DATE:20260316\r$/m, 'and it was the last' );
        like( $content, qr/^\Q$_\E\r$/m, "$_ is there" ) for @KEPT;
    },
    qw(12.1 14.1 16.1)
);

$server->done;
done_testing;
