/* Watching the local store while other programs change it: with inotify, without, and with more
 * events than its queue holds. Waits are for what must come; nothing is asserted about time. */
#include "backend_ear.h"

#include <apr_general.h>
#include <apr_thread_proc.h>

#include "backend/drivers.h"
#include "backend/local_watch.h"

/* Watches that this process has, over all its inotify descriptors. */
static int watches_held(void)
{
    DIR *stream = opendir("/proc/self/fdinfo");
    struct dirent *entry;
    int count = 0;

    while (stream && (entry = readdir(stream))) {
        char line[300];
        FILE *file = fopen(apr_pstrcat(store_pool, "/proc/self/fdinfo/", entry->d_name, NULL), "r");

        while (file && fgets(line, sizeof line, file))
            count += strncmp(line, "inotify wd:", 11) == 0;
        if (file)
            fclose(file);
    }
    if (stream)
        closedir(stream);
    return count;
}

static backend_session_t *session_of(backend_t *backend, const char *account, apr_pool_t *pool)
{
    backend_session_t *session;

    must(backend_session_open(backend, account, &session, pool), "open");
    return session;
}

static void test_events(apr_pool_t *pool)
{
    backend_t *backend = store_start("");
    backend_session_t *session = session_of(backend, "events", pool);
    const char *inbox = contract_role(session, BACKEND_ROLE_INBOX, pool), *cursor;
    const char *sent = contract_role(session, BACKEND_ROLE_SENT, pool);
    ear_t ear = {.folder_id = inbox}, twin = {.folder_id = inbox};
    backend_watch_t *watch, *second;
    apr_uint32_t before;

    must(backend_watch_start(backend, "events", ids_of(inbox, NULL), heard, &ear, &watch, pool),
         "watch");
    is_int(watches_held(), 3, "one folder and the list of folders are watched, no more");
    must(backend_watch_start(backend, "events", ids_of(inbox, sent), heard, &twin, &second, pool),
         "watch");
    is_int(watches_held(), 5, "what is watched twice counts once");
    message_write(path_of("events/Maildir/new/a"), "x", 0);
    ok(waited(&ear.calls, 1) && waited(&twin.calls, 1), "a delivery is told");
    cursor = contract_probe(session, inbox, pool);
    ok(waited(&ear.calls, 2), "and once more when things have settled");
    before = ear.calls;
    unlink(path_of("events/Maildir/new/a"));
    ok(waited(&ear.calls, before + 1), "a removal is told");
    is_str(
        (contract_probe(session, inbox, pool), contract_changes(session, inbox, &cursor, 9, pool)),
        "", "when it cannot be certain yet");
    ok(waited(&ear.calls, before + 2), "and once more");
    is_str(
        (contract_probe(session, inbox, pool), contract_changes(session, inbox, &cursor, 9, pool)),
        "-1 ", "when it is");
    maildir_make(path_of("events/Maildir/.made"));
    ok(waited(&ear.general, 1), "a new folder is told");
    message_write(path_of("events/Maildir/.Sent/cur/s:2,S"), "x", 0);
    ok(waited(&twin.others, 1), "a delivery to the second folder is told to who watches it");
    is_int(ear.others, 0, "and not to who does not");
    backend_watch_stop(watch);
    is_int(watches_held(), 5, "what somebody else watches stays watched");
    backend_watch_stop(second);
    is_int(watches_held(), 0, "in the end nothing is");
    is_fault(
        backend_watch_start(backend, "events", ids_of("nosuch", NULL), heard, &ear, &watch, pool),
        BASE_FAULT_FOLDER_GONE, "a folder that is not there cannot be watched");
}

static void test_end_in_call(apr_pool_t *pool)
{
    backend_t *backend = store_start("");
    backend_session_t *session = session_of(backend, "ending", pool);
    const char *inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    ear_t ear = {.folder_id = inbox};

    must(backend_watch_start(backend, "ending", ids_of(inbox, NULL), heard, &ear, &ear.end, pool),
         "watch");
    message_write(path_of("ending/Maildir/new/a"), "x", 0);
    ok(waited(&ear.calls, 1), "a call that ends its own watch comes back");
    while (watches_held() > 0)
        apr_sleep(1000);
    is_int(ear.calls + ear.others + ear.general, 1, "and was the last one");
}

static void test_polling(apr_pool_t *pool)
{
    backend_t *backend = store_start("poll=1");
    backend_session_t *session = session_of(backend, "polled", pool);
    const char *inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    ear_t ear = {.folder_id = inbox};
    backend_watch_t *watch;

    local_watcher_refuse(((local_instance_t *)backend_instance_of(backend))->watcher);
    must(backend_watch_start(backend, "polled", ids_of(inbox, NULL), heard, &ear, &watch, pool),
         "watch");
    is_int(watches_held(), 0, "where inotify cannot watch");
    message_write(path_of("polled/Maildir/new/a"), "x", 0);
    ok(waited(&ear.calls, 1), "a delivery is told all the same");
    maildir_make(path_of("polled/Maildir/.made"));
    ok(waited(&ear.general, 1), "and a new folder");
    backend_watch_stop(watch);
}

