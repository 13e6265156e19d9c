#include "cmd/sync_request.h"
#include "cmd/profile.h"
#include "cmd/sync_merge.h"

#include <stdlib.h>
#include <string.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/text.h"
#include "sync/key.h"

#define SYNC_WINDOW_MAX 512
#define SYNC_DIGEST_SLICE 16384

/* -- digest --------------------------------------------------------------------------------- */

static base_fault_t *digest_content(const eas_node_t *node, apr_sha1_ctx_t *sha, apr_pool_t *pool)
{
    char buffer[SYNC_DIGEST_SLICE];
    apr_off_t offset = node->offset;
    apr_size_t rest = node->length;

    apr_sha1_update_binary(sha, (const unsigned char *)&node->length, sizeof node->length);
    if (!node->file) {
        apr_sha1_update_binary(sha, (const unsigned char *)node->text, (unsigned)node->length);
        return NULL;
    }
    if (apr_file_seek(node->file, APR_SET, &offset) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "reading a spilled part of the request");
    while (rest) {
        apr_size_t n = rest < sizeof buffer ? rest : sizeof buffer;

        if (apr_file_read_full(node->file, buffer, n, &n) != APR_SUCCESS)
            return base_fault_make(pool, BASE_FAULT_INTERNAL,
                                   "reading a spilled part of the request");
        apr_sha1_update_binary(sha, (const unsigned char *)buffer, (unsigned)n);
        rest -= n;
    }
    return NULL;
}

/* Depth is bounded by the guard before the reader. */
static base_fault_t *digest_node(const eas_node_t *node, apr_sha1_ctx_t *sha, apr_pool_t *pool)
{
    const eas_node_t *child;

    apr_sha1_update_binary(sha, (const unsigned char *)&node->tag, sizeof node->tag);
    BASE_TRY(digest_content(node, sha, pool));
    for (child = node->first; child; child = child->next)
        if (child->tag != EAS_AirSync_SyncKey)
            BASE_TRY(digest_node(child, sha, pool));
    return NULL;
}

static base_fault_t *sync_digest(const eas_node_t *node, int window, const char **digest,
                                 apr_pool_t *pool)
{
    apr_sha1_ctx_t sha;
    unsigned char bytes[APR_SHA1_DIGESTSIZE];

    apr_sha1_init(&sha);
    apr_sha1_update_binary(&sha, (const unsigned char *)&window, sizeof window);
    BASE_TRY(digest_node(node, &sha, pool));
    apr_sha1_final(bytes, &sha);
    *digest = base_text_hex_encode(bytes, sizeof bytes, pool);
    return NULL;
}

base_fault_t *sync_request_digest(const eas_node_t *node, const char **digest, apr_pool_t *pool)
{
    return sync_digest(node, 0, digest, pool);
}

/* -- reading ---------------------------------------------------------------------------------- */

/* Sync keys and folder ids go into records and logs: nothing but what we may have given out. */
static int sync_text_plain(const char *text, size_t maximum)
{
    size_t length = strlen(text);

    return length > 0 && length <= maximum &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:{}") ==
               length;
}

static int sync_window(const eas_node_t *node, int *window)
{
    apr_uint64_t value = 0;
    int found = eas_node_child_uint(node, EAS_AirSync_WindowSize, APR_INT32_MAX, &value);

    /* R4766 ff.: 0 and everything above 512 mean 512 */
    *window = found <= 0 ? 0 : value == 0 || value > SYNC_WINDOW_MAX ? SYNC_WINDOW_MAX : (int)value;
    return found >= 0;
}

/* One Options for the items; another one is for SMS, which a mailbox does not have (R930, R934). 0,
 * or a Status. */
static int sync_options(const eas_node_t *collection, eas_version_t version, const char **encoded,
                        const char **named, apr_pool_t *pool)
{
    const eas_node_t *node;
    cmd_options_t options;

    *encoded = *named = NULL;
    for (node = eas_node_child(collection, EAS_AirSync_Options); node; node = eas_node_next(node)) {
        const char *class_ = eas_node_child_text(node, EAS_AirSync_Class);

        if (class_ && strcmp(class_, "SMS") == 0)
            continue;
        if (*encoded)
            return SYNC_STATUS_PROTOCOL;
        cmd_options_init(&options, version);
        if (cmd_options_parse(node, &options, pool))
            return SYNC_STATUS_PROTOCOL;
        if (options.refused)
            return options.refused;
        *encoded = cmd_options_encode(&options, pool);
        *named = class_;
    }
    return 0;
}

