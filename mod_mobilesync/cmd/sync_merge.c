#include "cmd/sync_merge.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "cmd/options.h"
#include "cmd/profile.h"
#include "item/kind.h"

#define SUPPORTED_MAX 256 /* elements; a class has less than half of that */

typedef struct {
    collection_merge_t base; /* first */
    cmd_exchange_t *exchange;
    const backend_folder_t *folder;
    const item_kind_t *kind;
    const eas_node_t *data; /* NULL: an occurrence is deleted */
    const char *instance;
} sync_merge_t;

/* -- Supported --------------------------------------------------------------------------------- */

const char *sync_supported_encode(const eas_node_t *supported, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    const eas_node_t *child = supported ? supported->first : NULL;
    int count = 0;

    if (!supported)
        return NULL;
    base_text_buffer_puts(&out, "s ");
    for (; child && count < SUPPORTED_MAX; child = child->next, count++)
        base_text_buffer_printf(&out, "%u ", child->tag);
    return out.data;
}

/* Of what sync_supported_encode made. */
static apr_array_header_t *supported_decode(const void *data, apr_size_t length, apr_pool_t *pool)
{
    apr_array_header_t *tags = apr_array_make(pool, 64, sizeof(eas_tag_t));
    char *at = apr_pstrmemdup(pool, data, length), *end;

    for (at += strcspn(at, " "); *at; at = end) {
        unsigned long tag = strtoul(at, &end, 10);

        if (end == at)
            break;
        APR_ARRAY_PUSH(tags, eas_tag_t) = (eas_tag_t)tag;
    }
    return tags;
}

/* -- Add and Change ---------------------------------------------------------------------------- */

static base_fault_t *merge_apply(const collection_merge_t *base, const collection_merged_t *given,
                                 const backend_blob_t **blob, int *tell, apr_pool_t *pool)
{
    const sync_merge_t *merge = (const sync_merge_t *)base;
    const item_reference_t reference = {
        .folder_id = merge->folder->id, .generation = merge->folder->generation, .uid = given->uid};
    item_change_t change = {.data = merge->data,
                            .version = merge->exchange->request->version,
                            .key = given->key,
                            .instance = merge->instance,
                            .reference = given->uid ? &reference : NULL,
                            .now = merge->exchange->now,
                            .tell = tell};
    backend_session_t *session;
    backend_identity_t *identity;
    cmd_options_t options;

    cmd_options_init(&options, change.version);
    cmd_options_decode(given->options->blob
                           ? apr_pstrmemdup(pool, given->options->blob, given->options->blob_length)
                           : "",
                       &options);
    cmd_profile_raise(merge->exchange, &options.item);
    change.options = &options.item;
    BASE_TRY(cmd_exchange_session(merge->exchange, &session));
    BASE_TRY(backend_identity(session, &identity, pool));
    change.identity = identity;
    if (given->supported)
        change.supported = supported_decode(given->supported, given->supported_length, pool);
    BASE_TRY(merge->kind->change(&change, given->original, blob, pool));
    if (*blob != given->original && (*blob)->size > merge->exchange->service->limits.item_bytes_max)
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE,
                               "the item would have %" APR_UINT64_T_FMT " bytes", (*blob)->size);
    return NULL;
}

static base_fault_t *merge_identify(const collection_merge_t *base, const char **uid,
                                    apr_pool_t *pool)
{
    const sync_merge_t *merge = (const sync_merge_t *)base;
    item_change_t change = {.data = merge->data, .version = merge->exchange->request->version};
    backend_session_t *session;
    backend_identity_t *identity;

    BASE_TRY(cmd_exchange_session(merge->exchange, &session));
    BASE_TRY(backend_identity(session, &identity, pool));
    change.identity = identity;
    *uid = merge->kind->identity(&change, pool);
    return NULL;
}

base_fault_t *sync_merge_read(cmd_exchange_t *exchange, const backend_folder_t *folder,
                              const eas_node_t *node, collection_op_t *op, apr_pool_t *pool)
{
    const char *class_ = eas_node_child_text(node, EAS_AirSync_Class);
    sync_merge_t *merge = apr_pcalloc(pool, sizeof *merge);

    merge->base.apply = merge_apply;
    merge->exchange = exchange;
    merge->folder = folder;
    merge->kind = item_kind_find(folder->class_);
    if (node->tag != EAS_AirSync_Delete &&
        !(merge->data = eas_node_child(node, EAS_AirSync_ApplicationData)))
        return base_fault_make(pool, BASE_FAULT_INVALID, "no ApplicationData");
    if (class_ && strcmp(class_, merge->kind->name) != 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the folder is not for class %.32s",
                               class_);
    if (eas_tag_in_version(EAS_AirSyncBase_InstanceId, exchange->request->version))
        merge->instance = eas_node_child_text(node, EAS_AirSyncBase_InstanceId);
    if (merge->kind->identity && merge->data)
        merge->base.identify = merge_identify;
    op->client_id = eas_node_child_text(node, EAS_AirSync_ClientId);
    op->merge = &merge->base;
    return sync_request_digest(node, &op->content_digest, pool);
}
