/* Running a command without a server: memory store, bus and mailbox, each behind its fail
 * driver. */
#ifndef T_UNIT_CMD_HELPERS_H
#define T_UNIT_CMD_HELPERS_H

#include "tap.h"

#include <stdarg.h>
#include <stdlib.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/fail.h"
#include "backend/memory.h"
#include "cmd/cmd.h"
#include "eas_helpers.h"
#include "item/item.h"
#include "item/kind.h"
#include "item/reference.h"
#include "state/fail.h"

typedef struct {
    cmd_service_t service;
    base_log_t log;
    state_store_t *memory;     /* behind service.store */
    state_fail_plan_t plan;    /* of the store */
    apr_time_t now;            /* the store's clock */
    state_patience_t patience; /* of each request */
    /* calls of the mailbox fail by decide, NULL: none */
    base_fault_code_t (*decide)(void *baton, const char *call, int after);
    void *baton;
    apr_pool_t *pool;
} world_t;

/* What came back. */
typedef struct {
    int http;
    int empty;              /* no body */
    const eas_node_t *body; /* decoded, NULL when empty or no WBXML */
    cmd_exchange_t *exchange;
} answer_t;

static base_fault_code_t world_decide(void *baton, const char *call, int after)
{
    world_t *world = baton;

    return world->decide ? world->decide(world->baton, call, after) : BASE_FAULT_NONE;
}

static apr_time_t world_now(void *baton)
{
    return ((world_t *)baton)->now;
}

static void world_log(void *baton, base_log_level_t level, const char *message)
{
    (void)baton;
    if (level <= BASE_LOG_WARNING && getenv("VERBOSE"))
        printf("# %s\n", message);
}

/* Accounts alice, bob and carol @example.com. */
__attribute__((unused)) static world_t *world_create(apr_pool_t *parent)
{
    static const char *const arguments[] = {"driver=memory", "domain=example.com",
                                            "account=alice:a", "account=bob:b", "account=carol:c"};
    apr_array_header_t *list;
    apr_pool_t *pool;
    world_t *world;
    size_t i;

    apr_pool_create(&pool, parent);
    world = apr_pcalloc(pool, sizeof *world);
    list = apr_array_make(pool, 5, sizeof(const char *));
    world->pool = pool;
    world->now = apr_time_from_sec(1700000000);
    world->log.write = world_log;
    for (i = 0; i < sizeof arguments / sizeof *arguments; i++)
        APR_ARRAY_PUSH(list, const char *) = arguments[i];
    if (backend_start("fail", list, &world->log, &item_describer, &world->service.backend, pool))
        abort();
    backend_fail_decide(world->service.backend, world_decide, world);
    world->memory = state_store_create_memory(pool);
    state_store_memory_clock(world->memory, world_now, world);
    world->service.store = state_store_create_fail(world->memory, &world->plan, pool);
    world->service.bus = wake_bus_create_memory(pool);
    world->service.limits.item_bytes_max = 50 * 1024 * 1024;
    world->service.node = "test";
    world->patience.left = CMD_PATIENCE;
    return world;
}

/* -- failing calls --------------------------------------------------------------------------- */

/* The at-th call of the mailbox, or of the store, fails: before or after it had its effect. */
typedef struct {
    int store, at, after;
    const char *name;       /* of the mailbox's calls that count, NULL: all */
    base_fault_code_t code; /* of the mailbox; NONE stands for UNAVAILABLE */
    int calls;
} crash_t;

static base_fault_code_t crash_decide(void *baton, const char *call, int after)
{
    crash_t *crash = baton;

    if (strcmp(call, "check_password") == 0 || (crash->name && strcmp(call, crash->name)))
        return BASE_FAULT_NONE;
    if (!after)
        crash->calls++;
    if (crash->calls != crash->at || after != crash->after)
        return BASE_FAULT_NONE;
    return crash->code ? crash->code : BASE_FAULT_UNAVAILABLE;
}

__attribute__((unused)) static void crash_arm(world_t *world, crash_t *crash)
{
    crash->calls = 0;
    if (crash->store) {
        world->plan = (state_fail_plan_t){
            .at = crash->at, .when = crash->after ? STATE_FAIL_AFTER : STATE_FAIL_BEFORE};
        return;
    }
    world->decide = crash_decide;
    world->baton = crash;
}

/* From now on nothing fails. Returns whether the call came to pass. */
__attribute__((unused)) static int crash_disarm(world_t *world, const crash_t *crash)
{
    int calls = crash->store ? world->plan.calls : crash->calls;

    world->plan = (state_fail_plan_t){.at = 0};
    world->decide = NULL;
    return calls >= crash->at;
}

__attribute__((unused)) static const char *crash_text(const crash_t *crash, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s call %d fails %s", crash->store ? "store" : "mailbox", crash->at,
                        crash->after ? "after its effect" : "before");
}

/* Tries every call until one did not come to pass: once() arms, disarms and returns that. There are
 * at least so many. */
__attribute__((unused)) static void crash_everywhere(apr_pool_t *pool, int store, int least,
                                                     int (*once)(apr_pool_t *pool, crash_t crash))
{
    crash_t crash = {.store = store};

    for (crash.after = 0; crash.after < 2; crash.after++) {
        for (crash.at = 1; once(pool, crash); crash.at++)
            ;
        ok(crash.at > least, "there were calls to fail");
    }
}

/* From the at-th call on, of whatever kind, there is nobody any more who could do anything. */
typedef struct {
    int calls, at;
} vanish_t;

static int vanished(vanish_t *vanish)
{
    return ++vanish->calls >= vanish->at;
}

