#!/usr/bin/perl
# Devices that were not seen for a long time are removed, page by page; those that were stay.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( admin => 'root' );
my $admin = $server->admin;

# As if it had been here last so many days ago.
sub age ( $account, $device, $days ) {
    $server->redis->command( 'HSET', "ms:{$account}:d:$device", 'last',
        ( time - $days * 86_400 ) . '000000' );
    return;
}

sub devices ($account) {
    return [ sort map { $_->{device} }
            @{ $admin->get( [ 'accounts', $account ] )->{json}{devices} } ];
}

# Every page; returns the answers.
sub purge ( $path, %query ) {
    my @pages;
    do {
        my $answer =
            $admin->post( $path, query => { %query, @pages ? ( after => $pages[-1]{next} ) : () } );
        is( $answer->{status}, 200, 'a page' );
        push @pages, $answer->{json};
    } while ( defined $pages[-1]{next} );
    return @pages;
}

sub purged (@pages) {
    return [ sort map {"$_->{account}/$_->{device}"} map { @{ $_->{devices} } } @pages ];
}

my %phone;
for my $account ( 'anna', 'bert', 'o{d}d x' ) {
    $server->add_account($account) unless $server->has_account($account);
    my ( $first, $inbox ) =
        phone_with_mail( $server, account => $account, device_id => 'OLD1', count => 4 );
    for my $name (qw(OLD1 OLD2 OLD3 NEW SLEEPING)) {
        my $phone = $name eq 'OLD1' ? $first : $first->twin( device_id => $name );
        $phone->folder_sync if $name ne 'OLD1';
        $phone->initial_sync($inbox);
        $phone{"$account/$name"} = [ $phone, $inbox ];
    }
}
my $encode = sub ($account) { $account =~ s/([^A-Za-z0-9._~\@-])/sprintf '%%%02X', ord $1/ger };
for my $account ( 'anna', 'bert', 'o{d}d x' ) {
    my $key = $encode->($account);
    age( $key, $_, 200 ) for qw(OLD1 OLD2 OLD3 SLEEPING);
    age( $key, 'NEW', 3 );
    is( $admin->post( [ 'accounts', $account, 'devices', 'SLEEPING', 'suspend' ] )->{status},
        200, 'one is suspended' );
}

subtest 'a phone that was there after all' => sub {
    my ( $phone, $inbox ) = @{ $phone{'anna/OLD3'} };
    ok( $phone->sync($inbox)->{empty}, 'an old device syncs' );
    my ($shown) =
        grep { $_->{device} eq 'OLD3' } @{ $admin->get( [ 'accounts', 'anna' ] )->{json}{devices} };
    cmp_ok( $shown->{last_seen}, 'gt', '2026', 'and is seen' );
};

subtest 'a dry run' => sub {
    my @pages = purge( '/purge', days => 100, dry_run => 1, limit => 2 );
    cmp_ok( scalar @pages, '>', 3, 'in pages' );
    is_deeply(
        purged(@pages),
        [
            sort map {
                my $account = $_;
                map {"$account/$_"} qw(OLD1 OLD2), $account eq 'anna' ? () : 'OLD3'
            } 'anna',
            'bert',
            'o{d}d x'
        ],
        'tells who would go'
    );
    is( $pages[0]{items}, 8, 'with what they hold' );
    my $left = 0;
    $left += $_->{suspended_left} for @pages;
    is( $left, 3, 'and who would not' );
    is( scalar @{ devices('anna') }, 5, 'nothing is done' );
};

subtest 'one account' => sub {
    my @pages = purge( [ 'accounts', 'bert', 'purge' ], days => 100 );
    is_deeply( purged(@pages), [ map {"bert/OLD$_"} 1 .. 3 ], 'its old devices' );
    is_deeply( devices('bert'), [qw(NEW SLEEPING)], 'are gone' );
    is( scalar @{ devices('anna') }, 5, 'others are not' );
    my ($undo) =
        map { $_->{undo} } grep { $_->{device} eq 'OLD2' } map { @{ $_->{devices} } } @pages;
    is( $admin->post( [ 'accounts', 'bert', 'undo', $undo ] )->{status}, 200, 'one is undone' );
    is_deeply( devices('bert'), [qw(NEW OLD2 SLEEPING)], 'and back' );
    my ( $phone, $inbox ) = @{ $phone{'bert/OLD2'} };
    ok( $phone->sync($inbox)->{empty}, 'its phone goes on' );
    my ( $other, $folder ) = @{ $phone{'bert/OLD1'} };
    is( $other->folder_sync->{status}, 9, 'another one begins again' );
};

subtest 'all' => sub {
    my @pages = purge( '/purge', days => 100, limit => 1 );
    is_deeply(
        purged(@pages),
        [ 'anna/OLD1', 'anna/OLD2', map {"o{d}d x/OLD$_"} 1 .. 3 ],
        'what is left of the old ones'
    );
    is_deeply( devices('anna'), [qw(NEW OLD3 SLEEPING)], 'the others stay' );
    is_deeply( purged( purge( '/purge', days => 100 ) ), [], 'nothing is left to do' );
    my $entries = $admin->get( ['audit'], query => { action => 'device.purge' } )->{json}{entries};
    is( scalar( grep { $_->{outcome} eq 'done' && $_->{undo} } @$entries ), 8,
        'each is on record' );
};

is( $admin->post( '/purge', query => { days => $_ } )->{status}, 400, "days=$_" )
    for '', 0, -1, 'x', 1e9;
is( $admin->post('/purge')->{status}, 400, 'no days' );
is( $admin->post( '/purge', query => { days => 1, dryrun => 1 } )->{status},
    400, 'a misspelt dry_run' );
is( $admin->post( [ 'accounts', 'nobody', 'purge' ], query => { days => 1 } )->{status},
    404, 'nobody' );

$server->done;
done_testing;
