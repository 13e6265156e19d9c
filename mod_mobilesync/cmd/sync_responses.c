/* Responses to the operations of a Collection (MS-ASCMD 2.2.3.154). */
#include "cmd/sync_ops_impl.h"

#include "eas/status.h"

/* The item's Status for what became of the operation (MS-ASCMD 2.2.3.177.17). */
static int ops_status(base_fault_code_t code)
{
    if (code == BASE_FAULT_NONE)
        return SYNC_STATUS_SUCCESS;
    if (code == BASE_FAULT_NOT_FOUND)
        return SYNC_STATUS_NOT_FOUND;
    if (code == BASE_FAULT_CONFLICT)
        return SYNC_STATUS_CONFLICT;
    if (code == BASE_FAULT_QUOTA)
        return SYNC_STATUS_FULL;
    if (code == BASE_FAULT_INVALID || code == BASE_FAULT_UNSUPPORTED ||
        code == BASE_FAULT_CONVERSION || code == BASE_FAULT_TOO_LARGE)
        return SYNC_STATUS_CONVERSION;
    return eas_status_from_fault(EAS_COMMAND_Sync, code);
}

static void ops_write_id(const sync_ops_t *ops, const eas_node_t *node, eas_tag_t tag)
{
    const char *id = cmd_id_echo(eas_node_child_text(node, tag));

    if (*id)
        eas_writer_text(ops->exchange->writer, tag, id);
}

/* The complete item (R2956): nothing is truncated. */
static base_fault_t *ops_load_whole(const sync_ops_t *ops, const collection_op_t *op,
                                    const item_options_t *options, void **item, apr_pool_t *pool)
{
    const item_reference_t reference = {
        .folder_id = ops->folder->id, .generation = ops->folder->generation, .uid = op->uid};
    item_options_t whole = *options;
    backend_session_t *session;
    backend_entry_t entry;
    backend_blob_t *blob;
    int i;

    for (i = 0; i < whole.preference_count; i++)
        whole.preferences[i].truncation_size = ITEM_TRUNCATION_NONE;
    whole.part_preference.truncation_size = ITEM_TRUNCATION_NONE;
    whole.mime_truncation = ITEM_TRUNCATION_NONE;
    BASE_TRY(cmd_exchange_session(ops->exchange, &session));
    BASE_TRY(backend_item_entry(session, ops->folder->id, op->uid, &entry, pool));
    BASE_TRY(backend_item_fetch(session, ops->folder->id, op->uid, &blob, pool));
    return ops->kind->load(blob, &reference, &entry, &whole, item, pool);
}

static base_fault_t *ops_write_fetch(const sync_ops_t *ops, int index, int status,
                                     const item_options_t *options, apr_pool_t *pool)
{
    const sync_op_t *op = &APR_ARRAY_IDX(ops->list, index, sync_op_t);
    eas_writer_t *writer = ops->exchange->writer;
    void *item = NULL;

    if (status == SYNC_STATUS_SUCCESS) {
        base_fault_t *fault = ops_load_whole(
            ops, &APR_ARRAY_IDX(ops->engine, index, collection_op_t), options, &item, pool);

        if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE)
            return base_fault_wrap(fault, ops->pool, "Fetch");
        status = ops_status(base_fault_code(fault));
    }
    eas_writer_start(writer, EAS_AirSync_Fetch);
    ops_write_id(ops, op->node, EAS_AirSync_ServerId);
    eas_writer_uint(writer, EAS_AirSync_Status, (apr_uint64_t)status);
    if (status == SYNC_STATUS_SUCCESS) {
        eas_writer_start(writer, EAS_AirSync_ApplicationData);
        ops->kind->write(item, 0, writer);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
    return NULL;
}

/* -- what the Response to an operation that succeeded tells -- */

typedef struct {
    apr_array_header_t *files; /* item_attachment_added_t */
    void *made;                /* what the server made of a new item, loaded; NULL: nothing */
} ops_news_t;

static int ops_adds_files(const eas_node_t *node)
{
    const eas_node_t *data = eas_node_child(node, EAS_AirSync_ApplicationData);
    const eas_node_t *files = data ? eas_node_child(data, EAS_AirSyncBase_Attachments) : NULL;

    return files && eas_node_child(files, EAS_AirSyncBase_Add);
}

static base_fault_t *ops_load_draft(const sync_op_t *op, apr_uint64_t uid, ops_news_t *news,
                                    apr_pool_t *pool)
{
    item_email_t *email;

    BASE_TRY(sync_draft_added(op->draft, uid, &news->files, pool));
    if (op->node->tag != EAS_AirSync_Add)
        return NULL;
    BASE_TRY(sync_draft_load(op->draft, uid, &email, pool));
    news->made = email;
    return NULL;
}

