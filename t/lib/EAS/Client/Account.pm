# The commands about the account and the device: OPTIONS, Provision, Settings, FolderSync,
# Ping, and those that send mail.
package EAS::Client::Account;
use v5.36;
use List::Util qw(pairs);

# { versions, commands, response }
sub options ( $self, %option ) {
    my $response = $self->exchange( $self->request_bytes( method => 'OPTIONS', %option ) );
    die EAS::Client::HTTPError->new( 'OPTIONS', $response ) unless $response->status == 200;
    my $list = sub ($header) { return [ split /\s*,\s*/, $response->header($header) // '' ] };
    return {
        versions => $list->('MS-ASProtocolVersions'),
        commands => $list->('MS-ASProtocolCommands'),
        response => $response,
    };
}

# What a phone tells about itself; names are those of the Settings namespace.
sub device_information ( $self, %more ) {
    my %information = (
        Model => 'TestPhone',
        FriendlyName => 'A phone under test',
        OS => 'TestOS 1.0',
        OSLanguage => 'English',
        UserAgent => $self->{user_agent},
        %more
    );
    my @known = qw(Model IMEI FriendlyName OS OSLanguage PhoneNumber UserAgent MobileOperator);
    return [
        'Settings:DeviceInformation',
        [ Set => map { [ $_ => $information{$_} ] } grep { defined $information{$_} } @known ]
    ];
}

# Both steps of MS-ASPROV 3.1.5.1: ask for the policy, then acknowledge it where there is one.
# { status, policy_status, policy_key, document }; remembers the policy key.
sub provision ( $self, %option ) {
    my $information = delete $option{device_information} // {};
    my $result = $self->_provision(
        [
            'Provision:Provision',
            ( $self->{version} >= 14.1 ? $self->device_information(%$information) : undef ),
            [ Policies => [ Policy => [ PolicyType => 'MS-EAS-Provisioning-WBXML' ] ] ]
        ],
        %option
    );
    return $result unless ref $result eq 'HASH' && defined $result->{policy_key};
    return $self->acknowledge_policy( $result->{policy_key}, 1, %option );
}

# status: 1 applied, 2 partly applied, 3 not applied (MS-ASPROV 2.2.2.54.2).
sub acknowledge_policy ( $self, $policy_key, $status, %option ) {
    return $self->_provision(
        [
            'Provision:Provision',
            [
                Policies => [
                    Policy => [ PolicyType => 'MS-EAS-Provisioning-WBXML' ],
                    [ PolicyKey => $policy_key ],
                    [ Status => $status ]
                ]
            ]
        ],
        policy_key => $policy_key,
        %option
    );
}

sub _provision ( $self, $tree, %option ) {
    my $interpret = sub ( $self, $answer ) {
        my $policy_key = $answer->text('Policies/Policy/PolicyKey');
        $self->{policy_key} = $policy_key if defined $policy_key;
        return {
            status => $answer->text('Provision:Status'),
            policy_status => $answer->text('Policies/Policy/Status'),
            policy_key => $policy_key,
            document => $answer->document,
        };
    };
    return $self->_call( 'Provision', {}, $interpret, tree => $tree, %option );
}

# Any Settings request; the trees are children of Settings. { status, document }
sub settings ( $self, $trees, %option ) {
    my $interpret = sub ( $self, $answer ) {
        return { status => $answer->text('Settings:Status'), document => $answer->document };
    };
    return $self->_call(
        'Settings', {}, $interpret,
        tree => [ 'Settings:Settings', @$trees ],
        %option
    );
}

# The status of setting the device information.
sub set_device_information ( $self, %information ) {
    my $result = $self->settings( [ $self->device_information(%information) ] );
    return $result->{document}->text('DeviceInformation/Status');
}

# { status, addresses, primary }
sub user_information ($self) {
    my $result = $self->settings( [ [ 'Settings:UserInformation', ['Get'] ] ] );
    my $user = $result->{document}->at('UserInformation');
    my ($addresses) = map { $user->at($_) // () } 'Get/Accounts/Account/EmailAddresses',
        'Get/EmailAddresses';
    return {
        status => $user->text('Status'),
        addresses => [ $addresses ? map { $_->text } $addresses->children('SMTPAddress') : () ],
        primary => $addresses && $addresses->text('PrimarySmtpAddress'),
        document => $result->{document},
    };
}

# --- folders ---

# Applies the hierarchy's changes to the client's own. { status, key, added, updated, deleted (ids),
# duplicates: ids added twice, answer }. key: another key than the remembered one.
sub folder_sync ( $self, %option ) {
    my $key = delete $option{key} // $self->{hierarchy_key};
    return $self->_call(
        'FolderSync', {},
        sub ( $self, $answer ) { $self->_apply_hierarchy( $answer, $key ) },
        tree => [ 'FolderHierarchy:FolderSync', [ SyncKey => $key ] ],
        %option
    );
}

sub _apply_hierarchy ( $self, $answer, $key ) {
    my $document = $answer->document;
    my $result = {
        status => $document->text('Status'),
        answer => $answer,
        added => [],
        updated => [],
        deleted => [],
        duplicates => []
    };
    return $result unless $result->{status} == 1;
    $result->{key} = $self->{hierarchy_key} = $document->text('SyncKey');
    $self->{folders} = {} if $key eq '0';
    my $changes = $document->at('Changes') // return $result;
    for my $change ( $changes->children ) {
        my $id = $change->text('ServerId') // next;
        if ( $change->tag eq 'Delete' ) {
            push @{ $result->{deleted} }, $id;
            delete $self->{folders}{$id};
            next;
        }
        my $is_add = $change->tag eq 'Add';
        push @{ $result->{duplicates} }, $id if $is_add && $self->{folders}{$id};
        push @{ $result->{ $is_add ? 'added' : 'updated' } }, $id;
        $self->{folders}{$id} = {
            id => $id,
            parent => $change->text('ParentId'),
            name => $change->text('DisplayName'),
            type => $change->text('Type')
        };
    }
    return $result;
}

# Changes of the hierarchy; an answer with success is applied to the client's own. key: another
# key than the remembered one. { status, key, id (of a new folder), answer }. parent: id, '0' for
# none; type: 12, a mail folder.
sub folder_create ( $self, $parent, $name, %option ) {
    my %folder = ( parent => $parent, name => $name, type => delete $option{type} // 12 );
    my $apply = sub ( $self, $result ) {
        my $id = $result->{id} = $result->{answer}->text('ServerId');
        $self->{folders}{$id} = { %folder, id => $id };
    };
    my @elements =
        ( [ ParentId => $parent ], [ DisplayName => $name ], [ Type => $folder{type} ] );
    return $self->_change_folder( 'FolderCreate', \@elements, $apply, %option );
}

sub folder_update ( $self, $id, $parent, $name, %option ) {
    my $apply = sub ( $self, $result ) {
        @{ $self->{folders}{$id} }{qw(parent name)} = ( $parent, $name );
    };
    my @elements = ( [ ServerId => $id ], [ ParentId => $parent ], [ DisplayName => $name ] );
    return $self->_change_folder( 'FolderUpdate', \@elements, $apply, %option );
}

sub folder_delete ( $self, $id, %option ) {
    my $apply = sub ( $self, $result ) { $self->_forget_folder($id) };
    return $self->_change_folder( 'FolderDelete', [ [ ServerId => $id ] ], $apply, %option );
}

sub _change_folder ( $self, $command, $elements, $apply, %option ) {
    my $key = delete $option{key} // $self->{hierarchy_key};
    my $interpret = sub ( $self, $answer ) {
        my $result = { status => $answer->text('Status'), answer => $answer };
        return $result unless $result->{status} == 1;
        $result->{key} = $self->{hierarchy_key} = $answer->text('SyncKey');
        $apply->( $self, $result );
        return $result;
    };
    return $self->_call(
        $command, {}, $interpret,
        tree => [ "FolderHierarchy:$command", [ SyncKey => $key ], @$elements ],
        %option
    );
}

# With everything below it.
sub _forget_folder ( $self, $id ) {
    delete $self->{folders}{$id};
    my @below = grep { $_->{parent} eq $id } values %{ $self->{folders} };
    $self->_forget_folder( $_->{id} ) for @below;
    return;
}

# The known folder of a type (MS-ASCMD 2.2.3.186.3: 2 Inbox, 3 Drafts, 4 Deleted, 5 Sent) or name.
sub folder_of_type ( $self, $type ) { return $self->_folder( type => $type ) }
sub folder_named ( $self, $name ) { return $self->_folder( name => $name ) }

sub _folder ( $self, $field, $value ) {
    my ($folder) = grep { $_->{$field} eq $value }
        map { $self->{folders}{$_} } sort keys %{ $self->{folders} };
    return $folder;
}

# The class of what is in a folder, by its type (MS-ASCMD 2.2.3.186.3): that of mail if it is unknown.
my %CLASS_OF = (
    ( map { $_ => 'Tasks' } 7, 15 ),
    ( map { $_ => 'Calendar' } 8, 13 ),
    ( map { $_ => 'Contacts' } 9, 14 ),
    ( map { $_ => 'Notes' } 10, 17 )
);

sub class_of_folder ( $self, $id ) {
    return $CLASS_OF{ ( $self->{folders}{$id} // {} )->{type} // '' } // 'Email';
}

# --- Ping ---

# heartbeat: seconds; folders: ids, or [ id, class ]; without either the body is empty and the
# server uses what it remembers. { status, folders (ids), heartbeat, max_folders }
sub ping ( $self, %option ) {
    my ( $heartbeat, $folders ) = delete @option{qw(heartbeat folders)};
    my @elements;
    push @elements, [ HeartbeatInterval => $heartbeat ] if defined $heartbeat;
    if ($folders) {
        my @folders = map { ref $_ ? $_ : [ $_, $self->class_of_folder($_) ] } @$folders;
        push @elements,
            [ Folders => map { [ Folder => [ Id => $_->[0] ], [ Class => $_->[1] ] ] } @folders ];
    }
    $option{tree} //= [ 'Ping:Ping', @elements ] if @elements;
    return $self->_call( 'Ping', {}, \&_ping_result, %option );
}

sub _ping_result ( $self, $answer ) {
    my $document = $answer->document // die "Ping: an empty response\n";
    return {
        status => $document->text('Status'),
        folders => [ map { $_->text } $document->all('Folders/Folder') ],
        heartbeat => $document->text('HeartbeatInterval'),
        max_folders => $document->text('MaxFolders'),
    };
}

# --- sending mail ---

# $mime: the message, bytes. save: keep a copy in Sent. client_id: from 14.0 on. Returns { status }:
# 1 for the empty response that means success.
sub send_mail ( $self, $mime, %option ) {
    return $self->_send( 'SendMail', undef, $mime, %option );
}

# $folder_id, $item_id: the message or event answered or forwarded, or undef and its LongId.
# replace_mime: the MIME is whole as it is. instance: InstanceId of one occurrence.
sub smart_reply ( $self, $folder_id, $item_id, $mime, %option ) {
    return $self->_send( 'SmartReply', [ $folder_id, $item_id ], $mime, %option );
}

sub smart_forward ( $self, $folder_id, $item_id, $mime, %option ) {
    return $self->_send( 'SmartForward', [ $folder_id, $item_id ], $mime, %option );
}

# Forwards an event to [ email => name, ... ], from 16.0 on. body: the elements of a Body.
sub forward_event ( $self, $folder_id, $item_id, $people, %option ) {
    my ( $client_id, $instance, $body ) = delete @option{qw(client_id instance body)};
    my @people = pairs(@$people);
    my $tree = [
        'ComposeMail:SmartForward',
        [ ClientId => $client_id // $self->new_client_id ],
        _source( $folder_id, $item_id, $instance ),
        [
            Forwardees => map { [ Forwardee => [ Name => $_->[1] ], [ Email => $_->[0] ] ] }
                @people
        ],
        ( $body ? [ 'AirSyncBase:Body' => @$body ] : () )
    ];
    return $self->_call( 'SmartForward', {}, \&_sent, tree => $tree, %option );
}

sub _source ( $folder_id, $item_id, $instance ) {
    return [ Source => [ LongId => $item_id ] ] if !defined $folder_id;
    return [
        Source => [ FolderId => $folder_id ],
        [ ItemId => $item_id ],
        ( defined $instance ? [ InstanceId => $instance ] : () )
    ];
}

sub _sent ( $self, $answer ) { return { status => $answer->text('Status') // 1 } }

sub _send ( $self, $command, $source, $mime, %option ) {
    my ( $save, $replace, $client_id, $instance ) =
        delete @option{qw(save replace_mime client_id instance)};
    my %request;
    if ( $self->{version} < 14 ) {
        my %parameters = ( SaveInSent => $save ? 'T' : 'F' );
        $parameters{LongId} = $source->[1] if $source && !defined $source->[0];
        @parameters{qw(CollectionId ItemId)} = @$source if $source && defined $source->[0];
        $parameters{Occurrence} = $instance if defined $instance;
        %request = (
            parameters => \%parameters,
            body => $mime,
            content_type => 'message/rfc822'
        );
    }
    else {
        $request{tree} = [
            "ComposeMail:$command",
            [ ClientId => $client_id // $self->new_client_id ],
            ( $source ? _source( @$source, $instance ) : () ),
            ( $save ? ['SaveInSentItems'] : () ),
            ( $replace ? ['ReplaceMime'] : () ),
            [ Mime => \$mime ]
        ];
    }
    return $self->_call( $command, {}, \&_sent, %request, %option );
}

1;
