#!/usr/bin/perl
# Events of real programs (the test data of Debian's source packages) go to a phone at every version and
# come back: what the phone gets is valid, and of what comes back as it was shown every byte stays.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use Test::More;
use EAS::Schema;
use EAS::WBXML;
use MobileSync::RealFiles;

my $build = $ENV{top_builddir} // "$FindBin::Bin/../..";
my $show = "$build/t/unit/kind_show";
plan skip_all => "t/unit/kind_show is not built" unless -x $show;
my %files = MobileSync::RealFiles::files('ics');
plan skip_all => MobileSync::RealFiles::reason() unless %files;

# A file may have many events: an item is what has one UID, as a vdir keeps it.
sub items ($bytes) {
    my ( %events, @order, @zones );
    while ( $bytes =~ m{^(BEGIN:(VEVENT|VTIMEZONE)\r?\n.*?^END:\2[ \t]*\r?\n?)}msgi ) {
        my ( $text, $name ) = ( $1, uc $2 );
        if ( $name eq 'VTIMEZONE' ) { push @zones, $text; next }
        my $uid = $text =~ m{^UID[^:\n]*:(.*?)\r?$}mi ? $1 : '';
        push @order, $uid unless $events{$uid};
        $events{$uid} .= $text;
    }
    return map {
              "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
            . join( '', @zones )
            . $events{$_}
            . "END:VCALENDAR\r\n"
    } @order;
}

my $folder = File::Temp->newdir;
my ( @paths, %source, %programs );
for my $package ( sort keys %files ) {
    for my $path ( @{ $files{$package} } ) {
        open my $file, '<:raw', $path or next;
        my $n = 0;
        my $bytes = do { local $/; <$file> }
            // q{};
        for my $item ( items($bytes) ) {
            last if ++$n > 100;    # some have thousands of a kind
            push @paths, sprintf '%s/%05d.ics', $folder, scalar @paths;
            $source{ $paths[-1] } = "$path ($n)";
            $programs{$package}++;
            open my $out, '>:raw', $paths[-1] or die "$paths[-1]: $!\n";
            print {$out} $item;
            close $out;
        }
    }
}
note "$_: $programs{$_} events" for sort keys %programs;
cmp_ok( scalar keys %programs, '>=', 6, 'events of at least six programs' );

# What the tool says of each file: the numbers of a line, and the bytes behind it.
sub each_file (@command) {
    my $list = File::Temp->new;
    print {$list} "$_\n" for @paths;
    close $list;
    open my $out, '-|:raw', "'$show' @command < '$list' 2> '$folder/errors'" or die "$show: $!\n";
    my @said;
    for my $path (@paths) {
        my @numbers = split ' ', <$out> // die "$show said nothing for $source{$path}\n";
        read( $out, my $bytes = '', $numbers[0] ) == $numbers[0]
            or die "$show: too short for $path\n";
        push @said, [ $path, $bytes, @numbers ];
    }
    close $out or die "$show failed\n";
    return @said;
}

# All lines, unfolded, but those that an edit of Sensitivity has to do with.
sub lines ($bytes) {
    $bytes =~ s{\r?\n[ \t]}{}g;
    return join '', grep { !/^(?:CLASS|LAST-MODIFIED|DTSTAMP|SEQUENCE)\b/i } $bytes =~ m{(.*\n)}g;
}

for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
    my ( @broken, @invalid, @other );
    for ( each_file( '--sync Calendar', $version, 1 ) ) {
        my ( $path, $bytes, $length ) = @$_;
        if ( !$length ) { push @broken, $source{$path}; next }
        my $fault = EAS::Schema::fault( EAS::WBXML::decode($bytes) );
        push @invalid, "$source{$path}: $fault" if $fault;
    }
    is_deeply( \@invalid, [], "$version: " . ( @paths - @broken ) . ' are valid' );
    cmp_ok( scalar @broken, '<', @paths / 10, "$version: few are no events" );
    for ( each_file( '--edit Calendar', $version, 2, 'Sensitivity', 3 ) ) {
        my ( $path, $bytes, $length, $same ) = @$_;
        next if !$length;
        push @other, "$source{$path}: not the same when it comes back" if !$same;
        open my $file, '<:raw', $path or die "$path: $!\n";
        push @other, "$source{$path}: other lines"
            if lines( do { local $/; scalar <$file> } ) ne lines($bytes);
    }
    is_deeply( \@other, [], "$version: what comes back is as it was, but for what is edited" );
}

done_testing;
