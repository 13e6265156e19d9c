#!/usr/bin/perl
# covers: Search
# Searching the mailbox: words of any language, folders, dates, conversations, pages, Status values.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Mail::Mime qw(mail_date);
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

use constant DAY => 86_400;

my $server = MobileSync::Server->start;
my $box = $server->mailbox;
my $now = int( time / DAY ) * DAY - 40 * DAY;

sub deliver ( $subject, %option ) {
    my $days = delete $option{days} // 0;
    my $time = $now + $days * DAY;
    return deliver_mail( $box, $subject, time => $time, %option );
}

$box->create_folder($_) for qw(Work Work.2026 Play);
deliver( 'Quarterly report', days => 1, body => "The figures are in the enclosure.\n" );
deliver( 'Ausflug nach Köln', days => 2, from => 'Dörte Möller <doerte@example.com>' );
deliver( '会议记录', days => 3, body => "明天下午三点开会。\n" );
deliver( 'Привет', days => 4, body => "Как дела? report\n" );
deliver( 'Plan of the year', days => 5, folder => 'Work', body => "report\n" );
deliver( 'Plan of the month', days => 6, folder => 'Work.2026', body => "report\n" );
deliver( 'Games', days => 7, folder => 'Play', to => 'Cecil <cecil@example.net>' );
deliver( 'Re: a thread', days => 8, headers => [ [ 'References' => '<root@example.org>' ] ] );
deliver( 'a thread', days => 9, headers => [ [ 'Message-ID' => '<root@example.org>' ] ] );

# What was found, by subject, in the order of the answer.
sub titles ($found) {
    return join ' | ', map { $_->{properties}->text('Email:Subject') } @{ $found->{results} };
}

sub is_found ( $found, $titles, $name ) {
    is( $found->{status}, 1, "$name: Status" );
    is( titles($found), $titles, $name );
    is( $found->{total}, scalar( my @all = split / \| /, $titles ), 'Total' )
        unless defined $found->{range} && $found->{range} !~ /^0-/;
    return;
}

# GreaterThan, LessThan
sub bound ( $which, $days ) {
    my ( $second, $minute, $hour, $day, $month, $year ) = gmtime $now + $days * DAY;
    return [
        $which => ['Email:DateReceived'],
        [
            Value => sprintf '%04d-%02d-%02dT%02d:%02d:%02d.000Z',
            $year + 1900, $month + 1, $day, $hour, $minute, $second
        ]
    ];
}

