# The kinds of broken mail: what a mail server really holds after some years. Each takes the message
# that is being made and returns the whole message (bytes).
package MobileSync::Mail::Broken;
use v5.36;
use utf8;
use MobileSync::Mail::Mime qw(entity encoded_words mail_date to_charset);

our @KINDS = (
    [ raw_8bit_headers => \&_raw_8bit_headers ],
    [ raw_utf8_headers => \&_raw_utf8_headers ],
    [ bad_encoded_words => \&_bad_encoded_words ],
    [ no_date => \&_no_date ],
    [ bad_date => \&_bad_date ],
    [ no_from => \&_no_from ],
    [ bad_addresses => \&_bad_addresses ],
    [ many_recipients => \&_many_recipients ],
    [ duplicate_headers => \&_duplicate_headers ],
    [ long_header => \&_long_header ],
    [ no_blank_line => \&_no_blank_line ],
    [ only_headers => \&_only_headers ],
    [ no_headers => \&_no_headers ],
    [ empty => sub ($m) {''} ],
    [ mbox_line => \&_mbox_line ],
    [ wrong_charset => \&_wrong_charset ],
    [ unknown_charset => \&_unknown_charset ],
    [ unknown_encoding => \&_unknown_encoding ],
    [ bad_base64 => \&_bad_base64 ],
    [ bad_quoted => \&_bad_quoted ],
    [ control_characters => \&_control_characters ],
    [ nul_bytes => \&_nul_bytes ],
    [ surrogates => \&_surrogates ],
    [ no_boundary => \&_no_boundary ],
    [ boundary_absent => \&_boundary_absent ],
    [ unterminated => \&_unterminated ],
    [ empty_multipart => \&_empty_multipart ],
    [ nested => \&_nested ],
    [ many_parts => \&_many_parts ],
    [ bad_content_type => \&_bad_content_type ],
    [ bare_carriage => \&_bare_carriage ],
    [ long_line => \&_long_line ],
    [ bad_html => \&_bad_html ],
    [ traversal_name => \&_traversal_name ],
);

sub _message ( $m, $headers, $body ) { return entity( [ $m->{common}->(), @$headers ], $body ) }

# The common headers without some, by name.
sub _without ( $m, @names ) {
    my %out = map { $_ => 1 } @names;
    return grep { !$out{ $_->[0] } } $m->{common}->();
}

sub _typed ( $m, $type, $body, @headers ) {
    return _message( $m, [ [ 'Content-Type' => $type ], @headers ], $body );
}

sub _raw_8bit_headers ($m) {
    return entity( [ _without( $m, 'Subject' ), [ Subject => "Gr\xfc\xdfe aus M\xfcnchen" ] ],
        "raw latin1\n" );
}

sub _raw_utf8_headers ($m) {
    $m->{subject} = 'Grüße 日本 🎉';
    return entity(
        [ _without( $m, 'Subject' ), [ Subject => to_charset( $m->{subject}, 'utf-8' ) ] ],
        "raw utf-8\n" );
}

sub _bad_encoded_words ($m) {
    my $subject =
        '=?utf-8?B?4pyTIG9r?= =?utf-8?Q?unended =?x-none?Q?a?= =?utf-8?B?!!!?= =?utf-8?Q?=C3?= =?utf-8?Q?=A4?=';
    return entity( [ _without( $m, 'Subject' ), [ Subject => $subject ] ], "broken words\n" );
}

sub _no_date ($m) { return entity( [ _without( $m, 'Date' ) ], "no date\n" ) }

sub _bad_date ($m) {
    return entity( [ _without( $m, 'Date' ), [ Date => 'Tue, 99 Foo 20x6 25:61:61' ] ], "bad\n" );
}
sub _no_from ($m) { return entity( [ _without( $m, 'From', 'To' ) ], "nobody\n" ) }

sub _bad_addresses ($m) {
    return entity(
        [
            _without( $m, 'From', 'To' ),
            [ From => 'no at sign "unended <<a@b@c' ],
            [ To => 'undisclosed-recipients:;, , <@>, group: a@b, c@d;, "x' ]
        ],
        "bad addresses\n"
    );
}

sub _many_recipients ($m) {
    my $to = join ",\n ", map {"Recipient Number $_ <r$_\@example.org>"} 1 .. 2_000;
    return entity( [ _without( $m, 'To' ), [ To => $to ] ], "to all\n" );
}

sub _duplicate_headers ($m) {
    return _message(
        $m,
        [
            [ Subject => 'Second subject' ],
            [ Date => mail_date( $m->{time} - 1e6 ) ],
            [ 'Content-Type' => 'text/plain' ],
            [ 'Content-Type' => 'text/html' ]
        ],
        "<b>twice</b>\n"
    );
}

