#include "redis/internal.h"

#include <string.h>
#include <apr_general.h>
#include <apr_poll.h>
#include <apr_portable.h>

/* A peer that vanished without a word is noticed by its silence. */
#define SUBSCRIBER_QUIET apr_time_from_sec(15)

struct redis_subscriber {
    redis_pool_t *redis;
    redis_link_t link;
    apr_pollset_t *pollset;
    apr_pollfd_t descriptor; /* of link, in the pollset while that is open */
    apr_pool_t *link_pool;   /* lives as long as a connection */
    apr_pool_t *event_pool;  /* of replies; cleared only between two, see event_given */
    int event_given;         /* the last reply was returned as an event: nothing is half read */
    apr_time_t heard_at;
    int pinged;   /* waits for the answer to a PING */
    int failures; /* in a row */
};

static void subscriber_close(redis_subscriber_t *subscriber)
{
    if (!subscriber->link.context)
        return;
    apr_pollset_remove(subscriber->pollset, &subscriber->descriptor);
    redis_link_close(&subscriber->link);
}

static apr_status_t subscriber_cleanup(void *data)
{
    subscriber_close(data);
    return APR_SUCCESS;
}

base_fault_t *redis_subscriber_create(redis_pool_t *redis, redis_subscriber_t **result,
                                      apr_pool_t *pool)
{
    redis_subscriber_t *subscriber = apr_pcalloc(pool, sizeof *subscriber);
    apr_status_t status;

    subscriber->redis = redis;
    apr_pool_create(&subscriber->link_pool, pool);
    apr_pool_create(&subscriber->event_pool, pool);
    status = apr_pollset_create(&subscriber->pollset, 1, pool, APR_POLLSET_WAKEABLE);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "creating a pollset");
    /* before the pools above go, which the pollset's descriptor is in */
    apr_pool_pre_cleanup_register(pool, subscriber, subscriber_cleanup);
    *result = subscriber;
    return NULL;
}

/* Puts the connection's socket into the pollset. */
static base_fault_t *subscriber_watch(redis_subscriber_t *subscriber, apr_pool_t *pool)
{
    apr_os_sock_t fd = subscriber->link.context->fd;
    apr_socket_t *socket = NULL;
    apr_status_t status;

    apr_pool_clear(subscriber->link_pool);
    status = apr_os_sock_put(&socket, &fd, subscriber->link_pool);
    if (status == APR_SUCCESS) {
        memset(&subscriber->descriptor, 0, sizeof subscriber->descriptor);
        subscriber->descriptor.p = subscriber->link_pool;
        subscriber->descriptor.desc_type = APR_POLL_SOCKET;
        subscriber->descriptor.reqevents = APR_POLLIN;
        subscriber->descriptor.desc.s = socket;
        status = apr_pollset_add(subscriber->pollset, &subscriber->descriptor);
    }
    if (status == APR_SUCCESS)
        return NULL;
    redis_link_close(&subscriber->link);
    return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status, "watching a connection");
}

base_fault_t *redis_subscriber_connect(redis_subscriber_t *subscriber, apr_pool_t *pool)
{
    const redis_config_t *config = redis_pool_config(subscriber->redis);
    base_fault_t *fault;

    subscriber_close(subscriber);
    fault = redis_link_open(&subscriber->link, config, pool);
    if (!fault)
        fault = subscriber_watch(subscriber, pool);
    if (fault) {
        subscriber->failures++;
        redis_pool_failed(subscriber->redis, fault->message);
        return base_fault_wrap(fault, pool, "redis");
    }
    redis_pool_succeeded(subscriber->redis);
    apr_pool_clear(subscriber->event_pool);
    subscriber->event_given = 0;
    redis_value_attach(subscriber->link.context, subscriber->event_pool);
    subscriber->heard_at = apr_time_now();
    subscriber->pinged = 0;
    subscriber->failures = 0;
    return NULL;
}

apr_interval_time_t redis_subscriber_delay(redis_subscriber_t *subscriber)
{
    unsigned short dice = 0;

    apr_generate_random_bytes((unsigned char *)&dice, sizeof dice);
    return redis_backoff(subscriber->failures, dice);
}

static void subscriber_append(redis_subscriber_t *subscriber, const char *command,
                              const char *channel)
{
    const char *texts[2] = {command, channel};

    if (subscriber->link.context)
        redisAppendCommandArgv(subscriber->link.context, channel ? 2 : 1, texts, NULL);
}

void redis_subscriber_subscribe(redis_subscriber_t *subscriber, const char *channel)
{
    subscriber_append(subscriber, "SUBSCRIBE", channel);
}

void redis_subscriber_unsubscribe(redis_subscriber_t *subscriber, const char *channel)
{
    subscriber_append(subscriber, "UNSUBSCRIBE", channel);
}

