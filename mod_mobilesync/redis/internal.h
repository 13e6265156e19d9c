/* What the files of redis/ share; nobody else includes it, nor hiredis. */
#ifndef REDIS_INTERNAL_H
#define REDIS_INTERNAL_H

#include <hiredis/hiredis.h>

#include "redis/breaker.h"
#include "redis/redis.h"

struct redis_args {
    apr_array_header_t *texts;   /* const char * */
    apr_array_header_t *lengths; /* size_t */
};

/* Builds redis_value_t in the pool that is the reader's privdata: no redisReply ever
 * exists, so that there is none to free. */
void redis_value_attach(redisContext *context, apr_pool_t *pool);

/* -- one connection --------------------------------------------------------- */

typedef struct redis_link redis_link_t;
struct redis_link {
    redisContext *context; /* NULL: closed */
    unsigned generation;   /* of the pool when it was opened */
    redis_link_t *next;
};

typedef enum {
    REDIS_LINK_OK,
    REDIS_LINK_UNSENT, /* broken, and not a byte of the commands left this host */
    REDIS_LINK_BROKEN, /* broken; the commands may have been executed */
    REDIS_LINK_TIMEOUT /* no answer in time; the commands may have been executed */
} redis_link_outcome_t;

/* Connects, authenticates, selects, and waits for the server to be ready. The fault says
 * why not; the link is closed then. */
base_fault_t *redis_link_open(redis_link_t *link, const redis_config_t *config, apr_pool_t *pool);
void redis_link_close(redis_link_t *link);

/* 1 when an idle link is still connected and silent, as it must be. */
int redis_link_alive(const redis_link_t *link);

/* Sends the commands and reads one value for each. *why says what broke. */
redis_link_outcome_t redis_link_exchange(redis_link_t *link, redis_args_t *const *commands,
                                         int count, redis_value_t **values, const char **why,
                                         apr_pool_t *pool);

/* -- the pool of connections ------------------------------------------------ */

base_fault_t *redis_pool_take(redis_pool_t *redis, redis_link_t **link, apr_pool_t *pool);
/* discard: the link is fine but must not be used again (the server became a replica, ...). */
void redis_pool_give(redis_pool_t *redis, redis_link_t *link, redis_link_outcome_t outcome,
                     const char *why, int discard);

/* Tells who measures, if anybody does. */
void redis_pool_tell(redis_pool_t *redis, const redis_trip_t *trip);

/* Tell the breaker what a connection attempt came to; they write the outage lines. */
void redis_pool_failed(redis_pool_t *redis, const char *why);
void redis_pool_succeeded(redis_pool_t *redis);

/* The server is up but refuses to work (OOM, MISCONF): a line, once in a while. */
void redis_pool_refused(redis_pool_t *redis, const char *why);

/* -- error replies ---------------------------------------------------------- */

/* 1 when the error means that this connection leads to a server that cannot serve. */
int redis_error_discards(const redis_value_t *value);
int redis_error_is(const redis_value_t *value, const char *code);

#endif
