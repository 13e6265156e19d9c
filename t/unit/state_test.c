#include "state_contract.h"

#include <apr_general.h>

#include "state/fail.h"

static void test_names(apr_pool_t *pool)
{
    state_key_t key = contract_folder(CONTRACT_ODD, "D:1", "5/6");

    is_str(state_key_name("ms", &contract_device, pool), "ms:{joe%40example.org}:d:D1",
           "the key of a device record");
    is_str(state_key_name("ms", &key, pool), "ms:{a%2Fb%7Bc%7D%22%C3%BC%257D%3A}:f:D%3A1:5%2F6",
           "the key of a folder record");
}

static apr_time_t clock_read(void *baton)
{
    return *(apr_time_t *)baton;
}

static void test_clock(apr_pool_t *pool)
{
    state_store_t *store = state_store_create_memory(pool);
    state_ledger_key_t key = {"a", "d", "s", "e"};
    apr_time_t now = apr_time_from_sec(1000000);
    state_claim_t *claim;

    state_store_memory_clock(store, clock_read, &now);
    claim = contract_claim(store, &key, apr_time_from_sec(30), pool);
    is_int(claim->outcome, STATE_CLAIM_TAKEN, "the memory store has a clock");
    now += apr_time_from_sec(10);
    claim = contract_claim(store, &key, apr_time_from_sec(30), pool);
    ok(claim->outcome == STATE_CLAIM_BUSY && claim->retry_after_ms == 20000, "that a test may set");
    now += apr_time_from_sec(20);
    claim = contract_claim(store, &key, apr_time_from_sec(30), pool);
    is_int(claim->outcome, STATE_CLAIM_AGAIN, "the lease is over");
    now += apr_time_from_sec(600);
    claim = contract_claim(store, &key, apr_time_from_sec(30), pool);
    is_int(claim->outcome, STATE_CLAIM_TAKEN, "the scope is forgotten");
}

static void test_fail_at(apr_pool_t *pool)
{
    state_fail_plan_t plan = {0};
    state_store_t *inner = state_store_create_memory(pool);
    state_store_t *store = state_store_create_fail(inner, &plan, pool);
    state_key_t key = contract_folder("a", "d", "5");
    apr_uint64_t version = 0, found = 0;
    state_field_t field = contract_field("a", "one");
    base_fault_t *fault;

    plan.at = 2;
    plan.when = STATE_FAIL_BEFORE;
    is_int(contract_set(store, &key, 0, "a", "one", &version, pool), 0, "call 1 succeeds");
    field.data = "two";
    fault = state_record_commit(store, &key, version, &field, 1, NULL, 0, &version, pool);
    ok(base_fault_code(fault) == BASE_FAULT_UNAVAILABLE && fault->retry_after > 0,
       "call 2 fails: %s", fault ? fault->message : "");
    is_str(contract_get(inner, &key, "a", NULL, pool), "one", "before it had any effect");
    is_int(contract_set(store, &key, version, "a", "three", &version, pool), 0, "call 3 succeeds");
    is_int(plan.calls, 3, "calls are counted");

    plan = (state_fail_plan_t){
        .at = 1, .last = 2, .when = STATE_FAIL_AFTER, .code = BASE_FAULT_INTERNAL};
    is_int(contract_set(store, &key, version, "a", "four", &found, pool), BASE_FAULT_INTERNAL,
           "fails with the code that was asked for");
    is_str(contract_get(inner, &key, "a", NULL, pool), "four", "after its effect");
    is_str(contract_get(store, &key, "a", NULL, pool), "(fault)", "so does the next");
    is_str(contract_get(store, &key, "a", NULL, pool), "four", "and no more");
    plan = (state_fail_plan_t){.at = 1, .when = STATE_FAIL_AFTER};
    is_int(contract_set(store, &key, version, "a", "five", &found, pool), BASE_FAULT_CONFLICT,
           "a fault of the store itself goes first");
}

/* The baton is a bit set of calls to fail. */
static state_fail_when_t decide(void *baton, state_call_t call, int number)
{
    int calls = *(int *)baton;

    (void)number;
    return calls & (1 << call) ? STATE_FAIL_AFTER : STATE_FAIL_NOT;
}

static void test_fail_decide(apr_pool_t *pool)
{
    int calls = 1 << STATE_CALL_CLAIM | 1 << STATE_CALL_RECORD | 1 << STATE_CALL_RELEASE |
                1 << STATE_CALL_FORGET | 1 << STATE_CALL_REMOVE | 1 << STATE_CALL_LIST |
                1 << STATE_CALL_DEVICE_LIST;
    state_fail_plan_t plan = {.decide = decide, .baton = &calls};
    state_store_t *inner = state_store_create_memory(pool);
    state_store_t *store = state_store_create_fail(inner, &plan, pool);
    state_ledger_key_t key = {"a", "d", "s", "e"};
    state_claim_t *claim = NULL;
    apr_array_header_t *names;

    ok(state_ledger_claim(store, &key, contract_long, contract_long, &claim, pool) != NULL,
       "a plan may decide by the kind of call");
    is_int(contract_claim(inner, &key, contract_long, pool)->outcome, STATE_CLAIM_BUSY,
           "the claim was taken, its holder does not know");
    ok(state_ledger_forget(store, "a", "d", "s", pool) != NULL, "forget fails");
    claim = contract_claim(inner, &key, contract_long, pool);
    is_int(claim->outcome, STATE_CLAIM_TAKEN, "after its effect");
    ok(contract_record(store, &key, claim->fence, "x", pool) != 0, "record fails");
    is_int(contract_claim(inner, &key, contract_long, pool)->outcome, STATE_CLAIM_DONE,
           "after its effect");
    ok(state_ledger_release(store, &key, claim->fence, pool) &&
           state_record_remove(store, &contract_device, pool) &&
           state_device_list(store, "a", &names, pool) &&
           state_record_list(store, "a", "d", STATE_RECORD_FOLDER, &names, pool),
       "so does everything else that is planned");
}

int main(void)
{
    state_fail_plan_t none = {0};
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_names(pool);
    state_contract_run(state_store_create_memory(pool), "memory", pool);
    state_contract_run(state_store_create_fail(state_store_create_memory(pool), &none, pool),
                       "fail", pool);
    ok(none.calls > 100, "the fail store was used");
    test_clock(pool);
    test_fail_at(pool);
    test_fail_decide(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
