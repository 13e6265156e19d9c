#include "cmd/watch.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/access.h"
#include "cmd/hierarchy.h"

/* Memory of its own, because it outlives the exchange that armed it. */
struct cmd_watch {
    wake_waiter_t *waiter;
    backend_watch_t *backend; /* NULL: the backend cannot be watched */
    wake_hub_t *hub;
    cmd_watch_resume_fn resume;
    int asked, granted; /* seconds */
    cmd_trace_t trace;
    const char *note;
    apr_pool_t *pool; /* whose cleanup ends it */
    char account[];   /* and the note after it */
};

/* In a thread of the backend. Whether it was an arrival is not known here: whoever is woken
 * looks. */
static void watch_changed(void *baton, const char *folder_id)
{
    cmd_watch_t *watch = baton;

    wake_notify(watch->hub, watch->account, folder_id ? folder_id : WAKE_FOLDER_HIERARCHY,
                WAKE_EVENT_ADDED);
}

static base_fault_t *watch_backend(cmd_watch_t *watch, cmd_exchange_t *exchange,
                                   const char *const *folder_ids, int count)
{
    apr_array_header_t *ids = apr_array_make(exchange->pool, count, sizeof(const char *));
    base_fault_t *fault;
    int i;

    if (cmd_access_is_apart(exchange)) /* nothing happens in that mailbox */
        return NULL;
    for (i = 0; i < count; i++)
        APR_ARRAY_PUSH(ids, const char *) = folder_ids[i];
    fault = backend_watch_start(exchange->service->backend, watch->account, ids, watch_changed,
                                watch, &watch->backend, exchange->pool);
    if (fault && fault->code == BASE_FAULT_UNSUPPORTED) {
        watch->backend = NULL;
        return NULL;
    }
    return fault;
}

/* A request can end without cmd_watch_end: the client hangs up, a fault. Before anything of the
 * watch is freed the backend must have stopped to tell of it. */
static apr_status_t watch_cleanup(void *data)
{
    cmd_watch_t *watch = data;

    if (watch->backend)
        backend_watch_stop(watch->backend);
    free(watch);
    return APR_SUCCESS;
}

static cmd_watch_t *watch_make(cmd_exchange_t *exchange, const char *note)
{
    size_t name = strlen(exchange->account) + 1, text = strlen(note) + 1;
    cmd_watch_t *watch = calloc(1, sizeof *watch + name + text);

    if (!watch)
        abort(); /* as APR's pools do */
    watch->hub = exchange->service->hub;
    watch->note = memcpy(watch->account + name, note, text);
    memcpy(watch->account, exchange->account, name);
    watch->pool = exchange->pool;
    apr_pool_pre_cleanup_register(watch->pool, watch, watch_cleanup);
    return watch;
}

/* Too many wait already: it ends after the least heartbeat, so that all get their turn. */
static int watch_crowded(const cmd_exchange_t *exchange)
{
    const cmd_limits_t *limits = &exchange->service->limits;
    wake_hub_t *hub = exchange->service->hub;
    const char *limit = NULL;

    if (limits->waiting_max && wake_hub_count(hub) >= limits->waiting_max)
        limit = "MobileSyncWaitingMax";
    else if (limits->waiting_per_account &&
             wake_hub_count_account(hub, exchange->account) >= limits->waiting_per_account)
        limit = "MobileSyncWaitingPerAccount";
    if (limit)
        base_log_write(exchange->log, BASE_LOG_INFO,
                       "%s of %s, device %s: waits for %d s only, because of %s",
                       exchange->request->command_name, exchange->account,
                       exchange->request->device_id, limits->heartbeat_min, limit);
    return limit != NULL;
}

static apr_time_t watch_deadline(const cmd_exchange_t *exchange, apr_time_t deadline)
{
    apr_time_t most = exchange->now + apr_time_from_sec(exchange->wait_max);

    if (exchange->wait_max && deadline > most)
        deadline = most;
    most = exchange->now + apr_time_from_sec(exchange->service->limits.heartbeat_min);
    return deadline > most && watch_crowded(exchange) ? most : deadline;
}

static void watch_report(const void *baton, cmd_exchange_t *exchange)
{
    const cmd_watch_t *watch = baton;

    exchange->report.heartbeat_asked = watch->asked;
    exchange->report.heartbeat = watch->granted;
    exchange->trace = watch->trace;
}

