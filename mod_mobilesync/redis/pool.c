#include "redis/internal.h"

#include <stdlib.h>
#include <apr_general.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#define POOL_REFUSED_LINE_EVERY apr_time_from_sec(60)

struct redis_pool {
    const redis_config_t *config;
    const base_log_t *log;
    redis_link_t *links;       /* config->connections of them, each idle, closed or taken */
    apr_thread_mutex_t *mutex; /* guards everything below */
    apr_thread_cond_t *given;  /* a link was given back */
    redis_link_t *idle;        /* open; the last used comes first, so that surplus stays cold */
    redis_link_t *closed;
    unsigned generation; /* links of an older one are closed when they come back */
    redis_breaker_t breaker;
    apr_time_t refused_at;                                  /* of the last such line */
    void (*observe)(void *baton, const redis_trip_t *trip); /* NULL: nobody measures */
    void *baton;
};

static apr_status_t pool_cleanup(void *data)
{
    redis_pool_t *redis = data;
    int i;

    for (i = 0; i < redis->config->connections; i++)
        redis_link_close(&redis->links[i]);
    return APR_SUCCESS;
}

redis_pool_t *redis_pool_create(const redis_config_t *config, const base_log_t *log,
                                apr_pool_t *pool)
{
    redis_pool_t *redis = apr_pcalloc(pool, sizeof *redis);
    int i;

    redis->config = config;
    redis->log = log;
    redis->links = apr_pcalloc(pool, (apr_size_t)config->connections * sizeof *redis->links);
    apr_pool_cleanup_register(pool, redis, pool_cleanup, apr_pool_cleanup_null);
    for (i = config->connections - 1; i >= 0; i--) {
        redis->links[i].next = redis->closed;
        redis->closed = &redis->links[i];
    }
    /* these fail only without memory, where APR's pools abort as well */
    if (apr_thread_mutex_create(&redis->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&redis->given, pool) != APR_SUCCESS)
        abort();
    return redis;
}

void redis_pool_observe(redis_pool_t *redis, void (*observe)(void *baton, const redis_trip_t *trip),
                        void *baton)
{
    redis->observe = observe;
    redis->baton = baton;
}

void redis_pool_tell(redis_pool_t *redis, const redis_trip_t *trip)
{
    if (redis->observe)
        redis->observe(redis->baton, trip);
}

const redis_config_t *redis_pool_config(const redis_pool_t *redis)
{
    return redis->config;
}

static unsigned pool_dice(void)
{
    unsigned short dice = 0;

    apr_generate_random_bytes((unsigned char *)&dice, sizeof dice);
    return dice;
}

static redis_link_t *pool_pop(redis_link_t **list)
{
    redis_link_t *link = *list;

    if (link)
        *list = link->next;
    return link;
}

static void pool_push(redis_link_t **list, redis_link_t *link)
{
    link->next = *list;
    *list = link;
}

/* Under the mutex: what is open and idle led to a server that has gone. */
static void pool_forget_idle(redis_pool_t *redis)
{
    redis_link_t *link;

    redis->generation++;
    while ((link = pool_pop(&redis->idle))) {
        redis_link_close(link);
        pool_push(&redis->closed, link);
    }
}

/* -- outages ---------------------------------------------------------------- */

void redis_pool_failed(redis_pool_t *redis, const char *why)
{
    int first;

    apr_thread_mutex_lock(redis->mutex);
    first = redis_breaker_failed(&redis->breaker, apr_time_now(), pool_dice());
    pool_forget_idle(redis);
    apr_thread_mutex_unlock(redis->mutex);
    if (first)
        base_log_write(redis->log, BASE_LOG_ERR,
                       "%s is down: %s; requests are answered 503 until it is back, which is "
                       "tried again and again",
                       redis->config->name, why);
}

