/* The client's operations: claim in the ledger (collection_claim.c), take effect
 * (collection_effect.c, collection_merge.c), record. */
#include "cmd/collection_impl.h"

#include <string.h>

/* Does one operation through the ledger. */
static base_fault_t *op_do(collection_t *collection, int index, sync_ledger_result_t *result,
                           int *repeated)
{
    const collection_op_t *op = collection->request->ops + index;
    sync_ledger_result_t *answer;
    collection_claim_t claim;
    base_fault_t *fault;
    int begun = 0, final;

    BASE_TRY(collection_claim_take(collection, index, &claim, &answer));
    if (answer) {
        *result = *answer;
        *repeated = 1;
        return NULL;
    }
    fault = collection_op_effect(collection, op, &claim, result, &begun);
    result->code = base_fault_code(fault);
    final = !fault || sync_ledger_fault_final(result->code);
    if (final)
        return collection_claim_record(collection, &claim, result);
    if (!begun) {
        collection_claim_release(collection, &claim);
        return fault;
    }
    /* if this fails too, the lease running out says the same */
    result->code = BASE_FAULT_UNKNOWN_OUTCOME;
    (void)collection_claim_record(collection, &claim, result);
    return fault;
}

/* Is the item by now what the device cannot know? It asked to be told, or its change was laid over
 * one that it has not seen. */
static int op_tells(const collection_op_t *op, const sync_holding_t *before,
                    const sync_ledger_result_t *result)
{
    return op->tell || before->token == SYNC_TOKEN_UNKNOWN ||
           before->token & BACKEND_FLAG_OUTDATED ||
           BACKEND_REVISION_OF(result->token) != BACKEND_REVISION_OF(before->token) + 1;
}

/* What the device holds after its operation, and what it must be told of. */
static void op_settle(collection_t *collection, const collection_op_t *op,
                      const sync_ledger_result_t *result, int repeated)
{
    sync_window_t *window = collection->window;
    sync_holding_t after;
    int tell = 0;

    if (op->kind == COLLECTION_OP_FETCH)
        return;
    if (op->kind == COLLECTION_OP_ADD) {
        if (result->code)
            return;
        /* of its conversation nobody knows yet */
        sync_window_effect_add(window, result->uid,
                               op->merge ? collection_merge_token(result) : result->token,
                               &(sync_dates_t){{result->date, result->date}});
        /* a repeat may come upon what was added long ago: aged, or gone before the cursor... */
        sync_window_todo_add(window, result->uid);
        return;
    }
    after = sync_window_holding(window, op->uid);
    if (op->kind == COLLECTION_OP_DELETE)
        after.held = 0; /* whatever the server says: it is gone there */
    else if (result->code == BASE_FAULT_NONE && op->merge) {
        tell = result->tell != SYNC_TELL_NOT || after.token == SYNC_TOKEN_UNKNOWN;
        /* what was not to be seen by another operation of the request stays so */
        if (after.token != SYNC_TOKEN_UNKNOWN)
            after.token = collection_merge_token(result);
    }
    else if (result->code == BASE_FAULT_NONE && op->blob)
        after.token = (tell = op_tells(op, &after, result)) ? result->token | BACKEND_FLAG_OUTDATED
                                                            : result->token;
    else if (result->code == BASE_FAULT_NONE)
        after = sync_diff_flags_applied(&after, collection_op_mask(op),
                                        collection_op_values(op, result->token));
    else if (result->code != BASE_FAULT_NOT_FOUND)
        after.token = collection->request->class_ == BACKEND_CLASS_EMAIL
                          ? after.token | BACKEND_FLAG_OUTDATED
                          : SYNC_TOKEN_UNKNOWN;
    if (after.held || op->kind == COLLECTION_OP_DELETE)
        sync_window_effect(window, op->uid, &after);
    /* ...or what was changed before it, and undone since */
    if (repeated || tell || (result->code && result->code != BASE_FAULT_NOT_FOUND))
        sync_window_todo_add(window, op->uid);
}

