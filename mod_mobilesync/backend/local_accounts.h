/* Which accounts a local store has. */
#ifndef BACKEND_LOCAL_ACCOUNTS_H
#define BACKEND_LOCAL_ACCOUNTS_H

#include "backend/local.h"

/* Every Maildir that root= can mean: found by looking into the folders where it has its %u, %n and
 * %d. */
base_fault_t *local_accounts(void *data, apr_array_header_t **accounts, apr_pool_t *pool);

#endif
