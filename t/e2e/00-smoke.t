#!/usr/bin/perl
# The module in httpd, from start to stop: every MPM, two nodes, TLS, graceful restarts.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Server;

sub serves ( $client, $name ) {
    my $options = $client->options;
    is_deeply( $options->{versions}, [qw(12.1 14.0 14.1 16.0 16.1)], "$name: OPTIONS" );
    is( $client->provision->{status}, 1, "$name: Provision" );
    return;
}

subtest 'event' => sub {
    my $server = MobileSync::Server->start( nodes => 2, tls => 1 );
    serves( $server->client, 'the first node' );
    serves( $server->client( node => 1 ), 'the second node' );
    serves( $server->client( tls => 1 ), 'TLS' );
    my $phone = $server->client;
    serves( $phone, 'before a graceful restart' );
    for ( 1 .. 2 ) {
        $server->node->graceful;
        $phone->disconnect;    # the old child closes it, maybe in the very moment it is used
        serves( $phone, "after graceful restart $_" );
    }
    $server->done;
};

for my $mpm (qw(worker prefork)) {
    subtest $mpm => sub {
        my $server = MobileSync::Server->start( mpm => $mpm );
        serves( $server->client, $mpm );
        $server->node->graceful;
        serves( $server->client, 'after a graceful restart' );
        $server->done;
    };
}

done_testing;
