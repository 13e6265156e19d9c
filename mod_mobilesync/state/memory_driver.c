/* A store in this process, for tests and benches. Records are overwritten again and again,
 * so that their memory is malloc's: a pool would only grow. A ledger scope has a pool of
 * its own, destroyed with the scope. */
#include "state/memory_store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

apr_time_t state_memory_now(const memory_store_t *self)
{
    return self->now ? self->now(self->now_baton) : apr_time_now();
}

/* account, device, letter and name, each with its NUL. */
static apr_size_t memory_key(char *key, const char *account, const char *device, const char *letter,
                             const char *name)
{
    const char *parts[3] = {account, device, name ? name : ""};
    apr_size_t length = 1;
    int i;

    key[0] = letter[0];
    for (i = 0; i < 3; i++) {
        apr_size_t part = strlen(parts[i]) + 1;

        memcpy(key + length, parts[i], part);
        length += part;
    }
    return length;
}

/* -- records ---------------------------------------------------------------- */

void state_memory_record_free(memory_record_t *record)
{
    int i;

    for (i = 0; i < record->count; i++) {
        free(record->fields[i].name);
        free(record->fields[i].data);
    }
    free(record->fields);
    free(record);
}

void *state_memory_alloc(apr_size_t size)
{
    void *memory = calloc(1, size ? size : 1);

    if (!memory)
        abort(); /* as APR's pools do */
    return memory;
}

static memory_record_t *memory_record_find(memory_store_t *self, const state_key_t *key)
{
    char name[MEMORY_KEY_MAX];
    apr_size_t length =
        memory_key(name, key->account, key->device, state_kind_letter(key->kind), key->name);

    return apr_hash_get(self->records, name, (apr_ssize_t)length);
}

static memory_record_t *memory_record_make(memory_store_t *self, const state_key_t *key)
{
    char name[MEMORY_KEY_MAX];
    apr_size_t length =
        memory_key(name, key->account, key->device, state_kind_letter(key->kind), key->name);
    memory_record_t *record = state_memory_alloc(sizeof *record + length);

    record->kind = key->kind;
    record->key_length = length;
    memcpy(record->key, name, length);
    record->account = record->key + 1;
    record->device = record->account + strlen(record->account) + 1;
    record->name = record->device + strlen(record->device) + 1;
    apr_hash_set(self->records, record->key, (apr_ssize_t)record->key_length, record);
    return record;
}

