/* Between clocks and what EAS has of them: the rules of one year. */
#include "item/clock_impl.h"

#include <limits.h>
#include <stdlib.h>
#include <apr_strings.h>

#include "item/date.h"

/* -- a clock's rules in a year ---------------------------------------------------------------- */

/* A change, with what was before it. */
typedef struct {
    clock_change_t change;
    int before;
    const char *name_before;
} rules_change_t;

#define RULES_CHANGES_MAX 16
#define RULES_NAME "Customized Time Zone" /* as Outlook has it */

/* Those of a year, by its local time, that change the offset. */
static int rules_of_year(const item_clock_t *clock, int year, rules_change_t *found)
{
    long begin = item_date_days(year, 1, 1) * ITEM_DATE_DAY;
    long end = item_date_days(year + 1, 1, 1) * ITEM_DATE_DAY, at = begin - ITEM_DATE_DAY;
    clock_change_t before, change;
    int n = 0;

    if (!item_clock_change_before(clock, at, &before))
        before = (clock_change_t){LONG_MIN, clock->offset, clock->name};
    while (n < RULES_CHANGES_MAX && item_clock_change_after(clock, at, &change) &&
           change.at + before.offset < end) {
        if (change.offset != before.offset && change.at + before.offset >= begin)
            found[n++] = (rules_change_t){change, before.offset, before.name};
        before = change;
        at = change.at;
    }
    return n;
}

/* Two that follow each other, the second undoing the first: those around a moment, else the first. -1:
 * none such. */
static int rules_pair(const rules_change_t *changes, int n, long at)
{
    int i, pair = -1;

    for (i = 0; i + 1 < n; i++) {
        if (changes[i].before != changes[i + 1].change.offset)
            continue;
        if (pair < 0 || changes[i].change.at <= at)
            pair = i;
    }
    return pair;
}

/* 4: the fourth alone; 5: the last alone; 0: it can be either. Others are what they are. */
static int rules_week(const struct icaltimetype *time)
{
    int week = (time->day - 1) / 7 + 1;
    int last = time->day + 7 > item_date_month_days(time->year, time->month);

    return week == 4 && last ? 0 : week;
}

/* Which week a change means where its day is in the fourth, and that is the last: what those of the years
 * around it are. */
static int rules_week_around(const item_clock_t *clock, const struct icaltimetype *time)
{
    rules_change_t changes[RULES_CHANGES_MAX];
    int years, i, n, week;

    for (years = -3; years <= 3; years++) {
        n = rules_of_year(clock, time->year + years, changes);
        for (i = 0; i < n; i++) {
            struct icaltimetype other = item_date_time(changes[i].change.at + changes[i].before);

            week = rules_week(&other);
            if (other.month == time->month && (week == 4 || week == 5) &&
                icaltime_day_of_week(other) == icaltime_day_of_week(*time))
                return week;
        }
    }
    return 5;
}

static void rules_fill(const item_clock_t *clock, const rules_change_t *from,
                       item_zone_change_t *to)
{
    struct icaltimetype time = item_date_time(from->change.at + from->before);
    int week = rules_week(&time);

    *to = (item_zone_change_t){.month = time.month,
                               .weekday = icaltime_day_of_week(time) - 1,
                               .week = week ? week : rules_week_around(clock, &time),
                               .hour = time.hour,
                               .minute = time.minute};
}

static clock_rule_t rules_of_change(const item_zone_change_t *change, int offset, const char *name)
{
    return (clock_rule_t){.month = change->month,
                          .weekday = change->weekday,
                          .week = change->week,
                          .seconds = change->hour * 3600L + change->minute * 60L,
                          .offset = offset,
                          .name = name};
}

static item_clock_t rules_clock(const item_zone_t *zone)
{
    return (item_clock_t){
        .offset = zone->offset,
        .name = zone->name,
        .ruled = zone->standard.month && zone->daylight.month,
        .rules = {rules_of_change(&zone->daylight, zone->daylight_offset, zone->daylight_name),
                  rules_of_change(&zone->standard, zone->offset, zone->name)}};
}

