#!/usr/bin/perl
# Tasks and notes as programs write them, to the phone and back: nothing is lost. What a phone gets is valid against
# the schemas, at every version. The files are those of Debian's source packages, and the fuzz corpus.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use Test::More;
use EAS::Schema;
use EAS::WBXML;
use MobileSync::KindShow qw(show slurp spew);
use MobileSync::RealFiles;

plan skip_all => 't/unit/kind_show is not built' unless MobileSync::KindShow::available();

my @VERSIONS = qw(12.1 14.0 14.1 16.0 16.1);
my %CLASSES = (
    Tasks => { component => 'VTODO', versions => \@VERSIONS },
    Notes => { component => 'VJOURNAL', versions => [ @VERSIONS[ 1 .. 4 ] ] }
);
my $folder = File::Temp->newdir;

# The items of a file, each with what it needs of the calendar: a file for those of one UID, as in a vdir.
sub items_of ( $bytes, $wanted ) {
    my ( @header, @zones, %items, @order );
    my @lines = $bytes =~ m{([^\n]*\n(?:[ \t][^\n]*\n)*)}g;
    while ( defined( my $line = shift @lines ) ) {
        my ($begin) = $line =~ m{^BEGIN:(\S+)}i;
        if ( !defined $begin || uc $begin eq 'VCALENDAR' ) {
            push @header, $line if !@zones && !@order && $line !~ m{^(?:BEGIN|END):}i;
            next;
        }
        my $component = $line;
        while ( defined( my $next = shift @lines ) ) {
            $component .= $next;
            last if $next =~ m{^END:\Q$begin\E\s*$}i;
        }
        push @zones, $component if uc $begin eq 'VTIMEZONE';
        next unless uc $begin eq $wanted;
        my ($uid) = $component =~ m{^UID[^:]*:(.*?)\r?$}im;
        $uid //= 'none ' . @order;
        push @order, $uid unless $items{$uid};
        $items{$uid} .= $component;
    }
    my $end = $bytes =~ m{\r\n} ? "\r\n" : "\n";
    return
        map { join '', "BEGIN:VCALENDAR$end", @header, @zones, $items{$_}, "END:VCALENDAR$end" }
        @order;
}

# Lines without folds, and without those that say when it was changed, or are of the Subject.
sub lines ($bytes) {
    $bytes =~ s{\r?\n[ \t]}{}g;
    return [ grep { !m{^(?:SUMMARY|DTSTAMP|LAST-MODIFIED)[:;]}i } split /\r?\n/, $bytes ];
}

# Those in which more is another than the Subject, or which are others when all comes back as it is.
sub lost ( $class, $version, $type, $paths ) {
    my @edited = show( $class, 'edit', $version, $type, $paths, 'Subject', 'edited' );
    my @lost;
    for my $i ( 0 .. $#$paths ) {
        my ( $before, $after ) = ( slurp( $paths->[$i] ), $edited[$i]{bytes} );
        push @lost, [ $before, $after ]
            unless $edited[$i]{same}
            && "@{ lines($before) }" eq "@{ lines($after) }"
            && $after =~ m{^SUMMARY[^:]*:edited\r?$}m;
    }
    return @lost;
}

my %real = MobileSync::RealFiles::files('ics');
for my $class ( sort keys %CLASSES ) {
    my ( $component, $versions ) = @{ $CLASSES{$class} }{qw(component versions)};
    my %files;
    $files{'the fuzz corpus'} = [ glob "$FindBin::Bin/../fuzz/corpus/task/*" ] if $class eq 'Tasks';
    for my $package ( sort keys %real ) {
        my $number = 0;
        for my $path ( @{ $real{$package} } ) {
            push @{ $files{$package} }, spew( "$folder/$class-$package-" . $number++, $_ )
                for items_of( slurp($path), $component );
        }
    }
    for my $from ( sort keys %files ) {
        subtest "$class: $from" => sub {
            my @paths = grep { slurp($_) =~ m{^BEGIN:$component}im } @{ $files{$from} };
            my @shown = show( $class, 'sync', $versions->[0], 1, \@paths );
            my @broken = grep { !length $shown[$_]{bytes} } 0 .. $#paths;    # crash.ics of libical
            ok( @broken <= 1, 'all but one are whole' ) or diag "@paths[@broken]";
            splice @paths, $_, 1 for reverse @broken;
            ok( @paths > 0, 'there are some: ' . @paths );
            for my $version (@$versions) {
                for my $mode (qw(sync fetch)) {
                    my @invalid = grep { $_->[1] } map {
                        [ $_->{bytes}, EAS::Schema::fault( EAS::WBXML::decode( $_->{bytes} ) ) ]
                    } show( $class, $mode, $version, 1, \@paths );
                    is_deeply( \@invalid, [], "$mode at $version: valid" );
                }
                is_deeply( [ lost( $class, $version, $_, \@paths ) ],
                    [], "$version: what is sent back, and another Subject, lose nothing (type $_)" )
                    for 1, 2;
            }
        };
    }
}
diag( 'no files of real programs: ' . MobileSync::RealFiles::reason() ) unless %real;

done_testing();
