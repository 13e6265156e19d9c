#include "item/recurrence_impl.h"

#include <apr_strings.h>

#include "base/time.h"
#include "item/date.h"

static int until_is_midnight(const struct icaltimetype *time)
{
    return !time->hour && !time->minute && !time->second;
}

static struct icaltimetype until_day_of(struct icaltimetype time)
{
    time.hour = time.minute = time.second = 0;
    time.is_date = 1;
    time.zone = NULL;
    return time;
}

/* Does an occurrence begin at the moment? By the time of day alone. */
static int until_is_occurrence(const item_recurrence_origin_t *origin, apr_time_t when)
{
    struct icaltimetype local = item_clock_to_local(origin->clock, when);

    return !origin->start.is_date && local.hour == origin->start.hour &&
           local.minute == origin->start.minute && local.second == origin->start.second;
}

/* Phones send the last day in one of three ways: when the last occurrence begins, the end of that day, or
 * the day as 00:00:00Z whatever the zone. */
int item_recurrence_until_read(const char *text, item_recurrence_class_t class_,
                               const item_recurrence_origin_t *origin, struct icaltimetype *until)
{
    apr_time_t when;

    if (!base_time_parse(text, &when))
        return 0;
    *until = item_date_time((long)apr_time_sec(when));
    if (class_ != ITEM_RECURRENCE_TASKS) /* of tasks it is a local time, whatever its Z says */
        until->zone = icaltimezone_get_utc_timezone();
    if (until_is_midnight(until) &&
        (class_ == ITEM_RECURRENCE_TASKS || !origin || !until_is_occurrence(origin, when)))
        *until = until_day_of(*until);
    return 1;
}

/* The day of an end, as the origin's clock has it. */
static struct icaltimetype until_day(const struct icaltimetype *until,
                                     const item_recurrence_origin_t *origin)
{
    if (icaltime_is_utc(*until))
        return until_day_of(
            item_clock_to_local(origin->clock, apr_time_from_sec(item_date_seconds(until))));
    return until_day_of(*until);
}

/* A moment that is of that day, by UTC and by the clock, before which all of its occurrences of days
 * begin: some phones reckon days in UTC, others in their zone. */
static apr_time_t until_day_moment(const struct icaltimetype *day, const item_clock_t *clock)
{
    apr_time_t local = item_clock_to_utc(clock, day), utc = item_clock_to_utc(&item_clock_utc, day);

    return local > utc ? local : utc;
}

static apr_time_t until_moment(const struct icaltimetype *until,
                               const item_recurrence_origin_t *origin)
{
    struct icaltimetype time = *until, day;

    if (origin->start.is_date) {
        day = until_day(until, origin);
        return until_day_moment(&day, origin->clock);
    }
    if (time.is_date) { /* the whole day belongs to it */
        time.is_date = 0;
        time.hour = 23;
        time.minute = time.second = 59;
    }
    return icaltime_is_utc(origin->start) ? apr_time_from_sec(item_date_seconds(&time))
                                          : item_clock_to_utc(origin->clock, &time);
}

const char *item_recurrence_until_write(const struct icaltimetype *until,
                                        item_recurrence_class_t class_,
                                        const item_recurrence_origin_t *origin, apr_pool_t *pool)
{
    struct icaltimetype day;

    if (class_ != ITEM_RECURRENCE_TASKS)
        return base_time_format_compact(until_moment(until, origin), pool);
    day = until_day(until, origin);
    return base_time_format_dashed(apr_time_from_sec(item_date_seconds(&day)), pool);
}

static const char *until_text(const struct icaltimetype *time, const char *zone, apr_pool_t *pool)
{
    if (time->is_date)
        return apr_psprintf(pool, "%04d%02d%02d", time->year, time->month, time->day);
    return apr_psprintf(pool, "%04d%02d%02dT%02d%02d%02d%s", time->year, time->month, time->day,
                        time->hour, time->minute, time->second, zone);
}

const char *item_recurrence_until_rule(const struct icaltimetype *until,
                                       const item_recurrence_origin_t *origin, apr_pool_t *pool)
{
    int floating = origin->clock == &item_clock_utc && !icaltime_is_utc(origin->start);
    struct icaltimetype time;

    if (origin->start.is_date) {
        time = until_day(until, origin);
        return until_text(&time, "", pool);
    }
    time = *until;
    if (time.is_date) { /* the occurrence of that day is the last one */
        time.is_date = 0;
        time.hour = origin->start.hour;
        time.minute = origin->start.minute;
        time.second = origin->start.second;
    }
    if (!floating && !icaltime_is_utc(origin->start) && !icaltime_is_utc(time))
        time = item_date_time((long)apr_time_sec(item_clock_to_utc(origin->clock, &time)));
    return until_text(&time, floating ? "" : "Z", pool);
}
