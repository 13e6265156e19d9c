#!/usr/bin/perl
# Cards that other programs wrote (t/lib/MobileSync/RealFiles.pm), and the fuzz corpus: each is shown to
# a phone at every version, valid against the schemas where they are at hand; a phone changes one element, and nothing else of the card
# is another than before.
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

my %files = ( 'the fuzz corpus' => [ glob "$FindBin::Bin/../fuzz/corpus/contact/*" ] );
my %real = MobileSync::RealFiles::files('vcf');
diag( %real
    ? 'cards of ' . join ', ',
    sort keys %real
    : 'no files of real programs: ' . MobileSync::RealFiles::reason() );

my $folder = File::Temp->newdir;
my ( %of, @paths );
%files = ( %files, %real );
for my $source ( sort keys %files ) {
    for my $file ( @{ $files{$source} } ) {
        my $number = 0;
        for my $card ( cards( slurp($file) ) ) {
            # lists of people are no contacts
            next if $card =~ /^(?:(?:X-ADDRESSBOOKSERVER-)?KIND:group|X-EVOLUTION-LIST:true)/mi;
            push @paths, spew( sprintf( '%s/%05d.vcf', $folder, scalar @paths ), $card );
            $of{ $paths[-1] } = sprintf '%s: %s, card %d', $source, $file =~ s{^.*/}{}r, ++$number;
        }
    }
}
cmp_ok( scalar @paths, '>', %real ? 100 : 3, 'cards: ' . @paths );

subtest 'cards are read' => sub {
    my @said = show( 'Contacts', 'edit', '16.1', 1, \@paths, 'JobTitle', 'x' );
    my @unread = grep { $said[$_]{bytes} eq '' } 0 .. $#paths;
    # what is broken on purpose
    is_deeply(
        [ map { $of{ $paths[$_] } } grep { slurp( $paths[$_] ) =~ /^END:VCARD\s*\z/mi } @unread ],
        [], 'but for those that have no end' );
    cmp_ok( scalar @unread, '<', @paths / 20, scalar(@unread) . ' of which there are few' );
    is_deeply(
        [
            map { $of{ $paths[$_] } }
            grep { $said[$_]{bytes} ne '' && !$said[$_]{same} } 0 .. $#paths
        ],
        [],
        'what comes back as it was given changes nothing'
    );
    my %unread = map { $paths[$_] => 1 } @unread;
    @paths = grep { !$unread{$_} } @paths;
};

subtest 'what a phone gets' => sub {
    for my $version (@VERSIONS) {
        my @responses = show( 'Contacts', 'sync', $version, 1, \@paths );
        my ( @invalid, @nameless );
        for my $i ( 0 .. $#paths ) {
            my $response = EAS::WBXML::decode( $responses[$i]{bytes} );
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
        my @after = show( 'Contacts', 'edit', '16.1', 1, \@paths, $name, $value );
        my ( @others, @edited );
        for my $i ( 0 .. $#paths ) {
            push @others, "$of{$paths[$i]}:\n$after[$i]{bytes}"
                if others( slurp( $paths[$i] ), $names ) ne others( $after[$i]{bytes}, $names );
            push @edited, spew( "$folder/edited-$i.vcf", $after[$i]{bytes} );
        }
        is_deeply( \@others, [], 'and nothing else' );
        my @again = show( 'Contacts', 'edit', '16.1', 1, \@edited, $name, $value );
        is_deeply(
            [
                map { $of{ $paths[$_] } }
                grep { $again[$_]{bytes} ne $after[$_]{bytes} } 0 .. $#paths
            ],
            [],
            'once'
        );
        my @shown = show( 'Contacts', 'sync', '16.1', 1, \@edited );
        my @wrong;
        for my $i ( 0 .. $#paths ) {
            my $data = EAS::WBXML::decode( $shown[$i]{bytes} )
                ->at('Collections/Collection/Commands/Add/ApplicationData');
            push @wrong, $of{ $paths[$i] } if ( $data->text($name) // '' ) ne $value;
        }
        is_deeply( \@wrong, [], 'and is shown as it was sent' );
    };
}

done_testing();
