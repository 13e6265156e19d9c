# An account's address books, calendars, task lists and notes, as another program sees them that keeps
# its items in a vdir (a folder for each collection, a file for each item): khard, khal, vdirsyncer.
# Nothing here goes through the module or its index.
package MobileSync::Vdir;
use v5.36;
use File::Path ();
use Time::HiRes ();

my $made = 0;

# root: the folder of the collections. owner: user that the files belong to where the test runs as root.
sub new ( $class, $root, %option ) {
    my $self = bless { root => $root }, $class;
    @$self{qw(uid gid)} = ( getpwnam $option{owner} )[ 2, 3 ] if defined $option{owner};
    return $self;
}

sub root ($self) { return $self->{root} }

sub _own ( $self, @paths ) {
    chown $self->{uid}, $self->{gid}, @paths if defined $self->{uid};
    return;
}

# --- collections ---

sub folder ( $self, $collection ) { return "$self->{root}/$collection" }

# name: how programs show it; color: '#rrggbb'. Both are files of the vdir.
sub create ( $self, $collection, %option ) {
    my $folder = $self->folder($collection);
    $self->_own( File::Path::make_path($folder) );
    $self->name( $collection, $option{name} ) if defined $option{name};
    $self->write( $collection, color => $option{color} ) if defined $option{color};
    return;
}

# Gives it another displayname (characters).
sub name ( $self, $collection, $name ) {
    utf8::encode($name);
    return $self->write( $collection, displayname => $name );
}

sub rename_collection ( $self, $from, $to ) {
    my @folders = map { $self->folder($_) } $from, $to;
    CORE::rename( $folders[0], $folders[1] ) or die "rename $from to $to: $!\n";
    return;
}

sub remove_collection ( $self, $collection ) {
    File::Path::remove_tree( $self->folder($collection) );
    return;
}

sub collections ($self) {
    return sort map {m{([^/]+)/\z}} glob "$self->{root}/*/";
}

# The one collection of that displayname, or of that name where it has none; undef unless there is just one.
sub named ( $self, $name ) {
    utf8::encode($name);
    my @found = grep { ( $self->content( $_, 'displayname' ) // $_ ) =~ /\A\Q$name\E\n?\z/ }
        $self->collections;
    return @found == 1 ? $found[0] : undef;
}

# --- items ---

sub path ( $self, $collection, $file ) { return $self->folder($collection) . "/$file" }

# Names of the items' files, sorted.
sub files ( $self, $collection ) {
    opendir my $handle, $self->folder($collection) or return ();
    my @files = sort grep {/\A[^.].*\.(?:vcf|ics)\z/} readdir $handle;
    return @files;
}

# Bytes; undef where there is no such file.
sub content ( $self, $collection, $file ) {
    open my $handle, '<:raw', $self->path( $collection, $file ) or return undef;
    local $/;
    return readline($handle) // '';
}

# { file => content } of a collection.
sub contents ( $self, $collection ) {
    return { map { $_ => $self->content( $collection, $_ ) } $self->files($collection) };
}

# The file and the content of the one item that matches; dies unless there is just one.
sub find ( $self, $collection, $pattern ) {
    my $contents = $self->contents($collection);
    my @files = grep { $contents->{$_} =~ $pattern } sort keys %$contents;
    die @files . " items match $pattern\n" unless @files == 1;
    return ( $files[0], $contents->{ $files[0] } );
}

# As vdirsyncer and khard write: a hidden file beside it, then renamed over it: new, or another content.
sub write ( $self, $collection, $file, $content ) {
    my $path = $self->path( $collection, $file );
    my $new = $self->path( $collection, '.' . ++$made . ".$$.tmp" );
    _fill( $new, '>', $content );
    $self->_own($new);
    CORE::rename( $new, $path ) or die "$path: $!\n";
    return $file;
}

# As a simple editor writes: the same file, emptied, then filled piece by piece.
sub write_in_place ( $self, $collection, $file, $content, %option ) {
    my $path = $self->path( $collection, $file );
    my $half = int( length($content) / 2 );
    _fill( $path, '>', substr $content, 0, $half );
    Time::HiRes::sleep( $option{pause} ) if $option{pause};
    _fill( $path, '>>', substr $content, $half );
    $self->_own($path);
    return $file;
}

sub _fill ( $path, $mode, $content ) {
    open my $handle, "$mode:raw", $path or die "$path: $!\n";
    print $handle $content or die "$path: $!\n";
    close $handle or die "$path: $!\n";
    return;
}

# Replaces in the file of an item, everywhere; dies where nothing is replaced.
sub edit ( $self, $collection, $file, $from, $to ) {
    my $content = $self->content( $collection, $file ) // die "no $file in $collection\n";
    $content =~ s/$from/$to/g or die "nothing of $from in:\n$content";
    return $self->write( $collection, $file, $content );
}

sub rename ( $self, $collection, $from, $to ) {
    CORE::rename( $self->path( $collection, $from ), $self->path( $collection, $to ) )
        or die "rename $from to $to: $!\n";
    return $to;
}

sub move ( $self, $from, $file, $to ) {
    CORE::rename( $self->path( $from, $file ), $self->path( $to, $file ) )
        or die "move $file from $from to $to: $!\n";
    return;
}

sub delete ( $self, $collection, $file ) {
    unlink $self->path( $collection, $file ) or die "$file of $collection: $!\n";
    return;
}

# --- contents, with the lines that other programs write ---

# A vCard 3.0. uid; name: 'Anna Schmidt'; lines: further ones. Characters; bytes come back.
sub vcard ( $uid, $name, @lines ) {
    my ( $last, $first ) = reverse split / /, $name, 2;
    return _lines( 'BEGIN:VCARD', 'VERSION:3.0',
        "UID:$uid", "FN:$name", 'N:' . $last . ';' . ( $first // '' ) . ';;;',
        @lines, 'END:VCARD' );
}

# An iCalendar object with one VTODO, VJOURNAL or VEVENT.
sub component ( $component, $uid, $summary, @lines ) {
    return _lines(
        'BEGIN:VCALENDAR', 'VERSION:2.0',
        'PRODID:-//Other//Program//EN', "BEGIN:$component",
        "UID:$uid", 'DTSTAMP:20260101T000000Z',
        "SUMMARY:$summary", @lines,
        "END:$component", 'END:VCALENDAR'
    );
}

# One with a VEVENT from and until local times of Berlin ("20300704T1930"), and that zone's definition.
sub zoned_event ( $uid, $summary, $start, $end, @lines ) {
    my $zone = _lines(
        'BEGIN:VTIMEZONE', 'TZID:Europe/Berlin',
        'BEGIN:STANDARD', 'DTSTART:19701025T030000',
        'TZOFFSETFROM:+0200', 'TZOFFSETTO:+0100',
        'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU', 'END:STANDARD',
        'BEGIN:DAYLIGHT', 'DTSTART:19700329T020000',
        'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200',
        'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU', 'END:DAYLIGHT',
        'END:VTIMEZONE'
    );
    return component(
        'VEVENT', $uid, $summary,
        "DTSTART;TZID=Europe/Berlin:${start}00",
        "DTEND;TZID=Europe/Berlin:${end}00", @lines
    ) =~ s/(?=BEGIN:VEVENT\r\n)/$zone/r;
}

sub _lines (@lines) {
    my $text = join '', map {"$_\r\n"} @lines;
    utf8::encode($text);
    return $text;
}

1;
