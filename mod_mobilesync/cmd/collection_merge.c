/* Items that are no mail, which are changed as a whole: what the client sent is merged into what there
 * is at that moment, so that nothing of others is written over that it does not name, and made again
 * when another program was faster.
 *
 * Before anything is written the ledger is told what that will be (by a hash): a content that is
 * found there after a crash is then known to be the operation's own, or another's. */
#include "cmd/collection_impl.h"

#include <string.h>

#include "backend/blob.h"

#define MERGE_TRIES 8 /* while others change the item all the time */

/* In what a device holds: it is that token's content but for what it is to be told. */
#define MERGE_TOLD ((apr_uint64_t)1 << 63)

/* The item as it is, and as it is to be. */
typedef struct {
    backend_entry_t entry;
    backend_blob_t *there;        /* NULL: it is added */
    const backend_blob_t *wanted; /* there itself: it need not be written */
    int tell;
} merge_t;

static base_fault_t *merge_hash(const backend_blob_t *blob, apr_uint64_t *hash, apr_pool_t *pool)
{
    const char *data;

    BASE_TRY(backend_blob_load(blob, &data, pool));
    *hash = backend_content_token(data, blob->size);
    return NULL;
}

static base_fault_t *merge_apply(const collection_t *collection, const collection_op_t *op,
                                 const collection_claim_t *claim, merge_t *merge, int replaces)
{
    const sync_folder_state_t *state = collection->state;
    const collection_merged_t given = {.uid = merge->there ? merge->entry.uid : 0,
                                       .original = replaces ? NULL : merge->there,
                                       .key = collection_claim_derived_name(collection, claim, ""),
                                       .supported =
                                           state->supported_length ? state->supported : NULL,
                                       .supported_length = state->supported_length,
                                       .options = &collection->answer.options};

    merge->tell = 0;
    return op->merge->apply(op->merge, &given, &merge->wanted, &merge->tell, collection->op_pool);
}

static base_fault_t *merge_look(const collection_t *collection, apr_uint64_t uid, merge_t *merge)
{
    backend_session_t *backend = collection->env->backend;
    const char *folder_id = collection->request->folder_id;

    BASE_TRY(backend_item_entry(backend, folder_id, uid, &merge->entry, collection->op_pool));
    return backend_item_fetch(backend, folder_id, uid, &merge->there, collection->op_pool);
}

/* Notes what will be written, then writes it. memo: of who follows. *begun: as of
 * collection_op_effect. */
static base_fault_t *merge_write(collection_t *collection, collection_claim_t *claim,
                                 merge_t *merge, const backend_blob_t *memo, int *begun)
{
    apr_uint64_t hash;

    BASE_TRY(merge_hash(merge->wanted, &hash, collection->op_pool));
    BASE_TRY(collection_claim_intend(collection, claim, merge->entry.uid, hash, memo));
    *begun = 1;
    return backend_item_replace(collection->env->backend, collection->request->folder_id,
                                merge->entry.uid, merge->entry.token, 0, merge->wanted,
                                &merge->entry, collection->op_pool);
}

/* Is what is there the work of the operation itself, by an earlier attempt? *digest: of what that
 * wanted, NULL: it is not. */
static base_fault_t *merge_own(const collection_t *collection, const collection_claim_t *claim,
                               const merge_t *merge, const char **digest)
{
    apr_uint64_t hash;
    int i;

    *digest = NULL;
    if (claim->other && claim->other->token == merge->entry.token)
        *digest = claim->other->digest;
    if (*digest || !claim->intent_count)
        return NULL;
    BASE_TRY(merge_hash(merge->there, &hash, collection->op_pool));
    for (i = 0; i < claim->intent_count; i++)
        if (claim->intents[i]->token == hash)
            *digest = claim->intents[i]->digest;
    return NULL;
}

apr_uint64_t collection_merge_token(const sync_ledger_result_t *result)
{
    if (result->tell == SYNC_TELL_UNSEEN)
        return SYNC_TOKEN_UNKNOWN;
    return result->tell == SYNC_TELL_OWN ? result->token ^ MERGE_TOLD : result->token;
}

