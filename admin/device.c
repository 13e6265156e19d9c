/* One device in full. */
#include "admin/action.h"
#include "admin/devices.h"
#include "admin/parked.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

/* Fields of the device record and what they are called here. */
static const struct {
    const char *field, *name;
} device_texts[] = {
    {"type", "type"},          {"model", "model"},
    {"name", "friendly_name"}, {"os", "os"},
    {"language", "language"},  {"agent", "user_agent"},
    {"operator", "operator"},  {"phone", "phone_number"},
    {"imei", "imei"},          {"version", "protocol"},
};

json_t *admin_device_summary(const admin_device_look_t *look, apr_pool_t *pool)
{
    json_t *json = json_object();
    size_t i;

    admin_json_set(json, "account", look->account, pool);
    admin_json_set(json, "device", look->device, pool);
    for (i = 0; i < sizeof device_texts / sizeof *device_texts; i++)
        admin_json_set(json, device_texts[i].name,
                       state_record_text(look->record, device_texts[i].field, pool), pool);
    json_object_set_new(json, "first_seen",
                        admin_json_time(admin_record_time(look->record, "first", pool), pool));
    json_object_set_new(json, "last_seen", admin_json_time(look->last, pool));
    json_object_set_new(json, "state", json_string(look->active ? "active" : "empty"));
    json_object_set_new(json, "synchronised_folders", json_integer(look->folders));
    json_object_set_new(json, "quarantined", json_integer(look->quarantined));
    json_object_set_new(json, "suspended", admin_suspension(look->record, pool));
    json_object_set_new(json, "wipe", admin_wipe_json(look->record, pool));
    json_object_set_new(json, "access", admin_access_json(look, pool));
    json_object_set_new(json, "paused", admin_brake_json(look->record, pool));
    return json;
}

static json_t *device_exchange_time(const json_t *exchange)
{
    json_t *time = json_object_get(exchange, "time");

    return time ? json_incref(time) : json_null();
}

static json_t *device_quarantined(const admin_folder_t *folder, apr_pool_t *pool)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < folder->quarantine->items->nelts; i++)
        json_array_append_new(
            list,
            admin_quarantined_json(folder->id, folder->generation,
                                   &APR_ARRAY_IDX(folder->quarantine->items, i, sync_quarantined_t),
                                   folder->retry_waiting && folder->retry_waiting[i], pool));
    return list;
}

static json_t *device_folder(const admin_folder_t *folder, const json_t *exchanges,
                             apr_pool_t *pool)
{
    json_t *json = json_object(), *pending;

    admin_json_set(json, "folder", folder->id, pool);
    admin_json_set(json, "name", folder->name, pool);
    admin_json_set(json, "class", admin_folder_class(folder->type), pool);
    json_object_set_new(json, "synchronised", json_boolean(folder->synchronised));
    if (!folder->synchronised)
        return json;
    admin_json_set(json, "damaged", folder->damaged, pool);
    admin_json_set(json, "sync_key", folder->sync_key, pool);
    admin_json_set(json, "confirmed_sync_key", folder->confirmed, pool);
    json_object_set_new(json, "items", json_integer((json_int_t)folder->items));
    json_object_set_new(json, "complete", json_boolean(folder->complete));
    json_object_set_new(json, "more_available", json_boolean(folder->more));
    pending = json_object();
    json_object_set_new(pending, "add", json_integer(folder->pending_adds));
    json_object_set_new(pending, "change", json_integer(folder->pending_changes));
    json_object_set_new(pending, "delete", json_integer(folder->pending_deletes));
    json_object_set_new(json, "pending", pending);
    json_object_set_new(json, "filter_type", json_integer(folder->filter));
    json_object_set_new(json, "bytes", json_integer((json_int_t)folder->bytes));
    json_object_set_new(json, "quarantined", device_quarantined(folder, pool));
    json_object_set_new(json, "last_sync",
                        device_exchange_time(admin_exchange_last(exchanges, "Sync", folder->id)));
    return json;
}

/* The last Ping that was answered, and the folders that the device wants to hear of; null when it
 * never sent one. */
