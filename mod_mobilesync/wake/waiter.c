#include "wake/hub.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#define WAITER_CONFIRM_TIMEOUT apr_time_from_sec(3)
#define WAITER_RETRY_AFTER 2

/* -- waking: under the hub's mutex ------------------------------------------ */

/* Its timer, according to what it waits for. */
static void waiter_schedule(wake_waiter_t *waiter)
{
    wake_hub_t *hub = waiter->hub;
    apr_time_t due = waiter->deadline;

    if (!waiter->channel || !waiter->armed || waiter->reason != WAKE_REASON_NONE)
        return;
    if (waiter->ripe_at && waiter->ripe_at < due)
        due = waiter->ripe_at;
    if (waiter->nudge_at && waiter->nudge_at < due)
        due = waiter->nudge_at;
    if (waiter->pending != WAKE_REASON_NONE)
        due = waiter->pending_at;
    if (wake_timers_set(&hub->timers, &waiter->timer, due))
        hub->bus->driver->interrupt(hub->listener);
}

void wake_waiter_due(wake_waiter_t *waiter, wake_reason_t reason)
{
    if (waiter->pending == WAKE_REASON_NONE)
        waiter->pending_at = apr_time_now();
    /* a change may be overtaken: by then there is no point in looking */
    if (waiter->pending == WAKE_REASON_NONE || waiter->pending == WAKE_REASON_CHANGED)
        waiter->pending = reason;
    waiter_schedule(waiter);
}

static void waiter_ripen(wake_waiter_t *waiter, apr_interval_time_t interval)
{
    apr_time_t at = apr_time_now() + interval;

    if (waiter->ripe_at && waiter->ripe_at <= at)
        return;
    waiter->ripe_at = at;
    waiter_schedule(waiter);
}

void wake_waiter_fire(wake_waiter_t *waiter, apr_time_t now)
{
    if (waiter->pending != WAKE_REASON_NONE)
        waiter->reason = waiter->pending;
    else if (now >= waiter->deadline)
        waiter->reason = WAKE_REASON_EXPIRED;
    else if (waiter->ripe_at && now >= waiter->ripe_at) {
        waiter->reason = WAKE_REASON_RIPE;
        waiter->ripe_at = 0;
    }
    else {
        waiter->nudge_at = 0; /* until it is parked again */
        if (waiter->nudge) {
            wake_pace_begin(waiter, now);
            waiter->nudge(waiter->baton);
        }
        waiter_schedule(waiter);
        return;
    }
    waiter->pending = WAKE_REASON_NONE;
    if (waiter->cond)
        apr_thread_cond_signal(waiter->cond);
    if (waiter->wake) {
        void (*wake)(void *baton, wake_reason_t reason) = waiter->wake;

        waiter->wake = NULL;
        wake_pace_begin(waiter, now);
        wake(waiter->baton, waiter->reason);
    }
}

/* version 0: told by this child itself. What came before arming, or is known already, is
 * no news: the caller has looked, or has been woken for it. */
void wake_waiter_event(wake_waiter_t *waiter, const char *folder_id, wake_event_t event,
                       apr_uint64_t version)
{
    int i;

    if (!waiter->armed)
        return;
    for (i = 0; i < waiter->folder_count; i++)
        if (strcmp(waiter->folder_ids[i], folder_id) == 0)
            break;
    if (i == waiter->folder_count || (version && version <= waiter->versions[i]))
        return;
    if (version)
        waiter->versions[i] = version;
    if (waiter->reason != WAKE_REASON_NONE)
        return; /* woken, and will look after it is armed again */
    if (event == WAKE_EVENT_CHANGED && waiter->coalesce > 0)
        waiter_ripen(waiter, waiter->coalesce);
    else
        wake_waiter_due(waiter, WAKE_REASON_CHANGED);
}

void wake_waiter_rival(wake_waiter_t *waiter, apr_uint64_t number)
{
    if (number > waiter->rival)
        waiter->rival = number;
    if (waiter->armed && waiter->rival > waiter->number)
        wake_waiter_due(waiter, WAKE_REASON_SUPERSEDED);
}

