/* Files without a name: gone when they are closed, also after a crash. */
#ifndef EAS_TEMPFILE_H
#define EAS_TEMPFILE_H

#include <apr_file_io.h>
#include <apr_pools.h>

#include "base/fault.h"

/* directory: NULL = the system's. Closed with the pool. Fault: UNAVAILABLE. */
base_fault_t *eas_tempfile_open(const char *directory, apr_file_t **file, apr_pool_t *pool);

#endif
