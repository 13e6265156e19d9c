#!/usr/bin/perl
# covers: Sync ItemOperations
# Contacts as phones and other programs see them: every property both ways at every version, what is
# left out of a Change, photos, notes, cards of versions 2.1, 3.0 and 4.0.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(encode_base64 decode_base64);
use Test::More;
use EAS::Properties;
use MobileSync::Groupware;
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;
my $class = class_named('Contacts');

# The order of the elements is the phone's own; all but Picture, Categories, Children and Body.
my %full = (
    Anniversary => '2001-05-06T00:00:00.000Z',
    AssistantName => 'Ömer',
    AssistantPhoneNumber => '+49 30 1',
    Birthday => '1980-02-29T00:00:00.000Z',
    BusinessAddressCity => 'Berlin',
    BusinessAddressCountry => 'Deutschland',
    BusinessAddressPostalCode => '10115',
    BusinessAddressState => 'BE',
    BusinessAddressStreet => "Straße 1\nHof; links, \\",
    BusinessFaxNumber => '+49 30 2',
    BusinessPhoneNumber => '+49 30 3',
    Business2PhoneNumber => '+49 30 4',
    CarPhoneNumber => '+49 30 5',
    CompanyName => 'Firma; Söhne, & Co',
    Department => 'Einkauf',
    Email1Address => 'anna@example.org',
    Email2Address => 'anna2@example.org',
    Email3Address => 'anna3@example.org',
    FileAs => 'Chefetage',
    FirstName => 'Anna',
    Home2PhoneNumber => '+49 30 6',
    HomeAddressCity => 'Köln',
    HomeAddressCountry => 'Deutschland',
    HomeAddressPostalCode => '50667',
    HomeAddressState => 'NW',
    HomeAddressStreet => 'Domplatz 1',
    HomeFaxNumber => '+49 30 7',
    HomePhoneNumber => '+49 30 8',
    JobTitle => 'Leiterin',
    LastName => 'Schmidt',
    MiddleName => 'Maria',
    MobilePhoneNumber => '+49 30 9',
    OfficeLocation => 'Raum 1',
    OtherAddressCity => 'Wien',
    OtherAddressCountry => 'Österreich',
    OtherAddressPostalCode => '1010',
    OtherAddressState => 'W',
    OtherAddressStreet => 'Ring 1',
    PagerNumber => '+49 30 10',
    RadioPhoneNumber => '+49 30 11',
    Spouse => 'Bert',
    Suffix => 'jun.',
    Title => 'Dr.',
    WebPage => 'https://example.org/anna',
    YomiCompanyName => 'フィルマ',
    YomiFirstName => 'アンナ',
    YomiLastName => 'シュミット',
    AccountName => 'acct',
    CompanyMainPhone => '+49 30 12',
    CustomerId => 'c-1',
    GovernmentId => 'g-1',
    IMAddress => 'anna@im.example.org',
    IMAddress2 => 'anna@jabber.example.org',
    IMAddress3 => 'anna3',
    ManagerName => 'Chefin',
    MMS => '+49 30 13',
    NickName => 'Ännchen'
);

sub values_of ($item) {
    return {
        map { s/.*://r => $item->text($_) }
        grep { !/Picture|Categories|Children|Body$|NativeBodyType|WeightedRank/ } $item->names
    };
}

# A day is a day, whatever time stands behind it (MS-ASCNTC R999, R109001).
sub is_same_contact ( $item, $expected, $name ) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ( $got, $wanted ) = map {
        {%$_}
    } values_of($item), $expected;
    for my $fields ( $got, $wanted ) {
        $fields->{$_} =~ s/T.*// for grep { defined $fields->{$_} } qw(Anniversary Birthday);
    }
    return is_deeply( $got, $wanted, $name );
}

sub fresh ( $account, $version ) {
    my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
    return values %{ $phone->items($folder) };
}

