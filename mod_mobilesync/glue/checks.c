/* At start-up: does the server have what the configured number of waiting requests takes? Each
 * takes two descriptors (the client's, and the one that is polled in its place), a connection of
 * the event MPM's (or a thread of another one's), and on local mailboxes a few directories to
 * watch. */
#include "glue/glue.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "ap_mpm.h"
#include "apr_strings.h"
#include "http_log.h"
#include "util_cfgtree.h"

APLOG_USE_MODULE(mobilesync);

#define CHECK_DESCRIPTORS_EACH 2
#define CHECK_DESCRIPTORS_OTHER 256 /* logs, Redis, mailboxes, other requests */
#define CHECK_WATCHES_EACH 6        /* Maildir, inbox (cur, new); collections, two of them */
#define CHECK_GENERATIONS 2         /* of children at a time: a graceful restart */
/* httpd's defaults */
#define CHECK_WORKER_FACTOR "2"
#define CHECK_SPARE_THREADS "250"

/* What the MPM is configured to do. */
typedef struct {
    int children; /* at most */
    int threads;  /* of each */
    int threaded;
    int async; /* waiting connections hold no thread */
    double factor;
    int spare; /* MaxSpareThreads */
} check_mpm_t;

/* The soft limit: httpd does not raise it. -1: none. */
static long check_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return -1;
    return (long)limit.rlim_cur;
}

/* The MPM does not tell. Sections that httpd decides while it reads (IfModule, Include) have no
 * place in the tree, and in others it is not allowed. */
static const char *check_directive(const char *name, const char *otherwise)
{
    const ap_directive_t *directive;

    for (directive = ap_conftree; directive; directive = directive->next)
        if (strcasecmp(directive->directive, name) == 0)
            otherwise = directive->args;
    return otherwise;
}

static int check_query(int what)
{
    int answer = 0;

    return ap_mpm_query(what, &answer) == APR_SUCCESS && answer > 0 ? answer : 0;
}

static check_mpm_t check_mpm(void)
{
    check_mpm_t mpm = {.children = check_query(AP_MPMQ_MAX_DAEMONS),
                       .threads = check_query(AP_MPMQ_MAX_THREADS),
                       .threaded = check_query(AP_MPMQ_IS_THREADED),
                       .async = check_query(AP_MPMQ_IS_ASYNC)};

    mpm.children = mpm.children ? mpm.children : 1;
    mpm.threads = mpm.threads ? mpm.threads : 1;
    mpm.factor = atof(check_directive("AsyncRequestWorkerFactor", CHECK_WORKER_FACTOR));
    mpm.factor = mpm.factor < 1 ? 1 : mpm.factor;
    mpm.spare = atoi(check_directive("MaxSpareThreads", CHECK_SPARE_THREADS));
    return mpm;
}

/* How many may wait in a child so that others are served. The event MPM takes connections up to
 * threads + factor * idle threads, and stops accepting beyond: half of them may be busy. Where each
 * holds a thread a quarter is left to others. */
static double check_room(const check_mpm_t *mpm)
{
    return mpm->async ? mpm->threads * (1 + mpm->factor / 2) : mpm->threads - mpm->threads / 4;
}

int glue_checks_waiting_max(const glue_config_t *config)
{
    check_mpm_t mpm = check_mpm();
    long descriptors = check_descriptors();
    double room = check_room(&mpm), files;

    if (config->waiting_max)
        return config->waiting_max;
    files = descriptors <= CHECK_DESCRIPTORS_OTHER * 2
                ? descriptors / 4.0
                : (double)(descriptors - CHECK_DESCRIPTORS_OTHER) / CHECK_DESCRIPTORS_EACH;
    room = descriptors >= 0 && files < room ? files : room;
    return room < 1 ? 1 : room > INT_MAX ? INT_MAX : (int)room;
}

static void check_files(server_rec *server, int waiting)
{
    long descriptors = check_descriptors();
    long needed = (long)waiting * CHECK_DESCRIPTORS_EACH + CHECK_DESCRIPTORS_OTHER;

    if (descriptors >= 0 && descriptors < needed)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d needs %ld file descriptors in each child, and the "
                     "limit is %ld: set LimitNOFILE=%ld (systemd) or ulimit -n %ld (Debian: "
                     "APACHE_ULIMIT_MAX_FILES), or lower MobileSyncWaitingMax",
                     waiting, needed, descriptors, needed, needed);
}

