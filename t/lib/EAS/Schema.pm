# Validates EAS responses against the protocol's XML schemas.
#
# EAS_SCHEMAS names the schema (a path to all.xsd). The schemas are not part of this
# source tree; where the variable is unset, responses go unvalidated and the first use
# says so.
package EAS::Schema;
use v5.36;
use Test::More ();
use Encode ();
use EAS::WBXML;

my ( $schema, $told );

# Whether responses get validated.
sub available {
    my $path = $ENV{EAS_SCHEMAS} // '';
    if ( $path eq '' ) {
        Test::More::diag('EAS_SCHEMAS is not set: responses are not validated against the schemas')
            unless $told++;
        return 0;
    }
    die "EAS_SCHEMAS: no file '$path'\n" unless -f $path;
    return 1;
}

# The error text where the document breaks the schema, undef where it is valid or where
# no schema is at hand.
sub fault ($node) {
    return undef unless available();
    require XML::LibXML;
    $schema //= _load( $ENV{EAS_SCHEMAS} );
    my $document = XML::LibXML->load_xml(
        string => Encode::encode( 'UTF-8', EAS::WBXML::to_xml($node) ),
        huge => 1
    );
    _as_add($document);
    return eval { $schema->validate($document); 1 } ? undef : "$@";
}

# A Change that adds attachments is answered with where they are (MS-ASAIRS R1082, R1324; MS-ASCMD R6234).
# The schema has ApplicationData in the Response to an Add alone: there it is validated.
sub _as_add ($document) {
    my $changes = '//*[local-name()="Responses"]/*[local-name()="Change"]';
    for my $data ( $document->findnodes("$changes/*[local-name()='ApplicationData']") ) {
        my $change = $data->parentNode;
        my ( $space, $id ) = ( $change->namespaceURI, $change->findvalue('*[1]') );
        my $add = $document->createElementNS( $space, 'Add' );
        $add->appendTextChild( ClientId => $id );
        $add->appendTextChild( Status => 1 );
        $_->setNamespace( $space, undef, 1 ) for $add->childNodes;
        $add->appendChild($data);
        $change->parentNode->insertAfter( $add, $change );
    }
    return;
}

# libxml2 warns about the relative namespace URIs of the schemas on stderr at each load.
sub _load ($path) {
    open my $stderr, '>&', \*STDERR or die "stderr: $!\n";
    open STDERR, '>', '/dev/null' or die "/dev/null: $!\n";
    my $loaded = eval { XML::LibXML::Schema->new( location => $path ) };
    my $fault = $@;
    open STDERR, '>&', $stderr or die "stderr: $!\n";
    return $loaded // die "EAS_SCHEMAS: cannot load '$path': $fault\n";
}

1;
