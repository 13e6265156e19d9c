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

# Tests that make does not know do not run.
my $makefiles = join '', map { slurp($_) } glob '{t,t/fuzz,admin,mod_mobilesync/*}/local.mk';
my @unknown = grep { $makefiles !~ m{(?:^|\s)\Q$_\E(?:\s|$)}m } glob '{t/e2e,t/perl,t/guard}/*.t t/unit/*_test.c';
is_deeply(\@unknown, [], 'every test is in a local.mk');

# Every element of these namespaces stands once in the table of mod_mobilesync/README, with the
# versions that have it, and is in the code; or under "no", with the reason.
my @namespaces = qw(AirSync GetItemEstimate Ping Email Email2 AirSyncBase Calendar ItemOperations ComposeMail
    Move FolderHierarchy Search Find GAL ResolveRecipients ValidateCert Settings Tasks Contacts
    Contacts2);
my ($table) = slurp('mod_mobilesync/README') =~ m{^Elements\n-+\n(.*?)^What is special}ms;
my @rows;
for my $line (split /\n/, $table) {
    if ($line =~ m{^  (\w*) +(no|(?:to )?1\d\.\d)  +(.*)}) {
        push @rows, [$1 || $rows[-1][0], $2, $3];
    }
    elsif (@rows && $line =~ m{^ {20,}(\S.*)}) {
        $rows[-1][2] .= " $1";
    }
}
my %listed;
for my $row (@rows) {
    my ($namespace, $versions, $text) = @$row;
    ok($text =~ s{:(.*)}{}, "a reason: no $namespace $text") if $versions eq 'no';
    push @{ $listed{$namespace}{$_} }, $versions for split /, */, $text;
}

sub versions {
    my ($first, $last) = @_;
    return sprintf 'to %.1f', $last / 10 if $last < 999;
    return sprintf '%.1f', ($first < 121 ? 121 : $first) / 10;
}

my $code = join '', map { slurp($_) } grep { !m{eas/tags\.tbl} } glob 'mod_mobilesync/*/*.{c,h,tbl}';
my $tags = slurp('mod_mobilesync/eas/tags.tbl');
for my $namespace (@namespaces) {
    my %rows = %{ $listed{$namespace} // {} };
    my @wrong;
    while ($tags =~ m{^EAS_TAG\(\w+, \w+, $namespace, (\w+), \d, (\d+), (\d+)\)}mg) {
        my ($name, $expected) = ($1, versions($2, $3));
        my $found = join ' and ', @{ delete $rows{$name} // ['nowhere'] };
        next if $found eq 'no';
        push @wrong, "$name: $found, not $expected" if $found ne $expected;
        push @wrong, "$name: not in the code" if $code !~ m{(?:\b|_)${namespace}_$name\b};
    }
    is_deeply([@wrong, keys %rows], [], "the elements of $namespace in mod_mobilesync/README");
}

done_testing();
