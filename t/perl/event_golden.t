#!/usr/bin/perl
# Every element of an event at every version, as it goes over the wire: t/data/events has the events, and
# what they are (GOLDEN=write makes it anew), valid against the schemas where they are at hand.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Encode ();
use Test::More;
use EAS::Schema;
use EAS::WBXML;
use MobileSync::KindShow qw(show slurp spew);

plan skip_all => 't/unit/kind_show is not built' unless MobileSync::KindShow::available();
my $folder = "$FindBin::Bin/../data/events";

# Those that are nowhere, in the end. (Only clients send ClientUid.)
my %elements = map { $_ => 1 }
    qw(Timezone DtStamp StartTime Subject UID OrganizerName OrganizerEmail
    Attendees Attendee Email Name AttendeeStatus AttendeeType Location EndTime Recurrence Type Interval
    Until Occurrences DayOfWeek DayOfMonth WeekOfMonth MonthOfYear FirstDayOfWeek CalendarType IsLeapMonth Body Data Sensitivity BusyStatus AllDayEvent Reminder
    Exceptions Exception Deleted ExceptionStartTime InstanceId MeetingStatus Attachments Attachment
    FileReference DisplayName Method EstimatedDataSize ContentId IsInline NativeBodyType Categories
    Category ResponseRequested AppointmentReplyTime ResponseType DisallowNewTimeProposal
    OnlineMeetingConfLink OnlineMeetingExternalLink Annotation Street City State Country PostalCode
    Latitude Longitude Accuracy Altitude AltitudeAccuracy LocationUri);

for my $name (qw(full day monthly yearly)) {
    for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
        my ($shown) = show( 'Calendar', 'sync', $version, 2, ["$folder/$name.ics"] );
        my $document = EAS::WBXML::decode( $shown->{bytes} );
        my $data = $document->at('Collections/Collection/Commands/Add/ApplicationData');
        my $xml = Encode::encode( 'UTF-8', EAS::WBXML::to_xml($data) =~ s/></>\n</gr ) . "\n";
        my $golden = "$folder/$name-$version.xml";
        spew( $golden, $xml ) if ( $ENV{GOLDEN} // '' ) eq 'write';
        is( $xml, slurp($golden), "$name at $version" );
        is( EAS::Schema::fault($document), undef, 'is valid' );
        delete @elements{ $xml =~ m{<(?:\w+:)?(\w+)}g };
    }
}
is_deeply( [ sort keys %elements ], [], 'every element is in one of them' );

done_testing;
