#!/usr/bin/perl
# Two nodes on one Redis, two devices of one account, graceful restarts under load.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX ();
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( nodes => 2 );
my $box = $server->mailbox;

# The phone goes to another node.
sub move_to ( $phone, $node ) {
    $phone->disconnect;
    $phone->{port} = $server->node($node)->port;
    return;
}

subtest 'one phone, two nodes' => sub {
    my ( $phone, $inbox ) = phone_with_mail( $server, count => 40 );
    $phone->sync($inbox);
    my $round = 0;
    do { move_to( $phone, ++$round % 2 ) } while $phone->sync( $inbox, window_size => 8 )->{more};
    is( scalar keys %{ $phone->items($inbox) }, 40, 'an initial sync that changes between them' );
    is_deeply( $phone->collection($inbox)->{duplicates}, [], 'nothing twice' );
    $box->deliver( simple_mail( subject => 'lost on one' ) );
    my $call = $phone->sync( $inbox, lose => 1 );
    move_to( $phone, $round + 1 & 1 );
    is( scalar @{ $phone->repeat($call)->{adds} },
        1, 'an answer lost on one node comes from the other' );

    # The same request to both at once: one step, the same answer or a clean refusal.
    for my $try ( 1 .. 10 ) {
        $box->deliver( simple_mail( subject => "both $try" ) );
        my $other = $phone->twin( port => $server->node(1)->port );
        $other->{collections}{$inbox} =
            { %{ $phone->collection($inbox) }, items => { %{ $phone->items($inbox) } } };
        move_to( $phone, 0 );
        my @pending = map { $_->sync( $inbox, async => 1 ) } $phone, $other;
        my @results = map { $_->result } @pending;
        my @good = grep { $_->{status} == 1 } @results;
        ok( @good >= 1, "try $try: at least one is served" );
        is_deeply( [ grep { $_->{status} !~ /^(?:1|16)$/ } @results ],
            [], 'none in another way than by Status 16' );
        my %keys = map { ( $_->{key} // 'none' ) => 1 } @good;
        is( scalar keys %keys, 1, 'they get the same key' );
        is( $phone->sync($inbox)->{status}, 1, 'which goes on' ) if $results[0]{status} == 1;
        $phone->{collections}{$inbox} = $other->{collections}{$inbox} if $results[0]{status} != 1;
    }
    $phone->sync_until_done($inbox);
    is( scalar keys %{ $phone->items($inbox) }, scalar keys %{ $box->messages },
        'nothing is lost' );
};

subtest 'two devices' => sub {
    $server->add_account('bert');
    my ( $first, $inbox ) = phone_with_mail( $server, account => 'bert', count => 20 );
    my ($second) = phone_with_mail( $server, account => 'bert', node => 1 );
    $_->initial_sync($inbox) for $first, $second;
    my ( $one, $two ) = sort keys %{ $first->items($inbox) };
    $first->sync( $inbox,
        commands => [ $first->change_of( $one, [ 'Email:Read', 1 ] ), $first->delete_of($two) ] );
    my $seen = $second->sync($inbox);
    is_deeply( $seen->{deletes}, [$two], 'what one deletes, the other loses' );
    is( $second->items($inbox)->{$one}->text('Email:Read'),
        1, 'what one reads, the other has read' );
    is_deeply( [ @{ $first->sync($inbox) }{qw(changes deletes)} ], [ [], [] ], 'without an echo' );
    $second->sync( $inbox, commands => [ $second->delete_of($one) ] );
    my $both =
        $first->sync( $inbox, commands => [ $first->change_of( $one, [ 'Email:Read', 0 ] ) ] );
    is_deeply(
        [ sort keys %{ $first->items($inbox) } ],
        [ sort keys %{ $second->items($inbox) } ],
        'a change of what the other deleted: deleted'
    );
};

# Phones that sync without a pause in a process of their own, until told to stop. Tells how many
# requests went well, and what went wrong.
sub start_load ($account) {
    pipe my $reader, my $writer or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    return ( $pid, $reader ) if $pid;
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    my ( $done, @wrong ) = (0);
    my $ok = eval {
        my ( $phone, $inbox ) = phone_with_mail( $server, account => $account );
        $phone->initial_sync($inbox);
        until ($stop) {
            my $result = eval { $phone->sync( $inbox, get_changes => 1 ) };
            # A kept-alive connection may end just as the next request goes out.
            $result //= eval { $phone->repeat( $phone->last_call ) };
            push @wrong, $result ? "Status $result->{status}" : $@
                unless $result && $result->{status} == 1;
            last if @wrong;
            $done++;
        }
        1;
    };
    push @wrong, $@ unless $ok;
    print $writer join ' ', $done, @wrong;
    close $writer;
    POSIX::_exit(0);
}

subtest 'graceful restarts under load' => sub {
    my @accounts = map {"load$_"} 1 .. 3;
    for my $account (@accounts) {
        $server->add_account($account);
        MobileSync::Mail->new( kinds => ['plain'] )
            ->fill( $server->mailbox($account), 10, corpora => 0 );
    }
    my @load = map { [ start_load($_) ] } @accounts;
    for my $restart ( 1 .. 4 ) {
        $server->node->graceful;
        $server->mailbox($_)->deliver( simple_mail( subject => "restart $restart" ) ) for @accounts;
        select undef, undef, undef, 0.3;
    }
    for my $load (@load) {
        my ( $pid, $reader ) = @$load;
        kill TERM => $pid;
        my ( $done, $wrong ) = split / /, readline($reader) // '0 nothing', 2;
        waitpid $pid, 0;
        is( $wrong // '', '', "a phone made its $done requests" );
        cmp_ok( $done, '>', 0, 'some' );
    }
};

$server->done;
done_testing;
