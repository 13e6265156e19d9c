#!/usr/bin/perl
# covers: FolderCreate FolderUpdate FolderDelete
# Phones make, move, rename and delete folders: once, under the key of the hierarchy, for other
# phones and other programs to see.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start( settings => { MobileSyncCoalesce => 1 } );

sub phones ( $account, $version ) {
    my @phones = map { $server->client( account => $account, version => $version ) } 1, 2;
    $_->folder_sync for @phones;
    return @phones;
}

# What the next FolderSync brings: [ added, updated, deleted ].
sub news ($phone) { return [ @{ $phone->folder_sync }{qw(added updated deleted)} ] }

sub is_news ( $phone, $expected, $name ) {
    is_deeply( news($phone), $expected, $name );
    return;
}

use constant NOTHING => [ [], [], [] ];

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $other ) = phones( $account, $version );
        my $box = $server->mailbox($account);
        my $before = $phone->{hierarchy_key};

        my $work = $phone->folder_create( '0', 'Work' );
        is( $work->{status}, 1, 'a folder' );
        isnt( $work->{key}, $before, 'a new key' );
        is_news( $phone, NOTHING, 'under which the phone has it' );
        is_news( $other, [ [ $work->{id} ], [], [] ], 'another phone is told' );
        is( $other->{folders}{ $work->{id} }{name}, 'Work', 'its name' );
        is( $other->{folders}{ $work->{id} }{type}, 12, 'its type' );
        ok( -d $box->maildir('Work') . '/cur', 'a Maildir++ folder' );
        $box->deliver( simple_mail( subject => 'filed' ), folder => 'Work' );
        $phone->initial_sync( $work->{id} );
        is_deeply( subjects( $phone, $work->{id} ), ['filed'], 'with mail by other programs' );

        my @names = ( 'Büro & Co', 'a/b', 'v1.2.3', '日本語 📁', '~#%{}|"<>?*', '-hierarchy', '..x' );
        my %id_of;
        for my $name (@names) {
            my $made = $phone->folder_create( $work->{id}, $name );
            is( $made->{status}, 1, "a folder called $name" );
            $id_of{$name} = $made->{id};
        }
        is_news( $phone, NOTHING, 'the phone has them' );
        is_deeply( [ sort @{ news($other)->[0] } ], [ sort values %id_of ], 'the other gets them' );
        is_deeply(
            [ map { @{ $other->{folders}{ $id_of{$_} } }{qw(name parent)} } @names ],
            [ map { ( $_, $work->{id} ) } @names ],
            'as they are called, below their parent'
        );
        is( scalar( grep {/^Work\.[^.]+$/} $box->folders ), scalar @names, 'one level on disk' );

        my $status = sub (@arguments) { return $phone->folder_create(@arguments)->{status} };
        is( $status->( '0', 'Work' ), 2, 'a name that is there' );
        is( $status->( $work->{id}, 'a/b' ), 2, 'also below another' );
        is( $status->( '0', 'Inbox' ), 2, 'the Inbox' );
        is( $status->( 'nowhere', 'x' ), 5, 'no such parent' );
        is( $status->( '0', 'x', type => $_ ), 10, "type $_" ) for 2, 8, 16, 19, 'x';
        is( $status->( '0', $_ ), 10, 'no name for a folder' )
            for '', ' ', '.', "a\tb", 'x' x 257, 'ü' x 200;
        is( $status->( '0', 'x', key => $_ ), 9, "key $_" )
            for '0', 'nonsense', $before, "$phone->{hierarchy_key}0", 'x' x 80;
        is_news( $phone, NOTHING, 'nothing came of it' );

        my $padded = $phone->folder_create( '0', '  Padded ' )->{id};
        is_news( $phone, [ [], [$padded], [] ], 'spaces around a name go' );
        is( $phone->{folders}{$padded}{name}, 'Padded', 'which the phone learns' );
        is( $phone->folder_update( $padded, '0', "Padded\n" )->{status}, 1, 'again' );
        is_news( $phone, [ [], [$padded], [] ], 'and again' );
        is_news( $other, [ [$padded], [], [] ], 'the other has it without' );

        my ( $from, $to ) = @id_of{ 'a/b', 'v1.2.3' };
        is( $phone->folder_update( $from, $to, 'c.d' )->{status}, 1, 'moved and renamed' );
        is_news( $phone, NOTHING, 'the phone knows' );
        is_news( $other, [ [], [$from], [] ], 'the other is told: the same folder' );
        is_deeply( [ @{ $other->{folders}{$from} }{qw(name parent)} ], [ 'c.d', $to ],
            'elsewhere' );
        is( $phone->folder_update( $work->{id}, '0', 'Arbeit' )->{status}, 1, 'one with folders' );
        is_news( $other, [ [], [ $work->{id} ], [] ], 'those below stay below' );
        is( scalar( grep {/^Arbeit\./} $box->folders ), scalar @names, 'also on disk' );
        is( scalar keys %{ $box->messages('Arbeit') }, 1, 'with its mail' );
        $phone->sync_until_done( $work->{id} );
        is_deeply( subjects( $phone, $work->{id} ), ['filed'], 'which the phone still has' );

        $status = sub (@arguments) { return $phone->folder_update(@arguments)->{status} };
        is( $status->( $to, $work->{id}, 'Büro & Co' ), 2, 'a name that is there' );
        for my $type ( INBOX, DRAFTS, DELETED, SENT ) {
            my $id = $phone->folder_of_type($type)->{id};
            is( $status->( $id, '0', 'Mine' ), 2, "type $type stays as it is" );
            is( $phone->folder_delete($id)->{status}, 3, 'and where it is' );
        }
        is( $status->( 'nowhere', '0', 'x' ), 4, 'no such folder' );
        is( $status->( $to, 'nowhere', 'x' ), 5, 'no such parent' );
        is( $status->( $to, $from, 'x' ), 10, 'below itself' );
        is( $status->( $to, '0', 'x', key => 'nonsense' ), 9, 'a wrong key' );
        is_news( $phone, NOTHING, 'nothing came of it' );

        for my $type ( INBOX, DRAFTS, SENT ) {
            my $parent = $phone->folder_of_type($type)->{id};
            my $made = $phone->folder_create( $parent, 'Work.Below' );
            is( $made->{status}, 1, "a folder below type $type" );
            is( $phone->folder_update( $to, $parent, 'c.d' )->{status}, 1, 'another goes there' );
            is_news( $phone, NOTHING, 'the phone knows' );
            is_news( $other, [ [ $made->{id} ], [$to], [] ], 'the other is told' );
            is_deeply(
                [ map { $other->{folders}{$_}{parent} } $made->{id}, $to ],
                [ $parent, $parent ],
                'where they are'
            );
        }

        my $trash = $phone->folder_of_type(DELETED)->{id};
        is( $phone->folder_update( $to, $trash, 'v1.2.3' )->{status}, 1, 'into Deleted Items' );
        is( $phone->folder_delete($to)->{status}, 1, 'and gone' );
        is_news( $phone, NOTHING, 'the phone knows, also of the one below' );
        is_deeply(
            [ sort @{ news($other)->[2] } ],
            [ sort $to, $from ],
            'the other is told of both'
        );
        is( $phone->folder_delete($to)->{status}, 4, 'it cannot be deleted twice' );
        is( $phone->folder_delete('nowhere')->{status}, 4, 'nor one that never was' );
        is( $phone->folder_delete( $work->{id}, key => '0' )->{status}, 9, 'with key 0' );
        is( $phone->folder_delete( $work->{id} )->{status}, 1, 'with all that is in it' );
        is( scalar( grep {/^Arbeit/} $box->folders ), 0, 'on disk' );
        is( $phone->sync( $work->{id} )->{status}, 12, 'and for Sync' );
    }
);

