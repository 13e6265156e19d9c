/* Rules of other calendars (RSCALE), and invalid dates that become valid (SKIP; RFC 7529 4): the days of
 * their periods. Gregorian rules without either have their own, faster way. */
#include "item/series_impl.h"

#include <limits.h>

#include "item/date.h"
#include "item/rule.h"
#include "item/scale.h"

#define SERIES_YEAR_COST 200 /* of a year that has to be worked out */
#define SERIES_YEARS_MAX 2000

typedef struct {
    item_scale_year_t months;
    long before; /* months between that of the start's year and this one */
} series_year_t;

struct series_months {
    item_scale_calendar_t *calendar;
    int first_year;            /* that of the start */
    apr_array_header_t *years; /* series_year_t, from that one on */
    int start_month;           /* index of the start's in it */
    long pushed; /* the latest day there was: one that became valid may be of two months */
    /* With what it does not say: the day and the month of the start. */
    struct icalrecurrencetype rule;
};

static series_year_t *months_year(series_walk_t *walk, long n)
{
    series_months_t *months = walk->months;
    series_year_t year = {.before = 0}, *last;

    while (n >= months->years->nelts) {
        if (months->years->nelts >= SERIES_YEARS_MAX ||
            !item_scale_year(months->calendar, months->first_year + months->years->nelts,
                             &year.months))
            return NULL;
        if (months->years->nelts) {
            last = &APR_ARRAY_IDX(months->years, months->years->nelts - 1, series_year_t);
            year.before = last->before + last->months.count;
        }
        walk->budget -= SERIES_YEAR_COST;
        APR_ARRAY_PUSH(months->years, series_year_t) = year;
    }
    return n < 0 ? NULL : &APR_ARRAY_IDX(months->years, n, series_year_t);
}

static long year_first(const series_year_t *year)
{
    return year->months.months[0].first;
}

static long year_last(const series_year_t *year)
{
    const item_scale_month_t *last = &year->months.months[year->months.count - 1];

    return last->first + last->days - 1;
}

/* The month that comes so many after that of the start. */
static const item_scale_month_t *months_month(series_walk_t *walk, long n)
{
    series_year_t *year;
    long i;

    n += walk->months->start_month;
    for (i = n / ITEM_SCALE_MONTHS_MAX; (year = months_year(walk, i)); i++)
        if (n < year->before + year->months.count)
            return &year->months.months[n - year->before];
    return NULL;
}

/* The year of a day that is not before the start's. */
static series_year_t *months_year_of(series_walk_t *walk, long day)
{
    series_year_t *year = months_year(walk, 0);
    long i = year ? (day - year_first(year)) / SERIES_DAYS_MAX : 0;

    for (; (year = months_year(walk, i)); i++)
        if (day <= year_last(year))
            return year;
    return NULL;
}

/* -- the rule --------------------------------------------------------------------------------- */

static int months_has_month(const series_year_t *year, int number)
{
    int i;

    for (i = 0; i < year->months.count; i++)
        if (year->months.months[i].number == number)
            return 1;
    return 0;
}

/* A leap month that the year does not have becomes its neighbour. */
static int months_is_listed(const struct icalrecurrencetype *rule, const series_year_t *year,
                            int number)
{
    int leap = (rule->skip == ICAL_SKIP_FORWARD ? number - 1 : number) | ITEM_SCALE_LEAP;

    if (item_series_listed(rule->by_month, ICAL_BY_MONTH_SIZE, number, number))
        return 1;
    return rule->skip != ICAL_SKIP_OMIT && !(number & ITEM_SCALE_LEAP) &&
           item_series_listed(rule->by_month, ICAL_BY_MONTH_SIZE, leap, leap) &&
           !months_has_month(year, leap);
}

/* Does the rule name a day that a month of so many days does not have? */
static int months_overflow(const struct icalrecurrencetype *rule, int days)
{
    int i, n = item_rule_count(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE);

    for (i = 0; i < n; i++)
        if (rule->by_month_day[i] > days)
            return 1;
    return 0;
}

/* Only dates that a rule makes are made valid; those of a rule of weeks and days there are. */
static int months_skip(const struct icalrecurrencetype *rule)
{
    return (rule->freq == ICAL_YEARLY_RECURRENCE || rule->freq == ICAL_MONTHLY_RECURRENCE) &&
           rule->skip != ICAL_SKIP_OMIT;
}

static int months_has_weekday(const struct icalrecurrencetype *rule, const series_year_t *year,
                              const item_scale_month_t *month, long day)
{
    if (rule->freq == ICAL_MONTHLY_RECURRENCE || item_rule_count(rule->by_month, 1))
        return item_series_has_weekday(rule, day, month->first, month->first + month->days - 1);
    return item_series_has_weekday(rule, day, year_first(year), year_last(year));
}

