#!/usr/bin/perl
# FolderSync: the hierarchy, its changes, its sync keys.
# covers: FolderSync
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Server;

my $server =
    MobileSync::Server->start( accounts => { map { $_ => 'pw' } qw(anna bert carl dora) } );

# { name => type } of the folders that the phone knows.
sub types ($phone) {
    return { map { $_->{name} => $_->{type} } values %{ $phone->{folders} } };
}

my %account_for = ( '12.1' => 'anna', '14.1' => 'bert', '16.1' => 'carl' );
for my $version ( sort keys %account_for ) {
    subtest $version => sub {
        my $account = $account_for{$version};
        my $box = $server->mailbox($account);
        $box->create_folder('Work');
        $box->create_folder('Work/Büro & Co');
        my $phone = $server->client( account => $account, version => $version );
        my $first = $phone->folder_sync;
        is( $first->{status}, 1, 'Status 1' );
        my %type = %{ types($phone) };
        is_deeply(
            [ sort { $a <=> $b } grep { $_ < 7 } values %type ],
            [ 2, 3, 4, 5 ],
            'of mail one Inbox, Drafts, Deleted and Sent'
        );
        is( $type{Work}, 12, 'a folder of the user' );
        is( $type{'Büro & Co'}, 12, 'one below it, its name beyond ASCII' );
        is(
            $phone->folder_named('Büro & Co')->{parent},
            $phone->folder_named('Work')->{id},
            'its parent'
        );
        is( $phone->folder_of_type(2)->{parent}, 0, 'the Inbox is at the top' );

        my $next = $phone->folder_sync;
        is_deeply( [ @$next{qw(status added updated deleted)} ], [ 1, [], [], [] ], 'nothing new' );

        $box->create_folder('Neu');
        is_deeply( [ map { $phone->{folders}{$_}{name} } @{ $phone->folder_sync->{added} } ],
            ['Neu'], 'a new folder' );
        my $id = $phone->folder_named('Neu')->{id};
        $box->rename_folder( 'Neu', 'Alt' );
        my $renamed = $phone->folder_sync;
        is_deeply( $renamed->{updated}, [$id], 'a renamed folder keeps its id' );
        is( $phone->{folders}{$id}{name}, 'Alt', 'and has its new name' );
        $box->delete_folder('Alt');
        my $deleted;
        wait_until( 'the deletion', sub { @{ $deleted = $phone->folder_sync->{deleted} } } );
        is_deeply( $deleted, [$id], 'a deleted folder' );
    };
}

subtest 'keys' => sub {
    my $phone = $server->client( account => 'dora' );
    my $box = $server->mailbox('dora');
    my $first = $phone->folder_sync;
    my %ids = map { $_ => 1 } keys %{ $phone->{folders} };
    my $again = $phone->folder_sync( key => '0' );
    is( $again->{key}, $first->{key}, 'key 0 again before the first key is used: the same key' );
    $phone->folder_sync;
    is( $phone->folder_sync( key => '0' )->{status}, 1, 'key 0 again later' );
    is_deeply( { map { $_ => 1 } keys %{ $phone->{folders} } }, \%ids, 'the ids are the same' );
    my $known = $phone->{hierarchy_key};

    for my $key ( 'nonsense', "${known}0", '1', 'x' x 64 ) {
        is( $phone->folder_sync( key => $key )->{status}, 9, "key $key is unknown" );
    }

    $box->create_folder('Lost');
    my $call = $phone->folder_sync( lose => 1 );
    my $before = keys %{ $phone->{folders} };
    my $result = $phone->repeat($call);
    is( scalar @{ $result->{added} }, 1, 'a lost answer comes again' );
    is_deeply( $result->{duplicates}, [], 'once' );
    is( scalar keys %{ $phone->{folders} }, $before + 1, 'with the folder' );
    is_deeply( $phone->folder_sync->{added}, [], 'and not a third time' );

    $server->redis->command('FLUSHALL');
    is( $phone->folder_sync->{status}, 9, 'state lost: start over' );
    $phone->folder_sync( key => '0' );
    is( scalar( grep { $phone->{folders}{$_} } keys %ids ), scalar keys %ids, 'with the same ids' );
};

$server->done;
done_testing;
