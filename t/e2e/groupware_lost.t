#!/usr/bin/perl
# covers: Sync MoveItems
# Contacts, events, tasks and notes when answers are lost, requests repeated, children killed, and
# Redis and the index gone: what a phone does is done once, and what others did meanwhile stays.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use File::Path ();
use Test::More;
use Time::HiRes ();
use MobileSync::Groupware;
use MobileSync::Letters qw(insist);
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

use constant { CRASHES => 3, ITEMS => 6 };

my $server = MobileSync::Server->start( nodes => 2 );

sub add_status ($result) { return $result->{responses}{Add}[0]->text('Status') }

sub added ($result) {
    return map { $_->text('ServerId') } @{ $result->{responses}{Add} };
}

each_class(
    $server,
    sub ( $class, $version, $account ) {
        my $vdir = $server->vdir($account);
        my $collection = $class->{collection};
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my ($other) = class_phone( $server, $class, $account, $version );
        my $data = $class->{data};
        my $is_kept = sub ( $expected, $name ) {
            is_deeply( kept( $class, $vdir, $collection ), $expected, $name );
        };

        # --- Add ---
        my $call = $phone->sync(
            $folder,
            lose => 1,
            commands => [ $phone->add_of( 'c1', $data->( 'New', 'x' ) ) ]
        );
        $is_kept->( ['New [x]'], 'added; the answer is lost' );
        $phone->repeat( $call, lose => 1 );
        my $result = $phone->repeat($call);
        $is_kept->( ['New [x]'], 'repeated twice: once' );
        my ($id) = added($result);
        ok( defined $id, 'the repeat names it' );
        is_deeply( $other->sync($folder)->{adds}, [$id], 'another phone gets that' );
        ok( $phone->sync($folder)->{empty}, 'the phone itself has it' );

        $call = $phone->sync(
            $folder,
            lose => 1,
            commands => [ $phone->add_of( 'c2', $data->( 'Second', 'x' ) ) ]
        );
        $result = $phone->sync( $folder,
            commands => [ $phone->add_of( 'c2', $data->( 'Second', 'y' ) ) ] );
        is( add_status($result), 1, 'the answer is lost, and the item changed on the phone since' );
        $is_kept->( [ 'New [x]', 'Second [y]' ], 'it is the same item' );
        in_step( $class, $_, $folder, $vdir, $collection, 'in step' ) for $phone, $other;
        my $second = item_titled( $class, $phone, $folder, 'Second' )->id;

        $call = $phone->sync(
            $folder,
            lose => 1,
            commands => [ $phone->add_of( 'c3', $data->('Third') ) ]
        );
        $vdir->delete( $collection, ( has_file( $class, $vdir, $collection, 'Third' ) )[0] );
        $result = $phone->repeat($call);
        is( $result->{status}, 1, 'an Add of what another program deleted since' );
        in_step( $class, $phone, $folder, $vdir, $collection, 'is not made again' );
        $is_kept->( [ 'New [x]', 'Second [y]' ], 'as is seen' );

        # --- Change ---
        $call = $phone->sync(
            $folder,
            lose => 1,
            commands => [ $phone->change_of( $id, $data->( 'Newer', 'z' ) ) ]
        );
        $is_kept->( [ 'Newer [z]', 'Second [y]' ], 'changed; the answer is lost' );
        my ($file) = has_file( $class, $vdir, $collection, 'Newer' );
        $vdir->edit( $collection, $file, qr/^(?=(?:END:VCARD|END:V(?!CAL)))/m, kept_line . "\r\n" );
        my $content = $vdir->content( $collection, $file );
        $result = $phone->repeat($call);
        is( $result->{status}, 1, 'repeated' );
        is( $vdir->content( $collection, $file ), $content, 'what others wrote since stays' );
        in_step( $class, $_, $folder, $vdir, $collection, 'in step' ) for $phone, $other;

        $call = $phone->sync(
            $folder,
            lose => 1,
            commands => [ $phone->change_of( $id, $data->( 'Newest', 'z' ) ) ]
        );
        $vdir->edit( $collection, $file, qr/Newest/, 'Other' );
        is( $phone->repeat($call)->{status}, 1, 'another program changed the same since' );
        $is_kept->( [ 'Other [z]', 'Second [y]' ], 'the repeat does not' );
        in_step( $class, $_, $folder, $vdir, $collection, 'in step' ) for $phone, $other;

        # --- Delete ---
        $call =
            $phone->sync( $folder, lose => 1, commands => [ $phone->delete_of($second) ] );
        $is_kept->( ['Other [z]'], 'deleted; the answer is lost' );
        $vdir->write( $collection, "new.$class->{extension}",
            $class->{blob}->( 'u-n', 'Meanwhile' ) );
        is( $phone->repeat($call)->{status}, 1, 'repeated' );
        in_step( $class, $_, $folder, $vdir, $collection, 'in step' ) for $phone, $other;
        $is_kept->( [ 'Meanwhile', 'Other [z]' ], 'and nothing else is gone' );

        # --- all at once, of which the phone learns nothing but by a new request ---
        my $meanwhile = item_titled( $class, $phone, $folder, 'Meanwhile' )->id;
        $phone->sync(
            $folder,
            lose => 'hang up',
            commands => [
                $phone->add_of( 'c4', $data->( 'Fourth', 'x' ) ),
                $phone->change_of( $id, $data->( 'Mine', 'z' ) ),
                $phone->delete_of($meanwhile)
            ]
        );
        $call = $phone->last_call;
        is( insist( $phone, $call )->{status}, 1, 'hung up, repeated' );
        $is_kept->( [ 'Fourth [x]', 'Mine [z]' ], 'each is done once' );
        in_step( $class, $_, $folder, $vdir, $collection, 'in step' ) for $phone, $other;
    }
);

