#!/usr/bin/perl
# covers: ItemOperations
# Every form of a body and every attachment, whole, cut, in ranges and in parts.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Encode ();
use Test::More;
use MobileSync::Letters qw(letter);
use MobileSync::Mail;
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

# Kinds whose every attachment the generator tells.
use constant KINDS => qw(plain html alternative alternative_related inline_image attachments
    attachment_name attachment_only large);
use constant { COUNT => 24, LARGEST_RANGE => 65_536 };

my $server = MobileSync::Server->start;

# The items of the phone with the messages that they were made from: uids ascend with arrival.
sub pairs ( $phone, $folder, @filled ) {
    my $items = $phone->items($folder);
    my @ids = sort { ( split /:/, $a )[-1] <=> ( split /:/, $b )[-1] } keys %$items;
    return map { [ $items->{ $ids[$_] }, $filled[$_]{message} ] } 0 .. $#filled;
}

sub files_of ($item) {
    my $list = $item->property('AirSyncBase:Attachments') // return;
    return $list->children('Attachment');
}

sub check_attachment ( $phone, $node, $file ) {
    my $name = $file->{name};
    is( $node->text('DisplayName'), $name, "$name: its name" );
    is( $node->text('Method'), 1, "$name: a plain attachment" );
    is( $node->text('ContentId'), $file->{id}, "$name: its Content-ID" );
    my $reference = $node->text('FileReference');
    my ( $data, $size ) = ( $file->{data}, length $file->{data} );
    for my $multipart ( 0, 1 ) {
        my $way = $multipart ? 'as a part' : 'inline';
        my $whole = $phone->fetch_attachment( $reference, multipart => $multipart );
        ok( $whole->{status} == 1 && $whole->{data} eq $data, "$name: every byte, $way" );
        is( $whole->{content_type}, $file->{type}, "$name: its type" );
        is( $whole->{range}, undef, "$name: no Range unless asked" );
        my @ranges = (
            [ 0, 0 ],
            [ 0, $size - 1 ],
            [ $size - 1, $size - 1 ],
            [ 1, 99 ],
            [ int( $size / 2 ), $size + 1000 ]
        );
        for my $range ( grep { $_->[0] < $size } @ranges ) {
            my ( $first, $last ) = @$range;
            my $end = $last < $size ? $last : $size - 1;
            my $part = $phone->fetch_attachment(
                $reference,
                range => "$first-$last",
                multipart => $multipart
            );
            ok( $part->{data} eq substr( $data, $first, $end - $first + 1 ),
                "$name: bytes $first to $last, $way" );
            is( $part->{range}, "$first-$end", 'the Range' );
            is( $part->{total}, $size, 'the Total' );
        }
    }
    is( $phone->fetch_attachment( $reference, range => $_ )->{status}, 8, "$name: no range $_" )
        for "$size-@{[ $size + 10 ]}", '5-4', '-5', '5-', 'x-y', '0x1-0x2',
        '0--1', '+0-5', ' 0-5', '0- 5', '0-5 ', '0-1234567890', '';
    # In steps, as phones load large files.
    my ( $joined, $position ) = ( '', 0 );
    while ( $position < $size ) {
        my $part = $phone->fetch_attachment(
            $reference,
            multipart => 1,
            range => sprintf '%d-%d',
            $position, $position + LARGEST_RANGE - 1
        );
        last unless length $part->{data};
        $joined .= $part->{data};
        $position += length $part->{data};
    }
    ok( $joined eq $data, "$name: in steps" );
    return;
}

sub characters ($bytes) { return Encode::decode( 'UTF-8', $bytes, Encode::FB_CROAK ) }

