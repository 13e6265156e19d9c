#include "cmd/empty_folder.h"
#include "cmd/brake.h"

#include <string.h>

#include "cmd/options.h"
#include "eas/status.h"

#define EMPTY_FOLDER_STEP 200 /* items between looks at the clock */

/* MS-ASCMD 2.2.3.177.8, where no fault stands for it */
enum {
    EMPTY_FOLDER_STATUS_SUCCESS = 1,
    EMPTY_FOLDER_STATUS_PROTOCOL = 2,
    EMPTY_FOLDER_STATUS_PARTIAL = 17
};

typedef struct {
    cmd_exchange_t *exchange;
    backend_session_t *session;
    const char *folder_id;
    apr_time_t deadline; /* 0: none */
    int deleted;         /* something is */
    int left;            /* something was left over */
    apr_pool_t *pool;
} empty_folder_t;

/* What went by itself meanwhile is as good as deleted. */
static base_fault_t *empty_folder_page(empty_folder_t *empty, const backend_page_t *page,
                                       apr_pool_t *pool)
{
    base_fault_t *fault;
    int i;

    for (i = 0; i < page->count; i++) {
        fault = backend_item_remove(empty->session, empty->folder_id, page->entries[i].uid, pool);
        if (!fault)
            empty->deleted = 1;
        else if (fault->code != BASE_FAULT_NOT_FOUND)
            return fault;
    }
    return NULL;
}

/* From the newest item downwards: what arrives meanwhile stays. */
static base_fault_t *empty_folder_items(empty_folder_t *empty)
{
    backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_page_t *page;
    base_fault_t *fault;
    apr_pool_t *subpool;
    int more;

    apr_pool_create(&subpool, empty->pool);
    do {
        apr_pool_clear(subpool);
        fault = backend_folder_enumerate(empty->session, empty->folder_id, &range,
                                         EMPTY_FOLDER_STEP, &page, subpool);
        if (!fault)
            fault = empty_folder_page(empty, page, subpool);
        if (fault) {
            fault = base_fault_wrap(fault, empty->pool, "emptying folder %s", empty->folder_id);
            break;
        }
        more = page->more && page->count;
        if (more)
            range.below = page->entries[page->count - 1].uid;
        empty->left = more && empty->deadline && apr_time_now() >= empty->deadline;
    } while (more && !empty->left);
    apr_pool_destroy(subpool);
    if (empty->deleted)
        cmd_exchange_publish(empty->exchange, empty->folder_id, WAKE_EVENT_CHANGED);
    return fault;
}

/* A folder that may not be deleted does not keep the others. */
static base_fault_t *empty_folder_below(empty_folder_t *empty)
{
    apr_array_header_t *folders;
    base_fault_t *fault = NULL;
    int i, deleted = 0;

    BASE_TRY(cmd_exchange_folders(empty->exchange, &folders));
    for (i = 0; i < folders->nelts && !fault; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (!folder->parent_id || strcmp(folder->parent_id, empty->folder_id) != 0)
            continue;
        fault = cmd_brake_check_all(empty->exchange, folder->id);
        if (!fault)
            fault = backend_folder_delete(empty->session, folder->id, empty->pool);
        if (!fault)
            deleted = 1;
        else if (fault->code == BASE_FAULT_DENIED || fault->code == BASE_FAULT_PAUSED)
            empty->left = 1;
        if (base_fault_code(fault) == BASE_FAULT_DENIED ||
            base_fault_code(fault) == BASE_FAULT_PAUSED ||
            base_fault_code(fault) == BASE_FAULT_FOLDER_GONE)
            fault = NULL;
    }
    empty->exchange->folders = NULL; /* another operation of the request lists them anew */
    empty->deleted |= deleted;
    if (deleted)
        cmd_exchange_publish(empty->exchange, WAKE_FOLDER_HIERARCHY, WAKE_EVENT_CHANGED);
    return fault;
}

static base_fault_t *empty_folder_run(empty_folder_t *empty, int below)
{
    backend_folder_t *folder;

    BASE_TRY(cmd_exchange_session(empty->exchange, &empty->session));
    BASE_TRY(cmd_exchange_folder(empty->exchange, empty->folder_id, &folder));
    if (folder->role != BACKEND_ROLE_TRASH && folder->role != BACKEND_ROLE_JUNK)
        BASE_TRY(cmd_brake_check_all(empty->exchange, empty->folder_id));
    BASE_TRY(empty_folder_items(empty));
    return below && !empty->left ? empty_folder_below(empty) : NULL;
}

static int empty_folder_status(const empty_folder_t *empty, const base_fault_t *fault)
{
    if (!fault)
        return empty->left ? EMPTY_FOLDER_STATUS_PARTIAL : EMPTY_FOLDER_STATUS_SUCCESS;
    base_log_write(empty->exchange->log, cmd_fault_level(fault->code),
                   "EmptyFolderContents of %s, device %s: %s", empty->exchange->account,
                   empty->exchange->request->device_id, fault->message);
    return empty->deleted ? EMPTY_FOLDER_STATUS_PARTIAL
                          : eas_status_from_fault(EAS_COMMAND_ItemOperations, fault->code);
}

base_fault_t *cmd_empty_folder(cmd_exchange_t *exchange, const eas_node_t *node, apr_pool_t *pool)
{
    const eas_node_t *options = eas_node_child(node, EAS_ItemOperations_Options);
    int below = eas_node_child_flag(options, EAS_ItemOperations_DeleteSubFolders, 0);
    empty_folder_t empty = {.exchange = exchange,
                            .folder_id = eas_node_child_text(node, EAS_AirSync_CollectionId),
                            .pool = pool};
    eas_writer_t *writer = exchange->writer;
    base_fault_t *fault = NULL;
    int status = EMPTY_FOLDER_STATUS_PROTOCOL;

    if (exchange->service->limits.response_time)
        empty.deadline = exchange->now + exchange->service->limits.response_time;
    if (below >= 0 && empty.folder_id && *empty.folder_id && !cmd_options_foreign(node)) {
        fault = empty_folder_run(&empty, below);
        if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE ||
            base_fault_code(fault) == BASE_FAULT_TIMEOUT)
            return fault;
        status = empty_folder_status(&empty, fault);
    }
    eas_writer_start(writer, EAS_ItemOperations_EmptyFolderContents);
    eas_writer_uint(writer, EAS_ItemOperations_Status, (apr_uint64_t)status);
    eas_writer_text(writer, EAS_AirSync_CollectionId, cmd_id_echo(empty.folder_id));
    eas_writer_end(writer);
    return NULL;
}
