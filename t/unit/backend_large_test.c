/* What a look at a folder costs the local driver: where nothing changed no directory is read,
 * and as many calls of stat(2) are made for 100,000 messages as for 100. Set
 * MOBILESYNC_TEST_MESSAGES to try with more. */
#include "backend_maildir.h"

#include <dlfcn.h>
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <sqlite3.h>

#define FEW 100
#define MANY 100000

/* The driver's and SQLite's calls land here, whichever of its names a function has in this build.
 * In glibc nothing but these reads a directory for them. */
static struct {
    int opendir, readdir, stat;
} calls;

static void *next_of(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);

    if (!next) {
        printf("Bail out! there is no %s\n", name);
        exit(2);
    }
    return next;
}

#define COUNTED(counter, result, name, parameters, ...)          \
    result name parameters;                                      \
    result name parameters                                       \
    {                                                            \
        static result(*next) parameters;                         \
                                                                 \
        if (!next)                                               \
            *(void **)&next = next_of(#name);                    \
        __atomic_add_fetch(&calls.counter, 1, __ATOMIC_SEQ_CST); \
        return next(__VA_ARGS__);                                \
    }

COUNTED(opendir, DIR *, opendir, (const char *path), path)
COUNTED(opendir, DIR *, fdopendir, (int descriptor), descriptor)
COUNTED(readdir, struct dirent *, readdir, (DIR * stream), stream)
COUNTED(readdir, ssize_t, getdents64, (int descriptor, void *buffer, size_t size), descriptor,
        buffer, size)
COUNTED(stat, int, stat, (const char *path, struct stat *info), path, info)
COUNTED(stat, int, lstat, (const char *path, struct stat *info), path, info)
COUNTED(stat, int, fstat, (int descriptor, struct stat *info), descriptor, info)
COUNTED(stat, int, fstatat, (int at, const char *path, struct stat *info, int flags), at, path,
        info, flags)
#ifndef _FILE_OFFSET_BITS /* else these are what the others are called */
COUNTED(readdir, struct dirent64 *, readdir64, (DIR * stream), stream)
COUNTED(stat, int, stat64, (const char *path, struct stat64 *info), path, info)
COUNTED(stat, int, lstat64, (const char *path, struct stat64 *info), path, info)
COUNTED(stat, int, fstat64, (int descriptor, struct stat64 *info), descriptor, info)
COUNTED(stat, int, fstatat64, (int at, const char *path, struct stat64 *info, int flags), at, path,
        info, flags)
#endif

static void calls_reset(void)
{
    memset(&calls, 0, sizeof calls);
}

static int message_count(void)
{
    const char *wanted = getenv("MOBILESYNC_TEST_MESSAGES");
    int count = wanted ? atoi(wanted) : 0;

    return count > MANY ? count : MANY;
}

/* Empty files are the cheapest messages; the driver does not look into them. */
static void box_fill(const box_t *box, int count)
{
    int i, cur = open(apr_pstrcat(store_pool, box->box, "/cur", NULL), O_RDONLY | O_DIRECTORY);

    for (i = 0; i < count; i++) {
        char name[32];

        snprintf(name, sizeof name, "%d.m.host:2,%s", i, i % 3 ? "S" : "");
        if (mknodat(cur, name, S_IFREG | 0600, 0) != 0) {
            printf("Bail out! %s: %s\n", name, strerror(errno));
            exit(2);
        }
    }
    close(cur);
}

/* What a request does for an unchanged folder, in a session of its own. */
static const char *box_look(box_t *box, const char *cursor)
{
    backend_range_t range = contract_all;
    backend_changes_t *changes;
    backend_page_t *page;
    backend_entry_t entry;

    box_open(box);
    calls_reset();
    if (strcmp(contract_probe(box->session, box->inbox, box->pool), cursor) != 0)
        return "another cursor";
    must(backend_folder_changes(box->session, box->inbox, cursor, 9, &changes, box->pool),
         "changes");
    if (changes->upsert_count || changes->gone_count || changes->more ||
        strcmp(changes->cursor, cursor) != 0)
        return "changes";
    must(backend_folder_enumerate(box->session, box->inbox, &range, 9, &page, box->pool),
         "enumerate");
    if (page->count != 9 || !page->more)
        return "no page";
    must(backend_item_entry(box->session, box->inbox, page->entries[8].uid, &entry, box->pool),
         "entry");
    return entry.uid == page->entries[8].uid ? "unchanged" : "another entry";
}

/* The calls of stat(2) that a look cost. */
static int test_box(const char *account, int count, apr_pool_t *pool)
{
    box_t box = box_make(account, pool);
    const char *cursor;
    apr_uint64_t n;
    int i, cost;

    box_fill(&box, count);
    directory_age(apr_pstrcat(pool, box.box, "/cur", NULL), -3600); /* younger than any scan */
    calls_reset();
    cursor = apr_pstrdup(pool, contract_probe(box.session, box.inbox, box.pool));
    ok(calls.readdir > count && calls.opendir && calls.stat > count,
       "the first look at %d messages reads the directories: %d %d %d", count, calls.opendir,
       calls.readdir, calls.stat);
    must(backend_folder_count(box.session, box.inbox, &contract_all, &n, box.pool), "count");
    is_int((long long)n, count, "and finds them all");
    box_open(&box);
    calls_reset();
    is_str(contract_probe(box.session, box.inbox, box.pool), cursor, "nothing happened");
    ok(calls.readdir > count, "but so young an mtime is not trusted");
    maildir_age(box.box);
    contract_probe(box.session, box.inbox, box.pool);
    is_str(box_look(&box, cursor), "unchanged", "an unchanged folder at rest");
    is_int(calls.readdir, 0, "no directory is read");
    is_int(calls.opendir, 0, "nor opened");
    cost = calls.stat;
    for (i = 0; i < 3; i++) {
        is_str(box_look(&box, cursor), "unchanged", "and again");
        is_int(calls.readdir + calls.opendir, 0, "no directory is read");
        is_int(calls.stat, cost, "and as little is looked at");
    }
    box_put(&box, "new", "new/arrival");
    box_rename(&box, "cur/0.m.host:2,", "cur/0.m.host:2,S");
    calls_reset();
    is_str(box_changes(&box, &cursor), apr_psprintf(pool, "+1:1 +%d:0 ", count + 1),
           "an arrival and a flag are seen");
    ok(calls.readdir > count, "by reading the directories");
    return cost;
}

/* -- many at once --------------------------------------------------------------------------- */

#define CROWD 8

static int crowd_ready;

static void *APR_THREAD_FUNC crowd_look(apr_thread_t *thread, void *data)
{
    const box_t *box = data;
    backend_session_t *session;
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    must(backend_session_open(box->backend, box->account, &session, pool), "open");
    __atomic_add_fetch(&crowd_ready, 1, __ATOMIC_SEQ_CST);
    contract_probe(session, box->inbox, pool);
    apr_pool_destroy(pool);
    return NULL;
}

/* Devices of an account that look for the same change meet at the index's lock, which is held until
 * all of them wait. */
static void test_crowd(apr_pool_t *pool)
{
    box_t box = box_make("crowd", pool);
    const char *file = path_of("crowd/mobilesync/index.sqlite");
    apr_thread_t *threads[CROWD];
    apr_status_t status;
    sqlite3 *lock;
    int i;

    box_fill(&box, FEW);
    maildir_age(box.box);
    contract_probe(box.session, box.inbox, box.pool);
    box_put(&box, "new", "new/arrival");
    ok(sqlite3_open(file, &lock) == SQLITE_OK &&
           sqlite3_exec(lock, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK,
       "the index is held");
    for (i = 0; i < CROWD; i++)
        apr_thread_create(&threads[i], NULL, crowd_look, &box, pool);
    while (__atomic_load_n(&crowd_ready, __ATOMIC_SEQ_CST) < CROWD)
        apr_sleep(1000);
    apr_sleep(apr_time_from_sec(1)); /* nothing tells that they have come to the lock */
    calls_reset();
    sqlite3_exec(lock, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(lock);
    for (i = 0; i < CROWD; i++)
        apr_thread_join(&status, threads[i]);
    ok(calls.opendir >= 2 && calls.opendir <= CROWD,
       "%d who look at once do not read two directories each, but %d", CROWD, calls.opendir);
}

int main(void)
{
    apr_pool_t *pool;
    int few, many;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    few = test_box("few", FEW, pool);
    many = test_box("many", message_count(), pool);
    ok(few > 0, "an unchanged folder costs %d calls of stat", few);
    is_int(many, few, "whatever it holds");
    test_crowd(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
