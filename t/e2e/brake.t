#!/usr/bin/perl
# covers: Sync MoveItems FolderDelete ItemOperations Ping
# A device that removes too much of a folder at once is stopped until an administrator decides; the
# mailbox stays as it is.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start(
    admin => 'root',
    nodes => 2,
    settings => {
        MobileSyncBrakeItems => 10,
        MobileSyncHeartbeatMin => 1,
        MobileSyncCoalesce => 0
    }
);
my $admin = $server->admin;
$server->allow_errors(qr/wants to remove \d+ more of the \d+ items of folder .* it is paused/);

# A phone with so many messages in its Inbox, and their ids, the oldest first.
sub full_phone ( $count, %option ) {
    my ( $phone, $inbox ) = synced_phone( $server, count => $count, %option );
    return ( $phone, $inbox, sort { ( split /:/, $a )[-1] <=> ( split /:/, $b )[-1] }
            keys %{ $phone->items($inbox) } );
}

sub left ($phone) { return scalar keys %{ $server->mailbox( $phone->{user} )->messages } }

sub paused ($phone) { return $admin->get( device_path($phone) )->{json}{paused} }

sub decide ( $phone, $folder, $what, %query ) {
    return $admin->post( device_path( $phone, 'folders', $folder, $what ), query => \%query );
}

sub remove ( $phone, $folder, @ids ) {
    return $phone->sync( $folder, commands => [ map { $phone->delete_of($_) } @ids ] )->{status};
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox, @ids ) = full_phone( 30, account => $account, version => $version );
        my $other = $phone->twin( device_id => "OTHER$account" );
        $other->folder_sync;
        $other->initial_sync($inbox);
        is( remove( $phone, $inbox, splice @ids, 0, 6 ), 1, 'some may go' );
        is( left($phone), 24, 'and are gone' );
        is( remove( $phone, $inbox, @ids[ 0 .. 4 ] ), 5, 'too many within the time may not' );
        is( left($phone), 24, 'none of them is gone' );
        is( remove( $phone, $inbox, $ids[0] ), 5, 'nor may a single one' );
        is( $phone->sync($inbox)->{status}, 5, 'the folder is paused' );
        is( remove( $other, $inbox, $ids[0] ), 1, 'for this device only' );

        my ($pause) = @{ paused($phone) };
        is( $pause->{folder}, $inbox, 'administrators see which folder' );
        is_deeply( [ @$pause{qw(removals items)} ], [ 11, 30 ], 'and how much of it' );
        is_deeply( paused($other), [], 'and which device' );
        my $why = $admin->get( device_path( $phone, 'why' ), query => { folder => $inbox } );
        is( $why->{json}{paused}[0]{folder}, $inbox, 'why the phone does not synchronise' );

        is( decide( $phone, $inbox, 'approve', dry_run => 1 )->{status}, 200, 'a dry run' );
        is( remove( $phone, $inbox, @ids[ 1 .. 5 ] ), 5, 'does nothing' );
        is( decide( $phone, $inbox, 'approve' )->{json}{changes}, 1, 'approved' );
        is( remove( $phone, $inbox, @ids[ 1 .. 5 ] ), 1, 'the next try is done' );
        is( remove( $phone, $inbox, @ids[ 6 .. 20 ] ), 1, 'and nothing is counted for a while' );
        is( left($phone), 3, 'they are gone' );
        is( decide( $phone, $inbox, $_ )->{status}, 404, "$_: nothing is paused any more" )
            for qw(approve reject);
    }
);

subtest 'rejected' => sub {
    my ( $phone, $inbox, @ids ) = full_phone(30);
    my $box = $server->mailbox( $phone->{user} );
    is( remove( $phone, $inbox, @ids ), 5, 'all at once' );
    my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
    $box->deliver( simple_mail( subject => 'new' ) );
    ok( !$ping->is_ready(2), 'a paused folder wakes nobody, as no Sync would give anything' );
    is( decide( $phone, $inbox, 'reject', dry_run => 1 )->{json}{items}, 30, 'a dry run' );
    is( scalar @{ paused($phone) }, 1, 'does nothing' );
    is( decide( $phone, $inbox, 'reject' )->{json}{action}, 'folder.reject', 'rejected' );
    ok( $ping->is_ready(PATIENCE), 'the phone is woken' );
    is( $phone->sync($inbox)->{status}, 3, 'the folder begins anew' );
    $phone->reset_collection($inbox);
    $phone->initial_sync($inbox);
    is( scalar keys %{ $phone->items($inbox) }, 31, 'all comes back, and what was new' );
    is( left($phone), 31, 'nothing was lost' );
    my @actions = map {"$_->{action} $_->{folder}"}
        @{ $admin->get( ['audit'], query => { account => $phone->{user} } )->{json}{entries} };
    is_deeply( \@actions, ["folder.reject $inbox"], 'the audit tells' );
};

