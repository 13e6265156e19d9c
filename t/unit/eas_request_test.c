/* Request lines and headers (MS-ASHTTP 2.2.1.1). */
#include "tap.h"

#include <strings.h>
#include <apr_base64.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "eas_helpers.h"
#include "eas/request.h"

typedef struct {
    const char *name;
    const char *value;
} header_t;

static const header_t version_14[] = {{"MS-ASProtocolVersion", "14.1"}, {NULL, NULL}};
static const header_t none[] = {{NULL, NULL}};

static const char *get_header(void *baton, const char *name)
{
    const header_t *headers = baton;

    for (; headers->name; headers++)
        if (strcasecmp(headers->name, name) == 0)
            return headers->value;
    return NULL;
}

static eas_request_t *parse(const char *query, const header_t *headers, apr_pool_t *pool)
{
    eas_request_t *request;
    base_fault_t *fault =
        eas_request_parse(query, get_header, (void *)(size_t)headers, &request, pool);

    if (fault)
        printf("# %s\n", fault->message);
    return request;
}

/* "INVALID: what is wrong" */
static const char *refused(const char *query, const header_t *headers, apr_pool_t *pool)
{
    eas_request_t *request;
    base_fault_t *fault =
        eas_request_parse(query, get_header, (void *)(size_t)headers, &request, pool);

    if (!fault)
        return "accepted";
    return request
               ? "a fault and a request"
               : apr_pstrcat(pool, base_fault_code_name(fault->code), ": ", fault->message, NULL);
}

/* Bytes in hexadecimal -> the base64 query. */
static const char *base64(const char *hex, apr_pool_t *pool)
{
    apr_size_t length;
    const char *bytes = from_hex(hex, &length, pool);
    char *text = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)length));

    apr_base64_encode(text, bytes, (int)length);
    return text;
}

static void test_plain(apr_pool_t *pool)
{
    static const header_t headers[] = {{"MS-ASProtocolVersion", "16.1"},
                                       {"X-MS-PolicyKey", "3942919513"},
                                       {"User-Agent", "Apple-iPhone/1"},
                                       {"MS-ASAcceptMultiPart", "T"},
                                       {NULL, NULL}};
    eas_request_t *r;

    r = parse("Cmd=Sync&User=rmjones&DeviceId=v140Device&DeviceType=SmartPhone", version_14, pool);
    ok(r != NULL, "the example of the specification");
    if (!r)
        return;
    is_int(r->command, EAS_COMMAND_Sync, "command");
    is_str(r->command_name, "Sync", "its name");
    is_int(r->version, EAS_VERSION_14_1, "version");
    is_str(r->user, "rmjones", "user");
    is_str(r->device_id, "v140Device", "device ID");
    is_str(r->device_type, "SmartPhone", "device type");
    ok(!r->policy_key && !r->user_agent && !r->locale && !r->collection_id && !r->save_in_sent &&
           !r->accept_multipart,
       "nothing else");

    r = parse(
        "cmd=smartReply&devicetype=A%20B&deviceid=d&User=CORP%5Cj%c3%bc&CollectionId=5&ItemId="
        "5%3A1&LongId=l&Occurrence=o&SaveInSent=T&ParentId=p&AttachmentName=a%26b&x=y&Junk",
        headers, pool);
    ok(r != NULL, "names in any case, parameters in any order, unknown ones");
    if (!r)
        return;
    is_int(r->command, EAS_COMMAND_SmartReply, "command");
    is_str(r->command_name, "smartReply", "its name as the client wrote it");
    is_str(r->user, "CORP\\j\xc3\xbc", "user");
    is_str(r->device_type, "A B", "device type");
    is_str(r->collection_id, "5", "CollectionId");
    is_str(r->item_id, "5:1", "ItemId");
    is_str(r->long_id, "l", "LongId");
    is_str(r->occurrence, "o", "Occurrence");
    is_str(r->parent_id, "p", "ParentId");
    is_str(r->attachment_name, "a&b", "AttachmentName");
    is_int(r->save_in_sent, 1, "SaveInSent");
    is_int(r->accept_multipart, 1, "MS-ASAcceptMultiPart");
    is_str(r->policy_key, "3942919513", "X-MS-PolicyKey");
    is_str(r->user_agent, "Apple-iPhone/1", "User-Agent");
    is_int(r->version, EAS_VERSION_16_1, "version");

    r = parse("Cmd=Nothing&DeviceId=d&DeviceType=t&User=&SaveInSent=F", version_14, pool);
    ok(r && r->command == EAS_COMMAND_NONE && strcmp(r->command_name, "Nothing") == 0,
       "an unknown command is no fault here");
    ok(r && !r->user && !r->save_in_sent, "an empty parameter is absent");
    r = parse("Cmd=Ping&Cmd=Sync&DeviceId=d&DeviceId=e&DeviceType=t", version_14, pool);
    ok(r && r->command == EAS_COMMAND_Ping && strcmp(r->device_id, "d") == 0,
       "the first of two counts");
    r = parse("Cmd=Ping&DeviceId=0123456789abcdef0123456789ABCDEF&DeviceType=t", version_14, pool);
    is_str(r ? r->device_id : NULL, "0123456789ABCDEF0123456789ABCDEF", "a GUID in upper case");
    r = parse("Cmd=Ping&DeviceId=abcdef&DeviceType=t", version_14, pool);
    is_str(r ? r->device_id : NULL, "abcdef", "another ID as it is");
}

