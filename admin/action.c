#include "admin/action.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"

/* -- who is meant ----------------------------------------------------------- */

base_fault_t *admin_account_find(admin_call_t *call, apr_array_header_t **devices, int *found)
{
    BASE_TRY(state_device_list(call->service->store, call->names[0], devices, call->pool));
    *found = (*devices)->nelts > 0;
    if (!*found)
        admin_answer_problem(call, 404, "no device of that account has ever synchronised", NULL);
    return NULL;
}

base_fault_t *admin_device_find(admin_call_t *call, int *found)
{
    apr_array_header_t *devices;
    json_t *extra;
    int i;

    BASE_TRY(admin_account_find(call, &devices, found));
    if (!*found)
        return NULL;
    *found = 0;
    for (i = 0; i < devices->nelts && !*found; i++)
        *found = strcmp(APR_ARRAY_IDX(devices, i, const char *), call->names[1]) == 0;
    if (*found)
        return NULL;
    extra = admin_json_object(call->pool);
    json_object_set_new(extra, "devices", admin_json_names(devices, call->pool));
    admin_answer_problem(call, 404, "the account has no such device", extra);
    return NULL;
}

/* -- the plan --------------------------------------------------------------- */

static base_fault_t *action_plan_device(admin_call_t *call, admin_action_t *action,
                                        const char *device, apr_pool_t *pool)
{
    admin_snapshot_t *snapshot;
    int i;

    BASE_TRY(admin_snapshot_read(call->service, action->account, device, &snapshot, pool));
    for (i = 0; i < snapshot->folders->nelts; i++) {
        const admin_folder_t *folder = &APR_ARRAY_IDX(snapshot->folders, i, admin_folder_t);

        if (!folder->synchronised || (action->folder && strcmp(folder->id, action->folder) != 0))
            continue;
        action->folders++;
        action->items += folder->items;
        if (action->estimate)
            admin_estimate_add(action->estimate, folder->id, folder->items);
    }
    return NULL;
}

base_fault_t *admin_action_plan(admin_call_t *call, admin_action_t *action)
{
    apr_pool_t *loop;
    base_fault_t *fault = NULL;
    int i;

    if (action->dry_run && action->what != STATE_TRASH_ALL)
        action->estimate = admin_estimate_open(call->service, action->account, call->pool);
    apr_pool_create(&loop, call->pool);
    for (i = 0; i < action->devices->nelts && !fault; i++) {
        apr_pool_clear(loop);
        fault =
            action_plan_device(call, action, APR_ARRAY_IDX(action->devices, i, const char *), loop);
    }
    fault = base_fault_wrap(fault, call->pool, "reading what there is");
    apr_pool_destroy(loop);
    return fault;
}

static json_t *action_json(const admin_call_t *call, const admin_action_t *action)
{
    json_t *answer = admin_json_object(call->pool);

    admin_json_set(answer, "action", action->name, call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(action->dry_run));
    admin_json_set(answer, "account", action->account, call->pool);
    json_object_set_new(answer, "devices", admin_json_names(action->devices, call->pool));
    if (action->folder)
        admin_json_set(answer, "folder", action->folder, call->pool);
    json_object_set_new(answer, "folders", json_integer(action->folders));
    json_object_set_new(answer, "items", json_integer((json_int_t)action->items));
    if (action->dry_run) {
        json_object_set_new(answer, "estimated_mb", admin_estimate_json(action->estimate));
        return answer;
    }
    admin_json_set(answer, "undo", action->undo, call->pool);
    json_object_set_new(answer, "undo_until",
                        action->undo
                            ? admin_json_time(call->request->now + ADMIN_UNDO_TIME, call->pool)
                            : json_null());
    json_object_set_new(answer, "waiting_told", json_boolean(action->told));
    return answer;
}

/* -- the deed --------------------------------------------------------------- */

static const char *action_id(apr_pool_t *pool)
{
    unsigned char random[8];

    apr_generate_random_bytes(random, sizeof random);
    return base_text_hex_encode(random, sizeof random, pool);
}

/* After a reset Ping says "FolderSync first", which then says "begin again". */
int admin_action_wake(const admin_call_t *call, const char *action, const char *account,
                      const char *device)
{
    base_fault_t *fault = wake_reset(call->service->bus, account, device, call->pool);

    if (!fault)
        return 1;
    base_log_write(call->service->log, BASE_LOG_WARNING,
                   "admin: %s of account %s is done, but waiting devices were not told: %s", action,
                   account, fault->message);
    return 0;
}

