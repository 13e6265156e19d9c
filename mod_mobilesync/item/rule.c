#include "item/rule.h"

#include <stdlib.h>
#include <string.h>
#include <apr_lib.h>

#include "item/scale.h"

#define RULE_COUNT_MAX 1000000
#define RULE_TIMES_MAX 1440 /* of a day */

int item_rule_count(const short *list, int size)
{
    int n = 0;

    while (n < size && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
        n++;
    return n;
}

/* What libical is given: letters, digits, and the signs of a rule; without the blanks and the last
 * semicolon that some programs write. buffer: ITEM_RULE_MAX + 1 bytes. 0: it is no rule, or too long. */
static int rule_copy(const char *text, char *buffer)
{
    size_t length = 0;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        if (length == ITEM_RULE_MAX || (!apr_isalnum(*text) && !strchr("=;,+-", *text)))
            return 0;
        buffer[length++] = *text;
    }
    if (length && buffer[length - 1] == ';')
        length--;
    buffer[length] = '\0';
    return length > 0;
}

/* All within [low, high], of either sign where both is set; never 0 then. */
static int rule_list_ok(const short *list, int size, int low, int high, int both)
{
    int i, n = item_rule_count(list, size);

    for (i = 0; i < n; i++) {
        int value = both ? abs(list[i]) : list[i];

        if (value < low || value > high)
            return 0;
    }
    return 1;
}

/* Weekdays; their positions, which only months and years have, within these. */
static int rule_days_ok(const struct icalrecurrencetype *rule)
{
    int i, n = item_rule_count(rule->by_day, ICAL_BY_DAY_SIZE), most = 0;

    if (rule->freq == ICAL_MONTHLY_RECURRENCE || item_rule_count(rule->by_month, 1))
        most = 5;
    else if (!item_rule_count(rule->by_week_no, 1))
        most = 53;
    if (rule->freq != ICAL_MONTHLY_RECURRENCE && rule->freq != ICAL_YEARLY_RECURRENCE)
        most = 0;
    for (i = 0; i < n; i++) {
        int weekday = (int)icalrecurrencetype_day_day_of_week(rule->by_day[i]);

        if (weekday < ICAL_SUNDAY_WEEKDAY || weekday > ICAL_SATURDAY_WEEKDAY ||
            abs(icalrecurrencetype_day_position(rule->by_day[i])) > most)
            return 0;
    }
    return 1;
}

/* A century at most. */
static int rule_interval_ok(const struct icalrecurrencetype *rule)
{
    switch (rule->freq) {
    case ICAL_SECONDLY_RECURRENCE:
    case ICAL_MINUTELY_RECURRENCE:
    case ICAL_HOURLY_RECURRENCE:
    case ICAL_DAILY_RECURRENCE:
        return rule->interval >= 1; /* of its type no more than 90 years */
    case ICAL_WEEKLY_RECURRENCE:
        return rule->interval >= 1 && rule->interval <= 5200;
    case ICAL_MONTHLY_RECURRENCE:
        return rule->interval >= 1 && rule->interval <= 1200;
    case ICAL_YEARLY_RECURRENCE:
        return rule->interval >= 1 && rule->interval <= 100;
    case ICAL_NO_RECURRENCE:
        break;
    }
    return 0;
}

/* Dates that a month or year does not have are made valid only as days of the month that are counted
 * from its first, and as leap months. */
static int rule_skip_ok(const struct icalrecurrencetype *rule)
{
    int i, n = item_rule_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);

    for (i = 0; i < n; i++)
        if (rule->by_month_day[i] < -28)
            return 0;
    return !item_rule_count(rule->by_year_day, 1);
}

/* RSCALE and SKIP (RFC 7529). The text is libical's. */
static int rule_calendar_ok(struct icalrecurrencetype *rule)
{
    const item_scale_t *scale = item_scale_find(rule->rscale ? rule->rscale : "GREGORIAN");

    free(rule->rscale);
    rule->rscale = NULL;
    if (!scale || (rule->skip != ICAL_SKIP_OMIT && !rule_skip_ok(rule)))
        return 0;
    if (item_scale_is_gregorian(scale) && rule->skip == ICAL_SKIP_OMIT)
        return 1;
    rule->rscale = (char *)item_scale_name(scale);
    return !item_rule_count(rule->by_week_no, 1); /* weeks of other years nobody has defined */
}

static int rule_months_ok(const struct icalrecurrencetype *rule)
{
    const item_scale_t *scale = item_scale_find(rule->rscale ? rule->rscale : "GREGORIAN");
    int i, n = item_rule_count(rule->by_month, ICAL_BY_MONTH_SIZE);

    for (i = 0; i < n; i++)
        if (!item_scale_has_month(scale, rule->by_month[i]))
            return 0;
    return 1;
}

/* Parts that only some rules have (RFC 5545 3.3.10). Positions of an hour's or a minute's occurrences
 * nobody writes. */
static int rule_parts_ok(const struct icalrecurrencetype *rule)
{
    int within_days = rule->freq == ICAL_HOURLY_RECURRENCE ||
                      rule->freq == ICAL_MINUTELY_RECURRENCE ||
                      rule->freq == ICAL_SECONDLY_RECURRENCE;

    return (rule->freq == ICAL_YEARLY_RECURRENCE || !item_rule_count(rule->by_week_no, 1)) &&
           (!within_days || !item_rule_count(rule->by_set_pos, 1));
}

static int rule_max(int a, int b)
{
    return a > b ? a : b;
}

static int rule_times_ok(const struct icalrecurrencetype *rule)
{
    int hours = item_rule_count(rule->by_hour, ICAL_BY_HOUR_SIZE);
    int minutes = item_rule_count(rule->by_minute, ICAL_BY_MINUTE_SIZE);
    int seconds = item_rule_count(rule->by_second, ICAL_BY_SECOND_SIZE);

    return rule_max(hours, 1) * rule_max(minutes, 1) * rule_max(seconds, 1) <= RULE_TIMES_MAX &&
           rule_list_ok(rule->by_hour, ICAL_BY_HOUR_SIZE, 0, 23, 0) &&
           rule_list_ok(rule->by_minute, ICAL_BY_MINUTE_SIZE, 0, 59, 0) &&
           rule_list_ok(rule->by_second, ICAL_BY_SECOND_SIZE, 0, 60, 0);
}

static int rule_until_ok(const struct icaltimetype *until)
{
    return icaltime_is_null_time(*until) ||
           (until->year >= 1601 && until->year <= 9999 && until->month >= 1 && until->month <= 12);
}

int item_rule_parse(const char *text, struct icalrecurrencetype *rule)
{
    char buffer[ITEM_RULE_MAX + 1];

    icalrecurrencetype_clear(rule);
    if (!rule_copy(text, buffer))
        return 0;
    *rule = icalrecurrencetype_from_string(buffer);
    return rule_calendar_ok(rule) && rule_parts_ok(rule) && rule_interval_ok(rule) &&
           rule->count >= 0 && rule->count <= RULE_COUNT_MAX && rule_until_ok(&rule->until) &&
           rule_days_ok(rule) && rule_times_ok(rule) && rule_months_ok(rule) &&
           rule_list_ok(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE, 1, 31, 1) &&
           rule_list_ok(rule->by_year_day, ICAL_BY_YEARDAY_SIZE, 1, 366, 1) &&
           rule_list_ok(rule->by_week_no, ICAL_BY_WEEKNO_SIZE, 1, 53, 1) &&
           rule_list_ok(rule->by_set_pos, ICAL_BY_SETPOS_SIZE, 1, 366, 1);
}
