#!/usr/bin/perl
# covers: ItemOperations Sync Ping
# Conversations that are always moved, or ignored: ItemOperations Move (14.0 on).
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $number = 0;

# A message of a thread. Returns its Subject.
sub deliver ( $box, $thread, %option ) {
    $number++;
    my $id = $option{first} ? $thread : "$thread.$number";
    my @refers = $option{first} ? () : [ References => "<$thread\@t>" ];
    deliver_mail( $box, "$thread $number", headers => [ [ 'Message-ID' => "<$id\@t>" ], @refers ] );
    return "$thread $number";
}

# Subjects of what a phone has of a folder once it has all.
sub synced_subjects ( $phone, $folder ) {
    $phone->sync_until_done($folder);
    return subjects( $phone, $folder );
}

for my $version (qw(14.0 14.1 16.0 16.1)) {
    subtest "protocol $version" => sub {
        my $account = 'anna' . $version =~ tr/.//dr;
        my $server = MobileSync::Server->start( accounts => { $account => 'secret' } );
        my $box = $server->mailbox($account);
        my $phone = $server->client( account => $account, version => $version );
        $phone->folder_sync;
        my %folder = map { $_ => $phone->folder_of_type($_)->{id} } INBOX, DRAFTS, DELETED, SENT;
        my $target = $phone->folder_create( 0, 'Project' )->{id};
        my @own = deliver( $box, 'plan', first => 1 );
        push @own, deliver( $box, 'plan' );
        my @other = deliver( $box, 'other', first => 1 );

        for ( values %folder, $target ) {
            $phone->initial_sync( $_, options => { filter_type => 0 } );
        }
        my $item = item_by_subject( $phone, $folder{ +INBOX }, $own[0] );
        my $id = $item->property('Email2:ConversationId')->bytes;
        is( length $id, 16, 'the conversation has an id' );

        is( $phone->move_conversation( $id, $target, once => 1 ),
            155, 'without MoveAlways: Status 155' );
        is( $phone->move_conversation( $id, 'nosuch' ), 156, 'to a folder that is none: 156' );
        is( $phone->move_conversation( $id, $folder{ +DRAFTS } ), 156, 'to Drafts: 156' );
        is( $phone->move_conversation( 'short', $target ), 2, 'an id that is none: 2' );
        is_deeply( synced_subjects( $phone, $target ), [], 'nothing was moved by these' );

        is( $phone->move_conversation( $id, $target ), 1, 'to a folder' );
        is( $phone->move_conversation( $id, $target ), 1, 'and once more, as after a lost answer' );
        is_deeply( synced_subjects( $phone, $target ), [ sort @own ], 'its messages are there' );
        is_deeply( synced_subjects( $phone, $folder{ +INBOX } ),
            \@other, 'and gone from the Inbox' );
        push @own, deliver( $box, 'plan' );
        push @other, deliver( $box, 'other' );
        is_deeply(
            synced_subjects( $phone, $folder{ +INBOX } ),
            [ sort @other ],
            'later ones go there'
        );
        is_deeply( synced_subjects( $phone, $target ), [ sort @own ], 'too' );

        # a waiting phone is not woken for what it does not get
        my $pending = $phone->ping( heartbeat => 60, folders => [ $folder{ +INBOX } ], async => 1 );
        ok( !$pending->is_ready(0.5), 'a Ping waits' );
        push @own, deliver( $box, 'plan' );
        ok( !$pending->is_ready(1.5), 'it goes on to wait when a moved one arrives' );
        push @other, deliver( $box, 'other' );
        ok( $pending->is_ready(PATIENCE), 'and ends with another one' );
        is( $pending->result->{status}, 2, 'that it tells' );
        is_deeply(
            synced_subjects( $phone, $folder{ +INBOX } ),
            [ sort @other ],
            'and that is there'
        );
        is_deeply(
            synced_subjects( $phone, $target ),
            [ sort @own ],
            'while the other is where it belongs'
        );

        # ignored from now on; the newer word counts
        is( $phone->move_conversation( $id, $folder{ +DELETED } ), 1, 'ignored' );
        is_deeply(
            synced_subjects( $phone, $folder{ +DELETED } ),
            [ sort @own ],
            'all are deleted'
        );
        push @own, deliver( $box, 'plan' );
        $server->redis->command('FLUSHALL');
        my $again = $server->client( account => $account, version => $version, device_id => 'NEW' );
        $again->folder_sync;
        for ( @folder{ INBOX, DELETED } ) {
            $again->initial_sync( $_, options => { filter_type => 0 } );
        }
        is_deeply(
            synced_subjects( $again, $folder{ +INBOX } ),
            [ sort @other ],
            'which another device sees, and Redis need not know'
        );
        is_deeply(
            synced_subjects( $again, $folder{ +DELETED } ),
            [ sort @own ],
            'the later one as well'
        );
        $again->folder_sync;
        is( $again->folder_delete($target)->{status}, 1,
            'the folder of the first move is deleted' );
        is_deeply(
            synced_subjects( $again, $folder{ +INBOX } ),
            [ sort @other ],
            'nothing happens'
        );
        $server->done;
    };
}

done_testing();
