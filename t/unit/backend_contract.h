/* What every backend driver must do, whatever is behind it: called with a started backend and
 * the name of an account that can be opened, fresh but for a driver's default folders. */
#ifndef T_UNIT_BACKEND_CONTRACT_H
#define T_UNIT_BACKEND_CONTRACT_H

#include "tap.h"

#include <ctype.h>
#include <stdlib.h>
#include <apr_strings.h>

#include "backend/backend.h"
#include "backend/blob.h"

#define CONTRACT_DATE apr_time_from_sec(1767225600) /* 2026-01-01 */
static const backend_range_t contract_all = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};

/* Passes when the fault has that code. */
static int is_fault(base_fault_t *fault, base_fault_code_t code, const char *name)
{
    int same = base_fault_code(fault) == code;

    if (!ok(same, "%s", name))
        printf("#      got: %s (%s)\n# expected: %s\n",
               base_fault_code_name(base_fault_code(fault)), fault ? fault->message : "",
               base_fault_code_name(code));
    return same;
}

/* For what must work so that the test can go on. */
static void must(base_fault_t *fault, const char *what)
{
    if (!fault)
        return;
    printf("Bail out! %s: %s\n", what, fault->message);
    exit(2);
}

static const backend_folder_t *contract_folder(backend_session_t *session, const char *id,
                                               apr_pool_t *pool)
{
    apr_array_header_t *folders;
    int i;

    must(backend_folder_list(session, &folders, pool), "folder_list");
    for (i = 0; i < folders->nelts; i++) {
        const backend_folder_t *folder = &APR_ARRAY_IDX(folders, i, backend_folder_t);

        if (strcmp(folder->id, id) == 0)
            return folder;
    }
    return NULL;
}

static const char *contract_role(backend_session_t *session, backend_role_t role, apr_pool_t *pool)
{
    apr_array_header_t *folders;
    int i;

    must(backend_folder_list(session, &folders, pool), "folder_list");
    for (i = 0; i < folders->nelts; i++)
        if (APR_ARRAY_IDX(folders, i, backend_folder_t).role == role)
            return APR_ARRAY_IDX(folders, i, backend_folder_t).id;
    return NULL;
}

static const char *contract_create(backend_session_t *session, const char *parent_id,
                                   const char *name, apr_pool_t *pool)
{
    const char *id;

    must(backend_folder_create(session, parent_id, name, BACKEND_CLASS_EMAIL, &id, pool), name);
    return id;
}

static backend_entry_t contract_put(backend_session_t *session, const char *folder_id,
                                    const char *text, apr_uint64_t flags, apr_time_t date,
                                    const char *derived_name, apr_pool_t *pool)
{
    backend_put_t put = {.derived_name = derived_name, .flags = flags, .date = date};
    backend_entry_t entry;
    int existed;

    must(backend_item_put(session, folder_id, &put, backend_blob_of(text, strlen(text), pool),
                          &entry, &existed, pool),
         "put");
    return entry;
}

static const char *contract_text(backend_session_t *session, const char *folder_id,
                                 apr_uint64_t uid, apr_pool_t *pool)
{
    backend_blob_t *blob;
    const char *data;

    if (backend_item_fetch(session, folder_id, uid, &blob, pool) ||
        backend_blob_load(blob, &data, pool))
        return NULL;
    return apr_pstrmemdup(pool, data, blob->size);
}

/* The same with the line ends of the wire, which a store may keep otherwise. */
static const char *contract_wire(backend_session_t *session, const char *folder_id,
                                 apr_uint64_t uid, apr_pool_t *pool)
{
    const char *text = contract_text(session, folder_id, uid, pool);
    char *wire = apr_palloc(pool, text ? 2 * strlen(text) + 1 : 1), *out = wire;

    for (; text && *text; *out++ = *text++)
        if (*text == '\n' && (out == wire || out[-1] != '\r'))
            *out++ = '\r';
    *out = '\0';
    return text ? wire : NULL;
}

static const char *contract_probe(backend_session_t *session, const char *folder_id,
                                  apr_pool_t *pool)
{
    const char *cursor;

    must(backend_folder_probe(session, folder_id, &cursor, pool), "probe");
    return cursor;
}

