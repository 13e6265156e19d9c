/* Who watches what: a list of subscriptions that several threads may call, extend and shorten at
 * the same time. Shared by the drivers that can watch. */
#ifndef BACKEND_WATCHERS_H
#define BACKEND_WATCHERS_H

#include "backend/backend.h"

typedef struct backend_watchers backend_watchers_t;
typedef struct backend_subscription backend_subscription_t;

base_fault_t *backend_watchers_make(backend_watchers_t **watchers, apr_pool_t *pool);

/* Copies account and ids; ends with backend_watchers_remove only. */
backend_subscription_t *backend_watchers_add(backend_watchers_t *watchers, const char *account,
                                             const apr_array_header_t *folder_ids,
                                             backend_changed_fn changed, void *baton);

/* When it returns the callback does not run any more, unless it is what called this. */
void backend_watchers_remove(backend_watchers_t *watchers, backend_subscription_t *subscription);

/* Calls who watches the folder, or anything of the account (folder_id NULL), or anything at all
 * (account NULL). No lock is held during a call. */
void backend_watchers_notify(backend_watchers_t *watchers, const char *account,
                             const char *folder_id);

#endif
