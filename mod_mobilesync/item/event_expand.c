/* Series that EAS cannot say: a pattern with exceptions that shows what falls into a window. */
#include "item/event_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

#define EVENT_OCCURRENCES_MAX 999 /* R345 */
/* How far a pattern that covers the series has to reach into the window. */
#define EVENT_COVERED_MIN (550 * BASE_TIME_DAY)

/* An occurrence, by rule or by an instance, or one that was taken away. */
typedef struct {
    struct icaltimetype local;
    item_component_t *instance;
    int follows, deleted; /* as of item_event_exception_t */
} event_occurrence_t;

static int event_year(apr_time_t when)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, when);
    return t.tm_year + 1900;
}

static apr_time_t event_window(int year)
{
    struct icaltimetype time = {.year = year, .month = 1, .day = 1, .is_date = 1};

    return item_ical_naive(&time);
}

static void event_add_occurrence(const item_event_series_t *series, apr_array_header_t *list,
                                 struct icaltimetype local)
{
    const item_event_exception_t *range,
        *all = (const item_event_exception_t *)series->differences->elts;
    event_occurrence_t *one = apr_array_push(list);
    int low = 0, high = series->differences->nelts;

    *one = (event_occurrence_t){.local = local};
    while (low < high) {
        int middle = (low + high) / 2;

        if (item_ical_naive(&all[middle].local) < item_ical_naive(&local))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < series->differences->nelts &&
        item_ical_naive(&all[low].local) == item_ical_naive(&local)) {
        one->instance = all[low].instance;
        one->deleted = all[low].deleted;
    }
    else if ((range = item_event_range_of(series->ranges, &local))) {
        one->instance = range->instance;
        one->follows = 1;
    }
}

static int event_occurrence_order(const void *a, const void *b)
{
    const event_occurrence_t *x = a, *y = b;
    apr_time_t difference = item_ical_naive(&x->local) - item_ical_naive(&y->local);

    return difference < 0 ? -1 : difference > 0;
}

/* Instances whose place is none of the rules are there, too. */
static void event_add_strays(const item_event_series_t *series, apr_array_header_t *list,
                             apr_time_t from)
{
    int i, known = list->nelts;

    for (i = 0; i < series->differences->nelts; i++) {
        const item_event_exception_t *one =
            &APR_ARRAY_IDX(series->differences, i, item_event_exception_t);
        event_occurrence_t stray = {one->local, one->instance, 0, 0};

        if (one->instance && item_clock_to_utc(series->series.clock, &one->local) >= from &&
            !bsearch(&stray, list->elts, (size_t)known, sizeof stray, event_occurrence_order))
            APR_ARRAY_PUSH(list, event_occurrence_t) = stray;
    }
    qsort(list->elts, (size_t)list->nelts, sizeof(event_occurrence_t), event_occurrence_order);
}

/* What there is from the beginning of a year on, with what was taken away; of each day the first alone
 * where that is how it is shown. *whole: these are all. */
static apr_array_header_t *event_occurrences(const item_event_series_t *series, int year,
                                             int *whole, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 64, sizeof(event_occurrence_t)), *some;
    apr_time_t from = event_window(year);
    item_series_t rules = series->series;
    int i;

    if (series->daily)
        *whole = item_series_expand_days(&rules, from, APR_INT64_MAX, EVENT_OCCURRENCES_MAX, &some,
                                         pool);
    else {
        rules.exceptions = NULL;
        *whole =
            item_series_expand(&rules, from, APR_INT64_MAX, EVENT_OCCURRENCES_MAX, &some, pool);
    }
    for (i = 0; i < some->nelts; i++)
        event_add_occurrence(series, list, APR_ARRAY_IDX(some, i, item_occurrence_t).local);
    if (!series->daily)
        event_add_strays(series, list, from);
    return list;
}

