/* A REQUEST to an event that the calendar has: the organizer's properties are his, the rest is the
 * owner's. */
#include "item/itip_impl.h"

#include <string.h>
#include <strings.h>

/* Each name is looked for in the whole event. */
#define REQUEST_NAMES_MAX 500

/* What the owner has of his own. */
static const char *const owners[] = {"UID",        "RECURRENCE-ID", "CREATED", "LAST-MODIFIED",
                                     "CATEGORIES", "TRANSP",        "CLASS"};
/* The same, unless the time is another. */
static const char *const answers[] = {"X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-REPLYTIME"};

/* What goes when the organizer leaves it out. */
static const char *const organizers[] = {
    "SUMMARY",  "DESCRIPTION", "X-ALT-DESC", "LOCATION", "GEO",     "DTSTART",   "DTEND",
    "DURATION", "RRULE",       "RDATE",      "EXDATE",   "EXRULE",  "ATTENDEE",  "STATUS",
    "PRIORITY", "URL",         "ATTACH",     "COMMENT",  "CONTACT", "RESOURCES", "CONFERENCE"};

static int request_is_of(const char *name, const char *const *names, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcasecmp(names[i], name) == 0)
            return 1;
    return 0;
}

/* -- which is the later (RFC 5546 2.1.5) ------------------------------------------------------ */

static int request_is_later(const item_itip_apply_t *apply, item_component_t *in,
                            item_component_t *stored)
{
    apr_uint64_t new = item_itip_sequence(in), old = item_itip_sequence(stored);

    if (new != old)
        return new > old;
    return item_itip_stamp(apply->in, in) > item_itip_stamp(apply->stored, stored);
}

/* -- the schedule ----------------------------------------------------------------------------- */

/* Do two texts of a property say the same, or neither anything? */
static int request_same_text(item_component_t *one, item_component_t *other, const char *name)
{
    item_property_t *a = item_property_first(one, name), *b = item_property_first(other, name);

    return a && b ? strcasecmp(item_property_value(a), item_property_value(b)) == 0 : a == b;
}

/* Is it at the same time: does what the owner answered still hold? */
static int request_same_schedule(const item_itip_apply_t *apply, item_component_t *in,
                                 item_component_t *stored)
{
    item_event_times_t new, old;

    if (item_event_times_load(apply->in, in, &new) ||
        item_event_times_load(apply->stored, stored, &old))
        return 0;
    return new.from == old.from &&new.to == old.to &&new.all_day ==
               old.all_day &&request_same_text(in, stored, "RRULE") &&
           request_same_text(in, stored, "RDATE");
}

/* -- one component ---------------------------------------------------------------------------- */

static void request_copy_all(item_component_t *stored, item_component_t *in, const char *name)
{
    item_property_t *property;
    int n;

    item_component_set_text(stored, name, NULL);
    for (n = 0, property = item_property_first(in, name); property && n < ITEM_EVENT_ATTENDEES_MAX;
         n++, property = item_property_next(property))
        item_property_copy(stored, property);
}

static void request_copy(const item_itip_apply_t *apply, item_component_t *in,
                         item_component_t *stored, int same)
{
    apr_hash_t *done = apr_hash_make(apply->pool);
    item_property_t *property = item_property_first(in, NULL);
    size_t i;

    for (; property && apr_hash_count(done) < REQUEST_NAMES_MAX;
         property = item_property_after(property)) {
        const char *name = item_property_name(property);

        if (apr_hash_get(done, name, APR_HASH_KEY_STRING) ||
            request_is_of(name, owners, sizeof owners / sizeof *owners) ||
            (same && request_is_of(name, answers, sizeof answers / sizeof *answers)))
            continue;
        apr_hash_set(done, name, APR_HASH_KEY_STRING, name);
        request_copy_all(stored, in, name);
    }
    for (i = 0; i < sizeof organizers / sizeof *organizers; i++)
        if (!apr_hash_get(done, organizers[i], APR_HASH_KEY_STRING))
            item_component_set_text(stored, organizers[i], NULL);
}

static void request_answer(const item_itip_apply_t *apply, item_component_t *stored,
                           const char *before, int same)
{
    item_property_t *own = item_itip_attendee(stored, apply->who->addresses, apply->pool);

    if (own && !same)
        item_property_set_parameter(own, "PARTSTAT", "NEEDS-ACTION");
    else if (own && before && strcasecmp(before, "NEEDS-ACTION") != 0)
        item_property_set_parameter(own, "PARTSTAT", before);
}

static void request_component(const item_itip_apply_t *apply, item_component_t *in,
                              item_component_t *stored)
{
    item_property_t *own = item_itip_attendee(stored, apply->who->addresses, apply->pool);
    const char *before = own ? item_property_parameter(own, "PARTSTAT") : NULL;
    int same = request_same_schedule(apply, in, stored);

    request_copy(apply, in, stored, same);
    request_answer(apply, stored, before, same);
}

/* -- the calendar around it ------------------------------------------------------------------- */

static item_component_t *request_zone(item_component_t *calendar, const char *tzid)
{
    item_component_t *zone = item_component_first(calendar, "VTIMEZONE");

    for (; zone; zone = item_component_next(zone)) {
        const char *own = item_component_text(zone, "TZID");

        if (own && strcmp(own, tzid) == 0)
            break;
    }
    return zone;
}

/* The zones of the message; of a name that is there already, too: it is the organizer who means
 * something by it. */
