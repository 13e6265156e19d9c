/* Events (iCalendar): each is shown at every version, what is shown comes back and changes nothing,
 * what a phone changes is an event again, the same when the request is repeated, and of any window
 * it is told whether it is free. */
#include "t/fuzz/fuzz.h"
#include "t/unit/kind_helpers.h"

#include "item/event.h"
#include "item/freebusy.h"

static const char edit[] = "Subject=x|Location=y|StartTime=20261124T090000Z|"
                           "EndTime=20261124T100000Z|Reminder=7|BusyStatus=1|Sensitivity=2|"
                           "Categories{Category=a}|Body{Type=1|Data=z}|"
                           "Attendees{Attendee{Email=b@example.net|Name=B}}";

static void check_edit(const backend_blob_t *blob, const eas_node_t *data, eas_version_t version,
                       apr_pool_t *pool)
{
    kind_result_t once = kind_change(&item_event_kind, data, version, blob, pool), twice;

    if (once.fault)
        return;
    twice = kind_change(&item_event_kind, data, version, once.blob, pool);
    FUZZ_ASSERT(!twice.fault);
    FUZZ_ASSERT(strcmp(once.text, twice.text) == 0);
}

static void check_freebusy(const backend_blob_t *blob, apr_pool_t *pool)
{
    item_freebusy_t *freebusy =
        item_freebusy_make(KIND_NOW + 1, KIND_NOW + apr_time_from_sec(42 * 86400), NULL, pool);
    const char *text;

    item_freebusy_add(freebusy, blob, pool);
    text = item_freebusy_text(freebusy, pool);
    FUZZ_ASSERT(strlen(text) == 42 * 48 && strspn(text, "01234") == 42 * 48);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const backend_blob_t *blob =
        blob_of(apr_pstrmemdup(pool, (const char *)data, size), size, pool);
    backend_description_t description = {0};
    size_t i;

    fuzz_once(item_child_init);
    item_event_kind.describe(blob, &description, pool);
    check_freebusy(blob, pool);
    for (i = 0; i < KIND_VERSIONS; i++) {
        item_options_t options =
            options_prefer(kind_versions[i], ITEM_BODY_TEXT, ITEM_TRUNCATION_NONE);
        const char *wbxml;
        apr_size_t length;
        const eas_node_t *node;

        options.now = KIND_NOW;
        if (kind_wbxml(&item_event_kind, blob, &options, &wbxml, &length, pool))
            continue;
        FUZZ_ASSERT(!wbxml_decode(wbxml, length, &node, pool));
        check_edit(blob, node, kind_versions[i], pool);
        check_edit(blob, kind_data(edit, "Calendar", pool), kind_versions[i], pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
