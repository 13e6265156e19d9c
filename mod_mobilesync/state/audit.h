/* The audit stream of an installation: who did what, when, to whom. An entry is written before
 * the deed and replaced by one with its outcome after it, so that a deed whose doer died is on
 * record as well. At most about STATE_AUDIT_MAX entries are kept, the newest.
 *
 * Key: P:audit, a stream; the entry's id is its time in milliseconds and a number. */
#ifndef STATE_AUDIT_H
#define STATE_AUDIT_H

#include "state/state.h"

#define STATE_AUDIT_MAX 100000

typedef struct {
    const char *name;
    const char *value;
} state_audit_field_t;

typedef struct {
    const char *id;
    apr_time_t when; /* to the millisecond, by the store's clock */
    const state_audit_field_t *fields;
    int count;
} state_audit_entry_t;

/* Writes an entry; *id names it. */
base_fault_t *state_audit_begin(state_store_t *store, const state_audit_field_t *fields, int count,
                                const char **id, apr_pool_t *pool);
/* Puts an entry in its place. Does nothing when it is not there (ended before, or too old). */
base_fault_t *state_audit_end(state_store_t *store, const char *id,
                              const state_audit_field_t *fields, int count, apr_pool_t *pool);
/* Entries (state_audit_entry_t) before the one of that id (NULL: from the newest), newest first,
 * at most limit. INVALID when that is no id. */
base_fault_t *state_audit_list(state_store_t *store, const char *before, int limit,
                               apr_array_header_t **entries, apr_pool_t *pool);

/* The value of a field, NULL when the entry has none of that name. */
const char *state_audit_field(const state_audit_entry_t *entry, const char *name);

#endif