void wake_waiter_reset(wake_waiter_t *waiter, int whole_account, apr_uint64_t number)
{
    apr_uint64_t *known = whole_account ? &waiter->account_reset : &waiter->device_reset;
    int newer = number > *known; /* smaller: forgotten by a Redis that lost its data */

    if (!waiter->armed)
        return;
    *known = number;
    if (newer)
        wake_waiter_due(waiter, WAKE_REASON_RESET);
}

void wake_waiter_compare(wake_waiter_t *waiter, const wake_query_t *query)
{
    int i, changed = 0;

    for (i = 0; i < waiter->folder_count; i++) {
        changed |= query->versions[i] != waiter->versions[i];
        waiter->versions[i] = query->versions[i];
    }
    if (changed && waiter->reason == WAKE_REASON_NONE)
        wake_waiter_due(waiter, WAKE_REASON_CHANGED);
    wake_waiter_reset(waiter, 0, query->device_reset);
    wake_waiter_reset(waiter, 1, query->account_reset);
    wake_waiter_rival(waiter, query->number);
}

/* -- registration ----------------------------------------------------------- */

static void waiter_leave(wake_waiter_t *waiter)
{
    wake_hub_t *hub = waiter->hub;

    if (!waiter->channel)
        return;
    wake_timers_unset(&hub->timers, &waiter->timer);
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    if (!waiter->channel->waiters)
        wake_channel_touch(hub, waiter->channel);
    waiter->channel = NULL;
    hub->waiters--;
}

static void waiter_join(wake_waiter_t *waiter)
{
    wake_hub_t *hub = waiter->hub;
    wake_channel_t *channel = wake_channel_make(hub, waiter->account);

    waiter->id = ++hub->last_id;
    waiter->channel = channel;
    waiter->next = channel->waiters;
    waiter->link = &channel->waiters;
    if (waiter->next)
        waiter->next->link = &waiter->next;
    channel->waiters = waiter;
    hub->waiters++;
    wake_channel_touch(hub, channel);
    /* without anybody who waits the hub's thread wants no connection: it sleeps, with channels that
     * are touched already */
    if (!hub->connected)
        hub->bus->driver->interrupt(hub->listener);
}

static apr_status_t waiter_cleanup(void *data)
{
    wake_waiter_t *waiter = data;

    apr_thread_mutex_lock(waiter->hub->mutex);
    waiter_leave(waiter);
    apr_thread_mutex_unlock(waiter->hub->mutex);
    if (waiter->cond)
        apr_thread_cond_destroy(waiter->cond);
    free(waiter);
    return APR_SUCCESS;
}

void wake_waiter_keep(wake_waiter_t *waiter, apr_pool_t *pool)
{
    apr_pool_cleanup_kill(waiter->pool, waiter, waiter_cleanup);
    waiter->pool = pool;
    apr_pool_pre_cleanup_register(pool, waiter, waiter_cleanup);
}

void wake_waiter_end(wake_waiter_t *waiter)
{
    apr_pool_cleanup_run(waiter->pool, waiter, waiter_cleanup);
}

static const char *waiter_copy(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);

    *at += size;
    return copy;
}

/* One block, as small as can be: there are tens of thousands of them, and a pool takes 8 KB. */
static wake_waiter_t *waiter_make(wake_hub_t *hub, const wake_options_t *options, apr_pool_t *pool)
{
    size_t count = (size_t)options->folder_count;
    size_t size = sizeof(wake_waiter_t) + count * (sizeof(apr_uint64_t) + sizeof(char *)) +
                  strlen(options->account) + strlen(options->device) + 2;
    wake_waiter_t *waiter;
    char *at;
    int i;

    for (i = 0; i < options->folder_count; i++)
        size += strlen(options->folder_ids[i]) + 1;
    if (!(waiter = calloc(1, size)))
        abort(); /* as APR's pools do */
    waiter->versions = (apr_uint64_t *)(waiter + 1);
    waiter->folder_ids = (const char **)(waiter->versions + count);
    at = (char *)(waiter->folder_ids + count);
    waiter->hub = hub;
    waiter->pool = pool;
    waiter->account = waiter_copy(&at, options->account);
    waiter->device = waiter_copy(&at, options->device);
    for (i = 0; i < options->folder_count; i++)
        waiter->folder_ids[i] = waiter_copy(&at, options->folder_ids[i]);
    waiter->kind = options->kind;
    waiter->folder_count = options->folder_count;
    waiter->deadline = options->deadline;
    waiter->since = options->since;
    waiter->wanted = options->wanted;
    waiter->coalesce = options->coalesce;
    return waiter;
}

