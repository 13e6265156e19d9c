/* state/trash.h in memory. */
#include "state/memory_store.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

typedef struct {
    apr_pool_t *pool; /* of the entry */
    const char *account, *id, *device, *folder, *note;
    state_trash_what_t what;
    apr_time_t created, expires;
    int count;                   /* records moved */
    apr_array_header_t *records; /* memory_record_t *, NULL: restored */
    apr_array_header_t *scopes;  /* memory_scope_t *, NULL: restored */
    apr_hash_t *recorders;       /* device -> its exchanges */
} memory_trash_t;

static const char *trash_key(const char *account, const char *id, apr_size_t *length,
                             apr_pool_t *pool)
{
    *length = strlen(account) + 1 + strlen(id);
    return apr_psprintf(pool, "%s%c%s", account, '\0', id);
}

static void trash_free_recorders(const memory_trash_t *trash)
{
    apr_hash_index_t *index;

    for (index = apr_hash_first(NULL, trash->recorders); index; index = apr_hash_next(index))
        state_memory_recorder_free(apr_hash_this_val(index));
}

static void trash_drop(memory_store_t *self, memory_trash_t *trash)
{
    apr_size_t length;
    const char *key = trash_key(trash->account, trash->id, &length, trash->pool);
    int i;

    for (i = 0; i < trash->records->nelts; i++)
        if (APR_ARRAY_IDX(trash->records, i, memory_record_t *))
            state_memory_record_free(APR_ARRAY_IDX(trash->records, i, memory_record_t *));
    for (i = 0; i < trash->scopes->nelts; i++)
        if (APR_ARRAY_IDX(trash->scopes, i, memory_scope_t *))
            apr_pool_destroy(APR_ARRAY_IDX(trash->scopes, i, memory_scope_t *)->pool);
    trash_free_recorders(trash);
    apr_hash_set(self->trash, key, (apr_ssize_t)length, NULL);
    apr_pool_destroy(trash->pool);
}

static memory_trash_t *trash_find(memory_store_t *self, const char *account, const char *id,
                                  apr_pool_t *pool)
{
    apr_size_t length;
    const char *key = trash_key(account, id, &length, pool);
    memory_trash_t *trash = apr_hash_get(self->trash, key, (apr_ssize_t)length);

    if (trash && state_memory_now(self) >= trash->expires) {
        trash_drop(self, trash);
        trash = NULL;
    }
    return trash;
}

static const char *trash_copy(const char *text, apr_pool_t *pool)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

static memory_trash_t *trash_make(memory_store_t *self, const state_trash_request_t *request)
{
    memory_trash_t *trash;
    apr_pool_t *pool;
    apr_size_t length;
    const char *key;

    apr_pool_create(&pool, self->pool);
    trash = apr_pcalloc(pool, sizeof *trash);
    trash->pool = pool;
    trash->account = apr_pstrdup(pool, request->account);
    trash->id = apr_pstrdup(pool, request->id);
    trash->device = trash_copy(request->device, pool);
    trash->folder = trash_copy(request->folder, pool);
    trash->note = request->note ? apr_pstrdup(pool, request->note) : "";
    trash->what = request->what;
    trash->created = state_memory_now(self);
    trash->expires = trash->created + request->ttl;
    trash->records = apr_array_make(pool, 8, sizeof(memory_record_t *));
    trash->scopes = apr_array_make(pool, 8, sizeof(memory_scope_t *));
    trash->recorders = apr_hash_make(pool);
    key = trash_key(trash->account, trash->id, &length, pool);
    apr_hash_set(self->trash, key, (apr_ssize_t)length, trash);
    return trash;
}

static int trash_wants(const state_trash_request_t *request, const memory_record_t *record)
{
    if (strcmp(record->account, request->account) != 0 ||
        (request->device && strcmp(record->device, request->device) != 0))
        return 0;
    if (request->what == STATE_TRASH_FOLDER)
        return record->kind == STATE_RECORD_FOLDER && strcmp(record->name, request->folder) == 0;
    return state_trash_takes(request->what, record->kind);
}

/* A scope's key: letter, account, device and name, each with its NUL. */
static const char *scope_account(const memory_scope_t *scope)
{
    return scope->key + 1;
}

