/* Items that a device was not given because they cannot be rendered, and trying them once more. */
#include "admin/action.h"
#include "admin/held.h"

#include <string.h>
#include <apr_strings.h>

#include "item/reference.h"
#include "sync/folder_state.h"

#define RETRY_TRIES 5

/* -- showing ---------------------------------------------------------------- */

json_t *admin_quarantined_json(const char *folder_id, apr_uint32_t generation,
                               const sync_quarantined_t *item, int waiting, apr_pool_t *pool)
{
    const item_reference_t reference = {
        .folder_id = folder_id, .generation = generation, .uid = item->uid};
    json_t *json = json_object();

    admin_json_set(json, "item", item_reference_server_id(&reference, pool), pool);
    json_object_set_new(json, "time", admin_json_time(item->when, pool));
    json_object_set_new(json, "tries", json_integer(item->tries));
    admin_json_set(json, "reason", item->reason, pool);
    json_object_set_new(json, "retry_waiting", json_boolean(waiting));
    return json;
}

/* -- trying once more ------------------------------------------------------- */

typedef struct {
    state_key_t key;
    const char *item; /* ServerId, NULL: all of the folder */
    item_reference_t reference;
    state_record_t *record;
    sync_folder_state_t *state;
    apr_array_header_t *uids; /* apr_uint64_t: what is to be tried */
} retry_t;

/* Reads the folder state and finds what there is to try. */
static base_fault_t *retry_read(const admin_call_t *call, retry_t *retry)
{
    static const char *const fields[] = {SYNC_FOLDER_FIELD, SYNC_QUARANTINE_FIELD};
    const sync_quarantine_t *quarantine;
    const state_field_t *meta;
    int i;

    BASE_TRY(state_record_read(call->service->store, &retry->key, fields, 2, &retry->record,
                               call->pool));
    meta = state_record_field(retry->record, SYNC_FOLDER_FIELD);
    retry->state = meta ? sync_folder_state_unpack(meta->data, meta->length, call->pool) : NULL;
    retry->uids = apr_array_make(call->pool, 4, sizeof(apr_uint64_t));
    if (!retry->state)
        return NULL;
    quarantine = admin_held_quarantine(retry->record, call->pool);
    for (i = 0; i < quarantine->items->nelts; i++) {
        apr_uint64_t uid = APR_ARRAY_IDX(quarantine->items, i, sync_quarantined_t).uid;

        if (!retry->item || (uid == retry->reference.uid &&
                             retry->reference.generation == retry->state->generation))
            APR_ARRAY_PUSH(retry->uids, apr_uint64_t) = uid;
    }
    return NULL;
}

static int retry_has(const sync_position_t *position, apr_uint64_t uid)
{
    int i;

    for (i = 0; i < position->todo_count; i++)
        if (position->todo[i] == uid)
            return 1;
    return 0;
}

/* Returns 1 when there was something to add. */
static int retry_position(const retry_t *retry, sync_position_t *position, apr_pool_t *pool)
{
    apr_uint64_t *todo = apr_palloc(
        pool, (apr_size_t)(position->todo_count + retry->uids->nelts + 1) * sizeof *todo);
    int i, count = position->todo_count;

    for (i = 0; i < count; i++)
        todo[i] = position->todo[i];
    for (i = 0; i < retry->uids->nelts && count < SYNC_TODO_MAX; i++)
        if (!retry_has(position, APR_ARRAY_IDX(retry->uids, i, apr_uint64_t)))
            todo[count++] = APR_ARRAY_IDX(retry->uids, i, apr_uint64_t);
    i = count > position->todo_count;
    position->todo = todo;
    position->todo_count = count;
    return i;
}

