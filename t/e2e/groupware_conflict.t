#!/usr/bin/perl
# covers: Sync
# Two sides change the same contact, event, task or note: what Conflict says holds, nothing is lost
# without being told, and in the end all have the same.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Groupware;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start;

each_class(
    $server,
    sub ( $class, $version, $account ) {
        my $vdir = $server->vdir($account);
        my $collection = $class->{collection};
        my $data = $class->{data};
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my ($other) = class_phone( $server, $class, $account, $version );
        my $change = sub ( $phone, $id, $title, $conflict, @tags ) {
            my $result = $phone->sync(
                $folder,
                options => { conflict => $conflict },
                commands => [ $phone->change_of( $id, $data->( $title, @tags ) ) ]
            );
            is( $result->{status}, 1, 'Sync' );
            my $response = $result->{responses}{Change}[0];
            return $response ? $response->text('Status') : 1;
        };
        my $new = sub ($title) {
            my $id = add_item( $phone, $folder, $data->( $title, 'begin' ) );
            $other->sync_until_done($folder);
            return $id;
        };
        my $agree = sub ( $title, $tags, $name ) {
            in_step( $class, $_, $folder, $vdir, $collection, $name ) for $phone, $other;
            my ( $file, $content ) = has_file( $class, $vdir, $collection, $title );
            is_deeply( tags_in($content), $tags, "$name: who won" );
            return $file;
        };

        # --- two devices ---
        my $id = $new->('server');
        is( $change->( $other, $id, 'server', 1, 'theirs' ), 1, 'another device changes' );
        is( $change->( $phone, $id, 'server', 1, 'mine' ), 7, 'the server wins: Status 7' );
        $agree->( 'server', ['theirs'], 'the server wins' );

        $id = $new->('client');
        is( $change->( $other, $id, 'client', 0, 'theirs' ), 1, 'another device changes' );
        is( $change->( $phone, $id, 'client', 0, 'mine' ), 1, 'the client wins' );
        $agree->( 'client', ['mine'], 'the client wins' );

        $id = $new->('same');
        $change->( $other, $id, 'same', 1, 'ours' );
        is( $change->( $phone, $id, 'same', 1, 'ours' ), 1, 'both say the same: no conflict' );
        $agree->( 'same', ['ours'], 'the same' );

        # --- another program ---
        $id = $new->('program');
        my ($file) = has_file( $class, $vdir, $collection, 'program' );
        $vdir->edit( $collection, $file, qr/begin/, 'theirs' );
        is( $change->( $phone, $id, 'program', 1, 'mine' ), 7, 'another program was faster' );
        $agree->( 'program', ['theirs'], 'it wins' );
        $vdir->edit( $collection, $file, qr/theirs/, 'again' );
        is( $change->( $phone, $id, 'program', 0, 'mine' ), 1, 'and when the client shall win' );
        $agree->( 'program', ['mine'], 'the client does' );
        $vdir->edit( $collection, $file, qr/^(?=(?:END:VCARD|END:V(?!CAL)))/m, kept_line . "\r\n" );
        is( $change->( $phone, $id, 'program', 0, 'more' ), 1, 'a line that no phone knows' );
        like( ( has_file( $class, $vdir, $collection, 'program' ) )[1],
            qr/^\Q@{[kept_line]}\E\r$/m, 'stays, whoever wins' );
        $agree->( 'program', ['more'], 'the client wins' );

        # --- a Delete takes precedence (MS-ASCMD R2076) ---
        $id = $new->('deleted here');
        is( $change->( $other, $id, 'deleted here', 1, 'theirs' ), 1, 'another device changes' );
        my $result = $phone->sync( $folder, commands => [ $phone->delete_of($id) ] );
        is( $result->{status}, 1, 'what this one deletes' );
        in_step( $class, $_, $folder, $vdir, $collection, 'gone' ) for $phone, $other;
        ok( !$phone->items($folder)->{$id}, 'for all' );

        $id = $new->('deleted there');
        $vdir->delete( $collection,
            ( has_file( $class, $vdir, $collection, 'deleted there' ) )[0] );
        is( $change->( $phone, $id, 'deleted there', $_, 'mine' ), 8, "gone, Conflict $_" )
            for 0, 1;
        in_step( $class, $_, $folder, $vdir, $collection, 'gone' ) for $phone, $other;
        ok( !$phone->items($folder)->{$id}, 'for all' );

        # --- the same item twice in a request ---
        $id = $new->('twice');
        $result = $phone->sync( $folder,
            commands =>
                [ map { $phone->change_of( $id, $data->( 'twice', $_ ) ) } qw(first second) ] );
        is_deeply( $result->{responses}{Change} // [], [], 'no conflict with itself' );
        $agree->( 'twice', ['second'], 'the last one counts' );
    }
);

$server->done;
done_testing;
