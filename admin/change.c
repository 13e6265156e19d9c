#include "admin/change.h"

state_key_t admin_change_key(const admin_call_t *call)
{
    return (state_key_t){
        .account = call->names[0], .device = call->names[1], .kind = STATE_RECORD_DEVICE};
}

base_fault_t *admin_change_begin(admin_call_t *call, admin_change_t *change, int *found)
{
    json_t *devices = json_array();

    change->answer = admin_json_object(call->pool);
    BASE_TRY(admin_parameter_flag(call, "dry_run", &change->dry_run));
    BASE_TRY(admin_device_find(call, found));
    json_array_append_new(devices, admin_json_text(call->names[1], call->pool));
    json_object_set_new(change->answer, "devices", devices);
    admin_json_set(change->answer, "action", change->action, call->pool);
    json_object_set_new(change->answer, "dry_run", json_boolean(change->dry_run));
    admin_json_set(change->answer, "account", call->names[0], call->pool);
    return NULL;
}

/* Returns how many. */
static int change_names(const admin_change_t *change, const char **names)
{
    int i;

    for (i = 0; i < change->count; i++)
        names[i] = change->fields[i].name;
    return change->count;
}

base_fault_t *admin_change_read(const admin_call_t *call, const admin_change_t *change,
                                state_record_t **record)
{
    const state_key_t key = admin_change_key(call);
    const char *names[ADMIN_CHANGE_FIELDS_MAX];

    return state_record_read(call->service->store, &key, names, change_names(change, names), record,
                             call->pool);
}

static int change_is_due(const admin_change_t *change, const state_record_t *record)
{
    int is_set = state_record_field(record, change->fields[0].name) != NULL;

    if (change->unless && state_record_field(record, change->unless))
        return 0;
    return change->when == ADMIN_CHANGE_ALWAYS || is_set == (change->when == ADMIN_CHANGE_IF_SET);
}

typedef struct {
    const admin_call_t *call;
    const admin_change_t *change;
} change_work_t;

static base_fault_t *change_decide(void *baton, const state_record_t *record,
                                   state_change_t *writes, apr_pool_t *pool)
{
    const change_work_t *work = baton;
    const admin_change_t *change = work->change;
    int i;

    if (change->unless && state_record_field(record, change->unless))
        return base_fault_make(pool, BASE_FAULT_CONFLICT, "too late, the device was faster");
    for (i = 0; i < change->count && change_is_due(change, record); i++) {
        const char *value =
            i == 0 && change->value ? change->value(work->call, record) : change->fields[i].value;

        if (value)
            state_change_set(writes, change->fields[i].name, value);
        else
            state_change_delete(writes, change->fields[i].name);
    }
    return NULL;
}

/* Somebody else may have done it meanwhile. */
base_fault_t *admin_change_write(const admin_call_t *call, const admin_change_t *change)
{
    const state_key_t key = admin_change_key(call);
    change_work_t work = {.call = call, .change = change};
    const char *names[ADMIN_CHANGE_FIELDS_MAX];

    return state_record_change(call->service->store, &key, names, change_names(change, names),
                               change_decide, &work, call->pool);
}

static base_fault_t *change_do(admin_call_t *call, admin_change_t *change)
{
    admin_audit_t audit;
    base_fault_t *fault;
    int i;

    admin_audit_init(call, change->action, &audit);
    admin_audit_add(&audit, "account", call->names[0]);
    admin_audit_add(&audit, "device", call->names[1]);
    for (i = 0; i < change->audit_count; i++)
        admin_audit_add(&audit, change->audit[i].name, change->audit[i].value);
    BASE_TRY(admin_audit_begin(call, &audit));
    fault = admin_change_write(call, change);
    if (!fault && change->wake)
        json_object_set_new(
            change->answer, "waiting_told",
            json_boolean(admin_action_wake(call, change->action, call->names[0], call->names[1])));
    admin_audit_end(call, &audit, fault);
    if (fault)
        return base_fault_wrap(fault, call->pool, "%s", change->action);
    base_log_write(call->service->log, BASE_LOG_INFO, "admin %s: %s of account %s, device %s",
                   call->request->actor, change->action, call->names[0], call->names[1]);
    return NULL;
}

base_fault_t *admin_change_make(admin_call_t *call, admin_change_t *change)
{
    state_record_t *record;
    int is_due;

    BASE_TRY(admin_change_read(call, change, &record));
    is_due = change_is_due(change, record);
    if (is_due && !change->dry_run)
        BASE_TRY(change_do(call, change));
    json_object_set_new(change->answer, "changes", json_boolean(is_due));
    return NULL;
}
