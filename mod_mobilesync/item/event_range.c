/* Instances that hold for all that follow, too (RECURRENCE-ID with RANGE=THISANDFUTURE, RFC 5545 3.2.13),
 * and series that end. */
#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/time.h"

int item_event_is_range(item_component_t *instance)
{
    const char *range =
        item_property_parameter(item_property_first(instance, "RECURRENCE-ID"), "RANGE");

    return range && strcasecmp(range, "THISANDFUTURE") == 0;
}

const item_event_exception_t *item_event_range_of(const apr_array_header_t *ranges,
                                                  const struct icaltimetype *place)
{
    const item_event_exception_t *found = NULL;
    int i;

    for (i = 0; i < ranges->nelts; i++) {
        const item_event_exception_t *one = &APR_ARRAY_IDX(ranges, i, item_event_exception_t);

        if (item_ical_naive(&one->local) <= item_ical_naive(place) &&
            (!found || item_ical_naive(&one->local) > item_ical_naive(&found->local)))
            found = one;
    }
    return found;
}

void item_event_times_move(item_event_times_t *times, const item_event_exception_t *range,
                           const struct icaltimetype *place)
{
    apr_time_t by = item_ical_naive(place) - item_ical_naive(&range->local);
    apr_time_t length = times->to - times->from;

    times->start = item_event_time_shift(times->start, by);
    times->end = item_event_time_shift(times->end, by);
    times->from = item_clock_to_utc(times->clock, &times->start);
    times->to =
        times->all_day ? item_clock_to_utc(times->clock, &times->end) : times->from + length;
}

/* -- edits ------------------------------------------------------------------------------------ */

/* A time of a component so much later on the series' clock, written as it was. */
static void event_shift_property(const item_event_edit_t *edit, const item_series_t *series,
                                 item_property_t *property, apr_time_t by)
{
    const char *tzid = property ? item_property_parameter(property, "TZID") : NULL;
    const item_clock_t *clock;
    struct icaltimetype time;

    if (!item_event_time_read(edit->source, property, &time, &clock))
        return;
    if (icaltime_is_utc(time)) {
        time = item_event_time_shift(
            item_clock_to_local(series->clock, item_clock_to_utc(clock, &time)), by);
        item_event_property_time(property, time, series->clock, NULL, edit->pool);
    }
    else
        item_event_property_time(property, item_event_time_shift(time, by), clock, tzid ? tzid : "",
                                 edit->pool);
}

static void event_shift_instance(const item_event_edit_t *edit, const item_series_t *series,
                                 item_component_t *instance, apr_time_t by)
{
    static const char *const names[] = {"RECURRENCE-ID", "DTSTART", "DTEND"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++)
        event_shift_property(edit, series, item_property_first(instance, names[i]), by);
}

/* The instance that an occurrence follows, and how much later it is; NULL. */
static item_component_t *event_followed(const item_event_edit_t *edit, const item_series_t *series,
                                        const struct icaltimetype *place, apr_time_t *by)
{
    item_component_t *found = NULL;
    struct icaltimetype own;
    int i;

    for (i = 0; i < edit->source->instances->nelts; i++) {
        item_component_t *one = APR_ARRAY_IDX(edit->source->instances, i, item_component_t *);
        apr_time_t later;

        if (!item_event_is_range(one) || !item_event_series_of(edit->source, series, one, &own))
            continue;
        later = item_ical_naive(place) - item_ical_naive(&own);
        if (later >= 0 && (!found || later < *by)) {
            found = one;
            *by = later;
        }
    }
    return found;
}

/* A place that an instance holds for becomes one of its own, the others keep theirs: what is said of one
 * of them is said of that alone (RFC 5545 3.8.4.4). */
item_component_t *item_event_single_out(item_event_edit_t *edit, const item_series_t *series,
                                        const struct icaltimetype *place)
{
    apr_time_t by = 0, when = item_clock_to_utc(series->clock, place);
    item_component_t *range = event_followed(edit, series, place, &by), *single;
    item_series_t rules = *series;
    apr_array_header_t *next;

    if (!range)
        return NULL;
    rules.exceptions = NULL;
    item_series_expand(&rules, when + 1, APR_INT64_MAX, 1, &next, edit->pool);
    if (!by && !next->nelts) {
        item_property_set_parameter(item_property_first(range, "RECURRENCE-ID"), "RANGE", NULL);
        return range;
    }
    single = item_component_copy(edit->source->calendar, range, NULL);
    item_property_set_parameter(item_property_first(single, "RECURRENCE-ID"), "RANGE", NULL);
    APR_ARRAY_PUSH(edit->source->instances, item_component_t *) = single;
    if (by)
        event_shift_instance(edit, series, single, by);
    else
        event_shift_instance(
            edit, series, range,
            item_ical_naive(&APR_ARRAY_IDX(next, 0, const item_occurrence_t).local) -
                item_ical_naive(place));
    return single;
}

/* -- an end ----------------------------------------------------------------------------------- */

/* The last moment before a place, as UNTIL has it (RFC 5545 3.3.10). */
static const char *event_until(const item_event_edit_t *edit, const item_series_t *series,
                               const struct icaltimetype *place)
{
    const char *tzid = item_event_tzid(edit->source->series);
    int floating = tzid && !*tzid;
    struct icaltimetype at = item_event_as_written(edit->source, *place);
    struct icaltimetype last = item_event_time_shift(at, -apr_time_from_sec(1));

    if (at.is_date) {
        last = item_event_time_shift(*place, -BASE_TIME_DAY);
        return apr_psprintf(edit->pool, "%04d%02d%02d", last.year, last.month, last.day);
    }
    return floating ? apr_psprintf(edit->pool, "%04d%02d%02dT%02d%02d%02d", last.year, last.month,
                                   last.day, last.hour, last.minute, last.second)
                    : base_time_format_compact(
                          item_clock_to_utc(series->clock, &at) - apr_time_from_sec(1), edit->pool);
}

void item_event_end_before(item_event_edit_t *edit, const item_series_t *series,
                           const struct icaltimetype *place)
{
    item_property_t *rule = item_property_first(edit->source->series, "RRULE");
    apr_time_t end = item_clock_to_utc(series->clock, place);
    const char *until = event_until(edit, series, place);
    apr_array_header_t *left;
    item_series_t dates = *series;
    int i;

    for (; rule; rule = item_property_next(rule)) {
        item_event_rule_set(rule, "COUNT", NULL, edit->pool);
        item_event_rule_set(rule, "UNTIL", until, edit->pool);
    }
    dates.rules = NULL; /* what no rule says is taken away one by one */
    item_series_expand(&dates, end, APR_INT64_MAX, ITEM_SERIES_DATES_MAX, &left, edit->pool);
    for (i = 0; i < left->nelts && item_series_recurs(&dates); i++)
        item_event_exclude(edit, series, &APR_ARRAY_IDX(left, i, const item_occurrence_t).local);
    item_event_drop_from(edit, series, place);
}
