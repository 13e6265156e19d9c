# A phone that finds its server: Autodiscover in XML and in JSON. Every XML answer is validated.
package EAS::Autodiscover;
use v5.36;
use Encode ();
use File::Basename ();
use JSON::PP ();
use XML::LibXML ();

use constant {
    XML_PATH => '/autodiscover/autodiscover.xml',
    JSON_PATH => '/autodiscover/autodiscover.json',
    SCHEMA => 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006',
    FRAME => 'http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006',
    REQUEST => 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006',
};

# client: an EAS::Client, whose connection and credentials are used.
sub new ( $class, $client ) { return bless { client => $client }, $class }

# The request for an address. schema: of the answer that is wanted; inside: more of the Request.
sub document ( $address, %option ) {
    my ( $request, $schema ) = ( REQUEST, $option{schema} // SCHEMA );
    my $escaped = Encode::encode( 'UTF-8', $address ) =~ s/&/&amp;/gr =~ s/</&lt;/gr;
    return <<"END";
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="$request">
  <Request>
    <EMailAddress>$escaped</EMailAddress>
    <AcceptableResponseSchema>$schema</AcceptableResponseSchema>
  </Request>
</Autodiscover>
END
}

# One request: path, method, body, anonymous, headers. Returns { http, location, type, body }.
sub ask ( $self, %option ) {
    my $client = $self->{client};
    local $client->{user} = $option{anonymous} ? undef : $client->{user};
    my $method = $option{method} // 'POST';
    my $response = $client->exchange(
        $client->request_bytes(
            method => $method,
            path => $option{path},
            query => $option{query},
            body => $method eq 'POST' ? $option{body} // '' : '',
            content_type => 'text/xml; charset=utf-8',
            headers => $option{headers} // []
        ),
        method => $method
    );
    return {
        http => $response->status,
        location => scalar $response->header('Location'),
        type => scalar( $response->header('Content-Type') ) // '',
        challenge => scalar $response->header('WWW-Authenticate'),
        body => $response->body
    };
}

# Asks in XML: { http, location, culture, name, address, url, redirect, status, error, message,
# time, id, fault (what the schema says against it) }. body: instead of a document for the address.
sub xml ( $self, $address, %option ) {
    my $answer = $self->ask(
        path => XML_PATH,
        body => document( $address, schema => $option{schema} ),
        %option
    );
    return $answer if $answer->{http} != 200;
    my $document = XML::LibXML->load_xml( string => $answer->{body}, no_network => 1 );
    my $xpath = XML::LibXML::XPathContext->new($document);
    $xpath->registerNs( f => FRAME );
    $xpath->registerNs( m => SCHEMA );
    my $text = sub ($path) { my ($node) = $xpath->findnodes($path); $node && $node->textContent };
    my $response = '/f:Autodiscover/m:Response';
    return {
        %$answer,
        fault => _fault($document),
        culture => $text->("$response/m:Culture"),
        name => $text->("$response/m:User/m:DisplayName"),
        address => $text->("$response/m:User/m:EMailAddress"),
        url => $text->("$response/m:Action/m:Settings/m:Server[m:Type='MobileSync']/m:Url"),
        redirect => $text->("$response/m:Action/m:Redirect"),
        status => $text->("$response/m:Action/m:Error/m:Status"),
        message => $text->('//f:Message | //m:Message'),
        error => $text->('/f:Autodiscover/f:Response/f:Error/f:ErrorCode'),
        id => $text->('/f:Autodiscover/f:Response/f:Error/@Id')
    };
}

sub _fault ($document) {
    state $folder = File::Basename::dirname(__FILE__) . '/../../data/autodiscover';
    state $schema = XML::LibXML::Schema->new( location => "$folder/frame.xsd" );
    return eval { $schema->validate($document); 1 } ? undef : "$@";
}

# Asks in JSON as nobody in particular: { http, location, json }.
sub json ( $self, $path = '', %query ) {
    my $escape = sub ($text) { $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger };
    my $answer = $self->ask(
        method => 'GET',
        path => JSON_PATH . $path,
        anonymous => 1,
        query => ( join '&', map { "$_=" . $escape->( $query{$_} ) } sort keys %query ) || undef
    );
    $answer->{json} = JSON::PP->new->utf8->decode( $answer->{body} )
        if $answer->{type} =~ m{^application/json};
    return $answer;
}

1;
