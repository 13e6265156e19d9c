/* The collection's step, case by case, over the memory store and the memory mailbox. What
 * happens in all their combinations is the model test's. */
#include "collection_helpers.h"

/* What became of the operations, "NONE CONFLICT". */
static const char *results(void)
{
    const char *text = "";
    int i;

    for (i = 0; i < answer->result_count; i++)
        text = apr_pstrcat(pool, text, i ? " " : "", base_fault_code_name(answer->results[i].code),
                           NULL);
    return text;
}

/* Another content for an item; quietly: the device wants no changes with the answer. */
static collection_request_t *with_content(const char *key, const char *content, int tell,
                                          int quietly)
{
    collection_op_t op = change(1, 0, 0);
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);
    collection_request_t *asked;

    blob->data = content;
    blob->size = strlen(content);
    op.blob = blob;
    op.content_digest = content;
    op.tell = tell;
    asked = with_op(key, &op);
    asked->get_changes = !quietly;
    return asked;
}

static void test_start(void)
{
    collection_request_t *asked;
    const char *key, *again;

    fresh();
    deliver(0, 0);
    asked = request("0");
    is_str(step(asked), "", "key 0 brings nothing");
    ok(answer->first && answer->changed && !answer->more_available, "but the first key");
    key = answer->key;
    plan.calls = 0;
    step(request("0"));
    again = answer->key;
    is_str(again, key, "once more: the same first key");
    is_int(plan.calls, 1, "and nothing is written");
    is_str(step(request(key)), "+1:0", "the first key brings the items");
    step(request("0"));
    ok(strcmp(answer->key, key) != 0, "after that key 0 begins anew");
    step(request(key));
    is_int(code, BASE_FAULT_STALE, "and the old series is stale");
    asked = request("0");
    asked->protocol = 160;
    key = answer ? answer->key : "";
    step(asked);
    ok(strcmp(answer->key, key) != 0, "key 0 with something else is another beginning");
    key = answer->key;
    step(request(key));
    is_int(code, BASE_FAULT_STALE, "another protocol version is stale");
    asked = request("0");
    asked->ops = apr_pcalloc(pool, sizeof *asked->ops);
    asked->op_count = 1;
    step(asked);
    is_int(code, BASE_FAULT_INVALID, "no operations with key 0");
    asked = request("0");
    asked->folder_id = "nosuch";
    step(asked);
    is_int(code, BASE_FAULT_FOLDER_GONE, "no such folder");
}

static void test_unchanged(void)
{
    const char *key;
    int i;

    fresh();
    for (i = 0; i < 5; i++)
        deliver(0, 0);
    key = first_key();
    step(request(key));
    key = answer->key;
    plan.calls = 0;
    for (i = 0; i < 3; i++) {
        is_str(step(request(key)), "", "nothing new");
        ok(!answer->changed && !strcmp(answer->key, key), "the same key");
    }
    is_int(plan.calls, 3, "one read each, and nothing is written");
    fresh();
    key = first_key();
    step(request(key));
    ok(answer->changed && strcmp(answer->key, key) != 0 && !answer->command_count,
       "an empty folder: the first step gives a key all the same");
}

static void test_generation(void)
{
    collection_request_t *asked;
    const char *key;

    fresh();
    deliver(0, 0);
    asked = request("0");
    asked->generation = 7;
    step(asked);
    key = answer->key;
    asked = request(key);
    asked->generation = 8;
    step(asked);
    is_int(code, BASE_FAULT_STALE, "another generation is stale");
    asked->generation = 7;
    is_str(step(asked), "+1:0", "the same is not");
    key = answer->key;
    backend_memory_renew(backend, ACCOUNT, inbox);
    step(request(key));
    is_int(code, BASE_FAULT_STALE, "also when only the cursor tells");
}

static void test_replay(void)
{
    collection_request_t *asked;
    const char *key, *next;
    collection_t *replay;

    fresh();
    deliver(0, 0);
    deliver(0, 1);
    deliver(0, 2);
    asked = request(first_key());
    is_str(step(asked), "+3:2 +2:1 +1:0", "newest first");
    key = answer->key;
    backend_memory_expunge(backend, ACCOUNT, inbox, 2);
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    plan.calls = 0;
    is_str(step(asked), "+3:2 +1:0", "the same again, without what is gone, as it was");
    ok(answer->replayed && !strcmp(answer->key, key), "under the same key");
    is_str(step(request(key)), "*1:1 -2", "then what has happened since");
    next = answer->key;
    ok(strcmp(next, key) != 0, "with the next key");
    step(request(asked->key));
    is_int(code, BASE_FAULT_STALE, "the first key is history");

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    asked = request(first_key());
    step(asked);
    key = answer->key;
    is_str(step(request(asked->key)), "+2:0 +1:0", "a different request: computed afresh");
    ok(strcmp(answer->key, key) != 0 && !answer->replayed, "under a key of its own");
    next = answer->key;
    is_str(step(request(key)), "", "whichever comes back");
    is_str(step(request(next)), "", "both are good");
    deliver(0, 0);
    is_str(step(request(key)), "+3:0", "until one of them decides");
    step(request(next));
    is_int(code, BASE_FAULT_STALE, "then the other is stale");

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    asked = request(first_key());
    step(asked);
    key = answer->key;
    replay = prepare(asked);
    collection_cut(replay, 1);
    ok(answer->more_available && strcmp(answer->key, key) != 0, "a replay can be cut");
    collection_commit(replay);
    is_str(step(request(answer->key)), "+1:0", "then the rest comes");
}