/* "+uid:token" for upserts and "-uid" for gone, in the order of the pages of that limit. */
static const char *contract_changes(backend_session_t *session, const char *folder_id,
                                    const char **cursor, int limit, apr_pool_t *pool)
{
    const char *text = "";
    backend_changes_t *changes;
    int i;

    do {
        must(backend_folder_changes(session, folder_id, *cursor, limit, &changes, pool), "changes");
        for (i = 0; i < changes->upsert_count; i++)
            text = apr_psprintf(pool, "%s+%" APR_UINT64_T_FMT ":%" APR_UINT64_T_FMT " ", text,
                                changes->upserts[i].uid, changes->upserts[i].token);
        for (i = 0; i < changes->gone_count; i++)
            text = apr_psprintf(pool, "%s-%" APR_UINT64_T_FMT " ", text, changes->gone[i]);
        if (changes->upsert_count + changes->gone_count > limit)
            text = apr_pstrcat(pool, text, "TOO MANY ", NULL);
        if (strlen(changes->cursor) > BACKEND_CURSOR_MAX)
            text = apr_pstrcat(pool, text, "LONG CURSOR ", NULL);
        *cursor = changes->cursor;
    } while (changes->more);
    return text;
}

/* The uids of a range, in pages of that limit. */
static const char *contract_list(backend_session_t *session, const char *folder_id,
                                 backend_range_t range, int limit, apr_pool_t *pool)
{
    const char *text = "";
    backend_page_t *page;
    int i;

    do {
        must(backend_folder_enumerate(session, folder_id, &range, limit, &page, pool), "enumerate");
        for (i = 0; i < page->count; i++)
            text = apr_psprintf(pool, "%s%" APR_UINT64_T_FMT " ", text, page->entries[i].uid);
        if (page->count)
            range.below = page->entries[page->count - 1].uid;
    } while (page->more);
    return text;
}

static void contract_folders(backend_session_t *session, apr_pool_t *pool)
{
    static const backend_role_t roles[] = {BACKEND_ROLE_INBOX, BACKEND_ROLE_DRAFTS,
                                           BACKEND_ROLE_TRASH, BACKEND_ROLE_SENT};
    const backend_folder_t *folder;
    const char *a, *b, *other;
    size_t i;

    for (i = 0; i < sizeof roles / sizeof *roles; i++)
        ok(contract_role(session, roles[i], pool) != NULL, "there is a folder of role %d",
           (int)roles[i]);
    a = contract_create(session, NULL, "Projekte \xc3\xa4\xe2\x82\xac", pool);
    for (i = 0; a[i]; i++)
        if (!isalnum((unsigned char)a[i]))
            break;
    ok(!a[i] && i > 0 && i <= 32, "a folder id is short and alphanumeric: %s", a);
    folder = contract_folder(session, a, pool);
    is_str(folder ? folder->name : NULL, "Projekte \xc3\xa4\xe2\x82\xac",
           "a created folder is listed");
    ok(folder && !folder->parent_id && folder->role == BACKEND_ROLE_USER &&
           folder->class_ == BACKEND_CLASS_EMAIL && folder->generation,
       "with parent, role, class and generation");
    is_fault(backend_folder_create(session, NULL, "Projekte \xc3\xa4\xe2\x82\xac",
                                   BACKEND_CLASS_EMAIL, &other, pool),
             BASE_FAULT_EXISTS, "a name is there once");
    b = contract_create(session, a, "R&D v1.0/x", pool);
    folder = contract_folder(session, b, pool);
    is_str(folder ? folder->name : NULL, "R&D v1.0/x", "dots, slashes and ampersands are kept");
    is_str(folder ? folder->parent_id : NULL, a, "a folder has its parent");
    is_fault(backend_folder_create(session, "nosuch", "x", BACKEND_CLASS_EMAIL, &other, pool),
             BASE_FAULT_FOLDER_GONE, "no folder in a folder that is not there");
    is_fault(backend_folder_create(session, NULL, "", BACKEND_CLASS_EMAIL, &other, pool),
             BASE_FAULT_INVALID, "an empty name is refused");
    is_fault(backend_folder_create(session, NULL, "..", BACKEND_CLASS_EMAIL, &other, pool),
             BASE_FAULT_INVALID, "'..' is refused");
    is_fault(backend_folder_create(session, NULL, "a\nb", BACKEND_CLASS_EMAIL, &other, pool),
             BASE_FAULT_INVALID, "control characters are refused");
    is_fault(backend_folder_create(session, NULL, "\xff\xfe", BACKEND_CLASS_EMAIL, &other, pool),
             BASE_FAULT_INVALID, "bytes that are not UTF-8 are refused");
}