static base_fault_t *sync_collection_read(const eas_node_t *node, int window, eas_version_t version,
                                          sync_collection_t *collection, apr_pool_t *pool)
{
    const char *key = eas_node_child_text(node, EAS_AirSync_SyncKey);
    const char *folder_id = eas_node_child_text(node, EAS_AirSync_CollectionId);
    int get_changes, initial, valid;

    memset(collection, 0, sizeof *collection);
    collection->folder_id = cmd_id_echo(folder_id);
    collection->key = key ? key : "0";
    if (!key || !folder_id || !sync_text_plain(folder_id, 64)) {
        collection->status = SYNC_STATUS_PROTOCOL;
        return NULL;
    }
    if (!sync_text_plain(key, SYNC_KEY_MAX)) {
        collection->key = "0";
        collection->status = SYNC_STATUS_KEY;
        return NULL;
    }
    initial = strcmp(key, "0") == 0;
    get_changes = eas_node_child_flag(node, EAS_AirSync_GetChanges, !initial);
    collection->get_changes = get_changes;
    collection->deletes_as_moves = eas_node_child_flag(node, EAS_AirSync_DeletesAsMoves, 1);
    valid = cmd_options_conversations(node, version, &collection->conversations);
    collection->commands = eas_node_child(node, EAS_AirSync_Commands);
    collection->supported =
        sync_supported_encode(eas_node_child(node, EAS_AirSync_Supported), pool);
    collection->status =
        sync_options(node, version, &collection->options, &collection->class_, pool);
    if (!valid || get_changes < 0 || (initial && get_changes) || collection->deletes_as_moves < 0 ||
        (initial && collection->commands) || !sync_window(node, &collection->window))
        collection->status = SYNC_STATUS_PROTOCOL;
    return sync_digest(node, window, &collection->digest, pool);
}

/* Wait is in minutes, HeartbeatInterval in seconds; Limit answers in the unit asked in. */
static void sync_wait(const cmd_exchange_t *exchange, sync_request_t *request)
{
    const cmd_limits_t *limits = &exchange->service->limits;
    apr_uint64_t value = 0;
    int unit = 60, least, most;
    int wait = eas_node_child_uint(exchange->body, EAS_AirSync_Wait, APR_INT32_MAX, &value);
    int beat =
        eas_node_child_uint(exchange->body, EAS_AirSync_HeartbeatInterval, APR_INT32_MAX, &value);

    if (!wait && !beat)
        return;
    if (wait < 0 || beat < 0 || (wait && beat)) {
        request->status = SYNC_STATUS_PROTOCOL;
        return;
    }
    if (beat)
        unit = 1;
    least = (limits->heartbeat_min + unit - 1) / unit;
    most = cmd_profile_heartbeat_max(exchange) / unit;
    if (value < (apr_uint64_t)least || value > (apr_uint64_t)most) {
        request->status = SYNC_STATUS_WAIT;
        request->limit = value < (apr_uint64_t)least ? least : most;
        return;
    }
    request->wait = (int)value * unit;
}

static sync_collection_t *sync_find(const sync_request_t *request, const char *folder_id)
{
    int i;

    for (i = 0; i < request->collections->nelts; i++)
        if (!strcmp(APR_ARRAY_IDX(request->collections, i, sync_collection_t).folder_id, folder_id))
            return &APR_ARRAY_IDX(request->collections, i, sync_collection_t);
    return NULL;
}

static base_fault_t *sync_request_parse(cmd_exchange_t *exchange, sync_request_t *request)
{
    const eas_node_t *collections = eas_node_child(exchange->body, EAS_AirSync_Collections);
    const eas_node_t *node;

    sync_wait(exchange, request);
    if (!sync_window(exchange->body, &request->window))
        request->status = SYNC_STATUS_PROTOCOL;
    for (node = collections ? collections->first : NULL; node; node = node->next) {
        sync_collection_t collection;

        if (node->tag != EAS_AirSync_Collection) {
            request->status = SYNC_STATUS_PROTOCOL;
            return NULL;
        }
        if (request->collections->nelts == SYNC_COLLECTIONS_MAX) {
            request->status = SYNC_STATUS_TOO_MANY;
            request->limit = SYNC_COLLECTIONS_MAX;
            return NULL;
        }
        BASE_TRY(sync_collection_read(node, request->window, exchange->request->version,
                                      &collection, exchange->pool));
        if (sync_find(request, collection.folder_id))
            request->status = SYNC_STATUS_PROTOCOL; /* a collection twice */
        APR_ARRAY_PUSH(request->collections, sync_collection_t) = collection;
    }
    return NULL;
}

/* -- cache ------------------------------------------------------------------------------------ */

/* "window wait" and a line for each collection: id, key, digest, window, get_changes, moves,
 * options; fields apart by tabs. */
const char *sync_request_encode(const sync_request_t *request, apr_pool_t *pool)
{
    base_text_buffer_t out = {.pool = pool};
    int i;

    base_text_buffer_printf(&out, "1\t%d\t%d", request->window, request->wait);
    for (i = 0; i < request->collections->nelts; i++) {
        const sync_collection_t *c = &APR_ARRAY_IDX(request->collections, i, sync_collection_t);

        base_text_buffer_printf(&out, "\n%s\t%s\t%s\t%d\t%d\t%d\t%s", c->folder_id, c->key,
                                c->digest, c->window, c->get_changes, c->deletes_as_moves,
                                c->options ? c->options : "-");
    }
    return out.data;
}

static int sync_cache_split(char *line, char *fields[], int count)
{
    int n = 0;

    for (; line && n < count; n++) {
        char *tab = strchr(line, '\t');

        fields[n] = line;
        if (tab)
            *tab++ = '\0';
        line = tab;
    }
    return n == count && !line;
}

