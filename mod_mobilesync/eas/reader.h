/* Reads a request: bytes as they arrive -> guard -> libwbxml's parser -> a tree. */
#ifndef EAS_READER_H
#define EAS_READER_H

#include <apr_pools.h>

#include "base/fault.h"
#include "eas/limits.h"
#include "eas/node.h"

typedef struct eas_reader eas_reader_t;

/* directory: where large contents are spilled, NULL = the system's. */
eas_reader_t *eas_reader_create(const eas_limits_t *limits, const char *directory,
                                apr_pool_t *pool);

/* The first fault is latched. Faults: INVALID (Status 102), TOO_LARGE, UNAVAILABLE. */
base_fault_t *eas_reader_feed(eas_reader_t *reader, const void *bytes, apr_size_t length);

/* The end of the body. *root is NULL when there was none (Ping and Sync may be empty). */
base_fault_t *eas_reader_finish(eas_reader_t *reader, const eas_node_t **root);

#endif
