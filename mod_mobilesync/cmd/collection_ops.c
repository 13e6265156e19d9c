/* The client's operations: claim in the ledger, take effect, record (DESIGN of the ledger:
 * sync/ledger.h). Every effect can be repeated without harm: flags are set to values, what is
 * gone is gone, and what is created or moved has a name derived from the ledger's key. */
#include "cmd/collection_impl.h"

#include <string.h>
#include <apr_strings.h>

#include "cmd/cmd.h"

typedef struct {
    char kind; /* 'c', 'd', 'a' */
    const char *id;
    int occurrence; /* of this kind and id in the request */
    const char *digest;
    /* what is known of earlier contents */
    const sync_ledger_result_t *other; /* the last that was done */
    apr_array_header_t *unknown;       /* const char *: digests of those that may have been done */
    int doubt;                         /* there is one that may have been done */
} op_name_t;

static const char op_kinds[] = {
    [COLLECTION_OP_CHANGE] = 'c', [COLLECTION_OP_DELETE] = 'd', [COLLECTION_OP_ADD] = 'a'};

/* How many operations of that kind and id were there before in the request? */
static int op_occurrence(collection_t *collection, const op_name_t *name)
{
    const char *key = apr_psprintf(collection->pool, "%c%s", name->kind, name->id);
    int *count = apr_hash_get(collection->occurrences, key, APR_HASH_KEY_STRING);

    if (!count) {
        count = apr_pcalloc(collection->pool, sizeof *count);
        apr_hash_set(collection->occurrences, key, APR_HASH_KEY_STRING, count);
    }
    return (*count)++;
}

/* To be called once for each operation, in their order. */
static void op_name_make(collection_t *collection, int index, op_name_t *name)
{
    const collection_op_t *op = collection->request->ops + index;
    apr_pool_t *pool = collection->pool;

    memset(name, 0, sizeof *name);
    name->unknown = apr_array_make(pool, 1, sizeof(const char *));
    name->kind = op_kinds[op->kind];
    name->id = op->kind == COLLECTION_OP_ADD ? op->client_id
                                             : apr_psprintf(pool, "%" APR_UINT64_T_FMT, op->uid);
    name->occurrence = op_occurrence(collection, name);
    if (op->kind == COLLECTION_OP_ADD)
        name->digest = op->content_digest;
    else if (op->kind == COLLECTION_OP_CHANGE)
        name->digest = apr_psprintf(pool, "%" APR_UINT64_T_FMT "=%" APR_UINT64_T_FMT, op->mask,
                                    op->values & op->mask);
    else
        name->digest = op->trash_id ? apr_pstrcat(pool, "to ", op->trash_id, NULL) : "";
}

static const char *op_derived_name(const collection_t *collection, const op_name_t *name,
                                   const char *more)
{
    const char *entry =
        apr_psprintf(collection->pool, "%c:%s:%d:%s", name->kind, name->id, name->occurrence, more);

    return sync_ledger_derived_name(collection->request->account, collection->request->device,
                                    collection->scope, entry, collection->pool);
}

/* A conflict is one of the item: when one of its Changes in the request is in conflict, none of
 * them is done, whichever comes first. */
static int op_conflict(const collection_t *collection, const collection_op_t *op,
                       const op_name_t *name, apr_uint64_t current)
{
    const sync_holding_t device = sync_window_holding(collection->window, op->uid);
    const collection_request_t *request = collection->request;
    int may = !collection->answer.options.client_wins && !name->doubt;
    int self = (int)(op - request->ops), i;

    for (i = 0; i < request->op_count; i++) {
        const collection_op_t *each = request->ops + i;

        if (each->kind != COLLECTION_OP_CHANGE || each->uid != op->uid)
            continue;
        if (i < self
                ? collection->recorded[i].code == BASE_FAULT_CONFLICT
                : may && sync_diff_flags_conflict(&device, name->other ? &name->other->token : NULL,
                                                  current, each->mask, each->values))
            return 1;
    }
    return 0;
}

