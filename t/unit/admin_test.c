/* The administration's requests and answers, over the memory store. */
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

static void test_requests(apr_pool_t *pool)
{
    static const char *const nothing[] = {
        "/nothing",           "/accounts/a/b", "/accounts/%zz", "/devices/a", "/accounts/a/devices",
        "/a/b/c/d/e/f/g/h/i", "/accounts/%00"};
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);
    admin_request_t form = {.method = "POST",
                            .path = "/accounts/a/reset",
                            .content_type = "application/x-www-form-urlencoded",
                            .actor = "root",
                            .remote = "192.0.2.7"};
    size_t i;

    put_device(store, "a", "D", "iPhone", 20000, pool);
    is_int(get(desk, "/", NULL), 200, "GET /");
    is_str(member(desk, "node"), "here", "names the node");
    is_str(desk->response->content_type, "application/json", "in JSON");
    for (i = 0; i < sizeof nothing / sizeof *nothing; i++)
        is_int(get(desk, nothing[i], NULL), 404, nothing[i]);
    is_str(desk->response->content_type, "application/problem+json", "errors are problems");
    is_str(member(desk, "title"), "Not Found", "with a title");
    is_int(ask(desk, "PUT", "/accounts/a", NULL, NULL), 405, "another method");
    is_str(apr_table_get(desk->response->headers, "Allow"), "GET", "is told the right ones");
    is_int(get(desk, "/accounts/a/reset", NULL), 405, "GET changes nothing");
    is_int(ask(desk, "HEAD", "//accounts//a/", NULL, NULL), 200, "HEAD is like GET");
    is_int(get(desk, "/metrics", NULL), 404, "metrics, of which there are none");
    is_int(get(desk, "/accounts", "limt=3"), 400, "an unknown parameter");
    ok(strstr(member(desk, "detail"), "limit after") != NULL, "is told the known ones");
    is_int(get(desk, "/accounts", "limit=%zz"), 400, "a broken escape");
    is_int(get(desk, "/accounts", "limit=0"), 400, "no page at all");
    is_int(get(desk, "/devices", "seen_before=yesterday"), 400, "no date");
    is_int(get(desk, "/devices", "after=x"), 400, "no place to go on from");
    is_int(get(desk, "/audit", "before=x"), 400, "no entry to go on from");
    is_int(ask(desk, "POST", "/accounts/a/reset", "dryrun=1", NULL), 400, "a misspelt dry run");
    is_int(ask(desk, "POST", "/accounts/a/reset", "dry_run=maybe", NULL), 400, "an unclear one");
    is_int(ask(desk, "POST", "/accounts/a/reset", NULL, "{\"dry_run\": [1]}"), 400, "an odd one");
    is_int(ask(desk, "POST", "/accounts/a/reset", NULL, "{\"dry_run\": true"), 400, "broken JSON");
    is_int(ask(desk, "POST", "/accounts/a/reset", NULL, "{\"dry_run\":1,\"dry_run\":0}"), 400,
           "JSON that says two things");
    is_int(admin_handle(&desk->service, &form, pool)->status, 403, "a form of another site");
    form.body = "dry_run=0";
    form.body_length = 9;
    form.confirmation = "1";
    is_int(admin_handle(&desk->service, &form, pool)->status, 400, "a form with the header");
    is_int(get(desk, "/accounts/a/devices/D", NULL), 200, "the device");
    is_str(member(desk, "state"), "active", "has its state still");
    is_int(get(desk, "/audit", NULL), 200, "the audit");
    is_str(member(desk, "entries"), "[0]", "is empty");
}

