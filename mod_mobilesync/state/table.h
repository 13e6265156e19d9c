/* Tables of the whole installation: texts by name, outside the shards of accounts, as they are about
 * devices of any account. Several nodes write them; what a request needs of one comes with the record
 * that it reads anyway, in the same round trip, so that nobody keeps a copy that gets old.
 *
 * Keys:
 *   P:access       hash   access control: "rules-version", "rules", and "d:DEVICE" and
 *                         "d:DEVICE/ACCOUNT", the list's entries (sync/access.h)
 *   P:access-news  hash   devices that an administrator is to be told of, and when he was told last
 *   P:outbox       hash   "ACCOUNT/DIGEST" -> what is owed to others (cmd/outbox.h)
 *
 * Faults: as in state/state.h. */
#ifndef STATE_TABLE_H
#define STATE_TABLE_H

#include "state/state.h"

#define STATE_TABLE_TEXT_MAX (1024 * 1024) /* bytes of a text */

typedef enum {
    STATE_TABLE_ACCESS,
    STATE_TABLE_ACCESS_NEWS,
    STATE_TABLE_OUTBOX,
    STATE_TABLE_COUNT_
} state_table_t;

typedef struct {
    const char *name;
    const char *value; /* written: NULL takes it away */
} state_table_entry_t;

/* values: as many as names, NULL where there is none. */
base_fault_t *state_table_read(state_store_t *store, state_table_t table, const char *const *names,
                               int count, const char **values, apr_pool_t *pool);

/* The same with state_record_read, in one round trip. */
typedef struct {
    const state_key_t *key;
    const char *const *names;
    int count;
} state_table_beside_t;

base_fault_t *state_table_read_beside(state_store_t *store, state_table_t table,
                                      const char *const *names, int count,
                                      const state_table_beside_t *beside, const char **values,
                                      state_record_t **record, apr_pool_t *pool);

/* Writes all entries in one step. check (may be NULL): the name of one of them; CONFLICT, and
 * nothing is written, when its value is not `expected` (NULL: there is none) any more. */
base_fault_t *state_table_write(state_store_t *store, state_table_t table, const char *check,
                                const char *expected, const state_table_entry_t *entries, int count,
                                apr_pool_t *pool);

/* Some entries (state_table_entry_t), about limit; next: what the next page takes as after, NULL:
 * that was all. An entry that is there all the time comes, one or the other of them twice. */
base_fault_t *state_table_list(state_store_t *store, state_table_t table, const char *after,
                               int limit, apr_array_header_t **entries, const char **next,
                               apr_pool_t *pool);

#endif
