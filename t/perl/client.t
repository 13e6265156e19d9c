#!/usr/bin/perl
# The EAS client against a scripted server: what it sends, what it makes of answers, and
# that it does not let a wrong answer pass.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Scalar::Util ();
use Test::More;
use EAS::Client;
use EAS::WBXML qw(encode decode);

# The server: one process, any number of connections. $answer gets { head, body, number } of
# each request and returns the bytes to send; undef keeps the client waiting until the answer
# to a later request is out, "later:BYTES" tells what it gets then; "cut" ends the connection.
my @servers;

sub serve ($answer) {
    my $listener = IO::Socket::INET->new( Listen => 5, LocalAddr => '127.0.0.1' )
        or die "listen: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        eval { serve_loop( $listener, $answer ); 1 } or warn $@;
        POSIX::_exit(0);
    }
    push @servers, $pid;
    return $listener->sockport;
}

sub serve_loop ( $listener, $answer ) {
    my $select = IO::Select->new($listener);
    my ( $number, %later ) = (0);
    while (1) {
        for my $socket ( $select->can_read ) {
            if ( $socket == $listener ) { $select->add( scalar $listener->accept ); next }
            my $request = read_request($socket);
            if ( !$request ) { $select->remove($socket); $socket->close; next }
            my $bytes = $answer->( { %$request, number => ++$number } );
            if ( $bytes eq 'cut' ) { $select->remove($socket); $socket->close; next }
            if ( $bytes =~ s/^later:// ) { $later{$socket} = [ $socket, $bytes ]; next }
            $socket->syswrite($bytes);
            $_->[0]->syswrite( $_->[1] ) for values %later;
            %later = ();
        }
    }
}

sub read_request ($socket) {
    my $bytes = '';
    until ( $bytes =~ /\r\n\r\n/ ) { sysread $socket, $bytes, 1, length $bytes or return }
    my ($length) = $bytes =~ /^Content-Length: (\d+)/mi;
    my $body = '';
    while ( length $body < ( $length // 0 ) ) {
        sysread $socket, $body, $length - length $body, length $body or return;
    }
    return { head => $bytes, body => $body };
}
END { my $status = $?; kill KILL => @servers; waitpid $_, 0 for @servers; $? = $status }

sub response ( $body, $type = 'application/vnd.ms-sync.wbxml', @headers ) {
    return join "\r\n", 'HTTP/1.1 200 OK', ( defined $type ? "Content-Type: $type" : () ), @headers,
        'Content-Length: ' . length $body, '', $body;
}
sub document ($tree) { return response( encode($tree) ) }
sub empty { return response( '', undef ) }

# Answers in order, one a request.
sub client_for ( $answers, %option ) {
    my $port = serve( sub ($request) { $answers->[ $request->{number} - 1 ] // empty() } );
    return EAS::Client->new(
        port => $port,
        user => 'anna',
        password => 'pw',
        timeout => 20,
        %option
    );
}

# Answers each request with itself; returns what a call sent.
sub sent_by ( $do, %option ) {
    my $port =
        serve( sub ($request) { response( $request->{head} . $request->{body}, 'text/plain' ) } );
    my $client = EAS::Client->new(
        port => $port,
        user => 'anna',
        password => 'pw',
        device_id => 'DEV1',
        timeout => 20,
        %option
    );
    eval { $do->($client) };
    my $sent = $client->repeat(
        {
            %{ $client->last_call },
            rules => { any_status => 1 },
            interpret => sub ( $self, $answer ) { $answer->response->body }
        }
    );
    my ( $head, $body ) = split /\r\n\r\n/, $sent, 2;
    return ( $head, $body );
}

subtest 'what is sent' => sub {
    my ( $head, $body ) = sent_by( sub ($c) { $c->folder_sync } );
    is(
        $head,
        join( "\r\n",
            'POST /Microsoft-Server-ActiveSync?Cmd=FolderSync&User=anna&DeviceId=DEV1&DeviceType=TestPhone HTTP/1.1',
            $head =~ /(Host: 127.0.0.1:\d+)/,
            'Authorization: Basic YW5uYTpwdw==',
            'User-Agent: TestPhone/1.0',
            'MS-ASProtocolVersion: 16.1',
            'Content-Type: application/vnd.ms-sync.wbxml',
            'Content-Length: ' . length $body ),
        'a plain request'
    );
    is( decode($body)->text('SyncKey'), '0', 'with its body' );
    ($head) = sent_by( sub ($c) { $c->folder_sync }, base64 => 1, padded => 0, policy_key => 7 );
    like( $head, qr{^POST /Microsoft-Server-ActiveSync\?oQkJBARERVYxBAcAAAAJ\S+[^=] HTTP},
        'base64' );
    unlike( $head, qr/^(?:MS-AS|X-MS-)/m, 'whose fields replace the headers' );
    ( $head, $body ) = sent_by( sub ($c) { $c->ping } );
    is( $body, '', 'a Ping without a body' );
    unlike( $head, qr/Content-Type/, 'and thus without a type' );
    ( $head, $body ) =
        sent_by( sub ($c) { $c->smart_reply( '5', '5:1', "From: x\r\n\r\nhi", save => 1 ) },
        version => '12.1' );
    like(
        $head,
        qr/Cmd=SmartReply.*&CollectionId=5&ItemId=5%3A1&SaveInSent=T HTTP/,
        '12.1: parameters'
    );
    like( $head, qr{Content-Type: message/rfc822}, '12.1: MIME' );
    is( $body, "From: x\r\n\r\nhi", 'as it is' );
    ( $head, $body ) =
        sent_by( sub ($c) { $c->smart_reply( '5', '5:1', "hi\xff", client_id => 'c1' ) },
        version => '14.1' );
    is_deeply(
        decode($body)->to_tree,
        [
            'ComposeMail:SmartReply',
            [ 'ComposeMail:ClientId', 'c1' ],
            [
                'ComposeMail:Source',
                [ 'ComposeMail:FolderId', '5' ],
                [ 'ComposeMail:ItemId', '5:1' ]
            ],
            [ 'ComposeMail:Mime', \"hi\xff" ]
        ],
        '14.1: WBXML with opaque MIME'
    );
    ( $head, $body ) = sent_by(
        sub ($c) {
            $c->sync(
                '5',
                key => 'k',
                get_changes => 0,
                window_size => 10,
                deletes_as_moves => 1,
                options => { filter_type => 3, body => [ { type => 1, truncation_size => 200 } ] },
                commands => [ $c->change_of( '5:1', [ 'Email:Read', 1 ] ), $c->delete_of('5:2') ]
            );
        },
        version => '12.1'
    );
    is(
        join( ' ', map { $_->tag } decode($body)->at('Collections/Collection')->children ),
        'Class SyncKey CollectionId DeletesAsMoves GetChanges WindowSize Options Commands',
        'a Sync in the order of MS-ASCMD R976'
    );
    ( $head, $body ) = sent_by(
        sub ($c) {
            $c->sync(
                [ { id => 1 }, { id => 2 } ],
                total_window_size => 50,
                wait => 5,
                partial => 1
            );
        }
    );
    is(
        join( ' ', map { $_->tag } decode($body)->children ),
        'Collections Wait WindowSize Partial',
        'several collections'
    );
    ( $head, $body ) =
        sent_by( sub ($c) { $c->get_item_estimate( ['5'], filter_type => 2 ) }, version => '12.1' );
    is(
        join( ' ', map { $_->name } decode($body)->at('Collections/Collection')->children ),
        'GetItemEstimate:Class GetItemEstimate:CollectionId AirSync:FilterType AirSync:SyncKey',
        'GetItemEstimate at 12.1'
    );
};

sub sync_answer ( $key, @commands ) {
    return document(
        [
            'AirSync:Sync',
            [
                Collections => [
                    Collection => [ SyncKey => $key ],
                    [ CollectionId => '5' ], [ Status => 1 ], [ Commands => @commands ]
                ]
            ]
        ]
    );
}

sub add_answer ( $id, @properties ) {
    return [ Add => [ ServerId => $id ], [ ApplicationData => @properties ] ];
}

subtest 'the copy of the mailbox' => sub {
    my $client = client_for(
        [
            sync_answer('k1'),
            sync_answer(
                'k2',
                add_answer( 'a', [ 'Email:Subject', 'A' ], [ 'Email:Read', 0 ] ),
                add_answer( 'b', [ 'Email:Subject', 'B' ] )
            ),
            sync_answer(
                'k3',
                [ Change => [ ServerId => 'a' ], [ ApplicationData => [ 'Email:Read', 1 ] ] ],
                [ Delete => [ ServerId => 'b' ] ],
                [ SoftDelete => [ ServerId => 'x' ] ]
            ),
            sync_answer( 'k4', add_answer( 'a', [ 'Email:Subject', 'A2' ] ) ),
            empty(),
            document(
                [
                    'AirSync:Sync',
                    [
                        Collections => [
                            Collection => [ SyncKey => '0' ],
                            [ CollectionId => '5' ], [ Status => 3 ]
                        ]
                    ]
                ]
            ),
            sync_answer('k9'),
        ]
    );
    $client->sync('5');
    my $result = $client->sync('5');
    is_deeply( $result->{adds}, [qw(a b)], 'adds' );
    is( $client->items('5')->{a}->text('Email:Subject'), 'A', 'an item' );
    $result = $client->sync('5');
    is_deeply( [ sort keys %{ $client->items('5') } ], ['a'], 'deletes' );
    is( $client->items('5')->{a}->text('Email:Read'), 1, 'a change' );
    is( $client->items('5')->{a}->text('Email:Subject'), 'A', 'keeps the other properties' );
    is_deeply( $result->{unknown}, ['x'], 'a SoftDelete of an item that is not held' );
    $result = $client->sync('5');
    is_deeply( $result->{duplicates}, ['a'], 'an Add of an item that is held' );
    ok( $client->sync('5')->{empty}, 'an empty response' );
    is( $client->collection('5')->{key}, 'k4', 'which keeps the key' );
    is( $client->sync('5')->{status}, 3, 'an invalid key' );
    is( $client->collection('5')->{key}, 'k4', 'is not taken' );
    $client->sync( '5', commands => [ $client->change_of( 'a', [ 'Email:Read', 0 ] ) ] );
    is( $client->items('5')->{a}->text('Email:Read'), 0, "the client's own change" );
};

subtest 'initial sync' => sub {
    my $more = sub ( $key, @commands ) {
        return document(
            [
                'AirSync:Sync',
                [
                    Collections => [
                        Collection => [ SyncKey => $key ],
                        [ CollectionId => '5' ], [ Status => 1 ], ['MoreAvailable'],
                        [ Commands => @commands ]
                    ]
                ]
            ]
        );
    };
    my @seen;
    my $client = client_for(
        [
            sync_answer('k1'),
            $more->( 'k2', add_answer( 'a', [ 'Email:Read', 0 ] ) ),
            sync_answer( 'k3', add_answer( 'b', [ 'Email:Read', 0 ] ) )
        ]
    );
    is_deeply(
        $client->initial_sync( '5', progress => sub ( $result, $count ) { push @seen, $count } ),
        { rounds => 2, items => 2 },
        'goes on while there is more'
    );
    is_deeply( \@seen, [ 1, 2 ], 'and tells how far it is' );
    $client = client_for(
        [
            sync_answer('k1'),
            $more->( 'k2', add_answer( 'a', [ 'Email:Read', 0 ] ) ),
            sync_answer( 'k3', add_answer( 'a', [ 'Email:Read', 0 ] ) )
        ]
    );
    ok( !eval { $client->initial_sync('5') }, 'a duplicate Add' );
    like( $@, qr/Adds of items held: a/, 'is an error' );
};

subtest 'lost, repeated, concurrent' => sub {
    my $client = client_for(
        [
            sync_answer('k1'),
            sync_answer( 'k2', add_answer( 'a', [ 'Email:Read', 0 ] ) ),
            sync_answer( 'k2', add_answer( 'a', [ 'Email:Read', 0 ] ) )
        ]
    );
    $client->sync('5');
    my $call = $client->sync( '5', lose => 1 );
    is( $client->collection('5')->{key}, 'k1', 'a lost response leaves the client as it was' );
    is_deeply( $client->repeat($call)->{adds}, ['a'], 'the repeated call has its result' );
    is( $client->collection('5')->{key}, 'k2', 'and its effect' );
    is( $client->last_call, $call, 'repeating makes no new call' );

    my $ping = document( [ 'Ping:Ping', [ Status => 2 ], [ Folders => [ Folder => '5' ] ] ] );
    my $port = serve(
        sub ($request) {
            return $request->{head} =~ /Cmd=Ping/
                ? "later:$ping"
                : sync_answer( 'k' . $request->{number} );
        }
    );
    $client = EAS::Client->new( port => $port, user => 'anna', password => 'pw', timeout => 20 );
    my $pending = $client->ping( heartbeat => 60, folders => ['5'], async => 1 );
    ok( !$pending->is_ready(0.1), 'the Ping waits' );
    is( $client->sync('5')->{status}, 1, 'while a Sync is answered' );
    is_deeply(
        $pending->result,
        { status => 2, folders => ['5'], heartbeat => undef, max_folders => undef },
        'then the Ping is'
    );
};

subtest 'multipart' => sub {
    my $document = encode(
        [
            'ItemOperations:ItemOperations',
            [ Status => 1 ],
            [
                Response => [
                    Fetch => [ Status => 1 ],
                    [ 'AirSyncBase:FileReference', 'f' ],
                    [
                        Properties => [ Range => '0-3' ],
                        [ Total => 9 ],
                        [ 'AirSyncBase:ContentType', 'image/png' ], [ Part => 1 ]
                    ]
                ]
            ]
        ]
    );
    my $type = 'application/vnd.ms-sync.multipart';
    my $multipart = sub ( $count, @metadata ) {
        return response( pack( 'V*', $count, @metadata ) . $document . "\x00\x01\x02\x03", $type );
    };
    my $length = length $document;
    my $client = client_for(
        [
            $multipart->( 2, 20, $length, 20 + $length, 4 ),
            $multipart->( 2, 20, $length, 20 + $length, 5 ),
            $multipart->( 2, 20, $length, 20 + $length, 3 ),
        ]
    );
    my $item = $client->fetch_attachment( 'f', multipart => 1 );
    is( $item->{data}, "\x00\x01\x02\x03", 'the data of a part' );
    is_deeply(
        [ @$item{qw(status range total content_type)} ],
        [ 1, '0-3', 9, 'image/png' ],
        'and its metadata'
    );
    ok( !eval { $client->fetch_attachment( 'f', multipart => 1 ) }, 'a part that is cut short' );
    ok( !eval { $client->fetch_attachment( 'f', multipart => 1 ) }, 'bytes after the last part' );
};

subtest 'wrong answers' => sub {
    my $try = sub ( $answer, $why, $name ) {
        my $result = eval { client_for( [$answer] )->ping };
        like( $@, $why, $name ) or diag explain $result;
    };
    my $ping = encode( [ 'Ping:Ping', [ Status => 1 ] ] );
    $try->( response( $ping, undef ), qr/without Content-Type/, 'no type' );
    $try->( response( '', 'text/plain' ), qr/on an empty response/, 'a type without a body' );
    $try->( response("$ping\x01"), qr/after the end/, 'broken WBXML' );
    $try->(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        qr/^Ping: HTTP 503/,
        'an HTTP error'
    );
    my $answer = client_for(
        ["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 9\r\n\r\n"] )
        ->command('Ping');
    is( $answer->status . $answer->header('Retry-After'), '5039', 'command() returns any status' );
    SKIP: {
        skip 'no schemas', 1 unless EAS::Schema::available();
        $try->(
            document( [ 'Ping:Ping', [ Status => 'x' ] ] ),
            qr/breaks the schema/,
            'an invalid document'
        );
    }
};

subtest 'a kept connection that is cut' => sub {
    my $got = client_for( [ empty(), 'cut', sync_answer('k1') ] );
    $got->command('Ping');
    is( $got->sync('5')->{status}, 1, 'the request is sent again' );
    my $fails = sub ( $answers, $name ) {
        my $client = client_for($answers);
        my $status = eval { $client->command('Ping')->status while 1; 1 };
        like( $@, qr/before the response \(0 bytes/, $name ) or diag explain $status;
    };
    $fails->( ['cut'], 'a new connection is not taken for a kept one' );
    $fails->( [ empty(), 'cut', 'cut', empty() ], 'once only' );
};

subtest 'a client that is given up' => sub {
    my $client = client_for( [ sync_answer('k1') ] );
    $client->sync('5');
    Scalar::Util::weaken( my $weak = $client );
    undef $client;
    is( $weak, undef, 'is gone, and its connection with it' );
};

done_testing;
