/* SyncStates and the ledger, in a store (redis; memory and fail for tests).
 *
 * The store keeps bytes; what they mean is sync/'s (folder states, hierarchy) and
 * cmd/'s (device, cached requests). Every key of an account carries the hash tag
 * {account}, so that one script acts on one slot of a cluster.
 *
 * Key model (P = configured prefix, default "ms"; account, device and names are
 * percent-encoded; made in one function, state_key_name):
 *
 *   P:{account}:devices            set    device ids of the account
 *   P:{account}:i:DEVICE           set    the device's records: "d", "h", "f:FOLDER", "r:NAME"
 *   P:{account}:d:DEVICE           hash   record DEVICE: what is known of the device
 *   P:{account}:h:DEVICE           hash   record HIERARCHY: folder hierarchy given
 *   P:{account}:f:DEVICE:FOLDER    hash   record FOLDER: the folder state (base, pending, chunks)
 *   P:{account}:r:DEVICE:NAME      hash   record REQUEST: cached Sync and Ping parameters
 *   P:{account}:l:DEVICE:SCOPE     hash   ledger scope: entry -> claim or result
 *   P:{account}:s:DEVICE           zset   the device's ledger scopes -> when they expire, ms
 *   P:{account}:e:DEVICE           list   the last exchanges (state/recorder.h)
 *   P:{account}:x:DEVICE           list   their trace, where one was asked for
 *   P:{account}:trash, :t:...      what administrators moved aside (state/trash.h)
 *   P:{account}:v                  hash   folder id -> version and more (wake/)
 *   P:{account}:c                  channel of the account (wake/)
 *   P:accounts:0..255              set    accounts that have devices, made anew by
 *                                         state_account_rebuild when it is lost; may name some that have none any more
 *   P:outbox                       hash   what is owed to others (state/table.h), whoever finishes it
 *   P:access, P:access-news        hash   access control (state/table.h): about devices of any account, so
 *                                         that no account can be their shard
 *   P:audit                        stream who did what (state/audit.h)
 *
 * A record is a hash of named binary fields with a version that grows with every
 * commit: compare-and-set on the version is the only way to write one. Versions are
 * never used again, not even when a record is removed and made anew, so that a late
 * writer cannot mistake the new record for the one it read. The store's own fields
 * begin with '_': _v version, _t the last commit's token, _x format version.
 *
 * Every write may be sent again when its answer was lost: the token tells the store
 * that it has been done. UNAVAILABLE leaves it open whether it was done.
 *
 * Faults: UNAVAILABLE (store down or timed out; retry_after set), CONFLICT (the
 * version was another), CORRUPT (a key of the wrong type or format), TOO_LARGE (a field
 * over STATE_FIELD_MAX or a commit over STATE_COMMIT_MAX), INVALID (an empty or overlong
 * account, device, name, scope or entry). */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/fault.h"
#include "base/log.h"
#include "redis/redis.h"

#define STATE_NAME_MAX 512              /* bytes of an account, device, name, scope, entry */
#define STATE_FIELD_MAX (16 * 1048576)  /* bytes of a field or result */
#define STATE_COMMIT_MAX (64 * 1048576) /* bytes of all fields of a commit */

typedef struct state_store state_store_t; /* one per child, shared by its threads */

typedef enum {
    STATE_RECORD_DEVICE,
    STATE_RECORD_HIERARCHY,
    STATE_RECORD_FOLDER,
    STATE_RECORD_REQUEST
} state_record_kind_t;

typedef struct {
    const char *account;
    const char *device;
    state_record_kind_t kind;
    const char *name; /* folder id or request name; NULL for DEVICE and HIERARCHY */
} state_key_t;

typedef struct {
    const char *name; /* [A-Za-z0-9:._-]{1,64}, not starting with '_' */
    const void *data;
    apr_size_t length;
} state_field_t;

