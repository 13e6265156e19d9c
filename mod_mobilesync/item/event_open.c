#include "item/event_impl.h"

#include <string.h>

#include <apr_strings.h>

/* The zone of times that name none: what the calendar says of itself, as most programs do that
 * export one; else the zone that its other times are in. */
static const item_clock_t *event_own_clock(item_component_t *calendar, apr_pool_t *pool)
{
    const char *name = item_component_text(calendar, "X-WR-TIMEZONE");
    const item_clock_t *clock = name && *name ? item_clock_find(calendar, name, pool) : NULL;
    item_component_t *zone;

    if (clock)
        return clock;
    zone = item_component_first(calendar, "VTIMEZONE");
    if (zone)
        clock = item_clock_component(zone, pool);
    return clock ? clock : &item_clock_utc;
}

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
    s->own = event_own_clock(s->calendar, pool);
    *source = s;
    return NULL;
}
