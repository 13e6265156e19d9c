/* Which part of a message says what meeting it is about. */
#include "item/content.h"

#include <string.h>
#include <strings.h>

#include "item/header.h"
#include "item/ical.h"
#include "item/reader.h"

/* The better ones are greater. */
typedef enum {
    CALENDAR_NONE,
    CALENDAR_PUBLISHED, /* says of itself that it asks nobody */
    CALENDAR_FILE,
    CALENDAR_PART,
    CALENDAR_SCHEDULING /* with a method, as RFC 6047 2.4 wants it */
} calendar_rank_t;

/* Looked at before the name is decoded, which all attachments have. */
static int calendar_may_be_named(const char *field)
{
    return field && strcasestr(field, "ics");
}

static int calendar_is_named(const item_mime_part_t *part, apr_pool_t *pool)
{
    const char *name, *end;

    if (!calendar_may_be_named(part->disposition) && !calendar_may_be_named(part->content_type))
        return 0;
    name = item_content_name(part, pool);
    end = strrchr(name, '.');
    return end && strcasecmp(end, ".ics") == 0;
}

const char *item_content_method(const item_mime_part_t *part, apr_pool_t *pool)
{
    return part->content_type && item_mime_is(part, "text", "calendar")
               ? item_header_parameter(part->content_type, "method", pool)
               : NULL;
}

int item_content_is_file(const item_mime_part_t *calendar, apr_pool_t *pool)
{
    return !item_mime_is(calendar, "text", "calendar") ||
           strcmp(item_header_disposition(calendar->disposition, pool), "attachment") == 0;
}

static calendar_rank_t calendar_rank(const item_mime_part_t *part, apr_pool_t *pool)
{
    const char *method;

    if (part->kind != ITEM_MIME_LEAF)
        return CALENDAR_NONE;
    if (!item_mime_is(part, "text", "calendar"))
        return item_mime_is(part, "application", "ics") || calendar_is_named(part, pool)
                   ? CALENDAR_FILE
                   : CALENDAR_NONE;
    method = item_content_method(part, pool);
    if (method)
        return strcasecmp(method, "PUBLISH") ? CALENDAR_SCHEDULING : CALENDAR_PUBLISHED;
    return item_content_is_file(part, pool) ? CALENDAR_FILE : CALENDAR_PART;
}

const item_mime_part_t *item_content_choose(const apr_array_header_t *parts, apr_pool_t *pool)
{
    const item_mime_part_t *chosen = NULL;
    calendar_rank_t best = CALENDAR_NONE;
    int i, files = 0;

    for (i = 0; i < parts->nelts; i++) {
        const item_mime_part_t *part = APR_ARRAY_IDX(parts, i, const item_mime_part_t *);
        calendar_rank_t rank = calendar_rank(part, pool);

        files += rank == CALENDAR_FILE;
        if (rank > best) {
            best = rank;
            chosen = part;
        }
    }
    return best == CALENDAR_FILE && files > 1 ? NULL : chosen;
}

base_fault_t *item_content_calendar(const item_mime_t *mime, const item_mime_part_t *part,
                                    const char **text, apr_size_t *length, apr_pool_t *pool)
{
    BASE_TRY(
        item_reader_all(item_reader_text(mime, part, pool), ITEM_ICAL_MAX + 8, text, length, pool));
    if (*length > ITEM_ICAL_MAX)
        *text = NULL;
    return NULL;
}
