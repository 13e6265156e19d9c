#!/usr/bin/perl
# What phones and other programs make of contacts, tasks, notes and events: builders and the vdir.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use Test::More;
use EAS::Properties;
use EAS::WBXML ();
use MobileSync::Vdir;

sub round_trip (@properties) {
    return EAS::WBXML::decode( EAS::WBXML::encode( [ 'AirSync:ApplicationData', @properties ] ) );
}

subtest 'properties' => sub {
    my $contact = round_trip(
        contact(
            FirstName => 'Änne',
            NickName => 'An',
            Spouse => '',
            Categories => [ 'Friends', 'Chess' ],
            Body => 'A note'
        )
    );
    is( $contact->text('Contacts:FirstName'), 'Änne', 'of Contacts' );
    is( $contact->text('Contacts2:NickName'), 'An', 'of Contacts2' );
    is( $contact->text('Contacts:Spouse'), '', 'an empty one' );
    is_deeply(
        [ map { $_->text } $contact->at('Contacts:Categories')->children ],
        [ 'Friends', 'Chess' ],
        'a list'
    );
    is( $contact->text('AirSyncBase:Body/Type'), 1, 'a body is plain text' );
    is( $contact->text('AirSyncBase:Body/Data'), 'A note', 'with its data' );

    my $task = round_trip(
        task( Subject => 'Water', Recurrence => [ Type => 0, Start => 'x', Interval => 2 ] ) );
    is( $task->text('Tasks:Recurrence/Interval'), 2, 'what is inside of another' );
    my $event = round_trip(
        event(
            Subject => 'Meeting',
            Location => [ 'AirSyncBase:DisplayName' => 'here' ],
            Attendees => [
                Attendee => [ Name => 'Bo', Email => 'bo@example.org' ],
                Attendee => [ Name => 'Cy', Email => 'cy@example.org' ]
            ]
        )
    );
    is( scalar( $event->at('Calendar:Attendees')->children ), 2, 'and more than once' );
    is( $event->text('Calendar:Location/AirSyncBase:DisplayName'), 'here', 'of another namespace' );
    is( round_trip( note( Body => [ 2, '<p>x</p>' ] ) )->text('AirSyncBase:Body/Type'),
        2, 'a body of another type' );
    ok( !eval { contact( Subject => 'x' ) }, 'an element that the class has not' );
};

subtest 'vdir' => sub {
    my $folder = File::Temp->newdir;
    my $vdir = MobileSync::Vdir->new("$folder/vdir");
    $vdir->create( 'friends', name => 'Friends', color => '#ff0000' );
    $vdir->create('work');
    is_deeply( [ $vdir->collections ], [qw(friends work)], 'collections' );
    my $card = MobileSync::Vdir::vcard( 'u1', 'Änne von Berg', 'X-OTHER:kept' );
    like( $card, qr/^N:von Berg;\xc3\x84nne;;;\r$/m, 'a card' );
    $vdir->write( 'friends', 'a.vcf', $card );
    is_deeply( [ $vdir->files('friends') ], ['a.vcf'], 'its file alone is an item' );
    $vdir->edit( 'friends', 'a.vcf', qr/kept/, 'changed' );
    is( ( $vdir->find( 'friends', qr/X-OTHER:changed/ ) )[0], 'a.vcf', 'edited' );
    $vdir->write_in_place( 'friends', 'a.vcf', $card );
    is( $vdir->content( 'friends', 'a.vcf' ), $card, 'in place' );
    $vdir->rename( 'friends', 'a.vcf', 'b.vcf' );
    $vdir->move( 'friends', 'b.vcf', 'work' );
    is_deeply( $vdir->contents('work'), { 'b.vcf' => $card }, 'renamed and moved' );
    $vdir->delete( 'work', 'b.vcf' );
    is_deeply( [ $vdir->files('work') ], [], 'deleted' );
    $vdir->rename_collection( 'work', 'office' );
    $vdir->remove_collection('friends');
    is_deeply( [ $vdir->collections ], ['office'], 'collections renamed and removed' );
    like(
        MobileSync::Vdir::component( 'VTODO', 'u2', 'Water', 'STATUS:COMPLETED' ),
        qr/BEGIN:VTODO.*UID:u2.*SUMMARY:Water.*STATUS:COMPLETED/s,
        'a task'
    );
};
done_testing;
