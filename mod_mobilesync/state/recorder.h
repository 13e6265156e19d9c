/* The flight recorder: the last exchanges of each device, newest first, as texts of the caller's.
 * Writing costs one round trip and is meant for after the response; what cannot be written is
 * lost, and nobody waits for it.
 *
 * Key: P:{account}:e:DEVICE, a list; it ends STATE_RECORDER_TTL after the last exchange, and goes
 * with the device when that is removed (state/trash.h). */
#ifndef STATE_RECORDER_H
#define STATE_RECORDER_H

#include "state/state.h"

#define STATE_RECORDER_MAX 1000
#define STATE_RECORDER_ENTRY_MAX 4096 /* bytes */
#define STATE_RECORDER_TTL apr_time_from_sec(30 * 86400)

/* Adds an entry and lets go of those beyond the newest `keep`. TOO_LARGE beyond
 * STATE_RECORDER_ENTRY_MAX. */
base_fault_t *state_recorder_add(state_store_t *store, const char *account, const char *device,
                                 const char *entry, int keep, apr_pool_t *pool);
/* const char *, newest first. */
base_fault_t *state_recorder_read(state_store_t *store, const char *account, const char *device,
                                  apr_array_header_t **entries, apr_pool_t *pool);

#endif
