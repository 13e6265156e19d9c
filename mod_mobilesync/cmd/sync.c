/* Sync (MS-ASCMD 2.2.1.21). Each collection succeeds, fails and steps alone; everything is
 * rendered first and committed then. When a commit loses against another request of the device
 * the whole answer is thrown away and made once more: collections that were committed answer
 * the same again, because their request is now an identical repeat. */
#include "cmd/conversation.h"
#include "cmd/profile.h"
#include "cmd/sync_step.h"
#include "cmd/watch.h"

#include <limits.h>
#include <string.h>
#include <apr_strings.h>

#define SYNC_TRIES 3

static void sync_write_error(cmd_exchange_t *exchange, const sync_request_t *request)
{
    eas_writer_t *writer = exchange->writer;

    exchange->report.status = request->status;
    eas_writer_start(writer, EAS_AirSync_Sync);
    eas_writer_uint(writer, EAS_AirSync_Status, (apr_uint64_t)request->status);
    if (request->limit)
        eas_writer_uint(writer, EAS_AirSync_Limit, (apr_uint64_t)request->limit);
    eas_writer_end(writer);
}

static base_fault_t *sync_render(sync_run_t *run, sync_step_t *steps, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < run->request->collections->nelts; i++)
        BASE_TRY(sync_step_run(run, &steps[i], pool));
    if (run->open) {
        eas_writer_end(run->exchange->writer);
        eas_writer_end(run->exchange->writer);
    }
    return eas_writer_finish(run->exchange->writer);
}

/* *again: a collection lost against a faster request. When it may not be done again, or has
 * lost for the second time, it is answered with Status 16. */
static base_fault_t *sync_commit(sync_run_t *run, sync_step_t *steps, int last, int *again)
{
    base_fault_t *fault;
    int i;

    *again = 0;
    for (i = 0; i < run->request->collections->nelts; i++) {
        if (!steps[i].collection || !(fault = collection_commit(steps[i].collection)))
            continue;
        if (fault->code != BASE_FAULT_CONFLICT && fault->code != BASE_FAULT_BUSY)
            return base_fault_wrap(fault, run->exchange->pool, "collection %s",
                                   steps[i].asked->folder_id);
        *again = 1;
        if (last || fault->code == BASE_FAULT_BUSY)
            steps[i].asked->status = SYNC_STATUS_RETRY;
    }
    return NULL;
}

static sync_step_t *sync_steps(const sync_request_t *request, apr_pool_t *pool)
{
    sync_step_t *steps = apr_pcalloc(pool, (apr_size_t)request->collections->nelts * sizeof *steps);
    int i;

    for (i = 0; i < request->collections->nelts; i++)
        steps[i].asked = &APR_ARRAY_IDX(request->collections, i, sync_collection_t);
    return steps;
}

static void sync_abandon(const sync_request_t *request, const sync_step_t *steps)
{
    int i;

    for (i = 0; i < request->collections->nelts; i++)
        if (steps[i].collection)
            collection_abandon(steps[i].collection);
}

static base_fault_t *sync_answer(cmd_exchange_t *exchange, const sync_request_t *request)
{
    sync_step_t *steps = sync_steps(request, exchange->pool);
    int try, again = 1;

    cmd_conversation_apply(exchange);
    for (try = 0; again && try < SYNC_TRIES; try++) {
        sync_run_t run = {
            .exchange = exchange,
            .request = request,
            .started = apr_time_now(),
            .again = try > 0,
            .window = cmd_profile_window(exchange, request->window ? request->window : INT_MAX)};
        apr_pool_t *pool;
        base_fault_t *fault;

        if (try)
            cmd_exchange_restart(exchange);
        apr_pool_create(&pool, exchange->pool);
        fault = sync_render(&run, steps, pool);
        if (!fault)
            fault = sync_commit(&run, steps, try > 0, &again);
        if (fault) {
            sync_abandon(request, steps);
            return fault;
        }
    }
    if (again)
        return base_fault_make(exchange->pool, BASE_FAULT_BUSY,
                               "other requests of the device were always faster");
    exchange->report.status = SYNC_STATUS_SUCCESS;
    return NULL;
}

/* -- Wait and HeartbeatInterval --------------------------------------------------------------- */

/* A Sync that found nothing waits as a Ping does, then is done once more. What it asked is kept
 * as the text that empty Syncs are answered from; one with operations of the client has no such
 * text, and keeps its exchange. */
typedef struct {
    const sync_request_t *request;
    cmd_watch_t *watch;
} sync_hang_t;

static base_fault_t *sync_hang_again(cmd_exchange_t *exchange, wake_reason_t reason,
                                     cmd_watch_t *watch, const char *note);
static base_fault_t *sync_hang_resume(cmd_exchange_t *exchange, wake_reason_t reason, void *baton);

/* A change of the hierarchy ends the wait as it ends a Ping (MS-ASCMD 2.2.3.177.17, R4452), also
 * with the same patience. */
