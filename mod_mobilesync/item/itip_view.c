/* A meeting as one of those who are invited is told of it: not everybody comes to all of a series. */
#include "item/itip_impl.h"

#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/itip_diff.h"

/* An instance without any has those of its series. */
static int view_names(const item_event_source_t *source, item_component_t *event,
                      const apr_array_header_t *addresses)
{
    if (source->series && !item_property_first(event, "ATTENDEE"))
        event = source->series;
    return item_itip_attendee(event, addresses, source->pool) != NULL;
}

/* Written as the instance names its place, which is how the series has its start (RFC 5545 3.8.4.4). */
static void view_exclude(const item_event_source_t *source, item_component_t *instance)
{
    static const char *const names[] = {"TZID", "VALUE"};
    item_property_t *place = item_property_first(instance, "RECURRENCE-ID"), *excluded;
    size_t i;

    if (!place)
        return;
    excluded = item_property_add(source->series, NULL, "EXDATE", item_property_value(place));
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (item_property_parameter(place, names[i]))
            item_property_set_parameter(excluded, names[i],
                                        item_property_parameter(place, names[i]));
}

/* One that all that follow are like: he is not to come from there on. */
static void view_end(item_event_source_t *source, item_component_t *instance)
{
    struct icaltimetype place;
    item_event_edit_t edit;
    item_change_t change;
    item_series_t series;

    item_itip_edit_init(&edit, &change, source, NULL, EAS_VERSION_16_1, 0);
    if (item_series_load(source->calendar, source->series, source->own, &series, source->pool) &&
        item_event_series_of(source, &series, instance, &place))
        item_event_end_before(&edit, &series, &place);
}

void item_itip_narrow(item_event_source_t *source, const apr_array_header_t *addresses)
{
    item_component_t **all = (item_component_t **)source->instances->elts, *end = NULL;
    int i, count = source->instances->nelts, kept = 0;
    int whole = source->series && item_itip_attendee(source->series, addresses, source->pool);

    for (i = 0; i < count; i++) {
        if (view_names(source, all[i], addresses)) {
            all[kept++] = all[i];
            continue;
        }
        if (whole && item_event_is_range(all[i])) { /* needs its place still */
            end = end ? end : all[i];
            all[kept++] = all[i];
            continue;
        }
        if (whole)
            view_exclude(source, all[i]);
        item_component_remove(all[i]);
    }
    source->instances->nelts = kept;
    if (end)
        view_end(source, end);
    if (source->series && !whole) {
        item_component_remove(source->series);
        source->series = NULL;
        source->main = kept ? all[0] : NULL;
    }
}

base_fault_t *item_itip_view(const backend_blob_t *event, const apr_array_header_t *addresses,
                             const backend_blob_t **view, apr_pool_t *pool)
{
    item_event_source_t *source;

    *view = NULL;
    BASE_TRY(item_event_open(event, &source, pool));
    item_itip_narrow(source, addresses);
    if (source->main && view_names(source, source->main, addresses))
        BASE_TRY(item_document_save(source->document, view, pool));
    return NULL;
}

base_fault_t *item_itip_organized(const backend_blob_t *event, item_itip_organized_t *organized,
                                  apr_pool_t *pool)
{
    item_event_source_t *source;
    item_property_t *line;
    const char *agent;

    *organized = (item_itip_organized_t){.by = NULL};
    BASE_TRY(item_event_open(event, &source, pool));
    line = item_property_first(source->main, "ORGANIZER");
    agent = line ? item_property_parameter(line, "SENT-BY") : NULL;
    organized->by = line ? item_event_address(line, pool) : NULL;
    organized->agent = agent && strncasecmp(agent, "mailto:", 7) == 0 ? agent + 7 : NULL;
    return NULL;
}

/* -- who is told of the same ------------------------------------------------------------------ */

/* Sets apart from the others of its class who is not in an instance. */
static void view_split(const apr_array_header_t *keys, item_component_t *instance, int *classes,
                       int *count, apr_pool_t *pool)
{
    apr_hash_t *known = apr_hash_make(pool), *apart = apr_hash_make(pool);
    item_property_t *property = item_property_first(instance, "ATTENDEE");
    int i;

    for (; property; property = item_property_next(property)) {
        const char *address = item_event_address(property, pool);

        if (address)
            apr_hash_set(known, base_text_lower(address, pool), APR_HASH_KEY_STRING, "");
    }
    for (i = 0; i < keys->nelts; i++) {
        int *class_;

        if (apr_hash_get(known, APR_ARRAY_IDX(keys, i, const char *), APR_HASH_KEY_STRING))
            continue;
        if (!(class_ = apr_hash_get(apart, classes + i, sizeof *classes))) {
            class_ = apr_palloc(pool, sizeof *class_);
            *class_ = ++*count;
            apr_hash_set(apart, apr_pmemdup(pool, classes + i, sizeof *classes), sizeof *classes,
                         class_);
        }
        classes[i] = *class_;
    }
}

apr_array_header_t *item_itip_groups(const item_event_source_t *source,
                                     const apr_array_header_t *people, apr_pool_t *pool)
{
    apr_array_header_t *groups = apr_array_make(pool, 1, sizeof(apr_array_header_t *));
    apr_array_header_t *keys = apr_array_make(pool, people->nelts, sizeof(const char *));
    int *classes = apr_pcalloc(pool, (apr_size_t)(people->nelts + 1) * sizeof *classes);
    apr_hash_t *by_class = apr_hash_make(pool);
    int i, count = 0;
    apr_pool_t *each;

    for (i = 0; i < people->nelts; i++)
        APR_ARRAY_PUSH(keys, const char *) =
            base_text_lower(APR_ARRAY_IDX(people, i, const char *), pool);
    apr_pool_create(&each, pool);
    for (i = 0; source->series && i < source->instances->nelts; i++) {
        item_component_t *instance = APR_ARRAY_IDX(source->instances, i, item_component_t *);

        apr_pool_clear(each);
        if (item_property_first(instance, "ATTENDEE"))
            view_split(keys, instance, classes, &count, each);
    }
    apr_pool_destroy(each);
    for (i = 0; i < people->nelts; i++) {
        apr_array_header_t *group = apr_hash_get(by_class, classes + i, sizeof *classes);

        if (!group) {
            group = apr_array_make(pool, 4, sizeof(const char *));
            apr_hash_set(by_class, classes + i, sizeof *classes, group);
            APR_ARRAY_PUSH(groups, apr_array_header_t *) = group;
        }
        APR_ARRAY_PUSH(group, const char *) = APR_ARRAY_IDX(people, i, const char *);
    }
    return groups;
}

/* -- without files ---------------------------------------------------------------------------- */

/* What is no link is there as a whole (RFC 5545 3.8.1.1). */
static void view_drop_files(item_component_t *event)
{
    item_property_t *file = item_property_first(event, "ATTACH"), *next;

    for (; file; file = next) {
        next = item_property_next(file);
        if (item_property_parameter(file, "ENCODING") ||
            strncasecmp(item_property_value(file), "data:", 5) == 0)
            item_property_remove(file);
    }
}

base_fault_t *item_itip_brief(const backend_blob_t *event, const backend_blob_t **brief,
                              apr_pool_t *pool)
{
    item_event_source_t *source;
    int i;

    BASE_TRY(item_event_open(event, &source, pool));
    if (source->series)
        view_drop_files(source->series);
    for (i = 0; i < source->instances->nelts; i++)
        view_drop_files(APR_ARRAY_IDX(source->instances, i, item_component_t *));
    return item_document_save(source->document, brief, pool);
}
