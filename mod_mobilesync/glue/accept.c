/* Keeps the event MPM listening. Its listener stops to accept connections while all threads are at
 * work, and relies on a thread that goes idle to wake it. It remembers "all at work" to the end of
 * its round though: when the last of them went idle before it stopped to accept, nobody wakes it,
 * and no connection is accepted until something else happens to one that is open. Where thousands
 * of phones wait, that can be minutes later.
 *
 * So once a second, while the child does not accept, the listener is made to go round once more: it
 * judges anew, and goes on to wait where all threads are at work indeed. */
#include "glue/glue.h"

#include <unistd.h>
#include "ap_mpm.h"
#include "apr_thread_cond.h"
#include "apr_thread_mutex.h"
#include "apr_thread_proc.h"
#include "http_log.h"
#include "scoreboard.h"

APLOG_USE_MODULE(mobilesync);

#ifdef AP_MPMQ_CAN_WAITIO

#define ACCEPT_INTERVAL apr_time_from_sec(1)

typedef struct {
    server_rec *server;
    const process_score *child; /* this one's; NULL until the parent has entered it */
    apr_thread_t *thread;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *ended;
    int ends;
} accept_t;

static const process_score *accept_child(void)
{
    int daemons = 0, i;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &daemons);
    for (i = 0; i < daemons; i++) {
        const process_score *child = ap_get_scoreboard_process(i);

        if (child && child->pid == getpid())
            return child;
    }
    return NULL;
}

/* Registering it is what wakes the listener; in a worker there is nothing to do. */
static void accept_nothing(void *baton)
{
    (void)baton;
}

static void accept_look(accept_t *accept)
{
    int state = AP_MPMQ_RUNNING;

    if (!accept->child && !(accept->child = accept_child()))
        return;
    if (!accept->child->not_accepting || accept->child->quiescing ||
        ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS || state == AP_MPMQ_STOPPING)
        return;
    ap_log_error(APLOG_MARK, APLOG_TRACE1, 0, accept->server,
                 "this child does not accept connections: the listener is to look again");
    ap_mpm_register_timed_callback(0, accept_nothing, NULL);
}

static void *APR_THREAD_FUNC accept_run(apr_thread_t *thread, void *data)
{
    accept_t *accept = data;

    (void)thread;
    apr_thread_mutex_lock(accept->mutex);
    while (!accept->ends) {
        apr_thread_cond_timedwait(accept->ended, accept->mutex, ACCEPT_INTERVAL);
        if (!accept->ends)
            accept_look(accept);
    }
    apr_thread_mutex_unlock(accept->mutex);
    return NULL;
}

static apr_status_t accept_end(void *data)
{
    accept_t *accept = data;
    apr_status_t status;

    apr_thread_mutex_lock(accept->mutex);
    accept->ends = 1;
    apr_thread_cond_signal(accept->ended);
    apr_thread_mutex_unlock(accept->mutex);
    apr_thread_join(&status, accept->thread);
    return APR_SUCCESS;
}

void glue_accept_child_init(apr_pool_t *pool, server_rec *main_server)
{
    accept_t *accept = apr_pcalloc(pool, sizeof *accept);
    int can = 0;
    apr_status_t status;

    if (ap_mpm_query(AP_MPMQ_CAN_WAITIO, &can) != APR_SUCCESS || !can)
        return;
    accept->server = main_server;
    if ((status = apr_thread_mutex_create(&accept->mutex, APR_THREAD_MUTEX_DEFAULT, pool)) ||
        (status = apr_thread_cond_create(&accept->ended, pool)) ||
        (status = apr_thread_create(&accept->thread, NULL, accept_run, accept, pool))) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, status, main_server,
                     "mobilesync: the listener is not looked after");
        return;
    }
    apr_pool_pre_cleanup_register(pool, accept, accept_end);
}

#else /* an httpd before 2.4.63: no connection is parked */

void glue_accept_child_init(apr_pool_t *pool, server_rec *main_server)
{
    (void)pool;
    (void)main_server;
}

#endif
