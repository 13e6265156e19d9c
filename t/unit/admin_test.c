/* The administration's requests and answers, over the memory store. */
#include "admin_helpers.h"

#include "sync/quarantine.h"

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

/* An item of the folder that could not be rendered. */
static void put_quarantined(state_store_t *store, const char *account, const char *device,
                            const char *folder, apr_pool_t *pool)
{
    const state_key_t key = {
        .account = account, .device = device, .kind = STATE_RECORD_FOLDER, .name = folder};
    sync_quarantine_t *quarantine = sync_quarantine_unpack(NULL, 0, pool);
    base_text_buffer_t out = {.pool = pool};
    state_record_t *record;
    state_field_t field;
    apr_uint64_t version;

    sync_quarantine_put(quarantine, 4711, apr_time_now(), "odd");
    sync_quarantine_pack(quarantine, &out);
    field = (state_field_t){.name = SYNC_QUARANTINE_FIELD, .data = out.data, .length = out.length};
    if (state_record_read(store, &key, NULL, 0, &record, pool) ||
        state_record_commit(store, &key, record->version, &field, 1, NULL, 0, &version, pool))
        ok(0, "a quarantined item");
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
static void test_faults(apr_pool_t *parent)
{
    /* what shows that it was done: the member is no longer this, or (NULL) is there at all */
    static const struct {
        const char *method, *path, *query, *member, *before;
    } actions[] = {
        {"POST", "/accounts/a/reset", NULL, "items", "31"},
        {"POST", "/accounts/a/devices/D/reset", NULL, "items", "31"},
        {"POST", "/accounts/a/devices/D/folders/5/reset", NULL, "items", "31"},
        {"DELETE", "/accounts/a/devices/D", NULL, "items", "31"},
        {"POST", "/accounts/a/purge", "days=3", "items", "31"},
        {"POST", "/accounts/a/devices/D/suspend", "reason=x", "suspended/by", NULL},
        {"POST", "/accounts/a/devices/D/profile", "window=5", "profile/overrides/0", NULL},
        {"POST", "/accounts/a/devices/D/retry", "folder=5", "folders/0/quarantined/0/retry_waiting",
         "false"},
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
                const char *shown;

                put_device(store, "a", "D", "iPhone", 20000, pool);
                put_device(store, "a", "E", "iPhone", 20000, pool);
                put_quarantined(store, "a", "D", "5", pool);
                status = ask(desk, actions[i].method, actions[i].path, actions[i].query, NULL);
                wrong += status != 200 && status != 503;
                wrong += status == 503 && !apr_table_get(desk->response->headers, "Retry-After");
                failed += status == 503;
                if (plan.calls < number)
                    break;
                plan.at = 0;
                get(desk, "/accounts/a/devices/D", NULL);
                shown = member(desk, actions[i].member);
                done = actions[i].before ? !shown || strcmp(shown, actions[i].before) != 0
                                         : shown != NULL;
                shown = member(desk, "items");
                half += shown && strcmp(shown, "31") != 0 && strcmp(shown, "0") != 0;
                if (i == 0) { /* both or none */
                    get(desk, "/accounts/a/devices/E", NULL);
                    half += done != (strcmp(member(desk, "items"), "31") != 0);
                }
                wrong += status == 200 && !done;
                made += done;
                get(desk, "/audit", NULL);
                unrecorded += done && !member(desk, "entries/0/action");
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
    static void (*const tests[])(apr_pool_t * pool) = {
        test_requests, test_show, test_lists, test_reset, test_folder, test_account, test_faults};
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
