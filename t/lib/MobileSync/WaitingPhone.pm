# A phone that does what it is told and nothing else: it waits, in a Ping or a hanging Sync, syncs
# what the answer names, and waits again. What it was not told of it never asks for, so that a lost
# wake-up shows as something that it lacks, and it counts the answers that named a change where
# there was none. Refused or cut off, it repeats. Never blocks for long: many live in one process.
package MobileSync::WaitingPhone;
use v5.36;
use List::Util qw(sum0);
use Time::HiRes qw(time);

use constant { RETRY => 0.2, ROUNDS => 1000 };
my @CHANGES = qw(adds changes deletes soft_deletes);

# What a connection may end with where the request may be sent again.
my $CUT = do {
    my $any = join '|', 'the connection ended', 'the connection is closed', 'cannot connect',
        'writing:', 'reading:';
    qr/^(?:$any)/;
};

# client: an EAS::Client. kind: 'ping' or 'sync'; kept: 1 to wait on the connection that is kept
# alive, 0 on one of its own each time; heartbeat: seconds.
sub new ( $class, %option ) {
    return bless {
        kind => 'ping',
        kept => 1,
        heartbeat => 3_000,
        %option,
        hierarchy => 'own',    # why FolderSync is to be done: who told it, or its 'own' idea
        todo => {},    # folder id => the same for Sync
        got => {},    # what Sync brought for it so far
        due => 0,
        count => {},
        false => [],
        problems => []
    }, $class;
}

# When there is something to do, undef while it waits; the socket that it waits for.
sub due ($self) { return $self->{http} ? undef : $self->{due} }
sub socket ($self) { return $self->{http} && $self->{http}{socket} }

sub _count ( $self, $what ) { return $self->{count}{$what}++ }

# What is to be done, then waits.
sub work ($self) {
    eval { $self->_work; 1 } or $self->_trouble($@);
    return;
}

sub _work ($self) {
    $self->_sync_folders if $self->{hierarchy};
    $self->_sync_folder($_) for sort keys %{ $self->{todo} };
    return if $self->{hierarchy};
    $self->_wait;
    return;
}

sub _trouble ( $self, $error ) {
    delete( $self->{http} )->close if $self->{http};
    $self->{due} = time + RETRY;
    if ( ref $error && $error->isa('EAS::Client::HTTPError') && $error->status == 503 ) {
        return $self->_count('refused');
    }
    $self->{client}->disconnect;
    return $self->_count('cut') if $error =~ $CUT;
    push @{ $self->{problems} }, "$error";
    return;
}

# --- synchronising ---

sub _false ( $self, $what ) {
    push @{ $self->{false} }, "$self->{client}{device_id}: $what";
    return;
}

sub _sync_folders ($self) {
    my $client = $self->{client};
    my $result = $client->folder_sync;
    if ( $result->{status} == 9 ) {
        $self->_count('resyncs');
        $client->{hierarchy_key} = '0';
        $result = $client->folder_sync;
    }
    die "FolderSync: Status $result->{status}\n" if $result->{status} != 1;
    $self->_false("the hierarchy, by $self->{hierarchy}")
        if $self->{hierarchy} ne 'own' && !grep {@$_} @$result{qw(added updated deleted)};
    $self->{hierarchy} = undef;
    delete $client->{collections}{$_}, delete $self->{todo}{$_} for @{ $result->{deleted} };
    $self->{todo}{$_} //= 'own'
        for grep { $client->collection($_)->{key} eq '0' } keys %{ $client->{folders} };
    return;
}

sub _sync_folder ( $self, $id ) {
    my $client = $self->{client};
    for ( 1 .. ROUNDS ) {
        my $first = $client->collection($id)->{key} eq '0';
        my $result = $client->sync( $id, ( $first ? () : ( window_size => 100 ) ) );
        $self->_take( $id, $result ) or return;
        next if $first || $result->{more};
        my $why = delete $self->{todo}{$id};
        my $got = delete $self->{got}{$id};
        $self->_false("folder $client->{folders}{$id}{name}") if $why eq 'told' && !$got;
        return;
    }
    die "Sync: no end\n";
}

# A collection's result. Returns 0 where the folder is gone.
sub _take ( $self, $id, $result ) {
    my $client = $self->{client};
    my $status = $result->{status};
    if ( $status == 12 ) {
        $self->{hierarchy} = "Sync of $client->{folders}{$id}{name}";
        delete $self->{todo}{$id};
        return 0;
    }
    if ( $status == 3 ) {
        $self->_count('resyncs');
        $client->reset_collection($id);
        $self->{todo}{$id} = 'own';
        return 1;
    }
    die "Sync: Status $status\n" if $status != 1;
    die "Sync: twice @{ $result->{duplicates} }\n" if @{ $result->{duplicates} };
    die "Sync: unknown @{ $result->{unknown} }\n" if @{ $result->{unknown} };
    $self->{got}{$id} += _brought($result);
    return 1;
}

