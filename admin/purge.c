/* Removing devices that have not been seen for a long time, page by page: each is a removal of its
 * own, with its entry in the audit and its undo. */
#include "admin/action.h"
#include "admin/devices.h"

#include "base/text.h"

#define PURGE_DAYS_MAX 36500

typedef struct {
    admin_call_t *call;
    apr_time_t before;
    int dry_run;
    json_t *list;
    int folders;
    apr_uint64_t items;
    int suspended; /* left alone: their suspension would go with them */
    int wiped;     /* likewise: to be wiped, or not released yet */
    int unknown;   /* they have a SyncState, and nobody knows when they were here */
} purge_t;

static base_fault_t *purge_remove(purge_t *purge, const admin_device_look_t *look, apr_pool_t *pool)
{
    admin_call_t *call = purge->call;
    admin_action_t action = {.name = "device.purge",
                             .what = STATE_TRASH_ALL,
                             .account = look->account,
                             .device = look->device,
                             .dry_run = purge->dry_run,
                             .devices = apr_array_make(pool, 1, sizeof(const char *))};
    json_t *json;

    APR_ARRAY_PUSH(action.devices, const char *) = look->device;
    BASE_TRY(admin_action_plan(call, &action));
    if (!action.dry_run)
        BASE_TRY(admin_action_do(call, &action));
    purge->folders += action.folders;
    purge->items += action.items;
    json = json_object();
    json_array_append_new(purge->list, json);
    admin_json_set(json, "account", look->account, pool);
    admin_json_set(json, "device", look->device, pool);
    json_object_set_new(json, "last_seen", admin_json_time(look->last, pool));
    json_object_set_new(json, "folders", json_integer(action.folders));
    json_object_set_new(json, "items", json_integer((json_int_t)action.items));
    if (!action.dry_run)
        admin_json_set(json, "undo", action.undo, pool);
    return NULL;
}

static base_fault_t *purge_visit(void *baton, const admin_device_look_t *look, int *taken,
                                 apr_pool_t *pool)
{
    purge_t *purge = baton;
    int unknown = !look->last && look->active;

    *taken = 0;
    if (look->last >= purge->before)
        return NULL;
    purge->suspended += look->suspended;
    purge->wiped += !look->suspended && look->wipe;
    purge->unknown += !look->suspended && !look->wipe && unknown;
    if (look->suspended || look->wipe || unknown)
        return NULL;
    *taken = 1;
    return purge_remove(purge, look, pool);
}

static base_fault_t *purge_run(admin_call_t *call, const char *account)
{
    json_t *answer = admin_json_object(call->pool);
    purge_t purge = {.call = call, .list = json_array()};
    admin_walk_t walk = {.call = call, .visit = purge_visit, .baton = &purge};
    const char *days = admin_parameter(call, "days");
    apr_uint64_t number = 0;

    json_object_set_new(answer, "devices", purge.list);
    BASE_TRY(admin_parameter_flag(call, "dry_run", &purge.dry_run));
    if (!days || !base_text_parse_uint(days, PURGE_DAYS_MAX, &number) || !number)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "days must be a number from 1 to %d: devices not seen for so long "
                               "are removed",
                               PURGE_DAYS_MAX);
    purge.before = call->request->now - apr_time_from_sec((apr_int64_t)number * 86400);
    BASE_TRY(admin_walk(&walk, account));
    admin_json_set(answer, "action", "device.purge", call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(purge.dry_run));
    admin_json_set(answer, "account", account, call->pool);
    json_object_set_new(answer, "not_seen_since", admin_json_time(purge.before, call->pool));
    json_object_set_new(answer, "folders", json_integer(purge.folders));
    json_object_set_new(answer, "items", json_integer((json_int_t)purge.items));
    json_object_set_new(answer, "suspended_left", json_integer(purge.suspended));
    json_object_set_new(answer, "wiped_left", json_integer(purge.wiped));
    json_object_set_new(answer, "unknown_left", json_integer(purge.unknown));
    admin_json_set(answer, "next", walk.next, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}

base_fault_t *admin_purge_all(admin_call_t *call)
{
    return purge_run(call, NULL);
}

base_fault_t *admin_purge_account(admin_call_t *call)
{
    apr_array_header_t *devices;
    int found;

    BASE_TRY(admin_account_find(call, &devices, &found));
    return found ? purge_run(call, call->names[0]) : NULL;
}