static memory_field_t *memory_field_find(const memory_record_t *record, const char *name)
{
    int i;

    for (i = 0; i < record->count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    return NULL;
}

static void memory_field_delete(memory_record_t *record, const char *name)
{
    memory_field_t *field = memory_field_find(record, name);

    if (!field)
        return;
    free(field->name);
    free(field->data);
    *field = record->fields[--record->count];
}

static void memory_field_set(memory_record_t *record, const state_field_t *set)
{
    memory_field_t *field = memory_field_find(record, set->name);

    if (!field) {
        if (record->count == record->capacity) {
            record->capacity = record->capacity ? record->capacity * 2 : 8;
            record->fields =
                realloc(record->fields, (size_t)record->capacity * sizeof *record->fields);
            if (!record->fields)
                abort();
        }
        field = &record->fields[record->count++];
        field->name = state_memory_alloc(strlen(set->name) + 1);
        memcpy(field->name, set->name, strlen(set->name) + 1);
        field->data = NULL;
    }
    if (!field->data || field->length != set->length) {
        free(field->data);
        field->data = state_memory_alloc(set->length);
    }
    field->length = set->length;
    if (set->length)
        memcpy(field->data, set->data, set->length);
}

static void memory_field_copy(const memory_field_t *from, state_field_t *to, apr_pool_t *pool)
{
    to->name = apr_pstrdup(pool, from->name);
    to->data = apr_pstrmemdup(pool, from->data, from->length);
    to->length = from->length;
}

base_fault_t *state_memory_record_read(void *data, const state_key_t *key, const char *const *names,
                                       int name_count, state_record_t **result, apr_pool_t *pool)
{
    memory_store_t *self = data;
    state_record_t *copy = apr_pcalloc(pool, sizeof *copy);
    memory_record_t *record;
    state_field_t *fields;
    int i;

    apr_thread_mutex_lock(self->mutex);
    record = memory_record_find(self, key);
    if (record) {
        int most = names ? name_count : record->count;

        copy->version = record->version;
        copy->fields = fields = apr_palloc(pool, (apr_size_t)most * sizeof *fields);
        for (i = 0; i < most; i++) {
            const memory_field_t *field =
                names ? memory_field_find(record, names[i]) : &record->fields[i];

            if (field)
                memory_field_copy(field, &fields[copy->count++], pool);
        }
    }
    apr_thread_mutex_unlock(self->mutex);
    *result = copy;
    return NULL;
}

static base_fault_t *memory_record_commit(void *data, const state_commit_t *commit,
                                          apr_uint64_t *version, apr_pool_t *pool)
{
    memory_store_t *self = data;
    memory_record_t *record;
    base_fault_t *fault = NULL;
    int i;

    apr_thread_mutex_lock(self->mutex);
    record = memory_record_find(self, commit->key);
    if ((record ? record->version : 0) != commit->expected_version)
        fault = state_conflict(commit->key, record ? record->version : 0, pool);
    else {
        if (!record)
            record = memory_record_make(self, commit->key);
        for (i = 0; i < commit->delete_count; i++)
            memory_field_delete(record, commit->deletes[i]);
        for (i = 0; i < commit->set_count; i++)
            memory_field_set(record, &commit->sets[i]);
        *version = record->version = ++self->counter;
    }
    apr_thread_mutex_unlock(self->mutex);
    return fault;
}

static base_fault_t *memory_record_remove(void *data, const state_key_t *key, apr_pool_t *pool)
{
    memory_store_t *self = data;
    memory_record_t *record;

    (void)pool;
    apr_thread_mutex_lock(self->mutex);
    record = memory_record_find(self, key);
    if (record) {
        apr_hash_set(self->records, record->key, (apr_ssize_t)record->key_length, NULL);
        state_memory_record_free(record);
    }
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

static base_fault_t *memory_record_list(void *data, const char *account, const char *device,
                                        state_record_kind_t kind, apr_array_header_t **names,
                                        apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_hash_index_t *index;

    *names = apr_array_make(pool, 8, sizeof(const char *));
    apr_thread_mutex_lock(self->mutex);
    for (index = apr_hash_first(pool, self->records); index; index = apr_hash_next(index)) {
        const memory_record_t *record = apr_hash_this_val(index);

        if (record->kind == kind && strcmp(record->account, account) == 0 &&
            strcmp(record->device, device) == 0)
            APR_ARRAY_PUSH(*names, const char *) = apr_pstrdup(pool, record->name);
    }
    apr_thread_mutex_unlock(self->mutex);
    state_names_sort(*names);
    return NULL;
}

static base_fault_t *memory_device_list(void *data, const char *account,
                                        apr_array_header_t **devices, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_hash_t *seen = apr_hash_make(pool);
    apr_hash_index_t *index;

    *devices = apr_array_make(pool, 8, sizeof(const char *));
    apr_thread_mutex_lock(self->mutex);
    for (index = apr_hash_first(pool, self->records); index; index = apr_hash_next(index)) {
        const memory_record_t *record = apr_hash_this_val(index);
        const char *device;

        if (strcmp(record->account, account) != 0 ||
            apr_hash_get(seen, record->device, APR_HASH_KEY_STRING))
            continue;
        device = apr_pstrdup(pool, record->device);
        apr_hash_set(seen, device, APR_HASH_KEY_STRING, device);
        APR_ARRAY_PUSH(*devices, const char *) = device;
    }
    apr_thread_mutex_unlock(self->mutex);
    state_names_sort(*devices);
    return NULL;
}

/* -- ledger ----------------------------------------------------------------- */

void state_memory_scope_drop(memory_store_t *self, memory_scope_t *scope)
{
    apr_hash_set(self->scopes, scope->key, (apr_ssize_t)scope->key_length, NULL);
    apr_pool_destroy(scope->pool);
}

static memory_scope_t *memory_scope_find(memory_store_t *self, const char *account,
                                         const char *device, const char *name)
{
    char key[MEMORY_KEY_MAX];
    apr_size_t length = memory_key(key, account, device, "l", name);
    memory_scope_t *scope = apr_hash_get(self->scopes, key, (apr_ssize_t)length);

    if (scope && state_memory_now(self) >= scope->expires) {
        state_memory_scope_drop(self, scope);
        scope = NULL;
    }
    return scope;
}

static memory_scope_t *memory_scope_make(memory_store_t *self, const state_ledger_key_t *key)
{
    char name[MEMORY_KEY_MAX];
    apr_pool_t *pool;
    memory_scope_t *scope;

    apr_pool_create(&pool, self->pool);
    scope = apr_pcalloc(pool, sizeof *scope);
    scope->pool = pool;
    scope->entries = apr_hash_make(pool);
    scope->key_length = memory_key(name, key->account, key->device, "l", key->scope);
    scope->key = apr_pmemdup(pool, name, scope->key_length);
    apr_hash_set(self->scopes, scope->key, (apr_ssize_t)scope->key_length, scope);
    return scope;
}

static void memory_scope_extend(memory_store_t *self, memory_scope_t *scope,
                                apr_interval_time_t ttl)
{
    apr_time_t expires = state_memory_now(self) + ttl;

    if (expires > scope->expires)
        scope->expires = expires;
}

static memory_entry_t *memory_entry_find(memory_store_t *self, const state_ledger_key_t *key,
                                         memory_scope_t **scope)
{
    *scope = memory_scope_find(self, key->account, key->device, key->scope);
    return *scope ? apr_hash_get((*scope)->entries, key->entry, APR_HASH_KEY_STRING) : NULL;
}

static void memory_entry_take(memory_store_t *self, memory_scope_t *scope, memory_entry_t *entry,
                              const char *name, apr_interval_time_t lease, state_claim_t *claim)
{
    if (!entry) {
        entry = apr_pcalloc(scope->pool, sizeof *entry);
        apr_hash_set(scope->entries, apr_pstrdup(scope->pool, name), APR_HASH_KEY_STRING, entry);
    }
    else
        entry->doubtful = 1;
    entry->fence = ++self->counter;
    entry->deadline = state_memory_now(self) + lease;
    claim->outcome = entry->doubtful ? STATE_CLAIM_AGAIN : STATE_CLAIM_TAKEN;
    claim->fence = entry->fence;
}

static base_fault_t *memory_ledger_claim(void *data, const state_ledger_key_t *key,
                                         apr_interval_time_t lease, apr_interval_time_t ttl,
                                         state_claim_t *claim, apr_pool_t *pool)
{
    memory_store_t *self = data;
    memory_scope_t *scope;
    memory_entry_t *entry;
    apr_time_t now;

    apr_thread_mutex_lock(self->mutex);
    now = state_memory_now(self);
    entry = memory_entry_find(self, key, &scope);
    if (!scope)
        scope = memory_scope_make(self, key);
    memory_scope_extend(self, scope, ttl);
    if (entry && entry->done) {
        claim->outcome = STATE_CLAIM_DONE;
        claim->result = apr_pstrmemdup(pool, entry->result, entry->length);
        claim->length = entry->length;
    }
    else if (entry && now < entry->deadline) {
        apr_int64_t left = (entry->deadline - now + 999) / 1000;

        claim->outcome = STATE_CLAIM_BUSY;
        claim->retry_after_ms = left > INT_MAX ? INT_MAX : (int)left;
    }
    else
        memory_entry_take(self, scope, entry, key->entry, lease, claim);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

static base_fault_t *memory_ledger_record(void *data, const state_ledger_key_t *key,
                                          apr_uint64_t fence, const void *result, apr_size_t length,
                                          apr_interval_time_t ttl, apr_pool_t *pool)
{
    memory_store_t *self = data;
    memory_scope_t *scope;
    memory_entry_t *entry;
    base_fault_t *fault = NULL;

    apr_thread_mutex_lock(self->mutex);
    entry = memory_entry_find(self, key, &scope);
    if (!entry || entry->fence != fence)
        fault = base_fault_make(pool, BASE_FAULT_CONFLICT, "ledger entry %s is no longer ours",
                                key->entry);
    else {
        entry->done = 1;
        entry->result = apr_pmemdup(scope->pool, length ? result : "", length);
        entry->length = length;
        memory_scope_extend(self, scope, ttl);
    }
    apr_thread_mutex_unlock(self->mutex);
    return fault;
}

static base_fault_t *memory_ledger_release(void *data, const state_ledger_key_t *key,
                                           apr_uint64_t fence, apr_pool_t *pool)
{
    memory_store_t *self = data;
    memory_scope_t *scope;
    memory_entry_t *entry;

    (void)pool;
    apr_thread_mutex_lock(self->mutex);
    entry = memory_entry_find(self, key, &scope);
    if (entry && entry->fence == fence && !entry->done) {
        if (entry->doubtful)
            entry->fence = entry->deadline = 0;
        else
            apr_hash_set(scope->entries, key->entry, APR_HASH_KEY_STRING, NULL);
    }
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

static base_fault_t *memory_ledger_forget(void *data, const char *account, const char *device,
                                          const char *name, apr_pool_t *pool)
{
    memory_store_t *self = data;
    memory_scope_t *scope;

    (void)pool;
    apr_thread_mutex_lock(self->mutex);
    scope = memory_scope_find(self, account, device, name);
    if (scope)
        state_memory_scope_drop(self, scope);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

/* -- the store -------------------------------------------------------------- */

static const state_driver_t memory_driver = {
    .name = "memory",
    .record_read = state_memory_record_read,
    .record_commit = memory_record_commit,
    .record_remove = memory_record_remove,
    .record_list = memory_record_list,
    .device_list = memory_device_list,
    .account_list = state_memory_account_list,
    .account_rebuild = state_memory_account_rebuild,
    .ledger_claim = memory_ledger_claim,
    .ledger_record = memory_ledger_record,
    .ledger_release = memory_ledger_release,
    .ledger_forget = memory_ledger_forget,
    .trash_move = state_memory_trash_move,
    .trash_list = state_memory_trash_list,
    .trash_restore = state_memory_trash_restore,
    .recorder_add = state_memory_recorder_add,
    .recorder_read = state_memory_recorder_read,
    .table_read = state_memory_table_read,
    .table_write = state_memory_table_write,
    .table_list = state_memory_table_list,
    .audit_begin = state_memory_audit_begin,
    .audit_end = state_memory_audit_end,
    .audit_list = state_memory_audit_list,
};

static apr_status_t memory_cleanup(void *data)
{
    memory_store_t *self = data;
    apr_hash_index_t *index;

    for (index = apr_hash_first(NULL, self->records); index; index = apr_hash_next(index))
        state_memory_record_free(apr_hash_this_val(index));
    for (index = apr_hash_first(NULL, self->recorders); index; index = apr_hash_next(index))
        state_memory_recorder_free(apr_hash_this_val(index));
    state_memory_trash_free(self);
    state_memory_audit_free(self);
    return APR_SUCCESS;
}

state_store_t *state_store_create_memory(apr_pool_t *pool)
{
    state_store_t *store = apr_palloc(pool, sizeof *store);
    memory_store_t *self = apr_pcalloc(pool, sizeof *self);

    self->records = apr_hash_make(pool);
    self->trash = apr_hash_make(pool);
    self->recorders = apr_hash_make(pool);
    self->audit = apr_array_make(pool, 16, sizeof(void *));
    apr_pool_cleanup_register(pool, self, memory_cleanup, apr_pool_cleanup_null);
    self->scopes = apr_hash_make(pool);
    apr_pool_create(&self->pool, pool);
    if (apr_thread_mutex_create(&self->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS)
        abort();
    store->driver = &memory_driver;
    store->self = self;
    return store;
}

void state_store_memory_clock(state_store_t *store, apr_time_t (*now)(void *baton), void *baton)
{
    memory_store_t *self = store->self;

    self->now = now;
    self->now_baton = baton;
}