/* What needs no ledger: mistakes, and reading. 1: *result is the outcome. */
static int op_without_ledger(collection_t *collection, const collection_op_t *op,
                             sync_ledger_result_t *result, base_fault_t **fault)
{
    backend_entry_t entry;

    *fault = NULL;
    result->uid = op->uid;
    result->digest = "";
    if (op->kind == COLLECTION_OP_ADD) {
        if (op->client_id && *op->client_id && strlen(op->client_id) <= SYNC_LEDGER_ID_MAX)
            return 0;
        result->code = BASE_FAULT_INVALID;
        return 1;
    }
    if (op->uid == 0) {
        result->code = BASE_FAULT_NOT_FOUND;
        return 1;
    }
    if (op->kind != COLLECTION_OP_FETCH)
        return 0;
    *fault = backend_item_entry(collection->env->backend, collection->request->folder_id, op->uid,
                                &entry, collection->op_pool);
    result->code = base_fault_code(*fault);
    if (sync_ledger_fault_final(result->code))
        *fault = NULL;
    return 1;
}

static void ops_start_ledger(collection_t *collection)
{
    const sync_keys_t *keys = &collection->state->keys;

    collection->scope = sync_ledger_scope(
        keys->series, collection->request->folder_id,
        collection->presented < 0 ? keys->base : keys->answers[collection->presented].counter,
        collection->pool);
    collection->occurrences = apr_hash_make(collection->pool);
    collection->written = apr_hash_make(collection->pool);
    apr_pool_create(&collection->op_pool, collection->pool);
}

base_fault_t *collection_ops_apply(collection_t *collection)
{
    const collection_request_t *request = collection->request;
    collection_result_t *results =
        apr_pcalloc(collection->pool, (apr_size_t)request->op_count * sizeof *results);
    int i;

    collection->recorded =
        apr_pcalloc(collection->pool, (apr_size_t)request->op_count * sizeof *collection->recorded);
    ops_start_ledger(collection);
    for (i = 0; i < request->op_count; i++)
        if (request->ops[i].kind != COLLECTION_OP_ADD)
            sync_held_want(collection->held, request->ops[i].uid);
    BASE_TRY(collection_held_load(collection));
    for (i = 0; i < request->op_count; i++) {
        sync_ledger_result_t *result = collection->recorded + i;
        base_fault_t *fault;

        apr_pool_clear(collection->op_pool);
        if (!op_without_ledger(collection, request->ops + i, result, &fault)) {
            fault = op_do(collection, i, result, &results[i].repeated);
            if (!fault)
                op_settle(collection, request->ops + i, result, results[i].repeated);
        }
        BASE_TRY(fault);
        results[i].code = result->code;
        results[i].uid = result->uid;
    }
    collection->answer.results = results;
    collection->answer.result_count = request->op_count;
    return NULL;
}

base_fault_t *collection_op_check(const collection_env_t *env, const collection_request_t *request,
                                  apr_uint64_t *earlier, apr_pool_t *pool)
{
    collection_t collection = {.env = env, .request = request, .pool = pool};
    const collection_op_t *op = request->ops;
    collection_claim_t claim;
    backend_entry_t entry;
    sync_position_t start;

    BASE_TRY(collection_state_load(&collection));
    BASE_TRY(collection_state_judge(&collection, NULL));
    if (collection.verdict == SYNC_KEY_START || collection.verdict == SYNC_KEY_START_AGAIN)
        return base_fault_make(pool, BASE_FAULT_STALE, "an operation with key 0");
    ops_start_ledger(&collection);
    BASE_TRY(collection_claim_look(&collection, 0, &claim));
    *earlier = op->kind == COLLECTION_OP_ADD && claim.other ? claim.other->uid : 0;
    if (op->kind == COLLECTION_OP_ADD)
        return NULL;
    collection_options_in_force(&collection, &collection.answer.options);
    BASE_TRY(collection_state_start(&collection, &start));
    sync_held_want(collection.held, op->uid);
    BASE_TRY(collection_held_load(&collection));
    collection.window = sync_window_make(&start, collection.held, 1, pool);
    BASE_TRY(backend_item_entry(env->backend, request->folder_id, op->uid, &entry, pool));
    if (collection_op_content_conflict(&collection, op, &claim, entry.token))
        return base_fault_make(pool, BASE_FAULT_CONFLICT, "the server's version wins");
    return NULL;
}
