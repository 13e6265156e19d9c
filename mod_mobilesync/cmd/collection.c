#include "cmd/collection_impl.h"

#include <string.h>
#include <apr_strings.h>

static base_fault_t *request_check(const collection_t *collection)
{
    const collection_request_t *request = collection->request;

    if (request->window < 1 || request->window > COLLECTION_WINDOW_MAX ||
        strlen(request->request_digest) > SYNC_DIGEST_MAX || request->protocol > 65535 ||
        (request->options && request->options->blob_length > COLLECTION_BLOB_MAX) ||
        request->supported_length > COLLECTION_BLOB_MAX)
        return base_fault_make(collection->pool, BASE_FAULT_INVALID, "a value out of its range");
    return NULL;
}

static int bytes_same(const void *one, apr_size_t one_length, const void *other,
                      apr_size_t other_length)
{
    return one_length == other_length && (!one_length || memcmp(one, other, one_length) == 0);
}

/* The fields of the state that a new series replaces. */
static base_fault_t *start_old_fields(collection_t *collection)
{
    state_record_t *record;
    int i;

    if (!collection->version)
        return NULL;
    BASE_TRY(state_record_read(collection->env->store, &collection->key, NULL, 0, &record,
                               collection->pool));
    if (record->version != collection->version)
        return base_fault_make(collection->pool, BASE_FAULT_CONFLICT,
                               "another request of the device began the folder");
    collection->fresh_deletes =
        apr_palloc(collection->pool, (apr_size_t)record->count * sizeof(const char *));
    for (i = 0; i < record->count; i++)
        if (strcmp(record->fields[i].name, SYNC_FOLDER_FIELD) != 0)
            collection->fresh_deletes[collection->fresh_delete_count++] = record->fields[i].name;
    return NULL;
}

static int start_same(const sync_folder_state_t *old, const sync_folder_state_t *state)
{
    return sync_options_same(&old->base.options, &state->base.options) &&
           old->generation == state->generation && old->protocol == state->protocol &&
           bytes_same(old->supported, old->supported_length, state->supported,
                      state->supported_length);
}

/* Key 0: nothing is sent but the first key. As long as nobody presented that, an identical
 * request gets the same one again; one that differs is another beginning. */
static base_fault_t *prepare_start(collection_t *collection)
{
    const collection_request_t *request = collection->request;
    collection_answer_t *answer = &collection->answer;
    sync_folder_state_t *state = apr_pcalloc(collection->pool, sizeof *state);

    if (request->op_count)
        return base_fault_make(collection->pool, BASE_FAULT_INVALID, "operations with key 0");
    BASE_TRY(collection_filter_check(collection, answer->options.filter));
    BASE_TRY(collection_probe(collection)); /* is there such a folder? */
    state->base.cursor = "";
    state->generation = request->generation;
    state->protocol = request->protocol;
    state->supported = request->supported;
    state->supported_length = request->supported ? request->supported_length : 0;
    collection_options_keep(&state->base, &answer->options);
    if (collection->verdict == SYNC_KEY_START_AGAIN && start_same(collection->state, state)) {
        state->keys = collection->state->keys;
    }
    else {
        if (!sync_key_series_valid(request->series))
            return base_fault_make(collection->pool, BASE_FAULT_INTERNAL, "a bad series");
        BASE_TRY(start_old_fields(collection));
        sync_keys_start(&state->keys, request->series);
        collection->fresh = state;
    }
    answer->key = sync_key_format(state->keys.series, state->keys.base, collection->pool);
    answer->first = 1;
    answer->changed = 1;
    answer->supported = state->supported;
    answer->supported_length = state->supported_length;
    return NULL;
}

static const collection_command_kind_t command_kinds[] = {
    [SYNC_OP_ADD] = COLLECTION_ADD,
    [SYNC_OP_CHANGE] = COLLECTION_CHANGE,
    [SYNC_OP_DELETE] = COLLECTION_DELETE,
    [SYNC_OP_SOFT_DELETE] = COLLECTION_SOFT_DELETE,
};

static void answer_bodies(collection_answer_t *answer, const sync_position_t *position)
{
    if (position->dates == SYNC_DATE_CONVERSATION)
        answer->bodies_since = position->cut;
}

/* The device must get the very version that is recorded: were it given a newer one, and the item
 * then went back to the old one, it would never be told. Flags can be told as they were; of
 * the content there is only what it is now, which makes it another answer. */
