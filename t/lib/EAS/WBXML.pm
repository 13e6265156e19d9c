# WBXML as EAS 16.1 uses it (MS-ASWBXML): tags, code pages, inline strings, opaque data.
#
# The test client has its own codec, written from the specification: a client that
# shared libwbxml with the module would not notice what libwbxml does wrong.
#
#   my $bytes = encode( [ 'FolderHierarchy:FolderSync', [ SyncKey => '0' ] ] );
#   my $node  = decode($bytes);                          # an EAS::Node
#
# A tree is an array: the name, then its content. A name without a namespace takes its
# parent's. Content is text (characters), \"bytes" (opaque data), trees, undef (left out,
# for what is optional), [] (nothing, but sent with a content flag), or raw("bytes"),
# which is spliced in as it is and so makes documents that are broken on purpose.
# Text in a byte-array tag (MS-ASDTYPE 2.7.1) is sent as opaque data.
package EAS::WBXML;
use v5.36;
use Encode ();
use Exporter 'import';
use MIME::Base64 ();
use EAS::Node;
use EAS::WBXML::Pages;

our @EXPORT_OK = qw(encode decode to_xml raw integer is_xml_text HEADER);

# WBXML 1.3, public identifier 1 (unknown), UTF-8, no string table.
use constant HEADER => "\x03\x01\x6a\x00";

use constant {
    SWITCH_PAGE => 0x00,
    END_TAG => 0x01,
    STR_I => 0x03,
    OPAQUE => 0xC3,
    HAS_CONTENT => 0x40,
    HAS_ATTRS => 0x80,
    MAX_INT_SIZE => 5,
};

# Elements whose type is a byte array; their value is opaque data.
my %IS_BYTE_ARRAY = map { $_ => 1 } qw(
    AirSyncBase:Content ComposeMail:Mime Email2:ConversationId Email2:ConversationIndex
    GAL:Data ItemOperations:ConversationId ResolveRecipients:Data Search:ConversationId
);

my ( %page_of, %token_of, %tag_of, @namespace_of );
for my $page (@EAS::WBXML::Pages::PAGES) {
    my ( $number, $namespace, $tags ) = @$page;
    $page_of{$namespace} = $number;
    $namespace_of[$number] = $namespace;
    for ( split ' ', $tags ) {
        my ( $token, $tag ) = split /:/;
        $token_of{"$namespace:$tag"} = [ $number, hex $token ];
        $tag_of{$number}{ hex $token } = $tag;
    }
}

# All names that the code pages define, as "Namespace:Tag".
sub names { return sort keys %token_of }

# A piece of a tree that goes onto the wire as it is.
sub raw ($bytes) { return bless \$bytes, 'EAS::WBXML::Raw' }

# A multi-byte integer (WBXML 1.3, 5.1).
sub integer ($value) {
    my $bytes = chr( $value & 0x7f );
    while ( $value >>= 7 ) {
        $bytes = chr( $value & 0x7f | 0x80 ) . $bytes;
    }
    return $bytes;
}

# Whether the characters may stand in an XML 1.0 document.
sub is_xml_text ($text) {
    return $text !~ /[^\x09\x0A\x0D\x20-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]/;
}

# --- encoding ---

# $header stands for the usual four bytes, for hostile tests.
sub encode ( $tree, $header = HEADER ) {
    my $page = 0;
    return $header . _encode_element( $tree, undef, \$page );
}

