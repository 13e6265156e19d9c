/* The inside of the redis store, shared by its files. */
#ifndef STATE_REDIS_STORE_H
#define STATE_REDIS_STORE_H

#include "state/driver.h"

typedef struct {
    redis_pool_t *redis;
    const char *prefix;
    const base_log_t *log;
    redis_script_t *commit, *remove, *claim, *record, *release, *forget, *trash, *restore, *audit,
        *table;
    const char *token; /* of this store; with the number it names one write */
    volatile apr_uint32_t token_number;
} redis_store_t;

/* -- redis_driver.c -- */

/* Names one write for ever: random bytes of the store and a number. */
const char *state_redis_token(redis_store_t *self, apr_pool_t *pool);
/* Keys: the device's records, its ledger scopes, the account's devices. */
const char *state_redis_index(const redis_store_t *self, const char *account, const char *device,
                              apr_pool_t *pool);
const char *state_redis_scopes(const redis_store_t *self, const char *account, const char *device,
                               apr_pool_t *pool);
const char *state_redis_devices(const redis_store_t *self, const char *account, apr_pool_t *pool);
/* Runs a script whose answer begins with a word: OK, FORMAT and others. */
base_fault_t *state_redis_run(redis_store_t *self, const redis_script_t *script, redis_args_t *args,
                              redis_value_t **value, const char **word, apr_pool_t *pool);
/* A number of a script's answer; 0 when it is not there. */
apr_uint64_t state_redis_number(const redis_value_t *value, int index);

/* -- redis_accounts.c -- */

/* Enters the account into its bucket. */
void state_redis_account_enter(redis_store_t *self, const char *account, apr_pool_t *pool);
base_fault_t *state_redis_account_list(void *self, const char *after, int limit,
                                       apr_array_header_t **accounts, apr_pool_t *pool);
base_fault_t *state_redis_account_rebuild(void *self, const char *after, int enter,
                                          state_rebuild_t *rebuild, apr_pool_t *pool);

/* The command that reads a record, and what its answer says. */
redis_args_t *state_redis_read_args(const redis_store_t *self, const state_key_t *key,
                                    const char *const *names, int name_count, apr_pool_t *pool);
base_fault_t *state_redis_read_record(const redis_value_t *value, const char *const *names,
                                      int name_count, state_record_t **record, apr_pool_t *pool);

/* -- redis_glance.c -- */

base_fault_t *state_redis_device_glance(void *self, state_glance_t *glances, int count,
                                        const char *field, apr_pool_t *pool);

/* -- redis_trash.c -- */

base_fault_t *state_redis_trash_move(void *self, const state_trash_request_t *request, int *moved,
                                     apr_pool_t *pool);
base_fault_t *state_redis_trash_list(void *self, const char *account, apr_array_header_t **entries,
                                     apr_pool_t *pool);
base_fault_t *state_redis_trash_restore(void *self, const char *account, const char *id,
                                        const char *device, int *restored, apr_pool_t *pool);

/* -- redis_recorder.c -- */

base_fault_t *state_redis_recorder_add(void *self, state_recorder_kind_t kind, const char *account,
                                       const char *device, const char *entry, int keep,
                                       apr_pool_t *pool);
base_fault_t *state_redis_recorder_read(void *self, state_recorder_kind_t kind, const char *account,
                                        const char *device, apr_array_header_t **entries,
                                        apr_pool_t *pool);

/* -- redis_table.c -- */

base_fault_t *state_redis_table_read(void *self, state_table_t table, const char *const *names,
                                     int count, const state_table_beside_t *beside,
                                     const char **texts, state_record_t **record, apr_pool_t *pool);
base_fault_t *state_redis_table_write(void *self, state_table_t table, const char *check,
                                      const char *expected, const state_table_entry_t *entries,
                                      int count, apr_pool_t *pool);
base_fault_t *state_redis_table_list(void *self, state_table_t table, const char *after, int limit,
                                     apr_array_header_t **entries, const char **next,
                                     apr_pool_t *pool);

/* -- redis_audit.c -- */

base_fault_t *state_redis_audit_begin(void *self, const state_audit_field_t *fields, int count,
                                      const char **id, apr_pool_t *pool);
base_fault_t *state_redis_audit_end(void *self, const char *id, const state_audit_field_t *fields,
                                    int count, apr_pool_t *pool);
base_fault_t *state_redis_audit_list(void *self, const char *before, int limit,
                                     apr_array_header_t **entries, apr_pool_t *pool);

#endif