static void test_show(apr_pool_t *pool)
{
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);
    const state_key_t bad = {
        .account = "a", .device = "D", .kind = STATE_RECORD_FOLDER, .name = "bad"};
    state_field_t garbage = {.name = "m", .data = "\xff\xff\xff", .length = 3};
    const char *odd = base_text_percent_encode(ODD, pool);

    put_device(store, "a", "D", "iPhone", 20000, pool);
    put_device(store, ODD, "E", "Android", 20000, pool);
    put(store, &bad, &garbage, 1, pool);
    is_int(get(desk, "/accounts/a/devices/D", NULL), 200, "a device");
    is_str(member(desk, "type"), "iPhone", "its type");
    is_str(member(desk, "model"), "null", "what is not known is null");
    is_str(member(desk, "last_seen"), "2024-10-04T00:00:00.000Z", "when it was seen");
    is_str(member(desk, "hierarchy_sync_key"), SERIES "-1", "the hierarchy's key");
    is_str(member(desk, "folders"), "[3]", "every folder");
    is_str(member(desk, "folders/0/name"), "Inbox", "its name");
    is_str(member(desk, "folders/0/class"), "Email", "its class");
    is_str(member(desk, "folders/0/sync_key"), SERIES "-2", "the key given last");
    is_str(member(desk, "folders/0/confirmed_sync_key"), SERIES "-1", "and the confirmed one");
    is_str(member(desk, "folders/0/items"), "31", "items held: the answer laid over the base");
    is_str(member(desk, "folders/0/pending/add"), "2", "what the answer added");
    is_str(member(desk, "folders/0/pending/delete"), "1", "and took");
    is_str(member(desk, "folders/0/more_available"), "true", "that there was more");
    is_str(member(desk, "folders/1/class"), "Calendar", "another class");
    is_str(member(desk, "folders/1/synchronised"), "false", "not synchronised");
    is_str(member(desk, "folders/2/damaged"), "folder state", "a damaged one");
    is_str(member(desk, "items"), "31", "all items");
    is_int(get(desk, "/accounts/a/devices/X", NULL), 404, "no such device");
    is_str(member(desk, "devices/0"), "D", "those that there are");
    is_int(get(desk, "/accounts/nobody", NULL), 404, "no such account");
    is_int(get(desk, apr_pstrcat(pool, "/accounts/", odd, NULL), NULL), 200, "an odd account");
    is_str(member(desk, "account"), ODD, "by its name");
    is_str(member(desk, "devices/0/device"), "E", "with its device");
    is_int(get(desk, "/accounts/%FF%C3", NULL), 404, "bytes that are no text");
}

/* -- lists ------------------------------------------------------------------ */

/* Follows "next"; the devices' names, joined. */
static int list_all(desk_t *desk, const char *query, int *pages)
{
    const char *next = NULL;
    int count = 0;

    *pages = 0;
    do {
        const char *whole =
            next ? apr_pstrcat(desk->pool, query,
                               "&after=", base_text_percent_encode(next, desk->pool), NULL)
                 : query;

        if (get(desk, "/devices", whole) != 200)
            return -1;
        count += (int)json_array_size(json_object_get(desk->json, "devices"));
        next = member(desk, "next");
        (*pages)++;
    } while (next && strcmp(next, "null") != 0);
    return count;
}

