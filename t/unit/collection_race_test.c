/* The collection's step when several requests of a device are at it at once. */
#include "collection_helpers.h"

#include "sync/key.h"
#include "sync/ledger.h"

static void test_overtaken(void)
{
    collection_t *slow, *other;
    collection_op_t op;
    const char *key;

    fresh();
    deliver(0, 0);
    step(request(first_key()));
    key = answer->key;
    deliver(0, 0);
    slow = prepare(request(key));
    step(request(key));
    is_int(base_fault_code(collection_commit(slow)), BASE_FAULT_CONFLICT,
           "of two steps at once one loses");
    op = change(1, 1, 1);
    other = prepare(with_op(key, &op));
    step(request(key));
    is_int(base_fault_code(collection_commit(other)), BASE_FAULT_BUSY,
           "with operations it must not be done again");
}

/* -- a request that is held up on its way to the ledger -- */

static struct {
    const collection_request_t *twin;
    int done;
} held_up;

/* Meanwhile its twin is answered, the device goes on, and so do others. */
static state_fail_when_t hold_up(void *baton, state_call_t call, int number)
{
    collection_env_t outer = env;

    (void)number;
    if (call != STATE_CALL_CLAIM || held_up.done)
        return STATE_FAIL_NOT;
    held_up.done = 1;
    env.store = baton;
    step(held_up.twin);
    deliver(0, 0);
    step(request(answer->key));
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 0);
    env = outer;
    return STATE_FAIL_NOT;
}

static void test_held_up(void)
{
    state_store_t *store;
    collection_op_t op = change(1, 1, 1);
    const collection_request_t *asked;

    fresh();
    store = state_store_create_memory(pool);
    env.store = state_store_create_fail(store, &plan, pool);
    deliver(0, 0);
    step(request(first_key()));
    asked = with_op(answer->key, &op);
    held_up.twin = asked;
    plan.decide = hold_up;
    plan.baton = store;
    step(asked);
    is_int(held_up.done, 1, "while a request is held up, its twin's answer is confirmed");
    is_int(code, BASE_FAULT_BUSY, "it is too late");
    is_int((long long)flags_of(1), 0, "and does not do its operations once more");
}

/* -- operations that are being done for another request -- */

static struct {
    state_ledger_key_t key;
    state_claim_t *claim;
    int sleeps, done_at; /* the other one records its result during that sleep, 0: never */
    apr_interval_time_t slept;
    const void *result;
    apr_size_t length;
} other_request;

static apr_time_t clock_now;

static apr_time_t clock_read(void *baton)
{
    (void)baton;
    return clock_now;
}

static void sleep_fake(void *baton, apr_interval_time_t interval)
{
    (void)baton;
    other_request.slept += interval;
    clock_now += interval;
    if (++other_request.sleeps != other_request.done_at)
        return;
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 1);
    state_ledger_record(env.store, &other_request.key, other_request.claim->fence,
                        other_request.result, other_request.length, DAY, pool);
    backend_memory_flag(backend, ACCOUNT, inbox, 1, 1, 0); /* then somebody else has other ideas */
}

static const char *busy_key; /* sync key of the request that meets the claim */

/* A mailbox whose item 1 is being flagged by another request, with a lease of 5 s. */
static void busy_start(int done_at)
{
    sync_ledger_result_t result = {.digest = "1=1", .uid = 1, .token = 1};
    char series[SYNC_SERIES_LENGTH + 1];
    state_store_t *memory;
    unsigned counter;

    fresh();
    memory = state_store_create_memory(pool);
    clock_now = NOW;
    state_store_memory_clock(memory, clock_read, NULL);
    env.store = state_store_create_fail(memory, &plan, pool);
    deliver(0, 0);
    step(request(first_key()));
    busy_key = answer->key;
    sync_key_parse(busy_key, series, &counter);
    memset(&other_request, 0, sizeof other_request);
    other_request.done_at = done_at;
    other_request.key =
        (state_ledger_key_t){.account = ACCOUNT,
                             .device = "phone",
                             .scope = sync_ledger_scope(series, inbox, counter, pool),
                             .entry = sync_ledger_entry('c', "1", 0, 0, pool)};
    sync_ledger_result_pack(&result, &other_request.result, &other_request.length, pool);
    state_ledger_claim(env.store, &other_request.key, apr_time_from_sec(5), DAY,
                       &other_request.claim, pool);
}

static void test_patience(void)
{
    state_patience_t patience = {.left = apr_time_from_sec(8), .sleep = sleep_fake};
    const collection_op_t op = change(1, 1, 1);

    env.patience = &patience;
    busy_start(3);
    is_str(step(with_op(busy_key, &op)), "*1:0", "an operation that is being done is waited for");
    ok(answer->results[0].repeated && !answer->results[0].code, "its result is that of the other");
    is_int((long long)flags_of(1), 0, "it is not done again");
    is_int(other_request.sleeps, 3, "asked for with pauses");

    busy_start(0);
    step(with_op(busy_key, &op));
    ok(!code && !answer->results[0].repeated && flags_of(1) == 1,
       "one that never ends is taken over when its lease ends");
    ok(other_request.slept >= apr_time_from_sec(5) && other_request.slept < apr_time_from_sec(6),
       "then, and not later");
    is_int(base_fault_code(state_ledger_record(env.store, &other_request.key,
                                               other_request.claim->fence, "", 0, DAY, pool)),
           BASE_FAULT_CONFLICT, "under a higher fencing number");

    patience.left = apr_time_from_sec(2);
    busy_start(0);
    step(with_op(busy_key, &op));
    is_int(code, BASE_FAULT_BUSY, "patience has an end");
    is_int(other_request.slept, apr_time_from_sec(2), "which is that of the whole request");
    is_int((long long)flags_of(1), 0, "nothing was done");
    other_request.slept = 0;
    step(with_op(busy_key, &op));
    ok(code == BASE_FAULT_BUSY && !other_request.slept, "and there is none left");
    env.patience = NULL;
    step(with_op(busy_key, &op));
    is_int(code, BASE_FAULT_BUSY, "or none at all");
}

/* The repeat of a request that is still being answered: whichever comes first. */
static void test_twin(void)
{
    collection_t *slow;
    collection_op_t op = change(1, 1, 1);
    const collection_request_t *asked;
    const char *key;

    fresh();
    deliver(0, 0);
    step(request(first_key()));
    asked = with_op(answer->key, &op);
    slow = prepare(asked);
    step(asked);
    key = answer->key;
    is_int(base_fault_code(collection_commit(slow)), BASE_FAULT_CONFLICT,
           "a request that loses against its own repeat");
    step(asked);
    ok(!code && answer->replayed && !strcmp(answer->key, key), "gets its answer");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_overtaken();
    test_twin();
    test_held_up();
    test_patience();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
