/* The inside of the memory store, shared by its files. */
#ifndef STATE_MEMORY_STORE_H
#define STATE_MEMORY_STORE_H

#include "state/driver.h"

#include <apr_hash.h>
#include <apr_thread_mutex.h>

#define MEMORY_KEY_MAX (3 * (STATE_NAME_MAX + 1) + 1)

typedef struct {
    char *name;
    char *data;
    apr_size_t length;
} memory_field_t;

typedef struct {
    const char *account, *device, *name; /* within key; name "" when there is none */
    state_record_kind_t kind;
    apr_uint64_t version;
    memory_field_t *fields;
    int count, capacity;
    apr_size_t key_length;
    char key[];
} memory_record_t;

typedef struct {
    apr_uint64_t fence; /* 0: released in doubt */
    int doubtful;       /* an earlier holder may have done it */
    int done;
    apr_time_t deadline;
    const void *result;
    apr_size_t length;
} memory_entry_t;

typedef struct {
    apr_pool_t *pool;
    apr_hash_t *entries; /* name -> memory_entry_t */
    apr_time_t expires;
    apr_size_t key_length;
    const char *key;
} memory_scope_t;

typedef struct {
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex; /* guards everything below */
    apr_hash_t *records;       /* key -> memory_record_t */
    apr_hash_t *scopes;        /* key -> memory_scope_t */
    apr_hash_t *trash;         /* account, NUL, id -> memory_trash_t (memory_trash.c) */
    apr_hash_t *tables[STATE_TABLE_COUNT_]; /* name -> text; NULL: none yet */
    apr_hash_t *recorders;     /* account, NUL, device -> exchanges (memory_recorder.c) */
    apr_array_header_t *audit; /* memory_audit_t *, oldest first */
    apr_uint64_t audit_last, audit_number;
    apr_uint64_t counter; /* of versions and fences: never used again */
    apr_time_t (*now)(void *baton);
    void *now_baton;
} memory_store_t;

/* -- memory_driver.c: all of it under the mutex -- */

apr_time_t state_memory_now(const memory_store_t *self);
void *state_memory_alloc(apr_size_t size);
void state_memory_record_free(memory_record_t *record);
void state_memory_scope_drop(memory_store_t *self, memory_scope_t *scope);

base_fault_t *state_memory_record_read(void *self, const state_key_t *key, const char *const *names,
                                       int name_count, state_record_t **record, apr_pool_t *pool);

/* -- memory_table.c -- */

base_fault_t *state_memory_table_read(void *self, state_table_t table, const char *const *names,
                                      int count, const state_table_beside_t *beside,
                                      const char **values, state_record_t **record,
                                      apr_pool_t *pool);
base_fault_t *state_memory_table_write(void *self, state_table_t table, const char *check,
                                       const char *expected, const state_table_entry_t *entries,
                                       int count, apr_pool_t *pool);
base_fault_t *state_memory_table_list(void *self, state_table_t table, const char *after, int limit,
                                      apr_array_header_t **entries, const char **next,
                                      apr_pool_t *pool);

/* -- memory_recorder.c -- */

base_fault_t *state_memory_recorder_add(void *self, state_recorder_kind_t kind, const char *account,
                                        const char *device, const char *entry, int keep,
                                        apr_pool_t *pool);
base_fault_t *state_memory_recorder_read(void *self, state_recorder_kind_t kind,
                                         const char *account, const char *device,
                                         apr_array_header_t **entries, apr_pool_t *pool);
const char *state_memory_recorder_key(const char *account, const char *device, apr_size_t *length,
                                      apr_pool_t *pool);
void state_memory_recorder_free(void *recorder);

/* -- memory_trash.c, memory_audit.c -- */

base_fault_t *state_memory_account_rebuild(void *data, const char *after, int enter,
                                           state_rebuild_t *rebuild, apr_pool_t *pool);
base_fault_t *state_memory_account_list(void *self, const char *after, int limit,
                                        apr_array_header_t **accounts, apr_pool_t *pool);
base_fault_t *state_memory_trash_move(void *self, const state_trash_request_t *request, int *moved,
                                      apr_pool_t *pool);
base_fault_t *state_memory_trash_list(void *self, const char *account, apr_array_header_t **entries,
                                      apr_pool_t *pool);
base_fault_t *state_memory_trash_restore(void *self, const char *account, const char *id,
                                         const char *device, int *restored, apr_pool_t *pool);
base_fault_t *state_memory_audit_begin(void *self, const state_audit_field_t *fields, int count,
                                       const char **id, apr_pool_t *pool);
base_fault_t *state_memory_audit_end(void *self, const char *id, const state_audit_field_t *fields,
                                     int count, apr_pool_t *pool);
base_fault_t *state_memory_audit_list(void *self, const char *before, int limit,
                                      apr_array_header_t **entries, apr_pool_t *pool);
void state_memory_trash_free(memory_store_t *self);
void state_memory_audit_free(memory_store_t *self);

#endif
