#!/usr/bin/perl
# covers: Sync
# What mail has beside its content: flags with all their details, categories, and when it was
# answered. Set on one phone they come to others, and stay whatever happens to the mail.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Letters qw(deliver_letters inbox letter letter_ids new_phone);
use MobileSync::Process qw(wait_until);
use MobileSync::Server;

use constant PATIENCE => 60;
use constant FULL => (
    [ 'Tasks:Subject' => "Call \x{e4}" ],
    [ 'Email:Status' => 2 ],
    [ 'Email:FlagType' => 'for Follow Up' ],
    [ 'Tasks:StartDate' => '2026-11-23T00:00:00.000Z' ],
    [ 'Tasks:DueDate' => '2026-11-25T00:00:00.000Z' ],
    [ 'Tasks:UtcStartDate' => '2026-11-22T23:00:00.000Z' ],
    [ 'Tasks:UtcDueDate' => '2026-11-24T23:00:00.000Z' ],
    [ 'Tasks:ReminderSet' => 1 ],
    [ 'Tasks:ReminderTime' => '2026-11-25T08:00:00.000Z' ],
    [ 'Tasks:OrdinalDate' => '2026-11-23T09:00:00.000Z' ],
    [ 'Tasks:SubOrdinalDate' => '5555555' ],
);
use constant DONE => (
    [ 'Email:Status' => 1 ],
    [ 'Tasks:DateCompleted' => '2026-11-24T00:00:00.000Z' ],
    [ 'Email:CompleteTime' => '2026-11-24T10:00:00.000Z' ],
);

my $server = MobileSync::Server->start( settings => { MobileSyncCoalesce => 1 } );

sub flag (@children) { return [ 'Email:Flag' => @children ] }

sub categories (@names) {
    return [ 'Email:Categories' => map { [ Category => $_ ] } @names ];
}

# { FlagType => ..., ... }; empty: no flag.
sub flag_of ( $phone, $id, $folder = inbox($phone) ) {
    my $flag = $phone->items($folder)->{$id}->property('Email:Flag') // return undef;
    return { map { $_->tag => $_->text } $flag->children };
}

sub categories_of ( $phone, $id, $folder = inbox($phone) ) {
    my $node = $phone->items($folder)->{$id}->property('Email:Categories') // return undef;
    return [ map { $_->text } $node->children ];
}

