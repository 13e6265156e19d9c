#!/usr/bin/perl
# covers: Sync Ping MoveItems ItemOperations GetItemEstimate Search
# What phones do with a calendar they do with every one: the default one (type 8) and one of their own
# (13). Redis restarts while they wait; a damaged file; attachments; what administrators are told.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;
use MobileSync::Vdir;

my $server = MobileSync::Server->start(
    admin => 'root',
    settings => { MobileSyncCoalesce => 1 }
);
my $admin = $server->admin;
$server->allow_errors( qr/redis/i, qr/UNAVAILABLE/, qr/is quarantined/ );

sub blob ( $uid, $subject, @lines ) {
    return MobileSync::Vdir::component( 'VEVENT', $uid, $subject, 'DTSTART:20300301T100000Z',
        'DTEND:20300301T110000Z', @lines );
}

sub subjects_of ( $phone, $calendar ) {
    return join ' ', sort map { $_->text('Calendar:Subject') } values %{ $phone->items($calendar) };
}

# A change while a phone waits, and Redis goes: it is told, by this wait or by the next one.
sub told_across_restart ( $phone, $calendar, $wait, $change ) {
    my $pending = $wait->();
    ok( !$pending->is_ready(1), 'it waits' );
    $server->redis->kill_hard;
    $server->redis->start;
    $change->();
    ok( $pending->is_ready(PATIENCE), 'it is answered' );
    my $result = eval { $pending->result };
    ok( $result || $@->status == 503, 'with something, or to come back' );
    return;
}

