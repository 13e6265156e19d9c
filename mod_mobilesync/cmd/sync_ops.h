/* The client's operations in a Collection's Commands, and the Responses to them (MS-ASCMD
 * 2.2.3.32, 2.2.3.154). */
#ifndef CMD_SYNC_OPS_H
#define CMD_SYNC_OPS_H

#include "cmd/collection.h"
#include "cmd/sync_request.h"

typedef struct sync_ops sync_ops_t;

/* Reads them; what is wrong with one of them alone becomes its Status later. request: the step that
 * they will be in, complete but for them. */
base_fault_t *sync_ops_read(cmd_exchange_t *exchange, const sync_collection_t *asked,
                            const backend_folder_t *folder, const collection_env_t *env,
                            const collection_request_t *request, sync_ops_t **ops,
                            apr_pool_t *pool);

/* Those that go through the engine. */
void sync_ops_engine(const sync_ops_t *ops, const collection_op_t **engine, int *count);

/* Tells others of what the operations changed. */
void sync_ops_publish(const sync_ops_t *ops, const collection_answer_t *answer,
                      const backend_folder_t *folder);

/* Responses: every Add and Fetch, and of the others those that failed. Nothing when there is
 * nothing to say. */
base_fault_t *sync_ops_write_responses(const sync_ops_t *ops, const collection_answer_t *answer,
                                       const backend_folder_t *folder,
                                       const item_options_t *options);

#endif
