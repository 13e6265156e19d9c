/* How much a phone will have to download again: the average size of a folder's newest items
 * times the number that the device held. An upper bound, as phones ask for parts of long mail. */
#ifndef ADMIN_ESTIMATE_H
#define ADMIN_ESTIMATE_H

#include <jansson.h>

#include "admin/admin.h"

typedef struct admin_estimate admin_estimate_t;

/* NULL when the mailbox cannot be opened. */
admin_estimate_t *admin_estimate_open(const admin_service_t *service, const char *account,
                                      apr_pool_t *pool);
void admin_estimate_add(admin_estimate_t *estimate, const char *folder_id, apr_uint64_t items);
/* Megabytes with one decimal; null when estimate is NULL or something could not be asked. */
json_t *admin_estimate_json(const admin_estimate_t *estimate);

#endif
