#include "item/event_impl.h"

#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/time.h"
#include "item/date.h"

/* What can be said by icaltimetype and apr_time_t alike, and by clients. */
#define EVENT_YEAR_MIN 1601
#define EVENT_YEAR_MAX 4500
#define EVENT_DURATION_MAX (100 * 366 * 86400LL) /* seconds */

/* What a TZID means; a time of a zone that nobody knows is taken as one without. */
static const item_clock_t *event_clock(const item_event_source_t *source, const char *tzid)
{
    const item_clock_t *clock = apr_hash_get(source->clocks, tzid, APR_HASH_KEY_STRING);

    if (clock)
        return clock;
    clock = item_clock_find(source->calendar, tzid, source->pool);
    if (!clock)
        clock = source->own;
    apr_hash_set(source->clocks, apr_pstrdup(source->pool, tzid), APR_HASH_KEY_STRING, clock);
    return clock;
}

int item_event_time_read_text(const item_event_source_t *source, item_property_t *property,
                              const char *text, struct icaltimetype *time,
                              const item_clock_t **clock)
{
    const char *tzid = item_property_parameter(property, "TZID");

    *time = icaltime_from_string(text);
    if (icaltime_is_null_time(*time) || !icaltime_is_valid_time(*time) ||
        time->year < EVENT_YEAR_MIN || time->year > EVENT_YEAR_MAX || time->month < 1 ||
        time->month > 12 || time->day < 1 ||
        time->day > icaltime_days_in_month(time->month, time->year) || time->hour > 23 ||
        time->minute > 59 || time->hour < 0 || time->minute < 0)
        return 0;
    *clock = source->own;
    if (icaltime_is_utc(*time))
        *clock = &item_clock_utc;
    else if (tzid && !time->is_date)
        *clock = event_clock(source, tzid);
    return 1;
}

int item_event_time_read(const item_event_source_t *source, item_property_t *property,
                         struct icaltimetype *time, const item_clock_t **clock)
{
    return property &&
           item_event_time_read_text(source, property, item_property_value(property), time, clock);
}

/* -- reading ---------------------------------------------------------------------------------- */

struct icaltimetype item_event_time_shift(struct icaltimetype time, apr_time_t by)
{
    long long seconds = apr_time_sec(by);

    icaltime_adjust(&time, (int)(seconds / 86400), 0, 0, (int)(seconds % 86400));
    return time;
}

/* Of a day: whole days. */
static struct icaltimetype event_after(struct icaltimetype time, long long seconds)
{
    if (time.is_date)
        seconds = (seconds + 86399) / 86400 * 86400;
    return item_event_time_shift(time, apr_time_from_sec(seconds));
}

/* Seconds; -1 when there is none. Days of a duration are those of the wall clock (RFC 5545 3.3.6),
 * which is what adding them to a local time does. */
static long long event_duration(item_component_t *event)
{
    item_property_t *property = item_property_first(event, "DURATION");
    struct icaldurationtype duration;
    long long seconds;

    if (!property)
        return -1;
    duration = icaldurationtype_from_string(item_property_value(property));
    if (icaldurationtype_is_bad_duration(duration) || duration.is_neg)
        return -1;
    seconds = (duration.weeks * 7LL + duration.days) * 86400 + duration.hours * 3600LL +
              duration.minutes * 60LL + duration.seconds;
    return seconds <= EVENT_DURATION_MAX ? seconds : -1;
}

static void event_load_end(const item_event_source_t *source, item_component_t *event,
                           item_event_times_t *times)
{
    long long seconds = event_duration(event);
    const item_clock_t *clock;

    if (item_event_time_read(source, item_property_first(event, "DTEND"), &times->end, &clock) &&
        times->end.is_date == times->start.is_date) {
        times->to = item_clock_to_utc(clock, &times->end);
        if (clock != times->clock && !times->end.is_date)
            times->end = item_clock_to_local(times->clock, times->to);
    }
    else {
        if (seconds < 0)
            seconds = times->start.is_date ? 86400 : 0;
        times->end = event_after(times->start, seconds);
        times->to = item_clock_to_utc(times->clock, &times->end);
    }
    if (times->start.is_date && times->to <= times->from) {
        times->end = event_after(times->start, 86400);
        times->to = item_clock_to_utc(times->clock, &times->end);
    }
    if (times->to < times->from) {
        times->to = times->from;
        times->end = times->start;
    }
}

/* -- days that are written as times ------------------------------------------------------------- */

/* Outlook and Exchange write whole days as times from midnight to midnight, and say so; others the same in
 * UTC, of which some mean the dates as they stand, others the midnights of the calendar's zone. */
