#!/usr/bin/perl
# covers: Sync ItemOperations Search
# BodyPart (14.1 on): what a message itself says, without those that it answers.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Server;

my $server = MobileSync::Server->start;
my $box = $server->mailbox('anna');

sub deliver ( $subject, $type, $body ) {
    $box->deliver( "From: a\@b.c\r\nTo: anna\@example.org\r\nSubject: $subject\r\n"
            . "MIME-Version: 1.0\r\nContent-Type: text/$type; charset=utf-8\r\n\r\n$body\r\n" );
    return;
}
my $long = 'word ' x 1000;
deliver( plain => plain => "Just so < \xc3\xbc.\r\n" );
deliver( answer => html => '<html><body><p>Yes, tomorrow.</p>'
        . '<div class="gmail_quote">On Monday Bo wrote: <blockquote>When?</blockquote></div></body></html>'
);
deliver( long => html => "<p>$long</p>" );

my @part = ( { type => 2, truncation_size => 500, preview => 20 } );

for my $version (qw(14.1 16.0 16.1)) {
    subtest "protocol $version" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(2)->{id};
        $phone->initial_sync(
            $inbox,
            options => {
                filter_type => 0,
                body => [ { type => 1, truncation_size => 0 } ],
                body_part => \@part
            }
        );
        my %item = map { $_->text('Email:Subject') => $_ } values %{ $phone->items($inbox) };
        my %part = map { $_ => $item{$_}->property('AirSyncBase:BodyPart') } keys %item;
        is( $part{$_}->text('Status'), 1, "$_: Status" ) for qw(plain answer long);
        is( $part{$_}->text('Type'), 2, "$_: HTML" ) for qw(plain answer long);
        like( $part{plain}->text('Data'), qr/Just so &lt; \x{fc}\./, 'plain text as HTML' );
        my $answer = $part{answer}->text('Data');
        like( $answer, qr/Yes, tomorrow\./, 'an answer' );
        unlike( $answer, qr/When/, 'without the question' );
        is( $part{answer}->text('EstimatedDataSize'), length $answer, 'its size' );
        is( $part{answer}->text('Truncated'), undef, 'is not cut' );
        is( $part{answer}->text('Preview'), 'Yes, tomorrow. On Mo', 'has a preview' );
        is( length $part{long}->text('Data'), 500, 'a long one is cut' );
        is( $part{long}->text('Truncated'), 1, 'and says so' );
        ok( $item{long}->property('AirSyncBase:Body'), 'the Body is there as well' );

        # asked for once it stays
        $box->deliver("From: a\@b.c\r\nSubject: later\r\n\r\nLater.\r\n");
        $phone->sync_until_done($inbox);
        my ($later) =
            grep { $_->text('Email:Subject') eq 'later' } values %{ $phone->items($inbox) };
        like( $later->property('AirSyncBase:BodyPart')->text('Data'),
            qr/Later\./, 'the preference is sticky' );
        my $fetched =
            $phone->fetch_item( $inbox, $item{long}->id, body_part => [ { type => 2 } ] );
        like(
            $fetched->{properties}->text('AirSyncBase:BodyPart/Data'),
            qr/(?:word ){1000}/,
            'Fetch gives it whole'
        );
        $fetched = $phone->fetch_item( $inbox, $item{long}->id,
            body_part => [ { type => 2, truncation_size => 100, all_or_none => 1 } ] );
        is( $fetched->{properties}->text('AirSyncBase:BodyPart/Data'),
            undef, 'or nothing where only all would do' );

        # without a BodyPreference there is no Body (MS-ASCON R245 to R248)
        $fetched = $phone->fetch_item( $inbox, $item{plain}->id, body_part => [ { type => 2 } ] );
        ok( $fetched->{properties}->at('AirSyncBase:BodyPart'), 'asked for alone the part comes' );
        is( $fetched->{properties}->at('AirSyncBase:Body'), undef, 'alone' );
        $fetched = $phone->fetch_item( $inbox, $item{plain}->id );
        ok(
            $fetched->{properties}->at('AirSyncBase:Body'),
            'and where nothing is asked for the Body'
        );

        # another type than HTML
        my $wrong = [ { type => 1 } ];
        $fetched = $phone->fetch_item( $inbox, $item{long}->id, body_part => $wrong );
        is( $fetched->{status}, 164, 'ItemOperations: Status 164 for text' );
        my $other = $server->client( version => $version );
        $other->folder_sync;
        $other->sync($inbox);
        my $result = $other->sync( $inbox, options => { body_part => $wrong } );
        is( $result->{status}, 164, 'Sync: the same' );
        $result = $other->sync( $inbox, options => { body_part => \@part } );
        is( $result->{status}, 1, 'and the key was not used up' );
        $box->delete($_)
            for grep { $box->content($_) =~ /Subject: later/ } keys %{ $box->messages };
    };
}

for my $version (qw(12.1 14.0)) {
    subtest "protocol $version has none" => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my $inbox = $phone->folder_of_type(2)->{id};
        for my $type ( 1, 2 ) {
            my %option = ( body => [ { type => 2 } ], body_part => [ { type => $type } ] );
            $phone->initial_sync( $inbox, options => { filter_type => 0, %option } );
            my $items = $phone->items($inbox);
            ok( scalar keys %$items, "what asks for one of type $type is answered" );
            my @with = grep { $_->property('AirSyncBase:BodyPart') } values %$items;
            is( scalar @with, 0, 'without a BodyPart' );
            my $fetched = $phone->fetch_item( $inbox, ( keys %$items )[0], %option );
            is( $fetched->{status}, 1, 'ItemOperations, too' );
            is( $fetched->{properties}->at('AirSyncBase:BodyPart'), undef, 'without one' );
        }
    };
}

$server->done;
done_testing();
