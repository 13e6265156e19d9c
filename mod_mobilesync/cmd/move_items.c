/* MoveItems (MS-ASCMD 2.2.1.12): each Move on its own, once. The ledger's entry is (SrcMsgId,
 * SrcFldId, DstFldId); a ServerId is never used again, so a repeat can only mean the same
 * move, and gets the same DstMsgId. */
#include "cmd/brake.h"

#include <string.h>
#include <apr_hash.h>

#include "cmd/once.h"
#include "cmd/sync_request.h"
#include "eas/status.h"
#include "item/reference.h"

#define MOVE_COUNT_MAX 1000 /* R5652 */

/* MS-ASCMD 2.2.3.177.10, where no fault stands for it */
enum { MOVE_STATUS_SOURCE = 1, MOVE_STATUS_SAME_FOLDER = 4, MOVE_STATUS_SEVERAL = 5 };

typedef struct {
    cmd_exchange_t *exchange;
    const char *item_id;
    const char *source_id;
    const char *target_id;
    item_reference_t reference;
    backend_folder_t *source;
    backend_folder_t *target;
} move_t;

/* Finds item and folders. 0, or the Status that says what is not there. */
static base_fault_t *move_resolve(move_t *move, int *status)
{
    cmd_exchange_t *exchange = move->exchange;
    base_fault_t *fault;

    *status = 0;
    if (strcmp(move->source_id, move->target_id) == 0)
        *status = MOVE_STATUS_SAME_FOLDER;
    else if (!item_reference_parse_server_id(move->item_id, &move->reference, exchange->pool) ||
             strcmp(move->reference.folder_id, move->source_id) != 0)
        *status = MOVE_STATUS_SOURCE;
    if (*status)
        return NULL;
    fault = cmd_exchange_folder(exchange, move->source_id, &move->source);
    if (base_fault_code(fault) == BASE_FAULT_FOLDER_GONE) {
        *status = MOVE_STATUS_SOURCE;
        return NULL;
    }
    if (fault)
        return fault;
    BASE_TRY(cmd_exchange_folder(exchange, move->target_id, &move->target));
    /* Of an earlier generation nothing is in the source, and the new one's item of that uid is
     * another: no item has uid 0. What was moved before that is found by its derived name, recorded
     * or not. */
    if (move->source->generation != move->reference.generation)
        move->reference.uid = 0;
    if (move->source->class_ != move->target->class_)
        return base_fault_make(exchange->pool, BASE_FAULT_UNSUPPORTED,
                               "folder %s holds items of another class", move->target_id);
    return NULL;
}

static base_fault_t *move_perform(move_t *move, const char *derived_name, const char **new_id)
{
    cmd_exchange_t *exchange = move->exchange;
    item_reference_t moved = {.folder_id = move->target->id,
                              .generation = move->target->generation};
    backend_session_t *session;
    backend_entry_t entry;

    BASE_TRY(cmd_exchange_session(exchange, &session));
    BASE_TRY(backend_item_move(session, move->source->id, move->reference.uid, move->target->id,
                               derived_name, &entry, exchange->pool));
    moved.uid = entry.uid;
    *new_id = item_reference_server_id(&moved, exchange->pool);
    cmd_exchange_publish(exchange, move->source->id, WAKE_EVENT_CHANGED);
    cmd_exchange_publish(exchange, move->target->id, WAKE_EVENT_ADDED);
    return NULL;
}

/* What the claim stands for. *new_id is set exactly when *status is success. */
static base_fault_t *move_claimed(move_t *move, cmd_once_t *once, const char *paused, int *status,
                                  const char **new_id)
{
    cmd_exchange_t *exchange = move->exchange;
    base_fault_t *fault;

    if (once->result) {
        *status = EAS_STATUS_MoveItems_SUCCESS;
        *new_id = once->result;
        return NULL;
    }
    fault = paused ? base_fault_make(exchange->pool, BASE_FAULT_PAUSED, "%s", paused)
                   : move_resolve(move, status);
    /* the digest: a repeat after a crash finds the item by it where it was moved to */
    if (!fault && *status == 0)
        fault = move_perform(move, strchr(once->key.scope, ':') + 1, new_id);
    if (fault || *status) {
        cmd_once_release(exchange, once);
        return fault;
    }
    *status = EAS_STATUS_MoveItems_SUCCESS;
    /* unrecorded, a repeat finds the item by its derived name */
    fault = cmd_once_record(exchange, once, *new_id);
    if (fault)
        base_log_write(exchange->log, BASE_LOG_WARNING, "recording a move of %s: %s",
                       exchange->account, fault->message);
    return NULL;
}

/* A move that fails says why in its own Status, and the others go on. Without the ledger
 * none can: that is a fault of the whole command, and what was moved before is found again. */
