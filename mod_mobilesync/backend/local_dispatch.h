/* The one place that tells mail from collections: entries of the vtable that differ by the class of
 * their folder. All others work on the index's rows, which are the same. */
#ifndef BACKEND_LOCAL_DISPATCH_H
#define BACKEND_LOCAL_DISPATCH_H

#include "backend/local.h"

base_fault_t *local_folder_list(void *data, apr_array_header_t **folders, apr_pool_t *pool);
base_fault_t *local_folder_create(void *data, const char *parent_id, const char *name,
                                  backend_class_t class_, const char **id, apr_pool_t *pool);
base_fault_t *local_folder_rename(void *data, const char *id, const char *parent_id,
                                  const char *name, apr_pool_t *pool);
base_fault_t *local_folder_delete(void *data, const char *id, apr_pool_t *pool);
base_fault_t *local_conversations(void *data, const char *folder_id, backend_name_fn read,
                                  const char *version, apr_time_t deadline, int *left,
                                  apr_pool_t *pool);
base_fault_t *local_fetch(void *data, const char *folder_id, apr_uint64_t uid,
                          backend_blob_t **blob, apr_pool_t *pool);
base_fault_t *local_put(void *data, const char *folder_id, const backend_put_t *put,
                        const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                        apr_pool_t *pool);
base_fault_t *local_replace(void *data, const char *folder_id, apr_uint64_t uid,
                            apr_uint64_t if_match, apr_uint64_t flags, const backend_blob_t *blob,
                            backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *local_update(void *data, const char *folder_id, apr_uint64_t uid,
                           const backend_update_t *update, backend_entry_t *entry,
                           apr_pool_t *pool);
base_fault_t *local_move(void *data, const char *folder_id, apr_uint64_t uid,
                         const char *to_folder_id, const char *derived_name, backend_entry_t *entry,
                         apr_pool_t *pool);
base_fault_t *local_remove(void *data, const char *folder_id, apr_uint64_t uid, apr_pool_t *pool);

#endif
