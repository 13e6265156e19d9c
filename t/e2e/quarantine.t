#!/usr/bin/perl
# covers: Sync
# Items that cannot be rendered: everything else syncs, they are shown with their reason, and come
# once they can be rendered. Items that end the process are found and quarantined.
use v5.36;
use Cwd ();
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $build = $ENV{top_builddir} // "$FindBin::Bin/../..";
my $poison = Cwd::abs_path("$build/t/e2e/.libs/libpoison.so");
plan skip_all => 'make check builds libpoison' unless defined $poison && -e $poison;

my $antidote;
my $server = MobileSync::Server->new(
    nodes => 2,
    admin => 'root',
    settings => { MobileSyncHeartbeatMin => 1, MobileSyncHeartbeatMax => 600 },
    environment => { LD_PRELOAD => $poison, POISON => '/dev/null' }
);
my $toxic = $server->folder . '/toxic';
$_->{environment}{POISON} = $toxic for @{ $server->{nodes} };
$server->{redis}->start;
$_->start for @{ $server->{nodes} };
my $admin = $server->admin;
$server->allow_errors(
    qr/is quarantined/,
    qr/exit signal Killed/,
    qr/children are killed successively/
);

# Of the Inbox, as the administrator sees them.
sub quarantined ( $phone, $inbox ) {
    my ($folder) =
        grep { $_->{folder} eq $inbox } @{ $admin->get( device_path($phone) )->{json}{folders} };
    return $folder->{quarantined};
}

sub holds ( $phone, $inbox, $wanted, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply( subjects( $phone, $inbox ), [ sort @$wanted ], $name );
    return;
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) =
            phone_with_mail( $server, account => $account, version => $version );
        my $box = $server->mailbox($account);
        my @names = map { $box->deliver( simple_mail( subject => "mail $_" ) ) } 1 .. 5;
        my @bad = map { $box->maildir . "/new/$_" } @names[ 1, 3 ];
        chmod 0, @bad;
        $phone->initial_sync($inbox);
        holds( $phone, $inbox, [ map {"mail $_"} 1, 3, 5 ], 'the others come' );
        my $list = quarantined( $phone, $inbox );
        is( scalar @$list, 2, 'two are quarantined' );
        is( $_->{tries}, 1, 'after a try' ) for @$list;
        like( $_->{reason}, qr/./, "for a reason: $_->{reason}" ) for @$list;
        is( $admin->get( device_path($phone) )->{json}{quarantined}, 2, 'the device counts them' );
        is( $admin->get( [ 'accounts', $account ] )->{json}{devices}[0]{quarantined},
            2, 'in lists too' );
        my $why =
            $admin->get( device_path( $phone, 'why' ), query => { item => $list->[0]{item} } )
            ->{json};
        is( $why->{verdict}, 'quarantined', 'why' );
        is( $why->{quarantined}{reason}, $list->[0]{reason}, 'with the reason' );

        my $retry = sub (%query) {
            return $admin->post( device_path( $phone, 'retry' ), query => \%query );
        };
        is( $retry->( folder => $inbox, dry_run => 1 )->{json}{items}, 2, 'a dry run' );
        ok( !quarantined( $phone, $inbox )->[0]{retry_waiting}, 'does nothing' );
        ok( $phone->sync($inbox)->{empty}, 'nothing waits' );
        is( $retry->( item => $list->[0]{item} )->{status}, 200, 'another try' );
        ok( quarantined( $phone, $inbox )->[0]{retry_waiting}, 'waits' );
        is(
            $admin->get( device_path( $phone, 'why' ), query => { item => $list->[0]{item} } )
                ->{json}{verdict},
            'waiting',
            'as why says'
        );
        $phone->sync_until_done($inbox);
        my %tries = map { $_->{item} => $_ } @{ quarantined( $phone, $inbox ) };
        is( $tries{ $list->[0]{item} }{tries}, 2, 'it failed again' );
        is( $tries{ $list->[1]{item} }{tries}, 1, 'the other one was left alone' );
        holds( $phone, $inbox, [ map {"mail $_"} 1, 3, 5 ], 'nothing has changed' );

        chmod 0600, @bad;
        my $ping = $phone->ping( heartbeat => 500, folders => [$inbox], async => 1 );
        ok( !$ping->is_ready(0.3), 'a phone waits' );
        is( $retry->( folder => $inbox )->{json}{items}, 2, 'all of the folder' );
        ok( $ping->is_ready(PATIENCE), 'the phone wakes' );
        is( $ping->result->{status}, 2, 'to fetch them' );
        $phone->sync_until_done($inbox);
        holds( $phone, $inbox, [ map {"mail $_"} 1 .. 5 ], 'all is there' );
        is_deeply( quarantined( $phone, $inbox ), [], 'nothing is quarantined' );
        is( $retry->( folder => $inbox )->{status}, 404, 'nothing is left to try' );
        is( $retry->( item => $list->[0]{item} )->{status}, 404, 'nor that item' );
        is( $retry->()->{status}, 400, 'what?' );
        is( $retry->( item => 'nonsense' )->{status}, 400, 'no item' );
        is_deeply( $phone->collection($inbox)->{duplicates}, [], 'nothing came twice' );
    }
);

