/* Accounts and devices: lists and one device in full. */
#include "admin/action.h"
#include "admin/call.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define DEVICE_EXAMINED_MAX 5000 /* in one page of devices, whatever the filters leave */

/* Fields of the device record and what they are called here. */
static const struct {
    const char *field, *name;
} device_texts[] = {
    {"type", "type"},          {"model", "model"},
    {"name", "friendly_name"}, {"os", "os"},
    {"language", "language"},  {"agent", "user_agent"},
    {"operator", "operator"},  {"phone", "phone_number"},
    {"imei", "imei"},          {"version", "protocol"},
};

/* What the device record says; state "active" once it has a folder hierarchy or a folder state. */
static json_t *device_summary(const char *account, const char *device, const state_record_t *record,
                              int folders, int active, apr_pool_t *pool)
{
    json_t *json = json_object();
    size_t i;

    admin_json_set(json, "account", account, pool);
    admin_json_set(json, "device", device, pool);
    for (i = 0; i < sizeof device_texts / sizeof *device_texts; i++)
        admin_json_set(json, device_texts[i].name,
                       admin_record_text(record, device_texts[i].field, pool), pool);
    json_object_set_new(json, "first_seen",
                        admin_json_time(admin_record_time(record, "first", pool), pool));
    json_object_set_new(json, "last_seen",
                        admin_json_time(admin_record_time(record, "last", pool), pool));
    json_object_set_new(json, "state", json_string(active ? "active" : "empty"));
    json_object_set_new(json, "synchronised_folders", json_integer(folders));
    json_object_set_new(json, "suspended", admin_suspension(record, pool));
    return json;
}

typedef struct {
    const state_record_t *record;
    int folders;
    int active;
} device_look_t;

/* A short look: the device record and whether there are states, without reading them. */
static base_fault_t *device_look(const admin_service_t *service, const char *account,
                                 const char *device, device_look_t *look, apr_pool_t *pool)
{
    state_key_t key = {.account = account, .device = device, .kind = STATE_RECORD_DEVICE};
    static const char *const none[] = {"m"};
    apr_array_header_t *folders;
    state_record_t *record;

    BASE_TRY(state_record_read(service->store, &key, NULL, 0, &record, pool));
    look->record = record;
    BASE_TRY(
        state_record_list(service->store, account, device, STATE_RECORD_FOLDER, &folders, pool));
    look->folders = folders->nelts;
    key.kind = STATE_RECORD_HIERARCHY;
    BASE_TRY(state_record_read(service->store, &key, none, 1, &record, pool));
    look->active = look->folders > 0 || record->version != 0;
    return NULL;
}

/* -- accounts --------------------------------------------------------------- */

base_fault_t *admin_account_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list = json_array();
    apr_array_header_t *accounts, *devices;
    const char *last = NULL;
    int limit, i;

    json_object_set_new(answer, "accounts", list);
    BASE_TRY(admin_parameter_limit(call, &limit));
    BASE_TRY(state_account_list(call->service->store, admin_parameter(call, "after"), limit,
                                &accounts, call->pool));
    for (i = 0; i < accounts->nelts; i++) {
        json_t *account;

        last = APR_ARRAY_IDX(accounts, i, const char *);
        BASE_TRY(state_device_list(call->service->store, last, &devices, call->pool));
        if (!devices->nelts) /* it had some */
            continue;
        account = json_object();
        admin_json_set(account, "account", last, call->pool);
        json_object_set_new(account, "devices", json_integer(devices->nelts));
        json_array_append_new(list, account);
    }
    admin_json_set(answer, "next", accounts->nelts == limit ? last : NULL, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}

base_fault_t *admin_account_show(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list;
    const char *account = call->names[0];
    apr_array_header_t *devices;
    int i, found;

    BASE_TRY(admin_account_find(call, &devices, &found));
    if (!found)
        return NULL;
    admin_json_set(answer, "account", account, call->pool);
    list = json_array();
    json_object_set_new(answer, "devices", list);
    for (i = 0; i < devices->nelts; i++) {
        const char *device = APR_ARRAY_IDX(devices, i, const char *);
        device_look_t look;

        BASE_TRY(device_look(call->service, account, device, &look, call->pool));
        json_array_append_new(list, device_summary(account, device, look.record, look.folders,
                                                   look.active, call->pool));
    }
    admin_answer(call, 200, answer);
    return NULL;
}

/* -- devices of all accounts ------------------------------------------------ */

typedef struct {
    admin_call_t *call;
    json_t *list;
    int limit;
    int examined;
    const char *account_after, *device_after; /* NULL: from the first */
    const char *next;
    apr_time_t seen_before, seen_after;
} device_page_t;