static void request_copy_zones(const item_itip_apply_t *apply)
{
    item_component_t *zone = item_component_first(apply->in->calendar, "VTIMEZONE");

    for (; zone; zone = item_component_next(zone)) {
        const char *tzid = item_component_text(zone, "TZID");
        item_component_t *present = tzid ? request_zone(apply->stored->calendar, tzid) : NULL;

        if (present && apply->in->series)
            item_component_remove(present);
        if (tzid && (!present || apply->in->series))
            item_component_copy(apply->stored->calendar, zone, NULL);
    }
}

/* Those that the message has, as they are stored: what names an instance wants it to be there, whatever
 * is excluded. */
static apr_hash_t *request_named(const item_itip_apply_t *apply)
{
    apr_hash_t *named = apr_hash_make(apply->pool);
    int i;

    for (i = 0; i < apply->in->instances->nelts; i++) {
        item_component_t **one = apr_palloc(apply->pool, sizeof *one);

        *one = item_itip_counterpart(apply,
                                     APR_ARRAY_IDX(apply->in->instances, i, item_component_t *));
        apr_hash_set(named, one, sizeof *one, "");
    }
    return named;
}

/* Their naive times. */
static apr_hash_t *request_excluded(const item_series_t *series, apr_pool_t *pool)
{
    apr_hash_t *excluded = apr_hash_make(pool);
    int i;

    for (i = 0; series->exceptions && i < series->exceptions->nelts; i++) {
        struct icaltimetype one = item_event_series_normal(
            series, APR_ARRAY_IDX(series->exceptions, i, struct icaltimetype));
        apr_time_t *naive = apr_palloc(pool, sizeof *naive);

        *naive = item_ical_naive(&one);
        apr_hash_set(excluded, naive, sizeof *naive, "");
    }
    return excluded;
}

/* Instances whose place is none any more, or is excluded now: he is not to come there (item_itip_narrow). */
static void request_fit_instances(const item_itip_apply_t *apply)
{
    const item_event_source_t *stored = apply->stored;
    apr_hash_t *named = request_named(apply);
    struct icaltimetype place;
    item_series_t series;
    apr_hash_t *excluded;
    int i;

    if (!stored->series || !item_event_rules_load(stored, &series, apply->pool))
        return;
    excluded = request_excluded(&series, apply->pool);
    for (i = 0; i < stored->instances->nelts; i++) {
        item_component_t *instance = APR_ARRAY_IDX(stored->instances, i, item_component_t *);
        apr_time_t naive;

        if (item_event_series_of(stored, &series, instance, &place) &&
            item_series_has(&series, item_clock_to_utc(series.clock, &place), apply->pool)) {
            naive = item_ical_naive(&place);
            if (!apr_hash_get(excluded, &naive, sizeof naive) ||
                apr_hash_get(named, &instance, sizeof instance))
                continue;
        }
        item_component_remove(instance);
    }
}

/* The organizer had cancelled it. A message with the series has its EXDATEs. */
static void request_include(item_itip_apply_t *apply, item_component_t *in)
{
    struct icaltimetype place;

    if (!apply->in->series && apply->series &&
        item_event_series_of(apply->in, &apply->series->series, in, &place))
        item_event_include(&apply->edit, &apply->series->series, &place);
}

/* An instance that was none: the answer to the series counts for it where it did not move. */
static void request_add_instance(item_itip_apply_t *apply, item_component_t *in)
{
    item_component_t *copy = item_component_copy(apply->stored->calendar, in, NULL);
    item_component_t *series = apply->stored->series;
    item_property_t *own =
        series ? item_itip_attendee(series, apply->who->addresses, apply->pool) : NULL;
    struct icaltimetype start, place;
    const item_clock_t *clock, *other;
    int same =
        item_event_time_read(apply->in, item_property_first(in, "DTSTART"), &start, &clock) &&
        item_event_time_read(apply->in, item_property_first(in, "RECURRENCE-ID"), &place, &other) &&
        item_clock_to_utc(clock, &start) == item_clock_to_utc(other, &place);

    item_itip_know(apply, apply->in, in, copy);
    request_include(apply, in);
    request_answer(apply, copy, own ? item_property_parameter(own, "PARTSTAT") : NULL, same);
}

base_fault_t *item_itip_request(item_itip_apply_t *apply)
{
    item_event_source_t *in = apply->in, *stored = apply->stored;
    /* with the series come all, and nothing is looked for in its EXDATEs */
    int count = in->series ? in->instances->nelts : item_itip_instances(apply);
    int i, did = 0, whole = 0;

    if (in->series && stored->series && request_is_later(apply, in->series, stored->series)) {
        whole = 1;
        request_component(apply, in->series, stored->series);
        did = 1;
    }
    else if (in->series && !stored->series) {
        item_component_copy(stored->calendar, in->series, NULL);
        did = 1;
    }
    for (i = 0; i < count; i++) {
        item_component_t *instance = APR_ARRAY_IDX(in->instances, i, item_component_t *);
        item_component_t *own = item_itip_counterpart(apply, instance);

        if (own && request_is_later(apply, instance, own))
            request_component(apply, instance, own);
        else if (!own && item_itip_sequence(instance) >= item_itip_sequence(stored->main))
            request_add_instance(apply, instance);
        else
            continue;
        did = 1;
    }
    if (whole)
        request_fit_instances(apply);
    if (did)
        request_copy_zones(apply);
    return NULL;
}
