/* A cursor that the mailbox does not remember any more: what the device holds is compared with
 * what there is, and the difference comes as ever. */
#include "collection_helpers.h"

#define LARGE 3000

static const char *key;

/* A device that has synced the folder to its end. */
static void settle(int window)
{
    collection_request_t *asked;

    key = first_key();
    do {
        asked = request(key);
        asked->window = window;
        step(asked);
        key = answer->key;
    } while (answer->more_available);
    step(request(key));
    key = answer->key;
}

static void expire(void)
{
    backend_memory_forget(backend, ACCOUNT, inbox);
}

static collection_request_t *windowed(const char *with, int window)
{
    collection_request_t *asked = request(with);

    asked->window = window;
    return asked;
}

static void test_difference(void)
{
    collection_request_t *asked;
    const char *first;

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    deliver(0, 0);
    deliver(0, 0);
    settle(100);
    backend_memory_expunge(backend, ACCOUNT, inbox, 4);
    backend_memory_expunge(backend, ACCOUNT, inbox, 1);
    backend_memory_flag(backend, ACCOUNT, inbox, 2, 1, 1);
    deliver(0, 2);
    deliver(0, 0);
    expire();
    first = key;
    asked = windowed(key, 2);
    is_str(step(asked), "+6:0 +5:2", "what came, the newest first");
    ok(answer->more_available, "and there is more");
    key = answer->key;
    is_str(step(asked), "+6:0 +5:2", "the answer was lost: the same again");
    ok(answer->replayed && !strcmp(answer->key, key), "under the same key");
    is_str(step(windowed(first, 3)), "+6:0 +5:2 -4", "in another window");
    deliver(0, 0);
    is_str(step(windowed(key, 2)), "+7:0 -4", "what happens meanwhile comes as well");
    is_str(step(windowed(answer->key, 2)), "*2:1 -1", "down to the oldest");
    is_str(step(windowed(answer->key, 2)), "", "then there is nothing more");
    ok(!answer->more_available, "at all");
    key = answer->key;
    step(request(key));
    plan.calls = 0;
    is_str(step(request(answer->key)), "", "and the next Sync");
    is_int(plan.calls, 1, "has nothing to compare any more");
}

static void test_no_difference(void)
{
    fresh();
    deliver(0, 0);
    settle(100);
    deliver(0, 0);
    backend_memory_expunge(backend, ACCOUNT, inbox, 2);
    expire();
    is_str(step(request(key)), "", "nothing but what came and went");
    ok(!answer->changed && !answer->more_available, "the same key");
    plan.calls = 0;
    step(request(key));
    is_int(plan.calls, 1, "and it was compared once");
}

static void test_filter(void)
{
    const collection_options_t week = {.filter = 3, .blob = ""};
    collection_request_t *asked;

    fresh();
    deliver(30 * DAY, 0);
    deliver(5 * DAY, 0);
    deliver(0, 0);
    asked = request("0");
    asked->options = &week;
    step(asked);
    is_str(step(request(answer->key)), "+3:0 +2:0", "a week of mail");
    key = answer->key;
    step(request(key));
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    deliver(40 * DAY, 0);
    expire();
    asked = request(answer->key);
    asked->now += 4 * DAY;
    is_str(step(asked), "~2", "what it does not let through stays out, what has aged goes softly");
}

/* Another filter while the comparison is not at its end. */
static void test_filter_widened(void)
{
    const collection_options_t day = {.filter = 1, .blob = ""}, all = {.filter = 0, .blob = ""};
    collection_request_t *asked;
    apr_uint64_t estimate;

    fresh();
    deliver(5 * DAY, 0);
    deliver(0, 0);
    asked = request("0");
    asked->options = &day;
    step(asked);
    is_str(step(request(answer->key)), "+2:0", "a day of mail");
    deliver(0, 0);
    deliver(0, 0);
    expire();
    is_str(step(windowed(answer->key, 1)), "+4:0", "begun");
    asked = request(answer->key);
    asked->options = &all;
    ok(!collection_estimate(&env, asked, &estimate, pool) && estimate == 2,
       "the estimate is right");
    is_str(step(asked), "+1:0 +3:0", "everything comes, once");
}

/* The device has half of the folder when the cursor expires. */
static void test_unfinished(void)
{
    int i;

    fresh();
    for (i = 0; i < 6; i++)
        deliver(0, 0);
    is_str(step(windowed(first_key(), 3)), "+6:0 +5:0 +4:0", "the first half");
    backend_memory_expunge(backend, ACCOUNT, inbox, 5);
    backend_memory_expunge(backend, ACCOUNT, inbox, 2);
    expire();
    is_str(step(windowed(answer->key, 2)), "-5 +3:0", "goes on where it was");
    is_str(step(windowed(answer->key, 2)), "+1:0", "to the end");
    ok(!answer->more_available, "and not beyond");
}

static void test_operations(void)
{
    const collection_op_t op = {.kind = COLLECTION_OP_DELETE, .uid = 1};

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    deliver(0, 0);
    settle(100);
    backend_memory_expunge(backend, ACCOUNT, inbox, 2);
    expire();
    is_str(step(with_op(key, &op)), "-2", "beside operations of the device's own");
    is_str(step(request(answer->key)), "", "which are no news to it");
}

/* Chunks of the set held, most of which nothing happened to; and those who only look. */
static void test_large(void)
{
    collection_watch_answer_t watch;
    collection_request_t *asked;
    apr_uint64_t estimate;
    int i;

    fresh();
    for (i = 0; i < LARGE; i++)
        deliver(0, 0);
    settle(512);
    backend_memory_expunge(backend, ACCOUNT, inbox, 1);
    backend_memory_expunge(backend, ACCOUNT, inbox, 1024);
    backend_memory_flag(backend, ACCOUNT, inbox, 2047, 1, 1);
    backend_memory_expunge(backend, ACCOUNT, inbox, LARGE);
    expire();
    asked = request(key);
    ok(!collection_estimate(&env, asked, &estimate, pool) && estimate == 4,
       "the estimate is right");
    ok(!collection_watch_check(&env, asked, &watch, pool) && watch.what == COLLECTION_WATCH_CHANGED,
       "somebody who waits is woken");
    is_str(step(asked), apr_psprintf(pool, "-%d *2047:1 -1024 -1", LARGE),
           "of many items those that differ");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_difference();
    test_no_difference();
    test_filter();
    test_filter_widened();
    test_unfinished();
    test_operations();
    test_large();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