static base_fault_t *op_change(collection_t *collection, const collection_op_t *op,
                               const op_name_t *name, sync_ledger_result_t *result, int *begun)
{
    const sync_holding_t device = sync_window_holding(collection->window, op->uid);
    const char *folder_id = collection->request->folder_id;
    backend_session_t *backend = collection->env->backend;
    backend_entry_t entry;

    if (collection->request->class_ != BACKEND_CLASS_EMAIL)
        return base_fault_make(collection->pool, BASE_FAULT_UNSUPPORTED, "a change of this class");
    BASE_TRY(backend_item_entry(backend, folder_id, op->uid, &entry, collection->pool));
    if (op_conflict(collection, op, name, entry.token))
        return base_fault_make(collection->pool, BASE_FAULT_CONFLICT, "the server's version wins");
    *begun = 1;
    BASE_TRY(backend_item_set_flags(backend, folder_id, op->uid, op->mask, op->values, &entry,
                                    collection->pool));
    /* of what it did not touch nothing was written: that may be another's, and in conflict */
    result->token = device.held && device.token != SYNC_TOKEN_UNKNOWN
                        ? sync_diff_flags_applied(&device, op->mask, op->values).token
                        : entry.token;
    return NULL;
}

/* Deleting what is gone succeeds (and Delete beats whatever else was done, MS-ASCMD R2076). */
static base_fault_t *op_delete(collection_t *collection, const collection_op_t *op,
                               const op_name_t *name, sync_ledger_result_t *result, int *begun)
{
    const char *folder_id = collection->request->folder_id;
    backend_session_t *backend = collection->env->backend;
    backend_entry_t entry;
    base_fault_t *fault;
    const char *cursor;

    (void)result;
    *begun = 1;
    if (op->trash_id && strcmp(op->trash_id, folder_id) != 0)
        fault = backend_item_move(backend, folder_id, op->uid, op->trash_id,
                                  op_derived_name(collection, name, op->trash_id), &entry,
                                  collection->pool);
    else
        fault = backend_item_remove(backend, folder_id, op->uid, collection->pool);
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND)
        return NULL;
    if (base_fault_code(fault) == BASE_FAULT_FOLDER_GONE && op->trash_id) {
        /* which of the two? The item is not removed for good when it was to be kept. */
        BASE_TRY(backend_folder_probe(backend, folder_id, &cursor, collection->pool));
        return base_fault_make(collection->pool, BASE_FAULT_DENIED, "the trash folder is gone");
    }
    return fault;
}

/* Removes what an earlier repeat of this Add, with another content, has added. */
static base_fault_t *op_add_replace(collection_t *collection, apr_uint64_t old, apr_uint64_t uid)
{
    base_fault_t *fault;

    if (old == uid)
        return NULL;
    fault = backend_item_remove(collection->env->backend, collection->request->folder_id, old,
                                collection->pool);
    return base_fault_code(fault) == BASE_FAULT_NOT_FOUND ? NULL : fault;
}

static base_fault_t *op_add(collection_t *collection, const collection_op_t *op,
                            const op_name_t *name, sync_ledger_result_t *result, int *begun)
{
    const char *folder_id = collection->request->folder_id;
    backend_session_t *backend = collection->env->backend;
    backend_put_t put = *op->put;
    backend_entry_t entry, old;
    int i;

    put.derived_name = op_derived_name(collection, name, name->digest);
    *begun = 1;
    BASE_TRY(backend_item_put(backend, folder_id, &put, op->blob, &entry, collection->pool));
    result->uid = entry.uid;
    /* what the device holds: its own flags, also when the item has got others meanwhile */
    result->token =
        collection->request->class_ == BACKEND_CLASS_EMAIL ? op->put->flags : entry.token;
    result->date = entry.date;
    for (i = 0; i < name->unknown->nelts; i++) {
        /* a put with its name is the way to find it; if it never came to be, it does now */
        put.derived_name =
            op_derived_name(collection, name, APR_ARRAY_IDX(name->unknown, i, const char *));
        BASE_TRY(backend_item_put(backend, folder_id, &put, op->blob, &old, collection->pool));
        BASE_TRY(op_add_replace(collection, old.uid, entry.uid));
    }
    return name->other ? op_add_replace(collection, name->other->uid, entry.uid) : NULL;
}

