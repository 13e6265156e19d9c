#!/usr/bin/perl
# Redis goes away, children are killed: phones get a clear answer or none, come back by
# themselves, and neither lose nor double anything.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

# How many children are killed.
my $kills = $ENV{MOBILESYNC_KILLS} // 12;

# The phone and the mailbox have the same messages, by subject and read or not.
sub is_same ( $server, $phone, $inbox, $name ) {
    my $box = $server->mailbox;
    my @mailbox;
    for my $message ( sort keys %{ $box->messages } ) {
        my ($subject) = $box->content($message) =~ /^Subject: (.*?)\r?$/m;
        push @mailbox, "$subject " . ( $box->flags($message) =~ /S/ ? 1 : 0 );
    }
    my @phone = map { $_->text('Email:Subject') . ' ' . $_->text('Email:Read') }
        values %{ $phone->items($inbox) };
    is_deeply( [ sort @phone ], [ sort @mailbox ], $name );
    is_deeply( $phone->collection($inbox)->{duplicates}, [], 'no item was added twice' );
    return;
}

# An account whose Inbox has so many plain messages, and its phone.
sub begin ( $server, $count ) {
    $server->mailbox->deliver( simple_mail( subject => "m$_", time => time - 60 * $_ ) )
        for 1 .. $count;
    return phone_with_mail( $server, timeout => 120 );
}

# What a phone does: the call again until there is an answer.
sub insist ( $phone, $call ) {
    for ( 1 .. 50 ) {
        my $result = eval { $phone->repeat($call) };
        return $result if $result;
        die $@ unless $@ =~ /connection|HTTP 503|reading|writing/;
        select undef, undef, undef, 0.05;
    }
    die "no answer to a call repeated 50 times: $@";
}

subtest 'Redis is down' => sub {
    my $server = MobileSync::Server->start( settings => { MobileSyncRedisTimeout => 500 } );
    my ( $phone, $inbox ) = begin( $server, 20 );
    $phone->initial_sync($inbox);
    $server->redis->stop;
    for my $version (qw(12.1 16.1)) {
        my $answer = $phone->twin( version => $version )
            ->command( 'FolderSync', tree => [ 'FolderHierarchy:FolderSync', [ SyncKey => '0' ] ] );
        is( $answer->status, 503, "$version: HTTP 503" );
        like( $answer->header('Retry-After') // '', qr/^\d+$/, 'with Retry-After' );
    }
    ok( !eval { $phone->sync($inbox); 1 }, 'no Sync either' );
    is( $phone->options->{response}->status, 200, 'OPTIONS needs no Redis' );
    $server->mailbox->deliver( simple_mail( subject => 'meanwhile' ) );
    $server->redis->start;
    my $call = $phone->last_call;
    my $result = insist( $phone, $call );
    is( $result->{status}, 1, 'Redis is back: the same key goes on, nothing was restarted' );
    $phone->sync_until_done($inbox);
    is_same( $server, $phone, $inbox, 'phone and mailbox are the same' );
    ok( $server->node->error_log->count(qr/redis/i), 'the log tells the operator' );
    $server->allow_errors(qr/\[mobilesync:(?:warn|error|crit)\].*redis/i);
    $server->done;
};

subtest 'Redis restarts mid-way' => sub {
    my $server = MobileSync::Server->start;
    my ( $phone, $inbox ) = begin( $server, 50 );
    $phone->sync($inbox);
    for my $round ( 1 .. 4 ) {
        $phone->sync( $inbox, window_size => 10, lose => 1 );
        $server->redis->restart;
        is( insist( $phone, $phone->last_call )->{status}, 1, "restart $round" );
    }
    $phone->sync_until_done($inbox);
    is_same( $server, $phone, $inbox, 'phone and mailbox are the same' );
    $server->allow_errors(qr/\[mobilesync:(?:warn|error|crit)\].*redis/i);
    $server->done;
};

subtest 'children are killed' => sub {
    my $server = MobileSync::Server->start;
    my ( $phone, $inbox ) = begin( $server, 120 );
    my $box = $server->mailbox;
    srand 1;
    my %deleted;
    insist( $phone, $phone->sync( $inbox, lose => 1 ) );
    for my $kill ( 1 .. $kills ) {
        my @held = sort keys %{ $phone->items($inbox) };
        my @commands;
        push @commands, $phone->change_of( $held[ rand @held ], [ 'Email:Read', int rand 2 ] )
            if @held;
        push @commands, $phone->delete_of( $held[0] ) if @held > 5 && $commands[0]{id} ne $held[0];
        my $pending = $phone->sync(
            $inbox,
            window_size => 7,
            commands => \@commands,
            deletes_as_moves => 1,
            async => 1
        );
        my $call = $phone->last_call;
        select undef, undef, undef, rand 0.02;
        $server->node->kill_child($_) for $server->node->children;
        my $result = eval { $pending->result } // insist( $phone, $call );
        is( $result->{status}, 1, "after kill $kill the phone goes on" );
        $box->deliver( simple_mail( subject => "k$kill" ) ) if $kill % 3 == 0;
    }
    $phone->sync_until_done($inbox);
    is_same( $server, $phone, $inbox, 'phone and mailbox are the same' );
    my $moved = keys %{ $box->messages('Trash') };
    is(
        $moved + keys %{ $box->messages },
        120 + int( $kills / 3 ),
        'no message is lost or doubled'
    );

    my $friend = $server->add_account('friend');
    for my $kill ( 1 .. 3 ) {
        my $mime = simple_mail(
            from => $server->address,
            to => $server->address('friend'),
            subject => "send $kill"
        );
        my $pending = $phone->send_mail( $mime, save => 1, async => 1 );
        my $call = $phone->last_call;
        select undef, undef, undef, rand 0.01;
        $server->node->kill_child($_) for $server->node->children;
        my $result = eval { $pending->result } // insist( $phone, $call );
        is( $result->{status}, 1, "a SendMail during kill $kill" );
    }
    is( scalar keys %{ $server->mailbox('friend')->messages }, 3, 'arrives once each' );
    $server->done;
};

done_testing;
