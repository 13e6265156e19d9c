#!/usr/bin/perl
# covers: Sync FolderSync GetItemEstimate Ping
# Children killed in the middle of Syncs; Redis restarted, stopped, and emptied.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes ();
use EAS::Client;
use MobileSync::Letters qw(deliver_letters new_phone inbox letter_ids held kept in_step insist);
use MobileSync::Process qw(wait_until);
use MobileSync::Server;

use constant { PHONES => 10, CRASHES => 2, LETTERS => 30, OPERATIONS => 12 };

# Two nodes: the phones find one that lives while the other one is being killed.
my $server = MobileSync::Server->start(
    nodes => 2,
    settings => { MobileSyncHeartbeatMin => 1 }
);

sub go_to ( $phone, $number ) {
    $phone->disconnect;
    $phone->{port} = $server->node($number)->port;
    return;
}

# All children of a node at once, wherever they are.
sub kill_children ($node) {
    my @children = $node->children;
    $node->expect_killed(@children);
    kill KILL => @children;
    return;
}

subtest 'children killed amid operations of the client' => sub {
    my @phones;
    for my $number ( 1 .. PHONES ) {
        my $account = "crash$number";
        $server->add_account($account);
        deliver_letters( $server->mailbox($account), 'old', LETTERS );
        push @phones, new_phone( $server, account => $account );
    }
    my @boxes = map { $server->mailbox("crash$_") } 1 .. PHONES;
    my @ids = map { [ letter_ids( $_, 'old' ) ] } @phones;
    for my $crash ( 0 .. CRASHES - 1 ) {
        my ( @calls, @pending );
        for my $n ( 0 .. $#phones ) {
            my $phone = $phones[$n];
            deliver_letters( $boxes[$n], "crash $crash", 2 );
            my @mine = @{ $ids[$n] }[ $crash * OPERATIONS .. ( $crash + 1 ) * OPERATIONS - 1 ];
            my @commands = (
                ( map { $phone->change_of( $_, [ 'Email:Read', 1 ] ) } @mine[ 0 .. 3 ] ),
                ( map { $phone->delete_of($_) } @mine[ 4 .. 7 ] ),
                (
                    map { $phone->change_of( $_, [ 'Email:Flag', [ Status => 2 ], [ FlagType => 'x' ] ] ) }
                        @mine[ 8 .. 11 ]
                )
            );
            push @calls, $phone->sync( inbox($phone), commands => \@commands, lose => 'request' );
        }
        # Half of the phones at each node; all are cut off at some moment.
        for my $half ( 0, 1 ) {
            my $node = $server->node($half);
            my @half = grep { $_ % 2 == $half } 0 .. $#phones;
            go_to( $phones[$_], $half ) for @half;
            push @pending, map { $phones[$_]->repeat( $calls[$_], async => 1 ) } @half;
            Time::HiRes::sleep( rand 0.05 );
            kill_children($node);
        }
        my $answered = grep { eval { $_->{http}->read_response } } @pending;
        note("$answered of @{[ PHONES ]} were answered before the end");
        $_->await_children for $server->nodes;
        for my $n ( 0 .. $#phones ) {
            go_to( $phones[$n], ( $n + 1 ) % 2 );
            my $result = insist( $phones[$n], $calls[$n] );
            is( $result->{status}, 1, "phone $n repeats" );
            in_step( $phones[$n], $boxes[$n], 'and is in step' );
            is( scalar @{ kept( $boxes[$n], 'Trash' ) }, 4 * ( $crash + 1 ), 'deleted once' );
            my @marks = map {
                my $mark = $_;
                scalar grep {/\[$mark\]/} @{ kept( $boxes[$n] ) }
            } qw(read flagged);
            is_deeply( \@marks, [ ( 4 * ( $crash + 1 ) ) x 2 ], 'every mark is there' );
        }
    }
    for my $n ( 0 .. $#phones ) {
        my $fresh = new_phone( $server, account => 'crash' . ( $n + 1 ), device_id => 'FRESH' );
        is_deeply( held($fresh), kept( $boxes[$n] ), 'a new phone sees the same' );
    }
};

subtest 'children killed amid an initial Sync' => sub {
    $server->add_account('first');
    my $box = $server->mailbox('first');
    deliver_letters( $box, 'old', LETTERS );
    my $phone = $server->client( account => 'first' );
    $phone->folder_sync;
    my $inbox = inbox($phone);
    $phone->sync( $inbox, options => MobileSync::Letters::OPTIONS );
    for my $crash ( 0 .. 1 ) {
        my $node = $server->node($crash);
        go_to( $phone, $crash );
        my $call = $phone->sync( $inbox, window_size => 10, lose => 'request' );
        my $pending = $phone->repeat( $call, async => 1 );
        Time::HiRes::sleep( rand 0.02 );
        kill_children($node);
        eval { $pending->{http}->read_response };
        go_to( $phone, 1 - $crash );
        my $result = insist( $phone, $call );
        is_deeply( [ $result->{status}, scalar @{ $result->{adds} }, $result->{duplicates} ],
            [ 1, 10, [] ], 'the window comes' );
        $node->await_children;
    }
    in_step( $phone, $box, 'all is there' );
};