static base_fault_t *op_effect(collection_t *collection, const collection_op_t *op,
                               const op_name_t *name, sync_ledger_result_t *result, int *begun)
{
    result->digest = name->digest;
    result->uid = op->uid;
    switch (op->kind) {
    case COLLECTION_OP_CHANGE:
        return op_change(collection, op, name, result, begun);
    case COLLECTION_OP_DELETE:
        return op_delete(collection, op, name, result, begun);
    case COLLECTION_OP_ADD:
        return op_add(collection, op, name, result, begun);
    case COLLECTION_OP_FETCH:
        break;
    }
    return base_fault_make(collection->pool, BASE_FAULT_INTERNAL, "no such operation");
}

/* Learns from one recorded content. *answer: it is this very operation's. */
static void op_learn(op_name_t *name, sync_ledger_result_t *recorded, sync_ledger_result_t **answer)
{
    sync_ledger_verdict_t verdict =
        recorded ? sync_ledger_judge(recorded, name->digest) : SYNC_LEDGER_DOUBT;

    *answer = verdict == SYNC_LEDGER_ANSWER ? recorded : NULL;
    if (verdict == SYNC_LEDGER_DOUBT) {
        name->doubt = 1;
        if (recorded)
            APR_ARRAY_PUSH(name->unknown, const char *) = recorded->digest;
    }
    else if (recorded->code == BASE_FAULT_NONE) {
        /* whoever did this has cleared up what was doubtful before */
        name->other = recorded;
        name->doubt = 0;
        apr_array_clear(name->unknown);
    }
}

static base_fault_t *op_record(collection_t *collection, const state_ledger_key_t *key,
                               const state_claim_t *claim, const sync_ledger_result_t *result)
{
    apr_size_t length;
    const void *data;

    sync_ledger_result_pack(result, &data, &length, collection->pool);
    return state_ledger_record(collection->env->store, key, claim->fence, data, length,
                               COLLECTION_LEDGER_TTL, collection->pool);
}

/* Finds the last content that was recorded and claims the entry after it. *claim NULL: too
 * many contents, go without. *answer: the operation itself was recorded. */
static base_fault_t *op_claim(collection_t *collection, op_name_t *name, state_ledger_key_t *key,
                              state_claim_t **claim, sync_ledger_result_t **answer)
{
    const sync_ledger_result_t intent = {.digest = name->digest,
                                         .code = BASE_FAULT_UNKNOWN_OUTCOME};
    state_store_t *store = collection->env->store;
    int content, intended = name->kind != 'a';

    *answer = NULL;
    for (content = 0; content < SYNC_LEDGER_CONTENTS_MAX; content++) {
        key->entry =
            sync_ledger_entry(name->kind, name->id, name->occurrence, content, collection->pool);
        BASE_TRY(state_ledger_claim_patiently(store, key, CMD_LEASE, COLLECTION_LEDGER_TTL,
                                              collection->env->patience, claim, collection->pool));
        switch ((*claim)->outcome) {
        case STATE_CLAIM_BUSY:
            return base_fault_make(collection->pool, BASE_FAULT_BUSY,
                                   "the same operation is being done for another request");
        case STATE_CLAIM_DONE:
            op_learn(
                name,
                sync_ledger_result_unpack((*claim)->result, (*claim)->length, collection->pool),
                answer);
            continue;
        case STATE_CLAIM_AGAIN:
            name->doubt = 1;
            *answer = NULL;
            break;
        case STATE_CLAIM_TAKEN:
            break;
        }
        if (*answer)
            return state_ledger_release(store, key, (*claim)->fence, collection->pool);
        if (intended)
            return NULL;
        /* Of an Add that a crash cuts short its content must be known, to find what it added if
         * the repeat has another one: it is recorded before. */
        BASE_TRY(op_record(collection, key, *claim, &intent));
        intended = 1;
    }
    *claim = NULL;
    return NULL;
}

/* Another content of the operation was done before. Which of the two is the later one? When
 * the folder was stepped while this request was held up, it is the other one. */
static base_fault_t *op_check_order(collection_t *collection, const op_name_t *name,
                                    const state_ledger_key_t *key, const state_claim_t *claim)
{
    base_fault_t *fault;

    if (!name->other && !name->doubt)
        return NULL;
    fault = collection_state_still(collection);
    if (fault && claim)
        state_ledger_release(collection->env->store, key, claim->fence, collection->pool);
    return fault;
}

