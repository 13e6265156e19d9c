/* Who waits for changes at this moment, and where. */
#ifndef ADMIN_PARKED_H
#define ADMIN_PARKED_H

#include "admin/call.h"

typedef struct admin_parked admin_parked_t;

/* Of these accounts (const char *). The children are asked: see wake_waiting_list. */
base_fault_t *admin_parked_read(const admin_call_t *call, const apr_array_header_t *accounts,
                                admin_parked_t **parked);

/* A new { command, node, since, until, heartbeat_asked, heartbeat }; null: the device does not
 * wait. */
json_t *admin_parked_json(const admin_parked_t *parked, const char *account, const char *device,
                          apr_pool_t *pool);

/* Did every child answer? */
int admin_parked_is_complete(const admin_parked_t *parked);

#endif
