#!/usr/bin/perl
# The hostile requests are what they say: broken where they should be, all different, the same
# for a seed.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Hostile qw(documents truncations mutations queries);
use EAS::WBXML qw(encode decode);

# These are well-formed; what they say is the trouble.
my %IS_WELL_FORMED = map { $_ => 1 } (
    'opaque data as a key',
    'text where elements belong',
    'a root of another command',
    'a root that is no command',
    'elements upside down',
    '200,000 siblings',
    'a key of a megabyte',
    'many changes of the code page'
);
my ( @wrong, %seen );
for my $document ( documents() ) {
    my ( $name, $bytes ) = @$document;
    push @wrong, $name
        if !!eval { decode($bytes) } != !!$IS_WELL_FORMED{$name} && $name !~ /nesting with/;
    push @wrong, "$name twice" if $seen{$bytes}++;
}
is_deeply( \@wrong, [], 'each is broken as it should be' );
ok( $seen{ pack 'H*', '03016a004502888080800001' }, 'among them the one that aborts libwbxml' );

my $good = encode(
    [
        'AirSync:Sync',
        [ Collections => [ Collection => [ SyncKey => '0' ], [ CollectionId => '5' ] ] ]
    ]
);
is(
    (
        grep {
            eval { decode( $_->[1] ) }
        } truncations($good)
    ),
    0,
    'no truncation is well-formed'
);
my @mutations = mutations( $good, 200, 7 );
is_deeply( [ mutations( $good, 200, 7 ) ], \@mutations, 'the same seed, the same mutations' );
my %different = map { $_->[1] => 1 } @mutations;
cmp_ok( scalar keys %different, '>', 180, 'which differ' );
ok( !$different{$good}, 'from the original too' );
is( scalar( grep {/[\r\n ]/} map { $_->[1] } queries() ), 0, 'queries fit into a request line' );

done_testing;