sub wanted (@children) {
    return { map { $_->[0] =~ s/.*://r => $_->[1] } @children };
}

# Does a Change; the Status of its answer.
sub change ( $phone, $id, @properties ) {
    my $result =
        $phone->sync( inbox($phone), commands => [ $phone->change_of( $id, @properties ) ] );
    my $response = $result->{responses} && $result->{responses}{Change}[0];
    return $response ? $response->text('Status') : $result->{status};
}

# What a Sync's Changes carry, by the names of the properties.
sub changes ($phone) {
    my $result = $phone->sync( inbox($phone) );
    return [] if !$result->{node};
    return [
        map {
            join ' ', map { $_->tag } $_->at('ApplicationData')->children
        } $result->{node}->all('Commands/Change')
    ];
}

sub account ( $name, $letters = 3 ) {
    $server->add_account($name);
    my $box = $server->mailbox($name);
    return ( $box, deliver_letters( $box, 'mail', $letters ) );
}

sub phones ( $account, @versions ) {
    return map { new_phone( $server, account => $account, version => $_ ) } @versions;
}

for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
    subtest "protocol $version" => sub {
        my $account = "v$version" =~ tr/.//dr;
        my ( $box, @names ) = account($account);
        my ( $one, $two ) = phones( $account, $version, $version );
        my ($id) = letter_ids( $one, 'mail' );
        is_deeply( flag_of( $one, $id ), {}, 'no flag at first' );
        is( change( $one, $id, flag(FULL) ), 1, 'a flag with everything' );
        is( scalar( grep { $box->flags($_) =~ /F/ } @names ), 1, 'in the Maildir' );
        is( $two->get_item_estimate( [ inbox($two) ] )->{ inbox($two) }{estimate},
            1, 'the estimate counts it' );
        my $ping = $two->ping( heartbeat => 3000, folders => [ inbox($two) ], async => 1 );
        ok( $ping->is_ready(PATIENCE), 'a Ping ends' );
        is( $ping->result->{status}, 2, 'by it' );
        is_deeply( changes($two), ['Flag'], 'another phone gets the Flag, and nothing else' );
        is_deeply( flag_of( $two, $id ), wanted(FULL), 'all of it' );
        is_deeply( changes($one), [], 'the phone itself no echo' );

        is( change( $two, $id, [ 'Email:Read', 1 ] ), 1, 'made read' );
        is_deeply( changes($one), ['Read'], 'which is all that is told' );
        is_deeply( flag_of( $one, $id ), wanted(FULL), 'the flag stays' );
        is( change( $two, $id, flag( [ 'Tasks:ReminderSet' => 0 ] ) ), 1, 'one detail' );
        changes($one);
        is_deeply(
            flag_of( $one, $id ),
            { %{ wanted(FULL) }, ReminderSet => 0 },
            'the others stay'
        );
        is( change( $one, $id, flag(DONE) ), 1, 'complete' );
        changes($two);
        is_deeply(
            flag_of( $two, $id ),
            { %{ wanted(FULL) }, ReminderSet => 0, %{ wanted(DONE) } },
            'with its dates'
        );
        is( change( $one, $id, flag() ), 1, 'an empty Flag' );
        changes($two);
        is_deeply( flag_of( $two, $id ), {}, 'clears it' );

        is( change( $one, $id, flag( @{$_} ) ), 6, "malformed: $_->[-1][0]" )
            for [ [ 'Email:Status' => 3 ] ],
            [ [ 'Email:Status' => 2 ] ],
            [ [ 'Email:Status' => 1 ], (DONE)[1] ],
            [ (FULL)[ 1 .. 3 ] ],
            [ (FULL)[ 1, 2, 7 ] ],
            [ (FULL)[ 1 .. 3, 5, 6 ], [ 'Tasks:DueDate' => '2026-11-01T00:00:00.000Z' ] ];
        is_deeply( flag_of( $two, $id ), {}, 'nothing of it is done' );

        my @known = $version eq '12.1' ? () : ( 'Blue', "R\x{f6}t" );
        is( change( $one, $id, categories( 'Blue', "R\x{f6}t" ) ), 1, 'categories' );
        is_deeply( changes($two), @known ? ['Categories'] : [], 'are told by themselves' );
        is_deeply( categories_of( $two, $id ), @known ? \@known : undef, 'from 14.0 on' );
        is( change( $two, $id, categories() ), 1, 'and taken away' );
        changes($one);
        is_deeply( categories_of( $one, $id ), [], 'all of them' ) if @known;
        is_deeply( [ changes($_) ], [ [] ], 'nothing is left to say' ) for $one, $two;
    };
}

subtest 'versions side by side' => sub {
    my ( $box, @names ) = account('side');
    my ( $old, $new ) = phones( 'side', '12.1', '16.1' );
    my ($id) = letter_ids( $new, 'mail' );
    change( $new, $id, categories('One') );
    my $reply = letter('Re: mail 1');
    is( $new->smart_reply( inbox($new), $id, $reply )->{status}, 1, 'a reply' );
    is_deeply( changes($old), [], 'what a version does not know is not told' );
    is( change( $old, $id, flag( (FULL)[ 1, 2 ] ) ), 1, 'a flag' );
    my $seen = changes($new);
    like( "@$seen", qr/Flag/, 'is told to both' );
    is_deeply( categories_of( $new, $id ), ['One'], 'the category stays' );
};

subtest 'a lost answer' => sub {
    my ($box) = account('lost');
    my ( $one, $two ) = phones( 'lost', '16.1', '14.1' );
    my ( $id, $other ) = letter_ids( $one, 'mail' );
    my $call = $one->sync(
        inbox($one),
        lose => 1,
        commands => [
            $one->change_of( $id, flag(FULL), categories('Lost') ),
            $one->change_of( $other, categories('Found') )
        ]
    );
    is( $one->repeat($call)->{status}, 1, 'a repeated Change' );
    is_deeply( changes($one), [], 'is done once' );
    is_deeply( changes($two), [ 'Flag Categories', 'Categories' ], 'and told once' );
    is_deeply( flag_of( $two, $id ), wanted(FULL), 'as it was meant' );
    is_deeply( changes($two), [], 'to the end' );
    is( change( $one, $id, categories('First') ), 1, 'two phones at once' );
    is( change( $two, $id, categories('Second') ), 7, 'the server wins' );
    is_deeply( categories_of( $two, $id ), ['First'], 'and the phone learns what is there' );
};

# A Ping wakes, and the phone Syncs, until the condition holds.
sub sync_until_it ( $phone, $what, $condition ) {
    wait_until( $what, sub { $phone->sync_until_done( inbox($phone) ); $condition->() }, PATIENCE );
    return pass($what);
}

subtest 'other programs' => sub {
    my ( $box, @names ) = account('other');
    my ($phone) = phones( 'other', '16.1' );
    my ($id) = letter_ids( $phone, 'mail' );
    change( $phone, $id, flag(FULL), categories('Kept') );
    my ($name) = grep { $box->flags($_) =~ /F/ } @names;
    ok( $name, 'a program sees the flag' );
    $box->set_flags( $name, 'S' );
    sync_until_it( $phone, 'taken away', sub { !%{ flag_of( $phone, $id ) } } );
    is_deeply( categories_of( $phone, $id ), ['Kept'], 'the category is still there' );
    $box->set_flags( $name, 'FS' );
    sync_until_it( $phone, 'set again', sub { %{ flag_of( $phone, $id ) } } );
    is_deeply( flag_of( $phone, $id ), wanted(FULL), 'its details are there' );
    my ($second) = grep { $_ ne $name } @names;
    $box->set_flags( $second, 'F' );
    sync_until_it(
        $phone,
        'set by a program',
        sub {
            grep { keys %{ flag_of( $phone, $_ ) } == 2 } letter_ids( $phone, 'mail' );
        }
    );

    $box->create_folder('Kept');
    $box->move( $name, '', 'Kept' );
    $phone->folder_sync;
    my $kept = $phone->folder_named('Kept')->{id};
    $phone->initial_sync($kept);
    $phone->sync_until_done($kept);
    my ($moved) = keys %{ $phone->items($kept) };
    is_deeply( flag_of( $phone, $moved, $kept ), wanted(FULL), 'moved by a program' );
    is_deeply( categories_of( $phone, $moved, $kept ), ['Kept'], 'with its category' );
    $phone->sync_until_done( inbox($phone) );
    my ($back) =
        map { $_->{destination} } @{ $phone->move_items( [ [ $moved, $kept, inbox($phone) ] ] ) };
    sync_until_it( $phone, 'moved by the phone', sub { $phone->items( inbox($phone) )->{$back} } );
    is_deeply( flag_of( $phone, $back ), wanted(FULL), 'with everything' );
};

subtest 'a lost index' => sub {
    my ( $box, @names ) = account('rebuilt');
    my ($phone) = phones( 'rebuilt', '16.1' );
    my ( $id, $gone ) = letter_ids( $phone, 'mail' );
    change( $phone, $id, flag(FULL), categories( 'A', 'B' ) );
    change( $phone, $gone, categories('C') );
    $phone->sync( inbox($phone), deletes_as_moves => 0, commands => [ $phone->delete_of($gone) ] );
    unlink glob $box->root . '/mobilesync/index.sqlite*';
    my ($fresh) = phones( 'rebuilt', '16.1' );
    $fresh->sync_until_done( inbox($fresh) );
    ($id) = letter_ids( $fresh, 'mail' );
    is_deeply( flag_of( $fresh, $id ), wanted(FULL), 'the flag is still there' );
    is_deeply( categories_of( $fresh, $id ), [ 'A', 'B' ], 'and the categories' );
    my @files = glob $box->maildir . '/mobilesync-properties/*';
    is( scalar @files, 1, 'nothing is left of what was deleted' );
};

subtest 'who answered last' => sub {
    my ( $box, @names ) = account('verb');
    $server->add_account('other2');
    my ( $one, $two ) = phones( 'verb', '14.0', '16.1' );
    my ($id) = letter_ids( $one, 'mail' );
    my $verb = sub {
        $two->sync_until_done( inbox($two) );
        my $item = $two->items( inbox($two) )->{$id};
        return map { $item->text("Email2:$_") } qw(LastVerbExecuted LastVerbExecutionTime);
    };
    my $mail = "To: other2\@example.org\nSubject: x\n\nx\n";
    is( $one->smart_reply( inbox($one), $id, $mail )->{status}, 1, 'a reply' );
    my ( $what, $when ) = $verb->();
    is( $what, 1, 'is told to the other phone' );
    like( $when, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'with its time' );
    is( $one->smart_forward( inbox($one), $id, $mail )->{status}, 1, 'a forward' );
    is( ( $verb->() )[0], 3, 'is what was last' );
    my ($name) = grep { $box->flags($_) =~ /P/ } @names;
    $box->set_flags( $name, 'R' );
    wait_until( 'the other flag to be seen', sub { ( $verb->() )[0] == 1 }, PATIENCE );
    is( ( $verb->() )[0], 1, 'another program took it back' );
};

done_testing();
