#!/usr/bin/perl
# covers: ResolveRecipients Search Find
# The directory of people: accounts of the server and an address book, by Search, Find and
# ResolveRecipients.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use MIME::Base64 qw(encode_base64);
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;
use MobileSync::Vdir;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);


my $folder = File::Temp->newdir( 'mobilesync-XXXXXX', TMPDIR => 1 );
chmod 0755, $folder->dirname;
my $book = $folder->dirname . '/people.vcf';
my $picture = join '', map { chr( $_ % 256 ) } 1 .. 600;
my $large = 'x' x 110_000;
my $certificate = 'a certificate';

sub write_book ($text) {
    open my $file, '>:encoding(UTF-8)', "$book.new" or die "$book: $!\n";
    print {$file} $text =~ s/\n/\r\n/gr;
    close $file or die "$book: $!\n";
    rename "$book.new", $book or die "$book: $!\n";
    return;
}

my $cards = <<"END";
BEGIN:VCARD
VERSION:3.0
FN:Michael Alexander
N:Alexander;Michael;;;
NICKNAME:mike
EMAIL;TYPE=INTERNET:michael\@example.com
EMAIL;TYPE=INTERNET,pref:ma\@example.com
TEL;TYPE=WORK,VOICE:+49 30 1234
TEL;TYPE=HOME:+49 30 5678
TEL;TYPE=CELL:+49 170 9
ORG:Example\\, Inc.;Sales
TITLE:Head of Sa
 les
X-OFFICE:B 42
PHOTO;ENCODING=b;TYPE=JPEG:@{[ encode_base64( $picture, '' ) ]}
KEY;ENCODING=b;TYPE=X509:@{[ encode_base64( $certificate, '' ) ]}
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Michael Allen
item1.EMAIL:allen\@example.net
PHOTO:data:image/jpeg;base64,@{[ encode_base64( $picture, '' ) ]}
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Jörg Müller-Lüdenscheidt
EMAIL:joerg\@example.net
PHOTO;ENCODING=b:@{[ encode_base64( $large, '' ) ]}
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Bert of the accounts
EMAIL:BERT\@example.org
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Without an address
END:VCARD
this is no line of a card
END
write_book($cards);

my $server = MobileSync::Server->start(
    accounts => { map { $_ => 'secret' } qw(anna bert cecil) },
    settings => { MobileSyncDirectory => "local vcard=$book" }
);

sub names ($found) { return join ' | ', map { $_->{DisplayName} } @{ $found->{people} } }