static const char *scope_device(const memory_scope_t *scope)
{
    const char *account = scope_account(scope);

    return account + strlen(account) + 1;
}

static void trash_take_scopes(memory_store_t *self, const state_trash_request_t *request,
                              memory_trash_t *trash, apr_pool_t *pool)
{
    apr_hash_index_t *index;

    for (index = apr_hash_first(pool, self->scopes); index; index = apr_hash_next(index)) {
        memory_scope_t *scope = apr_hash_this_val(index);

        if (strcmp(scope_account(scope), request->account) != 0 ||
            (request->device && strcmp(scope_device(scope), request->device) != 0))
            continue;
        apr_hash_set(self->scopes, scope->key, (apr_ssize_t)scope->key_length, NULL);
        APR_ARRAY_PUSH(trash->scopes, memory_scope_t *) = scope;
    }
}

/* The key is account, NUL, device. */
static void trash_take_recorders(memory_store_t *self, const state_trash_request_t *request,
                                 memory_trash_t *trash, apr_pool_t *pool)
{
    apr_size_t account = strlen(request->account);
    apr_hash_index_t *index;

    for (index = apr_hash_first(pool, self->recorders); index; index = apr_hash_next(index)) {
        const char *key = apr_hash_this_key(index);
        apr_ssize_t length = apr_hash_this_key_len(index);
        const char *device;

        if ((apr_size_t)length <= account || strcmp(key, request->account) != 0)
            continue;
        device = apr_pstrmemdup(trash->pool, key + account + 1, (apr_size_t)length - account - 1);
        if (request->device && strcmp(device, request->device) != 0)
            continue;
        apr_hash_set(trash->recorders, device, APR_HASH_KEY_STRING, apr_hash_this_val(index));
        apr_hash_set(self->recorders, key, length, NULL);
    }
}

static int trash_is_held(const memory_record_t *record)
{
    int i;

    for (i = 0; record->kind == STATE_RECORD_DEVICE && i < record->count; i++)
        if (strcmp(record->fields[i].name, STATE_TRASH_HELD) == 0)
            return 1;
    return 0;
}

/* The device of the move that is held, NULL when none is. */
static const char *trash_held(memory_store_t *self, const state_trash_request_t *request,
                              apr_pool_t *pool)
{
    apr_hash_index_t *index;

    for (index = apr_hash_first(pool, self->records); index; index = apr_hash_next(index)) {
        const memory_record_t *record = apr_hash_this_val(index);

        if (trash_wants(request, record) && trash_is_held(record))
            return apr_pstrdup(pool, record->device);
    }
    return NULL;
}

