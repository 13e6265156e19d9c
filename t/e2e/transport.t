#!/usr/bin/perl
# covers: Provision Settings
# HTTP as MS-ASHTTP has it: OPTIONS, logins, query lines of both kinds, headers, and what is
# answered to requests that are wrong.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use EAS::Hostile;
use EAS::WBXML;
use MIME::Base64 qw(encode_base64);
use MobileSync::Server;

my $server = MobileSync::Server->start(
    backend => 'memory',
    settings => { MobileSyncRequestSize => 64, MobileSyncAccountName => 'bare' }
);
my $phone = $server->client( version => '14.1' );

sub answer ( $client, %request ) {
    return $client->exchange( $client->request_bytes(%request) );
}

subtest 'OPTIONS' => sub {
    my $options = $phone->options;
    is_deeply( $options->{versions}, [qw(12.1 14.0 14.1 16.0 16.1)], 'versions' );
    ok( ( grep { $_ eq 'Provision' } @{ $options->{commands} } ), 'commands' );
    ok( !( grep { $_ eq 'GetHierarchy' } @{ $options->{commands} } ), 'only those that work' );
    my $answer = $options->{response};
    is( $answer->header('MS-Server-ActiveSync'), '16.1', 'server version' );
    is( $answer->header('Content-Length'), 0, 'no body' );
};

subtest 'logins' => sub {
    for my $user ( 'anna', 'ANNA', 'anna@example.org', 'Anna@EXAMPLE.org', 'CORP\anna',
        'example.org\anna', 'CORP\anna@example.org' )
    {
        my $client = $phone->twin( user => $user );
        is( answer( $client, method => 'OPTIONS', query => '' )->status, 200, "$user may in" );
    }
    for my $user ( 'bob', 'anna@example.net', '', '\\', '@example.org', '../anna', "an\0na" ) {
        my $client = $phone->twin( user => $user );
        my $name = $user =~ s{[^ -~]}{?}gr;
        is( answer( $client, method => 'OPTIONS', query => '' )->status, 401, "'$name' may not" );
    }
    my $client = $phone->twin( password => 'wrong' );
    is( answer( $client, method => 'OPTIONS', query => '' )->status, 401, 'a wrong password' );
};

subtest 'methods and commands' => sub {
    is( answer( $phone, method => $_, query => '' )->status, 501, "$_ is not implemented" )
        for qw(GET PUT DELETE PROPFIND);
    my $query = 'Cmd=%s&User=anna&DeviceId=d1&DeviceType=t';
    is( answer( $phone, query => sprintf( $query, 'GetHierarchy' ) )->status, 501, 'not offered' );
    is( answer( $phone, query => sprintf( $query, 'Nonsense' ) )->status, 501, 'unknown' );
};

subtest 'query lines' => sub {
    is( answer( $phone, query => $_->[1] )->status, 400, $_->[0] )
        for [ 'no query' => '' ],
        [ 'no device' => 'Cmd=Provision&User=anna&DeviceType=t' ],
        [ 'an overlong device' => 'Cmd=Provision&DeviceType=t&DeviceId=' . 'x' x 300 ],
        [ 'a device with a slash' => 'Cmd=Provision&DeviceType=t&DeviceId=a%2fb' ],
        [ 'a broken escape' => 'Cmd=Provision&DeviceType=t&DeviceId=a%zz' ];
    for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
        for my $form ( [ 'plain' => () ], [ 'base64' => ( base64 => 1 ) ],
            [ 'base64 without padding' => ( base64 => 1, padded => 0 ) ] )
        {
            my ( $name, @form ) = @$form;
            my $client = $phone->twin( version => $version, @form );
            my $result = $client->provision;
            is( $result->{status}, 1, "$version, $name: Provision" );
            is( $result->{policy_status}, 2, "$version, $name: there is no policy" );
        }
    }
    my $client = $phone->twin( base64 => 1, user_parameter => undef );
    is( $client->provision->{status}, 1, 'base64 without a user' );
};

subtest 'bodies' => sub {
    my $good = EAS::WBXML::encode( [ 'Provision:Provision', [ 'Provision:Policies',
        [ 'Provision:Policy', [ 'Provision:PolicyType', 'MS-EAS-Provisioning-WBXML' ] ] ] ] );
    my $old = $phone->twin( version => '12.1' );
    my %wrong = (
        'another content type' => [ 101, body => $good, content_type => 'text/plain' ],
        'no WBXML' => [ 102, body => '<Provision/>' ],
        'a document of another command' =>
            [ 103, body => EAS::WBXML::encode( [ 'Settings:Settings', [ 'Settings:Oof' ] ] ) ],
    );
    for my $name ( sort keys %wrong ) {
        my ( $status, @request ) = @{ $wrong{$name} };
        my $answer = answer( $old, command => 'Provision', @request );
        is( $answer->status, 400, "$name: 400 at 12.1" );
        $answer = answer( $phone, command => 'Provision', @request );
        is( $answer->status, 200, "$name: 200 at 14.1" );
        is( EAS::WBXML::decode( $answer->content )->text('Status'), $status, "... with $status" );
    }
    is( answer( $phone, command => 'Settings' )->status, 200, 'no body where one is needed' );
    is( answer( $phone, command => 'Provision', body => "\3\1\x6a\0" . 'x' x 100_000 )->status,
        413, 'a body over the limit' );
};

subtest 'hostile requests' => sub {
    for my $case ( EAS::Hostile::documents() ) {
        my ( $name, $bytes ) = @$case;
        next if length $bytes > 60_000;
        my $answer = answer( $phone, command => 'Provision', body => $bytes );
        like( $answer->status, qr{^(?:200|400|413)$}, "$name is answered: " . $answer->status );
    }
    for my $case ( EAS::Hostile::queries() ) {
        my ( $name, $query ) = @$case;
        my $answer = answer( $phone, query => $query, body => '' );
        like( $answer->status, qr{^(?:200|400|501)$}, "$name is answered: " . $answer->status );
    }
    is( $phone->provision->{status}, 1, 'and the server goes on' );
};

$server->allow_errors(qr{AH01618: user (?:bob|anna\@example\.net|an) not found|AH01617: user anna:});
$server->done;
done_testing();
