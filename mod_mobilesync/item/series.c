#include "item/series_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "item/date.h"
#include "item/rule.h"

static const struct icalrecurrencetype *series_rule(const item_series_t *series, int i)
{
    return &APR_ARRAY_IDX(series->rules, i, const struct icalrecurrencetype);
}

static int series_rule_count(const item_series_t *series)
{
    return series->rules ? series->rules->nelts : 0;
}

static int series_date_count(const item_series_t *series)
{
    return series->dates ? series->dates->nelts : 0;
}

int item_series_recurs(const item_series_t *series)
{
    return series_rule_count(series) || series_date_count(series);
}

int item_series_pattern(const item_series_t *series, item_recurrence_t *recurrence)
{
    return series_rule_count(series) == 1 && !series_date_count(series) && !series->refused &&
           item_recurrence_from_rule(series_rule(series, 0), &series->start, recurrence);
}

/* -- one occurrence --------------------------------------------------------------------------- */

static void series_push(const item_series_t *series, const struct icaltimetype *local,
                        apr_array_header_t *found)
{
    item_occurrence_t occurrence = {.when = item_clock_to_utc(series->clock, local),
                                    .local = *local};

    APR_ARRAY_PUSH(found, item_occurrence_t) = occurrence;
}

/* A date and time of a list as the start is: local to the same clock, or a day. */
static struct icaltimetype series_as_start(const item_series_t *series,
                                           const struct icaltimetype *time)
{
    struct icaltimetype local = *time;

    if (icaltime_is_utc(*time) && !icaltime_is_utc(series->start))
        local = item_clock_to_local(series->clock, apr_time_from_sec(item_date_seconds(time)));
    if (series->start.is_date) {
        local.hour = local.minute = local.second = 0;
        local.is_date = 1;
    }
    else if (time->is_date) { /* what it does not say is the start's */
        local.hour = series->start.hour;
        local.minute = series->start.minute;
        local.second = series->start.second;
        local.is_date = 0;
    }
    local.zone = series->start.zone;
    return local;
}

static struct icaltimetype series_local(const item_series_t *series, long seconds)
{
    struct icaltimetype local = item_date_time(seconds);

    local.is_date = series->start.is_date;
    local.zone = series->start.zone;
    return local;
}

/* EXDATEs in order, to be looked up: moments, and whole days. */
typedef struct {
    apr_array_header_t *moments; /* long: seconds since 1970, UTC */
    apr_array_header_t *days;    /* long: days since 1970, local */
} series_exceptions_t;

