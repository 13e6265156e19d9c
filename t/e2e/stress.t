#!/usr/bin/perl
# covers: Ping Sync FolderSync
# No wake-up is lost, and none is false: waiting phones, alone in their account and together, are
# told of everything that other programs and other devices do to the mailboxes, while redis is
# killed and the server restarted gracefully. They sync only what they are told of: whatever they
# lack in the end they were not told. Their heartbeat is longer than the test.
#
# MOBILESYNC_STRESS=phones,rounds,changes: how many phones, and how many changes in each round (make
# stress).
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use List::Util qw(max sum0);
use Test::More;
use Time::HiRes qw(sleep time);
use MobileSync::Crowd;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;
use MobileSync::WaitingPhone;

my ( $phones, $rounds, $changes ) = split /,/, $ENV{MOBILESYNC_STRESS} // '60,3,90';

# Phones of an account, in turn; every fourth account has several.
use constant { TOGETHER => 4, PROCESSES => 3, CONVERGENCE => 180, OUTAGE => 0.7 };
my @accounts;
my @account_of = map {
    push @accounts, 'u' . @accounts if !@accounts || $_ % ( TOGETHER + 3 ) < 4;
    $accounts[-1];
} 0 .. $phones - 1;

my $seed = $ENV{MOBILESYNC_SEED} // time ^ $$;
srand $seed;
diag("seed $seed");

my $server = MobileSync::Server->start(
    accounts => { map { $_ => 'secret' } @accounts },
    tls => 1,
    global => 'AsyncRequestWorkerFactor 300',
    settings => { Timeout => 15, MobileSyncCoalesce => 1, MobileSyncHeartbeatMin => 2 }
);
# The module says so each time that redis goes away.
$server->allow_errors( qr/redis/i, qr/UNAVAILABLE/ );

# --- the mailboxes ---

my ( $sent, %settled ) = 0;

sub message { return simple_mail( subject => 'm' . ++$sent ) }

# { folder's name => { subject => flags } }
my %subject_of;

sub contents ($account) {
    my $box = $server->mailbox($account);
    my %contents;
    for my $folder ( '', $box->folders ) {
        my $messages = $box->messages($folder);
        $contents{ $folder || 'Inbox' } = {};
        for my $name ( keys %$messages ) {
            my $subject = $subject_of{$name} //=
                $box->content( $name, $folder ) =~ /^Subject: (\S+)/m ? $1 : '';
            my $letters = $messages->{$name} =~ /:2,(.*)$/ ? $1 : '';
            $contents{ $folder || 'Inbox' }{$subject} = join '', grep { $letters =~ /$_/ } qw(F S);
        }
    }
    return \%contents;
}

# Names of the messages of a folder that everybody has: changing those alone means that no change
# is undone before it is told. Each is taken once.
sub take_settled ( $account, $folder ) {
    my $list = $settled{$account}{$folder} // [];
    return @$list ? splice @$list, rand @$list, 1 : undef;
}

sub settle {
    for my $account (@accounts) {
        my $box = $server->mailbox($account);
        $settled{$account} =
            { map { $_ => [ keys %{ $box->messages($_) } ] } '', $box->folders };
    }
    return;
}

# --- what other programs do, who tell nobody ---

my @FOLDERS = ( '', '', '', 'Work' );
sub any (@list) { return $list[ rand @list ] }

my %program = (
    deliver => sub ( $account, $box ) { $box->deliver( message(), folder => any(@FOLDERS) ) },
    append => sub ( $account, $box ) { $box->deliver( message(), flags => any( '', 'S' ) ) },
    flag => sub ( $account, $box ) {
        my $folder = any(@FOLDERS);
        my $name = take_settled( $account, $folder ) // return;
        my $flags = $box->flags( $name, $folder );
        $box->set_flags( $name, $flags =~ /S/ ? $flags . 'F' : $flags . 'S', $folder )
            unless $flags =~ /F/;
    },
    remove => sub ( $account, $box ) {
        my $folder = any(@FOLDERS);
        my $name = take_settled( $account, $folder ) // return;
        $box->delete( $name, $folder );
    },
    move => sub ( $account, $box ) {
        my ( $from, $to ) = any( [ '', 'Work' ], [ 'Work', '' ] )->@*;
        my $name = take_settled( $account, $from ) // return;
        $box->move( $name, $from, $to );
    },
    folder => sub ( $account, $box ) { $box->create_folder( 'P' . ++$sent ) if rand() < 0.3 }
);

# --- what another device does ---

my %actor;

# A request, repeated until it is answered.
sub insist ( $phone, $call ) {
    my $result;
    wait_until(
        "$call->{command} to be answered",
        sub {
            $result = eval { $phone->repeat($call) } and return 1;
            die $@ if ref $@ ? $@->status != 503 : $@ !~ /connect|reading|writing/;
            $phone->disconnect;
            return 0;
        },
        CONVERGENCE
    );
    return $result;
}

sub actor ($account) {
    my $phone = $actor{$account} //= $server->client( account => $account, device_id => 'ACTOR' );
    insist( $phone, $phone->folder_sync( lose => 'request' ) );
    return $phone;
}

