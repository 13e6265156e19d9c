#!/usr/bin/perl
# covers: Ping Sync
# Where httpd cannot park a request, a phone that waits blocks a worker, with the same results.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

# A module that has the event MPM answer like that of an older httpd.
my $old = ( $ENV{top_builddir} // "$FindBin::Bin/../.." ) . '/t/e2e/.libs/mod_old_httpd.so';

my %OPTIONS = (
    prefork => { mpm => 'prefork' },
    worker => { mpm => 'worker' },
    'event of an older httpd' => { mpm => 'event', global => "LoadModule old_httpd_module $old" }
);

for my $case ( sort keys %OPTIONS ) {
    subtest $case => sub {
        plan skip_all => 'make check builds mod_old_httpd' if $case =~ /older/ && !-e $old;
        my $server = MobileSync::Server->start(
            %{ $OPTIONS{$case} },
            status => 1,
            config => 'CustomLog outcome.log "%{MOBILESYNC_OUTCOME}e"',
            settings => { MobileSyncHeartbeatMin => 1 }
        );
        my $phone = $server->client;
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(2)->{id};
        $phone->initial_sync($inbox);
        my $ping = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
        wait_until( 'a Ping to wait', sub { $server->node->waiting->{Blocked} == 1 } );
        is( $server->node->waiting->{Parked}, 0, 'a Ping waits, and holds a thread' );
        $server->mailbox->deliver("From: e\@example.org\nSubject: x\n\nHi\n");
        ok( $ping->is_ready(PATIENCE), 'and is answered when mail comes' );
        is( $ping->result->{status}, 2, 'with Status 2' );
        is( $phone->sync_until_done($inbox)->{items}, 1, 'the mail comes' );
        is( $phone->ping( heartbeat => 2, folders => [$inbox] )->{status}, 1, 'a heartbeat ends' );

        $ping = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(1), 'another one waits' );
        $ping->hang_up;
        wait_until( 'the server to notice',
            sub { $server->node->error_log->count(qr{device TEST\w+: hung up}) } );
        wait_until(
            'the access log',
            sub {
                open my $log, '<', $server->node->base . '/outcome.log' or die "outcome.log: $!\n";
                grep {/^hung up$/} <$log>;
            }
        );
        pass('that the phone hung up is noticed and logged');

        $ping = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(1), 'a third one waits' );
        $server->node->graceful;
        ok( $ping->is_ready(PATIENCE), 'a graceful restart answers it' );
        is( $ping->result->{status}, 1, 'with Status 1' );
        wait_until(
            'the new children',
            sub {
                eval { $server->node->waiting }
            }
        );
        cmp_ok( $server->node->waiting->{FallbackWaits}, '>=', 4, 'all waits are counted' );

        # these MPMs wait for idle connections when they are to end
        undef $ping;
        $phone->disconnect;
        $server->done;
    };
}

done_testing();
