#!/usr/bin/perl
# covers: Sync FolderSync GetItemEstimate Ping
# Other programs at the mailbox: whatever they do to messages and folders arrives at the phone, and
# a message that is only being renamed is never reported gone.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Letters qw(letter deliver_letters new_phone inbox letter_ids held kept in_step);
use MobileSync::Process qw(wait_until);
use MobileSync::Server;

use constant OPTIONS => MobileSync::Letters::OPTIONS;
binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;

sub account ( $name, $letters = 10 ) {
    $server->add_account($name);
    my $box = $server->mailbox($name);
    deliver_letters( $box, 'old', $letters );
    return $box;
}

sub name_of ( $box, $subject, $folder = '' ) {
    my ($name) = grep { $box->content( $_, $folder ) =~ /^Subject: \Q$subject\E$/m }
        keys %{ $box->messages($folder) };
    return $name // die "no letter '$subject'\n";
}

subtest 'messages' => sub {
    my $box = account('messages');
    $box->create_folder('Work');
    my @phones = map { new_phone( $server, account => 'messages', version => $_ ) } qw(12.1 16.1);
    my $inbox = inbox( $phones[0] );
    my $work = $phones[0]->folder_named('Work')->{id};
    my $all = sub ($what) {
        for my $phone (@phones) {
            $phone->sync( $work, options => OPTIONS ) if $phone->collection($work)->{key} eq '0';
            my $name = "$what, $phone->{version}";
            in_step( $phone, $box, $name, eventually => 1 );
            in_step( $phone, $box, "$name, Work", eventually => 1, id => $work, folder => 'Work' );
        }
    };
    $all->('at first');
    deliver_letters( $box, 'delivered', 3 );
    deliver_letters( $box, 'appended', 3, flags => 'FS' );
    $all->('delivered');
    $box->set_flags( name_of( $box, 'old 1' ), 'S' );
    $box->set_flags( name_of( $box, 'old 2' ), 'FRS' );
    $box->set_flags( name_of( $box, 'appended 1' ), '' );
    my $result = $phones[0]->sync($inbox);
    is( scalar @{ $result->{changes} }, 3, 'Changes for what was renamed' );
    is_deeply( [ @$result{qw(adds deletes)} ], [ [], [] ], 'and nothing else' );
    $all->('flagged');
    $box->delete( name_of( $box, $_ ) ) for 'old 3', 'delivered 2';
    $all->('deleted');
    $box->move( name_of( $box, 'old 4' ), '', 'Work' );
    $box->move( name_of( $box, 'old 5' ), '', 'Work' );
    $all->('moved');
    $box->move( name_of( $box, 'old 4', 'Work' ), 'Work', '' );
    $all->('moved back');
    # All at once, and a copy of a message.
    deliver_letters( $box, 'more', 2 );
    $box->deliver( $box->content( name_of( $box, 'old 6' ) ) );
    $box->set_flags( name_of( $box, 'old 7' ), 'F' );
    $box->delete( name_of( $box, 'old 8' ) );
    $box->move( name_of( $box, 'old 9' ), '', 'Work' );
    deliver_letters( $box, 'work', 2, folder => 'Work' );
    $all->('all at once');
    # Gone before the phone ever saw it; an empty folder.
    $box->delete( $box->deliver( letter('ghost') ) );
    $all->('a ghost');
    $box->delete($_) for keys %{ $box->messages };
    $all->('all gone');
};

subtest 'changed between request and repeat' => sub {
    my $box = account('between');
    my $phone = new_phone( $server, account => 'between' );
    my $inbox = inbox($phone);
    my ($id) = letter_ids( $phone, 'old' );
    $box->delete( name_of( $box, 'old 1' ) );
    my $result = $phone->sync( $inbox,
        commands => [ $phone->change_of( $id, [ 'Email:Read', 1 ] ) ] );
    is( $result->{responses}{Change}[0]->text('Status'), 8, 'a Change of what is gone' );
    in_step( $phone, $box, 'in step', eventually => 1 );
    # Flags that others set stay when the phone sets its own.
    my ($second) = letter_ids( $phone, 'old' );
    my $name = name_of( $box, 'old 2' );
    $box->set_flags( $name, 'PR' );
    $phone->sync($inbox);
    $phone->sync( $inbox, commands => [ $phone->change_of( $second, [ 'Email:Read', 1 ] ) ] );
    is( $box->flags($name), 'PRS', 'flags the phone knows nothing of stay' );
    $phone->sync( $inbox, commands => [ $phone->delete_of($second) ] );
    my $moved = name_of( $box, 'old 2', 'Trash' );
    is( $box->flags( $moved, 'Trash' ), 'PRS', 'also in the trash' );
};

