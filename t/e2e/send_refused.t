#!/usr/bin/perl
# covers: SendMail SmartReply SmartForward
# What cannot be sent, at every version: its Status, or at 12.1 the HTTP code that stands for it.
# Nothing of it goes out.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Sendmail;
use MobileSync::Server;

use constant { SMART => [qw(SmartReply SmartForward)], INSTANCE => '2026-03-20T22:40:00.000Z' };

my $sendmail = MobileSync::Sendmail->new;
my $server = MobileSync::Server->start(
    accounts => { map { $_ => 'secret' } qw(anna bo) },
    settings => { MobileSyncSendmail => $sendmail->command }
);

my $good = simple_mail( from => 'anna@example.org', to => 'bo@example.org, far@elsewhere.example' );
my $nobody = "From: anna\@example.org\r\nSubject: x\r\n\r\nx\r\n";
my $many = simple_mail( to => join ",\r\n ", map {"user$_\@elsewhere.example"} 1 .. 1001 );
my $no_address = qq(To: bo\@example.org, "a>b"\@c.d\r\n\r\nx\r\n);

# Each case: command, name, result, the rest of the request. Bodies of 12.1 are MIME.
sub by_query ( $folder, $item ) {
    my @original = ( CollectionId => $folder, ItemId => $item );
    my @sources = (
        [ 400, 'no original' ],
        [ 400, 'a folder alone', CollectionId => $folder ],
        [ 400, 'ItemId and LongId', ItemId => $item, LongId => $item ],
        [ 400, 'an Occurrence that is no date', @original, Occurrence => 'soon' ],
        [ 500, 'an instance of what is no series', @original, Occurrence => INSTANCE ],
        [ 500, 'no such item', CollectionId => $folder, ItemId => "${item}9" ],
        [ 500, 'a strange ItemId', CollectionId => $folder, ItemId => 'x' ],
        [ 500, 'a strange LongId', LongId => 'x' ],
        [ 500, 'another folder', CollectionId => 'x', ItemId => $item ],
    );
    return (
        [ SendMail => 'no message', 400, body => "This is no mail.\r\n" ],
        [ SendMail => 'nobody', 500, body => $nobody ],
        [ SendMail => 'no address', 500, body => $no_address ],
        [ SendMail => '1,001 recipients', 500, body => $many ],
        [ SendMail => 'no body', 400, body => '' ],
        [ SendMail => 'a document', 400, content_type => 'application/vnd.ms-sync.wbxml' ],
        map {
            my ( $status, $name, %parameters ) = @$_;
            map { [ $_ => $name, $status, parameters => \%parameters ] } @{ +SMART }
        } @sources
    );
}

