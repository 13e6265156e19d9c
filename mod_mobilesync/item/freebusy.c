#include "item/freebusy.h"

#include <string.h>
#include <strings.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/time.h"
#include "item/event_impl.h"

#define FREEBUSY_STEP apr_time_from_sec(30 * 60)
#define FREEBUSY_OCCURRENCES_MAX 10000 /* of an item */
#define FREEBUSY_FLOATING_MAX 20000

/* Days, and times, that are in no zone: they are the wall clock's of whose calendar it is. */
typedef struct {
    struct icaltimetype start, end;
    item_freebusy_state_t state;
} freebusy_floating_t;

struct item_freebusy {
    apr_time_t start, end;
    item_options_t options; /* the addresses */
    apr_size_t count;
    unsigned char *states; /* item_freebusy_state_t */
    int is_partial;
    apr_array_header_t *floating; /* freebusy_floating_t */
    apr_hash_t *zones;            /* how many events are in it (int) by TZID: Olson zones */
    const char *zone;             /* the one of most; NULL: none */
    int zone_count;
    apr_pool_t *pool;
};

item_freebusy_t *item_freebusy_make(apr_time_t start, apr_time_t end,
                                    const apr_array_header_t *addresses, apr_pool_t *pool)
{
    item_freebusy_t *freebusy = apr_pcalloc(pool, sizeof *freebusy);

    freebusy->start = start;
    freebusy->end = end;
    freebusy->count = (apr_size_t)((end - start + FREEBUSY_STEP - 1) / FREEBUSY_STEP);
    freebusy->states = apr_pcalloc(pool, freebusy->count + 1);
    freebusy->floating = apr_array_make(pool, 8, sizeof(freebusy_floating_t));
    freebusy->zones = apr_hash_make(pool);
    freebusy->pool = pool;
    item_options_init(&freebusy->options, EAS_VERSION_16_1);
    freebusy->options.addresses = addresses;
    return freebusy;
}

void item_freebusy_mark(item_freebusy_t *freebusy, apr_time_t from, apr_time_t to,
                        item_freebusy_state_t state)
{
    apr_time_t i, last;

    from = from > freebusy->start ? from : freebusy->start;
    to = to < freebusy->end ? to : freebusy->end;
    if (from >= to)
        return;
    last = (to - freebusy->start - 1) / FREEBUSY_STEP;
    for (i = (from - freebusy->start) / FREEBUSY_STEP; i <= last; i++)
        if (freebusy->states[i] < state)
            freebusy->states[i] = (unsigned char)state;
}

/* -- what an event makes of its time ----------------------------------------------------------- */

static item_freebusy_state_t freebusy_of_busy(int busy)
{
    return busy >= ITEM_FREEBUSY_FREE && busy <= ITEM_FREEBUSY_OUT ? (item_freebusy_state_t)busy
                                                                   : ITEM_FREEBUSY_FREE;
}

/* Invitations come as tentative, with what they are to be; not all programs put that in its place
 * when it is accepted. */
static item_freebusy_state_t freebusy_state(const item_event_view_t *view)
{
    const char *status = item_component_text(view->event, "STATUS");
    item_freebusy_state_t state = freebusy_of_busy(item_event_busy(view->event));
    int intended = item_event_busy_intended(view->event);
    int answer = item_event_answer(view);

    if ((status && strcasecmp(status, "CANCELLED") == 0) || answer == ITEM_EVENT_ANSWER_DECLINED)
        return ITEM_FREEBUSY_FREE;
    if (answer == ITEM_EVENT_ANSWER_ACCEPTED && state == ITEM_FREEBUSY_TENTATIVE && intended >= 0)
        return freebusy_of_busy(intended);
    if ((answer == ITEM_EVENT_ANSWER_NONE || answer == ITEM_EVENT_ANSWER_TENTATIVE) &&
        state > ITEM_FREEBUSY_TENTATIVE)
        return ITEM_FREEBUSY_TENTATIVE;
    return state;
}

