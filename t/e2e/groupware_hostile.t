#!/usr/bin/perl
# covers: Sync
# What no phone should send of contacts, events, tasks and notes: it is refused or stored as the
# text that it is, ends no process, and what was there stays.
use v5.36;
use utf8;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Properties;
use MobileSync::Groupware;
use MobileSync::Scenario;
use MobileSync::Server;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $server = MobileSync::Server->start;

# Texts that would be something else in a file if they got there as they are.
my @texts = (
    "x\r\nEMAIL:evil\@example.net", "x\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Evil",
    "x\nEND:VTODO\nEND:VCALENDAR", "x\r\n folded",
    'x;y,z\\n\\;\\,:"^n^\'', 'é' x 200,
    "e\x{301}" x 100, '=0D=0A=3D',
    "\x{feff}x\x{2028}y\x{2029}z\x{85}", "\x{1F4A9}" x 100,
    'a' x 100_000, "tab\tand  spaces  inside",
    '&amp;<b>x</b>]]>', "\x{202e}x"
);

each_class(
    $server,
    sub ( $class, $version, $account ) {
        my $vdir = $server->vdir($account);
        my $collection = $class->{collection};
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my $ask = sub (@commands) { return $phone->sync( $folder, commands => \@commands ) };
        my %kept_as;
        for my $number ( 0 .. $#texts ) {
            my $add = $phone->add_of( "t$number", $class->{data}->( $texts[$number] ) );
            my $response = $ask->($add)->{responses}{Add}[0];
            my $status = $response ? $response->text('Status') : 'none';
            ok( $status == 1 || $status == 6, "text $number: Status $status" );
            $kept_as{ $response->text('ServerId') } = $texts[$number] if $status == 1;
        }
        my ( $fresh, $same ) = class_phone( $server, $class, $account, $version );
        my $items = $fresh->items($same);
        is( scalar keys %$items, scalar keys %kept_as, 'each is one item' );
        is( scalar( my @files = $vdir->files($collection) ), scalar keys %kept_as, 'and one file' );
        for my $id ( sort keys %kept_as ) {
            my ( $got, $sent ) =
                map { ( $_ // '' ) =~ s/\r\n?|\n/ /gr =~ s/\s+/ /gr }
                $items->{$id} ? $items->{$id}->text( $class->{title} ) : '', $kept_as{$id};
            is( substr( $got, 0, 60 ), substr( $sent, 0, 60 ), 'the same text' );
        }
        my $contents = $vdir->contents($collection);
        my @evil = grep {/^(?:EMAIL|FN):[Ee]vil/m} values %$contents;
        is( scalar @evil, 0, 'no text became a property' );
        my @objects = grep { ( () = /^BEGIN:(?:VCARD|VCALENDAR)\r?$/mg ) != 1 } values %$contents;
        is( scalar @objects, 0, 'nor an object' );
        my @long = grep {
            grep { length > 77 }
                split /\n/
        } values %$contents;
        is( scalar @long, 0, 'long lines are folded' );
        $ask->( map { $phone->delete_of($_) } keys %kept_as );

        # --- what is no item ---
        my $id = add_item( $phone, $folder, $class->{data}->( 'There', 'x' ) );
        my ( undef, $before ) = has_file( $class, $vdir, $collection, 'There' );
        my $namespace = $class->{title} =~ s/:.*//r;
        my @strange = (
            [],
            [ [ 'Email:Subject', 'of another class' ] ],
            [ [ "$namespace:Categories", [ Category => [ Category => 'deep' ] ] ] ],
            [ [ "$namespace:Categories", map { [ Category => "c$_" ] } 1 .. 1000 ] ],
            [ map { [ $class->{title}, "again $_" ] } 1 .. 50 ],
            [ [ 'AirSyncBase:Body', [ Type => 9 ], [ Data => 'x' ] ] ],
            [ [ 'AirSyncBase:Body', [ Data => 'x' ] ] ],
            [ ['AirSyncBase:Body'] ],
            [ [ 'AirSyncBase:Body', [ Type => 3 ], [ Data => 'no RTF' ] ] ],
            [ [ 'AirSyncBase:Body', [ Type => 2 ], [ Data => '<p' x 5000 ] ] ],
            [ [ $class->{title}, [ 'AirSyncBase:Type', 'inside' ] ] ],
            [ [ $class->{title}, \"\xff\xfe\x80" ] ]
        );
        for my $number ( 0 .. $#strange ) {
            my @properties = @{ $strange[$number] };
            for my $command (
                $phone->add_of( "s$number", @properties ),
                $phone->change_of( $id, @properties )
                )
            {
                my $result = eval { $ask->($command) };
                my $status = $result ? $result->{status} : ref $@ ? $@->status : $@;
                like( $status, qr/^(?:1|4|6|10[0-9]|400)$/, "$command->{tag} $number" );
                $phone->disconnect unless $result;
            }
        }
        my $result = $ask->( $phone->change_of( $id, $class->{data}->( 'There', 'y' ) ) );
        is( $result->{status}, 1, 'it goes on' );
        my ( undef, $content ) = has_file( $class, $vdir, $collection, 'There' );
        is_deeply( tags_in($content), ['y'], 'and the item can be changed' );
        ( $fresh, $same ) = class_phone( $server, $class, $account, $version );
        is(
            scalar keys %{ $fresh->items($same) },
            scalar( @files = $vdir->files($collection) ),
            'every item can be given'
        );

        # --- of others ---
        my $inbox = $phone->folder_of_type(INBOX)->{id};
        $phone->initial_sync($inbox);
        my $response = $phone->sync( $inbox,
            commands => [ $phone->add_of( 'm', $class->{data}->('In the Inbox') ) ] );
        is(
            ( $response->{responses}{Add} // [] )->[0]
                && $response->{responses}{Add}[0]->text('Status'),
            6,
            'no folder for it'
        );
        $response =
            $phone->sync( $folder,
            commands => [ $phone->change_of( "$id", [ 'Email:Read', 1 ] ) ] );
        is( $response->{status}, 1, 'a property of mail' );
        $phone->{validate} = 0;    # what is no id is not echoed, though the schema has it

        for my $odd ( "$folder:1:999999", 'nonsense', '', "$folder:1:-1", 'x' x 100 ) {
            my $gone = $phone->sync( $folder,
                commands => [ $phone->change_of( $odd, $class->{data}->('Odd') ) ] );
            my $answer = ( $gone->{responses}{Change} // [] )->[0];
            ok( $gone->{status} != 1 || $answer && $answer->text('Status') =~ /^(?:4|6|8)$/,
                "no item is called '@{[ substr $odd, 0, 20 ]}'" );
        }
    },
    qw(12.1 16.1)
);

$server->allow_errors(qr/is quarantined/);
$server->done;
done_testing;
