# The commands about single items: GetItemEstimate, MoveItems, ItemOperations, GetAttachment.
package EAS::Client::Items;
use v5.36;
use MIME::Base64 ();

# Estimates for folders. filter_type, conversation_mode; class: of the items, where it is not the
# folder's. { id => { status, estimate } }; an error of the whole command stands under the id ''.
sub get_item_estimate ( $self, $folder_ids, %option ) {
    my $filter_type = delete $option{filter_type};
    my $mode = delete $option{conversation_mode};
    my $only = delete $option{class};
    my $keys = delete $option{keys} // {};
    my @collections = map {
        my $key = [ 'AirSync:SyncKey', $keys->{$_} // $self->collection($_)->{key} ];
        my $id = [ CollectionId => $_ ];
        my $class = $only // $self->class_of_folder($_);
        [
            Collection => $self->{version} < 14
            ? ( [ Class => $class ], $id, [ 'AirSync:FilterType', $filter_type // 0 ], $key )
            : (
                $key,
                $id,
                ( defined $mode ? [ 'AirSync:ConversationMode' => $mode ] : () ),
                defined $filter_type
                ? [ 'AirSync:Options', [ FilterType => $filter_type ], [ Class => $class ] ]
                : ()
            )
        ]
    } @$folder_ids;
    return $self->_call(
        'GetItemEstimate', {}, \&_estimates,
        tree => [ 'GetItemEstimate:GetItemEstimate', [ Collections => @collections ] ],
        %option
    );
}

sub _estimates ( $self, $answer ) {
    my %estimates;
    my $document = $answer->document;
    $estimates{''} = { status => $document->text('Status') } if $document->at('Status');
    for my $response ( $document->children('Response') ) {
        my $id = $response->text('Collection/CollectionId') // '';
        $estimates{$id} = {
            status => $response->text('Status'),
            estimate => $response->text('Collection/Estimate')
        };
    }
    return \%estimates;
}

# Moves, each [ item id, source folder id, destination folder id ]; results in the same order:
# { source, status, destination }. The items come and go with the next Sync of both folders.
sub move_items ( $self, $moves, %option ) {
    my $interpret = sub ( $self, $answer ) {
        return [
            map {
                {
                    source => $_->text('SrcMsgId'),
                    status => $_->text('Status'),
                    destination => $_->text('DstMsgId')
                }
            } $answer->document->children('Response')
        ];
    };
    my @moves = map {
        [
            Move => [ SrcMsgId => $_->[0] ],
            [ SrcFldId => $_->[1] ],
            [ DstFldId => $_->[2] ]
        ]
    } @$moves;
    return $self->_call(
        'MoveItems', {}, $interpret,
        tree => [ 'Move:MoveItems', @moves ],
        %option
    );
}

# MeetingResponse. requests: each { folder, id, long_id, instance, response, send: [elements] }; gives
# { id, status, calendar, instance } of each.
sub meeting_response ( $self, $requests, %option ) {
    my $interpret = sub ( $self, $answer ) {
        return [
            map {
                {
                    id => $_->text('RequestId'),
                    status => $_->text('Status'),
                    calendar => $_->text('CalendarId'),
                    instance => $_->text('InstanceId')
                }
            } $answer->document->children('Result')
        ];
    };
    my @requests = map { _meeting_request($_) } @$requests;
    return $self->_call(
        'MeetingResponse', {}, $interpret,
        tree => [ 'MeetingResponse:MeetingResponse', @requests ],
        %option
    );
}

sub _meeting_request ($request) {
    return [
        Request => [ UserResponse => $request->{response} ],
        defined $request->{folder} ? [ CollectionId => $request->{folder} ] : (),
        defined $request->{id} ? [ RequestId => $request->{id} ] : (),
        defined $request->{long_id} ? [ 'Search:LongId' => $request->{long_id} ] : (),
        defined $request->{instance}
        ? [ 'MeetingResponse:InstanceId' => $request->{instance} ]
        : (),
        $request->{send} ? [ 'MeetingResponse:SendResponse', $request->{send}->@* ] : ()
    ];
}

# The elements of body preferences, each { type, truncation_size, all_or_none, preview }.
sub body_preferences ( $self, @preferences ) {
    return _preferences( 'AirSyncBase:BodyPreference', @preferences );
}

sub body_part_preferences ( $self, @preferences ) {
    return _preferences( 'AirSyncBase:BodyPartPreference', @preferences );
}

sub _preferences ( $tag, @preferences ) {
    my @names = (
        type => 'Type',
        truncation_size => 'TruncationSize',
        all_or_none => 'AllOrNone',
        preview => 'Preview'
    );
    my @elements;
    for my $preference (@preferences) {
        my @fields = @names;
        my @children;
        while ( my ( $field, $tag ) = splice @fields, 0, 2 ) {
            push @children, [ $tag => $preference->{$field} ] if defined $preference->{$field};
        }
        push @elements, [ $tag, @children ];
    }
    return @elements;
}

# Fetches, each { folder, item } or { file_reference } or { long_id }, with range ('0-99'), body (a
# list of body preferences), mime_support, schema (names of properties). multipart: data in parts of their own. first: the
# first result alone instead of the list. Results in the same order: { status, properties (node),
# range, total, data (bytes), content_type, document }.
sub item_operations ( $self, $fetches, %option ) {
    my $multipart = delete $option{multipart};
    my %request =
        ( tree => [ 'ItemOperations:ItemOperations', map { $self->_fetch($_) } @$fetches ] );
    if ($multipart) {
        if ( $self->{base64} ) { $request{parameters} = { AcceptMultiPart => 'T' } }
        else {
            $option{headers} = [ @{ $option{headers} // [] }, [ 'MS-ASAcceptMultiPart' => 'T' ] ];
        }
    }
    my $interpret =
        delete $option{first}
        ? sub ( $self, $answer ) { $self->_fetched($answer)->[0] }
        : \&_fetched;
    return $self->_call( 'ItemOperations', {}, $interpret, %request, %option );
}

sub _fetch ( $self, $fetch ) {
    my @options;
    push @options, [ Schema => map { [$_] } @{ $fetch->{schema} } ] if $fetch->{schema};
    push @options, [ Range => $fetch->{range} ] if defined $fetch->{range};
    push @options, [ 'AirSync:MIMESupport', $fetch->{mime_support} ]
        if defined $fetch->{mime_support};
    push @options, $self->body_preferences( @{ $fetch->{body} // [] } ),
        $self->body_part_preferences( @{ $fetch->{body_part} // [] } );
    my @fields = (
        [ 'AirSync:CollectionId', $fetch->{folder} ],
        [ 'AirSync:ServerId', $fetch->{item} ],
        [ 'Search:LongId', $fetch->{long_id} ],
        [ 'AirSyncBase:FileReference', $fetch->{file_reference} ],
    );
    return [
        Fetch => [ Store => $fetch->{store} // 'Mailbox' ],
        ( grep { defined $_->[1] } @fields ), ( @options ? [ Options => @options ] : () )
    ];
}

sub _fetched ( $self, $answer ) {
    my $document = $answer->document;
    my $status = $document->text('ItemOperations:Status');
    my @fetched = $document->all('Response/Fetch');
    return [ { status => $status, document => $document } ] unless @fetched;
    return [ map { _fetched_item( $_, $answer ) } @fetched ];
}

sub _fetched_item ( $fetch, $answer ) {
    my $properties = $fetch->at('Properties');
    my %item = (
        status => $fetch->text('ItemOperations:Status'),
        properties => $properties,
        document => $answer->document
    );
    return \%item unless $properties;
    $item{content_type} = $properties->text('AirSyncBase:ContentType');
    $item{range} = $properties->text('ItemOperations:Range');
    $item{total} = $properties->text('ItemOperations:Total');
    my $base64 = $properties->text('ItemOperations:Data');
    my $body = $properties->text('AirSyncBase:Body/Data');
    my $part = $properties->text('ItemOperations:Part')
        // $properties->text('AirSyncBase:Body/ItemOperations:Part');
    $item{data} =
          defined $part ? ( $answer->parts )[ $part - 1 ] // die "ItemOperations: no part $part\n"
        : defined $base64 ? MIME::Base64::decode($base64)
        : EAS::Client::_bytes( $body // '' );
    return \%item;
}

# One item, one attachment: the first result of item_operations.
sub fetch_item ( $self, $folder_id, $item_id, %option ) {
    my %fetch = ( folder => $folder_id, item => $item_id );
    my @fields = qw(range body body_part mime_support schema);
    @fetch{@fields} = delete @option{@fields};
    return $self->item_operations( [ \%fetch ], first => 1, %option );
}

sub fetch_attachment ( $self, $file_reference, %option ) {
    my %fetch = ( file_reference => $file_reference, range => delete $option{range} );
    return $self->item_operations( [ \%fetch ], first => 1, %option );
}

# GetAttachment, at 12.1 only. { http (status), data, content_type, response }
sub get_attachment ( $self, $file_reference, %option ) {
    my $interpret = sub ( $self, $answer ) {
        my $response = $answer->response;
        return {
            http => $answer->status,
            data => $response->content,
            content_type => scalar $response->header('Content-Type'),
            response => $response,
        };
    };
    my %parameters = defined $file_reference ? ( AttachmentName => $file_reference ) : ();
    return $self->_call(
        'GetAttachment', { any_status => 1 },
        $interpret,
        parameters => \%parameters,
        %option
    );
}

# ItemOperations Move, of a conversation by its id (bytes). once: without MoveAlways. Returns its Status.
sub move_conversation ( $self, $id, $folder, %option ) {
    my $answer = $self->command(
        'ItemOperations',
        tree => [
            'ItemOperations:ItemOperations',
            [
                Move => [ ConversationId => \$id ],
                [ DstFldId => $folder ],
                $option{once} ? () : [ Options => ['MoveAlways'] ]
            ]
        ]
    );
    return $answer->document->text('Response/Move/Status');
}

# Empties folders, each { folder, subfolders (1: delete those, too) }; statuses in the same order,
# or that of the whole command.
sub empty_folders ( $self, $folders, %option ) {
    my $interpret = sub ( $self, $answer ) {
        my $document = $answer->document;
        my @emptied = $document->all('Response/EmptyFolderContents');
        return [ map { $_->text('ItemOperations:Status') } @emptied ? @emptied : $document ];
    };
    my @operations = map {
        [
            EmptyFolderContents => [ 'AirSync:CollectionId', $_->{folder} ],
            ( $_->{subfolders} ? [ Options => ['DeleteSubFolders'] ] : () )
        ]
    } @$folders;
    return $self->_call(
        'ItemOperations', {}, $interpret,
        tree => [ 'ItemOperations:ItemOperations', @operations ],
        %option
    );
}

1;
