#!/usr/bin/perl
# covers: Find
# Finding mail with the Keyword Query Language, page by page, and what is refused.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;
my $box = $server->mailbox;
my $start = 1_767_225_600;    # 2026-01-01T00:00:00Z

sub deliver ( $subject, $day, %option ) {
    my $time = $start + ( $day - 1 ) * 86_400 + 43_200;
    return deliver_mail( $box, $subject, time => $time, %option );
}

$box->create_folder($_) for qw(Work Work.2026);
deliver(
    'Budget draft', 5,
    from => 'Anna Schmidt <anna.schmidt@example.com>',
    body => "The first version of the\r\nbudget.  More later.\n",
    flags => 'S'
);
deliver(
    'Re: Budget',
    8,
    from => 'Bert <bert@example.net>',
    body => "Too much. invoice\n",
    headers => [
        [ Cc => 'Cecil <cecil@example.net>, Dora <dora@example.net>' ], [ Importance => 'High' ]
    ]
);
deliver( 'Holidays', 31, from => 'anna@example.org', body => "In Köln, with the budget.\n" );
deliver( 'Invoice', 40, folder => 'Work', from => 'Bert <bert@example.net>' );
deliver( 'Old invoice', 41, folder => 'Work.2026', from => 'Bert <bert@example.net>' );
{
    my $time = $start + 49 * 86_400;
    my $file = encode_base64( 'x' x 100, "\r\n" );
    $box->deliver(
        "From: bert\@example.net\r\nTo: anna\@example.org\r\nSubject: The contract\r\n"
            . "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            . "--b\r\nContent-Type: text/plain\r\n\r\nPlease sign.\r\n"
            . "--b\r\nContent-Type: application/pdf; name=\"signature.pdf\"\r\n"
            . "Content-Transfer-Encoding: base64\r\n"
            . "Content-Disposition: attachment; filename=\"signature.pdf\"\r\n\r\n$file--b--\r\n",
        time => $time
    );
}

my $phone = $server->client;
$phone->folder_sync;
my $inbox = $phone->folder_of_type(INBOX)->{id};
my $work = $phone->folder_named('Work')->{id};

sub titles ($found) {
    return join ' | ', map { $_->{properties}->text('Email:Subject') } @{ $found->{results} };
}

