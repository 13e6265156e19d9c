#!/usr/bin/perl
# SendMail, SmartReply and SmartForward, also when their answer is lost.
# covers: SendMail SmartReply SmartForward
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MIME::Base64 qw(decode_base64);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( accounts => { anna => 'pw', friend => 'pw' } );
my $friend = $server->mailbox('friend');

# Texts that the server had to transfer-encode anew, in the clear.
sub clear ($message) {
    return $message =~
        s{(Content-Transfer-Encoding: base64\r?\n\r?\n)([A-Za-z0-9+/=\s]+)}{$1 . decode_base64($2)}gier;
}

# The messages (bytes) of the friend's Inbox that came since the last call.
my %known;

sub arrived {
    my @new = grep { !$known{$_}++ } sort keys %{ $friend->messages };
    return map { clear( $friend->content($_) ) } @new;
}

sub written ( $account, $subject ) {
    return simple_mail(
        from => $server->address($account),
        to => $server->address('friend'),
        subject => $subject,
        body => "My words, gr\x{fc}n.\n"
    );
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox, @filled ) = phone_with_mail(
            $server,
            account => $account,
            version => $version,
            count => 12,
            kinds => [qw(plain attachments)]
        );
        my $sent = $phone->folder_of_type(SENT)->{id};
        $phone->initial_sync($_) for $inbox, $sent;

        is( $phone->send_mail( written( $account, 'one' ), save => 1 )->{status}, 1, 'SendMail' );
        my @new = arrived();
        is( scalar @new, 1, 'arrives once' );
        like( $new[0], qr/^Subject: one\r?$/m, 'with its subject' );
        like( $new[0], qr/My words, gr\xc3\xbcn\./, 'and text' );
        $phone->sync($sent);
        is_deeply( subjects( $phone, $sent ), ['one'], 'a copy is kept' );
        $phone->send_mail( written( $account, 'two' ) );
        arrived();
        $phone->sync($sent);
        is_deeply( subjects( $phone, $sent ), ['one'], 'unless it was not asked for' );

        my ($plain) = grep { $_->{message}{kind} eq 'plain' } @filled;
        my $item = item_by_subject( $phone, $inbox, $plain->{message}{subject} );
        my ($first_line) = split /\n/, $plain->{message}{text};
        is(
            $phone->smart_reply( $inbox, $item->id, written( $account, 'reply' ), save => 1 )
                ->{status},
            1, 'SmartReply'
        );
        my ($reply) = arrived();
        like( $reply, qr/My words/, 'arrives with the words of the phone' );
        like( $reply, qr/\Q$first_line\E/, 'and the text that it answers' );

        my ($original) = grep { $_->{message}{kind} eq 'attachments' } @filled;
        $item = item_by_subject( $phone, $inbox, $original->{message}{subject} );
        is( $phone->smart_forward( $inbox, $item->id, written( $account, 'forward' ) )->{status},
            1, 'SmartForward' );
        my ($forward) = arrived();
        like( $forward, qr/My words/, 'arrives with the words of the phone' );
        like(
            $forward,
            qr/\Q$original->{message}{attachments}[0]{name}\E/,
            'and the attachment of the original'
        );
        is( $phone->smart_forward( $inbox, 'none', written( $account, 'no' ) )->{status},
            150, 'of what is not there: Status 150' )
            if $version >= 14;
        is( scalar( my @none = arrived() ), 0, 'and sends nothing' );

        my $call = $phone->send_mail( written( $account, 'lost' ), lose => 1, save => 1 );
        is( scalar( @new = arrived() ), 1, 'a SendMail whose answer is lost' );
        is( $phone->repeat($call)->{status}, 1, 'repeated' );
        is( scalar( @none = arrived() ), 0, 'is not sent again' );
    }
);

subtest 'recipients' => sub {
    my $phone = $server->client;
    my $to = join ', ', map { $server->address($_) } qw(friend anna);
    my $mime = simple_mail(
        from => $server->address,
        to => $to,
        subject => 'to both',
        headers => [ [ Bcc => $server->address('friend') ] ]
    );
    is( $phone->send_mail($mime)->{status}, 1, 'to several, one twice' );
    my @new = arrived();
    is( scalar @new, 1, 'arrives once' );
    unlike( $new[0], qr/^Bcc:/mi, 'without its Bcc' );
    is( scalar keys %{ $server->mailbox->messages }, 1, 'at the other one too' );
    isnt(
        $phone->send_mail( simple_mail( from => $server->address, to => 'nobody@example.org' ) )
            ->{status},
        1,
        'to nobody of this server: an error'
    );
    isnt(
        $phone->send_mail( simple_mail( from => $server->address, to => 'x@elsewhere.example' ) )
            ->{status},
        1,
        'to another server, where none is configured: an error'
    );
    is( $phone->send_mail("no mail at all")->{status} // 1, 107, 'no mail' );
};

$server->done;
done_testing;
