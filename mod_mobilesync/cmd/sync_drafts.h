/* Drafts in Sync (16.0 on): Adds and Changes of messages in the Drafts folder, and email2:Send. */
#ifndef CMD_SYNC_DRAFTS_H
#define CMD_SYNC_DRAFTS_H

#include "cmd/collection.h"
#include "cmd/sync_request.h"
#include "item/attachment.h"
#include "item/draft.h"
#include "item/email.h"

/* One Add or Change of a draft. */
typedef struct {
    cmd_exchange_t *exchange;
    const backend_folder_t *folder;
    const collection_env_t *env;
    const collection_request_t *request; /* the step, without its operations */
    const eas_node_t *node;
    collection_op_t *op;
    backend_entry_t entry; /* of the draft that is changed */
    item_draft_t *draft;   /* what is made of it */
    apr_pool_t *pool;
} sync_draft_t;

/* Are there drafts in that folder, for that client? */
int sync_draft_folder(const cmd_exchange_t *exchange, const backend_folder_t *folder);

/* Makes an operation of the engine of it; draft->op has uid, mask and values already. *status: 0, or
 * what it is answered without the engine, because it cannot be done, or was: with Send the
 * message has been sent, and the draft is gone. Faults: those that end the request. */
base_fault_t *sync_draft_read(sync_draft_t *draft, int *status);

/* What the Response to one that succeeded tells: the attachments that it added (item_attachment_added_t;
 * MS-ASAIRS R1336), and, of an Add, what the server makes of a new draft. */
base_fault_t *sync_draft_added(const sync_draft_t *draft, apr_uint64_t uid,
                               apr_array_header_t **added, apr_pool_t *pool);
base_fault_t *sync_draft_load(const sync_draft_t *draft, apr_uint64_t uid, item_email_t **email,
                              apr_pool_t *pool);

#endif
