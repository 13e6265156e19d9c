#!/usr/bin/perl
# covers: Sync GetItemEstimate
# Several devices, several nodes, several collections; filters and windows.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use EAS::WBXML;
use MobileSync::Letters qw(letter deliver_letters new_phone inbox letter_ids held kept in_step);
use MobileSync::Server;

use constant { SERVER_WINS => 1, CLIENT_WINS => 0, DAY => 86_400 };
use constant OPTIONS => MobileSync::Letters::OPTIONS;

my $server = MobileSync::Server->start( nodes => 2 );

sub account ( $name, $letters = 10 ) {
    $server->add_account($name);
    my $box = $server->mailbox($name);
    deliver_letters( $box, 'old', $letters );
    return $box;
}

sub read_of ( $phone, $id, $value ) {
    return $phone->change_of( $id, [ 'Email:Read', $value ] );
}

sub flag_of ( $phone, $id, $status ) {
    return $phone->change_of( $id, [ 'Email:Flag', [ Status => $status ], [ FlagType => 'x' ] ] );
}

subtest 'changes that do not meet' => sub {
    my $box = account('apart');
    my @phones = map { new_phone( $server, account => 'apart', version => $_ ) } qw(16.1 12.1);
    my ( $one, $two ) = @phones;
    my $inbox = inbox($one);
    my @ids = letter_ids( $one, 'old' );
    $one->sync( $inbox,
        commands => [ read_of( $one, $ids[0], 1 ), $one->delete_of( $ids[1] ) ] );
    my $result = $two->sync( $inbox,
        commands => [ flag_of( $two, $ids[0], 2 ), read_of( $two, $ids[2], 1 ) ] );
    is( $result->{responses}{Change}, undef, 'no conflict: another property' );
    in_step( $_, $box, "$_->{version}" ) for @phones;
    is( $one->items($inbox)->{ $ids[0] }->text('Email:Flag/Status'), 2, 'the mark' );
    is( $two->items($inbox)->{ $ids[0] }->text('Email:Read'), 1, 'and the other one' );
    ok( !$two->items($inbox)->{ $ids[1] }, 'the deleted one is gone' );
};

for my $conflict ( SERVER_WINS, CLIENT_WINS ) {
    subtest "a conflict with Conflict $conflict" => sub {
        my $account = "conflict$conflict";
        my $box = account($account);
        my %options = ( %{ +OPTIONS }, conflict => $conflict );
        my ( $one, $two ) =
            map { new_phone( $server, account => $account, options => \%options ) } 1, 2;
        my $inbox = inbox($one);
        my ($id) = letter_ids( $one, 'old' );
        $one->sync( $inbox, commands => [ flag_of( $one, $id, 2 ) ] );
        $two->sync( $inbox, commands => [ read_of( $two, $id, 1 ) ] );
        $_->sync($inbox) for $one, $two;
        # One takes the mark away, the other one makes it read and takes it as marked.
        my $both = sub ( $flag, $read ) {
            return { tag => 'Change', id => $id,
                properties => [ [ 'Email:Flag', [ Status => $flag ], [ FlagType => 'x' ] ],
                    [ 'Email:Read', $read ] ] };
        };
        $one->sync( $inbox, commands => [ $both->( 0, 0 ) ] );
        my $result = $two->sync( $inbox, commands => [ $both->( 2, 1 ) ] );
        my $status = $result->{responses}{Change}
            && $result->{responses}{Change}[0]->text('Status');
        is( $status, $conflict == SERVER_WINS ? 7 : undef, 'the answer to the Change' );
        in_step( $_, $box, 'in step' ) for $two, $one;
        my $line = $conflict == SERVER_WINS ? 'old 1' : 'old 1 [read] [flagged]';
        ok( ( grep { $_ eq $line } @{ kept($box) } ), "the letter is '$line'" )
            or diag( explain( kept($box) ) );
    };

    subtest "Delete beats Change, Conflict $conflict" => sub {
        my $account = "delete$conflict";
        my $box = account($account);
        my %options = ( %{ +OPTIONS }, conflict => $conflict );
        my ( $one, $two ) =
            map { new_phone( $server, account => $account, options => \%options ) } 1, 2;
        my $inbox = inbox($one);
        my @ids = letter_ids( $one, 'old' );
        # The other device changed it first.
        $one->sync( $inbox, commands => [ flag_of( $one, $ids[0], 2 ) ] );
        my $result = $two->sync( $inbox, commands => [ $two->delete_of( $ids[0] ) ] );
        is( $result->{responses}{Delete}, undef, 'a Delete of what was changed succeeds' );
        # The other device deleted it first.
        $one->sync( $inbox, commands => [ $one->delete_of( $ids[1] ) ] );
        $result = $two->sync( $inbox, commands => [ read_of( $two, $ids[1], 1 ) ] );
        is( $result->{responses}{Change}[0]->text('Status'), 8, 'a Change of what is gone' );
        # Both deleted it.
        $one->sync( $inbox, commands => [ $one->delete_of( $ids[2] ) ] );
        $result = $two->sync( $inbox, commands => [ $two->delete_of( $ids[2] ) ] );
        is( $result->{responses}{Delete}, undef, 'a Delete of what is gone succeeds' );
        in_step( $_, $box, 'in step' ) for $one, $two;
        is( scalar @{ kept($box) }, 7, 'three are gone' );
        is( scalar @{ kept( $box, 'Trash' ) }, 3, 'each once' );
    };
}

