#!/usr/bin/perl
# covers: Sync
# Drafts (16.0 on): written on a phone, with attachments, changed on two, sent; once each.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Server;

use constant { INBOX => 2, DRAFTS => 3, TRASH => 4, SENT => 5 };

my $server = MobileSync::Server->start( accounts => { anna => 'secret', bo => 'secret' } );
my $box = $server->mailbox('anna');

# The Maildir folder.
sub maildir () {
    return ( grep {/drafts/i} $box->folders )[0];
}

sub phone ( $version, %option ) {
    my $phone = $server->client( version => $version, %option );
    $phone->folder_sync;
    $phone->initial_sync( $phone->folder_of_type(DRAFTS)->{id},
        options => { filter_type => 0, body => [ { type => 1 } ] } );
    return $phone;
}
sub drafts ($phone) { return $phone->folder_of_type(DRAFTS)->{id} }

sub body ( $text, $type = 1 ) {
    return [ 'AirSyncBase:Body' => [ Type => $type ], [ Data => $text ] ];
}

sub file ( $id, $content, %option ) {
    return [
        Add => [ ClientId => $id ],
        [ Method => $option{method} // 1 ],
        [ ContentType => $option{type} // 'application/pdf' ],
        [ Content => \$content ],
        [ DisplayName => $option{name} // "$id.pdf" ],
        ( $option{inline} ? ( [ ContentId => $option{inline} ], [ IsInline => 1 ] ) : () )
    ];
}
sub files (@files) { return [ 'AirSyncBase:Attachments' => @files ] }

sub add ( $phone, $id, @properties ) {
    my $result = $phone->sync( drafts($phone), commands => [ $phone->add_of( $id, @properties ) ] );
    return ( $result->{responses}{Add}[0], $result );
}

sub change ( $phone, $id, @properties ) {
    my $result =
        $phone->sync( drafts($phone), commands => [ $phone->change_of( $id, @properties ) ] );
    my $response = $result->{responses} && $result->{responses}{Change}[0];
    return ( $response ? $response->text('Status') : $result->{status}, $result );
}

# The files in Drafts, by their subject.
sub stored () {
    my %stored;
    for my $name ( keys %{ $box->messages( maildir() ) } ) {
        my $content = $box->content( $name, maildir() ) =~ s/\r\n/\n/gr;
        my ($subject) = $content =~ /^Subject: (.*)$/m;
        push @{ $stored{ $subject // '' } }, $content;
    }
    return \%stored;
}

sub attachments ($item) {
    my $node = $item->property('AirSyncBase:Attachments') // return {};
    return { map { $_->text('DisplayName') => $_->text('FileReference') } $node->children };
}

for my $version (qw(16.0 16.1)) {
    subtest "protocol $version: a draft's life" => sub {
        my $phone = phone($version);
        my $other = phone( $version, device_id => "OTHER$$" );
        my $subject = "Draft \x{fc} $version";
        my ( $add, $result ) = add(
            $phone,
            'c1',
            [ 'Email:To' => "Bo \x{e4} <bo\@example.org>, half" ],
            [ 'Email:Subject' => $subject ],
            body("Dear Bo,\r\n\x{20ac} 5\r\n"),
            files( file( 'f1', "%PDF\0\xff" x 100 ), file( 'f2', 'note', type => 'text/plain' ) )
        );
        is( $add->text('Status'), 1, 'an Add is taken' );
        my $id = $add->text('ServerId');
        ok( $id, 'and has a ServerId' );
        my $data = $add->at('ApplicationData');
        ok( $data->at('Email2:ConversationId'), 'the answer has a ConversationId' );
        my %new = map { $_->text('ClientId') => $_->text('FileReference') }
            $data->at('AirSyncBase:Attachments')->children;
        is_deeply( [ sort keys %new ], [qw(f1 f2)], 'and where the attachments are' );
        my $file = $phone->fetch_attachment( $new{f1} );
        is( $file->{data}, "%PDF\0\xff" x 100, 'which can be fetched byte for byte' );
        is_deeply( $result->{changes}, [], 'the phone gets no echo' );
        my @stored = map {@$_} values %{ stored() };
        is( scalar @stored, 1, 'one message is in Drafts' );
        like( $stored[0], qr/^To: .*<bo\@example\.org>,\n half$/m, 'its receivers' );
        like( $stored[0], qr/^From: anna\@example\.org$/m, 'its sender' );

        $other->sync_until_done( drafts($other) );
        my ($seen) = values %{ $other->items( drafts($other) ) };
        is( $seen->text('Email:Subject'), $subject, 'another phone has it' );
        is( $seen->text('Email2:IsDraft'), 1, 'as a draft' );
        is( $seen->text('AirSyncBase:Body/Data'), "Dear Bo,\r\n\x{20ac} 5\r\n", 'its text' );
        is_deeply( [ sort keys %{ attachments($seen) } ], [qw(f1.pdf f2.pdf)], 'its attachments' );

        # only what is sent changes
        is( ( change( $phone, $id, body( '<b>Dear</b> Bo', 2 ) ) )[0], 1, 'another text' );
        $other->sync_until_done( drafts($other) );
        ($seen) = values %{ $other->items( drafts($other) ) };
        is( $seen->text('Email:Subject'), $subject, 'the subject stays' );
        like( $seen->text('AirSyncBase:Body/Data'), qr/Dear Bo/, 'the text is the new one' );
        is( keys %{ attachments($seen) }, 2, 'the attachments stay' );
        my $now = attachments( $phone->items( drafts($phone) )->{$id} );
        isnt( $now->{'f2.pdf'}, $new{f2}, 'and the phone learns what they are called now' );
        is( ( change( $phone, $id, files( [ Delete => [ FileReference => $new{f2} ] ] ) ) )[0],
            1, 'what an attachment was called before' );
        $now = attachments( $phone->items( drafts($phone) )->{$id} );
        is_deeply( [ sort keys %$now ], [qw(f1.pdf f2.pdf)], 'deletes no other one' );
        ( my $status, $result ) = change(
            $phone, $id,
            files(
                [ Delete => [ FileReference => $now->{'f2.pdf'} ] ],
                file( 'f3', 'GIF', type => 'image/gif', name => "Bild \x{fc}.gif", inline => 'i1' )
            )
        );
        is( $status, 1, 'an attachment goes, another comes' );
        is_deeply( $result->{changes}, [$id], 'the phone learns where it is' );
        my ($own) = $phone->items( drafts($phone) )->{$id};
        is_deeply(
            [ sort keys %{ attachments($own) } ],
            [ "Bild \x{fc}.gif", 'f1.pdf' ],
            'these are there'
        );
        is(
            $phone->fetch_attachment( attachments($own)->{'f1.pdf'} )->{data},
            "%PDF\0\xff" x 100,
            'the old one unharmed'
        );
        is( $phone->fetch_attachment( attachments($own)->{"Bild \x{fc}.gif"} )->{data},
            'GIF', 'and the new one' );
        is( scalar( map {@$_} values %{ stored() } ), 1, 'still one message is in Drafts' );

        # two phones at one draft: the server's wins, nothing is doubled
        is( ( change( $other, $id, [ 'Email:Subject' => 'mine' ] ) )[0],
            7, 'a change of what has changed meanwhile is a conflict' );
        $other->sync_until_done( drafts($other) );
        is( $other->items( drafts($other) )->{$id}->text('Email:Subject'),
            $subject, 'and that phone gets what there is' );
        is( ( change( $other, $id, [ 'Email:Subject' => 'mine' ] ) )[0], 1, 'now it may' );
        $phone->sync_until_done( drafts($phone) );
        is( $phone->items( drafts($phone) )->{$id}->text('Email:Subject'),
            'mine', 'and the first one gets that' );

        # sent
        my %before = %{ $server->mailbox('bo')->messages };
        ( $status, $result ) =
            change( $phone, $id, [ 'Email:To' => 'bo@example.org' ], ['Email2:Send'] );
        is( $status, 1, 'it is sent' );
        is_deeply( $result->{deletes}, [$id], 'and gone from Drafts' );
        is( scalar( map {@$_} values %{ stored() } ), 0, 'really' );
        my @new = grep { !$before{$_} } keys %{ $server->mailbox('bo')->messages };
        is( scalar @new, 1, 'it arrived once' );
        my $arrived = $server->mailbox('bo')->content( $new[0] ) =~ s/\r\n/\n/gr;
        like( $arrived, qr/^Subject: mine$/m, 'with its subject' );
        like( $arrived, qr/f1\.pdf/, 'and its attachments' );
        like( $arrived, qr/^Date: /m, 'and a date' );
        my ($sent) = grep {/sent/i} $box->folders;
        ok(
            (
                grep { $box->content( $_, $sent ) =~ /^Subject: mine/m }
                    keys %{ $box->messages($sent) }
            ),
            'a copy is in Sent'
        );
    };

    subtest "protocol $version: answers are lost, requests repeated" => sub {
        my $phone = phone($version);
        my $subject = "Once $version";
        my ($add) = add( $phone, 'x', [ 'Email:Subject' => $subject ], body('text') );
        my $call = $phone->last_call;
        my $again = $phone->repeat($call);
        is(
            $again->{responses}{Add}[0]->text('ServerId'),
            $add->text('ServerId'),
            'a repeated Add is the same draft'
        );
        is( @{ stored()->{$subject} // [] }, 1, 'there is one' );
        my $id = $add->text('ServerId');
        change( $phone, $id, body('other text') );
        $again = $phone->repeat( $phone->last_call );
        is( $again->{status}, 1, 'a repeated Change' );
        like( stored()->{$subject}[0], qr/other text/, 'is done' );
        is( @{ stored()->{$subject} }, 1, 'and nothing is doubled' );
        my %before = %{ $server->mailbox('bo')->messages };
        my ($status) = change( $phone, $id, [ 'Email:To' => 'bo@example.org' ], ['Email2:Send'] );
        is( $status, 1, 'sent' );
        $again = $phone->repeat( $phone->last_call );
        is( $again->{status}, 1, 'sent again, as the answer was lost' );
        is( $again->{responses}, undef, 'with success' );
        ( $add, my $result ) = add(
            $phone, 'y',
            [ 'Email:To' => 'bo@example.org' ],
            [ 'Email:Subject' => 'at once' ],
            body('now'), ['Email2:Send']
        );
        is( $add->text('Status'), 1, 'an Add that is sent at once' );
        is( $add->text('ServerId'), undef, 'is no draft' );
        $again = $phone->repeat( $phone->last_call );
        is( $again->{responses}{Add}[0]->text('Status'), 1, 'repeated' );
        my @new = grep { !$before{$_} } keys %{ $server->mailbox('bo')->messages };
        is( scalar @new, 2, 'each arrived once' );
        $phone->sync_until_done( drafts($phone) );
        is_deeply( $phone->items( drafts($phone) ), {}, 'no draft is left' );
        is_deeply( stored(), {}, 'in the mailbox either' );
        # the same ClientId later is another draft
        ($add) = add(
            $phone, 'y',
            [ 'Email:To' => 'bo@example.org' ],
            [ 'Email:Subject' => 'at once' ],
            body('now'), ['Email2:Send']
        );
        is( $add->text('Status'), 1, 'another message of the same ClientId' );
        @new = grep { !$before{$_} } keys %{ $server->mailbox('bo')->messages };
        is( scalar @new, 3, 'arrives' );
    };

    subtest "protocol $version: what cannot be" => sub {
        my $phone = phone($version);
        my ($add) = add( $phone, 'n', [ 'Email:Subject' => 'nobody' ], body('x'), ['Email2:Send'] );
        is( $add->text('Status'), 183, 'sent to nobody: 183' );
        ($add) = add( $phone, 'm', [ 'Email:To' => 'not an address' ], body('x'), ['Email2:Send'] );
        is( $add->text('Status'), 183, 'to what is no address: 183' );
        ($add) = add( $phone, 'r', body( 'x', 3 ) );
        is( $add->text('Status'), 6, 'RTF: 6' );
        ($add) =
            add( $phone, 'f', body('x'), files( [ Delete => [ FileReference => '1:1:1:1' ] ] ) );
        is( $add->text('Status'), 6, 'the deletion of what is not there: 6' );
        is_deeply( stored(), {}, 'nothing of it is kept' );
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync($inbox);
        my $result = $phone->sync( $inbox,
            commands => [ $phone->add_of( 'i', [ 'Email:Subject' => 'x' ], body('x') ) ] );
        is( $result->{responses}{Add}[0]->text('Status'), 6, 'an Add in the Inbox: 6' );
        ($add) = add( $phone, 'e', [ 'Email:Importance' => 2 ], [ 'Email2:Bcc' => 'x' ] );
        is( $add->text('Status'), 1, 'a draft of nearly nothing is one' );
        my $id = $add->text('ServerId');
        $box->delete( $_, maildir() ) for keys %{ $box->messages( maildir() ) };
        is( ( change( $phone, $id, body('y') ) )[0], 8, 'changed after it went: 8' );
        $phone->sync_until_done( drafts($phone) );
        is( ( change( $phone, $id, body('y'), ['Email2:Send'] ) )[0], 8, 'or sent: 8' );

        my $mime = "From: Anna <anna\@example.org>\r\nTo: bo\@example.org\r\nSubject: whole\r\n"
            . "Message-ID: <whole.$version\@phone>\r\n\r\nAs it is.\r\n";
        ($add) = add( $phone, 'w', body( $mime, 4 ) );
        is( $add->text('Status'), 1, 'a draft as MIME' );
        like( stored()->{whole}[0], qr/^Message-ID: <whole\.\S+>$/m, 'keeps its Message-ID' );
        like( stored()->{whole}[0], qr/\n\nAs it is\.\n/, 'and its text' );
        $box->delete( $_, maildir() ) for keys %{ $box->messages( maildir() ) };
    };
}

for my $version (qw(12.1 14.0 14.1)) {
    subtest "protocol $version has none" => sub {
        my $phone = phone($version);
        my ($add) = add( $phone, 'z', [ 'Email:Subject' => 'x' ] );
        is( $add->text('Status'), 6, 'an Add of mail: 6' );
        is( $phone->repeat( $phone->last_call )->{responses}{Add}[0]->text('Status'),
            6, 'also when it is repeated' );
        is_deeply( stored(), {}, 'nothing is kept' );
    };
}

$server->done;
done_testing();
