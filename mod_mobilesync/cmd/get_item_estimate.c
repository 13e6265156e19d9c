/* GetItemEstimate (MS-ASCMD 2.2.1.9): how many changes a Sync would bring. Reads only. */
#include "cmd/cmd.h"
#include "cmd/collection.h"
#include "cmd/options.h"

#include <string.h>

#include "eas/status.h"
#include "sync/filter.h"

#define ESTIMATE_COLLECTIONS_MAX 300

/* FilterType stands in Options from 14.0 on and in the Collection before. NULL: the sticky one. */
static base_fault_t *estimate_options(const eas_node_t *node, collection_options_t *options,
                                      const collection_options_t **asked, apr_pool_t *pool)
{
    const eas_node_t *within = eas_node_child(node, EAS_AirSync_Options);
    apr_uint64_t filter = 0;
    int found = eas_node_child_uint(within ? within : node, EAS_AirSync_FilterType, SYNC_FILTER_MAX,
                                    &filter);

    if (found < 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "FilterType is not valid");
    options->filter = (int)filter;
    *asked = found || within ? options : NULL;
    return NULL;
}

static base_fault_t *estimate_count(cmd_exchange_t *exchange, const eas_node_t *node,
                                    apr_uint64_t *count, apr_pool_t *pool)
{
    const char *folder_id = eas_node_child_text(node, EAS_GetItemEstimate_CollectionId);
    const char *key = eas_node_child_text(node, EAS_AirSync_SyncKey);
    collection_env_t env = {.store = exchange->service->store, .log = exchange->log};
    collection_options_t options = {.filter = 0};
    collection_request_t request = {.account = exchange->account,
                                    .device = exchange->request->device_id,
                                    .folder_id = folder_id,
                                    .key = key,
                                    .now = exchange->now};
    backend_folder_t *folder;

    if (!folder_id || !key)
        return base_fault_make(pool, BASE_FAULT_INVALID, "CollectionId or SyncKey is missing");
    BASE_TRY(cmd_exchange_session(exchange, &env.backend));
    BASE_TRY(cmd_exchange_folder(exchange, folder_id, &folder));
    BASE_TRY(estimate_options(node, &options, &request.options, pool));
    if (!cmd_options_conversations(node, exchange->request->version, &request.conversations))
        return base_fault_make(pool, BASE_FAULT_INVALID, "ConversationMode is not valid");
    if (request.conversations != COLLECTION_CONVERSATIONS_STICKY &&
        folder->class_ != BACKEND_CLASS_EMAIL) /* MS-ASCMD R2100: Status 103 */
        return base_fault_make(pool, BASE_FAULT_INVALID, "ConversationMode for what is no mail");
    request.class_ = folder->class_;
    request.generation = folder->generation;
    return collection_estimate(&env, &request, count, pool);
}

/* What is no Status of the collection: an outage, and at 12.1 what is an HTTP code there. */
static int estimate_is_global(const cmd_exchange_t *exchange, const base_fault_t *fault)
{
    return fault->code == BASE_FAULT_UNAVAILABLE || fault->code == BASE_FAULT_TIMEOUT ||
           (exchange->request->version < EAS_VERSION_14_0 &&
            eas_status_http(EAS_COMMAND_GetItemEstimate,
                            eas_status_from_fault(EAS_COMMAND_GetItemEstimate, fault->code)));
}

/* MS-ASCMD 2.2.3.177.7: 2 invalid collection, 3 not primed, 4 invalid key. */
static base_fault_t *estimate_collection(cmd_exchange_t *exchange, const eas_node_t *node,
                                         apr_pool_t *pool)
{
    eas_writer_t *writer = exchange->writer;
    const char *folder_id =
        cmd_id_echo(eas_node_child_text(node, EAS_GetItemEstimate_CollectionId));
    apr_uint64_t count = 0;
    base_fault_t *fault = estimate_count(exchange, node, &count, pool);

    if (fault && estimate_is_global(exchange, fault))
        return base_fault_wrap(fault, exchange->pool, "GetItemEstimate");
    if (fault)
        base_log_write(exchange->log, cmd_fault_level(fault->code),
                       "GetItemEstimate of %s, device %s, collection %s: %s", exchange->account,
                       exchange->request->device_id, folder_id, fault->message);
    eas_writer_start(writer, EAS_GetItemEstimate_Response);
    eas_writer_uint(
        writer, EAS_GetItemEstimate_Status,
        fault ? (apr_uint64_t)eas_status_from_fault(EAS_COMMAND_GetItemEstimate, fault->code)
              : EAS_STATUS_SUCCESS);
    if (*folder_id) {
        eas_writer_start(writer, EAS_GetItemEstimate_Collection);
        eas_writer_text(writer, EAS_GetItemEstimate_CollectionId, folder_id);
        if (!fault)
            eas_writer_uint(writer, EAS_GetItemEstimate_Estimate, count);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
    return NULL;
}

base_fault_t *cmd_get_item_estimate_run(cmd_exchange_t *exchange)
{
    const eas_node_t *node = eas_node_child(exchange->body, EAS_GetItemEstimate_Collections);
    apr_pool_t *subpool;
    int count = 0;

    node = eas_node_child(node, EAS_GetItemEstimate_Collection);
    if (!node)
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                               "GetItemEstimate names no collection");
    apr_pool_create(&subpool, exchange->pool);
    eas_writer_start(exchange->writer, EAS_GetItemEstimate_GetItemEstimate);
    for (; node; node = eas_node_next(node)) {
        if (++count > ESTIMATE_COLLECTIONS_MAX)
            return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                                   "GetItemEstimate names more than %d collections",
                                   ESTIMATE_COLLECTIONS_MAX);
        apr_pool_clear(subpool);
        BASE_TRY(estimate_collection(exchange, node, subpool));
    }
    eas_writer_end(exchange->writer);
    return NULL;
}
