#!/usr/bin/perl
# covers: ResolveRecipients
# When others can be met: ResolveRecipients with Availability, from calendars that phones and
# programs on the server's files have written.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Server;
use MobileSync::Vdir;

my $DAY = '2027-07-05T';

# The digits of a window of that day, or the Status.
sub merged ( $phone, $to, @span ) {
    my $resolved = $phone->resolve( [$to], availability => [ map {"$DAY$_:00.000Z"} @span ] );
    return "Status $resolved->{status}" if $resolved->{status} != 1;
    my ($person) = @{ $resolved->{responses}[0]{recipients} };
    return 'nobody' unless $person;
    return $person->{merged} // 'Availability ' . ( $person->{availability} // 'none' );
}

sub write_event ( $vdir, $collection, $file, @lines ) {
    return $vdir->write( $collection, "$file.ics",
        MobileSync::Vdir::component( 'VEVENT', $file, "secret $file", @lines ) );
}

# The vdir of an account that has a default calendar, and that one's name in it.
sub calendar_of ( $server, $account ) {
    my ($phone) = folder_phone( $server, 8, account => $account );
    my $vdir = $server->vdir($account);
    my ($collection) = grep {/calendar/i} $vdir->collections;
    return ( $vdir, $collection // $phone->folder_of_type(8)->{name} );
}

my $server =
    MobileSync::Server->start( accounts => { map { $_ => 'secret' } qw(anna bert cecil) } );
my ( $vdir, $collection ) = calendar_of( $server, 'bert' );
my ( $bert, $calendar ) = folder_phone( $server, 8, account => 'bert', device_id => 'BERT' );

add_item(
    $bert,
    $calendar,
    event(
        Subject => 'secret',
        StartTime => '20270705T100000Z',
        EndTime => '20270705T101500Z',
        BusyStatus => 2
    )
);
write_event( $vdir, $collection, 'out', 'DTSTART;TZID=Europe/Berlin:20270705T130000',
    'DURATION:PT30M', 'X-MICROSOFT-CDO-BUSYSTATUS:OOF' );
write_event( $vdir, $collection, 'daily', 'DTSTART:20200101T120000Z', 'DURATION:PT30M',
    'RRULE:FREQ=DAILY', 'STATUS:TENTATIVE' );
write_event( $vdir, $collection, 'cancelled', 'DTSTART:20270705T123000Z', 'DURATION:PT30M',
    'STATUS:CANCELLED' );
write_event(
    $vdir, $collection, 'declined', 'DTSTART:20270705T123000Z', 'DURATION:PT30M',
    'ORGANIZER:mailto:anna@example.org',
    'ATTENDEE;PARTSTAT=DECLINED:mailto:bert@example.org'
);
write_event( $vdir, $collection, 'day', 'DTSTART;VALUE=DATE:20270707' );
write_event( $vdir, $collection, 'past', 'DTSTART:20200101T100000Z', 'DURATION:PT30M' );
$vdir->write( $collection, 'broken.ics', "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" );
$vdir->create('other');
write_event( $vdir, 'other', 'birthday', 'DTSTART:20270705T000000Z', 'DTEND:20270706T000000Z' );

for my $version (VERSIONS) {
    subtest $version => sub {
        my $phone = $server->client( version => $version );
        if ( $version < 14 ) {
            is( merged( $phone, 'bert', '10:00', '13:00' ), 'Availability none', 'not known' );
            return;
        }
        is( merged( $phone, 'bert', '10:00', '13:00' ), '203010', 'by his name' );
        is( merged( $phone, 'bert@example.org', '10:00', '13:00' ), '203010', 'by his address' );
        is( merged( $phone, 'bert', '10:14', '13:00' ), '233110', 'a window at odd times' );
        is( merged( $phone, 'bert', '10:15', '12:00' ), '0330', 'just after an event' );
        is( merged( $phone, 'anna', '10:00', '11:00' ), '00', 'oneself' );
        is( merged( $phone, 'cecil', '10:00', '11:00' ), '00', 'who has nothing to do' );
        is( merged( $phone, 'nobody@example.net', '10:00', '11:00' ), 'nobody', 'not known here' );
        my $long = $phone->resolve( ['bert'],
            availability => [ "${DAY}00:00:00.000Z", '2027-08-16T00:00:00.000Z' ] );
        my $digits = $long->{responses}[0]{recipients}[0]{merged};
        is( length $digits, 42 * 48, 'as long as there may be' );
        is( substr( $digits, 91, 50 ), '0' . '2' x 48 . '0', 'a day, of the zone that is known' );
        is( $digits =~ tr/1//, 41, 'every day' );
        is(
            length $phone->resolve( ['bert'], availability => ["${DAY}00:00:00.000Z"] )
                ->{responses}[0]{recipients}[0]{merged},
            7 * 48,
            'a week unless said'
        );
        is( merged( $phone, 'bert', @$_ ), 'Status 5', "@$_" )
            for [ '10:00', '10:29' ], [ '10:00', '09:00' ], [ '10:00', '99:00' ];
        unlike( $long->{document}->dump, qr/secret/, 'never what it is' );
        my $several = $phone->resolve( [ 'bert', 'x', 'bert', 'cecil' ],
            availability => [ map {"$DAY$_:00:00.000Z"} 10, 11 ] );
        is_deeply(
            [
                map { $_->{recipients}[0] && $_->{recipients}[0]{merged} }
                    @{ $several->{responses} }
            ],
            [ '20', undef, '20', '00' ],
            'several'
        );
        my $crowd = $phone->resolve( [ ('bert') x 100 ],
            availability => [ map {"$DAY$_:00:00.000Z"} 10, 11 ] );
        is( scalar( grep { $_->{recipients}[0]{merged} eq '20' } @{ $crowd->{responses} } ),
            100, 'as many as there may be' );
    };
}

subtest 'what changes is seen' => sub {
    my $phone = $server->client;
    write_event( $vdir, $collection, 'new', 'DTSTART:20270705T143000Z', 'DURATION:PT30M' );
    is( merged( $phone, 'bert', '14:00', '15:30' ), '020', 'a new event' );
    $vdir->edit( $collection, 'new.ics', qr/T143000Z/, 'T150000Z' );
    is( merged( $phone, 'bert', '14:00', '15:30' ), '002', 'at another time' );
    $vdir->delete( $collection, 'new.ics' );
    is( merged( $phone, 'bert', '14:00', '15:30' ), '000', 'gone' );
};
$server->done;

subtest 'who may know' => sub {
    my $many = MobileSync::Server->start(
        accounts =>
            { map { $_ => 'secret' } qw(anna@example.org bert@example.org eve@example.com) },
        settings => { MobileSyncAccountName => 'full' }
    );
    for my $account (qw(bert@example.org eve@example.com)) {
        my ( $calendars, $name ) = calendar_of( $many, $account );
        write_event( $calendars, $name, 'busy', 'DTSTART:20270705T100000Z', 'DURATION:PT1H' );
    }
    my $contacts = $many->vdir('anna@example.org');
    $contacts->create('contacts');
    $contacts->write( 'contacts', 'eve.vcf',
        MobileSync::Vdir::vcard( 'eve', 'Eve Known', 'EMAIL:eve@example.com' ) );
    my $phone = $many->client( account => 'anna@example.org' );
    is( merged( $phone, 'bert@example.org', '10:00', '11:00' ), '22', 'of the same domain' );
    is(
        merged( $phone, 'eve@example.com', '10:00', '11:00' ),
        'Availability 163',
        'a contact of another domain'
    );
    is(
        merged(
            $many->client( account => 'eve@example.com' ), 'eve@example.com', '10:00', '11:00'
        ),
        '22',
        'oneself'
    );
    $many->done;
};

subtest 'MobileSyncFreeBusy off' => sub {
    my $private = MobileSync::Server->start(
        accounts => { map { $_ => 'secret' } qw(anna bert) },
        settings => { MobileSyncFreeBusy => 'off' }
    );
    my $phone = $private->client;
    is( merged( $phone, 'bert', '10:00', '11:00' ), 'Availability 163', 'others' );
    is( merged( $phone, 'anna', '10:00', '11:00' ), '00', 'oneself' );
    $private->done;
};

for my $case ( [ UNAVAILABLE => 162 ], [ BUSY => 162 ], [ INTERNAL => 163 ], [ NOT_FOUND => 163 ] )
{
    my ( $fault, $status ) = @$case;
    subtest "calendars that cannot be read: $fault" => sub {
        my $failing =
            MobileSync::Server->start( backend => "fail driver=memory fail=resolve:1+:$fault" );
        $failing->allow_errors(qr/free and busy times of .* fails as planned/);
        is(
            merged( $failing->client, 'anna', '10:00', '11:00' ),
            "Availability $status",
            "Status $status"
        );
        $failing->done;
    };
}

done_testing;
