# The commands that look for something: Search and Find.
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

# Find of mail. text (undef: no FreeText), class, folder, range, deep; id: SearchId, a new one unless
# given; query: instead of all that the children of Query. Returns { status (of the Response),
# command_status, total, range, results: [ { class, id, folder, properties (node) } ], document }.
sub find ( $self, $text, %option ) {
    my $class = exists $option{class} ? delete $option{class} : 'Email';
    my @query = grep { defined $_->[1] } [ FreeText => $text ], [ 'AirSync:Class', $class ],
        [ 'AirSync:CollectionId', delete $option{folder} ];
    my $query = delete $option{query} // \@query;
    my @options;
    push @options, [ Range => delete $option{range} ] if defined $option{range};
    push @options, ['DeepTraversal'] if delete $option{deep};
    my $id = delete $option{id} // $self->new_client_id;
    return $self->_call(
        'Find', {}, \&_found,
        tree => [
            'Find:Find',
            [ SearchId => $id ],
            [
                ExecuteSearch => [
                    MailBoxSearchCriterion => [ Query => @$query ],
                    ( @options ? [ Options => @options ] : () )
                ]
            ]
        ],
        %option
    );
}

sub _found ( $self, $answer ) {
    my $document = $answer->document;
    my $response = $document->at('Response');
    my %found = (
        command_status => $document->text('Find:Status'),
        document => $document,
        results => []
    );
    return \%found unless $response;
    @found{qw(status total range)} = map { $response->text("Find:$_") } qw(Status Total Range);
    for my $result ( $response->children('Result') ) {
        push @{ $found{results} },
            {
            class => $result->text('AirSync:Class'),
            id => $result->text('AirSync:ServerId'),
            folder => $result->text('AirSync:CollectionId'),
            properties => $result->at('Properties')
            };
    }
    return \%found;
}

1;
