#include "state/audit.h"
#include "state/driver.h"

#include <string.h>

#define AUDIT_ID_MAX 41 /* two numbers of 64 bits and a hyphen */

static base_fault_t *audit_check_id(const char *id, apr_pool_t *pool)
{
    size_t ms = id ? strspn(id, "0123456789") : 0;
    size_t number = ms && id[ms] == '-' ? strspn(id + ms + 1, "0123456789") : 0;

    if (!number || id[ms + 1 + number] || strlen(id) > AUDIT_ID_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: that is no id of an audit entry");
    return NULL;
}

static base_fault_t *audit_check_fields(int count, apr_pool_t *pool)
{
    if (count > 0)
        return NULL;
    return base_fault_make(pool, BASE_FAULT_INVALID, "state: an audit entry needs a field");
}

base_fault_t *state_audit_begin(state_store_t *store, const state_audit_field_t *fields, int count,
                                const char **id, apr_pool_t *pool)
{
    BASE_TRY(audit_check_fields(count, pool));
    return store->driver->audit_begin(store->self, fields, count, id, pool);
}

base_fault_t *state_audit_end(state_store_t *store, const char *id,
                              const state_audit_field_t *fields, int count, apr_pool_t *pool)
{
    BASE_TRY(audit_check_id(id, pool));
    BASE_TRY(audit_check_fields(count, pool));
    return store->driver->audit_end(store->self, id, fields, count, pool);
}

base_fault_t *state_audit_list(state_store_t *store, const char *before, int limit,
                               apr_array_header_t **entries, apr_pool_t *pool)
{
    if (before)
        BASE_TRY(audit_check_id(before, pool));
    if (limit < 1)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: a page of no entries");
    return store->driver->audit_list(store->self, before, limit, entries, pool);
}

const char *state_audit_field(const state_audit_entry_t *entry, const char *name)
{
    int i;

    for (i = 0; i < entry->count; i++)
        if (strcmp(entry->fields[i].name, name) == 0)
            return entry->fields[i].value;
    return NULL;
}