typedef struct {
    apr_uint64_t version; /* 0: there is no such record */
    const state_field_t *fields;
    int count;
} state_record_t;

/* Reads the named fields (those that exist come back), or all of them when names
 * is NULL, at one moment. */
base_fault_t *state_record_read(state_store_t *store, const state_key_t *key,
                                const char *const *names, int name_count, state_record_t **record,
                                apr_pool_t *pool);

/* The named field of a record read, NULL when it was not there. */
const state_field_t *state_record_field(const state_record_t *record, const char *name);

/* The same as text, NULL when it was not there. */
const char *state_record_text(const state_record_t *record, const char *name, apr_pool_t *pool);

/* Deletes and then sets fields in one step if the record still has the expected version
 * (0 = must not exist yet), else CONFLICT and nothing is written. A first commit also
 * enters the device into the account's indexes. */
base_fault_t *state_record_commit(state_store_t *store, const state_key_t *key,
                                  apr_uint64_t expected_version, const state_field_t *sets,
                                  int set_count, const char *const *deletes, int delete_count,
                                  apr_uint64_t *version, apr_pool_t *pool);

#define STATE_CHANGE_MAX 16

typedef struct {
    state_field_t sets[STATE_CHANGE_MAX];
    const char *deletes[STATE_CHANGE_MAX];
    int set_count;
    int delete_count;
} state_change_t;

void state_change_set(state_change_t *change, const char *name, const char *text);
void state_change_delete(state_change_t *change, const char *name);

/* Decides what to write, seeing what there is; without any nothing is written. It is called anew when
 * somebody else wrote meanwhile. */
typedef base_fault_t *(*state_decide_fn)(void *baton, const state_record_t *record,
                                         state_change_t *change, apr_pool_t *pool);

/* Reads the named fields and writes what is decided; CONFLICT only when others write all the time. */
base_fault_t *state_record_change(state_store_t *store, const state_key_t *key,
                                  const char *const *names, int name_count, state_decide_fn decide,
                                  void *baton, apr_pool_t *pool);

/* Removes the record; no fault when there is none. */
base_fault_t *state_record_remove(state_store_t *store, const state_key_t *key, apr_pool_t *pool);

/* Names of the device's records of a kind (folder ids, request names). */
base_fault_t *state_record_list(state_store_t *store, const char *account, const char *device,
                                state_record_kind_t kind, apr_array_header_t **names,
                                apr_pool_t *pool);

base_fault_t *state_device_list(state_store_t *store, const char *account,
                                apr_array_header_t **devices, apr_pool_t *pool);

/* A look at a device without reading its states. */
typedef struct {
    const char *account, *device;
    /* the answer */
    state_record_t *record;      /* DEVICE */
    int hierarchy;               /* it has a HIERARCHY record */
    apr_array_header_t *folders; /* const char *: names of its FOLDER records */
    state_record_t **states;     /* one field of each of these */
} state_glance_t;

/* Looks at many devices in two round trips. field: which one of the FOLDER records. */
base_fault_t *state_device_glance(state_store_t *store, state_glance_t *glances, int count,
                                  const char *field, apr_pool_t *pool);

/* Accounts that have devices, and some that had, in an order of the store's own: at most limit,
 * those that follow `after` (NULL: from the first; it need not be there any more). Fewer than
 * limit: that was all. */
base_fault_t *state_account_list(state_store_t *store, const char *after, int limit,
                                 apr_array_header_t **accounts, apr_pool_t *pool);

typedef struct {
    int accounts;     /* found in this page, some perhaps twice */
    int missing;      /* of them, that were not in the index */
    const char *next; /* where the next page begins, NULL: that was all */
} state_rebuild_t;

/* Looks for accounts of which there are records, and (enter 1) enters those that the index of
 * accounts has lost. after: a next, NULL: from the first. */
base_fault_t *state_account_rebuild(state_store_t *store, const char *after, int enter,
                                    state_rebuild_t *rebuild, apr_pool_t *pool);

