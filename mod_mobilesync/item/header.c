#include "item/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <gmime/gmime.h>

#include "base/text.h"
#include "item/mime.h"

/* GMime looks parameters up linearly: what is longer is hostile. */
#define HEADER_PARAMETERS_MAX 8192
/* Each colon of an address list may open a group, and GMime recurses into it. */
#define HEADER_GROUPS_MAX 200

/* The fallbacks are GMime's process-wide defaults, so that no call has to build its own. */
void item_header_child_init(void)
{
    static const char *charsets[] = {"utf-8", "windows-1252", NULL};
    GMimeParserOptions *options = g_mime_parser_options_get_default();

    g_mime_parser_options_set_fallback_charsets(options, charsets);
    g_mime_parser_options_set_allow_addresses_without_domain(options, TRUE);
}

static apr_status_t header_unref(void *object)
{
    g_object_unref(object);
    return APR_SUCCESS;
}

/* Legal, one line, no control characters. */
static const char *header_clean(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, base_text_xml_sanitize(text, strlen(text), pool)), *p;

    for (p = copy; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return copy;
}

/* What GMime can take. */
static const char *header_bounded(const char *value, apr_size_t limit, apr_pool_t *pool)
{
    if (strlen(value) > limit)
        value = apr_pstrmemdup(pool, value, limit);
    return strstr(value, "=?") ? item_header_words(value, 1, pool) : value;
}

static GMimeContentType *header_parse_type(const char *value, apr_pool_t *pool)
{
    GMimeContentType *type =
        g_mime_content_type_parse(NULL, header_bounded(value, HEADER_PARAMETERS_MAX, pool));

    if (type)
        apr_pool_cleanup_register(pool, type, header_unref, apr_pool_cleanup_null);
    return type;
}

static GMimeContentDisposition *header_parse_disposition(const char *value, apr_pool_t *pool)
{
    GMimeContentDisposition *disposition =
        g_mime_content_disposition_parse(NULL, header_bounded(value, HEADER_PARAMETERS_MAX, pool));

    if (disposition)
        apr_pool_cleanup_register(pool, disposition, header_unref, apr_pool_cleanup_null);
    return disposition;
}

void item_header_content_type(const char *value, const char **type, const char **subtype,
                              apr_pool_t *pool)
{
    GMimeContentType *parsed = header_parse_type(value, pool);
    const char *name = parsed ? g_mime_content_type_get_media_type(parsed) : NULL;
    const char *sub = parsed ? g_mime_content_type_get_media_subtype(parsed) : NULL;

    /* "text" alone is seen: it stays text/plain */
    if (!name || !sub || !strchr(value, '/'))
        return;
    *type = base_text_lower(header_clean(name, pool), pool);
    *subtype = base_text_lower(header_clean(sub, pool), pool);
}

const char *item_header_parameter(const char *value, const char *name, apr_pool_t *pool)
{
    /* most look-ups are for what is not there: then nothing has to be parsed */
    GMimeContentType *parsed =
        value && strcasestr(value, name) ? header_parse_type(value, pool) : NULL;
    const char *parameter = parsed ? g_mime_content_type_get_parameter(parsed, name) : NULL;

    return parameter ? header_clean(parameter, pool) : NULL;
}

const char *item_header_disposition(const char *value, apr_pool_t *pool)
{
    GMimeContentDisposition *parsed = value ? header_parse_disposition(value, pool) : NULL;
    const char *name = parsed ? g_mime_content_disposition_get_disposition(parsed) : NULL;

    return name ? base_text_lower(header_clean(name, pool), pool) : "";
}

const char *item_header_disposition_parameter(const char *value, const char *name, apr_pool_t *pool)
{
    GMimeContentDisposition *parsed =
        value && strcasestr(value, name) ? header_parse_disposition(value, pool) : NULL;
    const char *parameter = parsed ? g_mime_content_disposition_get_parameter(parsed, name) : NULL;

    return parameter ? header_clean(parameter, pool) : NULL;
}

