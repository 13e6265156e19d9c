# Sync, and the copy of the mailbox that a phone keeps.
#
# A collection: { id, class, key, items => { ServerId => EAS::Client::Item }, duplicates }.
# duplicates collects the ids of Adds for items that the client held already; along confirmed
# keys there must be none.
package EAS::Client::Sync;
use v5.36;

use constant { DEFAULT_WINDOW => 100, MAX_ROUNDS => 10_000 };

sub collection ( $self, $id ) {
    return $self->{collections}{$id} //= {
        id => $id,
        class => $self->class_of_folder($id),
        key => '0',
        items => {},
        duplicates => []
    };
}

# Back to key 0; the items go, as a phone does after Status 3.
sub reset_collection ( $self, $id ) {
    my $collection = $self->collection($id);
    @$collection{qw(key items duplicates)} = ( '0', {}, [] );
    return $collection;
}

sub items ( $self, $id ) { return $self->collection($id)->{items} }

# --- commands to put into a Sync ---

# Properties are trees: [ 'Email:Read', 1 ].
sub change_of ( $self, $item_id, @properties ) {
    return { tag => 'Change', id => $item_id, properties => \@properties };
}
sub delete_of ( $self, $item_id ) { return { tag => 'Delete', id => $item_id } }
sub fetch_of ( $self, $item_id ) { return { tag => 'Fetch', id => $item_id } }

sub add_of ( $self, $client_id, @properties ) {
    return { tag => 'Add', client_id => $client_id, properties => \@properties };
}

# --- Sync ---

# One collection, by its id, with the options of a collection and those of the request together;
# or several, a list of { id, and the options of a collection }.
#
# Of a collection: key, class, get_changes, window_size, deletes_as_moves, conversation_mode,
# supported (trees), options (see sync_options; [] for an empty Options), commands.
# Of the request: total_window_size, wait (minutes), heartbeat_interval (seconds), partial, tree.
#
# Returns for one collection its result, for several { status, limit, empty, collections =>
# { id => result } }. A result: { status, key, more, adds, changes, deletes, soft_deletes (ids),
# responses => { Add, Change, Delete, Fetch => nodes }, duplicates, unknown (ids changed or deleted
# that the client did not hold), sync => the whole }. 'empty': the response had no body.
sub sync ( $self, $what, %option ) {
    my @of_request = qw(total_window_size wait heartbeat_interval partial tree lose async headers);
    my %request = map { $_ => delete $option{$_} } grep { exists $option{$_} } @of_request;
    my @wanted = ref $what ? @$what : ( { id => $what, %option } );
    my $tree = delete $request{tree} // $self->_sync_tree( \@wanted, \%request );
    delete @request{qw(total_window_size wait heartbeat_interval partial)};
    my $interpret = sub ( $self, $answer ) {
        my $sync = $self->_apply_sync( $answer, \@wanted );
        return ref $what ? $sync : $self->_only_result( $sync, $what );
    };
    return $self->_call( 'Sync', {}, $interpret, tree => $tree, %request );
}

# A Sync without a body: the server uses the request it remembers (MS-ASCMD 2.2.1.21.1).
sub empty_sync ( $self, %option ) {
    return $self->_call( 'Sync', {}, sub ( $self, $answer ) { $self->_apply_sync( $answer, [] ) },
        %option );
}

sub _only_result ( $self, $sync, $id ) {
    my $result = $sync->{collections}{$id} // {
        status => $sync->{status},
        map { $_ => [] } qw(adds changes deletes soft_deletes duplicates unknown)
    };
    return { %$result, empty => $sync->{empty}, limit => $sync->{limit}, sync => $sync };
}

sub _sync_tree ( $self, $wanted, $request ) {
    my @collections = map { $self->_collection_tree($_) } @$wanted;
    my %field = (
        Wait => 'wait',
        HeartbeatInterval => 'heartbeat_interval',
        WindowSize => 'total_window_size'
    );
    return [
        'AirSync:Sync',
        ( @collections ? [ Collections => @collections ] : () ),
        (
            map { [ $_ => $request->{ $field{$_} } ] }
            grep { defined $request->{ $field{$_} } } qw(Wait HeartbeatInterval WindowSize)
        ),
        ( $request->{partial} ? ['Partial'] : () ),
    ];
}

