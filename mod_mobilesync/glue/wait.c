/* Waiting for a change on behalf of a command: parked where the server can do that, else by
 * blocking the worker that serves the request, which works with every MPM. */
#include "glue/metrics.h"

#include <poll.h>
#include "ap_mpm.h"
#include "apr_portable.h"
#include "http_core.h"
#include "http_log.h"

APLOG_USE_MODULE(mobilesync);

#define WAIT_SLICE apr_time_from_sec(1) /* how soon a hang-up or a stop is noticed */

/* Did the client hang up? Pipelined bytes are no hang-up. */
static int wait_client_gone(conn_rec *c)
{
    apr_socket_t *socket = ap_get_conn_socket(c);
    struct pollfd fd = {.events = POLLRDHUP};

    if (c->aborted)
        return 1;
    /* a stream of HTTP/2 has no socket of its own */
    if (c->master || !socket || apr_os_sock_get(&fd.fd, socket) != APR_SUCCESS)
        return 0;
    return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* The prefork MPM learns in a signal handler that it has to end, and tells no hook. */
static int wait_child_stops(void)
{
    int state = AP_MPMQ_RUNNING;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* Returns 0 when the client hung up. */
static int wait_block(request_rec *r, wake_waiter_t *waiter, wake_reason_t *reason)
{
    while ((*reason = wake_waiter_block(waiter, WAIT_SLICE)) == WAKE_REASON_NONE) {
        if (wait_client_gone(r->connection))
            return 0;
        if (wait_child_stops()) {
            *reason = WAKE_REASON_STOPPING;
            break;
        }
    }
    return 1;
}

/* Once in each child for each virtual host. */
static void wait_tell(request_rec *r)
{
    glue_config_t *config = glue_config_get(r->server);

    if (__atomic_exchange_n(&config->blocking_told, 1, __ATOMIC_RELAXED))
        return;
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                  "requests that wait hold a thread here%s, for %d s at most "
                  "(MobileSyncBlockingHeartbeatMax): use the event MPM of httpd 2.4.63 or newer, "
                  "and HTTP/1.1",
                  r->connection->master ? " (HTTP/2)" : "", config->blocking_heartbeat_max);
}

/* Returns 0 when the client hung up. */
static int wait_with_thread(request_rec *r, cmd_exchange_t *exchange)
{
    wake_reason_t reason;

    exchange->report.waited = 1;
    while (exchange->wait.waiter) {
        if (!wait_block(r, exchange->wait.waiter, &reason))
            return 0;
        glue_metrics_wake(r->server, reason);
        cmd_resume(exchange, reason);
    }
    return 1;
}

void glue_wait_abandon(request_rec *r, cmd_exchange_t *exchange, const char *outcome)
{
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "%s of %s, device %s: %s",
                  exchange->request->command_name, exchange->account, exchange->request->device_id,
                  outcome);
    exchange->report.error = outcome;
    exchange->report.fault = BASE_FAULT_GONE;
    apr_table_setn(r->subprocess_env, "MOBILESYNC_OUTCOME", outcome);
}

int glue_wait(request_rec *r, cmd_exchange_t *exchange)
{
    int rc = glue_park(r, exchange), there;

    if (rc != DECLINED)
        return rc;
    wait_tell(r);
    glue_metrics_wait(r->server, GLUE_WAIT_BLOCKED, 1);
    there = wait_with_thread(r, exchange);
    glue_metrics_wait(r->server, GLUE_WAIT_BLOCKED, -1);
    if (there)
        return glue_send(r, exchange);
    glue_metrics_hang_up(r->server);
    glue_wait_abandon(r, exchange, "hung up");
    r->connection->aborted = 1;
    r->connection->keepalive = AP_CONN_CLOSE;
    return DONE;
}
