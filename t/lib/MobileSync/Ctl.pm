# mobilesyncctl against a server that runs for a test.
package MobileSync::Ctl;
use v5.36;
use JSON::PP ();
use Test::More;

# $folder: where it may write.
sub new ( $class, $folder ) {
    my $program = ( $ENV{top_builddir} // '.' ) . '/mobilesyncctl';
    delete @ENV{ grep {/^MOBILESYNC_(?:SERVER|USER|PASSWORD|CA|CONFIG)$/} keys %ENV };
    $ENV{LC_ALL} = 'C.UTF-8';
    return bless { program => $program, folder => $folder, config => "$folder/ctl.conf" }, $class;
}

sub program ($self) { return $self->{program} }
sub config_file ($self) { return $self->{config} }

sub write_config ( $self, $text, $mode = 0600 ) {
    open my $file, '>', $self->{config} or die "$self->{config}: $!\n";
    print $file $text;
    close $file or die "$self->{config}: $!\n";
    chmod $mode, $self->{config};
    return;
}

# Runs it without a terminal: { code, out, err }.
sub run ( $self, @arguments ) {
    my ( $out, $err ) = map {"$self->{folder}/ctl.$_"} qw(out err);
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $out;
        open STDERR, '>', $err;
        utf8::encode($_) for @arguments;
        exec { $self->{program} } $self->{program}, @arguments or die "$self->{program}: $!\n";
    }
    waitpid $pid, 0;
    my $code = $?;
    my @text = map {
        open my $file, '<:encoding(UTF-8)', $_ or die "$_: $!\n";
        local $/;
        readline($file) // ''
    } $out, $err;
    diag "signal $code: $text[1]" if $code & 127;
    return { code => $code >> 8, out => $text[0], err => $text[1] };
}

# What --json prints, decoded.
sub json ( $self, @arguments ) {
    return JSON::PP->new->decode( $self->run( '--json', @arguments )->{out} );
}

1;