static base_fault_code_t vanish_mailbox(void *baton, const char *call, int after)
{
    if (after || strcmp(call, "check_password") == 0)
        return BASE_FAULT_NONE;
    return vanished(baton) ? BASE_FAULT_UNAVAILABLE : BASE_FAULT_NONE;
}

static state_fail_when_t vanish_store(void *baton, state_call_t call, int number)
{
    (void)call;
    (void)number;
    return vanished(baton) ? STATE_FAIL_BEFORE : STATE_FAIL_NOT;
}

__attribute__((unused)) static void vanish_arm(world_t *world, vanish_t *vanish)
{
    world->decide = vanish_mailbox;
    world->plan.decide = vanish_store;
    world->baton = world->plan.baton = vanish;
}

/* Another process takes over, when the leases of that one have run out. Returns whether it got so far. */
__attribute__((unused)) static int vanish_disarm(world_t *world, const vanish_t *vanish)
{
    world->decide = NULL;
    world->plan.decide = NULL;
    world->now += apr_time_from_sec(300);
    return vanish->calls >= vanish->at;
}

/* -- requests -------------------------------------------------------------------------------- */

/* An element under parent (NULL: a root). text NULL: no content. */
__attribute__((unused)) static eas_node_t *node(apr_pool_t *pool, eas_node_t *parent, eas_tag_t tag,
                                                const char *text)
{
    eas_node_t *made = apr_pcalloc(pool, sizeof *made);

    made->tag = tag;
    made->parent = parent;
    made->text = text ? apr_pstrdup(pool, text) : "";
    made->length = strlen(made->text);
    if (parent && parent->last)
        parent->last->next = made;
    else if (parent)
        parent->first = made;
    if (parent)
        parent->last = made;
    return made;
}

/* A request of device "D1"; more parameters are for the caller to set. */
__attribute__((unused)) static eas_request_t *request(apr_pool_t *pool, eas_command_t command,
                                                      eas_version_t version)
{
    eas_request_t *made = apr_pcalloc(pool, sizeof *made);

    made->command = command;
    made->command_name = eas_command_name(command);
    made->version = version;
    made->device_id = "D1";
    made->device_type = "Test";
    return made;
}

__attribute__((unused)) static answer_t run(world_t *world, const char *account,
                                            const eas_request_t *request, const eas_node_t *body,
                                            const backend_blob_t *mime)
{
    cmd_exchange_t *exchange = apr_pcalloc(world->pool, sizeof *exchange);
    answer_t answer = {.exchange = exchange};
    const char *bytes;
    apr_size_t length = 0;

    *exchange = (cmd_exchange_t){.request = request,
                                 .account = account,
                                 .body = body,
                                 .mime = mime,
                                 .service = &world->service,
                                 .log = &world->log,
                                 .now = world->now,
                                 .patience = world->patience,
                                 .pool = world->pool,
                                 .http_status = 200,
                                 .headers = apr_table_make(world->pool, 4)};
    cmd_dispatch(exchange);
    cmd_exchange_release(exchange);
    answer.http = exchange->http_status;
    bytes = spool_bytes(exchange->spool, &length, world->pool);
    answer.empty = length == 0;
    if (length && !exchange->content_type && decode(bytes, length, &answer.body, world->pool))
        abort();
    return answer;
}

/* The Status of the whole command: 0 for an empty answer, -HTTP code for an error code. */
__attribute__((unused)) static int answer_status(const answer_t *answer)
{
    const eas_node_t *child;

    if (answer->http != 200)
        return -answer->http;
    for (child = answer->body ? answer->body->first : NULL; child; child = child->next)
        if (strcmp(eas_tag_name(child->tag), "Status") == 0)
            return atoi(child->text);
    return 0;
}

/* Everything in a folder, oldest first. */
__attribute__((unused)) static apr_array_header_t *mail(world_t *world, const char *account,
                                                        backend_role_t role,
                                                        apr_array_header_t **entries)
{
    backend_range_t all = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_t *backend = backend_fail_inner(world->service.backend);
    apr_array_header_t *texts = apr_array_make(world->pool, 8, sizeof(const char *));
    const char *id = backend_memory_folder(backend, account, role), *text;
    backend_session_t *session;
    backend_page_t *page;
    int i;

    if (entries)
        *entries = apr_array_make(world->pool, 8, sizeof(backend_entry_t));
    if (backend_session_open(backend, account, &session, world->pool) ||
        backend_folder_enumerate(session, id, &all, 1000, &page, world->pool))
        abort();
    for (i = page->count - 1; i >= 0; i--) {
        backend_blob_t *blob;

        if (backend_item_fetch(session, id, page->entries[i].uid, &blob, world->pool) ||
            backend_blob_load(blob, &text, world->pool))
            abort();
        APR_ARRAY_PUSH(texts, const char *) = apr_pstrmemdup(world->pool, text, blob->size);
        if (entries)
            APR_ARRAY_PUSH(*entries, backend_entry_t) = page->entries[i];
    }
    return texts;
}

/* The ServerId of an item. */
__attribute__((unused)) static const char *server_id(world_t *world, const char *account,
                                                     backend_role_t role, apr_uint64_t uid)
{
    backend_t *backend = backend_fail_inner(world->service.backend);
    item_reference_t reference = {.folder_id = backend_memory_folder(backend, account, role),
                                  .uid = uid};
    backend_session_t *session;
    apr_array_header_t *folders;
    int i;

    if (backend_session_open(backend, account, &session, world->pool) ||
        backend_folder_list(session, &folders, world->pool))
        abort();
    for (i = 0; i < folders->nelts; i++)
        if (APR_ARRAY_IDX(folders, i, backend_folder_t).role == role)
            reference.generation = APR_ARRAY_IDX(folders, i, backend_folder_t).generation;
    return item_reference_server_id(&reference, world->pool);
}

#endif