my $box = $server->mailbox;
deliver_letters( $box, 'old', 20 );
my $phone = new_phone($server);
my $inbox = inbox($phone);

subtest 'Redis restarts' => sub {
    my @ids = letter_ids( $phone, 'old' );
    my $call = $phone->sync( $inbox, lose => 1,
        commands => [ $phone->delete_of( $ids[0] ), $phone->delete_of( $ids[1] ) ] );
    $server->redis->restart;
    my $result = insist( $phone, $call );
    is( $result->{status}, 1, 'the repeat after it' );
    in_step( $phone, $box, 'in step' );
    is( scalar @{ kept( $box, 'Trash' ) }, 2, 'deleted once' );
    is( $phone->folder_sync->{status}, 1, 'the folders are known' );
};

subtest 'Redis stops' => sub {
    # A phone waits while it happens.
    my @ids = letter_ids( $phone, 'old' );
    my $log = $server->node->error_log;
    my $before = $log->count(qr/:(?:warn|error)\]/);
    $server->redis->stop;
    for my $request (
        [ FolderSync => sub { $phone->folder_sync } ],
        [ Sync => sub { $phone->sync( $inbox, commands => [ $phone->delete_of( $ids[2] ) ] ) } ],
        [ 'empty Sync' => sub { $phone->empty_sync } ],
        [ GetItemEstimate => sub { $phone->get_item_estimate( [$inbox] ) } ],
        [ Ping => sub { $phone->ping( heartbeat => 60, folders => [$inbox] ) } ],
        )
    {
        my ( $name, $run ) = @$request;
        eval { $run->() };
        my $error = $@;
        if ( ref $error ) {
            is( $error->status, 503, "$name: 503" );
            like( $error->response->header('Retry-After') // '', qr/^[1-9]\d*$/, 'with Retry-After' );
        }
        else { fail("$name: $error") }
    }
    is( scalar @{ kept( $box, 'Trash' ) }, 2, 'nothing was done' );
    is( $server->client->options->{response}->status, 200, 'OPTIONS needs no Redis' );
    my $told = $log->count(qr/redis.*(?:refused|No such file|not reach|down|unavailable|connect)/i);
    ok( $told >= 1, 'the log tells what is wrong' );
    my @loud = grep {/\[\w*:(?:error|crit|alert|emerg)\]/} split /\n/, $log->text;
    cmp_ok( scalar @loud, '<=', 4, 'without a flood of errors' ) or diag( join "\n", @loud );
    $server->redis->start;
    my $result;
    wait_until(
        'the server to serve again',
        sub {
            $result = eval {
                $phone->sync( $inbox, commands => [ $phone->delete_of( $ids[2] ) ] );
            };
        }
    );
    is( $result->{status}, 1, 'it goes on without a restart' );
    in_step( $phone, $box, 'in step' );
    is( scalar @{ kept( $box, 'Trash' ) }, 3, 'deleted once' );
};

subtest 'Redis loses everything' => sub {
    $phone->ping( heartbeat => 1, folders => [$inbox] );
    my $key = $phone->collection($inbox)->{key};
    my $before = [ kept($box), kept( $box, 'Trash' ) ];
    my @ids = letter_ids( $phone, 'old' );
    my %folders = %{ $phone->{folders} };
    $server->redis->command('FLUSHALL');
    is( $phone->folder_sync->{status}, 9, 'FolderSync' );
    is( $phone->sync($inbox)->{status}, 3, 'Sync' );
    is( $phone->sync( $inbox, commands => [ map { $phone->delete_of($_) } @ids ] )->{status},
        3, 'Sync with deletions' );
    is( $phone->get_item_estimate( [$inbox] )->{$inbox}{status}, 4, 'GetItemEstimate' );
    is( $phone->ping->{status}, 3, 'Ping without a body' );
    is( $phone->empty_sync->{status}, 13, 'Sync without a body' );
    is_deeply( [ kept($box), kept( $box, 'Trash' ) ], $before, 'nothing is deleted' );
    my $held = held($phone);
    $phone->folder_sync( key => '0' );
    is_deeply( $phone->{folders}, \%folders, 'the folders are the same' );
    $phone->initial_sync( $inbox, options => MobileSync::Letters::OPTIONS );
    is_deeply( held($phone), $held, 'and the letters' );
    is_deeply( [ letter_ids( $phone, 'old' ) ], \@ids, 'under the same ids' );
    in_step( $phone, $box, 'in step' );
};

$server->allow_errors( qr/redis/i, qr/AH10392: children are killed successively/ );
$server->done;
done_testing();
