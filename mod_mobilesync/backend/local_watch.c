#include "backend/local_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <apr_ring.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "backend/drivers.h"
#include "backend/local_folder.h"
#include "backend/local_vdir.h"
#include "backend/watchers.h"
#include "base/file.h"

#define WATCH_SETTLE_USEC (LOCAL_QUIET_USEC + APR_USEC_PER_SEC / 4)
/* Beside these, of collections: programs rewrite files in place. */
#define WATCH_EVENTS                                                                       \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
     IN_ONLYDIR | IN_DONT_FOLLOW)

/* A directory that somebody watches. */
typedef struct watch_target watch_target_t;
struct watch_target {
    char *key;        /* folder id and path: a path can become another folder's */
    const char *path; /* of the directory */
    char *account;
    char *folder_id;    /* NULL: the Maildir with its folders, or that of the collections */
    int collection;     /* it is one, and files in it are items */
    apr_time_t written; /* of a collection: when one of its files was last written in place */
    apr_time_t polled;  /* of a collection that is polled: when it was last told */
    int references;
    int descriptor;       /* inotify's; -1: it is polled */
    watch_target_t *same; /* another target with this descriptor */
    apr_int64_t mtime;    /* when polled */
    apr_time_t settles;   /* when it is to be told once more */
    int told;             /* in the list of what is told now */
    APR_RING_ENTRY(watch_target) polled_link;
    APR_RING_ENTRY(watch_target) settling_link;
};

APR_RING_HEAD(watch_ring, watch_target);

struct local_watcher {
    local_instance_t *instance;
    backend_watchers_t *watchers;
    apr_thread_mutex_t *lock; /* all below */
    apr_thread_t *thread;
    int inotify, wake; /* descriptors; -1 until the first watch, inotify also where there is none */
    int stopping, refused;
    apr_hash_t *by_key;
    apr_hash_t *by_descriptor; /* first of those with that descriptor */
    apr_hash_t *by_folder;     /* collections by folder id, which no two accounts have */
    struct watch_ring polled;
    struct watch_ring settling; /* in the order of settles */
    apr_pool_t *pool;
};

typedef struct {
    backend_subscription_t *subscription;
    watch_target_t **targets;
    int count;
} local_watch_t;

/* What is told when the lock is given back. */
typedef struct {
    const char *account;
    const char *folder_id;
} watch_news_t;

/* A directory to watch. */
typedef struct {
    const char *path;
    const char *folder_id;
    int collection;
} watch_place_t;

/* -- targets; all with the lock held -------------------------------------------------------- */

