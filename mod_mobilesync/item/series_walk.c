#include "item/series_impl.h"

#include <limits.h>
#include <stdlib.h>

#include "item/date.h"
#include "item/rule.h"

#define WALK_YEAR_MAX 9999
#define WALK_TIMES_MAX ITEM_DATE_DAY /* of a day */
#define WALK_LIST 16                 /* values that are looked through as fast as a day is */

static int walk_compare_int(const void *a, const void *b)
{
    const int *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Of a rule of hours, minutes or seconds the length of one; 0: of another rule. */
static long walk_unit(const struct icalrecurrencetype *rule)
{
    switch (rule->freq) {
    case ICAL_HOURLY_RECURRENCE:
        return 3600;
    case ICAL_MINUTELY_RECURRENCE:
        return 60;
    case ICAL_SECONDLY_RECURRENCE:
        return 1;
    case ICAL_DAILY_RECURRENCE:
    case ICAL_WEEKLY_RECURRENCE:
    case ICAL_MONTHLY_RECURRENCE:
    case ICAL_YEARLY_RECURRENCE:
    case ICAL_NO_RECURRENCE:
        break;
    }
    return 0;
}

/* Periods of the rule that are a step. */
static int walk_interval(const struct icalrecurrencetype *rule)
{
    return walk_unit(rule) ? 1 : rule->interval;
}

/* -- the times of a day ----------------------------------------------------------------------- */

int item_series_listed(const short *list, int size, int value, int from_end)
{
    int i, n = item_rule_count(list, size);

    for (i = 0; i < n; i++)
        if (list[i] == value || list[i] == from_end)
            return 1;
    return n == 0;
}

/* The values of a list, or the start's own. */
static int walk_values(const short *list, int size, int own, int *values)
{
    int i, n = item_rule_count(list, size);

    for (i = 0; i < n; i++)
        values[i] = list[i];
    if (n)
        return n;
    values[0] = own;
    return 1;
}

/* Of a rule within days: what its lists make of one of its hours, minutes or seconds. */
static void walk_load_parts(series_walk_t *walk, apr_pool_t *pool)
{
    const struct icalrecurrencetype *rule = walk->rule;
    long unit = walk_unit(rule), most;

    walk->minutes = apr_pcalloc(pool, ICAL_BY_MINUTE_SIZE * sizeof *walk->minutes);
    walk->seconds = apr_pcalloc(pool, ICAL_BY_SECOND_SIZE * sizeof *walk->seconds);
    walk->minute_count = walk->second_count = 1;
    if (unit == 3600)
        walk->minute_count =
            walk_values(rule->by_minute, ICAL_BY_MINUTE_SIZE, walk->start.minute, walk->minutes);
    if (unit >= 60)
        walk->second_count =
            walk_values(rule->by_second, ICAL_BY_SECOND_SIZE, walk->start.second, walk->seconds);
    qsort(walk->minutes, (size_t)walk->minute_count, sizeof(int), walk_compare_int);
    qsort(walk->seconds, (size_t)walk->second_count, sizeof(int), walk_compare_int);
    most = (ITEM_DATE_DAY / (unit * rule->interval) + 1) * walk->minute_count * walk->second_count;
    walk->times_max = most < WALK_TIMES_MAX ? (int)most : WALK_TIMES_MAX;
    walk->times = apr_palloc(pool, (apr_size_t)walk->times_max * sizeof *walk->times);
}

/* The times of an hour, a minute or a second that is one of the rule. */
static void walk_push_times(series_walk_t *walk, int at)
{
    int m, s;

    for (m = 0; m < walk->minute_count; m++)
        for (s = 0; s < walk->second_count && walk->time_count < walk->times_max; s++)
            walk->times[walk->time_count++] = at + walk->minutes[m] * 60 + walk->seconds[s];
}

/* Does a list of the rule leave the time of day out? Lists of what is shorter than its unit do not. */
static int walk_is_left_out(const series_walk_t *walk, int at, long unit)
{
    const struct icalrecurrencetype *rule = walk->rule;
    int hour = at / 3600, minute = at / 60 % 60, second = at % 60;

    return !item_series_listed(rule->by_hour, ICAL_BY_HOUR_SIZE, hour, hour) ||
           (unit <= 60 &&
            !item_series_listed(rule->by_minute, ICAL_BY_MINUTE_SIZE, minute, minute)) ||
           (unit == 1 && !item_series_listed(rule->by_second, ICAL_BY_SECOND_SIZE, second, second));
}

/* Of a rule within days: the times of a day. */
static void walk_load_day_times(series_walk_t *walk, long day)
{
    long unit = walk_unit(walk->rule), step = unit * walk->rule->interval;
    long start = walk->start_seconds - walk->start_seconds % unit, begin = day * ITEM_DATE_DAY;
    long at = (start - begin) % step;

    walk->time_count = 0;
    for (at += at < 0 ? step : 0; at < ITEM_DATE_DAY && walk->budget > 0; at += step) {
        walk->budget--;
        if (begin + at + unit <= walk->start_seconds || walk_is_left_out(walk, (int)at, unit))
            continue;
        walk_push_times(walk, (int)at);
        if (walk->first_of_day && begin + walk->times[walk->time_count - 1] >= walk->start_seconds)
            break;
    }
}

static void walk_load_times(series_walk_t *walk, apr_pool_t *pool)
{
    const struct icalrecurrencetype *rule = walk->rule;
    const struct icaltimetype *start = &walk->start;
    int hour[ICAL_BY_HOUR_SIZE], minute[ICAL_BY_MINUTE_SIZE], second[ICAL_BY_SECOND_SIZE];
    int hours, minutes, seconds, h, m, s, n = 0;

    if (start->is_date) { /* RFC 5545 3.3.10: they are ignored then */
        walk->times = apr_pcalloc(pool, sizeof *walk->times);
        walk->time_count = 1;
        return;
    }
    if (walk_unit(rule)) {
        walk_load_parts(walk, pool);
        return;
    }
    hours = walk_values(rule->by_hour, ICAL_BY_HOUR_SIZE, start->hour, hour);
    minutes = walk_values(rule->by_minute, ICAL_BY_MINUTE_SIZE, start->minute, minute);
    seconds = walk_values(rule->by_second, ICAL_BY_SECOND_SIZE, start->second, second);
    walk->times = apr_palloc(pool, (apr_size_t)(hours * minutes * seconds) * sizeof *walk->times);
    for (h = 0; h < hours; h++)
        for (m = 0; m < minutes; m++)
            for (s = 0; s < seconds; s++)
                walk->times[n++] = hour[h] * 3600 + minute[m] * 60 + second[s];
    qsort(walk->times, (size_t)n, sizeof *walk->times, walk_compare_int);
    walk->time_count = n;
}

/* -- the days of a period --------------------------------------------------------------------- */

/* The number of the week that a day is in, and how many its year has (ISO 8601, with the week's first day
 * as the rule has it). */
static int walk_week(const struct icalrecurrencetype *rule, long day, int *weeks)
{
    int first = rule->week_start >= ICAL_SUNDAY_WEEKDAY ? (int)rule->week_start - 1 : 1;
    long begin = day - (item_date_weekday(day) - first + 7) % 7, one, next;
    int year, month, of_month;

    item_date_split(begin + 3, &year, &month, &of_month); /* most of its days say whose it is */
    one = item_date_days(year, 1, 4);
    one -= (item_date_weekday(one) - first + 7) % 7;
    next = item_date_days(year + 1, 1, 4);
    next -= (item_date_weekday(next) - first + 7) % 7;
    *weeks = (int)(next - one) / 7;
    return (int)(begin - one) / 7 + 1;
}

typedef struct {
    long number;
    int year, month, day; /* of the month */
} walk_day_t;

int item_series_has_weekday(const struct icalrecurrencetype *rule, long day, long first, long last)
{
    int i, n = item_rule_count(rule->by_day, ICAL_BY_DAY_SIZE), weekday = item_date_weekday(day);

    for (i = 0; i < n; i++) {
        int position = icalrecurrencetype_day_position(rule->by_day[i]);

        if ((int)icalrecurrencetype_day_day_of_week(rule->by_day[i]) - 1 != weekday)
            continue;
        if (position == 0 || position == (day - first) / 7 + 1 ||
            position == -((last - day) / 7 + 1))
            return 1;
    }
    return n == 0;
}

/* "2TU" counts within the month where the rule has months, else within the year. */
static int walk_day_weekday(const series_walk_t *walk, const walk_day_t *day)
{
    const struct icalrecurrencetype *rule = walk->rule;
    long first = day->number - day->day + 1;

    if (rule->freq == ICAL_MONTHLY_RECURRENCE || item_rule_count(rule->by_month, 1))
        return item_series_has_weekday(rule, day->number, first,
                                       first + item_date_month_days(day->year, day->month) - 1);
    return item_series_has_weekday(rule, day->number, item_date_days(day->year, 1, 1),
                                   item_date_days(day->year, 12, 31));
}

static int walk_has_day(const series_walk_t *walk, const walk_day_t *day)
{
    const struct icalrecurrencetype *rule = walk->rule;
    int days = item_date_month_days(day->year, day->month), week, weeks, of_year;

    if (!item_series_listed(rule->by_month, ICAL_BY_MONTH_SIZE, day->month, 0) ||
        !item_series_listed(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE, day->day,
                            day->day - days - 1) ||
        !walk_day_weekday(walk, day))
        return 0;
    if (item_rule_count(rule->by_year_day, 1)) {
        of_year = (int)(day->number - item_date_days(day->year, 1, 1)) + 1;
        if (!item_series_listed(rule->by_year_day, ICAL_BY_YEARDAY_SIZE, of_year,
                                of_year - 366 - item_date_is_leap(day->year)))
            return 0;
    }
    if (!item_rule_count(rule->by_week_no, 1))
        return 1;
    week = walk_week(rule, day->number, &weeks);
    return item_series_listed(rule->by_week_no, ICAL_BY_WEEKNO_SIZE, week, week - weeks - 1);
}

/* What a rule does not say is the start's: its day and month of the year, day of the month, weekday. */
static int walk_is_implied(const series_walk_t *walk, const walk_day_t *day)
{
    const struct icalrecurrencetype *rule = walk->rule;
    int weekday =
        item_date_weekday(day->number) == item_date_weekday(item_date_floor(walk->start_seconds));

    if (item_rule_count(rule->by_day, 1) || item_rule_count(rule->by_month_day, 1) ||
        item_rule_count(rule->by_year_day, 1))
        return 1;
    if (item_rule_count(rule->by_week_no, 1))
        return weekday;
    switch (rule->freq) {
    case ICAL_YEARLY_RECURRENCE:
        return day->day == walk->start.day &&
               (item_rule_count(rule->by_month, 1) || day->month == walk->start.month);
    case ICAL_MONTHLY_RECURRENCE:
        return day->day == walk->start.day;
    case ICAL_WEEKLY_RECURRENCE:
        return weekday;
    case ICAL_DAILY_RECURRENCE:
    case ICAL_HOURLY_RECURRENCE:
    case ICAL_MINUTELY_RECURRENCE:
    case ICAL_SECONDLY_RECURRENCE:
    case ICAL_NO_RECURRENCE:
        break;
    }
    return 1;
}

/* The days of a period: [*first, *last]. 0 when it lies beyond all calendars. */
static int walk_period(series_walk_t *walk, long period, long *first, long *last)
{
    const struct icalrecurrencetype *rule = walk->rule;
    long day = item_date_floor(walk->start_seconds), n = period * walk_interval(rule);
    long months = walk->start.year * 12L + walk->start.month - 1 + n;
    int begin = rule->week_start >= ICAL_SUNDAY_WEEKDAY ? (int)rule->week_start - 1 : 1;

    switch (rule->freq) {
    case ICAL_DAILY_RECURRENCE:
    case ICAL_HOURLY_RECURRENCE:
    case ICAL_MINUTELY_RECURRENCE:
    case ICAL_SECONDLY_RECURRENCE:
        *first = *last = day + n;
        break;
    case ICAL_WEEKLY_RECURRENCE:
        *first = day - (item_date_weekday(day) - begin + 7) % 7 + 7 * n;
        *last = *first + 6;
        break;
    case ICAL_MONTHLY_RECURRENCE:
        if (walk->months)
            return item_series_months_period(walk, period, first, last);
        if (months / 12 > WALK_YEAR_MAX)
            return 0;
        *first = item_date_days((int)(months / 12), (int)(months % 12) + 1, 1);
        *last = *first + item_date_month_days((int)(months / 12), (int)(months % 12) + 1) - 1;
        break;
    case ICAL_YEARLY_RECURRENCE:
        if (walk->months)
            return item_series_months_period(walk, period, first, last);
        if (walk->start.year + n > WALK_YEAR_MAX)
            return 0;
        *first = item_date_days((int)(walk->start.year + n), 1, 1);
        *last = item_date_days((int)(walk->start.year + n), 12, 31);
        break;
    case ICAL_NO_RECURRENCE:
        return 0;
    }
    return *last < item_date_days(WALK_YEAR_MAX + 1, 1, 1);
}

static void walk_load_days(series_walk_t *walk, long first, long last)
{
    walk_day_t day = {.number = first};

    walk->day_count = 0;
    item_date_split(first, &day.year, &day.month, &day.day);
    for (; day.number <= last; day.number++) {
        int days = item_date_month_days(day.year, day.month);

        /* a month that is not the rule's is left out as a whole */
        if (day.day == 1 && day.number + days - 1 <= last &&
            !item_series_listed(walk->rule->by_month, ICAL_BY_MONTH_SIZE, day.month, 0)) {
            day.number += days - 1;
            day.day = days;
        }
        else if (walk_has_day(walk, &day) && walk_is_implied(walk, &day))
            walk->days[walk->day_count++] = day.number;
        walk->budget -= walk->day_cost;
        if (++day.day > days) {
            day.day = 1;
            day.month = day.month % 12 + 1;
            day.year += day.month == 1;
        }
    }
}

/* -- the walk --------------------------------------------------------------------------------- */

/* No lists: the occurrences are as far apart as the interval says. */
static int walk_is_plain(const struct icalrecurrencetype *rule)
{
    return !item_rule_count(rule->by_second, 1) && !item_rule_count(rule->by_minute, 1) &&
           !item_rule_count(rule->by_hour, 1) && !item_rule_count(rule->by_day, 1) &&
           !item_rule_count(rule->by_month_day, 1) && !item_rule_count(rule->by_year_day, 1) &&
           !item_rule_count(rule->by_month, 1);
}

long item_series_walk_last(const struct icalrecurrencetype *rule, const struct icaltimetype *start)
{
    if (!walk_unit(rule) || rule->count <= 0 || start->is_date || !walk_is_plain(rule))
        return LONG_MAX;
    return item_date_seconds(start) + (rule->count - 1L) * rule->interval * walk_unit(rule);
}

void item_series_walk_start(series_walk_t *walk, const struct icalrecurrencetype *rule,
                            const struct icaltimetype *start, const item_clock_t *clock,
                            long budget, apr_pool_t *pool)
{
    *walk = (series_walk_t){.rule = rule,
                            .clock = clock,
                            .start = *start,
                            .start_seconds = item_date_seconds(start),
                            .left = rule->count > 0 ? rule->count : -1,
                            .last = item_series_walk_last(rule, start),
                            .budget = budget};
    walk->day_cost = 1 + (item_rule_count(rule->by_day, ICAL_BY_DAY_SIZE) +
                          item_rule_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE) +
                          item_rule_count(rule->by_year_day, ICAL_BY_YEARDAY_SIZE) +
                          item_rule_count(rule->by_week_no, ICAL_BY_WEEKNO_SIZE)) /
                             WALK_LIST;
    walk->time_cost = 1 + item_rule_count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE) / WALK_LIST;
    walk->days = apr_palloc(pool, SERIES_DAYS_MAX * sizeof *walk->days);
    walk_load_times(walk, pool);
    if (walk->last != LONG_MAX)
        walk->left = -1;
    walk->over = rule->rscale && !item_series_months_start(walk, pool);
}

