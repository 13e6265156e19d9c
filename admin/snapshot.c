#include "admin/snapshot.h"

#include "admin/held.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "sync/hierarchy.h"

apr_time_t admin_record_time(const state_record_t *record, const char *name, apr_pool_t *pool)
{
    const char *text = state_record_text(record, name, pool);

    return text ? apr_atoi64(text) : 0;
}

const char *admin_folder_class(int type)
{
    /* MS-ASCMD 2.2.3.186.3 */
    static const char *const classes[] = {
        [1] = "Email",  [2] = "Email",     [3] = "Email",     [4] = "Email",    [5] = "Email",
        [6] = "Email",  [7] = "Tasks",     [8] = "Calendar",  [9] = "Contacts", [10] = "Notes",
        [12] = "Email", [13] = "Calendar", [14] = "Contacts", [15] = "Tasks",   [17] = "Notes",
    };

    return type > 0 && type < (int)(sizeof classes / sizeof *classes) ? classes[type] : NULL;
}

static apr_uint64_t snapshot_bytes(const state_record_t *record)
{
    apr_uint64_t bytes = 0;
    int i;

    for (i = 0; i < record->count; i++)
        bytes += strlen(record->fields[i].name) + record->fields[i].length;
    return bytes;
}

/* -- the hierarchy ---------------------------------------------------------- */

static admin_folder_t *snapshot_folder(admin_snapshot_t *snapshot, const char *id)
{
    admin_folder_t *folder;
    int i;

    for (i = 0; i < snapshot->folders->nelts; i++) {
        folder = &APR_ARRAY_IDX(snapshot->folders, i, admin_folder_t);
        if (strcmp(folder->id, id) == 0)
            return folder;
    }
    folder = apr_array_push(snapshot->folders);
    *folder = (admin_folder_t){.id = id};
    return folder;
}

static void snapshot_folders(admin_snapshot_t *snapshot, const state_record_t *record,
                             const char *field_name, apr_pool_t *pool)
{
    const state_field_t *field = state_record_field(record, field_name);
    const apr_array_header_t *folders =
        field ? sync_hierarchy_folders_unpack(field->data, field->length, pool) : NULL;
    int i;

    for (i = 0; folders && i < folders->nelts; i++) {
        const sync_folder_t *given = &APR_ARRAY_IDX(folders, i, sync_folder_t);
        admin_folder_t *folder = snapshot_folder(snapshot, given->id);

        folder->name = given->name;
        folder->parent_id = given->parent_id;
        folder->type = given->type;
    }
}

static base_fault_t *snapshot_hierarchy(const admin_service_t *service, admin_snapshot_t *snapshot,
                                        apr_pool_t *pool)
{
    const state_key_t key = {
        .account = snapshot->account, .device = snapshot->device, .kind = STATE_RECORD_HIERARCHY};
    const sync_hierarchy_state_t *state;
    const state_field_t *meta;
    state_record_t *record;
    int answers;

    BASE_TRY(state_record_read(service->store, &key, NULL, 0, &record, pool));
    meta = state_record_field(record, SYNC_HIERARCHY_FIELD);
    state = meta ? sync_hierarchy_state_unpack(meta->data, meta->length, pool) : NULL;
    if (!state)
        return NULL;
    answers = state->keys.answer_count;
    snapshot->sync_key = sync_key_format(state->keys.series, sync_key_latest(&state->keys), pool);
    snapshot->protocol = state->protocol;
    snapshot->bytes += snapshot_bytes(record);
    snapshot_folders(snapshot, record,
                     answers ? sync_delta_field(state->keys.answers[answers - 1].counter, pool)
                             : SYNC_HIERARCHY_BASE_FIELD,
                     pool);
    return NULL;
}

/* -- a folder --------------------------------------------------------------- */

