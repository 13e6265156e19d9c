/* The local driver and messages that other programs change: deliveries, flags, removals, hostile
 * names. Concurrency is in backend_race_test.c, what a look costs in backend_large_test.c, indexes
 * and limits in backend_store_test.c. */
#include "backend_maildir.h"

#include <apr_general.h>
#include <sqlite3.h>

static void test_arrivals(apr_pool_t *pool)
{
    box_t box = box_make("arrivals", pool);
    const char *cursor;
    backend_entry_t e;

    message_write(path_of("arrivals/Maildir/cur/b:2,FS"), "second", 2000);
    message_write(path_of("arrivals/Maildir/new/a"), "third one", 3000);
    message_write(path_of("arrivals/Maildir/cur/c:2,ab"), "first", 1000);
    message_write(path_of("arrivals/Maildir/cur/noinfo"), "fourth", 4000);
    cursor = contract_probe(box.session, box.inbox, box.pool);
    is_str(contract_list(box.session, box.inbox, contract_all, 2, box.pool), "4 3 2 1 ",
           "messages that were there are numbered by their dates");
    is_str(contract_text(box.session, box.inbox, 1, box.pool), "first", "the first");
    is_str(contract_text(box.session, box.inbox, 3, box.pool), "third one", "one in new/");
    must(backend_item_entry(box.session, box.inbox, 2, &e, box.pool), "entry");
    ok(e.token == (BACKEND_FLAG_FLAGGED | BACKEND_FLAG_SEEN) && e.size == 6 &&
           e.date == apr_time_from_sec(2000),
       "flags, size and date are the file's");
    box_put(&box, "fifth", "new/e");
    is_str(box_changes(&box, &cursor), "+5:0 ", "a delivery");
    box_rename(&box, "new/e", "cur/e:2,");
    is_str(box_changes(&box, &cursor), "", "taken from new/ to cur/: nothing to tell");
    is_str(contract_text(box.session, box.inbox, 5, box.pool), "fifth", "and it is read there");
    box_rename(&box, "cur/e:2,", "cur/e:2,S");
    is_str(box_changes(&box, &cursor), "+5:1 ", "read by another program");
    box_rename(&box, "cur/e:2,S", "cur/e:2,Sz");
    is_str(box_changes(&box, &cursor), "", "a keyword: nothing to tell");
    box_rename(&box, "cur/e:2,Sz", "cur/e:2,STz");
    is_str(box_changes(&box, &cursor), "-5 ", "trashed: gone");
    box_rename(&box, "cur/e:2,STz", "cur/e:2,S");
    is_str(box_changes(&box, &cursor), "+6:1 ", "untrashed: a new one");
    box_rename(&box, "cur/e:2,S", ".Trash/cur/e:2,S");
    is_str(box_changes(&box, &cursor), "", "moved away: not gone at once");
    maildir_age(box.box);
    is_str(box_changes(&box, &cursor), "-6 ",
           "but once a look found it missing with nothing moving");
}

