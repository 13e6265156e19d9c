/* The local driver when its index is lost, damaged or restored, and at the limits of the machine:
 * permissions, full disks, forks, many accounts. */
#include "backend_maildir.h"

#include <signal.h>
#include <sys/resource.h>
#include <apr_general.h>
#include <sqlite3.h>

/* -- indexes -------------------------------------------------------------------------------- */

static void test_index_lost(apr_pool_t *pool)
{
    box_t box = box_make("lost", pool);
    backend_changes_t *changes;
    const char *cursor, *id;
    apr_uint32_t generation;
    backend_entry_t e, again;

    e = contract_put(box.session, box.inbox, "stored once", 1, CONTRACT_DATE, "D-1", box.pool);
    cursor = apr_pstrdup(pool, contract_probe(box.session, box.inbox, box.pool));
    id = apr_pstrdup(pool, box.inbox);
    generation = contract_folder(box.session, box.inbox, box.pool)->generation;
    maildir_remove("lost/mobilesync");
    box_open(&box);
    is_str(box.inbox, id, "the folder's id outlives the index");
    ok(contract_folder(box.session, id, box.pool)->generation > generation,
       "its generation is a new one");
    is_fault(backend_folder_changes(box.session, id, cursor, 9, &changes, box.pool),
             BASE_FAULT_STALE, "old cursors are stale");
    again = contract_put(box.session, id, "stored once", 1, CONTRACT_DATE, "D-1", box.pool);
    ok(again.date == e.date && again.token == e.token, "what was stored is found by its name");
    is_int(entries_of(path_of("lost/Maildir/cur")), 1, "and not stored twice");
}

static void test_index_damaged(apr_pool_t *pool)
{
    static const char garbage[] = "this is not a database, and never was one................";
    box_t box = box_make("damaged", pool);
    apr_uint32_t generation;
    backend_session_t *session;
    apr_array_header_t *folders;
    apr_uint64_t count = 0;
    base_fault_t *fault;
    int i, file;

    contract_put(box.session, box.inbox, "x", 1, CONTRACT_DATE, NULL, box.pool);
    generation = contract_folder(box.session, box.inbox, box.pool)->generation;
    apr_pool_clear(box.pool);
    maildir_remove("damaged/mobilesync/index.sqlite*");
    message_write(path_of("damaged/mobilesync/index.sqlite"), garbage, 0);
    box_open(&box);
    ok(contract_folder(box.session, box.inbox, box.pool)->generation > generation,
       "an index that is no database is replaced");
    is_str(contract_list(box.session, box.inbox, contract_all, 9, box.pool), "1 ",
           "what is in the Maildir is there");
    ok(access(path_of("damaged/mobilesync/index.sqlite.damaged"), F_OK) == 0,
       "the old one is kept");
    for (i = 0; i < 1000; i++)
        box_put(&box, "x", "cur/a-rather-long-name-to-fill-some-pages-of-the-index-%d:2,S", i);
    contract_probe(box.session, box.inbox, box.pool);
    box.backend = store_start(""); /* the other one's handle has pages in its memory */
    apr_pool_clear(box.pool);
    maildir_remove("damaged/mobilesync/index.sqlite-*");
    file = open(path_of("damaged/mobilesync/index.sqlite"), O_WRONLY);
    for (i = 1; i < 40 && file >= 0; i++) /* every page but the first, which has the schema */
        (void)!pwrite(file, garbage, sizeof garbage, (off_t)i * 4096);
    close(file);
    for (i = 0; i < 3; i++) { /* found in use, it is put aside; the next session has a new one */
        apr_pool_clear(box.pool);
        fault = backend_session_open(box.backend, "damaged", &session, box.pool);
        if (!fault)
            fault = backend_folder_list(session, &folders, box.pool);
        if (!fault)
            fault =
                backend_folder_count(session, contract_role(session, BACKEND_ROLE_INBOX, box.pool),
                                     &contract_all, &count, box.pool);
        if (!fault)
            break;
        is_fault(fault, BASE_FAULT_CORRUPT, "damage within an index is noticed");
    }
    is_int((long long)count, 1001, "and mended by the next session");
    box_open(&box);
    is_int(entries_of(path_of("damaged/Maildir/cur")), 1001, "no message is touched");
}

