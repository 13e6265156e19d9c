/* APR's pools with a block of the heap for each allocation, so that AddressSanitizer sees a step
 * beyond one, or into what is gone: APR takes memory in large pieces, behind its back. Linked into
 * the libFuzzer targets, where it stands before libapr's apr_palloc. They have one thread. */
#include <dlfcn.h>
#include <stdlib.h>
#include <apr_pools.h>

#include "fuzz.h"

#define POOL_BUCKETS 4096

typedef struct pool_block pool_block_t;
struct pool_block {
    pool_block_t *next;
    void *memory;
};

typedef struct pool_blocks pool_blocks_t;
struct pool_blocks {
    pool_blocks_t *next;
    const apr_pool_t *pool;
    pool_block_t *first;
};

static pool_blocks_t *pool_buckets[POOL_BUCKETS];
static int pool_is_busy; /* the cleanup itself is allocated by APR */

static pool_blocks_t **pool_find(const apr_pool_t *pool)
{
    pool_blocks_t **at = &pool_buckets[(uintptr_t)pool / 64 % POOL_BUCKETS];

    while (*at && (*at)->pool != pool)
        at = &(*at)->next;
    return at;
}

/* Registered with the pool's first allocation, it is the last of its cleanups. */
static apr_status_t pool_free(void *pool)
{
    pool_blocks_t **at = pool_find(pool), *blocks = *at;
    pool_block_t *block, *next;

    *at = blocks->next;
    for (block = blocks->first; block; block = next) {
        next = block->next;
        free(block->memory);
        free(block);
    }
    free(blocks);
    return APR_SUCCESS;
}

static void *pool_own(apr_pool_t *pool, apr_size_t size)
{
    void *(*own)(apr_pool_t *, apr_size_t);

    *(void **)&own = dlsym(RTLD_NEXT, "apr_palloc");
    return own(pool, size);
}

APR_DECLARE(void *) apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    pool_blocks_t **at = pool_find(pool);
    pool_block_t *block;

    if (pool_is_busy)
        return pool_own(pool, size);
    if (!*at) {
        FUZZ_ASSERT((*at = calloc(1, sizeof **at)));
        (*at)->pool = pool;
        pool_is_busy = 1;
        apr_pool_cleanup_register(pool, pool, pool_free, apr_pool_cleanup_null);
        pool_is_busy = 0;
    }
    block = malloc(sizeof *block);
    FUZZ_ASSERT(block && (block->memory = malloc(size ? size : 1)));
    block->next = (*at)->first;
    (*at)->first = block;
    return block->memory;
}
