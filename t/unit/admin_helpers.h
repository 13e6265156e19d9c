/* What the tests of administration share: a desk that asks, and SyncStates that it finds. */
#ifndef T_UNIT_ADMIN_HELPERS_H
#define T_UNIT_ADMIN_HELPERS_H

#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <jansson.h>

#include "admin/admin.h"
#include "base/text.h"
#include "state/audit.h"
#include "state/recorder.h"
#include "state/fail.h"
#include "sync/folder_state.h"
#include "sync/held.h"
#include "sync/hierarchy.h"

#define SERIES "0123456789abcdef"
#define ODD "a b{c}\"\xc3\xbc%;'\\?#&=+"

typedef struct {
    admin_service_t service;
    admin_response_t *response;
    json_t *json; /* of the last answer */
    apr_pool_t *pool;
} desk_t;

static apr_status_t json_end(void *data)
{
    json_decref(data);
    return APR_SUCCESS;
}

/* One request. body NULL: none, and the header that confirms it. */
static int ask(desk_t *desk, const char *method, const char *path, const char *query,
               const char *body)
{
    admin_request_t request = {.method = method,
                               .path = path,
                               .query = query,
                               .content_type = body ? "application/json; charset=utf-8" : NULL,
                               .confirmation = body ? NULL : "1",
                               .body = body,
                               .body_length = body ? strlen(body) : 0,
                               .actor = "root",
                               .remote = "192.0.2.7",
                               .now = apr_time_now()};

    desk->response = admin_handle(&desk->service, &request, desk->pool);
    desk->json = json_loadb(desk->response->body, desk->response->length, 0, NULL);
    if (desk->json)
        apr_pool_cleanup_register(desk->pool, desk->json, json_end, apr_pool_cleanup_null);
    else
        ok(0, "%s %s: the answer is JSON", method, path);
    return desk->response->status;
}

static int get(desk_t *desk, const char *path, const char *query)
{
    return ask(desk, "GET", path, query, NULL);
}

/* A member of the last answer, by the way to it: "devices/0/device". Numbers as text. */
static const char *member(desk_t *desk, const char *path)
{
    char *last, *name = apr_strtok(apr_pstrdup(desk->pool, path), "/", &last);
    const json_t *json = desk->json;

    for (; name && json; name = apr_strtok(NULL, "/", &last))
        json = json_is_array(json) ? json_array_get(json, (size_t)apr_atoi64(name))
                                   : json_object_get(json, name);
    if (json_is_integer(json))
        return apr_psprintf(desk->pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(json));
    if (json_is_boolean(json))
        return json_is_true(json) ? "true" : "false";
    if (json_is_array(json))
        return apr_psprintf(desk->pool, "[%d]", (int)json_array_size(json));
    return json_is_null(json) ? "null" : json_string_value(json);
}

static desk_t *desk_make(state_store_t *store, apr_pool_t *pool)
{
    desk_t *desk = apr_pcalloc(pool, sizeof *desk);

    desk->pool = pool;
    desk->service.store = store;
    desk->service.bus = wake_bus_create_memory(pool);
    desk->service.node = "here";
    return desk;
}

/* -- SyncStates ------------------------------------------------------------- */

static void put(state_store_t *store, const state_key_t *key, const state_field_t *fields,
                int count, apr_pool_t *pool)
{
    apr_uint64_t version;
    base_fault_t *fault =
        state_record_commit(store, key, 0, fields, count, NULL, 0, &version, pool);

    if (fault)
        ok(0, "%s", fault->message);
}

/* A folder of which the base has `held` items (in two chunks), and an unconfirmed answer added two
 * more and took the first away. */
