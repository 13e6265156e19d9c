/* One Collection of a Sync: from its XML through the engine (collection.h) to its XML. */
#ifndef CMD_SYNC_STEP_H
#define CMD_SYNC_STEP_H

#include "cmd/collection.h"
#include "cmd/sync_request.h"

/* What the collections of one response share. */
typedef struct {
    cmd_exchange_t *exchange;
    const sync_request_t *request;
    apr_time_t started;
    apr_uint64_t bytes; /* estimated so far */
    int window;         /* items that the global WindowSize still allows */
    int open;           /* Sync and Collections have been started */
    int again;          /* not the first try */
} sync_run_t;

typedef struct {
    sync_collection_t *asked;
    collection_t *collection; /* NULL when nothing is to be committed */
} sync_step_t;

/* Prepares and renders. A fault ends the whole Sync (outage); what is wrong with this collection
 * alone is rendered as its Status. */
base_fault_t *sync_step_run(sync_run_t *run, sync_step_t *step, apr_pool_t *pool);

/* <Collection> with a Status and nothing else. */
void sync_step_write_status(sync_run_t *run, const sync_collection_t *asked, int status);

#endif