static apr_int64_t watch_mtime(const watch_target_t *target)
{
    struct stat info;

    if (lstat(target->path, &info) != 0)
        return 0;
    return (apr_int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
}

/* Changes that other hosts make are not seen by inotify. */
static int watch_is_remote(const char *path)
{
    static const unsigned long remote[] = {
        0x6969 /* NFS */,      0x517b /* SMB */,    0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */,
        0x65735546 /* FUSE */, 0x01021997 /* 9P */, 0x00c36400 /* Ceph */, 0x5346414f /* AFS */,
        0x01161970 /* GFS2 */, 0x7461636f /* OCFS2 */};
    struct statfs info;
    size_t i;

    if (statfs(path, &info) != 0)
        return 0;
    for (i = 0; i < sizeof remote / sizeof *remote; i++)
        if (((unsigned long)info.f_type & 0xffffffffUL) == remote[i])
            return 1;
    return 0;
}

static void watch_poll(local_watcher_t *watcher, watch_target_t *target)
{
    target->descriptor = -1;
    target->mtime = watch_mtime(target);
    APR_RING_INSERT_TAIL(&watcher->polled, target, watch_target, polled_link);
}

/* Has inotify watch it, 0 where it cannot. */
static int watch_arm(local_watcher_t *watcher, watch_target_t *target)
{
    int descriptor = -1;

    if (watcher->inotify >= 0 && !watcher->refused && !watch_is_remote(target->path))
        descriptor = inotify_add_watch(watcher->inotify, target->path,
                                       WATCH_EVENTS | (target->collection ? IN_CLOSE_WRITE : 0));
    if (descriptor < 0)
        return 0;
    target->descriptor = descriptor;
    target->same = apr_hash_get(watcher->by_descriptor, &descriptor, sizeof descriptor);
    if (target->same) /* the key is the entry's: it must be the first one's */
        apr_hash_set(watcher->by_descriptor, &descriptor, sizeof descriptor, NULL);
    apr_hash_set(watcher->by_descriptor, &target->descriptor, sizeof target->descriptor, target);
    return 1;
}

static void watch_disarm(local_watcher_t *watcher, watch_target_t *target)
{
    watch_target_t *first, **link;

    if (target->descriptor < 0) {
        APR_RING_REMOVE(target, polled_link);
        return;
    }
    first = apr_hash_get(watcher->by_descriptor, &target->descriptor, sizeof target->descriptor);
    apr_hash_set(watcher->by_descriptor, &target->descriptor, sizeof target->descriptor, NULL);
    for (link = &first; *link && *link != target; link = &(*link)->same)
        ;
    if (*link)
        *link = target->same;
    if (first)
        apr_hash_set(watcher->by_descriptor, &first->descriptor, sizeof first->descriptor, first);
    else
        inotify_rm_watch(watcher->inotify, target->descriptor);
    target->same = NULL;
}

static void watch_unsettle(watch_target_t *target)
{
    if (!target->settles)
        return;
    APR_RING_REMOVE(target, settling_link);
    target->settles = 0;
}

/* A directory that changed a moment ago is looked at once more when it is at rest: only then does
 * a scan tell what is gone. */
static void watch_settle_later(local_watcher_t *watcher, watch_target_t *target)
{
    watch_unsettle(target);
    target->settles = apr_time_now() + WATCH_SETTLE_USEC;
    APR_RING_INSERT_TAIL(&watcher->settling, target, watch_target, settling_link);
}

static watch_target_t *watch_target_get(local_watcher_t *watcher, const char *path,
                                        const char *account, const char *folder_id, int collection,
                                        apr_pool_t *pool)
{
    char *key = apr_pstrcat(pool, folder_id ? folder_id : "", ":", path, NULL);
    watch_target_t *target = apr_hash_get(watcher->by_key, key, APR_HASH_KEY_STRING);

    if (target) {
        target->references++;
        return target;
    }
    target = calloc(1, sizeof *target);
    if (!target || !(target->key = strdup(key)) || !(target->account = strdup(account)) ||
        (folder_id && !(target->folder_id = strdup(folder_id))))
        abort(); /* as APR's pools do */
    target->path = strchr(target->key, ':') + 1;
    target->references = 1;
    target->collection = collection;
    target->written = target->polled = apr_time_now();
    APR_RING_ELEM_INIT(target, settling_link);
    apr_hash_set(watcher->by_key, target->key, APR_HASH_KEY_STRING, target);
    if (collection) { /* the key is the entry's: it must be the new one's */
        apr_hash_set(watcher->by_folder, target->folder_id, APR_HASH_KEY_STRING, NULL);
        apr_hash_set(watcher->by_folder, target->folder_id, APR_HASH_KEY_STRING, target);
    }
    if (!watch_arm(watcher, target))
        watch_poll(watcher, target);
    /* nobody was watching when it changed, and the caller's look comes too early */
    if (apr_time_now() - watch_mtime(target) / 1000 < WATCH_SETTLE_USEC)
        watch_settle_later(watcher, target);
    return target;
}

static void watch_target_release(local_watcher_t *watcher, watch_target_t *target)
{
    if (--target->references > 0)
        return;
    watch_disarm(watcher, target);
    watch_unsettle(target);
    apr_hash_set(watcher->by_key, target->key, APR_HASH_KEY_STRING, NULL);
    if (target->collection &&
        apr_hash_get(watcher->by_folder, target->folder_id, APR_HASH_KEY_STRING) == target)
        apr_hash_set(watcher->by_folder, target->folder_id, APR_HASH_KEY_STRING, NULL);
    free(target->folder_id);
    free(target->account);
    free(target->key);
    free(target);
}

/* -- the thread ----------------------------------------------------------------------------- */

/* Adds to the news. */
static void watch_tell(const watch_target_t *target, const char *folder_id,
                       apr_array_header_t *news, apr_pool_t *pool)
{
    watch_news_t one = {apr_pstrdup(pool, target->account), apr_pstrdup(pool, folder_id)};
    const watch_news_t *last =
        news->nelts ? &APR_ARRAY_IDX(news, news->nelts - 1, watch_news_t) : NULL;

    /* a burst in one folder is one piece of news */
    if (last && strcmp(last->account, one.account) == 0 &&
        (last->folder_id == one.folder_id ||
         (last->folder_id && one.folder_id && strcmp(last->folder_id, one.folder_id) == 0)))
        return;
    APR_ARRAY_PUSH(news, watch_news_t) = one;
}

static void watch_changed(local_watcher_t *watcher, watch_target_t *target,
                          apr_array_header_t *news, apr_pool_t *pool)
{
    watch_settle_later(watcher, target);
    watch_tell(target, target->folder_id, news, pool);
}

/* Of what happens in a collection only items matter, and its name, which is the tree's: other programs'
 * temporary files are not to wake anybody. */
static void watch_collection_event(local_watcher_t *watcher, watch_target_t *target,
                                   const struct inotify_event *event, apr_array_header_t *news,
                                   apr_pool_t *pool)
{
    if (local_collection_is_file(event->name))
        watch_tell(target, NULL, news, pool);
    if (!local_file_is_item(event->name))
        return;
    if (event->mask & IN_CLOSE_WRITE)
        target->written = apr_time_now();
    watch_changed(watcher, target, news, pool);
}

static void watch_event(local_watcher_t *watcher, const struct inotify_event *event,
                        apr_array_header_t *news, apr_pool_t *pool)
{
    watch_target_t *target, *next;

    target = apr_hash_get(watcher->by_descriptor, &event->wd, sizeof event->wd);
    for (; target; target = next) {
        next = target->same;
        if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) {
            /* the directory is another one now, or none: look after it until it is back */
            watch_disarm(watcher, target);
            watch_poll(watcher, target);
        }
        /* in the Maildir itself only folders matter; others keep files of theirs there */
        else if (!target->folder_id && !(event->mask & IN_ISDIR))
            continue;
        else if (target->collection && event->len) {
            watch_collection_event(watcher, target, event, news, pool);
            continue;
        }
        watch_changed(watcher, target, news, pool);
    }
}