sub _long_header ($m) { return _message( $m, [ [ 'X-Long' => 'x' x 100_000 ] ], "long header\n" ) }

sub _no_blank_line ($m) {
    return _message( $m, [], '' ) =~ s/\n\n\z/\nthis is no header line\nbody?\n/r;
}
sub _only_headers ($m) { return _message( $m, [], '' ) =~ s/\n\n\z/\n/r }
sub _no_headers ($m) { return "\nJust a body.\n" }

sub _mbox_line ($m) {
    return "From anna\@example.org Mon Jan  1 00:00:00 2024\n"
        . _message( $m, [], "body\n>From x\n" );
}

sub _wrong_charset ($m) {
    return _typed(
        $m,
        'text/plain; charset=utf-8',
        "Latin-1: \xe4\xf6\xfc \xff\xfe\n",
        [ 'Content-Transfer-Encoding' => '8bit' ]
    );
}

sub _unknown_charset ($m) {
    return _typed( $m, 'text/plain; charset=x-martian', "bytes: \xe4\xf6\x80\n" );
}

sub _unknown_encoding ($m) {
    return _typed( $m, 'text/plain', "encoded?\n",
        [ 'Content-Transfer-Encoding' => 'x-uuencode' ] );
}

sub _bad_base64 ($m) {
    return _typed(
        $m,
        'text/plain; charset=utf-8',
        "SGVsbG8*g####\n=d29ybGQ\n\n!",
        [ 'Content-Transfer-Encoding' => 'base64' ]
    );
}

sub _bad_quoted ($m) {
    return _typed( $m, 'text/plain; charset=utf-8',
        "a=ZZb=\nc=C3=A4=4\n=", [ 'Content-Transfer-Encoding' => 'quoted-printable' ] );
}

sub _control_characters ($m) {
    return _message(
        $m,
        [ [ 'Thread-Topic' => "topic \x07 \x1b[31m" ] ],
        join( '', map {chr} 1 .. 31 ) . "\x7f end\n"
    );
}
sub _nul_bytes ($m) { return _message( $m, [], "before\0after\0\0\n" ) }

sub _surrogates ($m) {
    return _typed(
        $m,
        'text/plain; charset=utf-8',
        "\xed\xa0\x80 \xef\xbf\xbe \xf4\x90\x80\x80 \xc0\xaf\n",
        [ 'Content-Transfer-Encoding' => '8bit' ]
    );
}

sub _no_boundary ($m) { return _typed( $m, 'multipart/mixed', "--x\n\ntext\n--x--\n" ) }

sub _boundary_absent ($m) {
    return _typed( $m, 'multipart/mixed; boundary="y"', "--x\n\ntext\n--x--\n" );
}

sub _unterminated ($m) {
    return _typed(
        $m,
        'multipart/mixed; boundary="x"',
        "--x\nContent-Type: multipart/alternative; boundary=\"x1\"\n\n--x1\n\ntext\n--x\nContent-Type: image/png\n"
            . "Content-Transfer-Encoding: base64\n\niVBORw0KGgo"
    );
}
sub _empty_multipart ($m) { return _typed( $m, 'multipart/alternative; boundary="x"', "--x--\n" ) }

sub _nested ($m) {
    my $body = "deep\n";
    $body =
        "--b$_\nContent-Type: text/plain\n\n$body\n--b$_--\n" =~
        s/text\/plain/'multipart\/mixed; boundary="b' . ( $_ - 1 ) . '"'/er
        for 1 .. 200;
    return _typed( $m, 'multipart/mixed; boundary="b200"', $body );
}

sub _many_parts ($m) {
    return _typed(
        $m,
        'multipart/mixed; boundary="x"',
        join( '', map {"--x\n\npart $_\n"} 1 .. 1_000 ) . "--x--\n"
    );
}
sub _bad_content_type ($m) { return _typed( $m, '; charset="unended', "what am I\n" ) }

sub _bare_carriage ($m) { return _message( $m, [], "one\rtwo\r\r\nthree\n\rfour" ) }
sub _long_line ($m) { return _message( $m, [], 'word ' x 100_000 ) }

sub _bad_html ($m) {
    return _typed( $m, 'text/html',
              '<html><p>a<table><td><<b>&#0;&#xD800;&bogus;&amp <!-- unended <i title="x'
            . '<div>' x 5_000 );
}

sub _traversal_name ($m) {
    return _typed(
        $m,
        'multipart/mixed; boundary="x"',
        "--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment;\n"
            . " filename=\"../../../etc/passwd\"\n\ndata\n--x--\n"
    );
}

1;