static void contract_folder_moves(backend_session_t *session, apr_pool_t *pool)
{
    const char *a = contract_create(session, NULL, "top", pool);
    const char *b = contract_create(session, a, "middle", pool);
    const char *c = contract_create(session, b, "bottom", pool);
    const char *other = contract_create(session, NULL, "other", pool);
    const char *inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    backend_entry_t entry = contract_put(session, c, "deep", 0, CONTRACT_DATE, NULL, pool);
    const char *cursor = contract_probe(session, c, pool);
    const backend_folder_t *folder;

    must(backend_folder_rename(session, b, NULL, "Mitte", pool), "rename");
    folder = contract_folder(session, b, pool);
    is_str(folder ? folder->name : NULL, "Mitte", "a rename keeps the id");
    ok(folder && !folder->parent_id, "and can move to the top");
    folder = contract_folder(session, c, pool);
    is_str(folder ? folder->parent_id : NULL, b, "folders below go with it and keep theirs");
    is_str(contract_text(session, c, entry.uid, pool), "deep", "with their items, by the same uid");
    is_str(contract_changes(session, c, &cursor, 10, pool), "", "and no change to report");
    must(backend_folder_rename(session, b, other, "middle", pool), "rename");
    folder = contract_folder(session, b, pool);
    is_str(folder ? folder->parent_id : NULL, other, "a folder can move into another");
    is_fault(backend_folder_rename(session, other, c, "other", pool), BASE_FAULT_INVALID,
             "but not below itself");
    is_fault(backend_folder_rename(session, other, NULL, "top", pool), BASE_FAULT_EXISTS,
             "not onto another folder");
    is_fault(backend_folder_rename(session, inbox, NULL, "x", pool), BASE_FAULT_DENIED,
             "the inbox keeps its name");
    is_fault(backend_folder_rename(session, "nosuch", NULL, "x", pool), BASE_FAULT_FOLDER_GONE,
             "a folder that is not there has no name");
    is_fault(backend_folder_delete(session, inbox, pool), BASE_FAULT_DENIED, "the inbox stays");
    must(backend_folder_delete(session, other, pool), "delete");
    ok(!contract_folder(session, other, pool) && !contract_folder(session, b, pool) &&
           !contract_folder(session, c, pool),
       "a folder is deleted with those below it");
    is_fault(backend_folder_delete(session, other, pool), BASE_FAULT_FOLDER_GONE, "once");
    is_fault(backend_folder_probe(session, c, &cursor, pool), BASE_FAULT_FOLDER_GONE,
             "a deleted folder cannot be probed");
    ok(strcmp(contract_create(session, NULL, "other", pool), other) != 0,
       "a new folder of the old name has another id");
}

static void contract_items(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "items", pool);
    backend_entry_t a, b, e;
    backend_blob_t *blob;
    apr_uint64_t n;

    a = contract_put(session, f, "Subject: a\r\n\r\nbody", BACKEND_FLAG_SEEN, CONTRACT_DATE, NULL,
                     pool);
    b = contract_put(session, f, "", BACKEND_FLAG_FORWARDED | BACKEND_FLAG_DRAFT, 0, NULL, pool);
    ok(a.uid > 0 && b.uid > a.uid, "uids ascend");
    ok(a.token == BACKEND_FLAG_SEEN && a.date == CONTRACT_DATE, "an entry is whole");
    must(backend_item_fetch(session, f, a.uid, &blob, pool), "fetch");
    is_int((long long)a.size, (long long)blob->size, "its size is that of what is fetched");
    ok(b.date > CONTRACT_DATE && b.size == 0, "an empty item, received now");
    is_str(contract_wire(session, f, a.uid, pool), "Subject: a\r\n\r\nbody",
           "what was put comes back");
    is_str(contract_wire(session, f, b.uid, pool), "", "also when it is empty");
    e = contract_put(session, f, "\r\r\n\r\n\ra\r\r\r\n\r", 0, 0, NULL, pool);
    is_str(contract_wire(session, f, e.uid, pool), "\r\r\n\r\n\ra\r\r\r\n\r", "or odd");
    must(backend_item_remove(session, f, e.uid, pool), "remove");
    must(backend_item_entry(session, f, a.uid, &e, pool), "entry");
    ok(e.uid == a.uid && e.token == a.token && e.date == a.date && e.size == a.size,
       "an entry by its uid");
    must(backend_item_set_flags(session, f, a.uid, BACKEND_FLAG_FLAGGED | BACKEND_FLAG_SEEN,
                                BACKEND_FLAG_FLAGGED | BACKEND_FLAG_DRAFT, &e, pool),
         "set_flags");
    is_int(e.token, BACKEND_FLAG_FLAGGED, "flags change under the mask only");
    must(backend_item_entry(session, f, a.uid, &e, pool), "entry");
    ok(e.token == BACKEND_FLAG_FLAGGED && e.date == a.date, "and stay, with the date");
    is_str(contract_wire(session, f, a.uid, pool), "Subject: a\r\n\r\nbody", "and the content");
    must(backend_item_remove(session, f, a.uid, pool), "remove");
    is_fault(backend_item_entry(session, f, a.uid, &e, pool), BASE_FAULT_NOT_FOUND, "removed");
    is_fault(backend_item_fetch(session, f, a.uid, &blob, pool), BASE_FAULT_NOT_FOUND,
             "cannot be fetched");
    is_fault(backend_item_set_flags(session, f, a.uid, 1, 1, &e, pool), BASE_FAULT_NOT_FOUND,
             "nor flagged");
    is_fault(backend_item_remove(session, f, a.uid, pool), BASE_FAULT_NOT_FOUND, "nor removed");
    e = contract_put(session, f, "c", 0, 0, NULL, pool);
    ok(e.uid > b.uid, "a uid is not used again");
    must(backend_folder_count(session, f, &contract_all, &n, pool), "count");
    is_int(n, 2, "two items are left");
    is_fault(backend_item_fetch(session, "nosuch", 1, &blob, pool), BASE_FAULT_FOLDER_GONE,
             "nothing in a folder that is not there");
}