static void watch_everything(local_watcher_t *watcher, apr_array_header_t *news, apr_pool_t *pool)
{
    apr_hash_index_t *at;
    void *target;

    for (at = apr_hash_first(pool, watcher->by_key); at; at = apr_hash_next(at)) {
        apr_hash_this(at, NULL, NULL, &target);
        ((watch_target_t *)target)->written = apr_time_now();
        watch_changed(watcher, target, news, pool);
    }
}

static void watch_read(local_watcher_t *watcher, apr_array_header_t *news, apr_pool_t *pool)
{
    char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t length, at;

    while ((length = read(watcher->inotify, buffer, sizeof buffer)) > 0)
        for (at = 0; at < length;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

            if (event->mask & IN_Q_OVERFLOW)
                watch_everything(watcher, news, pool);
            else
                watch_event(watcher, event, news, pool);
            at += (ssize_t)(sizeof *event + event->len);
        }
}

static void watch_look(local_watcher_t *watcher, apr_array_header_t *news, apr_pool_t *pool)
{
    watch_target_t *target = APR_RING_FIRST(&watcher->polled), *next;

    for (; target != APR_RING_SENTINEL(&watcher->polled, watch_target, polled_link);
         target = next) {
        apr_int64_t mtime = watch_mtime(target);

        next = APR_RING_NEXT(target, polled_link);
        /* what is rewritten in place does not show: a collection is swept from time to time */
        if (mtime != target->mtime ||
            (target->collection && apr_time_now() - target->polled >= LOCAL_SWEEP_USEC)) {
            target->mtime = mtime;
            target->polled = apr_time_now();
            watch_changed(watcher, target, news, pool);
        }
        if (mtime && watch_arm(watcher, target)) /* it can be watched by now */
            APR_RING_REMOVE(target, polled_link);
    }
}

static void watch_settle(local_watcher_t *watcher, apr_time_t now, apr_array_header_t *news,
                         apr_pool_t *pool)
{
    while (!APR_RING_EMPTY(&watcher->settling, watch_target, settling_link)) {
        watch_target_t *target = APR_RING_FIRST(&watcher->settling);

        if (target->settles > now)
            return;
        watch_unsettle(target);
        watch_tell(target, target->folder_id, news, pool);
    }
}

/* How long nothing is due, in milliseconds; -1: for ever. */
static int watch_timeout(const local_watcher_t *watcher, apr_time_t next_look)
{
    apr_time_t now = apr_time_now(), until = APR_INT64_MAX;

    if (!APR_RING_EMPTY(&watcher->settling, watch_target, settling_link))
        until = APR_RING_FIRST(&watcher->settling)->settles;
    if (!APR_RING_EMPTY(&watcher->polled, watch_target, polled_link) && next_look < until)
        until = next_look;
    if (until == APR_INT64_MAX)
        return -1;
    return until <= now ? 0 : (int)apr_time_as_msec(until - now) + 1;
}

