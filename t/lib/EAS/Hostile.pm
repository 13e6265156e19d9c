# Requests that no phone sends: documents and query lines that are broken, huge or built to break a
# parser. Each is a pair of a name and bytes; the server must answer every one of them, or hang up
# where the HTTP itself is broken, and go on serving.
package EAS::Hostile;
use v5.36;
use Exporter 'import';
use MIME::Base64 ();
use EAS::WBXML qw(encode raw integer);
use MobileSync::Mail::Random;

our @EXPORT_OK = qw(documents truncations mutations queries);

my $HEADER = EAS::WBXML::HEADER;

# Broken by construction. They are Sync requests as far as they are anything.
sub documents {
    my $sync = sub (@content) { return encode( [ 'AirSync:Sync', @content ] ) };
    my $key = sub ($bytes) {
        return $sync->( [ Collections => [ Collection => [ SyncKey => raw($bytes) ] ] ] );
    };
    return (
        [ 'nothing but a header' => $HEADER ],
        [ 'half a header' => "\x03\x01" ],
        [ 'no WBXML' => '<?xml version="1.0"?><Sync xmlns="AirSync"/>' ],
        [ 'zeros' => "\0" x 4096 ],
        [ 'bytes of all ones' => "\xff" x 4096 ],
        [ 'WBXML 1.4' => "\x04\x01\x6a\x00\x05" ],
        [ 'another character set' => "\x03\x01\x04\x00\x05" ],
        [ 'an endless public identifier' => "\x03" . "\xff" x 4096 ],
        [ 'a string table' => "\x03\x01\x6a\x05abcd\0\x45\x83\x00\x01" ],
        [ 'a string table past the end' => "\x03\x01\x6a\xff\xff\xff\x7f\x45\x01" ],
        [ 'a reference to no string table' => "$HEADER\x45\x83\x81\x00\x01" ],
        [ 'an entity beyond Unicode' => pack 'H*', '03016a00450288808080' . '0001' ],
        [ 'an entity' => "$HEADER\x45\x02\x41\x01" ],
        [ 'a literal tag' => "$HEADER\x44\x00\x01" ],
        [ 'a processing instruction' => "$HEADER\x43\x05\x01" ],
        [ 'attributes' => "$HEADER\x85\x05\x03a\0\x01" ],
        [ 'extension tokens' => "$HEADER\x45\x40a\0\x80\x05\xc0\x01" ],
        [ 'a code page that does not exist' => "$HEADER\x00\x1a\x45\x01" ],
        [ 'code page 255' => "$HEADER\x00\xff\x45\x01" ],
        [ 'a code page without a tag' => "$HEADER\x00" ],
        [ 'many changes of the code page' => $HEADER . "\x00\x01\x00\x00" x 100_000 . "\x05" ],
        [ 'an unknown tag' => "$HEADER\x7f\x01" ],
        [ 'the end without a start' => "$HEADER\x01\x01\x01" ],
        [ 'two roots' => "$HEADER\x05\x05" ],
        [ 'bytes after the end' => $sync->() . 'garbage' ],
        [ 'no end at all' => "$HEADER\x45\x5c\x4f" ],
        [ 'nesting of 100,000 levels' => $HEADER . "\x45" x 100_000 ],
        [ 'nesting with all its ends' => $HEADER . "\x45" x 50_000 . "\x01" x 50_000 ],
        [ '200,000 siblings' => $sync->( raw( "\x05" x 200_000 ) ) ],
        [ 'a string without an end' => "$HEADER\x45\x03" . 'a' x 100_000 ],
        [ 'invalid UTF-8' => $key->("\x03\xff\xfe\xc0\xaf\0") ],
        [ 'a surrogate' => $key->("\x03\xed\xa0\x80\0") ],
        [ 'control characters' => $key->("\x03\x01\x02\x1b\0") ],
        [ 'a key of a megabyte' => $key->( "\x03" . 'k' x 1_000_000 . "\0" ) ],
        [ 'opaque data as a key' => $key->("\xc3\x03a\0b") ],
        [ 'opaque data past the end' => $key->( "\xc3" . integer(1_000_000) . 'short' ) ],
        [ 'opaque data of 4 GB' => $key->("\xc3\x8f\xff\xff\xff\x7f") ],
        [ 'an opaque length without end' => $key->( "\xc3" . "\xff" x 1_000 ) ],
        [ 'an opaque length that overflows' => $key->( "\xc3" . "\xff" x 9 . "\x7f" ) ],
        [ 'text where elements belong' => $sync->('text') ],
        [ 'a root of another command' => encode( ['Ping:Ping'] ) ],
        [ 'a root that is no command' => encode( ['Email:Subject'] ) ],
        [ 'elements upside down' => encode( [ 'AirSync:SyncKey', [ Sync => ['Collections'] ] ] ) ],
    );
}

