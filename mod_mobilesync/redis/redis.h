/* Redis: connections, commands, scripts, subscriptions. The only directory that
 * includes hiredis; this header does not.
 *
 * Objects and lifetimes
 *   redis_config_t      where and how; made from a URL when the configuration is read
 *   redis_pool_t        the connections of one child, made after the fork, shared by its
 *                       threads; no connection is opened before the first command
 *   redis_args_t        one command: its name and arguments
 *   redis_value_t       a reply, whole in the pool of the call
 *   redis_script_t      a Lua script, known by its SHA1
 *   redis_subscriber_t  a connection of its own for pub/sub, used by one thread
 *
 * Faults
 *   UNAVAILABLE  down, timed out, loading, out of memory, replica, all connections busy;
 *                retry_after is set. While the server is known to be down this comes at
 *                once: one request at a time tries it again, after a growing, jittered
 *                back-off. The log has one line when an outage begins and one when it ends.
 *   CORRUPT      WRONGTYPE: a key holds something else than it must
 *   INTERNAL     any other error reply (a bug of ours)
 *
 * The process must ignore SIGPIPE (httpd does). */
#ifndef REDIS_REDIS_H
#define REDIS_REDIS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/fault.h"
#include "base/log.h"

/* -- configuration ---------------------------------------------------------- */

typedef struct {
    const char *host; /* TCP; NULL: path */
    int port;
    const char *path; /* unix socket */
    int db;
    const char *user; /* ACL user, NULL: none (Redis calls it "default") */
    const char *password;
    const char *prefix; /* of all keys; default "ms" */
    apr_interval_time_t connect_timeout;
    apr_interval_time_t command_timeout;
    int connections;  /* at most, in one child */
    const char *name; /* "redis at 127.0.0.1:6379, db 0": for log lines, without the password */
} redis_config_t;

/* Reads one of
 *   redis://[[user]:password@]host[:port][/db]
 *   unix:/path or unix:///path
 * with an optional query ?db=N&user=U&password=P&prefix=X; everything percent-encoded.
 * INVALID says what is wrong, without repeating the password. */
base_fault_t *redis_config_parse(const char *url, redis_config_t **config, apr_pool_t *pool);

/* -- commands --------------------------------------------------------------- */

typedef struct redis_pool redis_pool_t;
typedef struct redis_args redis_args_t;

/* config and log are used as long as the pool lives; log may be NULL. */
redis_pool_t *redis_pool_create(const redis_config_t *config, const base_log_t *log,
                                apr_pool_t *pool);

/* A round trip, for those who measure. */
typedef struct {
    apr_interval_time_t duration; /* 0: there was no connection */
    apr_size_t sent;              /* bytes of the commands */
    int failed;                   /* no answer, or one that is an error */
} redis_trip_t;

/* observe is called after each round trip, in any thread. Set it before the first command. */
void redis_pool_observe(redis_pool_t *redis, void (*observe)(void *baton, const redis_trip_t *trip),
                        void *baton);

const redis_config_t *redis_pool_config(const redis_pool_t *redis);

/* Texts and bytes are not copied: they must outlive the call that sends them. */
redis_args_t *redis_args_make(apr_pool_t *pool);
void redis_args_text(redis_args_t *args, const char *text);
void redis_args_bytes(redis_args_t *args, const void *bytes, apr_size_t length);
void redis_args_uint(redis_args_t *args, apr_uint64_t number);

typedef enum {
    REDIS_NIL,
    REDIS_INTEGER,
    REDIS_STRING, /* and status replies */
    REDIS_ARRAY,
    REDIS_ERROR /* only inside a pipeline's values */
} redis_kind_t;

typedef struct redis_value redis_value_t;
struct redis_value {
    redis_kind_t kind;
    long long integer;
    const char *data; /* STRING, ERROR: NUL-terminated at length */
    apr_size_t length;
    redis_value_t **elements; /* ARRAY */
    int count;
};

/* What may be done when the connection breaks in the middle of a command. */
typedef enum {
    REDIS_ONCE,   /* sent again only when it is certain that nothing was sent */
    REDIS_REPEAT, /* may be sent again: it changes nothing, or twice is like once */
    REDIS_WAIT    /* as ONCE; it waits for something, so that it is not measured */
} redis_retry_t;

