#!/usr/bin/perl
# covers: Sync SendMail MoveItems FolderCreate FolderSync
# The disk of the mailboxes is full: every phone is told, nothing is lost or half done, and once
# there is room again all goes on where it was.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Disk;
use MobileSync::Letters qw(deliver_letters new_phone inbox letter_ids kept in_step);
use MobileSync::Scenario;
use MobileSync::Server;

BEGIN { MobileSync::Disk::provide() }

my $disk = MobileSync::Disk->new
    // plan skip_all => 'no file system of its own can be mounted here';
my $server = MobileSync::Server->start( mail => $disk->folder, accounts => {}, processes => 1 );

# What an operator reads.
my $warning = qr/mobilesync:warn.*disk is full/;

# Status, or "HTTP" and the code.
sub outcome ($code) {
    my $result = eval { $code->() };
    return $result ? $result->{status} : ref $@ ? 'HTTP ' . $@->status : die $@;
}

for my $version (qw(12.1 16.1)) {
    my ( $sender, $friend ) = map { "$_$version" =~ tr/.//dr } qw(anna bo);
    my $address = "$sender\@example.org";
    $server->add_account($_) for $sender, $friend;
    my ( $box, $friend_box ) = map { $server->mailbox($_) } $sender, $friend;
    deliver_letters( $box, 'old', 8, flags => '' );
    my ( $phone, $other ) =
        map { new_phone( $server, account => $_, version => $version ) } $sender, $friend;
    my ( $inbox, $trash ) = ( inbox($phone), $phone->folder_of_type(DELETED)->{id} );
    my @ids = letter_ids( $phone, 'old' );
    in_step( $phone, $box, 'at first' );

    subtest "full, $version" => sub {
        $disk->fill;
        my $log = $server->node->error_log;
        my $before = $log->count($warning);
        my $mime = simple_mail(
            from => $address,
            to => "$friend\@example.org",
            subject => 'tight',
            body => "A line of it.\n" x 5000
        );
        my $sending = $phone->send_mail( $mime, save => 1, lose => 1 );
        my $change = $phone->sync(
            $inbox,
            commands => [
                $phone->change_of( $ids[0], [ 'Email:Read', 1 ] ),
                $phone->delete_of( $ids[1] )
            ],
            lose => 'request'
        );
        $box->set_flags( ( sort keys %{ $box->messages } )[4], 'S' );
        my @attempts = (
            [ SendMail => sub { $phone->repeat($sending) }, 'HTTP 500', 120 ],
            [ 'Sync with changes' => sub { $phone->repeat($change) }, 9, 9 ],
            [ 'Sync of others\' changes' => sub { $phone->sync($inbox) }, 9, 9 ],
            [ MoveItems => sub { $phone->move_items( [ [ $ids[2], $inbox, $trash ] ] )->[0] }, 5, 5 ],
            [ FolderCreate => sub { $phone->folder_create( 0, 'Tight' ) }, 'HTTP 507', 113 ],
        );
        for my $attempt (@attempts) {
            my ( $name, $code, $old, $new ) = @$attempt;
            is( outcome($code), $version eq '12.1' ? $old : $new, "$name is refused" );
        }
        ok( $log->count($warning) > $before, 'an operator is told' );
        is( scalar @{ kept($box) } + @{ kept( $box, 'Trash' ) }, 8, 'no message is lost' );
        is_deeply( [ map { glob "$_/tmp/*" } map { $_->maildir } $box, $friend_box ],
            [], 'nothing is half written' );

        $disk->free;
        is( outcome( sub { $phone->repeat($sending) } ), 1, 'room again: the message goes out' );
        is( scalar @{ kept($friend_box) }, 1, 'once' );
        is( scalar @{ kept( $box, 'Sent' ) }, 1, 'with a copy' );
        is( outcome( sub { $phone->repeat($change) } ), 1, 'the changes are taken' );
        in_step( $_, $server->mailbox( $_->{user} ), 'in step', eventually => 1 )
            for $phone, $other;
        is( scalar( grep { /\[read\]/ } @{ kept($box) } ), 2, 'with the flags of both' );
        is( $phone->folder_sync->{status}, 1, 'FolderSync' );
    };
}
$server->allow_errors($warning);
$server->done;
done_testing;