/* What the driver itself does to files. */
static void test_own_files(apr_pool_t *pool)
{
    box_t box = box_make("own", pool);
    const char *cursor, *name;
    backend_entry_t e, m;

    cursor = contract_probe(box.session, box.inbox, box.pool);
    e = contract_put(box.session, box.inbox, "12345", 0, CONTRACT_DATE, "D-1", box.pool);
    name = entry_of(path_of("own/Maildir/new"), "");
    ok(name && strstr(name, ",S=5") && strstr(name, ",MS=D-1") && !strchr(name, ':'),
       "what is stored without flags is in new/: %s", name);
    must(backend_item_set_flags(box.session, box.inbox, e.uid, 31, 0, &e, box.pool), "set_flags");
    ok(entry_of(path_of("own/Maildir/new"), "") != NULL, "flags that do not change leave it there");
    must(backend_item_set_flags(box.session, box.inbox, e.uid, 1, 1, &e, box.pool), "set_flags");
    name = entry_of(path_of("own/Maildir/cur"), "");
    ok(name && strstr(name, ":2,S"), "read, it is in cur/");
    box_rename(&box, apr_pstrcat(pool, "cur/", name, NULL), "cur/%s",
               apr_pstrcat(pool, name, "ab", NULL));
    must(backend_item_set_flags(box.session, box.inbox, e.uid, 2, 2, &e, box.pool), "set_flags");
    name = entry_of(path_of("own/Maildir/cur"), "");
    ok(name && strstr(name, ":2,FSab"), "another program's keywords are kept: %s", name);
    is_int(e.token, 3, "with the flags of both");
    must(backend_item_move(box.session, box.inbox, e.uid,
                           contract_role(box.session, BACKEND_ROLE_TRASH, box.pool), "M-1", &m,
                           box.pool),
         "move");
    name = entry_of(path_of("own/Maildir/.Trash/cur"), "");
    ok(name && strstr(name, ",MS=M-1:2,FSab"), "and moved along: %s", name);
    is_int(entries_of(path_of("own/Maildir/cur")), 0, "nothing is left behind");
    is_int(entries_of(path_of("own/Maildir/tmp")), 0, "nor in tmp/");
    is_str(contract_changes(box.session, box.inbox, &cursor, 9, box.pool), "-1 ",
           "what came and went is told");
    e = contract_put(box.session, box.inbox, "x", BACKEND_FLAG_SEEN, 0, NULL, box.pool);
    ok(entry_of(path_of("own/Maildir/cur"), "") != NULL, "what is stored as read is in cur/");
    name = apr_pstrcat(pool, "cur/", entry_of(path_of("own/Maildir/cur"), ""), NULL);
    box_unlink(&box, name);
    is_fault(backend_item_set_flags(box.session, box.inbox, e.uid, 2, 2, &e, box.pool),
             BASE_FAULT_NOT_FOUND, "flags of a message that was just removed");
    is_fault(backend_item_remove(box.session, box.inbox, e.uid, box.pool), BASE_FAULT_NOT_FOUND,
             "its removal");
}

/* Messages of the wire become files of the host, from memory and from files. */
static void test_line_ends(apr_pool_t *pool)
{
    static const char wire[] = "A: b\r\n\r\nc\r\nlast";
    box_t box = box_make("lines", pool);
    const char *path = path_of("lines/message"), *name;
    backend_blob_t blob = {.size = 40000};
    backend_put_t put = {.date = CONTRACT_DATE};
    char *large = apr_palloc(pool, blob.size + 1);
    backend_entry_t e;
    int i, existed;

    e = contract_put(box.session, box.inbox, wire, 0, CONTRACT_DATE, NULL, box.pool);
    name = entry_of(path_of("lines/Maildir/new"), "");
    ok(name && strstr(name, ",S=12,W=15"), "the name has both sizes: %s", name);
    is_int((long long)e.size, 12, "the entry that of the file");
    is_str(contract_text(box.session, box.inbox, e.uid, box.pool), "A: b\n\nc\nlast",
           "its lines end with LF");
    e = contract_put(box.session, box.inbox, "A: b\n\nc\n", BACKEND_FLAG_SEEN, CONTRACT_DATE, NULL,
                     box.pool);
    name = entry_of(path_of("lines/Maildir/cur"), "");
    ok(name && strstr(name, ",S=8,W=11:2,S"), "those that did already still do: %s", name);
    for (i = 0; i < (int)blob.size; i++)
        large[i] = i % 2 ? '\r' : '\n'; /* CRLF across the borders of blocks of any even size */
    large[blob.size] = '\0';
    large[0] = 'X';
    message_write(path, large, 0);
    must(apr_file_open(&blob.file, path, APR_FOPEN_READ, 0, pool) == APR_SUCCESS
             ? NULL
             : base_fault_make(pool, BASE_FAULT_INTERNAL, "open"),
         path);
    must(backend_item_put(box.session, box.inbox, &put, &blob, &e, &existed, box.pool), "put");
    is_int((long long)e.size, 20001, "from a file");
    ok(strcmp(contract_wire(box.session, box.inbox, e.uid, box.pool), large) == 0,
       "and back again");
    must(backend_item_set_flags(box.session, box.inbox, e.uid, 1, 1, &e, box.pool), "set_flags");
    must(backend_item_move(box.session, box.inbox, e.uid,
                           contract_role(box.session, BACKEND_ROLE_TRASH, box.pool), "M-1", &e,
                           box.pool),
         "move");
    name = entry_of(path_of("lines/Maildir/.Trash/cur"), "");
    ok(name && strstr(name, ",S=20001,W=40000,MS=M-1:2,S"), "the sizes move along: %s", name);
}

