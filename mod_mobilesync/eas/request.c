#include "eas/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <apr_base64.h>
#include <apr_strings.h>

#include "base/text.h"

/* MS-ASHTTP 2.2.1.1.1.1.3 */
#define OPTION_SAVE_IN_SENT 0x01
#define OPTION_ACCEPT_MULTIPART 0x02

#define DEVICE_ID_MAXIMUM 32
#define DEVICE_ID_RAW_LENGTH 16

/* Parameters with a text value: name in a plain query (MS-ASHTTP 2.2.1.1.1.2.5), tag
 * in a base64 one (2.2.1.1.1.1.3), place in the struct. ParentId and its tag are of
 * the older protocol versions; clients that know them still send it. */
#define TAG_NONE (-1)
#define TAG_OPTIONS 7

static const struct {
    const char *name;
    int tag;
    size_t offset;
} parameters[] = {
#define PARAMETER(name, tag, field)               \
    {                                             \
        name, tag, offsetof(eas_request_t, field) \
    }
    PARAMETER("Cmd", TAG_NONE, command_name),
    PARAMETER("DeviceId", TAG_NONE, device_id),
    PARAMETER("DeviceType", TAG_NONE, device_type),
    PARAMETER("AttachmentName", 0, attachment_name),
    PARAMETER("CollectionId", 1, collection_id),
    PARAMETER("ItemId", 3, item_id),
    PARAMETER("LongId", 4, long_id),
    PARAMETER("ParentId", 5, parent_id),
    PARAMETER("Occurrence", 6, occurrence),
    PARAMETER("User", 8, user),
#undef PARAMETER
};

#define PARAMETER_COUNT (sizeof parameters / sizeof parameters[0])

static const char **request_field(eas_request_t *request, size_t i)
{
    return (const char **)((char *)request + parameters[i].offset);
}

/* Text that may go into logs, keys and headers: legal, without control characters. */
static int request_text_is_clean(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return 0;
    return base_text_xml_legal(text, length);
}

/* -- plain query (MS-ASHTTP 2.2.1.1.1.2) -------------------------------------- */

static base_fault_t *request_plain_pair(eas_request_t *request, char *pair, apr_pool_t *pool)
{
    char *equals = strchr(pair, '=');
    const char *value, **field;
    size_t i;

    if (!equals)
        return NULL;
    *equals = '\0';
    value = base_text_percent_decode(equals + 1, pool);
    if (!value || !request_text_is_clean(value, strlen(value)))
        return base_fault_make(pool, BASE_FAULT_INVALID, "the parameter %s cannot be decoded",
                               base_text_percent_encode(pair, pool));
    if (strcasecmp(pair, "SaveInSent") == 0)
        request->save_in_sent = strcasecmp(value, "T") == 0;
    for (i = 0; i < PARAMETER_COUNT; i++) {
        field = request_field(request, i);
        /* given twice, the first counts */
        if (strcasecmp(pair, parameters[i].name) == 0 && !*field && *value)
            *field = value;
    }
    return NULL;
}

static base_fault_t *request_plain(eas_request_t *request, const char *query, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, query), *pair, *state;

    for (pair = apr_strtok(rest, "&", &state); pair; pair = apr_strtok(NULL, "&", &state))
        BASE_TRY(request_plain_pair(request, pair, pool));
    if (!request->command_name)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the query names no command");
    request->command = eas_command_parse(request->command_name);
    return NULL;
}

/* -- base64 query (MS-ASHTTP 2.2.1.1.1.1) -------------------------------------- */

typedef struct {
    const unsigned char *p;
    const unsigned char *end;
    apr_pool_t *pool;
} request_bytes_t;

static base_fault_t *request_take(request_bytes_t *bytes, apr_size_t count, const char *what,
                                  const unsigned char **taken)
{
    if ((apr_size_t)(bytes->end - bytes->p) < count)
        return base_fault_make(bytes->pool, BASE_FAULT_INVALID, "the base64 query ends within %s",
                               what);
    *taken = bytes->p;
    bytes->p += count;
    return NULL;
}

