/* What the parts of cmd/sync_ops.h share. */
#ifndef CMD_SYNC_OPS_IMPL_H
#define CMD_SYNC_OPS_IMPL_H

#include "cmd/sync_drafts.h"
#include "cmd/sync_ops.h"
#include "item/kind.h"

typedef struct {
    const eas_node_t *node; /* Add, Change, Delete, Fetch */
    int status;             /* what it is answered whatever the engine says; 0: that decides */
    sync_draft_t *draft;    /* NULL: none of a draft */
} sync_op_t;

struct sync_ops {
    cmd_exchange_t *exchange;
    const backend_folder_t *folder;
    const item_kind_t *kind; /* the folder's */
    const collection_env_t *env;
    const collection_request_t *request;
    collection_follow_t *follow; /* of what is changed here; NULL: nothing */
    int drafts;                  /* the client may write messages here */
    const char *trash_id;        /* where deletes go; NULL: items are removed */
    apr_array_header_t *list;    /* sync_op_t */
    apr_array_header_t *engine; /* collection_op_t, of the same indices. One that is refused here is
                                   a Fetch of nothing there: without effect, but the request is
                                   one with operations, whose answer has a key of its own */
    apr_pool_t *pool;
};

#endif
