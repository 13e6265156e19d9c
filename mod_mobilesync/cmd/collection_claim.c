/* The client's operations in the ledger (sync/ledger.h): claims, what was recorded before, and
 * what is recorded with an answer. */
#include "cmd/collection_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "cmd/once.h"

/* Scopes end with the keys; this is for those of devices that never come back. */
#define CLAIM_TTL CMD_ONCE_TTL_SYNC

static const char claim_kinds[] = {
    [COLLECTION_OP_CHANGE] = 'c', [COLLECTION_OP_DELETE] = 'd', [COLLECTION_OP_ADD] = 'a'};

/* How many operations of that kind and id were there before in the request? */
static int claim_occurrence(collection_t *collection, const collection_claim_t *claim)
{
    const char *key = apr_psprintf(collection->pool, "%c%s", claim->kind, claim->id);
    int *count = apr_hash_get(collection->occurrences, key, APR_HASH_KEY_STRING);

    if (!count) {
        count = apr_pcalloc(collection->pool, sizeof *count);
        apr_hash_set(collection->occurrences, key, APR_HASH_KEY_STRING, count);
    }
    return (*count)++;
}

static void claim_name(collection_t *collection, const collection_op_t *op,
                       collection_claim_t *claim)
{
    apr_pool_t *pool = collection->pool;

    memset(claim, 0, sizeof *claim);
    claim->merges = op->merge != NULL;
    claim->kind = claim_kinds[op->kind];
    claim->id = op->kind == COLLECTION_OP_ADD ? op->client_id
                                              : apr_psprintf(pool, "%" APR_UINT64_T_FMT, op->uid);
    claim->occurrence = claim_occurrence(collection, claim);
    if (op->kind == COLLECTION_OP_ADD)
        claim->digest = op->content_digest;
    else if (op->kind == COLLECTION_OP_CHANGE)
        claim->digest =
            apr_psprintf(pool, "%" APR_UINT64_T_FMT "=%" APR_UINT64_T_FMT "%s%s", op->mask,
                         op->values & op->mask, op->blob || op->merge ? op->content_digest : "",
                         op->edit ? op->edit->digest : "");
    else
        claim->digest = op->trash_id ? apr_pstrcat(pool, "to ", op->trash_id, NULL) : "";
    claim->key = (state_ledger_key_t){.account = collection->request->account,
                                      .device = collection->request->device,
                                      .scope = collection->scope};
}

const char *collection_claim_derived_name(const collection_t *collection,
                                          const collection_claim_t *claim, const char *more)
{
    const char *entry = apr_psprintf(collection->pool, "%c:%s:%d:%s", claim->kind, claim->id,
                                     claim->occurrence, more);

    return sync_ledger_derived_name(collection->request->account, collection->request->device,
                                    collection->scope, entry, collection->pool);
}

/* Learns from one recorded content. *answer: it is this very operation's. */
static void claim_learn(collection_claim_t *claim, sync_ledger_result_t *recorded,
                        sync_ledger_result_t **answer)
{
    sync_ledger_verdict_t verdict =
        recorded ? sync_ledger_judge(recorded, claim->digest) : SYNC_LEDGER_DOUBT;

    *answer = verdict == SYNC_LEDGER_ANSWER ? recorded : NULL;
    if (verdict == SYNC_LEDGER_DOUBT) {
        claim->doubt = 1;
        if (recorded && recorded->token)
            claim->intents[claim->intent_count++] = recorded;
    }
    else if (recorded->code == BASE_FAULT_NONE) {
        /* whoever did this has cleared up what was doubtful before */
        claim->other = recorded;
        claim->doubt = claim->intent_count = 0;
    }
}

static base_fault_t *claim_busy(const collection_t *collection)
{
    return base_fault_make(collection->pool, BASE_FAULT_BUSY,
                           "the same operation is being done for another request");
}

/* Claims the entry of the content that is next. */
static base_fault_t *claim_next(collection_t *collection, collection_claim_t *claim,
                                state_patience_t *patience)
{
    claim->key.entry = sync_ledger_entry(claim->kind, claim->id, claim->occurrence,
                                         claim->content++, collection->pool);
    return state_ledger_claim_patiently(collection->env->store, &claim->key, CMD_LEASE, CLAIM_TTL,
                                        patience, &claim->held, collection->pool);
}

/* Finds the last content that was recorded and claims the entry after it. */
static base_fault_t *claim_find(collection_t *collection, collection_claim_t *claim,
                                sync_ledger_result_t **answer)
{
    *answer = NULL;
    while (claim->content < SYNC_LEDGER_CONTENTS_MAX) {
        BASE_TRY(claim_next(collection, claim, collection->env->patience));
        switch (claim->held->outcome) {
        case STATE_CLAIM_BUSY:
            return claim_busy(collection);
        case STATE_CLAIM_DONE:
            claim_learn(claim,
                        sync_ledger_result_unpack(claim->held->result, claim->held->length,
                                                  collection->pool),
                        answer);
            continue;
        case STATE_CLAIM_AGAIN:
            /* who claimed it after another content has done nothing: see collection_claim_take */
            claim->doubt |= claim->content == 1 && !claim->merges;
            /* fall through */
        case STATE_CLAIM_TAKEN:
            if (*answer)
                collection_claim_release(collection, claim);
            return NULL;
        }
    }
    claim->held = NULL;
    return NULL;
}