for my $type ( CALENDAR, OWN_CALENDAR ) {
    each_version(
        $server,
        sub ( $version, $account ) {
            my $vdir = $server->vdir($account);
            my $phone = $server->client(
                account => $account,
                version => $version,
                device_id => "PHONE$type"
            );
            $phone->folder_sync;
            my $default = $phone->folder_of_type(CALENDAR)->{id};
            $phone->folder_create( '0', 'Club', type => OWN_CALENDAR )
                if $type == OWN_CALENDAR;
            my ($calendar) =
                map { $_->{id} } grep { $_->{type} == $type } values %{ $phone->{folders} };
            my $collection = $vdir->named( $type == CALENDAR ? 'Calendar' : 'Club' );
            $phone->initial_sync( $_, options => { filter_type => 0 } ) for $calendar;

            # --- GetItemEstimate, Ping, Sync that waits ---
            my $ping = wait_for_change( $phone, $calendar );
            $vdir->write( $collection, 'one.ics', blob( 'one', 'One', 'DESCRIPTION:xylophone' ) );
            ok( $ping->is_ready(PATIENCE), 'a Ping ends with an event' );
            is_deeply( $ping->result->{folders}, [$calendar], 'of the calendar' );
            wait_until(
                'the estimate',
                sub {
                    $phone->get_item_estimate( [$calendar] )->{$calendar}{estimate} == 1;
                }
            );
            sync_until( $phone, $calendar, sub ($seen) { @{ $seen->{adds} } } );
            is( $phone->get_item_estimate( [$calendar] )->{$calendar}{estimate},
                0, 'nothing more to come' );
            if ( $version >= 14 ) {
                my $sync = $phone->sync( $calendar, heartbeat_interval => 600, async => 1 );
                ok( !$sync->is_ready(0.5), 'a Sync waits' );
                $vdir->write( $collection, 'two.ics', blob( 'two', 'Two' ) );
                ok( $sync->is_ready(PATIENCE), 'and ends with an event' );
                $sync->result;
            }
            else { $vdir->write( $collection, 'two.ics', blob( 'two', 'Two' ) ) }
            sync_until( $phone, $calendar,
                sub ($) { subjects_of( $phone, $calendar ) eq 'One Two' } );

            # --- Fetch, Search ---
            my $one = item_with( $phone, $calendar, 'Calendar:Subject', 'One' )->id;
            my $fetched = $phone->fetch_item( $calendar, $one, body => [ { type => 1 } ] );
            is( $fetched->{properties}->text('Calendar:Subject'), 'One', 'Fetch' );
            is( $fetched->{data}, 'xylophone', 'with its body' );
            my $found = $phone->search(
                [
                    [ 'AirSync:Class', 'Calendar' ],
                    [ 'AirSync:CollectionId', $calendar ],
                    [ FreeText => 'xylophone' ]
                ]
            );
            is( $found->{total}, 1, 'Search finds it' );

            # --- Redis restarts ---
            told_across_restart(
                $phone, $calendar,
                sub { wait_for_change( $phone, $calendar ) },
                sub { $vdir->write( $collection, 'late.ics', blob( 'late', 'Late' ) ) }
            );
            wait_until(
                'the phone to have it',
                sub {
                    eval { $phone->sync_until_done($calendar) };
                    subjects_of( $phone, $calendar ) eq 'Late One Two';
                }
            );

            # --- MoveItems between calendars ---
            if ( $type == OWN_CALENDAR ) {
                $phone->initial_sync($default);
                my $before = subjects_of( $phone, $default );
                my $move = $phone->move_items( [ [ $one, $calendar, $default ] ] )->[0];
                is( $move->{status}, 3, 'an event is moved to the default calendar' );
                $phone->sync_until_done($_) for $calendar, $default;
                is( subjects_of( $phone, $calendar ), 'Late Two', 'gone here' );
                $move =
                    $phone->move_items( [ [ $move->{destination}, $default, $calendar ] ] )->[0];
                is( $move->{status}, 3, 'and back' );
                $phone->sync_until_done($_) for $calendar, $default;
                is( subjects_of( $phone, $calendar ), 'Late One Two', 'it is here' );
                is( subjects_of( $phone, $default ), $before, 'and nowhere else' );
            }

            # --- attachments ---
            if ( $version >= 16 ) {
                my $with = blob( 'files', 'Files',
                    'ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=text/plain;FILENAME=a.txt:aGVsbG8='
                );
                $vdir->write( $collection, 'files.ics', $with );
                sync_until( $phone, $calendar, sub ($seen) { @{ $seen->{adds} } } );
                my $item = item_with( $phone, $calendar, 'Calendar:Subject', 'Files' );
                my ($file) = $item->property('AirSyncBase:Attachments')->children;
                my $reference = $file->text('FileReference');
                is( $phone->fetch_attachment($reference)->{data}, 'hello', 'an attachment' );
                is( $phone->fetch_attachment( $reference, range => '1-3' )->{data},
                    'ell', 'a part of it' );
                my $parts =
                    $phone->item_operations( [ { file_reference => $reference } ], multipart => 1 );
                is( $parts->[0]{data}, 'hello', 'as a part of the answer' );
                $vdir->delete( $collection, 'files.ics' );
                sync_until( $phone, $calendar, sub ($seen) { @{ $seen->{deletes} } } );
                isnt( $phone->fetch_attachment($reference)->{status}, 1, 'gone with the event' );
            }

            # --- administrators ---
            $vdir->write( $collection, 'bad.ics', blob( 'bad', 'Bad' ) =~ s/^END:.*//msr );
            my $record = sub () {
                my $device = $admin->get( device_path($phone) )->{json};
                return ( grep { $_->{folder} eq $calendar } @{ $device->{folders} } )[0];
            };
            wait_until( 'the damaged one',
                sub { $phone->sync($calendar); @{ $record->()->{quarantined} } == 1 } );
            my $shown = $record->();
            is( $shown->{items}, 3, 'show: the events' );
            my $why = sub ($item) {
                return $admin->get( device_path( $phone, 'why' ), query => { item => $item } )
                    ->{json}{verdict};
            };
            is( $why->( $shown->{quarantined}[0]{item} ), 'quarantined', 'why: the damaged one' );
            my ($two) = item_with( $phone, $calendar, 'Calendar:Subject', 'Two' )->id;
            is( $why->($two), 'held', 'why: one that is there' );
            $vdir->write( $collection, 'bad.ics', blob( 'bad', 'Mended' ) );
            sync_until( $phone, $calendar, sub ($seen) { @{ $seen->{adds} } } );
            is( subjects_of( $phone, $calendar ), 'Late Mended One Two', 'mended, it comes' );
        },
        qw(12.1 14.1 16.1)
    );
}

$server->done;
done_testing;
