/* Series: properties of a VEVENT. Their occurrences are in order, within what was asked for, and not after
 * the last one; the pattern that EAS has for them comes back and means the same. */
#include "t/fuzz/fuzz.h"
#include "t/unit/item_helpers.h"

#include "item/date.h"
#include "item/series.h"

#define LIMIT 50

static void check_window(const item_series_t *series, int year, apr_time_t last, apr_pool_t *pool)
{
    apr_time_t from = apr_time_from_sec(item_date_days(year, 1, 1) * ITEM_DATE_DAY);
    apr_time_t to = apr_time_from_sec(item_date_days(year + 2, 1, 1) * ITEM_DATE_DAY);
    apr_array_header_t *found;
    int i;

    item_series_expand(series, from, to, LIMIT, &found, pool);
    FUZZ_ASSERT(found->nelts <= LIMIT);
    for (i = 0; i < found->nelts; i++) {
        const item_occurrence_t *one = &APR_ARRAY_IDX(found, i, const item_occurrence_t);

        FUZZ_ASSERT(one->when >= from && one->when < to && one->when <= last);
        FUZZ_ASSERT(i == 0 || one->when > one[-1].when);
    }
    if (found->nelts)
        FUZZ_ASSERT(
            item_series_has(series, APR_ARRAY_IDX(found, 0, const item_occurrence_t).when, pool));
}

static void check_pattern(const item_series_t *series, item_recurrence_class_t class_,
                          apr_pool_t *pool)
{
    item_recurrence_origin_t origin = {.start = series->start, .clock = series->clock};
    eas_spool_t *spool = eas_spool_create(NULL, pool);
    eas_writer_t *writer = eas_writer_create(spool, pool);
    item_recurrence_t recurrence, again;
    const eas_node_t *node;
    const char *wbxml;
    apr_size_t length;

    if (!item_series_pattern(series, &recurrence))
        return;
    item_recurrence_write(&recurrence, class_, EAS_VERSION_16_1, &origin, writer, pool);
    FUZZ_ASSERT(!wbxml_finish(writer, spool, &wbxml, &length, pool));
    FUZZ_ASSERT(!wbxml_decode(wbxml, length, &node, pool));
    FUZZ_ASSERT(!item_recurrence_read(node, class_, &origin, &again, pool));
    FUZZ_ASSERT(item_recurrence_from_text(item_recurrence_to_rule(&again, &origin, pool),
                                          &origin.start, &recurrence));
    FUZZ_ASSERT(item_recurrence_same(&recurrence, &again, &origin, pool));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = apr_pstrcat(pool, "BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
                                   apr_pstrmemdup(pool, (const char *)data, size),
                                   "\nEND:VEVENT\nEND:VCALENDAR\n", NULL);
    item_document_t *document;
    item_component_t *calendar, *event;
    item_series_t series;

    fuzz_once(item_child_init);
    if (!item_document_parse(blob_of_text(text, pool), &document, pool)) {
        calendar = item_document_root(document);
        event = item_component_first(calendar, "VEVENT");
        if (event && item_series_load(calendar, event, &item_clock_utc, &series, pool)) {
            apr_time_t last = item_series_last(&series, pool);

            check_window(&series, 2026, last, pool);
            check_window(&series, series.start.year, last, pool);
            check_pattern(&series, ITEM_RECURRENCE_CALENDAR, pool);
            check_pattern(&series, ITEM_RECURRENCE_TASKS, pool);
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
