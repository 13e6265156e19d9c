#include "item/series_impl.h"

#include <limits.h>
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

static int series_exclusion_count(const item_series_t *series)
{
    return series->exclusions ? series->exclusions->nelts : 0;
}

int item_series_recurs(const item_series_t *series)
{
    return series_rule_count(series) || series_date_count(series);
}

int item_series_pattern(const item_series_t *series, item_recurrence_t *recurrence)
{
    if (series_rule_count(series) != 1 || series_date_count(series) ||
        series_exclusion_count(series) || series->refused ||
        !item_recurrence_from_rule(series_rule(series, 0), &series->start, recurrence))
        return 0;
    item_recurrence_from_parameter(series->parameter, recurrence);
    return 1;
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
}

static void series_sort_exceptions(series_exceptions_t *exceptions)
{
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
    int daily; /* of each day the first one */
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

static int series_is_excluding(const item_series_t *series)
{
    return series_exclusion_count(series) || (series->exceptions && series->exceptions->nelts);
}

/* 0: not all of them. */
static int series_expand_rule(const item_series_t *series, const struct icalrecurrencetype *rule,
                              const series_window_t *window, apr_array_header_t *found,
                              apr_pool_t *pool)
{
    apr_array_header_t *seconds = apr_array_make(pool, 8, sizeof(long));
    series_walk_t walk;
    long day = LONG_MIN;
    int i, n = 0;

    item_series_walk_start(
        &walk, rule, &series->start, series->clock,
        SERIES_BUDGET / (series_rule_count(series) + series_exclusion_count(series)), pool);
    walk.first_of_day = window->daily && !series_is_excluding(series);
    item_series_walk_skip(&walk, series_near(window->from, -2));
    while (item_series_walk_at(&walk) < series_near(window->to, 2) &&
           item_series_walk_next(&walk, seconds)) {
        for (i = 0; i < seconds->nelts; i++) {
            struct icaltimetype local = series_local(series, APR_ARRAY_IDX(seconds, i, const long));

            if (!series_is_within(window, item_clock_to_utc(series->clock, &local)))
                continue;
            if (window->daily && item_date_floor(APR_ARRAY_IDX(seconds, i, const long)) == day)
                n--;
            day = item_date_floor(APR_ARRAY_IDX(seconds, i, const long));
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

/* In order, each once (of a day one, where that is asked for), without exceptions; at most limit. */
static apr_array_header_t *series_tidy(const series_exceptions_t *exceptions,
                                       apr_array_header_t *found, int limit, int daily,
                                       apr_pool_t *pool)
{
    apr_array_header_t *tidy = apr_array_make(pool, found->nelts, sizeof(item_occurrence_t));
    int i;

    qsort(found->elts, (size_t)found->nelts, sizeof(item_occurrence_t), series_compare);
    for (i = 0; i < found->nelts && tidy->nelts < limit; i++) {
        const item_occurrence_t *one = &APR_ARRAY_IDX(found, i, const item_occurrence_t);
        const item_occurrence_t *before =
            tidy->nelts ? &APR_ARRAY_IDX(tidy, tidy->nelts - 1, const item_occurrence_t) : NULL;

        if (before && (one->when == before->when ||
                       (daily && series_day(&one->local) == series_day(&before->local))))
            continue;
        if (!series_is_exception(exceptions, one))
            APR_ARRAY_PUSH(tidy, item_occurrence_t) = *one;
    }
    return tidy;
}

/* What the rules leave out of what was found. 0: there may be more. */
static int series_expand_exclusions(const item_series_t *series, const apr_array_header_t *of,
                                    series_exceptions_t *exceptions, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 16, sizeof(item_occurrence_t));
    series_window_t all = {APR_INT64_MAX, APR_INT64_MIN, SERIES_EXCLUDED_MAX, 0};
    int i, whole = 1;

    for (i = 0; i < of->nelts && series_exclusion_count(series); i++) {
        apr_time_t when = APR_ARRAY_IDX(of, i, const item_occurrence_t).when;

        all.from = when < all.from ? when : all.from;
        all.to = when >= all.to ? when + 1 : all.to;
    }

    for (i = 0; i < series_exclusion_count(series); i++)
        whole &= series_expand_rule(
            series, &APR_ARRAY_IDX(series->exclusions, i, const struct icalrecurrencetype), &all,
            found, pool);
    for (i = 0; i < found->nelts; i++)
        APR_ARRAY_PUSH(exceptions->moments, long) =
            (long)apr_time_sec(APR_ARRAY_IDX(found, i, const item_occurrence_t).when);
    return whole;
}

static int series_expand(const item_series_t *series, series_window_t *window,
                         apr_array_header_t **occurrences, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 16, sizeof(item_occurrence_t));
    series_exceptions_t exceptions;
    int i, whole = 1, limit = window->limit;

    series_load_exceptions(series, &exceptions, pool);
    /* as many more as may be taken away again */
    window->limit +=
        series_exclusion_count(series) ? SERIES_EXCLUDED_MAX : exceptions.moments->nelts;
    window->limit += exceptions.days->nelts;
    for (i = 0; i < series_rule_count(series); i++)
        whole &= series_expand_rule(series, series_rule(series, i), window, found, pool);
    series_expand_dates(series, window, found);
    whole &= series_expand_exclusions(series, found, &exceptions, pool);
    series_sort_exceptions(&exceptions);
    *occurrences = series_tidy(&exceptions, found, limit + 1, window->daily, pool);
    if ((*occurrences)->nelts <= limit)
        return whole;
    apr_array_pop(*occurrences);
    return 0;
}

int item_series_expand(const item_series_t *series, apr_time_t from, apr_time_t to, int limit,
                       apr_array_header_t **occurrences, apr_pool_t *pool)
{
    series_window_t window = {from, to, limit, 0};

    return series_expand(series, &window, occurrences, pool);
}

int item_series_expand_days(const item_series_t *series, apr_time_t from, apr_time_t to, int limit,
                            apr_array_header_t **occurrences, apr_pool_t *pool)
{
    series_window_t window = {from, to, limit, 1};

    return series_expand(series, &window, occurrences, pool);
}

int item_series_has(const item_series_t *series, apr_time_t when, apr_pool_t *pool)
{
    item_series_t all = *series;
    apr_array_header_t *found;
    apr_pool_t *each; /* it is asked for thousands of them */
    int has;

    all.exceptions = NULL;
    apr_pool_create(&each, pool);
    item_series_expand(&all, when, when + 1, 1, &found, each);
    has = found->nelts > 0;
    apr_pool_destroy(each);
    return has;
}

/* -- the last one ----------------------------------------------------------------------------- */

/* A moment that the last occurrence of a rule is not after; APR_INT64_MAX when it does not end. */
static apr_time_t series_rule_end(const item_series_t *series,
                                  const struct icalrecurrencetype *rule)
{
    const struct icaltimetype *until = &rule->until;
    long last = item_series_walk_last(rule, &series->start);
    struct icaltimetype local;

    if (last != LONG_MAX) {
        local = series_local(series, last);
        return item_clock_to_utc(series->clock, &local) + 1;
    }
    if (icaltime_is_null_time(*until))
        return APR_INT64_MAX;
    return item_clock_to_utc(series->clock, until) + BASE_TIME_DAY;
}

/* Of a rule with COUNT all are counted. Of one with UNTIL those near its end are enough. */
static apr_time_t series_rule_last(const item_series_t *series,
                                   const struct icalrecurrencetype *rule, apr_pool_t *pool)
{
    static const int days[] = {2, 366, 3660, 73200};
    item_series_t one = *series;
    apr_time_t end = series_rule_end(series, rule);
    apr_array_header_t *found;
    size_t i;

    if (end == APR_INT64_MAX && rule->count <= 0)
        return APR_INT64_MAX;
    one.rules = apr_array_make(pool, 1, sizeof *rule);
    APR_ARRAY_PUSH(one.rules, struct icalrecurrencetype) = *rule;
    one.dates = NULL;
    for (i = 0; i < sizeof days / sizeof *days; i++) {
        int counted = rule->count > 0 && item_series_walk_last(rule, &series->start) == LONG_MAX;
        apr_time_t from = counted ? APR_INT64_MIN : end - days[i] * BASE_TIME_DAY;

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
    item_series_t alone = *series;
    apr_array_header_t *dates;
    int i;

    for (i = 0; i < series_rule_count(series) && last != APR_INT64_MAX; i++) {
        apr_time_t when = series_rule_last(series, series_rule(series, i), pool);

        last = when > last ? when : last;
    }
    if (series_rule_count(series) && !series_date_count(series))
        return last == APR_INT64_MIN ? item_clock_to_utc(series->clock, &series->start) : last;
    alone.rules = NULL;
    item_series_expand(&alone, APR_INT64_MIN, APR_INT64_MAX, ITEM_SERIES_DATES_MAX + 1, &dates,
                       pool);
    if (dates->nelts) {
        apr_time_t when = APR_ARRAY_IDX(dates, dates->nelts - 1, const item_occurrence_t).when;

        last = when > last ? when : last;
    }
    return last == APR_INT64_MIN ? item_clock_to_utc(series->clock, &series->start) : last;
}