/* -- series ------------------------------------------------------------------------------------ */

/* One item while it is looked at. */
typedef struct {
    item_freebusy_t *freebusy;
    item_event_source_t *source;
    apr_pool_t *pool;
} freebusy_item_t;

static void freebusy_count_zone(item_freebusy_t *freebusy, const item_clock_t *clock)
{
    const char *tzid = item_clock_tzid(clock);
    int *count;

    if (!item_clock_is_olson(clock))
        return;
    count = apr_hash_get(freebusy->zones, tzid, APR_HASH_KEY_STRING);
    if (!count) {
        count = apr_pcalloc(freebusy->pool, sizeof *count);
        tzid = apr_pstrdup(freebusy->pool, tzid);
        apr_hash_set(freebusy->zones, tzid, APR_HASH_KEY_STRING, count);
    }
    if (++*count > freebusy->zone_count) {
        freebusy->zone_count = *count;
        freebusy->zone = apr_pstrdup(freebusy->pool, tzid);
    }
}

/* What is in no zone is kept until it is known which one most events of the calendar are in. */
static void freebusy_mark_times(const freebusy_item_t *item, const item_event_times_t *times,
                                item_freebusy_state_t state)
{
    item_freebusy_t *freebusy = item->freebusy;

    if (times->clock == &item_clock_utc && !icaltime_is_utc(times->start) &&
        freebusy->floating->nelts < FREEBUSY_FLOATING_MAX)
        APR_ARRAY_PUSH(freebusy->floating, freebusy_floating_t) =
            (freebusy_floating_t){times->start, times->end, state};
    else
        item_freebusy_mark(freebusy, times->from, times->to, state);
}

/* Days last as long as the wall clock says, times as long as the first one. */
static void freebusy_mark_occurrence(const freebusy_item_t *item, const item_event_times_t *first,
                                     const item_series_t *series,
                                     const item_occurrence_t *occurrence,
                                     item_freebusy_state_t state)
{
    item_event_times_t times = *first;

    times.clock = series->clock;
    times.start = occurrence->local;
    times.end = item_event_time_shift(occurrence->local, item_ical_naive(&first->end) -
                                                             item_ical_naive(&first->start));
    times.from = occurrence->when;
    times.to = first->all_day ? item_clock_to_utc(series->clock, &times.end)
                              : occurrence->when + (first->to - first->from);
    freebusy_mark_times(item, &times, state);
}

/* Places of the series that have an instance of their own are that one's. */
static void freebusy_leave_out_instances(const freebusy_item_t *item, item_series_t *series,
                                         apr_array_header_t *ranges)
{
    const apr_array_header_t *instances = item->source->instances;
    struct icaltimetype place;
    int i;

    if (instances->nelts)
        series->exceptions = series->exceptions ? apr_array_copy(item->pool, series->exceptions)
                                                : apr_array_make(item->pool, instances->nelts,
                                                                 sizeof(struct icaltimetype));
    for (i = 0; i < instances->nelts; i++) {
        item_component_t *instance = APR_ARRAY_IDX(instances, i, item_component_t *);

        if (!item_event_series_of(item->source, series, instance, &place))
            continue;
        APR_ARRAY_PUSH(series->exceptions, struct icaltimetype) = place;
        if (item_event_is_range(instance))
            APR_ARRAY_PUSH(ranges, item_event_exception_t) =
                (item_event_exception_t){.local = place, .instance = instance};
    }
}

/* An occurrence that an instance holds for, too. */
static void freebusy_mark_follower(const freebusy_item_t *item, const item_event_exception_t *range,
                                   const struct icaltimetype *place)
{
    item_event_view_t view;

    if (item_event_view_init(item->source, range->instance, &item->freebusy->options, NULL, &view,
                             item->pool))
        return;
    item_event_times_move(&view.times, range, place);
    freebusy_mark_times(item, &view.times, freebusy_state(&view));
}

