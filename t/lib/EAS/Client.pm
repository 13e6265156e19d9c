# An EAS client for tests: what a phone does, and what a broken, unlucky or hostile one does.
#
#   my $phone = EAS::Client->new( port => 8080, user => 'anna', password => 'secret' );
#   $phone->folder_sync;
#   $phone->initial_sync( $phone->folder_of_type(2)->{id} );
#
# Every command method takes these options beside its own:
#   lose  => 1         the answer is read and thrown away: the server did its work, the
#                      client learns nothing and stays as it was. Returns the call.
#   lose  => 'hang up' the connection is reset as soon as the request is out.
#   lose  => 'request' nothing is sent at all. Returns the call.
#   async => 1         on a connection of its own; returns an EAS::Client::Pending.
#   headers => [ [ name, value ] ... ]   sent besides the usual ones.
# A call that was made can be repeated, byte for byte: $phone->repeat( $phone->last_call ).
#
# The methods die where the answer breaks a rule that holds for every response: Content-Length,
# Content-Type, WBXML, the schemas (see EAS::Schema); and on HTTP statuses other than 200 with
# an EAS::Client::HTTPError. command() returns any status.
package EAS::Client;
use v5.36;
use MIME::Base64 ();
use Time::HiRes ();
use EAS::HTTP;
use EAS::Query ();
use EAS::Schema;
use EAS::WBXML ();
use parent qw(EAS::Client::Account EAS::Client::Items EAS::Client::Search EAS::Client::Sync);

use constant {
    WBXML_TYPE => 'application/vnd.ms-sync.wbxml',
    MULTIPART_TYPE => 'application/vnd.ms-sync.multipart',
};

my $device_count = 0;

# host, port, ca (file; asks for TLS), timeout: see EAS::HTTP. user, password; user_parameter: the
# User of the query, undef for none. device_id, device_type, user_agent, policy_key. version:
# '12.1' to '16.1'. base64: the compact query, padded: with its '='. gzip: accept it. validate:
# responses against the schemas (1).
sub new ( $class, %option ) {
    my $self = bless {
        host => '127.0.0.1',
        path => '/Microsoft-Server-ActiveSync',
        device_id => sprintf( 'TEST%08x%04x', $$, ++$device_count ),
        device_type => 'TestPhone',
        user_agent => 'TestPhone/1.0',
        version => '16.1',
        policy_key => undef,
        base64 => 0,
        padded => 1,
        gzip => 0,
        validate => 1,
        %option,
        folders => {},
        hierarchy_key => '0',
        collections => {},
    }, $class;
    $self->{user_parameter} = $self->{user} unless exists $option{user_parameter};
    return $self;
}

# Another client for the same account, device and connection data; fresh state.
sub twin ( $self, %option ) {
    my %same = map { $_ => $self->{$_} }
        qw(host port ca path user password user_parameter user_agent device_id device_type
        version policy_key base64 padded gzip validate);
    return ( ref $self )->new( %same, %option );
}

# --- requests ---