static apr_array_header_t *event_live(const apr_array_header_t *all, apr_pool_t *pool)
{
    apr_array_header_t *live = apr_array_make(pool, all->nelts, sizeof(event_occurrence_t));
    int i;

    for (i = 0; i < all->nelts; i++)
        if (!APR_ARRAY_IDX(all, i, event_occurrence_t).deleted)
            APR_ARRAY_PUSH(live, event_occurrence_t) = APR_ARRAY_IDX(all, i, event_occurrence_t);
    return live;
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
    if (occurrence && !occurrence->instance && !occurrence->deleted &&
        item_ical_naive(&occurrence->local) == item_ical_naive(&shown))
        return;
    APR_ARRAY_PUSH(list, item_event_exception_t) =
        (item_event_exception_t){.local = occurrence ? occurrence->local : shown,
                                 .shown = shown,
                                 .instance = occurrence ? occurrence->instance : NULL,
                                 .follows = occurrence && occurrence->follows,
                                 .deleted = !occurrence || occurrence->deleted};
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

/* Where a daily pattern that is only there to be moved begins: on the first day of the window's year,
 * so that a place tells which window it is of; a second beside those of the series, so that it is
 * none of its occurrences. */
static struct icaltimetype event_moved_start(const item_event_series_t *series, int year)
{
    struct icaltimetype start = series->series.start;

    start.year = year;
    start.month = start.day = 1;
    if (!start.is_date)
        start.second = (start.second + 1) % 60;
    return start;
}

/* What was taken away keeps its place, so that the others keep theirs. */
static void event_move_daily(item_event_series_t *series, int year, const apr_array_header_t *all)
{
    struct icaltimetype day = event_moved_start(series, year);
    int i;

    series->manner = ITEM_EVENT_MOVED;
    series->start = day;
    series->pattern.type = ITEM_RECURRENCE_DAILY;
    series->pattern.day_of_week = 0;
    series->exceptions->nelts = 0;
    for (i = 0; i < all->nelts && series->exceptions->nelts < ITEM_EVENT_EXCEPTIONS_MAX; i++) {
        event_cover(series->exceptions, day, &APR_ARRAY_IDX(all, i, event_occurrence_t));
        day = event_next_day(day);
        series->pattern.occurrences = i + 1;
    }
}

int item_event_series_moved(const item_event_series_t *series, struct icaltimetype *place,
                            apr_pool_t *pool)
{
    struct icaltimetype first = event_moved_start(series, place->year);
    apr_array_header_t *all;
    long days;
    int whole;

    days = (long)((event_day_of(*place) - event_day_of(first)) / BASE_TIME_DAY);
    if (item_ical_naive(place) - item_ical_naive(&first) != days * BASE_TIME_DAY)
        return 0;
    all = event_occurrences(series, place->year, &whole, pool);
    if (days >= all->nelts || days >= ITEM_EVENT_EXCEPTIONS_MAX)
        return 0;
    *place = APR_ARRAY_IDX(all, days, event_occurrence_t).local;
    return 1;
}

/* -- several on a day ------------------------------------------------------------------------- */

#define EVENT_TIMES_MAX 5

/* When it is on that day: the times of a note. 0: once. */
static int event_times_of(const event_occurrence_t *some, int n, base_text_buffer_t *text)
{
    int i, count = 1;

    while (count < n && event_day_of(some[count].local) == event_day_of(some[0].local))
        count++;
    for (i = 0; i < count && count > 1; i++) {
        if (count > EVENT_TIMES_MAX && i == EVENT_TIMES_MAX - 2)
            base_text_buffer_puts(text, " \xe2\x80\xa6"); /* and so on until */
        if (count > EVENT_TIMES_MAX && i >= EVENT_TIMES_MAX - 2 && i < count - 1)
            continue;
        base_text_buffer_printf(text, "%s%02d:%02d", i ? " " : "", some[i].local.hour,
                                some[i].local.minute);
    }
    return count > 1;
}

/* The times of the second day that it is on, else of the first: that may have begun before the series
 * did. NULL: it is once a day at most. */
static const char *event_times(const apr_array_header_t *all, apr_pool_t *pool)
{
    const event_occurrence_t *some = (const event_occurrence_t *)all->elts;
    base_text_buffer_t first = {.pool = pool}, second = {.pool = pool};
    int i, k, several = 0;

    for (i = 1; i < all->nelts && !several; i++)
        several = event_day_of(some[i].local) == event_day_of(some[i - 1].local);
    if (!several)
        return NULL;
    for (k = 1; k < all->nelts && event_day_of(some[k].local) == event_day_of(some[0].local);)
        k++;
    if (k < all->nelts && event_times_of(some + k, all->nelts - k, &second))
        return second.data;
    return event_times_of(some, all->nelts, &first) ? first.data : "\xe2\x80\xa6";
}

/* -- the whole -------------------------------------------------------------------------------- */

int item_event_series_is_idle(const item_series_t *series, apr_pool_t *pool)
{
    item_series_t rules = *series;
    apr_array_header_t *some;

    rules.exceptions = NULL; /* what was taken away was there */
    return item_series_expand(&rules, APR_INT64_MIN, APR_INT64_MAX, 1, &some, pool) && !some->nelts;
}

int item_event_series_expand(item_event_series_t *series, apr_time_t now, apr_pool_t *pool)
{
    int year = now ? event_year(now) - 1 : series->series.start.year, whole;
    apr_array_header_t *all, *live;
    const char *several;
    apr_time_t reached;

    series->differences = series->exceptions;
    series->exceptions = apr_array_make(pool, 64, sizeof(item_event_exception_t));
    memset(&series->pattern, 0, sizeof series->pattern);
    series->pattern.interval = 1;
    series->pattern.until = icaltime_null_time();
    series->pattern.first_day_of_week = 1;
    all = event_occurrences(series, year, &whole, pool);
    if (!all->nelts) { /* it is over */
        year = series->series.start.year;
        all = event_occurrences(series, year, &whole, pool);
    }
    live = event_live(all, pool);
    /* with those that were taken away: the others keep their places when one goes */
    series->times = several = event_times(all, pool);
    if (series->times && whole && all->nelts <= ITEM_EVENT_EXCEPTIONS_MAX)
        series->times = NULL; /* each is shown */
    else if (series->times) {
        series->daily = 1;
        live = all = event_occurrences(series, year, &whole, pool);
    }
    if (!all->nelts)
        return 0;
    if (live->nelts && (series->daily || !several)) {
        series->start = APR_ARRAY_IDX(live, 0, event_occurrence_t).local;
        reached = event_cover_weekly(series, live);
        if (reached == APR_INT64_MAX ||
            reached - event_day_of(series->start) >= (now ? 2 : 1) * EVENT_COVERED_MIN)
            return 1;
    }
    event_move_daily(series, year, all);
    return 1;
}
