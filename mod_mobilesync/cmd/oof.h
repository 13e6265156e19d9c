/* Out of office: the Oof property of Settings, and the answers to what is delivered here. */
#ifndef CMD_OOF_H
#define CMD_OOF_H

#include "cmd/send.h"

/* The Oof element of a Settings request: writes its answer. */
base_fault_t *cmd_oof_settings(cmd_exchange_t *exchange, const eas_node_t *node);

/* A message was delivered to accounts of this server: answers for those who are away, each sender
 * once in a week for the same text (RFC 5230 4.2). The message is out already: failures are
 * logged. */
void cmd_oof_answer(cmd_send_t *send, const apr_array_header_t *accounts,
                    const item_composed_t *message);

#endif