# The bytes of a request. command, parameters (of the query), method, body, content_type,
# headers, query (instead of the usual one), version and policy_key for this request only.
sub request_bytes ( $self, %request ) {
    my $method = $request{method} // 'POST';
    my $query = $request{query} // ( defined $request{command} ? $self->_query(%request) : undef );
    my @headers = ( [ Host => "$self->{host}:$self->{port}" ] );
    push @headers,
        [ Authorization => 'Basic '
            . MIME::Base64::encode( _bytes("$self->{user}:$self->{password}"), '' ) ]
        if defined $self->{user};
    push @headers, [ 'User-Agent' => $self->{user_agent} ] if defined $self->{user_agent};
    push @headers, [ 'Accept-Encoding' => 'gzip' ] if $self->{gzip};
    push @headers, $self->_plain_headers(%request) if defined $query && !$self->{base64};
    push @headers, @{ $request{headers} // [] };
    my $body = $request{body} // '';
    push @headers, [ 'Content-Type' => $request{content_type} // WBXML_TYPE ] if length $body;
    push @headers, [ 'Content-Length' => length $body ] if $method eq 'POST';
    my $target = ( $request{path} // $self->{path} ) . ( defined $query ? "?$query" : '' );
    return
        join( "\r\n", "$method $target HTTP/1.1", map {"$_->[0]: $_->[1]"} @headers )
        . "\r\n\r\n$body";
}

sub _query ( $self, %request ) {
    my %query = (
        command => $request{command},
        user => $self->{user_parameter},
        device_id => $self->{device_id},
        device_type => $self->{device_type},
        parameters => $request{parameters},
    );
    return EAS::Query::plain_query(%query) unless $self->{base64};
    return EAS::Query::base64_query(
        %query,
        version => $request{version} // $self->{version},
        policy_key => $request{policy_key} // $self->{policy_key},
        padded => $self->{padded}
    );
}

# What the compact query carries in its fields.
sub _plain_headers ( $self, %request ) {
    my $policy_key = $request{policy_key} // $self->{policy_key};
    return (
        [ 'MS-ASProtocolVersion' => $request{version} // $self->{version} ],
        defined $policy_key ? [ 'X-MS-PolicyKey' => $policy_key ] : ()
    );
}

sub _bytes ($text) {
    utf8::encode($text);
    return $text;
}

# --- connections ---

# A connection of its own to the server.
sub open_connection ($self) {
    return EAS::HTTP->new(
        map { $_ => $self->{$_} }
        grep { defined $self->{$_} } qw(host port ca timeout)
    );
}

# The client's kept-alive connection; opened anew where the server ended it while idle.
sub connection ($self) {
    my $http = $self->{connection};
    return $http if $http && !$http->is_stale;
    return $self->{connection} = $self->open_connection;
}

sub disconnect ($self) {
    my $http = delete $self->{connection} or return;
    $http->close;
    return;
}

# Sends bytes on the kept-alive connection and reads one response, whatever it is. As phones do, it
# sends them again, once and on a new connection, where the server cut a connection that it had kept:
# httpd does that when its threads are busy, and may do so while the request is on its way.
sub exchange ( $self, $bytes, %option ) {
    my $http = $self->connection;
    my $response = _exchange_on( $http, $bytes, %option );
    if ( !$response && $http->was_cut_idle ) {
        $self->disconnect;
        $http = $self->connection;
        $response = _exchange_on( $http, $bytes, %option );
    }
    return $response if $response;
    my $fault = $@;
    $self->disconnect;
    die $fault;
}

# The response, or undef with the fault in $@.
sub _exchange_on ( $http, $bytes, %option ) {
    return eval {
        $http->write($bytes);
        $http->read_response(%option);
    };
}

# --- calls ---

# One command with any answer. Request parts as request_bytes; tree: the body as EAS::WBXML
# takes it. Returns an EAS::Client::Answer.
sub command ( $self, $command, %request ) {
    return $self->_call( $command, { any_status => 1 }, sub ( $self, $answer ) {$answer},
        %request );
}

# Builds the call, does it as the options ask, and has $interpret( client, answer ) make the
# result. The call is a plain value and must not hold the client, which holds it.
sub _call ( $self, $command, $rules, $interpret, %request ) {
    my ( $lose, $async ) = delete @request{qw(lose async)};
    my $tree = delete $request{tree};
    $request{body} = EAS::WBXML::encode($tree) if $tree;
    my $call = {
        command => $command,
        bytes => $self->request_bytes( command => $command, %request ),
        rules => { %$rules, validate => $self->{validate} },
        interpret => $interpret,
    };
    return $self->repeat( $call, lose => $lose, async => $async );
}

sub last_call ($self) { return $self->{last_call} }

# Sends the bytes of a call again. Options lose and async as for any command.
sub repeat ( $self, $call, %option ) {
    $self->{last_call} = $call;
    return $call if ( $option{lose} // '' ) eq 'request';
    if ( $option{async} ) {
        my $http = $self->open_connection;
        $http->write( $call->{bytes} );
        return EAS::Client::Pending->new( $self, $call, $http );
    }
    if ( ( $option{lose} // '' ) eq 'hang up' ) {
        my $http = $self->open_connection;
        $http->write( $call->{bytes} );
        $http->abort;
        return $call;
    }
    my $response = $self->exchange( $call->{bytes} );
    return $call if $option{lose};
    return $self->finish_call( $call, $response );
}

# Checks the response and interprets it.
sub finish_call ( $self, $call, $response ) {
    my $ok = $response->status == 200;
    die EAS::Client::HTTPError->new( $call->{command}, $response )
        unless $ok || $call->{rules}{any_status};
    return $call->{interpret}->( $self, EAS::Client::Answer->new( $call, $response ) );
}

# A ClientId that this phone never used, nor in an earlier run against the same server.
sub new_client_id ($self) {
    return sprintf '%x-%x-%d', Time::HiRes::time() * 1e6, $$, ++$self->{client_id_count};
}

package EAS::Client::HTTPError;
use v5.36;
use overload '""' => sub ( $self, @ ) {"$self->{message}\n"}, fallback => 1;

sub new ( $class, $command, $response ) {
    my $message = sprintf '%s: HTTP %d %s', $command, $response->status, $response->{reason};
    return bless { message => $message, response => $response }, $class;
}

sub status ($self) { return $self->{response}->status }
sub response ($self) { return $self->{response} }

# A response that passed the checks that hold for all of them.
package EAS::Client::Answer;
use v5.36;

sub new ( $class, $call, $response ) {
    my $self = bless {
        command => $call->{command},
        validate => $call->{rules}{validate},
        response => $response,
        parts => []
    }, $class;
    $self->_read if $response->status == 200;
    return $self;
}

sub response ($self) { return $self->{response} }
sub status ($self) { return $self->{response}->status }
sub header ( $self, $name ) { return $self->{response}->header($name) }

# The decoded document, undef for an answer without one.
sub document ($self) { return $self->{document} }

# Text at a path of the document; undef where there is none.
sub text ( $self, $path ) { return $self->{document} && $self->{document}->text($path) }

# Data of the parts of a multipart answer that follow the document.
sub parts ($self) { return @{ $self->{parts} } }

sub _read ($self) {
    my $response = $self->{response};
    my $type = $response->header('Content-Type');
    my $content = $response->content;
    if ( !length $content ) {
        die "$self->{command}: Content-Type '$type' on an empty response\n" if defined $type;
        return;
    }
    die "$self->{command}: a response without Content-Type\n" unless defined $type;
    if ( $type eq EAS::Client::MULTIPART_TYPE ) {
        ( $content, @{ $self->{parts} } ) = _split_parts($content);
    }
    elsif ( $type ne EAS::Client::WBXML_TYPE ) {
        return;
    }
    $self->{document} = eval { EAS::WBXML::decode($content) } // die sprintf "%s: %s%s\n",
        $self->{command}, $@, unpack 'H*', substr $content, 0, 400;
    return unless $self->{validate};
    my $fault = EAS::Schema::fault( $self->{document} ) // return;
    die "$self->{command}: the response breaks the schema: $fault" . $self->{document}->dump;
}

# MultiPartResponse, MS-ASCMD 2.2.1.10.1.1; integers are little-endian.
sub _split_parts ($content) {
    my $count = unpack 'V', $content;
    my @metadata = unpack "x4 V@{[ 2 * $count ]}", $content;
    my $next = 4 + 8 * $count;
    my @parts;
    while ( my ( $offset, $length ) = splice @metadata, 0, 2 ) {
        die "multipart: a part at $offset where $next was due\n" if $offset != $next;
        die "multipart: a part of $length bytes at $offset is cut short\n"
            if $offset + $length > length $content;
        push @parts, substr $content, $offset, $length;
        $next += $length;
    }
    die "multipart: $count parts\n" unless @parts && @parts == $count;
    die "multipart: bytes after the last part\n" if $next != length $content;
    return @parts;
}

# A call whose answer has not been read yet.
package EAS::Client::Pending;
use v5.36;

sub new ( $class, $client, $call, $http ) {
    return bless { client => $client, call => $call, http => $http }, $class;
}

# Whether the answer has begun to arrive within so many seconds.
sub is_ready ( $self, $seconds = 0 ) { return $self->{http}->readable($seconds) }

# The result, as the command's method would have returned it.
sub result ($self) {
    my $response = $self->{http}->read_response;
    $self->{http}->close;
    return $self->{client}->finish_call( $self->{call}, $response );
}

# The phone vanishes.
sub hang_up ($self) { return $self->{http}->abort }

1;