subtest 'two devices at the same moment' => sub {
    my $box = account( 'moment', 40 );
    my @phones =
        map { new_phone( $server, account => 'moment', node => $_ ) } 0, 1;
    my $inbox = inbox( $phones[0] );
    my @ids = letter_ids( $phones[0], 'old' );
    for my $round ( 0 .. 7 ) {
        my @mine = @ids[ 5 * $round .. 5 * $round + 4 ];
        my @pending;
        for my $n ( 0, 1 ) {
            my $phone = $phones[$n];
            push @pending,
                $phone->sync( $inbox, async => 1, commands =>
                    [ read_of( $phone, $mine[$n], 1 ), flag_of( $phone, $mine[2], 2 ),
                    $n ? read_of( $phone, $mine[3], 1 ) : $phone->delete_of( $mine[3] ),
                    $phone->delete_of( $mine[4] ) ] );
        }
        is( $_->result->{status}, 1, 'done' ) for @pending;
        in_step( $_, $box, 'in step' ) for @phones;
        is( scalar @{ kept( $box, 'Trash' ) }, 2 * $round + 2, 'deleted once' );
    }
};

subtest 'one device at two nodes' => sub {
    my $box = account('nodes');
    my $phone = new_phone( $server, account => 'nodes' );
    my $inbox = inbox($phone);
    my @ids = letter_ids( $phone, 'old' );
    for my $round ( 0 .. 9 ) {
        $phone->disconnect;
        $phone->{port} = $server->node( $round % 2 )->port;
        deliver_letters( $box, "round $round", 3 );
        my $call = $phone->sync( $inbox, window_size => 2, lose => 1,
            commands => [ $phone->delete_of( $ids[$round] ) ] );
        $phone->disconnect;
        $phone->{port} = $server->node( 1 - $round % 2 )->port;
        my $result = $phone->sync( $inbox, window_size => 2,
            commands => [ $phone->delete_of( $ids[$round] ) ] );
        is_deeply( [ @$result{qw(status more)}, scalar @{ $result->{adds} } ],
            [ 1, 1, 2 ], 'the repeat at the other node' );
        is( $phone->folder_sync->{status}, 1, 'FolderSync' );
        in_step( $phone, $box, 'in step' );
        is( $phone->get_item_estimate( [$inbox] )->{$inbox}{estimate}, 0, 'nothing is left' );
    }
    is( scalar @{ kept( $box, 'Trash' ) }, 10, 'deleted once' );
};