#include "backend_contract_put.h"
#include "backend_contract_properties.h"

static void contract_history(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "history", pool), *cursor, *second, *x;
    backend_entry_t a, b, c, e;

    cursor = contract_probe(session, f, pool);
    is_str(contract_probe(session, f, pool), cursor, "nothing happened: the same cursor");
    x = cursor;
    is_str(contract_changes(session, f, &x, 5, pool), "", "and no changes");
    is_str(x, cursor, "whose cursor is the same");
    a = contract_put(session, f, "a", 0, CONTRACT_DATE, NULL, pool);
    second = contract_probe(session, f, pool);
    ok(strcmp(second, cursor) != 0, "an arrival is another cursor");
    b = contract_put(session, f, "b", 1, CONTRACT_DATE, NULL, pool);
    c = contract_put(session, f, "c", 0, CONTRACT_DATE, NULL, pool);
    x = cursor;
    is_str(contract_changes(session, f, &x, 100, pool),
           apr_psprintf(pool, "+%d:0 +%d:1 +%d:0 ", (int)a.uid, (int)b.uid, (int)c.uid),
           "arrivals, oldest first");
    is_str(x, contract_probe(session, f, pool), "the cursor after all changes is the probe's");
    must(backend_item_set_flags(session, f, a.uid, 2, 2, &e, pool), "set_flags");
    must(backend_item_remove(session, f, b.uid, pool), "remove");
    x = second;
    is_str(contract_changes(session, f, &x, 100, pool),
           apr_psprintf(pool, "+%d:0 +%d:2 -%d ", (int)c.uid, (int)a.uid, (int)b.uid),
           "from a cursor between: each item once, also what came and went");
    x = cursor;
    is_str(contract_changes(session, f, &x, 1, pool),
           apr_psprintf(pool, "+%d:0 +%d:2 -%d ", (int)c.uid, (int)a.uid, (int)b.uid),
           "one by one");
    x = contract_probe(session, f, pool);
    must(backend_item_set_flags(session, f, a.uid, 2, 2, &e, pool), "set_flags");
    is_str(contract_probe(session, f, pool), x, "flags set to what they are are no change");
    must(backend_item_remove(session, f, c.uid, pool), "remove");
    is_str(contract_changes(session, f, &x, 100, pool), apr_psprintf(pool, "-%d ", (int)c.uid),
           "a removal");
    must(backend_item_set_flags(session, f, a.uid, 2, 0, &e, pool), "set_flags");
    is_str(contract_changes(session, f, &x, 100, pool), apr_psprintf(pool, "+%d:0 ", (int)a.uid),
           "a flag change");
}

