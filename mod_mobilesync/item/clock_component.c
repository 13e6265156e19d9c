/* The clock of a VTIMEZONE. */
#include "item/clock_impl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/date.h"
#include "item/rule.h"
#include "item/series_impl.h"

#define COMPONENT_CHANGES_MAX 1000 /* all that tzdata knows of a place are less than 300 */
#define COMPONENT_YEAR_FIRST 1900  /* yearly changes before that are not listed */
#define COMPONENT_YEAR_LAST 2100
#define COMPONENT_PARTS_MAX 256
#define COMPONENT_BUDGET 50000 /* item/series_impl.h; all parts share it */
#define COMPONENT_YEAR_MAX 8   /* changes that a rule may make in a year; places have one */

/* A STANDARD or DAYLIGHT. */
typedef struct {
    item_component_t *component;
    struct icaltimetype start;
    int from, to; /* offsets */
    const char *name;
    int has_rule;
    struct icalrecurrencetype rule;
    int yearly; /* the rule, without an end, as a clock_rule_t */
    clock_rule_t change;
} component_part_t;

/* "+0100", "-053000": seconds. */
static int component_offset(item_component_t *component, const char *name, int *seconds)
{
    item_property_t *property = item_property_first(component, name);
    const char *text = property ? item_property_value(property) : "";
    int digits = 0, n = 0;

    if (*text != '+' && *text != '-')
        return 0;
    while (digits < 6 && apr_isdigit(text[digits + 1]))
        n = n * 10 + text[++digits] - '0';
    if ((digits != 4 && digits != 6) || text[digits + 1])
        return 0;
    n *= digits == 4 ? 100 : 1;
    *seconds = (n / 10000 * 3600 + n / 100 % 100 * 60 + n % 100) * (*text == '-' ? -1 : 1);
    return *seconds > -2 * ITEM_DATE_DAY && *seconds < 2 * ITEM_DATE_DAY;
}

/* Which weekday of the month: "2SU", "-1SU", or "SU" of the days from one of BYMONTHDAY on. */
static int component_read_yearly(const component_part_t *part, clock_rule_t *change)
{
    const struct icalrecurrencetype *rule = &part->rule;
    int days = item_rule_count(rule->by_day, ICAL_BY_DAY_SIZE), position;
    int month_days = item_rule_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);
    int months = item_rule_count(rule->by_month, ICAL_BY_MONTH_SIZE);

    *change = (clock_rule_t){.month = months ? rule->by_month[0] : part->start.month,
                             .weekday = -1,
                             .seconds = item_date_seconds(&part->start) % ITEM_DATE_DAY,
                             .offset = part->to,
                             .name = part->name};
    if (change->seconds < 0)
        change->seconds += ITEM_DATE_DAY;
    if (rule->freq != ICAL_YEARLY_RECURRENCE || rule->interval != 1 || rule->count ||
        !icaltime_is_null_time(rule->until) || months > 1 || days > 1 ||
        item_rule_count(rule->by_set_pos, 1) || item_rule_count(rule->by_week_no, 1) ||
        item_rule_count(rule->by_year_day, 1) || item_rule_count(rule->by_hour, 1))
        return 0;
    if (!days) {
        change->first_day = month_days ? rule->by_month_day[0] : part->start.day;
        return month_days <= 1 && change->first_day >= 1 && change->first_day <= 28;
    }
    change->weekday = (int)icalrecurrencetype_day_day_of_week(rule->by_day[0]) - 1;
    position = icalrecurrencetype_day_position(rule->by_day[0]);
    change->week = position == -1 ? 5 : position;
    if (!month_days)
        return position == -1 || (position >= 1 && position <= 4);
    change->first_day = rule->by_month_day[0];
    return position == 0 && month_days == 7 && change->first_day >= 1 && change->first_day <= 25;
}

/* Of a rule that zones have: once in a year (or in twelve months), at one time of day. Others would make
 * thousands of changes. */
static int component_is_seasonal(const struct icalrecurrencetype *rule)
{
    return (rule->freq == ICAL_YEARLY_RECURRENCE ||
            (rule->freq == ICAL_MONTHLY_RECURRENCE && rule->interval % 12 == 0)) &&
           item_rule_count(rule->by_hour, ICAL_BY_HOUR_SIZE) <= 1 &&
           item_rule_count(rule->by_minute, ICAL_BY_MINUTE_SIZE) <= 1 &&
           item_rule_count(rule->by_second, ICAL_BY_SECOND_SIZE) <= 1;
}

