#include "item/itip_diff.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/itip_impl.h"

/* An occurrence that is not as the series says. */
typedef struct {
    struct icaltimetype place;
    item_component_t *instance; /* NULL: there is none of it */
    int excluded;
} diff_place_t;

/* What there was, or what there is. */
typedef struct {
    item_event_source_t *source;
    item_series_t series;
    int recurs;
    apr_hash_t *places; /* diff_place_t by the naive time of the place */
    apr_time_t last;    /* when the last of it ends */
} diff_side_t;

typedef struct {
    diff_side_t *before, *after; /* NULL: there is none, or none of the owner's to organise */
    const apr_array_header_t *addresses;
    apr_time_t now;
    apr_array_header_t *sendings;
    apr_pool_t *pool;
} diff_t;

/* -- people ----------------------------------------------------------------------------------- */

static int diff_is_told(const diff_t *diff, item_property_t *attendee, const char *address)
{
    const char *agent = item_property_parameter(attendee, "SCHEDULE-AGENT");

    return address && *address && !strpbrk(address, " ,;<>\"") &&
           !item_itip_is_one_of(diff->addresses, address) &&
           (!agent || strcasecmp(agent, "SERVER") == 0);
}

/* Those of an event: const char *, each once. */
static apr_array_header_t *diff_people(const diff_t *diff, item_component_t *event)
{
    apr_array_header_t *people = apr_array_make(diff->pool, 8, sizeof(const char *));
    apr_hash_t *seen = apr_hash_make(diff->pool);
    item_property_t *property = item_property_first(event, "ATTENDEE");

    for (; property && people->nelts < ITEM_EVENT_ATTENDEES_MAX;
         property = item_property_next(property)) {
        const char *address = item_event_address(property, diff->pool), *key;

        if (!diff_is_told(diff, property, address))
            continue;
        key = base_text_lower(address, diff->pool);
        if (apr_hash_get(seen, key, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(seen, key, APR_HASH_KEY_STRING, key);
        APR_ARRAY_PUSH(people, const char *) = address;
    }
    return people;
}

/* An instance without any has those of its series. */
static apr_array_header_t *diff_people_of(const diff_t *diff, const diff_side_t *side,
                                          item_component_t *instance)
{
    return diff_people(diff, instance && item_property_first(instance, "ATTENDEE")
                                 ? instance
                                 : side->source->main);
}

static apr_array_header_t *diff_without(const diff_t *diff, const apr_array_header_t *people,
                                        const apr_array_header_t *others)
{
    apr_array_header_t *rest = apr_array_make(diff->pool, 8, sizeof(const char *));
    apr_hash_t *known = apr_hash_make(diff->pool);
    int i;

    for (i = 0; i < others->nelts; i++)
        apr_hash_set(known, base_text_lower(APR_ARRAY_IDX(others, i, const char *), diff->pool),
                     APR_HASH_KEY_STRING, "");
    for (i = 0; i < people->nelts; i++) {
        const char *one = APR_ARRAY_IDX(people, i, const char *);

        if (!apr_hash_get(known, base_text_lower(one, diff->pool), APR_HASH_KEY_STRING))
            APR_ARRAY_PUSH(rest, const char *) = one;
    }
    return rest;
}

/* Those of the series and of all its instances. */
static apr_array_header_t *diff_everybody(const diff_t *diff, const diff_side_t *side)
{
    apr_array_header_t *people = diff_people(diff, side->source->main);
    int i;

    for (i = 0; i < side->source->instances->nelts; i++)
        apr_array_cat(people, diff_without(diff,
                                           diff_people(diff, APR_ARRAY_IDX(side->source->instances,
                                                                           i, item_component_t *)),
                                           people));
    return people;
}

/* -- the two sides ---------------------------------------------------------------------------- */

static int diff_is_cancelled(item_component_t *event)
{
    const char *status = event ? item_component_text(event, "STATUS") : NULL;

    return status && strcasecmp(status, "CANCELLED") == 0;
}

static diff_place_t *diff_place(diff_side_t *side, struct icaltimetype place, apr_pool_t *pool)
{
    apr_time_t naive = item_ical_naive(&place);
    diff_place_t *one = apr_hash_get(side->places, &naive, sizeof naive);

    if (!one) {
        one = apr_pcalloc(pool, sizeof *one);
        one->place = place;
        apr_hash_set(side->places, apr_pmemdup(pool, &naive, sizeof naive), sizeof naive, one);
    }
    return one;
}

static void diff_read_places(diff_side_t *side, apr_pool_t *pool)
{
    const apr_array_header_t *excluded = side->series.exceptions;
    const apr_array_header_t *instances = side->source->instances;
    struct icaltimetype place;
    int i;

    for (i = 0; excluded && i < excluded->nelts; i++) {
        place = item_event_series_normal(&side->series,
                                         APR_ARRAY_IDX(excluded, i, struct icaltimetype));
        diff_place(side, place, pool)->excluded = 1;
    }
    /* who wrote an instance wants it to be there, whatever is excluded */
    for (i = 0; i < instances->nelts; i++) {
        item_component_t *instance = APR_ARRAY_IDX(instances, i, item_component_t *);

        if (item_event_series_of(side->source, &side->series, instance, &place))
            *diff_place(side, place, pool) = (diff_place_t){.place = place, .instance = instance};
    }
}

/* *side NULL: it is not the owner's to organise. */
static base_fault_t *diff_open(const diff_t *diff, const backend_blob_t *blob, diff_side_t **side)
{
    diff_side_t *s = apr_pcalloc(diff->pool, sizeof *s);
    backend_description_t description = {.date = 0};
    item_property_t *organizer;

    *side = NULL;
    if (!blob)
        return NULL;
    BASE_TRY(item_event_open(blob, &s->source, diff->pool));
    organizer = item_property_first(s->source->main, "ORGANIZER");
    if (!organizer ||
        !item_itip_is_one_of(diff->addresses, item_event_address(organizer, diff->pool)))
        return NULL;
    BASE_TRY(item_event_kind.describe(blob, &description, diff->pool));
    s->last = description.date;
    s->places = apr_hash_make(diff->pool);
    s->recurs = s->source->series &&
                item_series_load(s->source->calendar, s->source->series, s->source->own, &s->series,
                                 diff->pool) &&
                item_series_recurs(&s->series);
    if (s->recurs)
        diff_read_places(s, diff->pool);
    *side = s;
    return NULL;
}

/* -- schedules -------------------------------------------------------------------------------- */

static const char *diff_values(item_component_t *event, const char *name, apr_pool_t *pool)
{
    item_property_t *property = item_property_first(event, name);
    base_text_buffer_t text = {.pool = pool};

    for (; property; property = item_property_next(property))
        base_text_buffer_printf(&text, "%s:%s\n", name, item_property_value(property));
    return text.data ? text.data : "";
}

static const char *diff_schedule_text(apr_time_t from, apr_time_t to, int all_day,
                                      item_component_t *event, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_TIME_T_FMT " %" APR_TIME_T_FMT " %d\n%s", from, to, all_day,
                        diff_values(event, "LOCATION", pool));
}

/* Names time, place and rule: of two that are equal nobody need be told. */
static base_fault_t *diff_schedule(const diff_t *diff, const diff_side_t *side, const char **text)
{
    item_component_t *main = side->source->main;
    item_event_times_t times;
    apr_pool_t *pool = diff->pool;

    BASE_TRY(item_event_times_load(side->source, main, &times));
    *text = diff_schedule_text(times.from, times.to, times.all_day, main, pool);
    if (side->recurs) /* a series of the same beginning goes another way in another zone */
        *text = apr_pstrcat(pool, *text, item_clock_tzid(times.clock), "\n",
                            diff_values(main, "RRULE", pool), diff_values(main, "RDATE", pool),
                            diff_values(main, "EXRULE", pool), NULL);
    return NULL;
}

/* The same of one occurrence. */
static base_fault_t *diff_schedule_at(const diff_t *diff, const diff_side_t *side,
                                      const diff_place_t *at, const char **text, apr_time_t *end)
{
    const diff_place_t *own;
    apr_time_t naive = item_ical_naive(&at->place), from;
    item_event_times_t times;

    own = apr_hash_get(side->places, &naive, sizeof naive);
    if (own && own->instance) {
        BASE_TRY(item_event_times_load(side->source, own->instance, &times));
        *end = times.to;
        *text = diff_schedule_text(times.from, times.to, times.all_day, own->instance, diff->pool);
        return NULL;
    }
    BASE_TRY(item_event_times_load(side->source, side->source->series, &times));
    from = item_clock_to_utc(side->series.clock, &at->place);
    *end = from + times.to - times.from;
    *text = diff_schedule_text(from, *end, times.all_day, side->source->series, diff->pool);
    return NULL;
}

static int diff_stands(const diff_side_t *side)
{
    return side && !diff_is_cancelled(side->source->main);
}

/* -- what is sent ----------------------------------------------------------------------------- */

static void diff_send(diff_t *diff, item_itip_method_t method, const diff_side_t *of,
                      const char *instance, const apr_array_header_t *to)
{
    item_component_t *main = of->source->main;
    const char *uid = item_component_text(main, "UID");

    if (!to->nelts)
        return;
    APR_ARRAY_PUSH(diff->sendings, item_itip_sending_t) = (item_itip_sending_t){
        .method = method,
        .of_before = of == diff->before,
        .partial = method == ITEM_ITIP_CANCEL && diff_stands(diff->after) && !instance,
        .instance = instance,
        .to = to,
        .uid = uid ? uid : "",
        .text = item_component_text(main, "DESCRIPTION")};
}

/* Is there a difference at a place, and is it one that the attendees of it are to be told? */
static base_fault_t *diff_at(const diff_t *diff, const diff_place_t *at, int *differs)
{
    apr_time_t naive = item_ical_naive(&at->place), before_end, after_end;
    const diff_place_t *old = apr_hash_get(diff->before->places, &naive, sizeof naive);
    const diff_place_t *new = apr_hash_get(diff->after->places, &naive, sizeof naive);
    int was = !old || (!old->excluded && !diff_is_cancelled(old->instance));
    int is = !new || (!new->excluded && !diff_is_cancelled(new->instance));
    const char *before, *after;

    *differs = 0;
    if (!was && !is)
        return NULL;
    BASE_TRY(diff_schedule_at(diff, diff->before, at, &before, &before_end));
    BASE_TRY(diff_schedule_at(diff, diff->after, at, &after, &after_end));
    if ((!was || before_end < diff->now) && (!is || after_end < diff->now))
        return NULL;
    *differs = was != is || strcmp(before, after) != 0;
    if (!*differs && ((old && old->instance) || (new &&new->instance))) {
        const apr_array_header_t *theirs =
            diff_people_of(diff, diff->before, old ? old->instance : NULL);
        const apr_array_header_t *ours =
            diff_people_of(diff, diff->after, new ? new->instance : NULL);
        const apr_array_header_t *old_all = diff_people(diff, diff->before->source->main);
        const apr_array_header_t *new_all = diff_people(diff, diff->after->source->main);

        /* who is added to the series, or removed from it, is told that of the whole */
        *differs = diff_without(diff, diff_without(diff, ours, theirs),
                                diff_without(diff, new_all, old_all))
                       ->nelts ||
                   diff_without(diff, diff_without(diff, theirs, ours),
                                diff_without(diff, old_all, new_all))
                       ->nelts;
    }
    return NULL;
}

/* One place alone. gone, fresh: who is told of the whole. */
static base_fault_t *diff_send_at(diff_t *diff, const diff_place_t *at,
                                  const apr_array_header_t *gone, const apr_array_header_t *fresh)
{
    apr_time_t naive = item_ical_naive(&at->place), end;
    const diff_place_t *old = apr_hash_get(diff->before->places, &naive, sizeof naive);
    const diff_place_t *new = apr_hash_get(diff->after->places, &naive, sizeof naive);
    int was = !old || (!old->excluded && !diff_is_cancelled(old->instance));
    int is = !new || (!new->excluded && !diff_is_cancelled(new->instance));
    const apr_array_header_t *theirs =
        diff_people_of(diff, diff->before, old ? old->instance : NULL);
    const apr_array_header_t *ours = diff_people_of(diff, diff->after, new ? new->instance : NULL);
    const char *instance = item_event_time_text(diff->before->source, at->place,
                                                diff->before->series.clock, EAS_VERSION_16_1);
    const char *before, *after;

    theirs = diff_without(diff, theirs, gone);
    ours = diff_without(diff, ours, fresh);
    if (!is) {
        diff_send(diff, ITEM_ITIP_CANCEL, diff->before, instance, theirs);
        return NULL;
    }
    BASE_TRY(diff_schedule_at(diff, diff->before, at, &before, &end));
    BASE_TRY(diff_schedule_at(diff, diff->after, at, &after, &end));
    if (was)
        diff_send(diff, ITEM_ITIP_CANCEL, diff->before, instance, diff_without(diff, theirs, ours));
    diff_send(diff, ITEM_ITIP_REQUEST, diff->after, instance,
              was && strcmp(before, after) == 0 ? diff_without(diff, ours, theirs) : ours);
    return NULL;
}

/* *at: the place that differs, *count: of how many. */
static base_fault_t *diff_find_places(diff_t *diff, const diff_place_t **at, int *count)
{
    const diff_side_t *sides[] = {diff->before, diff->after};
    apr_hash_index_t *hi;
    diff_t each = *diff;
    int i, differs;

    *count = 0;
    apr_pool_create(&each.pool, diff->pool);
    for (i = 0; i < 2 && diff->before->recurs && diff->after->recurs; i++)
        for (hi = apr_hash_first(diff->pool, sides[i]->places); hi; hi = apr_hash_next(hi)) {
            const void *key;
            apr_ssize_t length;
            void *value;

            apr_hash_this(hi, &key, &length, &value);
            if (i == 1 && apr_hash_get(sides[0]->places, key, length))
                continue;
            apr_pool_clear(each.pool);
            BASE_TRY(diff_at(&each, value, &differs));
            if (!differs)
                continue;
            *at = value;
            if (++*count > 1)
                return NULL;
        }
    return NULL;
}

static base_fault_t *diff_changed(diff_t *diff)
{
    const apr_array_header_t *old = diff_people(diff, diff->before->source->main);
    const apr_array_header_t *new = diff_people(diff, diff->after->source->main);
    const apr_array_header_t *gone;
    const apr_array_header_t *fresh = diff_without(diff, new, old);
    const char *before, *after;
    const diff_place_t *at = NULL;
    int places = 0, whole;

    BASE_TRY(diff_schedule(diff, diff->before, &before));
    BASE_TRY(diff_schedule(diff, diff->after, &after));
    whole = strcmp(before, after) != 0;
    if (!whole)
        BASE_TRY(diff_find_places(diff, &at, &places));
    whole |= places > 1;
    /* who was invited to one alone is told of that one, unless the whole is told */
    gone = diff_without(diff, whole ? diff_everybody(diff, diff->before) : old,
                        diff_everybody(diff, diff->after));
    diff_send(diff, ITEM_ITIP_CANCEL, diff->before, NULL, gone);
    if (whole) {
        diff_send(diff, ITEM_ITIP_REQUEST, diff->after, NULL, diff_everybody(diff, diff->after));
        return NULL;
    }
    diff_send(diff, ITEM_ITIP_REQUEST, diff->after, NULL, fresh);
    return places ? diff_send_at(diff, at, gone, fresh) : NULL;
}

static int diff_is_over(const diff_t *diff, const diff_side_t *side)
{
    return !side || side->last < diff->now;
}

base_fault_t *item_itip_diff(const backend_blob_t *before, const backend_blob_t *after,
                             const apr_array_header_t *addresses, apr_time_t now,
                             apr_array_header_t **sendings, apr_pool_t *pool)
{
    diff_t diff = {.addresses = addresses, .now = now, .pool = pool};

    *sendings = diff.sendings = apr_array_make(pool, 4, sizeof(item_itip_sending_t));
    BASE_TRY(diff_open(&diff, before, &diff.before));
    BASE_TRY(diff_open(&diff, after, &diff.after));
    if (diff_is_over(&diff, diff.before) && diff_is_over(&diff, diff.after))
        return NULL;
    if (diff_stands(diff.before) && diff_stands(diff.after))
        return diff_changed(&diff);
    if (diff_stands(diff.after))
        diff_send(&diff, ITEM_ITIP_REQUEST, diff.after, NULL, diff_everybody(&diff, diff.after));
    else if (diff_stands(diff.before) && (!after || diff.after))
        diff_send(&diff, ITEM_ITIP_CANCEL, diff.before, NULL, diff_everybody(&diff, diff.before));
    return NULL;
}

/* What is no link is there as a whole (RFC 5545 3.8.1.1). */
static void diff_drop_files(item_component_t *event)
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
        diff_drop_files(source->series);
    for (i = 0; i < source->instances->nelts; i++)
        diff_drop_files(APR_ARRAY_IDX(source->instances, i, item_component_t *));
    *brief = item_document_is_changed(source->document)
                 ? item_document_print(source->document, pool)
                 : event;
    return NULL;
}
