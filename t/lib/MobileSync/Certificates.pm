# A certificate authority for tests and demonstrations, and a server certificate by it.
package MobileSync::Certificates;
use v5.36;
use IO::Socket::SSL::Utils qw(CERT_create PEM_cert2file PEM_key2file KEY_create_ec);

# Phones refuse server certificates valid for longer than this (825 days).
use constant DAYS => 800;

# Writes ca.pem, server.pem and server.key into a folder, unless they are there. names: DNS names
# and IP addresses of the server. Returns { ca, certificate, key }: the files.
sub make ( $folder, @names ) {
    my %file = (
        ca => "$folder/ca.pem",
        certificate => "$folder/server.pem",
        key => "$folder/server.key"
    );
    return \%file if 3 == grep {-s} values %file;
    my $until = time + DAYS * 86_400;
    my ( $ca, $ca_key ) = CERT_create(
        CA => 1,
        key => KEY_create_ec('prime256v1'),
        not_after => $until,
        subject => { commonName => 'mod_mobilesync test authority', organizationName => 'Tests' }
    );
    my @alternatives = map { [ /^[\d.]+$|:/ ? 'IP' : 'DNS', $_ ] } @names;
    my ( $certificate, $key ) = CERT_create(
        key => KEY_create_ec('prime256v1'),
        not_after => $until,
        subject => { commonName => $names[0] },
        subjectAltNames => \@alternatives,
        issuer => [ $ca, $ca_key ],
        purpose => 'server'
    );
    PEM_key2file( $key, $file{key} );
    chmod 0600, $file{key};
    PEM_cert2file( $certificate, $file{certificate} );
    PEM_cert2file( $ca, $file{ca} );
    return \%file;
}

1;
