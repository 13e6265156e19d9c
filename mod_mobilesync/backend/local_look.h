/* Looking at a directory of folders (the Maildir, that of the collections): whether anything in it
 * moved since the last look, what is there, and what is missing for certain. */
#ifndef BACKEND_LOCAL_LOOK_H
#define BACKEND_LOCAL_LOOK_H

#include "backend/local_index.h"

/* One scan. */
typedef struct {
    apr_time_t start;
    int quiet;    /* nothing was renamed while it scanned */
    int suspects; /* rows whose directories were missed, not yet gone */
} local_look_scan_t;

typedef struct {
    const char *what; /* for faults */
    int directory;    /* descriptor */
    local_sql_t get, set;
    /* What is there, in elements of its own. */
    base_fault_t *(*read)(local_session_t *session, apr_array_header_t **seen, apr_pool_t *pool);
    /* Brings the rows up to date with it, in a write transaction. */
    base_fault_t *(*apply)(local_session_t *session, apr_array_header_t *seen,
                           local_look_scan_t *scan, apr_pool_t *pool);
} local_looked_t;

/* Costs one stat when nothing moved. */
base_fault_t *local_look_at(local_session_t *session, const local_looked_t *looked,
                            apr_pool_t *pool);

/* A row whose directory the scan did not see; there: it is there all the same, the scan raced with
 * renames. Gone when a second, later scan misses it too. */
base_fault_t *local_look_missed(local_session_t *session, const local_folder_t *row, int there,
                                local_look_scan_t *scan, apr_pool_t *pool);

#endif
