#!/usr/bin/perl
# Cards that other programs wrote (t/lib/MobileSync/RealFiles.pm): each is shown to a phone, valid
# against the schemas where they are at hand; a phone changes one element, and nothing else of the card
# is another than before.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Encode ();
use File::Temp ();
use Test::More;
use EAS::Schema;
use EAS::WBXML;
use MobileSync::RealFiles;

my $build = $ENV{top_builddir} // "$FindBin::Bin/../..";
my $show = "$build/t/unit/kind_show";
plan skip_all => "t/unit/kind_show is not built" unless -x $show;
my %files = MobileSync::RealFiles::files('vcf');
plan skip_all => 'no files of real programs: ' . MobileSync::RealFiles::reason() unless %files;
diag( 'cards of ' . join ', ', sort keys %files );

# An element that is changed, and the properties that may be others then. REV tells of each change.
my @EDITS = (
    [ 'JobTitle', "Gr\x{f6}\x{df}e, \"x\"; y", 'TITLE' ],
    [ 'Email1Address', 'new@example.org', 'EMAIL' ],
    [ 'MobilePhoneNumber', '+1 (555) 0100', 'TEL' ],
    [ 'LastName', 'Roe', 'N|FN|X-EVOLUTION-FILE-AS' ],
    [ 'HomeAddressCity', "M\x{fc}nchen", 'ADR' ],
    [ 'Birthday', '1999-09-09T11:59:00.000Z', 'BDAY' ],
    [ 'WebPage', 'http://example.org/a?b=c,d', 'URL' ],
    [
        'Spouse', 'Pat',
        'X-(?:EVOLUTION-)?SPOUSE|X-KADDRESSBOOK-X-SPOUSESNAME|RELATED|X-ABRELATEDNAMES'
    ],
);

sub slurp ($path) {
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/ = undef;
    return scalar <$file>;
}

# The cards of a file, those that are nested in others with them.
sub cards ($bytes) {
    my ( @cards, $depth );
    for my $line ( $bytes =~ /[^\n]*\n|[^\n]+/g ) {
        my $begin = $line =~ /^(?:\xef\xbb\xbf)?(?:AGENT:)?BEGIN:VCARD\s*$/i;
        push @cards, '' if $begin && !$depth;
        $depth += $begin;
        $cards[-1] .= $line if $depth;
        $depth-- if $depth && $line =~ /^END:VCARD\s*$/i;
    }
    return @cards;
}

# What kind_show says of each path: [ bytes (undef: it cannot be done), the rest of their line ].
sub kind_show ( $paths, @arguments ) {
    my $list = File::Temp->new;
    print {$list} "$_\n" for @$paths;
    close $list;
    my $command = join ' ', map { "'" . Encode::encode( 'UTF-8', $_ =~ s/'/'\\''/gr ) . "'" } $show,
        @arguments;
    open my $out, '-|:raw', "$command < '$list' 2>/dev/null" or die "$show: $!\n";
    my @said;
    for my $path (@$paths) {
        my ( $length, $rest ) = split ' ', <$out> // die("$show said nothing for $path\n"), 2;
        my $bytes;
        read( $out, $bytes, $length ) == $length or die "$show: too short for $path\n";
        push @said, [ $length ? $bytes : undef, $rest ];
    }
    close $out or die "$show failed\n";
    return @said;
}

# Lines with what is folded into them, but for those properties.
sub others ( $bytes, $names ) {
    my @lines;
    for my $line ( $bytes =~ /[^\n]*\n|[^\n]+/g ) {
        my $soft = @lines && $lines[-1] =~ /^[^:]*QUOTED-PRINTABLE/i && $lines[-1] =~ /=\r*\n\z/;
        if ( @lines && ( $soft || $line =~ /^[ \t]/ ) ) { $lines[-1] .= $line }
        else { push @lines, $line }
    }
    return join '', grep { !/^(?:[^.:;]+\.)?(?:$names|REV)[;:]/i } @lines;
}