for my $version (VERSIONS) {
    subtest "lost answers at $version" => sub {
        my $account = 'lost' . $version =~ tr/.//dr;
        $server->add_account($account);
        my ( $phone, $other ) = phones( $account, $version );
        my $box = $server->mailbox($account);
        my $call = $phone->folder_create( '0', 'Once', lose => 1 );
        my $first = $phone->repeat($call);
        is( $first->{status}, 1, 'FolderCreate again' );
        my $again = $phone->repeat($call);
        is( $again->{$_}, $first->{$_}, "again and again: the same $_" ) for qw(id key);
        is_deeply( [ grep {/^Once/} $box->folders ], ['Once'], 'one folder' );
        is_news( $phone, NOTHING, 'which the phone has' );
        is_news( $other, [ [ $first->{id} ], [], [] ], 'as the other' );

        $call = $phone->folder_update( $first->{id}, '0', 'Twice', lose => 1 );
        $first = $phone->repeat($call);
        is( $first->{status}, 1, 'FolderUpdate again' );
        is( $phone->repeat($call)->{key}, $first->{key}, 'the same key' );
        my $id = $phone->folder_named('Twice')->{id};
        $call = $phone->folder_delete( $id, lose => 1 );
        $first = $phone->repeat($call);
        is( $first->{status}, 1, 'FolderDelete again' );
        is( $phone->repeat($call)->{key}, $first->{key}, 'the same key' );
        is_news( $phone, NOTHING, 'the phone knows' );
        is_news( $other, [ [], [], [$id] ], 'the other, too' );

        $phone->folder_create( '0', 'Forgotten', lose => 1 );
        is( scalar @{ news($phone)->[0] }, 1, 'an answer lost for good comes by FolderSync' );
        is( $phone->folder_create( '0', 'Forgotten' )->{status}, 2, 'and is there' );
        $other->folder_sync;

        # While the phone knew nothing of it, somebody else made a folder.
        $box->create_folder('Foreign');
        my $own = $phone->folder_create( '0', 'Own' );
        is( $own->{status}, 1, 'with a key that is behind' );
        is( scalar @{ news($phone)->[0] }, 1, 'what others made comes with FolderSync' );
        ok( $phone->folder_named('Foreign'), 'and no more' );
    };
}

