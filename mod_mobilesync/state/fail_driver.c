#include "state/driver.h"
#include "state/fail.h"

#include <stdlib.h>
#include <apr_thread_mutex.h>

typedef struct {
    state_store_t *inner;
    state_fail_plan_t *plan;
    apr_thread_mutex_t *mutex; /* guards the plan */
} fail_store_t;

static const char *const fail_names[] = {
    [STATE_CALL_READ] = "read",
    [STATE_CALL_COMMIT] = "commit",
    [STATE_CALL_REMOVE] = "remove",
    [STATE_CALL_LIST] = "list",
    [STATE_CALL_DEVICE_LIST] = "device list",
    [STATE_CALL_CLAIM] = "claim",
    [STATE_CALL_RECORD] = "record",
    [STATE_CALL_RELEASE] = "release",
    [STATE_CALL_FORGET] = "forget",
    [STATE_CALL_ACCOUNT_LIST] = "account list",
    [STATE_CALL_ACCOUNT_REBUILD] = "account rebuild",
    [STATE_CALL_TRASH_MOVE] = "trash move",
    [STATE_CALL_TRASH_LIST] = "trash list",
    [STATE_CALL_TRASH_RESTORE] = "trash restore",
    [STATE_CALL_RECORDER_ADD] = "recorder add",
    [STATE_CALL_RECORDER_READ] = "recorder read",
    [STATE_CALL_AUDIT_BEGIN] = "audit begin",
    [STATE_CALL_AUDIT_END] = "audit end",
    [STATE_CALL_AUDIT_LIST] = "audit list",
    [STATE_CALL_TABLE_READ] = "table read",
    [STATE_CALL_TABLE_WRITE] = "table write",
    [STATE_CALL_TABLE_LIST] = "table list",
};

static state_fail_when_t fail_decide(fail_store_t *self, state_call_t call)
{
    state_fail_plan_t *plan = self->plan;
    state_fail_when_t when = STATE_FAIL_NOT;
    int number;

    apr_thread_mutex_lock(self->mutex);
    number = ++plan->calls;
    if (plan->decide)
        when = plan->decide(plan->baton, call, number);
    else if (plan->at > 0 && number >= plan->at &&
             number <= (plan->last > plan->at ? plan->last : plan->at))
        when = plan->when;
    apr_thread_mutex_unlock(self->mutex);
    return when;
}

static base_fault_t *fail_fault(fail_store_t *self, state_call_t call, state_fail_when_t when,
                                apr_pool_t *pool)
{
    base_fault_code_t code =
        self->plan->code == BASE_FAULT_NONE ? BASE_FAULT_UNAVAILABLE : self->plan->code;
    base_fault_t *fault =
        base_fault_make(pool, code, "state: %s failed on purpose, %s", fail_names[call],
                        when == STATE_FAIL_BEFORE ? "without effect" : "after its effect");

    fault->retry_after = code == BASE_FAULT_UNAVAILABLE;
    return fault;
}

/* The whole of each function below: fail before, do it, fail after. An own fault of the
 * wrapped store goes before a planned one. */
#define FAIL_AROUND(call, expression)                          \
    do {                                                       \
        fail_store_t *store_ = self;                           \
        state_fail_when_t when_ = fail_decide(store_, (call)); \
                                                               \
        if (when_ == STATE_FAIL_BEFORE)                        \
            return fail_fault(store_, (call), when_, pool);    \
        BASE_TRY(expression);                                  \
        if (when_ == STATE_FAIL_AFTER)                         \
            return fail_fault(store_, (call), when_, pool);    \
        return NULL;                                           \
    } while (0)

#define INNER (((fail_store_t *)self)->inner)

static base_fault_t *fail_record_read(void *self, const state_key_t *key, const char *const *names,
                                      int name_count, state_record_t **record, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_READ, state_record_read(INNER, key, names, name_count, record, pool));
}

static base_fault_t *fail_record_commit(void *self, const state_commit_t *commit,
                                        apr_uint64_t *version, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_COMMIT,
                state_record_commit(INNER, commit->key, commit->expected_version, commit->sets,
                                    commit->set_count, commit->deletes, commit->delete_count,
                                    version, pool));
}

static base_fault_t *fail_record_remove(void *self, const state_key_t *key, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_REMOVE, state_record_remove(INNER, key, pool));
}

static base_fault_t *fail_record_list(void *self, const char *account, const char *device,
                                      state_record_kind_t kind, apr_array_header_t **names,
                                      apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_LIST, state_record_list(INNER, account, device, kind, names, pool));
}

static base_fault_t *fail_device_list(void *self, const char *account, apr_array_header_t **devices,
                                      apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_DEVICE_LIST, state_device_list(INNER, account, devices, pool));
}

static base_fault_t *fail_ledger_claim(void *self, const state_ledger_key_t *key,
                                       apr_interval_time_t lease, apr_interval_time_t ttl,
                                       state_claim_t *claim, apr_pool_t *pool)
{
    /* not the public function, which would make another claim */
    FAIL_AROUND(STATE_CALL_CLAIM,
                INNER->driver->ledger_claim(INNER->self, key, lease, ttl, claim, pool));
}