static void contract_stale(backend_session_t *session, apr_pool_t *pool)
{
    static const char *const bad[] = {
        "", "x", "1", "1.", "0.0", "1.99999999999999999999", "-1.-1", "999.0", "9.9.9.9.9.9.9.9"};
    const char *f = contract_create(session, NULL, "stale", pool), *cursor;
    backend_changes_t *changes;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        is_fault(backend_folder_changes(session, f, bad[i], 10, &changes, pool), BASE_FAULT_STALE,
                 apr_psprintf(pool, "cursor '%s' is stale", bad[i]));
    contract_put(session, f, "a", 0, CONTRACT_DATE, NULL, pool);
    cursor = contract_probe(session, f, pool);
    f = contract_create(session, NULL, "stale too", pool);
    is_fault(backend_folder_changes(session, f, cursor, 10, &changes, pool), BASE_FAULT_STALE,
             "a cursor that is ahead of the folder is stale");
}

/* More pages than one, filters, and a folder that changes while it is read. */
static void contract_pages(backend_session_t *session, apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "pages", pool), *cursor, *all = "", *old = "";
    backend_range_t range = contract_all;
    apr_uint64_t uid[25], n;
    backend_page_t *page;
    int i;

    cursor = contract_probe(session, f, pool);
    for (i = 0; i < 25; i++)
        uid[i] = contract_put(session, f, "x", 0, CONTRACT_DATE + i * APR_USEC_PER_SEC * 3600, NULL,
                              pool)
                     .uid;
    for (i = 24; i >= 0; i--) {
        all = apr_psprintf(pool, "%s%d ", all, (int)uid[i]);
        if (i >= 5 && i < 15)
            old = apr_psprintf(pool, "%s%d ", old, (int)uid[i]);
    }
    is_str(contract_list(session, f, range, 100, pool), all, "all, newest first");
    is_str(contract_list(session, f, range, 7, pool), all, "in pages");
    is_str(contract_list(session, f, range, 5, pool), all, "in pages that end with the folder");
    range.since = CONTRACT_DATE + 5 * APR_USEC_PER_SEC * 3600;
    range.before = CONTRACT_DATE + 15 * APR_USEC_PER_SEC * 3600;
    is_str(contract_list(session, f, range, 3, pool), old, "within a range of dates");
    must(backend_folder_count(session, f, &range, &n, pool), "count");
    is_int(n, 10, "and counted");
    range.below = uid[10];
    must(backend_folder_count(session, f, &range, &n, pool), "count");
    is_int(n, 5, "below a uid");
    range.since = range.before;
    is_str(contract_list(session, f, range, 3, pool), "", "an empty range");
    range = contract_all;
    must(backend_folder_enumerate(session, f, &range, 5, &page, pool), "enumerate");
    must(backend_item_remove(session, f, uid[20], pool), "remove");
    must(backend_item_remove(session, f, uid[19], pool), "remove");
    contract_put(session, f, "new", 0, CONTRACT_DATE, NULL, pool);
    range.below = page->entries[4].uid;
    must(backend_folder_enumerate(session, f, &range, 5, &page, pool), "enumerate");
    ok(page->count == 5 && page->entries[0].uid == uid[18] && page->entries[4].uid == uid[14],
       "a page continues where the last one ended, whatever happened meanwhile");
    n = 0;
    for (;;) {
        backend_changes_t *changes;

        must(backend_folder_changes(session, f, cursor, 7, &changes, pool), "changes");
        n += changes->upsert_count;
        cursor = changes->cursor;
        if (!changes->more)
            break;
    }
    is_int(n, 24, "every item that is there is in the paged changes once");
    is_str(cursor, contract_probe(session, f, pool), "which end at the probe");
}

typedef struct {
    apr_uint32_t calls;
    const char *folder_id;
} contract_watched_t;

static void contract_changed(void *baton, const char *folder_id)
{
    contract_watched_t *watched = baton;

    (void)folder_id;
    __atomic_add_fetch(&watched->calls, 1, __ATOMIC_SEQ_CST);
}

/* Waits, for a driver whose thread needs a moment; gives up after a minute. */
static int contract_watch_fired(contract_watched_t *watched)
{
    int i;

    for (i = 0; i < 6000; i++) {
        if (__atomic_load_n(&watched->calls, __ATOMIC_SEQ_CST))
            return 1;
        apr_sleep(10000);
    }
    return 0;
}