sub _brought ($result) {
    return sum0 map { scalar @$_ } @$result{@CHANGES};
}

# --- waiting ---

sub _wait ($self) {
    my $client = $self->{client};
    my @folders = sort keys %{ $client->{folders} };
    my %wait =
        $self->{kind} eq 'ping'
        ? (
        call => $client->ping(
            heartbeat => $self->{heartbeat},
            folders => \@folders,
            lose => 'request'
        )
        )
        : (
        call => $client->sync(
            [ map { { id => $_ } } @folders ],
            heartbeat_interval => $self->{heartbeat},
            lose => 'request'
        )
        );
    my $http = $self->{kept} ? $client->connection : $client->open_connection;
    $http->write( $wait{call}{bytes} );
    @$self{qw(call http)} = ( $wait{call}, $http );
    $self->_count('waits');
    return;
}

# Vanishes and comes back.
sub shake ($self) {
    my $http = delete $self->{http} or return;
    $http->abort;
    $self->{client}->disconnect;
    $self->{due} = time;
    return $self->_count('hangups');
}

# Its socket is readable.
sub answered ($self) {
    return unless $self->{http}->readable;
    my $http = delete $self->{http};
    eval {
        my $response = $http->read_response;
        $http->close unless $self->{kept};
        my $result = $self->{client}->finish_call( $self->{call}, $response );
        $self->{kind} eq 'ping' ? $self->_ping_answered($result) : $self->_sync_answered($result);
        1;
    }
        or $self->_trouble($@);
    $self->{due} ||= time;
    return;
}

sub _ping_answered ( $self, $result ) {
    my $status = $result->{status};
    $self->_count("ping $status");
    if ( $status == 2 ) {
        die "Ping: Status 2 without folders\n" unless @{ $result->{folders} };
        $self->{todo}{$_} = 'told' for @{ $result->{folders} };
    }
    elsif ( $status == 7 ) { $self->{hierarchy} = 'Ping' }
    elsif ( $status != 1 ) { die "Ping: Status $status\n" }
    return;
}

sub _sync_answered ( $self, $result ) {
    $self->_count( $result->{empty} ? 'sync empty' : "sync $result->{status}" );
    return if $result->{empty};
    if ( $result->{status} == 12 ) {
        $self->{hierarchy} = 'a Sync that waited';
        return;
    }
    die "Sync that waits: Status $result->{status}\n" if $result->{status} != 1;
    my ( $brought, $other ) = ( 0, 0 );
    for my $id ( keys %{ $result->{collections} } ) {
        my $of = $result->{collections}{$id};
        $self->_take( $id, $of ) or $other++, next;
        $other++ if $of->{status} != 1;
        $brought += _brought($of);
        $self->{todo}{$id} //= 'own' if $of->{more};
        delete $self->{got}{$id} unless $of->{more};
    }
    $self->_false('a Sync that waited') unless $brought || $other;
    return;
}

# --- what it has ---

# What is not as it should be: { account => { folder's name => { subject => flags } } }. A list of
# a few differences.
sub differences ( $self, $mailboxes ) {
    my $client = $self->{client};
    my %wanted = %{ $mailboxes->{ $client->{user} } };
    my @wrong;
    for my $folder ( values %{ $client->{folders} } ) {
        my $wanted = delete $wanted{ $folder->{name} } // {};
        my $items = $client->items( $folder->{id} );
        my %has = map { ( $_->text('Email:Subject') // '' ) => _flags($_) } values %$items;
        for my $subject ( keys %{ { %has, %$wanted } } ) {
            my ( $here, $there ) = map { $_->{$subject} // 'not there' } \%has, $wanted;
            push @wrong, "$folder->{name}: $subject: '$here' should be '$there'"
                if $here ne $there;
        }
    }
    push @wrong, "$_: no such folder" for keys %wanted;
    return [ @wrong ? ( ( sort @wrong )[ 0 .. ( @wrong > 3 ? 2 : $#wrong ) ] ) : () ];
}

sub _flags ($item) {
    my $flagged = ( $item->text('Email:Flag/Status') // '' ) eq '2';
    return ( $flagged ? 'F' : '' ) . ( $item->text('Email:Read') ? 'S' : '' );
}

# Asks for everything, though nobody told it to. Returns what came that it lacked, as a text.
sub look ($self) {
    my $client = $self->{client};
    $self->shake;
    my @lacked = _told(
        hierarchy => $client->folder_sync,
        qw(added updated deleted)
    );
    for my $folder ( values %{ $client->{folders} } ) {
        push @lacked, _told( $folder->{name} => $client->sync( $folder->{id} ), @CHANGES );
    }
    return join ', ', @lacked;
}

sub _told ( $name, $result, @lists ) {
    return "$name: Status $result->{status}" if $result->{status} != 1;
    return map {"$name: $_ @{ $result->{$_} }"} grep { @{ $result->{$_} } } @lists;
}

sub report ($self) {
    return { map { $_ => $self->{$_} } qw(count false problems) };
}

1;