static void *APR_THREAD_FUNC watch_thread(apr_thread_t *thread, void *data)
{
    local_watcher_t *watcher = data;
    apr_interval_time_t period = apr_time_from_sec(watcher->instance->config->poll_seconds);
    apr_time_t next_look = apr_time_now() + period;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create(&pool, NULL); /* not the child's, whose allocator may be another thread's */
    apr_thread_mutex_lock(watcher->lock);
    while (!watcher->stopping) {
        struct pollfd ready[2] = {{.fd = watcher->wake, .events = POLLIN},
                                  {.fd = watcher->inotify, .events = POLLIN}};
        apr_array_header_t *news = apr_array_make(pool, 8, sizeof(watch_news_t));
        int timeout = watch_timeout(watcher, next_look);
        eventfd_t count;

        apr_thread_mutex_unlock(watcher->lock);
        if (poll(ready, watcher->inotify >= 0 ? 2 : 1, timeout) > 0 && ready[0].revents)
            (void)!eventfd_read(watcher->wake, &count);
        apr_thread_mutex_lock(watcher->lock);
        if (watcher->inotify >= 0)
            watch_read(watcher, news, pool);
        if (apr_time_now() >= next_look) {
            watch_look(watcher, news, pool);
            next_look = apr_time_now() + period;
        }
        watch_settle(watcher, apr_time_now(), news, pool);
        apr_thread_mutex_unlock(watcher->lock);
        for (i = 0; i < news->nelts; i++)
            backend_watchers_notify(watcher->watchers, APR_ARRAY_IDX(news, i, watch_news_t).account,
                                    APR_ARRAY_IDX(news, i, watch_news_t).folder_id);
        apr_pool_clear(pool);
        apr_thread_mutex_lock(watcher->lock);
    }
    apr_thread_mutex_unlock(watcher->lock);
    apr_pool_destroy(pool);
    return NULL;
}

static apr_status_t watch_end(void *data)
{
    local_watcher_t *watcher = data;
    apr_status_t result;

    apr_thread_mutex_lock(watcher->lock);
    watcher->stopping = 1;
    apr_thread_mutex_unlock(watcher->lock);
    if (watcher->thread) {
        eventfd_write(watcher->wake, 1);
        apr_thread_join(&result, watcher->thread);
    }
    if (watcher->inotify >= 0)
        close(watcher->inotify);
    if (watcher->wake >= 0)
        close(watcher->wake);
    return APR_SUCCESS;
}

base_fault_t *local_watcher_make(local_watcher_t **watcher, local_instance_t *instance,
                                 apr_pool_t *pool)
{
    local_watcher_t *made = apr_pcalloc(pool, sizeof *made);

    made->instance = instance;
    made->inotify = made->wake = -1;
    BASE_TRY(backend_watchers_make(&made->watchers, pool));
    if (apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "making a mutex");
    BASE_TRY(base_pool_create(&made->pool, pool)); /* used under the lock */
    made->by_key = apr_hash_make(made->pool);
    made->by_descriptor = apr_hash_make(made->pool);
    made->by_folder = apr_hash_make(made->pool);
    APR_RING_INIT(&made->polled, watch_target, polled_link);
    APR_RING_INIT(&made->settling, watch_target, settling_link);
    apr_pool_pre_cleanup_register(pool, made, watch_end);
    *watcher = made;
    return NULL;
}

/* -- watching ------------------------------------------------------------------------------- */

/* The first watch starts the thread; with the lock held. */
static base_fault_t *watch_begin(local_watcher_t *watcher, apr_pool_t *pool)
{
    apr_status_t status;

    if (watcher->thread)
        return NULL;
    watcher->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watcher->wake < 0)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, APR_FROM_OS_ERROR(errno),
                                      "starting to watch");
    watcher->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watcher->inotify < 0)
        base_log_write(watcher->instance->log, BASE_LOG_WARNING,
                       "local backend: no inotify instance (%s): looking at mailboxes every %d s; "
                       "see fs.inotify.max_user_instances",
                       strerror(errno), watcher->instance->config->poll_seconds);
    status = apr_thread_create(&watcher->thread, NULL, watch_thread, watcher, watcher->pool);
    if (status == APR_SUCCESS)
        return NULL;
    close(watcher->wake);
    watcher->wake = -1;
    return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status, "starting to watch");
}

