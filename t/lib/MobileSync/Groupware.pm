# The classes of items that are no mail, for tests that hold for each of them: a row each, and what
# phones and other programs do with it.
#
#   each_class( $server, sub ($class, $version, $account) { ... } );   # a subtest for each pair
#
# An item has a title (unique in its folder), and tags, which are its categories: what tests change.
package MobileSync::Groupware;
use v5.36;
use Exporter 'import';
use Test::More;
use EAS::Properties;
use MobileSync::Scenario;
use MobileSync::Vdir;

our @EXPORT =
    qw(each_class class_named class_phone titles tags_of item_titled has_file kept tags_in in_step
    kept_line);

# A line of another program that no phone knows.
use constant kept_line => 'X-OTHER-PROGRAM;X-PARAMETER="a:b":kept\, as it is';

# name: airsync:Class. type, own: of the default folder and of others. since: the first version.
# collection: where the default folder is. title, categories: elements. data: what a phone sends of
# an item, all of it. blob: what another program writes.
my @CLASSES = (
    {
        name => 'Contacts',
        type => CONTACTS,
        own => OWN_CONTACTS,
        since => '12.1',
        collection => 'Contacts',
        extension => 'vcf',
        title => 'Contacts:LastName',
        categories => 'Contacts:Categories',
        data => sub ( $title, @tags ) {
            contact(
                FileAs => $title,
                FirstName => 'Anna',
                LastName => $title,
                ( @tags ? ( Categories => \@tags ) : () )
            );
        },
        blob => sub ( $uid, $title, @lines ) {
            MobileSync::Vdir::vcard( $uid, "Anna $title", @lines );
        }
    },
    {
        name => 'Tasks',
        type => TASKS,
        own => OWN_TASKS,
        since => '12.1',
        collection => 'Tasks',
        extension => 'ics',
        title => 'Tasks:Subject',
        categories => 'Tasks:Categories',
        data => sub ( $title, @tags ) {
            task(
                Subject => $title,
                Importance => 1,
                Complete => 0,
                Sensitivity => 0,
                ( @tags ? ( Categories => \@tags ) : () )
            );
        },
        blob => sub ( $uid, $title, @lines ) {
            MobileSync::Vdir::component( 'VTODO', $uid, $title, @lines );
        }
    },
    {
        name => 'Calendar',
        type => CALENDAR,
        own => OWN_CALENDAR,
        since => '12.1',
        collection => 'Calendar',
        extension => 'ics',
        title => 'Calendar:Subject',
        categories => 'Calendar:Categories',
        data => sub ( $title, @tags ) {
            event(
                AllDayEvent => 0,
                BusyStatus => 2,
                DtStamp => '20260301T000000Z',
                EndTime => '20300301T110000Z',
                Sensitivity => 0,
                Subject => $title,
                StartTime => '20300301T100000Z',
                MeetingStatus => 0,
                ( @tags ? ( Categories => \@tags ) : () )
            );
        },
        blob => sub ( $uid, $title, @lines ) {
            MobileSync::Vdir::component( 'VEVENT', $uid, $title, 'DTSTART:20300301T100000Z',
                'DTEND:20300301T110000Z', @lines );
        }
    },
    {
        name => 'Notes',
        type => NOTES,
        own => OWN_NOTES,
        since => '14.0',
        collection => 'Notes',
        extension => 'ics',
        title => 'Notes:Subject',
        categories => 'Notes:Categories',
        data => sub ( $title, @tags ) {
            note(
                Subject => $title,
                MessageClass => 'IPM.StickyNote',
                ( @tags ? ( Categories => \@tags ) : () ),
                Body => "About $title"
            );
        },
        blob => sub ( $uid, $title, @lines ) {
            MobileSync::Vdir::component( 'VJOURNAL', $uid, $title, @lines );
        }
    }
);

sub class_named ($name) {
    return ( grep { $_->{name} eq $name } @CLASSES )[0];
}

# A subtest for each class at each version that has it (all, unless some are named), each with an
# account of its own: $code->( class, version, account ). MOBILESYNC_CLASSES names some classes.
sub each_class ( $server, $code, @versions ) {
    my $some = $ENV{MOBILESYNC_CLASSES} // '.';
    for my $version ( @versions ? @versions : VERSIONS ) {
        for my $class ( grep { $version >= $_->{since} && $_->{name} =~ $some } @CLASSES ) {
            my $account = lc( $class->{name} ) . $version =~ tr/.//dr;
            $server->add_account($account) unless $server->has_account($account);
            subtest "$class->{name} at $version" => sub { $code->( $class, $version, $account ) };
        }
    }
    return;
}

# A phone with the default folder of the class: the phone and the folder's id.
sub class_phone ( $server, $class, $account, $version, %option ) {
    return folder_phone(
        $server, $class->{type},
        account => $account,
        version => $version,
        %option
    );
}

# --- on the phone ---

# Titles of the items that a phone holds of a folder, sorted.
sub titles ( $class, $phone, $folder ) {
    return [ sort map { $_->text( $class->{title} ) // '' } values %{ $phone->items($folder) } ];
}

# The one item with the title.
sub item_titled ( $class, $phone, $folder, $title ) {
    return item_with( $phone, $folder, $class->{title}, $title );
}

# Its tags, sorted.
sub tags_of ( $class, $item ) {
    my $categories = $item->property( $class->{categories} ) // return [];
    return [ sort map { $_->text } $categories->children ];
}

# --- on the disk ---

# The files' titles, sorted, with their tags as in "title [tag tag]".
sub kept ( $class, $vdir, $collection ) {
    return [ sort map { _described( $class, $_ ) } values %{ $vdir->contents($collection) } ];
}

sub _described ( $class, $content ) {
    utf8::decode($content);
    my $unfolded = $content =~ s/\r?\n[ \t]//gr;
    my ($title) = $unfolded =~ (
        $class->{extension} eq 'vcf' ? qr/^N:((?:[^;\\]|\\.)*);/m : qr/^SUMMARY[^:]*:(.*?)\r?$/m );
    my @tags = @{ tags_in($content) };
    return ( $title // '' ) =~ s/\\(.)/$1/gr . ( @tags ? " [@tags]" : '' );
}

# Categories in a file's content, sorted.
sub tags_in ($content) {
    my $unfolded = $content =~ s/\r?\n[ \t]//gr;
    return [ sort map { split /,/ } $unfolded =~ /^CATEGORIES[^:]*:(.*?)\r?$/mg ];
}

# A file of the collection has the title, once. Returns its name and content.
sub has_file ( $class, $vdir, $collection, $title ) {
    return $vdir->find( $collection, qr/^(?:N|SUMMARY):\Q$title\E/m );
}

# The phone, asked for changes until nothing comes, has what is on the disk, titles and tags.
sub in_step ( $class, $phone, $folder, $vdir, $collection, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $wanted = kept( $class, $vdir, $collection );
    my $held;
    my $end = time + PATIENCE;
    do {
        $phone->sync_until_done($folder);
        $held = [
            sort map {
                my @tags = @{ tags_of( $class, $_ ) };
                ( $_->text( $class->{title} ) // '' ) . ( @tags ? " [@tags]" : '' )
            } values %{ $phone->items($folder) }
        ];
    } while "@$held" ne "@$wanted" && time < $end && select( undef, undef, undef, 0.1 ) == 0;
    is_deeply( $held, $wanted, $name );
    is_deeply( $phone->collection($folder)->{duplicates}, [], "$name: nothing came twice" );
    return;
}

1;
