# What t/unit/kind_show makes of files: the items of a class as a client gets them, and what becomes of
# them when it sends something.
package MobileSync::KindShow;
use v5.36;
use Encode ();
use File::Temp ();
use Exporter qw(import);
our @EXPORT_OK = qw(show slurp spew);

my $program = ( $ENV{top_builddir} // '.' ) . '/t/unit/kind_show';

sub available () { return -x $program }

# mode: sync, fetch, edit (then an element and its value). For each path: bytes, '' where it cannot be
# done; of an edit same: whether the item stays the very same when it comes back as it was given.
sub show ( $class, $mode, $version, $type, $paths, @edit ) {
    my $list = File::Temp->new;
    print {$list} "$_\n" for @$paths;
    close $list;
    my @arguments = map { Encode::encode( 'UTF-8', $_ ) } "--$mode", $class, $version, $type, @edit;
    my $command = join ' ', map { "'" . s/'/'\\''/gr . "'" } $program, @arguments;
    open my $out, '-|:raw', "$command < '$list' 2>/dev/null" or die "$program: $!\n";
    my @shown;
    for my $path (@$paths) {
        my ( $length, $same ) = split ' ', <$out> // die "$program said nothing for $path\n";
        read( $out, my $bytes, $length ) == $length or die "$program: too short for $path\n";
        push @shown, { bytes => $bytes, same => $same };
    }
    close $out or die "$program failed\n";
    return @shown;
}

sub slurp ($path) {
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/ = undef;
    return scalar <$file>;
}

# Returns the path.
sub spew ( $path, $bytes ) {
    open my $file, '>:raw', $path or die "$path: $!\n";
    print {$file} $bytes;
    close $file or die "$path: $!\n";
    return $path;
}

1;
