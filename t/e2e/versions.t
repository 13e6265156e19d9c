#!/usr/bin/perl
# covers: Sync FolderSync FolderCreate FolderUpdate FolderDelete GetItemEstimate MoveItems SendMail
# covers: SmartReply SmartForward ItemOperations GetAttachment Search Find ResolveRecipients
# covers: ValidateCert Settings Provision Ping
# Every command at every version: its answer when the first one was lost, and what is said where the
# request is none, and where the mailbox cannot be had.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::WBXML;
use MobileSync::Scenario;
use MobileSync::Server;

# The versions that have a request, where not all do.
my %versions = (
    GetAttachment => [12.1],
    Find => [16.1],
    'ItemOperations, a conversation moves' => [ 14.0, 14.1, 16.0, 16.1 ],
    map { $_ => [ 16.0, 16.1 ] } 'Sync, of Drafts', 'Sync, a draft'
);

my %draft = (
    tag => 'Add',
    client_id => 'd',
    properties => [ [ 'Email:Subject' => 'x' ] ]
);
my @policies = ( Policies => [ Policy => [ PolicyType => 'MS-EAS-Provisioning-WBXML' ] ] );
my @always = (
    tree => [
        'ItemOperations:ItemOperations',
        [
            Move => [ ConversationId => \'<conversation>' ],
            [ DstFldId => '<trash>' ],
            [ Options => ['MoveAlways'] ]
        ]
    ]
);

# What a phone asks: [ command and what for, the Statuses of the answer, the client's method, its
# arguments ]. They build on each other; <name> stands for what was learnt before.
my @requests = (
    [
        'Provision, no policy',
        '1 2',
        command => 'Provision',
        tree => [ 'Provision:Provision', \@policies ]
    ],
    [ 'Settings, UserInformation', '1 1', settings => [ [ 'Settings:UserInformation', ['Get'] ] ] ],
    [ 'Settings, DeviceInformation', '1 1', settings => [ information( Model => 'x' ) ] ],
    [ 'Settings, DevicePassword', '1 7', settings => [ set( DevicePassword => Password => 'x' ) ] ],
    [ 'Settings, Oof Set', '1 1', settings => [ set( Oof => OofState => 0 ) ] ],
    [
        'Settings, Oof Get',
        '1 1', settings => [ [ 'Settings:Oof', [ Get => [ BodyType => 'Text' ] ] ] ]
    ],
    [ 'FolderSync, key 0', '1', 'folder_sync' ],
    [ 'FolderCreate, a folder', '1', folder_create => '0', 'Work' ],
    [ 'FolderUpdate, another name', '1', folder_update => '<work>', '<trash>', 'Old' ],
    [ 'FolderDelete, a folder', '1', folder_delete => '<work>' ],
    [ 'Sync, key 0', '1', sync => '<inbox>' ],
    [ 'GetItemEstimate, the Inbox', '1', get_item_estimate => ['<inbox>'] ],
    [ 'Sync, its items', '1', sync => '<inbox>' ],
    [ 'ItemOperations, an item', '1 1', fetch_item => '<inbox>', '<item>' ],
    [ 'ItemOperations, in parts', '1 1', fetch_item => '<inbox>', '<item>', multipart => 1 ],
    [ 'ItemOperations, an attachment', '1 1', fetch_attachment => '<file>', range => '1-3' ],
    [ 'GetAttachment, an attachment', '', get_attachment => '<file>' ],
    [ 'Search, mail', '1 1', search_text => 'enclosed', body => [ { type => 1 } ] ],
    [ 'Search, people', '1 1', search_people => 'bo' ],
    [ 'Find, mail', '1 1', find => 'from:bert' ],
    [ 'Find, people', '1 1', find_people => 'bo' ],
    [ 'ResolveRecipients, a name', '1 1', resolve => ['bo'] ],
    [
        'ValidateCert, none',
        '1 10',
        command => 'ValidateCert',
        tree => [ 'ValidateCert:ValidateCert', [ Certificates => [ Certificate => 'none' ] ] ]
    ],
    [ 'SendMail, a message', '', send_mail => message('sent'), save => 1 ],
    [ 'SmartReply, a message', '', smart_reply => '<inbox>', '<item>', message('re'), save => 1 ],
    [
        'SmartForward, a message', '',
        smart_forward => '<inbox>',
        '<item>', message('fw'), save => 1
    ],
    [ 'Sync, of Drafts', '1', sync => '<drafts>' ],
    [ 'Sync, a draft', '1 1', sync => '<drafts>', commands => [ \%draft ] ],
    [ 'ItemOperations, a conversation moves', '1 1', command => 'ItemOperations', @always ],
    [ 'MoveItems, a message', '3', move_items => [ [ '<other>', '<inbox>', '<trash>' ] ] ],
    [ 'ItemOperations, an empty folder', '1 1', empty_folders => [ { folder => '<trash>' } ] ],
);

