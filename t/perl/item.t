#!/usr/bin/perl
# Mail of every kind through the Email class: what a client gets is what the message says, in every
# protocol version and form of the body; valid against the schemas where they are at hand.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Encode ();
use File::Temp ();
use IPC::Open2 ();
use Test::More;
binmode $_, ':encoding(UTF-8)'
    for map { Test::More->builder->$_ } qw(output failure_output todo_output);
use EAS::Schema;
use EAS::WBXML;
use MobileSync::Mail;

my $build = $ENV{top_builddir} // "$FindBin::Bin/../..";
my $show = "$build/t/unit/item_show";
plan skip_all => "t/unit/item_show is not built" unless -x $show;

my $count = $ENV{MAIL_COUNT} // 150;
my $folder = File::Temp->newdir;
my $mail = MobileSync::Mail->new( seed => 'item' );
my ( @messages, @paths );
for my $number ( 0 .. $count - 1 ) {
    push @messages, $mail->message($number);
    push @paths, "$folder/$number.eml";
    open my $file, '>:raw', $paths[-1] or die "$paths[-1]: $!\n";
    print {$file} $messages[-1]{bytes};
    close $file;
}
my @corpus = map { glob "$_/msg_*.txt" } @MobileSync::Mail::CORPORA;

# The responses for some files, decoded.
sub render ( $mode, $version, $type, $truncation, @files ) {
    my $list = File::Temp->new;
    print {$list} "$_\n" for @files;
    close $list;
    open my $out, '-|:raw', "'$show' --$mode $version $type '$truncation' < '$list'"
        or die "$show: $!\n";
    my @responses;
    for (@files) {
        my $length = <$out> // die "$show said nothing for $_\n";
        read( $out, my $bytes, $length ) == $length or die "$show: too short for $_\n";
        push @responses, EAS::WBXML::decode($bytes);
    }
    close $out or die "$show failed\n";
    return @responses;
}

sub data ($response) {
    return $response->at('Collections/Collection/Commands/Add/ApplicationData');
}

# Words as a reader sees them, whatever broke the lines.
sub words ($text) { return join ' ', split ' ', $text }

subtest 'what the message says' => sub {
    my @responses = render( wbxml => '16.1', 1, '', @paths );
    for my $i ( 0 .. $#messages ) {
        my ( $message, $data ) = ( $messages[$i], data( $responses[$i] ) );
        my $name = "$i ($message->{kind})";
        is( $data->text('Subject'), $message->{subject}, "$name: subject" )
            if defined $message->{subject};
        # HTML adds the targets of links and the descriptions of pictures behind it
        my $text = words( $message->{text} // '' );
        is( substr( words( $data->text('Body/Data') ), 0, length $text ), $text, "$name: text" )
            if defined $message->{text};
        next unless defined $message->{attachments};
        # signatures, reports and the like are attachments that the generator does not count
        my %wanted = map { $_->{name} => 1 } @{ $message->{attachments} };
        my @got = grep { $wanted{ $_->text('DisplayName') } } $data->all('Attachments/Attachment');
        is_deeply(
            [ map { $_->text('DisplayName') } @got ],
            [ map { $_->{name} } @{ $message->{attachments} } ],
            "$name: names of attachments"
        );
        for my $n ( 0 .. $#{ $message->{attachments} } ) {
            my $wanted = $message->{attachments}[$n]{data} // next;
            my ($part) = ( $got[$n]->text('FileReference') // '' ) =~ /:(\d+)$/;
            my $bytes = `'$show' --attachment '$paths[$i]' $part`;
            ok( $bytes eq $wanted, "$name: attachment $n, byte for byte" );
        }
    }
};

subtest 'every version and form' => sub {
    for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
        for my $type ( 1, 2, 4 ) {
            for my $mode (qw(wbxml fetch)) {
                my @files = ( @paths, @corpus );
                my @responses = render( $mode, $version, $type, $type == 1 ? 500 : 5120, @files );
                my @invalid = grep { $_->[1] }
                    map { [ $files[$_], EAS::Schema::fault( $responses[$_] ) ] } 0 .. $#files;
                is_deeply( \@invalid, [], "$mode at $version, type $type: valid" );
            }
        }
    }
};

subtest 'what a version has' => sub {
    my %new = (
        '14.0' => [qw(ConversationId ConversationIndex LastVerbExecuted Categories)],
        '16.0' => [qw(IsDraft)],
    );
    for my $version (qw(12.1 14.0 14.1 16.0 16.1)) {
        my $data = data( ( render( wbxml => $version, 2, 200, $paths[0] ) )[0] );
        for my $since ( sort keys %new ) {
            is( !!$data->at($_), $version >= $since, "$version: $_" ) for @{ $new{$since} };
        }
        is( !!$data->at('Body/Preview'), $version >= 14, "$version: Preview" );
    }
};

done_testing();