static void test_lists(apr_pool_t *pool)
{
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);
    int i, pages;

    for (i = 0; i < 24; i++)
        put_device(store, i % 3 ? apr_psprintf(pool, "user%d@x", i % 5) : ODD,
                   apr_psprintf(pool, "D%d", i), i % 2 ? "iPhone" : "SAMSUNG", 20000 + i, pool);
    is_int(list_all(desk, "limit=100", &pages), 24, "devices of all accounts");
    is_int(pages, 1, "in one page");
    is_int(list_all(desk, "limit=5", &pages), 24, "in pages of five");
    ok(pages >= 5, "%d of them", pages);
    is_int(list_all(desk, "limit=2&type=samsung", &pages), 12, "of a type");
    is_int(list_all(desk, "limit=3&account=USER1", &pages), 3, "of accounts with that text");
    is_int(list_all(desk, "limit=100&seen_before=2024-10-09", &pages), 5, "not seen since");
    is_int(list_all(desk, "limit=100&seen_after=2024-10-09T00:00:00Z", &pages), 19, "seen since");
    is_int(list_all(desk, "limit=100&state=empty", &pages), 0, "without states");
    is_int(list_all(desk, "limit=100&agent=phone", &pages), 24, "by agent");
    is_int(list_all(desk, "limit=100&device=d1", &pages), 11, "by device");
    is_int(get(desk, "/devices", "state=x"), 400, "a state that there is not");
    is_int(get(desk, "/accounts", "limit=4"), 200, "accounts");
    is_str(member(desk, "accounts"), "[4]", "a page");
    is_int(get(desk, "/accounts",
               apr_pstrcat(pool, "after=", base_text_percent_encode(member(desk, "next"), pool),
                           NULL)),
           200, "the next");
    is_str(member(desk, "accounts"), "[2]", "has the rest");
    is_str(member(desk, "next"), "null", "and is the last");
}

/* -- actions ---------------------------------------------------------------- */

static void test_reset(apr_pool_t *pool)
{
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);
    const char *undo;

    put_device(store, "a", "D", "iPhone", 20000, pool);
    put_device(store, "a", "E", "iPhone", 20000, pool);
    is_int(ask(desk, "POST", "/accounts/a/devices/D/reset", "dry_run=1", NULL), 200, "a dry run");
    is_str(member(desk, "dry_run"), "true", "says so");
    is_str(member(desk, "folders"), "1", "folders");
    is_str(member(desk, "items"), "31", "items");
    is_str(member(desk, "estimated_mb"), "null", "without a mailbox there is no estimate");
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "state"), "active", "and changes nothing");
    get(desk, "/audit", NULL);
    is_str(member(desk, "entries"), "[0]", "nor is it on record");

    is_int(ask(desk, "POST", "/accounts/a/devices/D/reset", NULL, "{\"dry_run\": false}"), 200,
           "a reset");
    undo = member(desk, "undo");
    ok(undo && strlen(undo) == 16, "that can be undone");
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "state"), "empty", "nothing is left");
    is_str(member(desk, "type"), "iPhone", "but what is known of the device");
    is_str(member(desk, "undo/0/undo"), undo, "and what can be undone");
    get(desk, "/accounts/a/devices/E", NULL);
    is_str(member(desk, "state"), "active", "another device");
    is_str(member(desk, "undo"), "[0]", "has no part in it");
    is_int(ask(desk, "POST", apr_pstrcat(pool, "/accounts/a/undo/", undo, NULL), "dry_run=1", NULL),
           200, "a dry run of undo");
    is_str(member(desk, "possible"), "true", "says that it is possible");
    put_hierarchy(store, "a", "D", pool);
    is_int(ask(desk, "POST", apr_pstrcat(pool, "/accounts/a/undo/", undo, NULL), "dry_run=1", NULL),
           200, "when the device has begun anew");
    is_str(member(desk, "possible"), "false", "it is not");
    is_str(member(desk, "begun_anew/0"), "D", "because of the device");
    is_int(ask(desk, "POST", apr_pstrcat(pool, "/accounts/a/undo/", undo, NULL), NULL, NULL), 409,
           "it is refused");
    is_int(ask(desk, "POST", "/accounts/a/undo/nothing", NULL, NULL), 404, "undo of nothing");
    get(desk, "/audit", NULL);
    is_str(member(desk, "entries"), "[2]", "both are on record");
    is_str(member(desk, "entries/0/outcome"), "failed", "what failed");
    is_str(member(desk, "entries/1/outcome"), "done", "what was done");
    is_str(member(desk, "entries/1/actor"), "root", "who");
    is_str(member(desk, "entries/1/remote"), "192.0.2.7", "from where");
    is_str(member(desk, "entries/1/action"), "device.reset", "what");
    is_str(member(desk, "entries/1/items"), "31", "how much");
    is_str(member(desk, "entries/1/undo"), undo, "and how to undo it");
    get(desk, "/audit", "action=undo&limit=1");
    is_str(member(desk, "entries"), "[1]", "the audit can be filtered");
    is_str(member(desk, "entries/0/action"), "undo", "by action");
    get(desk, "/audit", apr_pstrcat(pool, "before=", member(desk, "next"), NULL));
    is_str(member(desk, "entries/0/action"), "device.reset", "and read page by page");
}

