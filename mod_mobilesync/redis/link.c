#include "redis/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <apr_strings.h>

#define LINK_HANDSHAKE_MAX 4

static struct timeval link_timeval(apr_interval_time_t interval)
{
    struct timeval value = {.tv_sec = (time_t)apr_time_sec(interval),
                            .tv_usec = (suseconds_t)apr_time_usec(interval)};

    return value;
}

void redis_link_close(redis_link_t *link)
{
    if (link->context)
        redisFree(link->context);
    link->context = NULL;
}

static const char *link_why(const redis_link_t *link, apr_pool_t *pool)
{
    return apr_pstrdup(pool, link->context->errstr);
}

static base_fault_t *link_connect(redis_link_t *link, const redis_config_t *config,
                                  apr_pool_t *pool)
{
    struct timeval timeout = link_timeval(config->connect_timeout);

    link->context = config->path ? redisConnectUnixWithTimeout(config->path, timeout)
                                 : redisConnectWithTimeout(config->host, config->port, timeout);
    if (!link->context)
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "out of memory");
    if (link->context->err)
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "%s", link_why(link, pool));
    if (redisSetTimeout(link->context, timeout) != REDIS_OK ||
        (config->host && redisEnableKeepAlive(link->context) != REDIS_OK))
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "%s", link_why(link, pool));
    return NULL;
}

/* AUTH, SELECT, a name for CLIENT LIST, and PING: a server that is still loading its data
 * accepts connections but answers PING with an error. */
static int link_handshake_commands(const redis_config_t *config, redis_args_t **commands,
                                   apr_pool_t *pool)
{
    int count = 0;
    redis_args_t *args;

    if (config->password) {
        args = commands[count++] = redis_args_make(pool);
        redis_args_text(args, "AUTH");
        if (config->user)
            redis_args_text(args, config->user);
        redis_args_text(args, config->password);
    }
    if (config->db) {
        args = commands[count++] = redis_args_make(pool);
        redis_args_text(args, "SELECT");
        redis_args_uint(args, (apr_uint64_t)config->db);
    }
    args = commands[count++] = redis_args_make(pool);
    redis_args_text(args, "PING");
    args = commands[count++] = redis_args_make(pool);
    redis_args_text(args, "CLIENT");
    redis_args_text(args, "SETNAME");
    redis_args_text(args, "mod_mobilesync");
    return count;
}

static base_fault_t *link_handshake(redis_link_t *link, const redis_config_t *config,
                                    apr_pool_t *pool)
{
    redis_args_t *commands[LINK_HANDSHAKE_MAX];
    redis_value_t *values[LINK_HANDSHAKE_MAX];
    int count = link_handshake_commands(config, commands, pool), i;
    const char *why;

    if (redis_link_exchange(link, commands, count, values, &why, pool) != REDIS_LINK_OK)
        return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "%s", why);
    for (i = 0; i < count - 1; i++) /* the name is a courtesy, an ACL may forbid it */
        if (values[i]->kind == REDIS_ERROR)
            return base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "%s", values[i]->data);
    return NULL;
}

base_fault_t *redis_link_open(redis_link_t *link, const redis_config_t *config, apr_pool_t *pool)
{
    base_fault_t *fault = link_connect(link, config, pool);

    if (!fault)
        fault = link_handshake(link, config, pool);
    if (!fault && redisSetTimeout(link->context, link_timeval(config->command_timeout)) != REDIS_OK)
        fault = base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "%s", link_why(link, pool));
    if (fault)
        redis_link_close(link);
    return fault;
}

int redis_link_alive(const redis_link_t *link)
{
    char byte;
    ssize_t got = recv(link->context->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    /* an end of file: it was closed; a byte: nobody asked for it */
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static redis_link_outcome_t link_broken(const redis_link_t *link, redis_link_outcome_t otherwise,
                                        const char **why, apr_pool_t *pool)
{
    /* a blocking socket says EAGAIN when SO_RCVTIMEO or SO_SNDTIMEO ran out */
    if (link->context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        *why = "no answer in time";
        return REDIS_LINK_TIMEOUT;
    }
    *why = link_why(link, pool);
    return otherwise;
}

redis_link_outcome_t redis_link_exchange(redis_link_t *link, redis_args_t *const *commands,
                                         int count, redis_value_t **values, const char **why,
                                         apr_pool_t *pool)
{
    redisContext *context = link->context;
    size_t pending;
    int i, done = 0;

    redis_value_attach(context, pool);
    for (i = 0; i < count; i++) {
        const apr_array_header_t *texts = commands[i]->texts;

        if (redisAppendCommandArgv(context, texts->nelts, (const char **)texts->elts,
                                   (const size_t *)commands[i]->lengths->elts) != REDIS_OK) {
            *why = link_why(link, pool);
            return REDIS_LINK_UNSENT;
        }
    }
    pending = sdslen(context->obuf);
    while (!done) {
        if (redisBufferWrite(context, &done) != REDIS_OK) {
            int untouched = sdslen(context->obuf) == pending;

            return link_broken(link, untouched ? REDIS_LINK_UNSENT : REDIS_LINK_BROKEN, why, pool);
        }
    }
    for (i = 0; i < count; i++) {
        void *value = NULL;

        if (redisGetReply(context, &value) != REDIS_OK || !value)
            return link_broken(link, REDIS_LINK_BROKEN, why, pool);
        values[i] = value;
    }
    return REDIS_LINK_OK;
}
