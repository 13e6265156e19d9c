#!/usr/bin/perl
# GetItemEstimate tells what the next Sync brings, and changes nothing.
# covers: GetItemEstimate
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start;

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox, @filled ) =
            phone_with_mail( $server, account => $account, version => $version, count => 30 );
        my $estimate = sub (%option) { $phone->get_item_estimate( [$inbox], %option )->{$inbox} };
        is( $estimate->()->{status}, 3, 'before the first Sync: not primed' );
        $phone->sync($inbox);
        is_deeply( $estimate->(), { status => 1, estimate => 30 }, 'after key 0: all items' );
        $phone->sync( $inbox, window_size => 10 );
        is( $estimate->()->{estimate}, 20, 'after a window of 10: the others' );
        $phone->sync_until_done($inbox);
        is( $estimate->()->{estimate}, 0, 'after all: none' );
        my $box = $server->mailbox($account);
        $box->deliver( simple_mail( subject => 'new' ) );
        $box->set_flags( $filled[1]{name}, 'S' );
        $box->delete( $filled[2]{name} );
        wait_until( 'the deletion', sub { $estimate->()->{estimate} == 3 } );
        pass('one new, one changed, one deleted');
        is( $estimate->()->{estimate}, 3, 'asking changes nothing' );
        my $sync = $phone->sync($inbox);
        is( @{ $sync->{adds} } + @{ $sync->{changes} } + @{ $sync->{deletes} },
            3, 'the Sync brings them' );
        is( $estimate->( keys => { $inbox => 'nonsense' } )->{status}, 4, 'an unknown key' );
        is( $phone->get_item_estimate( ['none'] )->{none}{status}, 2, 'an unknown folder' );
        my $sent = $phone->folder_of_type(SENT)->{id};
        $phone->sync($sent);
        my $several = $phone->get_item_estimate( [ $inbox, $sent ] );
        is_deeply(
            [ map { $_->{estimate} } @$several{ $inbox, $sent } ],
            [ 0, 0 ],
            'several folders'
        );
    }
);

$server->done;
done_testing;
