#!/usr/bin/perl
# A phone that knows an address and a password finds the server; nobody else learns who there is.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Encode ();
use File::Temp ();
use EAS::Autodiscover;
use MobileSync::Metrics;
use MobileSync::Server;

my $aliases = File::Temp->new;
print {$aliases} "Anna.Ant\@example.org anna\n" or die;
close $aliases or die;
chmod 0644, "$aliases";
my $cards = File::Temp->new( SUFFIX => '.vcf' );
print {$cards} map {"$_\r\n"} 'BEGIN:VCARD', 'VERSION:3.0', 'FN:Anna "the" <Ant> & Co',
    'N:Ant;Anna;;;', 'EMAIL:anna@example.org', 'END:VCARD'
    or die;
close $cards or die;
chmod 0644, "$cards";
my $other = 'https://other.example.com/autodiscover/autodiscover.xml';
my $server = MobileSync::Server->start(
    accounts => { anna => 'secret', bo => 'secret' },
    backend => "local aliases=$aliases",
    admin => 'root',
    autodiscover => 1,
    tls => 1,
    settings => { MobileSyncDirectory => "local vcard=$cards" },
    config => <<"END",
MobileSyncAutodiscoverRedirect gone\@example.org gone\@new.example.net
MobileSyncAutodiscoverRedirect \@old.example.org \@new.example.net
MobileSyncAutodiscoverRedirect \@far.example.org $other
END
);
my $phone = EAS::Autodiscover->new( $server->client );
my $path = MobileSync::Httpd::PATH;
my $url = sprintf 'http://127.0.0.1:%d%s', $server->node->port, $path;

subtest 'a phone finds its server, whatever version it speaks' => sub {
    for my $version (qw(12.1 14.1 16.1)) {
        my $client = $server->client( version => $version, tls => 1 );
        my $found = EAS::Autodiscover->new($client)->xml('anna@example.org');
        is( $found->{http}, 200, "$version: answered" );
        is( $found->{fault}, undef, 'as the schema wants it' );
        like( $found->{type}, qr{^text/xml\b}, 'as XML' );
        is( $found->{address}, 'anna@example.org', 'with the address' );
        is( $found->{name}, 'Anna "the" <Ant> & Co', 'and the name' );
        is( $found->{culture}, 'en:us', 'and the culture' );
        my $expected = sprintf 'https://localhost:%d%s', $server->node->tls_port, $path;
        is( $found->{url}, $expected, 'and the URL' );
        is( $client->folder_sync->{status}, 1, 'where it syncs' );
    }
};

subtest 'paths, addresses and logins' => sub {
    for my $written (qw(/Autodiscover/Autodiscover.xml /AUTODISCOVER/AutoDiscover.XML)) {
        is( $phone->xml( 'anna@example.org', path => $written )->{url}, $url, $written );
    }
    my $found = $phone->xml('ANNA.ANT@Example.Org');
    is( $found->{url}, $url, 'an alias, in any case of letters' );
    is( $found->{address}, 'anna@example.org', 'is answered with the main address (R2228)' );
    my $login = EAS::Autodiscover->new( $server->client( user => 'EXAMPLE\\Anna' ) );
    $login->{client}{password} = 'secret';
    is( $login->xml('anna@example.org')->{url}, $url, 'a login with a domain' );
    is( $phone->json( '.bak', Protocol => 'ActiveSync' )->{http}, 404,
        'other paths there are not' );
};

