#include "item/reference.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define REFERENCE_TEXT_MAX 80

const char *item_reference_server_id(const item_reference_t *reference, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%u:%" APR_UINT64_T_FMT, reference->folder_id,
                        reference->generation, reference->uid);
}

const char *item_reference_file(const item_reference_t *reference, unsigned part, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%u:%" APR_UINT64_T_FMT ":%u", reference->folder_id,
                        reference->generation, reference->uid, part);
}

static int reference_folder_ok(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    return length > 0 && length <= ITEM_REFERENCE_FOLDER_MAX && text[length] == '\0';
}

/* One number as it was written here: no sign, no leading zero. */
static int reference_number(const char *text, apr_uint64_t maximum, apr_uint64_t *value)
{
    return text && (text[0] != '0' || text[1] == '\0') &&
           base_text_parse_uint(text, maximum, value);
}

static int reference_parse(const char *text, int fields, item_reference_t *reference,
                           apr_pool_t *pool)
{
    char *field[5] = {NULL}, *p;
    apr_uint64_t generation, uid, part = 0;
    int n = 0;

    if (!text || strlen(text) > REFERENCE_TEXT_MAX)
        return 0;
    for (p = apr_pstrdup(pool, text); p && n < 5; n++) {
        field[n] = p;
        if ((p = strchr(p, ':')))
            *p++ = '\0';
    }
    if (p || n != fields || !reference_folder_ok(field[0]) ||
        !reference_number(field[1], 0xffffffffu, &generation) ||
        !reference_number(field[2], APR_UINT64_MAX, &uid) || uid == 0 ||
        (fields == 4 && (!reference_number(field[3], 0x7fffffff, &part) || part == 0)))
        return 0;
    reference->folder_id = field[0];
    reference->generation = (apr_uint32_t)generation;
    reference->uid = uid;
    reference->part = (unsigned)part;
    return 1;
}

int item_reference_parse_server_id(const char *text, item_reference_t *reference, apr_pool_t *pool)
{
    return reference_parse(text, 3, reference, pool);
}

int item_reference_parse_file(const char *text, item_reference_t *reference, apr_pool_t *pool)
{
    return reference_parse(text, 4, reference, pool);
}