long item_series_walk_at(series_walk_t *walk)
{
    long first, last;

    return walk_period(walk, walk->period, &first, &last) ? first * ITEM_DATE_DAY : LONG_MAX;
}

void item_series_walk_skip(series_walk_t *walk, long seconds)
{
    long days = (seconds - walk->start_seconds) / ITEM_DATE_DAY - 1, unit = 1;

    if (walk->left >= 0 || days <= 0)
        return;
    if (walk->rule->freq == ICAL_WEEKLY_RECURRENCE)
        unit = 7;
    else if (walk->rule->freq == ICAL_MONTHLY_RECURRENCE)
        unit = 31;
    else if (walk->rule->freq == ICAL_YEARLY_RECURRENCE)
        unit = SERIES_DAYS_MAX;
    walk->period = days / (unit * walk_interval(walk->rule));
    if (walk->period > 0) /* the start is not at the begin of its period */
        walk->period--;
    while (walk->budget > 0 &&
           item_series_walk_at(walk) < seconds - SERIES_DAYS_MAX * (long)ITEM_DATE_DAY) {
        walk->period++; /* months and years are shorter than that */
        walk->budget--;
    }
}

static int walk_is_past(const series_walk_t *walk, long seconds)
{
    const struct icaltimetype *until = &walk->rule->until;
    struct icaltimetype local;

    if (seconds > walk->last)
        return 1;
    if (icaltime_is_null_time(*until))
        return 0;
    if (until->is_date)
        return item_date_floor(seconds) > item_date_floor(item_date_seconds(until));
    if (!icaltime_is_utc(*until) || icaltime_is_utc(walk->start))
        return seconds > item_date_seconds(until);
    local = item_date_time(seconds);
    local.is_date = walk->start.is_date;
    return item_clock_to_utc(walk->clock, &local) > apr_time_from_sec(item_date_seconds(until));
}

