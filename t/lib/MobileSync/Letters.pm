# Plain letters told apart by their subjects, and whether a phone holds what a Maildir holds.
#
#   deliver_letters( $box, 'first', 20 );              # "first 1" ... "first 20"
#   my $phone = new_phone($server);                    # folders and Inbox synced
#   in_step( $phone, $box, 'after the storm' );        # Syncs to the end and compares
package MobileSync::Letters;
use v5.36;
use Exporter 'import';
use Test::More ();
use MobileSync::Process qw(wait_until);

our @EXPORT_OK = qw(letter deliver_letters new_phone inbox letter_ids held kept in_step
    insist);

use constant { EVENTUALLY => 30, INSISTING => 90 };
use constant OPTIONS => { filter_type => 0, body => [ { type => 1, truncation_size => 200 } ] };

# The bytes of a letter.
sub letter ( $subject, %option ) {
    my $body = $option{body} // "This is $subject.\n";
    return "From: Eve <eve\@example.org>\nTo: anna\@example.org\nSubject: $subject\n"
        . "Date: Mon, 01 Jan 2024 10:00:00 +0000\nMessage-ID: <"
        . $subject =~ tr{ }{.}r
        . "\@example.org>\n\n$body";
}

# Letters with a common name, numbered from 1; options as MobileSync::Mailbox::deliver. Returns
# their names in the Maildir.
sub deliver_letters ( $box, $name, $count, %option ) {
    return map { $box->deliver( letter("$name $_"), %option ) } 1 .. $count;
}

# A phone that has synced its folders and its Inbox. Options of MobileSync::Server::client, and
# options: those of the Inbox's Syncs.
sub new_phone ( $server, %option ) {
    my $options = delete $option{options} // OPTIONS;
    my $phone = $server->client(%option);
    my $status = $phone->folder_sync->{status};
    die "FolderSync: Status $status\n" if $status != 1;
    $phone->initial_sync( inbox($phone), options => $options );
    return $phone;
}

sub inbox ($phone) { return $phone->folder_of_type(2)->{id} }

# ServerIds of the letters with this name, in the order of their numbers.
sub letter_ids ( $phone, $name, $folder_id = inbox($phone) ) {
    my $items = $phone->items($folder_id);
    my %number_of;
    for my $id ( keys %$items ) {
        $number_of{$id} = $1 if $items->{$id}->text('Email:Subject') =~ /^\Q$name\E (\d+)$/;
    }
    return sort { $number_of{$a} <=> $number_of{$b} } keys %number_of;
}

# What the phone holds, a line for each item: "subject [read] [flagged]", sorted.
sub held ( $phone, $folder_id = inbox($phone) ) {
    my @lines;
    for my $item ( values %{ $phone->items($folder_id) } ) {
        my $flag = $item->text('Email:Flag/Status') // 0;
        push @lines,
            _line( $item->text('Email:Subject'), $item->text('Email:Read') eq '1', $flag eq '2' );
    }
    return [ sort @lines ];
}

# What the Maildir holds, as held() has it.
sub kept ( $box, $folder = '' ) {
    my @lines;
    for my $name ( keys %{ $box->messages($folder) } ) {
        my ($subject) = $box->content( $name, $folder ) =~ /^Subject: (.*)$/m;
        my $flags = $box->flags( $name, $folder );
        push @lines, _line( $subject, scalar $flags =~ /S/, scalar $flags =~ /F/ );
    }
    return [ sort @lines ];
}

sub _line ( $subject, $read, $flagged ) {
    return join ' ', $subject, ( $read ? '[read]' : () ), ( $flagged ? '[flagged]' : () );
}

# One test: the phone Syncs until there is no more, and then holds exactly what the Maildir holds,
# nothing of it received twice. id, folder: another one than the Inbox. eventually: Syncs until
# it is so; that a message is gone can be told only some time after another program removed it,
# and after an outage a child may still answer 503.
sub in_step ( $phone, $box, $name, %option ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $id = $option{id} // inbox($phone);
    my ( $held, $kept, $fault );
    my $is_same = sub {
        $fault = eval { $phone->sync_until_done( $id, window_size => 50 ); 1 } ? '' : $@;
        return !$option{eventually} if length $fault;
        ( $held, $kept ) = ( held( $phone, $id ), kept( $box, $option{folder} // '' ) );
        return "@$held" eq "@$kept";
    };
    eval { wait_until( 'the phone to be in step', $is_same, EVENTUALLY ) } if $option{eventually};
    $is_same->();
    return Test::More::ok( 0, "$name: $fault" ) if length $fault;
    return Test::More::is_deeply( $held, $kept, $name ) || do {
        my %in = ( phone => { map { $_ => 1 } @$held }, maildir => { map { $_ => 1 } @$kept } );
        Test::More::diag("only on the phone: $_") for grep { !$in{maildir}{$_} } @$held;
        Test::More::diag("only in the Maildir: $_") for grep { !$in{phone}{$_} } @$kept;
        0;
    };
}

# Repeats a call until it is neither refused, nor put off, nor lost.
sub insist ( $phone, $call ) {
    my $result;
    wait_until(
        'an answer',
        sub {
            $result = eval { $phone->repeat($call) } // return 0;
            return ref $result ne 'HASH' || ( $result->{status} // 0 ) != 16;
        },
        INSISTING
    );
    return $result;
}

1;