static base_fault_t *sync_hang_hierarchy(cmd_exchange_t *exchange, sync_hang_t *hang, int patient)
{
    sync_request_t refused = {.status = SYNC_STATUS_HIERARCHY};
    int changed;

    BASE_TRY(cmd_watch_hierarchy(exchange, &changed, exchange->pool));
    if (!changed)
        return NULL;
    if (patient) {
        cmd_watch_hold(hang->watch, exchange->service->limits.coalesce);
        return NULL;
    }
    cmd_exchange_restart(exchange);
    sync_write_error(exchange, &refused);
    return NULL;
}

/* A request that waits and cannot be kept as text keeps its exchange. */
static void sync_hang_keep(cmd_exchange_t *exchange, sync_hang_t *hang)
{
    if (!exchange->wait.waiter || sync_request_is_cacheable(hang->request))
        return;
    exchange->wait.resume = sync_hang_resume;
    exchange->wait.baton = hang;
    exchange->wait.keep = NULL;
}

static base_fault_t *sync_hang_step(cmd_exchange_t *exchange, sync_hang_t *hang, int patient)
{
    BASE_TRY(sync_answer(exchange, hang->request));
    if (eas_writer_is_empty(exchange->writer))
        BASE_TRY(sync_hang_hierarchy(exchange, hang, patient));
    if (!eas_writer_is_empty(exchange->writer)) {
        cmd_watch_end(hang->watch);
        return NULL;
    }
    cmd_watch_wait(hang->watch, exchange, sync_hang_again);
    sync_hang_keep(exchange, hang);
    return NULL;
}

static base_fault_t *sync_hang_resume(cmd_exchange_t *exchange, wake_reason_t reason, void *baton)
{
    sync_hang_t *hang = baton;
    base_fault_t *fault;

    cmd_exchange_restart(exchange);
    switch (reason) {
    case WAKE_REASON_CHANGED:
    case WAKE_REASON_RIPE:
        cmd_watch_rearm(hang->watch);
        exchange->now = apr_time_now();
        fault = sync_hang_step(exchange, hang, reason == WAKE_REASON_CHANGED);
        if (!fault)
            return NULL;
        BASE_TRY(cmd_watch_outlast(hang->watch, exchange, fault, sync_hang_again));
        sync_hang_keep(exchange, hang);
        return NULL;
    case WAKE_REASON_RESET:
        cmd_watch_end(hang->watch);
        return sync_answer(exchange, hang->request);
    case WAKE_REASON_NONE:
    case WAKE_REASON_EXPIRED:
    case WAKE_REASON_SUPERSEDED:
    case WAKE_REASON_STOPPING:
        break;
    }
    cmd_watch_end(hang->watch);
    exchange->report.status = SYNC_STATUS_SUCCESS;
    return NULL; /* the empty response: no key has moved */
}

/* note: the request */
static base_fault_t *sync_hang_again(cmd_exchange_t *exchange, wake_reason_t reason,
                                     cmd_watch_t *watch, const char *note)
{
    sync_hang_t *hang = apr_pcalloc(exchange->pool, sizeof *hang);
    sync_request_t *request;

    BASE_TRY(sync_request_decode(note, &request, exchange->pool));
    hang->watch = watch;
    hang->request = request;
    return sync_hang_resume(exchange, reason, hang);
}

static base_fault_t *sync_hang(cmd_exchange_t *exchange, const sync_request_t *request)
{
    sync_hang_t *hang = apr_pcalloc(exchange->pool, sizeof *hang);
    int count = request->collections->nelts, i;
    const char **ids = apr_palloc(exchange->pool, (apr_size_t)count * sizeof *ids);
    const char *note =
        sync_request_is_cacheable(request) ? sync_request_encode(request, exchange->pool) : "";

    for (i = 0; i < count; i++)
        ids[i] = APR_ARRAY_IDX(request->collections, i, sync_collection_t).folder_id;
    hang->request = request;
    BASE_TRY(cmd_watch_arm(exchange, WAKE_KIND_SYNC, ids, count,
                           exchange->now + apr_time_from_sec(request->wait), note, &hang->watch));
    return sync_hang_step(exchange, hang, 1);
}

base_fault_t *cmd_sync_run(cmd_exchange_t *exchange)
{
    sync_request_t *request;

    BASE_TRY(sync_request_read(exchange, &request));
    if (request->status) {
        base_log_write(exchange->log, BASE_LOG_INFO, "Sync of %s, device %s: refused, Status %d",
                       exchange->account, exchange->request->device_id, request->status);
        sync_write_error(exchange, request);
        return NULL;
    }
    if (request->wait)
        return sync_hang(exchange, request);
    if (request->ends_hanging)
        BASE_TRY(wake_supersede(exchange->service->bus, exchange->account,
                                exchange->request->device_id, WAKE_KIND_SYNC, exchange->pool));
    return sync_answer(exchange, request);
}
