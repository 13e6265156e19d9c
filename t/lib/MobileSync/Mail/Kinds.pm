# The kinds of well-formed mail. Each takes the message that is being made and returns the entity
# below its common headers: [ headers, body ]. It may set fields of the message.
package MobileSync::Mail::Kinds;
use v5.36;
use utf8;
use MobileSync::Mail::Mime qw(to_charset encoded_words entity multipart text_part attachment
    file_name_2231 png mail_date);
use MobileSync::Mail::Text;

# Name, weight (how often, relative to the others), function.
our @KINDS = (
    [ plain => 14, \&_plain ],
    [ plain_other_charset => 10, \&_plain_other_charset ],
    [ plain_8bit => 5, \&_plain_8bit ],
    [ plain_base64 => 4, \&_plain_base64 ],
    [ flowed => 5, \&_flowed ],
    [ html => 8, \&_html ],
    [ html_other_charset => 3, \&_html_other_charset ],
    [ alternative => 14, \&_alternative ],
    [ alternative_related => 4, \&_alternative_related ],
    [ inline_image => 5, \&_inline_image ],
    [ attachments => 8, \&_attachments ],
    [ attachment_name => 3, \&_attachment_name ],
    [ attachment_only => 2, \&_attachment_only ],
    [ forwarded => 3, \&_forwarded ],
    [ digest => 1, \&_digest ],
    [ smime_signed => 2, \&_smime_signed ],
    [ smime_opaque => 1, \&_smime_opaque ],
    [ pgp_signed => 2, \&_pgp_signed ],
    [ delivery_report => 1, \&_delivery_report ],
    [ invitation => 1, \&_invitation ],
    [ thread => 4, \&_thread ],
    [ newsletter => 3, \&_newsletter ],
    [ large => 1, \&_large ],
);

sub _text ( $m, $paragraphs = undef ) {
    $paragraphs //= $m->{random}->between( 1, 6 );
    return $m->{text} = MobileSync::Mail::Text::prose( $m->{random}, $m->{language}, $paragraphs );
}

sub _html_of ($text) {
    my $escaped = $text =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/\n\n/<\/p>\n<p>/gr;
    return
          "<!DOCTYPE html>\n<html><head><title>x</title><style>p { color: #333 }</style></head>\n"
        . "<body><p>$escaped</p>\n<p><a href=\"https://www.example.org/?a=1&amp;b=2\">more</a></p>\n"
        . "</body></html>\n";
}

sub _boundary ($m) {
    return sprintf '=_%08x%s%d', $m->{random}->below(0xffffffff),
        $m->{random}->pick( '', '.', "'()+" ),
        ++$m->{boundaries};
}

sub _joined ($entity) { return entity(@$entity) }

