/* Inside of a local_index_t, shared by local_index.c (statements) and local_cache.c (opening and
 * keeping handles). */
#ifndef BACKEND_LOCAL_CACHE_H
#define BACKEND_LOCAL_CACHE_H

#include <apr_ring.h>

#include "backend/local_index.h"

struct local_index {
    APR_RING_ENTRY(local_index) link; /* in the cache's ring of idle handles */
    sqlite3 *db;
    sqlite3_stmt *statements[LOCAL_SQL_COUNT_];
    char *directory; /* malloc, as the handle: they come and go as long as the child lives */
    dev_t device;    /* of the file that is open: another may take its place */
    ino_t inode;
    int damaged; /* not to be used again; the file is put aside */
};

/* Turns SQLite's result into a fault, and notes damage. */
base_fault_t *local_index_fault(local_index_t *index, int result, const char *what,
                                apr_pool_t *pool);

#endif
