/* Rules of the ledger for a collection's operations: how scopes and entries are named, what
 * is recorded, and when a recorded result is the answer to a repeat.
 *
 *   scope  s:SERIES:FOLDER:N       all operations sent with key N
 *   entry  c:UID:K:T  d:UID:K:T    Change and Delete (K-th of that uid in the request)
 *          a:CLIENTID:K:T          Add
 *
 * T counts contents: an operation repeated with another content takes the next T, so the
 * last entry that has a result says what was done last. */
#ifndef SYNC_LEDGER_H
#define SYNC_LEDGER_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/fault.h"

#define SYNC_LEDGER_CONTENTS_MAX 32 /* different contents of one operation that are told apart */
#define SYNC_LEDGER_ID_MAX 64       /* ClientId, MS-ASCMD 2.2.3.28.2 */

const char *sync_ledger_scope(const char *series, const char *folder_id, unsigned counter,
                              apr_pool_t *pool);
/* kind: 'c', 'd' or 'a' */
const char *sync_ledger_entry(char kind, const char *id, int occurrence, int content,
                              apr_pool_t *pool);
/* A name of [0-9a-f]{40} for what the operation creates, the same for every repeat. */
const char *sync_ledger_derived_name(const char *account, const char *device, const char *scope,
                                     const char *entry, apr_pool_t *pool);

/* Does the device hold what was written? Else it is to be told. */
typedef enum {
    SYNC_TELL_NOT,
    SYNC_TELL_UNSEEN, /* it was laid over what the device has not seen */
    SYNC_TELL_OWN     /* it knows all that was there before: its next change is in no conflict */
} sync_tell_t;

typedef struct {
    const char *digest;     /* of the operation's content */
    base_fault_code_t code; /* NONE: done; UNKNOWN_OUTCOME: begun, and it may have been done */
    apr_uint64_t uid;
    apr_uint64_t token; /* when code is NONE: what the device holds by it, and so what it wrote;
                           UNKNOWN_OUTCOME: a hash of what it was about to write, 0: not known */
    apr_time_t date;    /* of the item written */
    sync_tell_t tell;
    /* UNKNOWN_OUTCOME: what whoever takes it up has to know of what there was; NULL: nothing */
    const void *memo;
    apr_size_t memo_length;
} sync_ledger_result_t;

typedef enum {
    SYNC_LEDGER_ANSWER, /* the same operation: this is its result */
    SYNC_LEDGER_OTHER,  /* another content was done before */
    SYNC_LEDGER_DOUBT   /* an attempt of which nothing is known */
} sync_ledger_verdict_t;

sync_ledger_verdict_t sync_ledger_judge(const sync_ledger_result_t *recorded, const char *digest);

/* Is a fault of the backend the operation's own result (to be recorded and told), or trouble
 * that may be over when the request is repeated? */
int sync_ledger_fault_final(base_fault_code_t code);

void sync_ledger_result_pack(const sync_ledger_result_t *result, const void **data,
                             apr_size_t *length, apr_pool_t *pool);
/* NULL when damaged. */
sync_ledger_result_t *sync_ledger_result_unpack(const void *data, apr_size_t length,
                                                apr_pool_t *pool);

#endif