subtest 'repeats' => sub {
    my ( $phone, $inbox, @ids ) = full_phone(30);
    my $call = $phone->sync(
        $inbox,
        commands => [ map { $phone->delete_of($_) } splice @ids, 0, 6 ],
        lose => 1
    );
    $phone->repeat($call) for 1 .. 3;
    is( left($phone), 24, 'an answer that is lost again and again' );
    is_deeply( paused($phone), [], 'counts once' );
};

subtest 'moves' => sub {
    my ( $phone, $inbox, @ids ) = full_phone( 30, node => 1 );
    my $trash = $phone->folder_of_type(DELETED)->{id};
    my $move = sub (@which) {
        return join ' ',
            map { $_->{status} }
            @{ $phone->move_items( [ map { [ $_, $inbox, $trash ] } @which ] ) };
    };
    is( $move->( splice @ids, 0, 3 ), '3 3 3', 'some' );
    is( remove( $phone, $inbox, splice @ids, 0, 7 ), 1, 'moves and Deletes' );
    is( $move->( @ids[ 0, 1 ] ), '7 7', 'count together' );
    is( left($phone), 20, 'nothing is moved' );
    is( decide( $phone, $inbox, 'approve' )->{status}, 200, 'approved' );
    is( $move->( @ids[ 0, 1 ] ), '3 3', 'they may go' );
};

subtest 'nothing of a request that is refused is done' => sub {
    my ($phone) = synced_phone( $server, version => '16.1' );
    my $drafts = $phone->folder_of_type(DRAFTS)->{id};
    my $text = [ 'AirSyncBase:Body' => [ Type => 1 ], [ Data => 'hello' ] ];
    $phone->initial_sync($drafts);
    $phone->sync( $drafts, commands => [ map { $phone->add_of( "n$_", $text ) } 1 .. 12 ] );
    my @ids = sort keys %{ $phone->items($drafts) };
    is( scalar @ids, 12, 'drafts' );
    my $send = $phone->change_of( shift @ids, [ 'Email:To' => "$phone->{user}\@example.org" ],
        ['Email2:Send'] );
    my $inbox = left($phone);
    my $sync = $phone->sync( $drafts, commands => [ $send, map { $phone->delete_of($_) } @ids ] );
    is( $sync->{status}, 5, 'too many Deletes, and one that is to be sent' );
    is( left($phone), $inbox, 'it is not sent' );
    is( decide( $phone, $drafts, 'approve' )->{status}, 200, 'approved' );
    $phone->sync( $drafts, commands => [$send] );
    is( left($phone), $inbox + 1, 'now it is' );
};

subtest 'a folder as a whole' => sub {
    my ( $phone, $inbox ) = full_phone( 12, version => '14.1' );
    my $box = $server->mailbox( $phone->{user} );
    is_deeply( $phone->empty_folders( [ { folder => $inbox } ] ), [3], 'is not emptied' );
    is( left($phone), 12, 'and keeps all' );
    is( $phone->sync($inbox)->{status}, 5, 'it is paused' );
    my $id = $phone->folder_create( '0', 'Work' )->{id};
    $box->deliver( simple_mail( subject => $_ ), folder => 'Work' ) for 1 .. 11;
    is( $phone->folder_delete($id)->{status}, 6, 'nor deleted' );
    is( scalar keys %{ $box->messages('Work') }, 11, 'and keeps all' );
    is( decide( $phone, $id, 'approve' )->{status}, 200, 'unless an administrator approves' );
    is( $phone->folder_delete($id)->{status}, 1, 'it is gone' );
    my $trash = $phone->folder_of_type(DELETED)->{id};
    $box->deliver( simple_mail( subject => $_ ), folder => 'Trash' ) for 1 .. 11;
    is_deeply( $phone->empty_folders( [ { folder => $trash } ] ),
        [1], 'Deleted Items may be emptied' );
};

subtest 'a conversation' => sub {
    $server->add_account('clara');
    my $box = $server->mailbox('clara');
    $box->deliver(
        simple_mail( subject => 'Re: lunch', headers => [ [ References => '<lunch@t>' ] ] ) )
        for 1 .. 12;
    my $phone = $server->client( account => 'clara', version => '14.1' );
    $phone->folder_sync;
    my ( $inbox, $trash ) = map { $phone->folder_of_type($_)->{id} } INBOX, DELETED;
    $phone->initial_sync($inbox);
    my ($item) = values %{ $phone->items($inbox) };
    my $id = $item->property('Email2:ConversationId')->bytes;
    is( $phone->move_conversation( $id, $trash ), 154, 'is not moved' );
    is( left($phone), 12, 'none of it' );
    my $other = $phone->twin( device_id => 'OTHERCLARA' );
    $other->folder_sync;
    $other->initial_sync($inbox);
    is( left($phone), 12, 'nor is it from now on' );
    is( paused($phone)->[0]{removals}, 12, 'administrators see how much it is' );
    is( decide( $phone, $inbox, 'approve' )->{status}, 200, 'approved' );
    is( $phone->move_conversation( $id, $trash ), 1, 'it is moved' );
    is( left($phone), 0, 'as a whole' );
};

$server->done;
done_testing;
