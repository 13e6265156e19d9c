/* The guard stands before libwbxml: a 12 byte request can abort 0.11.8, nesting
 * overflows its stack, and its converter spends quadratic time.
 *
 * It reads a request as it arrives and accepts what MS-ASWBXML 2.1.3 allows: the
 * header 03 01 6A 00, SWITCH_PAGE, END, STR_I, OPAQUE and tags without attributes;
 * no string tables, entities, literals, extensions, processing instructions. It
 * produces a skeleton for the library: the same document, with
 * - one content at most for an element, large ones replaced by a reference to the
 *   spill file, so that 25 MB of MIME cost the library 50 bytes;
 * - text that is legal in XML;
 * - SWITCH_PAGE right before a tag and only where the page changes (two of them
 *   before the root are misread by the library).
 *
 * Faults: INVALID (MS-ASCMD 2.2.2: Status 102), TOO_LARGE (a limit), UNAVAILABLE (no
 * spill file). The first one is latched. */
#ifndef EAS_GUARD_H
#define EAS_GUARD_H

#include <apr_file_io.h>
#include <apr_pools.h>

#include "base/fault.h"
#include "eas/limits.h"
#include "eas/tags.h"

typedef struct eas_guard eas_guard_t;

/* directory: where the spill file goes, NULL = the system's. */
eas_guard_t *eas_guard_create(const eas_limits_t *limits, const char *directory, apr_pool_t *pool);

base_fault_t *eas_guard_feed(eas_guard_t *guard, const void *bytes, apr_size_t length);

/* The end of the request: a fault unless the document is complete. */
base_fault_t *eas_guard_finish(eas_guard_t *guard);

/* 1 before the first byte: the request has no body. */
int eas_guard_is_empty(const eas_guard_t *guard);

/* The skeleton; valid after finish, as long as the pool. */
void eas_guard_skeleton(const eas_guard_t *guard, const unsigned char **bytes, apr_size_t *length);

/* The different tags of the document, in order of their first appearance. */
const eas_tag_t *eas_guard_tags(const eas_guard_t *guard, unsigned *count);

/* When the content is a reference to the spill file: 1 and where it lies. The caller
 * hands in a content that came out of the skeleton. */
int eas_guard_spilled(const eas_guard_t *guard, const char *content, apr_size_t length,
                      apr_file_t **file, apr_off_t *offset, apr_off_t *spilled);

#endif