static int series_compare_long(const void *a, const void *b)
{
    const long *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static long series_day(const struct icaltimetype *local)
{
    return item_date_floor(item_date_seconds(local));
}

/* One that is a day takes all of that day. */
static void series_load_exceptions(const item_series_t *series, series_exceptions_t *exceptions,
                                   apr_pool_t *pool)
{
    int i, n = series->exceptions ? series->exceptions->nelts : 0;

    exceptions->moments = apr_array_make(pool, n, sizeof(long));
    exceptions->days = apr_array_make(pool, n, sizeof(long));
    for (i = 0; i < n; i++) {
        const struct icaltimetype *time =
            &APR_ARRAY_IDX(series->exceptions, i, const struct icaltimetype);
        struct icaltimetype local = series_as_start(series, time);

        if (time->is_date || series->start.is_date)
            APR_ARRAY_PUSH(exceptions->days, long) = series_day(&local);
        else
            APR_ARRAY_PUSH(exceptions->moments, long) =
                (long)apr_time_sec(item_clock_to_utc(series->clock, &local));
    }
    qsort(exceptions->moments->elts, (size_t)exceptions->moments->nelts, sizeof(long),
          series_compare_long);
    qsort(exceptions->days->elts, (size_t)exceptions->days->nelts, sizeof(long),
          series_compare_long);
}

static int series_is_listed(const apr_array_header_t *list, long value)
{
    return bsearch(&value, list->elts, (size_t)list->nelts, sizeof(long), series_compare_long) !=
           NULL;
}

static int series_is_exception(const series_exceptions_t *exceptions,
                               const item_occurrence_t *occurrence)
{
    return series_is_listed(exceptions->moments, (long)apr_time_sec(occurrence->when)) ||
           series_is_listed(exceptions->days, series_day(&occurrence->local));
}

static int series_compare(const void *a, const void *b)
{
    const item_occurrence_t *x = a, *y = b;

    return (x->when > y->when) - (x->when < y->when);
}

/* -- all of them ------------------------------------------------------------------------------ */

/* The moments that are asked for. */
typedef struct {
    apr_time_t from, to;
    int limit; /* of one rule */
} series_window_t;

static int series_is_within(const series_window_t *window, apr_time_t when)
{
    return when >= window->from && when < window->to;
}

/* Seconds of the local time a day before or after a moment. */
static long series_near(apr_time_t when, int days)
{
    apr_time_t most = apr_time_from_sec(400000000000L);

    when = when > most ? most : when < -most ? -most : when;
    return (long)(when / APR_USEC_PER_SEC) + days * ITEM_DATE_DAY;
}

/* 0: not all of them. */
static int series_expand_rule(const item_series_t *series, const struct icalrecurrencetype *rule,
                              const series_window_t *window, apr_array_header_t *found,
                              apr_pool_t *pool)
{
    apr_array_header_t *seconds = apr_array_make(pool, 8, sizeof(long));
    series_walk_t walk;
    int i, n = 0;

    item_series_walk_start(&walk, rule, &series->start, series->clock,
                           SERIES_BUDGET / series_rule_count(series), pool);
    item_series_walk_skip(&walk, series_near(window->from, -2));
    while (item_series_walk_at(&walk) < series_near(window->to, 2) &&
           item_series_walk_next(&walk, seconds)) {
        for (i = 0; i < seconds->nelts; i++) {
            struct icaltimetype local = series_local(series, APR_ARRAY_IDX(seconds, i, const long));

            if (!series_is_within(window, item_clock_to_utc(series->clock, &local)))
                continue;
            if (n++ == window->limit)
                return 0;
            series_push(series, &local, found);
        }
        apr_array_clear(seconds);
    }
    return walk.budget > 0;
}

static void series_expand_dates(const item_series_t *series, const series_window_t *window,
                                apr_array_header_t *found)
{
    int i, n = series_date_count(series);

    for (i = 0; i < n; i++) {
        struct icaltimetype local =
            series_as_start(series, &APR_ARRAY_IDX(series->dates, i, const struct icaltimetype));

        if (series_is_within(window, item_clock_to_utc(series->clock, &local)))
            series_push(series, &local, found);
    }
    /* with a rule, the start is what the rule says: EAS has nothing else either */
    if (!series_rule_count(series) &&
        series_is_within(window, item_clock_to_utc(series->clock, &series->start)))
        series_push(series, &series->start, found);
}

/* In order, each once, without exceptions; at most limit. */
static apr_array_header_t *series_tidy(const item_series_t *series, apr_array_header_t *found,
                                       int limit, apr_pool_t *pool)
{
    apr_array_header_t *tidy = apr_array_make(pool, found->nelts, sizeof(item_occurrence_t));
    series_exceptions_t exceptions;
    int i;

    series_load_exceptions(series, &exceptions, pool);
    qsort(found->elts, (size_t)found->nelts, sizeof(item_occurrence_t), series_compare);
    for (i = 0; i < found->nelts && tidy->nelts < limit; i++) {
        const item_occurrence_t *one = &APR_ARRAY_IDX(found, i, const item_occurrence_t);

        if ((i == 0 || one->when != one[-1].when) && !series_is_exception(&exceptions, one))
            APR_ARRAY_PUSH(tidy, item_occurrence_t) = *one;
    }
    return tidy;
}

int item_series_expand(const item_series_t *series, apr_time_t from, apr_time_t to, int limit,
                       apr_array_header_t **occurrences, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 16, sizeof(item_occurrence_t));
    int exceptions = series->exceptions ? series->exceptions->nelts : 0;
    /* as many more as may be taken away again */
    series_window_t window = {from, to, limit + exceptions};
    int i, whole = 1;

    for (i = 0; i < series_rule_count(series); i++)
        whole &= series_expand_rule(series, series_rule(series, i), &window, found, pool);
    series_expand_dates(series, &window, found);
    *occurrences = series_tidy(series, found, limit + 1, pool);
    if ((*occurrences)->nelts <= limit)
        return whole;
    apr_array_pop(*occurrences);
    return 0;
}