static int page_contains(const device_page_t *page, const char *name, const char *text,
                         apr_pool_t *pool)
{
    const char *part = admin_parameter(page->call, name);

    return !part || (text && strstr(base_text_lower(text, pool), base_text_lower(part, pool)));
}

static int page_wants(const device_page_t *page, const char *device, const device_look_t *look,
                      apr_pool_t *pool)
{
    const char *state = admin_parameter(page->call, "state");
    apr_time_t last = admin_record_time(look->record, "last", pool);

    return page_contains(page, "device", device, pool) &&
           page_contains(page, "type", admin_record_text(look->record, "type", pool), pool) &&
           page_contains(page, "agent", admin_record_text(look->record, "agent", pool), pool) &&
           (!state || strcmp(state, look->active ? "active" : "empty") == 0 ||
            (strcmp(state, "suspended") == 0 && state_record_field(look->record, state))) &&
           (!page->seen_before || last < page->seen_before) &&
           (!page->seen_after || last >= page->seen_after);
}

/* Adds the account's devices until the page is full; then next says where it ends. */
static base_fault_t *page_account(device_page_t *page, const char *account, apr_pool_t *pool)
{
    const admin_service_t *service = page->call->service;
    apr_array_header_t *devices;
    int i;

    BASE_TRY(state_device_list(service->store, account, &devices, pool));
    for (i = 0; i < devices->nelts && !page->next; i++) {
        const char *device = APR_ARRAY_IDX(devices, i, const char *);
        device_look_t look;

        if (page->device_after && strcmp(device, page->device_after) <= 0)
            continue;
        BASE_TRY(device_look(service, account, device, &look, pool));
        if (page_wants(page, device, &look, pool))
            json_array_append_new(page->list, device_summary(account, device, look.record,
                                                             look.folders, look.active, pool));
        if ((int)json_array_size(page->list) == page->limit ||
            ++page->examined == DEVICE_EXAMINED_MAX)
            page->next = apr_pstrcat(page->call->pool, base_text_percent_encode(account, pool), "/",
                                     base_text_percent_encode(device, pool), NULL);
    }
    page->device_after = NULL;
    return NULL;
}

static base_fault_t *page_start(device_page_t *page)
{
    const char *after = admin_parameter(page->call, "after"), *slash;
    const char *state = admin_parameter(page->call, "state");
    apr_pool_t *pool = page->call->pool;

    BASE_TRY(admin_parameter_limit(page->call, &page->limit));
    BASE_TRY(admin_parameter_time(page->call, "seen_before", &page->seen_before));
    BASE_TRY(admin_parameter_time(page->call, "seen_after", &page->seen_after));
    if (state && strcmp(state, "active") != 0 && strcmp(state, "empty") != 0 &&
        strcmp(state, "suspended") != 0)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "state must be active, empty or suspended");
    if (!after)
        return NULL;
    if (!(slash = strchr(after, '/')) ||
        !(page->account_after = base_text_percent_decode(
              apr_pstrmemdup(pool, after, (apr_size_t)(slash - after)), pool)) ||
        !(page->device_after = base_text_percent_decode(slash + 1, pool)))
        return base_fault_make(pool, BASE_FAULT_INVALID, "after must be a \"next\" of an answer");
    return NULL;
}

/* The accounts, the one that the last page ended in first. */
static base_fault_t *page_fill(device_page_t *page)
{
    const char *after = page->account_after;
    apr_array_header_t *accounts;
    apr_pool_t *loop;
    base_fault_t *fault = NULL;
    int i;

    apr_pool_create(&loop, page->call->pool);
    if (after)
        fault = page_account(page, after, loop);
    do {
        if (fault || page->next ||
            (fault = state_account_list(page->call->service->store, after, ADMIN_PAGE_DEFAULT,
                                        &accounts, page->call->pool)))
            break;
        for (i = 0; i < accounts->nelts && !page->next && !fault; i++) {
            after = APR_ARRAY_IDX(accounts, i, const char *);
            apr_pool_clear(loop);
            if (page_contains(page, "account", after, loop))
                fault = page_account(page, after, loop);
        }
    } while (accounts->nelts == ADMIN_PAGE_DEFAULT);
    fault = base_fault_wrap(fault, page->call->pool, "listing devices");
    apr_pool_destroy(loop);
    return fault;
}

base_fault_t *admin_device_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    device_page_t page = {.call = call, .list = json_array()};

    json_object_set_new(answer, "devices", page.list);
    BASE_TRY(page_start(&page));
    BASE_TRY(page_fill(&page));
    admin_json_set(answer, "next", page.next, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}

/* -- one device ------------------------------------------------------------- */

