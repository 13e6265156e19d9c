# ApplicationData of contacts, tasks, notes and events, as a phone sends it: trees for EAS::WBXML.
#
#   $phone->add_of( $id, contact( FirstName => 'Anna', Email1Address => 'anna@example.org' ) );
#   $phone->change_of( $item, task( Complete => 1, DateCompleted => '2026-03-01T00:00:00.000Z' ) );
#
# The fields are names of the class's namespaces, in the order in which they are to be sent: a text,
# or a list of names and values in turn of what is inside (Recurrence), or '' for an empty element.
# Categories and Children: a list of their texts. Body: a text, or [ type, text ].
package EAS::Properties;
use v5.36;
use Exporter 'import';
use EAS::WBXML ();

our @EXPORT = qw(contact task note event body);

my %NAMESPACES_OF = (
    Contacts => [qw(Contacts Contacts2)],
    Tasks => ['Tasks'],
    Notes => ['Notes'],
    Calendar => ['Calendar']
);
my %ELEMENT_OF = ( Categories => 'Category', Children => 'Child' );
my %is_known = map { $_ => 1 } EAS::WBXML::names();

sub contact (@fields) { return _properties( 'Contacts', @fields ) }
sub task (@fields) { return _properties( 'Tasks', @fields ) }
sub note (@fields) { return _properties( 'Notes', @fields ) }
sub event (@fields) { return _properties( 'Calendar', @fields ) }

# airsyncbase:Body; type: 1 plain text, 2 HTML, 3 RTF.
sub body ( $text, $type = 1 ) {
    return [ 'AirSyncBase:Body' => [ Type => $type ], [ Data => $text ] ];
}

sub _properties ( $class, @fields ) {
    my @properties;
    while ( my ( $name, $value ) = splice @fields, 0, 2 ) {
        push @properties, $name eq 'Body'
            ? ( ref $value ? body( reverse @$value ) : body($value) )
            : _element( _name( $class, $name ), $value );
    }
    return @properties;
}

sub _name ( $class, $name ) {
    return $name if $name =~ /:/;
    my ($known) = grep { $is_known{$_} }
        map {"$_:$name"} @{ $NAMESPACES_OF{$class} }, 'AirSyncBase';
    return $known // die "$class: there is no $name\n";
}

sub _element ( $name, $value ) {
    my ( $namespace, $tag ) = split /:/, $name;
    my $element = $ELEMENT_OF{$tag};
    return [ $name => map { [ $element => $_ ] } @$value ] if $element && ref $value;
    return [ $name => _children( $namespace, @$value ) ] if ref $value;
    return length $value ? [ $name => $value ] : [$name];
}

# Names may be there more than once (Attendee, Exception).
sub _children ( $namespace, @fields ) {
    my @children;
    while ( my ( $name, $value ) = splice @fields, 0, 2 ) {
        push @children, _element( $name =~ /:/ ? $name : "$namespace:$name", $value );
    }
    return @children;
}

1;
