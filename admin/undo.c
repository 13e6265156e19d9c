/* Bringing back what a reset or a removal moved aside. */
#include "admin/action.h"

#include <string.h>

#include "state/trash.h"

static const char *undo_action(const state_trash_t *entry)
{
    switch (entry->what) {
    case STATE_TRASH_FOLDER:
        return "folder.reset";
    case STATE_TRASH_SYNC:
        return entry->device ? "device.reset" : "account.reset";
    case STATE_TRASH_ALL:
        return "device.remove";
    }
    return "";
}

static int undo_has(const state_trash_t *entry, const char *device)
{
    int i;

    for (i = 0; i < entry->devices->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(entry->devices, i, const char *), device) == 0)
            return 1;
    return 0;
}

static json_t *undo_json(const state_trash_t *entry, apr_pool_t *pool)
{
    json_t *json = json_object();

    admin_json_set(json, "undo", entry->id, pool);
    admin_json_set(json, "action", undo_action(entry), pool);
    admin_json_set(json, "folder", entry->folder, pool);
    json_object_set_new(json, "devices", admin_json_names(entry->devices, pool));
    admin_json_set(json, "actor", entry->note, pool);
    json_object_set_new(json, "time", admin_json_time(entry->created, pool));
    json_object_set_new(json, "undo_until", admin_json_time(entry->expires, pool));
    return json;
}

base_fault_t *admin_undo_entries(admin_call_t *call, const char *device, json_t **list)
{
    apr_array_header_t *entries;
    int i;

    *list = NULL;
    BASE_TRY(state_trash_list(call->service->store, call->names[0], &entries, call->pool));
    *list = json_array();
    for (i = 0; i < entries->nelts; i++) {
        const state_trash_t *entry = APR_ARRAY_IDX(entries, i, state_trash_t *);

        if (!device || undo_has(entry, device))
            json_array_append_new(*list, undo_json(entry, call->pool));
    }
    return NULL;
}

base_fault_t *admin_undo_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list;

    BASE_TRY(admin_undo_entries(call, NULL, &list));
    admin_json_set(answer, "account", call->names[0], call->pool);
    json_object_set_new(answer, "undo", list);
    admin_answer(call, 200, answer);
    return NULL;
}

/* -- undo ------------------------------------------------------------------- */

static base_fault_t *undo_find(admin_call_t *call, const char *device, const state_trash_t **found)
{
    apr_array_header_t *entries;
    int i;

    *found = NULL;
    BASE_TRY(state_trash_list(call->service->store, call->names[0], &entries, call->pool));
    for (i = 0; i < entries->nelts; i++) {
        const state_trash_t *entry = APR_ARRAY_IDX(entries, i, state_trash_t *);

        if (strcmp(entry->id, call->names[1]) == 0 && (!device || undo_has(entry, device)))
            *found = entry;
    }
    return NULL;
}

/* Has the device begun again, so that what it has now would be lost? The store decides when it
 * comes to it; this is for a dry run. */
static base_fault_t *undo_begun(admin_call_t *call, const state_trash_t *entry, const char *device,
                                int *begun)
{
    static const char *const none[] = {"m"};
    static const char *const held[] = {STATE_TRASH_HELD};
    state_key_t key = {.account = call->names[0], .device = device, .kind = STATE_RECORD_HIERARCHY};
    apr_array_header_t *folders;
    state_record_t *record;

    if (entry->what == STATE_TRASH_FOLDER) {
        key.kind = STATE_RECORD_FOLDER;
        key.name = entry->folder;
    }
    BASE_TRY(state_record_read(call->service->store, &key, none, 1, &record, call->pool));
    *begun = record->version != 0;
    if (*begun || entry->what == STATE_TRASH_FOLDER)
        return NULL;
    BASE_TRY(state_record_list(call->service->store, key.account, device, STATE_RECORD_FOLDER,
                               &folders, call->pool));
    *begun = folders->nelts > 0;
    if (*begun || entry->what != STATE_TRASH_ALL)
        return NULL;
    key.kind = STATE_RECORD_DEVICE; /* one that may not be replaced */
    BASE_TRY(state_record_read(call->service->store, &key, held, 1, &record, call->pool));
    *begun = record->count > 0;
    return NULL;
}

static base_fault_t *undo_dry_run(admin_call_t *call, const state_trash_t *entry,
                                  const char *device, json_t *answer)
{
    json_t *refused = json_array();
    int i, begun;

    json_object_set_new(answer, "begun_anew", refused);
    for (i = 0; i < entry->devices->nelts; i++) {
        const char *name = APR_ARRAY_IDX(entry->devices, i, const char *);

        if (device && strcmp(name, device) != 0)
            continue;
        BASE_TRY(undo_begun(call, entry, name, &begun));
        if (begun)
            json_array_append_new(refused, admin_json_text(name, call->pool));
    }
    json_object_set_new(answer, "possible", json_boolean(!json_array_size(refused)));
    admin_answer(call, 200, answer);
    return NULL;
}

static base_fault_t *undo_do(admin_call_t *call, const char *device, json_t *answer)
{
    const char *account = call->names[0], *id = call->names[1];
    admin_audit_t audit;
    base_fault_t *fault;
    int restored;

    admin_audit_init(call, "undo", &audit);
    admin_audit_add(&audit, "account", account);
    admin_audit_add(&audit, "device", device);
    admin_audit_add(&audit, "undo", id);
    BASE_TRY(admin_audit_begin(call, &audit));
    fault = state_trash_restore(call->service->store, account, id, device, &restored, call->pool);
    admin_audit_end(call, &audit, fault);
    if (fault)
        return fault;
    base_log_write(call->service->log, BASE_LOG_INFO,
                   "admin %s: undo %s of account %s, device %s: %d records", call->request->actor,
                   id, account, device ? device : "(all)", restored);
    admin_answer(call, 200, answer);
    return NULL;
}

base_fault_t *admin_undo_run(admin_call_t *call)
{
    const char *device = admin_parameter(call, "device");
    json_t *answer = admin_json_object(call->pool), *undone;
    const state_trash_t *entry;
    int dry_run;

    BASE_TRY(admin_parameter_flag(call, "dry_run", &dry_run));
    BASE_TRY(undo_find(call, device, &entry));
    if (!entry) {
        admin_answer_problem(call, 404,
                             "there is nothing to undo under that id: it is older than a day, was "
                             "undone, or never was",
                             NULL);
        return NULL;
    }
    admin_json_set(answer, "action", "undo", call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(dry_run));
    admin_json_set(answer, "account", call->names[0], call->pool);
    admin_json_set(answer, "device", device, call->pool);
    undone = undo_json(entry, call->pool);
    json_object_set_new(answer, "of", undone);
    return dry_run ? undo_dry_run(call, entry, device, answer) : undo_do(call, device, answer);
}
