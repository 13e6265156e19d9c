# Shows the main job as a person would follow it: a phone that gets, reads, awaits and answers mail,
# downloads a file, searches, forwards, and syncs contacts and events both ways. Dies where the phone does not get
# what it should.
package MobileSync::Demo;
use v5.36;
use utf8;
use Encode ();
use POSIX ();
use Time::HiRes ();
use EAS::Autodiscover;
use EAS::Client;
use EAS::Properties;
use MobileSync::Mail::Mime qw(attachment encoded_words entity mail_date multipart png text_part);
use MobileSync::Vdir;

use constant {
    INBOX => 2,
    SENT => 5,
    CONTACTS => 9,
    CALENDAR => 8,
    WIDTH => 76,
    WINDOW => 50,
    # Guards against a demonstration that waits for ever, no promises.
    PING_PATIENCE => 60,
    HEARTBEAT => 120,
};

# client, friend: EAS::Clients of the account and of the one that writes to it. box, friend_box: their
# MobileSync::Mailboxes; vdir: the account's MobileSync::Vdir; address, friend_address. count: how many messages the Inbox has.
sub new ( $class, %option ) { return bless {%option}, $class }

sub run ($self) {
    $self->_discover;
    $self->_greet;
    $self->_list_folders;
    $self->_fetch_inbox;
    $self->_open_message;
    my $subject = $self->_await_mail;
    $self->_download;
    $self->_answer($subject);
    $self->_forward( $self->_search );
    $self->_sync_contacts;
    $self->_sync_events;
    return;
}

# --- telling ---

sub _say ( $self, $text = '' ) { return print Encode::encode( 'UTF-8', "$text\n" ) }

sub _step ( $self, $title ) {
    $self->{step}++;
    return $self->_say("\n$self->{step}. $title");
}

sub _tell ( $self, $text ) { return $self->_say("     $text") }

# Columns that a text takes on a terminal.
sub _columns ($text) {
    my $wide = () = $text =~ /[\p{East_Asian_Width=Wide}\p{East_Asian_Width=Fullwidth}]/g;
    my $none = () = $text =~ /[\p{Mn}\p{Me}\p{Cf}]/g;
    return length($text) + $wide - $none;
}

# On one line, cut to so many columns.
sub _shorten ( $text, $width ) {
    $text =~ s/\s+/ /g;
    return $text if _columns($text) <= $width;
    $text =~ s/\X\z// while _columns($text) >= $width;
    return "$text…";
}

sub _padded ( $text, $width ) {
    my $short = _shorten( $text, $width );
    return $short . ' ' x ( $width - _columns($short) );
}

# Milliseconds since a time, for the curious.
sub _since ($start) { return sprintf '%.0f ms', 1000 * ( Time::HiRes::time() - $start ) }

# --- steps ---

sub _discover ($self) {
    $self->_step("The phone knows $self->{address} and looks for its server (Autodiscover)");
    my $found = EAS::Autodiscover->new( $self->{client} )->xml( $self->{address} );
    die "Autodiscover: HTTP $found->{http}\n" if $found->{http} != 200;
    die 'Autodiscover: ', $found->{message} // 'there is no URL', "\n" unless $found->{url};
    $self->_tell("$found->{address} syncs with $found->{url}");
    return;
}

sub _greet ($self) {
    $self->_step('It asks what the server can do (OPTIONS)');
    my $options = $self->{client}->options;
    $self->_tell( 'protocol versions: ' . join ', ', @{ $options->{versions} } );
    $self->_tell( 'commands: ' . _shorten( join( ', ', @{ $options->{commands} } ), WIDTH - 10 ) );
    my ($best) = sort { $b <=> $a } @{ $options->{versions} };
    die "the server names no protocol version\n" unless $best;
    $_->{version} = $best for @$self{qw(client friend)};
    $self->_tell("the phone speaks $best");
    return;
}

sub _list_folders ($self) {
    $self->_step('It asks for the folders (FolderSync)');
    my $client = $self->{client};
    my $result = $client->folder_sync;
    die "FolderSync: Status $result->{status}\n" if $result->{status} != 1;
    my @names =
        map { $_->{name} } sort { $a->{type} <=> $b->{type} } values %{ $client->{folders} };
    $self->_tell( join ', ', @names );
    $self->{inbox} = $client->folder_of_type(INBOX) // die "there is no Inbox\n";
    return;
}

