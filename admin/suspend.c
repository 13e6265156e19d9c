/* Suspending a device: from then on every request of it is answered 503 (cmd/device.h), and what it
 * has waiting ends at once; its SyncState stays as it is, so that it goes on where it was. */
#include "admin/change.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

#define SUSPEND_REASON_MAX 300 /* bytes */

#define SUSPEND_SINCE "suspended"
#define SUSPEND_BY "suspended-by"
#define SUSPEND_WHY "suspended-why"

int admin_is_suspended(const state_record_t *record)
{
    return state_record_field(record, SUSPEND_SINCE) != NULL;
}

json_t *admin_suspension(const state_record_t *record, apr_pool_t *pool)
{
    apr_time_t since = admin_record_time(record, SUSPEND_SINCE, pool);
    json_t *json;

    if (!since)
        return json_null();
    json = json_object();
    json_object_set_new(json, "since", admin_json_time(since, pool));
    admin_json_set(json, "by", state_record_text(record, SUSPEND_BY, pool), pool);
    admin_json_set(json, "reason", state_record_text(record, SUSPEND_WHY, pool), pool);
    return json;
}

static const admin_change_field_t suspend_nothing[] = {
    {.name = SUSPEND_SINCE}, {.name = SUSPEND_BY}, {.name = SUSPEND_WHY}};

#define SUSPEND_FIELDS ((int)(sizeof suspend_nothing / sizeof *suspend_nothing))

base_fault_t *admin_suspension_read(const admin_call_t *call, json_t **suspension)
{
    const admin_change_t change = {.fields = suspend_nothing, .count = SUSPEND_FIELDS};
    state_record_t *record;

    BASE_TRY(admin_change_read(call, &change, &record));
    *suspension = admin_suspension(record, call->pool);
    return NULL;
}

static base_fault_t *suspend_run(admin_call_t *call, admin_change_t *change)
{
    json_t *suspension;
    int found;

    BASE_TRY(admin_change_begin(call, change, &found));
    if (!found)
        return NULL;
    BASE_TRY(admin_change_make(call, change));
    BASE_TRY(admin_suspension_read(call, &suspension));
    json_object_set_new(change->answer, "suspended", suspension);
    admin_answer(call, 200, change->answer);
    return NULL;
}

base_fault_t *admin_device_suspend(admin_call_t *call)
{
    const char *reason = admin_parameter(call, "reason");
    const admin_change_field_t fields[] = {
        {SUSPEND_SINCE, apr_psprintf(call->pool, "%" APR_TIME_T_FMT, call->request->now)},
        {SUSPEND_BY, call->request->actor},
        {SUSPEND_WHY, reason ? reason : ""}};
    const admin_change_field_t audit[] = {{"why", reason}};
    admin_change_t change = {.action = "device.suspend",
                             .fields = fields,
                             .count = SUSPEND_FIELDS,
                             .audit = audit,
                             .audit_count = 1,
                             .when = ADMIN_CHANGE_UNLESS_SET,
                             .wake = 1};

    if (reason && strlen(reason) > SUSPEND_REASON_MAX)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "reason must not be longer than %d bytes", SUSPEND_REASON_MAX);
    return suspend_run(call, &change);
}

base_fault_t *admin_device_resume(admin_call_t *call)
{
    admin_change_t change = {.action = "device.resume",
                             .fields = suspend_nothing,
                             .count = SUSPEND_FIELDS,
                             .when = ADMIN_CHANGE_IF_SET};

    return suspend_run(call, &change);
}