static int months_has_day(const series_walk_t *walk, const series_year_t *year,
                          const item_scale_month_t *month, long day)
{
    const struct icalrecurrencetype *rule = &walk->months->rule;
    int of_month = (int)(day - month->first) + 1, of_year = (int)(day - year_first(year)) + 1;
    int listed = item_series_listed(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE, of_month,
                                    of_month - month->days - 1);

    if (!listed && months_skip(rule) && rule->skip == ICAL_SKIP_BACKWARD && of_month == month->days)
        listed = months_overflow(rule, month->days);
    return listed && months_has_weekday(rule, year, month, day) &&
           item_series_listed(rule->by_year_day, ICAL_BY_YEARDAY_SIZE, of_year,
                              (int)(day - year_last(year)) - 1);
}

static void months_push(series_walk_t *walk, long day)
{
    if (walk->day_count >= SERIES_DAYS_MAX || day <= walk->months->pushed)
        return;
    walk->days[walk->day_count++] = day;
    walk->months->pushed = day;
}

/* The days of one month within [first, last]. */
static void months_push_days(series_walk_t *walk, const series_year_t *year,
                             const item_scale_month_t *month, long first, long last)
{
    const struct icalrecurrencetype *rule = &walk->months->rule;
    long end = month->first + month->days, day = month->first > first ? month->first : first;

    walk->budget -= walk->day_cost;
    if (!months_is_listed(rule, year, month->number))
        return;
    for (; day < end && day <= last; day++) {
        walk->budget -= walk->day_cost;
        if (months_has_day(walk, year, month, day))
            months_push(walk, day);
    }
    if (months_skip(rule) && rule->skip == ICAL_SKIP_FORWARD && end - 1 <= last &&
        months_overflow(rule, month->days) && item_series_has_weekday(rule, end, end, end))
        months_push(walk, end);
}

void item_series_months_days(series_walk_t *walk, long first, long last)
{
    series_year_t *year = months_year_of(walk, first);
    int i;

    walk->day_count = 0;
    while (year && year_first(year) <= last) {
        for (i = 0; i < year->months.count && year->months.months[i].first <= last; i++)
            if (first < year->months.months[i].first + year->months.months[i].days)
                months_push_days(walk, year, &year->months.months[i], first, last);
        year = months_year_of(walk, year_last(year) + 1);
    }
}

/* -- the walk --------------------------------------------------------------------------------- */

int item_series_months_period(series_walk_t *walk, long period, long *first, long *last)
{
    long n = period * walk->rule->interval;

    if (walk->rule->freq == ICAL_MONTHLY_RECURRENCE) {
        const item_scale_month_t *month = months_month(walk, n);

        if (!month)
            return 0;
        *first = month->first;
        *last = month->first + month->days - 1;
    }
    else {
        series_year_t *year = months_year(walk, n);

        if (!year)
            return 0;
        *first = year_first(year);
        *last = year_last(year);
    }
    return 1;
}

static void months_one(short *list, int value)
{
    list[0] = (short)value;
    list[1] = ICAL_RECURRENCE_ARRAY_MAX;
}

/* What a rule does not say is the start's. */
static void months_imply(struct icalrecurrencetype *rule, const item_scale_month_t *month,
                         int of_month)
{
    if (item_rule_count(rule->by_day, 1) || item_rule_count(rule->by_month_day, 1) ||
        item_rule_count(rule->by_year_day, 1))
        return;
    if (rule->freq == ICAL_YEARLY_RECURRENCE && !item_rule_count(rule->by_month, 1))
        months_one(rule->by_month, month->number);
    if (rule->freq == ICAL_YEARLY_RECURRENCE || rule->freq == ICAL_MONTHLY_RECURRENCE)
        months_one(rule->by_month_day, of_month);
}

int item_series_months_start(series_walk_t *walk, apr_pool_t *pool)
{
    const item_scale_t *scale = item_scale_find(walk->rule->rscale);
    series_months_t *months = apr_pcalloc(pool, sizeof *months);
    long day = item_date_floor(walk->start_seconds);
    const series_year_t *year;
    item_scale_month_t month;
    int of_month;

    months->calendar = item_scale_open(scale, pool);
    months->years = apr_array_make(pool, 16, sizeof(series_year_t));
    months->rule = *walk->rule;
    months->pushed = LONG_MIN;
    walk->months = months;
    if (!months->calendar || !item_scale_year_of(months->calendar, day, &months->first_year) ||
        !item_scale_day(scale, day, &month, &of_month))
        return 0;
    year = months_year(walk, 0);
    while (year && year->months.months[months->start_month].first != month.first)
        months->start_month++;
    months_imply(&months->rule, &month, of_month);
    if (walk->rule->freq == ICAL_WEEKLY_RECURRENCE && !item_rule_count(walk->rule->by_day, 1) &&
        !item_rule_count(walk->rule->by_month_day, 1) &&
        !item_rule_count(walk->rule->by_year_day, 1))
        months_one(months->rule.by_day, item_date_weekday(day) + 1);
    return year != NULL;
}