base_fault_t *collection_claim_take(collection_t *collection, int index, collection_claim_t *claim,
                                    sync_ledger_result_t **answer)
{
    base_fault_t *fault = NULL;

    claim_name(collection, collection->request->ops + index, claim);
    BASE_TRY(claim_find(collection, claim, answer));
    if (*answer)
        return NULL;
    /* When another content of the operation was done before: which of the two is the later one? If
     * the folder was stepped while this request was held up, it is the other one. */
    if (claim->other || claim->doubt)
        fault = collection_state_still(collection);
    if (fault) {
        collection_claim_release(collection, claim);
        return fault;
    }
    /* What is done after another content is on record before: then a claim that somebody left
     * behind who only looked is not taken for an attempt, and what is recorded stays the answer. */
    return claim->content > 1 && !claim->merges ? collection_claim_renew(collection, claim) : NULL;
}

base_fault_t *collection_claim_look(collection_t *collection, int index, collection_claim_t *claim)
{
    sync_ledger_result_t *answer;

    claim_name(collection, collection->request->ops + index, claim);
    BASE_TRY(claim_find(collection, claim, &answer));
    if (!answer)
        collection_claim_release(collection, claim);
    return NULL;
}

base_fault_t *collection_claim_renew(collection_t *collection, collection_claim_t *claim)
{
    return collection_claim_intend(collection, claim, 0, 0, NULL);
}

base_fault_t *collection_claim_intend(collection_t *collection, collection_claim_t *claim,
                                      apr_uint64_t uid, apr_uint64_t hash,
                                      const backend_blob_t *memo)
{
    sync_ledger_result_t doubt = {
        .digest = claim->digest, .code = BASE_FAULT_UNKNOWN_OUTCOME, .uid = uid, .token = hash};
    const char *data;

    if (!claim->held)
        return NULL;
    if (memo) {
        BASE_TRY(backend_blob_load(memo, &data, collection->op_pool));
        doubt.memo = data;
        doubt.memo_length = (apr_size_t)memo->size;
    }
    BASE_TRY(collection_claim_record(collection, claim, &doubt));
    BASE_TRY(claim_next(collection, claim, NULL));
    if (claim->held->outcome == STATE_CLAIM_TAKEN || claim->held->outcome == STATE_CLAIM_AGAIN)
        return NULL;
    claim->held = NULL;
    return claim_busy(collection);
}

const backend_blob_t *collection_claim_memo(const collection_claim_t *claim, apr_pool_t *pool)
{
    int i = claim->intent_count;

    while (i-- > 0)
        if (claim->intents[i]->memo)
            return backend_blob_of(claim->intents[i]->memo, claim->intents[i]->memo_length, pool);
    return NULL;
}

base_fault_t *collection_claim_record(collection_t *collection, const collection_claim_t *claim,
                                      const sync_ledger_result_t *result)
{
    apr_size_t length;
    const void *data;

    if (!claim->held)
        return NULL;
    sync_ledger_result_pack(result, &data, &length, collection->op_pool);
    return state_ledger_record(collection->env->store, &claim->key, claim->held->fence, data,
                               length, CLAIM_TTL, collection->pool);
}

void collection_claim_release(collection_t *collection, const collection_claim_t *claim)
{
    base_fault_t *fault = NULL;

    if (claim->held)
        fault = state_ledger_release(collection->env->store, &claim->key, claim->held->fence,
                                     collection->pool);
    if (fault) /* the lease runs out by itself */
        base_log_write(collection->env->log, BASE_LOG_DEBUG, "releasing an operation: %s",
                       fault->message);
}

/* -- results in an answer ------------------------------------------------------------------------ */

void collection_ops_pack(const collection_t *collection, sync_delta_t *delta)
{
    base_text_buffer_t out = {.pool = collection->pool};
    int i;

    sync_pack_uint(&out, (apr_uint64_t)collection->answer.result_count);
    for (i = 0; i < collection->answer.result_count; i++) {
        const void *data;
        apr_size_t length;

        sync_ledger_result_pack(collection->recorded + i, &data, &length, collection->pool);
        sync_pack_bytes(&out, data, length);
    }
    delta->results = out.data;
    delta->results_length = out.length;
}

base_fault_t *collection_ops_unpack(collection_t *collection, const sync_delta_t *delta)
{
    int count = collection->request->op_count, i;
    collection_result_t *results =
        apr_pcalloc(collection->pool, (apr_size_t)(count + 1) * sizeof *results);
    sync_unpack_t in;

    sync_unpack_start(&in, delta->results, delta->results_length);
    if (sync_unpack_uint(&in) != (apr_uint64_t)count)
        return collection_state_damaged(collection, "answer");
    collection->recorded =
        apr_pcalloc(collection->pool, (apr_size_t)(count + 1) * sizeof *collection->recorded);
    for (i = 0; i < count; i++) {
        apr_size_t length;
        const void *data = sync_unpack_bytes(&in, &length);
        sync_ledger_result_t *result =
            in.bad ? NULL : sync_ledger_result_unpack(data, length, collection->pool);

        if (!result)
            return collection_state_damaged(collection, "answer");
        collection->recorded[i] = *result;
        results[i] = (collection_result_t){.code = result->code, .uid = result->uid, .repeated = 1};
    }
    collection->answer.results = results;
    collection->answer.result_count = count;
    return NULL;
}
