#!/usr/bin/perl
# covers: Ping
# The configuration that is shipped for thousands of waiting phones: httpd takes it, all children are
# there, and nothing in it contradicts the rest; what this machine allows is another matter.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Cwd ();
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Server;

my $file = "$FindBin::Bin/../../mod_mobilesync/glue/mobilesync-20000.conf.example";
open my $example, '<', $file or die "$file: $!\n";
my %setting = map { m{^(\w+)\s+(\S+)} ? ( $1 => $2 ) : () } <$example>;
close $example;

my $server = MobileSync::Server->start( mpm_file => Cwd::abs_path($file) );
$server->allow_errors(qr{LimitNOFILE=|fs\.inotify\.});
my $children = $setting{MaxRequestWorkers} / $setting{ThreadsPerChild};
wait_until( 'all children', sub { $server->node->children == $children } );
ok( $server->node->error_log->count(qr{$setting{MobileSyncWaitingMax} requests may wait}),
    'the limit of those who wait holds in the virtual host' );

my $phone = $server->client;
$phone->folder_sync;
my $inbox = $phone->folder_of_type(2)->{id};
$phone->initial_sync($inbox);
my $ping = $phone->ping( folders => [$inbox], heartbeat => 600, async => 1 );
ok( !$ping->is_ready(0.5), 'a phone waits' );
$server->mailbox->deliver("From: eve\@example.org\nSubject: news\n\nHello\n");
is( $ping->result->{status}, 2, 'and is told' );

$server->done;
done_testing();
