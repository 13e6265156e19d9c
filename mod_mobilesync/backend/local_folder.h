/* The local store's folders as rows of the index, and their reconciliation with the Maildir's
 * directories. */
#ifndef BACKEND_LOCAL_FOLDER_H
#define BACKEND_LOCAL_FOLDER_H

#include "backend/local_index.h"

/* FOLDER_GONE when there is none. */
base_fault_t *local_folder_load(local_session_t *session, const char *id, local_folder_t *folder,
                                apr_pool_t *pool);
/* All rows (local_folder_t) of mail, or of collections, also of directories that are missing at the
 * moment. */
base_fault_t *local_folder_all(local_session_t *session, int collections,
                               apr_array_header_t **folders, apr_pool_t *pool);

/* Looks whether other programs made, renamed or deleted folders; costs one stat when not. */
base_fault_t *local_folders_look(local_session_t *session, apr_pool_t *pool);

/* Greater than any before, also than those of an index that is lost. */
apr_uint32_t local_folder_generation(apr_uint32_t above);

/* The rest is for write transactions. */

/* Enters a directory that is there. id NULL: a new one; generation 0: from the clock. */
base_fault_t *local_folder_add(local_session_t *session, const char *directory, const char *id,
                               apr_uint32_t generation, local_folder_t *folder, apr_pool_t *pool);
base_fault_t *local_folder_place(local_session_t *session, const local_folder_t *folder,
                                 const char *directory, apr_pool_t *pool);
base_fault_t *local_folder_drop(local_session_t *session, apr_int64_t number, apr_pool_t *pool);

/* A new generation, greater than that one: no cursor and no uid given before is valid. */
base_fault_t *local_folder_renew(local_session_t *session, local_folder_t *folder,
                                 apr_uint32_t above, apr_pool_t *pool);

/* The modseq of a change that is made now. */
apr_int64_t local_folder_step(local_folder_t *folder);
/* Writes the counters, and the stamp when there were changes. */
base_fault_t *local_folder_store(local_session_t *session, local_folder_t *folder,
                                 apr_pool_t *pool);

/* May what a scan saw be trusted? mtime is the same before and after it; seen is when it was
 * first seen. */
int local_quiet(apr_int64_t mtime, apr_time_t seen, apr_time_t scan_start);

#endif
