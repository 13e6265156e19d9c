/* Suspending a device: from then on every request of it is answered 503 (cmd/device.h), and what it
 * has waiting ends at once; its SyncState stays as it is, so that it goes on where it was. */
#include "admin/action.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define SUSPEND_TRIES 5
#define SUSPEND_REASON_MAX 300 /* bytes */

static const char *const suspend_fields[] = {"suspended", "suspended-by", "suspended-why"};

#define SUSPEND_FIELDS ((int)(sizeof suspend_fields / sizeof *suspend_fields))

int admin_is_suspended(const state_record_t *record)
{
    return state_record_field(record, suspend_fields[0]) != NULL;
}

json_t *admin_suspension(const state_record_t *record, apr_pool_t *pool)
{
    apr_time_t since = admin_record_time(record, suspend_fields[0], pool);
    json_t *json;

    if (!since)
        return json_null();
    json = json_object();
    json_object_set_new(json, "since", admin_json_time(since, pool));
    admin_json_set(json, "by", admin_record_text(record, suspend_fields[1], pool), pool);
    admin_json_set(json, "reason", admin_record_text(record, suspend_fields[2], pool), pool);
    return json;
}

static base_fault_t *suspend_read(const admin_call_t *call, state_record_t **record)
{
    const state_key_t key = {
        .account = call->names[0], .device = call->names[1], .kind = STATE_RECORD_DEVICE};

    return state_record_read(call->service->store, &key, suspend_fields, SUSPEND_FIELDS, record,
                             call->pool);
}

base_fault_t *admin_suspension_read(const admin_call_t *call, json_t **suspension)
{
    state_record_t *record;

    BASE_TRY(suspend_read(call, &record));
    *suspension = admin_suspension(record, call->pool);
    return NULL;
}

/* Writes the fields, or takes them away. The device may be noting that it is here meanwhile. */
static base_fault_t *suspend_write(const admin_call_t *call, int suspend, const char *reason)
{
    const state_key_t key = {
        .account = call->names[0], .device = call->names[1], .kind = STATE_RECORD_DEVICE};
    const char *const values[] = {apr_psprintf(call->pool, "%" APR_TIME_T_FMT, call->request->now),
                                  call->request->actor, reason ? reason : ""};
    state_field_t sets[SUSPEND_FIELDS];
    state_record_t *record;
    base_fault_t *fault = NULL;
    apr_uint64_t version;
    int i, try;

    for (i = 0; i < SUSPEND_FIELDS; i++)
        sets[i] = (state_field_t){
            .name = suspend_fields[i], .data = values[i], .length = strlen(values[i])};
    for (try = 0; try < SUSPEND_TRIES; try++) {
        BASE_TRY(suspend_read(call, &record));
        if (admin_is_suspended(record) == suspend)
            return NULL; /* somebody else did it */
        fault = state_record_commit(call->service->store, &key, record->version, sets,
                                    suspend ? SUSPEND_FIELDS : 0, suspend_fields,
                                    suspend ? 0 : SUSPEND_FIELDS, &version, call->pool);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    return fault;
}

static base_fault_t *suspend_do(admin_call_t *call, const char *action, int suspend,
                                const char *reason, json_t *answer)
{
    admin_audit_t audit;
    base_fault_t *fault;

    admin_audit_init(call, action, &audit);
    admin_audit_add(&audit, "account", call->names[0]);
    admin_audit_add(&audit, "device", call->names[1]);
    admin_audit_add(&audit, "why", reason);
    BASE_TRY(admin_audit_begin(call, &audit));
    fault = suspend_write(call, suspend, reason);
    if (!fault && suspend)
        json_object_set_new(
            answer, "waiting_told",
            json_boolean(admin_action_wake(call, action, call->names[0], call->names[1])));
    admin_audit_end(call, &audit, fault);
    if (fault)
        return base_fault_wrap(fault, call->pool, "%s", action);
    base_log_write(call->service->log, BASE_LOG_INFO, "admin %s: %s of account %s, device %s",
                   call->request->actor, action, call->names[0], call->names[1]);
    return NULL;
}

static base_fault_t *suspend_run(admin_call_t *call, const char *action, int suspend)
{
    json_t *answer = admin_json_object(call->pool), *devices = json_array();
    const char *reason = admin_parameter(call, "reason");
    state_record_t *record;
    int dry_run, found, changes;

    json_array_append_new(devices, admin_json_text(call->names[1], call->pool));
    json_object_set_new(answer, "devices", devices);
    BASE_TRY(admin_parameter_flag(call, "dry_run", &dry_run));
    if (reason && strlen(reason) > SUSPEND_REASON_MAX)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "reason must not be longer than %d bytes", SUSPEND_REASON_MAX);
    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(suspend_read(call, &record));
    changes = admin_is_suspended(record) != suspend;
    admin_json_set(answer, "action", action, call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(dry_run));
    admin_json_set(answer, "account", call->names[0], call->pool);
    json_object_set_new(answer, "changes", json_boolean(changes));
    if (changes && !dry_run) {
        BASE_TRY(suspend_do(call, action, suspend, reason, answer));
        BASE_TRY(suspend_read(call, &record));
    }
    json_object_set_new(answer, "suspended", admin_suspension(record, call->pool));
    admin_answer(call, 200, answer);
    return NULL;
}

base_fault_t *admin_device_suspend(admin_call_t *call)
{
    return suspend_run(call, "device.suspend", 1);
}

base_fault_t *admin_device_resume(admin_call_t *call)
{
    return suspend_run(call, "device.resume", 0);
}
