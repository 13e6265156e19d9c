#!/usr/bin/perl
# ItemOperations: messages and attachments in full, in ranges and in parts.
# covers: ItemOperations
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Encode ();
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start;

# The first message with attachments that are not empty.
sub with_files (@filled) {
    my ($found) = grep {
        my @files = @{ $_->{message}{attachments} // [] };
        @files && length $files[0]{data} > 200
    } @filled;
    return $found // die "no message with attachments\n";
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox, @filled ) = phone_with_mail(
            $server,
            account => $account,
            version => $version,
            count => 30,
            kinds => [qw(plain plain_8bit attachments)]
        );
        $phone->initial_sync( $inbox,
            options => { body => [ { type => 1, truncation_size => 10 } ] } );

        my ($plain) =
            grep { $_->{message}{kind} eq 'plain_8bit' && length $_->{message}{text} > 300 }
            @filled;
        my $item = item_by_subject( $phone, $inbox, $plain->{message}{subject} );
        is( $item->text('AirSyncBase:Body/Truncated'), 1, 'a message came truncated' );
        my $fetched = $phone->fetch_item( $inbox, $item->id, body => [ { type => 1 } ] );
        is( $fetched->{status}, 1, 'it is fetched' );
        is(
            Encode::decode( 'UTF-8', $fetched->{data} ) =~ s/\r\n/\n/gr =~ s/\s+\z//r,
            $plain->{message}{text} =~ s/\s+\z//r,
            'in full'
        );
        my $mime =
            $phone->fetch_item( $inbox, $item->id, body => [ { type => 4 } ], mime_support => 2 );
        is(
            $mime->{data} =~ s/\r\n/\n/gr,
            $plain->{message}{bytes} =~ s/\r\n/\n/gr,
            'as MIME: the message as it is'
        );

        my $message = with_files(@filled)->{message};
        $item = item_by_subject( $phone, $inbox, $message->{subject} );
        my @files = $item->property('AirSyncBase:Attachments')->children('Attachment');
        is( scalar @files, scalar @{ $message->{attachments} }, 'its attachments are listed' );
        my $file = $message->{attachments}[0];
        is( $files[0]->text('DisplayName'), $file->{name}, 'by name' );
        my $reference = $files[0]->text('FileReference');
        my $whole = $phone->fetch_attachment($reference);
        ok( $whole->{data} eq $file->{data}, 'an attachment is fetched as it is' );
        is( $whole->{content_type}, $file->{type}, 'with its type' );
        my $range = $phone->fetch_attachment( $reference, range => '100-149' );
        ok( $range->{data} eq substr( $file->{data}, 100, 50 ), 'a range of it' );
        is_deeply(
            [ @$range{qw(range total)} ],
            [ '100-149', length $file->{data} ],
            'with the range and the total'
        );
        my $parts = $phone->fetch_attachment( $reference, multipart => 1 );
        ok( $parts->{data} eq $file->{data}, 'as a part of its own' );

        my $results = $phone->item_operations(
            [
                { folder => $inbox, item => $item->id, body => [ { type => 1 } ] },
                { folder => $inbox, item => 'none' },
                { file_reference => $reference },
                { file_reference => 'none' }
            ],
            multipart => 1
        );
        is_deeply(
            [ map { $_->{status} == 1 ? 1 : 0 } @$results ],
            [ 1, 0, 1, 0 ],
            'several fetches succeed or fail alone'
        );
        ok( $results->[2]{data} eq $file->{data}, 'in their order' );
        is( $phone->fetch_attachment( $reference, range => '999999999-1000000000' )->{status},
            8, 'a range beyond the end' );
    }
);

$server->done;
done_testing;