static base_fault_t *fail_ledger_record(void *self, const state_ledger_key_t *key,
                                        apr_uint64_t fence, const void *result, apr_size_t length,
                                        apr_interval_time_t ttl, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_RECORD,
                state_ledger_record(INNER, key, fence, result, length, ttl, pool));
}

static base_fault_t *fail_ledger_release(void *self, const state_ledger_key_t *key,
                                         apr_uint64_t fence, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_RELEASE, state_ledger_release(INNER, key, fence, pool));
}

static base_fault_t *fail_ledger_forget(void *self, const char *account, const char *device,
                                        const char *scope, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_FORGET, state_ledger_forget(INNER, account, device, scope, pool));
}

static base_fault_t *fail_account_list(void *self, const char *after, int limit,
                                       apr_array_header_t **accounts, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_ACCOUNT_LIST, state_account_list(INNER, after, limit, accounts, pool));
}

static base_fault_t *fail_account_rebuild(void *self, const char *after, int enter,
                                          state_rebuild_t *rebuild, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_ACCOUNT_REBUILD,
                state_account_rebuild(INNER, after, enter, rebuild, pool));
}

static base_fault_t *fail_trash_move(void *self, const state_trash_request_t *request, int *moved,
                                     apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_TRASH_MOVE, state_trash_move(INNER, request, moved, pool));
}

static base_fault_t *fail_trash_list(void *self, const char *account, apr_array_header_t **entries,
                                     apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_TRASH_LIST, state_trash_list(INNER, account, entries, pool));
}

static base_fault_t *fail_trash_restore(void *self, const char *account, const char *id,
                                        const char *device, int *restored, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_TRASH_RESTORE,
                state_trash_restore(INNER, account, id, device, restored, pool));
}

static base_fault_t *fail_recorder_add(void *self, state_recorder_kind_t kind, const char *account,
                                       const char *device, const char *entry, int keep,
                                       apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_RECORDER_ADD,
                state_recorder_add(INNER, kind, account, device, entry, keep, pool));
}

static base_fault_t *fail_recorder_read(void *self, state_recorder_kind_t kind, const char *account,
                                        const char *device, apr_array_header_t **entries,
                                        apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_RECORDER_READ,
                state_recorder_read(INNER, kind, account, device, entries, pool));
}

static base_fault_t *fail_audit_begin(void *self, const state_audit_field_t *fields, int count,
                                      const char **id, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_AUDIT_BEGIN, state_audit_begin(INNER, fields, count, id, pool));
}

static base_fault_t *fail_audit_end(void *self, const char *id, const state_audit_field_t *fields,
                                    int count, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_AUDIT_END, state_audit_end(INNER, id, fields, count, pool));
}

static base_fault_t *fail_audit_list(void *self, const char *before, int limit,
                                     apr_array_header_t **entries, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_AUDIT_LIST, state_audit_list(INNER, before, limit, entries, pool));
}

static base_fault_t *fail_table_read(void *self, state_table_t table, const char *const *names,
                                     int count, const state_table_beside_t *beside,
                                     const char **values, state_record_t **record, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_TABLE_READ, INNER->driver->table_read(INNER->self, table, names, count,
                                                                 beside, values, record, pool));
}

static base_fault_t *fail_table_write(void *self, state_table_t table, const char *check,
                                      const char *expected, const state_table_entry_t *entries,
                                      int count, apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_TABLE_WRITE,
                state_table_write(INNER, table, check, expected, entries, count, pool));
}

static base_fault_t *fail_table_list(void *self, state_table_t table, const char *after, int limit,
                                     apr_array_header_t **entries, const char **next,
                                     apr_pool_t *pool)
{
    FAIL_AROUND(STATE_CALL_TABLE_LIST,
                state_table_list(INNER, table, after, limit, entries, next, pool));
}

static const state_driver_t fail_driver = {
    .name = "fail",
    .record_read = fail_record_read,
    .record_commit = fail_record_commit,
    .record_remove = fail_record_remove,
    .record_list = fail_record_list,
    .device_list = fail_device_list,
    .account_list = fail_account_list,
    .account_rebuild = fail_account_rebuild,
    .ledger_claim = fail_ledger_claim,
    .ledger_record = fail_ledger_record,
    .ledger_release = fail_ledger_release,
    .ledger_forget = fail_ledger_forget,
    .trash_move = fail_trash_move,
    .trash_list = fail_trash_list,
    .trash_restore = fail_trash_restore,
    .recorder_add = fail_recorder_add,
    .recorder_read = fail_recorder_read,
    .audit_begin = fail_audit_begin,
    .audit_end = fail_audit_end,
    .audit_list = fail_audit_list,
    .table_read = fail_table_read,
    .table_write = fail_table_write,
    .table_list = fail_table_list,
};

state_store_t *state_store_create_fail(state_store_t *inner, state_fail_plan_t *plan,
                                       apr_pool_t *pool)
{
    state_store_t *store = apr_palloc(pool, sizeof *store);
    fail_store_t *self = apr_pcalloc(pool, sizeof *self);

    self->inner = inner;
    self->plan = plan;
    if (apr_thread_mutex_create(&self->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS)
        abort();
    store->driver = &fail_driver;
    store->self = self;
    return store;
}
