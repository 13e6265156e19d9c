#include "item/itip_diff.h"

#include <stdlib.h>
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
    int whole;                              /* the whole is told */
    const apr_array_header_t *gone, *fresh; /* to whom: that he is not to come, and that he is */
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

/* -- the two sides ---------------------------------------------------------------------------- */

static int diff_is_cancelled(item_component_t *event)
{
    const char *status = event ? item_component_text(event, "STATUS") : NULL;

    return status && strcasecmp(status, "CANCELLED") == 0;
}

static int diff_stands(const diff_side_t *side)
{
    return side && !diff_is_cancelled(side->source->main);
}

/* Those of the whole; none of what does not stand. */
static const apr_array_header_t *diff_people_main(const diff_t *diff, const diff_side_t *side)
{
    return diff_stands(side) ? diff_people(diff, side->source->main)
                             : apr_array_make(diff->pool, 1, sizeof(const char *));
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
    s->recurs = s->source->series && item_event_rules_load(s->source, &s->series, diff->pool) &&
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

/* -- one place -------------------------------------------------------------------------------- */

/* What there was, and what there is. */
typedef struct {
    const diff_place_t *at;
    int was, is, goes_on;
    int moved; /* to another time or place, if there was and is one */
    const apr_array_header_t *theirs,
        *ours; /* who was to come, who is to; none where there is none */
} diff_spot_t;

static const diff_place_t *diff_own(const diff_side_t *side, const diff_place_t *at)
{
    apr_time_t naive = item_ical_naive(&at->place);

    return side ? apr_hash_get(side->places, &naive, sizeof naive) : NULL;
}

/* Where the whole is told, what is as the series says is told with it. */
static int diff_has(const diff_t *diff, const diff_side_t *side, const diff_place_t *at)
{
    const diff_place_t *own = diff_own(side, at);

    return diff_stands(side) &&
           (own ? !own->excluded && !diff_is_cancelled(own->instance) : !diff->whole);
}

static const apr_array_header_t *diff_people_at(const diff_t *diff, const diff_side_t *side,
                                                const diff_place_t *own)
{
    return diff_people_of(diff, side, own ? own->instance : NULL);
}

/* *told: are there to be messages about it? */
static base_fault_t *diff_look(const diff_t *diff, const diff_place_t *at, diff_spot_t *spot,
                               int *told)
{
    const diff_place_t *old = diff_own(diff->before, at), *new = diff_own(diff->after, at);
    const apr_array_header_t *nobody = apr_array_make(diff->pool, 1, sizeof(const char *));
    const char *before, *after;
    apr_time_t end, last = 0;

    *told = 0;
    *spot = (diff_spot_t){.at = at,
                          .was = diff_has(diff, diff->before, at),
                          .is = diff_has(diff, diff->after, at),
                          .theirs = nobody,
                          .ours = nobody};
    spot->goes_on = spot->is || (diff_stands(diff->after) && !new);
    if (spot->was) {
        BASE_TRY(diff_schedule_at(diff, diff->before, at, &before, &last));
    }
    if (spot->is) {
        BASE_TRY(diff_schedule_at(diff, diff->after, at, &after, &end));
        last = end > last ? end : last;
    }
    if (last < diff->now)
        return NULL;
    spot->moved = spot->was && spot->is && strcmp(before, after) != 0;
    if (spot->was && spot->is && !spot->moved && (!old || !old->instance) &&
        (!new || !new->instance))
        return NULL;
    if (spot->was)
        spot->theirs = diff_people_at(diff, diff->before, old);
    if (spot->is)
        spot->ours = diff_people_at(diff, diff->after, new);
    *told = 1;
    return NULL;
}

static int diff_place_order(const void *a, const void *b)
{
    apr_time_t x = item_ical_naive(&(*(const diff_place_t *const *)a)->place);
    apr_time_t y = item_ical_naive(&(*(const diff_place_t *const *)b)->place);

    return (x > y) - (x < y);
}

/* Those of both sides, in their order: const diff_place_t *. */
static const apr_array_header_t *diff_places(const diff_t *diff)
{
    const diff_side_t *sides[] = {diff->before, diff->after};
    apr_array_header_t *places = apr_array_make(diff->pool, 8, sizeof(const diff_place_t *));
    apr_hash_index_t *hi;
    int i;

    for (i = 0; i < 2; i++)
        for (hi = sides[i] ? apr_hash_first(diff->pool, sides[i]->places) : NULL; hi;
             hi = apr_hash_next(hi)) {
            void *value;

            apr_hash_this(hi, NULL, NULL, &value);
            if (i == 0 || !diff_own(sides[0], value))
                APR_ARRAY_PUSH(places, const diff_place_t *) = value;
        }
    qsort(places->elts, (size_t)places->nelts, sizeof(const diff_place_t *), diff_place_order);
    return places;
}

/* How many are at another time or place, come or go: 0, 1, or more. */
static base_fault_t *diff_count(const diff_t *diff, const apr_array_header_t *places, int *count)
{
    diff_t each = *diff;
    diff_spot_t spot;
    int i, told;

    *count = 0;
    apr_pool_create(&each.pool, diff->pool);
    for (i = 0; i < places->nelts && *count < 2; i++) {
        apr_pool_clear(each.pool);
        BASE_TRY(diff_look(&each, APR_ARRAY_IDX(places, i, const diff_place_t *), &spot, &told));
        *count += told && (spot.moved || spot.was != spot.is);
    }
    apr_pool_destroy(each.pool);
    return NULL;
}

/* -- what is sent ----------------------------------------------------------------------------- */

/* Adds a message of what there was (CANCEL) or is; NULL: there is nobody to send it to. */
static item_itip_sending_t *diff_send(diff_t *diff, item_itip_method_t method, const char *instance,
                                      const apr_array_header_t *to)
{
    const diff_side_t *of = method == ITEM_ITIP_CANCEL ? diff->before : diff->after;
    apr_pool_t *pool = diff->sendings->pool;
    item_itip_sending_t *sending;
    apr_array_header_t *people;
    const char *uid;
    int i;

    if (!to->nelts)
        return NULL;
    uid = item_component_text(of->source->main, "UID");
    people = apr_array_make(pool, to->nelts, sizeof(const char *));
    for (i = 0; i < to->nelts; i++)
        APR_ARRAY_PUSH(people, const char *) =
            apr_pstrdup(pool, APR_ARRAY_IDX(to, i, const char *));
    sending = apr_array_push(diff->sendings);
    *sending =
        (item_itip_sending_t){.method = method,
                              .of_before = of == diff->before,
                              .partial = method == ITEM_ITIP_CANCEL && diff_stands(diff->after),
                              .instance = instance ? apr_pstrdup(pool, instance) : NULL,
                              .to = people,
                              .uid = uid ? uid : ""};
    item_note_body_get(of->source->main, "DESCRIPTION", &sending->text, &sending->html, pool);
    return sending;
}

static const char *diff_instance(const diff_side_t *side, const diff_place_t *at)
{
    return item_event_time_text(side->source, at->place, side->series.clock, EAS_VERSION_16_1);
}

/* -- who comes to a series, but not to all of it ---------------------------------------------- */

/* Is there an instance that has people of its own, in which its series does not count? */
static item_component_t *diff_apart(item_component_t *instance)
{
    return instance && item_property_first(instance, "ATTENDEE") ? instance : NULL;
}

/* Did the series have an occurrence there? */
static int diff_had(const diff_t *diff, const diff_place_t *at)
{
    const diff_side_t *before = diff->before;
    const diff_place_t *old = diff_own(before, at);

    if (!diff_stands(before))
        return 0;
    return old ? !old->excluded && !diff_is_cancelled(old->instance)
               : before->recurs &&
                     item_series_has(&before->series,
                                     item_clock_to_utc(before->series.clock, &at->place),
                                     diff->pool);
}

/* Who is told of the whole, and was to come there, and is not any more. *removed: nobody, if it is over. */
static base_fault_t *diff_removed(const diff_t *diff, const diff_place_t *at,
                                  const apr_array_header_t **removed)
{
    const diff_place_t *new = diff_own(diff->after, at);
    const char *schedule;
    apr_time_t end;

    *removed = apr_array_make(diff->pool, 1, sizeof(const char *));
    if (!diff_stands(diff->after) || !new || !diff_apart(new->instance) || !diff_had(diff, at))
        return NULL;
    BASE_TRY(diff_schedule_at(diff, diff->before, at, &schedule, &end));
    if (end < diff->now)
        return NULL;
    *removed = diff_without(diff, diff_people_at(diff, diff->before, diff_own(diff->before, at)),
                            diff_people(diff, new->instance));
    *removed = diff_without(diff, *removed, diff_without(diff, *removed, diff->fresh));
    return NULL;
}

/* What he is told of the whole leaves the occurrence out; a CANCEL says so first, for programs that keep
 * an instance which a REQUEST does not name. *removed: who got one. */
static base_fault_t *diff_send_removals(diff_t *diff, const apr_array_header_t *places,
                                        apr_hash_t *removed)
{
    diff_t each = *diff;
    int i, k;

    apr_pool_create(&each.pool, diff->pool);
    for (i = 0; i < places->nelts; i++) {
        const diff_place_t *at = APR_ARRAY_IDX(places, i, const diff_place_t *);
        const apr_array_header_t *people;

        apr_pool_clear(each.pool);
        BASE_TRY(diff_removed(&each, at, &people));
        if (!people->nelts)
            continue;
        diff_send(&each, ITEM_ITIP_CANCEL, diff_instance(diff->before, at), people)->partial = 1;
        for (k = 0; k < people->nelts; k++)
            apr_hash_set(removed,
                         base_text_lower(APR_ARRAY_IDX(people, k, const char *), diff->pool),
                         APR_HASH_KEY_STRING, "");
    }
    apr_pool_destroy(each.pool);
    return NULL;
}

/* The whole, in as many messages as there are ways in which it is told. */
static void diff_send_whole(diff_t *diff, apr_hash_t *removed)
{
    apr_array_header_t *groups;
    int i, k;

    if (!diff->fresh->nelts)
        return;
    groups = item_itip_groups(diff->after->source, diff->fresh, diff->pool);
    for (i = 0; i < groups->nelts; i++) {
        const apr_array_header_t *group = APR_ARRAY_IDX(groups, i, const apr_array_header_t *);
        item_itip_sending_t *sending = diff_send(diff, ITEM_ITIP_REQUEST, NULL, group);

        for (k = 0; k < group->nelts && !sending->follows; k++)
            sending->follows =
                apr_hash_get(removed,
                             base_text_lower(APR_ARRAY_IDX(group, k, const char *), diff->pool),
                             APR_HASH_KEY_STRING) != NULL;
    }
}

/* One place, to those who are not told of the whole. */
static void diff_send_at(diff_t *diff, const diff_spot_t *spot)
{
    const apr_array_header_t *away = diff_without(diff, spot->theirs, spot->ours);
    const apr_array_header_t *here = diff_without(diff, spot->ours, diff->fresh);
    item_itip_sending_t *sending;

    away = diff_without(diff, diff_without(diff, away, diff->gone), diff->fresh);
    if (spot->was && !spot->moved)
        here = diff_without(diff, here, diff_without(diff, spot->theirs, diff->gone));
    if (away->nelts) {
        sending = diff_send(diff, ITEM_ITIP_CANCEL, diff_instance(diff->before, spot->at), away);
        sending->partial = spot->goes_on;
    }
    if (here->nelts) {
        sending = diff_send(diff, ITEM_ITIP_REQUEST, diff_instance(diff->after, spot->at), here);
        sending->follows = diff_without(diff, here, diff->gone)->nelts != here->nelts;
    }
}

static base_fault_t *diff_send_places(diff_t *diff, const apr_array_header_t *places)
{
    diff_t each = *diff;
    diff_spot_t spot;
    int i, told;

    apr_pool_create(&each.pool, diff->pool);
    for (i = 0; i < places->nelts; i++) {
        apr_pool_clear(each.pool);
        BASE_TRY(diff_look(&each, APR_ARRAY_IDX(places, i, const diff_place_t *), &spot, &told));
        if (told)
            diff_send_at(&each, &spot);
    }
    apr_pool_destroy(each.pool);
    return NULL;
}

/* Is the whole at another time or place, or several of its occurrences? */
static base_fault_t *diff_is_whole(const diff_t *diff, const apr_array_header_t *places, int *whole)
{
    const char *before, *after;
    int count = 0;

    *whole = !diff_stands(diff->before) || !diff_stands(diff->after);
    if (*whole)
        return NULL;
    BASE_TRY(diff_schedule(diff, diff->before, &before));
    BASE_TRY(diff_schedule(diff, diff->after, &after));
    if (strcmp(before, after) == 0)
        BASE_TRY(diff_count(diff, places, &count));
    *whole = strcmp(before, after) != 0 || count > 1;
    return NULL;
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
    const apr_array_header_t *old, *new, *places;
    apr_hash_t *removed = apr_hash_make(pool);
    int whole;

    *sendings = diff.sendings = apr_array_make(pool, 4, sizeof(item_itip_sending_t));
    BASE_TRY(diff_open(&diff, before, &diff.before));
    BASE_TRY(diff_open(&diff, after, &diff.after));
    if ((diff_is_over(&diff, diff.before) && diff_is_over(&diff, diff.after)) ||
        (after && !diff.after)) /* it is another's now */
        return NULL;
    old = diff_people_main(&diff, diff.before);
    new = diff_people_main(&diff, diff.after);
    places = diff_places(&diff);
    BASE_TRY(diff_is_whole(&diff, places, &whole));
    diff.whole = whole;
    diff.gone = diff_without(&diff, old, new);
    diff.fresh = diff.whole ? new : diff_without(&diff, new, old);
    diff_send(&diff, ITEM_ITIP_CANCEL, NULL, diff.gone);
    BASE_TRY(diff_send_removals(&diff, places, removed));
    diff_send_whole(&diff, removed);
    return diff_send_places(&diff, places);
}
