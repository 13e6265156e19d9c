#include "wake/hub.h"

#include <string.h>
#include <apr_strings.h>

#define COMPARE_BATCH 1000
#define COMPARE_AGAIN apr_time_from_msec(500)

/* A waiter may go while the mutex is given up: it is found again by its id. */
typedef struct {
    wake_query_t *queries;
    apr_uint64_t *ids;
    int count;
} compare_batch_t;

static void compare_add(compare_batch_t *batch, const wake_waiter_t *waiter, apr_pool_t *pool)
{
    wake_query_t *query = &batch->queries[batch->count];
    const char **folder_ids =
        apr_palloc(pool, (apr_size_t)waiter->folder_count * sizeof *folder_ids);
    int i;

    for (i = 0; i < waiter->folder_count; i++)
        folder_ids[i] = apr_pstrdup(pool, waiter->folder_ids[i]);
    memset(query, 0, sizeof *query);
    query->account = apr_pstrdup(pool, waiter->account);
    query->device = apr_pstrdup(pool, waiter->device);
    query->kind = waiter->kind;
    query->folder_ids = folder_ids;
    query->folder_count = waiter->folder_count;
    query->versions = apr_pcalloc(pool, (apr_size_t)waiter->folder_count * sizeof *query->versions);
    batch->ids[batch->count++] = waiter->id;
}

/* Everybody armed in stale channels that are subscribed again, up to about a batch. The
 * channels count as compared; 1: there are more. */
static int compare_collect(wake_hub_t *hub, compare_batch_t *batch)
{
    apr_pool_t *pool = hub->thread_pool;
    apr_hash_index_t *index;

    for (index = apr_hash_first(pool, hub->channels); index; index = apr_hash_next(index)) {
        wake_channel_t *channel = apr_hash_this_val(index);
        const wake_waiter_t *waiter;
        int waiters = 0;

        if (!channel->stale || !wake_channel_ready(hub, channel))
            continue;
        for (waiter = channel->waiters; waiter; waiter = waiter->next)
            waiters += waiter->armed;
        if (batch->count && batch->count + waiters > COMPARE_BATCH)
            return 1;
        if (!batch->count) { /* one account may have more than a batch */
            int size = waiters > COMPARE_BATCH ? waiters : COMPARE_BATCH;

            batch->queries = apr_palloc(pool, (apr_size_t)size * sizeof *batch->queries);
            batch->ids = apr_palloc(pool, (apr_size_t)size * sizeof *batch->ids);
        }
        for (waiter = channel->waiters; waiter; waiter = waiter->next)
            if (waiter->armed)
                compare_add(batch, waiter, pool);
        channel->stale = 0;
    }
    return 0;
}

static wake_waiter_t *compare_find(wake_hub_t *hub, const char *account, apr_uint64_t id)
{
    wake_channel_t *channel = wake_channel_find(hub, account);
    wake_waiter_t *waiter = channel ? channel->waiters : NULL;

    while (waiter && waiter->id != id)
        waiter = waiter->next;
    return waiter;
}

static void compare_put_back(wake_hub_t *hub, const compare_batch_t *batch)
{
    int i;

    for (i = 0; i < batch->count; i++) {
        wake_channel_t *channel = wake_channel_find(hub, batch->queries[i].account);

        if (channel)
            channel->stale = channel->waiters != NULL;
    }
}

void wake_compare(wake_hub_t *hub)
{
    unsigned generation = hub->generation;
    compare_batch_t batch = {0};
    base_fault_t *fault;
    int more, i;

    more = compare_collect(hub, &batch);
    hub->compare_at = more ? apr_time_now() : 0;
    if (!batch.count)
        return;
    apr_thread_mutex_unlock(hub->mutex);
    fault = hub->bus->driver->read(hub->bus->self, batch.queries, batch.count, hub->thread_pool);
    apr_thread_mutex_lock(hub->mutex);
    if (hub->generation != generation)
        return; /* everything is stale again */
    if (fault) {
        compare_put_back(hub, &batch);
        hub->compare_at = apr_time_now() + COMPARE_AGAIN;
        return;
    }
    for (i = 0; i < batch.count; i++) {
        wake_waiter_t *waiter = compare_find(hub, batch.queries[i].account, batch.ids[i]);

        if (waiter)
            wake_waiter_compare(waiter, &batch.queries[i]);
    }
}