/* Whichever key the device presents next, the items are looked at once more. */
static base_fault_t *retry_write(const admin_call_t *call, retry_t *retry)
{
    base_text_buffer_t packed = {.pool = call->pool};
    int i, changes = retry_position(retry, &retry->state->base, call->pool);
    apr_uint64_t version;
    state_field_t set;

    for (i = 0; i < retry->state->keys.answer_count; i++)
        changes |= retry_position(retry, &retry->state->pending[i].after, call->pool);
    if (!changes)
        return NULL;
    sync_folder_state_pack(retry->state, &packed);
    set = (state_field_t){.name = SYNC_FOLDER_FIELD, .data = packed.data, .length = packed.length};
    return state_record_commit(call->service->store, &retry->key, retry->record->version, &set, 1,
                               NULL, 0, &version, call->pool);
}

/* The device may be syncing meanwhile. */
static base_fault_t *retry_commit(const admin_call_t *call, retry_t *retry)
{
    base_fault_t *fault = NULL;
    int try;

    for (try = 0; try < RETRY_TRIES; try++) {
        if (try)
            BASE_TRY(retry_read(call, retry));
        if (!retry->uids->nelts)
            return NULL; /* it was given just now */
        fault = retry_write(call, retry);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    return fault;
}

static base_fault_t *retry_do(admin_call_t *call, retry_t *retry, json_t *answer)
{
    admin_audit_t audit;
    base_fault_t *fault;

    admin_audit_init(call, "device.retry", &audit);
    admin_audit_add(&audit, "account", call->names[0]);
    admin_audit_add(&audit, "device", call->names[1]);
    admin_audit_add(&audit, "folder", retry->key.name);
    admin_audit_add(&audit, "item", retry->item);
    admin_audit_add_number(call, &audit, "items", (apr_uint64_t)retry->uids->nelts);
    BASE_TRY(admin_audit_begin(call, &audit));
    fault = retry_commit(call, retry);
    admin_audit_end(call, &audit, fault);
    if (fault)
        return base_fault_wrap(fault, call->pool, "device.retry");
    /* whoever waits looks, and finds that there is something for this device */
    fault = wake_publish(call->service->bus, call->names[0], retry->key.name, WAKE_EVENT_ADDED,
                         call->pool);
    if (fault)
        base_log_write(call->service->log, BASE_LOG_WARNING,
                       "admin: the items wait for the device's next Sync, as a waiting device was "
                       "not told: %s",
                       fault->message);
    json_object_set_new(answer, "waiting_told", json_boolean(!fault));
    return NULL;
}

/* Names the folder: by itself, or by an item of it. */
static base_fault_t *retry_parse(const admin_call_t *call, retry_t *retry)
{
    const char *folder = admin_parameter(call, "folder");

    retry->item = admin_parameter(call, "item");
    if (!retry->item == !folder)
        return base_fault_make(call->pool, BASE_FAULT_INVALID, "give folder or item");
    if (retry->item && !item_reference_parse_server_id(retry->item, &retry->reference, call->pool))
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "item must be a ServerId: folder:generation:number");
    retry->key = (state_key_t){.account = call->names[0],
                               .device = call->names[1],
                               .kind = STATE_RECORD_FOLDER,
                               .name = folder ? folder : retry->reference.folder_id};
    return NULL;
}

base_fault_t *admin_device_retry(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *devices = json_array();
    retry_t retry;
    int dry_run, found;

    json_array_append_new(devices, admin_json_text(call->names[1], call->pool));
    json_object_set_new(answer, "devices", devices);
    BASE_TRY(admin_parameter_flag(call, "dry_run", &dry_run));
    BASE_TRY(retry_parse(call, &retry));
    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(retry_read(call, &retry));
    if (!retry.uids->nelts) {
        admin_answer_problem(call, 404,
                             retry.item ? "that item is not quarantined for the device"
                                        : "nothing of that folder is quarantined for the device",
                             NULL);
        return NULL;
    }
    admin_json_set(answer, "action", "device.retry", call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(dry_run));
    admin_json_set(answer, "account", call->names[0], call->pool);
    admin_json_set(answer, "folder", retry.key.name, call->pool);
    json_object_set_new(answer, "items", json_integer(retry.uids->nelts));
    json_object_set_new(answer, "changes", json_true());
    if (!dry_run)
        BASE_TRY(retry_do(call, &retry, answer));
    admin_answer(call, 200, answer);
    return NULL;
}
