/* A task (VTODO) as other programs may have written it: what check_kind says, with an edit of all of its
 * elements. */
#include "t/fuzz/kind.h"

#include "item/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char edit[] =
        "Subject=edited|Importance=0|Complete=0|Sensitivity=1|Body{Type=1|Data=text}|"
        "StartDate=2026-03-02T00:00:00.000Z|UtcStartDate=2026-03-01T23:00:00.000Z|"
        "DueDate=2026-03-04T10:00:00.000Z|UtcDueDate=2026-03-04T09:00:00.000Z|"
        "Categories{Category=one|Category=two}|ReminderSet=1|"
        "ReminderTime=2026-03-03T08:00:00.000Z|Recurrence{Type=1|Interval=2|DayOfWeek=3|"
        "Start=2026-03-01T00:00:00.000Z|Occurrences=9}";
    apr_pool_t *pool = fuzz_pool();

    fuzz_once(item_child_init);
    check_kind(&item_task_kind, data, size, kind_data(edit, "Tasks", pool), pool);
    apr_pool_destroy(pool);
    return 0;
}