int item_series_has(const item_series_t *series, apr_time_t when, apr_pool_t *pool)
{
    item_series_t all = *series;
    apr_array_header_t *found;

    all.exceptions = NULL;
    item_series_expand(&all, when, when + 1, 1, &found, pool);
    return found->nelts > 0;
}

/* -- the last one ----------------------------------------------------------------------------- */

/* A moment that the last occurrence of a rule is not after; APR_INT64_MAX when it does not end. */
static apr_time_t series_rule_end(const item_series_t *series,
                                  const struct icalrecurrencetype *rule)
{
    const struct icaltimetype *until = &rule->until;

    if (icaltime_is_null_time(*until))
        return APR_INT64_MAX;
    return item_clock_to_utc(series->clock, until) + BASE_TIME_DAY;
}

/* Of a rule with COUNT all are counted. Of one with UNTIL those near its end are enough. */
static apr_time_t series_rule_last(const item_series_t *series,
                                   const struct icalrecurrencetype *rule, apr_pool_t *pool)
{
    static const int years[] = {1, 10, 200};
    item_series_t one = *series;
    apr_time_t end = series_rule_end(series, rule);
    apr_array_header_t *found;
    size_t i;

    if (end == APR_INT64_MAX && rule->count <= 0)
        return APR_INT64_MAX;
    one.rules = apr_array_make(pool, 1, sizeof *rule);
    APR_ARRAY_PUSH(one.rules, struct icalrecurrencetype) = *rule;
    one.dates = NULL;
    for (i = 0; i < sizeof years / sizeof *years; i++) {
        int counted = rule->count > 0;
        apr_time_t from = counted ? APR_INT64_MIN : end - years[i] * 366 * BASE_TIME_DAY;

        if (!item_series_expand(&one, from, end, SERIES_BUDGET, &found, pool))
            return APR_INT64_MAX;
        if (found->nelts)
            return APR_ARRAY_IDX(found, found->nelts - 1, const item_occurrence_t).when;
        if (counted)
            break;
    }
    return APR_INT64_MIN;
}

apr_time_t item_series_last(const item_series_t *series, apr_pool_t *pool)
{
    apr_time_t last = APR_INT64_MIN;
    series_window_t always = {APR_INT64_MIN, APR_INT64_MAX, 0};
    apr_array_header_t *dates = apr_array_make(pool, 8, sizeof(item_occurrence_t));
    int i;

    for (i = 0; i < series_rule_count(series) && last != APR_INT64_MAX; i++) {
        apr_time_t when = series_rule_last(series, series_rule(series, i), pool);

        last = when > last ? when : last;
    }
    series_expand_dates(series, &always, dates);
    dates = series_tidy(series, dates, ITEM_SERIES_DATES_MAX + 1, pool);
    if (dates->nelts) {
        apr_time_t when = APR_ARRAY_IDX(dates, dates->nelts - 1, const item_occurrence_t).when;

        last = when > last ? when : last;
    }
    return last == APR_INT64_MIN ? item_clock_to_utc(series->clock, &series->start) : last;
}