static void replay_version(collection_t *collection, int index, backend_entry_t *entry)
{
    sync_delta_entry_t *recorded =
        (sync_delta_entry_t *)collection->replay->entries + index; /* our own copy */

    if (recorded->token == entry->token)
        return;
    if (collection->request->class_ == BACKEND_CLASS_EMAIL) {
        const apr_uint64_t marks = ((apr_uint64_t)1 << BACKEND_REVISION_SHIFT) - 1;

        entry->token = (entry->token & ~marks) | (recorded->token & marks);
        if (recorded->token == entry->token)
            return;
    }
    recorded->token = entry->token;
    collection->stepped = 1;
}

/* The answer was lost: the same once more. */
static base_fault_t *prepare_replay(collection_t *collection)
{
    const sync_folder_state_t *state = collection->state;
    collection_answer_t *answer = &collection->answer;
    collection_command_t *commands;
    int i;

    BASE_TRY(collection_delta_load(collection, collection->presented, &collection->replay));
    BASE_TRY(collection_ops_unpack(collection, collection->replay));
    commands = apr_pcalloc(collection->pool,
                           (apr_size_t)(collection->replay->count + 1) * sizeof *commands);
    collection->replay_index =
        apr_pcalloc(collection->pool, (apr_size_t)(collection->replay->count + 1) * sizeof(int));
    collection->replay_dropped =
        apr_pcalloc(collection->pool, (apr_size_t)collection->replay->count + 1);
    for (i = 0; i < collection->replay->count; i++) {
        const sync_delta_entry_t *entry = collection->replay->entries + i;
        collection_command_t *command = commands + answer->command_count;

        if (entry->op == SYNC_OP_NONE)
            continue;
        command->kind = command_kinds[entry->op];
        command->uid = entry->uid;
        command->changed = APR_UINT64_MAX;
        if (entry->held) {
            base_fault_t *fault =
                backend_item_entry(collection->env->backend, collection->request->folder_id,
                                   entry->uid, &command->entry, collection->pool);

            if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND)
                continue;
            BASE_TRY(fault);
            replay_version(collection, i, &command->entry);
        }
        collection->replay_index[answer->command_count++] = i;
    }
    collection->replay_kept = answer->command_count;
    answer->commands = commands;
    answer->key = sync_key_format(
        state->keys.series,
        collection->stepped ? state->keys.next : state->keys.answers[collection->presented].counter,
        collection->pool);
    answer->changed = 1;
    answer->replayed = 1;
    answer->more_available = state->pending[collection->presented].more;
    answer_bodies(answer, &state->pending[collection->presented].after);
    collection_trial_replay(collection);
    return NULL;
}

int collection_outdated(const collection_t *collection, apr_uint64_t token)
{
    return collection->request->class_ == BACKEND_CLASS_EMAIL && token & BACKEND_FLAG_OUTDATED;
}

static apr_uint64_t answer_changed(const collection_t *collection,
                                   const collection_command_t *command)
{
    const sync_holding_t device = sync_window_holding(collection->window, command->uid);

    return device.held && device.token != SYNC_TOKEN_UNKNOWN &&
                   !collection_outdated(collection, device.token)
               ? device.token ^ command->entry.token
               : APR_UINT64_MAX;
}

static void answer_commands(collection_t *collection)
{
    collection_answer_t *answer = &collection->answer;
    const sync_command_t *sent = sync_window_commands(collection->window, &answer->command_count);
    collection_command_t *commands =
        apr_pcalloc(collection->pool, (apr_size_t)(answer->command_count + 1) * sizeof *commands);
    int i;

    for (i = 0; i < answer->command_count; i++) {
        const backend_entry_t *entry =
            apr_hash_get(collection->entries, &sent[i].uid, sizeof sent[i].uid);

        commands[i].kind = command_kinds[sent[i].op];
        commands[i].uid = sent[i].uid;
        if (entry)
            commands[i].entry = *entry;
        commands[i].changed = answer_changed(collection, &commands[i]);
    }
    answer->commands = commands;
    answer->more_available =
        collection->request->get_changes && sync_window_more(collection->window);
}

/* Nothing to apply, and the backend's cursor says that nothing happened. */
static base_fault_t *prepare_unchanged(collection_t *collection, const sync_position_t *start,
                                       int *unchanged)
{
    *unchanged = 0;
    if (collection->request->op_count ||
        !sync_options_same(&start->options, &collection->before.options))
        return NULL;
    if (collection->request->get_changes) {
        if (!sync_position_settled(start))
            return NULL;
        BASE_TRY(collection_probe(collection));
        if (strcmp(collection->probe, start->cursor) != 0 || collection->unnamed)
            return NULL;
    }
    *unchanged = 1;
    return NULL;
}

