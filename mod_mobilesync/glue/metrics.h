/* Figures for monitoring: see metrics.c. */
#ifndef GLUE_METRICS_H
#define GLUE_METRICS_H

#include "glue/glue.h"

#include "base/text.h"
#include "redis/redis.h"

/* In post_config: what an earlier generation began goes on. NULL where there is no shared memory
 * (logged). */
glue_metrics_t *glue_metrics_create(server_rec *server);
/* What is open and waits in this child; NULL where there are no metrics, or too many children. */
glue_metrics_child_t *glue_metrics_child_init(glue_metrics_t *metrics);
/* In the parent: the child has ended, however it did. */
void glue_metrics_child_gone(glue_metrics_t *metrics, pid_t pid);

/* Each exchange, once each. */
void glue_metrics_begin(request_rec *r, const cmd_exchange_t *exchange);
void glue_metrics_end(request_rec *r, const cmd_exchange_t *exchange);

/* Before the answer is sent: were Pings right? */
void glue_metrics_answer(request_rec *r, const cmd_exchange_t *exchange);

/* Each request of Autodiscover. */
void glue_metrics_autodiscover(const server_rec *server, cmd_autodiscover_result_t result);

/* Each request that a limit refused, and each login that failed. */
typedef enum {
    GLUE_LIMIT_DEVICE,
    GLUE_LIMIT_ADDRESS,
    GLUE_LIMIT_LOGIN,         /* not tried, as too many had failed */
    GLUE_LIMIT_FAILED_LOGIN,  /* tried, and wrong */
    GLUE_LIMIT_REPEATED_LOGIN /* known to be wrong */
} glue_limit_t;
void glue_metrics_limit(const server_rec *server, glue_limit_t limit);

/* A request begins (1) or ends (-1) to wait, parked or with a thread of its own. */
typedef enum { GLUE_WAIT_PARKED, GLUE_WAIT_BLOCKED, GLUE_WAIT_COUNT_ } glue_wait_t;
void glue_metrics_wait(const server_rec *server, glue_wait_t how, int difference);
/* Something ended the wait, or had the request look. */
void glue_metrics_wake(const server_rec *server, wake_reason_t reason);
/* The client hung up while it waited; or httpd closed the connection. */
void glue_metrics_hang_up(const server_rec *server);
void glue_metrics_close(const server_rec *server);
/* The counter of subscriptions made anew; NULL: there are no metrics. */
apr_uint64_t *glue_metrics_reconnects(glue_metrics_t *metrics);

/* Calls figure for everything that concerns waiting: key as mod_status has it. */
void glue_metrics_waiting(const glue_metrics_t *metrics,
                          void (*figure)(void *baton, const char *key, const char *help,
                                         apr_uint64_t value),
                          void *baton);

/* For redis_pool_observe. metrics is a glue_metrics_t. */
void glue_metrics_redis(void *metrics, const redis_trip_t *trip);

/* Prometheus text format 0.0.4, of the whole httpd. config is the virtual host's glue_config_t,
 * which has metrics. */
void glue_metrics_write(void *config, base_text_buffer_t *out);

#endif
