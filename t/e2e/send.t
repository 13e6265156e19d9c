#!/usr/bin/perl
# covers: SendMail SmartReply SmartForward
# Mail leaves a phone: to accounts of the server, to others through a sendmail, once.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MIME::Base64 qw(encode_base64);
use EAS::Client;
use MobileSync::Scenario;
use MobileSync::Sendmail;
use MobileSync::Server;

my $sendmail = MobileSync::Sendmail->new;
my $server = MobileSync::Server->start(
    accounts => { anna => 'secret', bo => 'secret', cy => 'secret' },
    settings => { MobileSyncSendmail => $sendmail->command }
);
my %box = map { $_ => $server->mailbox($_) } qw(anna bo cy);
my $number = 0;

# A phone that knows its folders and holds its Inbox.
sub phone ( $version, $account = 'anna', %option ) {
    my $phone = $server->client( version => $version, account => $account, %option );
    $phone->folder_sync;
    $phone->initial_sync( folder( $phone, 2 ),
        options => { filter_type => 0, body => [ { type => 1 } ] } );
    return $phone;
}
sub folder ( $phone, $type ) { return $phone->folder_of_type($type)->{id} }

sub inbox_items ($phone) {
    my $inbox = folder( $phone, 2 );
    $phone->sync_until_done($inbox);
    return $phone->items($inbox);
}

