# Mail of real variety, made from a seed: the same seed and number give the same bytes everywhere.
#
#   my $mail = MobileSync::Mail->new( seed => 'initial sync' );
#   my $message = $mail->message(17);                  # the 17th
#   $box->deliver( $mail->message($_)->{bytes} ) for 0 .. 999;
#
# A message: { number, kind, bytes, time, subject, from, text, attachments => [ { name, type, data,
# id } ] }; subject, text (characters, lines ended by "\n") and attachments tell what a client
# should see; undef where that is open, as in most broken mail. The first messages are one of each
# kind, whatever the seed.
package MobileSync::Mail;
use v5.36;
use MobileSync::Mail::Broken;
use MobileSync::Mail::Kinds;
use MobileSync::Mail::Mime qw(address encoded_words entity mail_date);
use MobileSync::Mail::Random;
use MobileSync::Mail::Text;

# One message of so many is broken.
use constant BROKEN_SHARE => 12;

# Where Debian's libpython3-testsuite puts the test data of Python's email package.
our @CORPORA = glob '/usr/lib/python3*/test/test_email/data';

# seed: any string. to: the recipient. newest: time of message 0; each next one is older by spacing
# seconds. kinds: names, to make only these.
sub new ( $class, %option ) {
    my $self = bless {
        seed => 0,
        to => 'anna@example.org',
        newest => 1_767_225_600,
        spacing => 7_200,
        %option
    }, $class;
    my %wanted = map { $_ => 1 } @{ $option{kinds} // [] };
    my $chosen = sub (@kinds) {
        return grep { !%wanted || $wanted{ $_->[0] } } @kinds;
    };
    $self->{good} = [ $chosen->(@MobileSync::Mail::Kinds::KINDS) ];
    $self->{broken} = [ $chosen->(@MobileSync::Mail::Broken::KINDS) ];
    die "no such kinds of mail\n" unless @{ $self->{good} } || @{ $self->{broken} };
    $self->{lottery} = [ map { ( $_->[0] ) x $_->[1] } @{ $self->{good} } ];
    $self->{maker} = {
        ( map { $_->[0] => [ 'good', $_->[2] ] } @{ $self->{good} } ),
        ( map { $_->[0] => [ 'broken', $_->[1] ] } @{ $self->{broken} } )
    };
    return $self;
}

# Names of the kinds this object makes, in the order of its first messages.
sub kinds ($self) {
    return map { $_->[0] } @{ $self->{good} }, @{ $self->{broken} };
}

sub _kind_of ( $self, $number, $random ) {
    my @kinds = $self->kinds;
    return $kinds[$number] if $number < @kinds;
    my @broken = map { $_->[0] } @{ $self->{broken} };
    return $random->pick(@broken)
        if @broken && ( !@{ $self->{good} } || !$random->below(BROKEN_SHARE) );
    return $random->pick( @{ $self->{lottery} } );
}

sub message ( $self, $number ) {
    my $random = MobileSync::Mail::Random->new("$self->{seed}/$number");
    my $kind = $self->_kind_of( $number, $random );
    my $m = {
        number => $number,
        kind => $kind,
        random => $random,
        time => $self->{newest} - $number * $self->{spacing},
        headers => []
    };
    $m->{language} = $random->pick( 'english', MobileSync::Mail::Text::languages() );
    $m->{charset} = MobileSync::Mail::Text::charset( $random, $m->{language} );
    $m->{subject} = MobileSync::Mail::Text::subject( $random, $m->{language} );
    $m->{sender} = MobileSync::Mail::Text::person( $random, $m->{language} );
    $m->{common} = sub { $self->_common($m) };
    my ( $class, $make ) = @{ $self->{maker}{$kind} };
    $m->{subject} = undef if $class eq 'broken';
    my $made = $make->($m);
    my $bytes =
        $class eq 'broken' ? $made : entity( [ $m->{common}->(), @{ $made->[0] } ], $made->[1] );

    # Some programs store CRLF in Maildirs.
    $bytes =~ s/\n/\r\n/g if $class eq 'good' && $random->below(8) == 0;
    return {
        bytes => $bytes,
        from => "$m->{sender} <sender$number\@example.org>",
        attachments => $m->{attachments} // ( $class eq 'good' ? [] : undef ),
        map { $_ => $m->{$_} } qw(number kind time subject text)
    };
}

sub _common ( $self, $m ) {
    my ( $random, $coding ) = ( $m->{random}, $m->{random}->pick(qw(Q B)) );
    my $subject = $m->{subject} // "Broken mail: $m->{kind}";
    my $zone = $random->pick( 0, 60, 120, 330, -300, 540 );
    return (
        [ 'Return-Path' => "<sender$m->{number}\@example.org>" ],
        [ Received => "from mx.example.net by mail.example.org; " . mail_date( $m->{time} ) ],
        [
            From =>
                address( $m->{sender}, "sender$m->{number}\@example.org", $m->{charset}, $coding )
        ],
        [ To => $self->{to} ],
        ( $random->below(4) ? () : [ Cc => 'Carol <carol@example.org>, dan@example.org' ] ),
        ( $random->below(6) ? () : [ 'Reply-To' => 'replies@example.org' ] ),
        ( $random->below(8) ? () : [ Importance => $random->pick(qw(high low)) ] ),
        [ Subject => encoded_words( $subject, $m->{charset}, $coding ) ],
        [ Date => mail_date( $m->{time}, $zone ) ],
        [ 'Message-ID' => "<$m->{number}.$m->{kind}\@example.org>" ],
        @{ $m->{headers} },
        [ 'MIME-Version' => '1.0' ]
    );
}

# Real messages that the machine has, [ name, bytes ] each; none where the package is not installed.
sub corpora {
    my @messages;
    for my $file ( map { glob "$_/msg_*.txt" } @CORPORA ) {
        open my $handle, '<:raw', $file or next;
        local $/;
        push @messages, [ $file =~ s{.*/}{}r, readline $handle ];
    }
    return @messages;
}

# Fills a mailbox with the corpora and generated mail, count in all, every third read. With corpora
# => 0 only the latter. Returns the list of { name (in the Maildir), message } in the order of
# delivery, oldest first.
sub fill ( $self, $box, $count, %option ) {
    my @corpora = $option{corpora} // 1 ? corpora() : ();
    my @deliver = map { { bytes => $_->[1], kind => "corpus $_->[0]" } } @corpora;
    splice @deliver, $count if @deliver > $count;
    my $generated = $count - @deliver;
    my @filled;
    for my $index ( 0 .. $count - 1 ) {
        my $number = $count - 1 - $index;
        my $message =
            $number < $generated ? $self->message($number) : $deliver[ $number - $generated ];
        $message->{time} //= $self->{newest} - $number * $self->{spacing};
        my $name = $box->deliver(
            $message->{bytes},
            folder => $option{folder} // '',
            time => $message->{time},
            $index % 3 ? () : ( flags => 'S' )
        );
        push @filled, { name => $name, message => $message };
    }
    return @filled;
}

1;
