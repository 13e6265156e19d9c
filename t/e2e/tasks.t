#!/usr/bin/perl
# covers: Sync GetItemEstimate
# Tasks at every version: dates with their UTC twins, reminders, recurrences, what completing one of a
# series does, and the filter of those that are not complete, with tasks that other programs complete.
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

use constant INCOMPLETE => 8;    # FilterType, MS-ASCMD R3034

my $server = MobileSync::Server->start;
my $class = class_named('Tasks');

sub fresh ( $account, $version, $title ) {
    my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
    return item_titled( $class, $phone, $folder, $title );
}

my %dated = (
    UtcStartDate => '2026-03-01T23:00:00.000Z',
    StartDate => '2026-03-02T00:00:00.000Z',
    UtcDueDate => '2026-03-04T23:00:00.000Z',
    DueDate => '2026-03-05T00:00:00.000Z'
);

each_version(
    $server,
    sub ( $version, $account ) {
        my $vdir = $server->vdir($account);
        my ( $phone, $folder ) = class_phone( $server, $class, $account, $version );
        my %full = (
            Subject => 'Äpfel, Birnen; kaufen',
            Importance => 2,
            Sensitivity => 2,
            Complete => 0,
            ReminderSet => 1,
            ReminderTime => '2026-03-05T08:00:00.000Z',
            %dated
        );
        my $id = add_item(
            $phone, $folder,
            task(
                Body => "Zeile 1\r\nZeile 2",
                ( map { ( $_ => $full{$_} ) } sort keys %full ),
                Categories => [ 'Haus', 'Garten, hinten' ]
            )
        );
        my $item = fresh( $account, $version, $full{Subject} );
        is( $item->text("Tasks:$_") =~ s/[-:]|\.000//gr, $full{$_} =~ s/[-:]|\.000//gr, $_ )
            for sort keys %full;
        is_deeply( tags_of( $class, $item ), [ 'Garten, hinten', 'Haus' ], 'categories' );
        is( $item->text('AirSyncBase:Body/Data') =~ s/\r\n/\n/gr, "Zeile 1\nZeile 2", 'body' );

        # --- completed ---
        my $change = sub (@fields) {
            my $result =
                $phone->sync( $folder, commands => [ $phone->change_of( $id, task(@fields) ) ] );
            return $result->{responses}{Change}[0];
        };
        $change->(
            Subject => $full{Subject},
            Complete => 1,
            DateCompleted => '2026-03-03T12:00:00.000Z',
            %dated
        );
        my ( undef, $content ) = $vdir->find( 'Tasks', qr/^SUMMARY:\xc3\x84pfel/m );
        like( $content, qr/^STATUS:COMPLETED\r$/m, 'completed, as other programs see' );
        like( $content, qr/^COMPLETED:20260303T120000Z\r$/m, 'and when' );
        $item = fresh( $account, $version, $full{Subject} );
        is( $item->text('Tasks:Complete'), 1, 'and other phones' );
        like( $item->text('Tasks:DateCompleted'), qr/^2026-?03-?03T/, 'and when' );
        is( $item->text('Tasks:Importance'), 2, 'Importance stays (MS-ASTASK R369)' );
        is( $item->text('Tasks:ReminderSet'), 1, 'ReminderSet, too (R370)' );
        $change->( Subject => $full{Subject}, Complete => 0, %dated );
        is( fresh( $account, $version, $full{Subject} )->text('Tasks:Complete'), 0,
            'opened again' );

        # --- refused ---
        my $status = sub (@fields) {
            my $add = $phone->add_of( $phone->new_client_id, task( Subject => 'No', @fields ) );
            my $response = $phone->sync( $folder, commands => [$add] )->{responses}{Add}[0];
            return $response->text('Status');
        };
        my @start = ( Start => '2026-03-02T00:00:00.000Z' );
        is( $status->( Complete => 0, ReminderSet => 2 ), 6, 'ReminderSet 2 (R252)' );
        is( $status->( Complete => 0, Recurrence => [ Type => 0 ] ), 6, 'no Start (R37011)' );
        is( $status->( Complete => 0, Recurrence => \@start ), 6, 'no Type (R289)' );
        is( $status->( Complete => 0, Recurrence => [ Type => 1, @start, DayOfMonth => 3 ] ),
            6, 'DayOfMonth of a week (R132)' );
        is( $status->( Complete => 0, DueDate => 'tomorrow' ), 6, 'no date' );
        is_deeply( [ grep {/No/} @{ titles( $class, $phone, $folder ) } ], [], 'nothing is made' );
        is( scalar( my @files = $vdir->files('Tasks') ), 1, 'at all' );

        # --- recurrences ---
        my %rule = (
            'every other day' => [ Type => 0, @start, Interval => 2, Occurrences => 5 ],
            'weekly' => [ Type => 1, @start, Interval => 1, DayOfWeek => 10 ],
            'monthly' => [ Type => 2, @start, Interval => 1, DayOfMonth => 2 ],
            'monthly, the last Friday' =>
                [ Type => 3, @start, Interval => 1, DayOfWeek => 32, WeekOfMonth => 5 ],
            'yearly' => [ Type => 5, @start, DayOfMonth => 2, MonthOfYear => 3 ]
        );
        for my $name ( sort keys %rule ) {
            my %wanted = @{ $rule{$name} };
            my $task = add_item( $phone, $folder,
                task( Subject => $name, Complete => 0, %dated, Recurrence => $rule{$name} ) );
            my $recurrence = fresh( $account, $version, $name )->property('Tasks:Recurrence');
            ok( $recurrence, "$name: recurs" ) or next;
            is( $recurrence->text($_), $wanted{$_}, $_ )
                for grep { !/Start|Interval/ } sort keys %wanted;
        }
    }
);

subtest 'one of a series is completed' => sub {
    $server->add_account('series');
    my $vdir = $server->vdir('series');
    my ( $phone, $folder ) = folder_phone( $server, TASKS, account => 'series' );
    my $id = add_item(
        $phone, $folder,
        task(
            Subject => 'Water',
            Complete => 0,
            %dated,
            Recurrence => [
                Type => 1,
                Start => '2026-03-02T00:00:00.000Z',
                Interval => 1,
                DayOfWeek => 2
            ]
        )
    );
    my $result = $phone->sync(
        $folder,
        lose => 1,
        commands => [
            $phone->change_of(
                $id,
                task(
                    Subject => 'Water',
                    Complete => 1,
                    DateCompleted => '2026-03-03T12:00:00.000Z',
                    %dated,
                    Recurrence => [
                        Type => 1,
                        Start => '2026-03-02T00:00:00.000Z',
                        Interval => 1,
                        DayOfWeek => 2,
                        DeadOccur => 1
                    ]
                )
            ),
            $phone->add_of(
                'next',
                task(
                    Subject => 'Water',
                    Complete => 0,
                    UtcStartDate => '2026-03-08T23:00:00.000Z',
                    StartDate => '2026-03-09T00:00:00.000Z',
                    UtcDueDate => '2026-03-11T23:00:00.000Z',
                    DueDate => '2026-03-12T00:00:00.000Z',
                    Recurrence => [
                        Type => 1,
                        Start => '2026-03-09T00:00:00.000Z',
                        Interval => 1,
                        DayOfWeek => 2
                    ]
                )
            )
        ]
    );
    is( $phone->repeat($result)->{status}, 1,
        'a phone completes one and makes the next; repeated' );
    my ( $fresh, $same ) = folder_phone( $server, TASKS, account => 'series' );
    my @tasks = sort { $a->text('Tasks:Complete') <=> $b->text('Tasks:Complete') }
        values %{ $fresh->items($same) };
    is_deeply( [ map { $_->text('Tasks:Complete') } @tasks ], [ 0, 1 ], 'one of each' );
    ok( $tasks[0]->property('Tasks:Recurrence'), 'the next one recurs' );
    is( $tasks[1]->text('Tasks:Recurrence/DeadOccur') // 1, 1,
        'the one that is done does no more' );
};

each_version(
    $server,
    sub ( $version, $first ) {
        my $account = "filter$first";
        $server->add_account($account);
        my $vdir = $server->vdir($account);
        $vdir->create('Tasks');
        my $done = "STATUS:COMPLETED\r\nCOMPLETED:20260101T000000Z";
        $vdir->write( 'Tasks', "$_.ics",
            $class->{blob}->( "u$_", "Open $_", 'STATUS:NEEDS-ACTION' ) )
            for 1 .. 3;
        $vdir->write( 'Tasks', 'old.ics', $class->{blob}->( 'u-old', 'Old', split /\r\n/, $done ) );
        my %filter = ( options => { filter_type => INCOMPLETE } );
        my ( $phone, $folder ) =
            class_phone( $server, $class, $account, $version, sync => \%filter );
        my ($all) = class_phone( $server, $class, $account, $version );
        my $open = sub { return titles( $class, $phone, $folder ) };
        is_deeply( $open->(), [ map {"Open $_"} 1 .. 3 ], 'those that are open' );
        is( scalar @{ titles( $class, $all, $folder ) }, 4, 'all without the filter' );
        is(
            $phone->get_item_estimate( [$folder], filter_type => INCOMPLETE )->{$folder}{estimate},
            0,
            'nothing more'
        );

        $vdir->edit( 'Tasks', '2.ics', qr/STATUS:NEEDS-ACTION/, $done );
        my $seen = sync_until( $phone, $folder, sub ($seen) { @{ $seen->{soft_deletes} } } );
        is_deeply( $seen->{deletes}, [], 'another program completes one: SoftDelete' );
        is_deeply( $open->(), [ 'Open 1', 'Open 3' ], 'it is gone' );
        sync_until( $all, $folder, sub ($seen) { @{ $seen->{changes} } } );
        is( item_titled( $class, $all, $folder, 'Open 2' )->text('Tasks:Complete'),
            1, 'who has all sees it completed' );
        $vdir->edit( 'Tasks', '2.ics', qr/\Q$done\E/, 'STATUS:NEEDS-ACTION' );
        sync_until( $phone, $folder, sub ($seen) { @{ $seen->{adds} } } );
        is_deeply( $open->(), [ map {"Open $_"} 1 .. 3 ], 'opened again, it comes back' );

        my $id = item_titled( $class, $phone, $folder, 'Open 1' )->id;
        $phone->sync(
            $folder,
            commands => [
                $phone->change_of(
                    $id,
                    task(
                        Subject => 'Open 1',
                        Complete => 1,
                        DateCompleted => '2026-03-03T12:00:00.000Z'
                    )
                )
            ]
        );
        $phone->sync_until_done($folder);
        is_deeply( $phone->collection($folder)->{duplicates}, [], 'the phone completes one' );
        like( $vdir->content( 'Tasks', '1.ics' ), qr/^STATUS:COMPLETED\r$/m, 'it is stored' );
        $phone->sync_until_done( $folder, options => { filter_type => 0 } );
        is( scalar @{ $open->() }, 4, 'without a filter all come' );
        $phone->sync_until_done( $folder, %filter );
        is_deeply( $open->(), [ 'Open 2', 'Open 3' ], 'and go with it' );
        is( $phone->sync( $folder, options => { filter_type => $_ } )->{status},
            4, "FilterType $_ is not for tasks" )
            for 1, 5;
    },
    qw(12.1 14.1 16.1)
);

$server->done;
done_testing;
