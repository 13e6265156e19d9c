# What end-to-end tests begin with: an account with mail and a phone that knows its folders.
package MobileSync::Scenario;
use v5.36;
use Exporter 'import';
use Test::More;
use EAS::WBXML ();
use MobileSync::Mail;
use MobileSync::Mail::Mime qw(encoded_words mail_date);

our @EXPORT = qw(
    VERSIONS PATIENCE INBOX DRAFTS DELETED SENT TASKS CALENDAR CONTACTS NOTES
    OWN_CALENDAR OWN_CONTACTS OWN_TASKS OWN_NOTES
    each_version phone_with_mail synced_phone folder_phone add_item item_with item_by_subject subjects
    simple_mail deliver_mail wait_for_change sync_until device_path
    refused_with is_refused refusal is_held_back
);

# Folder types, MS-ASCMD 2.2.3.186.3.
use constant { INBOX => 2, DRAFTS => 3, DELETED => 4, SENT => 5 };
use constant { TASKS => 7, CALENDAR => 8, CONTACTS => 9, NOTES => 10 };
use constant { OWN_CALENDAR => 13, OWN_CONTACTS => 14, OWN_TASKS => 15, OWN_NOTES => 17 };

# Seconds that something may take that must happen: an end for a test that fails, no measure.
use constant PATIENCE => 60;

# Of the protocol.
use constant VERSIONS => qw(12.1 14.0 14.1 16.0 16.1);

# A subtest per protocol version (all, unless some are named), each with an account of its own:
# $code->( version, account ).
sub each_version ( $server, $code, @versions ) {
    for my $version ( @versions ? @versions : VERSIONS ) {
        my $account = 'v' . $version =~ tr/.//dr;
        $server->add_account($account) unless $server->has_account($account);
        subtest $version => sub { $code->( $version, $account ) };
    }
    return;
}

# A phone that did FolderSync, of an account whose Inbox has generated mail. account, version;
# count (0); kinds (of MobileSync::Mail, well-formed ones unless given); anything else goes to
# EAS::Client. Returns the phone, the id of its Inbox, and what was filled in (see
# MobileSync::Mail::fill).
sub phone_with_mail ( $server, %option ) {
    my $account = $option{account} //= 'anna';
    my $count = delete $option{count} // 0;
    my $kinds = delete $option{kinds} // [qw(plain html alternative attachments thread)];
    my $mail = MobileSync::Mail->new( seed => $account, kinds => $kinds, newest => time - 600 );
    my @filled = $mail->fill( $server->mailbox($account), $count, corpora => 0 );
    my $phone = $server->client(%option);
    my $status = $phone->folder_sync->{status};
    die "FolderSync: Status $status\n" if $status != 1;
    return ( $phone, $phone->folder_of_type(INBOX)->{id}, @filled );
}

# A phone_with_mail that has its Inbox, of an account of its own unless one is named. Returns the
# phone, the id of its Inbox, and its account.
sub synced_phone ( $server, %option ) {
    state $accounts = 0;
    my $account = $option{account} // 'user' . ++$accounts;
    $server->add_account($account) unless $server->has_account($account);
    my ( $phone, $inbox ) = phone_with_mail( $server, count => 3, %option, account => $account );
    $phone->initial_sync($inbox);
    return ( $phone, $inbox, $account );
}

