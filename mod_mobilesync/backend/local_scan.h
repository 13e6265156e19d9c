/* Bringing the index up to date with what other programs did to a folder's messages. */
#ifndef BACKEND_LOCAL_SCAN_H
#define BACKEND_LOCAL_SCAN_H

#include "backend/local.h"

typedef enum {
    LOCAL_LOOK_ONCE, /* unless this session did already */
    LOCAL_LOOK_NOW,  /* if a directory's mtime moved */
    LOCAL_LOOK_SCAN  /* whatever the mtimes say */
} local_look_t;

/* Loads the folder and reconciles it: two stats of its directories when nothing happened.
 * FOLDER_GONE when there is no such folder (any more). */
base_fault_t *local_scan_folder(local_session_t *session, const char *folder_id, local_look_t look,
                                local_folder_t *folder, apr_pool_t *pool);

/* The same inside of a write transaction, for a folder that was loaded in it. */
base_fault_t *local_scan_locked(local_session_t *session, local_folder_t *folder, local_look_t look,
                                apr_pool_t *pool);

#endif
