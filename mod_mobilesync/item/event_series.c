#include "item/event_impl.h"

#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/time.h"

#define EVENT_WINDOW_YEARS 6
#define EVENT_OCCURRENCES_MAX 999 /* R345 */
/* How far a pattern that covers the series has to reach into the window. */
#define EVENT_COVERED_MIN (550 * BASE_TIME_DAY)

/* An occurrence, by rule or by an instance. */
typedef struct {
    struct icaltimetype local;
    item_component_t *instance;
} event_occurrence_t;

static apr_time_t event_order(const struct icaltimetype *time)
{
    return item_ical_naive(time);
}

/* -- places ----------------------------------------------------------------------------------- */

struct icaltimetype item_event_series_normal(const item_series_t *series, struct icaltimetype time)
{
    struct icaltimetype start = series->start;

    if (start.is_date) {
        if (icaltime_is_utc(time))
            time = item_clock_to_local(series->clock, item_clock_to_utc(series->clock, &time));
        start.year = time.year;
        start.month = time.month;
        start.day = time.day;
        return start;
    }
    if (time.is_date) { /* some programs exclude days */
        start.year = time.year;
        start.month = time.month;
        start.day = time.day;
        return start;
    }
    if (icaltime_is_utc(time) && !icaltime_is_utc(start))
        time = item_clock_to_local(series->clock, item_clock_to_utc(series->clock, &time));
    time.zone = start.zone;
    return time;
}

int item_event_series_of(const item_event_source_t *source, const item_series_t *series,
                         item_component_t *instance, struct icaltimetype *place)
{
    const item_clock_t *clock;

    if (!item_event_time_read(source, item_property_first(instance, "RECURRENCE-ID"), place,
                              &clock))
        return 0;
    if (!place->is_date && !series->start.is_date && !icaltime_is_utc(*place) &&
        clock != series->clock)
        *place = item_clock_to_local(series->clock, item_clock_to_utc(clock, place));
    *place = item_event_series_normal(series, *place);
    return 1;
}

base_fault_t *item_event_series_find(const item_event_source_t *source,
                                     const item_event_series_t *series, const char *text,
                                     eas_version_t version, struct icaltimetype *place)
{
    apr_pool_t *pool = source->pool;
    struct icaltimetype local;
    apr_time_t when;
    int i;

    if (!text || !item_event_time_parse(text, &when))
        return base_fault_make(pool, BASE_FAULT_INVALID, "event: an occurrence without a time");
    if (series->manner == ITEM_EVENT_MOVED)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "event: the occurrences of this series are not edited singly");
    if (series->series.start.is_date)
        local = item_clock_day(version >= EAS_VERSION_16_0 ? &item_clock_utc : series->clock, when);
    else
        local = item_clock_to_local(series->clock, when);
    *place = item_event_series_normal(&series->series, local);
    for (i = 0; i < series->exceptions->nelts; i++) {
        const item_event_exception_t *exception =
            &APR_ARRAY_IDX(series->exceptions, i, item_event_exception_t);

        if (event_order(&exception->shown) == event_order(place)) {
            *place = exception->local;
            return NULL;
        }
    }
    if (!item_series_has(&series->series, item_clock_to_utc(series->series.clock, place), pool))
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "event: no occurrence at %.40s", text);
    return NULL;
}

/* -- what differs ----------------------------------------------------------------------------- */

/* By place; an instance comes before what takes it away: who wrote it wants it to be there. */
static int event_exception_order(const void *a, const void *b)
{
    const item_event_exception_t *x = a, *y = b;
    apr_time_t difference = event_order(&x->local) - event_order(&y->local);

    return difference ? (difference < 0 ? -1 : 1) : x->deleted - y->deleted;
}

static void event_unique(apr_array_header_t *list)
{
    item_event_exception_t *all = (item_event_exception_t *)list->elts;
    int i, n = 0;

    qsort(all, (size_t)list->nelts, sizeof *all, event_exception_order);
    for (i = 0; i < list->nelts; i++)
        if (n == 0 || event_order(&all[n - 1].local) != event_order(&all[i].local))
            all[n++] = all[i];
    list->nelts = n;
}

/* What is taken away of the rules, and what is changed. */
static apr_array_header_t *event_differences(const item_event_source_t *source,
                                             const item_series_t *series, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 8, sizeof(item_event_exception_t));
    struct icaltimetype place;
    int i;

    for (i = 0; series->exceptions && i < series->exceptions->nelts; i++) {
        place = item_event_series_normal(series,
                                         APR_ARRAY_IDX(series->exceptions, i, struct icaltimetype));
        APR_ARRAY_PUSH(list, item_event_exception_t) =
            (item_event_exception_t){.local = place, .shown = place, .deleted = 1};
    }
    for (i = 0; i < source->instances->nelts; i++) {
        item_component_t *instance = APR_ARRAY_IDX(source->instances, i, item_component_t *);

        if (item_event_series_of(source, series, instance, &place))
            APR_ARRAY_PUSH(list, item_event_exception_t) =
                (item_event_exception_t){.local = place, .shown = place, .instance = instance};
    }
    event_unique(list);
    return list;
}