/* A field with its length in a byte before it. */
static base_fault_t *request_take_field(request_bytes_t *bytes, const char *what,
                                        const unsigned char **field, unsigned *length)
{
    const unsigned char *count;

    BASE_TRY(request_take(bytes, 1, what, &count));
    *length = *count;
    return request_take(bytes, *length, what, field);
}

static base_fault_t *request_text(const unsigned char *bytes, unsigned length, const char *what,
                                  const char **text, apr_pool_t *pool)
{
    if (!request_text_is_clean((const char *)bytes, length))
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s of the base64 query is no text", what);
    *text = apr_pstrmemdup(pool, (const char *)bytes, length);
    return NULL;
}

static int request_is_alphanumeric(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i < length; i++)
        if (!isascii((unsigned char)text[i]) || !isalnum((unsigned char)text[i]))
            return 0;
    return 1;
}

/* A device sends a string, or the 16 bytes of a GUID. */
static base_fault_t *request_take_device_id(request_bytes_t *bytes, eas_request_t *request)
{
    const unsigned char *id;
    unsigned length;

    BASE_TRY(request_take_field(bytes, "the device ID", &id, &length));
    if (length == DEVICE_ID_RAW_LENGTH && !request_is_alphanumeric((const char *)id, length)) {
        request->device_id = base_text_hex_encode(id, length, bytes->pool);
        return NULL;
    }
    if (!length)
        return NULL;
    return request_text(id, length, "the device ID", &request->device_id, bytes->pool);
}

static base_fault_t *request_take_policy_key(request_bytes_t *bytes, eas_request_t *request)
{
    const unsigned char *key;
    unsigned length;

    BASE_TRY(request_take_field(bytes, "the policy key", &key, &length));
    if (length != 0 && length != 4)
        return base_fault_make(bytes->pool, BASE_FAULT_INVALID,
                               "the policy key of the base64 query has %u bytes", length);
    if (length)
        request->policy_key = apr_psprintf(bytes->pool, "%u",
                                           (unsigned)key[0] | (unsigned)key[1] << 8 |
                                               (unsigned)key[2] << 16 | (unsigned)key[3] << 24);
    return NULL;
}

static base_fault_t *request_take_parameter(request_bytes_t *bytes, eas_request_t *request)
{
    const unsigned char *tag, *value;
    unsigned length;
    size_t i;

    BASE_TRY(request_take(bytes, 1, "a parameter", &tag));
    BASE_TRY(request_take_field(bytes, "a parameter", &value, &length));
    if (*tag == TAG_OPTIONS && length) {
        request->save_in_sent |= (*value & OPTION_SAVE_IN_SENT) != 0;
        request->accept_multipart |= (*value & OPTION_ACCEPT_MULTIPART) != 0;
    }
    for (i = 0; i < PARAMETER_COUNT; i++)
        if (parameters[i].tag == *tag && length && !*request_field(request, i))
            BASE_TRY(request_text(value, length, parameters[i].name, request_field(request, i),
                                  bytes->pool));
    return NULL;
}

static base_fault_t *request_bytes(eas_request_t *request, request_bytes_t *bytes)
{
    const unsigned char *fixed, *type;
    unsigned length;

    BASE_TRY(request_take(bytes, 4, "its first fields", &fixed));
    request->version = eas_version_from_byte(fixed[0]);
    if (request->version == EAS_VERSION_NONE)
        return base_fault_make(bytes->pool, BASE_FAULT_UNSUPPORTED,
                               "protocol version %u.%u is not served", fixed[0] / 10,
                               fixed[0] % 10);
    request->command = eas_command_from_code(fixed[1]);
    request->command_name = request->command != EAS_COMMAND_NONE
                                ? eas_command_name(request->command)
                                : apr_psprintf(bytes->pool, "code %u", fixed[1]);
    request->locale = apr_psprintf(bytes->pool, "%02X%02X", fixed[3], fixed[2]);
    BASE_TRY(request_take_device_id(bytes, request));
    BASE_TRY(request_take_policy_key(bytes, request));
    BASE_TRY(request_take_field(bytes, "the device type", &type, &length));
    if (length)
        BASE_TRY(request_text(type, length, "the device type", &request->device_type, bytes->pool));
    while (bytes->p < bytes->end)
        BASE_TRY(request_take_parameter(bytes, request));
    return NULL;
}

