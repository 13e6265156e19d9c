/* Part of the contract suite: conversations. The mails of these tests have the name of their
 * conversation in their first line. */
#ifndef T_UNIT_BACKEND_CONTRACT_CONVERSATION_H
#define T_UNIT_BACKEND_CONTRACT_CONVERSATION_H

#include "base/time.h"

#define CONTRACT_DAY(n) (CONTRACT_DATE + (n)*BASE_TIME_DAY + apr_time_from_sec(7200))

static base_fault_t *contract_name(const backend_blob_t *blob, const char **name, apr_pool_t *pool)
{
    const char *data;

    BASE_TRY(backend_blob_load(blob, &data, pool));
    *name = apr_pstrmemdup(pool, data, strcspn(data, "\n"));
    if (strcmp(*name, "unreadable") == 0)
        return base_fault_make(pool, BASE_FAULT_CONVERSION, "not to be read");
    if (!**name)
        *name = NULL;
    return NULL;
}

static base_fault_t *contract_name_all(const backend_blob_t *blob, const char **name,
                                       apr_pool_t *pool)
{
    (void)blob;
    (void)pool;
    *name = "all";
    return NULL;
}

static void contract_name_now(backend_session_t *session, const char *folder_id, apr_pool_t *pool)
{
    int left;

    must(backend_folder_conversations(session, folder_id, contract_name, "1",
                                      apr_time_now() + apr_time_from_sec(600), &left, pool),
         "conversations");
    ok(!left, "all conversations are read");
}

/* On which day there was something new in the item's conversation. */
static int contract_day(backend_session_t *session, const char *folder_id, apr_uint64_t uid,
                        apr_pool_t *pool)
{
    backend_entry_t entry;

    must(backend_item_entry(session, folder_id, uid, &entry, pool), "entry");
    return (int)((entry.conversation_date - CONTRACT_DATE) / BASE_TIME_DAY);
}

/* Uids of the conversations of those days. */
static const char *contract_active(backend_session_t *session, const char *folder_id, int since,
                                   int before, apr_pool_t *pool)
{
    backend_range_t range = {.since = CONTRACT_DATE + since * BASE_TIME_DAY,
                             .before = CONTRACT_DATE + before * BASE_TIME_DAY,
                             .conversations = 1};
    const char *text = "";
    apr_uint64_t count, found = 0;
    backend_page_t *page;
    int i;

    must(backend_folder_count(session, folder_id, &range, &count, pool), "count");
    do {
        must(backend_folder_enumerate(session, folder_id, &range, 2, &page, pool), "enumerate");
        for (i = 0; i < page->count; i++, found++) {
            text = apr_psprintf(pool, "%s%" APR_UINT64_T_FMT " ", text, page->entries[i].uid);
            range.below = page->entries[i].uid;
        }
    } while (page->more);
    ok(found == count, "as many as are counted");
    return text;
}

