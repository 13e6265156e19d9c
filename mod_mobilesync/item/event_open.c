#include "item/event_impl.h"

#include <string.h>

#include <apr_strings.h>

/* A calendar of several series has one that is shown; the others stay as they are. */
static int event_is_of(item_component_t *event, const char *uid)
{
    const char *own = item_component_text(event, "UID");

    return !uid || !own ? uid == own : strcmp(own, uid) == 0;
}

base_fault_t *item_event_open(const backend_blob_t *blob, item_event_source_t **source,
                              apr_pool_t *pool)
{
    item_event_source_t *s = apr_pcalloc(pool, sizeof *s);
    item_component_t *event;
    const char *uid;

    s->pool = pool;
    s->clocks = apr_hash_make(pool);
    BASE_TRY(item_document_parse(blob, &s->document, pool));
    s->calendar = item_document_root(s->document);
    event = s->calendar ? item_component_first(s->calendar, "VEVENT") : NULL;
    if (!event || item_document_version(s->document) != ITEM_DOCUMENT_ICALENDAR)
        return base_fault_make(pool, BASE_FAULT_CONVERSION, "a calendar without an event");
    uid = item_component_text(event, "UID");
    s->instances = apr_array_make(pool, 4, sizeof(item_component_t *));
    for (; event; event = item_component_next(event)) {
        if (!event_is_of(event, uid))
            continue;
        if (item_property_first(event, "RECURRENCE-ID"))
            APR_ARRAY_PUSH(s->instances, item_component_t *) = event;
        else if (!s->series)
            s->series = event;
    }
    s->main = s->series ? s->series : APR_ARRAY_IDX(s->instances, 0, item_component_t *);
    s->own = item_clock_own(s->calendar, pool);
    if (!s->own)
        s->own = &item_clock_utc;
    *source = s;
    return NULL;
}