for my $version (VERSIONS) {
    subtest $version => sub {
        my $phone = $server->client( version => $version );
        my @ways = sub ( $name, %option ) { $phone->search_people( $name, %option ) };
        push @ways, sub ( $name, %option ) { $phone->find_people( $name, %option ) }
            if $version >= 16.1;
        for my $find (@ways) {
            my $finds = sub ( $name, $expected ) {
                my $found = $find->($name);
                is( $found->{status}, 1, "$name: Status" );
                is( names($found), $expected, "$name: who" );
                is( $found->{total}, scalar( my @all = split / \| /, $expected ), 'Total' );
            };
            $finds->( 'michael', 'Michael Alexander | Michael Allen' );
            $finds->( 'Michael A.', 'Michael Alexander | Michael Allen' );
            $finds->( 'MICHAEL AL', 'Michael Alexander | Michael Allen' );
            $finds->( 'alex mich', 'Michael Alexander' );
            $finds->( 'ichael', '' );
            $finds->( 'mike', 'Michael Alexander' );
            $finds->( 'muller', 'Jörg Müller-Lüdenscheidt' );
            $finds->( 'Lüden', 'Jörg Müller-Lüdenscheidt' );
            $finds->( 'example inc', 'Michael Alexander' );
            $finds->( 'allen@example.net', 'Michael Allen' );
            $finds->( 'anna', 'anna' );
            $finds->( 'bert', 'Bert of the accounts' );
            $finds->( 'without', '' );
            my ($person) = @{ $find->('head of sales')->{people} };
            is_deeply(
                $person,
                {
                    DisplayName => 'Michael Alexander',
                    FirstName => 'Michael',
                    LastName => 'Alexander',
                    Alias => 'mike',
                    EmailAddress => 'ma@example.com',
                    Phone => '+49 30 1234',
                    HomePhone => '+49 30 5678',
                    MobilePhone => '+49 170 9',
                    Company => 'Example, Inc.',
                    Title => 'Head of Sales',
                    Office => 'B 42'
                },
                'all properties, no picture unless asked'
            );
            my $page = $find->( 'm', range => '1-1' );
            is( names($page), 'Michael Alexander', 'a page' );
            is( $page->{range}, '1-1', 'its Range' );
            is( $page->{total}, 3, 'the Total' );
        }
        my $status = sub ( $name, %option ) { $phone->search_people( $name, %option )->{status} };
        is( $status->(''), 2, 'no name' );
        is( $status->( 'x' x 300 ), 2, 'too long a name' );
        is( $status->( 'm', range => 'x' ), 2, 'no Range' );
        is( $status->( 'm', range => '0-100' ), 12, 'more than there may be' );
        is( $status->( 'm', range => '50-60' ), 12, 'behind the end' );
        is( $phone->search( [], name => 'GAL', query => [ [ And => [ FreeText => 'x' ] ] ] )->{status},
            2, 'a query of the mailbox' );

        subtest pictures => sub {
            my $pictures = sub (%picture) {
                return map { $_->{Picture} }
                    @{ $phone->search_people( 'm', picture => \%picture )->{people} };
            };
            if ( $version < 14.1 ) {
                is_deeply( [ $pictures->() ], [ undef, undef, undef ], 'not before 14.1' );
                return;
            }
            my @all = $pictures->();
            is_deeply( [ map { $_->{Status} } @all ], [ 174, 1, 1 ], 'two, one too large' );
            is( $all[1]{Data}, $picture, 'every byte' );
            is_deeply( [ map { $_->{Status} } $pictures->( count => 1 ) ], [ 174, 1, 175 ],
                'MaxPictures' );
            is_deeply( [ map { $_->{Status} } $pictures->( size => 599 ) ], [ 174, 174, 174 ],
                'MaxSize' );
            is( $phone->search_people( 'anna', picture => {} )->{people}[0]{Picture}{Status}, 173,
                'none' );
            is( $phone->search_people( 'anna', picture => { size => 'x' } )->{status}, 2,
                'no number' );
            return if $version < 16.1;
            is( $phone->find_people( 'mike', picture => { count => 1 } )->{people}[0]{Picture}{Data},
                $picture, 'with Find' );
        };

        subtest ResolveRecipients => sub {
            my $one = sub ( $name, %option ) {
                my $resolved = $phone->resolve( [$name], %option );
                is( $resolved->{status}, 1, "$name: Status" );
                return $resolved->{responses}[0];
            };
            my $resolved = $one->('MICHAEL@example.com');
            is( $resolved->{to}, 'MICHAEL@example.com', 'To' );
            is( $resolved->{status}, 1, 'an address of his' );
            is( $resolved->{count}, 1, 'RecipientCount' );
            is( $resolved->{recipients}[0]{email}, 'ma@example.com', 'EmailAddress' );
            is( $resolved->{recipients}[0]{name}, 'Michael Alexander', 'DisplayName' );
            is( $resolved->{recipients}[0]{type}, 1, 'Type' );
            is( $resolved->{recipients}[0]{certificates}, undef, 'no Certificates' );
            is( $one->('cecil')->{recipients}[0]{email}, 'cecil@example.org', 'an account' );
            my $ambiguous = $one->('michael');
            is( $ambiguous->{status}, 2, 'ambiguous' );
            is( $ambiguous->{count}, 2, 'so many' );
            is( scalar @{ $ambiguous->{recipients} }, 2, 'all suggested' );
            my $some = $one->( 'michael', max_ambiguous => 1 );
            is( $some->{status}, 3, 'ambiguous, not all suggested' );
            is( $some->{count}, 2, 'so many' );
            is( scalar @{ $some->{recipients} }, 1, 'one suggested' );
            is( scalar @{ $one->( 'michael', max_ambiguous => 0 )->{recipients} }, 0, 'none' );
            my $unknown = $one->('nobody@example.com');
            is( $unknown->{status}, 4, 'unknown' );
            is( $unknown->{count}, 0, 'nobody' );
            is( $one->('')->{status}, 4, 'no name' );
            my $several = $phone->resolve( [ 'mike', 'bert@example.org', 'x' ] );
            is_deeply( [ map { $_->{status} } @{ $several->{responses} } ], [ 1, 1, 4 ],
                'several, each with its Status' );

            my $keys = sub ( $name, %option ) {
                return $one->( $name, certificates => 2, %option )->{recipients}[0]{certificates};
            };
            is_deeply( $keys->('mike'),
                { status => 1, count => 1, list => [ encode_base64( $certificate, '' ) ] },
                'a certificate' );
            is_deeply( $keys->('anna'), { status => 7, count => 0, list => [] }, 'none' );
            is_deeply( $keys->( 'mike', max_certificates => 0 ),
                { status => 8, count => 1, list => [] }, 'MaxCertificates' );
            is( $keys->( 'mike', certificates => 3 )->{status}, 7, 'no mini-certificates' );
            is( $keys->('michael'), undef, 'not where it is ambiguous' );

            my $busy = sub (@span) {
                return $phone->resolve( ['mike'], availability => \@span );
            };
            my $late = '2026-03-01T10:00:00.000Z';
            my $day = '2026-03-02T10:00:00.000Z';
            if ( $version < 14 ) {
                is( $busy->()->{responses}[0]{recipients}[0]{availability}, undef,
                    'no Availability before 14.0' );
            }
            else {
                is( $busy->( $late, $day )->{responses}[0]{recipients}[0]{availability}, 163,
                    'Availability cannot be retrieved' );
                is( $busy->($late)->{status}, 1, 'a week unless said' );
                is( $busy->(@$_)->{status}, 5, 'a span that is none' )
                    for [], [ undef, $day ], ['soon'], [ $late, 'later' ], [ $day, $late ],
                    [ $late, '2026-03-01T10:29:00.000Z' ], [ $late, '2026-05-01T10:00:00.000Z' ];
            }
            if ( $version >= 14.1 ) {
                my $with = $one->( 'mike', picture => { size => 1000 } )->{recipients}[0];
                is_deeply( $with->{picture}, { Status => 1, Data => $picture }, 'a picture' );
                is( $one->( 'anna', picture => {} )->{recipients}[0]{picture}{Status}, 173,
                    'no picture' );
                is( $one->( 'mike', picture => { size => 599 } )->{recipients}[0]{picture}{Status},
                    174, 'too large a picture' );
                my $limited =
                    $phone->resolve( [ ('michael') x 2 ], picture => { count => 1 } );
                is_deeply(
                    [
                        map {
                            [ map { $_->{picture}{Status} } @{ $_->{recipients} } ]
                        } @{ $limited->{responses} }
                    ],
                    [ [ 1, 175 ], [ 1, 175 ] ],
                    'MaxPictures, for each name'
                );
            }
            is( $phone->resolve( [], %$_ )->{status}, 5, 'nobody asked for' ) for {};
            is( $phone->resolve( [ ('mike') x 101 ] )->{status}, 5, 'too many' );
            is( scalar @{ $phone->resolve( [ ('mike') x 100 ] )->{responses} }, 100,
                'as many as there may be' );
            is( $phone->resolve( [ 'x' x 257 ] )->{status}, 5, 'too long a name' );
            is( $phone->resolve( ['mike'], $_ => 'x' )->{status}, 5, "$_ is no number" )
                for qw(certificates max_certificates max_ambiguous);
            is( $phone->resolve( ['mike'], certificates => $_ )->{status}, 5,
                "CertificateRetrieval $_" )
                for 0, 4;
        };
    };
}

