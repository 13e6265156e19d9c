# Private servers for a test: redis, one or more httpd nodes with the module, accounts.
#
#   my $server = MobileSync::Server->start;
#   my $phone  = $server->client;                 # an EAS::Client
#   ...
#   $server->done;                                # stops all, checks the logs: one test
#
# Everything lives below a temporary folder and ends with the test, also when it dies; the folder
# stays where a check failed or MOBILESYNC_KEEP is set. The module comes from MOBILESYNC_MODULE or
# the build tree (top_builddir). httpd runs with the ASan runtime where the module was built with
# --enable-sanitize; MOBILESYNC_SANITIZE=0 or 1 says otherwise.
package MobileSync::Server;
use v5.36;
use Cwd ();
use Digest::SHA ();
use File::Path ();
use File::Temp ();
use FindBin ();
use Scalar::Util ();
use Test::More ();
use EAS::Client;
use MobileSync::Admin;
use MobileSync::Certificates;
use MobileSync::Httpd;
use MobileSync::Mailbox;
use MobileSync::Process qw(service_user);
use MobileSync::Redis;
use MobileSync::Vdir;

use constant { DEFAULT_PASSWORD => 'secret', DEFAULT_DOMAIN => 'example.org' };

# accounts: { name => password }, default anna; their addresses are name@domain, default
# example.org. mail: the folder of the mailboxes, in place of one beside all else. nodes: how many httpds. tls: 1 for a TLS port. backend: 'local' (with Maildirs, the
# default; further arguments may follow), 'memory', or the arguments of MobileSyncBackend. redis: 0 for none, or options of
# MobileSync::Redis. module: 0 for an httpd without the module. folder: a lasting one instead of
# the temporary one. Any option of MobileSync::Httpd.
sub start ( $class, %option ) {
    my $self = $class->new(%option);
    $self->{redis}->start if $self->{redis};
    $_->start for @{ $self->{nodes} };
    return $self;
}