sub set ( $property, @element ) { return [ "Settings:$property", [ Set => [@element] ] ] }
sub information (@element) { return set( DeviceInformation => @element ) }

sub message ($subject) {
    return simple_mail(
        from => 'anna@example.org',
        to => 'bo@example.org',
        subject => "$subject <version>",
        headers => [ [ 'Message-ID' => "<$subject.<version>\@phone>" ] ]
    );
}

# Those that the version has.
sub requests ($version) {
    return grep {
        my $has = $versions{ $_->[0] } // $versions{ command_of($_) };
        !$has || grep { $_ == $version } @$has
    } @requests;
}
sub command_of ($request) { return $request->[0] =~ s/,.*//r }

# Puts in what was learnt.
sub fill ( $at, $value ) {
    return [ map { fill( $at, $_ ) } @$value ] if ref $value eq 'ARRAY';
    return { map { $_ => fill( $at, $value->{$_} ) } keys %$value } if ref $value eq 'HASH';
    return \fill( $at, $$value ) if ref $value;
    return $value =~ s/<(\w+)>/$at->{$1}/gr;
}

# The call, which is not made yet.
sub call ( $phone, $at, $request ) {
    my ( undef, undef, $method, @arguments ) = @$request;
    return $phone->$method( @{ fill( $at, \@arguments ) }, lose => 'request' );
}

# Every Status of an answer, in order.
sub statuses ($node) {
    return '' unless $node;
    return $node->text if $node->tag eq 'Status';
    return join ' ', grep {length} map { statuses($_) } $node->children;
}

# What later requests name.
sub learn ( $phone, $at ) {
    my %place = ( inbox => INBOX, trash => DELETED, drafts => DRAFTS );
    $at->{$_} //= ( $phone->folder_of_type( $place{$_} ) // {} )->{id} for keys %place;
    $at->{work} //= ( $phone->folder_named('Work') // {} )->{id};
    return if defined $at->{item} || !defined $at->{inbox} || !%{ $phone->items( $at->{inbox} ) };
    my $item = item_by_subject( $phone, $at->{inbox}, 'The file' );
    $at->{item} = $item->id;
    $at->{other} = item_by_subject( $phone, $at->{inbox}, 'Other' )->id;
    $at->{file} = $item->property('AirSyncBase:Attachments')->text('Attachment/FileReference');
    my $conversation = $item->property('Email2:ConversationId');
    $at->{conversation} = $conversation->bytes if $conversation;
    return;
}

my $with_file =
      "From: Bert <bert\@example.net>\nTo: anna\@example.org\nSubject: The file\n"
    . "Message-ID: <file\@example.net>\nMIME-Version: 1.0\n"
    . "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
    . "The file is enclosed.\n--b\nContent-Type: application/pdf\n"
    . "Content-Disposition: attachment; filename=a.pdf\n\n%PDF-1.4\n--b--\n";

my $server = MobileSync::Server->start( accounts => { map { $_ => 'secret' } qw(anna bo) } );

each_version(
    $server,
    sub ( $version, $account ) {
        my $box = $server->mailbox($account);
        $box->deliver($_)
            for $with_file, simple_mail( subject => 'Other', from => 'Bert <bert@example.net>' );
        my $phone = $server->client( account => $account, version => $version );
        my %at = ( version => $version );
        for my $request ( requests($version) ) {
            my ( $name, $statuses ) = @$request;
            my $call = call( $phone, \%at, $request );
            my ( $lost, $again ) = map { $phone->exchange( $call->{bytes} ) } 1, 2;
            is( $lost->status, 200, "$name: an answer" );
            my $answer = EAS::Client::Answer->new( $call, $lost );
            is( statuses( $answer->document ), $statuses, 'its Statuses' );
            is( $again->content, $lost->content, 'and to the repeat the same one' );
            is( $again->header('Content-Type'), $lost->header('Content-Type'), 'of the same type' );
            $phone->finish_call( $call, $again );
            learn( $phone, \%at );
        }
        my $subjects = sub ( $who, $folder = '' ) {
            my $theirs = $server->mailbox($who);
            my @all = map { $theirs->content( $_, $folder ) } keys %{ $theirs->messages($folder) };
            return [ sort map {/^Subject: ((?:sent|re|fw) \Q$version\E)\r?$/m} @all ];
        };
        my $sent = [ map {"$_ $version"} qw(fw re sent) ];
        is_deeply( $subjects->('bo'), $sent, 'what was sent arrived once' );
        is_deeply( $subjects->( $account, 'Sent' ), $sent, 'and was kept once' );
        is( scalar keys %{ $box->messages('Drafts') }, $version < 16 ? 0 : 1, 'one draft' );
        is( scalar keys %{ $box->messages }, $version < 14 ? 1 : 0, 'what moved is gone' );
        is( scalar keys %{ $box->messages('Trash') }, 0, 'and the folder that it moved to empty' );
    }
);

# What is no request: the Status, at 12.1 the HTTP code.
subtest 'no such requests' => sub {
    my $strange = EAS::WBXML::encode( [ 'Settings:Oof', ['Get'] ] );
    my @wrong = (
        [ 101, 'no document', body => '' ],
        [ 101, 'another content type', body => $strange, content_type => 'text/plain' ],
        [ 102, 'no WBXML', body => '<Sync/>' ],
        [ 103, 'a strange document', body => $strange ],
    );
    for my $version (VERSIONS) {
        my $phone = $server->client( version => $version );
        my %has = map { command_of($_) => 1 } requests($version);
        for my $command ( sort 'Ping', keys %has ) {
            for (@wrong) {
                my ( $status, $name, %request ) = @$_;
                next if $name eq 'no document' && $command =~ /^(?:Sync|Ping|Provision|GetAtt)/;
                my $answer = $phone->command( $command, %request );
                is(
                    $answer->status == 200 ? statuses( $answer->document ) : $answer->status,
                    $version < 14 ? 400 : $status,
                    "$version, $command: $name"
                );
            }
        }
        my $move = $phone->command( 'ItemOperations',
            @{ fill( { conversation => 'x' x 16, trash => 'x' }, \@always ) } );
        is( statuses( $move->document ), $version < 14 ? 2 : '1 156', 'Move since 14.0' );
    }
};

# An option of another operation is none of this one's.
subtest 'foreign options' => sub {
    my %operation = (
        Fetch => [ [ Store => 'Mailbox' ], [ 'AirSyncBase:FileReference', '1:1:1:2' ] ],
        EmptyFolderContents => [ [ 'AirSync:CollectionId', 'x' ] ],
        Move => [ [ ConversationId => \( 'x' x 16 ) ], [ DstFldId => 'x' ] ]
    );
    my %own = (
        Fetch => [ Range => '0-1' ],
        EmptyFolderContents => ['DeleteSubFolders'],
        Move => ['MoveAlways']
    );
    my %status = ( Fetch => '1 15', EmptyFolderContents => '1 6', Move => '1 156' );
    for my $version (VERSIONS) {
        my $phone = $server->client( version => $version );
        for my $name ( grep { $_ ne 'Move' || $version >= 14 } sort keys %operation ) {
            for my $option ( sort keys %own ) {
                my $answer = $phone->command(
                    'ItemOperations',
                    tree => [
                        'ItemOperations:ItemOperations',
                        [ $name => @{ $operation{$name} }, [ Options => $own{$option} ] ]
                    ]
                );
                is(
                    statuses( $answer->document ),
                    $name eq $option ? $status{$name} : '1 2',
                    "$version: $name with what is an option of $option"
                );
            }
        }
    }
};
$server->done;

# Where the mailbox cannot be had: the Statuses with the faults INTERNAL, DENIED and QUOTA, at 12.1
# the HTTP code in the place of those that are common to all commands. An outage is HTTP 503 for
# all, but for moves, each of which has its own Status.
my %trouble = (
    Sync => [ 5, 6, 9 ],
    FolderSync => [ 6, 130, 113 ],
    FolderCreate => [ 6, 3, 113 ],
    FolderUpdate => [ 6, 2, 113 ],
    FolderDelete => [ 6, 3, 113 ],
    GetItemEstimate => [ 110, 130, 113 ],
    ItemOperations => [ '1 3', '1 16', '1 3' ],
    'ItemOperations, a conversation moves' => [ ('1 154') x 3 ],
    GetAttachment => [ 110, 130, 113 ],
    Search => [ 3, '1 5', 3 ],
    Find => [ 110, 130, 113 ],
    ResolveRecipients => [ 6, 6, 6 ],
    Settings => [ 4, 3, 4 ],
    MoveItems => [ 5, 5, 5 ],
    map { $_ => [ 110, 120, 113 ] } qw(SendMail SmartReply SmartForward)
);
my %needs_no_mailbox = map { $_ => 1 } 'Provision, no policy', 'Settings, DeviceInformation',
    'Settings, DevicePassword', 'ValidateCert, none';
my %http = ( 110 => 500, 113 => 507, 120 => 500, 130 => 403 );
my %at = (
    inbox => '1',
    trash => '2',
    drafts => '3',
    work => '4',
    item => '1:1:1',
    other => '1:1:2',
    file => '1:1:1:2',
    conversation => 'x' x 16
);
for my $fault (qw(UNAVAILABLE INTERNAL DENIED QUOTA)) {
    my $failing = MobileSync::Server->start( backend => "fail driver=memory fail=open:1+:$fault" );
    $failing->allow_errors(qr/fails as planned/);
    my ($column) = grep { (qw(INTERNAL DENIED QUOTA))[$_] eq $fault } 0 .. 2;
    for my $version (VERSIONS) {
        my $phone = $failing->client( version => $version );
        for my $request ( requests($version) ) {
            my ( $name, $statuses ) = @$request;
            my $command = command_of($request);
            next if $name eq 'Sync, a draft';    # needs a key
            my $call = call( $phone, { %at, version => $version }, $request );
            my $answer = EAS::Client::Answer->new( $call, $phone->exchange( $call->{bytes} ) );
            my $expected =
                  $needs_no_mailbox{$name} ? $statuses
                : defined $column ? ( $trouble{$name} // $trouble{$command} )->[$column]
                : $command eq 'MoveItems' ? 7
                : 503;
            $expected = $http{$expected} // $expected if $version < 14;
            is( $answer->status == 200 ? statuses( $answer->document ) : $answer->status,
                $expected, "$fault, $version, $name" );
            ok( $answer->header('Retry-After'), 'which says when to come again' )
                if $expected eq '503';
        }
    }
    $failing->done;
}

# One fault at each time that the mailbox is opened: what else a Fetch can come to.
my @faults = (
    [ TIMEOUT => 3 ],
    [ TOO_LARGE => 11 ],
    [ GONE => 12 ],
    [ CORRUPT => 14 ],
    [ CONVERSION => 14 ],
    [ AUTH => 18 ],
    [ NOT_FOUND => 6 ]
);
my $times = 0;
my $faulty = MobileSync::Server->start(
    processes => 1,
    backend => join ' ',
    'fail driver=memory',
    map {
        $times++;
        map {"fail=open:$_:$faults[ $times - 1 ][0]"} map { $_ * @faults + $times } 0 .. 4
    } @faults
);
$faulty->allow_errors(qr/fails as planned/);
for my $version (VERSIONS) {
    my $phone = $faulty->client( version => $version );
    is( $phone->fetch_item( '1', '1:1:1' )->{status}, $_->[1], "Fetch, $version: $_->[0]" )
        for @faults;
}
$faulty->done;
done_testing;