/* Does one operation through the ledger. */
static base_fault_t *op_do(collection_t *collection, int index, sync_ledger_result_t *result,
                           int *repeated)
{
    const collection_op_t *op = collection->request->ops + index;
    state_ledger_key_t key = {.account = collection->request->account,
                              .device = collection->request->device,
                              .scope = collection->scope};
    sync_ledger_result_t *answer;
    state_claim_t *claim;
    base_fault_t *fault;
    op_name_t name;
    int begun = 0, final;

    op_name_make(collection, index, &name);
    BASE_TRY(op_claim(collection, &name, &key, &claim, &answer));
    if (answer) {
        *result = *answer;
        *repeated = 1;
        return NULL;
    }
    BASE_TRY(op_check_order(collection, &name, &key, claim));
    fault = op_effect(collection, op, &name, result, &begun);
    result->code = base_fault_code(fault);
    final = !fault || sync_ledger_fault_final(result->code);
    if (claim && !final && !begun)
        state_ledger_release(collection->env->store, &key, claim->fence, collection->pool);
    else if (claim && final)
        BASE_TRY(op_record(collection, &key, claim, result));
    else if (claim) {
        /* if this fails too, the lease running out says the same */
        result->code = BASE_FAULT_UNKNOWN_OUTCOME;
        op_record(collection, &key, claim, result);
    }
    return final ? NULL : fault;
}

/* What the device holds after its operation, and what it must be told of. */
static void op_settle(collection_t *collection, const collection_op_t *op,
                      const sync_ledger_result_t *result)
{
    sync_window_t *window = collection->window;
    sync_holding_t after;

    if (op->kind == COLLECTION_OP_FETCH)
        return;
    if (op->kind == COLLECTION_OP_ADD) {
        if (result->code)
            return;
        sync_window_effect_add(window, result->uid, result->token, result->date);
        /* a repeat may come upon what was added long ago: aged, or gone before the cursor */
        sync_window_todo_add(window, result->uid);
        return;
    }
    after = sync_window_holding(window, op->uid);
    if (op->kind == COLLECTION_OP_DELETE)
        after.held = 0; /* whatever the server says: it is gone there */
    else if (result->code == BASE_FAULT_NONE)
        after = sync_diff_flags_applied(&after, op->mask, op->values);
    else if (result->code != BASE_FAULT_NOT_FOUND)
        after.token = SYNC_TOKEN_UNKNOWN;
    if (after.held || op->kind == COLLECTION_OP_DELETE)
        sync_window_effect(window, op->uid, &after);
    if (result->code && result->code != BASE_FAULT_NOT_FOUND)
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
                                &entry, collection->pool);
    result->code = base_fault_code(*fault);
    if (sync_ledger_fault_final(result->code))
        *fault = NULL;
    return 1;
}

base_fault_t *collection_ops_apply(collection_t *collection)
{
    const collection_request_t *request = collection->request;
    collection_result_t *results =
        apr_pcalloc(collection->pool, (apr_size_t)request->op_count * sizeof *results);
    int i;

    collection->recorded =
        apr_pcalloc(collection->pool, (apr_size_t)request->op_count * sizeof *collection->recorded);
    collection->occurrences = apr_hash_make(collection->pool);
    for (i = 0; i < request->op_count; i++)
        if (request->ops[i].kind != COLLECTION_OP_ADD)
            sync_held_want(collection->held, request->ops[i].uid);
    BASE_TRY(collection_held_load(collection));
    for (i = 0; i < request->op_count; i++) {
        sync_ledger_result_t *result = collection->recorded + i;
        base_fault_t *fault;

        if (!op_without_ledger(collection, request->ops + i, result, &fault)) {
            fault = op_do(collection, i, result, &results[i].repeated);
            if (!fault)
                op_settle(collection, request->ops + i, result);
        }
        BASE_TRY(fault);
        results[i].code = result->code;
        results[i].uid = result->uid;
    }
    collection->answer.results = results;
    collection->answer.result_count = request->op_count;
    return NULL;
}

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
