#!/usr/bin/perl
# What the code offers is documented, and what it offers is tested.
use strict;
use warnings;
use Test::More;

my $top = $ENV{top_srcdir} // '.';
chdir $top or die "$top: $!";

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}

my $readme = slurp('README');
my @directives = slurp('mod_mobilesync/glue/directives.tbl') =~ m{^DIRECTIVE_\w+\((\w+),}mg;
ok(@directives > 5, 'there are directives');
like($readme, qr{\Q$_\E\b}, "README documents $_") for @directives;
for my $named ($readme =~ m{\b(MobileSync[A-Z]\w+)}g) {
    ok((grep { $_ eq $named } @directives), "$named of README exists");
}

my @commands = slurp('mod_mobilesync/cmd/commands.tbl') =~ m{^CMD_ROW\((\w+),}mg;
ok(@commands > 1, 'there are commands');
my $tests = join '', map { slurp($_) } glob 't/e2e/*.t';
like($tests, qr{^\#\s*covers:.*\b$_\b}m, "an end-to-end test says that it covers $_") for @commands;

done_testing();
