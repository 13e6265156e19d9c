#include "item/recurrence_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "item/date.h"
#include "item/rule.h"
#include "item/scale.h"

/* A rule that is being read: its lists counted. */
typedef struct {
    const struct icalrecurrencetype *rule;
    const struct icaltimetype *start;
    const item_scale_t *scale; /* NULL: the Gregorian calendar */
    int own_month, own_day;    /* of the start, in that calendar */
    int days;                  /* of BYDAY, as bits of DayOfWeek; 0: none */
    int position;              /* theirs: 0 none, RECURRENCE_MIXED when they differ */
    int month_days, months, sets;
} recurrence_source_t;

#define RECURRENCE_MIXED (-100)

static int recurrence_read_days(recurrence_source_t *source)
{
    const struct icalrecurrencetype *rule = source->rule;
    int i, count = item_rule_count(rule->by_day, ICAL_BY_DAY_SIZE);

    for (i = 0; i < count; i++) {
        int weekday = (int)icalrecurrencetype_day_day_of_week(rule->by_day[i]);
        int n = icalrecurrencetype_day_position(rule->by_day[i]);

        if (weekday < ICAL_SUNDAY_WEEKDAY || weekday > ICAL_SATURDAY_WEEKDAY)
            return 0;
        source->days |= 1 << (weekday - ICAL_SUNDAY_WEEKDAY);
        source->position = i == 0 || source->position == n ? n : RECURRENCE_MIXED;
    }
    return 1;
}

int item_recurrence_weekday(const struct icaltimetype *start)
{
    return 1 << (icaltime_day_of_week(*start) - 1);
}

/* -- "the n-th of these days" ----------------------------------------------------------------- */

/* BYDAY with a week's run of BYMONTHDAY: 8-14 is the second week, the last seven days the last. 0: none
 * such. */
static int recurrence_week_of_days(const recurrence_source_t *source)
{
    int i, low = 100, high = -100, all = 0;

    if (source->month_days != 7)
        return 0;
    for (i = 0; i < 7; i++) {
        int day = source->rule->by_month_day[i];

        low = day < low ? day : low;
        high = day > high ? day : high;
        all += day;
    }
    if (high - low != 6 || all != 7 * low + 21)
        return 0;
    if (low == -7)
        return -1;
    return low > 0 && low <= 22 && low % 7 == 1 ? low / 7 + 1 : 0;
}

/* By BYSETPOS, by the position in BYDAY of one day, or by days of the month. EAS knows the first four and
 * the last; a fifth, which not all months have, is none of them. */
static int recurrence_nth(const recurrence_source_t *source, item_recurrence_t *recurrence)
{
    int position = source->position;

    if (source->sets > 1 || position == RECURRENCE_MIXED)
        return 0;
    if (source->month_days) {
        if (source->sets || position || (source->days & (source->days - 1)))
            return 0;
        position = recurrence_week_of_days(source);
    }
    else if (source->sets && position == 0)
        position = source->rule->by_set_pos[0];
    else if (source->sets || (source->days & (source->days - 1)))
        return 0;
    if (position == 0 || position < -1 || position > 4)
        return 0;
    recurrence->week_of_month = position < 0 ? 5 : position;
    recurrence->day_of_week = source->days;
    return 1;
}

/* The last day of the month: BYMONTHDAY=-1, or the last of the 28th to the 31st. */
static int recurrence_is_last_day(const recurrence_source_t *source)
{
    const struct icalrecurrencetype *rule = source->rule;
    int i, days = 0;

    if (source->month_days == 1 && source->sets == 0)
        return rule->by_month_day[0] == -1;
    if (source->sets != 1 || rule->by_set_pos[0] != -1)
        return 0;
    for (i = 0; i < source->month_days; i++)
        if (rule->by_month_day[i] >= 28)
            days |= 1 << (rule->by_month_day[i] - 28);
        else
            return 0;
    return days == 15;
}

/* -- days of the month ------------------------------------------------------------------------ */

/* A month's pattern, of a rule by months or years: which of the two types it is. */
static int recurrence_in_month(const recurrence_source_t *source, item_recurrence_type_t on_day,
                               item_recurrence_type_t nth, item_recurrence_t *recurrence)
{
    recurrence->type = nth;
    if (source->days)
        return recurrence_nth(source, recurrence);
    if (recurrence_is_last_day(source)) {
        recurrence->week_of_month = 5;
        recurrence->day_of_week = RECURRENCE_EVERY_DAY;
        return 1;
    }
    recurrence->type = on_day;
    if (source->month_days > 1 || source->sets)
        return 0;
    recurrence->day_of_month = source->month_days ? source->rule->by_month_day[0] : source->own_day;
    return recurrence->day_of_month >= 1 &&
           recurrence->day_of_month <= (source->scale ? RECURRENCE_LUNAR_DAYS : 31);
}