/* Number n of a period's occurrences. */
static long walk_occurrence(const series_walk_t *walk, int n)
{
    return walk->days[n / walk->time_count] * ITEM_DATE_DAY + walk->times[n % walk->time_count];
}

int item_series_walk_next(series_walk_t *walk, apr_array_header_t *seconds)
{
    long first, last;
    int n, i;

    if (walk->over || walk->budget <= 0 || !walk_period(walk, walk->period, &first, &last))
        return 0;
    walk->period++;
    if (walk->period > 1 && walk_is_past(walk, first * ITEM_DATE_DAY)) {
        walk->over = 1;
        return 1;
    }
    if (walk->months)
        item_series_months_days(walk, first, last);
    else
        walk_load_days(walk, first, last);
    if (walk_unit(walk->rule) && walk->day_count && !walk->start.is_date)
        walk_load_day_times(walk, first);
    n = walk->day_count * walk->time_count;
    for (i = 0; i < n && walk->budget > 0; i++) {
        long at = walk_occurrence(walk, i);

        walk->budget -= walk->time_cost;
        if (at < walk->start_seconds ||
            !item_series_listed(walk->rule->by_set_pos, ICAL_BY_SETPOS_SIZE, i + 1, i - n))
            continue;
        if (walk->left == 0 || walk_is_past(walk, at)) {
            walk->over = 1;
            return 1;
        }
        walk->left -= walk->left > 0;
        APR_ARRAY_PUSH(seconds, long) = at;
    }
    walk->over = walk->left == 0;
    return 1;
}