void redis_pool_succeeded(redis_pool_t *redis)
{
    apr_interval_time_t outage;
    int ended;

    apr_thread_mutex_lock(redis->mutex);
    ended = redis_breaker_succeeded(&redis->breaker, apr_time_now(), &outage);
    apr_thread_mutex_unlock(redis->mutex);
    if (ended)
        base_log_write(redis->log, BASE_LOG_WARNING, "%s is back after %d.%03d s",
                       redis->config->name, (int)apr_time_sec(outage), (int)apr_time_msec(outage));
}

void redis_pool_refused(redis_pool_t *redis, const char *why)
{
    apr_time_t now = apr_time_now();
    int write;

    apr_thread_mutex_lock(redis->mutex);
    write = now - redis->refused_at >= POOL_REFUSED_LINE_EVERY;
    if (write)
        redis->refused_at = now;
    apr_thread_mutex_unlock(redis->mutex);
    if (write)
        base_log_write(redis->log, BASE_LOG_ERR, "%s refuses to work: %s", redis->config->name,
                       why);
}

/* -- links ------------------------------------------------------------------ */

/* Where Redis is stands in the log: faults are shown to others, too. */
static base_fault_t *pool_unavailable(apr_interval_time_t wait, const char *why, apr_pool_t *pool)
{
    base_fault_t *fault = base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "redis: %s", why);

    fault->retry_after = (int)((wait + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC);
    if (fault->retry_after < 1)
        fault->retry_after = 1;
    return fault;
}

/* Under the mutex: an idle link that still works, or a closed one; NULL and no fault: all
 * are taken. */
static base_fault_t *pool_pick(redis_pool_t *redis, redis_link_t **link, apr_pool_t *pool)
{
    apr_interval_time_t wait;

    *link = NULL;
    if (!redis_breaker_allows(&redis->breaker, apr_time_now(), &wait))
        return pool_unavailable(wait, "is down", pool);
    while ((*link = pool_pop(&redis->idle))) {
        if (redis_link_alive(*link))
            return NULL;
        redis_link_close(*link);
        pool_push(&redis->closed, *link);
    }
    *link = pool_pop(&redis->closed);
    if (*link) {
        (*link)->generation = redis->generation;
        redis_breaker_attempt(&redis->breaker);
    }
    return NULL;
}

static base_fault_t *pool_wait(redis_pool_t *redis, redis_link_t **link, apr_pool_t *pool)
{
    apr_time_t deadline = apr_time_now() + redis->config->command_timeout;
    base_fault_t *fault;

    while (!(fault = pool_pick(redis, link, pool)) && !*link) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0)
            return pool_unavailable(0, "all connections are busy", pool);
        apr_thread_cond_timedwait(redis->given, redis->mutex, left);
    }
    return fault;
}

base_fault_t *redis_pool_take(redis_pool_t *redis, redis_link_t **link, apr_pool_t *pool)
{
    base_fault_t *fault;

    apr_thread_mutex_lock(redis->mutex);
    fault = pool_wait(redis, link, pool);
    apr_thread_mutex_unlock(redis->mutex);
    if (fault || (*link)->context)
        return fault;
    fault = redis_link_open(*link, redis->config, pool);
    if (!fault) {
        redis_pool_succeeded(redis);
        return NULL;
    }
    redis_pool_failed(redis, fault->message);
    redis_pool_give(redis, *link, REDIS_LINK_OK, NULL, 1);
    *link = NULL;
    return pool_unavailable(0, fault->message, pool);
}

void redis_pool_give(redis_pool_t *redis, redis_link_t *link, redis_link_outcome_t outcome,
                     const char *why, int discard)
{
    if (outcome == REDIS_LINK_TIMEOUT)
        redis_pool_failed(redis, why);
    apr_thread_mutex_lock(redis->mutex);
    if (outcome != REDIS_LINK_OK)
        pool_forget_idle(redis);
    if (discard || outcome != REDIS_LINK_OK || link->generation != redis->generation)
        redis_link_close(link);
    pool_push(link->context ? &redis->idle : &redis->closed, link);
    apr_thread_cond_signal(redis->given);
    apr_thread_mutex_unlock(redis->mutex);
}