/* Each of these weekdays, whichever month or year they are in, is a week's pattern. */
static int recurrence_is_each_weekday(const recurrence_source_t *source)
{
    return source->days && source->position == 0 && !source->month_days && !source->sets &&
           !source->months && source->rule->interval <= 1;
}

static int recurrence_weekly(const recurrence_source_t *source, item_recurrence_t *recurrence)
{
    recurrence->type = ITEM_RECURRENCE_WEEKLY;
    recurrence->day_of_week = source->days ? source->days : item_recurrence_weekday(source->start);
    return source->position == 0 && !source->month_days && !source->sets && !source->months;
}

static int recurrence_daily(const recurrence_source_t *source, item_recurrence_t *recurrence)
{
    if (source->days)
        return recurrence->interval == 1 && recurrence_weekly(source, recurrence);
    if (source->month_days) /* every day that is the 15th */
        return recurrence->interval == 1 && !source->months && !source->sets &&
               recurrence_in_month(source, ITEM_RECURRENCE_MONTHLY, ITEM_RECURRENCE_MONTHLY_NTH,
                                   recurrence);
    recurrence->type = ITEM_RECURRENCE_DAILY;
    return !source->months && !source->sets;
}

static int recurrence_yearly(const recurrence_source_t *source, item_recurrence_t *recurrence)
{
    int month;

    if (recurrence_is_each_weekday(source))
        return recurrence_weekly(source, recurrence);
    if (!source->months && source->month_days) /* the 15th of every month, every year */
        return recurrence->interval == 1 && !source->days && !source->sets &&
               recurrence_in_month(source, ITEM_RECURRENCE_MONTHLY, ITEM_RECURRENCE_MONTHLY_NTH,
                                   recurrence);
    if (source->months > 1 || (!source->months && source->days))
        return 0;
    month = source->months ? source->rule->by_month[0] : source->own_month;
    recurrence->leap_month = (month & ITEM_SCALE_LEAP) != 0;
    recurrence->month_of_year = month & ~ITEM_SCALE_LEAP;
    return recurrence->month_of_year >= 1 && recurrence->month_of_year <= 12 &&
           recurrence_in_month(source, ITEM_RECURRENCE_YEARLY, ITEM_RECURRENCE_YEARLY_NTH,
                               recurrence) &&
           (source->scale || /* in some year */
            recurrence->day_of_month <= item_date_month_days(2000, recurrence->month_of_year));
}

static int recurrence_monthly(const recurrence_source_t *source, item_recurrence_t *recurrence)
{
    if (recurrence_is_each_weekday(source))
        return recurrence_weekly(source, recurrence);
    if (source->months) { /* every month that is March */
        recurrence->interval = 1;
        return source->rule->interval == 1 && recurrence_yearly(source, recurrence);
    }
    return recurrence_in_month(source, ITEM_RECURRENCE_MONTHLY, ITEM_RECURRENCE_MONTHLY_NTH,
                               recurrence);
}

/* -- the whole -------------------------------------------------------------------------------- */

/* No list, or the one value that the start has anyway. */
static int recurrence_is_own(const short *list, int size, int own)
{
    int n = item_rule_count(list, size);

    return n == 0 || (n == 1 && list[0] == own);
}

/* Parts of a rule that no pattern has. */
static int recurrence_is_odd(const recurrence_source_t *source)
{
    const struct icalrecurrencetype *rule = source->rule;

    if (item_rule_count(rule->by_week_no, 1) || item_rule_count(rule->by_year_day, 1))
        return 1;
    return !source->start->is_date &&
           !(recurrence_is_own(rule->by_hour, ICAL_BY_HOUR_SIZE, source->start->hour) &&
             recurrence_is_own(rule->by_minute, ICAL_BY_MINUTE_SIZE, source->start->minute) &&
             recurrence_is_own(rule->by_second, ICAL_BY_SECOND_SIZE, source->start->second));
}

/* -- calendars -------------------------------------------------------------------------------- */

