#include "cmd/meeting_send.h"
#include "cmd/sync_edit.h"
#include "cmd/sync_merge.h"
#include "cmd/sync_ops_impl.h"

#include <stdlib.h>
#include <string.h>

#include "eas/status.h"
#include "item/kind.h"

/* -- reading ---------------------------------------------------------------------------------- */

/* 0 when the ServerId is none of this folder and generation: then it is not found, and never
 * another item. */
static apr_uint64_t ops_uid(const sync_ops_t *ops, const eas_node_t *node)
{
    const char *text = eas_node_child_text(node, EAS_AirSync_ServerId);
    item_reference_t reference;

    if (!text || !item_reference_parse_server_id(text, &reference, ops->pool) ||
        strcmp(reference.folder_id, ops->folder->id) ||
        reference.generation != ops->folder->generation)
        return 0;
    return reference.uid;
}

/* What only the server says (MS-ASEMAIL R347, R648, R723). */
static int ops_read_only(const eas_node_t *data)
{
    return eas_node_child(data, EAS_Email2_ConversationId) ||
           eas_node_child(data, EAS_Email2_ReceivedAsBcc) ||
           eas_node_child(data, EAS_Email2_Sender);
}

static int ops_change(const sync_ops_t *ops, const eas_node_t *node, collection_op_t *op)
{
    const eas_node_t *data = eas_node_child(node, EAS_AirSync_ApplicationData);
    base_fault_t *fault;

    if (!data || ops_read_only(data))
        return 0;
    fault = sync_edit_read(ops->exchange, ops->folder, data, op, ops->pool);
    if (fault)
        base_log_write(ops->exchange->log, BASE_LOG_INFO, "Sync of %s, device %s: %s",
                       ops->exchange->account, ops->exchange->request->device_id, fault->message);
    return !fault;
}

/* Of an item that is no mail. */
static int ops_merge(const sync_ops_t *ops, const eas_node_t *node, collection_op_t *op)
{
    base_fault_t *fault = sync_merge_read(ops->exchange, ops->folder, node, op, ops->pool);

    op->kind = node->tag == EAS_AirSync_Add ? COLLECTION_OP_ADD : COLLECTION_OP_CHANGE;
    if (node->tag != EAS_AirSync_Add)
        op->uid = ops_uid(ops, node);
    if (fault)
        base_log_write(ops->exchange->log, BASE_LOG_INFO, "Sync of %s, device %s: %s",
                       ops->exchange->account, ops->exchange->request->device_id, fault->message);
    return fault ? SYNC_STATUS_CONVERSION : 0;
}

/* Does it change the content of what is no mail? */
static int ops_merges(const sync_ops_t *ops, const eas_node_t *node)
{
    if (ops->folder->class_ == BACKEND_CLASS_EMAIL)
        return 0;
    return node->tag == EAS_AirSync_Add || node->tag == EAS_AirSync_Change ||
           (node->tag == EAS_AirSync_Delete && eas_node_child(node, EAS_AirSyncBase_InstanceId));
}

/* Returns 0, or the Status of an operation that cannot be meant. */
static int ops_translate(const sync_ops_t *ops, const eas_node_t *node, collection_op_t *op)
{
    if (ops_merges(ops, node))
        return ops_merge(ops, node, op);
    switch (node->tag) {
    case EAS_AirSync_Add:
        return ops->drafts && ops_change(ops, node, op) ? 0 : SYNC_STATUS_CONVERSION;
    case EAS_AirSync_Change:
        op->kind = COLLECTION_OP_CHANGE;
        if (!ops_change(ops, node, op))
            return SYNC_STATUS_CONVERSION;
        break;
    case EAS_AirSync_Delete:
        op->kind = COLLECTION_OP_DELETE;
        op->trash_id = ops->trash_id;
        break;
    case EAS_AirSync_Fetch:
        op->kind = COLLECTION_OP_FETCH;
        break;
    default:
        return SYNC_STATUS_PROTOCOL;
    }
    op->uid = ops_uid(ops, node);
    return 0;
}

/* Deleted Items is a folder of mail: what is none is removed for good, also with DeletesAsMoves. */
static base_fault_t *ops_find_trash(sync_ops_t *ops, const sync_collection_t *asked)
{
    backend_folder_t *trash;

    if (!asked->deletes_as_moves || ops->folder->role == BACKEND_ROLE_TRASH ||
        ops->folder->class_ != BACKEND_CLASS_EMAIL)
        return NULL;
    BASE_TRY(cmd_exchange_role(ops->exchange, BACKEND_ROLE_TRASH, &trash));
    ops->trash_id = trash ? trash->id : NULL;
    return NULL;
}

