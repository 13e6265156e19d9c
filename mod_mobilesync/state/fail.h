/* A store that fails on purpose: what happens when the store is down, or when the process
 * dies between two steps. Wraps another store.
 *
 * A call fails either before it had any effect, or after: then the effect is there and the
 * caller never learns of it, as after a lost answer or a crash. */
#ifndef STATE_FAIL_H
#define STATE_FAIL_H

#include "state/state.h"

typedef enum {
    STATE_CALL_READ,
    STATE_CALL_COMMIT,
    STATE_CALL_REMOVE,
    STATE_CALL_LIST,
    STATE_CALL_DEVICE_LIST,
    STATE_CALL_CLAIM,
    STATE_CALL_RECORD,
    STATE_CALL_RELEASE,
    STATE_CALL_FORGET,
    STATE_CALL_ACCOUNT_LIST,
    STATE_CALL_ACCOUNT_REBUILD,
    STATE_CALL_TRASH_MOVE,
    STATE_CALL_TRASH_LIST,
    STATE_CALL_TRASH_RESTORE,
    STATE_CALL_RECORDER_ADD,
    STATE_CALL_RECORDER_READ,
    STATE_CALL_AUDIT_BEGIN,
    STATE_CALL_AUDIT_END,
    STATE_CALL_AUDIT_LIST,
    STATE_CALL_TABLE_READ,
    STATE_CALL_TABLE_WRITE,
    STATE_CALL_TABLE_LIST
} state_call_t;

typedef enum { STATE_FAIL_NOT, STATE_FAIL_BEFORE, STATE_FAIL_AFTER } state_fail_when_t;

/* Owned by the caller, who may change it between calls. The zero struct fails nothing. */
typedef struct {
    int calls; /* made so far, counted by the store */
    int at;    /* this call fails (the first is 1), 0: none */
    int last;  /* and the following ones, up to this; 0: only the one */
    state_fail_when_t when;
    base_fault_code_t code; /* NONE: UNAVAILABLE */
    /* Asked instead of at/last/when if set; number is the call's, from 1. */
    state_fail_when_t (*decide)(void *baton, state_call_t call, int number);
    void *baton;
} state_fail_plan_t;

/* plan and inner outlive the store. Calls of several threads are counted one by one. */
state_store_t *state_store_create_fail(state_store_t *inner, state_fail_plan_t *plan,
                                       apr_pool_t *pool);

#endif
