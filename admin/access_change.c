#include "admin/access.h"

#include <string.h>
#include <apr_strings.h>

#include "admin/action.h"
#include "admin/devices.h"
#include "state/table.h"

/* A device that the change makes a difference to. */
typedef struct {
    const char *account, *device;
    sync_access_status_t from, to;
} access_device_t;

typedef struct {
    admin_call_t *call;
    const admin_access_change_t *change;
    apr_array_header_t *devices; /* access_device_t */
} access_plan_t;

base_fault_t *admin_access_change_init(admin_call_t *call, const char *action,
                                       admin_access_change_t *change)
{
    *change = (admin_access_change_t){.action = action, .answer = admin_json_object(call->pool)};
    change->writes = apr_array_make(call->pool, 4, sizeof(state_table_entry_t));
    change->audit = apr_table_make(call->pool, 4);
    BASE_TRY(admin_access_open(call->service, &change->before, call->pool));
    change->after = *change->before;
    admin_json_set(change->answer, "action", action, call->pool);
    return NULL;
}

/* The walk has decided by what is there now. */
static base_fault_t *access_plan_visit(void *baton, const admin_device_look_t *look, int *taken,
                                       apr_pool_t *pool)
{
    access_plan_t *plan = baton;
    const admin_access_change_t *change = plan->change;
    apr_pool_t *keep = plan->devices->pool;
    admin_device_look_t after = *look;

    *taken = 0;
    if (change->device && strcmp(change->device, look->device) != 0)
        return NULL;
    admin_access_decide(&change->after, &after, pool);
    if (after.access.status == look->access.status)
        return NULL;
    APR_ARRAY_PUSH(plan->devices, access_device_t) =
        (access_device_t){.account = apr_pstrdup(keep, look->account),
                          .device = apr_pstrdup(keep, look->device),
                          .from = look->access.status,
                          .to = after.access.status};
    return NULL;
}

static base_fault_t *access_plan(admin_call_t *call, const admin_access_change_t *change,
                                 apr_array_header_t **devices)
{
    access_plan_t plan = {.call = call,
                          .change = change,
                          .devices = apr_array_make(call->pool, 8, sizeof(access_device_t))};
    admin_walk_t walk = {.call = call,
                         .whole = 1,
                         .access = change->before,
                         .visit = access_plan_visit,
                         .baton = &plan};

    *devices = plan.devices;
    return admin_walk(&walk, change->account);
}

static void access_answer_devices(const apr_array_header_t *devices, json_t *answer,
                                  apr_pool_t *pool)
{
    json_t *list = json_array();
    int i;

    json_object_set_new(answer, "devices_changed", json_integer(devices->nelts));
    json_object_set_new(answer, "changed", list);
    for (i = 0; i < devices->nelts && i < ADMIN_ACCESS_TOLD_MAX; i++) {
        const access_device_t *device = &APR_ARRAY_IDX(devices, i, access_device_t);
        json_t *json = json_object();

        admin_json_set(json, "account", device->account, pool);
        admin_json_set(json, "device", device->device, pool);
        admin_json_set(json, "from", sync_access_status_name(device->from), pool);
        admin_json_set(json, "to", sync_access_status_name(device->to), pool);
        json_array_append_new(list, json);
    }
}

/* Those that wait learn of it; the others with their next request. */
static int access_wake(const admin_call_t *call, const char *action,
                       const apr_array_header_t *devices)
{
    int i, told = 1;

    for (i = 0; i < devices->nelts; i++) {
        const access_device_t *device = &APR_ARRAY_IDX(devices, i, access_device_t);

        told &= admin_action_wake(call, action, device->account, device->device);
    }
    return told;
}

static base_fault_t *access_do(admin_call_t *call, const admin_access_change_t *change,
                               const apr_array_header_t *devices)
{
    const apr_array_header_t *fields = apr_table_elts(change->audit);
    admin_audit_t audit;
    base_fault_t *fault;
    int i;

    admin_audit_init(call, change->action, &audit);
    for (i = 0; i < fields->nelts; i++) {
        const apr_table_entry_t *field = &APR_ARRAY_IDX(fields, i, apr_table_entry_t);

        admin_audit_add(&audit, field->key, field->val);
    }
    admin_audit_add_number(call, &audit, "devices", (apr_uint64_t)devices->nelts);
    BASE_TRY(admin_audit_begin(call, &audit));
    fault = state_table_write(call->service->store, STATE_TABLE_ACCESS, change->check,
                              change->expected, (const state_table_entry_t *)change->writes->elts,
                              change->writes->nelts, call->pool);
    if (!fault)
        json_object_set_new(change->answer, "waiting_told",
                            json_boolean(access_wake(call, change->action, devices)));
    admin_audit_end(call, &audit, fault);
    if (fault)
        return base_fault_wrap(fault, call->pool, "%s", change->action);
    base_log_write(call->service->log, BASE_LOG_INFO, "admin %s: %s, %d devices change",
                   call->request->actor, change->action, devices->nelts);
    return NULL;
}

base_fault_t *admin_access_change_run(admin_call_t *call, admin_access_change_t *change)
{
    apr_array_header_t *devices;
    int dry_run;

    BASE_TRY(admin_parameter_flag(call, "dry_run", &dry_run));
    json_object_set_new(change->answer, "dry_run", json_boolean(dry_run));
    json_object_set_new(change->answer, "changes", json_boolean(change->is_new));
    admin_json_set(change->answer, "mode", sync_access_mode_name(call->service->access_mode),
                   call->pool);
    BASE_TRY(access_plan(call, change, &devices));
    access_answer_devices(devices, change->answer, call->pool);
    if (change->is_new && !dry_run)
        BASE_TRY(access_do(call, change, devices));
    admin_answer(call, 200, change->answer);
    return NULL;
}