subtest 'folders' => sub {
    my $box = account('folders');
    my @phones = map { new_phone( $server, account => 'folders', version => $_ ) } qw(12.1 16.1);
    my $changes = sub ($phone) {
        my $result = $phone->folder_sync;
        is( $result->{status}, 1, 'FolderSync' );
        my $name = sub ($id) { my $folder = $phone->{folders}{$id}; $folder ? $folder->{name} : $id };
        return [ map { [ map { $name->($_) } @$_ ] } @$result{qw(added updated deleted)} ];
    };
    $box->create_folder('Work');
    is_deeply( $changes->($_), [ ['Work'], [], [] ], "created, $_->{version}" ) for @phones;
    my $work = $phones[0]->folder_named('Work');
    is( $work->{type}, 12, 'a folder of the user' );
    is( $work->{parent}, 0, 'on top' );
    $box->create_folder('Work/2024');
    $box->create_folder('Grüße & 日本');
    for my $phone (@phones) {
        my $result = $changes->($phone);
        is_deeply( [ sort @{ $result->[0] } ], [ '2024', 'Grüße & 日本' ], 'created' );
        is( $phone->folder_named('2024')->{parent}, $work->{id}, 'below Work' );
    }
    my $year = $phones[0]->folder_named('2024')->{id};
    deliver_letters( $box, 'year', 3, folder => 'Work/2024' );
    for my $phone (@phones) {
        $phone->sync( $year, options => OPTIONS );
        in_step( $phone, $box, 'its letters', id => $year, folder => 'Work/2024' );
    }
    $box->rename_folder( 'Work/2024', 'Work/2025' );
    for my $phone (@phones) {
        my $result = $changes->($phone);
        is_deeply( $result, [ [], ['2025'], [] ], 'renamed: an Update' );
        is( $phone->folder_named('2025')->{id}, $year, 'of the same folder' );
        in_step( $phone, $box, 'its letters stay', id => $year, folder => 'Work/2025' );
    }
    $box->delete_folder('Work/2025');
    for my $phone (@phones) {
        # Until it is sure that the folder is not being renamed, the others go on.
        my $inbox = inbox($phone);
        my %statuses;
        wait_until(
            'the folder to be gone',
            sub {
                my $sync = $phone->sync( [ { id => $year }, { id => $inbox } ] );
                die "the Inbox suffers\n" if $sync->{collections}{$inbox};
                my $status = $sync->{collections}{$year}{status};
                $statuses{$status} = 1;
                return $status == 12;
            }
        );
        delete @statuses{ 12, 16 };
        is_deeply( \%statuses, {}, 'Sync of a folder that is gone: 12, before that 16' );
        is( $phone->get_item_estimate( [$year] )->{$year}{status}, 2, 'GetItemEstimate' );
        is( $phone->ping( heartbeat => 60, folders => [$year] )->{status}, 7, 'Ping' );
        is_deeply( $changes->($phone), [ [], [], [$year] ], 'a Delete' );
    }
    # A new folder of the old name is another folder.
    $box->create_folder('Work/2025');
    $phones[0]->folder_sync;
    isnt( $phones[0]->folder_named('2025')->{id}, $year, 'a new folder has a new id' );
    # Several at once; the answer is lost.
    $box->delete_folder('Work/2025');
    $box->rename_folder( 'Work', 'Play' );
    $box->create_folder('Rest');
    my $call = $phones[0]->folder_sync( lose => 1 );
    $box->create_folder('Later');
    my $result = $phones[0]->repeat($call);
    is( $result->{status}, 1, 'the repeat' );
    my @expected = sort 'Grüße & 日本', 'Later', 'Play', 'Rest';
    my @names;
    eval {
        wait_until(
            'the folders to be in step',
            sub {
                $phones[0]->folder_sync;
                my @own = grep { $_->{type} == 12 } values %{ $phones[0]{folders} };
                @names = sort map { $_->{name} } @own;
                return "@names" eq "@expected";
            },
            MobileSync::Letters::EVENTUALLY
        );
    };
    is_deeply( \@names, \@expected, 'all in step' );
    is( $phones[0]->folder_named('Play')->{id}, $work->{id}, 'Work is Play now' );
    my $fresh = $server->client( account => 'folders', device_id => 'FRESH', version => '12.1' );
    $fresh->folder_sync;
    is_deeply( $fresh->{folders}, $phones[0]{folders}, 'a new phone sees the same' );
};