base_fault_t *state_memory_trash_move(void *data, const state_trash_request_t *request, int *moved,
                                      apr_pool_t *pool)
{
    memory_store_t *self = data;
    memory_trash_t *trash;
    apr_hash_index_t *index;
    const char *held;

    apr_thread_mutex_lock(self->mutex);
    trash = trash_find(self, request->account, request->id, pool);
    if (!trash && (held = trash_held(self, request, pool))) {
        apr_thread_mutex_unlock(self->mutex);
        return state_trash_held_fault(held, pool);
    }
    if (!trash) {
        trash = trash_make(self, request);
        for (index = apr_hash_first(pool, self->records); index; index = apr_hash_next(index)) {
            memory_record_t *record = apr_hash_this_val(index);

            if (!trash_wants(request, record))
                continue;
            apr_hash_set(self->records, record->key, (apr_ssize_t)record->key_length, NULL);
            APR_ARRAY_PUSH(trash->records, memory_record_t *) = record;
        }
        trash->count = trash->records->nelts;
        if (request->what == STATE_TRASH_ALL) {
            trash_take_scopes(self, request, trash, pool);
            trash_take_recorders(self, request, trash, pool);
        }
    }
    *moved = trash->count;
    if (!trash->records->nelts && !trash->scopes->nelts && !apr_hash_count(trash->recorders))
        trash_drop(self, trash);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

static void trash_name(apr_array_header_t *names, apr_hash_t *seen, const char *device,
                       apr_pool_t *pool)
{
    const char *name;

    if (apr_hash_get(seen, device, APR_HASH_KEY_STRING))
        return;
    name = apr_pstrdup(pool, device);
    apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
    APR_ARRAY_PUSH(names, const char *) = name;
}

static apr_array_header_t *trash_devices(const memory_trash_t *trash, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    apr_hash_t *seen = apr_hash_make(pool);
    int i;

    for (i = 0; i < trash->records->nelts; i++)
        if (APR_ARRAY_IDX(trash->records, i, memory_record_t *))
            trash_name(names, seen, APR_ARRAY_IDX(trash->records, i, memory_record_t *)->device,
                       pool);
    for (i = 0; i < trash->scopes->nelts; i++)
        if (APR_ARRAY_IDX(trash->scopes, i, memory_scope_t *))
            trash_name(names, seen, scope_device(APR_ARRAY_IDX(trash->scopes, i, memory_scope_t *)),
                       pool);
    state_names_sort(names);
    return names;
}

static int trash_newer(const void *a, const void *b)
{
    const state_trash_t *one = *(const state_trash_t *const *)a,
                        *other = *(const state_trash_t *const *)b;

    if (one->created != other->created)
        return one->created < other->created ? 1 : -1;
    return strcmp(one->id, other->id);
}

base_fault_t *state_memory_trash_list(void *data, const char *account, apr_array_header_t **entries,
                                      apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_hash_index_t *index;

    *entries = apr_array_make(pool, 8, sizeof(state_trash_t *));
    apr_thread_mutex_lock(self->mutex);
    for (index = apr_hash_first(pool, self->trash); index; index = apr_hash_next(index)) {
        const memory_trash_t *trash = apr_hash_this_val(index);
        state_trash_t *entry = apr_pcalloc(pool, sizeof *entry);

        if (strcmp(trash->account, account) != 0 || state_memory_now(self) >= trash->expires)
            continue;
        entry->devices = trash_devices(trash, pool);
        if (!entry->devices->nelts)
            continue;
        entry->id = apr_pstrdup(pool, trash->id);
        entry->device = trash_copy(trash->device, pool);
        entry->what = trash->what;
        entry->folder = trash_copy(trash->folder, pool);
        entry->note = apr_pstrdup(pool, trash->note);
        entry->created = trash->created;
        entry->expires = trash->expires;
        APR_ARRAY_PUSH(*entries, state_trash_t *) = entry;
    }
    apr_thread_mutex_unlock(self->mutex);
    if ((*entries)->nelts)
        qsort((*entries)->elts, (size_t)(*entries)->nelts, sizeof(state_trash_t *), trash_newer);
    return NULL;
}

/* The device (of those whose records are wanted) that has begun again, NULL when none has. */
static const char *trash_begun(memory_store_t *self, const memory_trash_t *trash,
                               const apr_array_header_t *devices, apr_pool_t *pool)
{
    apr_hash_index_t *index;
    int i;

    for (index = apr_hash_first(pool, self->records); index; index = apr_hash_next(index)) {
        const memory_record_t *record = apr_hash_this_val(index);

        if (!state_trash_begun(record->kind) || strcmp(record->account, trash->account) != 0)
            continue;
        if (trash->what == STATE_TRASH_FOLDER &&
            (record->kind != STATE_RECORD_FOLDER || strcmp(record->name, trash->folder) != 0))
            continue;
        for (i = 0; i < devices->nelts; i++)
            if (strcmp(record->device, APR_ARRAY_IDX(devices, i, const char *)) == 0)
                return apr_pstrdup(pool, record->device);
    }
    return NULL;
}

/* The device whose record would be replaced although it is held, NULL when there is none. */
static const char *trash_replaces(memory_store_t *self, const memory_trash_t *trash,
                                  const char *device, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < trash->records->nelts; i++) {
        const memory_record_t *record = APR_ARRAY_IDX(trash->records, i, memory_record_t *);
        const memory_record_t *newer;

        if (!record || (device && strcmp(record->device, device) != 0))
            continue;
        newer = apr_hash_get(self->records, record->key, (apr_ssize_t)record->key_length);
        if (newer && trash_is_held(newer))
            return apr_pstrdup(pool, newer->device);
    }
    return NULL;
}

