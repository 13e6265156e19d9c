# How much memory httpd's children take, by what Linux keeps of each process; and messages that are
# large enough to show.
package MobileSync::Memory;
use v5.36;
use Exporter 'import';
use List::Util qw(max);
use MIME::Base64 ();

our @EXPORT_OK = qw(peak_growth peak_memory large_content large_message);

# Megabytes of a line of /proc/PID/status; undef when the process is gone.
sub _status ( $pid, $name ) {
    open my $status, '<', "/proc/$pid/status" or return undef;
    my ($kilobytes) = map { m{^$name:\s+(\d+) kB} ? $1 : () } readline $status;
    return defined $kilobytes ? $kilobytes / 1024 : undef;
}

# The greatest resident memory (MB) that any child had so far.
sub peak_memory ($node) {
    return max( 0, grep {defined} map { _status( $_, 'VmHWM' ) } $node->children );
}

# How many MB the child that took most while $code ran had at its peak above what it had before.
# Begins the peaks anew (proc(5), clear_refs); undef where that is not allowed.
sub peak_growth ( $node, $code ) {
    my %before;
    for my $pid ( $node->children ) {
        open my $clear, '>', "/proc/$pid/clear_refs" or return undef;
        print $clear "5\n";
        close $clear or return undef;
        $before{$pid} = _status( $pid, 'VmHWM' );
    }
    $code->();
    return max( 0,
        map { ( _status( $_, 'VmHWM' ) // $before{$_} ) - $before{$_} }
        grep { defined $before{$_} } keys %before );
}

# That many bytes which do not compress and do not repeat, the same each time.
sub large_content ($size) {
    my ( $state, $content ) = ( 88172645463325252, '' );
    my @block = map {
        $state ^= $state << 13;
        $state ^= $state >> 7;
        $state ^= $state << 17;
        $state
    } 1 .. 8192;
    my $block = pack 'Q*', @block;
    for ( my $n = 0; length $content < $size; $n++ ) { $content .= pack( 'Q', $n ) . $block }
    return substr $content, 0, $size;
}

# A message with the content as its attachment.
sub large_message ( $from, $to, $content ) {
    return join "\r\n", "From: $from", "To: $to", 'Subject: a large file',
        'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="=_large"', '', '--=_large',
        'Content-Type: text/plain', '', 'See the file.', '--=_large',
        'Content-Type: application/octet-stream; name="large.bin"',
        'Content-Disposition: attachment; filename="large.bin"',
        'Content-Transfer-Encoding: base64', '',
        MIME::Base64::encode_base64( $content, "\r\n" ) . "--=_large--\r\n";
}

1;
