#!/usr/bin/perl
# covers: Settings SendMail
# Out of office: set on a phone, seen by the others, answered for whoever is away.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use MIME::Base64 qw(decode_base64);
use EAS::Client;
use MobileSync::Scenario;
use MobileSync::Server;

my $server =
    MobileSync::Server->start( accounts => { map { $_ => 'secret' } qw(anna bo cy dora) } );
my $number = 0;

sub oof ( $phone, @tree ) {
    return $phone->settings( [ [ 'Settings:Oof', @tree ] ] )->{document}->at('Oof');
}

sub message ( $audience, $enabled, $text = undef, $type = 'Text' ) {
    return [
        'OofMessage', ["AppliesTo$audience"],
        [ Enabled => $enabled ],
        defined $text ? ( [ ReplyMessage => $text ], [ BodyType => $type ] ) : ()
    ];
}
sub set_oof ( $phone, @tree ) { return oof( $phone, [ Set => @tree ] )->text('Status') }

# { state, start, end, Internal => [ enabled, text, type ], ... }
sub get_oof ( $phone, $type = 'Text' ) {
    my $node = oof( $phone, [ Get => [ BodyType => $type ] ] );
    is( $node->text('Status'), 1, 'Get' );
    my %oof = map { lc s/^Oof//r => $node->text("Get/$_") } qw(OofState StartTime EndTime);
    for my $each ( $node->at('Get')->children('OofMessage') ) {
        my ($audience) =
            grep { $each->at("AppliesTo$_") } qw(Internal ExternalKnown ExternalUnknown);
        $oof{$audience} = [ map { $each->text($_) } qw(Enabled ReplyMessage BodyType) ];
    }
    return \%oof;
}

sub phone ( $account, $version = '16.1' ) {
    return $server->client( account => $account, version => $version );
}

sub send_mail ( $phone, $to, %option ) {
    $number++;
    my $fields = join '', map {"$_: $option{$_}\r\n"} sort keys %option;
    my $result = $phone->send_mail(
              "From: x\@example.org\r\nTo: $to\r\nSubject: Question $number\r\n$fields"
            . "Message-ID: <$number.$$\@phone>\r\n\r\nWhere are you?\r\n" );
    is( $result->{status}, 1, "message $number is sent to $to" );
    return;
}

# The contents that came to an account's Inbox since the last call.
my %seen;

sub news ($account) {
    my $box = $server->mailbox($account);
    return map { $box->content($_) =~ s/\r\n/\n/gr }
        grep { !$seen{$account}{$_}++ } sort keys %{ $box->messages };
}

for my $version (VERSIONS) {
    subtest "protocol $version" => sub {
        my ( $phone, $other ) = map { phone( 'cy', $_ ) } $version, '14.1';
        is(
            set_oof(
                $phone,
                [ OofState => 0 ],
                map { message( $_, 0, '' ) } qw(Internal ExternalKnown ExternalUnknown)
            ),
            1,
            'all off'
        );
        is_deeply(
            get_oof($phone),
            {
                state => 0,
                starttime => undef,
                endtime => undef,
                Internal => [ 0, undef, undef ],
                ExternalKnown => [ 0, undef, undef ],
                ExternalUnknown => [ 0, undef, undef ]
            },
            'every audience is listed'
        );
        is(
            set_oof(
                $phone,
                [ OofState => 2 ],
                [ StartTime => '2026-07-01T08:00:00.000Z' ],
                [ EndTime => '2026-07-15T08:00:00.000Z' ],
                message( 'Internal', 1, "Am Meer.\r\n1 < 2 \x{20ac}" )
            ),
            1,
            'a time and a message are taken'
        );
        my $oof = get_oof($other);
        is_deeply(
            [ @$oof{qw(state starttime endtime)} ],
            [ 2, '2026-07-01T08:00:00.000Z', '2026-07-15T08:00:00.000Z' ],
            'another device sees the time'
        );
        is_deeply(
            $oof->{Internal},
            [ 1, "Am Meer.\r\n1 < 2 \x{20ac}", 'Text' ],
            'and the message'
        );
        like( get_oof( $phone, 'HTML' )->{Internal}[1], qr/1 &lt; 2 \x{20ac}/, 'as HTML too' );
        is(
            set_oof(
                $phone,
                [ OofState => 1 ],
                message( 'ExternalKnown', 1, '<b>Away</b>', 'HTML' )
            ),
            1,
            'another audience'
        );
        $oof = get_oof($phone);
        is( $oof->{starttime}, undef, 'without a time there is none' );
        is( $oof->{Internal}[0], 1, 'what was not named stays' );
        is_deeply( $oof->{ExternalKnown}, [ 1, 'Away', 'Text' ], 'HTML as text' );

        my %time =
            ( StartTime => '2026-07-01T08:00:00.000Z', EndTime => '2026-06-01T08:00:00.000Z' );
        my @wrong = (
            [ 2, 'a start without an end', [ OofState => 2 ], [ StartTime => $time{StartTime} ] ],
            [ 2, 'an end without a start', [ OofState => 2 ], [ EndTime => $time{EndTime} ] ],
            [
                5,
                'an end before the start',
                [ OofState => 2 ],
                map { [ $_ => $time{$_} ] } sort keys %time
            ],
            [ 5, 'no time at all', [ OofState => 2 ] ],
            [ 5, 'no such state', [ OofState => 3 ] ],
            [
                2,
                'a message without its type',
                [ 'OofMessage', ['AppliesToInternal'], [ ReplyMessage => 'x' ] ]
            ],
            [ 2, 'a message for nobody', [ 'OofMessage', [ Enabled => 1 ] ] ],
            [ 6, 'two messages for one audience', ( message( 'Internal', 1 ) ) x 2 ],
            [ 5, 'a type that there is not', message( 'Internal', 1, 'x', 'RTF' ) ],
            [ 5, 'too long a message', message( 'Internal', 1, 'x' x 140_000 ) ],
        );
        is( set_oof( $phone, @$_[ 2 .. $#$_ ] ), $_->[0], "$_->[1]: Status $_->[0]" ) for @wrong;
        is_deeply( get_oof($phone), $oof, 'and nothing changed by it' );
        my $long = join ' ', 1 .. 8000;
        is( set_oof( $phone, message( 'Internal', 1, $long ) ), 1, 'a long message' );
        is( get_oof($phone)->{Internal}[1], $long, 'is kept whole' );
        set_oof( $phone, [ OofState => 0 ] );
    };
}

subtest 'whoever is away answers' => sub {
    my ( $anna, $bo ) = map { phone($_) } qw(anna bo);
    news($_) for qw(anna bo);
    send_mail( $bo, 'anna@example.org' );
    is( scalar( news('bo') ), 0, 'nobody answers for who is here' );
    is( set_oof( $anna, [ OofState => 1 ], message( 'Internal', 1, "Gr\x{fc}\x{df}e vom Meer" ) ),
        1, 'anna goes' );
    send_mail( $bo, 'anna@example.org', Cc => 'cy@example.org' );
    my ( $answer, @more ) = news('bo');
    is( scalar @more, 0, 'one answer' );
    like( $answer, qr/^From: anna\@example\.org$/m, 'it is from anna' );
    like( $answer, qr/^To: bo\@example\.org$/m, 'to bo' );
    like( $answer, qr/^Subject: Automatic reply: Question 2$/m, 'its subject' );
    like( $answer, qr/^Auto-Submitted: auto-replied$/m, 'says that a program wrote it' );
    like( $answer, qr/^In-Reply-To: <2\.$$\@phone>$/m, 'and what it answers' );
    like( $answer, qr/^Message-ID: <\S+\@example\.org>$/m, 'it has an id' );
    like( $answer, qr/^Date: /m, 'and a date' );
    my $text = decode_base64( $answer =~ s/\A.*?\n\n//sr );
    is( $text, "Gr\xc3\xbc\xc3\x9fe vom Meer", 'and the words' );
    is( scalar( grep {/Question 2/} news('anna') ), 1, 'anna has the message itself' );

    send_mail( $bo, 'anna@example.org' );
    is( scalar( news('bo') ), 0, 'a sender is answered once' );
    send_mail( phone('cy'), 'anna@example.org' );
    is( scalar( grep {/Automatic reply/} news('cy') ), 1, 'each of them' );
    set_oof( $anna, message( 'Internal', 1, '<p>Another text</p>', 'HTML' ) );
    send_mail( $bo, 'anna@example.org' );
    ($answer) = news('bo');
    like( $answer, qr{^Content-Type: text/html}m, 'another text is told again, in its form' );

    set_oof( $anna, message( 'Internal', 1, 'Third' ) );
    for my $wrong (
        [ 'Auto-Submitted' => 'auto-generated' ],
        [ 'List-Id' => '<list.example.org>' ],
        [ Precedence => 'bulk' ],
        [ 'X-Auto-Response-Suppress' => 'OOF, AutoReply' ]
        )
    {
        send_mail( $bo, 'anna@example.org', @$wrong );
        is( scalar( news('bo') ), 0, "$wrong->[0]: $wrong->[1] is not answered" );
    }
    send_mail( $bo, 'cy@example.org', Bcc => 'anna@example.org' );
    is( scalar( grep {/Third/} map { decode_base64(s/\A.*?\n\n//sr) } news('bo') ),
        0, 'nor what does not name her' );
    send_mail( $anna, 'anna@example.org' );
    is( scalar( grep {/Automatic reply/} news('anna') ), 0, 'nor what she sends herself' );
    set_oof( $anna, message( 'Internal', 0 ) );
    send_mail( $bo, 'anna@example.org' );
    is( scalar( news('bo') ), 0, 'nor for an audience that is switched off' );
};

subtest 'only at its time, and two who are away' => sub {
    my ( $bo, $dora ) = map { phone($_) } qw(bo dora);
    my @year = map { sprintf '%d-01-01T00:00:00.000Z', 1900 + (localtime)[5] + $_ } -2 .. 2;
    my $at = sub ( $from, $to, $text ) {
        set_oof(
            $dora,
            [ OofState => 2 ],
            [ StartTime => $from ],
            [ EndTime => $to ],
            message( 'Internal', 1, $text )
        );
    };
    news($_) for qw(bo dora);
    $at->( @year[ 0, 1 ], 'past' );
    send_mail( $bo, 'dora@example.org' );
    $at->( @year[ 3, 4 ], 'future' );
    send_mail( $bo, 'dora@example.org' );
    is( scalar( news('bo') ), 0, 'not before, not after' );
    $at->( @year[ 1, 4 ], 'now' );
    set_oof( $bo, [ OofState => 1 ], message( 'Internal', 1, 'bo is away too' ) );
    send_mail( $bo, 'dora@example.org' );
    is( scalar( news('bo') ), 1, 'in between' );
    is( scalar( news('dora') ), 3, 'and the answer is not answered' );
    set_oof( $_, [ OofState => 0 ] ) for $bo, $dora;
};

subtest 'it survives what can be lost' => sub {
    my $cy = phone('cy');
    set_oof( $cy, [ OofState => 1 ], message( 'Internal', 1, 'Still away' ) );
    $server->redis->command('FLUSHALL');
    is( get_oof( phone('cy') )->{Internal}[1], 'Still away', 'Redis' );
    my $file = $server->mailbox('cy')->maildir . '/mobilesync-oof';
    ok( -s $file, 'it is in the Maildir' );
    open my $out, '>', $file or die "$file: $!";
    print {$out} 'garbage' or die;
    close $out or die;
    $server->allow_errors(qr/out-of-office setting is no JSON/);
    is( get_oof($cy)->{state}, 0, 'what cannot be read is off' );
    is( set_oof( $cy, [ OofState => 1 ], message( 'Internal', 1, 'Again' ) ), 1, 'and set anew' );
    is( get_oof($cy)->{Internal}[1], 'Again', 'there it is' );
};

$server->done;
done_testing();
