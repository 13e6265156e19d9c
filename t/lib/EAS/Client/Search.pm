# The commands that look for something: Search, Find, ResolveRecipients.
package EAS::Client::Search;
use v5.36;

# Search of a mailbox. conditions: the children of And (or of what list says); query: instead, the
# children of Query. range, deep, rebuild, body, body_part (preferences), mime_support; name: of the store.
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
    push @options, $self->body_part_preferences( @{ delete $option{body_part} // [] } );
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

# Search of people. range; picture: { size, count } (either may be missing). Returns { status,
# command_status, total, range, people: [ { property => text } ], document }; a picture is
# { Status, Data (bytes) }.
sub search_people ( $self, $name, %option ) {
    my @options = _people_options( 'Search', \%option );
    my $interpret = sub ( $self, $answer ) {
        my $found = $self->_searched($answer);
        $found->{people} = [ map { _person( $_->{properties} ) } @{ $found->{results} } ];
        return $found;
    };
    return $self->_call(
        'Search',
        {},
        $interpret,
        tree => [
            'Search:Search',
            [
                Store => [ Name => 'GAL' ],
                [ Query => $name ],
                ( @options ? [ Options => @options ] : () )
            ]
        ],
        %option
    );
}

# The same with Find; free_text: the name goes into a FreeText.
sub find_people ( $self, $name, %option ) {
    my $free_text = delete $option{free_text};
    my @options = _people_options( 'Find', \%option );
    my $interpret = sub ( $self, $answer ) {
        my $found = $self->_found($answer);
        $found->{people} = [ map { _person( $_->{properties} ) } @{ $found->{results} } ];
        return $found;
    };
    return $self->_call(
        'Find',
        {},
        $interpret,
        tree => [
            'Find:Find',
            [ SearchId => $self->new_client_id ],
            [
                ExecuteSearch => [
                    GalSearchCriterion => [ Query => $free_text ? [ FreeText => $name ] : $name ],
                    ( @options ? [ Options => @options ] : () )
                ]
            ]
        ],
        %option
    );
}

sub _people_options ( $page, $option ) {
    my @options;
    push @options, [ Range => delete $option->{range} ] if defined $option->{range};
    push @options, _picture_option( $page, $option );
    return @options;
}

sub _picture_option ( $page, $option ) {
    my $picture = delete $option->{picture} // return;
    return [
        "$page:Picture",
        ( defined $picture->{size} ? [ MaxSize => $picture->{size} ] : () ),
        ( defined $picture->{count} ? [ MaxPictures => $picture->{count} ] : () )
    ];
}

sub _picture ($node) {
    return $node && { Status => $node->text('Status'), Data => $node->bytes('Data') };
}

sub _person ($properties) {
    my %person = map { $_->tag => $_->text } grep { $_->tag ne 'Picture' } $properties->children;
    $person{Picture} = _picture( scalar $properties->at('Picture') ) if $properties->at('Picture');
    return \%person;
}

# ResolveRecipients of names. certificates: CertificateRetrieval; max_certificates, max_ambiguous;
# availability: [ start, end ]; picture. Returns { status, responses: [ { to, status, count,
# recipients: [ { name, email, type, availability (Status), merged (MergedFreeBusy),
# certificates: { status, count, list }, picture } ] } ], document }.
sub resolve ( $self, $names, %option ) {
    my @options;
    for my $name (
        [ certificates => 'CertificateRetrieval' ],
        [ max_certificates => 'MaxCertificates' ],
        [ max_ambiguous => 'MaxAmbiguousRecipients' ]
        )
    {
        push @options, [ $name->[1] => $option{ $name->[0] } ] if defined $option{ $name->[0] };
        delete $option{ $name->[0] };
    }
    if ( my $span = delete $option{availability} ) {
        my ( $start, $end ) = @$span;
        push @options,
            [
            Availability => ( defined $start ? [ StartTime => $start ] : () ),
            ( defined $end ? [ EndTime => $end ] : () )
            ];
    }
    push @options, _picture_option( 'ResolveRecipients', \%option );
    return $self->_call(
        'ResolveRecipients',
        {},
        \&_resolved,
        tree => [
            'ResolveRecipients:ResolveRecipients',
            ( map { [ To => $_ ] } @$names ),
            ( @options ? [ Options => @options ] : () )
        ],
        %option
    );
}

sub _resolved ( $self, $answer ) {
    my $document = $answer->document;
    my @responses = map {
        {
            to => $_->text('To'),
            status => $_->text('Status'),
            count => $_->text('RecipientCount'),
            recipients => [ map { _recipient($_) } $_->children('Recipient') ]
        }
    } $document->children('Response');
    return {
        status => $document->text('Status'),
        responses => \@responses,
        document => $document
    };
}

sub _recipient ($node) {
    my $certificates = $node->at('Certificates');
    return {
        name => $node->text('DisplayName'),
        email => $node->text('EmailAddress'),
        type => $node->text('Type'),
        availability => $node->text('Availability/Status'),
        merged => $node->text('Availability/MergedFreeBusy'),
        certificates => $certificates && {
            status => $certificates->text('Status'),
            count => $certificates->text('CertificateCount'),
            list => [ map { $_->text } $certificates->children('Certificate') ]
        },
        picture => _picture( scalar $node->at('Picture') )
    };
}

1;
