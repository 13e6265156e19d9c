/* Patterns of EAS as rules, and whether two mean the same. */
#include "item/recurrence_impl.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>

#include "item/date.h"
#include "item/rule.h"
#include "item/scale.h"

static const char *const rule_weekdays[7] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/* ";BYDAY=..." */
static const char *rule_days(int days, const char *position, apr_pool_t *pool)
{
    const char *text = ";BYDAY=", *comma = "";
    int i;

    for (i = 0; i < 7; i++)
        if (days & (1 << i)) {
            text = apr_pstrcat(pool, text, comma, position, rule_weekdays[i], NULL);
            comma = ",";
        }
    return text;
}

static const char *rule_nth(const item_recurrence_t *recurrence, apr_pool_t *pool)
{
    int days = recurrence->day_of_week;
    const char *position =
        recurrence->week_of_month == 5 ? "-1" : apr_psprintf(pool, "%d", recurrence->week_of_month);

    if (days == RECURRENCE_EVERY_DAY && recurrence->week_of_month == 5)
        return ";BYMONTHDAY=-1";
    if ((days & (days - 1)) == 0)
        return rule_days(days, position, pool);
    return apr_pstrcat(pool, rule_days(days, "", pool), ";BYSETPOS=", position, NULL);
}

/* FREQ, and what says which days. */
static const char *rule_frequency(const item_recurrence_t *recurrence, const char **days,
                                  apr_pool_t *pool)
{
    const char *month = apr_psprintf(pool, ";BYMONTH=%d%s", recurrence->month_of_year,
                                     recurrence->leap_month ? "L" : "");
    const char *day = apr_psprintf(pool, ";BYMONTHDAY=%d", recurrence->day_of_month);

    *days = "";
    switch (recurrence->type) {
    case ITEM_RECURRENCE_DAILY:
        return "DAILY";
    case ITEM_RECURRENCE_WEEKLY:
        *days = rule_days(recurrence->day_of_week, "", pool);
        return "WEEKLY";
    case ITEM_RECURRENCE_MONTHLY:
        *days = day;
        return "MONTHLY";
    case ITEM_RECURRENCE_MONTHLY_NTH:
        *days = rule_nth(recurrence, pool);
        return "MONTHLY";
    case ITEM_RECURRENCE_YEARLY:
        *days = apr_pstrcat(pool, month, day, NULL);
        return "YEARLY";
    case ITEM_RECURRENCE_YEARLY_NTH:
        *days = apr_pstrcat(pool, month, rule_nth(recurrence, pool), NULL);
        return "YEARLY";
    case ITEM_RECURRENCE_NONE:
        break;
    }
    return NULL;
}

const char *item_recurrence_to_rule(const item_recurrence_t *recurrence,
                                    const item_recurrence_origin_t *origin, apr_pool_t *pool)
{
    const item_scale_t *scale = item_scale_of_type(recurrence->calendar_type);
    const char *days, *end = "", *interval = "", *week = "", *calendar = "";
    const char *frequency = rule_frequency(recurrence, &days, pool);

    if (!frequency)
        return NULL;
    if (recurrence->occurrences)
        end = apr_psprintf(pool, ";COUNT=%d", recurrence->occurrences);
    else if (!icaltime_is_null_time(recurrence->until))
        end = apr_pstrcat(
            pool, ";UNTIL=", item_recurrence_until_rule(&recurrence->until, origin, pool), NULL);
    if (recurrence->interval > 1)
        interval = apr_psprintf(pool, ";INTERVAL=%d", recurrence->interval);
    if (recurrence->first_day_of_week >= 0 && recurrence->first_day_of_week != 1)
        week = apr_pstrcat(pool, ";WKST=", rule_weekdays[recurrence->first_day_of_week], NULL);
    if (scale)
        calendar = apr_pstrcat(pool, "RSCALE=", item_scale_name(scale), ";", NULL);
    return apr_pstrcat(pool, calendar, "FREQ=", frequency, end, interval, days, week, NULL);
}

int item_recurrence_series(const item_recurrence_t *recurrence,
                           const item_recurrence_origin_t *origin, item_series_t *series,
                           apr_pool_t *pool)
{
    const char *text = item_recurrence_to_rule(recurrence, origin, pool);
    struct icalrecurrencetype rule;

    *series = (item_series_t){.start = origin->start, .clock = origin->clock};
    if (!text || !item_rule_parse(text, &rule))
        return 0;
    series->rules = apr_array_make(pool, 1, sizeof rule);
    APR_ARRAY_PUSH(series->rules, struct icalrecurrencetype) = rule;
    return 1;
}