subtest 'Find of people' => sub {
    my $phone = $server->client;
    is( names( $phone->find_people( 'mike', free_text => 1 ) ), 'Michael Alexander',
        'the name in a FreeText' );
    is( $phone->find_people('')->{command_status}, 2, 'no name' );
    is( $phone->find_people( 'm', range => '2-1' )->{command_status}, 2, 'no Range' );
    is( $phone->find_people( 'm', range => '7-9' )->{status}, 1, 'behind the end' );
};

subtest 'the address book changes' => sub {
    my $phone = $server->client;
    write_book( $cards =~ s/Michael Allen/Michelle Allen/r );
    is( names( $phone->search_people('allen') ), 'Michelle Allen', 'a new name' );
    unlink $book;
    $server->allow_errors(qr/address book cannot be read/);
    is( names( $phone->search_people('allen') ), 'Michelle Allen', 'kept while it is missing' );
    write_book("BEGIN:VCARD\nFN:New\nEMAIL:new\@example.com\nEND:VCARD\n");
    is( names( $phone->search_people('new') ), 'New', 'another book' );
    is( names( $phone->search_people('allen') ), '', 'the old one is gone' );
};
$server->done;

subtest 'accounts of other domains are not shown' => sub {
    my $many = MobileSync::Server->start(
        accounts => { map { $_ => 'secret' } qw(anna@example.org bert@example.org eve@example.com) },
        settings => { MobileSyncAccountName => 'full' }
    );
    my $phone = $many->client( account => 'anna@example.org' );
    is( names( $phone->search_people('bert') ), 'bert', 'of the same domain' );
    is( names( $phone->search_people('eve') ), '', 'of another' );
    is( names( $phone->search_people('example') ), 'anna | bert', 'all that are shown' );
    $many->done;
};

