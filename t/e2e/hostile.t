#!/usr/bin/perl
# Nothing that a client sends crashes or hangs a child: broken documents, truncations, mutations,
# query lines. Each gets an answer that says it was no good, and the server goes on.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Hostile qw(documents truncations mutations queries);
use EAS::WBXML qw(encode);
use MobileSync::Mail;
use MobileSync::Server;

# How many mutations of each request; more in a longer run.
my $mutations = $ENV{MOBILESYNC_MUTATIONS} // 1_000;
my $seed = $ENV{MOBILESYNC_SEED} // 1;
my $server = MobileSync::Server->start( processes => 1 );
MobileSync::Mail->new( seed => 'hostile' )->fill( $server->mailbox, 20, corpora => 0 );
my $phone = $server->client( timeout => 120, validate => 0 );
$phone->folder_sync;
my $inbox = $phone->folder_of_type(2)->{id};
$phone->initial_sync($inbox);
my @children = sort $server->node->children;

# Sends it, reports what is no acceptable answer. Redirections or server errors are none.
sub is_answered ( $name, %request ) {
    my $answer = eval { $phone->command( $request{command} // 'Sync', %request ) };
    my $status = $answer ? $answer->status : "nothing: $@";
    return 1 if $status =~ /^(?:200|400|403|404|413|414|431|501)$/;
    diag "$name: $status";
    return 0;
}

for my $version (qw(12.1 16.1)) {
    my @bad = grep { !is_answered( $_->[0], body => $_->[1], version => $version ) } documents();
    is( scalar @bad, 0, "hostile documents at $version" );
}

my $key = $phone->collection($inbox)->{key};
my ($item) = sort keys %{ $phone->items($inbox) };
my %requests = (
    Sync => encode(
        [
            'AirSync:Sync',
            [
                Collections => [
                    Collection => [ SyncKey => $key ],
                    [ CollectionId => $inbox ],
                    [ GetChanges => 1 ],
                    [ WindowSize => 5 ],
                    [
                        Options => [ FilterType => 2 ],
                        [ 'AirSyncBase:BodyPreference', [ Type => 2 ], [ TruncationSize => 500 ] ]
                    ],
                    [ Commands => [ Fetch => [ ServerId => $item ] ] ]
                ]
            ]
        ]
    ),
    FolderSync =>
        encode( [ 'FolderHierarchy:FolderSync', [ SyncKey => $phone->{hierarchy_key} ] ] ),
    ItemOperations => encode(
        [
            'ItemOperations:ItemOperations',
            [
                Fetch => [ Store => 'Mailbox' ],
                [ 'AirSync:CollectionId', $inbox ], [ 'AirSync:ServerId', $item ],
                [ Options => [ 'AirSyncBase:BodyPreference', [ Type => 4 ] ] ]
            ]
        ]
    ),
    GetItemEstimate => encode(
        [
            'GetItemEstimate:GetItemEstimate',
            [
                Collections => [
                    Collection => [ 'AirSync:SyncKey', $key ],
                    [ CollectionId => $inbox ]
                ]
            ]
        ]
    ),
    Settings =>
        encode( [ 'Settings:Settings', [ DeviceInformation => [ Set => [ Model => 'x' ] ] ] ] ),
    Provision => encode(
        [
            'Provision:Provision',
            [ Policies => [ Policy => [ PolicyType => 'MS-EAS-Provisioning-WBXML' ] ] ]
        ]
    ),
    MoveItems => encode(
        [
            'Move:MoveItems',
            [
                Move => [ SrcMsgId => $item ],
                [ SrcFldId => $inbox ],
                [ DstFldId => 'none' ]
            ]
        ]
    ),
    SendMail =>
        encode( [ 'ComposeMail:SendMail', [ ClientId => 'c1' ], [ Mime => \"To: x\r\n\r\ny" ] ] ),
);
for my $command ( sort keys %requests ) {
    my $bytes = $requests{$command};
    my @bad = grep { !is_answered( "$command $_->[0]", command => $command, body => $_->[1] ) }
        truncations($bytes), mutations( $bytes, $mutations, $seed );
    is( scalar @bad, 0, "$command: truncations and $mutations mutations of seed $seed" );
}

my @bad;
for my $query ( queries() ) {
    my ( $name, $line ) = @$query;
    push @bad, $name unless is_answered( $name, query => $line, body => $requests{FolderSync} );
}
is_deeply( \@bad, [], 'query lines' );

my %alive = map { $_ => 1 } $server->node->children;
is_deeply( [ grep { !$alive{$_} } @children ], [], 'the child that served it all still does' );
$phone->reset_collection($inbox);
is( $phone->initial_sync($inbox)->{items}, 20, 'and the mailbox is as it was' );

# Broken HTTP is answered by httpd itself, at any level of its log.
$server->allow_errors(qr/\[(?:core|http):/);
$server->done;
done_testing;
