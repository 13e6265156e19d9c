/* Looking without stepping: GetItemEstimate and Ping. */
#include "cmd/collection_impl.h"

#include <limits.h>
#include <string.h>
#include <apr_strings.h>

#define WATCH_LOOK 512 /* commands looked at to tell additions from other changes */

static collection_t *look_make(const collection_env_t *env, const collection_request_t *request,
                               apr_pool_t *pool)
{
    collection_t *made = apr_pcalloc(pool, sizeof *made);

    made->env = env;
    made->request = request;
    made->pool = pool;
    return made;
}

base_fault_t *collection_estimate(const collection_env_t *env, const collection_request_t *request,
                                  apr_uint64_t *estimate, apr_pool_t *pool)
{
    collection_t *look = look_make(env, request, pool);
    collection_request_t without = *request;
    sync_position_t start;
    int all, count;

    without.op_count = 0;
    look->request = &without;
    *estimate = 0;
    BASE_TRY(collection_state_load(look));
    BASE_TRY(collection_state_judge(look, NULL));
    if (look->verdict == SYNC_KEY_START || look->verdict == SYNC_KEY_START_AGAIN)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "no estimate for key 0");
    BASE_TRY(collection_state_start(look, &start));
    BASE_TRY(collection_probe(look));
    if (!*start.cursor)
        sync_position_begin(&start, look->probe);
    look->window = sync_window_make(&start, look->held, INT_MAX, pool);
    BASE_TRY(collection_run(look, INT_MAX, estimate, &all));
    sync_window_finish(look->window, all);
    sync_window_commands(look->window, &count);
    *estimate += (apr_uint64_t)count;
    return NULL;
}

static base_fault_t *watch_look(collection_t *look, collection_watch_answer_t *answer)
{
    sync_position_t *start = &look->before;
    int limit;
    int all;

    /* when an answer was left unfinished there is more than enough: the first to come up tells */
    limit = start->scans.count || start->sweep ? 0 : WATCH_LOOK;
    if (sync_position_settled(start) && strcmp(look->probe, start->cursor) == 0 && !look->unnamed)
        return NULL;
    look->window = sync_window_make(start, look->held, limit, look->pool);
    BASE_TRY(collection_run(look, limit, NULL, &all));
    if (sync_window_seen(look->window, SYNC_OP_ADD) || !(all || sync_window_full(look->window)))
        answer->what = COLLECTION_WATCH_ADDED; /* or so much that something will be new */
    else if (sync_window_full(look->window) || sync_window_seen(look->window, SYNC_OP_NONE))
        answer->what = COLLECTION_WATCH_CHANGED;
    return NULL;
}

base_fault_t *collection_watch_check(const collection_env_t *env,
                                     const collection_request_t *request,
                                     collection_watch_answer_t *answer, apr_pool_t *pool)
{
    collection_request_t latest = *request;
    collection_t *look = look_make(env, &latest, pool);
    sync_position_t *start = &look->before;
    const sync_keys_t *keys;
    int filter;

    *answer = (collection_watch_answer_t){.cursor = "", .version = "none"};
    BASE_TRY(collection_state_load(look));
    answer->what = COLLECTION_WATCH_UNSYNCED;
    if (!look->state)
        return NULL;
    keys = &look->state->keys;
    latest.key = sync_key_format(keys->series, sync_key_latest(keys), pool);
    latest.protocol = 0;
    latest.op_count = 0;
    BASE_TRY(collection_state_judge(look, NULL));
    answer->version = latest.key;
    /* a filter asked for without changes has not come to anything yet */
    filter = collection_filter(look, start->options.filter);
    if (!sync_position_filtered(start, filter))
        sync_position_refilter(start, filter, start->options.conversations, request->now);
    if (request->class_ == BACKEND_CLASS_CALENDAR)
        sync_position_renew(start, request->now);
    look->dates = start->dates;
    BASE_TRY(collection_probe(look));
    if (!*start->cursor)
        return NULL;
    answer->what = COLLECTION_WATCH_NOTHING;
    answer->cursor = look->probe;
    answer->version = apr_pstrcat(pool, latest.key, " ", look->probe, NULL);
    return watch_look(look, answer);
}

base_fault_t *collection_options_read(const collection_env_t *env, const char *account,
                                      const char *device, const char *folder_id,
                                      collection_options_t *options, apr_pool_t *pool)
{
    collection_request_t request = {.account = account,
                                    .device = device,
                                    .folder_id = folder_id,
                                    .key = "0",
                                    .conversations = COLLECTION_CONVERSATIONS_STICKY};
    collection_t *look = look_make(env, &request, pool);

    BASE_TRY(collection_state_load(look));
    if (!look->state)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "folder %s was never synced", folder_id);
    request.key =
        sync_key_format(look->state->keys.series, sync_key_latest(&look->state->keys), pool);
    BASE_TRY(collection_state_judge(look, NULL));
    collection_options_in_force(look, options);
    return NULL;
}