each_version(
    $server,
    sub ( $version, $account ) {
        my $vdir = $server->vdir($account);
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my @all = map { ( $_ => $full{$_} ) } sort keys %full;
        my $id = add_item(
            $phone, $folder,
            contact(
                @all,
                Categories => [ 'Freunde', 'Schach, Go' ],
                Children => [ 'Cleo', 'Dario' ],
                Body => "Zeile 1\r\nZeile 2; ü"
            )
        );
        my ($item) = fresh( $account, $version );
        is_same_contact( $item, \%full, 'every property comes back' );
        is_deeply( tags_of( $class, $item ), [ 'Freunde', 'Schach, Go' ], 'categories' );
        is_deeply( [ map { $_->text } $item->property('Contacts:Children')->children ],
            [ 'Cleo', 'Dario' ], 'children' );
        is( $item->text('AirSyncBase:Body/Data') =~ s/\r\n/\n/gr, "Zeile 1\nZeile 2; ü", 'notes' );
        my ( $file, $card ) = has_file( $class, $vdir, 'Contacts', 'Schmidt' );
        like( $card, qr/\ABEGIN:VCARD\r\nVERSION:3\.0\r\n/, 'a vCard 3.0' );
        is( ( grep { length > 75 } split /\r\n/, $card ), 0, 'with lines of at most 75 octets' );

        # Left out, it is deleted where nothing is ghosted (MS-ASCMD R5906, R5912).
        my %less = %full;
        delete @less{qw(Spouse JobTitle HomeAddressCity IMAddress3 Email2Address)};
        $phone->sync(
            $folder,
            commands => [
                $phone->change_of( $id, contact( map { ( $_ => $less{$_} ) } sort keys %less ) )
            ]
        );
        ($item) = fresh( $account, $version );
        is_same_contact( $item, \%less, 'what a Change leaves out is gone' );
        is(
            $item->text('AirSyncBase:Body/Data') =~ s/\r\n/\n/gr,
            "Zeile 1\nZeile 2; ü",
            'but the notes (MS-ASCNTC R461)'
        );

        # Ghosted: what the phone does not support stays as it is.
        my ($ghost) = class_phone(
            $server, $class, $account, $version,
            device_id => 'GHOST',
            sync => { supported => [ ['Contacts:FirstName'], ['Contacts:JobTitle'] ] }
        );
        my $changed = $ghost->sync( $folder,
            commands => [ $ghost->change_of( $id, contact( FirstName => 'Anne' ) ) ] );
        is( $changed->{status}, 1, 'a phone with Supported' );
        ($item) = fresh( $account, $version );
        is_same_contact( $item, { %less, FirstName => 'Anne' }, 'the rest stays' );
        $ghost->sync( $folder,
            commands => [ $ghost->change_of( $id, contact( JobTitle => 'Chefin' ) ) ] );
        ($item) = fresh( $account, $version );
        my %now = ( %less, JobTitle => 'Chefin' );
        delete $now{FirstName};
        is_same_contact( $item, \%now, 'what it supports and leaves out is deleted' );
        my ($ghosts) = class_phone(
            $server, $class, $account, $version,
            device_id => 'GHOSTS',
            sync => { supported => [] }
        );
        $ghosts->sync( $folder,
            commands => [ $ghosts->change_of( $id, contact( Title => 'Prof.' ) ) ] );
        ($item) = fresh( $account, $version );
        is_same_contact( $item, { %now, Title => 'Prof.' }, 'an empty Supported: all are ghosted' );
        $ghosts->sync( $folder,
            commands => [ $ghosts->change_of( $id, contact( Title => '', Suffix => '' ) ) ] );
        ($item) = fresh( $account, $version );
        delete @now{qw(Title Suffix)};
        is_same_contact( $item, \%now, 'an emptied element is deleted' );
    }
);