/* -- Change ------------------------------------------------------------------------------------ */

/* Has somebody else changed the item since the device got it? Another Change of it in the request is
 * no somebody; when that was in conflict this one is, too. */
static base_fault_t *merge_conflict(const collection_t *collection, const collection_op_t *op,
                                    const collection_claim_t *claim, const merge_t *merge,
                                    int *conflict)
{
    sync_holding_t device = sync_window_holding(collection->window, op->uid);
    const collection_request_t *request = collection->request;
    const apr_uint64_t *written = NULL;
    const char *own;
    int i;

    if (device.token == (merge->entry.token ^ MERGE_TOLD))
        device.token = merge->entry.token;

    *conflict = 0;
    if (collection->answer.options.client_wins)
        return NULL;
    for (i = 0; request->ops + i < op; i++) {
        const sync_ledger_result_t *before = collection->recorded + i;

        if (request->ops[i].kind != COLLECTION_OP_CHANGE || request->ops[i].uid != op->uid)
            continue;
        if (before->code == BASE_FAULT_CONFLICT)
            *conflict = 1;
        else if (before->code == BASE_FAULT_NONE)
            written = &before->token;
    }
    BASE_TRY(merge_own(collection, claim, merge, &own));
    if (!own && sync_diff_content_conflict(&device, written, merge->entry.token))
        *conflict = 1;
    return NULL;
}

static base_fault_t *merge_change_once(collection_t *collection, const collection_op_t *op,
                                       collection_claim_t *claim, sync_ledger_result_t *result,
                                       int *begun)
{
    const sync_holding_t device = sync_window_holding(collection->window, op->uid);
    const backend_blob_t *memo;
    merge_t merge;
    int conflict;

    BASE_TRY(merge_look(collection, op->uid, &merge));
    BASE_TRY(merge_apply(collection, op, claim, &merge, 0));
    if (device.token == merge.entry.token)
        result->tell = merge.tell ? SYNC_TELL_OWN : SYNC_TELL_NOT;
    else /* what was merged into something that it has not seen it cannot know */
        result->tell =
            device.token == (merge.entry.token ^ MERGE_TOLD) ? SYNC_TELL_OWN : SYNC_TELL_UNSEEN;
    if (merge.wanted != merge.there) {
        BASE_TRY(merge_conflict(collection, op, claim, &merge, &conflict));
        if (conflict)
            return base_fault_make(collection->op_pool, BASE_FAULT_CONFLICT,
                                   "the server's version wins");
    }
    BASE_TRY(collection_op_plan(collection, op, claim, merge.there, merge.wanted, &memo));
    if (merge.wanted != merge.there)
        BASE_TRY(merge_write(collection, claim, &merge, memo, begun));
    if (memo)
        BASE_TRY(collection_op_follow(collection, op, memo, merge.wanted));
    result->token = merge.entry.token;
    return NULL;
}

base_fault_t *collection_merge_change(collection_t *collection, const collection_op_t *op,
                                      collection_claim_t *claim, sync_ledger_result_t *result,
                                      int *begun)
{
    base_fault_t *fault;
    int tries = 0;

    do {
        *begun = 0;
        fault = merge_change_once(collection, op, claim, result, begun);
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT || !*begun)
            return fault;
    } while (++tries < MERGE_TRIES); /* another program was faster, and nothing was written */
    *begun = 0;
    fault->code = BASE_FAULT_BUSY;
    return fault;
}

/* -- Add --------------------------------------------------------------------------------------- */

/* Has perhaps nothing followed yet that the item was made, by an earlier attempt? */
static int merge_is_fresh(const collection_claim_t *claim)
{
    int i = claim->intent_count;

    while (i > 0 && claim->intents[i - 1]->uid)
        i--;
    return i > 0 && !claim->other;
}

/* Did the last attempt that is recorded find what another program had put there, and leave it? Then
 * the content it answered with is not its own. */
static int merge_has_left(const collection_claim_t *claim)
{
    return claim->other && claim->other->tell == SYNC_TELL_UNSEEN;
}