/* -- arming ----------------------------------------------------------------- */

static base_fault_t *waiter_unavailable(const char *why, apr_pool_t *pool)
{
    base_fault_t *fault = base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "wake: %s", why);

    fault->retry_after = WAITER_RETRY_AFTER;
    return fault;
}

/* Until messages of the account arrive, or none will because the child is stopping. */
static base_fault_t *waiter_subscribed(wake_waiter_t *waiter, apr_pool_t *pool)
{
    wake_hub_t *hub = waiter->hub;
    apr_time_t deadline = apr_time_now() + WAITER_CONFIRM_TIMEOUT;

    while (!hub->draining && !hub->failing && !wake_channel_ready(hub, waiter->channel)) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0)
            return waiter_unavailable("the subscription was not confirmed in time", pool);
        apr_thread_cond_timedwait(hub->confirmed, hub->mutex, left);
    }
    if (hub->failing && !hub->draining)
        return waiter_unavailable("there is no connection", pool);
    return NULL;
}

/* Under the mutex, but for the round trip. Who comes while the hub drains is woken at once: a
 * restart must look to phones like the end of a wait, not like an outage. When the connection was lost meanwhile, messages
 * may have been missed that the numbers read do not show: once more. */
static base_fault_t *waiter_arm(wake_waiter_t *waiter, wake_query_t *query, apr_pool_t *pool)
{
    wake_hub_t *hub = waiter->hub;
    base_fault_t *fault;
    unsigned generation;

    do {
        BASE_TRY(waiter_subscribed(waiter, pool));
        if (hub->draining)
            break;
        generation = hub->generation;
        apr_thread_mutex_unlock(hub->mutex);
        fault = hub->bus->driver->supersede(hub->bus->self, query, pool);
        apr_thread_mutex_lock(hub->mutex);
        if (fault)
            return fault;
    } while (hub->generation != generation);
    waiter->number = query->number;
    waiter->device_reset = query->device_reset;
    waiter->account_reset = query->account_reset;
    waiter->armed = 1;
    if (hub->draining)
        wake_waiter_due(waiter, WAKE_REASON_STOPPING);
    wake_waiter_rival(waiter, query->number);
    waiter_schedule(waiter);
    return NULL;
}

static int waiter_valid(const wake_options_t *options)
{
    int i;

    for (i = 0; i < options->folder_count; i++)
        if (!options->folder_ids[i] || !*options->folder_ids[i])
            return 0;
    return options->account && *options->account && options->device && *options->device;
}

base_fault_t *wake_waiter_arm(wake_hub_t *hub, const wake_options_t *options,
                              wake_waiter_t **result, apr_pool_t *pool)
{
    wake_query_t query = {0};
    wake_waiter_t *waiter;
    base_fault_t *fault;

    if (!waiter_valid(options))
        return base_fault_make(pool, BASE_FAULT_INVALID, "wake: no account, device or folder");
    waiter = waiter_make(hub, options, pool);
    query.account = waiter->account;
    query.device = waiter->device;
    query.kind = waiter->kind;
    query.folder_ids = waiter->folder_ids;
    query.folder_count = waiter->folder_count;
    query.versions = waiter->versions; /* read by nobody else until it is armed */
    apr_thread_mutex_lock(hub->mutex);
    waiter_join(waiter);
    /* before its condition variable goes */
    apr_pool_pre_cleanup_register(pool, waiter, waiter_cleanup);
    fault = waiter_arm(waiter, &query, pool);
    if (fault)
        waiter_leave(waiter);
    apr_thread_mutex_unlock(hub->mutex);
    if (fault)
        return base_fault_wrap(fault, pool, "waiting for changes");
    *result = waiter;
    return NULL;
}

