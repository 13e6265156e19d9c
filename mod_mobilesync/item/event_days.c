/* Days that are written as times, from midnight to midnight, as Outlook and Exchange do: a series of them is
 * one of days, and what is added to it is written as they are. */
#include "item/event_impl.h"

#include "item/date.h"

static struct icaltimetype days_of(const item_clock_t *clock, struct icaltimetype time)
{
    if (icaltime_is_utc(time))
        time = item_clock_to_local(clock, item_clock_to_utc(clock, &time));
    return item_date_day_of(time);
}

/* The day of an end still belongs to it (RFC 5545 3.3.10). */
static void days_set_ends(const item_clock_t *clock, apr_array_header_t *rules)
{
    int i;

    for (i = 0; rules && i < rules->nelts; i++) {
        struct icaltimetype *until = &APR_ARRAY_IDX(rules, i, struct icalrecurrencetype).until;

        if (!icaltime_is_null_time(*until) && !until->is_date)
            *until = days_of(clock, *until);
    }
}

int item_event_rules_load(const item_event_source_t *source, item_series_t *series,
                          apr_pool_t *pool)
{
    item_event_times_t times;

    if (!item_series_load(source->calendar, source->series, source->own, series, pool))
        return 0;
    if (item_event_times_load(source, source->series, &times) || !times.midnights)
        return 1;
    series->start = times.start;
    series->clock = times.clock;
    days_set_ends(times.clock, series->rules);
    days_set_ends(times.clock, series->exclusions);
    return 1;
}

struct icaltimetype item_event_as_written(const item_event_source_t *source,
                                          struct icaltimetype place)
{
    item_property_t *start = item_property_first(source->series, "DTSTART");

    if (place.is_date && !icaltime_from_string(item_property_value(start)).is_date)
        place.is_date = 0; /* its hours are none */
    return place;
}