subtest 'no directory' => sub {
    my $without = MobileSync::Server->start( settings => { MobileSyncDirectory => 'none' } );
    my $phone = $without->client;
    my $found = $phone->search_people('anna');
    is( $found->{status}, 1, 'Status' );
    is( $found->{total}, 0, 'nobody' );
    is( $phone->resolve( ['anna'] )->{responses}[0]{status}, 4, 'nobody is resolved' );
    $without->done;
};

# A shared address book as a vdir: a folder with a file for each card.
sub card ( $name, $email, @lines ) {
    return MobileSync::Vdir::vcard( $email, $name, "EMAIL:$email", @lines );
}

subtest 'a shared folder of cards' => sub {
    my $shared = MobileSync::Vdir->new( $folder->dirname );
    my $photo = 'PHOTO;ENCODING=b;TYPE=JPEG:' . encode_base64( $picture, '' );
    $shared->create('shared');
    $shared->write( 'shared', '1.vcf', card( 'Ada Alpha', 'ada@example.org', $photo ) );
    $shared->write( 'shared', '2.vcf', card( 'Ben Beta', 'ben@example.org' ) );
    $shared->write( 'shared', '3.txt', card( 'No Card', 'no@example.org' ) );
    mkdir $shared->path( 'shared', '4.vcf' );
    my $with = MobileSync::Server->start( settings =>
            { MobileSyncDirectory => 'local accounts=no vcard=' . $shared->folder('shared') } );
    $with->allow_errors(qr/1 files of the address book/);
    my $phone = $with->client;
    my $is_found = sub ( $text, $names, $name ) {
        wait_until( "$name: $names", sub { names( $phone->search_people($text) ) eq $names } );
        pass($name);
    };
    is( names( $phone->search_people('example') ), 'Ada Alpha | Ben Beta', 'every card' );
    my $found = $phone->search_people( 'example', picture => {} )->{people};
    is_deeply( $found->[0]{Picture}, { Status => 1, Data => $picture }, 'its picture' );
    is( $found->[1]{Picture}{Status}, 173, 'no picture' );
    $found = $phone->search_people( 'ada', picture => { size => 599 } )->{people};
    is( $found->[0]{Picture}{Status}, 174, 'one that is too large' );
    my $resolved = $phone->resolve( ['ada@example.org'], picture => {} )->{responses}[0];
    is( $resolved->{recipients}[0]{type}, 1, 'ResolveRecipients: of the directory' );
    is( $resolved->{recipients}[0]{picture}{Data}, $picture, 'with the picture' );
    $shared->write( 'shared', '5.vcf', card( 'Cy Gamma', 'cy@example.org' ) );
    $is_found->( 'example', 'Ada Alpha | Ben Beta | Cy Gamma', 'one that is added' );
    $shared->write( 'shared', '2.vcf', card( 'Ben Bell', 'ben@example.org' ) );
    $is_found->( 'ben', 'Ben Bell', 'one that is replaced' );
    $shared->delete( 'shared', '1.vcf' );
    $is_found->( 'example', 'Ben Bell | Cy Gamma', 'one that is removed' );
    $with->done;
};

