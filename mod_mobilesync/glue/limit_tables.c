#include "glue/limit_tables.h"

#include <errno.h>
#include <string.h>
#include <apr_general.h>

apr_status_t glue_limits_init(glue_limits_t *limits)
{
    pthread_mutexattr_t attributes;
    apr_status_t status = apr_generate_random_bytes(limits->key, sizeof limits->key);

    if (status == APR_SUCCESS)
        status = apr_generate_random_bytes(limits->buckets.key, sizeof limits->buckets.key);
    if (status != APR_SUCCESS)
        return status;
    /* not apr_proc_mutex: that would be another one after each restart, while older children are
     * still there with theirs */
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    status = pthread_mutex_init(&limits->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    limits->ready = status == APR_SUCCESS;
    return status;
}

void glue_limits_lock(glue_limits_t *limits)
{
    if (pthread_mutex_lock(&limits->lock) == EOWNERDEAD) {
        pthread_mutex_consistent(&limits->lock);
        glue_buckets_release(&limits->buckets, 0);
        memset(&limits->credentials, 0, sizeof limits->credentials);
    }
}

void glue_limits_unlock(glue_limits_t *limits)
{
    pthread_mutex_unlock(&limits->lock);
}