sub _encode_element ( $tree, $namespace, $page ) {
    my ( $name, @content ) = ref $tree eq 'EAS::Node' ? @{ $tree->to_tree } : @$tree;
    $name = "$namespace:$name" unless $name =~ /:/ || !defined $namespace;
    my ($own_namespace) = split /:/, $name;
    my ( $own_page, $token ) = @{ $token_of{$name} // die "no WBXML token for '$name'\n" };
    my $bytes = '';
    if ( $own_page != $$page ) {
        $bytes .= pack 'CC', SWITCH_PAGE, $own_page;
        $$page = $own_page;
    }
    @content = grep {defined} @content;
    return $bytes . chr $token unless @content;
    $bytes .= chr( $token | HAS_CONTENT );
    $bytes .= _encode_content( $_, $name, $page ) for @content;
    return $bytes . chr END_TAG;
}

sub _encode_content ( $item, $name, $page ) {
    my $kind = ref $item;
    return $$item if $kind eq 'EAS::WBXML::Raw';
    return chr(OPAQUE) . integer( length $$item ) . $$item if $kind eq 'SCALAR';
    return '' if $kind eq 'ARRAY' && !@$item;
    return _encode_element( $item, $name =~ s/:.*//r, $page ) if $kind;
    my $utf8 = Encode::encode( 'UTF-8', $item );
    return chr(OPAQUE) . integer( length $utf8 ) . $utf8 if $IS_BYTE_ARRAY{$name};
    die "a NUL cannot stand in the inline string of $name\n" if $utf8 =~ /\0/;
    return chr(STR_I) . "$utf8\0";
}

# --- decoding ---

# Dies, naming the offset, on anything that a strict client would refuse: another
# header, tokens that EAS does not use, unknown tags, invalid UTF-8, characters
# that XML does not allow, bytes after the document.
sub decode ($bytes) {
    my $reader = { bytes => $bytes, at => 0, page => 0 };
    my $header = substr $bytes, 0, length HEADER;
    die sprintf "not EAS WBXML: header is %s\n", unpack 'H*', $header if $header ne HEADER;
    $reader->{at} = length HEADER;
    my $root = _decode_element( $reader, _next_tag_byte($reader) );
    my $left = length($bytes) - $reader->{at};
    die "$left bytes after the end of the document\n" if $left;
    return $root;
}

sub _fail ( $reader, $message ) {
    die sprintf "WBXML offset %d: %s\n", $reader->{at}, $message;
}

sub _byte ($reader) {
    _fail( $reader, 'the document ends early' ) if $reader->{at} >= length $reader->{bytes};
    return ord substr $reader->{bytes}, $reader->{at}++, 1;
}

# The next byte that is no SWITCH_PAGE.
sub _next_tag_byte ($reader) {
    while (1) {
        my $byte = _byte($reader);
        return $byte unless $byte == SWITCH_PAGE;
        $reader->{page} = _byte($reader);
        _fail( $reader, "no code page $reader->{page}" ) unless $namespace_of[ $reader->{page} ];
    }
}

# Nesting is as deep as the document says; hostile ones are deep.
no warnings 'recursion';

sub _decode_element ( $reader, $byte ) {
    _fail( $reader, sprintf 'unexpected token 0x%02X', $byte )
        if $byte & HAS_ATTRS || ( $byte & 0x3f ) < 5;
    my $page = $reader->{page};
    my $tag = $tag_of{$page}{ $byte & 0x3f }
        // _fail( $reader, sprintf 'no tag 0x%02X in code page %d', $byte & 0x3f, $page );
    my $namespace = $namespace_of[$page];
    return EAS::Node->new( $namespace, $tag ) unless $byte & HAS_CONTENT;
    my @content;
    while ( ( my $next = _next_tag_byte($reader) ) != END_TAG ) {
        push @content,
              $next == STR_I ? _decode_string($reader)
            : $next == OPAQUE ? _decode_opaque($reader)
            : _decode_element( $reader, $next );
    }
    return EAS::Node->new( $namespace, $tag, \@content, 1 );
}

sub _decode_string ($reader) {
    my $end = index $reader->{bytes}, "\0", $reader->{at};
    _fail( $reader, 'an inline string without an end' ) if $end < 0;
    my $utf8 = substr $reader->{bytes}, $reader->{at}, $end - $reader->{at};
    my $text = eval { Encode::decode( 'UTF-8', $utf8, Encode::FB_CROAK | Encode::LEAVE_SRC ) }
        // _fail( $reader, 'an inline string that is not UTF-8' );
    _fail( $reader, 'a character that XML does not allow' ) unless is_xml_text($text);
    $reader->{at} = $end + 1;
    return $text;
}

sub _decode_opaque ($reader) {
    my ( $length, $size ) = ( 0, 0 );
    while (1) {
        my $byte = _byte($reader);
        $length = $length << 7 | $byte & 0x7f;
        last unless $byte & 0x80;
        _fail( $reader, 'an integer that is too long' ) if ++$size >= MAX_INT_SIZE;
    }
    _fail( $reader, 'opaque data longer than the document' )
        if $length > length( $reader->{bytes} ) - $reader->{at};
    my $data = substr $reader->{bytes}, $reader->{at}, $length;
    $reader->{at} += $length;
    return \$data;
}

# --- XML ---

# The document as XML text, namespaces as the schemas name them. A byte array becomes
# base64; opaque data in an element of another type stands as text where it is text.
sub to_xml ($node) {
    return qq{<?xml version="1.0" encoding="UTF-8"?>\n} . _xml_element( $node, '' );
}

sub _xml_element ( $node, $outer ) {
    my ( $namespace, $tag ) = ( $node->namespace, $node->tag );
    my $start = $namespace eq $outer ? "<$tag" : qq{<$tag xmlns="$namespace"};
    my @content = $node->content or return "$start/>";
    my $inner = '';
    for my $item (@content) {
        my $kind = ref $item;
        $inner .=
              $kind eq 'EAS::Node' ? _xml_element( $item, $namespace )
            : $kind ? _xml_escape( _opaque_text( $node->name, $$item ) )
            : _xml_escape($item);
    }
    return "$start>$inner</$tag>";
}

sub _opaque_text ( $name, $data ) {
    my $base64 = MIME::Base64::encode( $data, '' );
    return $base64 if $IS_BYTE_ARRAY{$name};
    my $text = eval { Encode::decode( 'UTF-8', $data, Encode::FB_CROAK | Encode::LEAVE_SRC ) };
    return defined $text && is_xml_text($text) ? $text : $base64;
}

sub _xml_escape ($text) {
    return $text =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr =~ s/\r/&#13;/gr;
}

1;