static void folder_decode(admin_folder_t *folder, const state_record_t *record, apr_pool_t *pool)
{
    const admin_held_t *held = admin_held_decode(record, pool);
    const sync_folder_state_t *state = held->state;
    char *waiting;
    int last, i;

    folder->synchronised = 1;
    folder->bytes = snapshot_bytes(record);
    folder->damaged = held->damaged;
    if (!state)
        return;
    last = state->keys.answer_count - 1;
    folder->sync_key = sync_key_format(state->keys.series, sync_key_latest(&state->keys), pool);
    folder->confirmed = sync_key_format(state->keys.series, state->keys.base, pool);
    folder->generation = state->generation;
    folder->filter = held->position->filter;
    folder->more = last >= 0 && state->pending[last].more;
    folder->complete =
        *held->position->cursor && !held->position->scans.count && !held->position->sweep;
    folder->items = sync_held_count(held->set);
    folder->retry_waiting = waiting =
        apr_palloc(pool, (apr_size_t)folder->quarantine->items->nelts + 1);
    for (i = 0; i < folder->quarantine->items->nelts; i++)
        waiting[i] = (char)admin_held_todo(
            held, APR_ARRAY_IDX(folder->quarantine->items, i, sync_quarantined_t).uid);
    for (i = 0; held->delta && i < held->delta->count; i++) {
        sync_op_t op = held->delta->entries[i].op;

        folder->pending_adds += op == SYNC_OP_ADD;
        folder->pending_changes += op == SYNC_OP_CHANGE;
        folder->pending_deletes += op == SYNC_OP_DELETE || op == SYNC_OP_SOFT_DELETE;
    }
}

static base_fault_t *snapshot_states(const admin_service_t *service, admin_snapshot_t *snapshot,
                                     apr_pool_t *pool)
{
    apr_array_header_t *ids;
    apr_pool_t *loop;
    base_fault_t *fault = NULL;
    int i;

    BASE_TRY(state_record_list(service->store, snapshot->account, snapshot->device,
                               STATE_RECORD_FOLDER, &ids, pool));
    apr_pool_create(&loop, pool);
    for (i = 0; i < ids->nelts && !fault; i++) {
        const state_key_t key = {.account = snapshot->account,
                                 .device = snapshot->device,
                                 .kind = STATE_RECORD_FOLDER,
                                 .name = APR_ARRAY_IDX(ids, i, const char *)};
        state_record_t *record;

        apr_pool_clear(loop);
        fault = state_record_read(service->store, &key, NULL, 0, &record, loop);
        if (!fault && record->version) {
            admin_folder_t *folder = snapshot_folder(snapshot, key.name);

            folder->quarantine = admin_held_quarantine(record, pool);
            folder_decode(folder, record, loop);
            folder->retry_waiting = apr_pmemdup(
                pool, folder->retry_waiting,
                folder->retry_waiting ? (apr_size_t)folder->quarantine->items->nelts : 0);
            folder->sync_key = folder->sync_key ? apr_pstrdup(pool, folder->sync_key) : NULL;
            folder->confirmed = folder->confirmed ? apr_pstrdup(pool, folder->confirmed) : NULL;
            snapshot->synchronised++;
            snapshot->items += folder->items;
            snapshot->bytes += folder->bytes;
        }
    }
    fault = base_fault_wrap(fault, pool, "reading a folder state");
    apr_pool_destroy(loop);
    return fault;
}

static int folder_compare(const void *a, const void *b)
{
    return strcmp(((const admin_folder_t *)a)->id, ((const admin_folder_t *)b)->id);
}

base_fault_t *admin_snapshot_read(const admin_service_t *service, const char *account,
                                  const char *device, admin_snapshot_t **result, apr_pool_t *pool)
{
    const state_key_t key = {.account = account, .device = device, .kind = STATE_RECORD_DEVICE};
    admin_snapshot_t *snapshot = apr_pcalloc(pool, sizeof *snapshot);
    state_record_t *record;

    snapshot->account = account;
    snapshot->device = device;
    snapshot->folders = apr_array_make(pool, 16, sizeof(admin_folder_t));
    BASE_TRY(state_record_read(service->store, &key, NULL, 0, &record, pool));
    snapshot->record = record;
    snapshot->bytes = snapshot_bytes(record);
    BASE_TRY(snapshot_hierarchy(service, snapshot, pool));
    BASE_TRY(snapshot_states(service, snapshot, pool));
    if (snapshot->folders->nelts)
        qsort(snapshot->folders->elts, (size_t)snapshot->folders->nelts, sizeof(admin_folder_t),
              folder_compare);
    *result = snapshot;
    return NULL;
}
