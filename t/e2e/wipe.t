#!/usr/bin/perl
# covers: Provision
# Remote wipe: the phone is told as soon as it comes, erases itself once, and stays outside until an
# administrator releases it, whatever is lost, killed, reset or undone meanwhile.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use File::Temp ();
use MobileSync::Scenario;
use MobileSync::Server;

my $policies = File::Temp->new;
chmod 0644, "$policies";
print $policies "[p]\naccounts = policed\nDevicePasswordEnabled = 1\n";
close $policies or die "$!\n";

my $server = MobileSync::Server->start(
    nodes => 2,
    admin => 'root',
    accounts => { map { $_ => 'secret' } qw(anna policed) },
    settings => {
        MobileSyncPolicies => "$policies",
        MobileSyncHeartbeatMin => 1,
        MobileSyncHeartbeatMax => 600
    }
);
my $admin = $server->admin;

# Provision as a phone that was told to: { status, directive ('RemoteWipe', 'AccountOnlyRemoteWipe', ''),
# policies }. The acknowledgement: report => [ element, Status ].
sub ask ( $phone, %option ) {
    my $report = delete $option{report};
    my @tree = $report ? [ $report->[0] => [ Status => $report->[1] ] ] : ();
    my $result = $phone->_provision( [ 'Provision:Provision', @tree ], %option );
    return $result unless ref $result eq 'HASH' && $result->{document};
    my @directives =
        map { $_->tag } map { $result->{document}->all($_) } qw(RemoteWipe AccountOnlyRemoteWipe);
    return { status => $result->{status}, directive => join( ' ', @directives ) };
}

sub told ( $phone, %option ) {
    my $answer = ask( $phone, %option );
    return "$answer->{status} $answer->{directive}";
}

sub wipe ( $phone, %query ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $answer = $admin->post( device_path( $phone, 'wipe' ), query => \%query );
    is( $answer->{status}, 200, 'a wipe is asked for' );
    return $answer->{json};
}

sub noted ($phone) { return $server->admin(1)->get( device_path($phone) )->{json}{wipe} }

