/* state/recorder.h in memory. */
#include "state/memory_store.h"
#include "state/recorder.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

typedef struct {
    int count;
    char *entries[STATE_RECORDER_MAX]; /* oldest first */
} memory_list_t;

typedef struct {
    memory_list_t lists[STATE_RECORDER_KIND_COUNT_];
} memory_recorder_t;

const char *state_memory_recorder_key(const char *account, const char *device, apr_size_t *length,
                                      apr_pool_t *pool)
{
    *length = strlen(account) + 1 + strlen(device);
    return apr_psprintf(pool, "%s%c%s", account, '\0', device);
}

static void recorder_drop_oldest(memory_list_t *list)
{
    free(list->entries[0]);
    list->count--;
    memmove(list->entries, list->entries + 1, (size_t)list->count * sizeof *list->entries);
}

void state_memory_recorder_free(void *data)
{
    memory_recorder_t *recorder = data;

    int kind;

    for (kind = 0; recorder && kind < STATE_RECORDER_KIND_COUNT_; kind++)
        while (recorder->lists[kind].count)
            recorder_drop_oldest(&recorder->lists[kind]);
    free(recorder);
}

base_fault_t *state_memory_recorder_add(void *data, state_recorder_kind_t kind, const char *account,
                                        const char *device, const char *entry, int keep,
                                        apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_size_t length;
    const char *key = state_memory_recorder_key(account, device, &length, pool);
    memory_recorder_t *recorder;
    memory_list_t *list;

    apr_thread_mutex_lock(self->mutex);
    recorder = apr_hash_get(self->recorders, key, (apr_ssize_t)length);
    if (!recorder) {
        recorder = state_memory_alloc(sizeof *recorder);
        apr_hash_set(self->recorders, apr_pmemdup(self->pool, key, length), (apr_ssize_t)length,
                     recorder);
    }
    list = &recorder->lists[kind];
    while (list->count >= keep)
        recorder_drop_oldest(list);
    list->entries[list->count] = state_memory_alloc(strlen(entry) + 1);
    memcpy(list->entries[list->count++], entry, strlen(entry) + 1);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

base_fault_t *state_memory_recorder_read(void *data, state_recorder_kind_t kind,
                                         const char *account, const char *device,
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
    for (i = recorder ? recorder->lists[kind].count - 1 : -1; i >= 0; i--)
        APR_ARRAY_PUSH(*entries, const char *) =
            apr_pstrdup(pool, recorder->lists[kind].entries[i]);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}
