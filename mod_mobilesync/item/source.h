/* The bytes of a blob by offset, wherever they are: small blobs are read into memory once, larger
 * ones through a window, so that a 25 MB message costs the window only. */
#ifndef ITEM_SOURCE_H
#define ITEM_SOURCE_H

#include <apr_pools.h>

#include "backend/backend.h"
#include "base/fault.h"

typedef struct item_source item_source_t;

/* The blob must stay open as long as the source is used. Several sources may share a blob. */
base_fault_t *item_source_open(const backend_blob_t *blob, item_source_t **source,
                               apr_pool_t *pool);

/* The same of size bytes of a file. */
base_fault_t *item_source_open_range(apr_file_t *file, apr_off_t start, apr_uint64_t size,
                                     item_source_t **source, apr_pool_t *pool);

apr_uint64_t item_source_size(const item_source_t *source);

/* A view of the bytes at offset: at least one unless the end is reached, valid until the next
 * call. want: the number of bytes that are needed in one piece, at most ITEM_SOURCE_WINDOW (fewer
 * come at the end only). */
#define ITEM_SOURCE_WINDOW 65536
base_fault_t *item_source_view(item_source_t *source, apr_uint64_t offset, apr_size_t want,
                               const char **bytes, apr_size_t *length);

/* Copies up to *length bytes from offset; *length = 0 at the end. */
base_fault_t *item_source_read(item_source_t *source, apr_uint64_t offset, char *buffer,
                               apr_size_t *length);

#endif
