# A small disk that can be full, for the mailboxes of a server:
#
#   use MobileSync::Disk;
#   BEGIN { MobileSync::Disk::provide() }              # first of all: starts the test anew
#   my $disk = MobileSync::Disk->new;                  # undef where there can be none
#   my $server = MobileSync::Server->start( mail => $disk->folder );
#   $disk->fill; ... $disk->free;
#
# It is a tmpfs in a mount namespace of the test's own, which ends with it; who is not root has it by
# way of a user namespace, where the system allows that.
package MobileSync::Disk;
use v5.36;
use File::Temp ();
use MobileSync::Process qw(find_program);

use constant { FOLDER => 'MOBILESYNC_TEST_DISK', SIZE => '6m' };

# The command that runs another with the disk in the folder; nothing where that cannot be.
sub _wrapper ($folder) {
    my $unshare = find_program('unshare') // return;
    my @space = ( $unshare, '--mount', '--propagation', 'private' );
    my $then = 'exec "$@"';
    if ($>) {
        push @space, '--user', '--map-root-user';
        my $group = $) =~ s/ .*//r;
        $then = qq(exec $unshare --user --map-user=$> --map-group=$group -- "\$@");
    }
    my $mount = 'mount -t tmpfs -o mode=755,size=' . SIZE . ' tmpfs "$0" && ';
    return ( @space, 'sh', '-c', $mount . $then, $folder );
}

sub provide {
    return if $ENV{ (FOLDER) };
    my $folder = File::Temp->newdir( 'mobilesync-disk-XXXXXX', TMPDIR => 1 );
    chmod 0711, $folder;
    my @wrapper = _wrapper( $folder->dirname );
    return if !@wrapper;
    my $is_possible = system( 'sh', '-c', '"$@" 2>/dev/null', 'sh', @wrapper, 'true' ) == 0;
    return unless $is_possible;
    local $ENV{ (FOLDER) } = $folder->dirname;
    system @wrapper, $^X, ( map {"-I$_"} @INC ), $0;
    my $status = $?;
    undef $folder;
    exit( $status >> 8 || $status );
}

sub new ($class) {
    my $folder = $ENV{ (FOLDER) } // return undef;
    mkdir "$folder/mail" or die "$folder: $!\n";
    return bless { ballast => "$folder/ballast", folder => "$folder/mail" }, $class;
}

# Where the mailboxes go.
sub folder ($self) { return $self->{folder} }

# From now on nothing can be written.
sub fill ($self) {
    open my $file, '>:raw', $self->{ballast} or die "$self->{ballast}: $!\n";
    for my $size ( 1 << 16, 1 ) {
        1 while defined syswrite $file, 'x' x $size;
        die "$self->{ballast}: $!\n" unless $!{ENOSPC};
    }
    return;
}

sub free ($self) {
    unlink $self->{ballast} or die "$self->{ballast}: $!\n";
    return;
}

1;
