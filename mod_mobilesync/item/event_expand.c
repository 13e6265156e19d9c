/* Series that EAS cannot say: a pattern with exceptions that shows what falls into a window. */
#include "item/event_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define EVENT_OCCURRENCES_MAX 999 /* R345 */
/* How far a pattern that covers the series has to reach into the window. */
#define EVENT_COVERED_MIN (550 * BASE_TIME_DAY)

/* An occurrence, by rule or by an instance. */
typedef struct {
    struct icaltimetype local;
    item_component_t *instance;
} event_occurrence_t;

static apr_time_t event_window(apr_time_t now)
{
    apr_time_exp_t t;
    apr_time_t start = APR_INT64_MIN;

    if (!now)
        return start;
    apr_time_exp_gmt(&t, now);
    t = (apr_time_exp_t){.tm_year = t.tm_year - 1, .tm_mday = 1};
    apr_time_exp_gmt_get(&start, &t);
    return start;
}

static void event_add_occurrence(apr_array_header_t *list, struct icaltimetype local,
                                 const apr_array_header_t *differences)
{
    const item_event_exception_t *all = (const item_event_exception_t *)differences->elts;
    item_event_exception_t key = {.local = local};
    int low = 0, high = differences->nelts;

    while (low < high) {
        int middle = (low + high) / 2;

        if (item_ical_naive(&all[middle].local) < item_ical_naive(&key.local))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < differences->nelts && item_ical_naive(&all[low].local) == item_ical_naive(&local)) {
        if (!all[low].deleted)
            APR_ARRAY_PUSH(list, event_occurrence_t) =
                (event_occurrence_t){local, all[low].instance};
        return;
    }
    APR_ARRAY_PUSH(list, event_occurrence_t) = (event_occurrence_t){.local = local};
}

static int event_occurrence_order(const void *a, const void *b)
{
    const event_occurrence_t *x = a, *y = b;
    apr_time_t difference = item_ical_naive(&x->local) - item_ical_naive(&y->local);

    return difference < 0 ? -1 : difference > 0;
}

/* Instances whose place is none of the rules are there, too. */
static void event_add_strays(const item_event_series_t *series, apr_array_header_t *list,
                             const apr_array_header_t *differences, apr_time_t from)
{
    int i, known = list->nelts;

    for (i = 0; i < differences->nelts; i++) {
        const item_event_exception_t *one = &APR_ARRAY_IDX(differences, i, item_event_exception_t);
        event_occurrence_t stray = {one->local, one->instance};

        if (one->instance && item_clock_to_utc(series->series.clock, &one->local) >= from &&
            !bsearch(&stray, list->elts, (size_t)known, sizeof stray, event_occurrence_order))
            APR_ARRAY_PUSH(list, event_occurrence_t) = stray;
    }
    qsort(list->elts, (size_t)list->nelts, sizeof(event_occurrence_t), event_occurrence_order);
}

/* What there is from the window's beginning on; where that is nothing, from the series' own. */
static apr_array_header_t *event_occurrences(const item_event_series_t *series,
                                             const apr_array_header_t *differences, apr_time_t now,
                                             apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 64, sizeof(event_occurrence_t)), *some;
    apr_time_t from = event_window(now);
    int i;

    for (;;) {
        item_series_expand(&series->series, from, APR_INT64_MAX, EVENT_OCCURRENCES_MAX, &some,
                           pool);
        for (i = 0; i < some->nelts; i++)
            event_add_occurrence(list, APR_ARRAY_IDX(some, i, item_occurrence_t).local,
                                 differences);
        event_add_strays(series, list, differences, from);
        if (list->nelts || from == APR_INT64_MIN)
            return list;
        from = APR_INT64_MIN;
    }
}

static int event_weekday(const struct icaltimetype *time)
{
    return 1 << (icaltime_day_of_week(*time) - 1);
}

static apr_time_t event_day_of(struct icaltimetype time)
{
    time.is_date = 1;
    return item_ical_naive(&time);
}

static struct icaltimetype event_next_day(struct icaltimetype time)
{
    icaltime_adjust(&time, 1, 0, 0, 0);
    return time;
}

