#!/usr/bin/perl
# covers: Settings SendMail Sync
# Further addresses of an account: told to the phone, written from, written to.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use File::Temp ();
use EAS::Client;
use MobileSync::Server;

my $aliases = File::Temp->new;
print {$aliases} "Anna.Ant\@example.org anna\ninfo\@example.net anna\@example.org\n" or die;
close $aliases or die;
chmod 0644, "$aliases";
my $server = MobileSync::Server->start(
    accounts => { anna => 'secret', bo => 'secret' },
    backend => "local aliases=$aliases"
);
my ( $anna, $bo ) = map { $server->client( account => $_, version => '16.1' ) } qw(anna bo);

# What came to an account's Inbox since the last call.
my %seen;

sub news ($account) {
    my $box = $server->mailbox($account);
    return map { $box->content($_) =~ s/\r\n/\n/gr }
        grep { !$seen{$_}++ } keys %{ $box->messages };
}

sub send_mail ( $phone, $from, $to ) {
    my $result = $phone->send_mail("From: $from\r\nTo: $to\r\nSubject: Hello\r\n\r\nHello\r\n");
    return $result->{status};
}

is_deeply(
    $anna->user_information->{addresses},
    [ 'anna@example.org', 'Anna.Ant@example.org', 'info@example.net' ],
    'the phone learns of all its addresses'
);
is( $anna->user_information->{primary}, 'anna@example.org', 'and which is the main one' );
is_deeply( $bo->user_information->{addresses}, ['bo@example.org'], 'each phone of its own' );

is( send_mail( $anna, 'Anna <anna.ant@example.org>', 'bo@example.org' ), 1, 'from an alias' );
like(
    join( '', news('bo') ),
    qr/^From: Anna <anna\.ant\@example\.org>$/m,
    'is what the receiver sees'
);
is( send_mail( $bo, 'anna.ant@example.org', 'bo@example.org' ), 1, "from somebody else's alias" );
like( join( '', news('bo') ), qr/^From: .*bo\@example\.org/m, 'becomes the own address' );

is( send_mail( $bo, 'bo@example.org', 'info@example.net' ), 1, 'to an alias of another domain' );
like( join( '', news('anna') ), qr/^To: info\@example\.net$/m, 'arrives' );
is( send_mail( $bo, 'bo@example.org', 'nobody@example.org' ), 120, 'to nobody: Status 120' );


# ReceivedAsBcc tells from the account's own addresses
$anna->folder_sync;
my $inbox = $anna->folder_of_type(2)->{id};
$server->mailbox('anna')
    ->deliver(
    "From: x\@y.org\r\nTo: z\@y.org\r\nBcc: info\@example.net\r\nSubject: blind\r\n\r\nx\r\n");
$anna->initial_sync( $inbox, options => { filter_type => 0 } );
my ($item) =
    grep { ( $_->text('Email:Subject') // '' ) eq 'blind' } values %{ $anna->items($inbox) };
is( $item->text('Email2:ReceivedAsBcc'), 1, 'a blind copy to an alias is one to the account' );

$server->done;
done_testing();
