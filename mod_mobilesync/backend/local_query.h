/* The local store's answers from the index: cursors, changes, pages, counts. */
#ifndef BACKEND_LOCAL_QUERY_H
#define BACKEND_LOCAL_QUERY_H

#include "backend/local.h"

base_fault_t *local_query_probe(void *data, const char *folder_id, const char **cursor,
                                apr_pool_t *pool);
base_fault_t *local_query_changes(void *data, const char *folder_id, const char *cursor, int limit,
                                  backend_changes_t **changes, apr_pool_t *pool);
base_fault_t *local_query_enumerate(void *data, const char *folder_id, const backend_range_t *range,
                                    int limit, backend_page_t **page, apr_pool_t *pool);
base_fault_t *local_query_count(void *data, const char *folder_id, const backend_range_t *range,
                                apr_uint64_t *count, apr_pool_t *pool);

#endif