/* -- waiting ---------------------------------------------------------------- */

wake_reason_t wake_waiter_block(wake_waiter_t *waiter, apr_interval_time_t timeout)
{
    wake_hub_t *hub = waiter->hub;
    apr_time_t end = timeout < 0 ? APR_INT64_MAX : apr_time_now() + timeout;
    wake_reason_t reason;

    apr_thread_mutex_lock(hub->mutex);
    if (!waiter->cond && apr_thread_cond_create(&waiter->cond, waiter->pool) != APR_SUCCESS)
        abort();
    while (waiter->reason == WAKE_REASON_NONE && !hub->stopped) {
        apr_interval_time_t left = end - apr_time_now();

        if (left <= 0)
            break;
        if (timeout < 0)
            apr_thread_cond_wait(waiter->cond, hub->mutex);
        else
            apr_thread_cond_timedwait(waiter->cond, hub->mutex, left);
    }
    if (waiter->reason == WAKE_REASON_NONE && hub->stopped)
        waiter->reason = WAKE_REASON_STOPPING;
    reason = waiter->reason;
    apr_thread_mutex_unlock(hub->mutex);
    return reason;
}

wake_reason_t wake_waiter_park(wake_waiter_t *waiter, wake_turn_t *turn,
                               void (*wake)(void *baton, wake_reason_t reason), void *baton)
{
    wake_hub_t *hub = waiter->hub;
    wake_reason_t reason;

    apr_thread_mutex_lock(hub->mutex);
    wake_pace_end(hub, turn); /* the next one may be itself */
    if (waiter->reason == WAKE_REASON_NONE && hub->stopped)
        waiter->reason = WAKE_REASON_STOPPING;
    reason = waiter->reason;
    if (reason == WAKE_REASON_NONE) {
        waiter->turn = turn;
        waiter->wake = wake;
        waiter->baton = baton;
        if (waiter->nudge_interval > 0) {
            waiter->nudge_at = apr_time_now() + waiter->nudge_interval;
            waiter_schedule(waiter);
        }
    }
    apr_thread_mutex_unlock(hub->mutex);
    return reason;
}

void wake_waiter_nudge(wake_waiter_t *waiter, apr_interval_time_t interval,
                       void (*nudge)(void *baton))
{
    apr_thread_mutex_lock(waiter->hub->mutex);
    waiter->nudge = nudge;
    waiter->nudge_interval = interval;
    waiter->nudge_at = 0;
    apr_thread_mutex_unlock(waiter->hub->mutex);
}

wake_reason_t wake_waiter_reason(wake_waiter_t *waiter)
{
    wake_reason_t reason;

    apr_thread_mutex_lock(waiter->hub->mutex);
    reason = waiter->reason;
    apr_thread_mutex_unlock(waiter->hub->mutex);
    return reason;
}

void wake_waiter_rearm(wake_waiter_t *waiter)
{
    apr_thread_mutex_lock(waiter->hub->mutex);
    if (waiter->reason == WAKE_REASON_CHANGED || waiter->reason == WAKE_REASON_RIPE)
        waiter->reason = WAKE_REASON_NONE;
    waiter_schedule(waiter);
    apr_thread_mutex_unlock(waiter->hub->mutex);
}

void wake_waiter_hold(wake_waiter_t *waiter, apr_interval_time_t interval)
{
    apr_thread_mutex_lock(waiter->hub->mutex);
    waiter_ripen(waiter, interval);
    apr_thread_mutex_unlock(waiter->hub->mutex);
}

const char *wake_waiter_version(wake_waiter_t *waiter, int index, apr_pool_t *pool)
{
    apr_uint64_t version;

    if (index < 0 || index >= waiter->folder_count)
        return "0";
    apr_thread_mutex_lock(waiter->hub->mutex);
    version = waiter->versions[index];
    apr_thread_mutex_unlock(waiter->hub->mutex);
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT, version);
}
