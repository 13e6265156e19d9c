/* Who watches the local store, for its tests. */
#ifndef T_UNIT_BACKEND_EAR_H
#define T_UNIT_BACKEND_EAR_H

#include <apr_thread_mutex.h>

#include "backend_maildir.h"

typedef struct {
    apr_uint32_t calls;   /* for the folder */
    apr_uint32_t others;  /* for another folder */
    apr_uint32_t general; /* for none in particular */
    const char *folder_id;
    apr_thread_mutex_t *gate; /* calls wait for it */
    backend_watch_t *end;     /* ended by the first call */
} ear_t;

__attribute__((unused)) static void heard(void *baton, const char *folder_id)
{
    ear_t *ear = baton;

    if (ear->gate) {
        apr_thread_mutex_lock(ear->gate);
        apr_thread_mutex_unlock(ear->gate);
    }
    if (!folder_id)
        __atomic_add_fetch(&ear->general, 1, __ATOMIC_SEQ_CST);
    else if (strcmp(folder_id, ear->folder_id) == 0)
        __atomic_add_fetch(&ear->calls, 1, __ATOMIC_SEQ_CST);
    else
        __atomic_add_fetch(&ear->others, 1, __ATOMIC_SEQ_CST);
    if (ear->end) {
        backend_watch_stop(ear->end);
        ear->end = NULL;
    }
}

/* Waits until there were that many; gives up after a minute. */
__attribute__((unused)) static int waited(const apr_uint32_t *counter, apr_uint32_t calls)
{
    int i;

    for (i = 0; i < 6000 && __atomic_load_n(counter, __ATOMIC_SEQ_CST) < calls; i++)
        apr_sleep(10000);
    return __atomic_load_n(counter, __ATOMIC_SEQ_CST) >= calls;
}

__attribute__((unused)) static apr_array_header_t *ids_of(const char *one, const char *other)
{
    apr_array_header_t *ids = apr_array_make(store_pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(ids, const char *) = one;
    if (other)
        APR_ARRAY_PUSH(ids, const char *) = other;
    return ids;
}

#endif