static void test_base64(apr_pool_t *pool)
{
    static const header_t headers[] = {
        {"MS-ASProtocolVersion", "12.1"}, {"X-MS-PolicyKey", "1"}, {NULL, NULL}};
    static const struct {
        const char *byte;
        eas_version_t version;
    } versions[] = {{"79", EAS_VERSION_12_1},
                    {"8c", EAS_VERSION_14_0},
                    {"8d", EAS_VERSION_14_1},
                    {"a0", EAS_VERSION_16_0},
                    {"a1", EAS_VERSION_16_1}};
    eas_request_t *r;
    size_t i;

    r = parse("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l", none, pool);
    ok(r != NULL, "the example of the specification");
    if (!r)
        return;
    is_int(r->command, EAS_COMMAND_Sync, "command");
    is_str(r->command_name, "Sync", "its name");
    is_int(r->version, EAS_VERSION_14_0, "version");
    is_str(r->locale, "0409", "locale");
    is_str(r->device_id, "v140Device", "device ID");
    is_str(r->device_type, "SmartPhone", "device type");
    ok(!r->user && !r->policy_key, "no user, no policy key");

    r = parse(base64("a103 0704 10 000102030405060708090a0b0c0d0eff 04 d904 03eb 02 6950"
                     "00 03 612e62 01 01 35 03 03 353a31 04 01 6c 05 01 70 06 01 6f 07 01 03"
                     "08 05 6a6fc3a962 63 02 7879",
                     pool),
              headers, pool);
    ok(r != NULL, "all parameters, and one that is unknown");
    if (!r)
        return;
    is_int(r->version, EAS_VERSION_16_1, "the version of the query, not of the header");
    is_int(r->command, EAS_COMMAND_SmartReply, "command");
    is_str(r->locale, "0407", "locale");
    is_str(r->device_id, "000102030405060708090A0B0C0D0EFF", "16 bytes in hexadecimal");
    is_str(r->policy_key, "3942843609", "policy key, least significant byte first");
    is_str(r->device_type, "iP", "device type");
    is_str(r->attachment_name, "a.b", "AttachmentName");
    is_str(r->collection_id, "5", "CollectionId");
    is_str(r->item_id, "5:1", "ItemId");
    is_str(r->long_id, "l", "LongId");
    is_str(r->parent_id, "p", "ParentId");
    is_str(r->occurrence, "o", "Occurrence");
    is_str(r->user,
           "jo\xc3\xa9"
           "b",
           "User");
    is_int(r->save_in_sent, 1, "SaveInSent of the Options");
    is_int(r->accept_multipart, 1, "AcceptMultiPart of the Options");

    r = parse("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25lBwEC", none, pool);
    ok(r && !r->save_in_sent && r->accept_multipart, "one of the Options");
    r = parse(base64("8c12 0904 10 41424344454647484142434445464748 00 01 74", pool), headers,
              pool);
    is_str(r ? r->device_id : NULL, "ABCDEFGHABCDEFGH", "16 letters are a string");
    is_int(r ? r->command : 0, EAS_COMMAND_Ping, "of a Ping");
    is_str(r ? r->policy_key : NULL, "1", "the policy key of the header when there is no other");
    r = parse(base64("8c63 0904 01 41 00 01 74", pool), none, pool);
    ok(r && r->command == EAS_COMMAND_NONE && strcmp(r->command_name, "code 99") == 0,
       "an unknown command is no fault here");
    for (i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        r = parse(base64(apr_pstrcat(pool, versions[i].byte, "00090401410001 74", NULL), pool),
                  none, pool);
        is_int(r ? r->version : 0, versions[i].version, "version byte");
    }
}