/* Takes the collections of the cache that the request does not name itself. Returns 0 when the
 * cache is of another format. */
static int sync_cache_decode(char *text, sync_request_t *request, int whole)
{
    char *fields[7], *line = text, *next = strchr(text, '\n');

    if (next)
        *next++ = '\0';
    if (!sync_cache_split(line, fields, 3) || strcmp(fields[0], "1"))
        return 0;
    if (whole) {
        request->window = atoi(fields[1]);
        request->wait = atoi(fields[2]);
    }
    while ((line = next)) {
        sync_collection_t *c;

        if ((next = strchr(line, '\n')))
            *next++ = '\0';
        if (!sync_cache_split(line, fields, 7))
            return 0;
        if (sync_find(request, fields[0]))
            continue;
        c = apr_array_push(request->collections);
        *c = (sync_collection_t){.folder_id = fields[0],
                                 .key = fields[1],
                                 .digest = fields[2],
                                 .window = atoi(fields[3]),
                                 .get_changes = atoi(fields[4]),
                                 .conversations = COLLECTION_CONVERSATIONS_STICKY,
                                 .deletes_as_moves = atoi(fields[5]),
                                 .options = strcmp(fields[6], "-") ? fields[6] : NULL};
    }
    return 1;
}

base_fault_t *sync_request_decode(const char *text, sync_request_t **result, apr_pool_t *pool)
{
    sync_request_t *request = apr_pcalloc(pool, sizeof *request);

    request->collections = apr_array_make(pool, 4, sizeof(sync_collection_t));
    if (!sync_cache_decode(apr_pstrdup(pool, text), request, 1))
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "a Sync that waits was kept wrongly");
    *result = request;
    return NULL;
}

/* Did the cached request wait? Its third field says for how long. */
static int sync_cache_waits(const state_record_t *record, apr_pool_t *pool)
{
    const state_field_t *cached = state_record_field(record, "sync");
    char *fields[3], *text;

    if (!cached || !cached->length)
        return 0;
    text = apr_pstrmemdup(pool, cached->data, cached->length);
    text[strcspn(text, "\n")] = '\0';
    return sync_cache_split(text, fields, 3) && atoi(fields[2]) > 0;
}

int sync_request_is_cacheable(const sync_request_t *request)
{
    int i;

    for (i = 0; i < request->collections->nelts; i++) {
        const sync_collection_t *c = &APR_ARRAY_IDX(request->collections, i, sync_collection_t);

        if (c->commands || c->status)
            return 0;
    }
    return !request->status && request->collections->nelts > 0;
}

/* R666, R674: a request with a body replaces the cached one, or discards it when it brings
 * changes of the client. Written only when it differs: a phone that says the same again
 * costs no write. */
static base_fault_t *sync_cache_store(cmd_exchange_t *exchange, const state_key_t *key,
                                      const state_record_t *record, const sync_request_t *request)
{
    const state_field_t *old = state_record_field(record, "sync");
    const char *text =
        sync_request_is_cacheable(request) ? sync_request_encode(request, exchange->pool) : "";
    const state_field_t field = {.name = "sync", .data = text, .length = strlen(text)};
    apr_uint64_t version;
    base_fault_t *fault;

    if (old ? old->length == field.length && !memcmp(old->data, text, field.length) : !*text)
        return NULL;
    fault = state_record_commit(exchange->service->store, key, record->version, &field, 1, NULL, 0,
                                &version, exchange->pool);
    /* another request of the device was faster: its request is the newer one */
    return base_fault_code(fault) == BASE_FAULT_CONFLICT ? NULL : fault;
}

base_fault_t *sync_request_read(cmd_exchange_t *exchange, sync_request_t **result)
{
    sync_request_t *request = apr_pcalloc(exchange->pool, sizeof *request);
    const state_key_t key = {.account = exchange->account,
                             .device = exchange->request->device_id,
                             .kind = STATE_RECORD_REQUEST,
                             .name = "sync"};
    const state_field_t *cached;
    state_record_t *record;
    int partial = exchange->body && eas_node_child(exchange->body, EAS_AirSync_Partial);

    *result = request;
    request->collections = apr_array_make(exchange->pool, 4, sizeof(sync_collection_t));
    BASE_TRY(state_record_read(exchange->service->store, &key, NULL, 0, &record, exchange->pool));
    request->ends_hanging = sync_cache_waits(record, exchange->pool);
    if (exchange->body)
        BASE_TRY(sync_request_parse(exchange, request));
    if (!exchange->body || partial) {
        cached = state_record_field(record, "sync");
        if (!cached || !cached->length ||
            !sync_cache_decode(apr_pstrmemdup(exchange->pool, cached->data, cached->length),
                               request, !exchange->body)) {
            request->status = SYNC_STATUS_INCOMPLETE;
            return NULL;
        }
    }
    else if (!request->collections->nelts && !request->status)
        request->status = SYNC_STATUS_PROTOCOL;
    return exchange->body ? sync_cache_store(exchange, &key, record, request) : NULL;
}