static base_fault_t *request_base64(eas_request_t *request, const char *query, apr_pool_t *pool)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    /* clients escape '+', '/' and '=' as they like */
    const char *text = base_text_percent_decode(query, pool);
    apr_size_t length = text ? strspn(text, alphabet) : 0;
    request_bytes_t bytes = {.pool = pool};
    unsigned char *decoded;

    /* and leave the padding out, or not; apr_base64 checks neither */
    if (!text || !length || length % 4 == 1 || strspn(text + length, "=") > 2 ||
        text[length + strspn(text + length, "=")] != '\0')
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "the query is neither name=value pairs nor base64");
    text = apr_pstrmemdup(pool, text, length);
    decoded = apr_palloc(pool, (apr_size_t)apr_base64_decode_len(text) + 1);
    bytes.p = decoded;
    bytes.end = decoded + apr_base64_decode_binary(decoded, text);
    return request_bytes(request, &bytes);
}

/* -- both --------------------------------------------------------------------- */

/* A base64 text has '=' at its end only. */
static int request_is_plain(const char *query)
{
    const char *equals = strchr(query, '=');

    return strchr(query, '&') || (equals && equals[strspn(equals, "=")] != '\0');
}

static base_fault_t *request_headers(eas_request_t *request, eas_request_header_fn header,
                                     void *baton, apr_pool_t *pool)
{
    const char *value;

    request->user_agent = header(baton, "User-Agent");
    value = header(baton, "MS-ASAcceptMultiPart");
    request->accept_multipart |= value && strcasecmp(value, "T") == 0;
    if (!request->policy_key)
        request->policy_key = header(baton, "X-MS-PolicyKey");
    if (request->version != EAS_VERSION_NONE)
        return NULL;
    value = header(baton, "MS-ASProtocolVersion");
    if (!value || !*value)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "the header MS-ASProtocolVersion is missing");
    request->version = eas_version_parse(value);
    if (request->version == EAS_VERSION_NONE)
        return base_fault_make(pool, BASE_FAULT_UNSUPPORTED,
                               "protocol version \"%s\" is not served", value);
    return NULL;
}

/* The hexadecimal form of a GUID is one device, in whatever case it is written. */
static const char *request_canonical_id(const char *id, apr_pool_t *pool)
{
    char *upper = apr_pstrdup(pool, id), *p;

    if (strlen(id) != 2 * DEVICE_ID_RAW_LENGTH ||
        strspn(id, "0123456789abcdefABCDEF") != strlen(id))
        return id;
    for (p = upper; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return upper;
}

static base_fault_t *request_device(eas_request_t *request, apr_pool_t *pool)
{
    const char *id = request->device_id;

    if (!id)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the device ID is missing");
    if (strlen(id) > DEVICE_ID_MAXIMUM || !request_is_alphanumeric(id, strlen(id)))
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "the device ID is not 1 to %d letters and digits",
                               DEVICE_ID_MAXIMUM);
    if (!request->device_type)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the device type is missing");
    request->device_id = request_canonical_id(id, pool);
    return NULL;
}

base_fault_t *eas_request_parse(const char *query, eas_request_header_fn header, void *baton,
                                eas_request_t **request, apr_pool_t *pool)
{
    eas_request_t *parsed = apr_pcalloc(pool, sizeof *parsed);

    *request = NULL;
    if (!query || !*query)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the request has no query");
    if (request_is_plain(query))
        BASE_TRY(request_plain(parsed, query, pool));
    else
        BASE_TRY(request_base64(parsed, query, pool));
    BASE_TRY(request_headers(parsed, header, baton, pool));
    BASE_TRY(request_device(parsed, pool));
    *request = parsed;
    return NULL;
}

eas_request_t *eas_request_parse_options(const char *query, eas_request_header_fn header,
                                         void *baton, apr_pool_t *pool)
{
    eas_request_t *request = apr_pcalloc(pool, sizeof *request);

    /* what is wrong with them is of no interest: whoever asks gets an answer */
    if (query && *query)
        (void)(request_is_plain(query) ? request_plain(request, query, pool)
                                       : request_base64(request, query, pool));
    (void)request_headers(request, header, baton, pool);
    if (request_device(request, pool))
        request->device_id = NULL;
    return request;
}