static void contract_watching(backend_t *backend, const char *account, backend_session_t *session,
                              apr_pool_t *pool)
{
    const char *f = contract_create(session, NULL, "watched", pool);
    apr_array_header_t *ids = apr_array_make(pool, 1, sizeof(const char *));
    contract_watched_t one = {0}, two = {0}, never = {0};
    backend_watch_t *w1, *w2, *w3;
    base_fault_t *fault;
    backend_entry_t e;

    APR_ARRAY_PUSH(ids, const char *) = f;
    fault = backend_watch_start(backend, account, ids, contract_changed, &one, &w1, pool);
    if (base_fault_code(fault) == BASE_FAULT_UNSUPPORTED)
        return;
    must(fault, "watch");
    must(backend_watch_start(backend, account, ids, contract_changed, &two, &w2, pool), "watch");
    must(backend_watch_start(backend, account, ids, contract_changed, &never, &w3, pool), "watch");
    backend_watch_stop(w3);
    e = contract_put(session, f, "x", 0, 0, NULL, pool);
    ok(contract_watch_fired(&one), "an arrival is told to who watches");
    ok(contract_watch_fired(&two), "and to another who does");
    backend_watch_stop(w1);
    apr_sleep(50000);
    __atomic_store_n(&one.calls, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&two.calls, 0, __ATOMIC_SEQ_CST);
    must(backend_item_set_flags(session, f, e.uid, 1, 1, &e, pool), "set_flags");
    ok(contract_watch_fired(&two), "a flag change is told");
    apr_sleep(50000);
    __atomic_store_n(&two.calls, 0, __ATOMIC_SEQ_CST);
    contract_create(session, NULL, "watched for", pool);
    ok(contract_watch_fired(&two), "a new folder is told");
    backend_watch_stop(w2);
    is_int(one.calls, 0, "nothing is told after the watch ended");
    is_int(never.calls, 0, "nor to who did not watch any more");
}

static void contract_settings(backend_t *backend, const char *account, backend_session_t *session,
                              apr_pool_t *pool)
{
    char *much = apr_palloc(pool, BACKEND_SETTING_MAX + 2);
    backend_session_t *other;
    const char *text = "";

    must(backend_setting_get(session, "some-thing", &text, pool), "setting_get");
    ok(!text, "a setting that was never set");
    must(backend_setting_set(session, "some-thing", "one\ntwo \xc3\xa4", pool), "setting_set");
    must(backend_session_open(backend, account, &other, pool), "open");
    must(backend_setting_get(other, "some-thing", &text, pool), "setting_get");
    is_str(text, "one\ntwo \xc3\xa4", "what was set is there for the next session");
    must(backend_setting_get(other, "some-thin", &text, pool), "setting_get");
    ok(!text, "under its own name only");
    memset(much, 'x', BACKEND_SETTING_MAX + 1);
    much[BACKEND_SETTING_MAX + 1] = '\0';
    is_int(base_fault_code(backend_setting_set(session, "some-thing", much, pool)),
           BASE_FAULT_TOO_LARGE, "too much is refused");
    much[BACKEND_SETTING_MAX] = '\0';
    must(backend_setting_set(session, "some-thing", much, pool), "setting_set");
    must(backend_setting_get(other, "some-thing", &text, pool), "setting_get");
    is_int(strlen(text), BACKEND_SETTING_MAX, "much is kept");
    must(backend_setting_set(session, "some-thing", "", pool), "setting_set");
    must(backend_setting_get(other, "some-thing", &text, pool), "setting_get");
    is_str(text, "", "an empty text is one");
    must(backend_setting_set(session, "some-thing", NULL, pool), "setting_set");
    must(backend_setting_set(session, "some-thing", NULL, pool), "setting_set");
    must(backend_setting_get(other, "some-thing", &text, pool), "setting_get");
    ok(!text, "and none is none");
}

#include "backend_contract_conversation.h"

__attribute__((unused)) static void backend_contract(backend_t *backend, const char *account,
                                                     apr_pool_t *parent)
{
    backend_identity_t *identity;
    backend_session_t *session;
    apr_pool_t *pool;

    apr_pool_create(&pool, parent);
    must(backend_session_open(backend, account, &session, pool), "open");
    must(backend_identity(session, &identity, pool), "identity");
    ok(strchr(identity->address, '@') && identity->display_name && identity->aliases,
       "the account has an address: %s", identity->address);
    contract_settings(backend, account, session, pool);
    contract_folders(session, pool);
    contract_folder_moves(session, pool);
    contract_items(session, pool);
    contract_derived(session, pool);
    contract_replace(session, pool);
    contract_properties_all(session, pool);
    contract_history(session, pool);
    contract_stale(session, pool);
    contract_pages(session, pool);
    contract_conversations(session, pool);
    contract_conversations_again(session, pool);
    contract_watching(backend, account, session, pool);
    apr_pool_destroy(pool);
}

#endif