void redis_subscriber_interrupt(redis_subscriber_t *subscriber)
{
    apr_pollset_wakeup(subscriber->pollset);
}

/* 1 when the reply is an event, 0 when it is not (an answer to PING), -1 when it ends the
 * connection (an error). */
static int subscriber_translate(const redis_value_t *reply, redis_event_t *event)
{
    static const struct {
        const char *word;
        redis_event_kind_t kind;
    } kinds[] = {
        {"message", REDIS_EVENT_MESSAGE},
        {"subscribe", REDIS_EVENT_SUBSCRIBED},
        {"unsubscribe", REDIS_EVENT_UNSUBSCRIBED},
    };
    const redis_value_t *word = redis_value_string(reply, 0);
    const redis_value_t *channel = redis_value_string(reply, 1);
    const redis_value_t *data = redis_value_string(reply, 2);
    size_t i;

    if (reply->kind == REDIS_ERROR)
        return -1;
    for (i = 0; word && channel && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(word->data, kinds[i].word) != 0)
            continue;
        event->kind = kinds[i].kind;
        event->channel = channel->data;
        event->data = data ? data->data : "";
        event->length = data ? data->length : 0;
        return 1;
    }
    return 0;
}

static void subscriber_lost(redis_subscriber_t *subscriber, redis_event_t *event)
{
    subscriber_close(subscriber);
    event->kind = REDIS_EVENT_LOST;
}

/* What has arrived already; 1 when *event is set. */
static int subscriber_parse(redis_subscriber_t *subscriber, redis_event_t *event)
{
    for (;;) {
        void *reply = NULL;
        int translated;

        if (redisGetReplyFromReader(subscriber->link.context, &reply) != REDIS_OK) {
            subscriber_lost(subscriber, event);
            return 1;
        }
        if (!reply)
            return 0;
        subscriber->pinged = 0;
        translated = subscriber_translate(reply, event);
        if (translated < 0) {
            redis_pool_refused(subscriber->redis, ((const redis_value_t *)reply)->data);
            subscriber_lost(subscriber, event);
        }
        if (translated != 0) {
            subscriber->event_given = translated > 0;
            return 1;
        }
        apr_pool_clear(subscriber->event_pool);
    }
}

static int subscriber_flush(redis_subscriber_t *subscriber)
{
    int done = 0;

    while (!done)
        if (redisBufferWrite(subscriber->link.context, &done) != REDIS_OK)
            return 0;
    return 1;
}

/* How long the connection may stay silent from now on; PINGs it when that is over. < 0: it
 * is dead. */
static apr_interval_time_t subscriber_patience(redis_subscriber_t *subscriber, apr_time_t now)
{
    const redis_config_t *config = redis_pool_config(subscriber->redis);
    apr_interval_time_t left = subscriber->heard_at + SUBSCRIBER_QUIET - now;

    if (!subscriber->pinged && left > 0)
        return left;
    if (!subscriber->pinged) {
        subscriber->pinged = 1;
        subscriber->heard_at = now - SUBSCRIBER_QUIET;
        subscriber_append(subscriber, "PING", NULL);
    }
    left += config->command_timeout;
    return left > 0 ? left : -1;
}

/* One wait and one read; *event is LOST when they fail. An interrupt is noticed by APR
 * together with readable data and then not told: so there is never a second wait. */
static void subscriber_wait(redis_subscriber_t *subscriber, apr_interval_time_t timeout,
                            redis_event_t *event)
{
    apr_interval_time_t patience = -1;
    const apr_pollfd_t *ready;
    apr_int32_t count = 0;

    if (subscriber->link.context) {
        patience = subscriber_patience(subscriber, apr_time_now());
        if (patience < 0 || !subscriber_flush(subscriber)) {
            subscriber_lost(subscriber, event);
            return;
        }
    }
    if (timeout < 0 || (patience >= 0 && patience < timeout))
        timeout = patience;
    if (timeout > 0)
        timeout += 999; /* APR cuts to milliseconds: do not spin through the last one */
    if (apr_pollset_poll(subscriber->pollset, timeout, &count, &ready) != APR_SUCCESS || !count)
        return;
    if (redisBufferRead(subscriber->link.context) != REDIS_OK)
        subscriber_lost(subscriber, event);
    else
        subscriber->heard_at = apr_time_now();
}

void redis_subscriber_next(redis_subscriber_t *subscriber, apr_interval_time_t timeout,
                           redis_event_t *event)
{
    memset(event, 0, sizeof *event);
    if (subscriber->event_given)
        apr_pool_clear(subscriber->event_pool);
    subscriber->event_given = 0;
    if (subscriber->link.context && subscriber_parse(subscriber, event))
        return;
    subscriber_wait(subscriber, timeout, event);
    if (subscriber->link.context)
        subscriber_parse(subscriber, event);
}
