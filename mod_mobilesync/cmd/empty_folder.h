/* ItemOperations EmptyFolderContents (MS-ASCMD 2.2.3.58). */
#ifndef CMD_EMPTY_FOLDER_H
#define CMD_EMPTY_FOLDER_H

#include "cmd/cmd.h"

/* Deletes for good all items of the folder that are there now, with DeleteSubFolders also the
 * folders below, and writes the EmptyFolderContents element of the response. In steps, so that
 * a folder of any size takes little memory; after service->limits.response_time it ends with
 * Status 17, and a repeat goes on. Faults: UNAVAILABLE and TIMEOUT (nothing is written, and what
 * was deleted so far stays so); everything else becomes a Status. */
base_fault_t *cmd_empty_folder(cmd_exchange_t *exchange, const eas_node_t *node, apr_pool_t *pool);

#endif
