/* Folders that are paused for a device because it wanted to remove too much of them (sync/brake.h):
 * approved, its next try is done; rejected, the folder begins anew, so that what the device removed on
 * its own comes back to it. */
#include "admin/change.h"
#include "admin/snapshot.h"

#include <string.h>

#include "sync/brake.h"

json_t *admin_brake_json(const state_record_t *record, apr_pool_t *pool)
{
    const apr_array_header_t *entries =
        sync_brake_parse(state_record_text(record, SYNC_BRAKE_FIELD, pool), pool);
    json_t *list = json_array();
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const sync_brake_entry_t *entry = &APR_ARRAY_IDX(entries, i, sync_brake_entry_t);
        json_t *json;

        if (entry->state != SYNC_BRAKE_PAUSED)
            continue;
        json = json_object();
        admin_json_set(json, "folder", entry->folder, pool);
        json_object_set_new(json, "since", admin_json_time(entry->since, pool));
        json_object_set_new(json, "removals", json_integer((json_int_t)entry->count));
        json_object_set_new(json, "items", json_integer((json_int_t)entry->size));
        json_array_append_new(list, json);
    }
    return list;
}

static const admin_change_field_t brake_field[] = {{.name = SYNC_BRAKE_FIELD}};

base_fault_t *admin_brake_read(const admin_call_t *call, json_t **paused)
{
    const admin_change_t change = {.fields = brake_field, .count = 1};
    state_record_t *record;

    BASE_TRY(admin_change_read(call, &change, &record));
    *paused = admin_brake_json(record, call->pool);
    return NULL;
}

/* The field with the folder's entry in another state; what else is in it may change meanwhile. */
static const char *brake_value(const admin_call_t *call, const state_record_t *record,
                               sync_brake_state_t state)
{
    apr_array_header_t *entries =
        sync_brake_parse(state_record_text(record, SYNC_BRAKE_FIELD, call->pool), call->pool);
    sync_brake_entry_t *entry = sync_brake_find(entries, call->names[2]);

    if (entry && entry->state == SYNC_BRAKE_PAUSED) {
        entry->state = state;
        entry->since = call->request->now;
        entry->count = 0;
        entry->digest = "";
    }
    return sync_brake_format(entries, APR_INT64_MAX, call->request->now, call->pool);
}

static const char *brake_approved(const admin_call_t *call, const state_record_t *record)
{
    return brake_value(call, record, SYNC_BRAKE_APPROVED);
}

static const char *brake_rejected(const admin_call_t *call, const state_record_t *record)
{
    return brake_value(call, record, SYNC_BRAKE_COUNTING);
}

/* *found 0: answered 404. */
static base_fault_t *brake_find(admin_call_t *call, int *found)
{
    json_t *holder = admin_json_object(call->pool), *paused;
    size_t i;

    BASE_TRY(admin_device_find(call, found));
    if (!*found)
        return NULL;
    BASE_TRY(admin_brake_read(call, &paused));
    json_object_set_new(holder, "paused", paused);
    *found = 0;
    for (i = 0; i < json_array_size(paused); i++)
        *found |= strcmp(json_string_value(json_object_get(json_array_get(paused, i), "folder")),
                         call->names[2]) == 0;
    if (!*found)
        admin_answer_problem(call, 404, "that folder is not paused for the device", holder);
    return NULL;
}

base_fault_t *admin_folder_approve(admin_call_t *call)
{
    const admin_change_field_t audit = {"folder", call->names[2]};
    admin_change_t change = {.action = "folder.approve",
                             .fields = brake_field,
                             .count = 1,
                             .value = brake_approved,
                             .audit = &audit,
                             .audit_count = 1};
    int found;

    BASE_TRY(brake_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(admin_change_begin(call, &change, &found));
    if (!found)
        return NULL;
    admin_json_set(change.answer, "folder", call->names[2], call->pool);
    BASE_TRY(admin_change_make(call, &change));
    admin_answer(call, 200, change.answer);
    return NULL;
}

base_fault_t *admin_folder_reject(admin_call_t *call)
{
    admin_action_t action = {
        .name = "folder.reject", .what = STATE_TRASH_FOLDER, .folder = call->names[2]};
    const admin_change_t change = {.fields = brake_field, .count = 1, .value = brake_rejected};
    int found;

    BASE_TRY(brake_find(call, &found));
    if (!found)
        return NULL;
    /* first the folder begins anew: were it the other way round the device could come in between
     * and remove what it wants to */
    BASE_TRY(admin_action_of_device(call, &action));
    return action.dry_run ? NULL : admin_change_write(call, &change);
}
