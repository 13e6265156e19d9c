#!/usr/bin/perl
# covers: ValidateCert
# Certificates of signed mail against authorities of the administrator's choice; every other Status
# has its case in t/unit/cmd_certificate_test.c.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use IO::Socket::SSL::Utils qw(CERT_create KEY_create_ec PEM_cert2file PEM_cert2string);
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

use constant YEAR => 365 * 86_400;

my $folder = File::Temp->newdir( 'mobilesync-XXXXXX', TMPDIR => 1 );
chmod 0755, $folder->dirname;

sub authority ($name) {
    return [
        CERT_create(
            CA => 1,
            key => KEY_create_ec('prime256v1'),
            not_after => time + YEAR,
            subject => { commonName => $name }
        )
    ];
}

# As ValidateCert has them: base64 on one line.
sub certificate ( $authority, %option ) {
    my ($certificate) = CERT_create(
        key => KEY_create_ec('prime256v1'),
        not_before => time - YEAR,
        not_after => time + YEAR,
        subject => { commonName => 'anna' },
        issuer => $authority,
        purpose => 'digitalSignature,emailProtection',
        %option
    );
    return base64($certificate);
}

sub base64 ($certificate) {
    return PEM_cert2string($certificate) =~ s/-----[^-]+-----|\s//gr;
}

my $root = authority('Root');
my $stranger = authority('Stranger');
PEM_cert2file( $root->[0], "$folder/ca.pem" );
chmod 0644, "$folder/ca.pem";
my $server = MobileSync::Server->start(
    settings => { MobileSyncCertificateAuthorities => "$folder/ca.pem" } );

my $good = certificate($root);
my @cases = (
    [ $good, 1, 'a good one' ],
    [ certificate($stranger), 4, 'of somebody unknown' ],
    [ certificate( $root, not_after => time - 60 ), 7, 'an expired one' ],
    [ certificate( $root, purpose => 'server' ), 6, 'of a server' ],
    [ 'nonsense', 10, 'none at all' ],
);

sub validate ( $phone, $certificates, %option ) {
    my $list = sub ( $tag, @all ) {
        return @all ? [ $tag => map { [ Certificate => $_ ] } @all ] : ();
    };
    my $check = delete $option{check};
    my $answer = $phone->command(
        'ValidateCert',
        tree => [
            'ValidateCert:ValidateCert',
            $list->( CertificateChain => @{ delete $option{chain} // [] } ),
            $list->( Certificates => @$certificates ),
            ( defined $check ? [ CheckCRL => $check ] : () )
        ]
    );
    return ( $answer->text('Status'),
        map { $_->text('Status') } $answer->document->children('Certificate') );
}

for my $version (VERSIONS) {
    subtest $version => sub {
        my $phone = $server->client( version => $version );
        is_deeply( [ validate( $phone, [ map { $_->[0] } @cases ] ) ],
            [ 1, map { $_->[1] } @cases ], 'all at once' );
        is_deeply( [ validate( $phone, [ $_->[0] ] ) ], [ 1, $_->[1] ], $_->[2] ) for @cases;
        is_deeply(
            [ validate( $phone, [ $cases[1][0] ], chain => [ base64( $stranger->[0] ) ] ) ],
            [ 1, 4 ],
            'whoever is sent along is not trusted'
        );
        is_deeply( [ validate( $phone, [$good], check => 1 ) ], [ 1, 16 ],
            'CheckCRL without revocation lists' );
        is_deeply( [ validate( $phone, [$good], check => 0 ) ], [ 1, 1 ], 'nobody insists' );
        is_deeply( [ validate( $phone, [] ) ], [2], 'nothing to validate' );
        is_deeply( [ validate( $phone, [ ($good) x 101 ] ) ], [2], 'too many' );
        is_deeply( [ validate( $phone, [$good], check => 'x' ) ], [2], 'bad CheckCRL' );
    };
}

subtest 'the authorities change' => sub {
    my $phone = $server->client;
    PEM_cert2file( $stranger->[0], "$folder/ca.pem" );
    is_deeply( [ validate( $phone, [ $good, $cases[1][0] ] ) ], [ 1, 4, 1 ], 'at once' );
    unlink "$folder/ca.pem";
    $server->allow_errors(qr/ValidateCert of anna.*ca\.pem/);
    is_deeply( [ validate( $phone, [$good] ) ], [17], 'a missing file is said' );
};
$server->done;
done_testing;