subtest 'contacts of the account' => sub {
    my $with = MobileSync::Server->start(
        accounts =>
            { map { $_ => 'secret' } qw(anna@example.org eve@example.com mallory@example.com) },
        settings => {
            MobileSyncAccountName => 'full',
            MobileSyncDirectory => 'local vcard=' . $folder->dirname . '/shared'
        }
    );
    my $phone = $with->client( account => 'anna@example.org' );
    my $vdir = $with->vdir('anna@example.org');
    $vdir->create('contacts');
    $vdir->write(
        'contacts',
        'eve.vcf',
        card(
            'Eve Known',
            'Eve@example.com',
            'PHOTO;ENCODING=b;TYPE=JPEG:' . encode_base64( $picture, '' ),
            'KEY;ENCODING=b;TYPE=X509:' . encode_base64( $certificate, '' )
        )
    );
    $vdir->write( 'contacts', 'cy.vcf', card( 'Cy Other', 'cy@example.org' ) );
    $vdir->write( 'contacts', 'cyd.vcf', card( 'Cyd Own', 'cyd@example.org' ) );
    my $resolve = sub ( $to, %option ) {
        return $phone->resolve( [$to], %option )->{responses}[0];
    };
    my $one = $resolve->( 'eve@example.com', certificates => 2, picture => {} );
    is( $one->{status}, 1, 'an address of a contact' );
    my ($recipient) = @{ $one->{recipients} };
    is( $recipient->{type}, 2, 'Type: a contact' );
    is( $recipient->{name}, 'Eve Known', 'its name' );
    is( $recipient->{picture}{Data}, $picture, 'its picture' );
    is_deeply(
        $recipient->{certificates}{list},
        [ encode_base64( $certificate, '' ) ],
        'its certificate'
    );
    is( $resolve->('know')->{recipients}[0]{email}, 'Eve@example.com', 'the beginning of a name' );
    is( $resolve->('nown')->{status}, 4, 'not what is within a word' );
    is( $resolve->('cy@example.org')->{recipients}[0]{type},
        1, 'who is in the directory as well is of the directory' );
    my $many = $resolve->('cy');
    is( $many->{status}, 2, 'several' );
    is_deeply(
        [ map {"$_->{type} $_->{name}"} @{ $many->{recipients} } ],
        [ '1 Cy Gamma', '2 Cyd Own' ],
        'the same address is there once'
    );
    is(
        $with->client( account => 'eve@example.com' )->resolve( ['know'] )->{responses}[0]{status},
        4,
        'nobody else finds them'
    );
    # out of office: who is outside is known by the contacts
    my $set = $phone->command(
        'Settings',
        tree => [
            'Settings:Settings',
            [
                Oof => [
                    Set => [ OofState => 1 ],
                    map {
                        [
                            OofMessage => ["AppliesToExternal$_"],
                            [ Enabled => 1 ],
                            [ ReplyMessage => "for the \L$_" ],
                            [ BodyType => 'Text' ]
                        ]
                    } qw(Known Unknown)
                ]
            ]
        ]
    );
    is( $set->text('Settings:Status'), 1, 'anna is away' );
    for my $case ( [ eve => 'known' ], [ mallory => 'unknown' ] ) {
        my ( $who, $text ) = @$case;
        my $account = "$who\@example.com";
        $with->client( account => $account )
            ->send_mail(
            "To: anna\@example.org\r\nMessage-ID: <$who\@phone>\r\nSubject: x\r\n\r\nHello\r\n");
        my $box = $with->mailbox($account);
        my @answers = map { $box->content($_) } sort keys %{ $box->messages };
        is( scalar @answers, 1, "$who is answered" );
        like(
            $answers[0] // '',
            qr/\Q@{[ encode_base64( "for the $text", '' ) ]}/,
            "as somebody $text"
        );
    }
    $with->done;
};

subtest 'address book only' => sub {
    my $only = MobileSync::Server->start(
        settings => { MobileSyncDirectory => "local vcard=$book accounts=no" } );
    my $phone = $only->client;
    is( $phone->search_people('anna')->{total}, 0, 'no account' );
    is( $phone->search_people('new')->{total}, 1, 'a card' );
    $only->done;
};

for my $case ( [ UNAVAILABLE => 503, undef ], [ INTERNAL => 200, 3 ] ) {
    my ( $fault, $http, $status ) = @$case;
    subtest "who is there cannot be told: $fault" => sub {
        my $failing =
            MobileSync::Server->start( backend => "fail driver=memory fail=accounts:1+:$fault" );
        $failing->allow_errors(qr/of anna.*fails as planned/);
        my $answer = $failing->client->command( 'Search',
            tree => [ 'Search:Search', [ Store => [ Name => 'GAL' ], [ Query => 'anna' ] ] ] );
        is( $answer->status, $http, 'HTTP' );
        is( $answer->text('Search:Status'), $status, 'Status' );
        $failing->done;
    };
}

done_testing;