static base_fault_t *device_ping(const admin_call_t *call, const char *device,
                                 const json_t *exchanges, json_t **ping)
{
    const state_key_t key = {
        .account = call->names[0], .device = device, .kind = STATE_RECORD_REQUEST, .name = "ping"};
    const json_t *last = admin_exchange_last(exchanges, "Ping", NULL);
    const char *heartbeat;
    state_record_t *record;

    BASE_TRY(state_record_read(call->service->store, &key, NULL, 0, &record, call->pool));
    heartbeat = state_record_text(record, "heartbeat", call->pool);
    *ping = heartbeat || last ? json_object() : json_null();
    if (!heartbeat && !last)
        return NULL;
    json_object_set_new(*ping, "last", device_exchange_time(last));
    json_object_set(*ping, "last_status", json_object_get(last, "status"));
    json_object_set(*ping, "node", json_object_get(last, "node"));
    json_object_set(*ping, "heartbeat_asked", json_object_get(last, "heartbeat_asked"));
    json_object_set(*ping, "heartbeat", json_object_get(last, "heartbeat"));
    if (heartbeat && !last) /* the recorder is off, or it waits for the first time */
        json_object_set_new(*ping, "heartbeat_asked",
                            json_integer((json_int_t)apr_atoi64(heartbeat)));
    admin_json_set(*ping, "folders", state_record_text(record, "folders", call->pool), call->pool);
    return NULL;
}

/* Whether it waits now. */
static base_fault_t *device_parked(const admin_call_t *call, json_t *answer)
{
    apr_array_header_t *accounts = apr_array_make(call->pool, 1, sizeof(const char *));
    admin_parked_t *parked;

    APR_ARRAY_PUSH(accounts, const char *) = call->names[0];
    BASE_TRY(admin_parked_read(call, accounts, &parked));
    json_object_set_new(answer, "parked",
                        admin_parked_json(parked, call->names[0], call->names[1], call->pool));
    json_object_set_new(answer, "parked_complete", json_boolean(admin_parked_is_complete(parked)));
    return NULL;
}

static void device_folders(json_t *answer, const admin_snapshot_t *snapshot,
                           const json_t *exchanges, apr_pool_t *pool)
{
    json_t *list = json_array();
    int i;

    json_object_set_new(answer, "folders", list);
    for (i = 0; i < snapshot->folders->nelts; i++)
        json_array_append_new(
            list,
            device_folder(&APR_ARRAY_IDX(snapshot->folders, i, admin_folder_t), exchanges, pool));
}

base_fault_t *admin_device_json(admin_call_t *call, json_t *answer)
{
    json_t *holder = admin_json_object(call->pool), *summary, *json, *exchanges;
    admin_device_look_t look = {.account = call->names[0], .device = call->names[1]};
    const admin_access_t *access;
    admin_snapshot_t *snapshot;

    BASE_TRY(
        admin_snapshot_read(call->service, call->names[0], call->names[1], &snapshot, call->pool));
    BASE_TRY(admin_access_open(call->service, &access, call->pool));
    BASE_TRY(admin_device_look(access, &look, call->pool));
    summary = admin_device_summary(&look, call->pool);
    json_object_update(answer, summary);
    json_decref(summary);
    json_object_set_new(
        answer, "policy",
        admin_policy_state(call->service->policies, look.account, look.record, call->pool));
    json_object_set_new(answer, "tracing",
                        admin_trace_state(look.record, call->request->now, call->pool));
    json_object_set_new(answer, "throttled", admin_throttle_of(call, look.account, look.device));
    json_object_set_new(answer, "profile", admin_profile_json(call, look.record));
    admin_json_set(answer, "hierarchy_sync_key", snapshot->sync_key, call->pool);
    json_object_set_new(answer, "items", json_integer((json_int_t)snapshot->items));
    json_object_set_new(answer, "bytes", json_integer((json_int_t)snapshot->bytes));
    BASE_TRY(admin_exchange_entries(call, &exchanges));
    json_object_set_new(holder, "exchanges", exchanges);
    json_object_set_new(answer, "last_sync",
                        device_exchange_time(admin_exchange_last(exchanges, "Sync", NULL)));
    BASE_TRY(device_ping(call, snapshot->device, exchanges, &json));
    json_object_set_new(answer, "ping", json);
    BASE_TRY(device_parked(call, answer));
    BASE_TRY(admin_undo_entries(call, snapshot->device, &json));
    json_object_set_new(answer, "undo", json);
    device_folders(answer, snapshot, exchanges, call->pool);
    return NULL;
}

base_fault_t *admin_device_show(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    int found;

    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(admin_device_json(call, answer));
    admin_answer(call, 200, answer);
    return NULL;
}
