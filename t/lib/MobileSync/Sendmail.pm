# A sendmail that keeps what it is given:
#
#   my $sendmail = MobileSync::Sendmail->new;
#   my $server = MobileSync::Server->start( settings => { MobileSyncSendmail => $sendmail->command } );
#   ...
#   is( scalar $sendmail->calls, 1, 'sent once' );
package MobileSync::Sendmail;
use v5.36;
use File::Temp ();

# Each call is a folder of its own, made in one step and renamed when it is complete.
my $SCRIPT = <<'END';
#!/bin/sh
here=${0%/*}
call=`mktemp -d "$here/calls/.XXXXXXXX"` || exit 75
for argument; do printf '%s\n' "$argument"; done >"$call/arguments"
cat >"$call/message"
date +%s.%N >"$call/time"
chmod -R a+rX "$call"
mv "$call" "$here/calls/${call##*.}"
. "$here/then"
END

sub new ($class) {
    my $temporary = File::Temp->newdir( 'mobilesync-sendmail-XXXXXX', TMPDIR => 1 );
    my $self = bless { temporary => $temporary, folder => $temporary->dirname }, $class;
    mkdir "$self->{folder}/calls";
    # httpd's children may be another user
    chmod 0711, $self->{folder};
    chmod 0777, "$self->{folder}/calls";
    $self->_write( 'sendmail', $SCRIPT );
    $self->then('exit 0');
    return $self;
}

sub _write ( $self, $name, $text ) {
    open my $file, '>', "$self->{folder}/$name.new" or die "$name: $!\n";
    print $file $text;
    close $file or die "$name: $!\n";
    chmod 0755, "$self->{folder}/$name.new";
    rename "$self->{folder}/$name.new", "$self->{folder}/$name" or die "$name: $!\n";
    return;
}

# For MobileSyncSendmail.
sub command ($self) { return qq("$self->{folder}/sendmail -i") }

# What it does after it has kept the message: a line of shell, such as 'exit 75'.
sub then ( $self, $line ) {
    $self->_write( 'then', "$line\n" );
    return;
}

sub _read ($path) {
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return readline($file) // '';
}

# Every call so far, oldest first: { arguments => [ ... ], message }.
sub calls ($self) {
    my @calls;
    for my $folder ( glob "$self->{folder}/calls/*" ) {
        push @calls,
            {
            arguments => [ split /\n/, _read("$folder/arguments") ],
            message => _read("$folder/message"),
            time => _read("$folder/time")
            };
    }
    @calls = sort { $a->{time} <=> $b->{time} } @calls;
    return @calls;
}

# The recipients of a call, as the envelope has them.
sub recipients ($call) {
    my @arguments = @{ $call->{arguments} };
    shift @arguments while @arguments && $arguments[0] ne '--';
    shift @arguments;
    return @arguments;
}

1;
