#!/usr/bin/perl
# covers: Ping Sync
# Over HTTP/2 a request that waits holds a thread of mod_http2, with the same results: its stream
# cannot be parked.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::WBXML;
use MobileSync::Httpd;
use MobileSync::Process qw(find_program wait_until);
use MobileSync::Scenario;
use MobileSync::Server;

use constant { INBOX => 2, CAP => 8 };

my $curl = find_program('curl');
plan skip_all => 'there is no curl with HTTP/2' if !$curl || `$curl -V` !~ /^Features:.*\bHTTP2\b/m;
my $module = MobileSync::Httpd::module_folder() . '/mod_http2.so';
plan skip_all => 'there is no mod_http2' unless -e $module;

my $server = MobileSync::Server->start(
    tls => 1,
    status => 1,
    processes => 1,
    global => "LoadModule http2_module $module\nProtocols h2 http/1.1",
    config => 'CustomLog outcome.log "%{MOBILESYNC_OUTCOME}e"',
    settings => { MobileSyncHeartbeatMin => 1, MobileSyncBlockingHeartbeatMax => CAP }
);
my $phone = $server->client( tls => 1 );
my $other = $server->client( tls => 1, device_id => 'OTHER' );

for ( $phone, $other ) {
    $_->folder_sync;
    $_->initial_sync( $_->folder_of_type(INBOX)->{id} );
}
my $inbox = $phone->folder_of_type(INBOX)->{id};
my $count = 0;

# The same request as over HTTP/1.1, by curl: { process, answer (file), said (file) }.
sub start_request ( $command, $tree, %option ) {
    my $name = $server->folder . '/curl' . ++$count;
    my $bytes = $phone->twin(%option)
        ->request_bytes( command => $command, body => EAS::WBXML::encode($tree) );
    my ( $head, $body ) = split /\r\n\r\n/, $bytes, 2;
    my ( $request, @headers ) = split /\r\n/, $head;
    open my $file, '>:raw', "$name.request" or die "$name: $!\n";
    print $file $body;
    close $file or die "$name: $!\n";
    my ($target) = $request =~ /^POST (\S+)/;
    my $process = MobileSync::Process->new(
        command => [
            $curl, qw(-sS --http2 --max-time 120 --cacert), $server->ca,
            ( map { ( '-H' => $_ ) } grep { !/^(?:Host|Content-Length):/ } @headers ),
            '--data-binary' => "\@$name.request",
            '-o' => "$name.answer",
            '-w' => "%{http_version} %{http_code}\n",
            'https://localhost:' . $server->node->tls_port . $target
        ],
        log => "$name.log"
    );
    return { process => $process, name => $name };
}

sub read_file ($name) {
    open my $file, '<:raw', $name or return '';
    local $/;
    return readline($file) // '';
}

# "2 200 STATUS" of the answer.
sub result ($request) {
    wait_until( 'curl to end', sub { !$request->{process}->is_running } );
    my $said = read_file("$request->{name}.log") =~ s/\s+$//r;
    my $answer = read_file("$request->{name}.answer");
    my $document = length $answer ? EAS::WBXML::decode($answer) : undef;
    return $said . ( $document ? ' ' . $document->text('Status') : '' );
}

sub ping ( $heartbeat, %option ) {
    return start_request(
        'Ping',
        [
            'Ping:Ping',
            [ HeartbeatInterval => $heartbeat ],
            [ Folders => [ Folder => [ Id => $inbox ], [ Class => 'Email' ] ] ]
        ],
        %option
    );
}

sub waits ( $how, $number ) {
    wait_until( "$number to wait ($how)", sub { $server->node->waiting->{$how} == $number } );
    return pass("$number: $how");
}

is( result( ping(2) ), '2 200 1', 'a heartbeat ends' );
is( result( ping(600) ), '2 200 1', 'a longer one at the limit for requests that hold a thread' );

my $ping = ping(600);
waits( Blocked => 1 );
deliver_mail( $server->mailbox, 'over HTTP/2' );
is( result($ping), '2 200 2', 'mail wakes a Ping' );
$_->sync_until_done($inbox) for $phone, $other;

my $sync = start_request(
    'Sync',
    [
        'AirSync:Sync',
        [
            Collections => [
                Collection => [ SyncKey => $phone->collection($inbox)->{key} ],
                [ CollectionId => $inbox ]
            ]
        ],
        [ HeartbeatInterval => 2 ]
    ]
);
is( result($sync), '2 200', 'a Sync that waits ends empty' );

$ping = ping(600);
waits( Blocked => 1 );
$ping->{process}->stop('KILL');
waits( Blocked => 0 );
wait_until( 'the access log',
    sub { read_file( $server->node->base . '/outcome.log' ) =~ /^hung up$/m } );
pass('a phone that hangs up is missed, and logged');

my $parked = $phone->ping( heartbeat => 600, folders => [$inbox], async => 1 );
waits( Parked => 1 );
$ping = ping( 600, device_id => 'OTHER' );
waits( Blocked => 1 );
$server->node->graceful;
is( result($ping), '2 200 1', 'a graceful restart answers' );
is( $parked->result->{status}, 1, 'over HTTP/1.1, where it was parked, too' );
my %told;
$told{$_}++
    for $server->node->error_log->text =~
    /\[pid (\d+):.*hold a thread here \(HTTP\/2\), for 8 s at most/g;
ok( keys %told, 'the log says that threads are held' );
is( ( grep { $_ > 1 } values %told ), 0, 'once in each child' );

undef $parked;
$server->done;
done_testing();