static void event_load_midnights(const item_event_source_t *source, item_component_t *event,
                                 item_event_times_t *times)
{
    const char *says = item_component_text(event, "X-MICROSOFT-CDO-ALLDAYEVENT");
    struct icaltimetype start = times->start, end = times->end;
    const item_clock_t *clock = times->clock;

    if (!says || strcasecmp(says, "TRUE") != 0 || start.is_date)
        return;
    if (icaltime_is_utc(start) &&
        !(item_clock_begins_day(clock, &start) && item_clock_begins_day(clock, &end))) {
        clock = source->own;
        start = item_clock_to_local(clock, times->from);
        end = item_clock_to_local(clock, times->to);
    }
    if (!item_clock_begins_day(clock, &start) || !item_clock_begins_day(clock, &end))
        return;
    times->all_day = times->midnights = 1;
    times->clock = clock;
    times->start = item_date_day_of(start);
    times->end = item_date_day_of(end);
    if (item_ical_naive(&times->end) <= item_ical_naive(&times->start))
        times->end = event_after(times->start, 86400);
    times->to = item_clock_to_utc(clock, &times->end);
}

base_fault_t *item_event_times_load(const item_event_source_t *source, item_component_t *event,
                                    item_event_times_t *times)
{
    memset(times, 0, sizeof *times);
    if (!item_event_time_read(source, item_property_first(event, "DTSTART"), &times->start,
                              &times->clock))
        return base_fault_make(source->pool, BASE_FAULT_CONVERSION, "an event without a start");
    times->from = item_clock_to_utc(times->clock, &times->start);
    event_load_end(source, event, times);
    times->all_day = times->start.is_date;
    event_load_midnights(source, event, times);
    return NULL;
}

const char *item_event_time_text(const item_event_source_t *source, struct icaltimetype time,
                                 const item_clock_t *clock, eas_version_t version)
{
    return base_time_format_compact(time.is_date && version >= EAS_VERSION_16_0
                                        ? item_ical_naive(&time)
                                        : item_clock_to_utc(clock, &time),
                                    source->pool);
}

const char *item_event_orphan(const item_event_source_t *source, eas_version_t version)
{
    struct icaltimetype place;
    const item_clock_t *clock;
    item_event_times_t times;

    if (source->series ||
        !item_event_time_read(source, item_property_first(source->main, "RECURRENCE-ID"), &place,
                              &clock))
        return NULL;
    if (!place.is_date && !item_event_times_load(source, source->main, &times) && times.midnights) {
        place =
            item_date_day_of(item_clock_to_local(times.clock, item_clock_to_utc(clock, &place)));
        clock = times.clock;
    }
    return item_event_time_text(source, place, clock, version);
}

/* -- elements --------------------------------------------------------------------------------- */

base_fault_t *item_event_load_start(const item_event_view_t *view, item_event_value_t *value)
{
    value->text = item_event_time_text(view->source, view->times.start, view->times.clock,
                                       view->options->version);
    return NULL;
}

/* The end may be in another zone than the start: its moment counts. */
base_fault_t *item_event_load_end(const item_event_view_t *view, item_event_value_t *value)
{
    value->text = view->times.all_day
                      ? item_event_time_text(view->source, view->times.end, view->times.clock,
                                             view->options->version)
                      : base_time_format_compact(view->times.to, view->pool);
    return NULL;
}

base_fault_t *item_event_load_all_day(const item_event_view_t *view, item_event_value_t *value)
{
    value->text = view->times.all_day ? "1" : "0";
    return NULL;
}

base_fault_t *item_event_load_timezone(const item_event_view_t *view, item_event_value_t *value)
{
    item_zone_t zone;

    if (view->times.all_day && view->options->version >= EAS_VERSION_16_0)
        return NULL; /* R2006 */
    item_clock_rules(view->times.clock, view->times.from, &zone);
    value->text = item_zone_blob(&zone, view->pool);
    return NULL;
}

static const char *event_moment(const item_event_view_t *view, const char *name)
{
    struct icaltimetype time;
    const item_clock_t *clock;

    return item_event_time_read(view->source, item_property_first(view->event, name), &time, &clock)
               ? base_time_format_compact(item_clock_to_utc(clock, &time), view->pool)
               : NULL;
}

base_fault_t *item_event_load_stamp(const item_event_view_t *view, item_event_value_t *value)
{
    value->text = event_moment(view, "LAST-MODIFIED");
    if (!value->text)
        value->text = event_moment(view, "DTSTAMP");
    if (!value->text)
        value->text = event_moment(view, "CREATED");
    return NULL;
}

base_fault_t *item_event_load_reply_time(const item_event_view_t *view, item_event_value_t *value)
{
    value->text = event_moment(view, "X-MICROSOFT-CDO-REPLYTIME");
    return NULL;
}