static void check_workers(server_rec *server, const check_mpm_t *mpm, int waiting)
{
    if (mpm->async && check_room(mpm) < waiting)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d: a child of %d threads with AsyncRequestWorkerFactor "
                     "%g serves nobody else long before: set AsyncRequestWorkerFactor %d",
                     waiting, mpm->threads, mpm->factor, 2 * (waiting / mpm->threads + 1));
    else if (!mpm->async && mpm->threaded && check_room(mpm) < waiting)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d: each holds one of the %d threads of a child here: "
                     "use the event MPM, or set ThreadsPerChild and ThreadLimit %d",
                     waiting, mpm->threads, waiting + waiting / 3 + 1);
    else if (!mpm->threaded)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d: a child of this MPM serves one request at a time, "
                     "so that each that waits holds a child: use the event MPM",
                     waiting);
}

/* A child that is full of phones has idle threads: the MPM ends it when there are more than it
 * wants to spare, and all its phones come anew. */
static void check_spare(server_rec *server, const check_mpm_t *mpm)
{
    long threads = (long)mpm->children * mpm->threads;

    if (mpm->async && mpm->spare < threads)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MaxSpareThreads %d: httpd ends children that are full of waiting phones, as "
                     "their threads are idle: set MinSpareThreads and MaxSpareThreads %ld",
                     mpm->spare, threads);
}

/* fs.inotify.NAME; -1: not known. */
static long check_sysctl(const char *name, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, "/proc/sys/fs/inotify/", name, NULL);
    char text[32] = "";
    apr_size_t length = sizeof text - 1;
    apr_file_t *file;
    apr_status_t status;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, pool) != APR_SUCCESS)
        return -1;
    status = apr_file_read(file, text, &length); /* at once: a second read finds nothing */
    apr_file_close(file);
    return status == APR_SUCCESS ? atol(text) : -1;
}

static void check_inotify(server_rec *server, apr_pool_t *pool, const check_mpm_t *mpm, int waiting)
{
    long watches = check_sysctl("max_user_watches", pool);
    long instances = check_sysctl("max_user_instances", pool);
    long needed = (long)waiting * mpm->children * CHECK_WATCHES_EACH;

    if (watches >= 0 && watches < needed)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d in %d children needs %ld inotify watches, and the "
                     "system allows %ld: set sysctl fs.inotify.max_user_watches=%ld, or mailboxes "
                     "beyond are looked at every few seconds",
                     waiting, mpm->children, needed, watches, needed);
    needed = (long)mpm->children * CHECK_GENERATIONS;
    if (instances >= 0 && instances < needed)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, server,
            "%d children need %ld inotify instances, and the system allows %ld: set sysctl "
            "fs.inotify.max_user_instances=%ld, or the mailboxes of some children are "
            "looked at every few seconds",
            mpm->children, needed, instances, needed);
}

/* The limit counts in each child, not in each virtual host: the greatest one is what it takes. */
void glue_checks_run(server_rec *main_server, apr_pool_t *pool)
{
    check_mpm_t mpm = check_mpm();
    server_rec *server, *most = NULL;
    int local = 0, waiting;

    for (server = main_server; server; server = server->next) {
        const glue_config_t *config = glue_config_get(server);

        if (!glue_config_used(config))
            continue;
        if (!most || config->waiting_max > glue_config_get(most)->waiting_max)
            most = server;
        local |= config->backend && strcmp(config->backend, "local") == 0;
    }
    if (!most)
        return;
    waiting = glue_checks_waiting_max(glue_config_get(most));
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, most,
                 "in each of up to %d children %d requests may wait at a time (%s)", mpm.children,
                 waiting,
                 glue_config_get(most)->waiting_max
                     ? "MobileSyncWaitingMax"
                     : "what file descriptors, threads and AsyncRequestWorkerFactor allow");
    if (!glue_config_get(most)->waiting_max)
        return;
    check_files(most, waiting);
    check_workers(most, &mpm, waiting);
    check_spare(most, &mpm);
    if (local)
        check_inotify(most, pool, &mpm, waiting);
}
