/* The flight recorder: the last exchanges of each device, newest first, as texts of the caller's;
 * and the trace of a device for which an administrator has asked for one. Writing costs one round
 * trip and is meant for after the response; what cannot be written is lost, and nobody waits for
 * it.
 *
 * Keys: P:{account}:e:DEVICE (exchanges) and P:{account}:x:DEVICE (trace), lists; each ends some
 * time after its last entry, and goes with the device when that is removed (state/trash.h). */
#ifndef STATE_RECORDER_H
#define STATE_RECORDER_H

#include "state/state.h"

#define STATE_RECORDER_MAX 1000 /* entries */

typedef enum {
    STATE_RECORDER_EXCHANGES, /* 30 days */
    STATE_RECORDER_TRACE,     /* a day */
    STATE_RECORDER_KIND_COUNT_
} state_recorder_kind_t;

/* Bytes of an entry, at most. */
#define STATE_RECORDER_EXCHANGE_MAX 4096
#define STATE_RECORDER_TRACE_MAX 32768

/* Adds an entry and lets go of those beyond the newest `keep`. TOO_LARGE when it has too many
 * bytes. */
base_fault_t *state_recorder_add(state_store_t *store, state_recorder_kind_t kind,
                                 const char *account, const char *device, const char *entry,
                                 int keep, apr_pool_t *pool);
/* const char *, newest first. */
base_fault_t *state_recorder_read(state_store_t *store, state_recorder_kind_t kind,
                                  const char *account, const char *device,
                                  apr_array_header_t **entries, apr_pool_t *pool);

#endif
