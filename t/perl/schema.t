#!/usr/bin/perl
# Schema validation of responses can fail, and passes what is valid.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use EAS::WBXML qw(encode decode);
use EAS::Schema;

plan skip_all => 'EAS_SCHEMAS is not set' unless EAS::Schema::available();

sub fault_of ($tree) { return EAS::Schema::fault( decode( encode($tree) ) ) }

my @status = [ Status => '1' ];
is( fault_of( [ 'Ping:Ping', @status ] ), undef, 'a valid Ping response' );
like( fault_of( ['Ping:Ping'] ), qr/Missing child/, 'a required child is missing' );
like(
    fault_of( [ 'Ping:Ping', [ Folders => [ Folder => '1' ] ], @status ] ),
    qr/not expected/,
    'the order of elements matters'
);
like( fault_of( [ 'Ping:Ping', [ Status => 'one' ] ] ), qr/not a valid value/, 'types matter' );
like(
    fault_of( [ 'Ping:Ping', @status, ['AirSync:MoreAvailable'] ] ),
    qr/not expected/,
    'namespaces matter'
);
is(
    fault_of(
        [
            'AirSync:Sync',
            [
                Collections => [
                    Collection => [ SyncKey => 'k1' ],
                    [ CollectionId => '1' ],
                    @status,
                    [
                        Commands => [
                            Add => [ ServerId => '1:1' ],
                            [
                                ApplicationData => [ 'Email:Subject', "gr\x{fc}n \x{20ac}" ],
                                [ 'Email2:ConversationId', \"\x00\xff" ]
                            ]
                        ]
                    ]
                ]
            ]
        ]
    ),
    undef,
    'a Sync response with text beyond ASCII and a byte array'
);

done_testing;
