#!/usr/bin/perl
# covers: Sync ItemOperations SendMail
# What was signed or encrypted comes and goes as it is: OpenSSL verifies and decrypts what the phone
# got, and what the phone sent.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Encode qw(encode_utf8);
use Test::More;
use MobileSync::Certificates;
use MobileSync::Process qw(find_program);
use MobileSync::Scenario;
use MobileSync::Server;

my $openssl = find_program('openssl') or plan skip_all => 'openssl is not installed';
my $server = MobileSync::Server->start( accounts => { anna => 'secret', bert => 'secret' } );
my $folder = $server->folder;
mkdir "$folder/people" or die "$folder/people: $!\n";
my $own = MobileSync::Certificates::make( "$folder/people", 'bert@example.org' );

sub slurp ($path) {
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar readline $file;
}

sub write_file ( $path, $bytes ) {
    open my $file, '>:raw', $path or die "$path: $!\n";
    print $file $bytes;
    close $file or die "$path: $!\n";
    return $path;
}

# openssl cms with the input's bytes: what it puts out, undef when it fails.
sub smime ( $input, @arguments ) {
    my ( $in, $out ) = ( write_file( "$folder/in", $input ), "$folder/out" );
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        open STDERR, '>', "$folder/cms.log";
        exec {$openssl} $openssl, 'cms', @arguments, '-in', $in, '-out', $out;
    }
    waitpid $pid, 0;
    return $? ? undef : slurp($out);
}

my @head = (
    -from => 'bert@example.org',
    -to => 'anna@example.org',
);
my @signer = ( -signer => $own->{certificate}, -inkey => $own->{key} );
my @trust = ( -CAfile => $own->{ca}, -purpose => 'any' );
my $text = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    . "Caf\xc3\xa9  \r\n.\r\nFrom here, with blanks \r\n";

# What is made of the text, with its class, and how it is opened again.
my %kinds = (
    'signed in the open' => [
        'IPM.Note.SMIME.MultipartSigned',
        sub (%head) { smime( $text, '-sign', %head, @signer ) },
        sub ($mime) { smime( $mime, '-verify', @trust ) }
    ],
    'signed and wrapped' => [
        'IPM.Note.SMIME',
        sub (%head) { smime( $text, '-sign', '-nodetach', %head, @signer ) },
        sub ($mime) { smime( $mime, '-verify', @trust ) }
    ],
    encrypted => [
        'IPM.Note.SMIME',
        sub (%head) { smime( $text, '-encrypt', '-aes256', %head, -recip => $own->{certificate} ) },
        sub ($mime) {
            smime( $mime, '-decrypt', -recip => $own->{certificate}, -inkey => $own->{key} );
        }
    ],
);

# It is the text, whatever became of its line ends on a disk.
sub is_text ( $got, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is( ( $got // '' ) =~ s/\r?\n/\r\n/gr, $text, $name );
}

each_version(
    $server,
    sub ( $version, $account ) {
        my $box = $server->mailbox($account);
        $box->deliver( $kinds{$_}[1]->( @head, -subject => $_ ) ) for sort keys %kinds;
        $box->deliver( simple_mail( subject => 'neither' ) );
        my $phone = $server->client( account => $account, version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        my $body = sub ( $support, $subject ) {
            $phone->reset_collection($inbox);
            $phone->initial_sync(
                $inbox,
                options => {
                    mime_support => $support,
                    body => [ { type => 1 }, { type => 4 } ]
                }
            );
            my $item = item_by_subject( $phone, $inbox, $subject );
            return ( $item, map { $item->text("AirSyncBase:Body/$_") } qw(Type Data) );
        };
        for my $subject ( sort keys %kinds ) {
            my ( $class, undef, $open ) = @{ $kinds{$subject} };
            my ( $item, $type, $data ) = $body->( 1, $subject );
            is( $type, 4, "$subject: comes as MIME" );
            is_text( $open->( encode_utf8($data) ), 'and can be opened' );
            is( $item->text('Email:MessageClass'), $class, 'with its class' );
            my $held = $phone->items($inbox);
            my ($id) = grep { $held->{$_} == $item } keys %$held;
            my $fetched = $phone->fetch_item(
                $inbox, $id,
                mime_support => 1,
                body => [ { type => 4 } ]
            );
            is( $fetched->{properties}->text('AirSyncBase:Body/Data'),
                $data, 'as when it is fetched' );
        }
        is( ( $body->( 1, 'neither' ) )[1], 1, 'what is neither comes as text' );
        is( ( $body->( 2, 'neither' ) )[1], 4, 'unless all is wanted as MIME' );
        is( ( $body->( 0, 'encrypted' ) )[1], 1, 'nothing does where MIME is not supported' );
    }
);

subtest 'sent' => sub {
    for my $version (VERSIONS) {
        my $phone = $server->client( account => 'bert', version => $version );
        $phone->folder_sync;
        for my $subject ( sort keys %kinds ) {
            my ( undef, $make, $open ) = @{ $kinds{$subject} };
            my $box = $server->mailbox('anna');
            $box->delete($_) for keys %{ $box->messages };
            my $mime = $make->( @head, -subject => $subject ) =~ s/\r?\n/\r\n/gr;
            is( $phone->send_mail( $mime, save => 1 )->{status}, 1, "$version, $subject" );
            my ($name) = keys %{ $box->messages };
            is_text( $open->( $box->content($name) ), 'arrives as it was' );
        }
    }
};

$server->done;
done_testing;
