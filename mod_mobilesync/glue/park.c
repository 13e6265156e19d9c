/* Parking: a request that waits holds no thread. The event MPM polls its connection
 * (CONN_STATE_ASYNC_WAITIO) and runs process_connection again when there is something to do.
 *
 * What the MPM polls meanwhile is a descriptor of ours, which the hub's thread makes ready: see
 * park_poll.h.
 *
 * The request is freed while it waits, where the command can go on without it (kept.c).
 *
 * Threads: the request, the connection and the park belong to the worker inside
 * process_connection. The hub's thread touches only park->wake_fd, under park->mutex. */
#include "glue/metrics.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "apr_allocator.h"
#include "ap_mpm.h"
#include "apr_ring.h"
#include "http_connection.h"
#include "http_core.h"
#include "http_log.h"
#include "http_main.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mpm_common.h"

#include "glue/park_poll.h"

APLOG_USE_MODULE(mobilesync);

#ifdef AP_MPMQ_CAN_WAITIO

/* Free memory that a connection of ours keeps for its next request (less of it, and every Sync maps
 * and unmaps memory: at 64 kB half of the requests per second), and while it waits. */
#define PARK_FREE_RUNNING 262144
#define PARK_FREE_WAITING 4096
#define PARK_NODE 8192 /* APR's least allocation */

/* One for each connection that ever parked; lives as long as the connection. */
typedef struct park park_t;
struct park {
    APR_RING_ENTRY(park) link;
    int listed; /* in parks: something is parked, or about to be */
    conn_rec *c;
    int nested; /* inside the process_connection that our hook runs */
    /* the parked request: either it is there ... */
    request_rec *r;
    cmd_exchange_t *exchange;
    /* ... or this is left of it; neither: nothing is parked */
    glue_kept_t *kept;
    cmd_wait_t wait;
    server_rec *server; /* whose Timeout holds */
    glue_poll_t poll;
    wake_turn_t turn;
};

/* Everything that is parked in this child. */
struct glue_parks {
    apr_thread_mutex_t *mutex;
    APR_RING_HEAD(park_ring, park) ring;
};

static park_t *park_get(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &mobilesync_module);
}

/* Only the event MPM's own connections: not HTTP/2's streams, and none whose filters hold back
 * input. */
static int park_possible(conn_rec *c)
{
    int can = 0;

    return !c->master && c->cs && !c->clogging_input_filters &&
           ap_mpm_query(AP_MPMQ_CAN_WAITIO, &can) == APR_SUCCESS && can;
}

/* -- opened and closed ------------------------------------------------------------------------ */

static void park_list(park_t *park, int listed)
{
    glue_parks_t *parks = glue_config_get(ap_server_conf)->parks;

    if (park->listed == listed)
        return;
    park->listed = listed;
    apr_thread_mutex_lock(parks->mutex);
    if (listed)
        APR_RING_INSERT_TAIL(&parks->ring, park, park, link);
    else
        APR_RING_REMOVE(park, link);
    apr_thread_mutex_unlock(parks->mutex);
    glue_metrics_wait(park->server, GLUE_WAIT_PARKED, listed ? 1 : -1);
}

static int park_open(park_t *park, const request_rec *r)
{
    if (!glue_config_get(ap_server_conf)->parks || !glue_poll_open(&park->poll))
        return 0;
    park->server = r->server;
    park_list(park, 1);
    return 1;
}

static void park_close(park_t *park)
{
    glue_poll_close(&park->poll);
    park_list(park, 0);
}

/* In the hub's thread: has the MPM run our hook. Also when it is only to see that the connection
 * lives, because it closes one that is silent for the virtual host's Timeout. */
static void park_nudge(void *baton)
{
    glue_poll_wake(&((park_t *)baton)->poll);
}

static void park_wake(void *baton, wake_reason_t reason)
{
    (void)reason;
    park_nudge(baton);
}

/* -- with and without the request ------------------------------------------------------------- */

static wake_waiter_t *park_waiter(const park_t *park)
{
    return park->kept ? park->wait.waiter : park->exchange ? park->exchange->wait.waiter : NULL;
}

/* Once revived, a request was parked before. */
int glue_park_offered(const request_rec *r)
{
    park_t *park = park_get(r->connection);

    return park && park_possible(r->connection);
}

/* APR keeps what is freed, 2 MB for each connection unless it is told otherwise. */
void glue_park_begin(conn_rec *c)
{
    if (park_possible(c))
        apr_allocator_max_free_set(apr_pool_allocator_get(c->pool), PARK_FREE_RUNNING);
}

/* Fresh from the system, or one that APR had kept? A pool, which has been in most of these, begins
 * with pointers. */
static int park_node_is_fresh(const apr_memnode_t *node)
{
    static const char zeros[64];

    return memcmp((const char *)node + APR_MEMNODE_T_SIZE, zeros, sizeof zeros) == 0;
}

/* Frees the pool, and gives all free memory back to the system. APR does that only with what is
 * freed now: so what it kept is taken, and freed once more. */
