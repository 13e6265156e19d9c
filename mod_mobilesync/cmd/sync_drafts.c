#include "cmd/sync_drafts.h"

#include <string.h>

#include "cmd/once.h"
#include "cmd/send.h"
#include "cmd/sync_edit.h"
#include "eas/status.h"

int sync_draft_folder(const cmd_exchange_t *exchange, const backend_folder_t *folder)
{
    return exchange->request->version >= EAS_VERSION_16_0 &&
           folder->class_ == BACKEND_CLASS_EMAIL && folder->role == BACKEND_ROLE_DRAFTS;
}

static item_reference_t draft_reference(const sync_draft_t *draft, const backend_entry_t *entry)
{
    return (item_reference_t){.folder_id = draft->folder->id,
                              .generation = draft->folder->generation,
                              .uid = entry->uid,
                              .revision = BACKEND_REVISION_OF(entry->token)};
}

/* -- what becomes of it ------------------------------------------------------------------------ */

/* What is wrong with one draft is its own Status; what is wrong with the mailbox is not. */
static base_fault_t *draft_status(const sync_draft_t *draft, base_fault_t *fault, int *status)
{
    switch ((int)base_fault_code(fault)) {
    case BASE_FAULT_NONE:
        return NULL;
    case BASE_FAULT_INVALID:
    case BASE_FAULT_NOT_FOUND:
    case BASE_FAULT_TOO_LARGE:
        base_log_write(draft->exchange->log, BASE_LOG_INFO, "Sync of %s, device %s: %s",
                       draft->exchange->account, draft->exchange->request->device_id,
                       fault->message);
        *status = SYNC_STATUS_CONVERSION;
        return NULL;
    default:
        return fault;
    }
}

/* A repeat of the request has the same sync key and ClientId, and so makes the same message. */
static const char *draft_key(const sync_draft_t *draft)
{
    const cmd_exchange_t *exchange = draft->exchange;
    const char *id = eas_node_child_text(draft->node, EAS_AirSync_ClientId);
    const char *scope =
        cmd_once_scope(draft->pool, "draft", exchange->account, exchange->request->device_id,
                       draft->folder->id, draft->request->key, id ? id : "", NULL);

    return strchr(scope, ':') + 1;
}

static base_fault_t *draft_build(sync_draft_t *draft, const eas_node_t *data,
                                 const backend_blob_t *original, int *status)
{
    cmd_exchange_t *exchange = draft->exchange;
    item_reference_t reference = draft_reference(draft, &draft->entry);
    item_draft_options_t options = {.key = draft_key(draft),
                                    .reference = original ? &reference : NULL,
                                    .marked = original && !eas_node_child(data, EAS_Email2_Send),
                                    .directory = exchange->service->spool_directory};
    backend_session_t *session;
    backend_identity_t *identity;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(backend_identity(session, &identity, draft->pool));
    options.identity = identity;
    BASE_TRY(draft_status(
        draft, item_draft_build(data, original, &options, &draft->draft, draft->pool), status));
    if (*status)
        return NULL;
    if (draft->draft->blob->size > exchange->service->limits.item_bytes_max) {
        *status = SYNC_STATUS_CONVERSION;
        return NULL;
    }
    draft->op->blob = draft->draft->blob;
    draft->op->tell = original && draft->draft->renumbered;
    draft->op->again = draft->draft->again;
    draft->op->revision = reference.revision;
    return sync_request_digest(data, &draft->op->content_digest, draft->pool);
}

/* -- Send -------------------------------------------------------------------------------------- */

/* What is sent cannot be called back: the rules of Sync come first. *status: 0, or that the server's
 * version wins. */
static base_fault_t *draft_check(const sync_draft_t *draft, apr_uint64_t *earlier, int *status)
{
    const backend_blob_t any = {.data = ""};
    int added = draft->node->tag == EAS_AirSync_Add;
    const collection_op_t op = {.kind = added ? COLLECTION_OP_ADD : COLLECTION_OP_CHANGE,
                                .uid = draft->op->uid,
                                .client_id = eas_node_child_text(draft->node, EAS_AirSync_ClientId),
                                .blob = &any,
                                .content_digest = ""};
    collection_request_t request = *draft->request;
    base_fault_t *fault;

    request.ops = &op;
    request.op_count = 1;
    fault = collection_op_check(draft->env, &request, earlier, draft->pool);
    if (base_fault_code(fault) == BASE_FAULT_CONFLICT)
        *status = SYNC_STATUS_CONFLICT;
    else if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND)
        *status = SYNC_STATUS_NOT_FOUND;
    return *status ? NULL : fault;
}

