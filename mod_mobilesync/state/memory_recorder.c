/* state/recorder.h in memory. */
#include "state/memory_store.h"
#include "state/recorder.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

typedef struct {
    int count;
    char *entries[STATE_RECORDER_MAX]; /* oldest first */
} memory_recorder_t;

const char *state_memory_recorder_key(const char *account, const char *device, apr_size_t *length,
                                      apr_pool_t *pool)
{
    *length = strlen(account) + 1 + strlen(device);
    return apr_psprintf(pool, "%s%c%s", account, '\0', device);
}

static void recorder_drop_oldest(memory_recorder_t *recorder)
{
    free(recorder->entries[0]);
    recorder->count--;
    memmove(recorder->entries, recorder->entries + 1,
            (size_t)recorder->count * sizeof *recorder->entries);
}

void state_memory_recorder_free(void *data)
{
    memory_recorder_t *recorder = data;

    while (recorder && recorder->count)
        recorder_drop_oldest(recorder);
    free(recorder);
}

base_fault_t *state_memory_recorder_add(void *data, const char *account, const char *device,
                                        const char *entry, int keep, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_size_t length;
    const char *key = state_memory_recorder_key(account, device, &length, pool);
    memory_recorder_t *recorder;

    apr_thread_mutex_lock(self->mutex);
    recorder = apr_hash_get(self->recorders, key, (apr_ssize_t)length);
    if (!recorder) {
        recorder = state_memory_alloc(sizeof *recorder);
        apr_hash_set(self->recorders, apr_pmemdup(self->pool, key, length), (apr_ssize_t)length,
                     recorder);
    }
    while (recorder->count >= keep)
        recorder_drop_oldest(recorder);
    recorder->entries[recorder->count] = state_memory_alloc(strlen(entry) + 1);
    memcpy(recorder->entries[recorder->count++], entry, strlen(entry) + 1);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

base_fault_t *state_memory_recorder_read(void *data, const char *account, const char *device,
                                         apr_array_header_t **entries, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_size_t length;
    const char *key = state_memory_recorder_key(account, device, &length, pool);
    const memory_recorder_t *recorder;
    int i;

    *entries = apr_array_make(pool, 8, sizeof(const char *));
    apr_thread_mutex_lock(self->mutex);
    recorder = apr_hash_get(self->recorders, key, (apr_ssize_t)length);
    for (i = recorder ? recorder->count - 1 : -1; i >= 0; i--)
        APR_ARRAY_PUSH(*entries, const char *) = apr_pstrdup(pool, recorder->entries[i]);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}
