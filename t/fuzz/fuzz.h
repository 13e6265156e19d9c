/* What the fuzz targets share. */
#ifndef T_FUZZ_FUZZ_H
#define T_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <apr_general.h>
#include <apr_pools.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stops the target, as libFuzzer wants it, with a word on why. */
#define FUZZ_ASSERT(condition)                                                        \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

/* A pool for one input; the first call sets APR up. */
__attribute__((unused)) static apr_pool_t *fuzz_pool(void)
{
    static int initialized;
    apr_pool_t *pool;

    if (!initialized) {
        FUZZ_ASSERT(apr_initialize() == APR_SUCCESS);
        initialized = 1;
    }
    FUZZ_ASSERT(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    return pool;
}

#endif