static const char *rules_offset_text(int seconds, apr_pool_t *pool)
{
    int minutes = abs(seconds) / 60;

    return apr_psprintf(pool, " %c%02d%02d", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static const char *rules_change_text(const item_zone_change_t *change, apr_pool_t *pool)
{
    return apr_psprintf(pool, " %d/%d/%d %02d%02d", change->month, change->week, change->weekday,
                        change->hour, change->minute);
}

/* Made of what it is, so that the same zone has the same name. */
static const char *rules_name(const item_zone_t *zone, apr_pool_t *pool)
{
    const char *offset = rules_offset_text(zone->offset, pool);

    if (!zone->standard.month)
        return apr_pstrcat(pool, RULES_NAME, offset, NULL);
    return apr_pstrcat(pool, RULES_NAME, offset, rules_change_text(&zone->standard, pool),
                       rules_offset_text(zone->daylight_offset, pool),
                       rules_change_text(&zone->daylight, pool), NULL);
}

const item_clock_t *item_clock_zone(const item_zone_t *zone, apr_pool_t *pool)
{
    item_clock_t *clock = apr_palloc(pool, sizeof *clock);

    *clock = rules_clock(zone);
    clock->tzid = rules_name(zone, pool);
    return clock;
}

static void rules_fill_pair(const item_clock_t *clock, const rules_change_t *pair,
                            item_zone_t *zone)
{
    /* in the south, or where winter has a time of its own, the first one ends the summer's */
    int south = pair[0].change.offset < pair[1].change.offset;
    const rules_change_t *standard = &pair[!south], *daylight = &pair[south];

    *zone = (item_zone_t){.offset = standard->change.offset,
                          .daylight_offset = daylight->change.offset,
                          .name = standard->change.name,
                          .daylight_name = daylight->change.name};
    rules_fill(clock, standard, &zone->standard);
    rules_fill(clock, daylight, &zone->daylight);
}

/* A year with other changes than a pair has only what holds at the moment. */
void item_clock_rules(const item_clock_t *clock, apr_time_t when, item_zone_t *zone)
{
    struct icaltimetype local = item_clock_to_local(clock, when);
    rules_change_t changes[RULES_CHANGES_MAX];
    long at = (long)apr_time_sec(when);
    int pair = rules_pair(changes, rules_of_year(clock, local.year, changes), at);
    clock_change_t now;
    item_clock_t same;

    if (!item_clock_change_before(clock, at, &now))
        now = (clock_change_t){LONG_MIN, clock->offset, clock->name};
    if (pair >= 0) {
        rules_fill_pair(clock, &changes[pair], zone);
        same = rules_clock(zone);
        if (item_clock_offset(&same, when) == now.offset)
            return;
    }
    *zone = (item_zone_t){.offset = now.offset,
                          .daylight_offset = now.offset,
                          .name = now.name,
                          .daylight_name = now.name};
}

/* -- comparison ------------------------------------------------------------------------------- */

int item_clock_rules_same(const item_zone_t *a, const item_zone_t *b, int year)
{
    clock_rule_t rules[4];
    int i;

    if (a->offset != b->offset || a->daylight_offset != b->daylight_offset ||
        !a->standard.month != !b->standard.month)
        return 0;
    if (!a->standard.month)
        return 1;
    rules[0] = rules_of_change(&a->standard, 0, "");
    rules[1] = rules_of_change(&b->standard, 0, "");
    rules[2] = rules_of_change(&a->daylight, 0, "");
    rules[3] = rules_of_change(&b->daylight, 0, "");
    for (i = 0; i < 4; i += 2)
        if (item_clock_rule_at(&rules[i], year, 0) != item_clock_rule_at(&rules[i + 1], year, 0))
            return 0;
    return 1;
}