static base_fault_t *prepare_step(collection_t *collection)
{
    const collection_request_t *request = collection->request;
    const sync_folder_state_t *state = collection->state;
    collection_answer_t *answer = &collection->answer;
    int begun, unchanged, all = 1, forgotten, limit = collection_trial_window(collection);
    sync_position_t start, after;

    BASE_TRY(collection_state_start(collection, &start));
    answer->key = request->key;
    answer_bodies(answer, &start);
    BASE_TRY(prepare_unchanged(collection, &start, &unchanged));
    if (unchanged)
        return NULL;
    begun = *start.cursor != '\0';
    if (!begun) {
        BASE_TRY(collection_probe(collection));
        sync_position_begin(&start, collection->probe);
    }
    collection->window = sync_window_make(&start, collection->held, limit, collection->pool);
    collection->entries = apr_hash_make(collection->pool);
    if (request->op_count)
        BASE_TRY(collection_ops_apply(collection));
    if (request->get_changes)
        BASE_TRY(collection_run(collection, limit, NULL, &all));
    sync_window_finish(collection->window, all);
    answer_commands(collection);
    collection->stepped =
        request->op_count || answer->command_count || answer->more_available || !begun;
    sync_window_position(collection->window, &after, collection->pool);
    collection->moved = !sync_position_same(&after, &collection->before);
    if (!collection->stepped)
        return NULL;
    if (!sync_keys_room(&state->keys, &forgotten))
        return base_fault_make(collection->pool, BASE_FAULT_STALE, "the series is used up");
    answer->changed = 1;
    answer->key = sync_key_format(state->keys.series, state->keys.next, collection->pool);
    return NULL;
}

static base_fault_t *prepare(collection_t *collection)
{
    const collection_request_t *request = collection->request;
    collection_answer_t *answer = &collection->answer;

    BASE_TRY(request_check(collection));
    BASE_TRY(collection_state_load(collection));
    BASE_TRY(collection_state_judge(collection, request->request_digest));
    collection_options_in_force(collection, &answer->options);
    answer->bodies_since = SYNC_TIME_MIN;
    if (collection->state) {
        answer->supported = collection->state->supported;
        answer->supported_length = collection->state->supported_length;
    }
    switch (collection->verdict) {
    case SYNC_KEY_START:
    case SYNC_KEY_START_AGAIN:
        return prepare_start(collection);
    case SYNC_KEY_REPLAY:
        return prepare_replay(collection);
    case SYNC_KEY_BASE:
    case SYNC_KEY_CONFIRM:
        return prepare_step(collection);
    case SYNC_KEY_STALE:
        break; /* was a fault already */
    }
    return base_fault_make(collection->pool, BASE_FAULT_INTERNAL, "no verdict on a key");
}

base_fault_t *collection_overtaken(collection_t *collection, base_fault_t *fault)
{
    if (base_fault_code(fault) == BASE_FAULT_CONFLICT && collection->request->op_count &&
        collection_state_overtaken(collection))
        fault->code = BASE_FAULT_BUSY;
    return fault;
}

base_fault_t *collection_prepare(const collection_env_t *env, const collection_request_t *request,
                                 collection_t **collection, apr_pool_t *pool)
{
    base_fault_t *fault;
    int try;

    for (try = 0; try < COLLECTION_TRIES; try++) {
        collection_t *made = apr_pcalloc(pool, sizeof *made);

        made->env = env;
        made->request = request;
        made->pool = pool;
        *collection = made;
        fault = collection_overtaken(made, prepare(made));
        if (base_fault_code(fault) != BASE_FAULT_CONFLICT)
            break;
    }
    return fault;
}

const collection_answer_t *collection_answer(const collection_t *collection)
{
    return &collection->answer;
}

void collection_drop(collection_t *collection, int index, const char *why)
{
    if (index < 0 || index >= collection->answer.command_count)
        return;
    if (collection->replay) {
        collection->replay_dropped[index] = 1;
        return;
    }
    sync_window_drop(collection->window, index);
    if (why)
        sync_quarantine_put(collection->quarantine, collection->answer.commands[index].uid,
                            collection->request->now, why);
}

void collection_cut(collection_t *collection, int n)
{
    if (n < 0 || n >= collection->answer.command_count)
        return;
    if (collection->replay) {
        if (n < collection->replay_kept)
            collection->replay_kept = n;
        /* what was recorded under that key is more than this: it needs one of its own */
        collection->stepped = 1;
        collection->answer.key = sync_key_format(collection->state->keys.series,
                                                 collection->state->keys.next, collection->pool);
    }
    else {
        sync_window_cut(collection->window, n);
    }
    collection->answer.more_available = 1;
}
