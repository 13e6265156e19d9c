#!/usr/bin/perl
# covers: Sync
# Phones that want no old events: a series of which an occurrence is yet to come is not old, however long
# ago it began.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Server;
use MobileSync::Vdir;

my $server = MobileSync::Server->start;
my $vdir = $server->vdir;
my ( undef, $folder ) = folder_phone( $server, CALENDAR, device_id => 'FIRST' );
my $collection = $vdir->named('Calendar');

my @hour = ( 'DTSTART:20200106T100000Z', 'DTEND:20200106T110000Z' );
my %alive = (
    endless => ['RRULE:FREQ=WEEKLY'],
    hourly => ['RRULE:FREQ=HOURLY;INTERVAL=5'],
    late => [ 'RRULE:FREQ=WEEKLY;COUNT=3', 'RDATE:20900105T100000Z' ],
    moved => [
        'RRULE:FREQ=DAILY;UNTIL=20200110T100000Z', 'END:VEVENT',
        'BEGIN:VEVENT', 'UID:moved',
        'DTSTAMP:20200101T000000Z', 'SUMMARY:moved',
        'RECURRENCE-ID:20200108T100000Z', 'DTSTART:20900105T100000Z',
        'DURATION:PT1H'
    ],
);
my %dead = (
    single => [],
    counted => ['RRULE:FREQ=WEEKLY;COUNT=3'],
    ended => ['RRULE:FREQ=DAILY;UNTIL=20200110T100000Z'],
    sent => [ 'RRULE:FREQ=HOURLY;COUNT=30', 'RDATE:20200301T100000Z' ],
);
my %written = ( %alive, %dead );
$vdir->write( $collection, "$_.ics",
    MobileSync::Vdir::component( 'VEVENT', $_, $_, @hour, $written{$_}->@* ) )
    for keys %written;

sub there ($phone) {
    return [ sort map { $_->text('Calendar:UID') } values %{ $phone->items($folder) } ];
}

for my $filter ( 4 .. 7 ) {
    my %options = ( filter_type => $filter );
    my ($phone) = folder_phone(
        $server, CALENDAR,
        device_id => "F$filter",
        version => $filter % 2 ? '16.1' : '14.1',
        sync => { options => \%options }
    );
    is_deeply( there($phone), [ sort keys %alive ], "FilterType $filter" );
    $phone->sync_until_done( $folder, options => { filter_type => 0 } );
    is_deeply( there($phone), [ sort keys %written ], 'without it all are there' );
    $phone->sync_until_done( $folder, options => \%options );
    is_deeply( there($phone), [ sort keys %alive ], 'and with it the old ones go' );
}

# What a program makes of a series is what counts from then on.
my ($phone) = folder_phone(
    $server, CALENDAR,
    device_id => 'LAST',
    sync => { options => { filter_type => 4 } }
);
$vdir->edit( $collection, 'endless.ics', qr/FREQ=WEEKLY/, 'FREQ=WEEKLY;COUNT=3' );
$vdir->edit( $collection, 'counted.ics', qr/;COUNT=3/, '' );
my $now = join ' ', sort 'counted', grep { $_ ne 'endless' } keys %alive;
sync_until( $phone, $folder, sub ($) { join( ' ', there($phone)->@* ) eq $now } );
is( join( ' ', there($phone)->@* ), $now, 'one ends long ago, another one does not end any more' );

$server->done;
done_testing;
