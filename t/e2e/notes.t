#!/usr/bin/perl
# covers: Sync ItemOperations
# Notes at the versions that have them: text and HTML, both ways, cut and in parts, categories, and
# what MS-ASNOTE refuses or says of what a Change leaves out.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Groupware;
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;
my $class = class_named('Notes');
my @sticky = ( MessageClass => 'IPM.StickyNote' );

sub fresh ( $account, $version, $title, @preferences ) {
    my ( $phone, $folder ) = class_phone( $server, $class, $account, $version,
        @preferences ? ( sync => { options => { body => \@preferences } } ) : () );
    return item_titled( $class, $phone, $folder, $title );
}

sub data ($item) { return ( $item->text('AirSyncBase:Body/Data') // '' ) =~ s/\r\n/\n/gr }

each_version(
    $server,
    sub ( $version, $account ) {
        my $vdir = $server->vdir($account);
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my $text = "Zeile 1\r\n\r\nZeile 2; ä, \\ 日本 📁\r\n";
        my $id = add_item( $phone, $folder,
            note( Subject => 'Text', @sticky, Categories => ['Ideen'], Body => $text ) );
        my $item = fresh( $account, $version, 'Text', { type => 1 } );
        is( data($item), $text =~ s/\r\n/\n/gr, 'a text comes back' );
        is( $item->text('AirSyncBase:Body/Type'), 1, 'as such' );
        is( $item->text('Notes:MessageClass'), 'IPM.StickyNote', 'its class' );
        like(
            $item->text('Notes:LastModifiedDate'),
            qr/^20\d\d-?\d\d-?\d\dT\d\d:?\d\d:?\d\d/,
            'when it was changed'
        );
        my ( undef, $content ) = $vdir->find( 'Notes', qr/^SUMMARY:Text/m );
        like( $content, qr/^BEGIN:VJOURNAL\r$/m, 'it is kept as VJOURNAL' );

        $item = fresh( $account, $version, 'Text', { type => 2 } );
        is( $item->text('AirSyncBase:Body/Type'), 2, 'asked for, it comes as HTML' );
        like( data($item), qr/Zeile 1.*Zeile 2/s, 'with the text' );
        $item = fresh( $account, $version, 'Text', { type => 1, truncation_size => 10 } );
        is( $item->text('AirSyncBase:Body/Truncated'), 1, 'cut' );
        cmp_ok( length $item->text('AirSyncBase:Body/Data'), '<=', 10, 'to what was asked for' );
        my $whole = $phone->fetch_item( $folder, $id, body => [ { type => 1 } ] );
        is(
            $whole->{properties}->text('AirSyncBase:Body/Data') =~ s/\r\n/\n/gr,
            $text =~ s/\r\n/\n/gr,
            'fetched, it is whole'
        );
        my $part = $phone->fetch_item( $folder, $id, body => [ { type => 1 } ], multipart => 1 );
        utf8::decode( $part->{data} );
        is( $part->{data} =~ s/\r\n/\n/gr, $text =~ s/\r\n/\n/gr, 'in a part of its own, too' );

        # --- HTML ---
        my $html = '<html><body><p>Fett: <b>stark</b></p><script>alert(1)</script></body></html>';
        my $rich =
            add_item( $phone, $folder, note( Subject => 'HTML', @sticky, Body => [ 2, $html ] ) );
        $item = fresh( $account, $version, 'HTML', { type => 2 } );
        like( data($item), qr{<b>stark</b>}, 'HTML comes back as such' );
        unlike( data($item), qr/alert/, 'without what is active' );
        is( data( fresh( $account, $version, 'HTML', { type => 1 } ) ) =~ s/\s+\z//r,
            'Fett: stark', 'or as text' );
        my $file;
        ( $file, $content ) = $vdir->find( 'Notes', qr/^SUMMARY:HTML/m );
        like( $content, qr/^DESCRIPTION[^:]*:Fett: stark/m, 'as other programs read it' );
        $vdir->edit( 'Notes', $file, qr/^DESCRIPTION[^:]*:Fett: stark[^\r]*/m, 'DESCRIPTION:Neu' );
        like( data( fresh( $account, $version, 'HTML', { type => 2 } ) ),
            qr/Neu/, 'and when one changes the text, that counts' );

        # --- a Change ---
        my $change = sub ( $id, @fields ) {
            my $result =
                $phone->sync( $folder, commands => [ $phone->change_of( $id, note(@fields) ) ] );
            my $response = $result->{responses}{Change}[0];
            return $response ? $response->text('Status') : $result->{status};
        };
        is( $change->( $id, @sticky ), 1, 'a Change without most' );
        $item = fresh( $account, $version, 'Text', { type => 1 } );
        is( data($item), $text =~ s/\r\n/\n/gr, 'keeps Subject and Body (MS-ASNOTE R113)' );
        is_deeply( tags_of( $class, $item ), [], 'but no Categories (R112)' );
        is( $change->( $id, Subject => 'Text', MessageClass => 'IPM.Note' ), 6, 'no note (R119)' );
        is( $change->( $id, Subject => 'Text', MessageClass => 'IPM.StickyNote.Own' ), 1, 'R57' );
        is( $change->( $id, Subject => 'Text', @sticky, Body => '' ), 1, 'an empty Body' );
        is( data( fresh( $account, $version, 'Text' ) ), '', 'deletes the text' );
        my $add = $phone->add_of( 'n', note( Subject => 'No', MessageClass => 'IPM.Note' ) );
        is( $phone->sync( $folder, commands => [$add] )->{responses}{Add}[0]->text('Status'),
            6, 'nor is a new one' );
        my $supports = $server->client( account => $account, version => $version );
        $supports->folder_sync;
        is( $supports->sync( $folder, supported => [ ['Notes:Subject'] ] )->{status},
            4, 'Supported is not for notes (R114)' );
    },
    qw(14.0 14.1 16.0 16.1)
);

$server->done;
done_testing;
