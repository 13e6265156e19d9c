#include "wake/hub.h"

#include <apr_strings.h>

/* -- the thread ------------------------------------------------------------- */

static void hub_connect(wake_hub_t *hub)
{
    base_fault_t *fault;

    apr_thread_mutex_unlock(hub->mutex);
    fault = hub->bus->driver->connect(hub->listener, hub->thread_pool);
    apr_thread_mutex_lock(hub->mutex);
    hub->failing = fault != NULL;
    if (!fault) {
        if (hub->lost && hub->reconnects)
            __atomic_fetch_add(hub->reconnects, 1, __ATOMIC_RELAXED);
        hub->lost = 0;
        wake_channel_connection(hub, 1);
        return;
    }
    /* the bus has told the operator */
    base_log_write(hub->log, BASE_LOG_DEBUG, "wake: %s", fault->message);
    hub->connect_at = apr_time_now() + hub->bus->driver->delay(hub->listener);
    apr_thread_cond_broadcast(hub->confirmed);
}

/* Nobody waits: there is no need for a connection. But once it failed it is tried again all
 * the same, so that whoever comes then finds it. */
static int hub_wants_connection(const wake_hub_t *hub)
{
    return !hub->connected && !hub->draining && (hub->waiters > 0 || hub->failing);
}

void wake_hub_fire(wake_hub_t *hub)
{
    apr_time_t now = apr_time_now();
    wake_timer_t *timer;

    while ((timer = wake_timers_first(&hub->timers)) && timer->due <= now) {
        if (!wake_pace_allows(hub, now))
            return; /* whose turn ends first goes on with it */
        wake_timers_unset(&hub->timers, timer);
        wake_waiter_fire((wake_waiter_t *)timer, now);
    }
}

static apr_time_t hub_earlier(apr_time_t a, apr_time_t b)
{
    return a < b ? a : b;
}

/* How long there is nothing to do; < 0: for ever. */
static apr_interval_time_t hub_idle(wake_hub_t *hub)
{
    const wake_timer_t *timer = wake_timers_first(&hub->timers);
    apr_time_t next = APR_INT64_MAX, now = apr_time_now();

    if (hub->dirty && hub->connected)
        return 0;
    if (timer)
        next = timer->due > now || wake_pace_allows(hub, now) ? timer->due : hub->round_end;
    if (hub_wants_connection(hub))
        next = hub_earlier(next, hub->connect_at);
    if (hub->compare_at && hub->connected)
        next = hub_earlier(next, hub->compare_at);
    if (next == APR_INT64_MAX)
        return -1;
    return next > now ? next - now : 0;
}

/* Nobody who asked waits for ever: an answer that cannot be given is only missing. */
static void hub_answer(wake_hub_t *hub, const wake_message_t *message)
{
    const char *ticket = apr_pstrdup(hub->thread_pool, message->account);
    const char *text = wake_waiting_answer(hub, message->name, hub->thread_pool);
    base_fault_t *fault;

    apr_thread_mutex_unlock(hub->mutex);
    fault = hub->bus->driver->answer(hub->bus->self, ticket, text, hub->thread_pool);
    apr_thread_mutex_lock(hub->mutex);
    if (fault)
        base_log_write(hub->log, BASE_LOG_DEBUG, "wake: telling who waits: %s", fault->message);
}

static void hub_handle(wake_hub_t *hub, const wake_message_t *message)
{
    switch (message->kind) {
    case WAKE_MESSAGE_NONE:
        break;
    case WAKE_MESSAGE_SUBSCRIBED:
    case WAKE_MESSAGE_UNSUBSCRIBED:
        wake_channel_confirmed(hub, message->account);
        break;
    case WAKE_MESSAGE_EVENT:
    case WAKE_MESSAGE_SUPERSEDE:
    case WAKE_MESSAGE_RESET:
        wake_channel_message(hub, message);
        break;
    case WAKE_MESSAGE_QUESTION:
        hub_answer(hub, message);
        break;
    case WAKE_MESSAGE_LOST:
        wake_channel_connection(hub, 0);
        hub->lost = 1;
        /* not at once: a server that refuses subscriptions would keep us turning */
        hub->connect_at = apr_time_now() + hub->bus->driver->delay(hub->listener);
        break;
    }
}

static void hub_round(wake_hub_t *hub)
{
    apr_interval_time_t idle;
    wake_message_t message;

    apr_pool_clear(hub->thread_pool);
    if (hub_wants_connection(hub) && apr_time_now() >= hub->connect_at)
        hub_connect(hub);
    if (hub->connected)
        wake_channel_send(hub);
    if (hub->connected && hub->compare_at && apr_time_now() >= hub->compare_at)
        wake_compare(hub);
    wake_hub_fire(hub);
    idle = hub_idle(hub);
    apr_thread_mutex_unlock(hub->mutex);
    hub->bus->driver->next(hub->listener, idle, &message);
    apr_thread_mutex_lock(hub->mutex);
    hub_handle(hub, &message);
}

static void *APR_THREAD_FUNC hub_run(apr_thread_t *thread, void *data)
{
    wake_hub_t *hub = data;

    (void)thread;
    apr_thread_mutex_lock(hub->mutex);
    while (!hub->stopped)
        hub_round(hub);
    wake_hub_fire(hub); /* STOPPING, for who came last */
    apr_thread_mutex_unlock(hub->mutex);
    return NULL;
}

/* -- the callers' side ------------------------------------------------------ */

