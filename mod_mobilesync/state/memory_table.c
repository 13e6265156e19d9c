/* state/table.h in memory. */
#include "state/memory_store.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

/* The texts before are lost memory until the store ends. */
static apr_hash_t *table_of(memory_store_t *self, state_table_t table)
{
    if (!self->tables[table])
        self->tables[table] = apr_hash_make(self->pool);
    return self->tables[table];
}

base_fault_t *state_memory_table_read(void *data, state_table_t table, const char *const *names,
                                      int count, const state_table_beside_t *beside,
                                      const char **values, state_record_t **record,
                                      apr_pool_t *pool)
{
    memory_store_t *self = data;
    int i;

    apr_thread_mutex_lock(self->mutex);
    for (i = 0; i < count; i++)
        values[i] =
            apr_pstrdup(pool, apr_hash_get(table_of(self, table), names[i], APR_HASH_KEY_STRING));
    apr_thread_mutex_unlock(self->mutex);
    return beside ? state_memory_record_read(self, beside->key, beside->names, beside->count,
                                             record, pool)
                  : NULL;
}

static int table_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

base_fault_t *state_memory_table_write(void *data, state_table_t table, const char *check,
                                       const char *expected, const state_table_entry_t *entries,
                                       int count, apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_hash_t *hash;
    int i, same;

    apr_thread_mutex_lock(self->mutex);
    hash = table_of(self, table);
    same = !check || table_same(apr_hash_get(hash, check, APR_HASH_KEY_STRING), expected);
    for (i = 0; same && i < count; i++)
        apr_hash_set(hash, apr_pstrdup(self->pool, entries[i].name), APR_HASH_KEY_STRING,
                     apr_pstrdup(self->pool, entries[i].value));
    apr_thread_mutex_unlock(self->mutex);
    return same ? NULL : state_table_conflict(pool);
}

static int table_compare(const void *a, const void *b)
{
    return strcmp(((const state_table_entry_t *)a)->name, ((const state_table_entry_t *)b)->name);
}

base_fault_t *state_memory_table_list(void *data, state_table_t table, const char *after, int limit,
                                      apr_array_header_t **entries, const char **next,
                                      apr_pool_t *pool)
{
    memory_store_t *self = data;
    apr_array_header_t *all = apr_array_make(pool, 16, sizeof(state_table_entry_t));
    apr_hash_index_t *at;
    int i;

    apr_thread_mutex_lock(self->mutex);
    for (at = apr_hash_first(pool, table_of(self, table)); at; at = apr_hash_next(at))
        APR_ARRAY_PUSH(all, state_table_entry_t) =
            (state_table_entry_t){.name = apr_pstrdup(pool, apr_hash_this_key(at)),
                                  .value = apr_pstrdup(pool, apr_hash_this_val(at))};
    apr_thread_mutex_unlock(self->mutex);
    if (all->nelts)
        qsort(all->elts, (size_t)all->nelts, sizeof(state_table_entry_t), table_compare);
    *entries = apr_array_make(pool, 16, sizeof(state_table_entry_t));
    *next = NULL;
    for (i = 0; i < all->nelts; i++) {
        const state_table_entry_t *entry = &APR_ARRAY_IDX(all, i, state_table_entry_t);

        if (after && strcmp(entry->name, after) <= 0)
            continue;
        if ((*entries)->nelts == limit) {
            *next = APR_ARRAY_IDX(*entries, limit - 1, state_table_entry_t).name;
            return NULL;
        }
        APR_ARRAY_PUSH(*entries, state_table_entry_t) = *entry;
    }
    return NULL;
}