static int component_read_part(item_component_t *component, component_part_t *part)
{
    const char *start = item_component_text(component, "DTSTART");
    const char *name = item_component_text(component, "TZNAME");
    item_property_t *rule = item_property_first(component, "RRULE");

    memset(part, 0, sizeof *part);
    if (!start || !component_offset(component, "TZOFFSETTO", &part->to))
        return 0;
    if (!component_offset(component, "TZOFFSETFROM", &part->from))
        part->from = part->to;
    part->component = component;
    part->name = name ? name : "";
    part->start = icaltime_from_string(start);
    if (icaltime_is_null_time(part->start) || part->start.year < 1 || part->start.year > 9999)
        return 0;
    part->has_rule = rule && item_rule_parse(item_property_value(rule), &part->rule) &&
                     component_is_seasonal(&part->rule);
    part->yearly = part->has_rule && component_read_yearly(part, &part->change);
    return 1;
}

/* -- the changes ------------------------------------------------------------------------------ */

static void component_push(apr_array_header_t *changes, const component_part_t *part, long local)
{
    clock_change_t change = {local - part->from, part->to, part->name};

    if (changes->nelts < COMPONENT_CHANGES_MAX)
        APR_ARRAY_PUSH(changes, clock_change_t) = change;
}

static void component_push_dates(apr_array_header_t *changes, const component_part_t *part,
                                 apr_pool_t *pool)
{
    item_property_t *property = item_property_first(part->component, "RDATE");

    for (; property; property = item_property_next(property)) {
        const char *at = item_property_value(property);

        while (*at && changes->nelts < COMPONENT_CHANGES_MAX) {
            size_t length = strcspn(at, ",");
            struct icaltimetype time =
                icaltime_from_string(apr_pstrmemdup(pool, at, (apr_size_t)length));

            if (!icaltime_is_null_time(time))
                component_push(changes, part, item_date_seconds(&time));
            at += length + (at[length] == ',');
        }
    }
}

/* Those of a rule, from the first year that is listed on until a year's begin. */
static void component_push_rule(apr_array_header_t *changes, const component_part_t *part, int year,
                                long *budget, apr_pool_t *pool)
{
    long first = item_date_days(COMPONENT_YEAR_FIRST, 1, 1) * ITEM_DATE_DAY;
    long end = item_date_days(year, 1, 1) * ITEM_DATE_DAY;
    apr_array_header_t *seconds = apr_array_make(pool, 8, sizeof(long));
    const item_clock_t before = {.offset = part->from}; /* for an UNTIL in UTC */
    series_walk_t walk;
    int i;

    item_series_walk_start(&walk, &part->rule, &part->start, &before, *budget, pool);
    item_series_walk_skip(&walk, first);
    while (changes->nelts < COMPONENT_CHANGES_MAX && item_series_walk_at(&walk) < end &&
           item_series_walk_next(&walk, seconds) && seconds->nelts <= COMPONENT_YEAR_MAX) {
        for (i = 0; i < seconds->nelts; i++)
            if (APR_ARRAY_IDX(seconds, i, long) < end)
                component_push(changes, part, APR_ARRAY_IDX(seconds, i, long));
        apr_array_clear(seconds);
    }
    *budget = walk.budget;
}

