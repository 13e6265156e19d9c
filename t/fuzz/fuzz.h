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

/* LeakSanitizer's, where it is there. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* What all inputs share, and ends with the program. LeakSanitizer does not look into APR's pools, and
 * would take what they keep for lost. */
__attribute__((unused)) static apr_pool_t *fuzz_process;

__attribute__((unused)) static void fuzz_end(void)
{
    apr_pool_destroy(fuzz_process);
}

/* Sets that up, with the first input. */
__attribute__((unused)) static void fuzz_once(void (*set_up)(apr_pool_t *process))
{
    if (fuzz_process)
        return;
    if (__lsan_disable)
        __lsan_disable();
    FUZZ_ASSERT(apr_initialize() == APR_SUCCESS);
    FUZZ_ASSERT(apr_pool_create_unmanaged_ex(&fuzz_process, NULL, NULL) == APR_SUCCESS);
    set_up(fuzz_process);
    if (__lsan_enable)
        __lsan_enable();
    atexit(fuzz_end);
}

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
