#!/usr/bin/perl
# covers: Sync
# A meeting that two phones of its organizer change at a time, or a phone and a desktop program: who wins
# is what Conflict says, all have the same in the end, and the people are told of what holds, once.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Participant;
use MobileSync::Scenario;
use MobileSync::Server;

use constant { SERVER_WINS => 1, CLIENT_WINS => 0 };

my $server = MobileSync::Server->start( accounts => {} );
my ( $first, $second ) = qw(20301111T090000Z 20301118T090000Z);

# A Change of a phone's: its Status.
sub contest ( $phone, $conflict, $command ) {
    my $result = $phone->sync(
        $phone->folder_of_type(CALENDAR)->{id},
        options => { conflict => $conflict, filter_type => 0 },
        commands => [$command]
    );
    die "Sync: Status $result->{status}\n" if $result->{status} != 1;
    my ($response) = map {@$_} values %{ $result->{responses} };
    return $response ? $response->text('Status') : 1;
}

# How many mails the attendee has got since the last time.
sub told ($bo) {
    state %known;
    my $count = $bo->mails->[0];
    my $new = $count - ( $known{ $bo->address } // 0 );
    $known{ $bo->address } = $count;
    return $new;
}

sub at_hour ($hour) {
    return event(
        StartTime => "20301104T${hour}0000Z",
        EndTime => '20301104T' . ( $hour + 1 ) . '0000Z'
    );
}

sub location ($name) { return [ 'AirSyncBase:Location' => [ 'AirSyncBase:DisplayName' => $name ] ] }

# The meeting anew, on both phones; its ServerId.
sub organized ( $anna, $bo, $phone, $subject ) {
    my $id = $anna->organize(
        {
            subject => $subject,
            start => '20301104T090000Z',
            end => '20301104T100000Z',
            weekly => 1,
            people => [ $bo->address ]
        }
    );
    $phone->sync_until_done( $anna->folder );
    told($bo);
    return $id;
}

sub done ( $anna, $bo, $id, $name ) {
    $_->in_step($name) for $anna, $bo;
    $anna->ask( $anna->phone->delete_of($id) );
    told($bo);
    $bo->ask( $bo->phone->delete_of( $bo->only_event->id ) );
    $_->in_step("$name, and gone") for $anna, $bo;
    return;
}

for my $version (qw(16.0 16.1)) {
    my ( $anna, $bo ) = map {
        MobileSync::Participant->new( $server, $_ . $version =~ tr/.//dr,
            $version, other => '14.1' )
    } qw(anna bo);
    my $phone = $anna->phone;
    my $other = $anna->another_phone($version);
    my $change = sub ( $phone, $conflict, $id, @data ) {
        return contest( $phone, $conflict, $phone->change_of( $id, @data ) );
    };
    my $instance = sub ( $phone, $conflict, $id, @instance ) {
        my $status =
            contest( $phone, $conflict, MobileSync::Participant::instance_op( $id, @instance ) );
        $anna->keep_instance( $phone, $id, @instance ) if $status == 1;
        return $status;
    };

    subtest "two phones, $version" => sub {
        my $id = organized( $anna, $bo, $other, 'Phones' );
        is( $change->( $other, SERVER_WINS, $id, at_hour(12) ), 1, 'one moves it' );
        is( $change->( $phone, SERVER_WINS, $id, at_hour(14) ), 7, 'the other one is too late' );
        is( told($bo), 1, 'the attendee is told of the one' );
        is( $anna->only_file->{start}, '20301104T120000Z', 'which holds' );
        $_->in_step('the first one wins') for $anna, $bo;

        is( $change->( $other, CLIENT_WINS, $id, at_hour(12) ), 1, 'the same times' );
        is( told($bo), 0, 'are none to tell of' );
        is( $change->( $other, CLIENT_WINS, $id, at_hour(10) ), 1, 'one moves it' );
        is( $change->( $phone, CLIENT_WINS, $id, at_hour(14) ), 1, 'the other one wins' );
        is( told($bo), 2, 'the attendee is told of both' );
        is( $anna->only_file->{start}, '20301104T140000Z', 'the last one holds' );
        $_->in_step('the last one wins') for $anna, $bo;

        $change->( $other, CLIENT_WINS, $id, event( Subject => 'Fields' ) );
        is( $change->( $phone, CLIENT_WINS, $id, location('Attic') ), 1, 'different properties' );
        is( told($bo), 1, 'told of the place' );
        is( $anna->only_file->{subject}, 'Fields', 'one stays' );
        is( $anna->only_file->{location}, 'Attic', 'the other one, too' );
        done( $anna, $bo, $id, 'different properties' );
    };

    subtest "a desktop program, $version" => sub {
        my $id = organized( $anna, $bo, $other, 'Desktop' );
        $anna->edit( qr/^SUMMARY:Desktop\r$/m, "SUMMARY:Theirs\r" );
        is( $change->( $phone, SERVER_WINS, $id, event( Subject => 'Mine' ) ), 7, 'was faster' );
        is( $anna->only_file->{subject}, 'Theirs', 'and wins' );
        $_->in_step('the program wins') for $anna, $bo;
        $anna->edit( qr/^SUMMARY:Theirs\r$/m, "SUMMARY:Again\r" );
        is( $change->( $phone, SERVER_WINS, $id, at_hour(12) ), 7, 'of another property, too' );
        is( told($bo), 0, 'nobody is told' );
        $_->in_step('the program wins again') for $anna, $bo;
        $anna->edit( qr/^SUMMARY:Again\r$/m, "SUMMARY:Both\r" );
        is( $change->( $phone, CLIENT_WINS, $id, at_hour(12) ), 1,
            'but not when the client shall' );
        is( told($bo), 1, 'then the attendee is told' );
        is( $anna->only_file->{subject}, 'Both', 'what the client did not name stays' );
        is( $anna->only_file->{start}, '20301104T120000Z', 'what it did is there' );
        done( $anna, $bo, $id, 'the client wins' );
    };

    subtest "occurrences, $version" => sub {
        my $id = organized( $anna, $bo, $other, 'Weekly' );
        my ( $noon, $later ) = map {
            [
                event(
                    EndTime => '20301111T' . ( $_ + 1 ) . '0000Z',
                    StartTime => "20301111T${_}0000Z"
                )
            ]
        } 12, 15;
        is( $instance->( $other, SERVER_WINS, $id, $first, @$noon ), 1, 'one is moved' );
        is( $instance->( $phone, SERVER_WINS, $id, $first, @$later ), 7, 'moved twice' );
        is( told($bo), 1, 'told of the first' );
        like( $anna->only_file->{exceptions}, qr/^$first 20301111T120000Z/, 'which holds' );
        $_->in_step('the same one') for $anna, $bo;

        is( $instance->( $other, CLIENT_WINS, $id, $first, event( Subject => 'Named' ) ),
            1, 'its subject' );
        is( $instance->( $phone, CLIENT_WINS, $id, $second ), 1, 'and another one is deleted' );
        is( told($bo), 1, 'told of that' );
        is(
            $anna->only_file->{exceptions},
            "$first 20301111T120000Z 20301111T130000Z Named; $second -",
            'both are done'
        );
        $_->in_step('different ones') for $anna, $bo;

        is( $instance->( $other, CLIENT_WINS, $id, $first ), 1, 'one is deleted' );
        is( told($bo), 1, 'told of it' );
        my $status = $instance->( $phone, SERVER_WINS, $id, $first, @$later );
        is( $status, 7, 'and edited: it stays so' );
        is( told($bo), 0, 'nobody is told' );
        $_->in_step('a deleted one is edited') for $anna, $bo;
        is( $instance->( $phone, CLIENT_WINS, $id, $first, @$later ), 1, 'it is made again' );
        is( told($bo), 1, 'told of it' );
        like( $anna->only_file->{exceptions}, qr/^$first 20301111T150000Z/, 'and is there' );
        done( $anna, $bo, $id, 'a deleted one is made again' );
    };
}

# Up to 14.1 every Change has all the Exceptions; the phones send the invitations themselves, so that
# nobody is told here.
for my $version (qw(12.1 14.1)) {
    my ( $anna, $bo ) = map {
        MobileSync::Participant->new( $server, $_ . $version =~ tr/.//dr,
            $version, other => '16.1' )
    } qw(anna bo);
    my $phone = $anna->phone;
    my $other = $anna->another_phone($version);

    # The whole event with such exceptions: { instance => { start, end }, or {}: deleted }.
    my $change = sub ( $phone, $conflict, $id, $meeting, %exceptions ) {
        my @event = $anna->whole( { %$meeting, exceptions => \%exceptions } );
        return contest( $phone, $conflict, $phone->change_of( $id, @event ) );
    };
    my %noon = ( start => '20301111T120000Z', end => '20301111T130000Z' );
    my %late = ( start => '20301111T150000Z', end => '20301111T160000Z' );
    my %meeting = (
        subject => 'Whole',
        start => '20301104T090000Z',
        end => '20301104T100000Z',
        weekly => 1,
        people => [ $bo->address ]
    );

    subtest "whole Exceptions, $version" => sub {
        my $id = $anna->organize( \%meeting );
        $other->sync_until_done( $anna->folder );
        told($bo);
        is( $change->( $other, SERVER_WINS, $id, \%meeting, $first => \%noon ), 1, 'one is moved' );
        is( $change->( $phone, SERVER_WINS, $id, \%meeting, $first => \%late ), 7, 'moved twice' );
        is(
            $anna->only_file->{exceptions},
            "$first $noon{start} $noon{end} Whole",
            'the first one holds'
        );
        is( $change->( $other, CLIENT_WINS, $id, \%meeting, $first => \%noon, $second => {} ),
            1, 'another one is deleted' );
        is( $change->( $phone, CLIENT_WINS, $id, \%meeting, $first => \%late ), 1,
            'and one moved' );
        is(
            $anna->only_file->{exceptions},
            "$first $late{start} $late{end} Whole; $second -",
            'both are done'
        );
        $anna->in_step('both are done');
        is( $change->( $phone, CLIENT_WINS, $id, \%meeting, $first => {}, $second => {} ),
            1, 'one is deleted' );
        is( $change->( $other, SERVER_WINS, $id, \%meeting, $first => \%late, $second => {} ),
            7, 'and edited: it stays so' );
        is( $anna->only_file->{exceptions}, "$first -; $second -", 'both are gone' );
        $anna->in_step('both are gone');
        is( told($bo), 0, 'nobody is told by the server' );
    };
}

$server->done;
done_testing;