sub listed ($state) {
    return [ map { $_->{device} }
            @{ $admin->get( '/devices', query => { state => $state } )->{json}{devices} } ];
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox ) = synced_phone( $server, account => $account, version => $version );
        $phone->sync($inbox);
        my $plan = wipe( $phone, dry_run => 1 );
        ok( $plan->{changes} && !$plan->{wipe}, 'a dry run tells' );
        is( refused_with( sub { $phone->folder_sync } ), 0, 'and does nothing' );
        is( told($phone), '1 ', 'there is nothing to erase' );

        my $other = $phone->twin( port => $server->node(1)->port );
        my @waiting = map { $_->ping( heartbeat => 500, folders => [$inbox], async => 1 ) } $other;
        push @waiting, $phone->sync( $inbox, wait => 8, async => 1 ) if $version > 12.1;
        ok( !$_->is_ready(0.2), 'it waits' ) for @waiting;
        my $done = wipe( $phone, reason => 'left in a taxi' );
        is( $done->{wipe}{state}, 'wiping', 'noted' );
        is(
            "@{ $done->{wipe} }{qw(scope by reason)}",
            'device root left in a taxi',
            'what and who'
        );
        is_deeply( listed('wiping'), [ $phone->{device_id} ], 'lists have it' );

        for my $wait (@waiting) {
            ok( $wait->is_ready(PATIENCE), 'what waits ends' );
            is_refused( $phone, 140, sub { $wait->result }, 'and says why' );
        }
        is_refused( $phone, 140, sub { $phone->sync($inbox) }, 'Sync' );
        is_refused( $phone, 140, sub { $phone->folder_sync( key => '0' ) }, 'FolderSync' );
        is_refused( $phone, 140, sub { $phone->ping( heartbeat => 60, folders => [$inbox] ) },
            'Ping' );
        is_refused( $phone, 140, sub { $phone->send_mail( simple_mail() ) }, 'SendMail' );
        my $friend = $phone->twin( device_id => "OTHER$account" );
        is( refused_with( sub { $friend->folder_sync } ), 0, 'other devices are not concerned' );

        ok( !wipe($phone)->{changes}, 'twice is once' );
        is( $admin->delete( device_path($phone) )->{status}, 409, 'it cannot be removed' );
        is( $admin->delete( device_path($phone), query => { dry_run => 1 } )->{status},
            409, 'a dry run says so' );
        is( $admin->post( device_path( $phone, 'release' ) )->{status}, 409, 'nor released' );
        is( $admin->post( device_path( $phone, 'reset' ) )->{status}, 200, 'a reset' );
        is_refused(
            $phone, 140,
            sub { $phone->folder_sync( key => '0' ) },
            'changes nothing of it'
        );
        $admin->post( device_path( $phone, 'suspend' ) );
        is_refused( $phone, 140, sub { $phone->folder_sync( key => '0' ) }, 'nor a suspension' );
        $admin->post( device_path( $phone, 'resume' ) );

        is( told($phone), '1 RemoteWipe', 'Provision has the directive' );
        ok( noted($phone)->{sent}, 'which is noted' );
        is( $phone->provision->{policy_status}, undef, 'whatever it asks' );
        is( told($other), '1 RemoteWipe', 'at any node, as long as it is not acknowledged' );
        is( told( $phone, report => [ RemoteWipe => 2 ] ), '2 RemoteWipe', 'it fails' );
        ok( noted($phone)->{failed} && !noted($phone)->{done}, 'which is noted' );
        is( told( $phone, report => [ RemoteWipe => $_ ] ), '1 RemoteWipe', "Status '$_' is none" )
            for 0, 3, 'x', '';
        is( told( $phone, report => [ AccountOnlyRemoteWipe => 1 ] ),
            '1 RemoteWipe', 'what was not asked for is no acknowledgement' );
        is( told( $other, report => [ RemoteWipe => 1 ] ), '1 ', 'it is acknowledged' );
        is( noted($phone)->{state}, 'wiped', 'noted' );
        ok( !noted($phone)->{failed}, 'the failure is history' );
        is( told( $phone, report => [ RemoteWipe => 1 ] ), '1 ', 'the answer was lost: the same' );
        is_refused( $phone, 129, sub { ask($phone) }, 'the directive never comes again' );
        is_refused( $phone, 129, sub { $phone->provision }, 'nor anything else' );
        is_refused(
            $phone, 129,
            sub { ask( $phone, report => [ RemoteWipe => 2 ] ) },
            'nor by failing'
        );
        is_refused( $phone, 129, sub { $phone->folder_sync( key => '0' ) }, 'it is blocked' );
        is_deeply( listed('wiped'), [ $phone->{device_id} ], 'lists have it' );
        is( $admin->delete( device_path( $phone, 'wipe' ) )->{status}, 409, 'too late to cancel' );
        is( $admin->post( device_path( $phone, 'wipe' ) )->{status}, 409, 'nor again' );
        is( $admin->delete( device_path($phone) )->{status}, 409, 'nor removed' );
        my $purge =
            $admin->post( [ 'accounts', $account, 'purge' ], query => { days => 1, dry_run => 1 } );
        is( $purge->{status}, 200, 'a purge' );

        my $release = device_path( $phone, 'release' );
        ok( $admin->post( $release, query => { dry_run => 1 } )->{json}{wipe}, 'a dry run' );
        ok( !$admin->post($release)->{json}{wipe}, 'it is released' );
        ok( !$admin->post($release)->{json}{changes}, 'twice is once' );
        is( refused_with( sub { $phone->folder_sync( key => '0' ) } ), 0, 'and let in' );
        is( told($phone), '1 ', 'without anything to erase' );
        is_deeply( listed('wiped'), [], 'lists forget it' );

        my %actions;
        for my $entry (
            @{ $admin->get( ['audit'], query => { account => $account } )->{json}{entries} } )
        {
            $actions{ $entry->{action} } //= "$entry->{actor} $entry->{outcome}";
        }
        is( $actions{"device.$_"}, 'root done', "the audit has $_" ) for qw(wipe release);
        is( $actions{"device.$_"}, '(phone) done', "and that the phone said $_" )
            for qw(wiped wipe_failed);

        wipe($phone);
        is( told($phone), '1 RemoteWipe', 'another' );
        my $cancel = device_path( $phone, 'wipe' );
        ok( $admin->delete( $cancel, query => { dry_run => 1 } )->{json}{wipe}{sent},
            'a cancellation knows that it was sent' );
        is( told($phone), '1 RemoteWipe', 'a dry run cancels nothing' );
        ok( !$admin->delete($cancel)->{json}{wipe}, 'it is cancelled' );
        is( told($phone), '1 ', 'nothing to erase' );
        is( told( $phone, report => [ RemoteWipe => 1 ] ), '1 ', 'a late acknowledgement' );
        is( refused_with( sub { $phone->folder_sync } ), 0, 'blocks nobody' );
    }
);

