# Administration over REST, as curl would do it.
package MobileSync::Admin;
use v5.36;
use HTTP::Tiny;
use JSON::PP ();
use MIME::Base64 ();

use constant PATH => '/mobilesync-admin';

# port, user, password.
sub new ( $class, %option ) {
    return bless { host => '127.0.0.1', http => HTTP::Tiny->new( timeout => 60 ), %option }, $class;
}

sub url ($self) { return "http://$self->{host}:$self->{port}" . PATH }

# Names become segments of a path: any bytes or characters.
sub path (@names) {
    return join '', map { "/" . _encode($_) } @names;
}

sub _encode ($name) {
    utf8::encode($name) if utf8::is_utf8($name);
    return $name =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger;
}

# One request: { status, type, headers, json (decoded, if it is) }. path: list of names, or a text
# that goes as it is; query: { name => value }; json: a body; headers; plain: 1 without the header
# that mutations need; user, password.
sub request ( $self, $method, $path, %option ) {
    my $user = $option{user} // $self->{user};
    my $password = $option{password} // $self->{password};
    my %headers = (
        Authorization => 'Basic ' . MIME::Base64::encode_base64( "$user:$password", '' ),
        $method eq 'GET' || $option{plain} ? () : ( 'X-MobileSync-Admin' => 1 ),
        %{ $option{headers} // {} }
    );
    my $query = $option{query} // {};
    my $url = $self->url . ( ref $path ? path(@$path) : $path );
    $url .= '?' . join '&', map { _encode($_) . '=' . _encode( $query->{$_} ) } sort keys %$query
        if %$query;
    my %request = ( headers => \%headers );
    if ( exists $option{json} ) {
        $headers{'Content-Type'} = 'application/json';
        $request{content} = JSON::PP->new->utf8->encode( $option{json} );
    }
    $request{content} = $option{content} if exists $option{content};
    my $response = $self->{http}->request( $method, $url, \%request );
    die "$method $url: $response->{content}\n" if $response->{status} == 599;
    my $type = $response->{headers}{'content-type'} // '';
    return {
        status => $response->{status},
        type => $type,
        headers => $response->{headers},
        content => $response->{content},
        json => $type =~ m{^application/(?:problem\+)?json}
        ? JSON::PP->new->utf8->decode( $response->{content} )
        : undef
    };
}

sub get ( $self, $path, %option ) { return $self->request( GET => $path, %option ) }
sub post ( $self, $path, %option ) { return $self->request( POST => $path, %option ) }
sub delete ( $self, $path, %option ) { return $self->request( DELETE => $path, %option ) }

1;
