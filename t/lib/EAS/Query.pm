# The query of an EAS request, plain or base64 (MS-ASHTTP 2.2.1.1.1).
package EAS::Query;
use v5.36;
use Exporter 'import';
use MIME::Base64 ();

our @EXPORT_OK = qw(plain_query base64_query command_code);

# MS-ASHTTP 2.2.1.1.1.1.2
my %COMMAND_CODE = (
    Sync => 0,
    SendMail => 1,
    SmartForward => 2,
    SmartReply => 3,
    GetAttachment => 4,
    FolderSync => 9,
    FolderCreate => 10,
    FolderDelete => 11,
    FolderUpdate => 12,
    MoveItems => 13,
    GetItemEstimate => 14,
    MeetingResponse => 15,
    Search => 16,
    Settings => 17,
    Ping => 18,
    ItemOperations => 19,
    Provision => 20,
    ResolveRecipients => 21,
    ValidateCert => 22,
    Find => 24,
);

# MS-ASHTTP 2.2.1.1.1.1.3
my %PARAMETER_TAG = (
    AttachmentName => 0,
    CollectionId => 1,
    ItemId => 3,
    LongId => 4,
    Occurrence => 6,
    Options => 7,
    User => 8,
);
my %OPTION_FLAG = ( SaveInSent => 0x01, AcceptMultiPart => 0x02 );

sub command_code ($command) { return $COMMAND_CODE{$command} }

sub _escape ($text) {
    utf8::encode($text);
    return $text =~ s/([^A-Za-z0-9\-._~])/sprintf '%%%02X', ord $1/ger;
}

# command, user, device_id, device_type; parameters: { name => value }. All are characters.
sub plain_query (%request) {
    my $parameters = $request{parameters} // {};
    my @pairs = ( [ Cmd => $request{command} ] );
    push @pairs, [ User => $request{user} ] if defined $request{user};
    push @pairs, [ DeviceId => $request{device_id} ], [ DeviceType => $request{device_type} ];
    push @pairs, map { [ $_ => $parameters->{$_} ] } sort keys %$parameters;
    return join '&', map { "$_->[0]=" . _escape( $_->[1] ) } @pairs;
}

# As plain_query, and version ('16.1'), policy_key (a number), locale; user may be absent;
# device_id may be raw bytes; padded: whether the base64 text keeps its '='.
sub base64_query (%request) {
    my %parameters = %{ $request{parameters} // {} };
    my $flags = 0;
    for my $option ( keys %OPTION_FLAG ) {
        $flags |= $OPTION_FLAG{$option} if ( delete $parameters{$option} // 'F' ) eq 'T';
    }
    $parameters{Options} = chr $flags if $flags;
    $parameters{User} = $request{user} if defined $request{user};
    my $policy_key = $request{policy_key} ? pack 'V', $request{policy_key} : '';
    my $code = $request{command_code} // $COMMAND_CODE{ $request{command} }
        // die "no command code for '$request{command}'\n";
    my $bytes = pack 'CCv C/a* C/a* C/a*', $request{version} * 10, $code,
        $request{locale} // 0x0409, $request{device_id}, $policy_key, $request{device_type};
    for my $name ( sort keys %parameters ) {
        my $tag = $PARAMETER_TAG{$name} // die "no parameter tag for '$name'\n";
        my $value = $parameters{$name};
        utf8::encode($value);
        die "the parameter $name exceeds 255 bytes\n" if length $value > 255;
        $bytes .= pack 'C C/a*', $tag, $value;
    }
    my $base64 = MIME::Base64::encode( $bytes, '' );
    return $request{padded} // 1 ? $base64 : $base64 =~ s/=+$//r;
}

1;