/* *status: success, or why the message was not sent. */
static base_fault_t *draft_send(const sync_draft_t *draft, int *status)
{
    cmd_exchange_t *exchange = draft->exchange;
    base_fault_t *fault = cmd_send_message(exchange, draft->draft->blob, status);

    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE ||
        base_fault_code(fault) == BASE_FAULT_TIMEOUT || base_fault_code(fault) == BASE_FAULT_BUSY)
        return fault;
    if (fault) {
        base_log_write(exchange->log, BASE_LOG_INFO, "sending a draft of %s: %s", exchange->account,
                       fault->message);
        *status = eas_status_from_fault(EAS_COMMAND_SendMail, fault->code);
    }
    if (*status == EAS_STATUS_MessageHasNoRecipient ||
        *status == EAS_STATUS_MessageRecipientUnresolved)
        *status = EAS_STATUS_InvalidRecipients; /* MS-ASCMD R7472 */
    if (*status == 0)
        *status = SYNC_STATUS_SUCCESS;
    return NULL;
}

/* The draft that was sent goes; what the device is told of as of any other that went. What somebody
 * has written into it while it was sent (known: what it was before, NULL: whatever it is) stays. */
static base_fault_t *draft_drop(const sync_draft_t *draft, apr_uint64_t uid,
                                const backend_entry_t *known)
{
    backend_session_t *session;
    backend_entry_t entry;
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_session(draft->exchange, &session));
    fault = backend_item_entry(session, draft->folder->id, uid, &entry, draft->pool);
    if (!fault && known && BACKEND_REVISION_OF(known->token) != BACKEND_REVISION_OF(entry.token))
        return NULL;
    if (!fault)
        fault = backend_item_remove(session, draft->folder->id, uid, draft->pool);
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND)
        return NULL;
    if (!fault)
        cmd_exchange_publish(draft->exchange, draft->folder->id, WAKE_EVENT_CHANGED);
    return fault;
}

/* A draft that is sent is gone afterwards, so that a repeat finds nothing to send: what happened to
 * it is in the ledger under its ServerId, which is never used again, with the device that sent it. */
static base_fault_t *draft_send_changed(sync_draft_t *draft, const eas_node_t *data,
                                        const backend_blob_t *original, int *status)
{
    cmd_exchange_t *exchange = draft->exchange;
    item_reference_t reference = draft_reference(draft, &draft->entry);
    cmd_once_t once;
    base_fault_t *fault = NULL;
    apr_uint64_t none;

    cmd_once_init_account(exchange,
                          cmd_once_scope(draft->pool, "draft-sent",
                                         item_reference_server_id(&reference, draft->pool), NULL),
                          "send", CMD_ONCE_TTL, &once);
    BASE_TRY(cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience));
    if (once.result) {
        *status = strcmp(once.result, exchange->request->device_id) == 0 ? SYNC_STATUS_SUCCESS
                                                                         : SYNC_STATUS_NOT_FOUND;
        return NULL;
    }
    if (!original)
        *status = SYNC_STATUS_NOT_FOUND;
    else
        fault = draft_check(draft, &none, status);
    if (!fault && !*status)
        fault = draft_build(draft, data, original, status);
    if (!fault && !*status)
        fault = draft_send(draft, status);
    if (!fault && *status == SYNC_STATUS_SUCCESS)
        fault = draft_drop(draft, draft->op->uid, &draft->entry);
    if (fault || *status != SYNC_STATUS_SUCCESS) {
        cmd_once_release(exchange, &once);
        return fault;
    }
    return cmd_once_record(exchange, &once, exchange->request->device_id);
}

/* What is sent at once is no draft. But it may have been one, when the answer to the request that added
 * it was lost. */
static base_fault_t *draft_send_added(const sync_draft_t *draft, int *status)
{
    apr_uint64_t earlier;

    BASE_TRY(draft_check(draft, &earlier, status));
    if (*status)
        return NULL;
    BASE_TRY(draft_send(draft, status));
    return earlier && *status == SYNC_STATUS_SUCCESS ? draft_drop(draft, earlier, NULL) : NULL;
}

/* -- reading ----------------------------------------------------------------------------------- */