# --- crashes ---

sub kill_children ($node) {
    my @children = $node->children;
    $node->expect_killed(@children);
    kill KILL => @children;
    return;
}

sub go_to ( $phone, $number ) {
    $phone->disconnect;
    $phone->{port} = $server->node($number)->port;
    return;
}

each_class(
    $server,
    sub ( $class, $version, $first_account ) {
        my $account = "crash$first_account";
        $server->add_account($account);
        my $vdir = $server->vdir($account);
        my $collection = $class->{collection};
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my $data = $class->{data};
        my @ids = map { add_item( $phone, $folder, $data->("item $_") ) } 1 .. 2 * CRASHES;
        for my $crash ( 0 .. CRASHES - 1 ) {
            my $node = $server->node(0);
            go_to( $phone, 0 );
            my @commands = (
                $phone->change_of( $ids[ 2 * $crash ], $data->( "changed $crash", 'x' ) ),
                $phone->delete_of( $ids[ 2 * $crash + 1 ] ),
                map { $phone->add_of( "c$crash-$_", $data->("new $crash $_") ) } 1 .. ITEMS
            );
            my $call = $phone->sync( $folder, commands => \@commands, lose => 'request' );
            my $pending = $phone->repeat( $call, async => 1 );
            Time::HiRes::sleep( rand 0.02 );
            kill_children($node);
            eval { $pending->{http}->read_response };
            go_to( $phone, 1 );
            is( insist( $phone, $call )->{status}, 1, 'killed amid it, repeated at another node' );
            $node->await_children;
            my @expected = (
                ( map {"changed $_ [x]"} 0 .. $crash ),
                ( map {"item @{[ 2 * $_ + 1 ]}"} $crash + 1 .. CRASHES - 1 ),
                ( map {"item @{[ 2 * $_ + 2 ]}"} $crash + 1 .. CRASHES - 1 ),
                map {
                    my $done = $_;
                    map {"new $done $_"} 1 .. ITEMS
                } 0 .. $crash
            );
            is_deeply( kept( $class, $vdir, $collection ), [ sort @expected ], 'each done once' );
            in_step( $class, $phone, $folder, $vdir, $collection, 'in step' );
        }
        go_to( $phone, 0 );

        my $call = $phone->sync(
            $folder,
            lose => 1,
            commands => [ $phone->add_of( 'r', $data->('Restarted') ) ]
        );
        $server->redis->restart;
        is( insist( $phone, $call )->{status}, 1, 'Redis restarts between request and repeat' );
        in_step( $class, $phone, $folder, $vdir, $collection, 'in step' );

        my $held = titles( $class, $phone, $folder );
        my $before = $vdir->contents($collection);
        $server->redis->command('FLUSHALL');
        is( $phone->sync( $folder, commands => [ $phone->delete_of( $ids[0] ) ] )->{status},
            3, 'Redis loses everything' );
        $phone->folder_sync( key => '0' );
        $phone->initial_sync($folder);
        is_deeply( titles( $class, $phone, $folder ), $held, 'the phone gets it all again' );
        is_deeply( $vdir->contents($collection), $before, 'nothing is changed' );

        # --- the index: what an administrator restores, or a disk loses ---
        my %names = map { $_->{name} => $_->{id} } values %{ $phone->{folders} };
        $server->node($_)->graceful for 0, 1;
        File::Path::remove_tree( $server->mail_root . "/$account/mobilesync" );
        $phone->disconnect;
        my $result = insist( $phone, $phone->sync( $folder, lose => 'request' ) );
        is( $result->{status}, 3, 'the index is lost: a new generation' );
        $phone->folder_sync( key => '0' );
        is_deeply( { map { $_->{name} => $_->{id} } values %{ $phone->{folders} } },
            \%names, 'of the same folders' );
        $phone->initial_sync($folder);
        in_step( $class, $phone, $folder, $vdir, $collection, 'all is there, once' );
        is_deeply( $vdir->contents($collection), $before, 'and no file changed' );
    },
    qw(12.1 16.1)
);

$server->allow_errors( qr/redis/i, qr/AH10392: children are killed successively/ );
$server->done;
done_testing;
