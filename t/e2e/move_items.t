#!/usr/bin/perl
# MoveItems, also when its answer is lost.
# covers: MoveItems
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start;

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox, @filled ) =
            phone_with_mail( $server, account => $account, version => $version, count => 10 );
        my $box = $server->mailbox($account);
        my $trash = $phone->folder_of_type(DELETED)->{id};
        $phone->initial_sync($_) for $inbox, $trash;
        my @items =
            map { item_by_subject( $phone, $inbox, $_->{message}{subject} ) } @filled[ 0 .. 3 ];
        my @ids = map { $_->id } @items;

        my $moved =
            $phone->move_items( [ [ $ids[0], $inbox, $trash ], [ $ids[1], $inbox, $trash ] ] );
        is_deeply( [ map { $_->{status} } @$moved ], [ 3, 3 ], 'two items are moved' );
        is_deeply( [ map { $_->{source} } @$moved ], [ @ids[ 0, 1 ] ], 'and named' );
        ok( !defined $box->path( $filled[0]{name} ), 'gone from the Inbox' );
        my ($deleted) = grep { $_->{type} == DELETED } values %{ $phone->{folders} };
        is( $phone->sync($inbox)->{deletes}->@*, 2, 'the Inbox loses them with the next Sync' );
        is_deeply(
            [ sort @{ $phone->sync($trash)->{adds} } ],
            [ sort map { $_->{destination} } @$moved ],
            'the other folder gets them under the ids that the answer gave'
        );
        is(
            item_by_subject( $phone, $trash, $filled[0]{message}{subject} )->text('Email:Read'),
            $items[0]->text('Email:Read'),
            'read or not as before'
        );

        my $call = $phone->move_items( [ [ $ids[2], $inbox, $trash ] ], lose => 1 );
        my $again = $phone->repeat($call);
        is( $again->[0]{status}, 3, 'a repeated move succeeds' );
        $phone->sync($_) for $inbox, $trash;
        is(
            item_by_subject( $phone, $trash, $filled[2]{message}{subject} )->id,
            $again->[0]{destination},
            'and moved once'
        );

        my @wrong = (
            [ $ids[3], 'none', $trash ] => 1,
            [ 'none', $inbox, $trash ] => 1,
            [ $ids[3], $inbox, 'none' ] => 2,
            [ $ids[3], $inbox, $inbox ] => 4
        );
        while ( my ( $move, $status ) = splice @wrong, 0, 2 ) {
            is( $phone->move_items( [$move] )->[0]{status}, $status, "Status $status for @$move" );
        }
        ok( defined $box->path( $filled[3]{name} ), 'a move that fails loses nothing' );
    }
);

$server->done;
done_testing;
