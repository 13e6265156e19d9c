#!/usr/bin/perl
# The rules of the source tree that a compiler does not check: layers, sizes, formatting,
# calls that must not be made.
use strict;
use warnings;
use Test::More;

my $top = $ENV{top_srcdir} // '.';
chdir $top or die "$top: $!";

my @roots = grep { -d } qw(mod_mobilesync admin t);
my @files = split /\n/, `find @roots -name '*.[ch]' -type f | sort`;
ok(@files > 10, 'there are sources');

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}
my %text = map { $_ => slurp($_) } @files;

# -- layers: a directory may include its own headers and those named here -------------------
my %may = (
    base    => [],
    redis   => ['base'],
    eas     => ['base'],
    state   => [qw(base redis)],
    backend => [qw(base redis)],
    wake    => [qw(base redis)],
    sync    => ['base'],
    item    => [qw(base eas state backend wake)],
    cmd     => [qw(base eas state backend wake sync item)],
    admin   => [qw(base eas state backend wake sync item)],
    glue    => [qw(base redis eas state backend wake sync item cmd admin)],
);
my $httpd = qr{^(?:httpd|http_\w+|ap_\w+|mod_\w+|util_\w+|mpm_common|scoreboard)\.h$};
my @leaks;
for my $file (grep { m{^(?:mod_mobilesync|admin)/} } @files) {
    my ($layer) = $file =~ m{^(?:mod_mobilesync/)?(\w+)/};
    my %allowed = map { $_ => 1 } $layer, @{ $may{$layer} // die "unknown layer $layer" };
    while ($text{$file} =~ m{^\s*#\s*include\s*[<"]([^>"]+)[>"]}mg) {
        my $header = $1;
        push @leaks, "$file includes $header"
            if $header =~ m{^(\w+)/} && exists $may{$1} && !$allowed{$1}
            or $header =~ $httpd                        && $layer ne 'glue'
            or $header =~ m{hiredis}                    && $layer ne 'redis'
            or $layer eq 'sync' && $header =~ m{^(?:apr_file|apr_network|unistd|fcntl|sys/)};
    }
}
is_deeply(\@leaks, [], 'nothing includes what is above it');

# mobilesyncctl speaks REST: of ours it knows base/ only.
my @knows;
for my $file (grep { m{^admin/(?:ctl|mobilesyncctl)} } @files) {
    push @knows, map {"$file includes $_"} grep { !m{^(?:base/|admin/ctl)} }
        $text{$file} =~ m{^\s*#\s*include\s*"([^"/]+/[^"]+)"}mg;
}
is_deeply(\@knows, [], 'mobilesyncctl includes base/ only');

# -- sizes -----------------------------------------------------------------------------------
my (@long_files, @long_functions);
for my $file (@files) {
    my @lines = split /\n/, $text{$file};
    push @long_files, "$file: " . @lines if @lines > 600;
    my $start;
    for my $i (0 .. $#lines) {
        $start = $i if $lines[$i] eq '{';
        next if $lines[$i] ne '}' || !defined $start;
        push @long_functions, "$file:" . ($start + 1) . ': ' . ($i - $start - 1) . ' lines'
            if $i - $start - 1 > 80;
        undef $start;
    }
}
is_deeply(\@long_files,     [], 'no file over 600 lines');
is_deeply(\@long_functions, [], 'no function over 80 lines');

# -- calls that must not be made ---------------------------------------------------------------
my %banned = (
    'wbxml_conv_|wbxml_tree_' => 'the converter and the tree are quadratic on large requests',
    '\b(?:strcpy|strcat|sprintf|vsprintf|gets)\s*\(' => 'no bound',
    '\b(?:gmtime|localtime|strtok)\s*\(' => 'not thread-safe',
);
for my $pattern (sort keys %banned) {
    my @found = grep { m{^(?:mod_mobilesync|admin)/} && $text{$_} =~ m{$pattern} } @files;
    is_deeply(\@found, [], "nothing calls $pattern ($banned{$pattern})");
}

# -- formatting ------------------------------------------------------------------------------
SKIP: {
    my ($version) = (`clang-format --version 2>/dev/null` // '') =~ m{version (\d+)};
    skip 'clang-format 14 is not installed', 1 if ($version // 0) != 14;
    my @ours = grep { !m{^t/fuzz/corpus} } @files;
    my @odd = map { m{^(\S+?):\d+} ? $1 : () } `clang-format --dry-run @ours 2>&1`;
    my %seen;
    is_deeply([grep { !$seen{$_}++ } @odd], [], 'every file is as .clang-format has it');
}

done_testing();
