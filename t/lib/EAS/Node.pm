# An element of an EAS document, as decoded from WBXML.
#
# Names are written "Namespace:Tag" (AirSync:Sync), the namespace being the name of the
# code page. Content is a list of elements, strings (characters) and byte arrays
# (references to byte strings, WBXML's opaque data), in document order: nothing is
# lost, so that a decoded document encodes to the same one again.
#
# Paths are tags separated by '/', relative to a node. A step without a namespace
# matches the tag in any: $sync->at('Collections/Collection/SyncKey').
package EAS::Node;
use v5.36;

# $open tells <Tag></Tag> (content flag set, nothing inside) from <Tag/>.
sub new ( $class, $namespace, $tag, $content = [], $open = 0 ) {
    return bless {
        namespace => $namespace,
        tag => $tag,
        content => $content,
        open => $open || @$content > 0
    }, $class;
}

sub namespace ($self) { return $self->{namespace} }
sub tag ($self) { return $self->{tag} }
sub name ($self) { return "$self->{namespace}:$self->{tag}" }
sub content ($self) { return @{ $self->{content} } }

# Whether the element was sent with a content flag.
sub is_open ($self) { return $self->{open} }

sub matches ( $self, $step ) {
    return $step eq '*' || $step eq ( $step =~ /:/ ? $self->name : $self->{tag} );
}

# Child elements, all or those of one name.
sub children ( $self, $step = '*' ) {
    return grep { ref $_ eq __PACKAGE__ && $_->matches($step) } @{ $self->{content} };
}

# Every element that the path names.
sub all ( $self, $path ) {
    my @nodes = ($self);
    for my $step ( split m{/}, $path ) {
        @nodes = map { $_->children($step) } @nodes;
    }
    return @nodes;
}

# The first element that the path names, or undef.
sub at ( $self, $path ) {
    return ( $self->all($path) )[0];
}

# Character data of the element itself; byte arrays as bytes. undef for an absent path.
sub text ( $self, $path = undef ) {
    my $node = defined $path ? $self->at($path) : $self;
    return undef unless $node;
    return join '', map { ref $_ eq 'SCALAR' ? $$_ : ref $_ ? () : $_ } $node->content;
}

# The byte array that an element holds, or undef where it holds none.
sub bytes ( $self, $path = undef ) {
    my $node = defined $path ? $self->at($path) : $self;
    my @chunks = $node ? grep { ref $_ eq 'SCALAR' } $node->content : ();
    return @chunks ? join( '', map {$$_} @chunks ) : undef;
}

# The nested-array form that EAS::WBXML::encode takes.
sub to_tree ($self) {
    my @content = map { ref $_ eq __PACKAGE__ ? $_->to_tree : $_ } $self->content;
    push @content, [] if $self->{open} && !@content;
    return [ $self->name, @content ];
}

# An indented rendering for diagnostics; long values are cut.
sub dump ( $self, $depth = 0 ) {
    my $indent = '  ' x $depth;
    my @children = $self->children;
    my $text = $self->text;
    my $shown = length $text > 200 ? substr( $text, 0, 200 ) . '...' : $text;
    $shown =~ s/([^\x20-\x7e])/sprintf '\x{%x}', ord $1/ge;
    return "$indent" . $self->name . ( length $text ? ": $shown" : '' ) . "\n" . join '',
        map { $_->dump( $depth + 1 ) } @children;
}

1;
