#!/usr/bin/perl
# The test client's HTTP layer against a server that says exactly what the test wants.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use POSIX ();
use Test::More;
use EAS::HTTP;
use EAS::Query qw(plain_query base64_query);

# Runs a server for one connection in a child; $serve gets the socket. Returns a connection to it.
my @children;

sub serve ($serve) {
    my $listener = IO::Socket::INET->new( Listen => 1, LocalAddr => '127.0.0.1', ReuseAddr => 1 )
        or die "listen: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        my $socket = $listener->accept or POSIX::_exit(1);
        $listener->close;
        eval { $serve->($socket); 1 } or warn $@;
        $socket->close;
        POSIX::_exit(0);
    }
    push @children, $pid;
    return EAS::HTTP->new( port => $listener->sockport, timeout => 20 );
}
END { my $status = $?; waitpid $_, 0 for @children; $? = $status }

sub answering (@answers) {
    return serve(
        sub ($socket) {
            $socket->syswrite($_) for @answers;
            $socket->shutdown(1);
            1 while sysread $socket, my $ignored, 4096;
        }
    );
}

sub ok_response ( $body, @headers ) {
    return join "\r\n", 'HTTP/1.1 200 OK', @headers, 'Content-Length: ' . length $body, '', $body;
}

sub read_fails ( $http, $why, $name ) {
    my $response = eval { $http->read_response };
    like( $@, $why, $name ) or diag explain $response;
}

subtest 'responses' => sub {
    my $http = answering(
        ok_response( 'one', 'X-A: 1', 'x-a:  2 ' ) . ok_response('two'),
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n"
    );
    my $first = $http->read_response;
    is( $first->status, 200, 'status' );
    is( $first->body, 'one', 'body' );
    is_deeply( [ $first->headers('X-A') ], [ 1, 2 ], 'headers that come twice' );
    is( $first->header('None'), undef, 'an absent header' );
    is( $http->read_response->body, 'two', 'a pipelined answer' );
    is( $http->read_response->status, 204, 'an interim answer is skipped, 204 has no body' );
    ok( $http->readable(20) && $http->is_stale, 'the server closed' );
    my $trickle = answering( split //, ok_response('slow') );
    is( $trickle->read_response->body, 'slow', 'an answer in single bytes' );
    my $large = answering( ok_response( 'x' x 3_000_000 ) );
    is( length $large->read_response->body, 3_000_000, 'a large body' );
    my $head = answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    is( $head->read_response( method => 'HEAD' )->body, '', 'HEAD has no body' );
    my $error = answering("HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\ntext");
    is( $error->read_response->body, 'text', 'an error that ends with its connection' );
    my $closing = answering( ok_response( '', 'Connection: close' ) );
    $closing->read_response;
    ok( !$closing->is_open, 'Connection: close closes' );
};

subtest 'gzip' => sub {
    require IO::Compress::Gzip;
    IO::Compress::Gzip::gzip( \( my $text = 'text' x 100 ), \my $zipped );
    my $response = answering( ok_response( $zipped, 'Content-Encoding: gzip' ) )->read_response;
    is( $response->content, 'text' x 100, 'gzip is undone' );
    is( $response->body, $zipped, 'the body as sent' );
};

subtest 'strictness' => sub {
    read_fails( answering("HTTP/1.1 200 OK\r\n\r\nbody"), qr/no Content-Length/, 'no length' );
    read_fails( answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody"),
        qr/no Content-Length/, 'not even where the connection ends' );
    read_fails( answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        qr/Transfer-Encoding/, 'chunked' );
    read_fails(
        answering("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        qr/bad Content-Length/,
        'no number'
    );
    read_fails(
        answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
        qr/bad Content-Length/,
        'two lengths'
    );
    read_fails(
        answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"),
        qr/after 5 of 9 bytes/,
        'a body cut short'
    );
    read_fails( answering('HTTP/1.1 200'), qr/before the response/, 'a head cut short' );
    read_fails( answering(''), qr/before the response \(0 bytes/, 'nothing' );
    read_fails( answering("garbage\r\n\r\n"), qr/not an HTTP response/, 'garbage' );
    read_fails( answering("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), qr/bad header/, 'a bad header' );
};

subtest 'requests' => sub {
    my $echo = serve(
        sub ($socket) {
            my $got = '';
            1 while sysread $socket, $got, 65536, length $got;
            $socket->syswrite( ok_response($got) );
        }
    );
    ok( !$echo->is_stale, 'an open idle connection is not stale' );
    ok( !$echo->readable, 'no answer yet' );
    my $bytes = join '', map { chr( $_ % 256 ) } 1 .. 500_000;
    $echo->write( substr $bytes, 0, 10 );
    $echo->write( substr $bytes, 10 );
    $echo->finish_writing;
    is( $echo->read_response->body, $bytes, 'all bytes arrive as they are' );
    my $other = serve( sub ($socket) { 1 while sysread $socket, my $ignored, 4096 } );
    $other->write('half a requ');
    $other->abort;
    ok( !$other->is_open, 'hanging up' );
};

subtest 'queries' => sub {
    my %request = (
        command => 'Sync',
        user => 'rmjones',
        device_id => 'v140Device',
        version => '14.0',
        device_type => 'SmartPhone'
    );
    is(
        plain_query(%request),
        'Cmd=Sync&User=rmjones&DeviceId=v140Device&DeviceType=SmartPhone',
        'MS-ASHTTP R16'
    );
    is(
        plain_query( %request, user => "a b\@\x{e9}&", parameters => { SaveInSent => 'T' } ),
        'Cmd=Sync&User=a%20b%40%C3%A9%26&DeviceId=v140Device&DeviceType=SmartPhone&SaveInSent=T',
        'escapes and parameters'
    );
    is(
        base64_query( %request, user => undef ),
        'jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l',
        'MS-ASHTTP R18'
    );
    my $query = base64_query(
        %request,
        version => '16.1',
        command => 'SmartReply',
        policy_key => 0x01020304,
        device_id => "\x00\xff" x 8,
        padded => 0,
        parameters => { SaveInSent => 'T', ItemId => '5:1', CollectionId => '5' }
    );
    unlike( $query, qr/=/, 'no padding' );
    require MIME::Base64;
    is(
        unpack( 'H*', MIME::Base64::decode($query) ),
        'a1030904' . '10'
            . '00ff' x 8
            . '0404030201' . '0a'
            . unpack( 'H*', 'SmartPhone' )
            . '010135'
            . '0303353a31'
            . '070101' . '0807'
            . unpack( 'H*', 'rmjones' ),
        'every field of the base64 form'
    );
};

done_testing;
