# Thousands of random recurrences in many zones, with exceptions, against an implementation that is
# not ours (python3-dateutil): the occurrences, and what becomes of rules on their way to a phone and
# back. MOBILESYNC_RECURRENCES: how many; MOBILESYNC_SEED: which.
use strict;
use warnings;

use Test::More;

my $program = ( $ENV{top_builddir} // q{.} ) . '/t/unit/item_series_show';
my $oracle = ( $ENV{top_srcdir} // q{.} ) . '/t/bin/recurrence-oracle';
my $count = $ENV{MOBILESYNC_RECURRENCES} // 2000;
my $seed = $ENV{MOBILESYNC_SEED} // 20_261_123;

if ( system(q{/usr/bin/python3 -c 'import dateutil.rrule, zoneinfo' 2>/dev/null}) != 0 ) {
    plan skip_all => 'python3-dateutil is not installed';
}

open my $pipe, q{-|}, '/usr/bin/python3', $oracle, $program, $count, $seed
    or BAIL_OUT("$oracle: $!");
my @lines = <$pipe>;
my $ended = close $pipe;

chomp @lines;
my $summary = pop @lines // q{};
ok( $ended, "seed $seed: $summary" )
    or diag( join "\n", @lines[ 0 .. ( $#lines < 40 ? $#lines : 40 ) ] );
like( $summary, qr/\A\Q$count\E series, [1-9]\d* patterns of EAS, 0 wrong\z/, 'all were compared' );

done_testing();
