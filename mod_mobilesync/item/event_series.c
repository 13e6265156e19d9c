#include "item/event_impl.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/time.h"

#define EVENT_RANGES_MAX 16
#define EVENT_FOLLOWERS_BEFORE (31 * BASE_TIME_DAY)

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

int item_event_series_place(const item_event_source_t *source, const item_series_t *series,
                            item_property_t *property, const char *text, struct icaltimetype *place)
{
    const item_clock_t *clock;

    if (!item_event_time_read_text(source, property, text, place, &clock))
        return 0;
    if (!place->is_date && !series->start.is_date && !icaltime_is_utc(*place) &&
        clock != series->clock)
        *place = item_clock_to_local(series->clock, item_clock_to_utc(clock, place));
    *place = item_event_series_normal(series, *place);
    return 1;
}

int item_event_series_of(const item_event_source_t *source, const item_series_t *series,
                         item_component_t *instance, struct icaltimetype *place)
{
    item_property_t *property = item_property_first(instance, "RECURRENCE-ID");

    return property &&
           item_event_series_place(source, series, property, item_property_value(property), place);
}

/* By which a client says a day: at 16.x a date, before a moment by the rules that it was given, or by those
 * of that year. A moment at 16.x is taken as that. */
static const item_clock_t *event_day_clock(const item_event_series_t *series, eas_version_t version,
                                           apr_time_t when)
{
    struct icaltimetype local = item_clock_to_local(series->clock, when);

    if (version >= EAS_VERSION_16_0 && when % BASE_TIME_DAY == 0)
        return &item_clock_utc;
    return local.hour || local.minute || local.second ? series->series.clock : series->clock;
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
    if (series->series.start.is_date)
        local = item_clock_day(event_day_clock(series, version, when), when);
    else
        local = item_clock_to_local(series->clock, when);
    *place = item_event_series_normal(&series->series, local);
    if (series->manner == ITEM_EVENT_MOVED && item_event_series_moved(series, place, pool))
        return NULL;
    for (i = 0; i < series->exceptions->nelts; i++) {
        const item_event_exception_t *exception =
            &APR_ARRAY_IDX(series->exceptions, i, item_event_exception_t);

        if (item_ical_naive(&exception->shown) == item_ical_naive(place)) {
            *place = exception->local;
            return NULL;
        }
    }
    if (!item_series_has(&series->series, item_clock_to_utc(series->series.clock, place), pool))
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "event: no occurrence at %.40s", text);
    return NULL;
}

/* -- what differs ----------------------------------------------------------------------------- */

/* By place; an instance comes before what takes it away: who wrote it wants it to be there. What only
 * follows one comes last. */
static int event_exception_order(const void *a, const void *b)
{
    const item_event_exception_t *x = a, *y = b;
    apr_time_t difference = item_ical_naive(&x->local) - item_ical_naive(&y->local);

    if (difference)
        return difference < 0 ? -1 : 1;
    return x->follows != y->follows ? x->follows - y->follows : x->deleted - y->deleted;
}

static void event_unique(apr_array_header_t *list)
{
    item_event_exception_t *all = (item_event_exception_t *)list->elts;
    int i, n = 0;

    qsort(all, (size_t)list->nelts, sizeof *all, event_exception_order);
    for (i = 0; i < list->nelts; i++)
        if (n == 0 || item_ical_naive(&all[n - 1].local) != item_ical_naive(&all[i].local))
            all[n++] = all[i];
    list->nelts = n;
}

/* What is taken away of the rules, and what is changed. */
static apr_array_header_t *event_differences(const item_event_source_t *source,
                                             const item_series_t *series,
                                             apr_array_header_t *ranges, apr_pool_t *pool)
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

        if (!item_event_series_of(source, series, instance, &place))
            continue;
        APR_ARRAY_PUSH(list, item_event_exception_t) =
            (item_event_exception_t){.local = place, .shown = place, .instance = instance};
        if (item_event_is_range(instance) && ranges->nelts < EVENT_RANGES_MAX)
            APR_ARRAY_PUSH(ranges, item_event_exception_t) =
                APR_ARRAY_IDX(list, list->nelts - 1, item_event_exception_t);
    }
    event_unique(list);
    event_unique(ranges);
    return list;
}

/* EAS has no word for what follows an instance: each is an exception, as many as a client takes, from
 * shortly before now on. */
static void event_add_followers(item_event_series_t *series, apr_time_t now, apr_pool_t *pool)
{
    apr_array_header_t *list = series->exceptions, *some;
    item_series_t rules = series->series;
    int i, room = ITEM_EVENT_EXCEPTIONS_MAX - list->nelts;
    apr_time_t from;

    if (!series->ranges->nelts || room <= 0)
        return;
    rules.exceptions = NULL;
    from = item_clock_to_utc(rules.clock,
                             &APR_ARRAY_IDX(series->ranges, 0, const item_event_exception_t).local);
    if (now - EVENT_FOLLOWERS_BEFORE > from)
        from = now - EVENT_FOLLOWERS_BEFORE;
    item_series_expand(&rules, from, APR_INT64_MAX, room, &some, pool);
    for (i = 0; i < some->nelts; i++) {
        struct icaltimetype place = APR_ARRAY_IDX(some, i, const item_occurrence_t).local;
        const item_event_exception_t *range = item_event_range_of(series->ranges, &place);

        if (range)
            APR_ARRAY_PUSH(list, item_event_exception_t) = (item_event_exception_t){
                .local = place, .shown = place, .instance = range->instance, .follows = 1};
    }
    event_unique(list);
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
    if (!source->series || !item_event_rules_load(source, &series->series, pool))
        return NULL;
    if (!item_series_recurs(&series->series) || item_event_series_is_idle(&series->series, pool))
        return NULL;
    series->start = series->series.start;
    series->ranges = apr_array_make(pool, 1, sizeof(item_event_exception_t));
    series->exceptions = event_differences(source, &series->series, series->ranges, pool);
    if (item_series_pattern(&series->series, &series->pattern) &&
        item_recurrence_in_version(&series->pattern, options->version)) {
        event_add_followers(series, options->now, pool);
        event_limit(series->exceptions);
    }
    else if (!item_event_series_expand(series, options->now, pool))
        return NULL;
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

/* StartTime that is left out is, by R436, that of the series, by which clients mean the occurrence's place:
 * an instance that is elsewhere says when it is, and until when, also where that is when the series
 * begins or ends. */
static int event_says_times(const event_shown_t *shown, int property)
{
    const char *start = shown->values[ITEM_EVENT_start].text;

    return (property == ITEM_EVENT_start || property == ITEM_EVENT_end) &&
           (strcmp(start, shown->place) != 0 ||
            strcmp(start, shown->master[ITEM_EVENT_start].text) != 0);
}

static void event_write_values(const event_shown_t *shown, eas_version_t version,
                               eas_writer_t *writer, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < ITEM_EVENT_COUNT; i++) {
        const item_event_value_t *own = &shown->values[i], *series = &shown->master[i];
        int exception = item_event_property_exception(i);

        if (!exception || (int)version < exception)
            continue;
        if (own->text &&
            (!series->text || strcmp(own->text, series->text) != 0 || event_says_times(shown, i)))
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
    if (own.times.all_day) /* by the one zone that the client is given */
        own.times.clock = view->series->clock;
    if (exception->follows)
        item_event_times_move(&own.times,
                              item_event_range_of(view->series->ranges, &exception->local),
                              &exception->local);
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
