/* Options of Sync and of ItemOperations Fetch (MS-ASCMD 2.2.3.125), read from the request and
 * kept as text between Syncs: they are sticky (R3471 ff.), what a request leaves out whole is as
 * it was. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <apr_pools.h>

#include "base/fault.h"
#include "eas/node.h"
#include "eas/version.h"
#include "item/email.h"

typedef enum { CMD_CONFLICT_CLIENT = 0, CMD_CONFLICT_SERVER = 1 } cmd_conflict_t;

typedef struct {
    int filter_type; /* <= SYNC_FILTER_MAX; which of them there are is the class's affair */
    cmd_conflict_t conflict;
    item_options_t item;
    int refused; /* a Status: something is asked for that is not served; 0 = all is well */
} cmd_options_t;

void cmd_options_init(cmd_options_t *options, eas_version_t version);

/* Reads one Options element. INVALID names the child that is wrong. */
base_fault_t *cmd_options_parse(const eas_node_t *node, cmd_options_t *options, apr_pool_t *pool);

/* ConversationMode of a Collection (MS-ASCMD 2.2.3.36): 0, 1, or COLLECTION_CONVERSATIONS_STICKY
 * where it is absent or the version does not know it. Returns 0 when it is not valid. */
int cmd_options_conversations(const eas_node_t *collection, eas_version_t version, int *value);

/* Does an operation of ItemOperations have an option of another one (MS-ASCMD R3547)? */
int cmd_options_foreign(const eas_node_t *operation);

/* To and from what is kept with the folder's state. Decoding takes what an older or
 * newer server wrote: unknown parts are left out. */
const char *cmd_options_encode(const cmd_options_t *options, apr_pool_t *pool);
void cmd_options_decode(const char *text, cmd_options_t *options);

#endif
