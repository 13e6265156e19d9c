/* What drivers and their callers do with a backend_blob_t. */
#ifndef BACKEND_BLOB_H
#define BACKEND_BLOB_H

#include "backend/backend.h"

/* The whole blob in memory (not NUL-terminated): the blob's own data where it has some, else the
 * file's first size bytes, read into the pool. CORRUPT when the file is shorter. */
base_fault_t *backend_blob_load(const backend_blob_t *blob, const char **data, apr_pool_t *pool);

/* A blob of the bytes, which must outlive it. */
backend_blob_t *backend_blob_of(const void *data, apr_uint64_t size, apr_pool_t *pool);

/* 1 when the name can be a derived name ([A-Za-z0-9_-]{1,64}). */
int backend_derived_name_valid(const char *name);

/* The token of an item of another class than mail: 64 bits of its content, never 0 nor all ones. */
apr_uint64_t backend_content_token(const void *data, apr_size_t size);
/* What such an item is; INVALID when it is none of the class. describer NULL: whatever is put. */
base_fault_t *backend_content_describe(const backend_describer_t *describer, backend_class_t class_,
                                       const backend_blob_t *blob,
                                       backend_description_t *description, apr_pool_t *pool);

/* The fault of a replace whose if_match is not the item's token. */
base_fault_t *backend_mismatch(apr_uint64_t uid, apr_pool_t *pool);

/* 1 when a folder can have the display name: legal text of 1 to 255 bytes, no control
 * characters, no white space at its ends, not only dots. */
int backend_folder_name_valid(const char *name);

#endif
