#!/usr/bin/perl
# The demonstration of ./quickstart: the main job from OPTIONS to a forwarded file, over TLS.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Demo;
use MobileSync::Mail;
use MobileSync::Server;

my $server = MobileSync::Server->start( accounts => { anna => 'pw', bert => 'pw' }, tls => 1, autodiscover => 1 );
my $mail   = MobileSync::Mail->new( seed => 'demo', newest => time - 600 );
my @filled = $mail->fill( $server->mailbox, 120 );
my $demo   = MobileSync::Demo->new(
    client         => $server->client( tls => 1 ),
    friend         => $server->client( account => 'bert', tls => 1 ),
    box            => $server->mailbox,
    vdir           => $server->vdir,
    friend_box     => $server->mailbox('bert'),
    address        => $server->address('anna'),
    friend_address => $server->address('bert'),
    count          => scalar @filled
);
my $told = '';
{
    open my $out, '>', \$told or die "in memory: $!\n";
    my $usual = select $out;
    my $done = eval { $demo->run; 1 };
    select $usual;
    ok( $done, 'the phone gets its mail' ) or diag $told, $@;
}
like( $told, qr{syncs with https://localhost:\d+/}, 'finds its server' );
like( $told, qr/120 of 120/, 'all of it' );
like( $told, qr/the Ping returned/, 'is woken' );
like( $told, qr/map\.png, image\/png: \d+ bytes\n.*each of them/, 'downloads the file' );
like( $told, qr/a copy in/, 'and answers' );
like( $told, qr/\d+ found in/, 'searches' );
like( $told, qr/forwards.*in the Inbox of Bert: \d+ bytes/s, 'and forwards' );
like( $told, qr/its attachment, .*: the same bytes/, 'with what was attached' );
like( $told, qr/writes Contacts\/grace\.vcf; the phone shows: Grace Hopper grace\@/, 'gets a contact' );
like( $told, qr/the file has TEL\S*:\+1.*X-FAVOURITE/s, 'changes it, and loses nothing' );
like( $told, qr/adds Ada Lovelace: Contacts\/\S+\.vcf/, 'and adds one' );
like( $told, qr/19:30 in Berlin, in summer; the phone shows 20300704T173000Z/, 'gets an event' );
like( $told, qr/DTSTART;TZID=Europe\/Berlin:20300704T203000\n.*X-SEAT/, 'moves it in its zone' );
like( $told, qr/adds a picnic, all day: Calendar\/\S+\.ics has DTSTART;VALUE=DATE:20300706/, 'and adds one' );

$server->done;
done_testing;
