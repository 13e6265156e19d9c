#!/usr/bin/perl
# Connections and devices: who is the same device, what a new one is told, requests in pieces and in
# chunks, phones that hang up.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::WBXML qw(encode);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( settings => { MobileSyncRequestSize => 64 } );

my @FOLDER_SYNC = ( tree => [ 'FolderHierarchy:FolderSync', [ SyncKey => '0' ] ] );

subtest 'versions and query forms' => sub {
    for my $version (VERSIONS) {
        for my $form (
            [ base64 => 0 ],
            [ base64 => 1 ],
            [ base64 => 1, padded => 0 ],
            [ base64 => 1, user_parameter => undef ]
            )
        {
            my $phone = $server->client( version => $version, @$form );
            is( $phone->folder_sync->{status}, 1, "$version, @{[ map { $_ // 'none' } @$form ]}" );
        }
    }
    my $raw = pack 'H*', '00112233445566778899aabbccddeeff';
    my $phone = $server->client( base64 => 1, device_id => $raw );
    my $key = $phone->folder_sync->{key};
    for my $hex ( '00112233445566778899AABBCCDDEEFF', '00112233445566778899aabbccddeeff' ) {
        my $twin = $phone->twin( base64 => 0, device_id => $hex );
        is( $twin->folder_sync( key => $key )->{status}, 1, "raw DeviceId is $hex" );
    }
    my $stranger = $phone->twin( base64 => 0, device_id => '00112233445566778899AABBCCDDEEF0' );
    is( $stranger->folder_sync( key => $key )->{status}, 9, 'another device has not that key' );
    my $changed = $phone->twin( version => '14.1' );
    is( $changed->folder_sync( key => $key )->{status}, 9, 'a change of version starts over' );
};

subtest 'announcements' => sub {
    my $phone = $server->client;
    my $first = $phone->command( 'FolderSync', @FOLDER_SYNC );
    like( $first->header($_), qr/16\.1|Sync/, "FolderSync with key 0 has $_" )
        for qw(X-MS-RP MS-ASProtocolVersions MS-ASProtocolCommands);
    my $next = $phone->command( 'FolderSync',
        tree => [ 'FolderHierarchy:FolderSync', [ SyncKey => $first->text('SyncKey') ] ] );
    is( $next->text('Status'), 1, 'the next FolderSync' );
    is( $next->header($_), undef, "has no $_" ) for qw(X-MS-RP MS-ASProtocolCommands);
    is( $next->header('Cache-Control'), 'private', 'nobody may cache it' );
};

subtest 'bodies' => sub {
    for my $version (VERSIONS) {
        my $phone = $server->client( version => $version );
        my $broken = $phone->command( 'FolderSync', body => "\x03\x01\x6a\x00\x45" );
        my $typed = $phone->command( 'FolderSync', @FOLDER_SYNC, content_type => 'text/xml' );
        if ( $version eq '12.1' ) {
            is( $broken->status, 400, '12.1: broken WBXML' );
            is( $typed->status, 400, '12.1: another type' );
            next;
        }
        is( $broken->text('Status'), 102, "$version: broken WBXML" );
        is( $typed->text('Status'), 101, "$version: another type" );
    }
    my $phone = $server->client;
    is(
        $phone->command( 'FolderSync', @FOLDER_SYNC, content_type => 'application/vnd.ms-sync' )
            ->text('Status'),
        1,
        'the short content type'
    );
    is(
        $phone->command( 'FolderSync',
            body => encode( [ 'FolderHierarchy:FolderSync', [ SyncKey => 'k' x 70_000 ] ] ) )
            ->status,
        413,
        'a body beyond the limit'
    );
    is( $phone->folder_sync( key => '0' )->{status}, 1, 'the connection goes on' );
    my $huge = $phone->request_bytes( command => 'FolderSync', body => 'x' ) =~
        s/Content-Length: 1/Content-Length: 99999999999/r;
    my $http = $phone->open_connection;
    $http->write($huge);
    is( $http->read_response->status, 413, 'a Content-Length beyond it is refused at once' );
};

subtest 'connections' => sub {
    my $phone = $server->client;
    my $bytes = $phone->request_bytes( command => 'FolderSync', body => encode( $FOLDER_SYNC[1] ) );
    my $http = $phone->open_connection;
    $http->write( $bytes x 3 );
    is( $http->read_response->status, 200, "pipelined answer $_" ) for 1 .. 3;
    $http->write( substr $bytes, 0, 40 );
    ok( !$http->readable(0.2), 'half a request waits' );
    $http->write( substr $bytes, 40, -3 );
    ok( !$http->readable(0.2), 'and without its last bytes' );
    $http->write( substr $bytes, -3 );
    is( $http->read_response->status, 200, 'until it is whole' );

    for my $length ( 1, 60, length($bytes) - 1 ) {
        my $other = $phone->open_connection;
        $other->write( substr $bytes, 0, $length );
        $other->abort;
    }
    is( $phone->folder_sync( key => '0' )->{status}, 1, 'phones that hang up do no harm' );
    my $chunked = $phone->request_bytes( command => 'FolderSync', body => 'x' ) =~
        s/Content-Length: 1\r\n\r\nx$/Transfer-Encoding: chunked\r\n\r\n/r;
    my $body = encode( $FOLDER_SYNC[1] );
    my $chunks = join '', map { sprintf "1\r\n%s\r\n", $_ } split //, $body;
    is( $phone->exchange("$chunked${chunks}0\r\n\r\n")->status, 200, 'a request in chunks' );
};

subtest 'switched off' => sub {
    my $off = MobileSync::Server->start( location => 'MobileSync Off' );
    is( $off->client->command( 'FolderSync', @FOLDER_SYNC )->status, 403, 'MobileSync Off' );
    $off->done;
};

$server->done;
done_testing;
