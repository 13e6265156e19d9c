#!/usr/bin/perl
# covers: Sync GetItemEstimate Ping
# ConversationMode (MS-ASCMD 2.2.3.36): with a FilterType, conversations that have something new are
# there whole. How they age is in midnight.t.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

use constant { DAY => 86_400, ONE_WEEK => 3 };

my $number = 0;
my %options = (
    filter_type => ONE_WEEK,
    body => [ { type => 1, preview => 20 }, { type => 2, preview => 20 } ]
);

# A message of a thread. Returns its Subject and its name in the Maildir.
sub deliver ( $box, $thread, $days ) {
    $number++;
    my $name = deliver_mail(
        $box, "$thread $number",
        time => time - $days * DAY,
        body => "This is the text.
",
        headers => [ [ 'Message-ID' => "<$number\@t>" ], [ References => "<$thread\@t>" ] ]
    );
    return ( "$thread $number", $name );
}

sub body_of ( $phone, $folder, $subject ) {
    my $item = item_by_subject( $phone, $folder, $subject );
    return map { $item->text("AirSyncBase:Body/$_") } qw(Data Preview Truncated);
}

for my $version (qw(14.0 14.1 16.0 16.1)) {
    subtest "protocol $version" => sub {
        my $account = 'anna' . $version =~ tr/.//dr;
        my $server = MobileSync::Server->start( accounts => { $account => 'secret' } );
        my $box = $server->mailbox($account);
        my ( $old, $older ) = map { ( deliver( $box, 'plan', $_ ) )[0] } 20, 10;
        deliver( $box, 'other', 20 );
        my ($new) = deliver( $box, 'news', 1 );
        my $phone = $server->client( account => $account, version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync( $inbox, options => \%options, conversation_mode => 1 );
        is_deeply( subjects( $phone, $inbox ), [$new], 'the filter alone' );

        my $pending = $phone->ping( heartbeat => 60, folders => [$inbox], async => 1 );
        ok( !$pending->is_ready(0.3), 'a Ping waits' );
        my ( $answer, $file ) = deliver( $box, 'plan', 0 );
        ok( $pending->is_ready(PATIENCE), 'until an answer arrives' );
        is( $pending->result->{status}, 2, 'which it tells' );
        my $estimate = $phone->get_item_estimate( [$inbox] )->{$inbox}{estimate};
        is( $estimate, 3, 'an estimate counts the conversation' );
        $estimate =
            $phone->get_item_estimate( [$inbox], filter_type => ONE_WEEK, conversation_mode => 0 );
        is( $estimate->{$inbox}{estimate}, 1, 'unless it is not to' );
        $phone->sync_until_done($inbox);
        is_deeply(
            subjects( $phone, $inbox ),
            [ sort $new, $old, $older, $answer ],
            'the answer brings its conversation'
        );
        my ( $data, $preview, $truncated ) = body_of( $phone, $inbox, $answer );
        like( $data, qr/This is the text/, 'the answer has its body' );
        ( $data, $preview, $truncated ) = body_of( $phone, $inbox, $old );
        is( $data, undef, 'what is older than the filter has none' );
        is( $truncated, 1, 'and says so' );
        is( $preview, 'This is the text.', 'but a preview, as it was asked for' );
        is( $phone->sync($inbox)->{empty}, 1, 'that is all' );

        if ( $version > 14.0 ) {
            my $other = $server->client(
                account => $account,
                version => $version,
                device_id => 'OTHER'
            );
            $other->folder_sync;
            my %part = ( filter_type => ONE_WEEK, body_part => [ { type => 2 } ] );
            $other->initial_sync( $inbox, options => \%part, conversation_mode => 1 );
            my $item = item_by_subject( $other, $inbox, $old );
            like(
                $item->text('AirSyncBase:BodyPart/Data'),
                qr/This is the text/,
                'a part of it comes where that is asked for'
            );
            is( $item->property('AirSyncBase:Body'), undef, 'and then no Body' );
        }

        $phone->sync_until_done( $inbox, options => \%options, conversation_mode => 0 );
        is_deeply( subjects( $phone, $inbox ), [ sort $new, $answer ], 'switched off' );
        $phone->sync_until_done( $inbox, options => \%options, conversation_mode => 1 );
        is( scalar @{ subjects( $phone, $inbox ) }, 4, 'and on again' );

        $box->delete($file);
        wait_until(
            'the conversation of a deleted answer goes with it',
            sub {
                $phone->sync_until_done($inbox);
                return @{ subjects( $phone, $inbox ) } == 1;
            },
            PATIENCE
        );
        is_deeply( subjects( $phone, $inbox ), [$new], 'the conversation goes with its answer' );

        my $result = $phone->sync(
            $inbox,
            tree => [
                'AirSync:Sync',
                [
                    Collections => [
                        Collection => [ SyncKey => $phone->collection($inbox)->{key} ],
                        [ CollectionId => $inbox ],
                        [ ConversationMode => 'yes' ]
                    ]
                ]
            ]
        );
        is( $result->{status}, 4, 'what is no boolean: Status 4' );
        $server->done;
    };
}

done_testing();