subtest 'the account only' => sub {
    for my $version (qw(12.1 14.0 14.1 16.0)) {
        my ($phone) = synced_phone( $server, version => $version );
        my $answer =
            $admin->post( device_path( $phone, 'wipe' ), query => { scope => 'account_only' } );
        is( $answer->{status}, 409, "$version: refused" );
        like(
            $answer->{json}{detail},
            qr{speaks protocol \Q$version\E.*16\.1.*nothing was done},
            'with the reason'
        );
        is( refused_with( sub { $phone->folder_sync } ), 0, 'and the phone is left alone' );
    }
    my ( $phone, $inbox ) = synced_phone($server);
    is( wipe( $phone, scope => 'account_only' )->{wipe}{scope}, 'account', '16.1' );
    is( $admin->post( device_path( $phone, 'wipe' ) )->{status},
        409, 'the whole phone only when that is cancelled' );
    is_refused( $phone, 140, sub { $phone->sync($inbox) }, 'told' );
    my $old = $phone->twin( version => '14.1' );
    is_refused( $old, 129, sub { $old->folder_sync },
        'a version that cannot say so is not served' );
    is_refused( $old, 129, sub { ask($old) }, 'and never told to erase the phone' );
    is( told($phone), '1 AccountOnlyRemoteWipe', 'the directive' );
    is(
        told( $phone, report => [ RemoteWipe => 1 ] ),
        '1 AccountOnlyRemoteWipe',
        'no other counts'
    );
    is( told( $phone, report => [ AccountOnlyRemoteWipe => 2 ] ),
        '2 AccountOnlyRemoteWipe', 'fails' );
    is( told( $phone, report => [ AccountOnlyRemoteWipe => 1 ] ), '1 ', 'done' );
    is_refused( $phone, 129, sub { $phone->folder_sync }, 'blocked' );
    $admin->post( device_path( $phone, 'release' ) );
    is( refused_with( sub { $phone->folder_sync } ), 0, 'released' );
};

subtest 'a policy comes after a wipe' => sub {
    my $phone = $server->client( account => 'policed', policy_key => '0' );
    is( $phone->provision->{policy_status}, 1, 'provisioned' );
    is( refused_with( sub { $phone->folder_sync } ), 0, 'let in' );
    wipe($phone);
    $phone->{policy_key} = '0';
    is_refused( $phone, 140, sub { $phone->folder_sync }, 'the wipe is told first' );
    my $offer = $phone->provision;
    ok( !defined $offer->{policy_key}, 'no policy is offered' );
    ok( $offer->{document}->at('RemoteWipe'), 'but the wipe' );
};