/* A backup of the index comes back after devices were told more than it knows. */
static void test_index_restored(apr_pool_t *pool)
{
    const char *copy = "cp '%s/mobilesync/index.sqlite' '%s/saved' && "
                       "(cp '%s/mobilesync/index.sqlite-wal' '%s/saved-wal' || true)";
    box_t box = box_make("restored", pool);
    const char *home = apr_psprintf(pool, "%s/restored", store_root), *cursor, *early;
    backend_changes_t *changes;
    apr_uint32_t generation;

    box_put(&box, "a", "cur/a:2,");
    early = apr_pstrdup(pool, contract_probe(box.session, box.inbox, box.pool));
    generation = contract_folder(box.session, box.inbox, box.pool)->generation;
    box.backend = store_start("");
    box_open(&box);
    ok(system(apr_psprintf(pool, copy, home, home, home, home)) == 0, "a backup");
    box_put(&box, "told as 2", "cur/b:2,");
    cursor = apr_pstrdup(pool, contract_probe(box.session, box.inbox, box.pool));
    is_str(contract_text(box.session, box.inbox, 2, box.pool), "told as 2", "a device is told");
    apr_pool_clear(box.pool);
    ok(system(apr_psprintf(pool,
                           "cd '%s' && rm -f mobilesync/index.sqlite* && "
                           "mv saved mobilesync/index.sqlite && "
                           "if [ -f saved-wal ]; then mv saved-wal "
                           "mobilesync/index.sqlite-wal; fi",
                           home)) == 0,
       "and restored");
    box_unlink(&box, "cur/b:2,");
    box_put(&box, "other", "cur/c:2,");
    box_open(&box);
    contract_probe(box.session, box.inbox, box.pool);
    is_fault(backend_folder_changes(box.session, box.inbox, early, 9, &changes, box.pool),
             BASE_FAULT_NONE, "a cursor from before the backup is still good");
    is_fault(backend_folder_changes(box.session, box.inbox, cursor, 9, &changes, box.pool),
             BASE_FAULT_STALE, "one from after it is not, although the index has come as far");
    ok(contract_folder(box.session, box.inbox, box.pool)->generation > generation,
       "and the folder has a new generation: uid 2 never means another message");
    is_fault(backend_folder_changes(box.session, box.inbox, early, 9, &changes, box.pool),
             BASE_FAULT_STALE, "for every cursor");
}