subtest 'requests at once' => sub {
    my ( $phone, $other ) = phones( 'anna', '16.1' );
    my @same = map { $phone->folder_create( '0', 'Same', async => 1 ) } 1 .. 4;
    my @results = map { $_->result } @same;
    is_deeply( [ map { $_->{status} } @results ], [ (1) x 4 ], 'the same from one phone' );
    is( scalar keys %{ { map { $_->{id} => 1 } @results } }, 1, 'one folder' );
    is( scalar keys %{ { map { $_->{key} => 1 } @results } }, 1, 'one key' );
    is_news( $phone, NOTHING, 'known' );
    $other->folder_sync;
    my @phones = ( $phone, $other );
    my @calls = map { $_->folder_create( '0', 'Race', async => 1 ) } @phones;
    is_deeply(
        [ sort map { $_->result->{status} } @calls ],
        [ 1, 2 ],
        'of two phones one makes it'
    );
    $_->folder_sync for @phones;
    is( $phone->folder_named('Race')->{id}, $other->folder_named('Race')->{id}, 'both have it' );
};

subtest 'phones that wait' => sub {
    my ( $phone, $other ) = phones( 'anna', '14.1' );
    my $inbox = $other->folder_of_type(INBOX)->{id};
    $_->initial_sync($inbox) for $phone, $other;
    my $wait =
        sub ($who) { return $who->ping( folders => [$inbox], heartbeat => 300, async => 1 ) };
    my $ends = sub ( $ping, $what ) {
        ok( $ping->is_ready(PATIENCE), "$what ends a Ping" ) or return;
        is( $ping->result->{status}, 7, 'with Status 7' );
        $other->folder_sync;
    };
    my $ping = $wait->($other);
    my $made = $phone->folder_create( '0', 'New' );
    $ends->( $ping, 'FolderCreate' );
    $ping = $wait->($other);
    $phone->folder_update( $made->{id}, '0', 'Newer' );
    $ends->( $ping, 'FolderUpdate' );
    $ping = $wait->($other);
    my $own = $wait->($phone);
    $phone->folder_delete( $made->{id} );
    $ends->( $ping, 'FolderDelete' );
    $server->mailbox('anna')->deliver( simple_mail( subject => 'news' ) );
    ok( $own->is_ready(PATIENCE), 'the Ping of who makes the changes waits for other things' );
    my $result = $own->result;
    is_deeply( [ @$result{qw(status folders)} ], [ 2, [$inbox] ], 'and gets them' );
    $phone->folder_create( '0', 'Missed' );
    is( $other->ping( folders => [$inbox], heartbeat => 300 )->{status},
        7, 'what changed before a Ping ends it' );
    $other->folder_sync;
    is( $other->ping( folders => [$inbox], heartbeat => 300 )->{status}, 2, 'FolderSync takes it' );
};

sub break_rules ($version) {
    my ($phone) = phones( 'anna', $version );
    my $status = sub ( $command, @elements ) {
        return $phone->command( $command, tree => [ "FolderHierarchy:$command", @elements ] )
            ->text('Status');
    };
    my $key = [ SyncKey => $phone->{hierarchy_key} ];
    is( $status->($_), 10, "$_ of nothing" ) for qw(FolderCreate FolderUpdate FolderDelete);
    is( $status->( $_, $key ), 10, "$_ without its folder" )
        for qw(FolderCreate FolderUpdate FolderDelete);
    is( $status->( 'FolderDelete', [ ServerId => 'x' ] ), 10, 'no SyncKey' );
    my @update = ( [ ServerId => 'x' ], [ ParentId => '0' ], [ DisplayName => 'x' ] );
    is( $status->( 'FolderUpdate', $key, @update ), 4, 'FolderUpdate as it has to be' );
    is( $status->( 'FolderUpdate', @update ), 10, 'no SyncKey' );
    is( $status->( 'FolderUpdate', $key, @update, [ Status => 1 ] ), 10, 'a Status' );
    is( $status->( 'FolderDelete', $key, [ ServerId => 'x' x 65 ] ), 10, 'a ServerId too long' );
    is_news( $phone, NOTHING, 'nothing came of it' );
    return;
}
for my $version (VERSIONS) {
    subtest "requests that break the rules at $version" => sub { break_rules($version) };
}

$server->done;
done_testing;