static base_fault_t *draft_read_add(sync_draft_t *draft, const eas_node_t *data, int *status)
{
    const char *id = eas_node_child_text(draft->node, EAS_AirSync_ClientId);
    backend_put_t *put = apr_pcalloc(draft->pool, sizeof *put);

    if (!id || !*id || !data) {
        *status = SYNC_STATUS_CONVERSION;
        return NULL;
    }
    BASE_TRY(draft_build(draft, data, NULL, status));
    if (*status)
        return NULL;
    if (eas_node_child(data, EAS_Email2_Send))
        return draft_send_added(draft, status);
    put->flags = BACKEND_FLAG_DRAFT | BACKEND_FLAG_SEEN;
    put->flags = (put->flags & ~draft->op->mask) | (draft->op->values & draft->op->mask);
    BASE_TRY(draft_status(draft, sync_edit_put(draft->op, put, draft->pool), status));
    if (*status)
        return NULL;
    draft->op->kind = COLLECTION_OP_ADD;
    draft->op->client_id = id;
    draft->op->put = put;
    return NULL;
}

/* What is gone, or cannot be read, the engine answers. */
static base_fault_t *draft_read_change(sync_draft_t *draft, const eas_node_t *data, int *status)
{
    cmd_exchange_t *exchange = draft->exchange;
    backend_session_t *session;
    backend_blob_t *original = NULL;
    base_fault_t *fault;

    draft->op->kind = COLLECTION_OP_CHANGE;
    if (!item_draft_is_content(data) || !draft->op->uid)
        return NULL;
    BASE_TRY(cmd_exchange_session(exchange, &session));
    draft->entry.uid = draft->op->uid;
    fault =
        backend_item_entry(session, draft->folder->id, draft->op->uid, &draft->entry, draft->pool);
    if (!fault)
        fault =
            backend_item_fetch(session, draft->folder->id, draft->op->uid, &original, draft->pool);
    if (fault && fault->code != BASE_FAULT_NOT_FOUND)
        return fault;
    if (eas_node_child(data, EAS_Email2_Send))
        return draft_send_changed(draft, data, original, status);
    return original ? draft_build(draft, data, original, status) : NULL;
}

base_fault_t *sync_draft_read(sync_draft_t *draft, int *status)
{
    const eas_node_t *data = eas_node_child(draft->node, EAS_AirSync_ApplicationData);

    *status = 0;
    return draft->node->tag == EAS_AirSync_Add ? draft_read_add(draft, data, status)
                                               : draft_read_change(draft, data, status);
}

/* -- the answer -------------------------------------------------------------------------------- */

/* The draft as it is by now: a FileReference names its content. */
static base_fault_t *draft_entry(const sync_draft_t *draft, backend_entry_t *entry)
{
    backend_session_t *session;
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_session(draft->exchange, &session));
    fault = backend_item_entry(session, draft->folder->id, entry->uid, entry, draft->pool);
    return base_fault_code(fault) == BASE_FAULT_NOT_FOUND ? NULL : fault;
}

base_fault_t *sync_draft_added(const sync_draft_t *draft, apr_uint64_t uid,
                               apr_array_header_t **added, apr_pool_t *pool)
{
    const apr_array_header_t *files = draft->draft ? draft->draft->files : NULL;
    backend_entry_t entry = {.uid = uid};
    item_reference_t reference;
    int i;

    *added = apr_array_make(pool, 2, sizeof(item_attachment_added_t));
    if (!files || !files->nelts)
        return NULL;
    BASE_TRY(draft_entry(draft, &entry));
    reference = draft_reference(draft, &entry);
    for (i = 0; i < files->nelts; i++) {
        const item_draft_file_t *file = &APR_ARRAY_IDX(files, i, item_draft_file_t);

        APR_ARRAY_PUSH(*added, item_attachment_added_t) = (item_attachment_added_t){
            .client_id = file->client_id,
            .file_reference = item_reference_file(&reference, file->part, pool)};
    }
    return NULL;
}

/* MS-ASEMAIL R1184, R1190 */
base_fault_t *sync_draft_load(const sync_draft_t *draft, apr_uint64_t uid, item_email_t **email,
                              apr_pool_t *pool)
{
    static const eas_tag_t tags[] = {EAS_Email2_ConversationId, EAS_Email2_ConversationIndex};
    const backend_entry_t entry = {.uid = uid, .date = draft->exchange->now};
    const item_reference_t reference = draft_reference(draft, &entry);
    item_options_t options;

    item_options_init(&options, draft->exchange->request->version);
    options.schema = tags;
    options.schema_count = sizeof tags / sizeof *tags;
    return item_email_load(draft->draft->blob, &reference, &entry, &options, email, pool);
}
