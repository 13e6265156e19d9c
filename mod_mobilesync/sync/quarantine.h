/* Items of a folder that a device was not given because they cannot be rendered: field "q" of the
 * FOLDER record (sync/folder_state.h), written with the answer that left them out. An item leaves
 * the list when it is given, or is gone. */
#ifndef SYNC_QUARANTINE_H
#define SYNC_QUARANTINE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "sync/pack.h"

#define SYNC_QUARANTINE_FIELD "q"
#define SYNC_QUARANTINE_MAX 100        /* items listed; those beyond are left out all the same */
#define SYNC_QUARANTINE_REASON_MAX 200 /* bytes */

typedef struct {
    apr_uint64_t uid;
    apr_time_t when; /* tried last */
    unsigned tries;
    const char *reason;
} sync_quarantined_t;

typedef struct {
    apr_array_header_t *items; /* sync_quarantined_t, the oldest first */
    int changed;               /* since it was read */
    apr_pool_t *pool;
} sync_quarantine_t;

/* Of the field's bytes; empty when there are none (data NULL), or when they are damaged, as nothing
 * but what is shown depends on them. */
sync_quarantine_t *sync_quarantine_unpack(const void *data, apr_size_t length, apr_pool_t *pool);
void sync_quarantine_pack(const sync_quarantine_t *quarantine, base_text_buffer_t *out);

/* NULL: it is not listed. */
sync_quarantined_t *sync_quarantine_find(const sync_quarantine_t *quarantine, apr_uint64_t uid);
/* Tried once (more). When the list is full the oldest entry gives way. */
void sync_quarantine_put(sync_quarantine_t *quarantine, apr_uint64_t uid, apr_time_t when,
                         const char *reason);
void sync_quarantine_remove(sync_quarantine_t *quarantine, apr_uint64_t uid);

#endif
