/* What a Sync asks (MS-ASCMD 2.2.1.21), from its XML or from the request cached for empty and
 * Partial Syncs. Only collections without operations of the client come from the cache. */
#ifndef CMD_SYNC_REQUEST_H
#define CMD_SYNC_REQUEST_H

#include "cmd/cmd.h"
#include "cmd/collection.h"
#include "cmd/options.h"

#define SYNC_COLLECTIONS_MAX 300 /* in one request (Status 15 beyond) */

/* MS-ASCMD 2.2.3.177.17 */
enum {
    SYNC_STATUS_SUCCESS = 1,
    SYNC_STATUS_KEY = 3,
    SYNC_STATUS_PROTOCOL = 4,
    SYNC_STATUS_SERVER = 5,
    SYNC_STATUS_CONVERSION = 6,
    SYNC_STATUS_CONFLICT = 7,
    SYNC_STATUS_NOT_FOUND = 8,
    SYNC_STATUS_FULL = 9,
    SYNC_STATUS_HIERARCHY = 12,
    SYNC_STATUS_INCOMPLETE = 13,
    SYNC_STATUS_WAIT = 14,
    SYNC_STATUS_TOO_MANY = 15,
    SYNC_STATUS_RETRY = 16
};

typedef struct {
    const char *folder_id;
    const char *key;
    const char *digest; /* SHA-1 in hex of all of the Collection but its key */
    int window;         /* 0: not named */
    int get_changes;
    int deletes_as_moves;
    int conversations;          /* ConversationMode, as in collection_request_t */
    const char *options;        /* cmd_options_encode, NULL: the sticky ones hold */
    const eas_node_t *commands; /* NULL: no operations */
    const char *class_;         /* that Options names, NULL: none */
    const char *supported;      /* sync_supported_encode, NULL: none */
    int status;                 /* not 0: what is wrong with it */
} sync_collection_t;

typedef struct {
    int window;       /* global WindowSize, 0: not named */
    int wait;         /* seconds to wait for changes, 0: none */
    int ends_hanging; /* the device's last Sync was one that waits: it may still be waiting */
    int limit;        /* with status 14 or 15: what Limit says */
    int status;       /* not 0: what is wrong with the whole request */
    apr_array_header_t *collections; /* sync_collection_t */
} sync_request_t;

/* Reads exchange->body (NULL: an empty Sync). Faults are those of the store. */
base_fault_t *sync_request_read(cmd_exchange_t *exchange, sync_request_t **request);

/* SHA-1 in hex of an element with all that is in it. */
base_fault_t *sync_request_digest(const eas_node_t *node, const char **digest, apr_pool_t *pool);

/* Can it be kept as text? Not with operations of the client, nor when something is wrong. */
int sync_request_is_cacheable(const sync_request_t *request);
const char *sync_request_encode(const sync_request_t *request, apr_pool_t *pool);
base_fault_t *sync_request_decode(const char *text, sync_request_t **request, apr_pool_t *pool);

#endif
