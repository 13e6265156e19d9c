#!/usr/bin/perl
# covers: Settings Provision
# Settings and Provision: what the phone tells of itself is kept, what it asks is answered.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::Client;
use MobileSync::Scenario;
use MobileSync::Server;

my $server = MobileSync::Server->start( backend => 'memory' );

# The device's record in Redis.
sub record ( $phone, $field ) {
    my $key = "ms:{anna}:d:$phone->{device_id}";
    return $server->redis->command( 'HGET', $key, $field );
}

for my $version (VERSIONS) {
    subtest "protocol $version" => sub {
        my $phone = $server->client( version => $version );
        is( $phone->set_device_information( FriendlyName => "Anna's phone" ),
            1, 'DeviceInformation is taken' );
        is( record( $phone, 'name' ), "Anna's phone", 'and kept' );
        is( $phone->set_device_information( Model => 'x' x 1025 ), 2, 'an overlong model is not' );
        is( record( $phone, 'model' ), 'TestPhone', 'and the record stays as it was' );
        my $user = $phone->user_information;
        is( $user->{status}, 1, 'UserInformation' );
        is_deeply( $user->{addresses}, ['anna@example.org'], 'the address' );
        is( $user->{primary}, $version >= 14.1 ? 'anna@example.org' : undef, 'the main one' );
        my $result = $phone->provision;
        is( $result->{status}, 1, 'Provision' );
        is( $result->{policy_status}, 2, 'says that there is no policy' );
        $result = $phone->settings( [ [ 'Settings:Oof', [ Get => [ BodyType => 'Text' ] ] ] ] );
        is( $result->{document}->text('Oof/Get/OofState'), 0, 'out of office is off' );
        my $property = sub ( $name, @tree ) {
            return $phone->settings( [ [ "Settings:$name", @tree ] ] )->{document}
                ->text("$name/Status");
        };
        my $password = sub (@text) { return [ Set => [ Password => @text ] ] };
        is( $property->( 'DevicePassword', $password->($_) ), 7, 'no password recovery' )
            for 'x', '', 'x' x 255;
        is( $property->( 'DevicePassword', $password->( 'x' x 256 ) ), 5, 'too long a password' );
        is( $property->( 'DevicePassword', @$_ ), 2, 'no password' ) for [], [ ['Set'] ];
        is( $property->( 'UserInformation', @$_ ), 2, 'no Get' ) for [], [ ['Set'] ];
        is( $property->( 'DeviceInformation', @$_ ), 2, 'no Set' ) for [], [ ['Get'] ];
        is( $property->( 'Oof', @$_ ), 2, 'neither Get nor Set, or both' )
            for [], [ ['Get'], [ Set => [ OofState => 0 ] ] ];
        is( $property->( 'Oof', [ Get => [ BodyType => 'RTF' ] ] ), 5, 'no such BodyType' );

        if ( $version >= 14.1 ) {
            is( $property->( 'RightsManagementInformation', ['Get'] ), 168, 'no protection' );
        }
        else {
            $result = $phone->settings( [ [ 'Settings:RightsManagementInformation', ['Get'] ] ] );
            is( $result->{status}, 2, 'RightsManagementInformation since 14.1' );
        }
        $result = $phone->settings(
            [
                [ 'Settings:UserInformation', ['Get'] ],
                [ 'Settings:DeviceInformation', [ Set => [ Model => 'Second' ] ] ]
            ]
        );
        is( record( $phone, 'model' ), 'Second', 'several properties in one request' );
        is( $result->{document}->text('UserInformation/Status'), 1, 'each answered' );
        $result = $phone->settings( [ [ 'Settings:Model', 'stray' ] ] );
        is( $result->{status}, 2, 'a stray element is a protocol error' );
    };
}

subtest 'what a phone may not break' => sub {
    my $phone = $server->client( version => '16.1', device_id => 'ODD' );
    is( $phone->set_device_information( FriendlyName => "\x{1F4F1} \x{fe}\x{2028}{}:*" ),
        1, 'a name of odd characters' );
    my $name = record( $phone, 'name' );
    utf8::decode($name);
    is( $name, "\x{1F4F1} \x{fe}\x{2028}{}:*", 'is kept as it is' );
};

$server->done;
done_testing();