static base_fault_t *move_answer(move_t *move, const char *paused)
{
    cmd_exchange_t *exchange = move->exchange;
    eas_writer_t *writer = exchange->writer;
    const char *new_id = NULL;
    cmd_once_t once;
    int status = 0;
    base_fault_t *fault;

    cmd_once_init(exchange,
                  cmd_once_scope(exchange->pool, "move", move->item_id, move->source_id,
                                 move->target_id, NULL),
                  "move", CMD_ONCE_TTL, &once);
    fault = cmd_once_claim(exchange, &once, CMD_LEASE, &exchange->patience);
    if (fault && fault->code != BASE_FAULT_BUSY)
        return fault;
    if (!fault)
        fault = move_claimed(move, &once, paused, &status, &new_id);
    if (fault) {
        status = eas_status_from_fault(EAS_COMMAND_MoveItems, fault->code);
        base_log_write(exchange->log, cmd_fault_level(fault->code),
                       "MoveItems of %s, device %s, %s to %s: %s", exchange->account,
                       exchange->request->device_id, move->item_id, move->target_id,
                       fault->message);
    }
    eas_writer_start(writer, EAS_Move_Response);
    eas_writer_text(writer, EAS_Move_SrcMsgId, move->item_id);
    eas_writer_uint(writer, EAS_Move_Status, (apr_uint64_t)status);
    if (new_id)
        eas_writer_text(writer, EAS_Move_DstMsgId, new_id);
    eas_writer_end(writer);
    return NULL;
}

static base_fault_t *move_parse(cmd_exchange_t *exchange, const eas_node_t *node, move_t *move)
{
    move->exchange = exchange;
    move->item_id = eas_node_child_text(node, EAS_Move_SrcMsgId);
    move->source_id = eas_node_child_text(node, EAS_Move_SrcFldId);
    move->target_id = eas_node_child_text(node, EAS_Move_DstFldId);
    if (!move->item_id || !move->source_id || !move->target_id || !*move->item_id ||
        strlen(move->item_id) > ITEM_SERVER_ID_MAX)
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                               "Move needs SrcMsgId, SrcFldId and DstFldId");
    return NULL;
}

/* Folders that nothing may be moved out of, as too much would be, and why. */
static base_fault_t *move_brake(cmd_exchange_t *exchange, const eas_node_t *node,
                                apr_hash_t *paused)
{
    apr_hash_t *counts = apr_hash_make(exchange->pool);
    apr_hash_index_t *each;
    const char *digest;

    if (!cmd_brake_is_on(exchange))
        return NULL;
    BASE_TRY(sync_request_digest(exchange->body, &digest, exchange->pool));
    for (; node; node = eas_node_next(node)) {
        const char *source = eas_node_child_text(node, EAS_Move_SrcFldId);
        apr_uint64_t *count = apr_hash_get(counts, source, APR_HASH_KEY_STRING);

        if (!count) {
            count = apr_pcalloc(exchange->pool, sizeof *count);
            apr_hash_set(counts, source, APR_HASH_KEY_STRING, count);
        }
        ++*count;
    }
    for (each = apr_hash_first(exchange->pool, counts); each; each = apr_hash_next(each)) {
        const char *source = apr_hash_this_key(each);
        const apr_uint64_t *count = apr_hash_this_val(each);
        base_fault_t *fault = cmd_brake_check(exchange, source, *count, digest);

        if (base_fault_code(fault) == BASE_FAULT_PAUSED)
            apr_hash_set(paused, source, APR_HASH_KEY_STRING, fault->message);
        else if (fault && fault->code != BASE_FAULT_FOLDER_GONE)
            return fault;
    }
    return NULL;
}

base_fault_t *cmd_move_items_run(cmd_exchange_t *exchange)
{
    const cmd_entry_t *entry = cmd_find(EAS_COMMAND_MoveItems);
    const eas_node_t *node = eas_node_child(exchange->body, EAS_Move_Move);
    const eas_node_t *each;
    move_t move = {.exchange = exchange};
    apr_hash_t *paused = apr_hash_make(exchange->pool);
    int count = 0;

    for (each = node; each; each = eas_node_next(each)) {
        const eas_node_t *target = eas_node_child(each, EAS_Move_DstFldId);

        BASE_TRY(move_parse(exchange, each, &move));
        if (eas_node_next(target)) { /* R4222 */
            cmd_answer_status(exchange, entry, MOVE_STATUS_SEVERAL);
            return NULL;
        }
        count++;
    }
    if (count == 0 || count > MOVE_COUNT_MAX) { /* R5653 */
        cmd_answer_status(exchange, entry, EAS_STATUS_InvalidXML);
        return NULL;
    }
    BASE_TRY(move_brake(exchange, node, paused));
    eas_writer_start(exchange->writer, EAS_Move_MoveItems);
    for (each = node; each; each = eas_node_next(each)) {
        move = (move_t){0};
        BASE_TRY(move_parse(exchange, each, &move));
        BASE_TRY(move_answer(&move, apr_hash_get(paused, move.source_id, APR_HASH_KEY_STRING)));
    }
    eas_writer_end(exchange->writer);
    return NULL;
}
