/* Answers that were begun and not finished: field "t" of the FOLDER record (sync/folder_state.h).
 * Before the items of an answer are rendered the attempt is noted; the commit of the answer takes
 * the note away. What is left of a process that is gone is a crash while encoding, as a hung-up
 * connection leaves none: then the items of that answer are suspects, and are given one by one, so
 * that the one that ends processes is found. SYNC_TRIAL_ALONE crashes with it alone convict it. */
#ifndef SYNC_TRIAL_H
#define SYNC_TRIAL_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "sync/pack.h"

#define SYNC_TRIAL_FIELD "t"
#define SYNC_TRIAL_ALONE 2
#define SYNC_TRIAL_ATTEMPTS_MAX 8 /* at once; the oldest is forgotten */

typedef struct {
    apr_time_t when;
    const char *node;
    apr_uint64_t pid;
    unsigned items;   /* to be rendered */
    apr_uint64_t uid; /* when it is one */
} sync_attempt_t;

typedef struct {
    unsigned suspects;            /* items to be given one by one */
    apr_uint64_t uid;             /* what was alone in the last crashes... */
    unsigned crashes;             /* ...so often; 0: nothing was */
    apr_array_header_t *attempts; /* sync_attempt_t, the oldest first */
    apr_pool_t *pool;
} sync_trial_t;

/* Of the field's bytes; empty when there are none (data NULL) or they are damaged. */
sync_trial_t *sync_trial_unpack(const void *data, apr_size_t length, apr_pool_t *pool);
void sync_trial_pack(const sync_trial_t *trial, base_text_buffer_t *out);
int sync_trial_is_empty(const sync_trial_t *trial);

void sync_trial_begin(sync_trial_t *trial, const sync_attempt_t *attempt);
/* It ended without a crash, and without an answer. */
void sync_trial_end(sync_trial_t *trial, const sync_attempt_t *attempt);
/* Takes in the attempts that is_gone says crashed. */
void sync_trial_judge(sync_trial_t *trial,
                      int (*is_gone)(void *baton, const sync_attempt_t *attempt), void *baton);
/* An answer with so many items is done; no attempt counts any more. */
void sync_trial_passed(sync_trial_t *trial, unsigned items);
int sync_trial_convicts(const sync_trial_t *trial, apr_uint64_t uid);

#endif
