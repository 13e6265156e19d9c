/* What commands share of an exchange: spool and writer, the mailbox, its folders. */
#include "cmd/meeting.h"

#include <string.h>
#include <apr_general.h>

#include "base/text.h"
#include "cmd/access.h"
#include "cmd/gate.h"
#include "item/kind.h"

#define CMD_ID_MAX 64

void cmd_exchange_restart(cmd_exchange_t *exchange)
{
    const cmd_entry_t *entry = cmd_find(exchange->request->command);

    exchange->spool = eas_spool_create(exchange->service->spool_directory, exchange->pool);
    exchange->writer = eas_writer_create(exchange->spool, exchange->pool);
    if (entry)
        eas_writer_watch(exchange->writer, entry->status, entry->success);
    exchange->content_type = NULL;
    exchange->report.folders = NULL;
}

base_fault_t *cmd_exchange_session(cmd_exchange_t *exchange, backend_session_t **session)
{
    if (!exchange->session) {
        if (exchange->access.status == SYNC_ACCESS_NONE) /* it waited, and nobody asked since */
            BASE_TRY(cmd_gate_check(exchange));
        apr_pool_create(&exchange->session_pool, exchange->pool);
        if (cmd_access_is_apart(exchange))
            BASE_TRY(cmd_access_notice(exchange, &exchange->session, exchange->session_pool));
        else
            BASE_TRY(backend_session_open(exchange->service->backend, exchange->account,
                                          &exchange->session, exchange->session_pool));
    }
    *session = exchange->session;
    return NULL;
}

void cmd_exchange_release(cmd_exchange_t *exchange)
{
    if (exchange->session_pool)
        apr_pool_destroy(exchange->session_pool);
    exchange->session_pool = NULL;
    exchange->session = NULL;
    exchange->folders = NULL;
}

/* Those whose class is served to the device's version. */
static apr_array_header_t *exchange_folders_served(const cmd_exchange_t *exchange,
                                                   const apr_array_header_t *all)
{
    apr_array_header_t *served =
        apr_array_make(exchange->pool, all->nelts, sizeof(backend_folder_t));
    int i;

    for (i = 0; i < all->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(all, i, backend_folder_t);

        if (item_kind_is_served(folder->class_, exchange->request->version))
            APR_ARRAY_PUSH(served, backend_folder_t) = *folder;
    }
    return served;
}

base_fault_t *cmd_exchange_folders(cmd_exchange_t *exchange, apr_array_header_t **folders)
{
    backend_session_t *session;
    apr_array_header_t *all;

    if (!exchange->folders) {
        BASE_TRY(cmd_exchange_session(exchange, &session));
        BASE_TRY(backend_folder_list(session, &all, exchange->pool));
        exchange->folders = exchange_folders_served(exchange, all);
    }
    *folders = exchange->folders;
    return NULL;
}

base_fault_t *cmd_exchange_folder(cmd_exchange_t *exchange, const char *id,
                                  backend_folder_t **folder)
{
    apr_array_header_t *folders;
    int i;

    BASE_TRY(cmd_exchange_folders(exchange, &folders));
    for (i = 0; i < folders->nelts; i++) {
        *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);
        if (strcmp((*folder)->id, id) == 0)
            return NULL;
    }
    return base_fault_make(exchange->pool, BASE_FAULT_FOLDER_GONE, "there is no folder %s", id);
}

base_fault_t *cmd_exchange_role(cmd_exchange_t *exchange, backend_role_t role,
                                backend_folder_t **folder)
{
    apr_array_header_t *folders;
    int i;

    *folder = NULL;
    BASE_TRY(cmd_exchange_folders(exchange, &folders));
    for (i = 0; i < folders->nelts && !*folder; i++)
        if (APR_ARRAY_IDX(folders, i, backend_folder_t).role == role)
            *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);
    return NULL;
}

base_fault_t *cmd_exchange_item(cmd_exchange_t *exchange, const item_reference_t *reference,
                                backend_entry_t *entry, backend_blob_t **blob, apr_pool_t *pool)
{
    backend_session_t *session;
    backend_folder_t *folder;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(cmd_exchange_folder(exchange, reference->folder_id, &folder));
    if (folder->generation != reference->generation)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND,
                               "the item belongs to an earlier generation of its folder");
    BASE_TRY(backend_item_entry(session, folder->id, reference->uid, entry, pool));
    if (reference->part && folder->class_ == BACKEND_CLASS_EMAIL &&
        reference->revision != BACKEND_REVISION_OF(entry->token))
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND,
                               "the attachment belongs to an earlier content of its message");
    return backend_item_fetch(session, folder->id, reference->uid, blob, pool);
}

base_fault_t *cmd_exchange_attachment(cmd_exchange_t *exchange, const item_reference_t *reference,
                                      item_attachment_t **attachment, apr_pool_t *pool)
{
    const item_kind_t *kind;
    backend_folder_t *folder;
    backend_entry_t entry;
    backend_blob_t *blob;

    BASE_TRY(cmd_exchange_item(exchange, reference, &entry, &blob, pool));
    BASE_TRY(cmd_exchange_folder(exchange, reference->folder_id, &folder));
    kind = item_kind_find(folder->class_);
    if (!kind->attachment_open)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "%s have no attachments", kind->name);
    return kind->attachment_open(blob, reference, attachment, pool);
}

base_fault_t *cmd_exchange_addresses(cmd_exchange_t *exchange, const apr_array_header_t **addresses)
{
    backend_session_t *session;
    apr_array_header_t *list;

    if (!exchange->addresses) {
        BASE_TRY(cmd_exchange_session(exchange, &session));
        BASE_TRY(cmd_meeting_addresses(session, &list, exchange->pool));
        exchange->addresses = list;
    }
    *addresses = exchange->addresses;
    return NULL;
}

state_key_t cmd_exchange_device_key(const cmd_exchange_t *exchange)
{
    return (state_key_t){.account = exchange->account,
                         .device = exchange->request->device_id,
                         .kind = STATE_RECORD_DEVICE};
}

base_fault_t *cmd_exchange_series(cmd_exchange_t *exchange, const char **series)
{
    unsigned char bytes[8];
    apr_status_t status = apr_generate_random_bytes(bytes, sizeof bytes);

    if (status != APR_SUCCESS)
        return base_fault_make_status(exchange->pool, BASE_FAULT_INTERNAL, status,
                                      "making a random number");
    *series = base_text_hex_encode(bytes, sizeof bytes, exchange->pool);
    return NULL;
}

const char *cmd_id_echo(const char *id)
{
    return id && strlen(id) <= CMD_ID_MAX ? id : "";
}

void cmd_exchange_publish(cmd_exchange_t *exchange, const char *folder_id, wake_event_t event)
{
    base_fault_t *fault =
        wake_publish(exchange->service->bus, exchange->account, folder_id, event, exchange->pool);

    /* the change is made; who waits for it learns of it a little later */
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING, "telling others of a change of %s: %s",
                       exchange->account, fault->message);
}