# The acknowledgement's answer is lost, or its child is killed: the directive is never sent again.
subtest 'lost answers and killed children' => sub {
    my ($phone) = synced_phone($server);
    my $other = $phone->twin( port => $server->node(1)->port );
    wipe($phone);
    ask( $phone, lose => 1 );
    is( told($other), '1 RemoteWipe', 'the directive was lost: it comes again' );
    ask( $phone, lose => 1, report => [ RemoteWipe => 1 ] );
    is_refused( $other, 129, sub { ask($other) }, 'the answer was lost: it does not' );
    is( told( $other, report => [ RemoteWipe => 1 ] ), '1 ', 'and is repeated' );

    my $node = $server->node(0);
    for my $round ( 1 .. 4 ) {
        ($phone) = synced_phone($server);
        $other = $phone->twin( port => $server->node(1)->port );
        wipe($phone);
        is( told($phone), '1 RemoteWipe', "round $round" );
        ask( $phone, lose => 'hang up', report => [ RemoteWipe => 1 ] );
        select undef, undef, undef, rand 0.01;
        $node->kill_child( ( $node->children )[0] );
        my $first = refused_with( sub { ask($other) } );

        if ( $first == 0 ) {
            is( told( $other, report => [ RemoteWipe => 1 ] ),
                '1 ', 'not noted, so it is told again' );
        }
        is_refused( $other, 129, sub { ask($other) }, 'once it is noted it is not' );
        is( noted($phone)->{state}, 'wiped', 'wiped' );
        $node->await_children;
    }
};

# Two nodes tell and take acknowledgements at the same time: no directive is sent after the first of them.
subtest 'races' => sub {
    for my $round ( 1 .. 10 ) {
        my ($phone) = synced_phone($server);
        my $other = $phone->twin( port => $server->node(1)->port );
        wipe($phone);
        my @asked = map { ask( $_, async => 1 ) } ( $phone, $other ) x 2;
        my @reported = map { ask( $_, async => 1, report => [ RemoteWipe => 1 ] ) } $other, $phone;
        my @cancelled = $admin->delete( device_path( $phone, 'wipe' ) )->{status};
        $_->is_ready(PATIENCE) for @asked, @reported;
        my @statuses = map {
            my $pending = $_;
            my $result = eval { $pending->result };
            $result ? $result->{status} : $@->status
        } @asked, @reported;
        my $state = noted($phone);
        if ( $cancelled[0] == 200 ) {
            is( $state, undef, 'cancelled, and not noted' );
        }
        else {
            is( $cancelled[0], 409, 'it was too late' );
            is( $state->{state}, 'wiped', 'and it is noted' );
            is_refused( $phone, 129, sub { ask($phone) }, 'no directive comes' );
        }
        ok( !grep( { !/^(?:1|129)$/ } @statuses ), "all were answered: @statuses" );
    }
};

subtest 'a removal and its undo' => sub {
    my ($phone) = synced_phone($server);
    my $undo = $admin->delete( device_path($phone) )->{json}{undo};
    ok( $undo, 'removed' );
    $phone->set_device_information;
    wipe($phone);
    my @path = ( 'accounts', $phone->{user}, 'undo', $undo );
    ok( !$admin->post( \@path, query => { dry_run => 1 } )->{json}{possible}, 'a dry run knows' );
    is( $admin->post( \@path )->{status}, 409, 'the record with the wipe is not replaced' );
    is( told($phone), '1 RemoteWipe', 'it is told' );
};

is( $admin->post( [ 'accounts', 'anna', 'devices', 'none', 'wipe' ] )->{status},
    404, 'no such device' );
{
    my ($phone) = synced_phone($server);
    is( $admin->post( device_path( $phone, 'wipe' ), query => { scope => 'all' } )->{status},
        400, 'no such scope' );
    is( $admin->post( device_path( $phone, 'wipe' ), query => { account_only => 1 } )->{status},
        400, 'a misspelt parameter erases nothing' );
    is( $admin->post( device_path( $phone, 'wipe' ), query => { reason => 'x' x 400 } )->{status},
        400, 'a reason without end' );
    is( $admin->post( device_path( $phone, 'wipe' ), plain => 1 )->{status},
        403, 'a form of another site' );
    is( refused_with( sub { $phone->folder_sync } ), 0, 'nothing came of all that' );
}

$server->done;
done_testing;
