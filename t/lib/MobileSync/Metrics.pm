# The Prometheus text format 0.0.4, read strictly: what promtool would complain of, and more.
package MobileSync::Metrics;
use v5.36;

my $NAME = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $VALUE = qr/[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN/i;

# Reads a document: { families => { name => { type, help } }, value => { sample => value },
# wrong => [what is wrong] }.
sub read_text ($text) {
    my $self = bless { families => {}, value => {}, wrong => [] }, __PACKAGE__;
    $self->_wrong('the last line does not end') unless $text =~ /\n\z/;
    $self->_line($_) for split /\n/, $text;
    $self->_check_histograms;
    return $self;
}

sub wrong ($self) { return $self->{wrong} }
sub value ( $self, $sample ) { return $self->{value}{$sample} }
sub has_family ( $self, $name, $type ) { return ( $self->{families}{$name}{type} // '' ) eq $type }

sub _wrong ( $self, $what ) {
    push @{ $self->{wrong} }, $what;
    return;
}

sub _line ( $self, $line ) {
    return if $line eq '';
    return $self->_head( $1, $2, $3 ) if $line =~ /^# (HELP|TYPE) ($NAME) (.+)$/;
    return $self->_wrong("no comment of ours: $line") if $line =~ /^#/;
    return $self->_sample( $1, $2 // '', $3 ) if $line =~ /^($NAME)(?:\{(.*)\})? ($VALUE)$/;
    return $self->_wrong("not understood: $line");
}

sub _head ( $self, $what, $name, $text ) {
    my $family = $self->{families}{$name} //= {};
    $self->_wrong("$what of $name twice") if defined $family->{ lc $what };
    $self->_wrong("$what of $name after its samples") if $family->{samples};
    $family->{ lc $what } = $text;
    $self->_wrong("$name is no kind of metric: $text")
        if $what eq 'TYPE' && $text !~ /^(?:counter|gauge|histogram)$/;
    $self->_wrong("a counter is called $name")
        if "$what $text" eq 'TYPE counter' && $name !~ /_total$/;
    $self->{last} = $name;
    return;
}

sub _labels ( $self, $sample, $text ) {
    my %labels;
    while ( $text =~ /\G([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/gc ) {
        $self->_wrong("label $1 of $sample twice") if exists $labels{$1};
        $labels{$1} = $2;
    }
    $self->_wrong("labels of $sample: $text") if ( pos($text) // 0 ) < length $text;
    return \%labels;
}

sub _sample ( $self, $name, $labels, $value ) {
    my $sample = length $labels ? "$name\{$labels}" : $name;
    my $base = $name =~ s/_(?:bucket|sum|count)$//r;
    my $family = $self->{families}{$name} // $self->{families}{$base};
    return $self->_wrong("$name has no TYPE and HELP")
        unless $family && defined $family->{type} && defined $family->{help};
    $self->_wrong("$sample stands apart from its family")
        if $self->{last} ne $name && $self->{last} ne $base;
    $self->_wrong("$sample twice") if exists $self->{value}{$sample};
    $self->_wrong("$sample is negative") if $value < 0;
    $self->{value}{$sample} = $value;
    push @{ $family->{samples} }, [ $name, $self->_labels( $sample, $labels ), $value ];
    return;
}

sub _series ($labels) {
    return join ',', map {"$_=$labels->{$_}"} grep { $_ ne 'le' } sort keys %$labels;
}

# Of each series: buckets grow, the last is +Inf and the count.
sub _check_histograms ($self) {
    for my $name ( sort keys %{ $self->{families} } ) {
        my $family = $self->{families}{$name};
        next unless ( $family->{type} // '' ) eq 'histogram';
        my ( %buckets, %count, %sum );
        for ( @{ $family->{samples} // [] } ) {
            my ( $sample, $labels, $value ) = @$_;
            my $series = _series($labels);
            if ( $sample eq "${name}_bucket" ) {
                push @{ $buckets{$series} }, [ $labels->{le}, $value ];
            }
            elsif ( $sample eq "${name}_count" ) { $count{$series} = $value }
            elsif ( $sample eq "${name}_sum" ) { $sum{$series} = $value }
            else { $self->_wrong("$sample in a histogram") }
        }
        for my $series ( sort keys %buckets ) {
            my ( $bound, $before ) = ( 0, 0 );
            for ( @{ $buckets{$series} } ) {
                my ( $le, $value ) = @$_;
                $self->_wrong("$name $series: $le after $bound") unless $le > $bound;
                $self->_wrong("$name $series: $value after $before") unless $value >= $before;
                ( $bound, $before ) = ( $le, $value );
            }
            $self->_wrong("$name $series ends at $bound") unless $bound eq '+Inf';
            $self->_wrong("$name $series: count") unless $before == ( $count{$series} // -1 );
            $self->_wrong("$name $series: no sum") unless defined $sum{$series};
        }
    }
    return;
}

1;