/* The same base name in the destination must not make one message of two. */
static void test_move_onto_copy(apr_pool_t *pool)
{
    box_t box = box_make("copies", pool);
    const char *sent = contract_role(box.session, BACKEND_ROLE_SENT, box.pool);
    backend_entry_t e;
    apr_uint64_t n;

    box_put(&box, "one", "cur/x,S=3,W=4:2,S");
    box_put(&box, "two", ".Sent/cur/x,S=3,W=4:2,F");
    contract_probe(box.session, box.inbox, box.pool);
    contract_probe(box.session, sent, box.pool);
    must(backend_item_move(box.session, box.inbox, 1, sent, NULL, &e, box.pool), "move");
    must(backend_folder_count(box.session, sent, &contract_all, &n, box.pool), "count");
    is_int(n, 2, "both are there");
    is_str(contract_text(box.session, sent, 1, box.pool), "two", "the one that was");
    is_str(contract_text(box.session, sent, e.uid, box.pool), "one", "and the one that came");
    maildir_remove("copies/Maildir/.Sent/cur/x*");
    ok(strstr(entry_of(path_of("copies/Maildir/.Sent/cur"), ""), ",S=3,W=4:2,S") != NULL,
       "under a name of its own, with the sizes");
    box_put(&box, "two", ".Sent/cur/x,S=3,W=4:2,F");
    contract_probe(box.session, sent, box.pool);
    must(backend_folder_count(box.session, sent, &contract_all, &n, box.pool), "count");
    is_int(n, 2, "also after a look");
}

static void test_removals(apr_pool_t *pool)
{
    box_t box = box_make("removals", pool);
    const char *cursor;
    backend_blob_t *blob;

    box_put(&box, "a", "cur/a:2,");
    box_put(&box, "b", "cur/b:2,");
    cursor = contract_probe(box.session, box.inbox, box.pool);
    maildir_age(box.box);
    contract_probe(box.session, box.inbox, box.pool);
    box_unlink(&box, "cur/a:2,");
    is_fault(backend_item_fetch(box.session, box.inbox, 1, &blob, box.pool), BASE_FAULT_NOT_FOUND,
             "a message that another program removed cannot be fetched");
    is_str(contract_probe(box.session, box.inbox, box.pool), cursor, "missed once: not gone yet");
    is_str(contract_probe(box.session, box.inbox, box.pool), cursor,
           "nor missed twice while the directory is fresh");
    box_put(&box, "a", "cur/a:2,S");
    is_str(box_changes(&box, &cursor), "+1:1 ", "it was being renamed: the same message");
    box_unlink(&box, "cur/a:2,S");
    contract_probe(box.session, box.inbox, box.pool);
    maildir_age(box.box);
    is_str(box_changes(&box, &cursor), "-1 ", "missed by two looks, the second undisturbed: gone");
    box_unlink(&box, "cur/b:2,");
    maildir_age(box.box);
    is_str(box_changes(&box, &cursor), "-2 ", "also when both looks are one call");
}

/* A directory that is never at rest: a message that was missed for long enough, and is under none
 * of the names it can have, is gone all the same. */