static void contract_conversations(backend_session_t *session, apr_pool_t *pool)
{
    const char *id = contract_create(session, NULL, "Conversations", pool);
    const char *other = contract_create(session, NULL, "Elsewhere", pool);
    const char *cursor = contract_probe(session, id, pool), *before;
    backend_entry_t old = contract_put(session, id, "a\n1", 0, CONTRACT_DAY(1), NULL, pool);
    backend_entry_t lone = contract_put(session, id, "\n2", 0, CONTRACT_DAY(1), NULL, pool);
    backend_entry_t next = contract_put(session, id, "b\n3", 0, CONTRACT_DAY(2), NULL, pool);
    backend_entry_t late, bad;

    is_int(contract_day(session, id, old.uid, pool), 1, "until it is read an item stands alone");
    contract_changes(session, id, &cursor, 10, pool);
    contract_name_now(session, id, pool);
    is_str(contract_changes(session, id, &cursor, 10, pool), "",
           "of conversations of one nothing changes when they are read");
    late = contract_put(session, id, "a\n4", 0, CONTRACT_DAY(5), NULL, pool);
    bad = contract_put(session, id, "unreadable\n5", 0, CONTRACT_DAY(3), NULL, pool);
    contract_changes(session, id, &cursor, 10, pool);
    contract_name_now(session, id, pool);
    is_str(contract_changes(session, id, &cursor, 1, pool),
           apr_psprintf(pool, "+%" APR_UINT64_T_FMT ":0 ", old.uid),
           "an arrival moves the others of its conversation");
    is_int(contract_day(session, id, old.uid, pool), 5, "to its day");
    is_int(contract_day(session, id, lone.uid, pool), 1, "not what stands alone");
    is_int(contract_day(session, id, next.uid, pool), 2, "nor another conversation");
    is_int(contract_day(session, id, bad.uid, pool), 3, "what cannot be read stands alone");
    is_str(contract_active(session, id, 3, 9, pool),
           apr_psprintf(pool, "%d %d %d ", (int)bad.uid, (int)late.uid, (int)old.uid),
           "a range of days has whole conversations");
    is_str(contract_active(session, id, 0, 3, pool),
           apr_psprintf(pool, "%d %d ", (int)next.uid, (int)lone.uid), "and leaves whole ones out");
    before = cursor = contract_probe(session, id, pool);
    contract_name_now(session, id, pool);
    is_str(contract_probe(session, id, pool), before, "nothing new: nothing happens");
    contract_put(session, id, "a\n6", 0, CONTRACT_DAY(5) + 1, NULL, pool);
    contract_name_now(session, id, pool);
    contract_changes(session, id, &cursor, 10, pool);
    contract_put(session, id, "a\n7", 0, CONTRACT_DAY(4), NULL, pool);
    contract_name_now(session, id, pool);
    cursor = contract_probe(session, id, pool);
    must(backend_item_remove(session, id, late.uid, pool), "remove");
    is_str(contract_changes(session, id, &cursor, 10, pool),
           apr_psprintf(pool, "-%" APR_UINT64_T_FMT " ", late.uid),
           "another one of the day is left: nothing moves");
    must(backend_item_move(session, id, late.uid + 2, other, NULL, &late, pool), "move");
    ok(late.conversation_date == late.date, "where it comes to its conversation is not known yet");
    is_int(contract_day(session, id, old.uid, pool), 4, "without the latest: the day of the next");
    is_str(contract_changes(session, id, &cursor, 10, pool),
           apr_psprintf(pool, "+%d:0 +%d:0 -%d ", (int)old.uid, (int)bad.uid + 2, (int)bad.uid + 1),
           "who was moved by that is among the changes");
    contract_name_now(session, other, pool);
    is_int(contract_day(session, other, late.uid, pool), 5, "each folder has its own");
}

static void contract_conversations_again(backend_session_t *session, apr_pool_t *pool)
{
    const char *id = contract_create(session, NULL, "Conversations again", pool);
    backend_entry_t one = contract_put(session, id, "a\n1", 0, CONTRACT_DAY(1), NULL, pool);
    backend_entry_t two = contract_put(session, id, "b\n2", 0, CONTRACT_DAY(6), NULL, pool);
    int left = 1, calls;

    contract_put(session, id, "c\n3", 0, CONTRACT_DAY(8), NULL, pool);
    for (calls = 0; left && calls < 10; calls++)
        must(backend_folder_conversations(session, id, contract_name, "1", 0, &left, pool),
             "conversations");
    ok(!left && calls > 1, "out of time: it goes on where it ended");
    must(backend_item_replace(session, id, one.uid, one.token, 0, backend_blob_of("b\n4", 3, pool),
                              &one, pool),
         "replace");
    contract_name_now(session, id, pool);
    is_int(contract_day(session, id, one.uid, pool), 6, "another content, another conversation");
    must(backend_item_replace(session, id, two.uid, two.token, 0, backend_blob_of("c\n5", 3, pool),
                              &two, pool),
         "replace");
    contract_name_now(session, id, pool);
    is_int(contract_day(session, id, one.uid, pool), 1, "which was left behind is alone");
    is_int(contract_day(session, id, two.uid, pool), 8, "and who left is with the others");
    must(backend_item_replace(session, id, two.uid, two.token, 0, backend_blob_of("\n6", 2, pool),
                              &two, pool),
         "replace");
    contract_name_now(session, id, pool);
    is_int(contract_day(session, id, two.uid, pool), 6, "or alone");
    must(backend_folder_conversations(session, id, contract_name_all, "2",
                                      apr_time_now() + apr_time_from_sec(600), &left, pool),
         "conversations");
    ok(!left && contract_day(session, id, one.uid, pool) == 8 &&
           contract_day(session, id, two.uid, pool) == 8,
       "another version: all are read anew");
}

#endif
