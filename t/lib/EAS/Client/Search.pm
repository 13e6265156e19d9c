# The commands that look for something: Search.
package EAS::Client::Search;
use v5.36;

# Search of a mailbox. conditions: the children of And (or of what list says); query: instead, the
# children of Query. range, deep, rebuild, body (body preferences), mime_support; name: of the store.
# Returns { status (of the Store), command_status, total, range, results: [ { class, long_id, folder,
# properties (node) } ], document }.
sub search ( $self, $conditions, %option ) {
    my @options;
    push @options, [ Range => delete $option{range} ] if defined $option{range};
    push @options, ['DeepTraversal'] if delete $option{deep};
    push @options, ['RebuildResults'] if delete $option{rebuild};
    push @options, [ 'AirSync:MIMESupport', delete $option{mime_support} ]
        if defined $option{mime_support};
    push @options, $self->body_preferences( @{ delete $option{body} // [] } );
    my $query = delete $option{query} // [ [ ( delete $option{list} // 'And' ) => @$conditions ] ];
    return $self->_call(
        'Search', {}, \&_searched,
        tree => [
            'Search:Search',
            [
                Store => [ Name => delete $option{name} // 'Mailbox' ],
                [ Query => @$query ],
                ( @options ? [ Options => @options ] : () )
            ]
        ],
        %option
    );
}

# What most searches are: for words.
sub search_text ( $self, $text, %option ) {
    my @conditions = map { [ 'AirSync:CollectionId', $_ ] } @{ delete $option{folders} // [] };
    return $self->search( [ @conditions, [ FreeText => $text ] ], %option );
}

sub _searched ( $self, $answer ) {
    my $document = $answer->document;
    my $store = $document->at('Response/Store');
    my %found = (
        command_status => $document->text('Search:Status'),
        document => $document,
        results => []
    );
    return \%found unless $store;
    @found{qw(status total range)} = map { $store->text("Search:$_") } qw(Status Total Range);
    for my $result ( $store->children('Result') ) {
        next unless $result->content;
        push @{ $found{results} },
            {
            class => $result->text('AirSync:Class'),
            long_id => $result->text('LongId'),
            folder => $result->text('AirSync:CollectionId'),
            properties => $result->at('Properties')
            };
    }
    return \%found;
}

1;