/* Of a content that was replaced since there is only the new one, and that is recorded. */
static void test_replay_replaced(void)
{
    const backend_blob_t theirs = {.data = "theirs", .size = 6};
    collection_request_t *asked;
    backend_entry_t entry;
    const char *key;

    fresh();
    deliver(0, 0);
    asked = request(first_key());
    is_str(step(asked), "+1:0", "an answer that gets lost");
    key = answer->key;
    backend_item_replace(env.backend, inbox, 1, 0, 1, &theirs, &entry, pool);
    is_str(step(asked), "+1:0r1",
           "again, with the content that is there by now, flags as they were");
    ok(answer->replayed && strcmp(answer->key, key) != 0, "which makes it another answer");
    key = answer->key;
    is_str(step(request(key)), "*1:1r1", "the flags are told");
    is_str(step(with_content(key, "mine", 0, 1)), "", "the device has seen that content");
    is_str(results(), "NONE", "and may change it");
}

static void test_render(void)
{
    collection_t *collection;
    collection_request_t *asked;
    const char *key;

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    deliver(0, 0);
    collection = prepare(request(first_key()));
    collection_drop(collection, 1, "odd");
    collection_cut(collection, 2);
    collection_drop(collection, 7, NULL);
    collection_commit(collection);
    ok(answer->more_available, "a cut window is not all");
    is_str(step(request(answer->key)), "+1:0", "the rest comes, what was dropped does not");
    ok(!answer->more_available, "and that is all");
    backend_memory_flag(backend, ACCOUNT, inbox, 2, 1, 1);
    is_str(step(request(answer->key)), "+2:1", "until it changes");
    key = answer->key;
    deliver(0, 0);
    deliver(0, 0);
    asked = request(key);
    asked->window = 1;
    is_str(step(asked), "+4:0", "a window of one");
    ok(answer->more_available, "and more");
    asked = request(answer->key);
    asked->window = 1;
    is_str(step(asked), "+5:0", "the next");
    ok(!answer->more_available, "no more");
    asked->window = 0;
    step(asked);
    is_int(code, BASE_FAULT_INVALID, "no window of none");
}

static void test_filter(void)
{
    collection_options_t day = {.filter = 1, .blob = "o", .blob_length = 1},
                         all = {.filter = 0, .blob = "", .blob_length = 0};
    collection_request_t *asked;

    fresh();
    deliver(10 * DAY, 0);
    deliver(0, 0);
    asked = request("0");
    asked->options = &day;
    step(asked);
    is_str(step(request(answer->key)), "+2:0", "only what the filter lets through");
    is_int(answer->options.filter, 1, "the options stay");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    is_str(step(request(answer->key)), "", "what it does not is no news");
    asked = request(answer->key);
    asked->now += 2 * DAY;
    is_str(step(asked), "~2", "past midnight it goes softly");
    asked = request(answer->key);
    asked->now += 2 * DAY;
    asked->options = &all;
    is_str(step(asked), "+2:0 +1:1", "a wider filter brings it back");
    asked = request(answer->key);
    asked->now += 2 * DAY;
    asked->options = &day;
    is_str(step(asked), "~2 ~1", "a narrower one never deletes");
    day.filter = 6;
    asked = request(answer->key);
    asked->options = &day;
    step(asked);
    is_int(code, BASE_FAULT_INVALID, "a filter that mail has not");
}

