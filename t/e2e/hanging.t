#!/usr/bin/perl
# covers: Sync
# A Sync with Wait or HeartbeatInterval, parked and with a thread of its own: the same results.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

use constant LONG => 600;

for my $mpm (qw(event worker)) {
    my $server = MobileSync::Server->start(
        mpm => $mpm,
        config => 'CustomLog outcome.log "%{MOBILESYNC_OUTCOME}e"',
        settings => { MobileSyncHeartbeatMin => 1, MobileSyncCoalesce => 1 }
    );
    my $count = 0;
    my $new_phone = sub (%option) {
        my $phone = $server->client( device_id => 'HANG' . ++$count, %option );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync($inbox);
        $phone->sync_until_done($inbox);
        return ( $phone, $inbox );
    };
    my $hang = sub ( $phone, $inbox, %option ) {
        return $phone->sync( $inbox, heartbeat_interval => LONG, async => 1, %option );
    };
    deliver_mail( $server->mailbox, 'old' );

    subtest "$mpm: an empty Sync waits as the one before" => sub {
        my ( $phone, $inbox ) = $new_phone->();
        my $key = $phone->collection($inbox)->{key};
        ok( $phone->sync( $inbox, heartbeat_interval => 2 )->{empty}, 'the interval ends' );
        is( $phone->collection($inbox)->{key}, $key, 'no key has moved' );
        ok( $phone->empty_sync->{empty}, 'an empty Sync waits as long, and is empty again' );
        my $first = $hang->( $phone, $inbox );
        ok( !$first->is_ready(1), 'a longer one waits' );
        my $sync = $phone->empty_sync( async => 1 );
        ok( $first->is_ready(PATIENCE), 'an empty one ends it' );
        ok( !$sync->is_ready(1), 'and waits in its place' );
        deliver_mail( $server->mailbox, 'new' );
        ok( $sync->is_ready(PATIENCE), 'and is answered' );
        is( scalar @{ $sync->result->{collections}{$inbox}{adds} }, 1, 'with the mail' );
    };

    subtest "$mpm: Partial" => sub {
        my ( $phone, $inbox ) = $new_phone->();
        my $first = $hang->( $phone, $inbox );
        ok( !$first->is_ready(1), 'a Sync waits' );
        ok( $phone->sync( [], partial => 1, heartbeat_interval => 2 )->{empty},
            'changes how long the Sync before waits' );
    };

    subtest "$mpm: what the device changes itself is answered at once" => sub {
        my ( $phone, $inbox ) = $new_phone->();
        my ($item) = sort keys %{ $phone->items($inbox) };
        my $sync = $hang->(
            $phone, $inbox, commands => [ $phone->change_of( $item, [ 'Email:Read', 1 ] ) ]
        );
        ok( $sync->is_ready(PATIENCE), 'a Change' );
        my $key = $phone->collection($inbox)->{key};
        is( $sync->result->{status}, 1, 'Status 1' );
        isnt( $phone->collection($inbox)->{key}, $key, 'with a new key' );
        $sync = $hang->(
            $phone, $inbox, commands => [ $phone->add_of( 'c1', [ 'Email:Subject', 'x' ] ) ]
        );
        ok( $sync->is_ready(PATIENCE), 'an Add' );
        is( $sync->result->{responses}{Add}[0]->text('Status'), 6, 'which mail does not take' );
        $sync = $hang->( $phone, $inbox, commands => [ $phone->delete_of($item) ] );
        ok( $sync->is_ready(PATIENCE) && $sync->result->{status} == 1, 'a Delete' );
    };

    subtest "$mpm: another Sync of the device" => sub {
        my ( $phone, $inbox ) = $new_phone->();
        my $key = $phone->collection($inbox)->{key};
        my $first = $hang->( $phone, $inbox );
        ok( !$first->is_ready(1), 'one waits' );
        my $ping = $phone->ping( heartbeat => LONG, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(1), 'beside a Ping' );
        my $second = $hang->( $phone, $inbox );
        ok( $first->is_ready(PATIENCE), 'another one ends it' );
        ok( $first->result->{empty}, 'with nothing' );
        ok( !$second->is_ready(1), 'and waits' );
        ok( $phone->sync($inbox)->{empty}, 'one that does not wait is answered' );
        ok( $second->is_ready(PATIENCE), 'and ends it as well' );
        ok( $second->result->{empty}, 'with nothing' );
        is( $phone->collection($inbox)->{key}, $key, 'no key has moved' );
        ok( !$ping->is_ready(1), 'the Ping waits on' );
        deliver_mail( $server->mailbox, 'for the Ping' );
        is( $ping->result->{status}, 2, 'and is told' );
    };

    subtest "$mpm: the folders change" => sub {
        my ( $phone, $inbox ) = $new_phone->();
        my $sync = $hang->( $phone, $inbox );
        ok( !$sync->is_ready(2), 'a Sync waits' );
        $server->mailbox->create_folder("New $mpm");
        ok( $sync->is_ready(PATIENCE), 'and is answered' );
        is( $sync->result->{sync}{status}, 12, 'with Status 12' );
        $phone->folder_sync;
        ok( ( grep { $_->{name} eq "New $mpm" } values %{ $phone->{folders} } ),
            'FolderSync brings the folder' );
        $sync = $hang->( $phone, $inbox );
        ok( !$sync->is_ready(2), 'and a Sync waits again' );
    };

    subtest "$mpm: Wait, in minutes" => sub {
        my ( $phone, $inbox ) = $new_phone->( version => '12.1' );
        my $sync = $phone->sync( $inbox, wait => 10, async => 1 );
        ok( !$sync->is_ready(1), 'a Sync waits' );
        deliver_mail( $server->mailbox, 'for 12.1' );
        ok( $sync->is_ready(PATIENCE), 'and is answered' );
        is( scalar @{ $sync->result->{adds} }, 1, 'with the mail' );
    };

    open my $log, '<', $server->node->base . '/outcome.log' or die "outcome.log: $!\n";
    my $outcomes = join '', <$log>;
    like( $outcomes, qr{^\Q$_\E$}m, "the access log tells of '$_'" )
        for 'Sync 1', 'Sync 1 2', 'Sync 1 600', 'Sync 12 600', 'Ping 2 600';
    $server->done;
}

done_testing();
