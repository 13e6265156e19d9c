/* Part of backend_contract.h: names derived from what caused an item, and replacing. */
#ifndef T_UNIT_BACKEND_CONTRACT_PUT_H
#define T_UNIT_BACKEND_CONTRACT_PUT_H

static void contract_derived(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "derived", pool);
    const char *g = contract_create(session, NULL, "derived to", pool);
    backend_put_t bad = {.derived_name = "../x"}, again = {.derived_name = "L-1_a"};
    backend_entry_t a, b, c, e;
    apr_uint64_t n;
    int existed;

    a = contract_put(session, f, "once", 0, CONTRACT_DATE, "L-1_a", pool);
    b = contract_put(session, f, "once", 0, CONTRACT_DATE, "L-1_a", pool);
    is_int(b.uid, a.uid, "a put with the same derived name returns the item");
    b = contract_put(session, f, "once", 0, CONTRACT_DATE, "L-1_b", pool);
    ok(b.uid != a.uid, "another name is another item");
    must(backend_item_set_flags(session, f, a.uid, BACKEND_FLAG_SEEN, BACKEND_FLAG_SEEN, &e, pool),
         "set_flags");
    must(
        backend_item_put(session, f, &again, backend_blob_of("other", 5, pool), &e, &existed, pool),
        "put");
    ok(e.uid == a.uid && e.token == BACKEND_FLAG_SEEN && existed,
       "also after a change, and with another content, which is not taken");
    is_str(contract_text(session, f, a.uid, pool), "once", "what is there stays");
    e = contract_put(session, g, "once", 0, CONTRACT_DATE, "L-1_a", pool);
    is_int(backend_folder_count(session, g, &contract_all, &n, pool) ? 0 : n, 1,
           "the name counts in its folder only");
    is_fault(backend_item_put(session, f, &bad, backend_blob_of("x", 1, pool), &e, &existed, pool),
             BASE_FAULT_INVALID, "a name that is no derived name is refused");

    must(backend_item_move(session, f, b.uid, g, "M-1", &c, pool), "move");
    is_fault(backend_item_entry(session, f, b.uid, &e, pool), BASE_FAULT_NOT_FOUND,
             "a moved item is gone here");
    is_str(contract_text(session, g, c.uid, pool), "once", "and there");
    is_int(c.date, CONTRACT_DATE, "with its date");
    must(backend_item_move(session, f, b.uid, g, "M-1", &e, pool), "move again");
    is_int(e.uid, c.uid, "a repeated move finds what the first one moved");
    is_fault(backend_item_move(session, f, b.uid, g, "M-2", &e, pool), BASE_FAULT_NOT_FOUND,
             "under another name there is nothing to move");
    is_fault(backend_item_move(session, f, a.uid, f, "M-3", &e, pool), BASE_FAULT_INVALID,
             "a move to where it is is refused");
    is_fault(backend_item_move(session, f, a.uid, "nosuch", "M-4", &e, pool),
             BASE_FAULT_FOLDER_GONE, "a move to nowhere too");
    must(backend_item_move(session, f, a.uid, g, NULL, &e, pool), "move");
    ok(e.token == BACKEND_FLAG_SEEN && e.uid > c.uid, "flags move along, a move is an arrival");
    must(backend_item_move(session, g, e.uid, f, "M-5", &e, pool), "move back");
    ok(e.uid > b.uid, "a move back is an arrival too");
}

static void contract_replace(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "replaced", pool), *cursor;
    backend_entry_t a, b, e, plain;
    backend_blob_t *text = backend_blob_of("second, longer", 14, pool);
    apr_uint64_t n;

    a = contract_put(session, f, "first", BACKEND_FLAG_SEEN, CONTRACT_DATE, "R-1", pool);
    plain = contract_put(session, f, "plain", 0, CONTRACT_DATE, NULL, pool);
    cursor = contract_probe(session, f, pool);
    must(backend_item_replace(session, f, a.uid, a.token, BACKEND_FLAG_FLAGGED, text, &b, pool),
         "replace");
    ok(b.uid == a.uid && b.date == a.date && b.size == 14, "a replaced item keeps uid and date");
    ok(BACKEND_FLAGS_OF(b.token) == BACKEND_FLAG_FLAGGED && b.token != a.token,
       "has the flags that it was given, and another token");
    is_str(contract_text(session, f, a.uid, pool), "second, longer", "and the other content");
    is_str(contract_changes(session, f, &cursor, 9, pool),
           apr_psprintf(pool, "+%d:%" APR_UINT64_T_FMT " ", (int)a.uid, b.token),
           "which is a change of it, and nothing came or went");
    is_fault(backend_item_replace(session, f, a.uid, a.token, 0, text, &e, pool),
             BASE_FAULT_CONFLICT, "with the token of before it is not replaced");
    must(backend_item_entry(session, f, a.uid, &e, pool), "entry");
    ok(e.token == b.token && e.size == b.size, "it stays as it was");
    must(backend_item_replace(session, f, a.uid, b.token, BACKEND_FLAG_FLAGGED, text, &e, pool),
         "replace");
    ok(e.uid == a.uid && e.token != b.token && e.token != a.token, "each time the token is new");
    must(backend_item_set_flags(session, f, a.uid, BACKEND_FLAG_FLAGGED | BACKEND_FLAG_SEEN,
                                BACKEND_FLAG_SEEN, &b, pool),
         "set_flags");
    ok(BACKEND_FLAGS_OF(b.token) == BACKEND_FLAG_SEEN &&
           BACKEND_REVISION_OF(b.token) == BACKEND_REVISION_OF(e.token),
       "flags change as ever");
    e = contract_put(session, f, "third", 0, 0, "R-1", pool);
    ok(e.uid == a.uid && e.token == b.token, "its derived name still finds it");
    must(backend_item_replace(session, f, plain.uid, plain.token, 0, text, &e, pool), "replace");
    ok(e.uid == plain.uid && BACKEND_FLAGS_OF(e.token) == 0, "also one without flags and name");
    is_str(contract_text(session, f, plain.uid, pool), "second, longer", "whole");
    must(backend_folder_count(session, f, &contract_all, &n, pool), "count");
    is_int(n, 2, "nothing is left behind");
    must(backend_item_remove(session, f, a.uid, pool), "remove");
    is_fault(backend_item_replace(session, f, a.uid, b.token, 0, text, &e, pool),
             BASE_FAULT_NOT_FOUND, "what is gone is not replaced");
}

#endif