static void test_conflict(void)
{
    collection_options_t client = {.client_wins = 1, .blob = ""};
    collection_op_t op;
    collection_request_t *asked;
    const char *key;

    fresh();
    deliver(0, 0);
    step(request(first_key()));
    op = change(1, 1, 1);
    is_str(step(with_op(answer->key, &op)), "", "an own change is no news");
    ok(answer->changed && answer->result_count == 1 && !answer->results[0].code, "but done");
    is_int((long long)flags_of(1), 1, "in the mailbox");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 2, 2);
    op = change(1, 1, 0);
    is_str(step(with_op(answer->key, &op)), "*1:2", "another flag changed there: both hold");
    is_int(answer->results[0].code, BASE_FAULT_NONE, "without conflict");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 2, 0);
    op = change(1, 2, 2);
    asked = with_op(answer->key, &op);
    key = answer->key;
    is_str(step(asked), "*1:0", "the same flag: the server's version comes down");
    is_int(answer->results[0].code, BASE_FAULT_CONFLICT, "and the client's was discarded");
    is_int((long long)flags_of(1), 0, "nothing was changed");
    asked = with_op(key, &op);
    asked->options = &client;
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    is_str(step(asked), "*1:1", "asked again");
    is_int(answer->results[0].code, BASE_FAULT_CONFLICT, "a repeat gets what was recorded");

    fresh();
    deliver(0, 2);
    step(request(first_key()));
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 2, 0);
    op = change(1, 2, 2);
    asked = with_op(answer->key, &op);
    asked->options = &client;
    is_str(step(asked), "", "client wins");
    is_int((long long)flags_of(1), 2, "in the mailbox too");
    backend_memory_expunge(backend, ACCOUNT, inbox, 1);
    is_str(step(with_op(answer->key, &op)), "-1", "Delete beats Change");
    is_int(answer->results[0].code, BASE_FAULT_NOT_FOUND, "which finds nothing");
}

/* A conflict is one of the item, not of one Change: then none of the request's is done. */
static void test_conflict_several(void)
{
    collection_options_t client = {.client_wins = 1, .blob = ""};
    collection_op_t ops[] = {change(1, 1, 0), change(1, 2, 0), change(2, 1, 1), change(1, 3, 1)};
    collection_op_t later[] = {change(1, 1, 0), change(1, 2, 2), change(1, 1, 1)};
    collection_request_t *asked;

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    step(request(first_key()));
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 3, 3);
    asked = request(answer->key);
    asked->ops = ops;
    asked->op_count = 4;
    is_str(step(asked), "*1:3", "several Changes of an item, server wins: it comes as it is there");
    is_str(results(), "CONFLICT CONFLICT NONE CONFLICT", "all of them were discarded");
    is_int((long long)flags_of(1), 3, "none was done");
    is_int((long long)flags_of(2), 1, "that of another item was");

    backend_memory_flag(backend, ACCOUNT, inbox, 1, 2, 0);
    asked = request(answer->key);
    asked->ops = later;
    asked->op_count = 3;
    is_str(step(asked), "*1:1", "a later one's conflict is one of the earlier ones");
    is_str(results(), "CONFLICT CONFLICT CONFLICT", "all of them were discarded");
    is_int((long long)flags_of(1), 1, "none was done");

    backend_memory_flag(backend, ACCOUNT, inbox, 1, 3, 2);
    asked = request(answer->key);
    asked->ops = later;
    asked->op_count = 3;
    asked->options = &client;
    is_str(step(asked), "", "client wins: there is nothing to be told");
    is_str(results(), "NONE NONE NONE", "all of them were done");
    is_int((long long)flags_of(1), 3, "in their order");
}

/* What was refused stays refused until the device has got the server's version, and what it wrote
 * itself is in nobody's way. */
static void test_conflict_untold(void)
{
    const backend_blob_t theirs = {.data = "theirs", .size = 6};
    collection_op_t op = change(1, 2, 0);
    collection_request_t *asked;
    backend_entry_t entry;

    fresh();
    deliver(0, 0);
    step(request(first_key()));
    backend_item_replace(env.backend, inbox, 1, 0, 0, &theirs, &entry, pool);
    is_str(step(with_content(answer->key, "mine", 0, 1)), "", "a content in conflict, quietly");
    is_str(results(), "CONFLICT", "is refused");
    is_str(step(with_content(answer->key, "mine 2", 0, 1)), "", "so is the next");
    is_str(results(), "CONFLICT", "as the server's has not been told yet");
    ok(collection_op_check(&env, with_content(answer->key, "mine 3", 0, 1), &(apr_uint64_t){0},
                           pool) != NULL,
       "nor would one be sent");
    is_str(step(request(answer->key)), "*1:0r1", "it is told");
    is_str(step(with_content(answer->key, "mine 4", 0, 0)), "", "then the next");
    is_str(results(), "NONE", "is done");

    is_str(step(with_content(answer->key, "mine 5", 1, 1)), "", "one that wants to be told");
    is_str(step(with_content(answer->key, "mine 6", 0, 1)), "", "and has not been");
    is_str(results(), "NONE", "is in the next one's way no more than any other of its own");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    is_str(step(request(answer->key)), "*1:1r4", "it is told in the end");
    ok(answer->commands[0].changed == APR_UINT64_MAX, "of all of it");
    is_str(step(request(answer->key)), "", "once");

    backend_memory_flag(backend, ACCOUNT, inbox, 1, 2, 2);
    asked = with_op(answer->key, &op);
    asked->get_changes = 0;
    step(asked);
    is_str(results(), "CONFLICT", "a flag in conflict");
    asked = with_op(answer->key, &op);
    asked->get_changes = 0;
    step(asked);
    is_str(results(), "CONFLICT", "stays so too");
    is_str(step(request(answer->key)), "*1:3r4", "until it is told");
    step(with_op(answer->key, &op));
    is_str(results(), "NONE", "then it is a change");
}

