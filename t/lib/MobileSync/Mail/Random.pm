# Random numbers that depend on their seed alone, on every machine and whatever else draws some.
package MobileSync::Mail::Random;
use v5.36;

# The seed is any string.
sub new ( $class, $seed ) {
    my $state = 2_166_136_261;
    $state = ( ( $state ^ $_ ) * 16_777_619 ) & 0xffffffff for unpack 'C*', $seed;
    my $self = bless { state => $state || 1 }, $class;
    $self->_next for 1 .. 8;
    return $self;
}

# xorshift32
sub _next ($self) {
    my $state = $self->{state};
    $state ^= ( $state << 13 ) & 0xffffffff;
    $state ^= $state >> 17;
    $state ^= ( $state << 5 ) & 0xffffffff;
    return $self->{state} = $state;
}

# 0 .. $limit - 1
sub below ( $self, $limit ) { return $self->_next % $limit }

sub between ( $self, $low, $high ) { return $low + $self->below( $high - $low + 1 ) }

sub pick ( $self, @values ) { return $values[ $self->below( scalar @values ) ] }

# Bytes of every value; cheap for megabytes, so a block comes again with a counter in it.
sub bytes ( $self, $length ) {
    my $block = pack 'N*', map { $self->_next } 1 .. 256;
    my $data = '';
    my $count = 0;
    $data .= pack( 'N', $count++ ) . $block while length $data < $length;
    return substr $data, 0, $length;
}

1;
