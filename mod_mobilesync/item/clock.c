#include "item/clock_impl.h"

#include "item/date.h"

const item_clock_t item_clock_utc = {.tzid = "UTC", .name = "UTC"};

const char *item_clock_tzid(const item_clock_t *clock)
{
    return clock->tzid;
}

int item_clock_is_olson(const item_clock_t *clock)
{
    return clock->olson;
}

/* -- changes ---------------------------------------------------------------------------------- */

static long clock_rule_day(const clock_rule_t *rule, int year)
{
    int days, weekday, day;
    long first;

    if (rule->weekday < 0 && rule->month == 0) { /* a day of the year */
        int skipped = !rule->leap && item_date_is_leap(year) && rule->first_day > 59;

        return item_date_days(year, 1, rule->first_day + skipped);
    }
    first = item_date_days(year, rule->month, 1);
    if (rule->weekday < 0)
        return first + rule->first_day - 1;
    days = item_date_month_days(year, rule->month);
    weekday = item_date_weekday(first);
    day = 1 + (rule->weekday - weekday + 7) % 7;
    if (rule->first_day)
        while (day < rule->first_day)
            day += 7;
    else
        day += (rule->week - 1) * 7;
    while (day > days)
        day -= 7;
    return first + day - 1;
}

long item_clock_rule_at(const clock_rule_t *rule, int year, int before)
{
    return clock_rule_day(rule, year) * ITEM_DATE_DAY + rule->seconds - before;
}

static int clock_year(long at)
{
    int year, month, day;

    item_date_split(item_date_floor(at), &year, &month, &day);
    return year;
}

/* Where the rules take over. */
static long clock_rules_from(const item_clock_t *clock)
{
    return clock->count ? clock->changes[clock->count - 1].at : LONG_MIN;
}

/* The nearest change by the rules, before a moment (or at it) or after. */
static int clock_ruled_change(const item_clock_t *clock, long at, int after, clock_change_t *change)
{
    int year = clock_year(at), found = 0, i, y;

    for (y = year - 1; clock->ruled && y <= year + 1; y++)
        for (i = 0; i < 2; i++) {
            const clock_rule_t *rule = &clock->rules[i];
            long when = item_clock_rule_at(rule, y, clock->rules[!i].offset);

            if (after ? when <= at || (found && when >= change->at)
                      : when > at || (found && when <= change->at))
                continue;
            *change = (clock_change_t){when, rule->offset, rule->name};
            found = 1;
        }
    return found;
}

/* How many of the changes that are listed are at a moment or before. */
static int clock_listed_before(const item_clock_t *clock, long at)
{
    int low = 0, high = clock->count;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (clock->changes[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int item_clock_change_before(const item_clock_t *clock, long at, clock_change_t *change)
{
    int before = clock_listed_before(clock, at);

    if (before == clock->count && clock_ruled_change(clock, at, 0, change) &&
        change->at > clock_rules_from(clock))
        return 1;
    if (before)
        *change = clock->changes[before - 1];
    return before > 0;
}

int item_clock_change_after(const item_clock_t *clock, long at, clock_change_t *change)
{
    int before = clock_listed_before(clock, at);

    if (before == clock->count)
        return clock_ruled_change(clock, at, 1, change);
    *change = clock->changes[before];
    return 1;
}

/* -- conversion ------------------------------------------------------------------------------- */

static int clock_offset(const item_clock_t *clock, long at)
{
    clock_change_t change;

    return item_clock_change_before(clock, at, &change) ? change.offset : clock->offset;
}

int item_clock_offset(const item_clock_t *clock, apr_time_t when)
{
    return clock_offset(clock, (long)apr_time_sec(when));
}

apr_time_t item_clock_to_utc(const item_clock_t *clock, const struct icaltimetype *local)
{
    long seconds = item_date_seconds(local);
    int before, after;
    clock_change_t gap;

    if (icaltime_is_utc(*local) || (!clock->count && !clock->ruled && !clock->offset))
        return apr_time_from_sec(seconds);
    before = clock_offset(clock, seconds - ITEM_DATE_DAY);
    after = clock_offset(clock, seconds + ITEM_DATE_DAY);
    if (clock_offset(clock, seconds - before) == before)
        return apr_time_from_sec(seconds - before);
    if (clock_offset(clock, seconds - after) == after)
        return apr_time_from_sec(seconds - after);
    if (local->is_date && item_clock_change_before(clock, seconds - before, &gap))
        return apr_time_from_sec(gap.at);
    return apr_time_from_sec(seconds - before);
}

struct icaltimetype item_clock_to_local(const item_clock_t *clock, apr_time_t when)
{
    long at = (long)(when >= 0 ? when / APR_USEC_PER_SEC
                               : (when - APR_USEC_PER_SEC + 1) / APR_USEC_PER_SEC);

    return item_date_time(at + clock_offset(clock, at));
}

/* Phones send the first moment of the day by the zone that they name. Some send that of UTC all the
 * same, and some, where the clocks go forward at midnight, 23:00 of the day before. */
struct icaltimetype item_clock_day(const item_clock_t *clock, apr_time_t when)
{
    struct icaltimetype local = item_clock_to_local(clock, when);
    struct icaltimetype utc = item_clock_to_local(&item_clock_utc, when);
    struct icaltimetype midnight;

    if (local.hour * 3600 + local.minute * 60 + local.second &&
        !(utc.hour * 3600 + utc.minute * 60 + utc.second))
        local = utc;
    midnight = item_date_time(item_date_seconds(&local) + ITEM_DATE_DAY / 2);
    midnight.hour = midnight.minute = midnight.second = 0;
    midnight.is_date = 1;
    return midnight;
}

int item_clock_begins_day(const item_clock_t *clock, const struct icaltimetype *local)
{
    struct icaltimetype day = item_date_day_of(*local);

    return (!local->hour && !local->minute && !local->second) ||
           item_clock_to_utc(clock, &day) == item_clock_to_utc(clock, local);
}
