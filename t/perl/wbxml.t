#!/usr/bin/perl
# The test client's WBXML codec: every token, every kind of content, and what it refuses.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::WBXML qw(encode decode to_xml raw integer);

sub refused ( $bytes, $why, $name ) {
    my $node = eval { decode($bytes) };
    like( $@, $why, $name ) or diag explain $node;
}

subtest 'golden vectors' => sub {
    my $folder_sync = "\x03\x01\x6a\x00\x00\x07\x56\x52\x03" . "0\0\x01\x01";
    is( encode( [ 'FolderHierarchy:FolderSync', [ SyncKey => '0' ] ] ),
        $folder_sync, 'FolderSync key 0' );
    is( decode($folder_sync)->text('SyncKey'), '0', 'and back' );
    my $sync = pack 'H*',
          '03016a00' . '45' . '5c' . '4f'
        . '4b033000' . '01'
        . '52033200' . '01' . '01' . '01' . '01';
    is(
        encode(
            [
                'AirSync:Sync',
                [ Collections => [ Collection => [ SyncKey => '0' ], [ CollectionId => '2' ] ] ]
            ]
        ),
        $sync,
        'Sync key 0'
    );
    is(
        encode( [ 'ComposeMail:Mime', \"a\0b" ] ),
        EAS::WBXML::HEADER . "\x00\x15\x50\xc3\x03a\0b\x01",
        'opaque data'
    );
    is( encode( ['Find:Find'] ), EAS::WBXML::HEADER . "\x00\x19\x05", 'the last code page' );
};

subtest 'every token' => sub {
    my @names = EAS::WBXML::names();
    is( scalar @names, 586, 'all tokens of MS-ASWBXML' );
    my ( @wrong, %seen );
    for my $name (@names) {
        for my $content ( [], [ [] ], ["t\x{e9}xt"], [ \"\0\xff" ], [ [$name] ] ) {
            my $bytes = encode( [ $name, @$content ] );
            my $node = decode($bytes);
            push @wrong, $name if $node->name ne $name || encode($node) ne $bytes;
            push @wrong, "$name twice" if !@$content && $seen{$bytes}++;
        }
    }
    is_deeply( \@wrong, [], 'each encodes to bytes of its own and comes back' );
};

subtest 'content' => sub {
    my $tree = [
        'AirSync:Sync',
        [ Collections => "a<\x{20ac}>&\r\n", [], \"\x00\x01", [ 'Email:Subject', '' ], 'tail' ],
        [ 'Limit', undef ],
        [ 'Email2:ConversationId', "\x01\x02" ],
    ];
    my $node = decode( encode($tree) );
    is( encode($node), encode($tree), 'mixed content survives' );
    is( $node->text('Collections'), "a<\x{20ac}>&\r\n\x00\x01tail", 'text of an element' );
    is( $node->bytes('Collections'), "\x00\x01", 'bytes of an element' );
    is( $node->bytes('ConversationId'), "\x01\x02", 'text in a byte-array tag goes out as opaque' );
    ok( !$node->at('Limit')->is_open, 'an undefined value leaves the element empty' );
    is( $node->text('Nothing/Here'), undef, 'an absent path has no text' );
    is( $node->at('Collections/Email:Subject')->name, 'Email:Subject', 'a path with a namespace' );
    is( $node->at('Collections/AirSync:Subject'), undef, 'a path with another namespace' );
    my $long = 'x' x 300_000;
    is( decode( encode( [ 'ComposeMail:Mime', \$long ] ) )->bytes, $long, 'long opaque data' );
    my %hex = ( 0 => "00", 127 => "7f", 128 => "8100", 0xffffffff => "8fffffff7f" );
    is( unpack( "H*", integer($_) ), $hex{$_}, "integer $_" ) for sort keys %hex;
};

subtest 'XML' => sub {
    my $node = decode(
        encode(
            [
                'AirSync:Sync',
                [ 'Email:Subject', "<\x{e9}>&\r" ],
                [ 'Email2:ConversationId', \"\xff" ],
                [ 'AirSyncBase:Data', \"plain" ],
                ['MoreAvailable']
            ]
        )
    );
    is(
        to_xml($node),
        qq{<?xml version="1.0" encoding="UTF-8"?>\n<Sync xmlns="AirSync">}
            . qq{<Subject xmlns="Email">&lt;\x{e9}&gt;&amp;&#13;</Subject>}
            . qq{<ConversationId xmlns="Email2">/w==</ConversationId>}
            . qq{<Data xmlns="AirSyncBase">plain</Data><MoreAvailable/></Sync>},
        'namespaces, escapes, byte arrays'
    );
};

subtest 'refusals' => sub {
    my $h = EAS::WBXML::HEADER;
    refused( "\x03\x01\x03\x00\x05", qr/header/, 'another character set' );
    refused( "\x03\x01\x6a", qr/header/, 'a short header' );
    refused( $h, qr/ends early/, 'no document' );
    refused( "$h\x45", qr/ends early/, 'an open element' );
    refused( "$h\x45\x03abc", qr/without an end/, 'an open string' );
    refused( "$h\x45\xc3\x05abc\x01", qr/longer than the document/, 'opaque data past the end' );
    refused( "$h\x45\xc3\xff\xff\xff\xff\xff\x7f", qr/integer/, 'an endless length' );
    refused( "$h\x85\x01", qr/unexpected token/, 'attributes' );
    refused( "$h\x45\x83\x00\x01", qr/unexpected token/, 'the string table' );
    refused( "$h\x45\x02\x88\x01", qr/unexpected token/, 'an entity' );
    refused( "$h\x45\x04\x00\x01", qr/unexpected token/, 'a literal tag' );
    refused( "$h\x3f", qr/no tag 0x3F/, 'an unknown tag' );
    refused( "$h\x00\x1a\x05", qr/no code page 26/, 'an unknown code page' );
    refused( "$h\x45\x03\xff\x00\x01", qr/not UTF-8/, 'invalid UTF-8' );
    refused( "$h\x45\x03\xed\xa0\x80\x00\x01", qr/not UTF-8/, 'a surrogate' );
    refused( "$h\x45\x03\x01\x00\x01", qr/XML does not allow/, 'a control character' );
    refused( "$h\x05\x05", qr/after the end/, 'a second root' );
    ok( !eval { encode( ['AirSync:Nonsense'] ) }, 'no token for an unknown tag' );
    ok( !eval { encode( [ 'AirSync:SyncKey', "a\0b" ] ) }, 'no NUL in a string' );
};

subtest 'broken on purpose' => sub {
    is(
        encode( [ 'AirSync:Sync', raw("\x02\x88") ] ),
        EAS::WBXML::HEADER . "\x45\x02\x88\x01",
        'raw bytes are spliced in'
    );
    is( encode( ['AirSync:Sync'], '' ), "\x05", 'any header' );
};

done_testing;