for my $version (VERSIONS) {
    subtest $version => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        my $work = $phone->folder_named('Work')->{id};
        my $play = $phone->folder_named('Play')->{id};
        my $text = sub ( $words, %option ) { return $phone->search_text( $words, %option ) };

        is_found(
            $text->('report'),
            'Plan of the month | Plan of the year | Привет | Quarterly report',
            'all folders, the newest first'
        );
        is_found( $text->('QUART'), 'Quarterly report', 'the beginning of a word, in any case' );
        is_found( $text->('quarterly figures'), 'Quarterly report', 'words of subject and body' );
        is_found( $text->('"figures are"'), 'Quarterly report', 'a phrase' );
        is_found( $text->('"are figures"'), '', 'not the other way round' );
        is_found( $text->('koln'), 'Ausflug nach Köln', 'without accents' );
        is_found( $text->('doerte@example.com'), 'Ausflug nach Köln', 'who it is from' );
        is_found( $text->('Möller'), 'Ausflug nach Köln', 'and the name' );
        is_found( $text->('cecil'), 'Games', 'who it is to' );
        is_found( $text->('привет'), 'Привет', 'Cyrillic' );
        is_found( $text->('下午'), '会议记录', 'Chinese' );
        is_found( $text->('subject:plan -year'), 'Plan of the month', 'properties and NOT' );
        is_found( $text->('nosuchword'), '', 'nothing' );
        like( $text->('nosuchword')->{document}->dump, qr/Result/, 'an empty Result' );

        is_found(
            $text->( 'report', folders => [$inbox] ),
            'Привет | Quarterly report',
            'one folder'
        );
        is_found(
            $text->( 'report', folders => [$work] ),
            'Plan of the year',
            'not what is below it'
        );
        is_found(
            $text->( 'report', folders => [$work], deep => 1 ),
            'Plan of the month | Plan of the year',
            'DeepTraversal'
        );
        is_found( $text->( 'games', folders => [ $work, $play ] ), 'Games', 'two folders' );
        is_found( $text->( 'games', folders => ['0'], deep => 1 ), 'Games', 'the root' );
        is( $text->( 'games', folders => [ $play, '999999' ] )->{status}, 11, 'no such folder' );

        is_found(
            $phone->search( [ [ FreeText => 'report' ], bound( GreaterThan => 4 ) ] ),
            'Plan of the month | Plan of the year',
            'received later than'
        );
        is_found(
            $phone->search( [ bound( GreaterThan => 5 ), bound( LessThan => 7 ) ] ),
            'Plan of the month',
            'between dates, without words'
        );
        is_found(
            $phone->search(
                [ [ FreeText => 'games' ], bound( GreaterThan => 5 ), bound( LessThan => 3 ) ],
                list => 'Or'
            ),
            'a thread | Re: a thread | Games | Plan of the month | Ausflug nach Köln '
                . '| Quarterly report',
            'Or'
        );
        is_found(
            $phone->search(
                [
                    bound( LessThan => 6 ), [ Or => [ FreeText => 'year' ], [ FreeText => 'köln' ] ]
                ]
            ),
            'Plan of the year | Ausflug nach Köln',
            'Or within And'
        );
        my $class = sub (@classes) {
            return $phone->search(
                [ ( map { [ 'AirSync:Class', $_ ] } @classes ), [ FreeText => 'games' ] ] );
        };
        is_found( $class->('Email'), 'Games', 'Class Email' );
        is_found( $class->( 'Calendar', 'Email' ), 'Games', 'two classes' );
        is_found( $class->('Calendar'), '', 'nothing of that class' );
        is( $class->('Notes')->{status}, $version < 14 ? 2 : 1, 'Notes since 14.0' );
        is( $class->('Things')->{status}, 2, 'no such class' );

        subtest results => sub {
            my $one = $text->(
                'figures',
                body => [ { type => 1, truncation_size => 11 } ],
                range => '0-0'
            );
            is( $one->{range}, '0-0', 'Range' );
            my $result = $one->{results}[0];
            is( $result->{class}, 'Email', 'Class' );
            is( $result->{folder}, $inbox, 'CollectionId' );
            is( $result->{properties}->text('AirSyncBase:Body/Data'), 'The figures', 'Body' );
            is( $result->{properties}->text('AirSyncBase:Body/Truncated'), 1, 'Truncated' );
            my $mime = $text->( 'figures', body => [ { type => 4 } ], mime_support => 2 );
            like( $mime->{results}[0]{properties}->text('AirSyncBase:Body/Data'),
                qr/^From: Bert.*enclosure\.\r\n\z/s, 'MIME' );
            my $fetched = $phone->item_operations( [ { long_id => $result->{long_id} } ] )->[0];
            is( $fetched->{status}, 1, 'ItemOperations takes the LongId' );
            is( $fetched->{properties}->text('Email:Subject'), 'Quarterly report', 'the message' );
            is( $phone->item_operations( [ { long_id => $_ } ] )->[0]{status}, 6, "not '$_'" )
                for 'nonsense', "$result->{long_id}0";
        };

        subtest conversation => sub {
            if ( $version < 14 ) {
                is( $phone->search( [ [ ConversationId => \( 'x' x 16 ) ] ] )->{status},
                    2, 'since 14.0' );
                return;
            }
            my $thread = $text->('subject:thread')->{results}[0]{properties};
            my $id = $thread->bytes('Email2:ConversationId');
            my $search =
                sub ($bytes) { return $phone->search( [ [ ConversationId => \$bytes ] ] ) };
            is_found( $search->($id), 'a thread | Re: a thread', 'ConversationId' );
            is( $search->('short')->{status}, 2, 'which is not one' );
            is_found( $search->( 'x' x 16 ), '', 'of no conversation' );
            my %part = ( body_part => [ { type => 2 } ] );
            my $parts = $phone->search( [ [ ConversationId => \$id ] ], %part );
            is_found( $parts, 'a thread | Re: a thread', 'with BodyPartPreference' );
            my $found = $parts->{results}[0]{properties}->text('AirSyncBase:BodyPart/Data');
            if ( $version < 14.1 ) { is( $found, undef, 'no BodyPart before 14.1' ) }
            else { like( $found, qr/Text\./, 'BodyPart' ) }
            my $since = $version >= 14.1;
            is(
                $phone->search( [ [ ConversationId => \$id ] ], body_part => [ { type => 1 } ] )
                    ->{status},
                $since ? 164 : 1,
                'in HTML only'
            );
            is(
                $phone->search( [ [ FreeText => 'thread' ] ], %part )->{status},
                $since ? 2 : 1,
                'which needs a conversation'
            );
        };

        subtest refused => sub {
            my $status = sub ( $conditions, %option ) {
                return $phone->search( $conditions, %option )->{status};
            };
            my $word = [ FreeText => 'report' ];
            is( $status->( [], query => ['report'] ), 2, 'text alone is no mailbox query' );
            is( $status->( [], query => [$word] ), 8, 'FreeText outside of And' );
            is( $status->( [], query => [ [ 'AirSync:CollectionId', $inbox ] ] ),
                8, 'CollectionId outside of And' );
            is( $status->( [], query => [ [ And => $word ], [ And => $word ] ] ), 8, 'two Ands' );
            is( $status->( [ [ And => $word ] ] ), 8, 'And in And' );
            is( $status->( [ $word, [ 'AirSync:Class', 'Email' ] ], list => 'Or' ),
                8, 'Class in Or' );
            is( $status->( [ $word, [ 'AirSync:CollectionId', $inbox ] ], list => 'Or' ),
                8, 'CollectionId in Or' );
            is( $status->( [] ), 2, 'an empty And' );
            is( $status->( [ [ FreeText => '' ] ] ), 2, 'an empty FreeText' );
            is( $status->( [ [ FreeText => '!?' ] ] ), 2, 'no word' );
            is( $status->( [ [ FreeText => join ' ', 1 .. 40 ] ] ), 8, 'too many words' );
            is( $status->( [ [ FreeText => 'x' x 5000 ] ] ), 8, 'too long a text' );
            is( $status->( [ ($word) x 11 ] ), 8, 'too many conditions' );
            is( $status->( [ bound( LessThan => 3 ), bound( LessThan => 4 ) ] ),
                2, 'two of a kind' );
            is( $status->( [ [ GreaterThan => ['Email:DateReceived'], [ Value => 'soon' ] ] ] ),
                2, 'no date' );
            is( $status->( [ [ LessThan => [ Value => '2026-01-01T00:00:00.000Z' ] ] ] ),
                2, 'no DateReceived' );
            is( $status->( [$word], range => $_ ), 2, "Range '$_'" )
                for '5-4', '-1', '1', 'a-b', '0-1000', '';
            is( $status->( [$word], range => '0-100' ), 12, 'more than there may be' );
            is( $status->( [$word], range => '50-60' ), 12, 'behind the end' );
            is( $status->( [$word], name => 'Attic' ), 2, 'no such store' );
            is( $status->( [$word], name => 'DocumentLibrary' ), 13, 'a store that is not served' );
            is( $status->( [$word], body => [ { type => 9 } ] ), 2, 'bad Options' );
        };
    };
}