static void test_folder(apr_pool_t *pool)
{
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);
    const char *odd = apr_pstrcat(pool, "/accounts/a/devices/D/folders/",
                                  base_text_percent_encode(ODD, pool), "/reset", NULL);

    put_device(store, "a", "D", "iPhone", 20000, pool);
    put_folder(store, "a", "D", ODD, 10, pool);
    is_int(ask(desk, "POST", "/accounts/a/devices/D/folders/77/reset", NULL, NULL), 404,
           "no such folder");
    is_str(member(desk, "folders"), "[2]", "those that there are");
    is_int(ask(desk, "POST", odd, NULL, NULL), 200, "one folder");
    is_str(member(desk, "folders"), "1", "only");
    is_str(member(desk, "items"), "11", "its items");
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "items"), "31", "the other one stays");
    is_str(member(desk, "undo/0/folder"), ODD, "it can be undone");
    is_int(ask(desk, "POST",
               apr_pstrcat(pool, "/accounts/a/undo/", member(desk, "undo/0/undo"), NULL), NULL,
               NULL),
           200, "undone");
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "items"), "42", "both");
}

static void test_account(apr_pool_t *pool)
{
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);
    const char *undo;

    put_device(store, "a", "D", "iPhone", 20000, pool);
    put_device(store, "a", "E", "iPhone", 20000, pool);
    is_int(ask(desk, "POST", "/accounts/b/reset", NULL, NULL), 404, "an account that is not there");
    is_int(ask(desk, "POST", "/accounts/a/reset", NULL, NULL), 200, "an account");
    is_str(member(desk, "devices"), "[2]", "all devices");
    is_str(member(desk, "items"), "62", "all items");
    undo = member(desk, "undo");
    put_hierarchy(store, "a", "E", pool);
    is_int(ask(desk, "POST", apr_pstrcat(pool, "/accounts/a/undo/", undo, NULL), NULL, NULL), 409,
           "one has begun anew: not undone");
    is_int(ask(desk, "POST", apr_pstrcat(pool, "/accounts/a/undo/", undo, NULL), "device=D", NULL),
           200, "the other one alone is");
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "state"), "active", "as it was");
    is_int(ask(desk, "DELETE", "/accounts/a/devices/D", NULL, NULL), 200, "a removal");
    undo = member(desk, "undo");
    is_int(get(desk, "/accounts/a/devices/D", NULL), 404, "leaves nothing to see");
    is_int(get(desk, "/accounts/a/undo", NULL), 200, "but something to undo");
    is_str(member(desk, "undo/0/action"), "device.remove", "named as what it was");
    is_int(ask(desk, "POST", apr_pstrcat(pool, "/accounts/a/undo/", undo, NULL), NULL, NULL), 200,
           "undone");
    is_int(get(desk, "/accounts/a/devices/D", NULL), 200, "it is back");
}

/* Every call to the store fails once, before or after its effect: an action is done or not done,
 * never by half, and the audit never lacks what was done. */
