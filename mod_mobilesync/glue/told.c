#include "glue/told.h"

#include <string.h>
#include <apr_siphash.h>
#include <apr_strings.h>

/* The text that names the folder is hashed: the low bits say where it is, the high ones are in the
 * slot, beside the moment in milliseconds. */
static apr_uint64_t told_hash(const char *account, const char *device, const char *folder,
                              apr_pool_t *pool)
{
    static const unsigned char key[APR_SIPHASH_KSIZE] = {0};
    const char *name = apr_pstrcat(pool, account, "\n", device, "\n", folder, NULL);

    return apr_siphash24(name, strlen(name), key);
}

static apr_uint64_t told_entry(apr_uint64_t hash, apr_time_t when)
{
    return (hash & ~(apr_uint64_t)APR_UINT32_MAX) | (apr_uint32_t)apr_time_as_msec(when);
}

void glue_told_put(glue_told_t *told, const char *account, const char *device, const char *folder,
                   apr_time_t now, apr_pool_t *pool)
{
    apr_uint64_t hash = told_hash(account, device, folder, pool);

    __atomic_store_n(&told->slots[hash % GLUE_TOLD_SLOTS], told_entry(hash, now), __ATOMIC_RELAXED);
}

int glue_told_take(glue_told_t *told, const char *account, const char *device, const char *folder,
                   apr_time_t since, apr_pool_t *pool)
{
    apr_uint64_t hash = told_hash(account, device, folder, pool);
    apr_uint64_t *slot = &told->slots[hash % GLUE_TOLD_SLOTS];
    apr_uint64_t entry = __atomic_load_n(slot, __ATOMIC_RELAXED), wanted = told_entry(hash, since);

    /* the clock of 32 bits comes around: what counts is the difference */
    return entry && entry >> 32 == wanted >> 32 &&
           (apr_int32_t)((apr_uint32_t)wanted - (apr_uint32_t)entry) >= 0 &&
           __atomic_compare_exchange_n(slot, &entry, 0, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}
