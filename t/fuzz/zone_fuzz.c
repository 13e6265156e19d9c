/* Time zones: the blob of EAS, as its text and as its bytes, and a VTIMEZONE. What is read keeps its
 * times when it is written, and every local time leads to a moment that reads so. */
#include "fuzz.h"

#include <string.h>
#include <apr_base64.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "item/clock.h"
#include "item/date.h"
#include "item/item.h"

#define BLOB 172

static void check_clock(const item_clock_t *clock, apr_pool_t *pool)
{
    static const int years[] = {1601, 1969, 2026, 2027, 2100, 9998};
    size_t i;

    for (i = 0; i < sizeof years / sizeof *years; i++) {
        apr_time_t when =
            apr_time_from_sec(item_date_days(years[i], 1 + (int)i * 2, 29) * ITEM_DATE_DAY + 5000);
        struct icaltimetype local = item_clock_to_local(clock, when), again;
        item_zone_t zone, read;

        again = item_clock_to_local(clock, item_clock_to_utc(clock, &local));
        FUZZ_ASSERT(icaltime_compare(local, again) == 0);
        item_clock_rules(clock, when, &zone);
        FUZZ_ASSERT(item_clock_offset(item_clock_zone(&zone, pool), when) ==
                    item_clock_offset(clock, when));
        if (item_zone_parse(item_zone_blob(&zone, pool), &read, pool) && zone.offset % 60 == 0 &&
            zone.daylight_offset % 60 == 0)
            FUZZ_ASSERT(item_clock_offset(item_clock_zone(&read, pool), when) ==
                        item_clock_offset(clock, when));
    }
}

static void check_blob(const char *text, int match, apr_pool_t *pool)
{
    static const char *const hints[] = {"Europe/Berlin", "W. Europe Standard Time", "", NULL};
    apr_time_t when = apr_time_from_sec(1784620800); /* 2026-07-21 */
    item_zone_t zone, again;

    if (!item_zone_parse(text, &zone, pool))
        return;
    if (!item_zone_parse(item_zone_blob(&zone, pool), &again, pool)) /* UTC without a name */
        FUZZ_ASSERT(!zone.offset && !zone.daylight_offset && !zone.standard.month);
    FUZZ_ASSERT(zone.offset == again.offset && zone.daylight_offset == again.daylight_offset &&
                memcmp(&zone.standard, &again.standard, sizeof zone.standard) == 0 &&
                memcmp(&zone.daylight, &again.daylight, sizeof zone.daylight) == 0);
    check_clock(item_clock_zone(&zone, pool), pool);
    if (match) /* reads some hundred files */
        item_clock_match(&zone, when, hints, pool);
}

static void check_component(const char *text, size_t size, apr_pool_t *pool)
{
    const char *calendar =
        apr_pstrcat(pool, "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:x\n",
                    apr_pstrmemdup(pool, text, size), "\nEND:VTIMEZONE\nEND:VCALENDAR\n", NULL);
    item_document_t *document;
    const item_clock_t *clock;

    if (item_document_parse(backend_blob_of(calendar, strlen(calendar), pool), &document, pool))
        return;
    clock = item_clock_find(item_document_root(document), "x", pool);
    if (clock)
        check_clock(clock, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    unsigned char bytes[BLOB] = {0};
    char text[BLOB * 2];

    fuzz_once(item_child_init);
    check_blob(apr_pstrmemdup(pool, (const char *)data, size), 0, pool);
    memcpy(bytes, data, size < BLOB ? size : BLOB);
    apr_base64_encode_binary(text, bytes, BLOB);
    check_blob(text, size == BLOB && (data[BLOB - 1] & 7) == 7, pool);
    check_component((const char *)data, size, pool);
    apr_pool_destroy(pool);
    return 0;
}