# The elements of ComposeMail, from 14.0 on.
sub by_document ( $version, $folder, $item ) {
    my @id = ( [ ClientId => 'refused' ] );
    my @mime = ( [ Mime => \$good ] );
    my $source = sub (%ids) {
        my @order = grep { defined $ids{$_} } qw(FolderId ItemId LongId InstanceId);
        return [ Source => @order ? map { [ $_ => $ids{$_} ] } @order : [] ];
    };
    my @original = ( FolderId => $folder, ItemId => $item );
    my $whole = $source->(@original);
    my @sources = (
        [ 103, 'no Source' ],
        [ 105, 'an empty Source', $source->() ],
        [ 105, 'a folder alone', $source->( FolderId => $folder ) ],
        [ 105, 'ItemId and LongId', $source->( ItemId => $item, LongId => $item ) ],
        [ 104, 'an InstanceId that is no date', $source->( @original, InstanceId => 'soon' ) ],
        [ 150, 'an instance of what is no series', $source->( @original, InstanceId => INSTANCE ) ],
        [ 150, 'no such item', $source->( FolderId => $folder, ItemId => "${item}9" ) ],
        [ 150, 'a strange ItemId', $source->( FolderId => $folder, ItemId => 'x' ) ],
        [ 150, 'a strange LongId', $source->( LongId => 'x' ) ],
        [ 150, 'another folder', $source->( FolderId => 'x', ItemId => $item ) ],
    );
    # elements of 16.0, for calendar items
    my $body = [ 'AirSyncBase:Body', [ Type => 1 ], [ Data => 'x' ] ];
    my @calendar = (
        [ 179, 'Forwardees of a message', ['Forwardees'] ],
        [ 179, 'a Body for a message', $body ],
        [ 178, 'Forwardees and Mime', ['Forwardees'], @mime ],
        [ 178, 'Body and Mime', $body, @mime ],
        [ 178, 'Forwardees and SaveInSentItems', ['SaveInSentItems'], ['Forwardees'] ],
        [ 178, 'Body and ReplaceMime', ['ReplaceMime'], $body ],
        [ 178, 'Forwardees and TemplateID', ['Forwardees'], ['RightsManagement:TemplateID'] ],
    );
    return (
        [ SendMail => 'no ClientId', 103, @mime ],
        [ SendMail => 'an empty ClientId', 103, ['ClientId'], @mime ],
        [ SendMail => 'a ClientId of 41 characters', 103, [ ClientId => 'x' x 41 ], @mime ],
        [ SendMail => 'no Mime', 103, @id ],
        [ SendMail => 'an empty Mime', 107, @id, [ Mime => \'' ] ],
        [ SendMail => 'no message', 107, @id, [ Mime => \"This is no mail.\r\n" ] ],
        [ SendMail => 'nobody', 119, @id, [ Mime => \$nobody ] ],
        [ SendMail => 'no address', 116, @id, [ Mime => \$no_address ] ],
        [ SendMail => '1,001 recipients', 115, @id, [ Mime => \$many ] ],
        [ SendMail => 'an unknown account', 166, @id, [ AccountId => 'other' ], @mime ],
        [ SendMail => 'protection', 168, @id, @mime, [ 'RightsManagement:TemplateID', '1-1' ] ],
        [ SendMail => 'Forwardees', 103, @id, @mime, ['Forwardees'] ],
        [ SmartReply => 'Forwardees', 103, @id, $whole, @mime, ['Forwardees'] ],
        [ SmartReply => 'a Body', 103, @id, $whole, @mime, $body ],
        map( {
                my ( $status, $name, @elements ) = @$_;
                [ SmartForward => $name, $version < 16 ? 103 : $status, @id, $whole, @elements ]
        } @calendar ),
        map( {
                my ( $status, $name, @elements ) = @$_;
                map { [ $_ => $name, $status, @id, @elements, @mime ] } @{ +SMART }
        } @sources ),
    );
}

sub case ( $version, $case ) {
    my ( $command, $name, $result, @request ) = @$case;
    my %request =
        $version < 14
        ? ( content_type => 'message/rfc822', body => $good, @request )
        : ( tree => [ "ComposeMail:$command", @request ] );
    return ( $command, "$command: $name", $result, %request );
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) = synced_phone( $server, account => $account, version => $version );
        my ($item) = keys %{ $phone->items($inbox) };
        for ( $version < 14 ? by_query( $inbox, $item ) : by_document( $version, $inbox, $item ) ) {
            my ( $command, $name, $result, %request ) = case ( $version, $_ );
            my $answer = $phone->command( $command, %request );
            is( $answer->status == 200 ? $answer->text('Status') : $answer->status,
                $result, $name );
        }
        is( scalar $sendmail->calls, 0, 'nothing left the server' );
        is_deeply( $server->mailbox('bo')->messages, {}, 'nothing arrived' );
        is(
            scalar( grep {/^Sent/} $server->mailbox($account)->folders )
                && keys %{ $server->mailbox($account)->messages('Sent') },
            0,
            'nothing is kept as sent'
        );
        unlike( join( ' ', values %{ $server->mailbox($account)->messages } ),
            qr/:2,\w*[RP]/, 'no original is marked' );
    }
);

$server->done;
done_testing;
