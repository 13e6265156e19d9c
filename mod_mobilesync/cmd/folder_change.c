#include "cmd/folder_change.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "cmd/device.h"
#include "eas/status.h"
#include "sync/key.h"
#include "sync/ledger.h"

#define FOLDER_CHANGE_TRIES 3
#define FOLDER_CHANGE_NAME_MAX 256 /* characters, MS-ASCMD 2.2.3.49.1 */
#define FOLDER_CHANGE_ID_MAX 64
#define FOLDER_CHANGE_TYPE_MAX 255

/* -- the request ------------------------------------------------------------------------------ */

static base_fault_t *folder_change_invalid(const folder_change_t *change, const char *what)
{
    return base_fault_make(change->exchange->pool, BASE_FAULT_INVALID, "%s without a valid %s",
                           change->exchange->request->command_name, what);
}

static base_fault_t *folder_change_id(const folder_change_t *change, eas_tag_t tag, const char **id)
{
    *id = eas_node_child_text(change->exchange->body, tag);
    return *id && **id && strlen(*id) <= FOLDER_CHANGE_ID_MAX
               ? NULL
               : folder_change_invalid(change, eas_tag_name(tag));
}

/* Spaces around a name are typing mistakes, and most stores cannot keep them. */
static base_fault_t *folder_change_name(const folder_change_t *change, const char **name)
{
    const char *text = eas_node_child_text(change->exchange->body, EAS_FolderHierarchy_DisplayName);
    apr_size_t length;

    text = text ? text + strspn(text, " \t\r\n") : "";
    for (length = strlen(text); length && strchr(" \t\r\n", text[length - 1]); length--)
        ;
    if (!length || base_text_utf8_count(text, length) > FOLDER_CHANGE_NAME_MAX)
        return folder_change_invalid(change, "DisplayName");
    *name = apr_pstrmemdup(change->exchange->pool, text, length);
    return NULL;
}

base_fault_t *folder_change_parse(folder_change_t *change)
{
    hierarchy_command_t *command = &change->command;
    apr_uint64_t type;

    if (eas_node_child(change->exchange->body, EAS_FolderHierarchy_Status)) /* R3102 */
        return base_fault_make(change->exchange->pool, BASE_FAULT_INVALID,
                               "a request has no Status");
    if (command->kind != HIERARCHY_ADD)
        BASE_TRY(folder_change_id(change, EAS_FolderHierarchy_ServerId, &command->id));
    if (command->kind == HIERARCHY_DELETE)
        return NULL;
    BASE_TRY(folder_change_id(change, EAS_FolderHierarchy_ParentId, &command->parent_id));
    BASE_TRY(folder_change_name(change, &command->name));
    change->shown_name =
        eas_node_child_text(change->exchange->body, EAS_FolderHierarchy_DisplayName);
    if (command->kind != HIERARCHY_ADD)
        return NULL;
    if (eas_node_child_uint(change->exchange->body, EAS_FolderHierarchy_Type,
                            FOLDER_CHANGE_TYPE_MAX, &type) <= 0)
        return folder_change_invalid(change, "Type");
    command->type = (int)type;
    return NULL;
}

const char *folder_change_parent(const folder_change_t *change)
{
    return strcmp(change->command.parent_id, FOLDER_CHANGE_ROOT) == 0 ? NULL
                                                                      : change->command.parent_id;
}

base_fault_t *folder_change_check_name(const folder_change_t *change)
{
    if (folder_change_parent(change) || strcasecmp(change->command.name, "Inbox") != 0)
        return NULL;
    return base_fault_make(change->exchange->pool, BASE_FAULT_EXISTS, "there is one Inbox");
}

/* -- the change ------------------------------------------------------------------------------- */

/* May the same request, sent again, find the change made? Then its claim must not be given back:
 * who takes it over when the lease has run out knows that it may have happened. */
static int folder_change_undecided(base_fault_code_t code)
{
    return code != BASE_FAULT_FOLDER_GONE && !sync_ledger_fault_final(code);
}

/* The change was refused. But another request may have taken the claim over while this one was held
 * up, and made it: what is in the way then is that. A fault when this cannot be found out: the device
 * asks again. */
static base_fault_t *folder_change_made(folder_change_t *change, cmd_once_t *once)
{
    cmd_exchange_t *exchange = change->exchange;

    cmd_once_release(exchange, once);
    BASE_TRY(cmd_once_claim(exchange, once, CMD_LEASE, NULL));
    cmd_once_release(exchange, once);
    if (once->result) {
        change->command.id = once->result;
        change->done = 1;
    }
    return NULL;
}

/* Makes the change under its claim, or finds that it was made. */
static base_fault_t *folder_change_make(folder_change_t *change, const hierarchy_t *hierarchy,
                                        const char *key, const char *digest)
{
    cmd_exchange_t *exchange = change->exchange;
    cmd_once_t once;
    base_fault_t *fault;

    cmd_once_init(exchange, cmd_once_scope(exchange->pool, "folder", key, digest, NULL), "folder",
                  CMD_ONCE_TTL, &once);
    BASE_TRY(cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience));
    if (once.result) {
        change->command.id = once.result;
        change->done = 1;
        return NULL;
    }
    fault = change->perform(change, hierarchy, once.doubtful);
    if (fault && folder_change_undecided(fault->code))
        return fault;
    if (fault || change->status) {
        BASE_TRY(folder_change_made(change, &once));
        return change->done ? NULL : fault;
    }
    change->done = 1;
    cmd_exchange_publish(exchange, WAKE_FOLDER_HIERARCHY, WAKE_EVENT_CHANGED);
    fault = cmd_once_record(exchange, &once, change->command.id);
    if (fault) /* a repeat finds the change made */
        base_log_write(exchange->log, BASE_LOG_WARNING, "recording a folder change of %s: %s",
                       exchange->account, fault->message);
    return NULL;
}