/* The draft that an operation is about, if any: that has to be made first. */
static base_fault_t *ops_draft(const sync_ops_t *ops, const eas_node_t *node, collection_op_t *op,
                               sync_op_t *read)
{
    if (read->status || !ops->drafts ||
        (node->tag != EAS_AirSync_Add && node->tag != EAS_AirSync_Change))
        return NULL;
    read->draft = apr_pcalloc(ops->pool, sizeof *read->draft);
    *read->draft = (sync_draft_t){.exchange = ops->exchange,
                                  .folder = ops->folder,
                                  .env = ops->env,
                                  .request = ops->request,
                                  .node = node,
                                  .op = op,
                                  .pool = ops->pool};
    return sync_draft_read(read->draft, &read->status);
}

/* Of what the client says to be an invitation that was received (MeetingStatus 3, 7, ...) it cannot be
 * the organizer, whoever the item says is. */
static int ops_is_received(const eas_node_t *node)
{
    const eas_node_t *data = eas_node_child(node, EAS_AirSync_ApplicationData);
    const char *status = data ? eas_node_child_text(data, EAS_Calendar_MeetingStatus) : NULL;

    return status && atoi(status) & 2;
}

static base_fault_t *ops_read_one(sync_ops_t *ops, const eas_node_t *node)
{
    static const collection_op_t nothing = {.kind = COLLECTION_OP_FETCH};
    sync_op_t read = {.node = node};
    collection_op_t *op = apr_array_push(ops->engine);

    *op = nothing;
    read.status = ops_translate(ops, node, op);
    op->follow = ops_is_received(node) ? NULL : ops->follow;
    if (read.status == SYNC_STATUS_PROTOCOL)
        return base_fault_make(ops->pool, BASE_FAULT_INVALID, "Commands: %s is no operation",
                               eas_tag_name(node->tag));
    BASE_TRY(ops_draft(ops, node, op, &read));
    if (read.status)
        *op = nothing;
    if (read.draft)
        read.draft->op = NULL; /* the array may move */
    APR_ARRAY_PUSH(ops->list, sync_op_t) = read;
    return NULL;
}

base_fault_t *sync_ops_read(cmd_exchange_t *exchange, const sync_collection_t *asked,
                            const backend_folder_t *folder, const collection_env_t *env,
                            const collection_request_t *request, sync_ops_t **result,
                            apr_pool_t *pool)
{
    sync_ops_t *ops = apr_pcalloc(pool, sizeof *ops);
    const eas_node_t *node;

    ops->exchange = exchange;
    ops->folder = folder;
    ops->kind = item_kind_find(folder->class_);
    ops->env = env;
    ops->request = request;
    ops->pool = pool;
    ops->list = apr_array_make(pool, 4, sizeof(sync_op_t));
    ops->engine = apr_array_make(pool, 4, sizeof(collection_op_t));
    *result = ops;
    if (!asked->commands)
        return NULL;
    BASE_TRY(ops_find_trash(ops, asked));
    ops->drafts = sync_draft_folder(exchange, folder);
    ops->follow = cmd_meeting_follow(exchange, folder, pool);
    for (node = asked->commands->first; node; node = node->next)
        BASE_TRY(ops_read_one(ops, node));
    return NULL;
}

void sync_ops_engine(const sync_ops_t *ops, const collection_op_t **engine, int *count)
{
    *engine = (const collection_op_t *)ops->engine->elts;
    *count = ops->engine->nelts;
}

void sync_ops_publish(const sync_ops_t *ops, const collection_answer_t *answer,
                      const backend_folder_t *folder)
{
    int changed = 0, moved = 0, i;

    for (i = 0; i < answer->result_count; i++) {
        const collection_op_t *op = &APR_ARRAY_IDX(ops->engine, i, collection_op_t);

        if (answer->results[i].code != BASE_FAULT_NONE || answer->results[i].repeated ||
            op->kind == COLLECTION_OP_FETCH)
            continue;
        changed = 1;
        moved |= op->kind == COLLECTION_OP_DELETE && op->trash_id;
    }
    if (changed)
        cmd_exchange_publish(ops->exchange, folder->id, WAKE_EVENT_CHANGED);
    if (moved)
        cmd_exchange_publish(ops->exchange, ops->trash_id, WAKE_EVENT_ADDED);
}
