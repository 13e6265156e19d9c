#include "item/event_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "base/time.h"

typedef struct {
    item_event_value_t values[ITEM_EVENT_COUNT];
    const char *remark; /* item_event_remark(); NULL */
    const char *orphan; /* of an instance without its series: its place there; NULL */
    item_options_t options;
    apr_pool_t *pool;
} item_event_t;

/* -- load ------------------------------------------------------------------------------------- */

static base_fault_t *event_load(const backend_blob_t *blob, const item_reference_t *reference,
                                const backend_entry_t *entry, const item_options_t *options,
                                void **item, apr_pool_t *pool)
{
    item_event_t *event = apr_pcalloc(pool, sizeof *event);
    item_event_source_t *source;
    item_event_view_t view;

    (void)entry;
    event->options = *options;
    event->pool = pool;
    BASE_TRY(item_event_open(blob, &source, pool));
    /* the caller's may be another one when it is written */
    reference = apr_pmemdup(pool, reference, sizeof *reference);
    BASE_TRY(item_event_view_init(source, source->main, &event->options, reference, &view, pool));
    BASE_TRY(item_event_series_load(source, &event->options, &view.series, pool));
    if (view.series)
        item_event_series_times(view.series, &view.times);
    event->remark = item_event_remark(source, view.series);
    BASE_TRY(item_event_values_load(&view, event->values));
    if (item_options_want(options, EAS_AirSyncBase_InstanceId))
        event->orphan = item_event_orphan(source, options->version);
    *item = event;
    return NULL;
}

/* -- write ------------------------------------------------------------------------------------ */

static item_note_body_t *event_body(const item_event_t *event)
{
    return (item_note_body_t *)event->values[ITEM_EVENT_body].object;
}

static void event_write(void *item, int part, eas_writer_t *writer)
{
    const item_event_t *event = item;
    int i;

    if (event->orphan) /* MS-ASAIRS R1176 */
        eas_writer_text(writer, EAS_AirSyncBase_InstanceId, event->orphan);
    for (i = 0; i < ITEM_EVENT_COUNT; i++) {
        if (i == ITEM_EVENT_body)
            item_note_body_write(event_body(event), part, writer);
        else
            item_event_value_write(i, &event->values[i], event->options.version, writer,
                                   event->pool);
    }
}

static const char *event_remark(const void *item)
{
    return ((const item_event_t *)item)->remark;
}

static int event_body_has_data(const void *item)
{
    const item_note_body_t *body = event_body(item);

    return body && item_note_body_has_data(body);
}

static base_fault_t *event_body_read(void *item, char *buffer, apr_size_t *length)
{
    return item_note_body_read(event_body(item), buffer, length);
}

/* -- describe --------------------------------------------------------------------------------- */

static apr_time_t event_later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

/* How long after its place what follows an instance ends; 0: nothing follows it. */
static apr_time_t event_follower_end(const item_event_source_t *source, const item_series_t *series,
                                     int i)
{
    item_component_t *instance = APR_ARRAY_IDX(source->instances, i, item_component_t *);
    struct icaltimetype place;
    item_event_times_t times;

    if (!item_event_is_range(instance) || !item_event_series_of(source, series, instance, &place) ||
        item_event_times_load(source, instance, &times))
        return 0;
    return times.to - item_clock_to_utc(series->clock, &place);
}

/* When the last occurrence ends: a series that is still alive is never too old. */
static base_fault_t *event_last(const item_event_source_t *source, apr_time_t *last,
                                apr_pool_t *pool)
{
    item_event_times_t times;
    item_series_t series;
    int i;

    *last = APR_INT64_MIN;
    for (i = 0; i < source->instances->nelts; i++) {
        BASE_TRY(item_event_times_load(
            source, APR_ARRAY_IDX(source->instances, i, item_component_t *), &times));
        *last = event_later(*last, times.to);
    }
    if (!source->series)
        return NULL;
    BASE_TRY(item_event_times_load(source, source->series, &times));
    *last = event_later(*last, times.to);
    if (item_event_rules_load(source, &series, pool) && item_series_recurs(&series)) {
        item_recurrence_t pattern;
        apr_time_t begin = item_series_last(&series, pool);

        *last =
            begin == APR_INT64_MAX ? begin : event_later(*last, begin + (times.to - times.from));
        for (i = 0; i < source->instances->nelts && begin != APR_INT64_MAX; i++)
            *last = event_later(*last, begin + event_follower_end(source, &series, i));
        /* what is shown within a window (item_event_series_expand); at 12.1 that is more */
        if (!item_series_pattern(&series, &pattern) ||
            !item_recurrence_in_version(&pattern, EAS_VERSION_12_1))
            *last = *last == APR_INT64_MAX ? BACKEND_DATE_MOVING_EVER : *last + BACKEND_DATE_MOVING;
    }
    return NULL;
}

static base_fault_t *event_describe(const backend_blob_t *blob, backend_description_t *description,
                                    apr_pool_t *pool)
{
    item_event_source_t *source;

    BASE_TRY(item_event_open(blob, &source, pool));
    return event_last(source, &description->date, pool);
}

const item_kind_t item_event_kind = {.name = "Calendar",
                                     .load = event_load,
                                     .write = event_write,
                                     .remark = event_remark,
                                     .body_has_data = event_body_has_data,
                                     .body_read = event_body_read,
                                     .change = item_event_change,
                                     .attachment_open = item_event_attachment_open,
                                     .attachments_added = item_event_attachments_added,
                                     .made = EAS_Calendar_UID, /* MS-ASCAL R2223 */
                                     .identity = item_event_identity,
                                     .component = "VEVENT",
                                     .describe = event_describe};
