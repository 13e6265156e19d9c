#!/usr/bin/perl
# covers: Ping Sync
# Generations of children: a graceful restart and a stop with hundreds of waiting phones, children
# that end after so many connections, and messages rendered before and after.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

use constant { PHONES => 300, ACCOUNTS => 10, LONG => 3_000 };

my %accounts = map { ( "user$_" => 'secret' ) } 1 .. ACCOUNTS;

sub start (%option) {
    return MobileSync::Server->start(
        accounts => {%accounts},
        status => 1,
        processes => 2,
        threads => 8,
        %option,
        global => "AsyncRequestWorkerFactor 200\n" . ( $option{global} // '' ),
        config => 'CustomLog outcome.log "%{MOBILESYNC_OUTCOME}e"',
        settings => { MobileSyncHeartbeatMin => 1 }
    );
}

# Phones in turn of all accounts, in step; their connections are closed.
sub phones ( $server, $count ) {
    return map {
        my $phone = $server->client(
            account => 'user' . ( 1 + $_ % ACCOUNTS ),
            device_id => "GENERATION$_"
        );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync($inbox);
        $phone->sync_until_done($inbox);
        $phone->disconnect;
        $phone;
    } 1 .. $count;
}

sub deliver_to_all ( $server, $subject ) {
    deliver_mail( $server->mailbox($_), $subject ) for keys %accounts;
    return;
}

sub all_wait ( $server, $count ) {
    wait_until( "$count to wait", sub { $server->node->waiting->{Parked} == $count } );
    return pass("$count wait");
}

# How many Pings end with the Status.
sub ended ( $pings, $status ) {
    return scalar grep {
        $_->is_ready(PATIENCE) && eval { $_->result->{status} == $status }
    } @$pings;
}

sub children_gone ( $server, @old ) {
    my %old = map { $_ => 1 } @old;
    wait_until(
        'the old children to go',
        sub {
            !grep { $old{$_} } $server->node->children;
        }
    );
    return pass('the old children are gone');
}

# Syncs them all, so that they have nothing to be told of.
sub in_step (@phones) {
    for my $phone (@phones) {
        $phone->sync_until_done( $phone->folder_of_type(INBOX)->{id} );
        $phone->disconnect;
    }
    return;
}

my $server = start();
my @phones = phones( $server, PHONES );

subtest 'a graceful restart with ' . PHONES . ' waiting phones' => sub {
    my @pings = map { wait_for_change($_) } @phones;
    all_wait( $server, PHONES );
    my @old = $server->node->children;
    $server->node->graceful;
    my $other = $server->client( account => 'user1', device_id => 'OTHER' );
    $other->folder_sync;
    ok( $other->folder_of_type(INBOX), 'the new generation serves' );
    is( ended( \@pings, 1 ), PHONES, 'every phone is answered' );
    children_gone( $server, @old );
    @pings = map { wait_for_change($_) } @phones;
    deliver_to_all( $server, 'after the restart' );
    is( ended( \@pings, 2 ), PHONES, 'waits again, and is told' );
    in_step(@phones);
};

# Again and again, while phones come back: one that came late waits in the new generation already.
subtest 'restarts one after the other' => sub {
    my @some = @phones[ 0 .. 49 ];
    my @pings = map { wait_for_change($_) } @some;
    for ( 1 .. 5 ) {
        my @old = $server->node->children;
        $server->node->graceful;
        children_gone( $server, @old );
        my @ended = grep { $pings[$_]->is_ready } 0 .. $#pings;
        is( ended( [ @pings[@ended] ], 1 ), scalar @ended, 'who waited there was answered' );
        $pings[$_] = wait_for_change( $some[$_] ) for @ended;
    }
    deliver_to_all( $server, 'after all restarts' );
    is( ended( \@pings, 2 ), scalar @some, 'all are told' );
    in_step(@phones);
};

# GMime and GLib are started in each child, and live in libraries that httpd unloads and loads again.
subtest 'messages rendered before and after' => sub {
    my $mail = join "\n", 'From: =?ISO-8859-1?Q?J=FCrgen?= <j@example.org>',
        'To: user1@example.org',
        'Subject: =?windows-1252?Q?Gr=FC=DFe?=', 'MIME-Version: 1.0',
        'Content-Type: multipart/alternative; boundary=b', '', '--b',
        'Content-Type: text/plain; charset=iso-8859-15', 'Content-Transfer-Encoding: 8bit', '',
        "20 \xa4", '--b', 'Content-Type: text/html; charset=utf-8', '', '<p>20 &euro;</p>',
        '--b--', '';
    $server->mailbox('user1')->deliver($mail);
    my $rendered = sub ($number) {
        my $phone = $server->client( account => 'user1', device_id => "RENDER$number" );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync( $inbox, options => { body => [ { type => 1 } ] } );
        $phone->sync_until_done($inbox);
        my ($item) =
            grep { $_->text('Email:Subject') eq "Gr\xfc\xdfe" } values %{ $phone->items($inbox) };
        return $item && join '|', map { $item->text($_) } 'Email:From', 'AirSyncBase:Body/Data';
    };
    my $before = $rendered->(0);
    like( $before, qr/J\xfcrgen.*\|20 \x{20ac}/, 'before' );
    for my $generation ( 1 .. 3 ) {
        my @old = $server->node->children;
        $server->node->graceful;
        children_gone( $server, @old );
        is( $rendered->($generation), $before, "the same after restart $generation" );
    }
};

subtest 'a stop' => sub {
    in_step(@phones);
    # one that was not parked yet is answered
    my $ended = sub {
        open my $log, '<', $server->node->base . '/outcome.log' or die "outcome.log: $!\n";
        return scalar grep {/^(?:closed by the server|Ping 1 3000)$/} <$log>;
    };
    my $before = $ended->();
    my @pings = map { wait_for_change($_) } @phones[ 0 .. 99 ];
    all_wait( $server, 100 );
    is( $server->node->stop('TERM'), '', 'the server ends in order' );
    is( ( grep { $_->is_ready(1) } @pings ), 100, 'all their connections end' );
    is( $ended->() - $before, 100, 'and all are logged' );
};

$server->done;

subtest 'children that end after so many connections' => sub {
    my $short = start( processes => 1, global => 'MaxConnectionsPerChild 40' );
    my @some = phones( $short, 10 );
    my @pings = map { wait_for_change($_) } @some;
    my $answered = 0;
    my %seen;
    for ( 1 .. 150 ) {
        $seen{$_} = 1 for $short->node->children;
        my $passer_by = $short->client( account => 'user1', device_id => 'PASSER' );
        $passer_by->folder_sync;
        $passer_by->disconnect;
        for my $i ( 0 .. $#some ) {
            next unless $pings[$i]->is_ready;
            is( $pings[$i]->result->{status}, 1, 'a phone is answered when its child ends' )
                unless $answered++;
            $pings[$i] = wait_for_change( $some[$i] );
        }
    }
    cmp_ok( keys %seen, '>=', 3, 'there were some children' );
    cmp_ok( $answered, '>=', 10, 'phones went from child to child' );
    deliver_to_all( $short, 'for all' );
    my $told = 0;
    for my $i ( 0 .. $#some ) {
        for ( 1 .. 5 ) {
            my $status = $pings[$i]->result->{status};
            $told++ if $status == 2;
            last if $status == 2;
            $pings[$i] = wait_for_change( $some[$i] );
        }
    }
    is( $told, scalar @some, 'and all are told' );
    $short->done;
};

done_testing();
