/* A device that syncs one folder through the commands. */
#ifndef T_UNIT_CMD_ITEM_HELPERS_H
#define T_UNIT_CMD_ITEM_HELPERS_H

#include "cmd_helpers.h"

#include "backend/blob.h"

/* A device and a folder, and its key. */
typedef struct {
    world_t *world;
    backend_session_t *truth;
    eas_version_t version;
    const char *folder;
    const char *key;
    /* of the next Sync; NULL: none */
    const char *filter, *class_, *moves;
    eas_node_t *commands; /* Sync's Commands of the next request */
    const char *options;  /* Conflict */
    eas_node_t *supported;
    answer_t answer;
} phone_t;

__attribute__((unused)) static const char *folder_of(phone_t *phone, backend_class_t class_)
{
    apr_array_header_t *folders;
    int i;

    if (backend_folder_list(phone->truth, &folders, phone->world->pool))
        abort();
    for (i = 0; i < folders->nelts; i++)
        if (APR_ARRAY_IDX(folders, i, backend_folder_t).class_ == class_)
            return APR_ARRAY_IDX(folders, i, backend_folder_t).id;
    return NULL;
}

__attribute__((unused)) static phone_t *phone_make(apr_pool_t *pool, eas_version_t version,
                                                   backend_class_t class_)
{
    phone_t *phone = apr_pcalloc(pool, sizeof *phone);

    phone->world = world_create(pool);
    phone->world->service.limits.window_default = phone->world->service.limits.window_max = 100;
    phone->world->service.limits.response_bytes = 1000000;
    phone->world->service.limits.response_time = apr_time_from_sec(3600);
    phone->version = version;
    if (backend_session_open(backend_fail_inner(phone->world->service.backend), "alice",
                             &phone->truth, phone->world->pool))
        abort();
    phone->folder = folder_of(phone, class_);
    phone->key = "0";
    return phone;
}

__attribute__((unused)) static apr_uint64_t deliver(phone_t *phone, const char *text)
{
    return backend_memory_deliver(phone->world->service.backend, "alice", phone->folder, text, 0,
                                  0);
}

/* The text of an item, "" when it is gone. */
__attribute__((unused)) static const char *text_of(phone_t *phone, apr_uint64_t uid)
{
    backend_blob_t *blob;

    return backend_item_fetch(phone->truth, phone->folder, uid, &blob, phone->world->pool)
               ? ""
               : apr_pstrmemdup(phone->world->pool, blob->data, (apr_size_t)blob->size);
}

__attribute__((unused)) static void rewrite(phone_t *phone, apr_uint64_t uid, const char *text)
{
    apr_pool_t *pool = phone->world->pool;
    backend_entry_t entry;

    if (backend_item_entry(phone->truth, phone->folder, uid, &entry, pool) ||
        backend_item_replace(phone->truth, phone->folder, uid, entry.token, 0,
                             backend_blob_of(text, strlen(text), pool), &entry, pool))
        abort();
}

__attribute__((unused)) static const char *id_of(const phone_t *phone, apr_uint64_t uid)
{
    return apr_psprintf(phone->world->pool, "%s:1:%" APR_UINT64_T_FMT, phone->folder, uid);
}

/* A command of the next Sync. id: ServerId, of an Add ClientId. Returns ApplicationData. */
__attribute__((unused)) static eas_node_t *command(phone_t *phone, eas_tag_t tag, const char *id)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *made;

    if (!phone->commands)
        phone->commands = node(pool, NULL, EAS_AirSync_Commands, NULL);
    made = node(pool, phone->commands, tag, NULL);
    if (id)
        node(pool, made, tag == EAS_AirSync_Add ? EAS_AirSync_ClientId : EAS_AirSync_ServerId, id);
    return tag == EAS_AirSync_Delete || tag == EAS_AirSync_Fetch
               ? made
               : node(pool, made, EAS_AirSync_ApplicationData, NULL);
}

