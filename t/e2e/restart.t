#!/usr/bin/perl
# covers: Sync FolderSync Ping
# Graceful restarts while phones sync: a request is answered, or its connection ends before any
# answer and the phone repeats; nothing else.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use POSIX ();
use EAS::Client;
use MobileSync::Letters qw(letter deliver_letters new_phone inbox letter_ids held kept in_step);
use MobileSync::Process qw(wait_until);
use MobileSync::Server;

use constant { PHONES => 5, RESTARTS => 5, LETTERS => 20 };

my $server = MobileSync::Server->start( settings => { MobileSyncHeartbeatMin => 1 } );

# What a connection may end with where the request may be sent again.
my @RETRY = (
    'the connection ended before the response',
    'the connection is closed', 'cannot connect', 'writing:', 'reading:'
);
my $RETRY = do { my $any = join '|', @RETRY; qr/^(?:$any)/ };

# Calls until it is answered; dies on anything that a phone could not repeat.
sub insist ( $phone, $call ) {
    for ( 1 .. 20 ) {
        my $result = eval { $phone->repeat($call) };
        return $result if $result;
        die $@ if ref $@ || $@ !~ $RETRY;
        $phone->disconnect;
    }
    die "no answer after 20 tries\n";
}

# Files in the server's folder tell the processes of each other.
sub touch ($name) {
    open my $file, '>', $server->folder . "/$name" or die "$name: $!\n";
    close $file or die "$name: $!\n";
    return;
}

# Syncs in a loop until told to stop. Returns what went wrong, '' for nothing.
sub busy_phone ( $account, $stop ) {
    my $box = $server->mailbox($account);
    my $phone = new_phone( $server, account => $account );
    my $inbox = inbox($phone);
    touch("$account.ready");
    my ( $round, $deleted ) = ( 0, 0 );
    until ( -e $stop && $round > 3 ) {
        $round++;
        deliver_letters( $box, "round $round", 2 );
        my $result = insist( $phone, $phone->sync( $inbox, lose => 'request' ) );
        return "Sync: Status $result->{status}" if $result->{status} != 1;
        return "Sync: twice @{ $result->{duplicates} }" if @{ $result->{duplicates} };
        my ( $first, $second ) = letter_ids( $phone, "round $round" );
        return "round $round: the letters have not come" unless defined $second;
        $result = insist( $phone,
            $phone->sync( $inbox, lose => 'request', commands => [ $phone->delete_of($first),
                $phone->change_of( $second, [ 'Email:Read', 1 ] ) ] ) );
        return "operations: Status $result->{status}" if $result->{status} != 1;
        return 'operations: ' . $result->{node}->dump if $result->{responses};
        $deleted++;
        $result = insist( $phone, $phone->folder_sync( lose => 'request' ) );
        return "FolderSync: Status $result->{status}" if $result->{status} != 1;
        # A child that goes away answers its Pings, or hangs up.
        $result = insist( $phone,
            $phone->ping( heartbeat => 1, folders => [$inbox], lose => 'request' ) );
        return "Ping: Status $result->{status}" unless $result->{status} =~ /^[12]$/;
    }
    $phone->sync_until_done($inbox);
    return 'the phone is not in step' if "@{ held($phone) }" ne "@{ kept($box) }";
    my $trash = @{ kept( $box, 'Trash' ) };
    return "deleted $deleted, in the trash are $trash" if $trash != $deleted;
    return '';
}

my $stop = $server->folder . '/stop';
my %account_of;
for my $account ( map {"busy$_"} 1 .. PHONES ) {
    $server->add_account($account);
    deliver_letters( $server->mailbox($account), 'old', LETTERS );
}
for my $account ( map {"busy$_"} 1 .. PHONES ) {
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        my $wrong = eval { busy_phone( $account, $stop ) } // "died: $@";
        open my $report, '>', $server->folder . "/$account.report" or POSIX::_exit(2);
        print $report $wrong;
        close $report;
        POSIX::_exit(0);
    }
    $account_of{$pid} = $account;
}

wait_until( 'the phones to be ready',
    sub { values %account_of == grep { -e $server->folder . "/$_.ready" } values %account_of } );
my $box = $server->mailbox;
deliver_letters( $box, 'old', LETTERS );
my $phone = new_phone($server);
my $inbox = inbox($phone);
for my $restart ( 1 .. RESTARTS ) {
    my $ping = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
    my %before = map { $_ => 1 } $server->node->children;
    $server->node->graceful;
    my $result = eval { $ping->result };
    ok( $result ? $result->{status} =~ /^[12]$/ : $@ =~ $RETRY, 'a waiting Ping ends' )
        or diag( $result ? "Status $result->{status}" : $@ );
    wait_until( 'the old children to go', sub { !grep { $before{$_} } $server->node->children } );
    in_step( $phone, $box, "in step after restart $restart" );
}

touch('stop');
while (%account_of) {
    my $pid = waitpid -1, 0;
    my $account = delete $account_of{$pid} // next;
    open my $report, '<', $server->folder . "/$account.report";
    my $wrong = $report ? readline($report) // '' : 'no report';
    is( $wrong, '', "$account went through it" );
}
is( $server->node->error_log->count(qr/resuming normal operations/), 1 + RESTARTS, 'restarts' );

$server->done;
done_testing();