static void trash_restore_record(memory_store_t *self, memory_record_t *record)
{
    memory_record_t *newer =
        apr_hash_get(self->records, record->key, (apr_ssize_t)record->key_length);

    if (newer) {
        apr_hash_set(self->records, newer->key, (apr_ssize_t)newer->key_length, NULL);
        state_memory_record_free(newer);
    }
    apr_hash_set(self->records, record->key, (apr_ssize_t)record->key_length, record);
}

static void trash_restore_scope(memory_store_t *self, memory_scope_t *scope)
{
    if (apr_hash_get(self->scopes, scope->key, (apr_ssize_t)scope->key_length))
        apr_pool_destroy(scope->pool);
    else
        apr_hash_set(self->scopes, scope->key, (apr_ssize_t)scope->key_length, scope);
}

static void trash_restore_recorder(memory_store_t *self, memory_trash_t *trash, const char *device)
{
    void *recorder = apr_hash_get(trash->recorders, device, APR_HASH_KEY_STRING);
    apr_size_t length;
    const char *key = state_memory_recorder_key(trash->account, device, &length, self->pool);

    apr_hash_set(trash->recorders, device, APR_HASH_KEY_STRING, NULL);
    if (!recorder)
        return;
    if (apr_hash_get(self->recorders, key, (apr_ssize_t)length))
        state_memory_recorder_free(recorder);
    else
        apr_hash_set(self->recorders, key, (apr_ssize_t)length, recorder);
}

static int trash_restore(memory_store_t *self, memory_trash_t *trash, const char *device)
{
    int i, count = 0;

    for (i = 0; i < trash->records->nelts; i++) {
        memory_record_t **record = &APR_ARRAY_IDX(trash->records, i, memory_record_t *);

        if (!*record || (device && strcmp((*record)->device, device) != 0))
            continue;
        trash_restore_record(self, *record);
        *record = NULL;
        count++;
    }
    for (i = 0; i < trash->scopes->nelts; i++) {
        memory_scope_t **scope = &APR_ARRAY_IDX(trash->scopes, i, memory_scope_t *);

        if (!*scope || (device && strcmp(scope_device(*scope), device) != 0))
            continue;
        trash_restore_scope(self, *scope);
        *scope = NULL;
    }
    return count;
}

base_fault_t *state_memory_trash_restore(void *data, const char *account, const char *id,
                                         const char *device, int *restored, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_array_header_t *devices, *wanted = apr_array_make(pool, 4, sizeof(const char *));
    memory_trash_t *trash;
    const char *begun = NULL, *held = NULL;
    int i;

    apr_thread_mutex_lock(self->mutex);
    if ((trash = trash_find(self, account, id, pool))) {
        devices = trash_devices(trash, pool);
        for (i = 0; i < devices->nelts; i++)
            if (!device || strcmp(APR_ARRAY_IDX(devices, i, const char *), device) == 0)
                APR_ARRAY_PUSH(wanted, const char *) = APR_ARRAY_IDX(devices, i, const char *);
        begun = trash_begun(self, trash, wanted, pool);
        held = trash_replaces(self, trash, device, pool);
        if (!begun && !held)
            *restored = trash_restore(self, trash, device);
        for (i = 0; !begun && !held && i < wanted->nelts; i++)
            trash_restore_recorder(self, trash, APR_ARRAY_IDX(wanted, i, const char *));
    }
    apr_thread_mutex_unlock(self->mutex);
    if (begun)
        return state_trash_begun_fault(begun, pool);
    if (held)
        return state_trash_held_fault(held, pool);
    return wanted->nelts ? NULL : state_trash_none_fault(id, pool);
}

void state_memory_trash_free(memory_store_t *self)
{
    apr_hash_index_t *index;
    int i;

    for (index = apr_hash_first(NULL, self->trash); index; index = apr_hash_next(index)) {
        const memory_trash_t *trash = apr_hash_this_val(index);

        trash_free_recorders(trash);
        for (i = 0; i < trash->records->nelts; i++)
            if (APR_ARRAY_IDX(trash->records, i, memory_record_t *))
                state_memory_record_free(APR_ARRAY_IDX(trash->records, i, memory_record_t *));
    }
}