sub message ( $to, %option ) {
    $number++;
    my @fields = (
        "From: Anna <anna\@example.org>",
        "To: $to",
        ( map {"$_: $option{headers}{$_}"} sort keys %{ $option{headers} // {} } ),
        "Subject: $option{subject}",
        "Message-ID: <$number.$$\@phone>",
        'Date: Fri, 02 Jan 2026 10:00:00 +0000',
        'MIME-Version: 1.0',
        'Content-Type: ' . ( $option{type} // 'text/plain; charset=utf-8' ),
        'Content-Transfer-Encoding: ' . ( $option{encoding} // '8bit' ),
    );
    return join "\r\n", @fields, '', $option{body};
}

# The bytes after the header, with the line ends of this host.
sub body_of ($bytes) { return $bytes =~ s/\r\n/\n/gr =~ s/\A.*?\n\n//sr }

# The only new message of a folder of an account since the last call.
my %seen;

sub new_message ( $account, $folder = '' ) {
    my @new = grep { !$seen{"$account $folder $_"}++ } keys %{ $box{$account}->messages($folder) };
    return @new == 1 ? $box{$account}->content( $new[0], $folder ) : scalar @new;
}

# Path and content of a folder's message with that subject.
sub file_of ( $account, $folder, $subject ) {
    my $paths = $box{$account}->messages($folder);
    for my $name ( keys %$paths ) {
        my $content = $box{$account}->content( $name, $folder );
        return ( $paths->{$name}, $content ) if $content =~ /^Subject: \Q$subject\E\r?$/m;
    }
    die "no message '$subject' of $account\n";
}

# The Maildir folder that is the account's Sent.
sub sent_folder ($account) {
    my ($name) = grep {/sent/i} $box{$account}->folders;
    return $name;
}

# Ends a subtest's count of what came before.
sub forget () {
    new_message($_) for qw(anna bo cy);
    new_message( anna => sent_folder('anna') );
    return;
}

my $text =
      "Guten Tag, Bo.\r\n.a line that begins with a dot\r\n\r\nGr\xc3\xbc\xc3\x9fe \xe2\x82\xac\r\n"
    . "trailing blanks  \r\n";

for my $version (VERSIONS) {
    my $any = sub ( $phone, $mime, %option ) {
        my $result = eval { $phone->send_mail( $mime, %option ) };
        return $result ? ( $result->{status}, 200 ) : ( 0, $@->status );
    };

    subtest "between accounts at $version" => sub {
        my $phone = phone($version);
        my $other = phone( '16.1', 'bo' );
        forget();
        my $before = $sendmail->calls;
        my $mime = message(
            '"Bo" <bo@example.org>, bo@example.org',
            subject => 'hello',
            body => $text,
            headers => { Bcc => 'cy@example.org' }
        );
        my $result = $phone->send_mail( $mime, save => 1 );
        is( $result->{status}, 1, 'sent' );
        my $got = new_message('bo');
        is( body_of($got), body_of($mime), 'arrives byte for byte, once' );
        is( body_of( new_message('cy') ), body_of($mime), 'at Bcc too' );
        unlike( $got, qr/^Bcc:/mi, 'where nobody sees it' );
        like( $got, qr/^From: .*anna\@example\.org/mi, 'From' );
        like( $got, qr/^Message-ID: <$number\.$$\@phone>/mi, 'the Message-ID is kept' );
        is( scalar $sendmail->calls, $before, 'without leaving the server' );
        my $sent = new_message( anna => sent_folder('anna') );
        is( body_of($sent), body_of($mime), 'a copy is in Sent' );
        like( $sent, qr/^Bcc: cy\@example\.org/mi, 'with Bcc' );
        my $sent_id = folder( $phone, 5 );
        $phone->initial_sync($sent_id);
        my @mine =
            grep { $_->text('Email:Subject') eq 'hello' } values %{ $phone->items($sent_id) };
        ok( ( !grep { $_->text('Email:Read') ne '1' } @mine ) && @mine, 'which is read' );
        my ($item) = grep { $_->text('Email:Subject') eq 'hello' } values %{ inbox_items($other) };
        ok( $item, 'the other phone syncs it' );
        $phone->send_mail( message( 'bo@example.org', subject => 'no copy', body => $text ) );
        is( new_message( anna => sent_folder('anna') ), 0, 'no copy unless asked for' );
    };

    subtest "beyond this server at $version" => sub {
        my $phone = phone($version);
        forget();
        my $before = $sendmail->calls;
        my $mime = message(
            'far@elsewhere.example, bo@example.org',
            subject => 'out',
            body => $text,
            headers => { Bcc => 'hidden@elsewhere.example' }
        );
        is( $phone->send_mail( $mime, save => 1 )->{status}, 1, 'sent' );
        my @calls = $sendmail->calls;
        is( @calls, $before + 1, 'handed to sendmail once' );
        is_deeply(
            [ sort( MobileSync::Sendmail::recipients( $calls[-1] ) ) ],
            [qw(far@elsewhere.example hidden@elsewhere.example)],
            'for those who are not here'
        );
        is(
            join( ' ', @{ $calls[-1]{arguments} }[ 0 .. 3 ] ),
            '-i -f anna@example.org --',
            'with arguments and sender'
        );
        is( body_of( $calls[-1]{message} ), body_of($mime), 'byte for byte' );
        unlike( $calls[-1]{message}, qr/\r|^Bcc|hidden/m, 'host line ends, no Bcc' );
        is( body_of( new_message('bo') ), body_of($mime), 'and delivered here' );
    };

    subtest "a lost response at $version" => sub {
        my $phone = phone($version);
        forget();
        my $before = $sendmail->calls;
        my $mime = message(
            'far@elsewhere.example, bo@example.org',
            subject => 'lost',
            body => $text
        );
        my $call = $phone->send_mail( $mime, save => 1, lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'the same request again succeeds' );
        is( $phone->send_mail( $mime, save => 1 )->{status},
            1, 'and the same message in a new request' );
        is( scalar $sendmail->calls, $before + 1, 'sent once' );
        is( body_of( new_message('bo') ), body_of($mime), 'delivered once' );
        is( body_of( new_message( anna => sent_folder('anna') ) ), body_of($mime), 'kept once' );
    };

    subtest "two at the same time at $version" => sub {
        my $phone = phone($version);
        my $before = $sendmail->calls;
        $sendmail->then('sleep 1; exit 0');
        my $mime = message( 'far@elsewhere.example', subject => 'twice', body => $text );
        my $first = $phone->send_mail( $mime, async => 1 );
        my $second = $phone->repeat( $phone->last_call, async => 1 );
        is( $_->result->{status}, 1, 'both succeed' ) for $first, $second;
        is( scalar $sendmail->calls, $before + 1, 'sent once' );
        $sendmail->then('exit 0');
    };

    subtest "what fails at $version" => sub {
        my $phone = phone($version);
        forget();
        my $before = $sendmail->calls;
        my $mime = message(
            'far@elsewhere.example, bo@example.org',
            subject => 'trouble',
            body => $text
        );
        my $id = $phone->new_client_id;
        $sendmail->then('echo "no such user here" >&2; exit 67');
        is_deeply(
            [ $any->( $phone, $mime, client_id => $id ) ],
            $version eq '12.1' ? [ 0, 500 ] : [ 120, 200 ],
            'refused for good'
        );
        $sendmail->then('exit 75');
        $server->allow_errors(qr/sendmail ended with exit code 75/);
        is_deeply( [ $any->( $phone, $mime, client_id => $id ) ], [ 0, 503 ], 'put off' );
        is( new_message('bo'), 0, 'nobody has it' );
        $sendmail->then('exit 0');
        is_deeply( [ $any->( $phone, $mime, client_id => $id ) ], [ 1, 200 ], 'then taken' );
        is( scalar $sendmail->calls, $before + 3, 'at the third attempt' );
        is( body_of( new_message('bo') ), body_of($mime), 'now it is there' );
        is_deeply(
            [ $any->( $phone, "From: anna\@example.org\r\nSubject: nobody\r\n\r\nx\r\n" ) ],
            $version eq '12.1' ? [ 0, 500 ] : [ 119, 200 ],
            'no recipient'
        );
        is_deeply(
            [ $any->( $phone, '' ) ],
            $version eq '12.1' ? [ 0, 400 ] : [ 107, 200 ],
            'no message'
        );
    };

    subtest "reply and forward at $version" => sub {
        my $phone = phone($version);
        my $other = phone( '16.1', 'bo' );
        forget();
        my $data = join '', map { chr( $_ % 256 ) } 0 .. 4999;
        my $name = $box{anna}->deliver(
            join "\n",
            'From: Bo <bo@example.org>',
            'To: anna@example.org',
            "Subject: report $version",
            "Message-ID: <report.$version\@example.org>",
            'MIME-Version: 1.0',
            'Content-Type: multipart/mixed; boundary="frontier"',
            '',
            '--frontier',
            'Content-Type: text/plain; charset=iso-8859-1',
            'Content-Transfer-Encoding: 8bit',
            '',
            "The report of M\xfcller.",
            '--frontier',
            'Content-Type: application/octet-stream; name="report.bin"',
            'Content-Disposition: attachment; filename="report.bin"',
            'Content-Transfer-Encoding: base64',
            '',
            encode_base64($data) . '--frontier--',
            ''
        );
        my $items = inbox_items($phone);
        my ($id) = grep { $items->{$_}->text('Email:Subject') eq "report $version" } keys %$items;
        my $inbox = folder( $phone, 2 );
        my $mime = message( 'bo@example.org', subject => "Re: $version", body => "I read it.\r\n" );
        is( $phone->smart_reply( $inbox, $id, $mime, save => 1 )->{status}, 1, 'replied' );
        my $wire = new_message('bo');
        like( $wire, qr/^$_: <report\.$version\@example\.org>$/m, "with its $_" )
            for qw(In-Reply-To References);
        like(
            new_message( anna => sent_folder('anna') ),
            qr/I read it\..*The report of M/s,
            'also in Sent'
        );
        my $theirs = inbox_items($other);
        my ($reply) = grep { $_->text('Email:Subject') eq "Re: $version" } values %$theirs;
        my $body = $reply->text('AirSyncBase:Body/Data');
        like(
            $body,
            qr/I read it\..*The report of M\x{fc}ller\./s,
            'the reply quotes the original'
        );
        ok( !$reply->property('AirSyncBase:Attachments'), 'without its attachment' );
        like( $box{anna}->flags($name), qr/R/, 'the original is marked as answered' );

        $mime = message( 'bo@example.org', subject => "Fw: $version", body => "See below.\r\n" );
        is( $phone->smart_forward( $inbox, $id, $mime, save => 1 )->{status}, 1, 'forwarded' );
        $theirs = inbox_items($other);
        my ($forward) = grep { $_->text('Email:Subject') eq "Fw: $version" } values %$theirs;
        like(
            $forward->text('AirSyncBase:Body/Data'),
            qr/See below\..*The report of M\x{fc}ller\./s,
            'the forward has the text'
        );
        my ($attachment) = $forward->property('AirSyncBase:Attachments')->children('Attachment');
        is( $attachment->text('DisplayName'), 'report.bin', 'and the attachment' );
        is( $other->fetch_attachment( $attachment->text('FileReference') )->{data},
            $data, 'byte for byte' );
        like( $box{anna}->flags($name), qr/P/, 'the original is marked as passed on' );
        $wire = new_message('bo');
        like( $wire, qr/^References: <report/m, 'which the forward names' );
        unlike( $wire, qr/^In-Reply-To:/m, 'but does not answer' );

        my $html = '<html><body><p>M&uuml;ller has <b>read</b> it.</p></body></html>';
        my @html = ( type => 'text/html; charset=utf-8', body => $html );
        $mime = message( 'bo@example.org', subject => "HTML $version", @html );
        my $call = $phone->smart_reply( $inbox, $id, $mime, lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'in HTML, the answer lost' );
        $theirs = inbox_items($other);
        my ( $rich, @more ) =
            grep { $_->text('Email:Subject') eq "HTML $version" } values %$theirs;
        is( scalar @more, 0, 'one reply' );
        like(
            $other->fetch_item( folder( $other, 2 ), $rich->id, body => [ { type => 2 } ] )->{data},
            qr{<b>read</b>.*<blockquote.*The report of M\xc3\xbcller\..*</blockquote>.*</html>}s,
            'quotes in HTML'
        );
        forget();
        $call =
            $phone->smart_forward( $inbox, $id,
            message( 'bo@example.org', subject => 'Fw', body => "x\r\n" ),
            lose => 1 );
        is( $phone->repeat($call)->{status}, 1, 'a forward, the answer lost' );
        like( new_message('bo'), qr/report\.bin/, 'comes once' );

        if ( $version >= 14 ) {
            for my $command (qw(smart_reply smart_forward)) {
                $mime = message( 'bo@example.org', subject => 'whole', body => "All of it.\r\n" );
                is( $phone->$command( $inbox, $id, $mime, replace_mime => 1 )->{status},
                    1, "$command with ReplaceMime" );
                is( body_of( new_message('bo') ), "All of it.\n", 'adds nothing' );
            }
        }

        $box{anna}->delete($name);
        $mime = message( 'bo@example.org', subject => 'late', body => "x\r\n" );
        my $result = eval { $phone->smart_reply( $inbox, $id, $mime ) };
        ok( $version eq '12.1' ? $@->status == 500 : $result->{status} == 150,
            'an original that is gone' );
        forget();
        $result = eval { $phone->smart_forward( $inbox, 'none', $mime ) };
        ok( $version eq '12.1' ? $@->status == 500 : $result->{status} == 150,
            'and one that never was' );
        is( new_message('bo'), 0, 'send nothing' );
    };
}

# In the files lines end as on this host, for the other programs; phones get what was sent.
subtest 'what a search found is answered and forwarded' => sub {
    $box{anna}->deliver( "From: bo\@example.org\nTo: anna\@example.org\nSubject: Needle\n"
            . "Message-ID: <needle\@x>\n\nin the haystack\n" );
    for my $form ( map( { [$_] } VERSIONS ), [ '12.1', base64 => 1 ] ) {
        my ( $version, @query ) = @$form;
        my $phone = phone( $version, 'anna', @query );
        my ($found) = @{ $phone->search_text('haystack')->{results} };
        ok( $found, "@$form: found" );
        my $item = item_by_subject( $phone, folder( $phone, INBOX ), 'Needle' );
        for my $original ( [ undef, $found->{long_id} ], [ folder( $phone, INBOX ), $item->id ] ) {
            my $way = defined $original->[0] ? 'ServerId' : 'LongId';
            forget();
            my $mime = message( 'bo@example.org', subject => 'Re: Needle', body => 'Here.' );
            is( $phone->smart_reply( @$original, $mime, save => 1 )->{status},
                1, "answered by its $way" );
            like( new_message('bo'), qr/in the haystack/, 'which quotes it' );
            like( new_message( anna => sent_folder('anna') ), qr/in the haystack/, 'also in Sent' );
            $mime = message( 'bo@example.org', subject => 'Fwd: Needle', body => 'See.' );
            is( $phone->smart_forward( @$original, $mime )->{status}, 1, "forwarded by its $way" );
            like( new_message('bo'), qr/in the haystack/, 'with what it said' );
        }
    }
};

subtest 'line ends, and what was signed' => sub {
    my $phone = phone('16.1');
    my $other = phone( '14.1', 'bo' );
    forget();
    my $signed = join "\r\n", 'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable', '', 'Signed,  ', 'trailing blanks=20', '',
        '';
    my $mime = message(
        'bo@example.org',
        subject => 'signed',
        type => 'multipart/signed; protocol="application/pgp-signature"; boundary="s"',
        body => join "\r\n",
        '--s', $signed . '--s', 'Content-Type: application/pgp-signature; name="signature.asc"', '',
        '-----BEGIN PGP SIGNATURE-----', '', 'iQ==', '-----END PGP SIGNATURE-----', '', '--s--', ''
    );
    is( $phone->send_mail( $mime, save => 1 )->{status}, 1, 'sent' );
    for my $place ( [ bo => '' ], [ anna => sent_folder('anna') ] ) {
        my ( $path, $file ) = file_of( @$place, 'signed' );
        unlike( $file, qr/\r/, "the file of $place->[0] has LF" );
        like( $path, qr/,S=@{[ length $file ]},/, 'its name the size' );
        like( $path, qr/,W=@{[ length( $file ) + $file =~ tr{\n}{} ]}\b/, 'and that of the wire' );
    }
    my $items = inbox_items($other);
    my ($id) = grep { $items->{$_}->text('Email:Subject') eq 'signed' } keys %$items;
    my $whole = $other->fetch_item(
        folder( $other, 2 ), $id,
        mime_support => 2,
        body => [ { type => 4 } ]
    )->{properties}->at('AirSyncBase:Body');
    my $data = $whole->text('Data');
    like( $data, qr/\r\n\Q$signed\E--s\r\n/, 'a phone gets the signed part byte for byte' );
    unlike( $data, qr/(?<!\r)\n/, 'with CRLF' );
    is( $whole->text('EstimatedDataSize'), length $data, 'of the size that it is said to have' );
    my $part = $other->fetch_item(
        folder( $other, 2 ), $id,
        mime_support => 2,
        body => [ { type => 4, truncation_size => 300 } ]
    )->{properties}->at('AirSyncBase:Body');
    is( $part->text('Data'), substr( $data, 0, 300 ), 'or the beginning' );
    is( $part->text('EstimatedDataSize'), length $data, 'which says how much there is' );
};

for my $version ( grep { $_ ne '12.1' } VERSIONS ) {
    subtest "a ClientId stands for one message at $version" => sub {
        my $phone = phone($version);
        forget();
        my $first = message( 'bo@example.org', subject => 'one', body => $text );
        my $second = message( 'bo@example.org', subject => 'two', body => $text );
        is( $phone->send_mail( $first, client_id => 'same' )->{status}, 1, 'the first' );
        is( $phone->send_mail( $second, client_id => 'same' )->{status}, 118, 'another' );
        is( $phone->send_mail( $second, client_id => 'other' )->{status}, 1, 'under its own' );
        is( new_message('bo'), 2, 'both are there' );
    };
}

# Ends the leases of whoever vanished, as their time would.
sub expire_claims () {
    my $redis = $server->redis;
    for my $scope ( grep {/:l:/} $redis->keys ) {
        my %fields = @{ $redis->command( 'HGETALL', $scope ) };
        for my $entry ( grep { $fields{$_} =~ /^[CA]\d+ \d/ } keys %fields ) {
            $redis->command( 'HSET', $scope, $entry, $fields{$entry} =~ s/ \d+ / 1 /r );
        }
    }
    return;
}

subtest 'a child dies while it hands a message on' => sub {
    my $phone = phone('16.1');
    forget();
    my $before = $sendmail->calls;
    $server->allow_errors( qr/exit signal Killed/, qr/may or may not have gone out/ );
    $sendmail->then('kill -9 $PPID; exit 0');
    my $mime =
        message( 'bo@example.org, far@elsewhere.example', subject => 'cut off', body => $text );
    my $pending = $phone->send_mail( $mime, async => 1 );
    my $call = $phone->last_call;
    ok( !eval { $pending->result }, 'no answer comes' );
    is( scalar $sendmail->calls, $before + 1, 'sendmail has it' );
    $sendmail->then('exit 0');
    expire_claims();
    is( $phone->repeat($call)->{status}, 120, 'the repeat says that it may not have gone out' );
    is( $phone->repeat($call)->{status}, 120, 'so does the next one' );
    is( scalar $sendmail->calls, $before + 1, 'it is not sent again blindly' );

    # The same where nobody but sendmail's caller knows: the parts done are not done again.
    $mime = message( 'far@elsewhere.example, bo@example.org', subject => 'fine', body => $text );
    is( $phone->send_mail($mime)->{status}, 1, 'another message goes out' );
    is( body_of( new_message('bo') ), body_of($mime), 'and arrives' );
};

subtest 'a waiting phone learns of mail at once' => sub {
    my $phone = phone('14.1');
    my $other = phone( '16.1', 'bo' );
    inbox_items($other);
    my $ping = $other->ping( folders => [ folder( $other, 2 ) ], heartbeat => 300, async => 1 );
    $phone->send_mail( message( 'bo@example.org', subject => 'wake up', body => $text ) );
    is( $ping->result->{status}, 2, 'its Ping is answered' );
};

subtest 'a message of 10 MB' => sub {
    my $phone = phone('16.1');
    forget();
    my $line = join( '', map { chr( 33 + $_ % 90 ) } 1 .. 76 ) . "\r\n";
    my $body = $line x ( 10 * 1024 * 1024 / length $line );
    my $mime = message( 'bo@example.org, far@elsewhere.example', subject => 'big', body => $body );
    is( $phone->send_mail( $mime, save => 1 )->{status}, 1, 'sent' );
    ok( body_of( new_message('bo') ) eq body_of($mime), 'arrives whole' );
    ok( body_of( ( $sendmail->calls )[-1]{message} ) eq body_of($mime), 'leaves whole' );
    ok( body_of( new_message( anna => sent_folder('anna') ) ) eq body_of($mime), 'is kept whole' );
};

subtest 'without a way to other servers' => sub {
    my $alone = MobileSync::Server->start;
    my $phone = $alone->client;
    for my $to (qw(nobody@example.org far@elsewhere.example)) {
        my $mime = message( $to, subject => 'nowhere', body => $text );
        is( $phone->send_mail( $mime, save => 1 )->{status}, 120, "to $to" );
    }
    is_deeply( [ map { keys %{ $alone->mailbox->messages($_) } } '', 'Sent' ],
        [], 'nothing is kept of it' );
    is( $phone->send_mail('no mail at all')->{status}, 107, 'what is no message' );
    $alone->done;
};

$server->done;
done_testing;
