# vCards and iCalendar objects as programs write them: the test data of Debian's source packages,
# fetched by apt-get when a test asks for it (and once for all tests of a build), never copied into
# this tree.
#
#   my %files = MobileSync::RealFiles::files('vcf');    # package => [ paths ]
#   plan skip_all => MobileSync::RealFiles::reason() unless %files;
#
# apt-get works in a folder of its own, with its own list of sources, made of the sources that this
# machine installs from; nothing of the system is touched. What a mirror does not have is left out
# (missing() tells).
package MobileSync::RealFiles;
use v5.36;
use Cwd ();
use Fcntl qw(:flock);
use File::Find ();
use File::Path ();

# Who wrote what is in them: Evolution, Gammu (phones), libical, Net addressbooks, Horde, SabreDAV
# (Nextcloud, ownCloud), Qt (Sailfish), SyncEvolution (a dozen of servers), KDE, vobject, khard,
# Radicale, ez-vcard (Outlook, iPhone, Gmail, Lotus, ...), khal, todoman, vdirsyncer.
our @PACKAGES = qw(evolution-data-server gammu libical3 libtext-vcard-perl php-horde-icalendar
    php-sabre-vobject qtpim-opensource-src syncevolution kcalcore kcontacts python-vobject khard radicale
    ez-vcard khal todoman vdirsyncer);

# What a file of an extension may be called besides.
my %SUFFIXES = ( vcf => [qw(vcf vcard)], ics => [qw(ics vcs ical)] );

my ( $reason, @missing );

sub reason () { return $reason }
sub missing () { return @missing }

# Files with that extension by their package; none where they cannot be had (reason() says why).
sub files ($extension) {
    my $folder = _folder() // return;
    my $suffixes = join '|', @{ $SUFFIXES{$extension} };
    my %files;
    for my $package (@PACKAGES) {
        my @found;
        next unless -d "$folder/files/$package";
        File::Find::find(
            { no_chdir => 1, wanted => sub { push @found, $_ if /\.(?:$suffixes)$/i && -f } },
            "$folder/files/$package" );
        $files{$package} = [ sort @found ] if @found;
    }
    $reason //= "no source package with .$extension files could be fetched" unless %files;
    return %files;
}

# The folder, filled by whoever comes first.
sub _folder () {
    return _none('there is no apt-get') unless grep { -x "$_/apt-get" } split /:/, $ENV{PATH};
    my $folder = Cwd::abs_path( $ENV{top_builddir} // '.' ) . '/t/real-files';
    File::Path::make_path($folder);
    open my $lock, '>', "$folder/lock" or die "$folder/lock: $!\n";
    flock $lock, LOCK_EX or die "$folder/lock: $!\n";
    if ( !-e "$folder/tried" ) {
        _update($folder) // return;
        _fetch( $folder, $_ ) for @PACKAGES;
        _write( "$folder/tried", '' );
    }
    @missing = grep { !-d "$folder/files/$_" } @PACKAGES;
    return $folder;
}

sub _none ($why) {
    $reason = $why;
    return;
}

# apt's own folders, and a deb-src line for every repository that packages come from here.
sub _update ($folder) {
    File::Path::make_path( map {"$folder/$_"} qw(lists/partial cache/archives/partial files) );
    my %lines = map { $_ => 1 } grep {/^deb-src \S+ \S+ main$/}
        split /\n/,
        `apt-get indextargets --format 'deb-src \$(REPO_URI) \$(RELEASE) \$(COMPONENT)' \\
            'Created-By: Packages' 2>/dev/null`;
    return _none('apt knows no repository with a component main') unless %lines;
    _write( "$folder/sources.list", map {"$_\n"} sort keys %lines );
    _write( "$folder/status", '' );
    _write( "$folder/apt.conf", <<~"END" );
        Dir::Etc::SourceList "$folder/sources.list";
        Dir::Etc::SourceParts "/dev/null";
        Dir::State "$folder";
        Dir::State::status "$folder/status";
        Dir::Cache "$folder/cache";
        Acquire::Languages "none";
        Acquire::Retries "0";
        Acquire::http::Timeout "30";
        APT::Sandbox::User "root";
        END
    return 1 if _apt( $folder, $folder, 'update' ) && glob "$folder/lists/*_Sources*";
    return _none('apt-get update reaches no source packages');
}

sub _apt ( $folder, $where, @arguments ) {
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        local %ENV = ( %ENV, APT_CONFIG => "$folder/apt.conf", LC_ALL => 'C' );
        open STDIN, '<', '/dev/null' or die "/dev/null: $!\n";
        open STDOUT, '>>', "$folder/log" or die "$folder/log: $!\n";
        open STDERR, '>&', \*STDOUT or die "stderr: $!\n";
        chdir $where and exec 'timeout', 300, 'apt-get', '-q', @arguments;
        die "apt-get: $!\n";
    }
    waitpid $pid, 0;
    return $? == 0;
}

# The test data of a package; a package that is not to be had has no folder afterwards.
sub _fetch ( $folder, $package ) {
    my $archives = "$folder/cache/$package";
    File::Path::make_path($archives);
    # the patches of Debian may be missing where the program's own archive is there
    _apt( $folder, $archives, 'source', '--download-only', '--only-source', $package );
    my $suffixes = join '|', map {@$_} values %SUFFIXES;
    for my $archive ( grep { !/\.asc$/ } glob "$archives/*.orig*.tar.*" ) {
        my $into = "$folder/files/$package";
        File::Path::make_path($into);
        open my $list, '-|', 'tar', '-t', '-f', $archive or die "tar: $!\n";
        _write( "$archives/names", grep {/\.(?:$suffixes)$/i} <$list> );
        system 'tar', '-x', '-f', $archive, '-C', $into, '-T', "$archives/names",
            '--no-same-owner', '--no-same-permissions';
    }
    File::Path::remove_tree($archives);
    return;
}

sub _write ( $path, @lines ) {
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} @lines;
    close $file or die "$path: $!\n";
    return;
}

1;