/* -- the answer ------------------------------------------------------------------------------- */

static base_fault_t *folder_change_write(const folder_change_t *change, const char *key)
{
    const cmd_entry_t *entry = cmd_find(change->exchange->request->command);
    eas_writer_t *writer = change->exchange->writer;

    eas_writer_start(writer, entry->root);
    eas_writer_uint(writer, entry->status, EAS_STATUS_SUCCESS);
    eas_writer_text(writer, EAS_FolderHierarchy_SyncKey, key);
    if (change->command.kind == HIERARCHY_ADD)
        eas_writer_text(writer, EAS_FolderHierarchy_ServerId, change->command.id);
    eas_writer_end(writer);
    return eas_writer_finish(writer);
}

/* The answer was given before: the id of what was created is in the state. */
static base_fault_t *folder_change_replay(folder_change_t *change, const hierarchy_answer_t *answer)
{
    int i;

    for (i = 0; i < answer->command_count && change->command.kind == HIERARCHY_ADD; i++)
        if (answer->commands[i].kind == HIERARCHY_ADD)
            change->command.id = answer->commands[i].id;
    if (!change->command.id)
        return base_fault_make(change->exchange->pool, BASE_FAULT_STALE,
                               "the answer given before created nothing");
    return folder_change_write(change, answer->key);
}

/* For the flight recorder: the key stepped, and what the device asked for. */
static void folder_change_report(const folder_change_t *change, const char *key,
                                 const char *next_key)
{
    cmd_report_folder_t *report =
        cmd_report_folder(&change->exchange->report, NULL, key, change->exchange->pool);

    report->status = EAS_STATUS_SUCCESS;
    report->next_key = next_key;
    report->client_adds = change->command.kind == HIERARCHY_ADD;
    report->client_changes = change->command.kind == HIERARCHY_UPDATE;
    report->client_deletes = change->command.kind == HIERARCHY_DELETE;
}

static base_fault_t *folder_change_step(folder_change_t *change, const collection_env_t *env,
                                        const hierarchy_request_t *request)
{
    hierarchy_command_t shown;
    hierarchy_t *hierarchy;

    BASE_TRY(hierarchy_change_begin(env, request, &hierarchy, change->exchange->pool));
    if (hierarchy_answer(hierarchy)->key)
        return folder_change_replay(change, hierarchy_answer(hierarchy));
    if (!change->done)
        BASE_TRY(folder_change_make(change, hierarchy, request->key, request->digest));
    if (change->status && !change->done) {
        cmd_answer_status(change->exchange, cmd_find(change->exchange->request->command),
                          change->status);
        return NULL;
    }
    shown = change->command;
    shown.name = change->shown_name; /* FolderSync tells of what became of it */
    BASE_TRY(hierarchy_change_apply(hierarchy, &shown));
    BASE_TRY(folder_change_write(change, hierarchy_answer(hierarchy)->key));
    folder_change_report(change, request->key, hierarchy_answer(hierarchy)->key);
    return hierarchy_commit(hierarchy);
}

static const char *folder_change_digest(const folder_change_t *change)
{
    const hierarchy_command_t *command = &change->command;
    apr_pool_t *pool = change->exchange->pool;

    switch (command->kind) {
    case HIERARCHY_ADD:
        return cmd_once_scope(pool, "create", command->parent_id, command->name,
                              apr_itoa(pool, command->type), NULL);
    case HIERARCHY_UPDATE:
        return cmd_once_scope(pool, "update", command->id, command->parent_id, command->name, NULL);
    case HIERARCHY_DELETE:
        break;
    }
    return cmd_once_scope(pool, "delete", command->id, NULL);
}

base_fault_t *folder_change_run(folder_change_t *change)
{
    cmd_exchange_t *exchange = change->exchange;
    collection_env_t env = {.store = exchange->service->store, .log = exchange->log};
    hierarchy_request_t request = {
        .account = exchange->account,
        .device = exchange->request->device_id,
        .protocol = (unsigned)exchange->request->version,
        .key = eas_node_child_text(exchange->body, EAS_FolderHierarchy_SyncKey),
        .digest = folder_change_digest(change)};
    base_fault_t *fault;
    int try;

    if (!request.key)
        return folder_change_invalid(change, "SyncKey");
    if (strlen(request.key) > SYNC_KEY_MAX)
        return base_fault_make(exchange->pool, BASE_FAULT_STALE, "the SyncKey is none of ours");
    BASE_TRY(cmd_device_seen(exchange));
    BASE_TRY(cmd_exchange_session(exchange, &env.backend));
    fault = folder_change_step(change, &env, &request);
    /* another request of the device stepped the key meanwhile: the same one, perhaps */
    for (try = 1;
         change->done && base_fault_code(fault) == BASE_FAULT_CONFLICT && try < FOLDER_CHANGE_TRIES;
         try++) {
        cmd_exchange_restart(exchange);
        fault = folder_change_step(change, &env, &request);
    }
    return fault;
}