static json_t *device_exchange_time(const json_t *exchange)
{
    json_t *time = json_object_get(exchange, "time");

    return time ? json_incref(time) : json_null();
}

static json_t *device_folder(const admin_folder_t *folder, const json_t *exchanges,
                             apr_pool_t *pool)
{
    json_t *json = json_object(), *pending;

    admin_json_set(json, "folder", folder->id, pool);
    admin_json_set(json, "name", folder->name, pool);
    admin_json_set(json, "class", admin_folder_class(folder->type), pool);
    json_object_set_new(json, "synchronised", json_boolean(folder->synchronised));
    if (!folder->synchronised)
        return json;
    admin_json_set(json, "damaged", folder->damaged, pool);
    admin_json_set(json, "sync_key", folder->sync_key, pool);
    admin_json_set(json, "confirmed_sync_key", folder->confirmed, pool);
    json_object_set_new(json, "items", json_integer((json_int_t)folder->items));
    json_object_set_new(json, "complete", json_boolean(folder->complete));
    json_object_set_new(json, "more_available", json_boolean(folder->more));
    pending = json_object();
    json_object_set_new(pending, "add", json_integer(folder->pending_adds));
    json_object_set_new(pending, "change", json_integer(folder->pending_changes));
    json_object_set_new(pending, "delete", json_integer(folder->pending_deletes));
    json_object_set_new(json, "pending", pending);
    json_object_set_new(json, "filter_type", json_integer(folder->filter));
    json_object_set_new(json, "bytes", json_integer((json_int_t)folder->bytes));
    json_object_set_new(json, "last_sync",
                        device_exchange_time(admin_exchange_last(exchanges, "Sync", folder->id)));
    return json;
}

/* Ping's parameters as the device sent them last; null when it never did. */
static base_fault_t *device_ping(const admin_call_t *call, const char *device,
                                 const json_t *exchanges, json_t **ping)
{
    const state_key_t key = {
        .account = call->names[0], .device = device, .kind = STATE_RECORD_REQUEST, .name = "ping"};
    const char *heartbeat, *folders;
    state_record_t *record;
    const json_t *last;

    BASE_TRY(state_record_read(call->service->store, &key, NULL, 0, &record, call->pool));
    heartbeat = admin_record_text(record, "heartbeat", call->pool);
    folders = admin_record_text(record, "folders", call->pool);
    *ping = heartbeat ? json_object() : json_null();
    if (!heartbeat)
        return NULL;
    json_object_set_new(*ping, "heartbeat", json_integer((json_int_t)apr_atoi64(heartbeat)));
    last = admin_exchange_last(exchanges, "Ping", NULL);
    json_object_set_new(*ping, "last", device_exchange_time(last));
    json_object_set(*ping, "last_status", json_object_get(last, "status"));
    json_object_set(*ping, "node", json_object_get(last, "node"));
    admin_json_set(*ping, "folders", folders, call->pool);
    return NULL;
}

base_fault_t *admin_device_show(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *holder = admin_json_object(call->pool);
    json_t *list, *summary, *json, *exchanges;
    admin_snapshot_t *snapshot;
    int i, found;

    BASE_TRY(admin_device_find(call, &found));
    if (!found)
        return NULL;
    BASE_TRY(
        admin_snapshot_read(call->service, call->names[0], call->names[1], &snapshot, call->pool));
    summary = device_summary(snapshot->account, snapshot->device, snapshot->record,
                             snapshot->synchronised,
                             snapshot->synchronised > 0 || snapshot->sync_key, call->pool);
    json_object_update(answer, summary);
    json_decref(summary);
    admin_json_set(answer, "hierarchy_sync_key", snapshot->sync_key, call->pool);
    json_object_set_new(answer, "items", json_integer((json_int_t)snapshot->items));
    json_object_set_new(answer, "bytes", json_integer((json_int_t)snapshot->bytes));
    BASE_TRY(admin_exchange_entries(call, &exchanges));
    json_object_set_new(holder, "exchanges", exchanges);
    json_object_set_new(answer, "last_sync",
                        device_exchange_time(admin_exchange_last(exchanges, "Sync", NULL)));
    BASE_TRY(device_ping(call, snapshot->device, exchanges, &json));
    json_object_set_new(answer, "ping", json);
    BASE_TRY(admin_undo_entries(call, snapshot->device, &json));
    json_object_set_new(answer, "undo", json);
    list = json_array();
    json_object_set_new(answer, "folders", list);
    for (i = 0; i < snapshot->folders->nelts; i++)
        json_array_append_new(list,
                              device_folder(&APR_ARRAY_IDX(snapshot->folders, i, admin_folder_t),
                                            exchanges, call->pool));
    admin_answer(call, 200, answer);
    return NULL;
}