/* The pattern's place of an occurrence, or of none (occurrence NULL). */
static void event_cover(apr_array_header_t *list, struct icaltimetype shown,
                        const event_occurrence_t *occurrence)
{
    if (occurrence && !occurrence->instance &&
        item_ical_naive(&occurrence->local) == item_ical_naive(&shown))
        return;
    APR_ARRAY_PUSH(list, item_event_exception_t) =
        (item_event_exception_t){.local = occurrence ? occurrence->local : shown,
                                 .shown = shown,
                                 .instance = occurrence ? occurrence->instance : NULL,
                                 .deleted = !occurrence};
}

/* Weekly on all days of the week that there are. Returns how far it reached: of several on a day the
 * first is shown. */
static apr_time_t event_cover_weekly(item_event_series_t *series, const apr_array_header_t *all)
{
    const event_occurrence_t *some = (const event_occurrence_t *)all->elts;
    struct icaltimetype day = some[0].local;
    int i, k = 0, kept = 0, n = 0;

    series->manner = ITEM_EVENT_COVERED;
    series->pattern.type = ITEM_RECURRENCE_WEEKLY;
    series->pattern.first_day_of_week = 1;
    for (i = 0; i < all->nelts; i++)
        series->pattern.day_of_week |= event_weekday(&some[i].local);
    series->exceptions->nelts = 0;
    for (; k < all->nelts && n < EVENT_OCCURRENCES_MAX; day = event_next_day(day)) {
        const event_occurrence_t *one = NULL;

        if (!(event_weekday(&day) & series->pattern.day_of_week))
            continue;
        if (event_day_of(some[k].local) == event_day_of(day))
            one = &some[k];
        n++;
        event_cover(series->exceptions, day, one);
        if (series->exceptions->nelts > ITEM_EVENT_EXCEPTIONS_MAX)
            break;
        if (!one)
            continue;
        while (k < all->nelts && event_day_of(some[k].local) == event_day_of(day))
            k++;
        kept = series->exceptions->nelts;
        series->pattern.occurrences = n;
    }
    series->exceptions->nelts = kept; /* nothing is taken away behind the last one */
    return k < all->nelts ? event_day_of(some[k].local) : APR_INT64_MAX;
}

static void event_move_daily(item_event_series_t *series, const apr_array_header_t *all)
{
    const event_occurrence_t *some = (const event_occurrence_t *)all->elts;
    struct icaltimetype day = some[0].local;
    int i;

    series->manner = ITEM_EVENT_MOVED;
    series->pattern.type = ITEM_RECURRENCE_DAILY;
    series->pattern.day_of_week = 0;
    series->exceptions->nelts = 0;
    for (i = 0; i < all->nelts && series->exceptions->nelts < ITEM_EVENT_EXCEPTIONS_MAX; i++) {
        event_cover(series->exceptions, day, &some[i]);
        day = event_next_day(day);
        series->pattern.occurrences = i + 1;
    }
}

int item_event_series_is_idle(const item_series_t *series, apr_pool_t *pool)
{
    apr_array_header_t *some;

    return item_series_expand(series, APR_INT64_MIN, APR_INT64_MAX, 1, &some, pool) && !some->nelts;
}

base_fault_t *item_event_series_expand(item_event_series_t *series, apr_time_t now,
                                       apr_pool_t *pool)
{
    apr_array_header_t *differences = series->exceptions, *all;
    apr_time_t reached;

    all = event_occurrences(series, differences, now, pool);
    if (!all->nelts)
        return base_fault_make(pool, BASE_FAULT_CONVERSION, "a series that is all excluded");
    memset(&series->pattern, 0, sizeof series->pattern);
    series->pattern.interval = 1;
    series->pattern.until = icaltime_null_time();
    series->pattern.first_day_of_week = 1;
    series->exceptions = apr_array_make(pool, 64, sizeof(item_event_exception_t));
    series->start = APR_ARRAY_IDX(all, 0, event_occurrence_t).local;
    reached = event_cover_weekly(series, all);
    if (reached != APR_INT64_MAX &&
        reached - event_day_of(series->start) < (now ? 2 : 1) * EVENT_COVERED_MIN)
        event_move_daily(series, all);
    return NULL;
}