subtest 'filters' => sub {
    $server->add_account('filter');
    my $box = $server->mailbox('filter');
    my $now = time;
    my %days = ( 'this day' => 0, 'days ago' => 2, 'week ago' => 9, 'weeks ago' => 20,
        'month ago' => 45, 'year ago' => 400 );
    deliver_letters( $box, $_, 2, time => $now - $days{$_} * DAY - 60 ) for sort keys %days;
    # FilterType: days that it looks back (MS-ASCMD 2.2.3.68.2).
    my %reach = ( 0 => 1e6, 1 => 1, 2 => 3, 3 => 7, 4 => 14, 5 => 30 );
    my $expected = sub ($filter) {
        return [ sort map { ( "$_ 1", "$_ 2" ) } grep { $days{$_} < $reach{$filter} } keys %days ];
    };
    my $subjects = sub ($phone) { return [ map {s/ \[.*//r} @{ held($phone) } ] };
    for my $version (qw(12.1 14.1 16.1)) {
        my $phone = $server->client( account => 'filter', version => $version );
        $phone->folder_sync;
        my $inbox = inbox($phone);
        for my $filter ( 0 .. 5 ) {
            $phone->initial_sync( $inbox, options => { %{ +OPTIONS }, filter_type => $filter } );
            is_deeply( $subjects->($phone), $expected->($filter), "FilterType $filter, $version" );
        }
        # Wider and narrower again, without starting over.
        for my $filter ( 3, 0, 2, 5, 1, 4 ) {
            my $before = keys %{ $phone->items($inbox) };
            my $result = $phone->sync( $inbox, options => { %{ +OPTIONS }, filter_type => $filter } );
            is( $result->{status}, 1, "to FilterType $filter" );
            $phone->sync_until_done($inbox) if $result->{more};
            is_deeply( $subjects->($phone), $expected->($filter), 'what it names is there' );
            is_deeply( $result->{deletes}, [], 'nothing is deleted' );
            my $after = keys %{ $phone->items($inbox) };
            is( scalar @{ $result->{soft_deletes} }, $before - $after, 'but taken back' )
                if $after < $before;
            ok( $phone->sync($inbox)->{empty}, 'and that is all' );
        }
    }
    is( scalar @{ kept($box) }, 12, 'the mailbox has them all' );
    # What is outside of the filter may go or change: the phone need not know.
    my $phone = new_phone( $server, account => 'filter',
        options => { %{ +OPTIONS }, filter_type => 1 } );
    my ($name) = grep { $box->content($_) =~ /^Subject: year ago 1$/m } keys %{ $box->messages };
    $box->set_flags( $name, 'S' );
    ok( $phone->sync( inbox($phone) )->{empty}, 'a change of an old letter' );
    $box->delete($name);
    ok( $phone->sync( inbox($phone) )->{empty}, 'its end' );
    $box->deliver( letter('late'), time => $now - 100 * DAY );
    ok( $phone->sync( inbox($phone) )->{empty}, 'an old letter comes late' );
    $box->deliver( letter('in time'), time => $now );
    is( scalar @{ $phone->sync( inbox($phone) )->{adds} }, 1, 'a new one is told' );
};

subtest 'windows' => sub {
    my $box = account( 'windows', 12 );
    deliver_letters( $box, 'sent', 9, folder => 'Sent' )
        if -d $box->maildir('Sent') || do { $box->create_folder('Sent'); 1 };
    my $phone = $server->client( account => 'windows' );
    $phone->folder_sync;
    my ( $inbox, $sent ) = ( inbox($phone), $phone->folder_of_type(5)->{id} );
    $phone->sync( $_, options => OPTIONS ) for $inbox, $sent;
    my $rounds = 0;
    my $more = 1;
    while ( $more && $rounds++ < 20 ) {
        my $sync = $phone->sync( [ { id => $inbox, window_size => 4 }, { id => $sent } ],
            total_window_size => 5 );
        my $count = 0;
        for my $id ( $inbox, $sent ) {
            my $result = $sync->{collections}{$id} // next;
            is( $result->{status}, 1, 'a collection' );
            is_deeply( $result->{duplicates}, [], 'nothing twice' );
            my $adds = @{ $result->{adds} };
            cmp_ok( $adds, '<=', 4, 'at most the window of the collection' ) if $id eq $inbox;
            $count += $adds;
        }
        cmp_ok( $count, '<=', 5, 'at most the window of the request' );
        $more = keys( %{ $phone->items($inbox) } ) + keys( %{ $phone->items($sent) } ) < 21;
        cmp_ok( $count, '>', 0, 'it goes on' );
    }
    in_step( $phone, $box, 'the Inbox' );
    in_step( $phone, $box, 'Sent', id => $sent, folder => 'Sent' );
    my $fresh = $server->client( account => 'windows' );
    $fresh->folder_sync;
    for my $window ( 1, 0, 512, 100_000 ) {
        $fresh->reset_collection($inbox);
        $fresh->sync( $inbox, options => OPTIONS );
        my $result = $fresh->sync( $inbox, window_size => $window );
        is( scalar @{ $result->{adds} }, $window == 1 ? 1 : 12, "WindowSize $window" );
        is( $result->{more}, $window == 1 ? 1 : '', 'MoreAvailable' );
    }
};

subtest 'one of several collections fails' => sub {
    my $box = account('several');
    my $phone = new_phone( $server, account => 'several' );
    my ( $inbox, $sent, $trash ) =
        ( inbox($phone), map { $phone->folder_of_type($_)->{id} } 5, 4 );
    $phone->sync( $_, options => OPTIONS ) for $sent, $trash;
    my @ids = letter_ids( $phone, 'old' );
    deliver_letters( $box, 'new', 2 );
    my @wanted = (
        { id => 'nosuchfolder', key => '0' },
        { id => $sent, key => '{0123}7' },
        { id => $trash, options => { filter_type => 7 } },
        { id => $inbox, commands => [ $phone->delete_of( $ids[0] ), read_of( $phone, $ids[1], 1 ) ] },
    );
    for my $order ( [ 0 .. 3 ], [ 3, 2, 1, 0 ] ) {
        my $call = $phone->sync( [ @wanted[@$order] ], lose => 1 );
        my $sync = $phone->repeat($call);
        my %status = map { $_ => $sync->{collections}{$_}{status} } keys %{ $sync->{collections} };
        is_deeply( \%status, { nosuchfolder => 12, $sent => 3, $trash => 4, $inbox => 1 },
            'each has its own Status' );
        in_step( $phone, $box, 'the good one is in step' );
        is( scalar @{ kept( $box, 'Trash' ) }, 1, 'its operation was done once' );
        pop @wanted;
        push @wanted, { id => $inbox, commands => [ read_of( $phone, $ids[2], 1 ) ] };
    }
    is( $phone->sync($trash)->{status}, 1, 'a collection refused goes on with its key' );
};

$server->done;
done_testing();
