#!/usr/bin/perl
# covers: Sync FolderSync MoveItems
# Answers that never arrive, requests that come twice, altered, cut or at the same moment: in the
# end the phone holds what the mailbox holds, and everything it did was done once.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use EAS::WBXML;
use MobileSync::Letters qw(letter deliver_letters new_phone inbox letter_ids held kept in_step);
use MobileSync::Scenario;
use MobileSync::Server;

use constant LETTERS => 30;
use constant OPTIONS => MobileSync::Letters::OPTIONS;

my $server = MobileSync::Server->start;

# Each part has an account of its own.
sub account ($name) {
    $server->add_account($name);
    my $box = $server->mailbox($name);
    deliver_letters( $box, 'old', LETTERS );
    return $box;
}

sub read_of ( $phone, $id ) { return $phone->change_of( $id, [ 'Email:Read', 1 ] ) }

sub flag_of ( $phone, $id ) {
    return $phone->change_of( $id,
        [ 'Email:Flag', [ Status => 2 ], [ FlagType => 'for follow up' ] ] );
}

# Response bodies, as they are on the wire.
sub body_of ( $phone, $call ) {
    my $response = $phone->exchange( $call->{bytes} );
    is( $response->status, 200, 'an answer' );
    return $response->content;
}

for my $version (VERSIONS) {
    subtest "every answer is lost once, at $version" => sub {
        my $account = 'lost' . $version =~ s/\D//r;
        my $box = account($account);
        my $phone = $server->client( account => $account, version => $version );
        is( $phone->repeat( $phone->folder_sync( lose => 1 ) )->{status}, 1, 'FolderSync' );
        my $inbox = inbox($phone);
        my $call = $phone->sync( $inbox, options => OPTIONS, lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'key 0' );
        my ( $more, $rounds ) = ( 1, 0 );
        while ($more) {
            my $result =
                $phone->repeat( $phone->sync( $inbox, window_size => 7, lose => 1 ) );
            is_deeply( [ @$result{qw(status duplicates)} ], [ 1, [] ], 'a window' );
            $more = $result->{more};
            last if ++$rounds > LETTERS;
        }
        in_step( $phone, $box, 'the initial Sync' );

        my @ids = letter_ids( $phone, 'old' );
        deliver_letters( $box, 'new', 3 );
        my @commands = (
            read_of( $phone, $ids[0] ),
            flag_of( $phone, $ids[1] ),
            $phone->delete_of( $ids[2] ),
            $phone->delete_of( $ids[3] )
        );
        $call = $phone->sync( $inbox, commands => \@commands, lose => 1 );
        is_deeply( [ grep {/\[/} @{ kept($box) } ],
            [ 'old 1 [read]', 'old 2 [flagged]' ], 'the operations are done' );
        is( scalar @{ kept( $box, 'Trash' ) }, 2, 'the deleted ones are in the trash' );
        my $result = $phone->repeat($call);
        is( $result->{status}, 1, 'operations and news, repeated' );
        is( scalar @{ $result->{adds} }, 3, 'the news come' );
        in_step( $phone, $box, 'after operations' );
        is( scalar @{ kept( $box, 'Trash' ) }, 2, 'nothing is in the trash twice' );
    };
}

subtest 'a repeat is answered byte for byte' => sub {
    my $box = account('bytes');
    my $phone = $server->client( account => 'bytes' );
    my $call = $phone->folder_sync( lose => 1 );
    my $first = body_of( $phone, $call );
    $phone->repeat($call);
    my $inbox = inbox($phone);
    $call = $phone->sync( $inbox, options => OPTIONS, lose => 1 );
    $first = body_of( $phone, $call );
    is( body_of( $phone, $call ), $first, 'key 0' );
    $phone->repeat($call);
    my $rounds = 0;
    while ( $rounds++ < LETTERS ) {
        $call = $phone->sync( $inbox, window_size => 8, lose => 1 );
        $first = body_of( $phone, $call );
        is( body_of( $phone, $call ), $first, 'a window' );
        last unless $phone->repeat($call)->{more};
    }
    my @ids = letter_ids( $phone, 'old' );
    deliver_letters( $box, 'new', 2 );
    $call = $phone->sync( $inbox, lose => 1, commands =>
            [ read_of( $phone, $ids[0] ), $phone->delete_of( $ids[1] ),
            $phone->change_of( "$inbox:1:99999", [ 'Email:Read', 1 ] ), $phone->fetch_of( $ids[5] )
            ] );
    $first = body_of( $phone, $call );
    deliver_letters( $box, 'later', 2 );
    is( body_of( $phone, $call ), $first, 'operations; what is new since waits for the next key' );
    $phone->repeat($call);
    in_step( $phone, $box, 'in step' );
};

subtest 'what the repeat finds was changed since' => sub {
    my $box = account('since');
    my $phone = new_phone( $server, account => 'since' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    my ($name) = grep { $box->content($_) =~ /^Subject: old 1$/m } keys %{ $box->messages };
    my $call = $phone->sync( $inbox, commands => [ read_of( $phone, $ids[0] ) ], lose => 1 );
    like( $box->flags($name), qr/S/, 'the letter is read' );
    $box->set_flags( $name, '' );
    is( $phone->repeat($call)->{status}, 1, 'the repeat' );
    unlike( $box->flags($name), qr/S/, 'does not undo what another program did since' );
    in_step( $phone, $box, 'which the phone is told' );
    is( $phone->items($inbox)->{ $ids[0] }->text('Email:Read'), 0, 'the letter is unread again' );

    deliver_letters( $box, 'short', 3 );
    $call = $phone->sync( $inbox, lose => 1 );
    my ($gone) = grep { $box->content($_) =~ /^Subject: short 2$/m } keys %{ $box->messages };
    $box->delete($gone);
    is( scalar @{ $phone->repeat($call)->{adds} }, 2, 'an item gone since is left out' );
    in_step( $phone, $box, 'and stays out' );
};

subtest 'altered repeats' => sub {
    my $box = account('altered');
    my $phone = new_phone( $server, account => 'altered' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    my $key = $phone->collection($inbox)->{key};
    deliver_letters( $box, 'new', 2 );
    $phone->sync( $inbox, lose => 1, commands => [ read_of( $phone, $ids[0] ) ] );
    my $result = $phone->sync( $inbox,
        commands => [ read_of( $phone, $ids[0] ), $phone->delete_of( $ids[1] ) ] );
    is( $result->{status}, 1, 'one operation more' );
    isnt( $result->{key}, $key, 'a key of its own' );
    in_step( $phone, $box, 'in step' );

    $key = $phone->collection($inbox)->{key};
    $phone->sync( $inbox, lose => 1, commands => [ $phone->delete_of( $ids[2] ) ] );
    $result = $phone->sync($inbox);
    is( $result->{status}, 1, 'one operation less' );
    in_step( $phone, $box, 'the phone is told what it did' );

    # Both answers are there; whichever key comes back decides.
    deliver_letters( $box, 'both', 2 );
    my $call = $phone->sync( $inbox, lose => 1, commands => [ flag_of( $phone, $ids[4] ) ] );
    $phone->sync( $inbox, lose => 1, commands => [ flag_of( $phone, $ids[5] ) ] );
    is( $phone->repeat($call)->{status}, 1, 'the first of two requests again' );
    in_step( $phone, $box, 'in step along the first' );
    is( $phone->items($inbox)->{ $ids[5] }->text('Email:Flag/Status'), 2, 'the other was done' );
};

subtest 'old and foreign keys' => sub {
    my $box = account('old');
    my $phone = new_phone( $server, account => 'old' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    my @keys = ( $phone->collection($inbox)->{key} );
    for my $n ( 1 .. 3 ) {
        deliver_letters( $box, "round $n", 1 );
        $phone->sync($inbox);
        push @keys, $phone->collection($inbox)->{key};
    }
    my %distinct = map { $_ => 1 } @keys;
    is( scalar keys %distinct, 4, 'each answer has a key of its own' );
    my $before = kept($box);
    for my $key ( @keys[ 0, 1 ] ) {
        my $result = $phone->twin->sync( $inbox, key => $key,
            commands => [ $phone->delete_of( $ids[0] ) ] );
        is( $result->{status}, 3, 'an old key' );
    }
    is_deeply( kept($box), $before, 'does nothing' );
    my $stranger = new_phone( $server, account => 'old', device_id => 'STRANGER' );
    is( $phone->twin->sync( $inbox, key => $stranger->collection($inbox)->{key} )->{status},
        3, 'the key of another device' );
    in_step( $phone, $box, 'the phone goes on as before' );
};

subtest 'key 0 again and again' => sub {
    my $box = account('zero');
    my $phone = $server->client( account => 'zero' );
    $phone->folder_sync;
    my $inbox = inbox($phone);
    my %keys;
    for ( 1 .. 3 ) {
        $phone->reset_collection($inbox);
        $keys{ $phone->sync( $inbox, options => OPTIONS )->{key} } = 1;
    }
    is( scalar keys %keys, 1, 'the same first key, as long as nobody used it' );
    in_step( $phone, $box, 'all arrives' );
    $phone->reset_collection($inbox);
    my $again = $phone->sync( $inbox, options => OPTIONS );
    ok( !$keys{ $again->{key} }, 'another one after it was used' );
    in_step( $phone, $box, 'all arrives again' );
};

subtest 'requests that end half-way' => sub {
    my $box = account('half');
    my $phone = new_phone( $server, account => 'half' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    deliver_letters( $box, 'new', 2 );
    my $bytes = $phone->sync( $inbox, lose => 'request',
        commands => [ read_of( $phone, $ids[0] ), $phone->delete_of( $ids[1] ) ] )->{bytes};
    my $head = 4 + index $bytes, "\r\n\r\n";
    for my $cut ( 20, $head - 4, $head, $head + 5, $head + int( ( length($bytes) - $head ) / 2 ),
        length($bytes) - 1 )
    {
        for my $end (qw(abort close)) {
            my $http = $phone->open_connection;
            $http->write( substr $bytes, 0, $cut );
            $http->$end;
        }
        my $http = $phone->open_connection;
        $http->write( substr $bytes, 0, $cut );
        $http->finish_writing;
        my $answer = $http->read_to_end;
        unlike( $answer, qr{^HTTP/1\.1 (?:200|5)}, "a request of $cut bytes" );
    }
    is( $phone->repeat( $phone->last_call )->{status}, 1, 'then the whole of it' );
    in_step( $phone, $box, 'in step' );
    is( scalar @{ kept( $box, 'Trash' ) }, 1, 'deleted once' );
};

# Sends the calls at the same moment, each on a connection of its own; returns the responses.
sub at_once ( $phone, @calls ) {
    my @connections = map { $phone->open_connection } @calls;
    $connections[$_]->write( $calls[$_]{bytes} ) for 0 .. $#calls;
    return map { $_->read_response } @connections;
}

# The Status of a collection in a response, 'empty' or the HTTP status.
sub status_in ($response) {
    return $response->status if $response->status != 200;
    return 'empty' unless length $response->content;
    my $document = EAS::WBXML::decode( $response->content );
    return $document->text('Collections/Collection/Status') // $document->text('Status');
}

subtest 'the same request twice at once' => sub {
    my $box = account('twice');
    my $phone = new_phone( $server, account => 'twice' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    for my $round ( 0 .. 4 ) {
        deliver_letters( $box, "round $round", 2 );
        my @mine = @ids[ 4 * $round .. 4 * $round + 3 ];
        my @commands = (
            read_of( $phone, $mine[0] ),
            flag_of( $phone, $mine[1] ),
            map { $phone->delete_of($_) } @mine[ 2, 3 ]
        );
        my $call = $phone->sync( $inbox, commands => \@commands, lose => 'request' );
        my @responses = at_once( $phone, ($call) x 3 );
        my @statuses = map { status_in($_) } @responses;
        is( scalar( grep { $_ ne 1 && $_ ne 16 } @statuses ), 0, "Statuses @statuses" );
        ok( ( grep { $_ eq 1 } @statuses ), 'one at least succeeds' );
        my %keys = map { EAS::WBXML::decode( $_->content )->text('Collections/Collection/SyncKey')
                => 1 } grep { status_in($_) eq 1 } @responses;
        is( scalar keys %keys, 1, 'those that succeed have one key' );
        my $result = $phone->repeat($call);
        is( $result->{key}, ( keys %keys )[0], 'and the next repeat as well' );
        in_step( $phone, $box, 'in step' );
        is( scalar @{ kept( $box, 'Trash' ) }, 2 * $round + 2, 'each deleted once' );
    }
};

subtest 'different requests of one device at once' => sub {
    my $box = account('race');
    my $phone = new_phone( $server, account => 'race' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    for my $round ( 0 .. 7 ) {
        deliver_letters( $box, "round $round", 2 );
        my @mine = @ids[ 3 * $round .. 3 * $round + 2 ];
        my @commands = (
            [ read_of( $phone, $mine[0] ) ],
            [ flag_of( $phone, $mine[1] ), flag_of( $phone, $mine[0] ) ],
            [ $phone->delete_of( $mine[2] ) ],
        );
        my @calls =
            map { $phone->sync( $inbox, commands => $_, lose => 'request' ) } @commands;
        my @responses = at_once( $phone, @calls );
        my @statuses = map { status_in($_) } @responses;
        is( scalar( grep { $_ ne 1 && $_ ne 16 } @statuses ), 0, "Statuses @statuses" );
        ok( ( grep { $_ eq 1 } @statuses ), 'one at least succeeds' );
        # The phone saw one of the answers and goes on from there, or none and sends anew.
        my $pick = $round % 4;
        if ( $pick < 3 && $statuses[$pick] eq 1 ) {
            my $result = $phone->repeat( $calls[$pick] );
            is( $result->{status}, 1, "goes on with answer $pick" );
        }
        in_step( $phone, $box, 'in step' );
    }
};

subtest 'pipelined requests' => sub {
    my $box = account('pipe');
    my $phone = new_phone( $server, account => 'pipe' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    my $call =
        $phone->sync( $inbox, commands => [ read_of( $phone, $ids[0] ) ], lose => 'request' );
    my $http = $phone->open_connection;
    $http->write( $call->{bytes} x 3 );
    my @responses = map { $http->read_response } 1 .. 3;
    is_deeply( [ map { status_in($_) } @responses ], [ 1, 1, 1 ], 'the same three times' );
    is( $responses[$_]->content, $responses[0]->content, 'the same answer' ) for 1, 2;
    $phone->repeat($call);
    in_step( $phone, $box, 'in step' );
};

subtest 'MoveItems' => sub {
    my $box = account('moves');
    my $phone = new_phone( $server, account => 'moves' );
    my ( $inbox, $trash ) = ( inbox($phone), $phone->folder_of_type(4)->{id} );
    $phone->initial_sync( $trash, options => OPTIONS );
    my @ids = letter_ids( $phone, 'old' );
    my $moves = [ map { [ $_, $inbox, $trash ] } @ids[ 0 .. 2 ] ];
    my $call = $phone->move_items( $moves, lose => 1 );
    is( scalar @{ kept( $box, 'Trash' ) }, 3, 'moved' );
    my $first = $phone->repeat($call);
    is_deeply( [ map { $_->{status} } @$first ], [ 3, 3, 3 ], 'the repeat says so' );
    is_deeply( $phone->repeat($call), $first, 'and again the same' );
    $call = $phone->move_items( [ map { [ $_, $inbox, $trash ] } @ids[ 3 .. 5 ] ],
        lose => 'request' );
    my @responses = at_once( $phone, $call, $call );
    is_deeply( [ map { $_->status } @responses ], [ 200, 200 ], 'twice at once' );
    in_step( $phone, $box, 'the Inbox' );
    in_step( $phone, $box, 'the trash', id => $trash, folder => 'Trash' );
    is( scalar @{ kept( $box, 'Trash' ) }, 6, 'each once' );
};

$server->done;
done_testing();
