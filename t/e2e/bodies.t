#!/usr/bin/perl
# covers: Sync ItemOperations
# A large mailbox of every kind of mail, well-formed, broken and real, comes to the phone at every
# protocol version and with every way to ask for bodies. No message blocks the folder.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Encode ();
use Test::More;
use MobileSync::Mail;
use MobileSync::Scenario;
use MobileSync::Server;

use constant { COUNT => 300, FILES_AT_ONCE => 25 };
binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;
my $box = $server->mailbox;
my @filled = MobileSync::Mail->new( seed => 'bodies' )->fill( $box, COUNT );

# Version, name, Options of the Sync, and the body types that may come.
my @WAYS = (
    [ '12.1', 'text', { body => [ { type => 1 } ] }, 1 ],
    [ '12.1', 'nothing asked', {}, 1, 2 ],
    [ '14.0', 'text cut', { body => [ { type => 1, truncation_size => 400 } ] }, 1 ],
    [ '14.0', 'HTML', { body => [ { type => 2, truncation_size => 50_000 } ] }, 2 ],
    [ '14.1', 'MIME for signed mail', {
        mime_support => 1,
        body => [ { type => 2, truncation_size => 4_000 }, { type => 4, truncation_size => 9_000 } ]
    }, 2, 4 ],
    [ '14.1', 'text or nothing', {
        body => [ { type => 1, truncation_size => 300, all_or_none => 1, preview => 100 } ]
    }, 1 ],
    [ '16.0', 'MIME', { mime_support => 2, body => [ { type => 4 } ] }, 4 ],
    [ '16.0', 'MIME cut', {
        mime_support => 2,
        mime_truncation => 1,
        body => [ { type => 4, truncation_size => 1_000 } ]
    }, 4 ],
    [ '16.1', 'text', { body => [ { type => 1, preview => 255 } ] }, 1 ],
    [ '16.1', 'text and HTML', {
        mime_support => 0,
        body => [ { type => 1, truncation_size => 2_000 }, { type => 2, truncation_size => 2_000 } ]
    }, 1, 2 ],
);

# Items in the order of arrival, which is the order of uids.
sub in_order ( $phone, $folder ) {
    my $items = $phone->items($folder);
    return map { $items->{$_} }
        sort { ( split /:/, $a )[-1] <=> ( split /:/, $b )[-1] } keys %$items;
}

sub squeezed ($text) { return $text =~ s/\s+/ /gr =~ s/^ | $//gr }

# What is wrong with an item; an empty list for nothing.
sub faults ( $item, $message, $options, $types ) {
    my @faults;
    my $subject = $item->text('Email:Subject') // '';
    push @faults, "Subject '$subject', not '$message->{subject}'"
        if defined $message->{subject} && $subject ne $message->{subject};
    my $body = $item->property('AirSyncBase:Body') // return ( @faults, 'no Body' );
    my $type = $body->text('Type');
    push @faults, "Body of type $type" unless grep { $_ == $type } @$types;
    my ($preference) = grep { $_->{type} == $type } @{ $options->{body} // [] };
    my $data = $body->text('Data');
    my $limit = $preference && $preference->{truncation_size};
    push @faults, 'longer than asked for'
        if defined $limit && defined $data && length Encode::encode( 'UTF-8', $data ) > $limit;
    push @faults, 'cut without need' if $body->text('Truncated') && !defined $limit;
    push @faults, 'AllOrNone, but cut'
        if $preference && $preference->{all_or_none} && $body->text('Truncated') && defined $data;
    push @faults, 'no date' unless ( $item->text('Email:DateReceived') // '' ) =~ /^\d{4}-/;
    push @faults, 'no Read' unless ( $item->text('Email:Read') // '' ) =~ /^[01]$/;
    if ( $type == 1 && defined $message->{text} && !$body->text('Truncated') ) {
        my ( $got, $expected ) = map { squeezed($_) } $data // '', $message->{text};
        push @faults, "another text: $got"
            unless index( $got, $expected ) >= 0;
    }
    return @faults;
}

for my $way (@WAYS) {
    my ( $version, $name, $options, @types ) = @$way;
    subtest "$version, $name" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        my $done = $phone->initial_sync( $inbox, options => { filter_type => 0, %$options } );
        is( $done->{items}, COUNT, 'every message comes' );
        ok( $phone->sync($inbox)->{empty}, 'and that is all' );
        my @items = in_order( $phone, $inbox );
        my @faulty;
        for my $index ( 0 .. $#filled ) {
            my $message = $filled[$index]{message};
            my @faults = faults( $items[$index], $message, $options, \@types );
            push @faulty, "message $index ($message->{kind}): @faults" if @faults;
        }
        is_deeply( \@faulty, [], 'each as it should be' );
    };
}

subtest 'attachments' => sub {
    my $phone = $server->client;
    $phone->folder_sync;
    my $inbox = $phone->folder_of_type(INBOX)->{id};
    $phone->initial_sync( $inbox,
        options => { body => [ { type => 1, truncation_size => 0 } ] } );
    my @items = in_order( $phone, $inbox );
    my ( @files, @faulty, $known );
    for my $index ( 0 .. $#filled ) {
        my $message = $filled[$index]{message};
        my $list = $items[$index]->property('AirSyncBase:Attachments');
        my @nodes = $list ? $list->children('Attachment') : ();
        push @files, map { { message => $message, node => $_, index => $index } } @nodes;
        my %missing = map { $_->{name} => 1 } @{ $message->{attachments} // [] };
        delete @missing{ map { $_->text('DisplayName') } @nodes };
        push @faulty, "message $index ($message->{kind}): no " . join ', ', sort keys %missing
            if %missing;
    }
    is_deeply( \@faulty, [], 'every attachment is listed' );
    while ( my @some = splice @files, 0, FILES_AT_ONCE ) {
        my $results = $phone->item_operations(
            [ map { { file_reference => $_->{node}->text('FileReference') } } @some ],
            multipart => 1 );
        for my $n ( 0 .. $#some ) {
            my ( $message, $node ) = @{ $some[$n] }{qw(message node)};
            my ( $status, $data ) = @{ $results->[$n] }{qw(status data)};
            my $name = $node->text('DisplayName');
            my @same = grep { $_->{name} eq $name } @{ $message->{attachments} // [] };
            push @faulty, "message $some[$n]{index} ($message->{kind}), $name: Status $status"
                if $status != 1;
            next unless @same && $status == 1;
            $known++;
            push @faulty, "message $some[$n]{index} ($message->{kind}), $name: other bytes"
                unless grep { $_->{data} eq $data } @same;
        }
    }
    is_deeply( \@faulty, [], 'and can be fetched, byte for byte' );
    cmp_ok( $known, '>', 50, 'many of them' );
};

$server->done;
done_testing();