static void freebusy_add_series(const freebusy_item_t *item, const item_event_times_t *times,
                                item_series_t *series, item_freebusy_state_t state)
{
    item_freebusy_t *freebusy = item->freebusy;
    apr_array_header_t *occurrences,
        *ranges = apr_array_make(item->pool, 1, sizeof(item_event_exception_t));
    int i;

    freebusy_leave_out_instances(item, series, ranges);
    /* a day more, for what is in no zone, and for days that a change of the clock makes longer */
    if (!item_series_expand(series, freebusy->start - (times->to - times->from) - BASE_TIME_DAY,
                            freebusy->end + BASE_TIME_DAY, FREEBUSY_OCCURRENCES_MAX, &occurrences,
                            item->pool))
        freebusy->is_partial = 1;
    for (i = 0; i < occurrences->nelts; i++) {
        const item_occurrence_t *one = &APR_ARRAY_IDX(occurrences, i, item_occurrence_t);
        const item_event_exception_t *range = item_event_range_of(ranges, &one->local);

        if (range)
            freebusy_mark_follower(item, range, &one->local);
        else
            freebusy_mark_occurrence(item, times, series, one, state);
    }
}

static base_fault_t *freebusy_add_event(const freebusy_item_t *item, item_component_t *event)
{
    item_freebusy_state_t state;
    item_event_view_t view;
    item_series_t series;

    BASE_TRY(item_event_view_init(item->source, event, &item->freebusy->options, NULL, &view,
                                  item->pool));
    freebusy_count_zone(item->freebusy, view.times.clock);
    state = freebusy_state(&view);
    if (state == ITEM_FREEBUSY_FREE)
        return NULL;
    if (event == item->source->series && item_event_rules_load(item->source, &series, item->pool) &&
        !(item_series_recurs(&series) && item_event_series_is_idle(&series, item->pool)))
        freebusy_add_series(item, &view.times, &series, state);
    else
        freebusy_mark_times(item, &view.times, state);
    return NULL;
}

base_fault_t *item_freebusy_add(item_freebusy_t *freebusy, const backend_blob_t *blob,
                                apr_pool_t *pool)
{
    freebusy_item_t item = {.freebusy = freebusy, .pool = pool};
    int i;

    BASE_TRY(item_event_open(blob, &item.source, pool));
    for (i = 0; i < item.source->instances->nelts; i++)
        BASE_TRY(freebusy_add_event(&item,
                                    APR_ARRAY_IDX(item.source->instances, i, item_component_t *)));
    return item.source->series ? freebusy_add_event(&item, item.source->series) : NULL;
}

static void freebusy_mark_floating(item_freebusy_t *freebusy)
{
    const item_clock_t *clock =
        freebusy->zone ? item_clock_olson(freebusy->zone, freebusy->pool) : NULL;
    int i;

    if (!clock)
        clock = &item_clock_utc;
    for (i = 0; i < freebusy->floating->nelts; i++) {
        const freebusy_floating_t *one =
            &APR_ARRAY_IDX(freebusy->floating, i, const freebusy_floating_t);

        item_freebusy_mark(freebusy, item_clock_to_utc(clock, &one->start),
                           item_clock_to_utc(clock, &one->end), one->state);
    }
    apr_array_clear(freebusy->floating);
}

const char *item_freebusy_text(item_freebusy_t *freebusy, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, freebusy->count + 1);
    apr_size_t i;

    freebusy_mark_floating(freebusy);
    for (i = 0; i < freebusy->count; i++) {
        int state = freebusy->states[i];

        if (state == ITEM_FREEBUSY_FREE && freebusy->is_partial)
            state = ITEM_FREEBUSY_UNKNOWN;
        text[i] = (char)('0' + state);
    }
    text[freebusy->count] = '\0';
    return text;
}
