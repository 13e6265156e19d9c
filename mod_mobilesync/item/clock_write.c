/* VTIMEZONE of a clock (RFC 5545 3.6.5). */
#include "item/clock_impl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "item/date.h"

#define WRITE_RULED_YEARS 30 /* of rules that RRULE cannot say */

static const char *write_offset(int seconds, apr_pool_t *pool)
{
    char sign = seconds < 0 ? '-' : '+';

    seconds = abs(seconds);
    if (seconds % 60)
        return apr_psprintf(pool, "%c%02d%02d%02d", sign, seconds / 3600, seconds / 60 % 60,
                            seconds % 60);
    return apr_psprintf(pool, "%c%02d%02d", sign, seconds / 3600, seconds / 60 % 60);
}

static const char *write_time(long seconds, apr_pool_t *pool)
{
    struct icaltimetype t = item_date_time(seconds);

    return apr_psprintf(pool, "%04d%02d%02dT%02d%02d%02d", t.year, t.month, t.day, t.hour, t.minute,
                        t.second);
}

/* start: by the clock before the change. */
static item_component_t *write_part(item_component_t *vtimezone, long start, int from,
                                    const clock_change_t *to, apr_pool_t *pool)
{
    item_component_t *part =
        item_component_add(vtimezone, to->offset > from ? "DAYLIGHT" : "STANDARD");

    item_component_set_text(part, "DTSTART", write_time(start, pool));
    item_component_set_text(part, "TZOFFSETFROM", write_offset(from, pool));
    item_component_set_text(part, "TZOFFSETTO", write_offset(to->offset, pool));
    if (to->name && *to->name)
        item_component_set_text(part, "TZNAME", to->name);
    return part;
}

/* "BYMONTH=3;BYDAY=-1SU"; with a time before or after that day the days of the month are said, or NULL
 * where they are not of one month. */
static const char *write_rule(const clock_rule_t *rule, apr_pool_t *pool)
{
    static const char *const weekdays[7] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    int shift = (int)item_date_floor(rule->seconds), first, i;
    const char *days = "";

    if (rule->weekday < 0 || !rule->month)
        return NULL;
    if (!shift && !rule->first_day)
        return apr_psprintf(pool, "FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", rule->month,
                            rule->week == 5 ? -1 : rule->week, weekdays[rule->weekday]);
    first = rule->first_day ? rule->first_day
            : rule->week == 5
                ? item_date_month_days(2001, rule->month) - 6 /* February has no such rule */
                : rule->week * 7 - 6;
    first += shift;
    if (first < 1 || first + 6 > item_date_month_days(2001, rule->month) ||
        (rule->month == 2 && rule->week == 5))
        return NULL;
    for (i = first; i < first + 7; i++)
        days = apr_psprintf(pool, "%s%s%d", days, *days ? "," : "", i);
    return apr_psprintf(pool, "FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%s;BYDAY=%s", rule->month, days,
                        weekdays[((rule->weekday + shift) % 7 + 7) % 7]);
}

/* The change of the rules number i, from the year on in which it comes first after a moment. */
static void write_ruled(const item_clock_t *clock, int i, long after, item_component_t *vtimezone,
                        apr_pool_t *pool)
{
    const clock_rule_t *rule = &clock->rules[i];
    int before = clock->rules[!i].offset, year, month, day, years;
    clock_change_t change = {0, rule->offset, rule->name};
    const char *text = write_rule(rule, pool), *dates = "";
    item_component_t *part;

    item_date_split(item_date_floor(after), &year, &month, &day);
    while (item_clock_rule_at(rule, year, before) <= after)
        year++;
    part = write_part(vtimezone, item_clock_rule_at(rule, year, before) + before, before, &change,
                      pool);
    if (text) {
        item_property_add(part, NULL, "RRULE", text);
        return;
    }
    for (years = 1; years < WRITE_RULED_YEARS; years++)
        dates = apr_pstrcat(
            pool, dates, *dates ? "," : "",
            write_time(item_clock_rule_at(rule, year + years, before) + before, pool), NULL);
    item_property_add(part, NULL, "RDATE", dates);
}

/* The changes that are listed, from one on. Those that are alike in all but their time share a part. */
static void write_listed(const item_clock_t *clock, int first, int offset,
                         item_component_t *vtimezone, apr_pool_t *pool)
{
    item_component_t **parts = apr_pcalloc(pool, (apr_size_t)clock->count * sizeof *parts);
    int i, k, before = offset;

    for (i = first; i < clock->count; i++) {
        const clock_change_t *change = &clock->changes[i];
        const char *start = write_time(change->at + before, pool);

        for (k = first; k < i; k++) {
            const clock_change_t *other = &clock->changes[k];
            int other_before = k == first ? offset : clock->changes[k - 1].offset;

            if (parts[k] && other->offset == change->offset && other_before == before &&
                strcmp(other->name, change->name) == 0)
                break;
        }
        if (k < i) {
            item_property_t *dates = item_property_first(parts[k], "RDATE");

            if (dates)
                item_property_set_value(
                    dates, apr_pstrcat(pool, item_property_value(dates), ",", start, NULL));
            else
                item_property_add(parts[k], NULL, "RDATE", start);
        }
        else
            parts[i] = write_part(vtimezone, change->at + before, before, change, pool);
        before = change->offset;
    }
}

static int write_is_there(item_component_t *calendar, const char *tzid)
{
    item_component_t *component = item_component_first(calendar, "VTIMEZONE");

    for (; component; component = item_component_next(component)) {
        const char *name = item_component_text(component, "TZID");

        if (name && strcmp(name, tzid) == 0)
            return 1;
    }
    return 0;
}

/* What holds at the moment stands first, from 1970 on where it held by then. */
void item_clock_write(const item_clock_t *clock, apr_time_t from, item_document_t *document,
                      apr_pool_t *pool)
{
    item_component_t *calendar = item_document_root(document), *vtimezone;
    long at = (long)apr_time_sec(from), last = LONG_MIN;
    clock_change_t change;
    int first, offset;

    if (clock == &item_clock_utc || write_is_there(calendar, clock->tzid))
        return;
    vtimezone = item_component_add(calendar, "VTIMEZONE");
    item_component_set_text(vtimezone, "TZID", clock->tzid);
    for (first = 0; first < clock->count && clock->changes[first].at <= at; first++)
        ;
    first -= first > 0;
    offset = first ? clock->changes[first - 1].offset : clock->offset;
    if (first < clock->count)
        last = clock->changes[clock->count - 1].at;
    if (clock->ruled && at > last) { /* the rules alone, from the year before on */
        at -= 366L * ITEM_DATE_DAY;
        at = at > last ? at : last;
        write_ruled(clock, 0, at, vtimezone, pool);
        write_ruled(clock, 1, at, vtimezone, pool);
        return;
    }
    if (clock->count == 0 || (first == clock->count - 1 && !clock->ruled)) {
        /* nothing changes: one part that has always been */
        if (!item_clock_change_before(clock, at, &change))
            change = (clock_change_t){0, clock->offset, clock->name};
        write_part(vtimezone, 0, change.offset, &change, pool);
        return;
    }
    write_listed(clock, first, offset, vtimezone, pool);
    if (clock->ruled) {
        write_ruled(clock, 0, last, vtimezone, pool);
        write_ruled(clock, 1, last, vtimezone, pool);
    }
}
