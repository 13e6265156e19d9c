/* The local store's folders as the core sees them: hierarchy, names and roles. */
#ifndef BACKEND_LOCAL_TREE_H
#define BACKEND_LOCAL_TREE_H

#include "backend/local.h"

base_fault_t *local_tree_list(void *data, apr_array_header_t **folders, apr_pool_t *pool);
base_fault_t *local_tree_create(void *data, const char *parent_id, const char *name,
                                backend_class_t class_, const char **id, apr_pool_t *pool);
base_fault_t *local_tree_rename(void *data, const char *id, const char *parent_id, const char *name,
                                apr_pool_t *pool);
base_fault_t *local_tree_delete(void *data, const char *id, apr_pool_t *pool);

#endif
