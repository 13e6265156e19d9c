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

/* How far a change can be outside the year of its rule, and more: POSIX.1 has hours up to 167. */
#define CLOCK_STRAY_DAYS 12

/* -- changes ---------------------------------------------------------------------------------- */

static long clock_rule_day(const clock_rule_t *rule, int year)
{
    int days, day;
    long first;

    if (rule->weekday < 0 && rule->month == 0) { /* a day of the year */
        int skipped = !rule->leap && item_date_is_leap(year) && rule->first_day > 59;

        return item_date_days(year, 1, rule->first_day + skipped);
    }
    first = item_date_days(year, rule->month, 1);
    if (rule->weekday < 0)
        return first + rule->first_day - 1;
    days = item_date_month_days(year, rule->month);
    day = rule->first_day ? rule->first_day : rule->week * 7 - 6;
    day += (rule->weekday - item_date_weekday(first + day - 1) + 7) % 7;
    while (day > days)
        day -= 7;
    return first + day - 1;
}

long item_clock_rule_at(const clock_rule_t *rule, int year, int before)
{
    return clock_rule_day(rule, year) * ITEM_DATE_DAY + rule->seconds - before;
}

/* Where the rules take over. */
static long clock_rules_from(const item_clock_t *clock)
{
    return clock->count ? clock->changes[clock->count - 1].at : LONG_MIN;
}

/* The changes next to a moment. */
typedef struct {
    int has_before, has_after;
    clock_change_t before; /* or at it */
    clock_change_t after;
} clock_around_t;

/* Takes the changes of a year by the rules, where they are nearer. */
static void clock_look_year(const item_clock_t *clock, int year, long at, clock_around_t *around)
{
    int i;

    for (i = 0; i < 2; i++) {
        const clock_rule_t *rule = &clock->rules[i];
        long when = item_clock_rule_at(rule, year, clock->rules[!i].offset);
        clock_change_t change = {when, rule->offset, rule->name};

        if (when <= at && (!around->has_before || when > around->before.at)) {
            around->has_before = 1;
            around->before = change;
        }
        else if (when > at && (!around->has_after || when < around->after.at)) {
            around->has_after = 1;
            around->after = change;
        }
    }
}

/* By the rules. Those of the years around it are looked at where they may be nearer: this is asked for
 * thousands of times by a series that comes every hour. */
static void clock_look_rules(const item_clock_t *clock, long at, clock_around_t *around)
{
    int year, month, day;

    item_date_split(item_date_floor(at), &year, &month, &day);
    clock_look_year(clock, year, at, around);
    if (!around->has_before ||
        around->before.at < item_date_days(year, 1, 1 + CLOCK_STRAY_DAYS) * ITEM_DATE_DAY)
        clock_look_year(clock, year - 1, at, around);
    if (!around->has_after ||
        around->after.at > item_date_days(year + 1, 1, 1 - CLOCK_STRAY_DAYS) * ITEM_DATE_DAY)
        clock_look_year(clock, year + 1, at, around);
    if (around->before.at <= clock_rules_from(clock))
        around->has_before = 0;
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

static void clock_look(const item_clock_t *clock, long at, clock_around_t *around)
{
    int listed = clock_listed_before(clock, at);

    *around = (clock_around_t){0};
    if (listed == clock->count && clock->ruled)
        clock_look_rules(clock, at, around);
    if (listed < clock->count) {
        around->has_after = 1;
        around->after = clock->changes[listed];
    }
    if (listed && !around->has_before) {
        around->has_before = 1;
        around->before = clock->changes[listed - 1];
    }
}

int item_clock_change_before(const item_clock_t *clock, long at, clock_change_t *change)
{
    clock_around_t around;

    clock_look(clock, at, &around);
    if (around.has_before)
        *change = around.before;
    return around.has_before;
}

int item_clock_change_after(const item_clock_t *clock, long at, clock_change_t *change)
{
    clock_around_t around;

    clock_look(clock, at, &around);
    if (around.has_after)
        *change = around.after;
    return around.has_after;
}

/* -- conversion ------------------------------------------------------------------------------- */

static int clock_around_offset(const item_clock_t *clock, const clock_around_t *around)
{
    return around->has_before ? around->before.offset : clock->offset;
}

static int clock_offset(const item_clock_t *clock, long at)
{
    clock_around_t around;

    clock_look(clock, at, &around);
    return clock_around_offset(clock, &around);
}

int item_clock_offset(const item_clock_t *clock, apr_time_t when)
{
    return clock_offset(clock, (long)apr_time_sec(when));
}

apr_time_t item_clock_to_utc(const item_clock_t *clock, const struct icaltimetype *local)
{
    long seconds = item_date_seconds(local);
    clock_around_t around;
    clock_change_t gap;
    int before, after;

    if (icaltime_is_utc(*local) || (!clock->count && !clock->ruled && !clock->offset))
        return apr_time_from_sec(seconds);
    clock_look(clock, seconds - ITEM_DATE_DAY, &around);
    before = clock_around_offset(clock, &around);
    /* no offset is of two days: nothing changes in between */
    if ((!around.has_before || around.before.at < seconds - 2 * ITEM_DATE_DAY) &&
        (!around.has_after || around.after.at > seconds + 2 * ITEM_DATE_DAY))
        return apr_time_from_sec(seconds - before);
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
