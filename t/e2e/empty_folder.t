#!/usr/bin/perl
# covers: ItemOperations
# EmptyFolderContents: all items of a folder go for good, with DeleteSubFolders the folders below.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

use constant MANY => 700;    # several steps

my $server = MobileSync::Server->start( settings => { MobileSyncCoalesce => 1 } );

sub statuses ( $phone, @folders ) { return $phone->empty_folders( \@folders ) }

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) = phone_with_mail(
            $server,
            account => $account,
            version => $version,
            count => 3
        );
        my $other = $phone->twin( device_id => "OTHER" . $version =~ tr/.//dr );
        my $box = $server->mailbox($account);
        my $trash = $phone->folder_of_type(DELETED)->{id};
        my ($on_disk) = grep {/^Trash$/} $box->folders;
        my $left = sub { return scalar keys %{ $box->messages($on_disk) } };
        $box->deliver( simple_mail( subject => "old $_" ), folder => $on_disk ) for 1 .. MANY;
        my $below = $phone->folder_create( $trash, 'below' )->{id};
        my $deep = $phone->folder_create( $below, 'deep' )->{id};
        $box->deliver( simple_mail( subject => 'kept' ), folder => "$on_disk/below" );
        $other->folder_sync;
        $_->initial_sync( $trash, window => 500 ) for $phone, $other;
        $phone->initial_sync($inbox);
        is( scalar keys %{ $phone->items($trash) }, MANY, 'a full folder' );

        my $ping = $other->ping( folders => [$trash], heartbeat => 300, async => 1 );
        is_deeply( statuses( $phone, { folder => $trash } ), [1], 'emptied' );
        is( $left->(), 0, 'also on disk' );
        is( scalar keys %{ $box->messages("$on_disk/below") }, 1, 'the folders below stay' );
        ok( $ping->is_ready(PATIENCE), 'who waits is told' );
        my $result = $ping->result;
        is_deeply( [ @$result{qw(status folders)} ], [ 2, [$trash] ], 'that it changed' );
        for my $device ( $phone, $other ) {
            $device->sync_until_done($trash);
            is_deeply( subjects( $device, $trash ), [], 'Sync takes the items away' );
        }
        $phone->sync_until_done($inbox);
        is( scalar keys %{ $phone->items($inbox) }, 3, 'and no others' );

        $box->deliver( simple_mail( subject => 'again' ), folder => $on_disk );
        my $call = $phone->empty_folders( [ { folder => $trash, subfolders => 1 } ], lose => 1 );
        is_deeply( $phone->repeat($call), [1], 'with the folders below, after a lost answer' );
        is( $left->(), 0, 'no items' );
        is_deeply( [ grep {/^Trash\./} $box->folders ], [], 'nor folders' );
        for my $device ( $phone, $other ) {
            is_deeply(
                [ sort @{ $device->folder_sync->{deleted} } ],
                [ sort $below, $deep ],
                'FolderSync takes those'
            );
        }
        is_deeply(
            statuses( $phone, map { { folder => $_ } } 'nowhere', $trash, 'x' x 80, '' ),
            [ 6, 1, 6, 2 ],
            'each operation on its own'
        );
        is_deeply( statuses( $phone, { folder => $below } ), [6], 'a folder that is gone' );
    }
);

$server->done;
done_testing;
