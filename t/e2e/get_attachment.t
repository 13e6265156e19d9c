#!/usr/bin/perl
# covers: GetAttachment
# Attachments at 12.1: every byte, with type and length; HTTP codes for what is not there.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

use constant LARGE => 3_000_000;

my $server = MobileSync::Server->start;

# A message with attachments, each [ type, name, bytes ].
sub message ( $subject, @files ) {
    my $parts = join '', map {
        "--b\r\nContent-Type: $_->[0]; name=\"$_->[1]\"\r\nContent-Transfer-Encoding: base64\r\n"
            . "Content-Disposition: attachment; filename=\"$_->[1]\"\r\n\r\n"
            . encode_base64( $_->[2], "\r\n" )
    } @files;
    return
          "From: bert\@example.net\r\nTo: anna\@example.org\r\nSubject: $subject\r\n"
        . "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        . "--b\r\nContent-Type: text/plain\r\n\r\nText.\r\n$parts--b--\r\n";
}

sub references ($item) {
    return
        map { $_->text('FileReference') }
        $item->property('AirSyncBase:Attachments')->children('Attachment');
}

my @files = (
    [ 'image/png', 'a.png', join '', map {chr} 0 .. 255 ],
    [ 'application/pdf', 'b.pdf', "%PDF\n" ],
    [
        'application/zip', 'c.zip',
        pack 'N*', map { $_ * 2_654_435_761 & 0xffffffff } 1 .. LARGE / 4
    ],
);
my $box = $server->mailbox('anna');
my $name = $box->deliver( message( 'files', @files ) );
my @references;

for my $base64 ( 0, 1 ) {
    subtest $base64 ? 'compact query' : 'plain query' => sub {
        my $phone = $server->client( version => '12.1', base64 => $base64 );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync($inbox);
        my $item = item_by_subject( $phone, $inbox, 'files' );
        @references = references($item);
        is( scalar @references, scalar @files, 'attachments' );
        for my $i ( 0 .. $#files ) {
            my ( $type, $file, $data ) = @{ $files[$i] };
            my $got = $phone->get_attachment( $references[$i] );
            is( $got->{http}, 200, "$file comes" );
            ok( $got->{data} eq $data, 'every byte' );
            is( $got->{content_type}, $type, 'its type' );
            is( $got->{response}->header('Content-Length'), length $data, 'its length' );
        }
        my $call = $phone->get_attachment( $references[0], lose => 1 );
        ok( $phone->repeat($call)->{data} eq $files[0][2], 'again after a lost answer' );

        for my $wrong (
            $references[0] =~ s/\d+$/99/r,
            $references[0] =~ s/:\d+:(\d+):/:77:$1:/r,
            $item->id, 'nonsense', '../../etc/passwd', 'x' x 200
            )
        {
            my $got = $phone->get_attachment($wrong);
            is( $got->{http}, 500, "no attachment $wrong" );
            is( length $got->{data}, 0, 'and no content' );
        }
        is( $phone->get_attachment(undef)->{http}, 400, 'no AttachmentName' );
        is(
            $phone->get_attachment( $references[0],
                tree => [ 'Ping:Ping', [ HeartbeatInterval => 60 ] ] )->{http},
            400,
            'a document'
        );
    };
}

subtest 'who may not have it' => sub {
    for my $version ( grep { $_ ne '12.1' } VERSIONS ) {
        my $phone = $server->client( version => $version );
        is( $phone->get_attachment( $references[0] )->{http}, 400, "not at $version" );
    }
    $server->add_account('bert');
    my $other = $server->client( account => 'bert', version => '12.1' );
    is( $other->get_attachment( $references[0] )->{http}, 500, 'not another account' );
};

subtest 'a message that goes away' => sub {
    my $phone = $server->client( version => '12.1' );
    $box->delete($name);
    is( $phone->get_attachment( $references[0] )->{http}, 500, 'HTTP 500' );
};

$server->done;
done_testing;
