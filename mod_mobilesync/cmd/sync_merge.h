/* What a client's Add and Change make of items that are no mail: through their kind (item/kind.h). */
#ifndef CMD_SYNC_MERGE_H
#define CMD_SYNC_MERGE_H

#include "cmd/collection.h"
#include "cmd/sync_request.h"

/* node: Add, Change, or Delete of one occurrence (InstanceId). Sets the operation's client_id, merge
 * and content_digest. INVALID: it can never be meant so (Status 6). */
base_fault_t *sync_merge_read(cmd_exchange_t *exchange, const backend_folder_t *folder,
                              const eas_node_t *node, collection_op_t *op, apr_pool_t *pool);

/* Supported (MS-ASCMD 2.2.3.179) as it is kept with the state of a folder: tags as numbers, each with
 * a space behind it, after a "s " that tells an empty element from none. NULL for NULL. */
const char *sync_supported_encode(const eas_node_t *supported, apr_pool_t *pool);

#endif