/* -- the same? -------------------------------------------------------------------------------- */

/* One form for what can be said in several (MS-ASCAL 4.5): years as twelve months, days of each week
 * as weeks, the second of all days as the 2nd. */
static item_recurrence_t rule_normal(const item_recurrence_t *recurrence,
                                     const item_recurrence_origin_t *origin)
{
    item_recurrence_t r = *recurrence;

    if (r.type == ITEM_RECURRENCE_DAILY && (r.interval == 1 || r.interval % 7 == 0)) {
        r.type = ITEM_RECURRENCE_WEEKLY;
        r.day_of_week =
            r.interval == 1 ? RECURRENCE_EVERY_DAY : item_recurrence_weekday(&origin->start);
        r.interval = r.interval == 1 ? 1 : r.interval / 7;
    }
    if (item_scale_of_type(r.calendar_type))
        ; /* its years have twelve months or thirteen */
    else if (r.type == ITEM_RECURRENCE_YEARLY || r.type == ITEM_RECURRENCE_YEARLY_NTH) {
        r.type = r.type == ITEM_RECURRENCE_YEARLY ? ITEM_RECURRENCE_MONTHLY
                                                  : ITEM_RECURRENCE_MONTHLY_NTH;
        r.interval *= 12;
    }
    else if (r.type != ITEM_RECURRENCE_WEEKLY && r.interval % 12 == 0)
        r.month_of_year = origin->start.month;
    if (r.type == ITEM_RECURRENCE_MONTHLY_NTH && r.day_of_week == RECURRENCE_EVERY_DAY &&
        r.week_of_month < 5) {
        r.type = ITEM_RECURRENCE_MONTHLY;
        r.day_of_month = r.week_of_month;
        r.week_of_month = r.day_of_week = 0;
    }
    /* where the weeks begin counts only where some are left out, and not their days alike */
    if (r.type != ITEM_RECURRENCE_WEEKLY || r.interval == 1 ||
        r.day_of_week == item_recurrence_weekday(&origin->start))
        r.first_day_of_week = -1;
    return r;
}

static int rule_same_calendar(const item_recurrence_t *a, const item_recurrence_t *b)
{
    return item_scale_of_type(a->calendar_type) == item_scale_of_type(b->calendar_type) &&
           a->leap_month == b->leap_month;
}

static int rule_same_days(const item_recurrence_t *a, const item_recurrence_t *b)
{
    return a->type == b->type && rule_same_calendar(a, b) && a->interval == b->interval &&
           a->week_of_month == b->week_of_month && a->day_of_month == b->day_of_month &&
           a->day_of_week == b->day_of_week && a->month_of_year == b->month_of_year &&
           (a->first_day_of_week == b->first_day_of_week || a->first_day_of_week < 0 ||
            b->first_day_of_week < 0);
}

static int rule_is_endless(const item_recurrence_t *recurrence)
{
    return !recurrence->occurrences && icaltime_is_null_time(recurrence->until);
}

static apr_time_t rule_last(const item_recurrence_t *recurrence,
                            const item_recurrence_origin_t *origin, apr_pool_t *pool)
{
    item_series_t series;

    return item_recurrence_series(recurrence, origin, &series, pool)
               ? item_series_last(&series, pool)
               : APR_INT64_MIN;
}

/* Who does not say which calendar has left it as it was. */
static item_recurrence_t rule_complete(const item_recurrence_t *recurrence,
                                       const item_recurrence_t *other)
{
    item_recurrence_t r = *recurrence;

    if (r.calendar_type < 0) {
        r.calendar_type = other->calendar_type;
        r.leap_month = other->leap_month;
    }
    return r;
}

int item_recurrence_same(const item_recurrence_t *a, const item_recurrence_t *b,
                         const item_recurrence_origin_t *origin, apr_pool_t *pool)
{
    item_recurrence_t p = rule_complete(a, b), q = rule_complete(b, a), x, y;

    if (a->type == ITEM_RECURRENCE_NONE || b->type == ITEM_RECURRENCE_NONE)
        return a->type == b->type;
    x = rule_normal(&p, origin);
    y = rule_normal(&q, origin);
    if (!rule_same_days(&x, &y) || rule_is_endless(&x) != rule_is_endless(&y))
        return 0;
    if (x.occurrences && y.occurrences)
        return x.occurrences == y.occurrences;
    return rule_is_endless(&x) || rule_last(&p, origin, pool) == rule_last(&q, origin, pool);
}
