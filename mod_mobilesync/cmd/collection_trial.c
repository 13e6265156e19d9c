/* Poison: items whose rendering ends the process (sync/trial.h), or that the device cannot take. */
#include "cmd/collection_impl.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#define TRIAL_RECEIVED 5 /* answers that the device received and did not confirm */
/* After this an attempt of another node counts as crashed: no answer takes so long. */
#define TRIAL_LEASE apr_time_from_sec(120)

static int trial_is_gone(void *baton, const sync_attempt_t *attempt)
{
    const collection_t *collection = baton;

    if (strcmp(attempt->node, collection->env->node) == 0)
        return kill((pid_t)attempt->pid, 0) != 0 && errno == ESRCH;
    return collection->request->now - attempt->when > TRIAL_LEASE;
}

void collection_trial_judge(collection_t *collection)
{
    if (collection->env->node)
        sync_trial_judge(collection->trial, trial_is_gone, collection);
}

int collection_trial_window(const collection_t *collection)
{
    return collection->trial->suspects ? 1 : collection->request->window;
}

void collection_trial_replay(collection_t *collection)
{
    collection_answer_t *answer = &collection->answer;
    const collection_env_t *env = collection->env;
    int count = answer->command_count;

    /* a removal that is left out would leave the item on the device for ever */
    if (!env->received || !count || (count == 1 && answer->commands[0].kind != COLLECTION_ADD) ||
        env->received(env->received_baton, collection->request->folder_id, collection->request->key,
                      answer->key) < TRIAL_RECEIVED)
        return;
    if ((unsigned)count > collection->trial->suspects)
        collection->trial->suspects = (unsigned)count;
    collection->tried = 1;
    collection_cut(collection, count > 1 ? 1 : 0);
    answer->command_count = count > 1 ? 1 : 0;
    if (count > 1)
        return;
    answer->quarantined = 1;
    collection->replay_convicted = answer->commands[0].uid;
    sync_quarantine_put(collection->quarantine, answer->commands[0].uid, collection->request->now,
                        "the device received it alone, and asked for it again and again");
    base_log_write(env->log, BASE_LOG_WARNING,
                   "item %s:%" APR_UINT64_T_FMT
                   " of %s is quarantined: device %s received it alone, "
                   "and asked for it again and again",
                   collection->request->folder_id, answer->commands[0].uid,
                   collection->request->account, collection->request->device);
}

/* Writes the trial as it is now. The record gets another version by that, and is the same step's
 * still. */
static base_fault_t *trial_write(collection_t *collection)
{
    static const char *const field[] = {SYNC_TRIAL_FIELD};
    base_text_buffer_t packed = {.pool = collection->pool};
    int empty = sync_trial_is_empty(collection->trial);
    state_field_t set;

    sync_trial_pack(collection->trial, &packed);
    set = (state_field_t){.name = field[0], .data = packed.data, .length = packed.length};
    return state_record_commit(collection->env->store, &collection->key, collection->version, &set,
                               !empty, field, empty, &collection->version, collection->pool);
}

base_fault_t *collection_begin(collection_t *collection)
{
    const collection_answer_t *answer = &collection->answer;
    base_fault_t *fault;
    int i, kept = collection->window ? sync_window_kept(collection->window) : 0;

    if (!collection->env->node || !collection->stepped || collection->replay)
        return NULL;
    collection->attempt = (sync_attempt_t){.when = collection->request->now,
                                           .node = collection->env->node,
                                           .pid = (apr_uint64_t)getpid()};
    for (i = 0; i < kept; i++)
        if (answer->commands[i].kind == COLLECTION_ADD) {
            collection->attempt.items++;
            collection->attempt.uid = answer->commands[i].uid;
        }
    if (!collection->attempt.items ||
        (kept == 1 && sync_trial_convicts(collection->trial, collection->attempt.uid)))
        return NULL;
    sync_trial_begin(collection->trial, &collection->attempt);
    fault = trial_write(collection);
    /* a faster request: this one will not commit either */
    if (base_fault_code(fault) == BASE_FAULT_CONFLICT)
        return NULL;
    collection->begun = !fault;
    return base_fault_wrap(fault, collection->pool, "folder %s: beginning an answer",
                           collection->request->folder_id);
}

const char *collection_convicted(const collection_t *collection, int index)
{
    if (collection->replay ||
        !sync_trial_convicts(collection->trial, collection->answer.commands[index].uid))
        return NULL;
    return apr_psprintf(collection->pool,
                        "the server's process ended each of %u times when this item alone was "
                        "rendered",
                        collection->trial->crashes);
}

void collection_abandon(collection_t *collection)
{
    base_fault_t *fault;

    if (!collection->begun)
        return;
    collection->begun = 0;
    sync_trial_end(collection->trial, &collection->attempt);
    fault = trial_write(collection);
    if (fault) /* at worst the next items are given one by one */
        base_log_write(collection->env->log, BASE_LOG_DEBUG, "giving up an answer: %s",
                       fault->message);
}