/* Beyond what a client takes, the latest are those that matter. */
static void event_limit(apr_array_header_t *list)
{
    int more = list->nelts - ITEM_EVENT_EXCEPTIONS_MAX;

    if (more <= 0)
        return;
    memmove(list->elts, list->elts + more * list->elt_size,
            (size_t)(ITEM_EVENT_EXCEPTIONS_MAX * list->elt_size));
    list->nelts = ITEM_EVENT_EXCEPTIONS_MAX;
}

/* -- what EAS cannot say ---------------------------------------------------------------------- */

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

        if (event_order(&all[middle].local) < event_order(&key.local))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < differences->nelts && event_order(&all[low].local) == event_order(&local)) {
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
    apr_time_t difference = event_order(&x->local) - event_order(&y->local);

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
        event_order(&occurrence->local) == event_order(&shown))
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

/* Rules that never come true: the start is all there is. */
static int event_is_idle(const item_series_t *series, apr_pool_t *pool)
{
    apr_array_header_t *some;

    return item_series_expand(series, APR_INT64_MIN, APR_INT64_MAX, 1, &some, pool) && !some->nelts;
}

static base_fault_t *event_expand(const item_event_source_t *source, item_event_series_t *series,
                                  apr_time_t now, apr_pool_t *pool)
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
    (void)source;
    reached = event_cover_weekly(series, all);
    if (reached != APR_INT64_MAX &&
        reached - event_day_of(series->start) < (now ? 2 : 1) * EVENT_COVERED_MIN)
        event_move_daily(series, all);
    return NULL;
}

/* -- times ------------------------------------------------------------------------------------ */

static const item_clock_t *event_clock_of_today(const item_event_series_t *series, apr_time_t now,
                                                apr_pool_t *pool)
{
    const item_clock_t *clock = series->series.clock;
    apr_time_t from = item_clock_to_utc(clock, &series->start);
    item_zone_t zone;

    if (clock == &item_clock_utc || icaltime_is_utc(series->series.start))
        return &item_clock_utc;
    item_clock_rules(clock, now > from ? now : from, &zone);
    clock = item_clock_zone(&zone, pool);
    return clock ? clock : series->series.clock;
}

void item_event_series_times(const item_event_series_t *series, item_event_times_t *times)
{
    struct icaltimetype start = series->start;
    apr_time_t length = times->to - times->from;

    if (times->all_day && !start.is_date) { /* midnights that stand for days */
        start = times->start;
        start.year = series->start.year;
        start.month = series->start.month;
        start.day = series->start.day;
    }
    times->end =
        item_event_time_shift(times->end, item_ical_naive(&start) - item_ical_naive(&times->start));
    times->start = start;
    times->clock = series->clock;
    times->from = item_clock_to_utc(times->clock, &times->start);
    times->to = times->from + length;
}

/* -- load ------------------------------------------------------------------------------------- */

base_fault_t *item_event_series_load(const item_event_source_t *source,
                                     const item_options_t *options, item_event_series_t **result,
                                     apr_pool_t *pool)
{
    item_event_series_t *series = apr_pcalloc(pool, sizeof *series);

    *result = NULL;
    if (!source->series ||
        !item_series_load(source->calendar, source->series, source->own, &series->series, pool))
        return NULL;
    if (!item_series_recurs(&series->series) || event_is_idle(&series->series, pool))
        return NULL;
    series->start = series->series.start;
    series->exceptions = event_differences(source, &series->series, pool);
    if (item_series_pattern(&series->series, &series->pattern))
        event_limit(series->exceptions);
    else
        BASE_TRY(event_expand(source, series, options->now, pool));
    series->clock = event_clock_of_today(series, options->now, pool);
    series->origin.start = series->start;
    series->origin.clock = series->start.is_date && options->version >= EAS_VERSION_16_0
                               ? &item_clock_utc
                               : series->clock;
    *result = series;
    return NULL;
}

/* -- elements --------------------------------------------------------------------------------- */

static void event_write_recurrence(const item_event_value_t *value, eas_version_t version,
                                   eas_writer_t *writer, apr_pool_t *pool)
{
    const item_event_series_t *series = value->object;

    item_recurrence_write(&series->pattern, ITEM_RECURRENCE_CALENDAR, version, &series->origin,
                          writer, pool);
}

base_fault_t *item_event_load_recurrence(const item_event_view_t *view, item_event_value_t *value)
{
    if (!view->series)
        return NULL;
    value->text = ""; /* not compared */
    value->object = view->series;
    value->write = event_write_recurrence;
    return NULL;
}