static void test_base64_forms(apr_pool_t *pool)
{
    /* one, two and no bytes of padding; '+' and '/' inside */
    static const char *const queries[] = {
        "jAAJBAp2MTQwRGV2aWNlAAF0",       "jAAJBAp2MTQwRGV2aWNlAAJ0dA==",
        "jAAJBAp2MTQwRGV2aWNlAAJ0dA",     "jAAJBAp2MTQwRGV2aWNlAAJ0dA%3D%3D",
        "jAAJBAp2MTQwRGV2aWNlAAJ0dA%3d=", "jAAJBAp2MTQwRGV2aWNlAAN0dHQ=",
        "jAAJBAp2MTQwRGV2aWNlAAN0dHQ",    "%6AAAJBAp2MTQwRGV2aWNlAAN0dHQ%3D",
        "jAAJBAp2MTQwRGV2aWNlAAJ0dA="};
    eas_request_t *r;
    size_t i;

    for (i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        r = parse(queries[i], none, pool);
        ok(r && strcmp(r->device_id, "v140Device") == 0 && strncmp(r->device_type, "ttt", 1) == 0,
           "%s", queries[i]);
    }
    r = parse("jAD7/wp2MTQwRGV2aWNlAAF0", none, pool);
    is_str(r ? r->locale : NULL, "FFFB", "a slash");
    r = parse("jAD7%2Fwp2MTQwRGV2aWNlAAF0", none, pool);
    is_str(r ? r->locale : NULL, "FFFB", "escaped");
    r = parse("jAD77gp2MTQwRGV2aWNlAAF0", none, pool);
    is_str(r ? r->locale : NULL, "EEFB", "neither");
    r = parse("jAD++wp2MTQwRGV2aWNlAAF0", none, pool);
    is_str(r ? r->locale : NULL, "FBFE", "plus signs are no blanks");
}

