/* FolderSync (MS-ASCMD 2.2.1.5): the folder hierarchy, by the same key rules as Sync. Key 0 gives
 * the whole hierarchy again and touches no item state: some clients send it again and again. */
#include "cmd/device.h"
#include "cmd/hierarchy.h"
#include "cmd/profile.h"

#include <string.h>

#include "eas/status.h"
#include "sync/key.h"

#define FOLDER_SYNC_TRIES 3

static const struct {
    hierarchy_command_kind_t kind;
    eas_tag_t tag;
} folder_sync_kinds[] = {
    /* in the order of the schema's sequence */
    {HIERARCHY_UPDATE, EAS_FolderHierarchy_Update},
    {HIERARCHY_DELETE, EAS_FolderHierarchy_Delete},
    {HIERARCHY_ADD, EAS_FolderHierarchy_Add},
};

static void folder_sync_write_command(eas_writer_t *writer, eas_tag_t tag,
                                      const hierarchy_command_t *command)
{
    eas_writer_start(writer, tag);
    eas_writer_text(writer, EAS_FolderHierarchy_ServerId, command->id);
    if (command->kind != HIERARCHY_DELETE) {
        eas_writer_text(writer, EAS_FolderHierarchy_ParentId, command->parent_id);
        eas_writer_text(writer, EAS_FolderHierarchy_DisplayName, command->name);
        eas_writer_uint(writer, EAS_FolderHierarchy_Type, (apr_uint64_t)command->type);
    }
    eas_writer_end(writer);
}

static void folder_sync_write(eas_writer_t *writer, const hierarchy_answer_t *answer)
{
    size_t k;
    int i;

    eas_writer_start(writer, EAS_FolderHierarchy_FolderSync);
    eas_writer_uint(writer, EAS_FolderHierarchy_Status, EAS_STATUS_SUCCESS);
    eas_writer_text(writer, EAS_FolderHierarchy_SyncKey, answer->key);
    eas_writer_start(writer, EAS_FolderHierarchy_Changes);
    eas_writer_uint(writer, EAS_FolderHierarchy_Count, (apr_uint64_t)answer->command_count);
    for (k = 0; k < sizeof folder_sync_kinds / sizeof *folder_sync_kinds; k++)
        for (i = 0; i < answer->command_count; i++)
            if (answer->commands[i].kind == folder_sync_kinds[k].kind)
                folder_sync_write_command(writer, folder_sync_kinds[k].tag, &answer->commands[i]);
    eas_writer_end(writer);
    eas_writer_end(writer);
}

/* Devices that enrolled long ago may never ask OPTIONS again: this is where they learn what the
 * server has become (MS-ASHTTP R1104). */
static void folder_sync_announce(cmd_exchange_t *exchange)
{
    const char *versions = cmd_profile_versions(exchange);

    apr_table_setn(exchange->headers, "X-MS-RP", versions);
    apr_table_setn(exchange->headers, "MS-ASProtocolVersions", versions);
    apr_table_setn(exchange->headers, "MS-ASProtocolCommands", cmd_list(exchange->pool));
}

static void folder_sync_report(cmd_exchange_t *exchange, const hierarchy_request_t *request,
                               const hierarchy_answer_t *answer)
{
    cmd_report_folder_t *report =
        cmd_report_folder(&exchange->report, NULL, request->key, exchange->pool);
    int i;

    exchange->report.status = report->status = EAS_STATUS_SUCCESS;
    report->asked = 1;
    report->next_key = answer->key;
    for (i = 0; i < answer->command_count; i++) {
        report->adds += answer->commands[i].kind == HIERARCHY_ADD;
        report->changes += answer->commands[i].kind == HIERARCHY_UPDATE;
        report->deletes += answer->commands[i].kind == HIERARCHY_DELETE;
    }
}

static base_fault_t *folder_sync_step(cmd_exchange_t *exchange, const collection_env_t *env,
                                      const hierarchy_request_t *request)
{
    hierarchy_t *hierarchy;

    BASE_TRY(hierarchy_prepare(env, request, &hierarchy, exchange->pool));
    folder_sync_report(exchange, request, hierarchy_answer(hierarchy));
    folder_sync_write(exchange->writer, hierarchy_answer(hierarchy));
    BASE_TRY(eas_writer_finish(exchange->writer));
    return hierarchy_commit(hierarchy);
}

base_fault_t *cmd_folder_sync_run(cmd_exchange_t *exchange)
{
    collection_env_t env = {.store = exchange->service->store, .log = exchange->log};
    hierarchy_request_t request = {
        .account = exchange->account,
        .device = exchange->request->device_id,
        .protocol = (unsigned)exchange->request->version,
        .key = eas_node_child_text(exchange->body, EAS_FolderHierarchy_SyncKey)};
    base_fault_t *fault;
    int try;

    if (!request.key)
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID, "FolderSync without SyncKey");
    if (strlen(request.key) > SYNC_KEY_MAX)
        return base_fault_make(exchange->pool, BASE_FAULT_STALE, "the SyncKey is none of ours");
    BASE_TRY(cmd_device_seen(exchange));
    BASE_TRY(cmd_exchange_session(exchange, &env.backend));
    BASE_TRY(cmd_exchange_series(exchange, &request.series));
    if (strcmp(request.key, "0") == 0)
        folder_sync_announce(exchange);
    fault = folder_sync_step(exchange, &env, &request);
    for (try = 1; base_fault_code(fault) == BASE_FAULT_CONFLICT && try < FOLDER_SYNC_TRIES; try++) {
        cmd_exchange_restart(exchange);
        fault = folder_sync_step(exchange, &env, &request);
    }
    return fault;
}
