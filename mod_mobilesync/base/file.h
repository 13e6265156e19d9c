/* Files that administrators write: small enough to be read as a whole, and read anew when they have
 * changed. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <apr_file_info.h>
#include <apr_pools.h>

#include "base/fault.h"

/* The whole of a file of up to limit bytes, with a NUL behind it. info (may be NULL): what
 * base_file_changed compares with. INVALID, with the path: it cannot be read, or is no such file. */
base_fault_t *base_file_read(const char *path, apr_size_t limit, const char **text,
                             apr_size_t *length, apr_finfo_t *info, apr_pool_t *pool);

/* Is it another file, or not the same any more? A file that cannot be looked at has changed unless it
 * could not be looked at then. *now: as it is. */
int base_file_changed(const char *path, const apr_finfo_t *known, apr_finfo_t *now,
                      apr_pool_t *pool);

/* A pool with an allocator of its own: for what is used under a lock while the parent's may be in
 * use by another thread. It ends with the parent. */
base_fault_t *base_pool_create(apr_pool_t **own, apr_pool_t *parent);

#endif