sub plain_lines ($text) { return $text =~ s/\r\n/\n/gr =~ s/\s+\z//r }

sub check_bodies ( $phone, $inbox, $item, $message ) {
    my $id = $item->id;
    my $fetch = sub (%option) { return $phone->fetch_item( $inbox, $id, %option ) };
    my $body = sub ($fetched) { return $fetched->{properties}->at('AirSyncBase:Body') };
    my $whole = $fetch->( body => [ { type => 1 } ] );
    is( $whole->{status}, 1, 'text' );
    my $text = characters( $whole->{data} );
    is( plain_lines($text), plain_lines( $message->{text} ), 'the text of the message' )
        if $message->{kind} ne 'html';
    is( $body->($whole)->text('Type'), 1, 'Type 1' );
    is( $body->($whole)->text('EstimatedDataSize'), length $whole->{data}, 'its size' );
    is( $body->($whole)->text('Truncated') // 0, 0, 'not truncated' );
    my $size = length $whole->{data};

    for my $limit ( 0, 1, 7, 50, $size - 1, $size, $size + 1 ) {
        next if $limit < 0;
        my $cut = $fetch->( body => [ { type => 1, truncation_size => $limit } ] );
        my $part = characters( $cut->{data} );
        cmp_ok( length $cut->{data}, '<=', $limit, "at most $limit bytes" );
        cmp_ok( length $cut->{data}, '>', $limit - 8, 'but as many as there may be' )
            if $limit <= $size;
        is( $part, substr( $text, 0, length $part ), 'the beginning of the text' );
        is( $body->($cut)->text('Truncated') // 0, $limit < $size ? 1 : 0, 'Truncated' );
        my $all =
            $fetch->( body => [ { type => 1, truncation_size => $limit, all_or_none => 1 } ] );
        is( length $all->{data}, $limit < $size ? 0 : $size, 'AllOrNone' );
    }
    my $html = $fetch->( body => [ { type => 2 } ] );
    is( $body->($html)->text('Type'), 2, 'HTML' );
    like( characters( $html->{data} ), qr/<html.*<body.*<\/html>/si, 'is HTML' );
    my $mime = $fetch->( body => [ { type => 4 } ], mime_support => 2 );
    is( $body->($mime)->text('Type'), 4, 'MIME' );
    is( $mime->{data} =~ s/\r\n/\n/gr, $message->{bytes} =~ s/\r\n/\n/gr, 'as it is' );
    like( $mime->{data}, qr/\A(?:[^\r\n]*\r\n)*[^\r\n]*\z/, 'in lines that end with CRLF' );
    my $begin = $fetch->( body => [ { type => 4, truncation_size => 300 } ], mime_support => 2 );
    is( $begin->{data}, substr( $mime->{data}, 0, length $begin->{data} ), 'MIME cut' );
    is( $body->($begin)->text('Truncated'), 1, 'Truncated' );

    for my $type ( 1, 2, 4 ) {
        my %option = ( body => [ { type => $type } ], mime_support => $type == 4 ? 2 : 0 );
        my $part = $fetch->( %option, multipart => 1 );
        is( $part->{data}, $fetch->(%option)->{data}, "Type $type as a part of its own" );
    }
    my @properties = qw(Email:From Email:Subject AirSyncBase:Body);
    my $some = $fetch->( body => [ { type => 1 } ], schema => \@properties );
    is_deeply(
        [ sort map { $_->name } $some->{properties}->children ],
        [ sort @properties ],
        'of the Schema only'
    );
    return if $phone->{version} < 14;
    my $preview = $fetch->( body => [ { type => 2, preview => 30 } ] );
    my $beginning = $body->($preview)->text('Preview');
    cmp_ok( length $beginning, '<=', 30, 'a preview' );
    is( $beginning, substr( $text =~ s/\s+/ /gr, 0, length $beginning ), 'of the text' );
    return;
}

each_version(
    $server,
    sub ( $version, $account ) {
        my ( $phone, $inbox, @filled ) = phone_with_mail(
            $server,
            account => $account,
            version => $version,
            count => COUNT,
            kinds => [KINDS]
        );
        $phone->initial_sync( $inbox,
            options => { body => [ { type => 1, truncation_size => 100 } ] } );
        my ( %seen, $with_files );
        for my $pair ( pairs( $phone, $inbox, @filled ) ) {
            my ( $item, $message ) = @$pair;
            my $kind = $message->{kind};
            is( $item->text('Email:Subject'), $message->{subject}, "$kind: the subject" );
            my @nodes = files_of($item);
            my @files = @{ $message->{attachments} };
            is( scalar @nodes, scalar @files, "$kind: attachments" );
            next if $seen{$kind}++;
            check_bodies( $phone, $inbox, $item, $message )
                if $kind =~ /^(?:plain|html|alternative)$/;
            check_attachment( $phone, $nodes[$_], $files[$_] ) for 0 .. $#files;
            $with_files = $item if @files;
        }
        is( scalar keys %seen, scalar( my @kinds = KINDS ), 'every kind' );

        # What is not there.
        my ($file) = map { $_->text('FileReference') } files_of($with_files);
        my $id = $with_files->id;
        my $status = sub (%fetch) {
            return $phone->item_operations( [ \%fetch ], first => 1 )->{status};
        };
        is( $status->( folder => $inbox, item => $_ ), 6, "no item $_" )
            for $id =~ s/\d+$/999999/r, $id =~ s/:\d+:/:77:/r, 'nonsense', "$id:1", '0:0:0',
            'x' x 300;
        is( $status->( folder => 'nosuchfolder', item => $id ), 6, 'no such folder' );
        is( $status->( folder => $phone->folder_of_type(DELETED)->{id}, item => $id ),
            6, 'an item of another folder' );
        is( $status->( file_reference => $_ ), 15, "no attachment $_" )
            for $file =~ s/\d+$/999/r, $file =~ s/:\d+:(\d+):/:77:$1:/r, "$id:0", $id, 'nonsense',
            '../../etc/passwd';
        is( $status->( file_reference => $file, item => $id ), 2, 'attachment and item at once' );
        is( $status->( folder => $inbox, item => $id, store => 'Nowhere' ), 9, 'another store' );
        is( $status->( folder => $inbox ), 2, 'a folder alone' );
        my @several = (
            { folder => $inbox, item => 'nonsense' },
            { folder => $inbox, item => $id, body => [ { type => 1 } ] },
            { file_reference => "$file:9" },
            { file_reference => $file }
        );

        for my $multipart ( 0, 1 ) {
            my $fetched = $phone->item_operations( \@several, multipart => $multipart );
            is_deeply( [ map { $_->{status} } @$fetched ], [ 6, 1, 15, 1 ], 'each on its own' );
            is_deeply(
                [ map { length( $_->{data} // '' ) > 0 } @$fetched ],
                [ '', 1, '', 1 ],
                'those that succeed with their data'
            );
        }

        # A message that went away meanwhile.
        my $box = $server->mailbox($account);
        my ($name) = map { $_->{name} }
            grep { $_->{message}{subject} eq $with_files->text('Email:Subject') } @filled;
        $box->delete($name);
        is( $status->( folder => $inbox, item => $id ), 6, 'a message that is gone' );
        is( $status->( file_reference => $file ), 15, 'and its attachment' );
    }
);

subtest 'messages in messages' => sub {
    my ( $phone, $inbox, @filled ) =
        phone_with_mail( $server, count => 3, kinds => ['forwarded'] );
    my $box = $server->mailbox;
    my $deep = letter( 'deep', body => "The deepest text.\n" );
    my $middle =
          "Subject: middle\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n"
        . "--m\nContent-Type: text/plain\n\nMiddle text.\n\n--m\nContent-Type: message/rfc822\n\n"
        . "$deep\n--m--\n";
    $box->deliver( "Subject: outer\nMIME-Version: 1.0\n"
            . "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain\n\nOuter.\n"
            . "\n--o\nContent-Type: message/rfc822\n\n$middle\n--o--\n" );
    $phone->initial_sync( $inbox, options => { body => [ { type => 1 } ] } );
    my $outer = item_by_subject( $phone, $inbox, 'outer' );
    unlike( $outer->text('AirSyncBase:Body/Data'), qr/Middle|deepest/,
        'the body is the outer one' );
    my ( $node, @more ) = files_of($outer);
    is( scalar @more, 0, 'one attachment' );
    is( $node->text('Method'), 5, 'a message' );
    my $fetched = $phone->fetch_attachment( $node->text('FileReference') );
    is( $fetched->{content_type}, 'message/rfc822', 'its type' );
    is( plain_lines( $fetched->{data} ), plain_lines($middle), 'the whole of it' );

    for my $pair ( pairs( $phone, $inbox, @filled ) ) {
        my ( $item, $message ) = @$pair;
        my ($file) = files_of($item);
        my $inner = $phone->fetch_attachment( $file->text('FileReference') );
        ok( index( $message->{bytes} =~ s/\r\n/\n/gr, plain_lines( $inner->{data} ) ) > 0,
            'an inner message as it stands in the outer one' );
        like( $inner->{data}, qr/^Subject:.*\n(?:.*\n)*The inner message/m, 'with its headers' );
    }
};

subtest 'an attachment without content' => sub {
    $server->mailbox->deliver( "Subject: hollow\nMIME-Version: 1.0\n"
            . "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nText.\n"
            . "--b\nContent-Type: application/pdf\nContent-Disposition: attachment\n\n\n--b--\n" );
    for my $version (VERSIONS) {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync($inbox);
        my ($node) = files_of( item_by_subject( $phone, $inbox, 'hollow' ) );
        my $reference = $node->text('FileReference');
        for my $multipart ( 0, 1 ) {
            my %way = ( multipart => $multipart );
            my $whole = $phone->fetch_attachment( $reference, %way );
            is_deeply( [ @$whole{qw(status data)} ], [ 1, '' ], "$version: the whole of it" );
            is( $phone->fetch_attachment( $reference, range => '0-9', %way )->{status},
                10, 'of which there is no part' );
        }
    }
};

$server->done;
done_testing();
