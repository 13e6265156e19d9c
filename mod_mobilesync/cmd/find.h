/* Between the two kinds of Find. */
#ifndef CMD_FIND_H
#define CMD_FIND_H

#include "cmd/search_mailbox.h"

/* A Find of people. */
base_fault_t *cmd_find_gal(cmd_exchange_t *exchange, const eas_node_t *criterion);

base_fault_t *cmd_find_invalid(const cmd_exchange_t *exchange, const char *what);

/* The text of a child that may be there once; NULL when it is not there. */
base_fault_t *cmd_find_text(cmd_exchange_t *exchange, const eas_node_t *parent, eas_tag_t tag,
                            const char **text);

/* Of Options (NULL: the default). */
base_fault_t *cmd_find_range(cmd_exchange_t *exchange, const eas_node_t *options,
                             cmd_range_t *range);

/* Begins the answer; Find and Response stay open. */
void cmd_find_open(cmd_exchange_t *exchange, int status);

#endif
