#!/usr/bin/perl
# The program that works at a Maildir underneath the module.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use Test::More;
use MobileSync::Mailbox;
use MobileSync::Process qw(wait_until);

my $folder = File::Temp->newdir;
my $box = MobileSync::Mailbox->new("$folder/anna");

my $one = $box->deliver( "Subject: one\r\n\r\nbody \xff\n", time => 1_000_000_000 );
like( $box->path($one), qr{/Maildir/new/\Q$one\E$}, 'a delivery is in new' );
is( $box->content($one), "Subject: one\r\n\r\nbody \xff\n", 'as it is' );
is( ( stat $box->path($one) )[9], 1_000_000_000, 'with its time of arrival' );
is( $box->flags($one), '', 'without flags' );
$box->set_flags( $one, 'SF' );
like( $box->path($one), qr{/cur/\Q$one\E:2,FS$}, 'flags are sorted and move it to cur' );
is( $box->flags($one), 'FS', 'and can be read' );

$box->create_folder("Büro & Co/Ablage");
ok( -d "$folder/anna/Maildir/.B&APw-ro &- Co.Ablage/cur", 'a subfolder in Maildir++ naming' );
is_deeply( [ $box->folders ], ['B&APw-ro &- Co.Ablage'], 'is listed' );
$box->move( $one, '', 'Büro & Co/Ablage' );
is( $box->path($one), undef, 'a move' );
is( $box->flags( $one, 'Büro & Co/Ablage' ), 'FS', 'keeps the flags' );
my $two = $box->deliver( 'x', flags => 'S', folder => 'Büro & Co/Ablage' );
is( $box->flags( $two, 'Büro & Co/Ablage' ), 'S', 'an APPEND' );
$box->delete( $two, 'Büro & Co/Ablage' );
is_deeply( [ keys %{ $box->messages('Büro & Co/Ablage') } ], [$one], 'a deletion' );
$box->rename_folder( 'Büro & Co/Ablage', 'Archive' );
$box->delete_folder('Archive');
is_deeply( [ $box->folders ], [], 'folders renamed and deleted' );

my @names = map { $box->deliver("message $_") } 1 .. 50;
my $renamer = $box->start_renamer;
$box->set_flags( $_, 'T' ) for @names;
my $kinds = sub {
    my %flags = map { $_ // '' => 1 } map { scalar $box->flags($_) } @names;
    return scalar keys %flags;
};
wait_until( 'the renamer to change flags', sub { $kinds->() > 1 } );
$renamer->stop;
is_deeply( [ sort keys %{ $box->messages } ], [ sort @names ], 'a renamer loses nothing' );
cmp_ok( $kinds->(), '>', 1, 'and changes flags' );

done_testing;
