#!/usr/bin/perl
# covers: Sync Ping FolderSync
# Clients that need to be treated differently: by what they are, and one by one.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use JSON::PP ();
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

my $file = File::Temp->new( SUFFIX => '.json' );

# Puts them in the place of the file's, as an editor does.
sub write_clients (@clients) {
    open my $new, '>', "$file.new" or die "$file.new: $!\n";
    print $new JSON::PP::encode_json( { version => 1, clients => \@clients } );
    close $new or die "$file.new: $!\n";
    rename "$file.new", "$file" or die "$file: $!\n";
    return;
}

my %odd = (
    name => 'An odd phone',
    type => 'Odd*',
    agent => 'OddMail/*',
    protocol => '14.1',
    heartbeat => 90,
    window => 2,
    truncation => 3000
);
write_clients( \%odd );
chmod 0644, "$file";
my $server =
    MobileSync::Server->start( admin => 'root', settings => { MobileSyncClients => "$file" } );
my $admin = $server->admin;
my %is_odd = ( device_type => 'OddPhone', user_agent => 'OddMail/7' );

# What the phone gets of a Sync with windows of 10 and bodies of 100 bytes: items, and the length of
# the first body.
sub first_window ( $phone, $inbox ) {
    $phone->reset_collection($inbox);
    $phone->sync($inbox);
    my $result = $phone->sync(
        $inbox,
        window_size => 10,
        options => { body => [ { type => 1, truncation_size => 100 } ] }
    );
    my ($item) = values %{ $phone->items($inbox) };
    return ( scalar @{ $result->{adds} }, length $item->text('AirSyncBase:Body/Data') );
}

# The heartbeat that a Ping of 3,000 seconds is told to keep to.
sub ping_limit ( $phone, $inbox ) {
    my $answer = $phone->ping( heartbeat => 3_000, folders => [$inbox], async => 1 );
    return $answer->is_ready(PATIENCE) ? $answer->result->{heartbeat} : 'none';
}

sub may_wait ( $phone, $inbox, $name ) {
    my $answer = $phone->ping( heartbeat => 3_000, folders => [$inbox], async => 1 );
    ok( !$answer->is_ready(1), $name );
    $answer->hang_up;
    return;
}

each_version(
    $server,
    sub ( $version, $account ) {
        my $box = $server->mailbox($account);
        $box->deliver( simple_mail( subject => "mail $_", body => 'x' x 2_000 . "\n" ) ) for 1 .. 5;
        my %option = ( account => $account, version => $version );
        my $odd = $server->client( %option, %is_odd );
        my $usual = $server->client(%option);
        $_->folder_sync for $odd, $usual;
        my $inbox = $odd->folder_of_type(INBOX)->{id};
        is_deeply( [ first_window( $usual, $inbox ) ], [ 5, 100 ], 'others get what they ask for' );
        my ( $items, $length ) = first_window( $odd, $inbox );
        is( $items, 2, 'it gets smaller windows' );
        cmp_ok( $length, '>', 1_900, 'and bodies that are not cut' );
        is( ping_limit( $odd, $inbox ), 90, 'it may not wait as long' );
        may_wait( $usual, $inbox, 'as others do' );
        my $sync = $odd->sync( $inbox, wait => 59 );
        is( $sync->{limit}, 1, 'nor with a Sync' ) if $version ne '12.1';

        my $shown = $admin->get( device_path($odd) )->{json}{profile};
        is( $shown->{client}, 'An odd phone', 'administrators see what it is known as' );
        is( $shown->{window}, '2', 'and what that means' );
        is( $admin->get( device_path($usual) )->{json}{profile}{client},
            undef, 'others are as others' );
    }
);

