# The months of other calendars over two centuries, against implementations that are not ours
# (python3-lunardate, python3-convertdate).
use strict;
use warnings;

use Test::More;

my $program = ( $ENV{top_builddir} // q{.} ) . '/t/unit/item_scale_show';
my $oracle = ( $ENV{top_srcdir} // q{.} ) . '/t/bin/calendar-oracle';

if ( system(q{/usr/bin/python3 -c 'import lunardate, convertdate' 2>/dev/null}) != 0 ) {
    plan skip_all => 'python3-lunardate or python3-convertdate is not installed';
}

open my $pipe, q{-|}, '/usr/bin/python3', $oracle, $program or BAIL_OUT("$oracle: $!");
my @lines = <$pipe>;
my $ended = close $pipe;

chomp @lines;
my $summary = pop @lines // q{};
ok( $ended, $summary ) or diag( join "\n", @lines[ 0 .. ( $#lines < 40 ? $#lines : 40 ) ] );
like( $summary, qr/\A[1-9]\d{3,4} months, 0 wrong\z/, 'all were compared' );

done_testing();
