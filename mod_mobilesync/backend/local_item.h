/* The local store's messages: index rows and what is done to the files. */
#ifndef BACKEND_LOCAL_ITEM_H
#define BACKEND_LOCAL_ITEM_H

#include "backend/local_fs.h"

/* How often a file is looked for that other programs rename all the time, and how many scans must
 * miss it until it counts as not found (which does not make it gone). */
#define LOCAL_ATTEMPTS 50
#define LOCAL_MISSES 4

/* -- rows; writes in a transaction of the caller -- */

/* NOT_FOUND when there is none. */
base_fault_t *local_item_load(local_session_t *session, const local_folder_t *folder,
                              apr_uint64_t uid, local_item_t *item, apr_pool_t *pool);
/* The item of that derived name; *found says whether there is one. */
base_fault_t *local_item_by_derived(local_session_t *session, const local_folder_t *folder,
                                    const char *derived_name, local_item_t *item, int *found,
                                    apr_pool_t *pool);
/* A new uid; sets item->uid. The folder's counters are the caller's to store. */
base_fault_t *local_item_add(local_session_t *session, local_folder_t *folder, local_item_t *item,
                             apr_pool_t *pool);
/* Leaves a tombstone. */
base_fault_t *local_item_drop(local_session_t *session, local_folder_t *folder, apr_int64_t uid,
                              apr_pool_t *pool);
void local_item_entry(const local_item_t *item, backend_entry_t *entry, apr_pool_t *pool);

/* Looks for the message under the names that it can have while other programs change its flags
 * or move it from new/ to cur/; sets name and fresh, and returns 1, when it is there. */
int local_item_seek(const local_place_t *place, local_item_t *item, int rounds, apr_pool_t *pool);

/* A blob of an open file, closed with the pool; DENIED when it is no regular file. */
base_fault_t *local_item_blob(int descriptor, backend_blob_t **blob, apr_pool_t *pool);

/* In a write transaction: a file was not under its name; finds the one that it has, for the
 * attempt of that number. NOT_FOUND when it has none. */
base_fault_t *local_item_again(local_session_t *session, local_folder_t *folder,
                               const local_place_t *place, int attempt, local_item_t *item,
                               apr_pool_t *pool);

/* -- entries of the vtable -- */

base_fault_t *local_item_find(void *data, const char *folder_id, const char *identity,
                              backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *local_item_get(void *data, const char *folder_id, apr_uint64_t uid,
                             backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *local_item_fetch(void *data, const char *folder_id, apr_uint64_t uid,
                               backend_blob_t **blob, apr_pool_t *pool);
base_fault_t *local_item_put(void *data, const char *folder_id, const backend_put_t *put,
                             const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                             apr_pool_t *pool);
base_fault_t *local_item_replace(void *data, const char *folder_id, apr_uint64_t uid,
                                 apr_uint64_t if_match, apr_uint64_t flags,
                                 const backend_blob_t *blob, backend_entry_t *entry,
                                 apr_pool_t *pool);
base_fault_t *local_item_update(void *data, const char *folder_id, apr_uint64_t uid,
                                const backend_update_t *update, backend_entry_t *entry,
                                apr_pool_t *pool);
base_fault_t *local_item_move(void *data, const char *folder_id, apr_uint64_t uid,
                              const char *to_folder_id, const char *derived_name,
                              backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *local_item_remove(void *data, const char *folder_id, apr_uint64_t uid,
                                apr_pool_t *pool);

#endif
