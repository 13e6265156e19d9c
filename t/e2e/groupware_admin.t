#!/usr/bin/perl
# covers: Sync
# Items that cannot be read: a damaged file is quarantined, with its reason, where administrators
# see it, and everything else syncs. What administrators are told of folders that are no mail.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Groupware;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( admin => 'root' );
my $admin = $server->admin;
$server->allow_errors(qr/is quarantined/);

sub folder_record ( $phone, $folder ) {
    my $device = $admin->get( device_path($phone) )->{json};
    return ( grep { $_->{folder} eq $folder } @{ $device->{folders} } )[0];
}

# A series whose rule is refused, beside one that is not: shown once, and that is said.
sub check_refused ( $class, $phone, $folder, $vdir ) {
    my $remark = qr/are shown nothing of its RRULE "RSCALE=KLINGON;FREQ=YEARLY"/;
    my %rules = ( Refused => 'RSCALE=KLINGON;FREQ=YEARLY', Lunar => 'RSCALE=CHINESE;FREQ=DAILY' );
    my $logged = $server->node->error_log->count($remark);
    $server->allow_errors($remark);
    $vdir->write( $class->{collection}, "$_.ics",
        $class->{blob}->( "u-$_", $_ ) =~ s/^END:VEVENT/RRULE:$rules{$_}\r\nEND:VEVENT/mr )
        for sort keys %rules;
    sync_until( $phone, $folder, sub ($seen) { @{ $seen->{adds} } >= 2 } );
    my %id = map { $_ => item_titled( $class, $phone, $folder, $_ )->id } keys %rules;
    my $why = sub ($title) {
        return $admin->get( device_path( $phone, 'why' ), query => { item => $id{$title} } )
            ->{json}{remark};
    };
    like( $why->('Refused'), $remark, 'administrators are told that a rule is refused' );
    is( $why->('Lunar'), undef, 'nothing of one that is shown' );
    is( $server->node->error_log->count($remark) - $logged, 1, 'the log says it once' );
    $phone->sync( $folder,
        commands => [ $phone->change_of( $id{Refused}, $class->{data}->('Mine') ) ] );
    like(
        $vdir->content( $class->{collection}, 'Refused.ics' ),
        qr/^RRULE:$rules{Refused}\r?$/m,
        'a phone that edits it leaves the rule'
    );
    return;
}

each_class(
    $server,
    sub ( $class, $version, $account ) {
        my $vdir = $server->vdir($account);
        my $collection = $class->{collection};
        my $extension = $class->{extension};
        my $blob = $class->{blob};
        $vdir->create($collection);
        $vdir->write( $collection, "good$_.$extension", $blob->( "u$_", "Good $_" ) ) for 1 .. 3;
        my $damaged = $blob->( 'u-bad', 'Damaged' ) =~ s/^END:.*//msr;
        $vdir->write( $collection, "bad.$extension", $damaged );
        $vdir->write( $collection, "unreadable.$extension", $blob->( 'u-ur', 'Unreadable' ) );
        chmod 0, $vdir->path( $collection, "unreadable.$extension" );
        $vdir->write( $collection, "empty.$extension", '' );
        $vdir->write( $collection, "noise.$extension", join '', map { chr $_ % 256 } 1 .. 3000 );
        $vdir->write( $collection, 'README.txt', 'no item' );

        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        is_deeply( titles( $class, $phone, $folder ), [ map {"Good $_"} 1 .. 3 ], 'the good come' );

        # what was written a moment ago may still be being written
        my $damaged_ones = sub { scalar @{ folder_record( $phone, $folder )->{quarantined} } };
        wait_until( 'the damaged ones', sub { $phone->sync($folder); $damaged_ones->() >= 4 } );
        ok( $phone->sync($folder)->{empty}, 'nothing is tried again and again' );
        my $record = folder_record( $phone, $folder );
        is( $record->{items}, 3, 'so many items, administrators see' );
        my $quarantined = $record->{quarantined};
        is( scalar @$quarantined, 4, 'what cannot be read is quarantined' );
        like( $_->{reason}, qr/\w/, "for a reason: $_->{reason}" ) for @$quarantined;
        my $item = $quarantined->[0]{item};
        my $why =
            $admin->get( device_path( $phone, 'why' ), query => { item => $item } )->{json};
        is( $why->{verdict}, 'quarantined', 'why it is not on the phone' );
        my ($any) = keys %{ $phone->items($folder) };
        $why = $admin->get( device_path( $phone, 'why' ), query => { item => $any } )->{json};
        is( $why->{verdict}, 'held', 'and why another one is' );
        is( $vdir->content( $collection, "bad.$extension" ), $damaged, 'the file is left alone' );
        $vdir->write( $collection, "bad.$extension", $blob->( 'u-bad', 'Mended' ) );
        chmod 0600, $vdir->path( $collection, "unreadable.$extension" );
        $vdir->write( $collection, "unreadable.$extension", $blob->( 'u-ur', 'Readable' ) );
        my $seen = sync_until( $phone, $folder, sub ($seen) { @{ $seen->{adds} } >= 2 } );
        is_deeply(
            titles( $class, $phone, $folder ),
            [ 'Good 1', 'Good 2', 'Good 3', 'Mended', 'Readable' ],
            'mended, they come'
        );
        is( $damaged_ones->(), 2, 'and are quarantined no more' );

        # --- an item that the phone has is damaged ---
        my $id = item_titled( $class, $phone, $folder, 'Good 2' )->id;
        $vdir->write( $collection, "good2.$extension", $damaged );
        $vdir->edit( $collection, "good1.$extension", qr/Good 1/, 'Better 1' );
        sync_until(
            $phone, $folder,
            sub ($seen) {
                grep { $_ ne $id } @{ $seen->{changes} };
            }
        );
        ok( item_titled( $class, $phone, $folder, 'Better 1' ),
            'others go on when one is damaged' );
        my $status =
            $phone->sync( $folder,
            commands => [ $phone->change_of( $id, $class->{data}->('Over it') ) ] )
            ->{responses}{Change}[0];
        ok( !$status || $status->text('Status') != 1, 'a Change is not written over it' )
            if $phone->items($folder)->{$id};
        is( $vdir->content( $collection, "good2.$extension" ), $damaged, 'the file is left alone' );

        check_refused( $class, $phone, $folder, $vdir ) if $class->{name} eq 'Calendar';

        # --- reset ---
        my $answer = $admin->post( device_path( $phone, 'folders', $folder, 'reset' ) );
        is( $answer->{status}, 200, 'the folder is reset' );
        is( $phone->sync($folder)->{status}, 3, 'the phone begins again' );
        $phone->initial_sync($folder);
        ok( item_titled( $class, $phone, $folder, 'Mended' ), 'and gets all' );
    },
    qw(12.1 14.1 16.1)
);

$server->done;
done_testing;
