#include "backend_contract_class.h"

#include <apr_general.h>

#include "backend/fail.h"
#include "backend/memory.h"

static backend_t *start(const char *const *list, apr_pool_t *pool)
{
    apr_array_header_t *arguments = apr_array_make(pool, 4, sizeof(const char *));
    backend_t *backend;

    for (; *list; list++)
        APR_ARRAY_PUSH(arguments, const char *) = *list;
    must(backend_start("fail", arguments, NULL, &contract_describer, &backend, pool), "start");
    return backend;
}

static void test_configure(apr_pool_t *pool)
{
    static const char *const bad[] = {
        "fail=put",          "fail=put:0:QUOTA",        "fail=put:1x:QUOTA", "fail=nosuch:1:QUOTA",
        "fail=put:1:NOSUCH", "fail=put:1:QUOTA:before", "driver=nosuch",     "driver=fail",
        "colour=red"};
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        apr_array_header_t *arguments = apr_array_make(pool, 1, sizeof(const char *));

        APR_ARRAY_PUSH(arguments, const char *) = bad[i];
        is_fault(backend_configure("fail", arguments, pool), BASE_FAULT_INVALID,
                 apr_psprintf(pool, "argument '%s' is refused", bad[i]));
    }
}

static void test_plan(apr_pool_t *pool)
{
    static const char *const list[] = {"driver=memory",
                                       "messages=2",
                                       "fail=put:2:QUOTA",
                                       "fail=fetch:2+:UNAVAILABLE",
                                       "fail=remove:1:TIMEOUT:after",
                                       NULL};
    backend_t *backend = start(list, pool);
    backend_session_t *session;
    backend_blob_t *blob = backend_blob_of("x", 1, pool), *read;
    backend_put_t put = {.derived_name = NULL};
    backend_entry_t e;
    const char *inbox;
    int i, existed;

    must(backend_session_open(backend, "u", &session, pool), "open");
    inbox = backend_memory_folder(backend, "u", BACKEND_ROLE_INBOX);
    is_fault(backend_item_put(session, inbox, &put, blob, &e, &existed, pool), BASE_FAULT_NONE,
             "put 1");
    is_fault(backend_item_put(session, inbox, &put, blob, &e, &existed, pool), BASE_FAULT_QUOTA,
             "put 2");
    is_fault(backend_item_put(session, inbox, &put, blob, &e, &existed, pool), BASE_FAULT_NONE,
             "put 3");
    is_str(contract_list(session, inbox, contract_all, 9, pool), "4 3 2 1 ",
           "a fault before it happened leaves nothing");
    is_fault(backend_item_fetch(session, inbox, 1, &read, pool), BASE_FAULT_NONE, "fetch 1");
    for (i = 2; i < 5; i++)
        is_fault(backend_item_fetch(session, inbox, 1, &read, pool), BASE_FAULT_UNAVAILABLE,
                 apr_psprintf(pool, "fetch %d", i));
    is_fault(backend_item_remove(session, inbox, 99, pool), BASE_FAULT_NOT_FOUND,
             "a real fault comes first");
    is_fault(backend_item_remove(session, inbox, 1, pool), BASE_FAULT_TIMEOUT, "remove");
    is_str(contract_list(session, inbox, contract_all, 9, pool), "4 3 2 ",
           "a fault after it happened");
}

typedef struct {
    const char *call;
    int after;
    int calls;
} decision_t;

static base_fault_code_t decide(void *baton, const char *call, int after)
{
    decision_t *decision = baton;

    decision->calls++;
    if (strcmp(call, decision->call) == 0 && after == decision->after)
        return BASE_FAULT_BUSY;
    return BASE_FAULT_NONE;
}

static void test_decide(apr_pool_t *pool)
{
    static const char *const list[] = {"fail=*:1+:QUOTA", NULL};
    backend_t *backend = start(list, pool);
    decision_t decision = {"open", 1, 0};
    backend_session_t *session;

    is_fault(backend_session_open(backend, "u", &session, pool), BASE_FAULT_QUOTA, "any call");
    backend_fail_decide(backend, decide, &decision);
    is_fault(backend_session_open(backend, "u", &session, pool), BASE_FAULT_BUSY, "as decided");
    is_int(decision.calls, 2, "asked before and after");
    backend_fail_decide(backend, NULL, NULL);
    is_fault(backend_session_open(backend, "u", &session, pool), BASE_FAULT_NONE, "no plan");
}

int main(void)
{
    static const char *const none[] = {NULL};
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    backend_contract(start(none, pool), "alice", pool);
    backend_contract_classes(start(none, pool), "alice", pool);
    test_configure(pool);
    test_plan(pool);
    test_decide(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
