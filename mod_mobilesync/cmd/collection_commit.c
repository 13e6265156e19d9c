#include "cmd/collection_impl.h"

#include <apr_strings.h>

/* The fields that one commit sets and deletes. */
typedef struct {
    apr_array_header_t *sets;    /* state_field_t */
    apr_array_header_t *deletes; /* const char * */
} commit_t;

static void commit_start(commit_t *commit, apr_pool_t *pool)
{
    commit->sets = apr_array_make(pool, 4, sizeof(state_field_t));
    commit->deletes = apr_array_make(pool, 4, sizeof(const char *));
}

static void commit_set(commit_t *commit, const char *name, const void *data, apr_size_t length)
{
    APR_ARRAY_PUSH(commit->sets, state_field_t) =
        (state_field_t){.name = name, .data = data, .length = length};
}

static void commit_delete(commit_t *commit, const char *name)
{
    APR_ARRAY_PUSH(commit->deletes, const char *) = name;
}

static base_fault_t *commit_write(collection_t *collection, commit_t *commit,
                                  const sync_folder_state_t *state)
{
    base_text_buffer_t meta = {.pool = collection->pool};
    apr_uint64_t version;

    sync_folder_state_pack(state, &meta);
    commit_set(commit, SYNC_FOLDER_FIELD, meta.data, meta.length);
    return base_fault_wrap(
        state_record_commit(collection->env->store, &collection->key, collection->version,
                            (const state_field_t *)commit->sets->elts, commit->sets->nelts,
                            (const char *const *)commit->deletes->elts, commit->deletes->nelts,
                            &version, collection->pool),
        collection->pool, "folder %s: committing", collection->request->folder_id);
}

/* The answer whose key was presented becomes the base. */
static base_fault_t *commit_confirm(collection_t *collection, commit_t *commit,
                                    sync_folder_state_t *state, unsigned *forget)
{
    const sync_held_write_t *writes;
    int count, i;

    BASE_TRY(collection_held_load(collection)); /* lays the delta over the set, if not yet done */
    writes = sync_held_changed(collection->held, &count, collection->pool);
    for (i = 0; i < count; i++) {
        if (writes[i].data)
            commit_set(commit, writes[i].field, writes[i].data, writes[i].length);
        else
            commit_delete(commit, writes[i].field);
    }
    for (i = 0; i < state->keys.answer_count; i++)
        commit_delete(commit, sync_delta_field(state->keys.answers[i].counter, collection->pool));
    /* A request with the base's key that was held up on its way may still come to the ledger, so
     * the operations sent with a key are forgotten one confirmation later. */
    *forget = state->forgettable;
    state->forgettable = state->keys.base;
    sync_folder_state_confirm(state, collection->presented);
    return NULL;
}

static void commit_answer(collection_t *collection, commit_t *commit, sync_folder_state_t *state,
                          const sync_pending_t *pending, const sync_delta_t *delta)
{
    base_text_buffer_t out = {.pool = collection->pool};
    unsigned dropped, counter;

    counter = sync_folder_state_answer(
        state, apr_pstrdup(collection->pool, collection->request->request_digest), pending,
        &dropped);
    sync_delta_pack(delta, &out);
    commit_set(commit, sync_delta_field(counter, collection->pool), out.data, out.length);
    if (dropped)
        commit_delete(commit, sync_delta_field(dropped, collection->pool));
}

/* What cannot be rendered, and what ended a process meanwhile. */
static void commit_troubles(collection_t *collection, commit_t *commit, const sync_delta_t *delta)
{
    base_text_buffer_t quarantine = {.pool = collection->pool}, trial = {.pool = collection->pool};
    int i;

    for (i = 0; i < delta->count; i++)
        if (delta->entries[i].op == SYNC_OP_ADD)
            sync_quarantine_remove(collection->quarantine, delta->entries[i].uid);
    if (collection->quarantine->changed) {
        sync_quarantine_pack(collection->quarantine, &quarantine);
        if (collection->quarantine->items->nelts)
            commit_set(commit, SYNC_QUARANTINE_FIELD, quarantine.data, quarantine.length);
        else
            commit_delete(commit, SYNC_QUARANTINE_FIELD);
    }
    if (!collection->tried && !collection->begun)
        return;
    sync_trial_passed(collection->trial, (unsigned)collection->answer.command_count);
    sync_trial_pack(collection->trial, &trial);
    if (collection->stepped && collection->trial->suspects)
        commit_set(commit, SYNC_TRIAL_FIELD, trial.data, trial.length);
    else
        commit_delete(commit, SYNC_TRIAL_FIELD);
}

static void commit_forget(const collection_t *collection, unsigned counter)
{
    const char *scope = sync_ledger_scope(
        collection->state->keys.series, collection->request->folder_id, counter, collection->pool);
    base_fault_t *fault = state_ledger_forget(collection->env->store, collection->request->account,
                                              collection->request->device, scope, collection->pool);

    if (fault) /* what stays behind ends with its TTL */
        base_log_write(collection->env->log, BASE_LOG_DEBUG, "forgetting operations: %s",
                       fault->message);
}

