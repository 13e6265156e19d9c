/* What is the installation's, of the memory store: accounts and audit entries. */
#include "state/memory_store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

typedef struct {
    apr_uint64_t ms, number;
    state_audit_field_t *fields;
    int count;
} memory_audit_t;

/* -- accounts --------------------------------------------------------------- */

static int account_compare(const char *one, const char *other)
{
    int difference = state_account_bucket(one) - state_account_bucket(other);

    return difference ? difference : strcmp(one, other);
}

static int account_compare_names(const void *a, const void *b)
{
    return account_compare(*(const char *const *)a, *(const char *const *)b);
}

base_fault_t *state_memory_account_list(void *data, const char *after, int limit,
                                        apr_array_header_t **accounts, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_hash_t *seen = apr_hash_make(pool);
    apr_hash_index_t *index;

    *accounts = apr_array_make(pool, 8, sizeof(const char *));
    apr_thread_mutex_lock(self->mutex);
    for (index = apr_hash_first(pool, self->records); index; index = apr_hash_next(index)) {
        const memory_record_t *record = apr_hash_this_val(index);
        const char *account;

        if (apr_hash_get(seen, record->account, APR_HASH_KEY_STRING) ||
            (after && account_compare(record->account, after) <= 0))
            continue;
        account = apr_pstrdup(pool, record->account);
        apr_hash_set(seen, account, APR_HASH_KEY_STRING, account);
        APR_ARRAY_PUSH(*accounts, const char *) = account;
    }
    apr_thread_mutex_unlock(self->mutex);
    if ((*accounts)->nelts)
        qsort((*accounts)->elts, (size_t)(*accounts)->nelts, sizeof(const char *),
              account_compare_names);
    if ((*accounts)->nelts > limit)
        (*accounts)->nelts = limit;
    return NULL;
}

/* It has no index that could be lost. */
base_fault_t *state_memory_account_rebuild(void *data, const char *after, int enter,
                                           state_rebuild_t *rebuild, apr_pool_t *pool)
{
    apr_array_header_t *accounts;

    (void)after;
    (void)enter;
    BASE_TRY(state_memory_account_list(data, NULL, INT_MAX, &accounts, pool));
    rebuild->accounts = accounts->nelts;
    return NULL;
}

/* -- audit ------------------------------------------------------------------ */

static int audit_find(const memory_store_t *self, apr_uint64_t ms, apr_uint64_t number)
{
    int i;

    for (i = 0; i < self->audit->nelts; i++) {
        const memory_audit_t *entry = APR_ARRAY_IDX(self->audit, i, memory_audit_t *);

        if (entry->ms == ms && entry->number == number)
            return i;
    }
    return -1;
}

static void audit_remove(memory_store_t *self, int index)
{
    memory_audit_t **entries = (memory_audit_t **)self->audit->elts;

    free(entries[index]);
    memmove(entries + index, entries + index + 1,
            (size_t)(self->audit->nelts - index - 1) * sizeof *entries);
    self->audit->nelts--;
}

/* The entry is one piece of memory, so that it can be let go. */
static memory_audit_t *audit_make(const state_audit_field_t *fields, int count)
{
    apr_size_t size = sizeof(memory_audit_t) + (apr_size_t)count * sizeof *fields;
    memory_audit_t *entry;
    char *text;
    int i;

    for (i = 0; i < count; i++)
        size += strlen(fields[i].name) + (fields[i].value ? strlen(fields[i].value) : 0) + 2;
    entry = state_memory_alloc(size);
    entry->fields = (state_audit_field_t *)(entry + 1);
    entry->count = count;
    text = (char *)(entry->fields + count);
    for (i = 0; i < count; i++) {
        const char *value = fields[i].value ? fields[i].value : "";

        entry->fields[i].name = text;
        memcpy(text, fields[i].name, strlen(fields[i].name) + 1);
        text += strlen(fields[i].name) + 1;
        entry->fields[i].value = text;
        memcpy(text, value, strlen(value) + 1);
        text += strlen(value) + 1;
    }
    return entry;
}

static memory_audit_t *audit_add(memory_store_t *self, const state_audit_field_t *fields, int count)
{
    memory_audit_t *entry = audit_make(fields, count);
    apr_uint64_t ms = (apr_uint64_t)apr_time_as_msec(state_memory_now(self));

    self->audit_number = ms > self->audit_last ? 0 : self->audit_number + 1;
    self->audit_last = ms > self->audit_last ? ms : self->audit_last;
    entry->ms = self->audit_last;
    entry->number = self->audit_number;
    APR_ARRAY_PUSH(self->audit, memory_audit_t *) = entry;
    if (self->audit->nelts > STATE_AUDIT_MAX)
        audit_remove(self, 0);
    return entry;
}

static const char *audit_id(const memory_audit_t *entry, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT "-%" APR_UINT64_T_FMT, entry->ms, entry->number);
}

static void audit_parse(const char *id, apr_uint64_t *ms, apr_uint64_t *number)
{
    char *end;

    *ms = strtoull(id, &end, 10);
    *number = *end ? strtoull(end + 1, NULL, 10) : 0;
}

base_fault_t *state_memory_audit_begin(void *data, const state_audit_field_t *fields, int count,
                                       const char **id, apr_pool_t *pool)
{
    memory_store_t *self = data;

    apr_thread_mutex_lock(self->mutex);
    *id = audit_id(audit_add(self, fields, count), pool);
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

base_fault_t *state_memory_audit_end(void *data, const char *id, const state_audit_field_t *fields,
                                     int count, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_uint64_t ms, number;
    int index;

    (void)pool;
    audit_parse(id, &ms, &number);
    apr_thread_mutex_lock(self->mutex);
    if ((index = audit_find(self, ms, number)) >= 0) {
        audit_remove(self, index);
        audit_add(self, fields, count);
    }
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

static state_audit_entry_t *audit_copy(const memory_audit_t *from, apr_pool_t *pool)
{
    state_audit_entry_t *entry = apr_pcalloc(pool, sizeof *entry);
    state_audit_field_t *fields = apr_palloc(pool, (apr_size_t)from->count * sizeof *fields);
    int i;

    for (i = 0; i < from->count; i++)
        fields[i] = (state_audit_field_t){.name = apr_pstrdup(pool, from->fields[i].name),
                                          .value = apr_pstrdup(pool, from->fields[i].value)};
    entry->id = audit_id(from, pool);
    entry->when = apr_time_from_msec((apr_time_t)from->ms);
    entry->fields = fields;
    entry->count = from->count;
    return entry;
}

base_fault_t *state_memory_audit_list(void *data, const char *before, int limit,
                                      apr_array_header_t **entries, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_uint64_t ms = APR_UINT64_MAX, number = APR_UINT64_MAX;
    int i;

    if (before)
        audit_parse(before, &ms, &number);
    *entries = apr_array_make(pool, 8, sizeof(state_audit_entry_t *));
    apr_thread_mutex_lock(self->mutex);
    for (i = self->audit->nelts - 1; i >= 0 && (*entries)->nelts < limit; i--) {
        const memory_audit_t *entry = APR_ARRAY_IDX(self->audit, i, memory_audit_t *);

        if (entry->ms < ms || (entry->ms == ms && entry->number < number))
            APR_ARRAY_PUSH(*entries, state_audit_entry_t *) = audit_copy(entry, pool);
    }
    apr_thread_mutex_unlock(self->mutex);
    return NULL;
}

void state_memory_audit_free(memory_store_t *self)
{
    while (self->audit->nelts)
        audit_remove(self, self->audit->nelts - 1);
}
