#include "item/reference.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define REFERENCE_TEXT_MAX 96
#define REFERENCE_REVISION_MAX (APR_UINT64_MAX >> 8)

const char *item_reference_server_id(const item_reference_t *reference, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%u:%" APR_UINT64_T_FMT, reference->folder_id,
                        reference->generation, reference->uid);
}

const char *item_reference_file(const item_reference_t *reference, unsigned part, apr_pool_t *pool)
{
    const char *text = apr_psprintf(pool, "%s:%u", item_reference_server_id(reference, pool), part);

    return reference->revision
               ? apr_psprintf(pool, "%s:%" APR_UINT64_T_FMT, text, reference->revision)
               : text;
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

static int reference_parse(const char *text, int fields, int most, item_reference_t *reference,
                           apr_pool_t *pool)
{
    char *field[6] = {NULL}, *p;
    apr_uint64_t generation, uid, part = 0, revision = 0;
    int n = 0;

    if (!text || strlen(text) > REFERENCE_TEXT_MAX)
        return 0;
    for (p = apr_pstrdup(pool, text); p && n < 6; n++) {
        field[n] = p;
        if ((p = strchr(p, ':')))
            *p++ = '\0';
    }
    if (p || n < fields || n > most || !reference_folder_ok(field[0]) ||
        !reference_number(field[1], 0xffffffffu, &generation) ||
        !reference_number(field[2], APR_UINT64_MAX, &uid) || uid == 0 ||
        (n >= 4 && (!reference_number(field[3], 0x7fffffff, &part) || part == 0)) ||
        (n == 5 && (!reference_number(field[4], REFERENCE_REVISION_MAX, &revision) || !revision)))
        return 0;
    reference->folder_id = field[0];
    reference->generation = (apr_uint32_t)generation;
    reference->uid = uid;
    reference->part = (unsigned)part;
    reference->revision = revision;
    return 1;
}

int item_reference_parse_server_id(const char *text, item_reference_t *reference, apr_pool_t *pool)
{
    return reference_parse(text, 3, 3, reference, pool);
}

int item_reference_parse_file(const char *text, item_reference_t *reference, apr_pool_t *pool)
{
    return reference_parse(text, 4, 5, reference, pool);
}