/* One Exception, ready to be written. */
typedef struct {
    const char *place;
    int deleted;
    const char *start, *end; /* of one that was moved only to be shown; NULL: see values */
    const item_event_value_t *values, *master; /* of an instance */
} event_shown_t;

static void event_write_values(const event_shown_t *shown, eas_version_t version,
                               eas_writer_t *writer, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < ITEM_EVENT_COUNT; i++) {
        const item_event_value_t *own = &shown->values[i], *series = &shown->master[i];
        int exception = item_event_property_exception(i);

        if (!exception || (int)version < exception)
            continue;
        if (own->text && (!series->text || strcmp(own->text, series->text) != 0))
            item_event_value_write(i, own, version, writer, pool);
        else if (!own->text && series->text && /* R539; R2185 */
                 (i != ITEM_EVENT_reminder || version >= EAS_VERSION_14_1))
            eas_writer_empty(writer, item_event_property_tag(i));
    }
}

static void event_write_exceptions(const item_event_value_t *value, eas_version_t version,
                                   eas_writer_t *writer, apr_pool_t *pool)
{
    const apr_array_header_t *list = value->object;
    int i;

    eas_writer_start(writer, EAS_Calendar_Exceptions);
    for (i = 0; i < list->nelts; i++) {
        const event_shown_t *shown = &APR_ARRAY_IDX(list, i, event_shown_t);

        eas_writer_start(writer, EAS_Calendar_Exception);
        if (shown->deleted)
            eas_writer_uint(writer, EAS_Calendar_Deleted, 1);
        eas_writer_text(writer,
                        version >= EAS_VERSION_16_0 ? EAS_AirSyncBase_InstanceId
                                                    : EAS_Calendar_ExceptionStartTime,
                        shown->place);
        if (shown->start) {
            eas_writer_text(writer, EAS_Calendar_StartTime, shown->start);
            eas_writer_text(writer, EAS_Calendar_EndTime, shown->end);
        }
        if (shown->values)
            event_write_values(shown, version, writer, pool);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
}

static base_fault_t *event_show_instance(const item_event_view_t *view,
                                         const item_event_value_t *master,
                                         const item_event_exception_t *exception,
                                         event_shown_t *shown)
{
    item_event_value_t *values = apr_pcalloc(view->pool, ITEM_EVENT_COUNT * sizeof *values);
    item_event_view_t own;

    BASE_TRY(item_event_view_init(view->source, exception->instance, view->options, view->reference,
                                  &own, view->pool));
    BASE_TRY(item_event_values_load(&own, values));
    shown->values = values;
    shown->master = master;
    return NULL;
}

/* An occurrence of the rules that is at another place than the pattern has it. */
static void event_show_moved(const item_event_view_t *view, const item_event_exception_t *exception,
                             event_shown_t *shown)
{
    struct icaltimetype end = exception->local;
    eas_version_t version = view->options->version;

    shown->start =
        item_event_time_text(view->source, exception->local, view->series->clock, version);
    if (end.is_date) {
        icaltime_adjust(
            &end,
            (int)((item_ical_naive(&view->times.end) - item_ical_naive(&view->times.start)) /
                  BASE_TIME_DAY),
            0, 0, 0);
        shown->end = item_event_time_text(view->source, end, view->series->clock, version);
    }
    else
        shown->end = base_time_format_compact(item_clock_to_utc(view->series->clock, &end) +
                                                  (view->times.to - view->times.from),
                                              view->pool);
}

/* The values of the series, with which those of its instances are compared. */
base_fault_t *item_event_load_exceptions(const item_event_view_t *view, item_event_value_t *value)
{
    const item_event_series_t *series = view->series;
    item_event_value_t *master;
    item_event_view_t plain = *view;
    apr_array_header_t *list;
    int i;

    if (!series || !series->exceptions->nelts)
        return NULL;
    plain.series = NULL;
    master = apr_pcalloc(view->pool, ITEM_EVENT_COUNT * sizeof *master);
    BASE_TRY(item_event_values_load(&plain, master));
    list = apr_array_make(view->pool, series->exceptions->nelts, sizeof(event_shown_t));
    for (i = 0; i < series->exceptions->nelts; i++) {
        const item_event_exception_t *exception =
            &APR_ARRAY_IDX(series->exceptions, i, item_event_exception_t);
        event_shown_t *shown = apr_array_push(list);

        *shown =
            (event_shown_t){.place = item_event_time_text(view->source, exception->shown,
                                                          series->clock, view->options->version),
                            .deleted = exception->deleted};
        if (exception->instance)
            BASE_TRY(event_show_instance(view, master, exception, shown));
        else if (!exception->deleted)
            event_show_moved(view, exception, shown);
    }
    value->text = "";
    value->object = list;
    value->write = event_write_exceptions;
    return NULL;
}