/* What the index was before it knew of conversations. */
static void test_index_upgraded(apr_pool_t *pool)
{
    static const char older[] =
        "DROP INDEX item_conversation; ALTER TABLE item DROP COLUMN conversation;"
        "ALTER TABLE item DROP COLUMN conversation_date; ALTER TABLE folder DROP COLUMN named;"
        "ALTER TABLE folder DROP COLUMN naming; DROP TABLE vdir; DROP TABLE alien;"
        "ALTER TABLE folder DROP COLUMN class; ALTER TABLE folder DROP COLUMN guessed;"
        "ALTER TABLE folder DROP COLUMN chosen; ALTER TABLE folder DROP COLUMN parent;"
        "ALTER TABLE folder DROP COLUMN swept; ALTER TABLE folder DROP COLUMN described;"
        "ALTER TABLE item DROP COLUMN changed; ALTER TABLE item DROP COLUMN inode;"
        "ALTER TABLE item DROP COLUMN identity; PRAGMA user_version = 3";
    box_t box = box_make("upgraded", pool);
    backend_changes_t *changes;
    apr_uint32_t generation;
    backend_entry_t old;
    const char *cursor;
    sqlite3 *db;

    old = contract_put(box.session, box.inbox, "a\n1", 0, CONTRACT_DAY(1), NULL, box.pool);
    cursor = apr_pstrdup(pool, contract_probe(box.session, box.inbox, box.pool));
    generation = contract_folder(box.session, box.inbox, box.pool)->generation;
    apr_pool_clear(box.pool);
    ok(sqlite3_open(path_of("upgraded/mobilesync/index.sqlite"), &db) == SQLITE_OK &&
           sqlite3_exec(db, older, NULL, NULL, NULL) == SQLITE_OK,
       "an older index");
    sqlite3_close(db);
    box.backend = store_start(""); /* without the handles that are open */
    box_open(&box);
    is_int(contract_folder(box.session, box.inbox, box.pool)->generation, generation,
           "goes on to be used");
    is_fault(backend_folder_changes(box.session, box.inbox, cursor, 9, &changes, box.pool),
             BASE_FAULT_NONE, "with the cursors of before");
    contract_put(box.session, box.inbox, "a\n2", 0, CONTRACT_DAY(3), NULL, box.pool);
    contract_name_now(box.session, box.inbox, box.pool);
    is_int(contract_day(box.session, box.inbox, old.uid, box.pool), 3, "and has conversations");
}

/* More was removed than the index remembers. */
static void test_tombstones_purged(apr_pool_t *pool)
{
    box_t box = box_make("purged", pool);
    backend_changes_t *changes;
    const char *early, *cursor;
    apr_uint32_t generation;
    sqlite3 *db;

    box_put(&box, "a", "cur/a:2,");
    early = apr_pstrdup(pool, contract_probe(box.session, box.inbox, box.pool));
    generation = contract_folder(box.session, box.inbox, box.pool)->generation;
    box_put(&box, "b", "cur/b:2,");
    cursor = contract_probe(box.session, box.inbox, box.pool);
    ok(sqlite3_open(path_of("purged/mobilesync/index.sqlite"), &db) == SQLITE_OK &&
           sqlite3_exec(db, "UPDATE folder SET forgotten = modseq", NULL, NULL, NULL) == SQLITE_OK,
       "removals up to now are forgotten");
    sqlite3_close(db);
    is_fault(backend_folder_changes(box.session, box.inbox, early, 9, &changes, box.pool),
             BASE_FAULT_EXPIRED, "a cursor from before is too old");
    is_fault(backend_folder_changes(box.session, box.inbox, cursor, 9, &changes, box.pool),
             BASE_FAULT_NONE, "that of now is not");
    is_int(contract_folder(box.session, box.inbox, box.pool)->generation, generation,
           "and the generation stays: uids mean what they meant");
}

/* -- limits of the machine ------------------------------------------------------------------ */

static int check_read_only(box_t *box)
{
    backend_put_t put = {.flags = 1};
    backend_entry_t e;
    int existed;
    const char *id;

    box_open(box);
    return has_code(backend_item_put(box->session, box->inbox, &put,
                                     backend_blob_of("x", 1, box->pool), &e, &existed, box->pool),
                    BASE_FAULT_DENIED) &&
           has_code(backend_item_set_flags(box->session, box->inbox, 1, 1, 1, &e, box->pool),
                    BASE_FAULT_DENIED) &&
           has_code(backend_item_remove(box->session, box->inbox, 1, box->pool),
                    BASE_FAULT_DENIED) &&
           has_code(
               backend_folder_create(box->session, NULL, "x", BACKEND_CLASS_EMAIL, &id, box->pool),
               BASE_FAULT_DENIED) &&
           contract_text(box->session, box->inbox, 1, box->pool) != NULL;
}

static int check_unreadable(box_t *box)
{
    const char *cursor;

    box_open(box);
    return has_code(backend_folder_probe(box->session, box->inbox, &cursor, box->pool),
                    BASE_FAULT_DENIED);
}

