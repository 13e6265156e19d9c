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
use MobileSync::KindShow qw(show slurp spew);
use MobileSync::RealFiles;

plan skip_all => 't/unit/kind_show is not built' unless MobileSync::KindShow::available();
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
        my $n = 0;
        for my $item ( items( slurp($path) ) ) {
            last if ++$n > 100;    # some have thousands of a kind
            push @paths, spew( sprintf( '%s/%05d.ics', $folder, scalar @paths ), $item );
            $source{ $paths[-1] } = "$path ($n)";
            $programs{$package}++;
        }
    }
}
note "$_: $programs{$_} events" for sort keys %programs;
cmp_ok( scalar keys %programs, '>=', 6, 'events of at least six programs' );

# All lines, unfolded, but those that an edit of Sensitivity has to do with.
sub lines ($bytes) {
    $bytes =~ s{\r?\n[ \t]}{}g;
    return join '', grep { !/^(?:CLASS|LAST-MODIFIED|DTSTAMP|SEQUENCE)\b/i } $bytes =~ m{(.*\n)}g;
}

for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
    my ( @broken, @invalid, @other );
    my @given = show( 'Calendar', 'sync', $version, 1, \@paths );
    for my $i ( 0 .. $#paths ) {
        my ( $path, $bytes ) = ( $paths[$i], $given[$i]{bytes} );
        if ( $bytes eq '' ) { push @broken, $source{$path}; next }
        my $fault = EAS::Schema::fault( EAS::WBXML::decode($bytes) );
        push @invalid, "$source{$path}: $fault" if $fault;
    }
    is_deeply( \@invalid, [], "$version: " . ( @paths - @broken ) . ' are valid' );
    cmp_ok( scalar @broken, '<', @paths / 10, "$version: few are no events" );
    my @edited = show( 'Calendar', 'edit', $version, 2, \@paths, 'Sensitivity', 3 );
    for my $i ( 0 .. $#paths ) {
        my ( $path, $bytes ) = ( $paths[$i], $edited[$i]{bytes} );
        next if $bytes eq '';
        push @other, "$source{$path}: not the same when it comes back" if !$edited[$i]{same};
        push @other, "$source{$path}: other lines" if lines( slurp($path) ) ne lines($bytes);
    }
    is_deeply( \@other, [], "$version: what comes back is as it was, but for what is edited" );
}

done_testing;
