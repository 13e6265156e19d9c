# Another program at a Maildir++ mailbox: what an MTA, an IMAP server or a second mail client does
# underneath the module. Nothing here goes through the module or its index.
package MobileSync::Mailbox;
use v5.36;
use Encode ();
use File::Path ();
use MIME::Base64 ();
use POSIX ();
use Time::HiRes ();

my $delivered = 0;

# root: the account's folder. owner: user that the files belong to where the test runs as root.
sub new ( $class, $root, %option ) {
    my $self = bless { root => $root }, $class;
    @$self{qw(uid gid)} = ( getpwnam $option{owner} )[ 2, 3 ] if defined $option{owner};
    $self->_make_maildir( $self->maildir('') );
    return $self;
}

sub root ($self) { return $self->{root} }

# The folder of the Inbox (''), or of a subfolder by its name, '/' between levels; Maildir++ keeps
# all of them side by side: 'Work/2024' is .Work.2024.
sub maildir ( $self, $folder = '' ) {
    my $inbox = "$self->{root}/Maildir";
    return $folder eq '' ? $inbox : "$inbox/." . _encode_name( $folder =~ tr{/}{.}r );
}

# Modified UTF-7 of RFC 3501 5.1.3, as Maildir++ names folders. Perl's own Encode has UTF-7 only.
sub _encode_name ($name) {
    my $shift = sub ($text) {
        my $base64 = MIME::Base64::encode( Encode::encode( 'UTF-16BE', $text ), '' );
        return '&' . $base64 =~ tr{/}{,}r =~ s/=+//r . '-';
    };
    return $name =~ s/&/&-/gr =~ s/([^\x20-\x7e]+)/$shift->($1)/ger;
}

sub _own ( $self, @paths ) {
    chown $self->{uid}, $self->{gid}, @paths if defined $self->{uid};
    return;
}

sub _make_maildir ( $self, $folder ) {
    my @made = File::Path::make_path( map {"$folder/$_"} qw(tmp new cur) );
    $self->_own(@made);
    return;
}

# --- folders ---

sub create_folder ( $self, $name ) {
    my $folder = $self->maildir($name);
    die "the folder $name is there already\n" if -d $folder;
    $self->_make_maildir($folder);
    open my $mark, '>', "$folder/maildirfolder" or die "$folder: $!\n";
    $self->_own("$folder/maildirfolder");
    return;
}

sub rename_folder ( $self, $from, $to ) {
    rename $self->maildir($from), $self->maildir($to) or die "rename $from to $to: $!\n";
    return;
}

sub delete_folder ( $self, $name ) {
    File::Path::remove_tree( $self->maildir($name) );
    return;
}

sub folders ($self) {
    my $inbox = $self->maildir('');
    return sort map {m{/\.([^/]+)$}} grep { -d "$_/cur" } glob "$inbox/.[!.]*";
}

# --- messages ---

# A name that no other delivery has: time, microseconds, pid, count, host (the Maildir
# specification).
sub _unique_name {
    my ( $seconds, $microseconds ) = Time::HiRes::gettimeofday();
    return sprintf '%d.M%dP%dQ%d.%s', $seconds, $microseconds, $$, ++$delivered, 'test.example';
}