my $folder = File::Temp->newdir;
my ( %of, @paths );
for my $package ( sort keys %files ) {
    for my $file ( @{ $files{$package} } ) {
        my $number = 0;
        for my $card ( cards( slurp($file) ) ) {
            my $path = sprintf '%s/%05d.vcf', $folder, scalar @paths;
            open my $out, '>:raw', $path or die "$path: $!\n";
            print {$out} $card;
            close $out or die "$path: $!\n";
            push @paths, $path;
            $of{$path} = sprintf '%s: %s, card %d', $package, $file =~ s{^.*/}{}r, ++$number;
        }
    }
}
cmp_ok( scalar @paths, '>', 100, 'cards of real programs: ' . @paths );

# Lists of people are no contacts.
@paths =
    grep { slurp($_) !~ /^(?:KIND:group|X-ADDRESSBOOKSERVER-KIND:group|X-EVOLUTION-LIST:true)/mi }
    @paths;

subtest 'cards are read' => sub {
    my @said = kind_show( \@paths, '--edit', 'Contacts', '16.1', 1, 'JobTitle', 'x' );
    my @unread = grep { !defined $said[$_][0] } 0 .. $#paths;
    # what is broken on purpose
    is_deeply(
        [ map { $of{ $paths[$_] } } grep { slurp( $paths[$_] ) =~ /^END:VCARD\s*\z/mi } @unread ],
        [], 'but for those that have no end' );
    cmp_ok( scalar @unread, '<', @paths / 20, scalar(@unread) . ' of which there are few' );
    is_deeply( [ map { $of{ $paths[$_] } } grep { ( $said[$_][1] // '' ) =~ /^0/ } 0 .. $#paths ],
        [], 'what comes back as it was given changes nothing' );
    my %unread = map { $paths[$_] => 1 } @unread;
    @paths = grep { !$unread{$_} } @paths;
};

subtest 'what a phone gets' => sub {
    for my $version (qw(12.1 14.1 16.1)) {
        my @responses = kind_show( \@paths, '--sync', 'Contacts', $version, 1 );
        my ( @invalid, @nameless );
        for my $i ( 0 .. $#paths ) {
            my $response = EAS::WBXML::decode( $responses[$i][0] );
            my $fault = EAS::Schema::fault($response);
            push @invalid, "$of{$paths[$i]}: $fault" if $fault;
            my $data = $response->at('Collections/Collection/Commands/Add/ApplicationData');
            push @nameless, $of{ $paths[$i] }
                if slurp( $paths[$i] ) =~ /^(?:[^.:;]+\.)?FN[^:]*:[ \t]*\w/m
                && !$data->text('FileAs');
        }
        is_deeply( \@invalid, [], "$version: valid" );
        is_deeply( \@nameless, [], "$version: who has a name is filed" );
    }
};

for my $edit (@EDITS) {
    my ( $name, $value, $names ) = @$edit;
    subtest "$name is changed" => sub {
        my @after = kind_show( \@paths, '--edit', 'Contacts', '16.1', 1, $name, $value );
        my ( @others, @edited );
        for my $i ( 0 .. $#paths ) {
            push @others, "$of{$paths[$i]}:\n$after[$i][0]"
                if others( slurp( $paths[$i] ), $names ) ne others( $after[$i][0], $names );
            push @edited, "$folder/edited-$i.vcf";
            open my $out, '>:raw', $edited[-1] or die "$edited[-1]: $!\n";
            print {$out} $after[$i][0];
            close $out or die "$edited[-1]: $!\n";
        }
        is_deeply( \@others, [], 'and nothing else' );
        my @again = kind_show( \@edited, '--edit', 'Contacts', '16.1', 1, $name, $value );
        is_deeply(
            [ map { $of{ $paths[$_] } } grep { $again[$_][0] ne $after[$_][0] } 0 .. $#paths ],
            [], 'once' );
        my @shown = kind_show( \@edited, '--sync', 'Contacts', '16.1', 1 );
        my @wrong;
        for my $i ( 0 .. $#paths ) {
            my $data = EAS::WBXML::decode( $shown[$i][0] )
                ->at('Collections/Collection/Commands/Add/ApplicationData');
            push @wrong, $of{ $paths[$i] } if ( $data->text($name) // '' ) ne $value;
        }
        is_deeply( \@wrong, [], 'and is shown as it was sent' );
    };
}

done_testing();