/* What an earlier form of one of them wrote is in conflict with none. */
static void test_conflict_own(void)
{
    collection_op_t before = change(1, 2, 2);
    collection_op_t ops[] = {change(1, 1, 1), change(1, 3, 1)};
    collection_request_t *asked;

    fresh();
    deliver(0, 1);
    step(request(first_key()));
    asked = request(answer->key);
    prepare(with_op(asked->key, &before)); /* and then it is taken back */
    asked->ops = ops;
    asked->op_count = 2;
    is_str(step(asked), "", "several Changes in the place of another one");
    is_str(results(), "NONE NONE", "are done");
    is_int((long long)flags_of(1), 1, "all of them");
}

static void test_delete(void)
{
    collection_op_t op = {.kind = COLLECTION_OP_DELETE, .uid = 1};
    backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    apr_uint64_t count;
    const char *key;

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    deliver(0, 0);
    step(request(first_key()));
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    is_str(step(with_op(answer->key, &op)), "", "deleted, though it had changed");
    is_int((long long)flags_of(1), 99, "it is gone");
    is_str(step(with_op(answer->key, &op)), "", "deleting what is gone");
    is_int(answer->results[0].code, BASE_FAULT_NONE, "succeeds");
    op = (collection_op_t){.kind = COLLECTION_OP_DELETE, .uid = 2, .trash_id = trash};
    key = answer->key;
    step(with_op(key, &op));
    is_str(step(with_op(key, &op)), "", "deleted into the trash, twice");
    ok(!backend_folder_count(env.backend, trash, &range, &count, pool) && count == 1, "moved once");
    op.uid = 3;
    op.trash_id = "nosuch";
    is_str(step(with_op(answer->key, &op)), "+3:0", "no trash: the device gets it back");
    is_int(answer->results[0].code, BASE_FAULT_DENIED, "and is told");
    op.uid = 0;
    step(with_op(answer->key, &op));
    is_int(answer->results[0].code, BASE_FAULT_NOT_FOUND, "a ServerId that means nothing");
}

static void test_repeat(void)
{
    collection_op_t op;
    collection_request_t *asked;
    const char *key;

    fresh();
    deliver(0, 0);
    step(request(first_key()));
    key = answer->key;
    op = change(1, 1, 1);
    asked = with_op(key, &op);
    step(asked);
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 0);
    step(asked);
    ok(answer->replayed && answer->results[0].repeated, "an identical repeat is a replay");
    is_int((long long)flags_of(1), 0, "and changes nothing again");
    is_str(step(request(key)), "", "without the operation: the server's version is the device's");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    is_str(step(request(key)), "*1:1", "or it comes down");

    fresh();
    deliver(0, 0);
    step(request(first_key()));
    key = answer->key;
    op = change(1, 1, 1);
    prepare(with_op(key, &op)); /* the process dies before the commit */
    op = change(1, 1, 0);
    is_str(step(with_op(key, &op)), "", "altered after a crash: done, and no conflict");
    is_int(answer->results[0].code, BASE_FAULT_NONE, "because the ledger wrote the other");
    is_int((long long)flags_of(1), 0, "the later one holds");
    op = change(1, 1, 1);
    step(with_op(key, &op));
    is_int((long long)flags_of(1), 1, "the first content again is applied anew");
}

static void test_answers(void)
{
    collection_request_t *asked[6];
    const char *key, *keys[6];
    int i;

    fresh();
    deliver(0, 0);
    key = first_key();
    for (i = 0; i < 6; i++) {
        asked[i] = request(key);
        step(asked[i]);
        keys[i] = answer->key;
    }
    step(request(keys[1]));
    is_int(code, BASE_FAULT_STALE, "of too many different answers the oldest go");
    step(asked[5]);
    is_str(answer->key, keys[5], "the newest is replayed");
    step(asked[2]);
    is_str(answer->key, keys[2], "and so is the oldest that is left");
    is_str(step(request(keys[2])), "", "and it is good");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_start();
    test_unchanged();
    test_generation();
    test_replay();
    test_replay_replaced();
    test_render();
    test_filter();
    test_conflict();
    test_conflict_several();
    test_conflict_untold();
    test_conflict_own();
    test_delete();
    test_repeat();
    test_answers();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