static void put_folder(state_store_t *store, const char *account, const char *device,
                       const char *id, int held, apr_pool_t *pool)
{
    const state_key_t key = {
        .account = account, .device = device, .kind = STATE_RECORD_FOLDER, .name = id};
    sync_delta_entry_t entries[] = {{.uid = 5000, .op = SYNC_OP_ADD, .held = 1},
                                    {.uid = 5001, .op = SYNC_OP_ADD, .held = 1},
                                    {.uid = 1000, .op = SYNC_OP_DELETE}};
    sync_delta_t delta = {.entries = entries, .count = 3};
    sync_pending_t pending = {.after = {.cursor = "c2"}, .more = 1};
    base_text_buffer_t meta = {.pool = pool}, packed = {.pool = pool};
    sync_folder_state_t state = {.base = {.cursor = "c1"}, .generation = 1, .protocol = 161};
    sync_held_t *set = sync_held_make(pool);
    const sync_held_write_t *writes;
    state_field_t fields[8];
    unsigned dropped;
    int i, count;

    sync_keys_start(&state.keys, SERIES);
    sync_folder_state_answer(&state, "digest", &pending, &dropped);
    sync_folder_state_pack(&state, &meta);
    sync_delta_pack(&delta, &packed);
    sync_held_load(set, 0, NULL, 0);
    sync_held_load(set, 1, NULL, 0);
    for (i = 0; i < held; i++)
        sync_held_set(set, 1000 + (apr_uint64_t)i, 1);
    fields[0] = (state_field_t){.name = "m", .data = meta.data, .length = meta.length};
    fields[1] = (state_field_t){.name = "p.2", .data = packed.data, .length = packed.length};
    writes = sync_held_changed(set, &count, pool);
    for (i = 0; i < count; i++)
        fields[2 + i] = (state_field_t){
            .name = writes[i].field, .data = writes[i].data, .length = writes[i].length};
    put(store, &key, fields, 2 + count, pool);
}

static void put_hierarchy(state_store_t *store, const char *account, const char *device,
                          apr_pool_t *pool)
{
    const state_key_t key = {.account = account, .device = device, .kind = STATE_RECORD_HIERARCHY};
    apr_array_header_t *folders = apr_array_make(pool, 2, sizeof(sync_folder_t));
    base_text_buffer_t meta = {.pool = pool}, list = {.pool = pool};
    sync_hierarchy_state_t state = {.protocol = 161};
    state_field_t fields[2];

    APR_ARRAY_PUSH(folders, sync_folder_t) =
        (sync_folder_t){.id = "5", .parent_id = "0", .name = "Inbox", .type = 2};
    APR_ARRAY_PUSH(folders, sync_folder_t) =
        (sync_folder_t){.id = "9", .parent_id = "0", .name = "Dates", .type = 8};
    sync_keys_start(&state.keys, SERIES);
    sync_hierarchy_state_pack(&state, &meta);
    sync_hierarchy_folders_pack(folders, &list);
    fields[0] = (state_field_t){.name = "m", .data = meta.data, .length = meta.length};
    fields[1] = (state_field_t){.name = "b", .data = list.data, .length = list.length};
    put(store, &key, fields, 2, pool);
}

/* A device that synchronises folder 5. last: when it was seen, in days since the epoch. */
static void put_device(state_store_t *store, const char *account, const char *device,
                       const char *type, int last, apr_pool_t *pool)
{
    const state_key_t key = {.account = account, .device = device, .kind = STATE_RECORD_DEVICE};
    const char *seen = apr_psprintf(pool, "%" APR_TIME_T_FMT, apr_time_from_sec(86400) * last);
    state_field_t fields[] = {
        {.name = "type", .data = type, .length = strlen(type)},
        {.name = "agent", .data = "Phone/1.0", .length = 9},
        {.name = "first", .data = seen, .length = strlen(seen)},
        {.name = "last", .data = seen, .length = strlen(seen)},
    };

    put(store, &key, fields, 4, pool);
    put_hierarchy(store, account, device, pool);
    put_folder(store, account, device, "5", 30, pool);
}

/* -- requests --------------------------------------------------------------- */

#endif
