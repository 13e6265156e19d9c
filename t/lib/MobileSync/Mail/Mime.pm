# Building blocks of MIME messages. MIME::Lite and its kin would write only correct mail, and the
# same way each time; these tests want all the ways there are, and wrong ones.
package MobileSync::Mail::Mime;
use v5.36;
use Compress::Zlib ();
use Encode ();
use Exporter 'import';
use MIME::Base64 ();
use MIME::QuotedPrint ();
use POSIX ();

our @EXPORT_OK = qw(to_charset encoded_words address mail_date entity multipart text_part
    attachment file_name_2231 png);

# Perl's Encode has no GB18030 of its own; GBK is its two-byte part, which is all these texts need.
my %ENCODER = ( gb18030 => 'gbk', gb2312 => 'euc-cn' );

sub to_charset ( $text, $charset ) {
    return Encode::encode( $ENCODER{ lc $charset } // $charset, $text );
}

# RFC 2047: a header value as encoded words of at most 75 characters, folded. coding: Q or B.
# Plain text stays as it is.
sub encoded_words ( $text, $charset = 'utf-8', $coding = 'B' ) {
    return $text if $text !~ /[^\x20-\x7e]/ && $text !~ /=\?/;
    my $overhead = length("=?$charset?$coding??=");
    my ( @words, $piece );
    $piece = '';
    for my $character ( $text =~ /(\X)/g ) {
        if ( length $piece
            && $overhead + length( _code_word( $piece . $character, $charset, $coding ) ) > 75 )
        {
            push @words, $piece;
            $piece = '';
        }
        $piece .= $character;
    }
    push @words, $piece;
    return join "\n ",
        map { "=?$charset?$coding?" . _code_word( $_, $charset, $coding ) . '?=' } @words;
}

sub _code_word ( $text, $charset, $coding ) {
    my $bytes = to_charset( $text, $charset );
    return MIME::Base64::encode( $bytes, '' ) if $coding eq 'B';
    return $bytes =~ s/([^A-Za-z0-9!*+\-\/ ])/sprintf '=%02X', ord $1/ger =~ tr/ /_/r;
}

# "Name <address>", the name quoted or encoded as it needs.
sub address ( $name, $address, $charset = 'utf-8', $coding = 'Q' ) {
    my $phrase =
          $name =~ /[^\x20-\x7e]/ ? encoded_words( $name, $charset, $coding )
        : $name =~ /[^A-Za-z0-9 !'-]/ ? '"' . $name =~ s/(["\\])/\\$1/gr . '"'
        : $name;
    return "$phrase <$address>";
}

# RFC 5322 date; zone in minutes east.
sub mail_date ( $time, $zone = 0 ) {
    my @parts = gmtime $time + $zone * 60;
    my $day = (qw(Sun Mon Tue Wed Thu Fri Sat))[ $parts[6] ];
    my $month = (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[ $parts[4] ];
    my $minutes = abs $zone;
    return sprintf '%s, %02d %s %d %02d:%02d:%02d %s%02d%02d', $day, $parts[3], $month,
        $parts[5] + 1900,
        @parts[ 2, 1, 0 ], $zone < 0 ? '-' : '+', $minutes / 60, $minutes % 60;
}

# A header and a body. headers: [ name, value ] ... (values are bytes).
sub entity ( $headers, $body ) {
    return join( '', map {"$_->[0]: $_->[1]\n"} @$headers ) . "\n$body";
}

# [ headers, body ] of a multipart of entities. parameters: more of the Content-Type.
sub multipart ( $subtype, $boundary, $parts, $parameters = '' ) {
    my $body = join '', map {"--$boundary\n$_\n"} @$parts;
    return [
        [ [ 'Content-Type' => qq{multipart/$subtype; boundary="$boundary"$parameters} ] ],
        "This is a multi-part message in MIME format.\n$body--$boundary--\n"
    ];
}

# [ headers, body ] of a text. encoding: 7bit, 8bit, quoted-printable or base64.
sub text_part ( $subtype, $text, $charset, $encoding, $parameters = '' ) {
    my $bytes = to_charset( $text, $charset );
    my $body =
          $encoding eq 'base64' ? MIME::Base64::encode($bytes)
        : $encoding eq 'quoted-printable' ? MIME::QuotedPrint::encode($bytes)
        : $bytes;
    return [
        [
            [ 'Content-Type' => "text/$subtype; charset=$charset$parameters" ],
            [ 'Content-Transfer-Encoding' => $encoding ]
        ],
        $body
    ];
}

# [ headers, body ] of a file. name: as it stands in the header; disposition: attachment or inline;
# id: Content-ID.
sub attachment ( $type, $name, $data, %option ) {
    my $disposition = $option{disposition} // 'attachment';
    my $file_name = $option{raw_name} // qq{filename="$name"};
    my @headers = (
        [ 'Content-Type' => qq{$type; name="$name"} ],
        [ 'Content-Disposition' => "$disposition; $file_name" ],
        [ 'Content-Transfer-Encoding' => 'base64' ]
    );
    push @headers, [ 'Content-ID' => "<$option{id}>" ] if defined $option{id};
    return [ \@headers, MIME::Base64::encode($data) ];
}

# A file name parameter beyond ASCII (RFC 2231), in continuations.
sub file_name_2231 ($name) {
    my $escaped = to_charset( $name, 'utf-8' ) =~ s/([^A-Za-z0-9.\-])/sprintf '%%%02X', ord $1/ger;
    my @pieces = $escaped =~ /((?:%..|.){1,30})/g;
    $pieces[0] = "utf-8''$pieces[0]";
    return join ";\n ", map {"filename*$_*=$pieces[$_]"} 0 .. $#pieces;
}

# A valid PNG of one colour.
sub png ( $width, $height, @rgb ) {
    my $chunk = sub ( $type, $data ) {
        return pack( 'N', length $data ) . $type . $data . pack 'N',
            Compress::Zlib::crc32("$type$data");
    };
    my $row = "\0" . pack( 'C3', @rgb ) x $width;
    return
          "\x89PNG\r\n\x1a\n"
        . $chunk->( 'IHDR', pack 'NNC5', $width, $height, 8, 2, 0, 0, 0 )
        . $chunk->( 'IDAT', Compress::Zlib::compress( $row x $height ) )
        . $chunk->( 'IEND', '' );
}

1;