base_fault_t *redis_command(redis_pool_t *redis, redis_args_t *args, redis_retry_t retry,
                            redis_value_t **value, apr_pool_t *pool);

/* All commands in one round trip; not a transaction. Error replies are among the values:
 * redis_value_fault makes faults of them. */
base_fault_t *redis_pipeline(redis_pool_t *redis, redis_args_t *const *commands, int count,
                             redis_retry_t retry, redis_value_t ***values, apr_pool_t *pool);

/* The fault of an ERROR value, NULL for any other. */
base_fault_t *redis_value_fault(const redis_value_t *value, apr_pool_t *pool);

/* element index of an array when it is a string, else NULL. */
const redis_value_t *redis_value_string(const redis_value_t *array, int index);

/* A number sent as integer or as decimal text; 0 and *number untouched when it is neither. */
int redis_value_uint(const redis_value_t *value, apr_uint64_t *number);

typedef struct redis_script redis_script_t;

/* name is for messages. The source begins with "#!lua" (Redis 7) and names every key in
 * KEYS; it is not copied. */
redis_script_t *redis_script_make(const char *name, const char *source, apr_pool_t *pool);

/* Arguments of a script call: begin with this, add key_count keys, then the rest. */
redis_args_t *redis_script_args(const redis_script_t *script, int key_count, apr_pool_t *pool);

/* Runs it by SHA, with its source when the server does not know it. */
base_fault_t *redis_script_call(redis_pool_t *redis, const redis_script_t *script,
                                redis_args_t *args, redis_retry_t retry, redis_value_t **value,
                                apr_pool_t *pool);

/* Asks the server what an operator should know: one text for each thing that endangers the
 * SyncStates (no server, eviction, no AOF, replica, too old). Empty array: all is well. */
base_fault_t *redis_check(redis_pool_t *redis, apr_array_header_t **warnings, apr_pool_t *pool);

/* How much memory the data in Redis takes, all that there is (used_memory_dataset). */
base_fault_t *redis_dataset_bytes(redis_pool_t *redis, apr_uint64_t *bytes, apr_pool_t *pool);

/* -- key names -------------------------------------------------------------- */

/* "P:{account}:part:part...", each percent-encoded; the list ends with NULL. */
const char *redis_key_name(apr_pool_t *pool, const char *prefix, const char *account, ...)
    __attribute__((sentinel));

/* -- subscriptions ---------------------------------------------------------- */

typedef struct redis_subscriber redis_subscriber_t;

typedef enum {
    REDIS_EVENT_NONE, /* time is up, or interrupted */
    REDIS_EVENT_SUBSCRIBED,
    REDIS_EVENT_UNSUBSCRIBED,
    REDIS_EVENT_MESSAGE,
    REDIS_EVENT_LOST /* the connection; every subscription is gone */
} redis_event_kind_t;

typedef struct {
    redis_event_kind_t kind;
    const char *channel; /* valid until the next redis_subscriber_next */
    const char *data;    /* MESSAGE: NUL-terminated at length */
    apr_size_t length;
} redis_event_t;

/* Shares the outage lines and the configuration of the pool, not its connections. */
base_fault_t *redis_subscriber_create(redis_pool_t *redis, redis_subscriber_t **subscriber,
                                      apr_pool_t *pool);
/* One attempt; a fault leaves it unconnected. The caller decides when to try again:
 * redis_subscriber_delay says after how long, growing with each failure. */
base_fault_t *redis_subscriber_connect(redis_subscriber_t *subscriber, apr_pool_t *pool);
apr_interval_time_t redis_subscriber_delay(redis_subscriber_t *subscriber);

/* Sent with the next redis_subscriber_next; confirmed by an event. */
void redis_subscriber_subscribe(redis_subscriber_t *subscriber, const char *channel);
void redis_subscriber_unsubscribe(redis_subscriber_t *subscriber, const char *channel);

/* Waits for the next event, at most for timeout (< 0: for ever). */
void redis_subscriber_next(redis_subscriber_t *subscriber, apr_interval_time_t timeout,
                           redis_event_t *event);

/* Ends the wait of the subscriber's thread; from any thread. */
void redis_subscriber_interrupt(redis_subscriber_t *subscriber);

#endif
