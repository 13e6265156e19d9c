/* The local driver and messages that other programs change: deliveries, flags, removals, hostile
 * names, indexes lost, restored or damaged. Concurrency is in backend_race_test.c. */
#include "backend_maildir.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/resource.h>
#include <apr_general.h>
#include <sqlite3.h>

/* Counts what a look costs: the driver's calls land here, whichever of its two names the
 * function has in this build. */
static int readdir_calls;

struct dirent *readdir(DIR *stream)
{
    static struct dirent *(*next)(DIR *);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "readdir64");
    readdir_calls++;
    return next(stream);
}

/* A session on a fresh account's Inbox, aged so that its mtimes are trusted. */
typedef struct {
    backend_t *backend;
    backend_session_t *session;
    const char *account, *box, *inbox;
    apr_pool_t *pool;
} box_t;

static void box_open(box_t *box)
{
    apr_pool_clear(box->pool);
    must(backend_session_open(box->backend, box->account, &box->session, box->pool), "open");
    box->inbox = contract_role(box->session, BACKEND_ROLE_INBOX, box->pool);
}

static box_t box_make(const char *account, apr_pool_t *pool)
{
    box_t box = {.account = account};

    apr_pool_create(&box.pool, pool);
    box.backend = store_start("");
    maildir_make_all(account, ".Drafts", ".Sent", ".Trash", NULL);
    box.box = apr_psprintf(pool, "%s/%s/Maildir", store_root, account);
    box_open(&box);
    return box;
}

__attribute__((format(printf, 3, 4))) static void box_put(const box_t *box, const char *text,
                                                          const char *format, ...)
{
    va_list arguments;
    const char *name;

    va_start(arguments, format);
    name = apr_pvsprintf(store_pool, format, arguments);
    va_end(arguments);
    message_write(apr_pstrcat(store_pool, box->box, "/", name, NULL), text, 0);
}

__attribute__((format(printf, 3, 4))) static void box_rename(const box_t *box, const char *from,
                                                             const char *format, ...)
{
    va_list arguments;
    const char *to;

    va_start(arguments, format);
    to = apr_pvsprintf(store_pool, format, arguments);
    va_end(arguments);
    if (rename(apr_pstrcat(store_pool, box->box, "/", from, NULL),
               apr_pstrcat(store_pool, box->box, "/", to, NULL)) != 0)
        printf("# cannot rename %s: %s\n", from, strerror(errno));
}

static void box_unlink(const box_t *box, const char *name)
{
    unlink(apr_pstrcat(store_pool, box->box, "/", name, NULL));
}

/* The changes since the cursor, which steps on, after a look. */
static const char *box_changes(const box_t *box, const char **cursor)
{
    contract_probe(box->session, box->inbox, box->pool);
    return contract_changes(box->session, box->inbox, cursor, 100, box->pool);
}

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

/* The same base name in the destination must not make one message of two. */
static void test_move_onto_copy(apr_pool_t *pool)
{
    box_t box = box_make("copies", pool);
    const char *sent = contract_role(box.session, BACKEND_ROLE_SENT, box.pool);
    backend_entry_t e;
    apr_uint64_t n;

    box_put(&box, "one", "cur/x:2,S");
    box_put(&box, "two", ".Sent/cur/x:2,F");
    contract_probe(box.session, box.inbox, box.pool);
    contract_probe(box.session, sent, box.pool);
    must(backend_item_move(box.session, box.inbox, 1, sent, NULL, &e, box.pool), "move");
    must(backend_folder_count(box.session, sent, &contract_all, &n, box.pool), "count");
    is_int(n, 2, "both are there");
    is_str(contract_text(box.session, sent, 1, box.pool), "two", "the one that was");
    is_str(contract_text(box.session, sent, e.uid, box.pool), "one", "and the one that came");
    contract_probe(box.session, sent, box.pool);
    must(backend_folder_count(box.session, sent, &contract_all, &n, box.pool), "count");
    is_int(n, 2, "also after a look");
}

static void test_unchanged(apr_pool_t *pool)
{
    box_t box = box_make("unchanged", pool);
    const char *cursor;
    backend_range_t range = contract_all;
    backend_page_t *page;
    backend_changes_t *changes;
    int i;

    for (i = 0; i < 50; i++)
        box_put(&box, "x", "cur/m%d:2,", i);
    cursor = apr_pstrdup(pool, contract_probe(box.session, box.inbox, box.pool));
    readdir_calls = 0;
    contract_probe(box.session, box.inbox, box.pool);
    ok(readdir_calls > 50, "an mtime of just now is not trusted");
    maildir_age(box.box);
    contract_probe(box.session, box.inbox, box.pool);
    readdir_calls = 0;
    for (i = 0; i < 3; i++) {
        box_open(&box);
        is_str(contract_probe(box.session, box.inbox, box.pool), cursor, "nothing happened");
    }
    must(backend_folder_changes(box.session, box.inbox, cursor, 9, &changes, box.pool), "changes");
    must(backend_folder_enumerate(box.session, box.inbox, &range, 9, &page, box.pool), "enumerate");
    is_int(readdir_calls, 0, "and no directory was read");
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

/* -- limits of the machine ------------------------------------------------------------------ */

/* Runs a check as a user whom permissions hold, in a child; its result is one test here. */
static void as_nobody(int (*check)(box_t *), const char *account, const char *name,
                      apr_pool_t *pool)
{
    int status = 0;
    pid_t child;

    if (geteuid() == 0 &&
        system(apr_psprintf(pool, "chmod 711 '%s' && chown -R 65534:65534 '%s/%s'", store_root,
                            store_root, account)) != 0)
        printf("# cannot give %s away\n", account);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        box_t box = {.account = account};

        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(3);
        apr_pool_create(&box.pool, pool);
        box.backend = store_start("");
        _exit(check(&box) ? 0 : 1);
    }
    waitpid(child, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s (%d)", name, status);
}

static int has_code(base_fault_t *fault, base_fault_code_t code)
{
    if (base_fault_code(fault) != code)
        printf("# got %s: %s\n", base_fault_code_name(base_fault_code(fault)),
               fault ? fault->message : "");
    fflush(stdout);
    return base_fault_code(fault) == code;
}

static int check_read_only(box_t *box)
{
    backend_put_t put = {.flags = 1};
    backend_entry_t e;
    const char *id;

    box_open(box);
    return has_code(backend_item_put(box->session, box->inbox, &put,
                                     backend_blob_of("x", 1, box->pool), &e, box->pool),
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

    box_open(box);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    large = apr_palloc(box->pool, 3000000);
    memset(large, 'x', 3000000);
    return has_code(backend_item_put(box->session, box->inbox, &put,
                                     backend_blob_of(large, 3000000, box->pool), &e, box->pool),
                    BASE_FAULT_QUOTA) &&
           entries_of(path_of("full/Maildir/tmp")) == 0 &&
           entries_of(path_of("full/Maildir/new")) == 0 &&
           has_code(backend_item_put(box->session, box->inbox, &put,
                                     backend_blob_of("small", 5, box->pool), &e, box->pool),
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
    test_arrivals(pool);
    test_own_files(pool);
    test_move_onto_copy(pool);
    test_unchanged(pool);
    test_removals(pool);
    test_restless(pool);
    test_hostile(pool);
    test_index_lost(pool);
    test_index_damaged(pool);
    test_index_restored(pool);
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