static void test_restless(apr_pool_t *pool)
{
    box_t box = box_make("restless", pool);
    const char *cursor;
    sqlite3 *db = NULL;

    box_put(&box, "a", "cur/a:2,");
    box_put(&box, "b", "cur/b:2,");
    cursor = contract_probe(box.session, box.inbox, box.pool);
    box_unlink(&box, "cur/a:2,");
    is_str(box_changes(&box, &cursor), "", "missed for the first time");
    ok(sqlite3_open(path_of("restless/mobilesync/index.sqlite"), &db) == SQLITE_OK &&
           sqlite3_exec(db, "UPDATE item SET missed = 1 WHERE missed > 0", NULL, NULL, NULL) ==
               SQLITE_OK,
       "long ago");
    sqlite3_close(db);
    box_rename(&box, "cur/b:2,", "cur/b:2,S");
    is_str(box_changes(&box, &cursor), "+2:1 -1 ", "gone, though the directory is fresh");
}

static void test_hostile(apr_pool_t *pool)
{
    box_t box = box_make("hostile", pool);
    const char *cursor = contract_probe(box.session, box.inbox, box.pool), *sum;
    backend_session_t *session;
    backend_blob_t *blob;
    int i;

    mkdir(path_of("hostile/Maildir/cur/directory:2,"), 0700);
    mkfifo(path_of("hostile/Maildir/new/fifo"), 0600);
    (void)!symlink("/etc/passwd", path_of("hostile/Maildir/cur/link:2,"));
    (void)!symlink("nowhere", path_of("hostile/Maildir/new/dangling"));
    box_put(&box, "x", "cur/.hidden");
    box_put(&box, "x", "cur/:2,S");
    is_str(box_changes(&box, &cursor), "", "what is no message is not there");
    message_write(path_of("hostile/Maildir/new/twice"), "in new", 1000);
    message_write(path_of("hostile/Maildir/cur/twice:2,S"), "in cur", 1000);
    message_write(path_of("hostile/Maildir/cur/\xff\xfe\x01:2,F"), "bytes", 2000);
    message_write(path_of("hostile/Maildir/cur/a:b:2,R"), "colons", 3000);
    message_write(path_of("hostile/Maildir/cur/flags:2,SSSSFFFF"), "many", 4000);
    is_str(box_changes(&box, &cursor), "+1:1 +2:2 +3:0 +4:3 ", "odd names are messages");
    is_str(contract_text(box.session, box.inbox, 1, box.pool), "in cur",
           "of two with one name the one in cur/ counts");
    is_str(contract_text(box.session, box.inbox, 2, box.pool), "bytes", "bytes that are no text");
    must(backend_item_remove(box.session, box.inbox, 1, box.pool), "remove");
    sum = box_changes(&box, &cursor);
    ok(strstr(sum, "-1 ") && strstr(sum, "+5:0 "), "the other one appears when it is removed: %s",
       sum);
    unlink(path_of("hostile/Maildir/cur/flags:2,SSSSFFFF"));
    (void)!symlink("/etc/passwd", path_of("hostile/Maildir/cur/flags:2,SSSSFFFF"));
    is_fault(backend_item_fetch(box.session, box.inbox, 4, &blob, box.pool), BASE_FAULT_DENIED,
             "a link in place of a message is not followed");
    for (i = 0; i < 2; i++) {
        static const char *const links[] = {"cur", "new"};
        const char *account = apr_psprintf(pool, "linked%d", i);

        maildir_make_all(account, NULL);
        maildir_remove(apr_pstrcat(pool, account, "/Maildir/", links[i], NULL));
        (void)!symlink(path_of("hostile/Maildir/cur"), path_of("%s/Maildir/%s", account, links[i]));
        must(backend_session_open(box.backend, account, &session, box.pool), "open");
        ok(!contract_role(session, BACKEND_ROLE_INBOX, box.pool) ||
               backend_folder_probe(session, contract_role(session, BACKEND_ROLE_INBOX, box.pool),
                                    &cursor, box.pool),
           "a link in place of a directory is not followed");
    }
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_arrivals(pool);
    test_own_files(pool);
    test_line_ends(pool);
    test_move_onto_copy(pool);
    test_removals(pool);
    test_restless(pool);
    test_hostile(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
