/* FolderSync's step over the memory store and the memory mailbox. */
#include "tap.h"

#include <stdlib.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "cmd/hierarchy.h"
#include "state/fail.h"

#define ACCOUNT "alice"

static apr_pool_t *pool;
static collection_env_t env;
static state_fail_plan_t plan;
static unsigned series;
static const hierarchy_answer_t *answer;
static base_fault_code_t code;

static hierarchy_t *prepare(const char *key, unsigned protocol)
{
    hierarchy_request_t *request = apr_pcalloc(pool, sizeof *request);
    hierarchy_t *hierarchy;

    *request = (hierarchy_request_t){.account = ACCOUNT,
                                     .device = "phone",
                                     .protocol = protocol,
                                     .key = key,
                                     .series = apr_psprintf(pool, "%016x", ++series)};
    code = base_fault_code(hierarchy_prepare(&env, request, &hierarchy, pool));
    answer = code ? NULL : hierarchy_answer(hierarchy);
    return code ? NULL : hierarchy;
}

static const char *commands(void)
{
    const char *text = "";
    int i;

    for (i = 0; i < answer->command_count; i++)
        text = apr_psprintf(pool, "%s%c%s ", text, "+*-"[answer->commands[i].kind],
                            answer -> commands[i].name ? answer->commands[i].name : "");
    return text;
}

static const char *step(const char *key)
{
    hierarchy_t *hierarchy = prepare(key, 141);

    if (!hierarchy)
        return NULL;
    code = base_fault_code(hierarchy_commit(hierarchy));
    return code ? NULL : commands();
}

static int changed(void)
{
    int differs = -1;

    hierarchy_watch_check(&env, ACCOUNT, "phone", &differs, pool);
    return differs;
}

static void test_types(void)
{
    static const struct {
        backend_class_t class_;
        backend_role_t role;
        int type;
    } rows[] = {
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_INBOX, 2},
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_DRAFTS, 3},
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_TRASH, 4},
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_SENT, 5},
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_OUTBOX, 6},
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_JUNK, 12},
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_ARCHIVE, 12},
        {BACKEND_CLASS_EMAIL, BACKEND_ROLE_USER, 12},
        {BACKEND_CLASS_TASKS, BACKEND_ROLE_DEFAULT, 7},
        {BACKEND_CLASS_CALENDAR, BACKEND_ROLE_DEFAULT, 8},
        {BACKEND_CLASS_CONTACTS, BACKEND_ROLE_DEFAULT, 9},
        {BACKEND_CLASS_NOTES, BACKEND_ROLE_DEFAULT, 10},
        {BACKEND_CLASS_CALENDAR, BACKEND_ROLE_USER, 13},
        {BACKEND_CLASS_CONTACTS, BACKEND_ROLE_USER, 14},
        {BACKEND_CLASS_TASKS, BACKEND_ROLE_USER, 15},
        {BACKEND_CLASS_NOTES, BACKEND_ROLE_USER, 17},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        backend_folder_t folder = {.class_ = rows[i].class_, .role = rows[i].role};

        is_int(hierarchy_folder_type(&folder), rows[i].type,
               apr_psprintf(pool, "type of class %d, role %d", rows[i].class_, rows[i].role));
    }
}

static void test_steps(void)
{
    const char *key, *old, *all, *id, *child;
    hierarchy_t *slow;

    ok(changed(), "a device without hierarchy has something to fetch");
    all = step("0");
    is_int(answer->command_count, 6, "key 0 brings every folder");
    is_str(answer->commands[0].parent_id, "0", "at the top");
    key = answer->key;
    ok(!changed(), "then nothing is new");
    plan.calls = 0;
    is_str(step("0"), all, "key 0 again: the same");
    is_str(answer->key, key, "with the same key");
    is_int(plan.calls, 1, "and nothing written");
    backend_folder_create(env.backend, NULL, "one", BACKEND_CLASS_EMAIL, &id, pool);
    ok(changed(), "a new folder is something new");
    step("0");
    ok(strcmp(answer->key, key) != 0 && answer->command_count == 7,
       "another hierarchy, another key");
    step(key);
    is_int(code, BASE_FAULT_STALE, "the first is stale");
    step("0");
    key = answer->key;
    is_str(step(key), "", "unchanged");
    is_str(answer->key, key, "the same key");
    plan.calls = 0;
    step(key);
    is_int(plan.calls, 1, "one read, nothing written");
    step("0");
    ok(strcmp(answer->key, key) != 0, "key 0 after the key came back begins anew");
    key = answer->key;
    backend_folder_create(env.backend, id, "two", BACKEND_CLASS_EMAIL, &child, pool);
    is_str(step(key), "+two ", "a new folder");
    is_str(answer->commands[0].parent_id, id, "below its parent");
    old = answer->key;
    backend_folder_rename(env.backend, id, NULL, "eins", pool);
    is_str(step(key), "+two ", "the answer was lost: the same again");
    is_str(answer->key, old, "under the same key");
    is_str(step(old), "*eins ", "then what has happened since");
    key = answer->key;
    backend_folder_delete(env.backend, id, pool);
    slow = prepare(key, 141);
    is_str(step(key), "- - ", "both are gone");
    is_int(base_fault_code(hierarchy_commit(slow)), BASE_FAULT_CONFLICT,
           "of two steps at once one loses");
    is_str(answer ? answer->commands[0].id : NULL, child, "the child first");
    ok(!changed(), "all told");
    step(old);
    is_int(code, BASE_FAULT_STALE, "an old key");
    prepare(key, 160);
    is_int(code, BASE_FAULT_STALE, "another protocol version");
    step("");
    is_int(code, BASE_FAULT_STALE, "no key");
}

static void test_damage(void)
{
    state_key_t key = {ACCOUNT, "phone", STATE_RECORD_HIERARCHY, NULL};
    static const char *const names[] = {"m", "b"};
    state_record_t *record;
    apr_uint64_t version;
    int i;

    for (i = 0; i < 2; i++) {
        state_field_t damage = {.name = names[i], .data = "x", .length = 1};

        step("0");
        step(answer->key);
        state_record_read(env.store, &key, NULL, 0, &record, pool);
        state_record_commit(env.store, &key, record->version, &damage, 1, NULL, 0, &version, pool);
        step(answer->key);
        is_int(code, BASE_FAULT_STALE, "a damaged hierarchy is stale");
        step("0");
        is_int(answer ? answer->command_count : 0, 6, "and begins anew");
    }
}

int main(void)
{
    backend_t *backend;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (backend_start("memory", apr_array_make(pool, 1, sizeof(char *)), NULL, NULL, &backend,
                      pool) ||
        backend_session_open(backend, ACCOUNT, &env.backend, pool))
        return 1;
    env.store = state_store_create_fail(state_store_create_memory(pool), &plan, pool);
    test_types();
    test_steps();
    test_damage();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