base_fault_t *admin_action_do(admin_call_t *call, admin_action_t *action)
{
    const char *id = action_id(call->pool);
    const state_trash_request_t request = {.id = id,
                                           .account = action->account,
                                           .device = action->device,
                                           .what = action->what,
                                           .folder = action->folder,
                                           .note = call->request->actor,
                                           .ttl = ADMIN_UNDO_TIME};
    admin_audit_t audit;
    base_fault_t *fault;
    int moved = 0;

    admin_audit_init(call, action->name, &audit);
    admin_audit_add(&audit, "account", action->account);
    admin_audit_add(&audit, "device", action->device);
    admin_audit_add(&audit, "folder", action->folder);
    admin_audit_add_number(call, &audit, "devices", (apr_uint64_t)action->devices->nelts);
    admin_audit_add_number(call, &audit, "folders", (apr_uint64_t)action->folders);
    admin_audit_add_number(call, &audit, "items", action->items);
    admin_audit_add(&audit, "undo", id);
    BASE_TRY(admin_audit_begin(call, &audit));
    fault = state_trash_move(call->service->store, &request, &moved, call->pool);
    if (fault) {
        admin_audit_end(call, &audit, fault);
        return base_fault_wrap(fault, call->pool, "%s", action->name);
    }
    action->told = admin_action_wake(call, action->name, action->account, action->device);
    admin_audit_end(call, &audit, NULL);
    base_log_write(call->service->log, BASE_LOG_INFO,
                   "admin %s: %s of account %s, device %s, folder %s: %d records, undo %s",
                   call->request->actor, action->name, action->account,
                   action->device ? action->device : "(all)",
                   action->folder ? action->folder : "(all)", moved, id);
    action->undo = moved ? id : NULL;
    return NULL;
}

static base_fault_t *action_run(admin_call_t *call, admin_action_t *action)
{
    BASE_TRY(admin_action_plan(call, action));
    if (!action->dry_run)
        BASE_TRY(admin_action_do(call, action));
    admin_answer(call, 200, action_json(call, action));
    return NULL;
}

/* -- routes ----------------------------------------------------------------- */

base_fault_t *admin_account_reset(admin_call_t *call)
{
    admin_action_t action = {
        .name = "account.reset", .what = STATE_TRASH_SYNC, .account = call->names[0]};
    int found;

    BASE_TRY(admin_parameter_flag(call, "dry_run", &action.dry_run));
    BASE_TRY(admin_account_find(call, &action.devices, &found));
    return found ? action_run(call, &action) : NULL;
}

base_fault_t *admin_action_of_device(admin_call_t *call, admin_action_t *action)
{
    int found, forbidden = 0;

    action->account = call->names[0];
    action->device = call->names[1];
    action->devices = apr_array_make(call->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(action->devices, const char *) = action->device;
    BASE_TRY(admin_parameter_flag(call, "dry_run", &action->dry_run));
    BASE_TRY(admin_device_find(call, &found));
    if (found && action->what == STATE_TRASH_ALL)
        BASE_TRY(admin_wipe_forbids(call, &forbidden));
    return found && !forbidden ? action_run(call, action) : NULL;
}

base_fault_t *admin_device_reset(admin_call_t *call)
{
    admin_action_t action = {.name = "device.reset", .what = STATE_TRASH_SYNC};

    return admin_action_of_device(call, &action);
}

base_fault_t *admin_device_remove(admin_call_t *call)
{
    admin_action_t action = {.name = "device.remove", .what = STATE_TRASH_ALL};

    return admin_action_of_device(call, &action);
}

base_fault_t *admin_folder_reset(admin_call_t *call)
{
    admin_action_t action = {
        .name = "folder.reset", .what = STATE_TRASH_FOLDER, .folder = call->names[2]};
    apr_array_header_t *folders;
    json_t *extra;
    int i, found;

    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(state_record_list(call->service->store, call->names[0], call->names[1],
                               STATE_RECORD_FOLDER, &folders, call->pool));
    for (i = 0; i < folders->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(folders, i, const char *), action.folder) == 0)
            return admin_action_of_device(call, &action);
    extra = admin_json_object(call->pool);
    json_object_set_new(extra, "folders", admin_json_names(folders, call->pool));
    admin_answer_problem(call, 404, "the device does not synchronise such a folder", extra);
    return NULL;
}
