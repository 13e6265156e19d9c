/* What a device must be told of one entry, by value: who changed it does not matter, and an
 * own change that comes back is no news because the tokens are the same. */
#ifndef SYNC_DIFF_H
#define SYNC_DIFF_H

#include <apr_time.h>

#include "sync/folder_state.h"

/* An entry as the backend has it now. */
typedef struct {
    apr_uint64_t uid;
    int exists; /* 0: gone; token and dates mean nothing */
    apr_uint64_t token;
    sync_dates_t dates;
    /* bits of the token that the device cannot see: no news when they differ */
    apr_uint64_t unseen;
    int renewed; /* what the device was shown of it is another now, though it is the same */
} sync_event_t;

/* What the device holds of it. */
typedef struct {
    int held;
    apr_uint64_t token;
} sync_holding_t;

/* Gone: Delete. Outside the filter: SoftDelete, never Delete (MS-ASCMD 2.2.3.172). The filter is
 * the position's. */
sync_op_t sync_diff_judge(const sync_holding_t *device, const sync_event_t *event,
                          const sync_position_t *position);

/* Is a client's change of flags in conflict (MS-ASCMD 2.2.3.34)? Only in a flag that it
 * touches, that is no longer what the device holds, nor what it wants, nor what the ledger
 * wrote for the device before (written NULL: nothing). */
int sync_diff_flags_conflict(const sync_holding_t *device, const apr_uint64_t *written,
                             apr_uint64_t current, apr_uint64_t mask, apr_uint64_t values);

/* The same for a content: also when nobody knows which the device holds, as another's may be lost. */
int sync_diff_content_conflict(const sync_holding_t *device, const apr_uint64_t *written,
                               apr_uint64_t current);

/* What the device holds after its change of flags: its own view, not the server's. */
sync_holding_t sync_diff_flags_applied(const sync_holding_t *device, apr_uint64_t mask,
                                       apr_uint64_t values);

#endif