static void park_trim(conn_rec *c, apr_pool_t *pool)
{
    apr_allocator_t *allocator = apr_pool_allocator_get(c->pool);
    apr_memnode_t *list = NULL;
    int i;

    apr_allocator_max_free_set(allocator, PARK_FREE_WAITING);
    apr_pool_destroy(pool);
    for (i = 0; i < PARK_FREE_RUNNING / PARK_NODE; i++) {
        apr_memnode_t *node = apr_allocator_alloc(allocator, PARK_NODE - APR_MEMNODE_T_SIZE);

        if (!node)
            break;
        node->next = list;
        list = node;
        if (park_node_is_fresh(node))
            break;
    }
    if (list)
        apr_allocator_free(allocator, list);
}

/* Frees the request, when the command can do without, and gives its memory back to the system. It
 * is not logged: that is done when it is answered. */
static void park_shed(park_t *park)
{
    apr_pool_t *pool = park->r->pool;

    if (!park->exchange->wait.keep)
        return;
    park->kept = glue_kept_make(park->r);
    park->wait = park->exchange->wait;
    park->wait.keep(park->wait.baton, park->c->pool);
    park->r = NULL;
    park->exchange = NULL;
    park_trim(park->c, pool);
}

/* Returns 0 when it cannot be made anew. */
static int park_revive(park_t *park)
{
    if (!park->kept)
        return 1;
    glue_park_begin(park->c);
    park->r = glue_kept_revive(park->kept, park->c);
    glue_kept_free(park->kept);
    park->kept = NULL;
    if (!(park->exchange = glue_handler_again(park->r)))
        return 0;
    park->exchange->report.waited = 1;
    park->exchange->wait = park->wait;
    park->wait.keep(park->wait.baton, park->r->pool);
    park->wait.report(park->wait.baton, park->exchange);
    return 1;
}

/* Nothing is parked any more: the request is taken out. */
static request_rec *park_take(park_t *park, cmd_exchange_t **exchange)
{
    request_rec *r = park->r;

    *exchange = park->exchange;
    park->r = NULL;
    park->exchange = NULL;
    return r;
}

/* -- waiting and going on ----------------------------------------------------------------------- */

/* Registers with the hub. Returns NONE when the request is to wait, else why not. */
static wake_reason_t park_arm(park_t *park)
{
    wake_waiter_t *waiter = park_waiter(park);
    apr_interval_time_t timeout = park->server->timeout;

    glue_poll_rest(&park->poll);
    wake_waiter_nudge(waiter, timeout > 0 ? timeout / 4 * 3 : 0, park_nudge);
    return wake_waiter_park(waiter, &park->turn, park_wake, park);
}

int glue_park(request_rec *r, cmd_exchange_t *exchange)
{
    conn_rec *c = r->connection;
    park_t *park = park_get(c);
    wake_reason_t reason;

    if (!park || !park->nested || !park_possible(c) || !park_open(park, r))
        return DECLINED;
    park->r = r;
    park->exchange = exchange;
    while ((reason = park_arm(park)) != WAKE_REASON_NONE) {
        glue_metrics_wake(park->server, reason);
        cmd_resume(exchange, reason);
        if (!exchange->wait.waiter) {
            park_take(park, &exchange);
            park_close(park);
            return glue_send(r, exchange);
        }
    }
    exchange->report.waited = 1;
    return SUSPENDED;
}

/* Nobody will get an answer: the request is only logged. */
static void park_abandon(park_t *park, const char *outcome)
{
    cmd_exchange_t *exchange;
    request_rec *r;

    park_close(park);
    if (!park_revive(park)) {
        r = park_take(park, &exchange);
        apr_pool_destroy(r->pool);
        return;
    }
    r = park_take(park, &exchange);
    glue_wait_abandon(r, exchange, outcome);
    ap_run_log_transaction(r);
    apr_pool_destroy(r->pool);
}

/* The MPM closes the connection by itself: after Timeout, or because the child ends. */
static void park_lose(park_t *park)
{
    if (!park_waiter(park))
        return;
    glue_metrics_close(park->server);
    park_abandon(park, "closed by the server");
}

/* Our own end-of-stream bucket goes with the body, and there is no body of the request left to be
 * read: ap_finalize_request_protocol has nothing to do. */
static int park_answer(conn_rec *c, park_t *park)
{
    cmd_exchange_t *exchange;
    request_rec *r = park_take(park, &exchange);

    park_close(park);
    c->cs->state = CONN_STATE_HANDLER;
    ap_update_child_status(c->sbh, SERVER_BUSY_WRITE, r);
    if (!exchange || glue_send(r, exchange) != OK)
        ap_die(HTTP_INTERNAL_SERVER_ERROR, r);
    ap_process_request_after_handler(r);
    return OK;
}

/* Hung up? Else the MPM's clock was to be started anew. */
static int park_nudged(conn_rec *c, park_t *park)
{
    if (!glue_poll_client_gone(&park->poll))
        return 0;
    c->aborted = 1;
    c->keepalive = AP_CONN_CLOSE;
    glue_metrics_hang_up(park->server);
    park_abandon(park, "hung up");
    c->cs->state = CONN_STATE_LINGER;
    return 1;
}