/* -- ledger: side effects happen once ---------------------------------------
 *
 * claim before touching the backend, record the result after. A scope groups the
 * entries that are forgotten together (for Sync: series, folder and presented key);
 * every claim or record extends the scope's TTL. */

typedef enum {
    STATE_CLAIM_TAKEN, /* ours now: do it, then record or release */
    STATE_CLAIM_AGAIN, /* ours now, but an earlier holder's lease ran out with no result: it may
                          or may not have happened */
    STATE_CLAIM_DONE,  /* happened before: result is what was recorded */
    STATE_CLAIM_BUSY   /* somebody else is at it: see retry_after_ms */
} state_claim_outcome_t;

typedef struct {
    state_claim_outcome_t outcome;
    apr_uint64_t fence; /* TAKEN, AGAIN: grows with every taking; late holders cannot record */
    const void *result; /* DONE */
    apr_size_t length;
    int retry_after_ms; /* BUSY: rest of the lease */
} state_claim_t;

typedef struct {
    const char *account;
    const char *device;
    const char *scope; /* any text, percent-encoded into the key */
    const char *entry; /* any text */
} state_ledger_key_t;

base_fault_t *state_ledger_claim(state_store_t *store, const state_ledger_key_t *key,
                                 apr_interval_time_t lease, apr_interval_time_t ttl,
                                 state_claim_t **claim, apr_pool_t *pool);

/* A claim that another request holds is waited for. Mostly that is the same request, sent again
 * because its answer was late: its result is about to be there, and a device that is sent away
 * comes back at once with the same question. But who waits holds a thread, and a holder that
 * vanished holds its claim until the lease ends, so a request has this much patience for all its
 * claims together. */
typedef struct {
    apr_interval_time_t left;
    void (*sleep)(void *baton, apr_interval_time_t interval); /* NULL: apr_sleep */
    void *baton;
} state_patience_t;

/* state_ledger_claim, BUSY only when there is no patience left (NULL: none at all). */
base_fault_t *state_ledger_claim_patiently(state_store_t *store, const state_ledger_key_t *key,
                                           apr_interval_time_t lease, apr_interval_time_t ttl,
                                           state_patience_t *patience, state_claim_t **claim,
                                           apr_pool_t *pool);
/* CONFLICT when the claim is no longer ours: taken over, released or forgotten. A lease
 * that merely ran out is still ours. */
base_fault_t *state_ledger_record(state_store_t *store, const state_ledger_key_t *key,
                                  apr_uint64_t fence, const void *result, apr_size_t length,
                                  apr_interval_time_t ttl, apr_pool_t *pool);
/* Nothing happened: the entry is free again (TAKEN), or as doubtful as it was (AGAIN: the
 * next claim is AGAIN too). No fault when the claim is no longer ours. */
base_fault_t *state_ledger_release(state_store_t *store, const state_ledger_key_t *key,
                                   apr_uint64_t fence, apr_pool_t *pool);
/* Forgets a whole scope. */
base_fault_t *state_ledger_forget(state_store_t *store, const char *account, const char *device,
                                  const char *scope, apr_pool_t *pool);

/* -- stores -----------------------------------------------------------------
 *
 * A store lives as long as the pool it is made in and is used by any thread. */

/* prefix is copied; log may be NULL. */
state_store_t *state_store_create_redis(redis_pool_t *redis, const char *prefix,
                                        const base_log_t *log, apr_pool_t *pool);

/* In this process only: for tests and benches. Its leases and TTLs follow the clock given
 * by state_store_memory_clock (NULL: the real one). */
state_store_t *state_store_create_memory(apr_pool_t *pool);
void state_store_memory_clock(state_store_t *store, apr_time_t (*now)(void *baton), void *baton);

/* The name of the key of a record, as in the key model. */
const char *state_key_name(const char *prefix, const state_key_t *key, apr_pool_t *pool);

#endif
