#!/usr/bin/perl
# covers: Ping Sync
# Phones that wait for contacts, events, tasks and notes are told what other programs and other
# devices do to them, and not what they did themselves.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Groupware;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start(
    status => 1,
    settings => { MobileSyncCoalesce => 1, MobileSyncHeartbeatMin => 1 }
);

sub all_parked ($count) {
    wait_until( "$count to wait", sub { $server->node->waiting->{Parked} == $count } );
    return;
}

each_class(
    $server,
    sub ( $class, $version, $account ) {
        my $vdir = $server->vdir($account);
        my $collection = $class->{collection};
        my $extension = $class->{extension};
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my ($other) = class_phone( $server, $class, $account, $version );
        my $blob = $class->{blob};
        my $told = sub ( $name, $change ) {
            my $ping = wait_for_change( $phone, $folder );
            my $sync =
                $version < 14
                ? undef
                : $other->sync( $folder, heartbeat_interval => 600, async => 1 );
            all_parked( $sync ? 2 : 1 );
            $change->();
            ok( $ping->is_ready(PATIENCE), "$name: the Ping ends" ) or return;
            my $result = $ping->result;
            is( $result->{status}, 2, 'with a change' );
            is_deeply( $result->{folders}, [$folder], 'of the folder' );
            in_step( $class, $phone, $folder, $vdir, $collection, $name );

            if ($sync) {
                ok( $sync->is_ready(PATIENCE), 'so does the Sync that waits' ) or return;
                $sync->result;
            }
            in_step( $class, $other, $folder, $vdir, $collection, 'with the change' );
        };
        $told->(
            'a new file',
            sub { $vdir->write( $collection, "a.$extension", $blob->( 'u1', 'First' ) ) }
        );
        $told->(
            'a file replaced',
            sub { $vdir->edit( $collection, "a.$extension", qr/First/, 'Second' ) }
        );
        $told->(
            'a file written in place',
            sub {
                my $content = $vdir->content( $collection, "a.$extension" ) =~ s/Second/Third/gr;
                $vdir->write_in_place( $collection, "a.$extension", $content, pause => 0.3 );
            }
        );
        $told->(
            'a new file, written in place',
            sub {
                $vdir->write_in_place(
                    $collection, "b.$extension",
                    $blob->( 'u2', 'New' ),
                    pause => 0.3
                );
            }
        );
        my $third = item_titled( $class, $phone, $folder, 'Third' )->id;
        $told->(
            'a file renamed, and another one changed',
            sub {
                $vdir->rename( $collection, "a.$extension", "c.$extension" );
                $vdir->edit( $collection, "b.$extension", qr/New/, 'Newer' );
            }
        );
        ok( $phone->items($folder)->{$third}, 'the renamed one is the same item' );
        $told->( 'a file deleted', sub { $vdir->delete( $collection, "b.$extension" ) } );
        $told->(
            'an item of another device',
            sub {
                my ($third_phone) =
                    class_phone( $server, $class, $account, $version, device_id => 'THIRD' );
                add_item( $third_phone, $folder, $class->{data}->( 'Theirs', 'x' ) );
            }
        );

        my $item = add_item( $phone, $folder, $class->{data}->('Own') );
        $phone->sync( $folder,
            commands => [ $phone->change_of( $item, $class->{data}->( 'Own', 'y' ) ) ] );
        my $ping = $phone->ping( heartbeat => 2, folders => [$folder] );
        is( $ping->{status}, 1, 'what it did itself it is not told' );
    }
);

subtest 'collections' => sub {
    my $account = 'shelves';
    $server->add_account($account);
    my $vdir = $server->vdir($account);
    my ( $phone, $folder ) = folder_phone( $server, CONTACTS, account => $account );
    my $ping = wait_for_change( $phone, $folder );
    all_parked(1);
    $vdir->create( 'club', name => 'The club' );
    $vdir->write( 'club', 'a.vcf', MobileSync::Vdir::vcard( 'u1', 'Anna First' ) );
    ok( $ping->is_ready(PATIENCE), 'another program makes an address book' );
    is( $ping->result->{status}, 7, 'the phone has to ask for the folders' );
    my $result = $phone->folder_sync;
    my ($club) = map { $phone->{folders}{$_} } @{ $result->{added} };
    is_deeply( [ @$club{qw(name type)} ], [ 'The club', OWN_CONTACTS ], 'and gets it' );
    $phone->initial_sync( $club->{id} );
    is_deeply( titles( class_named('Contacts'), $phone, $club->{id} ), ['First'], 'with its item' );
};

$server->done;
done_testing;