subtest 'photos' => sub {
    my ( $phone, $folder ) = folder_phone( $server, CONTACTS, account => 'anna' );
    my $vdir = $server->vdir('anna');
    my $bytes = join '', map { chr( $_ * 7 % 256 ) } 1 .. 36_000;
    my $jpeg = "\xff\xd8\xff\xe0\0\x10JFIF\0" . substr $bytes, 0, 35_000;
    my $id = add_item( $phone, $folder,
        contact( LastName => 'Bild', FileAs => 'Bild', Picture => encode_base64( $jpeg, '' ) ) );
    my ($item) = fresh( 'anna', '16.1' );
    is( decode_base64( $item->text('Contacts:Picture') ), $jpeg, 'a picture comes back' );
    my ( $file, $card ) = has_file( $class, $vdir, 'Contacts', 'Bild' );
    like( $card, qr/^PHOTO[;:]/m, 'it is in the card' );
    my $add = $phone->add_of( 'large',
        contact( LastName => 'Groß', Picture => encode_base64( $bytes x 2, '' ) ) );
    is( $phone->sync( $folder, commands => [$add] )->{responses}{Add}[0]->text('Status'),
        6, 'more than 48 KB (MS-ASCNTC R384)' );
    my $result = $phone->sync(
        $folder,
        commands => [
            $phone->change_of(
                $id, contact( LastName => 'Bild', Picture => encode_base64( $bytes x 2, '' ) )
            )
        ]
    );
    is( $result->{responses}{Change}[0]->text('Status'), 6, 'nor as a Change' );
    is( ( has_file( $class, $vdir, 'Contacts', 'Bild' ) )[1], $card, 'which changes nothing' );

    # Another program stores what no phone may get: the contact comes without it, and keeps it.
    my $photo = 'PHOTO;ENCODING=b;TYPE=JPEG:' . encode_base64( $bytes x 10, '' );
    $vdir->write( 'Contacts', 'huge.vcf', $class->{blob}->( 'u-huge', 'Riesig', $photo ) );
    sync_until( $phone, $folder, sub ($seen) { @{ $seen->{adds} } } );
    my $huge = item_titled( $class, $phone, $folder, 'Riesig' );
    cmp_ok( length( $huge->text('Contacts:Picture') // '' ),
        '<=', 48 * 1024, 'a photo that is too large for phones' );
    $phone->sync( $folder,
        commands =>
            [ $phone->change_of( $huge->id, contact( LastName => 'Riesig', Title => 'X' ) ) ] );
    like( $vdir->content( 'Contacts', 'huge.vcf' ), qr/^PHOTO;/m, 'stays in the card' );
    $phone->sync(
        $folder,
        commands => [
            $phone->change_of(
                $id, contact( LastName => 'Bild', FileAs => 'Bild', Picture => '' )
            )
        ]
    );
    unlike( ( has_file( $class, $vdir, 'Contacts', 'Bild' ) )[1], qr/^PHOTO/m, 'one is deleted' );
};

subtest 'cards of other programs' => sub {
    $server->add_account('cards');
    my $vdir = $server->vdir('cards');
    $vdir->create('Contacts');
    $vdir->write( 'Contacts', 'old.vcf',
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=\r\n"
            . "=C3=B6rg;;;\r\nTEL;CELL:+49 1\r\nEMAIL;INTERNET:joerg\@example.org\r\nX-OLD;FOO:bar\r\nEND:VCARD\r\n"
    );
    $vdir->write( 'Contacts', 'new.vcf',
        "BEGIN:VCARD\nVERSION:4.0\nFN:Zoë Neu\nN:Neu;Zoë;;;\nTEL;VALUE=uri;TYPE=cell:tel:+49-2\n"
            . "item1.EMAIL;PREF=1:zoe\@example.org\nitem1.X-ABLabel:Verein\nBDAY:19900102\nRELATED;VALUE=text:x\nEND:VCARD\n"
            =~ s/ë/\xc3\xab/gr );
    my ( $phone, $folder ) = folder_phone( $server, CONTACTS, account => 'cards' );
    my $old = item_titled( $class, $phone, $folder, 'Müller' );
    is( $old->text('Contacts:FirstName'), 'Jörg', 'vCard 2.1 with quoted-printable' );
    is( $old->text('Contacts:MobilePhoneNumber'), '+49 1', 'its phone' );
    my $new = item_titled( $class, $phone, $folder, 'Neu' );
    is( $new->text('Contacts:Email1Address'), 'zoe@example.org', 'vCard 4.0' );
    like( $new->text('Contacts:Birthday'), qr/^1990-01-02T/, 'its birthday' );

    for my $item ( $old, $new ) {
        my @fields = map { ( s/.*://r => $item->text($_) ) }
            grep {/^Contacts2?:(?!Categories|Picture|JobTitle)/} $item->names;
        $phone->sync( $folder,
            commands =>
                [ $phone->change_of( $item->id, contact( @fields, JobTitle => 'Ärztin' ) ) ] );
    }
    my $card = $vdir->content( 'Contacts', 'old.vcf' );
    like( $card, qr/^VERSION:2\.1\r$/m, '2.1 stays 2.1' );
    like( $card, qr/^X-OLD;FOO:bar\r$/m, 'with what it had' );
    $card = $vdir->content( 'Contacts', 'new.vcf' );
    like( $card, qr/^VERSION:4\.0$/m, '4.0 stays 4.0' );
    like( $card, qr/^item1\.X-ABLabel:Verein$/m, 'its groups stay' );
    like( $card, qr/^RELATED;VALUE=text:x$/m, 'and all else' );
    like( $card, qr/^TITLE:\xc3\x84rztin$/m, 'with what was added' );
    unlike( $card, qr/\r/, 'and the line ends it had' );
};

$server->done;
done_testing;