subtest 'errors' => sub {
    my $good = EAS::Autodiscover::document('anna@example.org');
    my $entity = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>';
    my %broken = (
        'nothing' => '',
        'no XML' => 'hello',
        'half' => substr( $good, 0, 200 ),
        'another document' => '<a/>',
        'no address' => $good =~ s{<EMail.*Address>}{}r,
        'no schema' => $good =~ s{<Acc.*Schema>}{}r,
        'an address that is none' => EAS::Autodiscover::document('anna'),
        'two requests' => $good =~ s{(<Request>.*</Request>)}{$1$1}sr,
        'two addresses' => $good =~ s{(<EMail.*Address>)}{$1$1}r,
        'an entity' => $good =~ s{\?>}{?>$entity}r =~ s{anna@}{&e;@}r,
        'an entity from nowhere' => $good =~ s{anna@}{&e;@}r,
        'depth' => $good =~ s{<Request>}{'<Request>' . '<a>' x 200}er,
        'a long address' => EAS::Autodiscover::document( 'a' x 2000 . '@example.org' ),
    );
    for my $what ( sort keys %broken ) {
        my $answer = $phone->xml( '', body => $broken{$what} );
        is( $answer->{error}, 600, "$what: ErrorCode 600" );
        is( $answer->{fault}, undef, 'as the schema wants it' );
    }
    is( $phone->xml( '', body => $good . ' ' x 20_000 )->{http}, 413, 'too much: 413' );
    my $answer =
        $phone->xml( 'anna@example.org', schema => EAS::Autodiscover::FRAME =~ s/2006/2006a/r );
    is( $answer->{error}, 601, 'another schema: ErrorCode 601' );
    is( $answer->{fault}, undef, 'as the schema wants it' );
    like( $answer->{id}, qr/^\d+$/, 'with the server that says so' );
    is( $phone->xml( '', method => 'GET' )->{error}, 600, 'a GET is no request' );

    my $wide = Encode::encode( 'UTF-16', $good =~ s/utf-8/utf-16/r );
    is( $phone->xml( '', body => $wide )->{url}, $url, 'another encoding is none' );
    my $commented = $good =~ s{anna}{<!-- x -->a<![CDATA[nn]]>&#97;}r;
    is( $phone->xml( '', body => $commented )->{url}, $url, 'nor other ways to write it' );
};

subtest 'nobody learns who there is' => sub {
    my %of = map { $_ => $phone->xml("$_\@example.org") } qw(bo nobody);
    for my $who ( sort keys %of ) {
        is( $of{$who}{fault}, undef, 'as the schema wants it' );
        is( $of{$who}{status}, 2, "an authenticated user is not told of $who" );
    }
    is( $of{bo}{body} =~ s/bo@/nobody@/gr, $of{nobody}{body}, 'and the answers are the same' );

    my $stranger = $phone->xml( 'anna@example.org', anonymous => 1 );
    is( $stranger->{http}, 401, 'without a password there is no answer' );
    like( $stranger->{challenge}, qr/^Basic /, 'but a challenge' );
    my $json = sub ($who) { $phone->json( "/v1.0/$who\@example.org", Protocol => 'ActiveSync' ) };
    my %told = map { $_ => $json->($_) } qw(anna nobody);
    is_deeply( $told{anna}{json}, $told{nobody}{json}, 'JSON is the same for everybody' );
};

subtest 'addresses that belong elsewhere' => sub {
    my %leads = (
        'gone@example.org' => 'gone@new.example.net',
        'Anna@OLD.example.org' => 'Anna@new.example.net'
    );
    for my $from ( sort keys %leads ) {
        my $answer = $phone->xml($from);
        is( $answer->{redirect}, $leads{$from}, "$from: Redirect" );
        is( $answer->{fault}, undef, 'as the schema wants it' );
        is( $answer->{url}, undef, 'and nothing else' );
    }
    my $answer = $phone->xml('anna@far.example.org');
    is( $answer->{http}, 302, 'a URL: by HTTP' );
    is( $answer->{location}, $other, 'to that URL' );

    my @hop = ( Protocol => 'ActiveSync', RedirectCount => 2 );
    is(
        $phone->json( '', Email => 'anna@old.example.org', @hop )->{location},
        'https://autodiscover.new.example.net/autodiscover/autodiscover.json'
            . '?Email=anna%40new.example.net&Protocol=ActiveSync&RedirectCount=3',
        'JSON: to where the domain is'
    );
    is(
        $phone->json( '', Email => 'anna@far.example.org', @hop )->{location},
        'https://other.example.com/autodiscover/autodiscover.json'
            . '?Email=anna%40far.example.org&Protocol=ActiveSync&RedirectCount=3',
        'or the URL\'s host'
    );
    is( $phone->json( '', Email => 'gone@example.org', Protocol => 'ActiveSync' )->{http},
        200, 'single addresses are not told to anybody' );
};

subtest 'JSON' => sub {
    my $answer = $phone->json( '/v1.0/anna@example.org', Protocol => 'ActiveSync' );
    is( $answer->{http}, 200, 'answered' );
    is_deeply( $answer->{json}, { Protocol => 'ActiveSync', Url => $url }, 'with the URL' );
    $answer = $phone->json( '', email => 'anna+x@example.org', protocol => 'activesync' );
    is_deeply( $answer->{json}, { Protocol => 'ActiveSync', Url => $url }, 'by query as well' );
    $answer = $phone->json( '/v1.0/anna@example.org', Protocol => 'AutodiscoverV1' );
    is( $answer->{json}{Url}, $url =~ s{$path}{/autodiscover/autodiscover.xml}r,
        'the XML service' );
    my @errors = (
        [ MandatoryParameterMissing => '/v1.0/anna@example.org' ],
        [ MandatoryParameterMissing => '', Protocol => 'ActiveSync' ],
        [ MandatoryParameterMissing => '/v1.0/', Protocol => 'ActiveSync' ],
        [ InvalidUserId => '/v1.0/anna', Protocol => 'ActiveSync' ],
        [ InvalidUserId => '', Email => 'anna@x/../y', Protocol => 'ActiveSync' ],
        [ InvalidUserId => '', Email => "\xff\@example.org", Protocol => 'ActiveSync' ],
        [ ProtocolNotSupported => '/v1.0/anna@example.org', Protocol => 'Ews"\\' ],
        [
            RedirectCountExceeded => '/v1.0/anna@example.org',
            Protocol => 'ActiveSync',
            RedirectCount => 10
        ],
    );

    for my $error (@errors) {
        my ( $code, @request ) = @$error;
        my $refused = $phone->json(@request);
        is( $refused->{http}, 400, "$code: 400" );
        is( $refused->{json}{ErrorCode}, $code, 'with the code' );
        ok( length $refused->{json}{ErrorMessage}, 'and what is wrong' );
    }
    my $post = $phone->ask( path => EAS::Autodiscover::JSON_PATH, anonymous => 1 );
    is( $post->{http}, 405, 'it is asked with GET' );
};

my $figures =
    MobileSync::Metrics::read_text( $server->admin->request( 'GET', '/metrics' )->{content} );
cmp_ok( $figures->value("mobilesync_autodiscover_${_}_total"), '>', 0, "$_ is counted" )
    for qw(told redirected refused);
$server->allow_errors(qr{AH01617|AH01618});
$server->done;

subtest 'without TLS, a URL that is set' => sub {
    my $name = 'https://mail.example.org:444';
    for my $set ( undef, "$name$path" ) {
        my $plain = MobileSync::Server->start(
            backend => 'memory',
            settings => defined $set ? { MobileSyncUrl => $set } : {},
            config => <<'END',
<LocationMatch "(?i)^/autodiscover/">
    SetHandler mobilesync-autodiscover
    Require all granted
</LocationMatch>
END
        );
        my $client = EAS::Autodiscover->new( $plain->client );
        my %written = ( path => '/Autodiscover/Autodiscover.xml', anonymous => 1 );
        my $answer = $client->ask( %written, method => 'GET' );
        is( $answer->{http}, 302, 'a client that looks without TLS' );
        my $tls = defined $set ? $name : 'https://localhost';
        is( $answer->{location}, "$tls$written{path}", 'is sent to where it is' );
        is(
            $client->ask(
                %written,
                method => 'GET',
                path => "http://autodiscover.example.net$written{path}"
            )->{location},
            "$tls$written{path}",
            'also through a proxy, which names a host'
        );
        is( $client->ask(%written)->{http}, 403, 'and does not get to tell its address' );
        $answer = $client->json( '/v1.0/anna@example.org', Protocol => 'ActiveSync' );
        my $here = sprintf 'http://127.0.0.1:%d%s', $plain->node->port, $path;
        is( $answer->{json}{Url}, $set // $here, 'the URL that is told' );
        $plain->done;
    }
};

done_testing();