/* The Maildir is taken away and another one put there, as a restore does. */
static void test_replaced(apr_pool_t *pool)
{
    backend_t *backend = store_start("poll=1");
    backend_session_t *session = session_of(backend, "replaced", pool);
    const char *inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    ear_t ear = {.folder_id = inbox};
    backend_watch_t *watch;
    apr_uint32_t before;
    int i;

    must(backend_watch_start(backend, "replaced", ids_of(inbox, NULL), heard, &ear, &watch, pool),
         "watch");
    rename(path_of("replaced/Maildir/new"), path_of("replaced/Maildir/old"));
    ok(waited(&ear.calls, 2), "a directory that is taken away is told");
    before = ear.calls;
    mkdir(path_of("replaced/Maildir/new"), 0700);
    ok(waited(&ear.calls, before + 1), "and one that takes its place");
    for (i = 0; i < 6000 && watches_held() < 3; i++)
        apr_sleep(10000);
    is_int(watches_held(), 3, "which is watched");
    apr_sleep(100000);
    before = ear.calls;
    message_write(path_of("replaced/Maildir/new/a"), "x", 0);
    ok(waited(&ear.calls, before + 1), "what is delivered there too");
    backend_watch_stop(watch);
}

static void test_overflow(apr_pool_t *pool)
{
    backend_t *backend = store_start("");
    backend_session_t *session = session_of(backend, "overflow", pool);
    const char *inbox = contract_role(session, BACKEND_ROLE_INBOX, pool);
    const char *sent = contract_role(session, BACKEND_ROLE_SENT, pool);
    const char *one = path_of("overflow/Maildir/cur/a:2,"), *other = path_of("overflow/b");
    ear_t ear = {.folder_id = inbox};
    backend_watch_t *watch;
    int i;

    apr_thread_mutex_create(&ear.gate, APR_THREAD_MUTEX_DEFAULT, pool);
    must(backend_watch_start(backend, "overflow", ids_of(inbox, sent), heard, &ear, &watch, pool),
         "watch");
    apr_thread_mutex_lock(ear.gate);
    message_write(one, "x", 0);
    for (i = 0; i < 20000; i++)
        if (rename(i % 2 ? other : one, i % 2 ? one : other) != 0)
            break;
    is_int(i, 20000, "more events than the queue holds");
    apr_thread_mutex_unlock(ear.gate);
    ok(waited(&ear.others, 1), "every folder is told, since nobody knows what was lost");
    backend_watch_stop(watch);
}

typedef struct {
    backend_t *backend;
    const char *inbox;
    int failed;
} crowd_t;

static void *APR_THREAD_FUNC crowd_member(apr_thread_t *thread, void *data)
{
    crowd_t *crowd = data;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create(&pool, NULL);
    for (i = 0; i < 100; i++) {
        apr_array_header_t *ids = apr_array_make(pool, 1, sizeof(const char *));
        ear_t ear = {.folder_id = crowd->inbox};
        backend_watch_t *watch;
        backend_session_t *session;
        backend_entry_t e;
        backend_put_t put = {.flags = 0};
        int existed;

        APR_ARRAY_PUSH(ids, const char *) = crowd->inbox;
        if (backend_watch_start(crowd->backend, "crowd", ids, heard, &ear, &watch, pool)) {
            crowd->failed = 1;
            break;
        }
        if (i % 10 == 0 && (backend_session_open(crowd->backend, "crowd", &session, pool) ||
                            backend_item_put(session, crowd->inbox, &put,
                                             backend_blob_of("x", 1, pool), &e, &existed, pool)))
            crowd->failed = 1;
        backend_watch_stop(watch);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Threads that come and go while things happen: for the sanitizers, mostly. */
static void test_crowd(apr_pool_t *pool)
{
    backend_t *backend = store_start("");
    backend_session_t *session = session_of(backend, "crowd", pool);
    crowd_t crowd = {backend, contract_role(session, BACKEND_ROLE_INBOX, pool), 0};
    apr_thread_t *threads[4];
    apr_status_t status;
    apr_uint64_t n;
    int i;

    for (i = 0; i < 4; i++)
        apr_thread_create(&threads[i], NULL, crowd_member, &crowd, pool);
    for (i = 0; i < 4; i++)
        apr_thread_join(&status, threads[i]);
    ok(!crowd.failed, "threads watch, store and leave");
    is_int(watches_held(), 0, "and leave nothing behind");
    must(backend_folder_count(session, crowd.inbox, &contract_all, &n, pool), "count");
    is_int((long long)n, 40, "what they stored is there");
}

/* A backend that ends while somebody watches. */
static void test_end(apr_pool_t *parent)
{
    ear_t ear = {.folder_id = ""};
    backend_session_t *session;
    backend_watch_t *watch;
    backend_t *backend;
    apr_pool_t *pool;
    int before = entries_of("/proc/self/fd");

    apr_pool_create(&pool, parent);
    must(backend_start("local", store_arguments(apr_psprintf(pool, "root=%s/%%u", store_root)),
                       NULL, NULL, &backend, pool),
         "start");
    session = session_of(backend, "ended", pool);
    must(backend_watch_start(backend, "ended",
                             ids_of(contract_role(session, BACKEND_ROLE_INBOX, pool), NULL), heard,
                             &ear, &watch, pool),
         "watch");
    backend_watch_stop(watch);
    apr_pool_destroy(pool);
    is_int(entries_of("/proc/self/fd"), before, "a backend that ends leaves no file open");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    test_events(pool);
    test_end_in_call(pool);
    test_polling(pool);
    test_replaced(pool);
    test_overflow(pool);
    test_crowd(pool);
    test_end(pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