# A phone that asks again until it is answered, and goes on until nothing is left.
sub sync_through ( $phone, $inbox, %option ) {
    my ( $result, $crashes ) = ( undef, 0 );
    wait_until(
        'a whole Sync',
        sub {
            if ( !eval { $result = $phone->sync( $inbox, %option ); 1 } ) {
                $crashes++;
                $phone->disconnect;
                return 0;
            }
            return $result->{status} == 1 && !$result->{more};
        },
        PATIENCE
    );
    return $crashes;
}

sub poison_mail ($subject) {
    return simple_mail( subject => $subject ) =~ s/charset=utf-8/charset=utf-8; x-poison=1/r;
}

sub set_poison ($on) {
    if ($on) {
        open my $file, '>', $toxic or die "$toxic: $!\n";
        close $file;
        chmod 0644, $toxic;
    }
    else {
        unlink $toxic;
    }
    return;
}

subtest 'poison' => sub {
    set_poison(1);
    $server->add_account('bert');
    my $box = $server->mailbox('bert');
    $box->deliver( $_ == 4
            || $_ == 9 ? poison_mail("mail $_") : simple_mail( subject => "mail $_" ) )
        for 1 .. 12;
    my ( $phone, $inbox ) = phone_with_mail( $server, account => 'bert' );
    $phone->sync($inbox);
    my $crashes = sync_through( $phone, $inbox );
    my @good = grep { $_ != 4 && $_ != 9 } 1 .. 12;
    holds(
        $phone, $inbox,
        [ map {"mail $_"} @good ],
        "after $crashes crashes the others are there"
    );
    my $list = quarantined( $phone, $inbox );
    is( scalar @$list, 2, 'two are quarantined' );
    like( $_->{reason}, qr/process ended/, 'because of what they do' ) for @$list;
    is_deeply( $phone->collection($inbox)->{duplicates}, [], 'nothing came twice' );
    $box->deliver( simple_mail( subject => "more $_" ) ) for 1 .. 3;
    is( scalar @{ $phone->sync( $inbox, window_size => 10 )->{adds} }, 3, 'then it is as before' );
    set_poison(0);
    is( $admin->post( device_path( $phone, 'retry' ), query => { folder => $inbox } )->{status},
        200, 'another try' );
    is( sync_through( $phone, $inbox ), 0, 'without a crash' );
    holds( $phone, $inbox, [ ( map {"mail $_"} 1 .. 12 ), map {"more $_"} 1 .. 3 ],
        'all is there' );
    is_deeply( quarantined( $phone, $inbox ), [], 'nothing is quarantined' );
};

