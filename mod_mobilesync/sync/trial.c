#include "sync/trial.h"

#include <string.h>
#include <apr_strings.h>

#define TRIAL_FORMAT 1
#define TRIAL_COUNT_MAX 1000000

sync_trial_t *sync_trial_unpack(const void *data, apr_size_t length, apr_pool_t *pool)
{
    sync_trial_t *trial = apr_pcalloc(pool, sizeof *trial), empty = {.pool = pool};
    sync_unpack_t in;
    unsigned count, i;

    empty.attempts = apr_array_make(pool, 1, sizeof(sync_attempt_t));
    *trial = empty;
    if (!data)
        return trial;
    sync_unpack_start(&in, data, length);
    in.bad = sync_unpack_uint(&in) != TRIAL_FORMAT;
    trial->suspects = sync_unpack_count(&in, TRIAL_COUNT_MAX);
    trial->uid = sync_unpack_uint(&in);
    trial->crashes = sync_unpack_count(&in, TRIAL_COUNT_MAX);
    count = sync_unpack_count(&in, SYNC_TRIAL_ATTEMPTS_MAX);
    for (i = 0; i < count; i++) {
        sync_attempt_t *attempt = apr_array_push(trial->attempts);

        attempt->when = sync_unpack_int(&in);
        attempt->node = sync_unpack_text(&in, pool);
        attempt->pid = sync_unpack_uint(&in);
        attempt->items = sync_unpack_count(&in, TRIAL_COUNT_MAX);
        attempt->uid = sync_unpack_uint(&in);
    }
    if (!sync_unpack_end(&in)) {
        apr_array_clear(empty.attempts);
        *trial = empty;
    }
    return trial;
}

void sync_trial_pack(const sync_trial_t *trial, base_text_buffer_t *out)
{
    int i;

    sync_pack_uint(out, TRIAL_FORMAT);
    sync_pack_uint(out, trial->suspects);
    sync_pack_uint(out, trial->uid);
    sync_pack_uint(out, trial->crashes);
    sync_pack_uint(out, (apr_uint64_t)trial->attempts->nelts);
    for (i = 0; i < trial->attempts->nelts; i++) {
        const sync_attempt_t *attempt = &APR_ARRAY_IDX(trial->attempts, i, sync_attempt_t);

        sync_pack_int(out, attempt->when);
        sync_pack_text(out, attempt->node);
        sync_pack_uint(out, attempt->pid);
        sync_pack_uint(out, attempt->items);
        sync_pack_uint(out, attempt->uid);
    }
}

int sync_trial_is_empty(const sync_trial_t *trial)
{
    return !trial->suspects && !trial->attempts->nelts;
}

static void trial_forget(sync_trial_t *trial, int index)
{
    sync_attempt_t *first = (sync_attempt_t *)trial->attempts->elts;

    memmove(first + index, first + index + 1,
            (size_t)(trial->attempts->nelts - index - 1) * sizeof *first);
    trial->attempts->nelts--;
}

void sync_trial_begin(sync_trial_t *trial, const sync_attempt_t *attempt)
{
    if (trial->attempts->nelts == SYNC_TRIAL_ATTEMPTS_MAX)
        trial_forget(trial, 0);
    APR_ARRAY_PUSH(trial->attempts, sync_attempt_t) = *attempt;
}

void sync_trial_end(sync_trial_t *trial, const sync_attempt_t *attempt)
{
    int i;

    for (i = 0; i < trial->attempts->nelts; i++) {
        const sync_attempt_t *other = &APR_ARRAY_IDX(trial->attempts, i, sync_attempt_t);

        if (other->when == attempt->when && other->pid == attempt->pid &&
            strcmp(other->node, attempt->node) == 0) {
            trial_forget(trial, i);
            return;
        }
    }
}

void sync_trial_judge(sync_trial_t *trial,
                      int (*is_gone)(void *baton, const sync_attempt_t *attempt), void *baton)
{
    int i = 0;

    while (i < trial->attempts->nelts) {
        const sync_attempt_t *attempt = &APR_ARRAY_IDX(trial->attempts, i, sync_attempt_t);

        if (!is_gone(baton, attempt)) {
            i++;
            continue;
        }
        if (attempt->items > trial->suspects)
            trial->suspects = attempt->items;
        if (attempt->items == 1) {
            trial->crashes = trial->crashes && trial->uid == attempt->uid ? trial->crashes + 1 : 1;
            trial->uid = attempt->uid;
        }
        trial_forget(trial, i);
    }
}

void sync_trial_passed(sync_trial_t *trial, unsigned items)
{
    trial->suspects -= items < trial->suspects ? items : trial->suspects;
    trial->uid = 0;
    trial->crashes = 0;
    apr_array_clear(trial->attempts);
}

int sync_trial_convicts(const sync_trial_t *trial, apr_uint64_t uid)
{
    return trial->crashes >= SYNC_TRIAL_ALONE && trial->uid == uid;
}
