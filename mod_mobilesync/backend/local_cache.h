/* Inside of a local_index_t, shared by local_index.c (statements) and local_cache.c (opening and
 * keeping handles). */
#ifndef BACKEND_LOCAL_CACHE_H
#define BACKEND_LOCAL_CACHE_H

#include <apr_ring.h>

#include "backend/local_index.h"

struct local_index {
    APR_RING_ENTRY(local_index) link; /* in the cache's ring of idle handles */
    backend_sql_t sql;
    sqlite3_stmt *statements[LOCAL_SQL_COUNT_];
    char *directory; /* malloc, as the handle: they come and go as long as the child lives */
    dev_t device;    /* of the file that is open: another may take its place */
    ino_t inode;
    int damaged; /* not to be used again; the file is put aside */
};

/* Before it is opened. SQLite's results become faults, and damage is noted. */
void local_index_init(local_index_t *index);

#endif