# Delivers a message (bytes) as an MTA does: written to tmp, then linked into new. folder; flags:
# put it into cur with them, as an IMAP APPEND; time: of arrival (mtime). Returns its unique name.
sub deliver ( $self, $message, %option ) {
    my $folder = $self->maildir( $option{folder} // '' );
    my $name = _unique_name();
    my $tmp = "$folder/tmp/$name";
    open my $file, '>:raw', $tmp or die "$tmp: $!\n";
    print $file $message or die "$tmp: $!\n";
    close $file or die "$tmp: $!\n";
    $self->_own($tmp);
    utime $option{time}, $option{time}, $tmp if defined $option{time};
    my $target =
        defined $option{flags} ? "$folder/cur/$name:2,$option{flags}" : "$folder/new/$name";
    rename $tmp, $target or die "$target: $!\n";
    return $name;
}

# All messages of a folder: { unique name => path }. A message that is renamed meanwhile may be
# missed, as for every reader of a Maildir.
sub messages ( $self, $folder = '' ) {
    my $base = $self->maildir($folder);
    my %path_of;
    for my $place (qw(new cur)) {
        opendir my $handle, "$base/$place" or next;
        for my $entry ( grep { !/^\./ } readdir $handle ) {
            $path_of{ $entry =~ s/:2,.*//sr } = "$base/$place/$entry";
        }
    }
    return \%path_of;
}

# The path of a message; looks again while it is being renamed.
sub path ( $self, $name, $folder = '' ) {
    for ( 1 .. 50 ) {
        my $path = $self->messages($folder)->{$name};
        return $path if defined $path && -e $path;
        Time::HiRes::sleep(0.01);
    }
    return undef;
}

sub content ( $self, $name, $folder = '' ) {
    my $path = $self->path( $name, $folder ) // return undef;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return readline $file;
}

# Its flags, in Maildir's letters, sorted (S seen, R replied, F flagged, T trashed, D draft, P
# passed).
sub flags ( $self, $name, $folder = '' ) {
    my $path = $self->path( $name, $folder ) // return undef;
    return $path =~ /:2,([^\/]*)$/ ? $1 : '';
}

# Replaces the flags by a rename, as every Maildir program does.
sub set_flags ( $self, $name, $flags, $folder = '' ) {
    my $letters = join '', sort split //, $flags;
    my $target = $self->maildir($folder) . "/cur/$name:2,$letters";
    return $self->_rename( $name, $folder, $target );
}

sub move ( $self, $name, $from, $to ) {
    my $path = $self->path( $name, $from ) // die "no message $name in '$from'\n";
    my $entry = $path =~ s{.*/}{}r;
    $entry .= ':2,' unless $entry =~ /:2,/;
    return $self->_rename( $name, $from, $self->maildir($to) . "/cur/$entry" );
}

sub _rename ( $self, $name, $folder, $target ) {
    for ( 1 .. 50 ) {
        my $path = $self->path( $name, $folder ) // die "no message $name in '$folder'\n";
        return $target if $path eq $target || rename $path, $target;
        die "rename $path: $!\n" unless $!{ENOENT};
    }
    die "the message $name is renamed faster than one can look\n";
}

sub delete ( $self, $name, $folder = '' ) {
    for ( 1 .. 50 ) {
        my $path = $self->path( $name, $folder ) // die "no message $name in '$folder'\n";
        return if unlink $path;
    }
    die "the message $name cannot be deleted: $!\n";
}

# --- stress ---

# A process that renames messages of a folder without a pause (their flags change back and forth),
# until stop() of the returned object. No message is ever gone.
sub start_renamer ( $self, $folder = '', $seed = 1 ) {
    my $pid = fork // die "fork: $!\n";
    return MobileSync::Mailbox::Renamer->new($pid) if $pid;
    srand $seed;
    my @names = sort keys %{ $self->messages($folder) };
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    my $parent = getppid;
    until ( $stop || getppid != $parent ) {
        my $name = $names[ rand @names ];
        eval { $self->set_flags( $name, ( '', 'S', 'F', 'FS', 'RS' )[ rand 5 ], $folder ) };
    }
    POSIX::_exit(0);
}

package MobileSync::Mailbox::Renamer;
use v5.36;

sub new ( $class, $pid ) { return bless { pid => $pid, owner => $$ }, $class }

sub stop ($self) {
    my $pid = delete $self->{pid} or return;
    kill TERM => $pid;
    local $?;
    waitpid $pid, 0;
    return;
}

sub DESTROY ($self) {
    $self->stop if $self->{owner} == $$;
    return;
}

1;
