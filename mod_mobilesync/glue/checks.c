/* At start-up: does the server have what the configured number of waiting requests takes? Each
 * takes two descriptors (the client's, and the one that is polled in its place), a connection of
 * the event MPM's, and on local mailboxes a few directories to watch. */
#include "glue/glue.h"

#include <stdlib.h>
#include <sys/resource.h>
#include "ap_mpm.h"
#include "apr_strings.h"
#include "http_log.h"
#include "util_cfgtree.h"

APLOG_USE_MODULE(mobilesync);

#define CHECK_DESCRIPTORS_EACH 2
#define CHECK_DESCRIPTORS_OTHER 256 /* logs, Redis, mailboxes, other requests */
#define CHECK_WATCHES_EACH 3        /* a Maildir, and cur and new of its inbox */
#define CHECK_WORKER_FACTOR "2"     /* httpd's AsyncRequestWorkerFactor, when it is not said */

/* The soft limit: httpd does not raise it. -1: none. */
static long check_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return -1;
    return (long)limit.rlim_cur;
}

int glue_checks_waiting_max(const glue_config_t *config)
{
    long descriptors = check_descriptors();

    if (config->waiting_max || descriptors < 0)
        return config->waiting_max;
    return descriptors <= CHECK_DESCRIPTORS_OTHER * 2
               ? (int)descriptors / 4
               : (int)((descriptors - CHECK_DESCRIPTORS_OTHER) / CHECK_DESCRIPTORS_EACH);
}

static void check_files(server_rec *server, int waiting)
{
    long descriptors = check_descriptors();
    long needed = (long)waiting * CHECK_DESCRIPTORS_EACH + CHECK_DESCRIPTORS_OTHER;

    if (descriptors >= 0 && descriptors < needed)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d needs %ld file descriptors in each child, and the "
                     "limit is %ld: set LimitNOFILE=%ld (systemd) or ulimit -n, or lower "
                     "MobileSyncWaitingMax to %ld",
                     waiting, needed, descriptors, needed,
                     (descriptors - CHECK_DESCRIPTORS_OTHER) / CHECK_DESCRIPTORS_EACH);
}

/* The MPM does not tell. It is not allowed in sections. */
static const char *check_directive(const char *name, const char *otherwise)
{
    const ap_directive_t *directive;

    for (directive = ap_conftree; directive; directive = directive->next)
        if (strcasecmp(directive->directive, name) == 0)
            otherwise = directive->args;
    return otherwise;
}

/* A child of the event MPM takes connections up to threads + factor * idle threads, and stops
 * accepting beyond: other requests would starve. */
static void check_workers(server_rec *server, int waiting)
{
    double factor = atof(check_directive("AsyncRequestWorkerFactor", CHECK_WORKER_FACTOR));
    int threads = 0, asynchronous = 0;

    if (ap_mpm_query(AP_MPMQ_IS_ASYNC, &asynchronous) != APR_SUCCESS || !asynchronous ||
        ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS || threads < 1)
        return;
    /* half of the threads may be busy */
    if (threads * (1 + factor / 2) < waiting)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d: a child of %d threads with AsyncRequestWorkerFactor "
                     "%g serves nobody else long before: set AsyncRequestWorkerFactor %d",
                     waiting, threads, factor, 2 * (waiting / threads + 1));
}

static void check_inotify(server_rec *server, apr_pool_t *pool, int waiting)
{
    static const char name[] = "/proc/sys/fs/inotify/max_user_watches";
    int children = 1;
    apr_file_t *file;
    char text[32] = "";
    apr_size_t length = sizeof text - 1;
    long needed;

    if (apr_file_open(&file, name, APR_FOPEN_READ, 0, pool) != APR_SUCCESS)
        return;
    if (ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children) != APR_SUCCESS || children < 1)
        children = 1;
    needed = (long)waiting * children * CHECK_WATCHES_EACH;
    /* at once: a second read of such a file finds nothing */
    if (apr_file_read(file, text, &length) == APR_SUCCESS && atol(text) < needed)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "MobileSyncWaitingMax %d in %d children needs %ld inotify watches, and the "
                     "system allows %ld: set sysctl fs.inotify.max_user_watches=%ld, or mailboxes "
                     "beyond are looked at every few seconds",
                     waiting, children, needed, atol(text), needed);
    apr_file_close(file);
}

void glue_checks_run(server_rec *server, apr_pool_t *pool)
{
    const glue_config_t *config = glue_config_get(server);

    if (!glue_config_used(config) || !config->waiting_max)
        return;
    check_files(server, config->waiting_max);
    check_workers(server, config->waiting_max);
    if (config->backend && strcmp(config->backend, "local") == 0)
        check_inotify(server, pool, config->waiting_max);
}