sub _fetch_inbox ($self) {
    $self->_step("It fetches the $self->{inbox}{name} for the first time (Sync)");
    my ( $start, $total ) = ( Time::HiRes::time(), $self->{count} );
    my $progress = sub ( $result, $count ) {
        my $share = $total && $count < $total ? $count / $total : 1;
        my $bar = '#' x ( 40 * $share );
        my $line = sprintf '     [%-40s] %d of %d', $bar, $count, $total;
        print -t select ? "\r$line" : "$line\n";
    };
    local $| = 1;
    my $result = $self->{client}->initial_sync(
        $self->{inbox}{id},
        window_size => WINDOW,
        options => { filter_type => 0, body => [ { type => 1, truncation_size => 500 } ] },
        progress => $progress
    );
    print "\n" if -t select;
    die "the phone has $result->{items} messages, the mailbox $total\n"
        if $result->{items} != $total;
    $self->_tell( "$result->{items} messages in " . _since($start) . '; the newest:' );
    my @items = sort {
        ( $b->text('Email:DateReceived') // '' ) cmp( $a->text('Email:DateReceived') // '' )
    } values %{ $self->{client}->items( $self->{inbox}{id} ) };
    $self->{items} = \@items;
    $self->_tell( _line_of($_) ) for @items[ 0 .. ( @items > 5 ? 4 : $#items ) ];
    return;
}

sub _line_of ($item) {
    my $mark = ( $item->text('Email:Read') // 0 ) ? ' ' : '*';
    my $clip = $item->property('AirSyncBase:Attachments') ? '@' : ' ';
    my $from = ( $item->text('Email:From') // '' ) =~ s/\s*<[^>]*>//r =~ tr/"//dr;
    my $subject = _shorten( $item->text('Email:Subject') // '(no subject)', WIDTH - 28 );
    return "$mark$clip " . _padded( $from, 20 ) . " $subject";
}

# A message whose text did not come whole.
sub _open_message ($self) {
    $self->_step('It opens a long message in full (ItemOperations)');
    my @truncated =
        grep { ( $_->text('AirSyncBase:Body/Truncated') // 0 ) == 1 } @{ $self->{items} };
    my $item = ( @truncated, @{ $self->{items} } )[0] // die "there is no message\n";
    my $fetched =
        $self->{client}->fetch_item( $self->{inbox}{id}, $item->id, body => [ { type => 1 } ] );
    die "ItemOperations: Status $fetched->{status}\n" if $fetched->{status} != 1;
    my $text = Encode::decode( 'UTF-8', $fetched->{data} );
    my $part = $item->text('AirSyncBase:Body/Data') // '';
    die "the full text is shorter than its beginning\n" if length $text < length $part;
    $self->_tell( _line_of($item) );
    $self->_tell( sprintf 'it had %d characters of it and gets all %d:',
        length $part, length $text );
    my @lines = grep {/\S/} split /\n/, $text;
    $self->_tell( '| ' . _shorten( $_, WIDTH - 8 ) ) for grep {defined} @lines[ 0 .. 3 ];
    return;
}

sub _await_mail ($self) {
    $self->_step('It waits for mail (Ping); another program drops one into the Maildir');
    my $client = $self->{client};
    my $pending =
        $client->ping( heartbeat => HEARTBEAT, folders => [ $self->{inbox}{id} ], async => 1 );
    if ( $pending->is_ready(1) ) {
        my $early = $pending->result;
        die "the Ping did not wait: Status $early->{status}\n";
    }
    $self->_tell('the phone sleeps, the server holds its request');
    # told from those of earlier runs
    my $subject = POSIX::strftime( 'Lunch at the café? (%F %T)', localtime );
    my $start = Time::HiRes::time();
    $self->{box}->deliver( $self->_new_mail($subject) );
    $self->_tell("delivered: $subject");
    die "the Ping did not return\n" unless $pending->is_ready(PING_PATIENCE);
    my $result = $pending->result;
    die "Ping: Status $result->{status}\n" unless $result->{status} == 2;
    die "the Ping names another folder\n"
        unless grep { $_ eq $self->{inbox}{id} } @{ $result->{folders} };
    $self->_tell( 'the Ping returned ' . _since($start) . ' later: something new in the Inbox' );
    my $sync = $client->sync( $self->{inbox}{id}, window_size => WINDOW );
    die "Sync: Status $sync->{status}\n" if $sync->{status} != 1;
    my @new = map { $client->items( $self->{inbox}{id} )->{$_} } @{ $sync->{adds} };
    ( $self->{new_item} ) = grep { ( $_->text('Email:Subject') // '' ) eq $subject } @new;
    die "the Sync did not bring the new message\n" unless $self->{new_item};
    $self->_tell( 'the Sync brought, ' . _since($start) . ' after its delivery:' );
    $self->_tell( _line_of($_) ) for @new;
    return $subject;
}

# With a file, which the phone will download.
sub _new_mail ( $self, $subject ) {
    $self->{map} = png( 640, 480, map { int rand 256 } 1 .. 3 );
    my $text = text_part( 'plain', "Noon, at the usual place? It is on the map. – Bert\n",
        'utf-8', '8bit' );
    my ( $headers, $body ) = @{
        multipart(
            'mixed',
            sprintf( '=_%x.%x', time, $$ ),
            [ map { entity(@$_) } $text, attachment( 'image/png', 'map.png', $self->{map} ) ]
        )
    };
    return entity(
        [
            [ From => "Bert <$self->{friend_address}>" ],
            [ To => "Anna <$self->{address}>" ],
            [ Subject => encoded_words( $subject, 'utf-8', 'Q' ) ],
            [ Date => mail_date(time) ],
            [ 'Message-ID' => sprintf '<%d.%d@demo.example>', time, $$ ],
            [ 'MIME-Version' => '1.0' ],
            @$headers
        ],
        $body
    );
}

# The attachments of an item or of a search's result.
sub _files ($node) {
    return map { $_->children('Attachment') } $node->property('AirSyncBase:Attachments') // ();
}

sub _fetch_file ( $phone, $file ) {
    my $fetched = $phone->fetch_attachment( $file->text('FileReference') );
    die "fetching the attachment: Status $fetched->{status}\n" if $fetched->{status} != 1;
    return $fetched;
}

sub _download ($self) {
    $self->_step('It downloads the attachment (ItemOperations)');
    my ($file) = _files( $self->{new_item} );
    die "the new message has no attachment\n" unless $file;
    my $fetched = _fetch_file( $self->{client}, $file );
    $self->_tell(
        sprintf '%s, %s: %d bytes', $file->text('DisplayName'),
        $fetched->{content_type}, length $fetched->{data}
    );
    die "they are not the bytes that were attached\n" unless $fetched->{data} eq $self->{map};
    $self->_tell('each of them is the one that Bert attached');
    return;
}

sub _answer ( $self, $subject ) {
    $self->_step('It answers (SmartReply)');
    my $client = $self->{client};
    my $before = keys %{ $self->{friend_box}->messages };
    my $mime = join "\r\n", "From: Anna <$self->{address}>", "To: Bert <$self->{friend_address}>",
        'Subject: ' . encoded_words( "Re: $subject", 'utf-8', 'Q' ), 'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '',
        "Gladly!\r\n";
    my $result =
        $client->smart_reply( $self->{inbox}{id}, $self->{new_item}->id, $mime, save => 1 );
    die "SmartReply: Status $result->{status}\n" if $result->{status} != 1;
    my $after = $self->{friend_box}->messages;
    die "the reply did not arrive\n" unless keys %$after > $before;
    my ($arrived) =
        grep {/Gladly!/} map { $self->{friend_box}->content($_) } sort { $b cmp $a } keys %$after;
    die "the reply that arrived is another\n" unless defined $arrived;
    $self->_tell('the reply lies in the Inbox of Bert:');
    my ( undef, $body ) = split /\r?\n\r?\n/, $arrived, 2;
    $self->_tell( '| ' . _shorten( Encode::decode( 'UTF-8', $_ ), WIDTH - 8 ) )
        for grep { defined && /\S/ } ( split /\n/, $body )[ 0 .. 5 ];
    my $sent = $client->folder_of_type(SENT) // die "there is no Sent folder\n";
    $client->initial_sync( $sent->{id} );
    my @copies = grep { ( $_->text('Email:Subject') // '' ) eq "Re: $subject" }
        values %{ $client->items( $sent->{id} ) };
    die "there is no copy of the reply in $sent->{name}\n" unless @copies;
    $self->_tell("and a copy in $sent->{name}");
    return;
}

# Looks for a word of a message that has an attachment. Returns the result.
sub _search ($self) {
    my ( $wanted, $word );
    for my $item ( grep { _files($_) } @{ $self->{items} } ) {
        ($word) = ( $item->text('Email:Subject') // '' ) =~ /\b([A-Za-z]{5,})\b/a or next;
        $wanted = $item;
        last;
    }
    die "no message has an attachment and a subject\n" unless $wanted;
    $self->_step("It searches the mailbox for \"$word\" (Search)");
    my $start = Time::HiRes::time();
    my $found = $self->{client}->search_text( $word, range => '0-99' );
    die "Search: Status $found->{status}\n" if $found->{status} != 1;
    $self->_tell( "$found->{total} found in " . _since($start) . ':' );
    my @results = @{ $found->{results} };
    my ($hit) = grep { $_->{long_id} eq $wanted->id } @results;
    die "not the message that has the word in its subject\n" unless $hit;
    my @shown = grep {defined} ( $hit, grep { $_ != $hit } @results )[ 0 .. 2 ];
    $self->_tell( _shorten( $_->{properties}->text('Email:Subject') // '', WIDTH - 8 ) ) for @shown;
    return { %$hit, files => [ _files($wanted) ] };
}

# What was found, to Bert, whose phone then downloads what was attached to it.
sub _forward ( $self, $hit ) {
    $self->_step('It forwards the first of them (SmartForward)');
    my %before = %{ $self->{friend_box}->messages };
    my $subject = POSIX::strftime( 'Fwd: as we said (%F %T)', localtime );
    my $mime = join "\r\n", "From: Anna <$self->{address}>", "To: Bert <$self->{friend_address}>",
        "Subject: $subject", 'MIME-Version: 1.0', 'Content-Type: text/plain', '', "See below.\r\n";
    my $result = $self->{client}->smart_forward( undef, $hit->{long_id}, $mime, save => 1 );
    die "SmartForward: Status $result->{status}\n" if $result->{status} != 1;
    my @new = grep { !$before{$_} } keys %{ $self->{friend_box}->messages };
    die "the forwarded message did not arrive\n" unless @new == 1;
    $self->_tell(
        sprintf 'it lies in the Inbox of Bert: %d bytes',
        length $self->{friend_box}->content( $new[0] )
    );
    my $friend = $self->{friend};
    $friend->folder_sync;
    my $inbox = $friend->folder_of_type(INBOX)->{id};
    $friend->initial_sync( $inbox, options => { filter_type => 0, body => [ { type => 1 } ] } );
    my ($item) =
        grep { ( $_->text('Email:Subject') // '' ) eq $subject } values %{ $friend->items($inbox) };
    die "his phone does not get it\n" unless $item;
    my %sent = map { _fetch_file( $self->{client}, $_ )->{data} => 1 } @{ $hit->{files} };
    my ($file) = grep { $sent{ _fetch_file( $friend, $_ )->{data} } } _files($item);
    die "it came without its attachment\n" unless $file;
    $self->_tell( 'his phone downloads its attachment, '
            . _shorten( $file->text('DisplayName'), 30 )
            . ': the same bytes' );
    return;
}

# --- contacts and events ---

# What shows a folder of contacts or events: its id, its collection, and a sub that syncs it with commands.
# old: contents of earlier runs, which are removed.
sub _collection ( $self, $type, $old ) {
    my ( $client, $vdir ) = @$self{qw(client vdir)};
    my $folder = $client->folder_of_type($type) // die "there is no folder of type $type\n";
    my ( $id, $name ) = @$folder{qw(id name)};
    $vdir->delete( $name, $_ ) for grep { $vdir->content( $name, $_ ) =~ $old } $vdir->files($name);
    my $sync = sub (@commands) {
        my $result = $client->sync( $id, commands => \@commands );
        die "Sync of $name: Status $result->{status}\n" if $result->{status} != 1;
        return $result;
    };
    $client->initial_sync($id);
    return ( $id, $name, $sync );
}

# A card that another program puts there, one that the phone adds, and what is left of what phones do not
# know.
sub _sync_contacts ($self) {
    $self->_step('It syncs contacts, both ways (Sync)');
    my ( $client, $vdir ) = @$self{qw(client vdir)};
    my ( $id, $book, $sync ) = $self->_collection( CONTACTS, qr/^FN:(?:Ada|Grace) /m );
    my $card = MobileSync::Vdir::vcard(
        "grace-$$", 'Grace Hopper',
        'EMAIL;TYPE=WORK:grace@example.org', 'X-FAVOURITE-SHIP:Hopper'
    );
    $vdir->write( $book, 'grace.vcf', $card );
    my ($grace) = map { $client->items($id)->{$_} } @{ $sync->()->{adds} };
    die "the phone did not get the card\n"
        unless $grace && ( $grace->text('Contacts:FirstName') // '' ) eq 'Grace';
    $self->_tell(
        "a program writes $book/grace.vcf; the phone shows: " . join ' ',
        map { $grace->text("Contacts:$_") } qw(FirstName LastName Email1Address)
    );

    $sync->( $client->change_of( $grace->id, contact( MobilePhoneNumber => '+1 202 555 0143' ) ) );
    my $changed = $vdir->content( $book, 'grace.vcf' );
    my ($number) = $changed =~ /^(TEL\S*:\+1 202 555 0143)\r$/m;
    die "the file has not got the number:\n$changed" unless $number;
    die "the file has lost what the phone does not know:\n$changed"
        unless $changed =~ /^X-FAVOURITE-SHIP:Hopper\r$/m;
    $self->_tell("the phone adds a number; the file has $number");
    $self->_tell('and still what no phone knows: X-FAVOURITE-SHIP:Hopper');

    $sync->( $client->add_of( "ada$$", contact( FirstName => 'Ada', LastName => 'Lovelace' ) ) );
    my ($file) = $vdir->find( $book, qr/^FN:Ada Lovelace\r$/m );
    $self->_tell("the phone adds Ada Lovelace: $book/$file");
    return;
}

# An event of another program in a time zone, which the phone moves by an hour, and one that it adds.
sub _sync_events ($self) {
    $self->_step('It syncs events, both ways (Sync)');
    my ( $client, $vdir ) = @$self{qw(client vdir)};
    my ( $id, $calendar, $sync ) = $self->_collection( CALENDAR, qr/^SUMMARY:(?:Concert|Picnic)/m );
    $vdir->write(
        $calendar,
        'concert.ics',
        MobileSync::Vdir::zoned_event(
            "concert-$$", 'Concert', '20300704T1930', '20300704T2200', 'X-SEAT:Row 3'
        )
    );
    my ($concert) = map { $client->items($id)->{$_} } @{ $sync->()->{adds} };
    my @time = map { $concert && $concert->text("Calendar:$_") // '' } qw(StartTime EndTime);
    die "the phone shows the concert at @time\n"
        if "@time" ne '20300704T173000Z 20300704T200000Z';
    $self->_tell( "a program writes $calendar/concert.ics: 19:30 in Berlin, in summer; "
            . "the phone shows $time[0]" );

    $sync->(
        $client->change_of(
            $concert->id, event( StartTime => '20300704T183000Z', EndTime => '20300704T210000Z' )
        )
    );
    my $moved = $vdir->content( $calendar, 'concert.ics' );
    my ($start) = $moved =~ /^(DTSTART;TZID=Europe\/Berlin:20300704T203000)\r$/m;
    die "the file has not got the new time:\n$moved" unless $start;
    die "the file has lost what the phone does not know:\n$moved"
        unless $moved =~ /^X-SEAT:Row 3\r$/m && $moved =~ /^BEGIN:VTIMEZONE\r$/m;
    $self->_tell("the phone moves it by an hour; the file has $start");
    $self->_tell('and still what no phone knows: X-SEAT:Row 3');

    $sync->(
        $client->add_of(
            "picnic$$",
            event(
                AllDayEvent => 1,
                EndTime => '20300707T000000Z',
                StartTime => '20300706T000000Z',
                Subject => 'Picnic'
            )
        )
    );
    my ( $file, $picnic ) = $vdir->find( $calendar, qr/^SUMMARY:Picnic\r$/m );
    my ($day) = $picnic =~ /^(DTSTART;VALUE=DATE:20300706)\r$/m;
    die "the file is not of that day:\n$picnic" unless $day;
    $self->_tell("the phone adds a picnic, all day: $calendar/$file has $day");
    return;
}

1;