# The actor's own idea of a folder, and one of its items that is settled.
sub actor_item ( $account, $name ) {
    my $phone = actor($account);
    my $id = $phone->folder_named($name)->{id};
    while (1) {
        my $first = $phone->collection($id)->{key} eq '0';
        my $result = insist( $phone, $phone->sync( $id, lose => 'request' ) );
        last unless $first || $result->{more};
    }
    my $settled = take_settled( $account, $name eq 'Inbox' ? '' : $name ) // return;
    my $subject = $subject_of{$settled};
    my ($item) = grep { $_->text('Email:Subject') eq $subject } values %{ $phone->items($id) };
    return $item ? ( $phone, $id, $item->id ) : ();
}

sub actor_command ( $account, $make ) {
    my ( $phone, $folder, $item ) = actor_item( $account, any(qw(Inbox Inbox Work)) ) or return;
    my $command = $make->( $phone, $item ) // return;
    insist( $phone, $phone->sync( $folder, commands => [$command], lose => 'request' ) );
    return;
}

my %device = (
    read => sub ($account) {
        actor_command( $account,
            sub ( $phone, $item ) { $phone->change_of( $item, [ 'Email:Read', 1 ] ) } );
    },
    delete => sub ($account) {
        actor_command( $account, sub ( $phone, $item ) { $phone->delete_of($item) } );
    },
    move => sub ($account) {
        my ( $phone, $folder, $item ) = actor_item( $account, 'Inbox' ) or return;
        my $work = $phone->folder_named('Work')->{id};
        insist( $phone, $phone->move_items( [ [ $item, $folder, $work ] ], lose => 'request' ) );
    },
    folder => sub ($account) {
        return if rand() > 0.3;
        my $phone = actor($account);
        insist( $phone, $phone->folder_create( '0', 'D' . ++$sent, lose => 'request' ) );
    }
);

sub change {
    my $account = any(@accounts);
    return $device{ any( sort keys %device ) }->($account) if rand() < 0.3;
    return $program{ any( ('deliver') x 4, sort keys %program ) }
        ->( $account, $server->mailbox($account) );
}

# --- disturbances ---

sub kill_redis {
    $server->redis->kill_hard;
    sleep OUTAGE * rand;
    # nobody hears of these but from the mailbox itself
    $program{deliver}->( $_, $server->mailbox($_) ) for map { any(@accounts) } 1 .. 5;
    sleep OUTAGE * rand;
    $server->redis->start;
    return;
}

my %disturb = (
    none => sub { },
    redis => \&kill_redis,
    graceful => sub { $server->node->graceful },
    both => sub { $server->node->graceful; kill_redis() },
    crowd => sub ($crowd) { $crowd->ask('shake') }
);

# --- the test ---

sub waiting_phone ($number) {
    my $client = $server->client(
        account => $account_of[$number],
        device_id => sprintf( 'WAIT%04d', $number ),
        tls => $number % 8 == 0,
        validate => 0,
        version => ( 14.1, 16.1 )[ $number % 2 ]
    );
    return MobileSync::WaitingPhone->new(
        client => $client,
        kind => $number % 5 ? 'ping' : 'sync',
        kept => $number % 3 ? 1 : 0
    );
}

# Until everybody has everything. They were told, or they would not know.
sub converge ( $crowd, $what ) {
    my %mailboxes = map { $_ => contents($_) } @accounts;
    my ( $start, @wrong ) = time;
    do {
        sleep 0.2;
        @wrong = map {
            my ( $device, $list ) = @$_;
            map {"$device: $_"} @$list
        } $crowd->ask( 'differences', \%mailboxes );
    } while @wrong && time < $start + CONVERGENCE;
    ok( !@wrong, "$what: everybody was told of everything" )
        or diag( @wrong > 20 ? join "\n", @wrong[ 0 .. 19 ] : join "\n", @wrong );
    note( sprintf '%s: after %.1f s', $what, time - $start );
    return;
}

$server->mailbox($_)->create_folder('Work') for @accounts;
for my $account (@accounts) {
    $server->mailbox($account)->deliver( message(), folder => any(@FOLDERS) ) for 1 .. 8;
}
my $crowd = MobileSync::Crowd->start(
    PROCESSES,
    sub ($process) {
        return map { waiting_phone($_) } grep { $_ % PROCESSES == $process } 0 .. $phones - 1;
    }
);
converge( $crowd, 'at first' );

my @disturbances = qw(redis graceful crowd both none);
for my $round ( 1 .. $rounds ) {
    settle();
    my %when = map { int( $changes * rand ) => $_ } @disturbances;
    my $done = 0;
    for my $step ( 1 .. $changes ) {
        change();
        sleep 0.03 * rand;
        $disturb{ $when{$step} }->($crowd) if $when{$step};
    }
    converge( $crowd, "round $round" );
}

my @lacked = grep { $_->[1] } $crowd->ask('look');
is( join( "\n", map {"@$_"} @lacked ), '', 'asked whether there is more, there is not' );

my ( %count, @false, @problems );
for my $report ( map { $_->[1] } $crowd->ask('report') ) {
    $count{$_} += $report->{count}{$_} for keys %{ $report->{count} };
    push @false, @{ $report->{false} };
    push @problems, @{ $report->{problems} };
}
diag( join ', ', map {"$_: $count{$_}"} sort keys %count );
is( join( "\n", @false ), '', 'nobody was told of a change where there was none' );
is( join( "\n", @problems ), '', 'and nothing else went wrong' );
$crowd->stop;
$server->done;
done_testing;
