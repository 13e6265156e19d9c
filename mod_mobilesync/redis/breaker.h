/* A circuit breaker: while a server is down, nobody waits for it. Pure; the caller has the
 * clock, the dice and the lock. */
#ifndef REDIS_BREAKER_H
#define REDIS_BREAKER_H

#include <apr_time.h>

/* The zero struct is a closed breaker: all is well. */
typedef struct {
    int failures;        /* in a row; 0: closed */
    apr_time_t since;    /* when the first of them happened */
    apr_time_t retry_at; /* open until then; afterwards one attempt is let through */
    int probing;         /* that attempt is under way */
} redis_breaker_t;

/* How long to wait after so many failures in a row: doubling from 100 ms to 10 s, then
 * varied by dice (0..65535) between a half and one and a half. */
apr_interval_time_t redis_backoff(int failures, unsigned dice);

/* 0: do not try; *wait says for how long. 1: go on, and when this makes a connection
 * attempt call redis_breaker_attempt. */
int redis_breaker_allows(const redis_breaker_t *breaker, apr_time_t now, apr_interval_time_t *wait);
void redis_breaker_attempt(redis_breaker_t *breaker);

/* 1 when this is the first failure: an outage begins. */
int redis_breaker_failed(redis_breaker_t *breaker, apr_time_t now, unsigned dice);

/* 1 when an outage ends; *outage is how long it was. */
int redis_breaker_succeeded(redis_breaker_t *breaker, apr_time_t now, apr_interval_time_t *outage);

#endif