# The order of the elements is the one of MS-ASCMD R976.
sub _collection_tree ( $self, $wanted ) {
    my $collection = $self->collection( $wanted->{id} );
    my $class = $wanted->{class} // $collection->{class};
    my $flag = sub ( $tag, $value ) { return defined $value ? [ $tag => $value ? 1 : 0 ] : () };
    my $options = $wanted->{options};
    return [
        Collection => ( $self->{version} < 14 ? [ Class => $class ] : () ),
        [ SyncKey => $wanted->{key} // $collection->{key} ],
        [ CollectionId => $wanted->{id} ],
        ( $wanted->{supported} ? [ Supported => @{ $wanted->{supported} } ] : () ),
        $flag->( DeletesAsMoves => $wanted->{deletes_as_moves} ),
        $flag->( GetChanges => $wanted->{get_changes} ),
        ( defined $wanted->{window_size} ? [ WindowSize => $wanted->{window_size} ] : () ),
        $flag->( ConversationMode => $wanted->{conversation_mode} ),
        ( $options ? [ Options => $self->sync_options($options) ] : () ),
        (
            $wanted->{commands}
            ? [ Commands => map { _command_tree($_) } @{ $wanted->{commands} } ]
            : ()
        ),
    ];
}

# { filter_type, class, conflict, mime_support, mime_truncation, max_items, body => [ preferences ],
# body_part => [ preferences ] } or a list of trees.
sub sync_options ( $self, $options ) {
    return @$options if ref $options eq 'ARRAY';
    my @fields = (
        [ 'AirSync:FilterType' => $options->{filter_type} ],
        [ 'AirSync:Class' => $options->{class} ],
        [ 'AirSync:MIMETruncation' => $options->{mime_truncation} ],
        [ 'AirSync:MIMESupport' => $options->{mime_support} ],
        [ 'AirSync:Conflict' => $options->{conflict} ],
        [ 'AirSync:MaxItems' => $options->{max_items} ],
    );
    return (
        ( grep { defined $_->[1] } @fields ),
        $self->body_preferences( @{ $options->{body} // [] } ),
        $self->body_part_preferences( @{ $options->{body_part} // [] } )
    );
}

sub _command_tree ($command) {
    return $command if ref $command eq 'ARRAY';
    return [
        $command->{tag},
        ( defined $command->{id} ? [ ServerId => $command->{id} ] : () ),
        ( defined $command->{client_id} ? [ ClientId => $command->{client_id} ] : () ),
        ( $command->{properties} ? [ ApplicationData => @{ $command->{properties} } ] : () ),
    ];
}

# --- the answer ---

sub _apply_sync ( $self, $answer, $wanted ) {
    my $document = $answer->document // return { empty => 1, status => 1, collections => {} };
    my %sync = (
        status => $document->text('AirSync:Status') // 1,
        limit => $document->text('AirSync:Limit'),
        document => $document,
        collections => {},
    );
    my %commands_of = map { $_->{id} => $_->{commands} // [] } @$wanted;
    for my $node ( $document->all('Collections/Collection') ) {
        my $id = $node->text('CollectionId') // die "Sync: a collection without its id\n";
        die "Sync: collection $id twice in a response\n" if $sync{collections}{$id};
        $sync{collections}{$id} = $self->_apply_collection( $node, $commands_of{$id} // [] );
    }
    return \%sync;
}

sub _apply_collection ( $self, $node, $commands ) {
    my $collection = $self->collection( $node->text('CollectionId') );
    my %result = (
        status => $node->text('Status'),
        key => $node->text('SyncKey'),
        more => defined $node->at('MoreAvailable'),
        node => $node,
        map { $_ => [] } qw(adds changes deletes soft_deletes duplicates unknown),
    );
    for my $response ( map { $_->children } $node->children('Responses') ) {
        push @{ $result{responses}{ $response->tag } }, $response;
    }
    return \%result if ( $result{status} // 0 ) != 1;
    $collection->{items} = {} if $collection->{key} eq '0';
    $collection->{key} = $result{key};
    $self->_apply_own( $collection, $_, \%result ) for @$commands;
    $self->_apply_change( $collection, $_, \%result )
        for map { $_->children } $node->children('Commands');
    push @{ $collection->{duplicates} }, @{ $result{duplicates} };
    return \%result;
}

# What the client itself changed holds once the server took it.
sub _apply_own ( $self, $collection, $command, $result ) {
    return if ref $command eq 'ARRAY';
    my $items = $collection->{items};
    my ($response) = grep {
        my $id = $_->text('ServerId') // '';
        defined $command->{client_id}
            ? ( $_->text('ClientId') // '' ) eq $command->{client_id}
            : $id eq $command->{id}
    } @{ ( $result->{responses} // {} )->{ $command->{tag} } // [] };
    return if $response && ( $response->text('Status') // 1 ) != 1;
    if ( $command->{tag} eq 'Delete' ) { delete $items->{ $command->{id} } }
    return unless $command->{properties};
    my $id = $command->{id} // ( $response && $response->text('ServerId') ) // return;
    my $item = $items->{$id} //= EAS::Client::Item->new($id);
    my $properties = EAS::WBXML::decode(
        EAS::WBXML::encode( [ 'AirSync:ApplicationData', @{ $command->{properties} } ] ) );
    $item->merge($properties);
    return;
}

my %LIST_OF =
    ( Add => 'adds', Change => 'changes', Delete => 'deletes', SoftDelete => 'soft_deletes' );

sub _apply_change ( $self, $collection, $change, $result ) {
    my $items = $collection->{items};
    my $tag = $change->tag;
    my $id = $change->text('ServerId') // die "Sync: a $tag without ServerId\n";
    push @{ $result->{ $LIST_OF{$tag} // die "Sync: unexpected command $tag\n" } }, $id;
    if ( $tag eq 'Add' ) {
        push @{ $result->{duplicates} }, $id if $items->{$id};
        $items->{$id} = EAS::Client::Item->new( $id, $change->at('ApplicationData') );
        return;
    }
    push @{ $result->{unknown} }, $id unless $items->{$id};
    if ( $tag eq 'Change' ) {
        $items->{$id}->merge( $change->at('ApplicationData') ) if $items->{$id};
        return;
    }
    delete $items->{$id};
    return;
}

# --- loops ---

# Syncs a folder from nothing: key 0, then until the server has no more. window_size, options,
# supported (of the first request, where alone it counts) as for sync. progress: called after each response with (result, number of items held).
# Dies on any Status but 1, on duplicate Adds and on rounds without end.
# Returns { rounds, items }.
sub initial_sync ( $self, $id, %option ) {
    my $progress = delete $option{progress};
    $self->reset_collection($id);
    my $supported = delete $option{supported};
    my $first = $self->sync( $id, options => $option{options}, supported => $supported );
    die "Sync of $id with key 0: Status $first->{status}\n" if $first->{status} != 1;
    return $self->sync_until_done(
        $id,
        window_size => DEFAULT_WINDOW,
        %option,
        progress => $progress
    );
}

# Syncs until there is no MoreAvailable; the options go with every request, commands with the first.
sub sync_until_done ( $self, $id, %option ) {
    my $progress = delete $option{progress};
    my $items = $self->items($id);
    for my $round ( 1 .. MAX_ROUNDS ) {
        my $result = $self->sync( $id, %option );
        delete $option{commands};
        die "Sync of $id, round $round: Status $result->{status}\n" if $result->{status} != 1;
        die "Sync of $id, round $round: Adds of items held: @{ $result->{duplicates} }\n"
            if @{ $result->{duplicates} };
        $progress->( $result, scalar keys %{ $self->items($id) } ) if $progress;
        return { rounds => $round, items => scalar keys %{ $self->items($id) } }
            unless $result->{more};
    }
    die "Sync of $id: no end after @{[MAX_ROUNDS]} rounds\n";
}

# An item as the phone holds it: properties by name, each the node that came last.
package EAS::Client::Item;
use v5.36;

sub new ( $class, $id, $data = undef ) {
    my $self = bless { id => $id, properties => {} }, $class;
    $self->merge($data) if $data;
    return $self;
}

sub id ($self) { return $self->{id} }

# Properties that come replace those held; the others stay (MS-ASCMD 2.2.3.24.2).
sub merge ( $self, $data ) {
    $self->{properties}{ $_->name } = $_ for $data->children;
    return;
}

# A property by name ("Email:Subject"), undef where the item has none.
sub property ( $self, $name ) { return $self->{properties}{$name} }

# Its text; deeper ones by path: $item->text('AirSyncBase:Body/Data').
sub text ( $self, $path ) {
    my ( $name, $rest ) = split m{/}, $path, 2;
    my $node = $self->{properties}{$name} // return undef;
    return defined $rest ? $node->text($rest) : $node->text;
}

sub names ($self) { return sort keys %{ $self->{properties} } }

1;
