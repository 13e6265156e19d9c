/* Searching a local mailbox. */
#ifndef BACKEND_LOCAL_SEARCH_H
#define BACKEND_LOCAL_SEARCH_H

#include "backend/local.h"

#define LOCAL_SEARCH_FILE "search.sqlite"

base_fault_t *local_search(void *data, const backend_search_t *search, backend_found_t **found,
                           apr_pool_t *pool);

#endif