/* Of an item that is no mail. What is gone by now is told of in another way. */
static base_fault_t *ops_load_item(const sync_ops_t *ops, const sync_op_t *op, apr_uint64_t uid,
                                   ops_news_t *news, apr_pool_t *pool)
{
    const item_reference_t reference = {
        .folder_id = ops->folder->id, .generation = ops->folder->generation, .uid = uid};
    const backend_entry_t entry = {.uid = uid};
    int made = op->node->tag == EAS_AirSync_Add && ops->kind->made != EAS_TAG_NONE;
    int files = ops->kind->attachments_added && ops_adds_files(op->node);
    backend_session_t *session;
    item_options_t options;
    backend_blob_t *blob;
    base_fault_t *fault;

    if (ops->exchange->request->version < EAS_VERSION_16_0 || (!made && !files))
        return NULL;
    BASE_TRY(cmd_exchange_session(ops->exchange, &session));
    fault = backend_item_fetch(session, ops->folder->id, uid, &blob, pool);
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND)
        return NULL;
    BASE_TRY(fault);
    if (files)
        BASE_TRY(ops->kind->attachments_added(blob, &reference,
                                              eas_node_child(op->node, EAS_AirSync_ApplicationData),
                                              &news->files, pool));
    if (!made)
        return NULL;
    item_options_init(&options, ops->exchange->request->version);
    options.schema = &ops->kind->made;
    options.schema_count = 1;
    return ops->kind->load(blob, &reference, &entry, &options, &news->made, pool);
}

static base_fault_t *ops_load_news(const sync_ops_t *ops, const sync_op_t *op, apr_uint64_t uid,
                                   ops_news_t *news, apr_pool_t *pool)
{
    base_fault_t *fault = NULL;

    *news = (ops_news_t){.files = apr_array_make(pool, 1, sizeof(item_attachment_added_t))};
    if (uid && op->draft)
        fault = ops_load_draft(op, uid, news, pool);
    else if (uid && ops->folder->class_ != BACKEND_CLASS_EMAIL)
        fault = ops_load_item(ops, op, uid, news, pool);
    if (base_fault_code(fault) != BASE_FAULT_CONVERSION)
        return fault;
    /* another program has made something else of it: that is another operation's trouble */
    news->made = NULL;
    return NULL;
}

/* In the order of the schema. */
static void ops_write_one(const sync_ops_t *ops, const sync_op_t *op, const char *server_id,
                          int status, const ops_news_t *news)
{
    eas_writer_t *writer = ops->exchange->writer;

    eas_writer_start(writer, op->node->tag);
    ops_write_id(ops, op->node, EAS_AirSync_ClientId);
    if (server_id)
        eas_writer_text(writer, EAS_AirSync_ServerId, server_id);
    else
        ops_write_id(ops, op->node, EAS_AirSync_ServerId);
    if (eas_tag_in_version(EAS_AirSyncBase_InstanceId, ops->exchange->request->version))
        ops_write_id(ops, op->node, EAS_AirSyncBase_InstanceId); /* MS-ASAIRS R1178 */
    eas_writer_uint(writer, EAS_AirSync_Status, (apr_uint64_t)status);
    if (news && (news->files->nelts || news->made)) {
        eas_writer_start(writer, EAS_AirSync_ApplicationData);
        item_attachments_added_write(news->files, writer);
        if (news->made)
            ops->kind->write(news->made, 0, writer);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
}

/* Every Add is answered, and one that was made has a ServerId; of what else succeeded a Change that
 * added attachments (MS-ASCMD R6234). */
static base_fault_t *ops_write_done(const sync_ops_t *ops, const sync_op_t *op, apr_uint64_t uid,
                                    apr_pool_t *pool)
{
    const item_reference_t reference = {
        .folder_id = ops->folder->id, .generation = ops->folder->generation, .uid = uid};
    int added = op->node->tag == EAS_AirSync_Add;
    ops_news_t news;

    BASE_TRY(ops_load_news(ops, op, uid, &news, pool));
    ops_write_one(ops, op, added && uid ? item_reference_server_id(&reference, pool) : NULL,
                  SYNC_STATUS_SUCCESS, &news);
    return NULL;
}

/* Is there something to answer? */
static int ops_is_answered(const sync_op_t *op, int status)
{
    if (status != SYNC_STATUS_SUCCESS || op->node->tag == EAS_AirSync_Add ||
        op->node->tag == EAS_AirSync_Fetch)
        return 1;
    return op->node->tag == EAS_AirSync_Change && !op->status && ops_adds_files(op->node);
}

base_fault_t *sync_ops_write_responses(const sync_ops_t *ops, const collection_answer_t *answer,
                                       const backend_folder_t *folder,
                                       const item_options_t *options)
{
    eas_writer_t *writer = ops->exchange->writer;
    apr_pool_t *subpool;
    int i, open = 0;

    (void)folder;
    apr_pool_create(&subpool, ops->pool);
    for (i = 0; i < ops->list->nelts; i++) {
        const sync_op_t *op = &APR_ARRAY_IDX(ops->list, i, sync_op_t);
        int status = op->status ? op->status : ops_status(answer->results[i].code);

        apr_pool_clear(subpool);
        if (!ops_is_answered(op, status))
            continue;
        if (!open)
            eas_writer_start(writer, EAS_AirSync_Responses);
        open = 1;
        if (op->node->tag == EAS_AirSync_Fetch)
            BASE_TRY(ops_write_fetch(ops, i, status, options, subpool));
        else if (status == SYNC_STATUS_SUCCESS)
            BASE_TRY(ops_write_done(ops, op, op->status ? 0 : answer->results[i].uid, subpool));
        else
            ops_write_one(ops, op, NULL, status, NULL);
    }
    if (open)
        eas_writer_end(writer);
    return NULL;
}