static int component_compare(const void *a, const void *b)
{
    const clock_change_t *x = a, *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

/* -- the whole -------------------------------------------------------------------------------- */

/* The two that go on for ever, of different kinds; of several of a kind the one that began last, since
 * there are programs that write no UNTIL. *standard and *daylight are NULL unless both are there. */
static void component_find_endless(const apr_array_header_t *parts,
                                   const component_part_t **standard,
                                   const component_part_t **daylight)
{
    int i;

    *standard = *daylight = NULL;
    for (i = 0; i < parts->nelts; i++) {
        const component_part_t *part = &APR_ARRAY_IDX(parts, i, const component_part_t);
        const component_part_t **kind =
            strcasecmp(item_component_name(part->component), "DAYLIGHT") == 0 ? daylight : standard;

        if (part->yearly && (!*kind || icaltime_compare((*kind)->start, part->start) <= 0))
            *kind = part;
    }
    if (!*standard || !*daylight || (*standard)->to == (*daylight)->to)
        *standard = *daylight = NULL;
}

/* The year from which on nothing of a rule need be listed: that of a later one of the same kind, where it
 * has no end. */
static int component_listed_until(const apr_array_header_t *parts, const component_part_t *part)
{
    int year = COMPONENT_YEAR_LAST, i;

    for (i = 0; i < parts->nelts && icaltime_is_null_time(part->rule.until); i++) {
        const component_part_t *other = &APR_ARRAY_IDX(parts, i, const component_part_t);

        if (other->has_rule && other->start.year > part->start.year && other->start.year < year &&
            strcasecmp(item_component_name(other->component),
                       item_component_name(part->component)) == 0)
            year = other->start.year;
    }
    return year;
}

static void component_load_parts(item_component_t *vtimezone, const char *name,
                                 apr_array_header_t *parts)
{
    item_component_t *component = item_component_first(vtimezone, name);
    component_part_t part;

    for (; component && parts->nelts < COMPONENT_PARTS_MAX;
         component = item_component_next(component))
        if (component_read_part(component, &part))
            APR_ARRAY_PUSH(parts, component_part_t) = part;
}

/* The endless ones are listed as long as others are: their rules hold from the last change on. */
static int component_ruled_from(const apr_array_header_t *changes)
{
    int year = 0, month, day, last = 0, i;

    for (i = 0; i < changes->nelts; i++) {
        item_date_split(item_date_floor(APR_ARRAY_IDX(changes, i, const clock_change_t).at), &year,
                        &month, &day);
        last = year > last && year <= COMPONENT_YEAR_LAST ? year : last;
    }
    return last + 1;
}

static void component_load_changes(item_clock_t *clock, const apr_array_header_t *parts,
                                   apr_pool_t *pool)
{
    apr_array_header_t *changes = apr_array_make(pool, 16, sizeof(clock_change_t));
    const component_part_t *standard, *daylight;
    long budget = COMPONENT_BUDGET;
    int i, ruled_from;

    component_find_endless(parts, &standard, &daylight);
    for (i = 0; i < parts->nelts; i++) {
        const component_part_t *part = &APR_ARRAY_IDX(parts, i, const component_part_t);

        component_push(changes, part, item_date_seconds(&part->start));
        component_push_dates(changes, part, pool);
        if (part->has_rule && part != standard && part != daylight)
            component_push_rule(changes, part, component_listed_until(parts, part), &budget, pool);
    }
    ruled_from = component_ruled_from(changes);
    if (standard) {
        component_push_rule(changes, standard, ruled_from, &budget, pool);
        component_push_rule(changes, daylight, ruled_from, &budget, pool);
    }
    qsort(changes->elts, (size_t)changes->nelts, sizeof(clock_change_t), component_compare);
    clock->changes = (const clock_change_t *)changes->elts;
    clock->count = changes->nelts;
    if (!standard)
        return;
    clock->ruled = 1;
    clock->rules[0] = daylight->change;
    clock->rules[1] = standard->change;
}

const item_clock_t *item_clock_component(item_component_t *vtimezone, apr_pool_t *pool)
{
    item_clock_t *clock = apr_pcalloc(pool, sizeof *clock);
    apr_array_header_t *parts = apr_array_make(pool, 4, sizeof(component_part_t));
    const char *tzid = item_component_text(vtimezone, "TZID");
    const component_part_t *first = NULL;
    int i;

    component_load_parts(vtimezone, "STANDARD", parts);
    component_load_parts(vtimezone, "DAYLIGHT", parts);
    for (i = 0; i < parts->nelts; i++) {
        const component_part_t *part = &APR_ARRAY_IDX(parts, i, const component_part_t);

        if (!first || icaltime_compare(part->start, first->start) < 0)
            first = part;
    }
    if (!first)
        return NULL;
    clock->tzid = tzid ? tzid : "";
    clock->offset = first->from;
    clock->name = first->name;
    component_load_changes(clock, parts, pool);
    return clock;
}
