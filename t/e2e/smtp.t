#!/usr/bin/perl
# covers: SendMail
# Mail for others goes to an SMTP server over TLS: to the right one, or not at all, and the password
# in no case to another.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use File::Temp ();
use MIME::Base64 qw(decode_base64);
use EAS::Client;
use MobileSync::Certificates;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;
use MobileSync::Smtp;

my $folder = File::Temp->newdir( 'mobilesync-ca-XXXXXX', TMPDIR => 1 );
chmod 0711, $folder;
my %certificates;
my %names = ( ours => '127.0.0.1', theirs => '127.0.0.1', elsewhere => 'smtp.example' );
for my $name ( sort keys %names ) {
    mkdir "$folder/$name" or die "$name: $!\n";
    $certificates{$name} = MobileSync::Certificates::make( "$folder/$name", $names{$name} );
    chmod 0644, $certificates{$name}{ca};
}

my $server = MobileSync::Server->start;
my %defaults = %{ $server->node->{settings} };

# A phone's message to another server. smtp: options of MobileSync::Smtp; scheme, login, host of
# the URL; authority: whose. Returns the outcome and the sessions that the SMTP server saw.
sub send_through (%option) {
    my $smtp = MobileSync::Smtp->new( %{ $option{smtp} } );
    my $host = $option{host} // '127.0.0.1';
    my %settings =
        ( %defaults, MobileSyncSmtp => "$option{scheme}://$option{login}$host:" . $smtp->port );
    $settings{MobileSyncSmtpCAFile} = $certificates{ $option{authority} }{ca}
        if defined $option{authority};
    $server->node->reconfigure( settings => \%settings );
    my $phone = $server->client;
    $phone->folder_sync;
    my $mime = simple_mail(
        from => 'anna@example.org',
        to => 'far@elsewhere.example',
        body => "one\n.two\n"
    );
    my $result = eval { $phone->send_mail($mime) } // { http => $@->status };
    my @sessions;
    wait_until( 'the session to end', sub { @sessions = $smtp->sessions } );
    $phone->disconnect;
    return ( $result, @sessions );
}

my @accepted = (
    {
        name => 'STARTTLS, a certificate by the authority',
        smtp => { certificates => $certificates{ours}, starttls => 1 },
        scheme => 'smtp',
        login => 'us%40er:p%3Ass@',
        authority => 'ours',
        auth => ' us@er p:ss',
        tls => 1
    },
    {
        name => 'TLS from the beginning',
        smtp => { certificates => $certificates{ours}, tls => 1 },
        scheme => 'smtps',
        login => 'us%40er:p%3Ass@',
        authority => 'ours',
        auth => ' us@er p:ss',
        tls => 1
    },
    {
        name => 'without a login any certificate',
        smtp => { certificates => $certificates{elsewhere}, starttls => 1 },
        scheme => 'smtp',
        login => '',
        tls => 1
    },
    {
        name => 'or none',
        smtp => { certificates => $certificates{ours} },
        scheme => 'smtp',
        login => '',
        tls => 0
    },
);
for my $case (@accepted) {
    subtest $case->{name} => sub {
        my ( $result, @sessions ) = send_through(%$case);
        is( $result->{status}, 1, 'sent' );
        is( scalar @sessions, 1, 'in one session' );
        my $session = $sessions[0];
        is( $session->{tls}, $case->{tls}, $case->{tls} ? 'encrypted' : 'in the clear' );
        is( $session->{auth}, $case->{auth}, 'with the login' );
        my %at = map { uc $session->{commands}[$_] =~ s/ .*//r => $_ } keys @{ $session->{commands} };
        ok( ( $at{STARTTLS} // -1 ) < ( $at{AUTH} // $at{MAIL} ), 'TLS before all else' );
        is( $session->{from}, 'anna@example.org', 'the sender' );
        is_deeply( $session->{to}, ['far@elsewhere.example'], 'the recipient' );
        like( decode_base64( $session->{message} ), qr/\r\n\r\none\r\n\.two\r\n\z/, 'the message' );
    };
}

my @refused = (
    {
        name => 'a certificate by another authority',
        smtp => { certificates => $certificates{theirs}, starttls => 1 },
        authority => 'ours',
        log => qr/SSL certificate problem/
    },
    {
        name => 'a certificate of another server',
        smtp => { certificates => $certificates{elsewhere}, starttls => 1 },
        authority => 'elsewhere',
        log => qr/no alternative certificate subject name/
    },
    {
        name => 'no TLS',
        smtp => { certificates => $certificates{ours} },
        authority => 'ours',
        log => qr/STARTTLS not supported/
    },
    {
        # Not this host by its name, which needs no valid certificate; the system trusts no test.
        name => 'a certificate that the system does not trust',
        smtp => { certificates => $certificates{ours}, starttls => 1 },
        host => '0.0.0.0',
        log => qr/SSL certificate problem|error setting certificate/
    },
);
for my $case (@refused) {
    subtest $case->{name} => sub {
        my $log = $server->node->error_log;
        my $before = $log->count( $case->{log} );
        my ( $result, @sessions ) =
            send_through( scheme => 'smtp', login => 'user:secret@', %$case );
        is( $log->count( $case->{log} ), $before + 1, 'the log has the reason' );
        is( $result->{http}, 503, 'the phone is put off' );
        ok( !( grep { $_->{auth} || $_->{from} || $_->{message} } @sessions ),
            'the server got neither password nor mail' );
    };
}

$server->allow_errors( map { $_->{log} } @refused );
$server->done;
done_testing;