static base_fault_t *commit_step(collection_t *collection)
{
    sync_folder_state_t *state = collection->state;
    sync_position_t after;
    sync_pending_t pending;
    unsigned forget = 0;
    sync_delta_t delta = {.count = 0};
    commit_t commit;

    commit_start(&commit, collection->pool);
    if (!state->generation)
        state->generation = collection->request->generation;
    sync_window_position(collection->window, &after, collection->pool);
    if (collection->verdict == SYNC_KEY_CONFIRM)
        BASE_TRY(commit_confirm(collection, &commit, state, &forget));
    if (collection->stepped) {
        pending = (sync_pending_t){.after = after, .more = collection->answer.more_available};
        sync_window_delta(collection->window, &delta, collection->pool);
        collection_ops_pack(collection, &delta);
        commit_answer(collection, &commit, state, &pending, &delta);
    }
    else {
        state->base = after;
        state->keys.fresh = 0;
    }
    commit_troubles(collection, &commit, &delta);
    BASE_TRY(commit_write(collection, &commit, state));
    collection->begun = 0;
    if (forget)
        commit_forget(collection, forget);
    return NULL;
}

/* A command of a replay that does not go out this time. What an operation of the client did
 * to its copy stays: deleted, the content that it wrote, or of a version nobody knows. */
static int replay_effect(const collection_t *collection, sync_delta_entry_t *entry)
{
    const collection_request_t *request = collection->request;
    apr_uint64_t token = SYNC_TOKEN_UNKNOWN;
    int touched = 0, i;

    for (i = 0; i < request->op_count; i++) {
        const collection_op_t *op = request->ops + i;
        const sync_ledger_result_t *recorded = collection->recorded + i;

        if (op->kind == COLLECTION_OP_FETCH || recorded->uid != entry->uid)
            continue;
        touched = 1;
        entry->held = op->kind != COLLECTION_OP_DELETE;
        if (op->blob && recorded->code == BASE_FAULT_NONE && request->class_ == BACKEND_CLASS_EMAIL)
            token = recorded->token | BACKEND_FLAG_OUTDATED;
        entry->token = token;
    }
    entry->op = SYNC_OP_NONE;
    return touched;
}

/* A replay that was cut: an answer of its own, whose rest is looked at again one by one. */
static base_fault_t *commit_replay(collection_t *collection)
{
    sync_folder_state_t *state = collection->state;
    sync_pending_t pending = state->pending[collection->presented];
    const sync_delta_t *whole = collection->replay;
    sync_delta_t delta = *whole;
    apr_size_t most = (apr_size_t)(pending.after.todo_count + whole->count + 1);
    sync_delta_entry_t *entries = apr_palloc(collection->pool, most * sizeof *entries);
    apr_uint64_t *todo = apr_palloc(collection->pool, most * sizeof *todo);
    int todo_count = pending.after.todo_count, command = 0, i;
    commit_t commit;

    for (i = 0; i < todo_count; i++)
        todo[i] = pending.after.todo[i];
    delta.count = 0;
    for (i = 0; i < whole->count; i++) {
        int kept = whole->entries[i].op == SYNC_OP_NONE;

        /* commands are a part of the entries, in their order: those gone since have none */
        if (!kept && command < collection->answer.command_count &&
            collection->replay_index[command] == i) {
            kept = command < collection->replay_kept && !collection->replay_dropped[command];
            command++;
        }
        entries[delta.count] = whole->entries[i];
        if (kept || replay_effect(collection, entries + delta.count))
            delta.count++;
        if (collection->answer.quarantined && whole->entries[i].uid == collection->replay_convicted)
            continue;
        if (!kept && todo_count < SYNC_TODO_MAX)
            todo[todo_count++] = whole->entries[i].uid;
    }
    delta.entries = entries;
    pending.after.todo = todo;
    pending.after.todo_count = todo_count;
    pending.more = 1;
    commit_start(&commit, collection->pool);
    commit_answer(collection, &commit, state, &pending, &delta);
    commit_troubles(collection, &commit, &delta);
    return commit_write(collection, &commit, state);
}

static base_fault_t *commit_fresh(collection_t *collection)
{
    commit_t commit;
    int i;

    commit_start(&commit, collection->pool);
    for (i = 0; i < collection->fresh_delete_count; i++)
        commit_delete(&commit, collection->fresh_deletes[i]);
    return commit_write(collection, &commit, collection->fresh);
}

base_fault_t *collection_commit(collection_t *collection)
{
    base_fault_t *fault = NULL;

    if (collection->verdict == SYNC_KEY_REPLAY)
        fault = collection->stepped ? commit_replay(collection) : NULL;
    else if (collection->fresh)
        fault = commit_fresh(collection);
    else if (collection->stepped || collection->moved)
        fault = commit_step(collection);
    return collection_overtaken(collection, fault);
}
