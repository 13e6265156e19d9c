/* Preloaded into an httpd by t/e2e/accept.t: who reads that no thread is idle takes a while to come
 * to a conclusion, so that the threads may have gone idle by then; as long as the file named by
 * SLOW_LISTENER is there. The event MPM counts idle threads
 * from the middle of the range upwards (mpm_fdqueue.c). */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define NO_THREAD_IDLE (UINT32_MAX / 2)
#define WAITING_AT_MOST 4 /* for a thread, counted downwards */
#define A_WHILE 5000      /* microseconds */

__attribute__((visibility("default"))) uint32_t apr_atomic_read32(volatile uint32_t *value);

uint32_t apr_atomic_read32(volatile uint32_t *value)
{
    uint32_t (*next)(volatile uint32_t *);
    uint32_t read;

    *(void **)&next = dlsym(RTLD_NEXT, "apr_atomic_read32");
    read = next(value);
    if (read <= NO_THREAD_IDLE && read >= NO_THREAD_IDLE - WAITING_AT_MOST) {
        const char *file = getenv("SLOW_LISTENER");

        if (file && access(file, F_OK) == 0)
            usleep(A_WHILE);
    }
    return read;
}