sub finds ( $text, $titles, %option ) {
    my $found = $phone->find( $text, %option );
    my $name = ( $text // 'no text' ) . join ' ', '', map {"$_=$option{$_}"} sort keys %option;
    is( $found->{command_status}, 1, "$name: Status" );
    is( $found->{status}, 1, 'Status of the Response' );
    is( titles($found), $titles, 'what is found' );
    return $found;
}

subtest 'queries' => sub {
    finds( 'budget', 'Holidays | Re: Budget | Budget draft' );
    finds( 'subject:budget', 'Re: Budget | Budget draft' );
    finds( 'body:budget', 'Holidays | Budget draft' );
    finds( 'from:bert', 'The contract | Old invoice | Invoice | Re: Budget' );
    finds( 'from:"Anna Schmidt"', 'Budget draft' );
    finds( 'from:anna.schmidt@example.com', 'Budget draft' );
    finds( 'from:anna', 'Holidays | Budget draft' );
    finds( 'from:anna from:bert subject:budget', 'Re: Budget | Budget draft' );
    finds( 'from:anna AND from:bert', '' );
    finds( 'to:anna subject:contract', 'The contract' );
    finds( 'cc:cecil', 'Re: Budget' );
    finds( 'to:cecil', '' );
    finds( 'participants:dora', 'Re: Budget' );
    finds( 'budget NOT köln', 'Re: Budget | Budget draft' );
    finds( 'budget -subject:re', 'Holidays | Budget draft' );
    finds( 'contract OR holidays', 'The contract | Holidays' );
    finds( '(contract OR holidays) budget', 'Holidays' );
    finds( '"first version of the budget"', 'Budget draft' );
    finds( 'hasattachment:true', 'The contract' );
    finds( 'hasattachment:no invoice', 'Old invoice | Invoice | Re: Budget' );
    finds( 'attachment:signature', 'The contract' );
    finds( 'isread:true', 'Budget draft' );
    finds( 'received:2026-01-08', 'Re: Budget' );
    finds( 'received:2026-01-05..2026-01-08', 'Re: Budget | Budget draft' );
    finds( 'received>=2026-02-10', 'The contract | Old invoice' );
    finds( 'received<1/8/2026', 'Budget draft' );
    finds( 'received:2026-01 budget', 'Holidays | Re: Budget | Budget draft' );
    finds( 'unknown:thing', '' );
    is( titles( $phone->find(undef) ), titles( $phone->find(' ') ), 'no words: everything' );
    is( $phone->find(undef)->{total}, 6, 'of all folders' );
};

subtest 'folders' => sub {
    finds( 'invoice', 'Invoice', folder => $work );
    finds( 'invoice', 'Old invoice | Invoice', folder => $work, deep => 1 );
    finds( 'invoice', 'Re: Budget', folder => $inbox );
    is( $phone->find( 'x', folder => '999999' )->{command_status}, 3, 'no such folder' );
};

subtest 'a result' => sub {
    my $found = finds( 'subject:"re budget"', 'Re: Budget' );
    my $result = $found->{results}[0];
    is( $result->{class}, 'Email', 'Class' );
    is( $result->{folder}, $inbox, 'CollectionId' );
    is( $found->{range}, '0-0', 'Range' );
    is( $found->{total}, 1, 'Total' );
    my %expected = (
        'Email:From' => '"Bert" <bert@example.net>',
        'Email:DisplayTo' => 'anna@example.org',
        'Find:DisplayCc' => 'Cecil; Dora',
        'Email:Importance' => 2,
        'Email:Read' => 0,
        'Find:HasAttachments' => 0,
        'Find:Preview' => 'Too much. invoice',
    );
    is( $result->{properties}->text($_), $expected{$_}, $_ ) for sort keys %expected;
    is( $result->{properties}->text('Email:DateReceived'), '2026-01-08T12:00:00.000Z', 'date' );
    is( $phone->fetch_item( $inbox, $result->{id} )->{properties}->text('Email:Subject'),
        'Re: Budget', 'ItemOperations takes the ServerId' );
    my $attached = $phone->find('contract')->{results}[0]{properties};
    is( $attached->text('Find:HasAttachments'), 1, 'HasAttachments' );
    is(
        $phone->find('subject:draft')->{results}[0]{properties}->text('Find:Preview'),
        'The first version of the budget. More later.',
        'Preview on one line'
    );
    is( $phone->find('subject:draft')->{results}[0]{properties}->text('Email:Read'), 1, 'Read' );
};

subtest 'pages' => sub {
    deliver( "page $_", 60 + $_, body => "pages\n" ) for 1 .. 5;
    my $page = sub ( $range, %option ) { return $phone->find( 'pages', range => $range, %option ) };
    my $first = $page->( '0-1', id => 'one' );
    is( titles($first), 'page 5 | page 4', 'the first two' );
    is( $first->{total}, 5, 'of five' );
    deliver( 'page 6', 80, body => "pages\n" );
    my $second = $page->( '2-3', id => 'one' );
    is( titles($second), 'page 3 | page 2', 'the next, in spite of an arrival' );
    is( $second->{range}, '2-3', 'Range' );
    my $last = $page->( '4-999', id => 'one' );
    is( titles($last), 'page 1', 'the last' );
    is( $last->{range}, '4-4', 'and its Range' );
    my $behind = $page->( '10-19', id => 'one' );
    is( $behind->{status}, 1, 'nothing behind it' );
    is( $behind->{range}, undef, 'has no Range' );
    is( $page->( '2-3', id => 'two' )->{status}, 4, 'a search begins with 0' );
    is( $phone->find( 'budget', range => '2-3', id => 'one' )->{status},
        4, 'other words are another search' );
    is( $server->client->find( 'pages', range => '2-3', id => 'one' )->{status},
        4, 'so is that of another phone' );
    is( $page->( '0-1', id => 'one' )->{total}, 6, 'begun again it sees the arrival' );
    deliver( "many $_", 90 + $_, body => "multitude\n" ) for 1 .. 105;
    my $many = $phone->find( 'multitude', range => '0-999' );
    is( scalar @{ $many->{results} }, 100, 'a hundred at once' );
    is( $many->{range}, '0-99', 'which is said' );
    is( $many->{total}, 105, 'and how many there are' );
};

subtest 'refused' => sub {
    my $status = sub ( $text, %option ) { return $phone->find( $text, %option )->{command_status} };
    is( $status->( 'x', class => undef ), 2, 'no Class' );
    is( $status->( 'x', class => 'Calendar' ), 2, 'a Class that cannot be found' );
    is( $status->( 'x', id => '' ), 2, 'an empty SearchId' );
    is( $status->( 'x', range => $_ ), 2, "Range '$_'" ) for '5-4', '0-1000', '-1', 'x', '';
    is( $status->('received:soon'), 2, 'no date' );
    is( $status->('!'), 2, 'no word' );
    is( $status->( 'x ' x 40 ), 2, 'too many words' );
    is( $status->( 'x', query => [ [ 'AirSync:Class', 'Email' ], ( [ FreeText => 'x' ] ) x 2 ] ),
        2, 'two texts' );
    my $find = sub (@tree) {
        return $phone->command( 'Find', tree => [ 'Find:Find', @tree ] )->text('Find:Status');
    };
    my $id = [ SearchId => 'x' ];
    my $query = [ Query => [ FreeText => 'x' ], [ 'AirSync:Class', 'Email' ] ];
    is( $find->(), 2, 'nothing' );
    is( $find->($id), 2, 'no ExecuteSearch' );
    is( $find->( $id, ['ExecuteSearch'] ), 2, 'no criterion' );
    is( $find->( $id, [ ExecuteSearch => ['MailBoxSearchCriterion'] ] ), 2, 'no Query' );
    is( $find->( [ ExecuteSearch => [ MailBoxSearchCriterion => $query ] ] ), 2, 'no SearchId' );
    is( $find->( $id, [ ExecuteSearch => ( [ MailBoxSearchCriterion => $query ] ) x 2 ] ),
        2, 'two criteria' );
};

subtest 'only since 16.1' => sub {
    for my $version (qw(14.0 14.1 16.0)) {
        my $answer = $server->client( version => $version )
            ->command( 'Find', tree => [ 'Find:Find', [ SearchId => 'x' ] ] );
        is( $answer->text('Find:Status'), 138, "$version: VersionNotSupported" );
    }
    my $answer = $server->client( version => '12.1' )
        ->command( 'Find', tree => [ 'Find:Find', [ SearchId => 'x' ] ] );
    is( $answer->status, 400, '12.1: HTTP 400' );
};

$server->done;

# What goes wrong underneath.
for my $case (
    [ UNAVAILABLE => 503, undef ],
    [ TIMEOUT => 503, undef ],
    [ DENIED => 200, 130 ],
    [ INTERNAL => 200, 110 ]
    )
{
    my ( $fault, $http, $status ) = @$case;
    subtest $fault => sub {
        my $failing =
            MobileSync::Server->start( backend => "fail driver=memory fail=search:1+:$fault" );
        $failing->allow_errors(qr/Find of anna.*fails as planned/);
        my $answer = $failing->client->command(
            'Find',
            tree => [
                'Find:Find',
                [ SearchId => 'x' ],
                [
                    ExecuteSearch => [
                        MailBoxSearchCriterion =>
                            [ Query => [ FreeText => 'x' ], [ 'AirSync:Class', 'Email' ] ]
                    ]
                ]
            ]
        );
        is( $answer->status, $http, 'HTTP' );
        is( $answer->text('Find:Status'), $status, 'Status' );
        $failing->done;
    };
}
done_testing;