subtest 'pages fit together' => sub {
    my $phone = $server->client;
    $phone->folder_sync;
    my $page = sub ( $range, %option ) {
        return $phone->search_text( 'pages', range => $range, %option );
    };
    deliver( "page $_", days => 10 + $_, body => "pages\n" ) for 1 .. 5;
    my $first = $page->('0-1');
    is( titles($first), 'page 5 | page 4', 'the first two' );
    is( $first->{total}, 5, 'of five' );
    is( $first->{range}, '0-1', 'Range' );
    deliver( 'page 6', days => 30, body => "pages\n" );
    my $second = $page->('2-3');
    is( titles($second), 'page 3 | page 2', 'the next, in spite of an arrival' );
    is( $second->{total}, 5, 'still of five' );
    my $last = $page->('4-9');
    is( titles($last), 'page 1', 'the last one' );
    is( $last->{range}, '4-4', 'and its Range' );
    is( $page->('5-9')->{status}, 12, 'nothing behind it' );
    is( titles( $page->( '2-3', rebuild => 1 ) ), 'page 4 | page 3', 'RebuildResults' );
    is( $page->('0-1')->{total}, 6, 'a new search sees it' );
    is(
        titles( $server->client->search_text( 'pages', range => '2-3' ) ),
        'page 4 | page 3',
        'another phone has its own pages'
    );
};

