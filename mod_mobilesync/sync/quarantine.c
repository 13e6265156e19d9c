#include "sync/quarantine.h"

#include <string.h>
#include <apr_strings.h>

#define QUARANTINE_FORMAT 1
#define QUARANTINE_TRIES_MAX 1000000

sync_quarantine_t *sync_quarantine_unpack(const void *data, apr_size_t length, apr_pool_t *pool)
{
    sync_quarantine_t *quarantine = apr_pcalloc(pool, sizeof *quarantine);
    sync_unpack_t in;
    unsigned count, i;

    quarantine->pool = pool;
    quarantine->items = apr_array_make(pool, 1, sizeof(sync_quarantined_t));
    if (!data)
        return quarantine;
    sync_unpack_start(&in, data, length);
    count = sync_unpack_uint(&in) == QUARANTINE_FORMAT ? sync_unpack_count(&in, SYNC_QUARANTINE_MAX)
                                                       : 0;
    for (i = 0; i < count; i++) {
        sync_quarantined_t *item = apr_array_push(quarantine->items);

        item->uid = sync_unpack_uint(&in);
        item->when = sync_unpack_int(&in);
        item->tries = sync_unpack_count(&in, QUARANTINE_TRIES_MAX);
        item->reason = sync_unpack_text(&in, pool);
    }
    if (!sync_unpack_end(&in))
        apr_array_clear(quarantine->items);
    return quarantine;
}

void sync_quarantine_pack(const sync_quarantine_t *quarantine, base_text_buffer_t *out)
{
    int i;

    sync_pack_uint(out, QUARANTINE_FORMAT);
    sync_pack_uint(out, (apr_uint64_t)quarantine->items->nelts);
    for (i = 0; i < quarantine->items->nelts; i++) {
        const sync_quarantined_t *item = &APR_ARRAY_IDX(quarantine->items, i, sync_quarantined_t);

        sync_pack_uint(out, item->uid);
        sync_pack_int(out, item->when);
        sync_pack_uint(out, item->tries);
        sync_pack_text(out, item->reason);
    }
}

sync_quarantined_t *sync_quarantine_find(const sync_quarantine_t *quarantine, apr_uint64_t uid)
{
    int i;

    for (i = 0; i < quarantine->items->nelts; i++)
        if (APR_ARRAY_IDX(quarantine->items, i, sync_quarantined_t).uid == uid)
            return &APR_ARRAY_IDX(quarantine->items, i, sync_quarantined_t);
    return NULL;
}

void sync_quarantine_put(sync_quarantine_t *quarantine, apr_uint64_t uid, apr_time_t when,
                         const char *reason)
{
    sync_quarantined_t *found = sync_quarantine_find(quarantine, uid);
    sync_quarantined_t item = {.uid = uid, .when = when, .tries = found ? found->tries : 0};

    if (found)
        sync_quarantine_remove(quarantine, uid);
    else if (quarantine->items->nelts == SYNC_QUARANTINE_MAX)
        sync_quarantine_remove(quarantine,
                               APR_ARRAY_IDX(quarantine->items, 0, sync_quarantined_t).uid);
    item.tries += item.tries < QUARANTINE_TRIES_MAX;
    item.reason =
        apr_pstrmemdup(quarantine->pool, reason,
                       base_text_utf8_floor(reason, strlen(reason), SYNC_QUARANTINE_REASON_MAX));
    APR_ARRAY_PUSH(quarantine->items, sync_quarantined_t) = item;
    quarantine->changed = 1;
}

void sync_quarantine_remove(sync_quarantine_t *quarantine, apr_uint64_t uid)
{
    sync_quarantined_t *found = sync_quarantine_find(quarantine, uid);
    sync_quarantined_t *first = (sync_quarantined_t *)quarantine->items->elts;

    if (!found)
        return;
    memmove(found, found + 1,
            (size_t)(first + quarantine->items->nelts - found - 1) * sizeof *found);
    quarantine->items->nelts--;
    quarantine->changed = 1;
}