static void test_refused(apr_pool_t *pool)
{
    static const header_t version_12_0[] = {{"MS-ASProtocolVersion", "12.0"}, {NULL, NULL}};
    static const struct {
        const char *query;
        const char *because;
    } plain[] = {
        {NULL, "INVALID: the request has no query"},
        {"", "INVALID: the request has no query"},
        {"User=u&DeviceId=d&DeviceType=t", "INVALID: the query names no command"},
        {"Cmd=&DeviceId=d&DeviceType=t", "INVALID: the query names no command"},
        {"Cmd=Sync&DeviceType=t", "INVALID: the device ID is missing"},
        {"Cmd=Sync&DeviceId=&DeviceType=t", "INVALID: the device ID is missing"},
        {"Cmd=Sync&DeviceId=d", "INVALID: the device type is missing"},
        {"Cmd=Sync&DeviceId=a-b&DeviceType=t",
         "INVALID: the device ID is not 1 to 32 letters and digits"},
        {"Cmd=Sync&DeviceId=123456789012345678901234567890123&DeviceType=t",
         "INVALID: the device ID is not 1 to 32 letters and digits"},
        {"Cmd=Sync&DeviceId=%c3%bc&DeviceType=t",
         "INVALID: the device ID is not 1 to 32 letters and digits"},
        {"Cmd=Sync&DeviceId=%zz&DeviceType=t", "INVALID: the parameter DeviceId cannot be decoded"},
        {"Cmd=Sync&DeviceId=d&DeviceType=t%00",
         "INVALID: the parameter DeviceType cannot be decoded"},
        {"Cmd=Sync&DeviceId=d&DeviceType=t&User=%ff",
         "INVALID: the parameter User cannot be decoded"},
        {"Cmd=Sync%0aX&DeviceId=d&DeviceType=t", "INVALID: the parameter Cmd cannot be decoded"},
        {"A", "INVALID: the query is neither name=value pairs nor base64"},
        {"ABCDE", "INVALID: the query is neither name=value pairs nor base64"},
        {"AB C", "INVALID: the query is neither name=value pairs nor base64"},
        {"AB-_", "INVALID: the query is neither name=value pairs nor base64"},
        {"AB===", "INVALID: the query is neither name=value pairs nor base64"},
        {"====", "INVALID: the query is neither name=value pairs nor base64"},
        {"AB%0", "INVALID: the query is neither name=value pairs nor base64"},
        {"AB%00CD", "INVALID: the query is neither name=value pairs nor base64"},
    };
    static const struct {
        const char *hex;
        const char *because;
    } bytes[] = {
        {"8c", "INVALID: the base64 query ends within its first fields"},
        {"8c0009", "INVALID: the base64 query ends within its first fields"},
        {"8c000904", "INVALID: the base64 query ends within the device ID"},
        {"8c000904 02 41", "INVALID: the base64 query ends within the device ID"},
        {"8c000904 01 41", "INVALID: the base64 query ends within the policy key"},
        {"8c000904 01 41 04 000000", "INVALID: the base64 query ends within the policy key"},
        {"8c000904 01 41 03 000000 01 74",
         "INVALID: the policy key of the base64 query has 3 bytes"},
        {"8c000904 01 41 00", "INVALID: the base64 query ends within the device type"},
        {"8c000904 01 41 00 05 74", "INVALID: the base64 query ends within the device type"},
        {"8c000904 01 41 00 01 74 08", "INVALID: the base64 query ends within a parameter"},
        {"8c000904 01 41 00 01 74 08 05 75", "INVALID: the base64 query ends within a parameter"},
        {"8c000904 01 41 00 01 74 08 02 7500", "INVALID: User of the base64 query is no text"},
        {"8c000904 01 41 00 01 ff", "INVALID: the device type of the base64 query is no text"},
        {"8c000904 02 41ff 00 01 74", "INVALID: the device ID of the base64 query is no text"},
        {"8c000904 00 00 01 74", "INVALID: the device ID is missing"},
        {"8c000904 01 41 00 00", "INVALID: the device type is missing"},
        {"8c000904 02 412d 00 01 74", "INVALID: the device ID is not 1 to 32 letters and digits"},
        {"19000904 01 41 00 01 74", "UNSUPPORTED: protocol version 2.5 is not served"},
        {"78000904 01 41 00 01 74", "UNSUPPORTED: protocol version 12.0 is not served"},
        {"ff000904 01 41 00 01 74", "UNSUPPORTED: protocol version 25.5 is not served"},
    };
    size_t i;

    for (i = 0; i < sizeof plain / sizeof plain[0]; i++)
        is_str(refused(plain[i].query, version_14, pool), plain[i].because,
               plain[i].query ? plain[i].query : "(null)");
    for (i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        is_str(refused(base64(bytes[i].hex, pool), none, pool), bytes[i].because, bytes[i].hex);
    is_str(refused("Cmd=Sync&DeviceId=d&DeviceType=t", none, pool),
           "INVALID: the header MS-ASProtocolVersion is missing", "no version");
    is_str(refused("Cmd=Sync&DeviceId=d&DeviceType=t", version_12_0, pool),
           "UNSUPPORTED: protocol version \"12.0\" is not served", "a version of old");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_plain(pool);
    test_base64(pool);
    test_base64_forms(pool);
    test_refused(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
