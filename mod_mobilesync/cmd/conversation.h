/* Conversations that are always moved (MS-ASCON 3.1.5.5, 3.1.5.6): all messages of one, those to
 * come as well, go to a folder; to the Deleted Items: the conversation is ignored.
 *
 * Which ones is kept with the mailbox (a setting: a line "CONVERSATION FOLDER" each), and applied
 * before a device looks at the mailbox, since any program may have delivered. */
#ifndef CMD_CONVERSATION_H
#define CMD_CONVERSATION_H

#include "cmd/cmd.h"

/* Move of ItemOperations (MS-ASCMD 2.2.3.117.1): writes its answer. Only an outage is a fault. */
base_fault_t *cmd_conversation_move(cmd_exchange_t *exchange, const eas_node_t *node,
                                    apr_pool_t *pool);

/* Moves what arrived meanwhile. Costs next to nothing where no conversation is moved. Failures are
 * logged: nobody may lose a Sync by them. */
void cmd_conversation_apply(cmd_exchange_t *exchange);

#endif
