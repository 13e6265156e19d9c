#include "item/recurrence.h"

#include <string.h>

#define RECURRENCE_EVERY_DAY 127

static int recurrence_count(const short *list, int size)
{
    int n = 0;

    while (n < size && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
        n++;
    return n;
}

/* The weekdays of BYDAY as bits; *position is theirs, 0 when they have none, -100 when they differ. */
static int recurrence_days(const struct icalrecurrencetype *rule, int count, int *position)
{
    int i, days = 0;

    *position = 0;
    for (i = 0; i < count; i++) {
        int weekday = (int)icalrecurrencetype_day_day_of_week(rule->by_day[i]);
        int n = icalrecurrencetype_day_position(rule->by_day[i]);

        if (weekday < ICAL_SUNDAY_WEEKDAY || weekday > ICAL_SATURDAY_WEEKDAY)
            return 0;
        days |= 1 << (weekday - ICAL_SUNDAY_WEEKDAY);
        *position = i == 0 || *position == n ? n : -100;
    }
    return days;
}

static int recurrence_weekday_bit(const struct icaltimetype *start)
{
    return 1 << (icaltime_day_of_week(*start) - 1);
}

/* "The n-th of these days": by BYSETPOS, or by the position in BYDAY of one day. */
static int recurrence_nth(const struct icalrecurrencetype *rule, int days, int position,
                          item_recurrence_t *recurrence)
{
    int sets = recurrence_count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE);

    if (sets == 1 && position == 0)
        position = rule->by_set_pos[0];
    else if (sets || (days & (days - 1)))
        return 0;
    if (!days || position == 0 || position < -1 || position > 5)
        return 0;
    recurrence->week_of_month = position < 0 || position == 5 ? 5 : position;
    recurrence->day_of_week = days;
    return 1;
}

static int recurrence_on_day(const struct icalrecurrencetype *rule, int count, int day,
                             item_recurrence_t *recurrence)
{
    if (count > 1 || recurrence_count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE))
        return 0;
    recurrence->day_of_month = count ? rule->by_month_day[0] : day;
    return recurrence->day_of_month >= 1 && recurrence->day_of_month <= 31;
}

static int recurrence_monthly(const struct icalrecurrencetype *rule,
                              const struct icaltimetype *start, int days, int position,
                              item_recurrence_t *recurrence)
{
    int month_days = recurrence_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);

    if (days && !month_days) {
        recurrence->type = ITEM_RECURRENCE_MONTHLY_NTH;
        return recurrence_nth(rule, days, position, recurrence);
    }
    if (days)
        return 0;
    if (month_days == 1 && rule->by_month_day[0] == -1) { /* the last day of the month */
        recurrence->type = ITEM_RECURRENCE_MONTHLY_NTH;
        recurrence->week_of_month = 5;
        recurrence->day_of_week = RECURRENCE_EVERY_DAY;
        return 1;
    }
    recurrence->type = ITEM_RECURRENCE_MONTHLY;
    return recurrence_on_day(rule, month_days, start->day, recurrence);
}

static int recurrence_yearly(const struct icalrecurrencetype *rule,
                             const struct icaltimetype *start, int days, int position,
                             item_recurrence_t *recurrence)
{
    int months = recurrence_count(rule->by_month, ICAL_BY_MONTH_SIZE);
    int month_days = recurrence_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);

    if (months > 1 || (days && month_days) || (days && !months))
        return 0;
    recurrence->month_of_year = months ? rule->by_month[0] : start->month;
    if (recurrence->month_of_year < 1 || recurrence->month_of_year > 12)
        return 0;
    recurrence->type = days ? ITEM_RECURRENCE_YEARLY_NTH : ITEM_RECURRENCE_YEARLY;
    return days ? recurrence_nth(rule, days, position, recurrence)
                : recurrence_on_day(rule, month_days, start->day, recurrence);
}

/* Parts of a rule that no pattern has. */
static int recurrence_is_odd(const struct icalrecurrencetype *rule)
{
    return recurrence_count(rule->by_second, 1) || recurrence_count(rule->by_minute, 1) ||
           recurrence_count(rule->by_hour, 1) || recurrence_count(rule->by_week_no, 1) ||
           recurrence_count(rule->by_year_day, 1) ||
           (rule->freq != ICAL_YEARLY_RECURRENCE && recurrence_count(rule->by_month, 1));
}

int item_recurrence_from_rule(const struct icalrecurrencetype *rule,
                              const struct icaltimetype *start, item_recurrence_t *recurrence)
{
    int position, count = recurrence_count(rule->by_day, ICAL_BY_DAY_SIZE);
    int days = recurrence_days(rule, count, &position);

    memset(recurrence, 0, sizeof *recurrence);
    if (recurrence_is_odd(rule) || (count && !days))
        return 0;
    recurrence->interval = rule->interval > 0 ? rule->interval : 1;
    recurrence->occurrences = rule->count > 0 ? rule->count : 0;
    recurrence->until = rule->until;
    recurrence->first_day_of_week =
        rule->week_start >= ICAL_SUNDAY_WEEKDAY ? (int)rule->week_start - 1 : 1;
    switch (rule->freq) {
    case ICAL_DAILY_RECURRENCE:
        recurrence->type = days ? ITEM_RECURRENCE_WEEKLY : ITEM_RECURRENCE_DAILY;
        recurrence->day_of_week = days;
        return !recurrence_count(rule->by_month_day, 1) && (!days || recurrence->interval == 1) &&
               position == 0 && !recurrence_count(rule->by_set_pos, 1);
    case ICAL_WEEKLY_RECURRENCE:
        recurrence->type = ITEM_RECURRENCE_WEEKLY;
        recurrence->day_of_week = days ? days : recurrence_weekday_bit(start);
        return !recurrence_count(rule->by_month_day, 1) && position == 0 &&
               !recurrence_count(rule->by_set_pos, 1);
    case ICAL_MONTHLY_RECURRENCE:
        return recurrence_monthly(rule, start, days, position, recurrence);
    case ICAL_YEARLY_RECURRENCE:
        return recurrence_yearly(rule, start, days, position, recurrence);
    case ICAL_SECONDLY_RECURRENCE:
    case ICAL_MINUTELY_RECURRENCE:
    case ICAL_HOURLY_RECURRENCE:
    case ICAL_NO_RECURRENCE:
        break;
    }
    return 0;
}
