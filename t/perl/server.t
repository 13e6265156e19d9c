#!/usr/bin/perl
# The server harness itself, with an httpd that has no module: what it starts it stops, and
# what goes wrong in a log makes a test fail.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Path ();
use File::Temp ();
use Test::More;
use EAS::HTTP;
use MobileSync::Server;
use MobileSync::Process qw(find_program wait_until);

plan skip_all => 'redis-server or httpd is not installed'
    unless find_program('redis-server') && eval { MobileSync::Httpd::program() };

sub ask ( $client, $path = '/' ) {
    $client->{path} = $path;
    return $client->exchange( $client->request_bytes( method => 'HEAD' ), method => 'HEAD' )
        ->status;
}

# A test program of its own that starts an httpd, spoils something and ends with done().
# Returns its exit status and what it printed.
sub run_test ( $spoil, $allowed = '' ) {
    my $script = File::Temp->new;
    print $script <<"END";
use v5.36;
use Test::More;
use EAS::Client;
use MobileSync::Process qw(wait_until);
use MobileSync::Server;
my \$server = MobileSync::Server->start( module => 0, redis => 0 );
$spoil;
\$server->allow_errors($allowed);
\$server->done;
done_testing;
END
    $script->flush;
    open my $pipe, '-|', "$^X -I$FindBin::Bin/../lib $script 2>&1" or die "perl: $!\n";
    my $output = do { local $/; readline $pipe };
    close $pipe;
    my ($folder) = $output =~ /files are kept in (\S+)/;
    File::Path::remove_tree($folder) if defined $folder;
    return ( $?, $output );
}

subtest 'start, restart, stop' => sub {
    my $server = MobileSync::Server->start( module => 0, nodes => 2, tls => 1 );
    my @pids = ( $server->redis->pid, map { $_->pid } $server->nodes );
    my $folder = $server->folder;
    is( ask( $server->client ), 403, 'the first node answers' );
    is( ask( $server->client( node => 1 ) ), 403, 'the second node answers' );
    is( ask( $server->client( tls => 1 ) ), 403, 'over TLS, with the generated authority' );
    is( ask( $server->client( user => undef ), '/Microsoft-Server-ActiveSync' ),
        401, 'no password' );
    is( ask( $server->client( password => 'x' ), '/Microsoft-Server-ActiveSync' ),
        401, 'a wrong one' );
    is( ask( $server->client, '/Microsoft-Server-ActiveSync' ), 404, 'the right one' );
    my @children = $server->node->children;
    cmp_ok( scalar @children, '>=', 2, 'several children' );
    $server->node->graceful;
    is( ask( $server->client ), 403, 'serves after a graceful restart' );
    my ($child) = $server->node->children;
    $server->node->kill_child($child);
    is( ask( $server->client ), 403, 'serves after the death of a child' );
    $server->redis->command( 'SET', "k\xe9\0y", 'value' );
    $server->redis->restart;
    is( $server->redis->command( 'GET', "k\xe9\0y" ),
        'value', 'redis keeps its data over a restart' );
    is_deeply( [ $server->redis->keys ], ["k\xe9\0y"], 'its keys' );
    is( $server->redis->command( 'GET', 'none' ), undef, 'nil' );
    ok( !eval { $server->redis->command('NONSENSE') }, 'an error reply dies' );
    @pids = ( $server->redis->pid, map { $_->pid } $server->nodes );
    $server->allow_errors(qr/AH01618|AH01617|AH01630/);
    $server->done;
    is_deeply( [ grep { kill 0 => $_ } @pids ], [], 'no process is left' );
    undef $server;
    ok( !-e $folder, 'and no file' );
};

subtest 'done() notices' => sub {
    my $refuse =
        'my $phone = $server->client( path => "/" );' . '$phone->exchange( $phone->request_bytes )';
    my ( $status, $output ) = run_test($refuse);
    isnt( $status, 0, 'an error in the log' );
    like( $output, qr/^not ok 1.*AH01630/ms, 'and shows it' );
    my %case = (
        'a child that crashed' => 'kill SEGV => ( $server->node->children )[0];'
            . 'wait_until( "the log of it", sub { $server->node->error_log->count(qr/exit signal/) } )',
        'a server that died' => 'kill KILL => $server->node->children, $server->node->pid;'
            . 'wait_until( "the end", sub { !$server->node->is_running } )',
        'a line that is none of httpd\'s' => 'open my $log, ">>", $server->node->error_log->file;'
            . 'say $log "free(): invalid pointer"; close $log',
        'a report of a sanitizer' => 'open my $log, ">", $server->node->base . "/sanitizer.1";'
            . 'say $log "heap-use-after-free"; close $log',
    );
    for my $name ( sort keys %case ) {
        ( $status, $output ) = run_test( $case{$name} );
        like( $output, qr/^not ok 1/m, $name );
    }
    for ( [ $refuse, 'qr/AH01630/' ], ['1'] ) {
        ( $status, $output ) = run_test(@$_);
        is( $status, 0, @$_ > 1 ? 'nothing where the error is allowed' : 'nothing in a clean run' )
            or diag $output;
    }
};

subtest 'a test that dies leaves nothing behind' => sub {
    my $script = 'use MobileSync::Server; my $s = MobileSync::Server->start( module => 0 );'
        . '$| = 1; print join( " ", $s->redis->pid, $s->node->pid, $s->folder ), "\n";';
    my $run = sub ($end) {
        open my $pipe, '-|', $^X, "-I$FindBin::Bin/../lib", '-e', "$script $end"
            or die "perl: $!\n";
        my @words = split ' ', readline $pipe;
        my $pid = $words[0];
        return ( $pipe, @words );
    };
    my ( $pipe, @parts ) = $run->('close STDERR; die');
    close $pipe;
    wait_until(
        'the end of its servers',
        sub {
            !grep { kill 0 => $_ } @parts[ 0, 1 ];
        }
    );
    pass('after die()');
    ok( !-e $parts[2], 'no file either' );
    SKIP: {
        skip 'no setpriv', 1 unless find_program('setpriv');
        ( $pipe, @parts ) = $run->('kill KILL => $$');
        close $pipe;
        wait_until(
            'the end of its servers',
            sub {
                !grep { kill 0 => $_ } @parts[ 0, 1 ];
            }
        );
        pass('after kill -9');
        File::Path::remove_tree( $parts[2] );
    }
};

done_testing;
