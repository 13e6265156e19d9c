/* The local driver's files of properties: with whom they stay, and when they go. */
#include "backend_maildir.h"

#include <apr_general.h>
#include <sqlite3.h>

#include "backend/local_property.h"

static const char *property_path(const char *account, const char *name)
{
    return path_of("%s/Maildir/" LOCAL_PROPERTY_DIRECTORY "/%s", account, name);
}

static int property_count(const char *account)
{
    return entries_of(property_path(account, ""));
}

static const char *properties_of(const box_t *box, const char *folder_id, apr_uint64_t uid)
{
    backend_entry_t e;

    return backend_item_entry(box->session, folder_id, uid, &e, box->pool)
               ? "gone"
               : contract_properties(&e, box->pool);
}

static void index_exec(const char *account, const char *sql)
{
    sqlite3 *db;

    ok(sqlite3_open(path_of("%s/mobilesync/index.sqlite", account), &db) == SQLITE_OK &&
           sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
       "index: %s", sql);
    sqlite3_close(db);
}

static void test_files(apr_pool_t *pool)
{
    box_t box = box_make("files", pool);
    backend_blob_t *blob = backend_blob_of("other", 5, box.pool);
    backend_entry_t a, b;

    message_write(path_of("files/Maildir/cur/a.b,S=3:2,S"), "one", 1000);
    message_write(path_of("files/Maildir/cur/a.bc:2,"), "two", 2000);
    contract_probe(box.session, box.inbox, box.pool);
    is_int(property_count("files"), 0, "no files for nothing");
    a = contract_update(box.session, box.inbox, 1, BACKEND_PROPERTY_CATEGORIES, "X", box.pool);
    ok(access(property_path("files", "a.b"), R_OK) == 0, "a file by the name's unique part");
    ok(entry_of(path_of("files/Maildir/cur"), "a.b,S=3:2,S") != NULL,
       "the message's stays as it is");
    must(backend_item_replace(box.session, box.inbox, 1, a.token, 0, blob, &b, box.pool),
         "replace");
    ok(property_count("files") == 1 && access(property_path("files", "a.b"), R_OK) != 0,
       "a replaced message has another name, and so has its file");
    contract_update(box.session, box.inbox, 1, BACKEND_PROPERTY_CATEGORIES, NULL, box.pool);
    is_int(property_count("files"), 0, "none are left, none is");
    contract_update(box.session, box.inbox, 2, BACKEND_PROPERTY_LAST_VERB, "v", box.pool);
    message_write(path_of("files/Maildir/.Sent/cur/a.bc:2,S"), "two", 2000);
    box_open(&box);
    is_str(properties_of(&box, contract_role(box.session, BACKEND_ROLE_SENT, box.pool), 1), "-|-|v",
           "a copy of the same name has them too");
    must(backend_item_remove(box.session, box.inbox, 2, box.pool), "remove");
    is_int(property_count("files"), 1, "they stay with the copy");
    must(backend_item_remove(box.session, contract_role(box.session, BACKEND_ROLE_SENT, box.pool),
                             1, box.pool),
         "remove");
    is_int(property_count("files"), 0, "and go with the last");
    message_write(property_path("files", "d"), "no JSON", 0);
    message_write(path_of("files/Maildir/cur/d:2,"), "three", 3000);
    box_open(&box);
    is_str(properties_of(&box, box.inbox, 3), "", "a file that is none is ignored");
    contract_update(box.session, box.inbox, 3, BACKEND_PROPERTY_LAST_VERB, "w", box.pool);
    is_str(properties_of(&box, box.inbox, 3), "-|-|w", "until there is something to write");
}