sub new ( $class, %option ) {
    my $accounts = delete $option{accounts} // { anna => DEFAULT_PASSWORD };
    my $self = bless {
        owner => $$,
        accounts => $accounts,
        domain => delete $option{domain} // DEFAULT_DOMAIN,
        mail => delete $option{mail},
        detached => $option{detached},
        allowed => []
    }, $class;
    $self->_make_folder( delete $option{folder} );
    $self->add_account( $_, $accounts->{$_} ) for sort keys %$accounts;
    $self->add_account( $option{admin} )
        if defined $option{admin} && !$self->has_account( $option{admin} );
    $option{htpasswd} = $self->_htpasswd;
    my $redis = delete $option{redis} // {};
    if ($redis) {
        $self->{redis} = MobileSync::Redis->new(
            folder => "$self->{folder}/redis",
            detached => $option{detached},
            %$redis
        );
        $option{redis} = 'unix:' . $self->{redis}->socket_path;
    }
    if ( delete $option{tls} ) {
        mkdir "$self->{folder}/tls";
        $option{certificates} = MobileSync::Certificates::make( "$self->{folder}/tls", 'localhost',
            '127.0.0.1', @{ delete $option{tls_names} // [] } );
        $self->{ca} = $option{certificates}{ca};
    }
    my $module = delete $option{module} // 1;
    if ($module) {
        $option{module} = module_path();
        $option{backends} = [ $self->_backend( delete $option{backend} // 'local' ) ];
        $option{settings} = {
            MobileSyncDefaultDomain => $self->{domain},
            MobileSyncAccountName => 'bare',
            MobileSyncClients =>
                Cwd::abs_path("$FindBin::Bin/../../mod_mobilesync/glue/clients.json"),
            %{ $option{settings} // {} }
        };
    }
    $option{sanitize} //= $ENV{MOBILESYNC_SANITIZE}
        // ( $module && is_sanitized( $option{module} ) );
    my $count = delete $option{nodes} // 1;
    $self->{nodes} =
        [ map { MobileSync::Httpd->new( folder => $self->{folder}, name => "node$_", %option ) }
            0 .. $count - 1 ];
    return $self;
}

# The module that was built.
sub module_path {
    my $build = $ENV{top_builddir} // "$FindBin::Bin/../..";
    my $path = Cwd::abs_path( $ENV{MOBILESYNC_MODULE} // "$build/.libs/mod_mobilesync.so" );
    die "the module is not built: no '" . ( $path // $build ) . "'\n"
        unless defined $path && -e $path;
    return $path;
}

# Whether the module needs the ASan runtime: it names it as a library.
sub is_sanitized ($path) {
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return readline($file) =~ /\0libasan\.so\.\d+\0/ ? 1 : 0;
}

sub _make_folder ( $self, $folder ) {
    if ( defined $folder ) {
        File::Path::make_path($folder);
        $self->{folder} = Cwd::abs_path($folder);
    }
    else {
        # Unix sockets allow about 100 characters: not below the build tree.
        $self->{temporary} = File::Temp->newdir( 'mobilesync-XXXXXX', TMPDIR => 1 );
        $self->{folder} = $self->{temporary}->dirname;
    }
    chmod 0711, $self->{folder};
    mkdir $self->mail_root;
    chmod 0700, $self->mail_root;
    _give_away( $self->mail_root );
    return;
}

# httpd's children have to write there.
sub _give_away (@paths) {
    my $user = service_user() // return;
    chown +( getpwnam $user )[ 2, 3 ], @paths;
    return;
}

sub _backend ( $self, $backend ) {
    return $backend if $backend =~ /\broot=/ || $backend !~ s/\Alocal\b//;
    return 'local root=' . $self->mail_root . "/%u domain=$self->{domain}$backend";
}

# --- accounts ---

sub mail_root ($self) { return $self->{mail} // "$self->{folder}/mail" }
sub _htpasswd ($self) { return "$self->{folder}/htpasswd" }

# {SHA} costs httpd less than a microsecond; the tests are not about password hashes.
sub add_account ( $self, $name, $password = DEFAULT_PASSWORD ) {
    $self->{accounts}{$name} = $password;
    open my $file, '>', $self->_htpasswd or die "htpasswd: $!\n";
    for my $account ( sort keys %{ $self->{accounts} } ) {
        my $hash = Digest::SHA::sha1_base64( EAS::Client::_bytes( $self->{accounts}{$account} ) );
        printf $file "%s:{SHA}%s=\n", EAS::Client::_bytes($account), $hash;
    }
    close $file or die "htpasswd: $!\n";
    $self->mailbox($name);
    return;
}

sub has_account ( $self, $name ) { return exists $self->{accounts}{$name} }

# The account's Maildir, as another program sees it.
sub mailbox ( $self, $account = 'anna' ) {
    return $self->{mailboxes}{$account} //=
        MobileSync::Mailbox->new( $self->mail_root . "/$account", owner => service_user() );
}

# Its address books, calendars and so on, in the same way.
sub vdir ( $self, $account = 'anna' ) {
    return MobileSync::Vdir->new( $self->mail_root . "/$account/vdir", owner => service_user() );
}

# The account's mail address.
sub address ( $self, $account = 'anna' ) { return "$account\@$self->{domain}" }

# --- parts ---

sub folder ($self) { return $self->{folder} }
sub redis ($self) { return $self->{redis} }
# Administration through a node's REST handler; the server was made with admin => 'name'.
sub admin ( $self, $number = 0 ) {
    my $node = $self->node($number);
    return MobileSync::Admin->new(
        port => $node->port,
        user => $node->{admin},
        password => $self->{accounts}{ $node->{admin} }
    );
}

sub node ( $self, $number = 0 ) { return $self->{nodes}[$number] }
sub nodes ($self) { return @{ $self->{nodes} } }
sub ca ($self) { return $self->{ca} }

# A phone of an account. account; node: number; tls: 1. Anything else goes to EAS::Client.
sub client ( $self, %option ) {
    my $account = delete $option{account} // 'anna';
    my $node = $self->node( delete $option{node} // 0 );
    my %address =
        delete $option{tls}
        ? ( port => $node->tls_port, ca => $self->{ca}, host => 'localhost' )
        : ( port => $node->port );
    return EAS::Client->new(
        user => $account,
        password => $self->{accounts}{$account},
        %address,
        %option
    );
}

# --- the end ---

# Lines of the error logs that the test provokes.
sub allow_errors ( $self, @patterns ) {
    push @{ $self->{allowed} }, @patterns;
    return;
}

# Lines of the error logs that nobody allowed.
sub unexpected ($self) {
    return map { $_->unexpected( @{ $self->{allowed} } ) } $self->nodes;
}

# Stops everything. Returns what was wrong, a list of lines. Connections of phones are closed
# before: a child of the worker MPM that ends gracefully waits for them.
sub stop ($self) {
    $_->disconnect for grep {defined} @{ $self->{clients} // [] };
    my @wrong = map { my $end = $_->stop; length $end ? "httpd: $end" : () } $self->nodes;
    $self->{redis}->stop if $self->{redis};
    return @wrong;
}

# Stops everything and has the test fail where a server did not end in order, a child died, a
# sanitizer reported or the error log has a line that is neither usual nor allowed.
sub done ($self) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong = ( $self->stop, $self->unexpected );
    $self->{is_done} = 1;
    $self->_keep if @wrong;
    return Test::More::ok( !@wrong, 'the servers stopped in order and their logs are clean' )
        || Test::More::diag( join "\n", @wrong );
}

# Stops everything, however it went: for a server that is to fail.
sub discard ($self) {
    $self->stop;
    $self->{is_done} = 1;
    return;
}

sub _keep ($self) {
    my $temporary = $self->{temporary} // return;
    $temporary->unlink_on_destroy(0);
    Test::More::diag("the servers' files are kept in $self->{folder}");
    return;
}

sub DESTROY ($self) {
    return if $self->{owner} != $$;
    local ( $?, $@ );
    $self->_keep if $ENV{MOBILESYNC_KEEP};
    return if $self->{is_done} || $self->{detached};
    my @wrong = eval { ( $self->stop, $self->unexpected ) };
    Test::More::diag( join "\n", 'servers of a test that did not end by done():', @wrong )
        if @wrong;
    return;
}

1;
