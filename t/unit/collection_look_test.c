/* Looking without stepping, and damaged states. */
#include "collection_helpers.h"

static void test_damage(void)
{
    state_key_t key = {ACCOUNT, "phone", STATE_RECORD_FOLDER, inbox};
    state_field_t damage = {.name = "m", .data = "x", .length = 1};
    const char *given;
    state_record_t *record;
    apr_uint64_t version;

    fresh();
    key.name = inbox;
    deliver(0, 0);
    given = first_key();
    step(request(given));
    state_record_read(env.store, &key, NULL, 0, &record, pool);
    state_record_commit(env.store, &key, record->version, &damage, 1, NULL, 0, &version, pool);
    step(request(answer->key));
    is_int(code, BASE_FAULT_STALE, "a damaged state is stale");
    step(request("0"));
    is_int(code, BASE_FAULT_NONE, "and can be begun anew");
    step(request(answer->key));
    damage.name = "p.2";
    state_record_read(env.store, &key, NULL, 0, &record, pool);
    state_record_commit(env.store, &key, record->version, &damage, 1, NULL, 0, &version, pool);
    deliver(0, 0);
    step(request(answer->key));
    is_int(code, BASE_FAULT_STALE, "so is a damaged answer");
}

static void test_looking(void)
{
    collection_watch_answer_t watch, again;
    collection_options_t options;
    collection_request_t *asked;
    apr_uint64_t estimate;
    const char *key;

    fresh();
    deliver(0, 0);
    deliver(10 * DAY, 0);
    asked = request("0");
    collection_watch_check(&env, asked, &watch, pool);
    is_int(watch.what, COLLECTION_WATCH_UNSYNCED, "never synced");
    is_int(base_fault_code(collection_estimate(&env, asked, &estimate, pool)), BASE_FAULT_NOT_FOUND,
           "no estimate for key 0");
    is_int(base_fault_code(collection_options_read(&env, ACCOUNT, "phone", inbox, &options, pool)),
           BASE_FAULT_NOT_FOUND, "no options");
    key = first_key();
    asked = request(key);
    plan.calls = 0;
    collection_estimate(&env, asked, &estimate, pool);
    is_int((long long)estimate, 2, "an estimate before the first step");
    is_int(plan.calls, 1, "a count, not an enumeration");
    asked->key = "0123456789abcdef-1";
    is_int(base_fault_code(collection_estimate(&env, asked, &estimate, pool)), BASE_FAULT_STALE,
           "an estimate for a wrong key");
    options = (collection_options_t){.filter = 3, .blob = "x", .blob_length = 1};
    asked = request(key);
    asked->options = &options;
    collection_estimate(&env, asked, &estimate, pool);
    is_int((long long)estimate, 1, "with a filter");
    step(asked);
    memset(&options, 0, sizeof options);
    collection_options_read(&env, ACCOUNT, "phone", inbox, &options, pool);
    ok(options.filter == 3 && options.blob_length == 1, "the options as given");
    collection_watch_check(&env, asked, &watch, pool);
    is_int(watch.what, COLLECTION_WATCH_NOTHING, "all is told, though the key has not come back");
    backend_memory_flag(backend, ACCOUNT, inbox, 2, 1, 1);
    collection_watch_check(&env, asked, &watch, pool);
    is_int(watch.what, COLLECTION_WATCH_NOTHING, "what the filter hides wakes nobody");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    collection_watch_check(&env, asked, &watch, pool);
    is_int(watch.what, COLLECTION_WATCH_CHANGED, "a flag");
    collection_watch_check(&env, asked, &again, pool);
    is_str(again.version, watch.version, "the same thing has the same name");
    deliver(0, 0);
    collection_watch_check(&env, asked, &again, pool);
    is_int(again.what, COLLECTION_WATCH_ADDED, "a mail");
    ok(strcmp(again.version, watch.version) != 0, "another one another");
    asked = request(answer->key);
    asked->now += 30 * DAY;
    collection_watch_check(&env, asked, &watch, pool);
    is_int(watch.what, COLLECTION_WATCH_ADDED, "midnight wakes nobody");
    asked->now = NOW;
    asked->window = 1;
    step(asked);
    collection_watch_check(&env, asked, &watch, pool);
    is_int(watch.what, COLLECTION_WATCH_ADDED, "an unfinished answer");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_damage();
    test_looking();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