/* An earlier attempt has added the item, or another program has put its own in the place of that, or
 * it is one that the client knew once and adds again. The device knows it by one ServerId, whichever answer reaches it. */
static base_fault_t *merge_add_again(collection_t *collection, const collection_op_t *op,
                                     collection_claim_t *claim, merge_t *merge, int *begun,
                                     sync_tell_t *tell)
{
    const backend_blob_t *memo = NULL;
    const char *own = NULL;
    int fresh = merge_is_fresh(claim), writes = 0;

    BASE_TRY(merge_look(collection, merge->entry.uid, merge));
    if (!merge_has_left(claim))
        BASE_TRY(merge_own(collection, claim, merge, &own));
    if (!own || strcmp(own, claim->digest) != 0) {
        /* of an earlier form nothing is to stay that the device has left out since */
        BASE_TRY(merge_apply(collection, op, claim, merge, own != NULL));
        if (!own)
            *tell = SYNC_TELL_UNSEEN;
        else if (merge->tell)
            *tell = SYNC_TELL_OWN;
        writes = merge->wanted != merge->there && (own || collection->answer.options.client_wins);
    }
    if (!writes)
        merge->wanted = merge->there;
    if (fresh)
        BASE_TRY(collection_op_plan_added(collection, op, merge->wanted));
    else
        BASE_TRY(collection_op_plan(collection, op, claim, merge->there, merge->wanted, &memo));
    if (writes)
        BASE_TRY(merge_write(collection, claim, merge, memo, begun));
    return fresh || memo ? collection_op_follow(collection, op, memo, merge->wanted) : NULL;
}

/* Is there one of the UID that the client means? *entry is that. */
static base_fault_t *merge_find(const collection_t *collection, const collection_op_t *op,
                                backend_entry_t *entry, int *found)
{
    const char *uid = NULL;
    base_fault_t *fault;

    *found = 0;
    if (op->merge->identify)
        BASE_TRY(op->merge->identify(op->merge, &uid, collection->op_pool));
    if (!uid)
        return NULL;
    fault = backend_item_find(collection->env->backend, collection->request->folder_id, uid, entry,
                              collection->op_pool);
    *found = !fault;
    return base_fault_code(fault) == BASE_FAULT_NOT_FOUND ? NULL : fault;
}

base_fault_t *collection_merge_add(collection_t *collection, const collection_op_t *op,
                                   collection_claim_t *claim, sync_ledger_result_t *result,
                                   int *begun)
{
    const backend_put_t put = {.derived_name =
                                   collection_claim_derived_name(collection, claim, "")};
    merge_t merge = {.there = NULL};
    apr_uint64_t hash;
    base_fault_t *fault;
    int existed;

    BASE_TRY(merge_apply(collection, op, claim, &merge, 0));
    BASE_TRY(merge_find(collection, op, &merge.entry, &existed));
    if (!existed) {
        BASE_TRY(merge_hash(merge.wanted, &hash, collection->op_pool));
        BASE_TRY(collection_op_plan_added(collection, op, merge.wanted));
        BASE_TRY(collection_claim_intend(collection, claim, 0, hash, NULL));
        *begun = 1;
        BASE_TRY(backend_item_put(collection->env->backend, collection->request->folder_id, &put,
                                  merge.wanted, &merge.entry, &existed, collection->op_pool));
    }
    result->tell = merge.tell ? SYNC_TELL_OWN : SYNC_TELL_NOT;
    if (existed) {
        fault = merge_add_again(collection, op, claim, &merge, begun, &result->tell);
        /* another program was at it at the same moment: that is nothing to be told of an Add */
        if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND ||
            base_fault_code(fault) == BASE_FAULT_CONFLICT)
            fault->code = BASE_FAULT_BUSY;
        BASE_TRY(fault);
    }
    else
        BASE_TRY(collection_op_follow(collection, op, NULL, merge.wanted));
    result->uid = merge.entry.uid;
    result->date = merge.entry.date;
    result->token = merge.entry.token;
    return NULL;
}