# The document cut after each of its bytes.
sub truncations ($bytes) {
    return map { [ "cut to $_ bytes" => substr $bytes, 0, $_ ] } 0 .. length($bytes) - 1;
}

# The document with a few bytes changed, left out, doubled or put in, so many times.
sub mutations ( $bytes, $count, $seed = 0 ) {
    my $random = MobileSync::Mail::Random->new("mutations $seed");
    my $mutate = sub ($mutant) {
        for ( 0 .. $random->below(4) ) {
            my $at = $random->below( length($mutant) || 1 );
            my $byte = chr $random->pick( $random->below(256), 0, 1, 3, 0x45, 0x80, 0xc3, 0xff );
            my $way = $random->below(4);
            if ( $way == 0 ) { substr $mutant, $at, 1, $byte }
            elsif ( $way == 1 ) { substr $mutant, $at, 1, '' }
            elsif ( $way == 2 ) { substr $mutant, $at, 0, $byte }
            else {
                substr $mutant, $at, 0, substr $mutant, $random->below( length $mutant ),
                    $random->below(40);
            }
        }
        return $mutant;
    };
    my $differ = sub {
        while (1) {
            my $mutant = $mutate->($bytes);
            return $mutant if $mutant ne $bytes;
        }
    };
    return map { [ "mutation $_ of seed $seed" => $differ->() ] } 1 .. $count;
}

# Query lines, plain and base64.
sub queries {
    my $base64 = sub ($bytes) { return MIME::Base64::encode( $bytes, '' ) };
    my $id = 'd' x 10;
    return (
        [ 'no query' => '' ],
        [ 'an unknown command' => 'Cmd=Nonsense&User=anna&DeviceId=d&DeviceType=t' ],
        [ 'no command' => 'User=anna&DeviceId=d&DeviceType=t' ],
        [ 'no device' => 'Cmd=Sync&User=anna' ],
        [ 'an empty device' => 'Cmd=Sync&User=anna&DeviceId=&DeviceType=t' ],
        [ 'a device of 4,000 characters' => 'Cmd=Sync&DeviceType=t&DeviceId=' . 'd' x 4_000 ],
        [ 'a device with a path' => 'Cmd=Sync&DeviceId=..%2F..%2Fetc&DeviceType=t' ],
        [ 'a NUL in the device' => 'Cmd=Sync&DeviceId=a%00b&DeviceType=t' ],
        [ 'a line break in the device' => 'Cmd=Sync&DeviceId=a%0D%0Ab&DeviceType=t' ],
        [ 'braces in the device' => 'Cmd=Sync&DeviceId=%7Bx%7D:*&DeviceType=t' ],
        [ 'invalid escapes' => 'Cmd=Sync&DeviceId=%zz%4&DeviceType=%' ],
        [ 'parameters twice' => 'Cmd=Sync&Cmd=Ping&DeviceId=a&DeviceId=b&DeviceType=t' ],
        [ 'a thousand parameters' => join '&', 'Cmd=Sync', map {"p$_=v"} 1 .. 1_000 ],
        [ 'only separators' => '&&&==&=&' ],
        [ 'no base64' => '!!!!' ],
        [ 'base64 of nothing' => '====' ],
        [ 'base64 of one byte' => $base64->("\xa1") ],
        [ 'base64 of a version alone' => $base64->("\xa1\x00") ],
        [ 'base64 with an unknown version' => $base64->("\x00\x00\x09\x04\x0a$id\x00\x01t") ],
        [ 'base64 with an unknown command' => $base64->("\xa1\xff\x09\x04\x0a$id\x00\x01t") ],
        [ 'base64 without a device' => $base64->("\xa1\x00\x09\x04\x00\x00\x01t") ],
        [ 'base64 cut in the device' => $base64->("\xa1\x00\x09\x04\xffshort") ],
        [ 'base64 with a policy key of 3' => $base64->("\xa1\x00\x09\x04\x0a$id\x03abc\x01t") ],
        [ 'base64 cut in the policy key' => $base64->("\xa1\x00\x09\x04\x0a$id\x04a") ],
        [ 'base64 with an unknown tag' => $base64->("\xa1\x00\x09\x04\x0a$id\x00\x01t\x63\x01x") ],
        [ 'base64 cut in a parameter' => $base64->("\xa1\x00\x09\x04\x0a$id\x00\x01t\x01\xffx") ],
        [ 'base64 with bytes after it' => $base64->("\xa1\x00\x09\x04\x0a$id\x00\x01t") . '!!' ],
        [
            'base64 of a large tail' =>
                $base64->( "\xa1\x00\x09\x04\x0a$id\x00\x01t" . "\x01\x01x" x 800 )
        ],
    );
}

1;
