/* What administrators see of devices: traces, the bundle, who waits. */
#include "admin_helpers.h"

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

/* -- limits ----------------------------------------------------------------- */

/* Two that are held back; what is released is noted. */
static apr_array_header_t *throttles_list(void *baton, apr_time_t now, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(admin_throttled_t));

    (void)baton;
    APR_ARRAY_PUSH(list, admin_throttled_t) =
        (admin_throttled_t){.id = "00000000000000aa",
                            .what = "requests",
                            .account = ODD,
                            .device = "D",
                            .since = now,
                            .until = now + apr_time_from_sec(9),
                            .refused = 3};
    APR_ARRAY_PUSH(list, admin_throttled_t) = (admin_throttled_t){.id = "00000000000000bb",
                                                                  .what = "logins",
                                                                  .address = "2001:db8::/64",
                                                                  .since = now,
                                                                  .until = now,
                                                                  .refused = 1};
    return list;
}

static void throttles_release(void *baton, const char *id, apr_time_t now, apr_pool_t *pool)
{
    (void)now;
    *(const char **)baton = id ? apr_pstrdup(pool, id) : "all";
}

static void test_throttles(apr_pool_t *pool)
{
    const char *released = "none";
    const admin_throttles_t throttles = {
        .baton = &released, .list = throttles_list, .release = throttles_release};
    desk_t *desk = desk_make(state_store_create_memory(pool), pool);

    is_int(get(desk, "/throttles", NULL), 404, "where nothing is held back");
    is_int(ask(desk, "DELETE", "/throttles", NULL, NULL), 404, "nothing can be released");
    desk->service.throttles = &throttles;
    is_int(get(desk, "/throttles", NULL), 200, "who is held back");
    is_str(member(desk, "node"), "here", "by whom");
    is_str(member(desk, "throttles"), "[2]", "all");
    is_str(member(desk, "throttles/0/account"), ODD, "an account");
    is_str(member(desk, "throttles/0/refused"), "3", "how often");
    is_str(member(desk, "throttles/1/address"), "2001:db8::/64", "an address");
    is_str(member(desk, "throttles/1/account"), "null", "of no account");
    is_int(ask(desk, "DELETE", "/throttles/00000000000000bb", "dry_run=1", NULL), 200, "a dry run");
    is_str(released, "none", "releases nothing");
    is_int(ask(desk, "DELETE", "/throttles/00000000000000cc", NULL, NULL), 404, "nobody's id");
    is_str(released, "none", "releases nothing either");
    is_int(ask(desk, "DELETE", "/throttles/00000000000000aa", NULL, NULL), 200, "one");
    is_str(released, "00000000000000aa", "is released");
    get(desk, "/audit", NULL);
    is_str(member(desk, "entries"), "[1]", "the audit has that alone");
    is_str(member(desk, "entries/0/account"), ODD, "with the account");
    is_str(member(desk, "entries/0/outcome"), "done", "done");
    is_int(ask(desk, "DELETE", "/throttles", NULL, NULL), 200, "all");
    is_str(released, "all", "are released");
}

int main(void)
{
    static void (*const tests[])(apr_pool_t * pool) = {test_trace, test_parked, test_throttles};
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
