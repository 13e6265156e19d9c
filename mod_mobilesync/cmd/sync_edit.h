/* What a client's Add or Change says of flags and properties: Read, Flag and Categories
 * (MS-ASEMAIL 2.2.2.58, 2.2.2.34, 2.2.2.16). */
#ifndef CMD_SYNC_EDIT_H
#define CMD_SYNC_EDIT_H

#include "cmd/collection.h"
#include "cmd/sync_request.h"

/* Sets the operation's mask, values and edit. uid: the item, 0 for one that is added. INVALID: it can
 * never be meant so (Status 6). */
base_fault_t *sync_edit_read(cmd_exchange_t *exchange, const backend_folder_t *folder,
                             const eas_node_t *data, collection_op_t *op, apr_pool_t *pool);

/* The same for an item that is added: in put, whose flags have been set. */
base_fault_t *sync_edit_put(const collection_op_t *op, backend_put_t *put, apr_pool_t *pool);

#endif
