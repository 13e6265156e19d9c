/* What a store must do. state.c has checked the arguments by then: texts are there and
 * short enough, names well-formed, sizes within their limits, lease and ttl positive. */
#ifndef STATE_DRIVER_H
#define STATE_DRIVER_H

#include "state/audit.h"
#include "state/recorder.h"
#include "state/state.h"
#include "state/table.h"
#include "state/trash.h"

typedef struct {
    const state_key_t *key;
    apr_uint64_t expected_version;
    const state_field_t *sets;
    int set_count;
    const char *const *deletes;
    int delete_count;
} state_commit_t;

typedef struct {
    const char *name;
    base_fault_t *(*record_read)(void *self, const state_key_t *key, const char *const *names,
                                 int name_count, state_record_t **record, apr_pool_t *pool);
    base_fault_t *(*record_commit)(void *self, const state_commit_t *commit, apr_uint64_t *version,
                                   apr_pool_t *pool);
    base_fault_t *(*record_remove)(void *self, const state_key_t *key, apr_pool_t *pool);
    base_fault_t *(*record_list)(void *self, const char *account, const char *device,
                                 state_record_kind_t kind, apr_array_header_t **names,
                                 apr_pool_t *pool);
    base_fault_t *(*device_list)(void *self, const char *account, apr_array_header_t **devices,
                                 apr_pool_t *pool);
    /* NULL: done by reading one by one */
    base_fault_t *(*device_glance)(void *self, state_glance_t *glances, int count,
                                   const char *field, apr_pool_t *pool);
    base_fault_t *(*account_list)(void *self, const char *after, int limit,
                                  apr_array_header_t **accounts, apr_pool_t *pool);
    base_fault_t *(*account_rebuild)(void *self, const char *after, int enter,
                                     state_rebuild_t *rebuild, apr_pool_t *pool);
    base_fault_t *(*ledger_claim)(void *self, const state_ledger_key_t *key,
                                  apr_interval_time_t lease, apr_interval_time_t ttl,
                                  state_claim_t *claim, apr_pool_t *pool);
    base_fault_t *(*ledger_record)(void *self, const state_ledger_key_t *key, apr_uint64_t fence,
                                   const void *result, apr_size_t length, apr_interval_time_t ttl,
                                   apr_pool_t *pool);
    base_fault_t *(*ledger_release)(void *self, const state_ledger_key_t *key, apr_uint64_t fence,
                                    apr_pool_t *pool);
    base_fault_t *(*ledger_forget)(void *self, const char *account, const char *device,
                                   const char *scope, apr_pool_t *pool);
    base_fault_t *(*trash_move)(void *self, const state_trash_request_t *request, int *moved,
                                apr_pool_t *pool);
    base_fault_t *(*trash_list)(void *self, const char *account, apr_array_header_t **entries,
                                apr_pool_t *pool);
    base_fault_t *(*trash_restore)(void *self, const char *account, const char *id,
                                   const char *device, int *restored, apr_pool_t *pool);
    base_fault_t *(*recorder_add)(void *self, state_recorder_kind_t kind, const char *account,
                                  const char *device, const char *entry, int keep,
                                  apr_pool_t *pool);
    base_fault_t *(*recorder_read)(void *self, state_recorder_kind_t kind, const char *account,
                                   const char *device, apr_array_header_t **entries,
                                   apr_pool_t *pool);
    base_fault_t *(*audit_begin)(void *self, const state_audit_field_t *fields, int count,
                                 const char **id, apr_pool_t *pool);
    base_fault_t *(*audit_end)(void *self, const char *id, const state_audit_field_t *fields,
                               int count, apr_pool_t *pool);
    base_fault_t *(*audit_list)(void *self, const char *before, int limit,
                                apr_array_header_t **entries, apr_pool_t *pool);
    /* beside NULL: only the table */
    base_fault_t *(*table_read)(void *self, state_table_t table, const char *const *names,
                                int count, const state_table_beside_t *beside, const char **values,
                                state_record_t **record, apr_pool_t *pool);
    base_fault_t *(*table_write)(void *self, state_table_t table, const char *check,
                                 const char *expected, const state_table_entry_t *entries,
                                 int count, apr_pool_t *pool);
    base_fault_t *(*table_list)(void *self, state_table_t table, const char *after, int limit,
                                apr_array_header_t **entries, const char **next, apr_pool_t *pool);
} state_driver_t;

struct state_store {
    const state_driver_t *driver;
    void *self;
};

/* INVALID unless there is a text, of no more than STATE_NAME_MAX bytes. */
base_fault_t *state_check_text(const char *text, const char *what, apr_pool_t *pool);

/* The letter of a kind in key names and indexes. */
const char *state_kind_letter(state_record_kind_t kind);

/* Sorts an array of const char *. */
void state_names_sort(apr_array_header_t *names);

/* Where an account stands in the order of accounts: its bucket, then its name. */
int state_account_bucket(const char *account);

/* Does a move take records of that kind (the whole of the device's, FOLDER aside)? */
int state_trash_takes(state_trash_what_t what, state_record_kind_t kind);
/* Does a record of that kind say that the device has begun again? */
int state_trash_begun(state_record_kind_t kind);
base_fault_t *state_trash_begun_fault(const char *device, apr_pool_t *pool);
base_fault_t *state_trash_held_fault(const char *device, apr_pool_t *pool);
base_fault_t *state_trash_none_fault(const char *id, apr_pool_t *pool);

base_fault_t *state_table_conflict(apr_pool_t *pool);
base_fault_t *state_conflict(const state_key_t *key, apr_uint64_t found, apr_pool_t *pool);

#endif