static int check_closed(box_t *box)
{
    return has_code(backend_session_open(box->backend, box->account, &box->session, box->pool),
                    BASE_FAULT_DENIED);
}

static void test_permissions(apr_pool_t *pool)
{
    maildir_make_all("readonly", NULL);
    message_write(path_of("readonly/Maildir/cur/a:2,"), "x", 1000);
    ok(system(apr_psprintf(pool,
                           "chmod 500 '%s/readonly/Maildir' '%s/readonly/Maildir/cur' "
                           "'%s/readonly/Maildir/new' '%s/readonly/Maildir/tmp'",
                           store_root, store_root, store_root, store_root)) == 0,
       "a read-only store");
    as_nobody(check_read_only, "readonly", "can be read, and what would write is DENIED", pool);
    maildir_make_all("unreadable", NULL);
    chmod(path_of("unreadable/Maildir/cur"), 0);
    as_nobody(check_unreadable, "unreadable", "a folder that cannot be read is DENIED", pool);
    maildir_make_all("closed", NULL);
    chmod(path_of("closed"), 0500);
    as_nobody(check_closed, "closed", "nowhere to put an index is DENIED", pool);
}

/* A full disk, as far as a limit on file sizes can play one. */
static int check_full(box_t *box)
{
    struct rlimit limit = {.rlim_cur = 2000000, .rlim_max = RLIM_INFINITY};
    backend_put_t put = {.flags = 0};
    backend_entry_t e;
    char *large;
    int existed;

    box_open(box);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    large = apr_palloc(box->pool, 3000000);
    memset(large, 'x', 3000000);
    return has_code(backend_item_put(box->session, box->inbox, &put,
                                     backend_blob_of(large, 3000000, box->pool), &e, &existed,
                                     box->pool),
                    BASE_FAULT_QUOTA) &&
           entries_of(path_of("full/Maildir/tmp")) == 0 &&
           entries_of(path_of("full/Maildir/new")) == 0 &&
           has_code(backend_item_put(box->session, box->inbox, &put,
                                     backend_blob_of("small", 5, box->pool), &e, &existed,
                                     box->pool),
                    BASE_FAULT_NONE);
}

/* A session of the parent is no good in a child. */
static int check_fork(box_t *box)
{
    return has_code(backend_session_open(box->backend, "forked", &box->session, box->pool),
                    BASE_FAULT_INTERNAL);
}

static void test_fork(apr_pool_t *pool)
{
    box_t box = box_make("forked", pool);
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0)
        _exit(check_fork(&box) ? 0 : 1);
    waitpid(child, &status, 0);
    is_int(status, 0, "a backend that was started before a fork is refused after it");
}

static int open_files(void)
{
    return entries_of("/proc/self/fd");
}

static void test_handles(apr_pool_t *pool)
{
    backend_t *backend = store_start("handles=3");
    int i, before = 0;

    for (i = 0; i < 60; i++) {
        backend_session_t *session;
        apr_pool_t *request;
        const char *cursor;

        apr_pool_create(&request, pool);
        must(backend_session_open(backend, apr_psprintf(pool, "many%d", i % 20), &session, request),
             "open");
        must(backend_folder_probe(session, contract_role(session, BACKEND_ROLE_INBOX, request),
                                  &cursor, request),
             "probe");
        apr_pool_destroy(request);
        if (i == 19)
            before = open_files();
    }
    ok(open_files() <= before, "handles of many accounts are bounded (%d files)", open_files());
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_index_lost(pool);
    test_index_damaged(pool);
    test_index_restored(pool);
    test_index_upgraded(pool);
    test_tombstones_purged(pool);
    test_permissions(pool);
    maildir_make_all("full", NULL);
    as_nobody(check_full, "full", "a full disk is QUOTA, and leaves nothing behind", pool);
    test_fork(pool);
    test_handles(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