/* The directories to watch (watch_place_t). */
static base_fault_t *watch_paths(local_instance_t *instance, const char *account,
                                 const apr_array_header_t *folder_ids, apr_array_header_t **paths,
                                 apr_pool_t *pool)
{
    static const char *const parts[] = {"cur", "new"};
    local_session_t *session;
    local_folder_t folder;
    void *opened;
    int i, k;

    BASE_TRY(backend_local_driver.open(instance, account, &opened, pool));
    session = opened;
    BASE_TRY(local_folders_look(session, pool));
    *paths = apr_array_make(pool, 8, sizeof(watch_place_t));
    APR_ARRAY_PUSH(*paths, watch_place_t) = (watch_place_t){.path = session->paths.maildir};
    if (session->vdir >= 0)
        APR_ARRAY_PUSH(*paths, watch_place_t) = (watch_place_t){.path = session->paths.vdir};
    for (i = 0; i < folder_ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(folder_ids, i, const char *);

        BASE_TRY(
            base_fault_wrap(local_folder_load(session, id, &folder, pool), pool, "folder %s", id));
        if (folder.class_ != BACKEND_CLASS_EMAIL) {
            APR_ARRAY_PUSH(*paths, watch_place_t) = (watch_place_t){
                apr_pstrcat(pool, session->paths.vdir, "/", folder.directory, NULL), folder.id, 1};
            continue;
        }
        for (k = 0; k < 2; k++)
            APR_ARRAY_PUSH(*paths, watch_place_t) = (watch_place_t){
                .path = apr_pstrcat(pool, session->paths.maildir, "/", folder.directory,
                                    *folder.directory ? "/" : "", parts[k], NULL),
                .folder_id = folder.id};
    }
    return NULL;
}

base_fault_t *local_watch_start(void *data, const char *account,
                                const apr_array_header_t *folder_ids, backend_changed_fn changed,
                                void *baton, void **watch, apr_pool_t *pool)
{
    local_instance_t *instance = data;
    local_watcher_t *watcher = instance->watcher;
    apr_array_header_t *paths = NULL;
    base_fault_t *fault;
    apr_pool_t *scratch;
    local_watch_t *made;
    int i;

    apr_pool_create(&scratch, pool); /* the session ends with it */
    fault = base_fault_wrap(watch_paths(instance, account, folder_ids, &paths, scratch), pool,
                            "watching");
    if (!fault) {
        apr_thread_mutex_lock(watcher->lock);
        fault = watch_begin(watcher, pool);
        if (!fault) {
            made = calloc(1, sizeof *made);
            if (!made || !(made->targets = calloc((size_t)paths->nelts, sizeof *made->targets)))
                abort(); /* as APR's pools do */
            for (i = 0; i < paths->nelts; i++) {
                const watch_place_t *one = &APR_ARRAY_IDX(paths, i, watch_place_t);

                made->targets[made->count++] = watch_target_get(
                    watcher, one->path, account, one->folder_id, one->collection, scratch);
            }
            made->subscription =
                backend_watchers_add(watcher->watchers, account, folder_ids, changed, baton);
            *watch = made;
            if (!APR_RING_EMPTY(&watcher->polled, watch_target, polled_link) ||
                !APR_RING_EMPTY(&watcher->settling, watch_target, settling_link))
                eventfd_write(watcher->wake, 1);
        }
        apr_thread_mutex_unlock(watcher->lock);
    }
    apr_pool_destroy(scratch);
    return fault;
}

void local_watch_stop(void *data, void *watch)
{
    local_watcher_t *watcher = ((local_instance_t *)data)->watcher;
    local_watch_t *stopped = watch;
    int i;

    backend_watchers_remove(watcher->watchers, stopped->subscription);
    apr_thread_mutex_lock(watcher->lock);
    for (i = 0; i < stopped->count; i++)
        watch_target_release(watcher, stopped->targets[i]);
    apr_thread_mutex_unlock(watcher->lock);
    free(stopped->targets);
    free(stopped);
}

void local_watcher_refuse(local_watcher_t *watcher)
{
    apr_thread_mutex_lock(watcher->lock);
    watcher->refused = 1;
    apr_thread_mutex_unlock(watcher->lock);
}

apr_time_t local_watcher_written(local_watcher_t *watcher, const char *account,
                                 const char *folder_id)
{
    apr_time_t written = 0;
    watch_target_t *target;

    apr_thread_mutex_lock(watcher->lock);
    target = apr_hash_get(watcher->by_folder, folder_id, APR_HASH_KEY_STRING);
    if (target && strcmp(target->account, account) == 0)
        written = target->written;
    apr_thread_mutex_unlock(watcher->lock);
    return written;
}