/* On a worker, because the MPM saw the descriptor: woken, nudged, or the client hung up. */
static int park_continue(conn_rec *c, park_t *park)
{
    wake_reason_t reason = wake_waiter_reason(park_waiter(park));

    if (reason == WAKE_REASON_NONE) {
        if (park_nudged(c, park))
            return OK;
        reason = park_arm(park);
    }
    while (reason != WAKE_REASON_NONE) {
        if (!park_revive(park))
            return park_answer(c, park);
        if (reason == WAKE_REASON_STOPPING)
            c->keepalive = AP_CONN_CLOSE;
        glue_metrics_wake(park->server, reason);
        cmd_resume(park->exchange, reason);
        if (!park->exchange->wait.waiter)
            return park_answer(c, park);
        reason = park_arm(park);
    }
    if (park->r)
        park_shed(park);
    c->cs->state = CONN_STATE_ASYNC_WAITIO;
    return OK;
}

/* -- hooks ------------------------------------------------------------------------------------ */

/* Others may be woken. Nothing is parked: the hub does not know of the turn. */
static void park_end_turn(park_t *park)
{
    if (park->turn.round)
        wake_turn_end(glue_config_get(park->server)->service->hub, &park->turn);
}

/* The MPM is about to poll the connection: the last that the worker does for it. */
void glue_park_suspend(conn_rec *c, request_rec *r)
{
    park_t *park = park_get(c);

    (void)r;
    if (park && !park_waiter(park))
        park_end_turn(park);
    else if (park && c->cs->state == CONN_STATE_ASYNC_WAITIO)
        glue_poll_hand_over(&park->poll);
}

static int park_is_closing(const conn_rec *c)
{
    return c->cs->state == CONN_STATE_LINGER || c->cs->state == CONN_STATE_LINGER_NORMAL ||
           c->cs->state == CONN_STATE_LINGER_SHORT;
}

/* The MPM is done polling, or closes the connection. */
void glue_park_resume(conn_rec *c, request_rec *r)
{
    park_t *park = park_get(c);

    (void)r;
    if (!park)
        return;
    glue_poll_take_back(&park->poll);
    if (park_is_closing(c))
        park_lose(park);
}

/* The connection goes, also one that is parked: each descriptor to whom it belongs. */
static apr_status_t park_cleanup(void *data)
{
    park_t *park = data;

    glue_poll_take_back(&park->poll);
    park_lose(park);
    park_close(park);
    park_end_turn(park);
    return APR_SUCCESS;
}

static park_t *park_make(conn_rec *c)
{
    park_t *park = apr_pcalloc(c->pool, sizeof *park);

    park->c = c;
    if (glue_poll_init(&park->poll, c) != APR_SUCCESS)
        return NULL;
    ap_set_module_config(c->conn_config, &mobilesync_module, park);
    apr_pool_pre_cleanup_register(c->pool, park, park_cleanup);
    return park;
}

int glue_park_process_connection(conn_rec *c)
{
    park_t *park;
    int rc;

    if (!park_possible(c) || (!(park = park_get(c)) && !(park = park_make(c))) || park->nested)
        return DECLINED;
    if (park_waiter(park))
        return park_continue(c, park);
    park->nested = 1;
    rc = ap_run_process_connection(c);
    park->nested = 0;
    if (park->r && c->cs->state == CONN_STATE_SUSPENDED) {
        park_shed(park);
        c->cs->sense = CONN_SENSE_WANT_READ;
        c->cs->state = CONN_STATE_ASYNC_WAITIO;
    }
    return rc;
}

/* The child ends, and its threads have ended: with them nobody needs a lock. */
static apr_status_t parks_cleanup(void *data)
{
    glue_parks_t *parks = data;

    while (!APR_RING_EMPTY(&parks->ring, park, link)) {
        park_t *park = APR_RING_FIRST(&parks->ring);

        glue_poll_take_back(&park->poll);
        park_lose(park);
        park_close(park);
    }
    return APR_SUCCESS;
}

void glue_park_child_init(apr_pool_t *pool, server_rec *main_server)
{
    glue_parks_t *parks = apr_pcalloc(pool, sizeof *parks);

    if (apr_thread_mutex_create(&parks->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS)
        return; /* every wait blocks */
    APR_RING_INIT(&parks->ring, park, link);
    apr_pool_pre_cleanup_register(pool, parks, parks_cleanup);
    glue_config_get(main_server)->parks = parks;
}

#else /* an httpd before 2.4.63: every wait blocks */

void glue_park_begin(conn_rec *c)
{
    (void)c;
}

void glue_park_child_init(apr_pool_t *pool, server_rec *main_server)
{
    (void)pool;
    (void)main_server;
}

int glue_park_offered(const request_rec *r)
{
    (void)r;
    return 0;
}

int glue_park(request_rec *r, cmd_exchange_t *exchange)
{
    (void)r;
    (void)exchange;
    return DECLINED;
}

#endif