const char *item_header_text(const char *value, apr_pool_t *pool)
{
    const char *p;

    for (p = value; *p && !(*p & 0x80) && !(p[0] == '=' && p[1] == '?'); p++)
        ;
    return header_clean(*p ? item_header_words(value, 0, pool) : value, pool);
}

static void header_add_addresses(InternetAddressList *list, apr_array_header_t *addresses,
                                 apr_pool_t *pool)
{
    int i, n = internet_address_list_length(list);

    for (i = 0; i < n; i++) {
        InternetAddress *entry = internet_address_list_get_address(list, i);

        if (INTERNET_ADDRESS_IS_GROUP(entry)) {
            InternetAddressList *members =
                internet_address_group_get_members(INTERNET_ADDRESS_GROUP(entry));

            if (members)
                header_add_addresses(members, addresses, pool);
        }
        else {
            const char *name = internet_address_get_name(entry);
            const char *address =
                internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(entry));
            item_address_t *added = apr_array_push(addresses);

            added->name = name ? header_clean(name, pool) : "";
            added->address = address ? header_clean(address, pool) : "";
        }
    }
}

static const char *header_without_groups(const char *value, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, value), *p;
    int quoted = 0;

    for (p = copy; *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (*p == ':' && !quoted)
            *p = ' ';
    }
    return copy;
}

void item_header_addresses(const char *value, apr_array_header_t *addresses, apr_pool_t *pool)
{
    InternetAddressList *list;
    const char *p;
    int colons = 0;

    for (p = value; *p && colons <= HEADER_GROUPS_MAX; p++)
        colons += *p == ':';
    if (colons > HEADER_GROUPS_MAX)
        value = header_without_groups(value, pool);
    list = internet_address_list_parse(NULL, header_bounded(value, ITEM_MIME_FIELD_MAX, pool));
    if (!list)
        return;
    apr_pool_cleanup_register(pool, list, header_unref, apr_pool_cleanup_null);
    header_add_addresses(list, addresses, pool);
}

const char *item_header_address_text(const item_address_t *address, apr_pool_t *pool)
{
    char *quoted, *q;
    const char *p;

    if (!*address->name)
        return address->address;
    q = quoted = apr_palloc(pool, strlen(address->name) * 2 + 3);
    *q++ = '"';
    for (p = address->name; *p; p++) {
        if (*p == '"' || *p == '\\')
            *q++ = '\\';
        *q++ = *p;
    }
    *q++ = '"';
    *q = '\0';
    return *address->address ? apr_pstrcat(pool, quoted, " <", address->address, ">", NULL)
                             : quoted;
}

/* The next <id> that is not empty, without the brackets: its beginning, and *end behind it. NULL when
 * there is none. */
static const char *header_next_id(const char *value, const char **end)
{
    const char *open;

    for (open = strchr(value, '<'); open; open = strchr(*end, '<')) {
        if (!(*end = strchr(open, '>')))
            return NULL;
        if (*end > open + 1)
            return open + 1;
    }
    return NULL;
}

static const char *header_copy_id(const char *start, const char *end, apr_pool_t *pool)
{
    return header_clean(apr_pstrmemdup(pool, start, (apr_size_t)(end - start)), pool);
}

const char *item_header_message_id(const char *value, int n, apr_pool_t *pool)
{
    const char *id, *end = value, *found = NULL, *found_end = NULL;

    while ((id = header_next_id(end, &end))) {
        found = id;
        found_end = end;
        if (n-- == 0)
            break;
    }
    return found && n < 0 ? header_copy_id(found, found_end, pool) : NULL;
}

apr_array_header_t *item_header_message_ids(const char *value, apr_pool_t *pool)
{
    apr_array_header_t *ids = apr_array_make(pool, 8, sizeof(const char *));
    const char *id, *end = value;

    while ((id = header_next_id(end, &end)))
        APR_ARRAY_PUSH(ids, const char *) = header_copy_id(id, end, pool);
    return ids;
}

int item_header_date(const char *value, apr_time_t *when)
{
    GDateTime *date = g_mime_utils_header_decode_date(value);

    if (!date)
        return 0;
    *when = apr_time_from_sec(g_date_time_to_unix(date));
    g_date_time_unref(date);
    return 1;
}