void wake_hub_pace(wake_hub_t *hub, int most)
{
    apr_thread_mutex_lock(hub->mutex);
    hub->pace = most;
    apr_thread_mutex_unlock(hub->mutex);
}

void wake_turn_end(wake_hub_t *hub, wake_turn_t *turn)
{
    apr_thread_mutex_lock(hub->mutex);
    wake_pace_end(hub, turn);
    apr_thread_mutex_unlock(hub->mutex);
}

void wake_hub_drain(wake_hub_t *hub)
{
    apr_hash_index_t *index;
    wake_waiter_t *waiter;

    apr_thread_mutex_lock(hub->mutex);
    hub->draining = 1;
    for (index = apr_hash_first(NULL, hub->channels); index; index = apr_hash_next(index)) {
        const wake_channel_t *channel = apr_hash_this_val(index);

        for (waiter = channel->waiters; waiter; waiter = waiter->next)
            wake_waiter_due(waiter, WAKE_REASON_STOPPING);
    }
    apr_thread_cond_broadcast(hub->confirmed);
    hub->bus->driver->interrupt(hub->listener);
    apr_thread_mutex_unlock(hub->mutex);
}

void wake_hub_stop(wake_hub_t *hub)
{
    apr_status_t status;
    int stopped;

    wake_hub_drain(hub);
    apr_thread_mutex_lock(hub->mutex);
    stopped = hub->stopped;
    hub->stopped = 1;
    hub->bus->driver->interrupt(hub->listener);
    apr_thread_mutex_unlock(hub->mutex);
    if (!stopped)
        apr_thread_join(&status, hub->thread);
}

void wake_notify(wake_hub_t *hub, const char *account, const char *folder_id, wake_event_t event)
{
    wake_channel_t *channel;
    wake_waiter_t *waiter;

    apr_thread_mutex_lock(hub->mutex);
    channel = wake_channel_find(hub, account);
    for (waiter = channel ? channel->waiters : NULL; waiter; waiter = waiter->next)
        wake_waiter_event(waiter, folder_id, event, 0);
    apr_thread_mutex_unlock(hub->mutex);
}

void wake_hub_count_reconnects(wake_hub_t *hub, apr_uint64_t *counter)
{
    apr_thread_mutex_lock(hub->mutex);
    hub->reconnects = counter;
    apr_thread_mutex_unlock(hub->mutex);
}

int wake_hub_count_account(wake_hub_t *hub, const char *account)
{
    const wake_channel_t *channel;
    const wake_waiter_t *waiter;
    int count = 0;

    apr_thread_mutex_lock(hub->mutex);
    channel = wake_channel_find(hub, account);
    for (waiter = channel ? channel->waiters : NULL; waiter; waiter = waiter->next)
        count++;
    apr_thread_mutex_unlock(hub->mutex);
    return count;
}

void wake_hub_identify(wake_hub_t *hub, const char *node)
{
    hub->node = node;
}

int wake_hub_count(wake_hub_t *hub)
{
    int count;

    apr_thread_mutex_lock(hub->mutex);
    count = hub->waiters;
    apr_thread_mutex_unlock(hub->mutex);
    return count;
}

/* -- life ------------------------------------------------------------------- */

static apr_status_t hub_stop_cleanup(void *data)
{
    wake_hub_stop(data);
    return APR_SUCCESS;
}

static apr_status_t hub_free_cleanup(void *data)
{
    wake_hub_t *hub = data;

    wake_channel_free_all(hub);
    wake_timers_free(&hub->timers);
    return APR_SUCCESS;
}

/* Pools of the hub's own: it allocates in its thread and, under its mutex, in any other, while
 * the caller's pool may be without a lock (prefork) or in use by somebody else. */
static base_fault_t *hub_pools(wake_hub_t *hub, apr_pool_t *pool)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;

    if (apr_allocator_create(&allocator) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "wake: creating an allocator");
    if (apr_pool_create_ex(&hub->pool, pool, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "wake: creating a pool");
    }
    apr_allocator_owner_set(allocator, hub->pool);
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, hub->pool) != APR_SUCCESS ||
        apr_thread_mutex_create(&hub->mutex, APR_THREAD_MUTEX_DEFAULT, hub->pool) != APR_SUCCESS ||
        apr_thread_cond_create(&hub->confirmed, hub->pool) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "wake: creating a mutex");
    apr_allocator_mutex_set(allocator, mutex);
    apr_pool_create(&hub->thread_pool, hub->pool);
    return NULL;
}

base_fault_t *wake_hub_create(wake_bus_t *bus, const base_log_t *log, wake_hub_t **result,
                              apr_pool_t *pool)
{
    wake_hub_t *hub = apr_pcalloc(pool, sizeof *hub);
    apr_status_t status;

    hub->bus = bus;
    hub->round = 1;
    hub->log = log;
    hub->node = "";
    BASE_TRY(hub_pools(hub, pool));
    hub->channels = apr_hash_make(hub->pool);
    apr_pool_cleanup_register(hub->pool, hub, hub_free_cleanup, apr_pool_cleanup_null);
    BASE_TRY(bus->driver->listen(bus->self, &hub->listener, hub->pool));
    status = apr_thread_create(&hub->thread, NULL, hub_run, hub, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "wake: starting a thread");
    /* before any pool within this one goes */
    apr_pool_pre_cleanup_register(pool, hub, hub_stop_cleanup);
    *result = hub;
    return NULL;
}