subtest 'protocol' => sub {
    my $odd = $server->client(%is_odd);
    my $usual = $server->client;
    is_deeply( $usual->options->{versions}, [qw(12.1 14.0 14.1 16.0 16.1)], 'all have all' );
    is_deeply(
        $server->client( user_agent => 'OddMail/7' )->options->{versions},
        [qw(12.1 14.0 14.1 16.0 16.1)],
        'who does not say what it is as well'
    );
    my $query = "User=anna&DeviceId=$odd->{device_id}&DeviceType=OddPhone";
    is_deeply( $odd->options( query => $query )->{versions}, [qw(12.1 14.0 14.1)], 'it has not' );
    my $sync = $odd->folder_sync;
    is( $sync->{status}, 1, 'a newer one is served all the same' );
    is( $sync->{answer}->header('X-MS-RP'), '12.1,14.0,14.1', 'but it is told' );
    $admin->post( device_path( $odd, 'profile' ), query => { protocol => '14.0' } );
    is_deeply( $odd->options( query => $query )->{versions},
        [qw(12.1 14.0)], 'a device of its own' );
    $admin->post( device_path( $odd, 'profile' ), query => { protocol => 'none' } );
    is( scalar @{ $odd->options( query => $query )->{versions} }, 5, 'or all' );

    for my $odd_query ( '', 'DeviceId=' . 'x' x 50, 'nonsense', '%', 'DeviceId=%00&DeviceType=a' ) {
        is( $odd->options( query => $odd_query )->{response}->status, 200, "'$odd_query'" );
    }
};

subtest 'one device' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, count => 8 );
    my $path = device_path( $phone, 'profile' );
    my $set = sub (%query) { return $admin->post( $path, query => \%query ) };
    my $dry = $set->( window => 3, dry_run => 1 )->{json};
    ok( $dry->{changes}, 'a dry run' );
    is( ( first_window( $phone, $inbox ) )[0], 8, 'does nothing' );
    my $answer = $set->( window => 3 )->{json};
    is( $answer->{profile}{window}, '3', 'it is set' );
    is_deeply( $answer->{profile}{overrides}, ['window'], 'for this device' );
    is( ( first_window( $phone, $inbox ) )[0], 3, 'and has effect' );
    $set->( heartbeat => 120 );
    is( ping_limit( $phone, $inbox ), 120, 'another' );
    is( ( first_window( $phone, $inbox ) )[0], 3, 'beside the first' );
    $set->( window => 'default' );
    is( ( first_window( $phone, $inbox ) )[0], 8, 'as others of its kind' );

    for my $wrong (
        { window => 0 },
        { window => 1000 },
        { protocol => '2.5' },
        { heartbeat => 'x' },
        {}, { windows => 1 }
        )
    {
        is( $set->(%$wrong)->{status}, 400, join ' ', %$wrong, 'is refused' );
    }
    is( $admin->delete($path)->{json}{changes}, JSON::PP::true, 'cleared' );
    is( $admin->delete($path)->{json}{changes}, JSON::PP::false, 'once' );
    may_wait( $phone, $inbox, 'it waits as long as others' );
    my $audit = $admin->get( ['audit'], query => { account => $phone->{user} } )->{json}{entries};
    is_deeply(
        [ reverse map { $_->{profile} } grep { $_->{action} eq 'device.profile' } @$audit ],
        [ 'window=3', 'heartbeat=120 window=3', 'heartbeat=120', 'default' ],
        'the audit tells of all'
    );
};

subtest 'the file changes' => sub {
    my ( $phone, $inbox ) = synced_phone( $server, count => 4, %is_odd );
    is( ( first_window( $phone, $inbox ) )[0], 2, 'as it was' );
    write_clients( { %odd, window => 1 } );
    wait_until( 'the change', sub { ( first_window( $phone, $inbox ) )[0] == 1 } );
    pass('it is read anew');
    $server->allow_errors(qr/client profiles: .*; what was read before stays in force/);
    write_clients( { %odd, window => 'many' } );
    wait_until(
        'the complaint',
        sub { first_window( $phone, $inbox ); $server->node->error_log->text =~ /client profiles:/ }
    );
    is( ( first_window( $phone, $inbox ) )[0], 1, 'a mistake changes nothing' );
    write_clients();
    wait_until( 'the change', sub { ( first_window( $phone, $inbox ) )[0] == 4 } );
    pass('it can be mended');
};

$server->done;
done_testing;