sub _attach ( $m, $type, $name, $data, %option ) {
    push @{ $m->{attachments} },
        { name => $option{true_name} // $name, type => $type, data => $data, id => $option{id} };
    return attachment( $type, $name, $data, %option );
}

sub _plain ($m) {
    $m->{language} = 'english';
    return text_part( 'plain', _text($m), 'us-ascii', '7bit' );
}

sub _plain_other_charset ($m) {
    return text_part( 'plain', _text($m), $m->{charset},
        $m->{charset} eq 'iso-2022-jp' ? '7bit' : 'quoted-printable' );
}

sub _plain_8bit ($m) { return text_part( 'plain', _text($m), 'utf-8', '8bit' ) }
sub _plain_base64 ($m) { return text_part( 'plain', _text($m), $m->{charset}, 'base64' ) }

# RFC 3676: soft line breaks, quotes, a stuffed line, the signature separator.
sub _flowed ($m) {
    my $text = _text( $m, 2 );
    my $flowed = $text =~ s/(?<=.)\n(?=.)/ \n/gr;
    $m->{text} = undef;
    return text_part(
        'plain',
        "$flowed\n> quoted line that \n> flows on\n>> deeper\n From here, stuffed\n-- \nA signature\n",
        'utf-8',
        'quoted-printable',
        '; format=flowed' . $m->{random}->pick( '', '; delsp=yes' )
    );
}

sub _html ($m) { return text_part( 'html', _html_of( _text($m) ), 'utf-8', 'quoted-printable' ) }

sub _html_other_charset ($m) {
    return text_part( 'html', _html_of( _text($m) ), $m->{charset}, 'base64' );
}

sub _alternative_parts ($m) {
    my $text = _text($m);
    return multipart(
        'alternative',
        _boundary($m),
        [
            map { _joined($_) } text_part( 'plain', $text, 'utf-8', 'quoted-printable' ),
            text_part( 'html', _html_of($text), 'utf-8', 'base64' )
        ]
    );
}

sub _alternative ($m) { return _alternative_parts($m) }

sub _image ($m) {
    my @rgb = map { $m->{random}->below(256) } 1 .. 3;
    return png( $m->{random}->between( 8, 64 ), $m->{random}->between( 8, 64 ), @rgb );
}

sub _related ($m) {
    my $id = sprintf 'image%d@example.org', $m->{random}->below(1e6);
    my $html = _html_of( _text($m) ) =~ s{</body>}{<img src="cid:$id" alt="image"></body>}r;
    my $image =
        _attach( $m, 'image/png', 'image.png', _image($m), disposition => 'inline', id => $id );
    return multipart(
        'related', _boundary($m),
        [ map { _joined($_) } text_part( 'html', $html, 'utf-8', 'quoted-printable' ), $image ],
        '; type="text/html"'
    );
}

sub _inline_image ($m) { return _related($m) }

sub _alternative_related ($m) {
    my $related = _related($m);
    return multipart( 'alternative', _boundary($m),
        [ map { _joined($_) } text_part( 'plain', $m->{text}, 'utf-8', '8bit' ), $related ] );
}

my @FILES = (
    [ 'report.pdf', 'application/pdf' ],
    [ 'numbers.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' ],
    [ 'data.bin', 'application/octet-stream' ],
    [ 'notes.txt', 'text/plain' ],
    [ 'photo.jpg', 'image/jpeg' ],
    [ 'archive.zip', 'application/zip' ],
    [ 'no extension', 'application/octet-stream' ],
);

sub _attachments ($m) {
    my $body =
        $m->{random}->below(2)
        ? _alternative_parts($m)
        : text_part( 'plain', _text($m), 'utf-8', 'quoted-printable' );
    my @files = map {
        my ( $name, $type ) = @{ $m->{random}->pick(@FILES) };
        _attach( $m, $type, $name, $m->{random}->bytes( $m->{random}->between( 0, 60_000 ) ) );
    } 1 .. $m->{random}->between( 1, 3 );
    return multipart( 'mixed', _boundary($m), [ map { _joined($_) } $body, @files ] );
}

# Names beyond ASCII: RFC 2231, and encoded words inside quotes as Outlook writes them.
sub _attachment_name ($m) {
    my $name = MobileSync::Mail::Text::words( $m->{random}, $m->{language}, 3 ) . '.txt';
    my %way =
        $m->{random}->below(2)
        ? ( raw_name => file_name_2231($name) )
        : ( raw_name => 'filename="' . encoded_words( $name, 'utf-8', 'B' ) . '"' );
    my $file = _attach( $m, 'text/plain', 'file.txt', "attached\n", %way, true_name => $name );
    return multipart( 'mixed', _boundary($m),
        [ map { _joined($_) } text_part( 'plain', _text($m), 'utf-8', '8bit' ), $file ] );
}

# The message is the file.
sub _attachment_only ($m) {
    my ( $name, $type ) = @{ $m->{random}->pick( @FILES[ 0, 1 ] ) };
    return _attach( $m, $type, $name, $m->{random}->bytes(5_000) );
}

sub _inner_message ($m) {
    return entity(
        [
            [ From => 'Inner Sender <inner@example.net>' ],
            [ To => 'anna@example.org' ],
            [ Subject => encoded_words( "Innere Nachricht \x{2013} ä", 'utf-8', 'Q' ) ],
            [ Date => mail_date( $m->{time} - 86_400 ) ],
            [ 'MIME-Version' => '1.0' ],
            [ 'Content-Type' => 'text/plain; charset=utf-8' ],
            [ 'Content-Transfer-Encoding' => '8bit' ]
        ],
        to_charset( "The inner message, größer.\n", 'utf-8' )
    );
}

sub _forwarded ($m) {
    my $inner = [
        [ [ 'Content-Type' => 'message/rfc822' ], [ 'Content-Disposition' => 'attachment' ] ],
        _inner_message($m)
    ];
    return multipart( 'mixed', _boundary($m),
        [ map { _joined($_) } text_part( 'plain', _text( $m, 1 ), 'utf-8', '8bit' ), $inner ] );
}

sub _digest ($m) {
    return multipart( 'digest', _boundary($m), [ map { "\n" . _inner_message($m) } 1 .. 3 ] );
}

# The signatures are bytes of the right form that nobody can verify.
sub _smime_signed ($m) {
    my $signature = attachment( 'application/pkcs7-signature', 'smime.p7s',
        "\x30\x82\x01\x00" . $m->{random}->bytes(256) );
    return multipart(
        'signed', _boundary($m),
        [ map { _joined($_) } _alternative_parts($m), $signature ],
        '; protocol="application/pkcs7-signature"; micalg=sha-256'
    );
}

sub _smime_opaque ($m) {
    $m->{text} = undef;
    return attachment(
        'application/pkcs7-mime; smime-type=signed-data',
        'smime.p7m',
        "\x30\x82\x04\x00" . $m->{random}->bytes(1024)
    );
}

sub _pgp_signed ($m) {
    my $signature = [
        [ [ 'Content-Type' => 'application/pgp-signature; name="signature.asc"' ] ],
        "-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n"
    ];
    return multipart(
        'signed',
        _boundary($m),
        [
            map { _joined($_) } text_part( 'plain', _text($m), 'utf-8', 'quoted-printable' ),
            $signature
        ],
        '; micalg=pgp-sha256; protocol="application/pgp-signature"'
    );
}

sub _delivery_report ($m) {
    $m->{subject} = 'Undelivered Mail Returned to Sender';
    my $status = [
        [ [ 'Content-Type' => 'message/delivery-status' ] ],
        "Reporting-MTA: dns; mail.example.org\n\nFinal-Recipient: rfc822; nobody\@example.net\n"
            . "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
    ];
    my $headers = [ [ [ 'Content-Type' => 'text/rfc822-headers' ] ], "From: anna\@example.org\n" ];
    return multipart(
        'report',
        _boundary($m),
        [
            map { _joined($_) } text_part( 'plain', _text( $m, 1 ), 'utf-8', '8bit' ),
            $status, $headers
        ],
        '; report-type=delivery-status'
    );
}

sub _invitation ($m) {
    my $stamp = POSIX::strftime( '%Y%m%dT%H0000Z', gmtime $m->{time} + 7 * 86_400 );
    my $calendar = join "\r\n", 'BEGIN:VCALENDAR', 'PRODID:-//Example//EN', 'VERSION:2.0',
        'METHOD:REQUEST',
        'BEGIN:VEVENT', "UID:event$m->{number}\@example.org", "DTSTAMP:$stamp", "DTSTART:$stamp",
        'DURATION:PT1H',
        'SUMMARY:Planning', 'LOCATION:Room 1', 'ORGANIZER;CN=Bert:mailto:bert@example.org',
        'ATTENDEE;RSVP=TRUE:mailto:anna@example.org', 'SEQUENCE:0', 'END:VEVENT', 'END:VCALENDAR',
        '';
    my $part = text_part( 'calendar', $calendar, 'utf-8', '8bit', '; method=REQUEST' );
    return multipart( 'alternative', _boundary($m),
        [ map { _joined($_) } text_part( 'plain', _text( $m, 1 ), 'utf-8', '8bit' ), $part ] );
}

sub _thread ($m) {
    my @ids = map {"<thread$m->{number}.$_\@example.org>"} 1 .. $m->{random}->between( 1, 12 );
    push @{ $m->{headers} }, [ 'In-Reply-To' => $ids[-1] ], [ References => join "\n ", @ids ];
    $m->{subject} =
        $m->{random}->pick( 'Re: ', 'RE: ', 'Aw: ', 'Fwd: ', 'Re: Re: ' ) . $m->{subject};
    my $quoted = _text( $m, 2 ) =~ s/^/> /gmr;
    return text_part( 'plain', $m->{text} = "I agree.\n\n$quoted", 'utf-8', 'quoted-printable' );
}

sub _newsletter ($m) {
    push @{ $m->{headers} }, [ 'List-Id' => 'News <news.example.org>' ], [ Precedence => 'bulk' ],
        [ 'X-Priority' => '5' ], [ Importance => 'Low' ];
    my $rows = join '', map {
              "<tr><td bgcolor=#eee><b>"
            . MobileSync::Mail::Text::words( $m->{random}, $m->{language}, 20 )
            . "<br>&nbsp;&euro;&#8364;</td>\n"
    } 1 .. $m->{random}->between( 20, 200 );
    return text_part(
        'html', "<html><body><script>alert(1)</script><table>$rows</table></body></html>\n",
        'utf-8', 'quoted-printable'
    );
}

sub _large ($m) {
    my $size = $m->{random}->between( 300_000, 1_500_000 );
    my $file = _attach( $m, 'application/octet-stream', 'large.bin', $m->{random}->bytes($size) );
    return multipart( 'mixed', _boundary($m),
        [ map { _joined($_) } text_part( 'plain', _text( $m, 40 ), 'utf-8', '8bit' ), $file ] );
}

1;
