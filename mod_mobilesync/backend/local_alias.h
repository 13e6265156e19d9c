/* Further addresses of accounts: the file of the argument aliases=, in the format of Postfix's
 * virtual(5) as far as an alias of one account needs it: a line "ADDRESS ACCOUNT" each, "#" begins a
 * comment. It is read when it changed; while it cannot be read there are no aliases. */
#ifndef BACKEND_LOCAL_ALIAS_H
#define BACKEND_LOCAL_ALIAS_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/fault.h"
#include "base/log.h"

typedef struct local_aliases local_aliases_t;

/* For all threads of a child. path NULL: there are none. */
base_fault_t *local_aliases_make(const char *path, const base_log_t *log, local_aliases_t **aliases,
                                 apr_pool_t *pool);

/* The account that the address stands for, as written in the file; NULL. */
const char *local_aliases_account(local_aliases_t *aliases, const char *address, apr_pool_t *pool);

/* Appends the addresses (const char *) of an account that is called by that name in the file. */
void local_aliases_list(local_aliases_t *aliases, const char *account,
                        apr_array_header_t *addresses, apr_pool_t *pool);

#endif
