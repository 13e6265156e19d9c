#!/usr/bin/perl
# covers: Search
# Searching contacts, tasks, notes and events, alone and together with mail.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MobileSync::Process qw(wait_until);
use MobileSync::Scenario;
use MobileSync::Server;
use MobileSync::Vdir;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;
my $vdir = $server->vdir;
my $day = 'DTSTART:20260301T090000Z';

# class => { type: of its folder; title: the property that shows it; made: an item of that name }
my %classes = (
    Contacts => {
        type => 9,
        title => 'Contacts:FileAs',
        made => sub ( $name, @lines ) { MobileSync::Vdir::vcard( "c-$name", $name, @lines ) }
    },
    Tasks => { type => 7, title => 'Tasks:Subject', made => component('VTODO') },
    Notes => { type => 10, title => 'Notes:Subject', made => component('VJOURNAL') },
    Calendar => { type => 8, title => 'Calendar:Subject', made => component( 'VEVENT', $day ) }
);

sub component ( $component, @always ) {
    return sub ( $name, @lines ) {
        return MobileSync::Vdir::component( $component, "$component-$name", $name, @always,
            @lines );
    };
}

deliver_mail( $server->mailbox, 'Xylophone by mail', time => time - 86_400, body => "zither\n" );
my $first = $server->client( device_id => 'FIRST' );
$first->folder_sync;
my @served = grep { $first->folder_of_type( $classes{$_}{type} ) } sort keys %classes;
is( "@served", 'Calendar Contacts Notes Tasks', 'folders of every class' );
for my $class (@served) {
    my $folder = $first->folder_of_type( $classes{$class}{type} )->{name};
    my ( $ending, $text ) = $class eq 'Contacts' ? qw(vcf NOTE) : qw(ics DESCRIPTION);
    $vdir->write( $folder, "one.$ending",
        $classes{$class}{made}->( "Xylophone $class", "$text:zither\\nbanjö", 'CATEGORIES:lute' ) );
    $vdir->write( $folder, "two.$ending", $classes{$class}{made}->("Other $class") );
}

for my $version (VERSIONS) {
    subtest $version => sub {
        my $phone = $server->client( version => $version );
        $phone->folder_sync;
        my @here = grep { $_ ne 'Notes' || $version >= 14 } @served;
        my $search = sub ( $text, $classes, @more ) {
            my $found = $phone->search(
                [ ( map { [ 'AirSync:Class', $_ ] } @$classes ), [ FreeText => $text ], @more ] );
            is( $found->{status}, 1, "$text in @$classes" );
            is( $found->{total}, scalar @{ $found->{results} }, 'Total' );
            return join ' ', sort map { $_->{class} } @{ $found->{results} };
        };
        for my $class (@here) {
            my $folder = $phone->folder_of_type( $classes{$class}{type} )->{id};
            my $found = $phone->search(
                [ [ 'AirSync:Class', $class ], [ FreeText => 'xylo' ] ],
                body => [ { type => 1, truncation_size => 6 } ]
            );
            is( scalar @{ $found->{results} }, 1, "one of $class" ) or next;
            my $result = $found->{results}[0];
            is( $result->{class}, $class, 'its Class' );
            is( $result->{folder}, $folder, 'its folder' );
            like( $result->{properties}->text( $classes{$class}{title} ), qr/$class/, 'its title' );
            is( $result->{properties}->text('AirSyncBase:Body/Data'), 'zither', 'its text' );
            is( $phone->item_operations( [ { long_id => $result->{long_id} } ] )->[0]{status},
                1, 'ItemOperations takes the LongId' );
            is( $search->( $_, [$class] ), $class, "by $_" ) for 'banjo', 'lute', 'subject:xylo';
        }
        my @all = sort 'Email', @here;
        is( $search->( 'zither', [] ), "@all", 'without a Class: all' );
        is( $search->( 'zither', [qw(Contacts Email)] ), 'Contacts Email', 'two classes' );
        is(
            $search->(
                'zither', [],
                [ LessThan => ['Email:DateReceived'], [ Value => '2100-01-01T00:00:00.000Z' ] ]
            ),
            'Email',
            'only mail is received'
        );
        is( $search->( 'isread:false zither', [] ), 'Email', 'and read' );
        is( $search->( 'zither', ['SMS'] ), '', 'there are no short messages' ) if $version >= 14;
        is(
            $phone->search( [ [ 'AirSync:Class', 'Notes' ], [ FreeText => 'x' ] ] )->{status},
            $version < 14 ? 2 : 1,
            'Notes since 14.0'
        );
    };
}

subtest 'follows what other programs do' => sub {
    my $phone = $server->client;
    my $total = sub ($text) {
        return $phone->search( [ [ 'AirSync:Class', 'Contacts' ], [ FreeText => $text ] ] )
            ->{total};
    };
    my $folder = $first->folder_of_type(9)->{name};
    is( $total->('kazoo'), 0, 'not there yet' );
    $vdir->edit( $folder, 'two.vcf', qr/(?=END:VCARD)/, "ORG:Kazoo\r\n" );
    is( $total->('kazoo'), 1, 'changed' );
    $vdir->edit( $folder, 'two.vcf', qr/Kazoo/, 'Fiddle' );
    is( $total->('kazoo'), 0, 'changed again' );
    is( $total->('fiddle'), 1, 'found by what it is now' );
    $vdir->delete( $folder, 'two.vcf' );
    wait_until( 'it to be gone', sub { !$total->('fiddle') } );
    pass('deleted');
};

$server->done;
done_testing;
