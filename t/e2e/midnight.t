#!/usr/bin/perl
# covers: Sync GetItemEstimate
# A filter ages: past midnight what has become too old leaves the phone, and nothing else does.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Httpd;
use MobileSync::Letters qw(deliver_letters new_phone inbox letter_ids held kept);
use MobileSync::Server;

use constant DAY => 86_400;
use constant { ONE_DAY => 1, THREE_DAYS => 2 };    # FilterType, MS-ASCMD 2.2.3.68.2

plan skip_all => 'libfaketime is not installed' unless MobileSync::Httpd::faketime();

# The httpd's clock goes on by so many seconds; all else stays where it is.
sub advance ( $server, $seconds, @phones ) {
    my $node = $server->node;
    is( $node->stop, '', 'httpd stops' );
    $node->{clock} += $seconds;
    $node->start;
    for my $phone (@phones) {
        $phone->disconnect;
        $phone->{port} = $node->port;
    }
    return;
}

my $server = MobileSync::Server->start( accounts => {} );

# A day must not end between delivery and the first Sync: then all is a day older at once.
my $left = DAY - time % DAY;
advance( $server, $left + 60 ) if $left < 600;
my $now = time + ( $server->node->{clock} // 0 );
my $midnight = $now - $now % DAY;

my %filtered = ( filter_type => ONE_DAY, body => [ { type => 1 } ] );
my ( %box, %phone );

for my $version (qw(12.1 16.1)) {
    subtest "before, $version" => sub {
        my $account = 'anna' . $version =~ tr/.//dr;
        $server->add_account($account);
        my $box = $box{$version} = $server->mailbox($account);
        deliver_letters( $box, 'earlier', 2, time => $midnight - 36 * 3600 );
        deliver_letters( $box, 'first of yesterday', 1, time => $midnight - DAY );
        deliver_letters( $box, 'last of yesterday', 3, time => $midnight - 1 );
        deliver_letters( $box, 'today', 2, time => $midnight );
        my $phone = $phone{$version} = new_phone(
            $server,
            account => $account,
            version => $version,
            options => \%filtered
        );
        is( scalar @{ held($phone) }, 6, 'the phone has yesterday and today' );
        my $result = $phone->sync( inbox($phone) );
        is_deeply( $result->{soft_deletes}, [], 'for the time being' );
    };
}

# With ConversationMode a conversation stays as long as one of it is new enough, and goes whole.
my $talk = do {
    $server->add_account('talker');
    my $box = $server->mailbox('talker');
    my $number = 0;
    my $deliver = sub ( $thread, $time ) {
        $number++;
        $box->deliver(
            "From: a\@b.c\nSubject: $thread $number\nMessage-ID: <$number\@t>\n"
                . "References: <$thread\@t>\n\nText.\n",
            time => $time
        );
    };
    $deliver->( 'over', $midnight - 36 * 3600 );
    $deliver->( 'over', $midnight - 1 );
    $deliver->( 'on', $midnight - 36 * 3600 );
    $deliver->( 'on', $midnight );
    my $phone = $server->client( account => 'talker', version => '14.1' );
    $phone->folder_sync;
    $phone->initial_sync( inbox($phone), options => \%filtered, conversation_mode => 1 );
    is( scalar @{ held($phone) }, 4, 'both conversations, whole' );
    $phone;
};

advance( $server, DAY, $talk, values %phone );

subtest 'conversations, a day later' => sub {
    my $estimate = $talk->get_item_estimate( [ inbox($talk) ] );
    is( $estimate->{ inbox($talk) }{estimate}, 2, 'an estimate counts what goes' );
    my $result = $talk->sync( inbox($talk) );
    is( scalar @{ $result->{soft_deletes} }, 2, 'two messages go' );
    is_deeply( held($talk), [ 'on 3', 'on 4' ], 'those of the conversation that is over' );
    is( $talk->sync( inbox($talk) )->{empty}, 1, 'and nothing more' );
};

for my $version ( sort keys %phone ) {
    subtest "a day later, $version" => sub {
        my ( $box, $phone ) = ( $box{$version}, $phone{$version} );
        my $inbox = inbox($phone);
        my @old = map { letter_ids( $phone, "$_ of yesterday" ) } qw(first last);
        my $estimate = $phone->get_item_estimate( [$inbox], filter_type => ONE_DAY );
        is( $estimate->{$inbox}{estimate}, 4, 'an estimate counts what goes' );
        my $result = $phone->sync( $inbox, window_size => 3 );
        is( scalar @{ $result->{soft_deletes} }, 3, 'a window full of SoftDeletes' );
        ok( $result->{more}, 'with more to come' );
        my @gone = @{ $result->{soft_deletes} };
        my $call = $phone->sync( $inbox, window_size => 3, lose => 1 );
        $result = $phone->repeat($call);
        push @gone, @{ $result->{soft_deletes} };
        is_deeply( [ sort @gone ], [ sort @old ], 'the rest, though its answer was lost once' );
        is_deeply( [ map { @{ $result->{$_} } } qw(adds changes deletes) ], [],
            'and nothing else' );
        is( scalar @{ held($phone) }, 2, 'what was new yesterday is what the phone has' );
        is( scalar @{ kept($box) }, 8, 'the mailbox has all' );

        # What others do to a message that is no longer the phone's is not told.
        $box->set_flags( $_, 'S' ) for keys %{ $box->messages };
        $result = $phone->sync($inbox);
        is( scalar @{ $result->{changes} }, 2, 'Changes of what it has' );
        is_deeply( [ map { @{ $result->{$_} } } qw(adds deletes soft_deletes) ],
            [], 'and nothing else' );

        my %wider = ( %filtered, filter_type => THREE_DAYS );
        $phone->sync_until_done( $inbox, options => \%wider );
        is( scalar @{ held($phone) }, 8, 'a wider filter brings them back' );
    };
}

$server->done;
done_testing;
