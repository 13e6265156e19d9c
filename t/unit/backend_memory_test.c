#include "backend_contract_class.h"

#include <apr_general.h>

#include "backend/memory.h"

static const apr_array_header_t *arguments_of(apr_pool_t *pool, const char *const *list)
{
    apr_array_header_t *arguments = apr_array_make(pool, 4, sizeof(const char *));

    for (; *list; list++)
        APR_ARRAY_PUSH(arguments, const char *) = *list;
    return arguments;
}

static void test_configure(apr_pool_t *pool)
{
    static const char *const good[] = {"account=a:b", "domain=x.org", "messages=3", NULL};
    static const char *const no_value[] = {"account", NULL};
    static const char *const unknown[] = {"colour=red", NULL};
    static const char *const number[] = {"messages=many", NULL};
    static const char *const login[] = {"account=nopassword", NULL};
    static const char *const *const bad[] = {no_value, unknown, number, login};
    backend_t *backend;
    backend_session_t *session;
    const char *account = NULL;
    apr_uint64_t n;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        is_fault(backend_configure("memory", arguments_of(pool, bad[i]), pool), BASE_FAULT_INVALID,
                 apr_psprintf(pool, "argument '%s' is refused", bad[i][0]));
    is_fault(backend_configure("nosuch", NULL, pool), BASE_FAULT_INVALID, "no such driver");
    must(backend_start("memory", arguments_of(pool, good), NULL, NULL, &backend, pool), "start");
    is_fault(backend_check_password(backend, "a", "b", pool), BASE_FAULT_NONE, "right password");
    is_fault(backend_check_password(backend, "a", "c", pool), BASE_FAULT_AUTH, "wrong password");
    is_fault(backend_check_password(backend, "a", "", pool), BASE_FAULT_AUTH, "no password");
    is_fault(backend_check_password(backend, "x", "b", pool), BASE_FAULT_AUTH, "unknown account");
    must(backend_resolve(backend, "a@x.org", &account, pool), "resolve");
    is_str(account, "a", "an address is somebody's");
    is_fault(backend_resolve(backend, "b@x.org", &account, pool), BASE_FAULT_NOT_FOUND, "or not");
    is_fault(backend_resolve(backend, "a@y.org", &account, pool), BASE_FAULT_NOT_FOUND,
             "another domain is not ours");
    must(backend_session_open(backend, "a", &session, pool), "open");
    must(backend_folder_count(session, contract_role(session, BACKEND_ROLE_INBOX, pool),
                              &contract_all, &n, pool),
         "count");
    is_int(n, 3, "a new account has messages");
}

static void test_hooks(apr_pool_t *pool)
{
    backend_t *backend;
    backend_session_t *session;
    backend_changes_t *changes;
    const char *inbox, *cursor, *old;
    apr_uint64_t a, b;
    backend_entry_t e;

    must(backend_start("memory", NULL, NULL, NULL, &backend, pool), "start");
    must(backend_session_open(backend, "u", &session, pool), "open");
    inbox = backend_memory_folder(backend, "u", BACKEND_ROLE_INBOX);
    is_str(inbox, contract_role(session, BACKEND_ROLE_INBOX, pool), "a folder by its role");
    cursor = contract_probe(session, inbox, pool);
    backend_memory_clock(backend, CONTRACT_DATE);
    a = backend_memory_deliver(backend, "u", inbox, "a", 0, 0);
    b = backend_memory_deliver(backend, "u", inbox, "b", 0, CONTRACT_DATE + 5);
    must(backend_item_entry(session, inbox, a, &e, pool), "entry");
    is_int(e.date, CONTRACT_DATE, "the clock stands");
    ok(backend_memory_flag(backend, "u", inbox, b, 1, 1), "flagged");
    is_str(contract_changes(session, inbox, &cursor, 9, pool), "+1:0 +2:1 ", "deliveries, flags");
    ok(backend_memory_expunge(backend, "u", inbox, a), "expunged");
    ok(!backend_memory_expunge(backend, "u", inbox, a), "once");
    old = cursor;
    is_str(contract_changes(session, inbox, &cursor, 9, pool), "-1 ", "an expunge");
    backend_memory_forget(backend, "u", inbox);
    is_fault(backend_folder_changes(session, inbox, old, 9, &changes, pool), BASE_FAULT_EXPIRED,
             "forgotten tombstones make old cursors stale");
    is_fault(backend_folder_changes(session, inbox, cursor, 9, &changes, pool), BASE_FAULT_NONE,
             "but not the present one");
    backend_memory_renew(backend, "u", inbox);
    is_fault(backend_folder_changes(session, inbox, cursor, 9, &changes, pool), BASE_FAULT_STALE,
             "a new generation makes all cursors stale");
    is_int(contract_folder(session, inbox, pool)->generation, 2, "the folder says so");
    is_str(contract_list(session, inbox, contract_all, 9, pool), "1 ", "items are numbered anew");
    is_str(contract_text(session, inbox, 1, pool), "b", "and still there");
}

/* The journal is compacted under many changes and still tells each of them. */
static void test_many(apr_pool_t *parent)
{
    enum { ITEMS = 500, ROUNDS = 200000 };
    apr_uint64_t truth[ITEMS] = {0}, seen[ITEMS] = {0};
    const char *inbox, *cursor;
    backend_session_t *session;
    backend_t *backend;
    apr_pool_t *pool;
    unsigned random = 1;
    int i, k;

    must(backend_start("memory", NULL, NULL, NULL, &backend, parent), "start");
    must(backend_session_open(backend, "u", &session, parent), "open");
    inbox = backend_memory_folder(backend, "u", BACKEND_ROLE_INBOX);
    cursor = contract_probe(session, inbox, parent);
    for (i = 0; i < ITEMS; i++)
        backend_memory_deliver(backend, "u", inbox, "x", 0, 1);
    apr_pool_create(&pool, parent);
    for (i = 0; i < ROUNDS; i++) {
        backend_changes_t *changes;
        int more;

        random = random * 1103515245 + 12345;
        k = (random >> 8) % ITEMS;
        truth[k] = (random >> 20) % 8;
        backend_memory_flag(backend, "u", inbox, k + 1, 31, truth[k]);
        if (i % 50 && i != ROUNDS - 1)
            continue;
        do {
            must(backend_folder_changes(session, inbox, cursor, 20, &changes, pool), "changes");
            for (k = 0; k < changes->upsert_count; k++)
                seen[changes->upserts[k].uid - 1] = changes->upserts[k].token;
            cursor = apr_pstrdup(parent, changes->cursor);
            more = changes->more;
            apr_pool_clear(pool);
        } while (more);
    }
    ok(memcmp(truth, seen, sizeof truth) == 0, "%d changes arrive", (int)ROUNDS);
}

int main(void)
{
    apr_pool_t *pool;
    backend_t *backend;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    must(backend_start("memory", NULL, NULL, NULL, &backend, pool), "start");
    backend_contract(backend, "alice", pool);
    must(backend_start("memory", NULL, NULL, &contract_describer, &backend, pool), "start");
    backend_contract_classes(backend, "alice", pool);
    test_configure(pool);
    test_hooks(pool);
    test_many(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
