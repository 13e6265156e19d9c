#!/usr/bin/perl
# covers: Sync, ItemOperations
# Two phones, of which one speaks an old version, and a program on the server's files have one
# calendar: events, series, single occurrences, days, attachments.
use v5.36;
use utf8;
use Encode qw(decode);
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;
my $vdir = $server->vdir;
my ( $new, $calendar ) = folder_phone( $server, 8, version => '16.1', device_id => 'NEW' );
my ($old) = folder_phone( $server, 8, version => '14.1', device_id => 'OLD' );
my ($collection) = grep {/calendar/i} $vdir->collections;
$collection //= $new->folder_of_type(8)->{name};

sub file ($pattern) {
    my ( $name, $content ) = $vdir->find( $collection, $pattern );
    return decode( 'UTF-8', $content );
}

sub has_subject ( $phone, $subject ) {
    return
        grep { ( $_->text('Calendar:Subject') // '' ) eq $subject }
        values %{ $phone->items($calendar) };
}

sub item ( $phone, $subject ) {
    return item_with( $phone, $calendar, 'Calendar:Subject', $subject );
}

sub change ( $phone, $item, @properties ) {
    my $result =
        $phone->sync( $calendar, commands => [ $phone->change_of( $item->id, @properties ) ] );
    my $response = $result->{responses}{Change}[0];
    return $response ? $response->text('Status') : 1;
}

subtest 'an event' => sub {
    my $id = add_item(
        $new,
        $calendar,
        event(
            Subject => 'Lunch',
            StartTime => '20271124T110000Z',
            EndTime => '20271124T120000Z',
            Reminder => 15
        ),
        [ 'AirSyncBase:Location' => [ 'AirSyncBase:DisplayName' => 'Café' ] ]
    );
    like( file(qr/Lunch/), qr/^DTSTART:20271124T110000Z\r\n/m, 'is a file' );
    $old->sync_until_done($calendar);
    my $lunch = item( $old, 'Lunch' );
    is( $lunch->text('Calendar:Location'), 'Café', 'the other phone has it' );
    is( $lunch->text('Calendar:Reminder'), 15, 'with its reminder' );
    my ($name) = $vdir->find( $collection, qr/Lunch/ );
    $vdir->edit( $collection, $name, qr/Lunch/, 'Brunch' );

    for my $phone ( $new, $old ) {
        sync_until( $phone, $calendar, sub ($) { has_subject( $phone, 'Brunch' ) } );
        is( item( $phone, 'Brunch' )->id, $id, 'a program edits it' );
    }
    is( change( $new, item( $new, 'Brunch' ), event( Subject => 'Dinner' ) ), 1,
        'so does a phone' );
    like( file(qr/Dinner/), qr/^LOCATION:Café\r\n/m, 'and the rest stays' );
};

subtest 'a series' => sub {
    add_item(
        $new,
        $calendar,
        event(
            Subject => 'Standup',
            StartTime => '20271101T090000Z',
            EndTime => '20271101T091500Z',
            Recurrence => [ Type => 1, Interval => 1, DayOfWeek => 2 ]
        )
    );
    my $standup = item( $new, 'Standup' );
    my @instance =
        ( [ ServerId => $standup->id ], [ 'AirSyncBase:InstanceId' => '20271108T090000Z' ] );
    $new->sync(
        $calendar,
        commands => [
            [
                'AirSync:Change' => @instance,
                [
                    'AirSync:ApplicationData' => event(
                        Subject => 'Long one',
                        EndTime => '20271108T100000Z',
                        StartTime => '20271108T090000Z'
                    )
                ]
            ]
        ]
    );
    like( file(qr/Standup/), qr/^RECURRENCE-ID:20271108T090000Z\r\n/m, 'one is edited' );
    $instance[1][1] = '20271115T090000Z';
    $new->sync( $calendar, commands => [ [ 'AirSync:Delete' => @instance ] ] );
    like( file(qr/Standup/), qr/^EXDATE:20271115T090000Z\r\n/m, 'one is deleted' );
    like( file(qr/Standup/), qr/^RRULE:/m, 'the others stay' );
    $old->sync_until_done($calendar);
    my ( $long, $gone ) = item( $old, 'Standup' )->property('Calendar:Exceptions')->children;
    is( $long->text('Subject'), 'Long one', 'the other phone has the exceptions' );
    is( $gone->text('Deleted'), 1, 'both' );
    is( $gone->text('ExceptionStartTime'), '20271115T090000Z', 'in its way' );
};

subtest 'a day' => sub {
    add_item(
        $new,
        $calendar,
        event(
            Subject => 'Holiday',
            AllDayEvent => 1,
            StartTime => '20271224T000000Z',
            EndTime => '20271225T000000Z'
        )
    );
    like( file(qr/Holiday/), qr/^DTSTART;VALUE=DATE:20271224\r\n/m, 'is a date' );
    $old->sync_until_done($calendar);
    my $holiday = item( $old, 'Holiday' );
    my @same = map { [ "Calendar:$_" => $holiday->text("Calendar:$_") ] }
        qw(Timezone AllDayEvent StartTime EndTime Subject);
    is( change( $old, $holiday, @same, [ 'Calendar:Sensitivity' => 2 ] ),
        1, 'it comes back from the other phone' );
    like( file(qr/Holiday/), qr/^CLASS:PRIVATE\r\n/m, 'private' );
    like( file(qr/Holiday/), qr/^DTSTART;VALUE=DATE:20271224\r\n/m, 'and is the same' );
};

subtest 'an attachment' => sub {
    my @add = (
        [ 'AirSyncBase:ClientId' => 'a1' ],
        [ 'AirSyncBase:Method' => 1 ],
        [ 'AirSyncBase:ContentType' => 'text/plain' ],
        [ 'AirSyncBase:Content' => 'hello' ],
        [ 'AirSyncBase:DisplayName' => 'hello.txt' ]
    );
    is(
        change(
            $new,
            item( $new, 'Dinner' ),
            [ 'AirSyncBase:Attachments' => [ 'AirSyncBase:Add' => @add ] ]
        ),
        1,
        'is added'
    );
    like( file(qr/Dinner/), qr/aGVsbG8=/, 'to the file' );
    my ($third) = folder_phone( $server, 8, version => '16.1', device_id => 'THIRD' );
    my ($file) = item( $third, 'Dinner' )->property('AirSyncBase:Attachments')->children;
    is( $file->text('DisplayName'), 'hello.txt', 'another phone sees it' );
    is( $third->fetch_attachment( $file->text('FileReference') )->{data}, 'hello', 'and reads it' );
};

$server->done;
done_testing;