/* Switching a trace on and off, and what was traced. */
static void test_trace(apr_pool_t *pool)
{
    static const char path[] = "/accounts/a/devices/D/trace";
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);

    put_device(store, "a", "D", "iPhone", 20000, pool);
    is_int(ask(desk, "POST", path, "minutes=0", NULL), 400, "for no minutes");
    is_int(ask(desk, "POST", path, "minutes=1441", NULL), 400, "for more than a day");
    is_int(ask(desk, "POST", path, "content=perhaps", NULL), 400,
           "neither with content nor without");
    is_int(ask(desk, "POST", "/accounts/a/devices/X/trace", NULL, NULL), 404, "nobody");
    is_int(get(desk, path, NULL), 200, "nothing is traced");
    is_str(member(desk, "tracing"), "null", "so far");
    is_int(ask(desk, "DELETE", path, NULL, NULL), 200, "the end of no trace");
    is_str(member(desk, "changes"), "false", "changes nothing");
    is_int(ask(desk, "POST", path, NULL, "{\"minutes\": 5, \"content\": true}"), 200, "on");
    is_str(member(desk, "content"), "true", "with content");
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "tracing/content"), "true", "the device shows it");
    get(desk, "/audit", NULL);
    is_str(member(desk, "entries/0/content"), "shown", "the audit too");
    is_int(ask(desk, "POST", path, NULL, NULL), 200, "on once more");
    get(desk, path, NULL);
    is_str(member(desk, "tracing/content"), "false", "without content");
    state_recorder_add(store, STATE_RECORDER_TRACE, "a", "D",
                       "{\"t\":1,\"d\":\"request\",\"c\":\"Sync\",\"x\":\"<a/>\",\"f\":1}", 5,
                       pool);
    state_recorder_add(store, STATE_RECORDER_TRACE, "a", "D",
                       "{\"t\":2,\"d\":\"response\",\"c\":\"Sync\",\"x\":\"<b/>\",\"u\":1}", 5,
                       pool);
    state_recorder_add(store, STATE_RECORDER_TRACE, "a", "D", "not of ours", 5, pool);
    get(desk, path, NULL);
    is_str(member(desk, "trace"), "[2]", "what was traced");
    is_str(member(desk, "trace/0/direction"), "response", "newest first");
    is_str(member(desk, "trace/0/truncated"), "true", "a long one");
    is_str(member(desk, "trace/1/xml"), "<a/>", "one with content");
    is_int(get(desk, "/accounts/a/devices/D/bundle", NULL), 200, "a bundle");
    is_str(member(desk, "trace/1/xml"), "null", "which has none of that");
    is_str(member(desk, "trace/0/xml"), "<b/>", "but the other");
    ok(!member(desk, "device/folders/0/name"), "nor names of folders");
    is_int(ask(desk, "DELETE", path, NULL, NULL), 200, "off");
    is_str(member(desk, "changes"), "true", "that changes something");
    get(desk, path, NULL);
    is_str(member(desk, "tracing"), "null", "it is off");
}

/* Who waits, as the hubs say that are on the bus. */
static void test_parked(apr_pool_t *pool)
{
    static const char *const folder = "5";
    state_store_t *store = state_store_create_memory(pool);
    desk_t *desk = desk_make(store, pool);
    wake_options_t options = {.account = "a",
                              .device = "D",
                              .kind = WAKE_KIND_PING,
                              .folder_ids = &folder,
                              .folder_count = 1,
                              .since = apr_time_now()};
    wake_waiter_t *waiter;
    wake_hub_t *hub;

    options.deadline = options.since + apr_time_from_sec(300);
    options.wanted = options.since + apr_time_from_sec(900);
    put_device(store, "a", "D", "iPhone", 20000, pool);
    put_device(store, "a", "E", "iPhone", 20000, pool);
    get(desk, "/parked", NULL);
    is_str(member(desk, "pings"), "0", "nobody waits");
    if (wake_hub_create(desk->service.bus, NULL, &hub, pool))
        return;
    wake_hub_identify(hub, "north");
    ok(!wake_waiter_arm(hub, &options, &waiter, pool), "a device waits");
    get(desk, "/parked", NULL);
    is_str(member(desk, "pings"), "1", "it is counted");
    is_str(member(desk, "nodes/0/node"), "north", "at its node");
    get(desk, "/accounts/a", NULL);
    is_str(member(desk, "devices/0/parked/node"), "north", "in a list");
    is_str(member(desk, "devices/1/parked"), "null", "another one does not");
    get(desk, "/devices", "state=parked");
    is_str(member(desk, "devices"), "[1]", "those that wait");
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "parked/heartbeat_asked"), "900", "asked for");
    is_str(member(desk, "parked/heartbeat"), "300", "and granted");
    wake_waiter_end(waiter);
    get(desk, "/accounts/a/devices/D", NULL);
    is_str(member(desk, "parked"), "null", "it waits no more");
    get(desk, "/devices", "search=%20IPHONE%20e");
    is_str(member(desk, "devices"), "[2]", "words that both have");
    get(desk, "/devices", "search=iphone+nothing");
    is_str(member(desk, "devices"), "[0]", "and that none has");
    wake_hub_stop(hub);
}

