/* Where a response is rendered before the state is committed: memory, past
 * EAS_SPOOL_MEMORY bytes an unlinked temporary file. */
#ifndef EAS_SPOOL_H
#define EAS_SPOOL_H

#include <apr_file_io.h>
#include <apr_pools.h>

#include "base/fault.h"

#define EAS_SPOOL_MEMORY (256 * 1024)

typedef struct eas_spool eas_spool_t;

/* directory: where the temporary file goes, NULL = the system's. */
eas_spool_t *eas_spool_create(const char *directory, apr_pool_t *pool);
base_fault_t *eas_spool_append(eas_spool_t *spool, const void *bytes, apr_size_t length);
apr_off_t eas_spool_length(const eas_spool_t *spool);

/* The content for sending: either memory (file is NULL) or an open file whose
 * content starts at 0. Valid as long as the spool's pool. */
base_fault_t *eas_spool_content(eas_spool_t *spool, const char **data, apr_file_t **file,
                                apr_off_t *length);

/* A gzipped copy (RFC 1952) when that is smaller by a tenth at least, else the spool itself. */
base_fault_t *eas_spool_gzip(eas_spool_t *spool, eas_spool_t **result, apr_pool_t *pool);

#endif
