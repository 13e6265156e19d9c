#!/usr/bin/perl
# covers: Sync
# What a phone is answered that adds or changes events: where attachments are, which occurrence is
# meant, and that what it adds a second time is there once.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start;
my $vdir = $server->vdir;
my ( $phone, $calendar ) = folder_phone( $server, 8, version => '16.1', device_id => 'NEW' );
my ($other) = folder_phone( $server, 8, version => '16.0', device_id => 'OTHER' );
my ($collection) = grep {/calendar/i} $vdir->collections;
my @time = ( StartTime => '20271124T110000Z', EndTime => '20271124T120000Z' );

sub attachment ( $id, $content, @more ) {
    return [
        Add => [ ClientId => $id ],
        [ Method => 1 ], [ Content => \$content ], [ DisplayName => "$id.txt" ], @more
    ];
}
sub attachments (@changes) { return [ 'AirSyncBase:Attachments' => @changes ] }

# FileReferences of a Response by ClientId.
sub references ($response) {
    my $list = $response->at('ApplicationData/AirSyncBase:Attachments');
    return {} unless $list;
    return { map { $_->text('ClientId') => $_->text('FileReference') } $list->children };
}

sub files_with ($pattern) {
    my @files = map { $vdir->content( $collection, $_ ) } $vdir->files($collection);
    return grep {/$pattern/} @files;
}

sub answer ( $phone, @commands ) {
    return $phone->sync( $calendar, commands => \@commands );
}

subtest 'attachments' => sub {
    my $result = answer(
        $phone,
        $phone->add_of(
            'e1',
            event( Subject => 'Talk', @time ),
            attachments( attachment( a => 'slides' ), attachment( b => 'notes' ) )
        )
    );
    my $add = $result->{responses}{Add}[0];
    is( $add->text('Status'), 1, 'an event with two is added' );
    like( $add->text('ApplicationData/Calendar:UID'), qr/./, 'the answer has its UID' );
    my $at = references($add);
    is_deeply( [ sort keys %$at ], [qw(a b)], 'and where they are' );
    is( $phone->fetch_attachment( $at->{b} )->{data}, 'notes', 'where they can be read' );
    my $id = $add->text('ServerId');
    $phone->sync_until_done($calendar);

    my @inline = ( [ ContentId => 'pic@x' ], [ ContentLocation => 'pic.png' ], ['IsInline'] );
    $result = answer(
        $phone,
        $phone->change_of(
            $id,
            attachments(
                [ Delete => [ FileReference => $at->{a} ] ],
                attachment( c => 'picture', @inline )
            )
        )
    );
    my $change = $result->{responses}{Change}[0];
    is( $change && $change->text('Status'), 1, 'a Change that adds one is answered' );
    is( $change->text('ServerId'), $id, 'of that event' );
    my $new = references($change);
    is_deeply( [ keys %$new ], ['c'], 'with where the new one is' );
    is( $phone->fetch_attachment( $new->{c} )->{data}, 'picture', 'which can be read' );
    is_deeply( $result->{changes}, [], 'and nothing comes back' );

    $other->sync_until_done($calendar);
    my @files = item_with( $other, $calendar, 'Calendar:Subject', 'Talk' )
        ->property('AirSyncBase:Attachments')->children;
    is_deeply( [ map { $_->text('DisplayName') } @files ], [qw(b.txt c.txt)], 'others see them' );
    is( $files[1]->text('ContentId'), 'pic@x', 'by its name in the text' );
    is( $files[1]->text('ContentLocation'), 'pic.png', 'and its place there' );
    is( $files[1]->text('IsInline'), 1, 'inline' );
    is( $files[0]->text('IsInline'), undef, 'which the other is not' );
    $result = answer( $phone, $phone->change_of( $id, event( Subject => 'Speech' ) ) );
    is( $result->{responses}{Change}, undef, 'another Change is not answered' );
};

subtest 'one occurrence' => sub {
    my $id = add_item( $phone, $calendar,
        event( Subject => 'Daily', @time, Recurrence => [ Type => 0, Interval => 1 ] ) );
    $phone->sync_until_done($calendar);
    my @of = ( [ ServerId => $id ], [ 'AirSyncBase:InstanceId' => '20271126T110000Z' ] );
    my @none = ( [ ServerId => $id ], [ 'AirSyncBase:InstanceId' => '20271126T113000Z' ] );
    my $change = [ 'AirSync:ApplicationData' => event( Sensitivity => 9 ) ];
    my $result = answer( $phone, [ 'AirSync:Change' => @of, $change ] );
    my $response = $result->{responses}{Change}[0];
    is( $response->text('Status'), 6, 'cannot be so' );
    is( $response->text('AirSyncBase:InstanceId'), '20271126T110000Z', 'and which it is is said' );

    $result = answer( $phone, [ 'AirSync:Delete' => @none ] );
    $response = $result->{responses}{Delete}[0];
    is( $response->text('Status'), 8, 'one that is not there' );
    is( $response->text('AirSyncBase:InstanceId'), '20271126T113000Z', 'the same' );

    $result = answer(
        $phone,
        [
            'AirSync:Change' => @of,
            [ 'AirSync:ApplicationData' => attachments( attachment( d => 'plan' ) ) ]
        ]
    );
    $response = $result->{responses}{Change}[0];
    is( $response->text('AirSyncBase:InstanceId'), '20271126T110000Z', 'one with an attachment' );
    is( $phone->fetch_attachment( references($response)->{d} )->{data}, 'plan', 'has it' );
    is( scalar files_with(qr/^RECURRENCE-ID.*:20271126T110000Z/m), 1, 'alone' );
};

subtest 'the same again' => sub {
    my @event = event( Subject => 'Once', @time, ClientUid => 'c-1' );
    my $id = add_item( $phone, $calendar, @event );
    $phone->sync_until_done($calendar);
    is( add_item( $phone, $calendar, @event ), $id, 'another Add of the ClientUid is that event' );
    $phone->reset_collection($calendar);
    $phone->sync_until_done($calendar);
    is( add_item( $phone, $calendar, @event ), $id, 'also of a phone that begins anew' );
    is( add_item( $phone, $calendar, event( Subject => 'Twice', @time, ClientUid => 'c-1' ) ),
        $id, 'that knows it otherwise' );
    $phone->sync_until_done($calendar);
    is( scalar files_with(qr/^SUMMARY:Once/m), 1, 'there is one' );
    is( scalar files_with(qr/^SUMMARY:Twice/m), 0, "the server's, as in any conflict" );
    is( $phone->items($calendar)->{$id}->text('Calendar:Subject'), 'Once', 'the phone knows' );
    isnt( add_item( $phone, $calendar, event( Subject => 'Once', @time, ClientUid => 'c-2' ) ),
        $id, 'another ClientUid is another event' );

    my ($old) = folder_phone( $server, 8, version => '14.1', device_id => 'OLD' );
    my @known = event( Subject => 'Known', @time, UID => 'known@example.org' );
    $id = add_item( $old, $calendar, @known );
    $old->sync_until_done($calendar);
    is( add_item( $old, $calendar, @known ), $id, 'up to 14.1: of the UID' );
    is( scalar files_with(qr/^SUMMARY:Known/m), 1, 'there is one' );
    is( answer( $phone, $phone->delete_of($id) )->{status}, 1, 'it is deleted' );
    isnt( add_item( $old, $calendar, @known ), $id, 'and can be added then' );
};

$server->done;
done_testing;