/* The start in the rule's calendar. 0: it does not know the day. */
static int recurrence_load_own(recurrence_source_t *source)
{
    item_scale_month_t month;
    int known;

    source->own_month = source->start->month;
    source->own_day = source->start->day;
    if (!source->rule->rscale)
        return 1;
    source->scale = item_scale_find(source->rule->rscale);
    if (item_scale_is_gregorian(source->scale)) {
        source->scale = NULL;
        return 1;
    }
    known = item_scale_day(
        source->scale,
        item_date_days(source->start->year, source->start->month, source->start->day), &month,
        &source->own_day);
    source->own_month = known ? month.number : 0;
    return known;
}

/* Of what is by weeks and days the calendar does not matter. Of what is by months EAS has to know it, and
 * nothing that becomes valid by SKIP: it has no word for that. */
static int recurrence_calendar(const recurrence_source_t *source, item_recurrence_t *recurrence)
{
    int shortest = source->scale ? RECURRENCE_LUNAR_DAYS - 1 : 28;

    if (recurrence->type < ITEM_RECURRENCE_MONTHLY)
        return 1;
    if (source->rule->skip != ICAL_SKIP_OMIT &&
        (recurrence->leap_month || recurrence->day_of_month > shortest))
        return 0;
    recurrence->calendar_type = source->scale ? item_scale_type(source->scale) : 0;
    return recurrence->calendar_type >= 0;
}

void item_recurrence_from_parameter(const char *parameter, item_recurrence_t *recurrence)
{
    apr_uint64_t type;

    if (parameter && recurrence->type >= ITEM_RECURRENCE_MONTHLY && !recurrence->calendar_type &&
        base_text_parse_uint(parameter, 12, &type) && RECURRENCE_GREGORIAN & 1 << type)
        recurrence->calendar_type = (int)type;
}

const char *item_recurrence_to_parameter(const item_recurrence_t *recurrence, apr_pool_t *pool)
{
    int type = recurrence->calendar_type;

    return type > 0 && RECURRENCE_GREGORIAN & 1 << type ? apr_itoa(pool, type) : NULL;
}

int item_recurrence_in_version(const item_recurrence_t *recurrence, eas_version_t version)
{
    return version >= EAS_VERSION_14_0 || !item_scale_of_type(recurrence->calendar_type);
}

static int recurrence_by_frequency(const recurrence_source_t *source, item_recurrence_t *recurrence)
{
    switch (source->rule->freq) {
    case ICAL_DAILY_RECURRENCE:
        return recurrence_daily(source, recurrence);
    case ICAL_WEEKLY_RECURRENCE:
        return recurrence_weekly(source, recurrence);
    case ICAL_MONTHLY_RECURRENCE:
        return recurrence_monthly(source, recurrence);
    case ICAL_YEARLY_RECURRENCE:
        return recurrence_yearly(source, recurrence);
    case ICAL_SECONDLY_RECURRENCE:
    case ICAL_MINUTELY_RECURRENCE:
    case ICAL_HOURLY_RECURRENCE:
    case ICAL_NO_RECURRENCE:
        break;
    }
    return 0;
}

int item_recurrence_from_rule(const struct icalrecurrencetype *rule,
                              const struct icaltimetype *start, item_recurrence_t *recurrence)
{
    recurrence_source_t source = {.rule = rule,
                                  .start = start,
                                  .month_days =
                                      item_rule_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE),
                                  .months = item_rule_count(rule->by_month, ICAL_BY_MONTH_SIZE),
                                  .sets = item_rule_count(rule->by_set_pos, ICAL_BY_SETPOS_SIZE)};

    memset(recurrence, 0, sizeof *recurrence);
    recurrence->regenerate = recurrence->dead_occur = -1;
    if (!recurrence_read_days(&source) || recurrence_is_odd(&source) ||
        !recurrence_load_own(&source))
        return 0;
    recurrence->interval = rule->interval > 0 ? rule->interval : 1;
    recurrence->occurrences = rule->count > 0 ? rule->count : 0;
    recurrence->until = rule->until;
    recurrence->first_day_of_week =
        rule->week_start >= ICAL_SUNDAY_WEEKDAY ? (int)rule->week_start - 1 : 1;
    if (recurrence->interval > RECURRENCE_INTERVAL_MAX)
        return 0;
    return recurrence_by_frequency(&source, recurrence) && recurrence_calendar(&source, recurrence);
}

int item_recurrence_from_text(const char *rule, const struct icaltimetype *start,
                              item_recurrence_t *recurrence)
{
    struct icalrecurrencetype parsed;

    return item_rule_parse(rule, &parsed) && item_recurrence_from_rule(&parsed, start, recurrence);
}