base_fault_t *cmd_watch_arm(cmd_exchange_t *exchange, wake_kind_t kind,
                            const char *const *folder_ids, int count, apr_time_t deadline,
                            const char *note, cmd_watch_t **result)
{
    cmd_watch_t *watch = watch_make(exchange, note);
    const char **ids = apr_palloc(exchange->pool, (apr_size_t)(count + 1) * sizeof *ids);
    wake_options_t options = {.account = exchange->account,
                              .device = exchange->request->device_id,
                              .kind = kind,
                              .folder_ids = ids,
                              .folder_count = count + 1,
                              .deadline = watch_deadline(exchange, deadline),
                              .since = exchange->now,
                              .wanted = deadline,
                              .coalesce = exchange->service->limits.coalesce};
    int i;

    for (i = 0; i < count; i++)
        ids[i] = folder_ids[i];
    ids[count] = WAKE_FOLDER_HIERARCHY;
    watch->asked = (int)apr_time_sec(options.wanted - exchange->now);
    watch->granted = (int)apr_time_sec(options.deadline - exchange->now);
    watch->trace = exchange->trace;
    watch_report(watch, exchange);
    BASE_TRY(wake_waiter_arm(watch->hub, &options, &watch->waiter, exchange->pool));
    *result = watch;
    return watch_backend(watch, exchange, folder_ids, count);
}

static base_fault_t *watch_resume(cmd_exchange_t *exchange, wake_reason_t reason, void *baton)
{
    cmd_watch_t *watch = baton;

    watch_report(watch, exchange); /* it may be another exchange than that which armed */
    return watch->resume(exchange, reason, watch, watch->note);
}

static void watch_keep(void *baton, apr_pool_t *pool)
{
    cmd_watch_t *watch = baton;

    apr_pool_cleanup_kill(watch->pool, watch, watch_cleanup);
    wake_waiter_keep(watch->waiter, pool);
    apr_pool_pre_cleanup_register(pool, watch, watch_cleanup);
    watch->pool = pool;
}

void cmd_watch_wait(cmd_watch_t *watch, cmd_exchange_t *exchange, cmd_watch_resume_fn resume)
{
    cmd_exchange_release(exchange);
    watch->resume = resume;
    exchange->wait = (cmd_wait_t){.waiter = watch->waiter,
                                  .resume = watch_resume,
                                  .baton = watch,
                                  .keep = watch_keep,
                                  .report = watch_report};
}

void cmd_watch_rearm(cmd_watch_t *watch)
{
    wake_waiter_rearm(watch->waiter);
}

void cmd_watch_hold(cmd_watch_t *watch, apr_interval_time_t interval)
{
    wake_waiter_hold(watch->waiter, interval);
}

base_fault_t *cmd_watch_hierarchy(cmd_exchange_t *exchange, int *changed, apr_pool_t *pool)
{
    collection_env_t env = {.store = exchange->service->store, .log = exchange->log};
    base_fault_t *fault;

    BASE_TRY(cmd_exchange_session(exchange, &env.backend));
    fault =
        hierarchy_watch_check(&env, exchange->account, exchange->request->device_id, changed, pool);
    if (fault && fault->code != BASE_FAULT_STALE)
        return base_fault_wrap(fault, exchange->pool, "looking at the folder hierarchy");
    *changed |= fault != NULL;
    return NULL;
}

base_fault_t *cmd_watch_outlast(cmd_watch_t *watch, cmd_exchange_t *exchange, base_fault_t *fault,
                                cmd_watch_resume_fn resume)
{
    if (fault->code != BASE_FAULT_UNAVAILABLE)
        return fault;
    base_log_write(exchange->log, BASE_LOG_DEBUG, "%s of %s waits on: %s",
                   exchange->request->command_name, exchange->account, fault->message);
    cmd_exchange_restart(exchange);
    cmd_watch_hold(watch, apr_time_from_sec(fault->retry_after > 0 ? fault->retry_after : 1));
    cmd_watch_wait(watch, exchange, resume);
    return NULL;
}

void cmd_watch_end(cmd_watch_t *watch)
{
    wake_waiter_t *waiter = watch->waiter;

    apr_pool_cleanup_run(watch->pool, watch, watch_cleanup);
    wake_waiter_end(waiter);
}