subtest 'follows the mailbox' => sub {
    my $phone = $server->client;
    $phone->folder_sync;
    my $name = deliver( 'Ephemeral', days => 50 );
    is_found( $phone->search_text('ephemeral'), 'Ephemeral', 'an arrival' );
    my $result = $phone->search_text('ephemeral')->{results}[0];
    $box->delete($name);
    # a Maildir is not a database: a message is gone when a second look misses it too
    my $end = time + PATIENCE;
    my $found;
    do { $found = $phone->search_text('ephemeral') } until !$found->{total} || time > $end;
    is_found( $found, '', 'gone' );
    is( $phone->item_operations( [ { long_id => $result->{long_id} } ] )->[0]{status},
        6, 'and so is its LongId' );
};

subtest 'an account without mail' => sub {
    $server->add_account('new');
    my $phone = $server->client( account => 'new' );
    is_found( $phone->search_text('word'), '', 'finds nothing' );
};

subtest 'many phones begin at once' => sub {
    for my $round ( 1 .. 5 ) {
        my $account = "crowd$round";
        $server->add_account($account);
        my $crowded = $server->mailbox($account);
        $crowded->deliver( simple_mail( subject => "number $_", body => "crowd\n" ) ) for 1 .. 60;
        my @phones = map { $server->client( account => $account ) } 1 .. 6;
        my @pending = map { $_->search_text( 'crowd', range => '0-0', async => 1 ) } @phones;
        my @status = map { $_->result->{status} } @pending;
        # who comes while another one indexes, and finds nothing so far, is to come again
        is( scalar( grep { $_ == 1 || $_ == 10 } @status ), 6, "each is answered (@status)" );
        is( $phones[0]->search_text( 'crowd', range => '0-0' )->{total}, 60,
            'all is indexed once' );
    }
};

subtest 'documents that are none' => sub {
    my $phone = $server->client;
    my $status = sub (@tree) {
        my $document = $phone->command( 'Search', tree => [ 'Search:Search', @tree ] )->document;
        return $document->text('Response/Store/Search:Status');
    };
    is( $status->(), 2, 'no Store' );
    is( $status->( ['Store'] ), 2, 'an empty Store' );
    is( $status->( [ Store => [ Name => 'Mailbox' ] ] ), 2, 'no Query' );
    is( $status->( [ Store => [ Query => [ And => [ FreeText => 'x' ] ] ] ] ), 2, 'no Name' );
};

$server->done;

# What goes wrong underneath: an outage is one of HTTP, the rest has a Status.
for my $case (
    [ UNAVAILABLE => 503, undef, undef ],
    [ TIMEOUT => 200, 1, 10 ],
    [ DENIED => 200, 1, 5 ],
    [ INTERNAL => 200, 3, undef ]
    )
{
    my ( $fault, $http, $command, $store ) = @$case;
    subtest $fault => sub {
        my $failing =
            MobileSync::Server->start( backend => "fail driver=memory fail=search:1+:$fault" );
        $failing->allow_errors(qr/Search of anna.*fails as planned/);
        my $answer = $failing->client->command(
            'Search',
            tree => [
                'Search:Search',
                [ Store => [ Name => 'Mailbox' ], [ Query => [ And => [ FreeText => 'x' ] ] ] ]
            ]
        );
        is( $answer->status, $http, 'HTTP' );
        is( $answer->text('Search:Status'), $command, 'Status of the command' );
        is( $answer->text('Response/Store/Search:Status'), $store, 'Status of the Store' );
        $failing->done;
    };
}
done_testing;
