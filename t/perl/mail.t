#!/usr/bin/perl
# The generator of mail: the same for a seed, of every kind, and what it says of a message is so.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Encode ();
use File::Temp ();
use MIME::Base64 ();
use MIME::QuotedPrint ();
use Test::More;
use MobileSync::Mail;
use MobileSync::Mailbox;
use MobileSync::Mail::Mime qw(encoded_words address mail_date file_name_2231);

my $mail = MobileSync::Mail->new( seed => 'test' );
my $twin = MobileSync::Mail->new( seed => 'test' );
my $else = MobileSync::Mail->new( seed => 'else' );

subtest 'determinism' => sub {
    my @kinds = $mail->kinds;
    cmp_ok( scalar @kinds, '>', 50, scalar(@kinds) . ' kinds' );
    is_deeply( [ map { $mail->message($_)->{kind} } 0 .. $#kinds ], \@kinds, 'one of each first' );
    my @numbers = ( 0 .. $#kinds, 500 .. 540 );
    is_deeply(
        [ grep { $mail->message($_)->{bytes} ne $twin->message($_)->{bytes} } reverse @numbers ],
        [], 'the same seed, the same bytes, in any order' );
    my @differ = grep { $mail->message($_)->{bytes} ne $else->message($_)->{bytes} } @numbers;
    cmp_ok( scalar @differ, '>', @numbers - 5, 'another seed, other bytes' );
    is_deeply( [ grep { $mail->message($_)->{bytes} =~ /[^\x00-\xff]/ } @numbers ],
        [], 'bytes they are' );
    my $only = MobileSync::Mail->new( kinds => [qw(html nested)] );
    my %seen = map { $only->message($_)->{kind} => 1 } 0 .. 50;
    is_deeply( [ sort keys %seen ], [qw(html nested)], 'only some kinds' );
};

# The value of a header of a message, unfolded.
sub header ( $bytes, $name ) {
    my ($head) = split /\r?\n\r?\n/, $bytes, 2;
    my ($value) = $head =~ /^\Q$name\E: (.*(?:\r?\n[ \t].*)*)/mi;
    return $value =~ s/[\r\n]//gr;
}

# Decodes encoded words, as RFC 2047 has it; labels that Perl does not know by their nearest kin.
my %KIN = ( gb18030 => 'gbk', gb2312 => 'euc-cn' );

sub unword ($value) {
    $value =~ s/\?=\s+=\?/?==?/g;
    return $value =~ s{=\?([\w-]+)\?([QB])\?([^?]*)\?=}{
        my $bytes = $2 eq 'B' ? MIME::Base64::decode($3)
            : MIME::QuotedPrint::decode( $3 =~ tr/_/ /r );
        Encode::decode( $KIN{ lc $1 } // $1, $bytes );
    }ger;
}

subtest 'what it says of messages' => sub {
    my ( @subjects, @names, $texts );
    for my $message ( grep { defined $_->{subject} } map { $mail->message($_) } 0 .. 299 ) {
        next if $message->{kind} eq 'raw_utf8_headers';
        push @subjects, $message->{kind}
            if unword( header( $message->{bytes}, 'Subject' ) ) ne $message->{subject};
        push @names, $message->{kind}
            if unword( header( $message->{bytes}, 'From' ) ) =~ tr/"//dr ne $message->{from};
        next unless $message->{kind} =~ /^plain/;
        my ( undef, $body ) = split /\r?\n\r?\n/, $message->{bytes}, 2;
        my $encoding = header( $message->{bytes}, 'Content-Transfer-Encoding' );
        my ($charset) = header( $message->{bytes}, 'Content-Type' ) =~ /charset=(\S+)/;
        $body =
              $encoding eq 'base64' ? MIME::Base64::decode($body)
            : $encoding eq 'quoted-printable' ? MIME::QuotedPrint::decode($body)
            : $body;
        my $text = Encode::decode( $KIN{ lc $charset } // $charset, $body ) =~ s/\r\n/\n/gr;
        $texts++;
        is( $text, $message->{text}, "the text of $message->{number}, $message->{kind}" )
            if $text ne $message->{text};
    }
    is_deeply( \@subjects, [], 'subjects' );
    is_deeply( \@names, [], 'senders' );
    cmp_ok( $texts, '>', 50, "$texts texts" );
    my %seen;
    for my $message ( map { $mail->message($_) } 0 .. 299 ) {
        for my $file ( @{ $message->{attachments} // [] } ) {
            my $base64 = MIME::Base64::encode( $file->{data} );
            $base64 =~ s/\n/\r\n/g if $message->{bytes} =~ /\r\n\r\n/;
            $seen{ index( $message->{bytes}, $base64 ) >= 0 }++;
        }
    }
    is( $seen{''}, undef, 'attachments are in their messages' );
    cmp_ok( $seen{1}, '>', 50, "$seen{1} attachments" );
};

subtest 'building blocks' => sub {
    my $long = "\x{dc}ber " x 40;
    my $words = encoded_words( $long, 'iso-8859-1', 'Q' );
    is( unword( $words =~ s/\n//gr ), $long, 'long encoded words' );
    is_deeply( [ grep { length > 76 } split /\n/, $words ], [], 'are folded' );
    is( encoded_words('plain'), 'plain', 'plain text stays' );
    is( address( 'Smith, Eve', 'e@x' ), '"Smith, Eve" <e@x>', 'a name that needs quotes' );
    is( mail_date( 1_700_000_000, -300 ), 'Tue, 14 Nov 2023 17:13:20 -0500', 'a date' );
    is( file_name_2231("\x{e4}.txt"), "filename*0*=utf-8''%C3%A4.txt", 'RFC 2231' );
};

subtest 'filling a mailbox' => sub {
    my $folder = File::Temp->newdir;
    my $box = MobileSync::Mailbox->new("$folder/anna");
    my $now = 1_700_000_000;
    my @filled = MobileSync::Mail->new( newest => $now, spacing => 60 )->fill( $box, 80 );
    is( scalar @filled, 80, 'so many messages' );
    is( scalar keys %{ $box->messages }, 80, 'are there' );
    is( ( stat $box->path( $filled[-1]{name} ) )[9], $now, 'the newest one last' );
    is( ( stat $box->path( $filled[0]{name} ) )[9], $now - 79 * 60, 'the oldest one first' );
    is( $box->content( $_->{name} ), $_->{message}{bytes}, "$_->{message}{kind} as it is" )
        for @filled[ 0, 40, 79 ];
    my $seen = grep { $box->flags( $_->{name} ) eq 'S' } @filled;
    is( $seen, 27, 'every third read' );
    my $corpora = grep { $_->{message}{kind} =~ /^corpus/ } @filled;
    is(
        $corpora,
        scalar( my @c = MobileSync::Mail::corpora() ),
        'with the real mail that the machine has'
    );
};

done_testing;
