#include "redis/breaker.h"

#define BACKOFF_FIRST apr_time_from_msec(100)
#define BACKOFF_DOUBLINGS 7
#define BACKOFF_MAX apr_time_from_sec(10)

apr_interval_time_t redis_backoff(int failures, unsigned dice)
{
    int doublings = failures > 1 ? failures - 1 : 0;
    apr_interval_time_t delay;

    if (doublings > BACKOFF_DOUBLINGS)
        doublings = BACKOFF_DOUBLINGS;
    delay = BACKOFF_FIRST << doublings;
    if (delay > BACKOFF_MAX)
        delay = BACKOFF_MAX;
    return delay / 2 + delay * (dice & 0xffff) / 0x10000;
}

int redis_breaker_allows(const redis_breaker_t *breaker, apr_time_t now, apr_interval_time_t *wait)
{
    *wait = 0;
    if (!breaker->failures)
        return 1;
    if (now < breaker->retry_at) {
        *wait = breaker->retry_at - now;
        return 0;
    }
    if (breaker->probing) {
        *wait = BACKOFF_FIRST;
        return 0;
    }
    return 1;
}

void redis_breaker_attempt(redis_breaker_t *breaker)
{
    breaker->probing = breaker->failures > 0;
}

int redis_breaker_failed(redis_breaker_t *breaker, apr_time_t now, unsigned dice)
{
    int first = breaker->failures == 0;

    if (first)
        breaker->since = now;
    /* many threads may run into the same failure: it counts once */
    if (first || now >= breaker->retry_at) {
        if (breaker->failures < BACKOFF_DOUBLINGS + 1)
            breaker->failures++;
        breaker->retry_at = now + redis_backoff(breaker->failures, dice);
    }
    breaker->probing = 0;
    return first;
}

int redis_breaker_succeeded(redis_breaker_t *breaker, apr_time_t now, apr_interval_time_t *outage)
{
    int ended = breaker->failures > 0;

    *outage = ended ? now - breaker->since : 0;
    breaker->failures = 0;
    breaker->probing = 0;
    return ended;
}