# Reading a directory sets its access time (with relatime where that is more than a day old).
subtest 'nothing changed' => sub {
    my $box = account( 'still', 100 );
    my $phone = new_phone( $server, account => 'still' );
    my $inbox = inbox($phone);
    my @directories = map { $box->maildir . $_ } '', '/cur', '/new';
    my ( $long_ago, $at_rest ) = ( time - 3 * 86400, time - 60 );
    my $read_by = sub ($code) {
        utime $long_ago, $at_rest, $_ or die "$_: $!\n" for @directories;
        $code->();
        return scalar grep { ( stat $_ )[8] != $long_ago } @directories;
    };
    plan skip_all => 'the file system keeps no access times'
        unless $read_by->( sub { $box->messages } );
    my $sync = sub { is_deeply( $phone->sync($inbox)->{adds}, [], 'a Sync of nothing new' ) };
    is( $read_by->($sync), 3, 'other modification times than before: the directories are read' );
    is( $read_by->($sync), 0, 'the same: they are not' );
    is( $read_by->( sub { $phone->folder_sync; $phone->get_item_estimate( [$inbox] ) } ),
        0, 'nor by FolderSync and GetItemEstimate' );
    deliver_letters( $box, 'new', 1 );
    is( scalar @{ $phone->sync($inbox)->{adds} }, 1, 'an arrival is seen' );
};

subtest 'renamers at work' => sub {
    my $box = account( 'renamers', 400 );
    my $phone = new_phone( $server, account => 'renamers' );
    my $inbox = inbox($phone);
    my $other = $server->client( account => 'renamers' );
    $other->folder_sync;
    my %ids = map { $_ => 1 } keys %{ $phone->items($inbox) };
    my @renamers = map { $box->start_renamer( '', $_ ) } 1 .. 3;
    my ( $deletes, $adds, $rounds ) = ( 0, 0, 0 );
    for my $round ( 1 .. 40 ) {
        my @new = $round % 4 ? () : deliver_letters( $box, "round $round", 1 );
        my $result = $phone->sync( $inbox, window_size => 512 );
        $deletes += @{ $result->{deletes} };
        $adds += @{ $result->{adds} };
        $rounds++;
    }
    $other->initial_sync( $inbox, options => OPTIONS );
    is( scalar keys %{ $other->items($inbox) }, 410, 'another phone gets them all' );
    is( $deletes, 0, 'no message is reported gone' );
    cmp_ok( $adds, '<=', 10, 'none is reported as new' );
    $_->stop for @renamers;
    in_step( $_, $box, 'afterwards' ) for $phone, $other;
    is( scalar( grep { !$phone->items($inbox)->{$_} } keys %ids ), 0, 'under the same ids' );
};

subtest 'the index is lost' => sub {
    my $box = account('index');
    my $phone = new_phone( $server, account => 'index' );
    my ( $inbox, $trash ) = ( inbox($phone), $phone->folder_of_type(4)->{id} );
    my %folders = %{ $phone->{folders} };
    my @ids = letter_ids( $phone, 'old' );
    my $before = kept($box);
    my @index = grep { -f } glob $box->root . '/{.,}*mobilesync*{,/*}';
    ok( scalar @index, 'there is an index' );
    # The files in use stay open: this is what a restored backup or a tidy administrator does.
    unlink @index;
    my $result = $phone->sync( $inbox, commands => [ map { $phone->delete_of($_) } @ids ] );
    is( $result->{status}, 3, 'Sync: a new generation' );
    is_deeply( kept($box), $before, 'old ids delete nothing' );
    $phone->folder_sync( key => '0' );
    $phone->initial_sync( inbox($phone), options => OPTIONS );
    in_step( $phone, $box, 'the resync' );
    my $fetched = $phone->fetch_item( inbox($phone), $ids[0], body => [ { type => 1 } ] );
    is( $fetched->{status}, 6, 'an id of before is not found' );
};

$server->done;
done_testing();
