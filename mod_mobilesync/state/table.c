#include "state/table.h"
#include "state/driver.h"

#include <string.h>

#include "base/text.h"

static base_fault_t *table_check_name(const char *name, apr_pool_t *pool)
{
    /* a device and an account, percent-encoded */
    if (*name && strlen(name) <= 6 * STATE_NAME_MAX + 4)
        return NULL;
    return base_fault_make(pool, BASE_FAULT_INVALID, "state: a table's name of %d bytes",
                           (int)strlen(name));
}

static base_fault_t *table_check_names(const char *const *names, int count, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < count; i++)
        BASE_TRY(table_check_name(names[i], pool));
    return NULL;
}

base_fault_t *state_table_read(state_store_t *store, state_table_t table, const char *const *names,
                               int count, const char **values, apr_pool_t *pool)
{
    BASE_TRY(table_check_names(names, count, pool));
    return store->driver->table_read(store->self, table, names, count, NULL, values, NULL, pool);
}

base_fault_t *state_table_read_beside(state_store_t *store, state_table_t table,
                                      const char *const *names, int count,
                                      const state_table_beside_t *beside, const char **values,
                                      state_record_t **record, apr_pool_t *pool)
{
    BASE_TRY(table_check_names(names, count, pool));
    BASE_TRY(state_check_text(beside->key->account, "account", pool));
    BASE_TRY(state_check_text(beside->key->device, "device", pool));
    return store->driver->table_read(store->self, table, names, count, beside, values, record,
                                     pool);
}

base_fault_t *state_table_write(state_store_t *store, state_table_t table, const char *check,
                                const char *expected, const state_table_entry_t *entries, int count,
                                apr_pool_t *pool)
{
    int i;

    for (i = 0; i < count; i++) {
        BASE_TRY(table_check_name(entries[i].name, pool));
        if (entries[i].value && strlen(entries[i].value) > STATE_TABLE_TEXT_MAX)
            return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "state: a text over %d bytes",
                                   STATE_TABLE_TEXT_MAX);
    }
    return store->driver->table_write(store->self, table, check, expected, entries, count, pool);
}

base_fault_t *state_table_list(state_store_t *store, state_table_t table, const char *after,
                               int limit, apr_array_header_t **entries, const char **next,
                               apr_pool_t *pool)
{
    if (limit < 1)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: a page of no entries");
    return store->driver->table_list(store->self, table, after, limit, entries, next, pool);
}

base_fault_t *state_table_conflict(apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_CONFLICT, "somebody else changed it at the same time");
}
