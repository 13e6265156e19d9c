#!/usr/bin/perl
# covers: ItemOperations GetAttachment SendMail SmartReply SmartForward Sync
# A message of 25 MB is fetched, sent, answered, forwarded and kept as a draft in a few MB of memory: it
# goes through files, not through the heap.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use MIME::Base64 ();
use Test::More;
use MobileSync::Memory qw(large_content large_message peak_growth);
use MobileSync::Server;

use constant {
    INBOX => 2,
    DRAFTS => 3,
    SIZE => 25 * 1024 * 1024,
    # What a request may take beyond what it takes for a small message: far less than one copy.
    BOUND => 4,
};

# One child, so that what is loaded for the small message is there for the large one.
my $mpm = File::Temp->new;
print $mpm "StartServers 1\nServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\n",
    "MinSpareThreads 1\nMaxSpareThreads 32\n";
close $mpm;
my $server =
    MobileSync::Server->new( accounts => { anna => 'secret', bo => 'secret' }, mpm_file => "$mpm" );
plan skip_all => 'a sanitizer keeps memory of its own' if $server->node->is_sanitized;
$server->redis->start;
$server->node->start;
my ( $from, $to ) = map { $server->address($_) } qw(anna bo);
my %content = ( small => large_content(1_000), large => large_content(SIZE) );
my %message = map { $_ => large_message( $from, $to, $content{$_} ) } keys %content;
my ( $inbox, %item, %file );
$server->mailbox->deliver( $message{$_} =~ s{\r\n}{\n}gr ) for qw(small large);

my %phone = map { $_ => $server->client( version => $_, validate => 0, timeout => 600 ) }
    qw(12.1 14.1 16.1);
for my $phone ( values %phone ) {
    $phone->folder_sync;
    $inbox = $phone->folder_of_type(INBOX)->{id};
    $phone->initial_sync( $inbox, options => { filter_type => 0, body => [ { type => 1 } ] } );
    for my $item ( values %{ $phone->items($inbox) } ) {
        my ($file) = $item->property('AirSyncBase:Attachments')->children('Attachment');
        my $which = $file->text('EstimatedDataSize') > SIZE / 2 ? 'large' : 'small';
        $item{$which} = $item->id;
        $file{$which} = $file->text('FileReference');
    }
}

# Does it with the small message, so that all is loaded that is needed; then with the large one.
sub bounded ( $name, $code ) {
    subtest $name => sub {
        $code->('small') for 1 .. 3;
        my $growth = peak_growth( $server->node, sub { $code->('large') } );
        SKIP: {
            skip 'the peak cannot be measured here', 1 unless defined $growth;
            cmp_ok( $growth, '<', BOUND, sprintf 'memory grows by %.1f MB', $growth );
        }
    };
    return;
}

sub fetches ( $which, %option ) {
    my $got = $phone{'16.1'}->fetch_attachment( $file{$which}, %option );
    ok( $got->{status} == 1 && $got->{data} eq $content{$which}, "every byte of the $which one" );
    return;
}

sub arrives ( $which, $code ) {
    my %before = %{ $server->mailbox('bo')->messages };
    my $result = $code->();
    is( $result->{status}, 1, "$which: sent" );
    my @new = grep { !$before{$_} } keys %{ $server->mailbox('bo')->messages };
    is( @new, 1, 'once' );
    my $arrived = $server->mailbox('bo')->content( $new[0] ) =~ s{\r\n}{\n}gr;
    my $encoded = MIME::Base64::encode_base64( $content{$which} );
    ok( index( $arrived, $encoded ) >= 0, 'with every byte' );
    return;
}

# As a message of its own: the same one is sent once.
sub stamped ($message) {
    state $number = 0;
    return "Message-ID: <@{[ ++$number ]}\@phone>\r\n$message";
}

my $letter = "From: $from\r\nTo: $to\r\nSubject: Fwd: file\r\n\r\nSee it\r\n";

bounded( 'ItemOperations, inline', sub ($which) { fetches($which) } );
bounded( 'ItemOperations, multipart', sub ($which) { fetches( $which, multipart => 1 ) } );
bounded(
    'ItemOperations, a Range',
    sub ($which) {
        my $last = length( $content{$which} ) - 1;
        my $first = int( $last / 2 );
        my $got = $phone{'16.1'}->fetch_attachment( $file{$which}, range => "$first-$last" );
        ok( $got->{data} eq substr( $content{$which}, $first ), "half of the $which one" );
    }
);
bounded(
    'ItemOperations, the whole message as MIME',
    sub ($which) {
        my $got = $phone{'14.1'}->fetch_item(
            $inbox, $item{$which},
            mime_support => 2,
            body => [ { type => 4 } ],
            multipart => 1
        );
        ok( $got->{data} eq $message{$which}, "the $which one" );
    }
);
bounded(
    'GetAttachment',
    sub ($which) {
        my $got = $phone{'12.1'}->get_attachment( $file{$which} );
        ok( $got->{data} eq $content{$which}, "the $which one" );
    }
);
for my $version (qw(12.1 16.1)) {
    bounded(
        "SendMail, $version",
        sub ($which) {
            arrives( $which,
                sub { $phone{$version}->send_mail( stamped( $message{$which} ), save => 1 ) } );
        }
    );
    bounded(
        "SmartForward, $version",
        sub ($which) {
            arrives(
                $which,
                sub {
                    $phone{$version}
                        ->smart_forward( $inbox, $item{$which}, stamped($letter), save => 1 );
                }
            );
        }
    );
}
bounded(
    'SmartReply with the file',
    sub ($which) {
        arrives(
            $which,
            sub {
                $phone{'14.1'}->smart_reply( $inbox, $item{$which}, stamped( $message{$which} ) );
            }
        );
    }
);

my $drafts = $phone{'16.1'}->folder_of_type(DRAFTS)->{id};
$phone{'16.1'}->initial_sync($drafts);

sub adds_draft (@properties) {
    state $number = 0;
    my $result = $phone{'16.1'}->sync(
        $drafts,
        commands => [
            $phone{'16.1'}
                ->add_of( 'draft' . ++$number, [ 'Email:Subject' => 'draft' ], @properties )
        ]
    );
    is( $result->{responses}{Add}[0]->text('Status'), 1, 'the draft is there' );
    return;
}

bounded(
    'a draft with the file',
    sub ($which) {
        adds_draft(
            [
                'AirSyncBase:Attachments' => [
                    Add => [ ClientId => 'file' ],
                    [ Method => 1 ],
                    [ Content => \$content{$which} ],
                    [ DisplayName => 'large.bin' ]
                ]
            ]
        );
    }
);
bounded(
    'a draft as MIME',
    sub ($which) {
        adds_draft( [ 'AirSyncBase:Body' => [ Type => 4 ], [ Data => $message{$which} ] ] );
    }
);

$server->done;
done_testing;