# A phone with an empty or full folder of a type, synchronised (options as of EAS::Client::sync under
# sync). account; anything else goes to EAS::Client. Returns the phone and the folder's id.
sub folder_phone ( $server, $type, %option ) {
    my %sync = %{ delete $option{sync} // {} };
    my $phone = $server->client(%option);
    my $status = $phone->folder_sync->{status};
    die "FolderSync: Status $status\n" if $status != 1;
    my $folder = $phone->folder_of_type($type) // die "there is no folder of type $type\n";
    $phone->initial_sync( $folder->{id}, %sync );
    return ( $phone, $folder->{id} );
}

# The one item of a folder whose text is that; dies unless there is just one.
sub item_with ( $phone, $folder, $path, $text ) {
    my @items = grep { ( $_->text($path) // '' ) eq $text } values %{ $phone->items($folder) };
    die @items . " items with $path '$text'\n" unless @items == 1;
    return $items[0];
}

# Adds an item; its ServerId. Dies unless it is taken.
sub add_item ( $phone, $folder, @properties ) {
    my $add = $phone->add_of( $phone->new_client_id, @properties );
    my $response = $phone->sync( $folder, commands => [$add] )->{responses}{Add}[0];
    my $status = $response ? $response->text('Status') : 'none';
    die "Add: Status $status\n" if $status ne '1';
    return $response->text('ServerId');
}

# Where administrators find the phone, or what is below it: names for MobileSync::Admin.
sub device_path ( $phone, @more ) {
    return [ 'accounts', $phone->{user}, 'devices', $phone->{device_id}, @more ];
}

# What a phone is told in place of what it asked: a Status over 100, or an HTTP code; 0: it is served.
sub refused_with ($code) {
    my $result = eval { $code->() };
    my $error = $@;
    return $error->status if ref $error;
    die $error if $error;
    my $status = $result->{status} // 1;
    return $status > 100 ? $status : 0;
}

# What 12.1, which has no such Status, is told in its place (MS-ASHTTP 2.2.2.1.1).
my %HTTP_OF = ( 129 => 403, 139 => 403, 145 => 403, 177 => 403, map { $_ => 449 } 140, 142 .. 144 );

# The phone is told the Status, or what stands for it at its version.
sub is_refused ( $phone, $status, $code, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is( refused_with($code), $phone->{version} < 14 ? $HTTP_OF{$status} : $status, $name );
}

# The response whose HTTP error a command ends with; undef if it has none.
sub refusal ($code) {
    return undef if eval { $code->(); 1 };
    return ref $@ ? $@->response : die $@;
}

# A response (undef: the command was answered) tells to come back later.
sub is_held_back ( $response, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return fail("$name: it is answered") unless $response;
    is( $response->status, 503, "$name: 503" );
    cmp_ok( scalar( $response->header('Retry-After') ) // 0, '>', 0, 'with Retry-After' );
    return;
}

# A plain message, bytes. from, to, subject, body (characters), headers: [ name, value ] ...
sub simple_mail (%option) {
    my @headers = (
        [ From => $option{from} // 'Bert <bert@example.net>' ],
        [ To => $option{to} // 'anna@example.org' ],
        [ Subject => encoded_words( $option{subject} // 'A message' ) ],
        [ Date => mail_date( $option{time} // time ) ],
        @{ $option{headers} // [] },
        [ 'Content-Type' => 'text/plain; charset=utf-8' ],
    );
    my $body = $option{body} // "Text.\n";
    utf8::encode($body);
    return join( '', map {"$_->[0]: $_->[1]\r\n"} @headers ) . "\r\n" . $body =~ s/\r?\n/\r\n/gr;
}

# Delivers a simple_mail into a MobileSync::Mailbox: folder, flags as of its deliver(); time is that of
# the arrival, too; anything else as of simple_mail. Returns its unique name.
sub deliver_mail ( $box, $subject, %option ) {
    my %where = map { $_ => delete $option{$_} } grep { exists $option{$_} } qw(folder flags);
    $where{time} = $option{time} if defined $option{time};
    return $box->deliver( simple_mail( subject => $subject, %option ), %where );
}

# A Ping of a phone that is under way, for its Inbox unless folders are named; it ends with a change.
sub wait_for_change ( $phone, @folders ) {
    @folders = $phone->folder_of_type(INBOX)->{id} unless @folders;
    return $phone->ping( heartbeat => 3_000, folders => \@folders, async => 1 );
}

# Syncs a folder until the condition holds of what came: $condition->( { adds, changes, deletes,
# soft_deletes }: ids ). A Maildir is not a database: what another program did to it may show only
# at a second look, so that a message which is being renamed is not taken for a deleted one.
# Returns what came; dies where it does not come.
sub sync_until ( $phone, $folder, $condition, %option ) {
    my %seen = map { $_ => [] } qw(adds changes deletes soft_deletes);
    my $end = time + PATIENCE;
    while (1) {
        my $result = $phone->sync( $folder, %option );
        die "Sync: Status $result->{status}\n" if $result->{status} != 1;
        push @{ $seen{$_} }, @{ $result->{$_} } for keys %seen;
        return \%seen if $condition->( \%seen );
        die "what should come with a Sync did not within @{[PATIENCE]} s\n" if time > $end;
        select undef, undef, undef, 0.1 unless $result->{more};
    }
}

# Subjects of the items that a phone holds of a folder, sorted.
sub subjects ( $phone, $folder ) {
    return [ sort map { $_->text('Email:Subject') // '' } values %{ $phone->items($folder) } ];
}

# The one mail with the subject; dies unless there is just one.
sub item_by_subject ( $phone, $folder, $subject ) {
    return item_with( $phone, $folder, 'Email:Subject', $subject );
}

1;
