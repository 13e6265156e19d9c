/* Between search.c (the command) and its stores. */
#ifndef CMD_SEARCH_H
#define CMD_SEARCH_H

#include "cmd/cmd.h"

/* MS-ASCMD 2.2.3.177.13, child of Store, where no fault stands for it */
enum {
    CMD_SEARCH_STATUS_SUCCESS = 1,
    CMD_SEARCH_STATUS_INVALID = 2,
    CMD_SEARCH_STATUS_TOO_COMPLEX = 8,
    CMD_SEARCH_STATUS_TIMED_OUT = 10,
    CMD_SEARCH_STATUS_END_OF_RANGE = 12,
    CMD_SEARCH_STATUS_BLOCKED = 13
};

/* Renders the content of the response's Store, from its Status on; a *status other than success is
 * left to the caller to render. Nothing may be rendered before what can fail. */
typedef base_fault_t *(*cmd_search_store_fn)(cmd_exchange_t *exchange, const eas_node_t *query,
                                             const eas_node_t *options, int *status);

base_fault_t *cmd_search_store_mailbox(cmd_exchange_t *exchange, const eas_node_t *query,
                                       const eas_node_t *options, int *status);
base_fault_t *cmd_search_store_gal(cmd_exchange_t *exchange, const eas_node_t *query,
                                   const eas_node_t *options, int *status);

#endif