static void test_rebuilt(apr_pool_t *pool)
{
    box_t box = box_make("rebuilt", pool);
    const char *cursor;
    int i;

    for (i = 0; i < 40; i++)
        message_write(path_of("rebuilt/Maildir/cur/m%02d:2,", i), "x", 1000 + i);
    contract_probe(box.session, box.inbox, box.pool);
    contract_update(box.session, box.inbox, 7, BACKEND_PROPERTY_FOLLOW_UP, "seven", box.pool);
    contract_update(box.session, box.inbox, 8, BACKEND_PROPERTY_FOLLOW_UP, "eight", box.pool);
    cursor = contract_probe(box.session, box.inbox, box.pool);
    maildir_remove("rebuilt/mobilesync");
    box.backend = store_start("");
    box_open(&box);
    is_str(properties_of(&box, box.inbox, 7), "seven|-|-", "the index is lost, not what it had");
    is_str(properties_of(&box, box.inbox, 8), "eight|-|-", "of each");
    is_str(properties_of(&box, box.inbox, 9), "", "which had some");
    index_exec("rebuilt", "UPDATE item SET properties = NULL WHERE uid = 7;"
                          "UPDATE item SET properties = '{\"last-verb\": \"x\"}' WHERE uid = 9");
    cursor = apr_psprintf(box.pool, "%u.99.1",
                          contract_folder(box.session, box.inbox, box.pool)->generation);
    is_fault(backend_folder_changes(box.session, box.inbox, cursor, 9, &(backend_changes_t *){NULL},
                                    box.pool),
             BASE_FAULT_STALE, "an index that is older than what was told");
    is_str(properties_of(&box, box.inbox, 7), "seven|-|-", "is put right by the files");
    is_str(properties_of(&box, box.inbox, 9), "", "whatever it had");
}

static void test_strays(apr_pool_t *pool)
{
    box_t box = box_make("strays", pool);
    const char *cursor;

    message_write(path_of("strays/Maildir/cur/a:2,"), "one", 1000);
    message_write(path_of("strays/Maildir/cur/b:2,"), "two", 2000);
    message_write(path_of("strays/Maildir/cur/c:2,"), "three", 3000);
    cursor = contract_probe(box.session, box.inbox, box.pool);
    contract_update(box.session, box.inbox, 1, BACKEND_PROPERTY_FOLLOW_UP, "a", box.pool);
    contract_update(box.session, box.inbox, 2, BACKEND_PROPERTY_FOLLOW_UP, "b", box.pool);
    contract_update(box.session, box.inbox, 3, BACKEND_PROPERTY_FOLLOW_UP, "c", box.pool);
    cursor = contract_probe(box.session, box.inbox, box.pool);
    box_unlink(&box, "cur/a:2,");
    box_rename(&box, "cur/b:2,", ".Trash/cur/b:2,S");
    maildir_age(box.box);
    is_str(box_changes(&box, &cursor), "-1 -2 ", "two are gone");
    is_int(property_count("strays"), 3, "whose files wait");
    index_exec("strays", "UPDATE stray SET since = 1");
    box_unlink(&box, "cur/c:2,");
    maildir_age(box.box);
    is_str(box_changes(&box, &cursor), "-3 ", "a third");
    ok(access(property_path("strays", "a"), F_OK) != 0, "what had no message for long is removed");
    ok(access(property_path("strays", "b"), F_OK) == 0, "not what was moved elsewhere");
    ok(access(property_path("strays", "c"), F_OK) == 0, "nor what is gone since now only");
    is_str(properties_of(&box, contract_role(box.session, BACKEND_ROLE_TRASH, box.pool), 1),
           "b|-|-", "the one that was moved has its properties");
}

/* The folder goes while a session is at it. */
static void test_folder_gone(apr_pool_t *pool)
{
    box_t box = box_make("away", pool);
    backend_blob_t *blob = backend_blob_of("other", 5, box.pool);
    const char *there = path_of("away/Maildir/cur"), *away = path_of("away/Maildir/was-cur");
    backend_entry_t a, b;
    base_fault_t *fault;

    message_write(path_of("away/Maildir/cur/a:2,"), "one", 1000);
    contract_probe(box.session, box.inbox, box.pool);
    a = contract_update(box.session, box.inbox, 1, BACKEND_PROPERTY_CATEGORIES, "X", box.pool);
    ok(rename(there, away) == 0, "cur/ is taken away");
    fault = backend_item_replace(box.session, box.inbox, 1, a.token, 0, blob, &b, box.pool);
    ok(fault != NULL, "a message in it cannot be replaced");
    ok(rename(away, there) == 0, "cur/ is back");
    is_str(properties_of(&box, box.inbox, 1), "-|X|-", "with what the message had");
    ok(access(property_path("away", "a"), R_OK) == 0, "in its file");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_files(pool);
    test_rebuilt(pool);
    test_strays(pool);
    test_folder_gone(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