static void test_faults(apr_pool_t *parent)
{
    static const char *const actions[][2] = {
        {"POST", "/accounts/a/reset"},
        {"POST", "/accounts/a/devices/D/reset"},
        {"POST", "/accounts/a/devices/D/folders/5/reset"},
        {"DELETE", "/accounts/a/devices/D"},
    };
    int when, number, failed = 0, half = 0, unrecorded = 0, wrong = 0, made = 0;
    apr_pool_t *pool;
    size_t i;

    apr_pool_create(&pool, parent);
    for (i = 0; i < sizeof actions / sizeof *actions; i++)
        for (when = STATE_FAIL_BEFORE; when <= STATE_FAIL_AFTER; when++)
            for (number = 1; number < 40; number++) {
                state_fail_plan_t plan = {.at = number, .when = (state_fail_when_t)when};
                state_store_t *store = state_store_create_memory(pool);
                desk_t *desk = desk_make(state_store_create_fail(store, &plan, pool), pool);
                int status, done;
                const char *items;

                put_device(store, "a", "D", "iPhone", 20000, pool);
                put_device(store, "a", "E", "iPhone", 20000, pool);
                status = ask(desk, actions[i][0], actions[i][1], NULL, NULL);
                wrong += status != 200 && status != 503;
                wrong += status == 503 && !apr_table_get(desk->response->headers, "Retry-After");
                failed += status == 503;
                if (plan.calls < number)
                    break;
                plan.at = 0;
                get(desk, "/accounts/a/devices/D", NULL);
                items = member(desk, "items");
                done = !items || strcmp(items, "31") != 0;
                half += items && strcmp(items, "31") != 0 && strcmp(items, "0") != 0;
                if (i == 0) { /* both or none */
                    get(desk, "/accounts/a/devices/E", NULL);
                    half += done != (strcmp(member(desk, "items"), "31") != 0);
                }
                wrong += status == 200 && !done;
                made += done;
                get(desk, "/audit", NULL);
                unrecorded += done && strcmp(member(desk, "entries"), "[1]") != 0;
                apr_pool_clear(pool);
            }
    ok(failed > 20 && made > 4, "%d requests failed, %d actions were done", failed, made);
    is_int(half, 0, "none by half");
    is_int(unrecorded, 0, "none without a record");
    is_int(wrong, 0, "every answer is 200 or 503 with Retry-After, and true");
    apr_pool_destroy(pool);
}

int main(void)
{
    static void (*const tests[])(apr_pool_t * pool) = {test_requests, test_show,   test_lists,
                                                       test_reset,    test_folder, test_account,
                                                       test_trace,    test_parked, test_faults};
    apr_pool_t *root, *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&root, NULL);
    for (i = 0; i < sizeof tests / sizeof *tests; i++) {
        apr_pool_create(&pool, root);
        tests[i](pool);
        apr_pool_destroy(pool);
    }
    apr_pool_destroy(root);
    apr_terminate();
    return done_testing();
}