__attribute__((unused)) static void append(eas_node_t *parent, eas_node_t *child)
{
    if (!child)
        return;
    child->parent = parent;
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

__attribute__((unused)) static const eas_node_t *collection(const phone_t *phone)
{
    const eas_node_t *found = eas_node_child(phone->answer.body, EAS_AirSync_Collections);

    return eas_node_child(found, EAS_AirSync_Collection);
}

/* What comes: its Status when that is not 1; the Responses: "Add c1=1 Change=7"; the Commands:
 * "+1 *2 -3 ~4" of the items' uids. */
__attribute__((unused)) static const char *shown(const phone_t *phone)
{
    apr_pool_t *pool = phone->world->pool;
    const eas_node_t *found = collection(phone), *each;
    const char *text = "", *status = eas_node_child_text(found, EAS_AirSync_Status);

    if (!found)
        return phone->answer.empty ? "" : "none";
    if (strcmp(status, "1") != 0)
        return apr_pstrcat(pool, "Status ", status, NULL);
    each = eas_node_child(found, EAS_AirSync_Responses);
    for (each = each ? each->first : NULL; each; each = each->next)
        text = apr_psprintf(pool, "%s%s=%s ", text, eas_tag_name(each->tag),
                            eas_node_child_text(each, EAS_AirSync_Status));
    each = eas_node_child(found, EAS_AirSync_Commands);
    for (each = each ? each->first : NULL; each; each = each->next)
        text = apr_psprintf(pool, "%s%c%s ", text,
                            each->tag == EAS_AirSync_Add      ? '+'
                            : each->tag == EAS_AirSync_Change ? '*'
                            : each->tag == EAS_AirSync_Delete ? '-'
                                                              : '~',
                            strrchr(eas_node_child_text(each, EAS_AirSync_ServerId), ':') + 1);
    return text;
}

/* One Sync; the answer's key is the next one. */
__attribute__((unused)) static const char *sync_folder(phone_t *phone)
{
    apr_pool_t *pool = phone->world->pool;
    eas_node_t *root = node(pool, NULL, EAS_AirSync_Sync, NULL), *one, *options;
    const char *key;

    one = node(pool, node(pool, root, EAS_AirSync_Collections, NULL), EAS_AirSync_Collection, NULL);
    node(pool, one, EAS_AirSync_SyncKey, phone->key);
    node(pool, one, EAS_AirSync_CollectionId, phone->folder);
    append(one, phone->supported);
    if (phone->moves)
        node(pool, one, EAS_AirSync_DeletesAsMoves, phone->moves);
    if (phone->filter || phone->class_ || phone->options) {
        options = node(pool, one, EAS_AirSync_Options, NULL);
        if (phone->class_)
            node(pool, options, EAS_AirSync_Class, phone->class_);
        if (phone->filter)
            node(pool, options, EAS_AirSync_FilterType, phone->filter);
        if (phone->options)
            node(pool, options, EAS_AirSync_Conflict, phone->options);
    }
    append(one, phone->commands);
    phone->commands = phone->supported = NULL;
    phone->answer =
        run(phone->world, "alice", request(pool, EAS_COMMAND_Sync, phone->version), root, NULL);
    key = eas_node_child_text(collection(phone), EAS_AirSync_SyncKey);
    phone->key = key ? key : phone->key;
    return shown(phone);
}

__attribute__((unused)) static void begin(phone_t *phone)
{
    sync_folder(phone);
    sync_folder(phone);
}

/* The ApplicationData of the first command of that tag. */
__attribute__((unused)) static const eas_node_t *data_of(const phone_t *phone, eas_tag_t tag)
{
    const eas_node_t *commands = eas_node_child(collection(phone), EAS_AirSync_Commands);

    return eas_node_child(eas_node_child(commands, tag), EAS_AirSync_ApplicationData);
}

#endif