subtest 'poison, two folders, two nodes' => sub {
    set_poison(1);
    $server->add_account('carl');
    my ( $phone, $inbox ) = phone_with_mail( $server, account => 'carl' );
    my $sent = $phone->folder_of_type(SENT)->{id};
    for ( 1 .. 5 ) {
        $server->mailbox('carl')->deliver( simple_mail( subject => "good $_" ) );
        $server->mailbox('carl')->deliver( simple_mail( subject => "sent $_" ), folder => 'Sent' );
    }
    $server->mailbox('carl')->deliver( poison_mail('bad') );
    $phone->sync($_) for $inbox, $sent;
    my $node = 0;
    wait_until(
        'a whole Sync',
        sub {
            $phone->disconnect;
            $phone->{port} = $server->node( $node++ % 2 )->port;
            my $result = eval { $phone->sync( [ { id => $sent }, { id => $inbox } ] ) } // return 0;
            return !grep { $_->{more} } values %{ $result->{collections} };
        },
        PATIENCE
    );
    holds( $phone, $inbox, [ map {"good $_"} 1 .. 5 ], 'the others come' );
    is( scalar @{ quarantined( $phone, $inbox ) }, 1, 'one is quarantined' );
    holds( $phone, $sent, [ map {"sent $_"} 1 .. 5 ], 'the folder before it is not suspected' );
    is_deeply( quarantined( $phone, $sent ), [], 'nothing of it is quarantined' );
    set_poison(0);
};

# A phone that reads its answer, and comes back with the same request on the same connection: it
# cannot take something of it.
subtest 'what a phone cannot take' => sub {
    $server->add_account('emil');
    my $box = $server->mailbox('emil');
    $box->deliver( simple_mail( subject => "mail $_" ) ) for 1 .. 6;
    my ( $phone, $inbox ) = phone_with_mail( $server, account => 'emil' );
    $phone->sync($inbox);
    my $chokes = 0;
    for ( 1 .. 60 ) {
        my %held = %{ $phone->items($inbox) };
        my $key = $phone->collection($inbox)->{key};
        my $result = $phone->sync($inbox);
        last if $result->{empty} || ( !$result->{more} && !@{ $result->{adds} } );
        my %new = map { $_->text('Email:Subject') => $_ }
            map { $phone->items($inbox)->{$_} } @{ $result->{adds} };
        next if !$new{'mail 3'};
        $chokes++;
        %{ $phone->items($inbox) } = %held;    # it drops the whole answer
        $phone->collection($inbox)->{key} = $key;
    }
    holds( $phone, $inbox, [ map {"mail $_"} 1, 2, 4, 5, 6 ], 'it gets all the others' );
    cmp_ok( $chokes, '<=', 12, 'soon' );
    my $list = quarantined( $phone, $inbox );
    is( scalar @$list, 1, 'and the one is quarantined' );
    like( $list->[0]{reason}, qr/again and again/, 'for that reason' );
    is_deeply( $phone->collection($inbox)->{duplicates}, [], 'nothing came twice' );
    is( $admin->post( device_path( $phone, 'retry' ), query => { folder => $inbox } )->{status},
        200, 'another try' );
    $phone->sync_until_done($inbox);
    holds( $phone, $inbox, [ map {"mail $_"} 1 .. 6 ], 'which it can take' );
};

# A bad train ride: the connection is cut again and again, and nothing is quarantined for it.
subtest 'lost connections never count' => sub {
    $server->add_account('dora');
    my ( $phone, $inbox ) = phone_with_mail( $server, account => 'dora', count => 30 );
    $phone->sync($inbox);
    for ( 1 .. 12 ) {
        $phone->sync( $inbox, lose => 'hang up' );
        $phone->sync( $inbox, lose => 1 );
        $phone->disconnect;
    }
    sync_through( $phone, $inbox );
    is( scalar keys %{ $phone->items($inbox) }, 30, 'all is there' );
    is_deeply( quarantined( $phone, $inbox ), [], 'nothing is quarantined' );
};

$server->done;
done_testing;
