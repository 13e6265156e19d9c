/* The parts of redis/ that need no server. */
#include "tap.h"

#include <apr_general.h>

#include "redis/breaker.h"
#include "redis/redis.h"

/* -- configuration ---------------------------------------------------------- */

static void test_config_good(apr_pool_t *pool)
{
    static const struct {
        const char *url, *name, *user, *password, *prefix;
    } rows[] = {
        {"redis://localhost", "redis at localhost:6379", NULL, NULL, "ms"},
        {"redis://10.0.0.7:7000/3", "redis at 10.0.0.7:7000, db 3", NULL, NULL, "ms"},
        {"redis://:se%2Fcret@h:1", "redis at h:1", NULL, "se/cret", "ms"},
        {"redis://joe:x@h/?prefix=a%3Ab", "redis at h:6379", "joe", "x", "a:b"},
        {"redis://[::1]:6380", "redis at [::1]:6380", NULL, NULL, "ms"},
        {"unix:/run/r.sock", "redis at /run/r.sock", NULL, NULL, "ms"},
        {"unix:///run/a%20b?db=2&user=u&password=%26", "redis at /run/a b, db 2", "u", "&", "ms"},
        {"unix:/r?password=", "redis at /r", NULL, NULL, "ms"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        redis_config_t *config = NULL;
        base_fault_t *fault = redis_config_parse(rows[i].url, &config, pool);

        if (!ok(!fault, "%s is understood", rows[i].url)) {
            printf("# %s\n", fault->message);
            continue;
        }
        is_str(config->name, rows[i].name, "its name");
        is_str(config->user, rows[i].user, "its user");
        is_str(config->password, rows[i].password, "its password");
        is_str(config->prefix, rows[i].prefix, "its prefix");
    }
}

static void test_config_bad(apr_pool_t *pool)
{
    static const char *const urls[] = {
        "",
        "localhost:6379",
        "http://localhost",
        "rediss://localhost",
        "redis://",
        "redis:///3",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:secret",
        "redis://h/x",
        "redis://h/65536",
        "redis://:secret%zz@h",
        "redis://secret@h",
        "redis://h?db=-1",
        "redis://h?secret",
        "redis://h?timeout=secret",
        "redis://h#secret",
        "unix:",
        "unix:run/r.sock",
        "unix:/r?db=",
        "unix:/r?user=u",
        "unix:/r?prefix=",
        "unix:/r?prefix=0123456789012345678901234567890123456789012345678901234567890123456789",
    };
    size_t i;

    for (i = 0; i < sizeof urls / sizeof *urls; i++) {
        redis_config_t *config = NULL;
        base_fault_t *fault = redis_config_parse(urls[i], &config, pool);

        ok(base_fault_code(fault) == BASE_FAULT_INVALID && !config, "\"%s\" is refused", urls[i]);
        ok(fault && !strstr(fault->message, "=secret") && !strstr(fault->message, ":secret"),
           "without its secrets: %s", fault ? fault->message : "");
    }
}

/* -- breaker ---------------------------------------------------------------- */

static void test_breaker(void)
{
    redis_breaker_t breaker = {0};
    apr_time_t now = apr_time_from_sec(1000);
    apr_interval_time_t wait;
    int i;

    ok(redis_breaker_allows(&breaker, now, &wait), "closed: go on");
    redis_breaker_attempt(&breaker);
    ok(redis_breaker_allows(&breaker, now, &wait), "closed: anybody may connect");
    ok(redis_breaker_failed(&breaker, now, 0x8000), "the first failure begins an outage");
    ok(!redis_breaker_failed(&breaker, now, 0x8000), "the second does not");
    is_int(breaker.failures, 1, "failures at the same time count once");
    ok(!redis_breaker_allows(&breaker, now, &wait) && wait == apr_time_from_msec(100),
       "open: refused, and told for how long");
    now += wait;
    ok(redis_breaker_allows(&breaker, now, &wait), "after the back-off one may try");
    redis_breaker_attempt(&breaker);
    ok(!redis_breaker_allows(&breaker, now, &wait) && wait > 0, "and only one");
    for (i = 0; i < 100; i++) {
        redis_breaker_failed(&breaker, now, 0xffff);
        ok(breaker.retry_at - now <= apr_time_from_sec(15), "try %d comes in 15 s at most", i);
        now = breaker.retry_at;
    }
    ok(redis_breaker_allows(&breaker, now, &wait), "after 100 failures one may still try");
    ok(redis_breaker_succeeded(&breaker, now, &wait), "a success ends the outage");
    is_int(wait, now - apr_time_from_sec(1000), "it lasted since the first failure");
    ok(!redis_breaker_succeeded(&breaker, now, &wait), "which ends once");
    ok(redis_backoff(1, 0) < redis_backoff(1, 0xffff), "the dice vary the back-off");
    ok(redis_backoff(4, 0) > redis_backoff(2, 0), "more failures, more back-off");
}

static void test_keys(apr_pool_t *pool)
{
    is_str(redis_key_name(pool, "ms", "joe@x.org", "devices", NULL), "ms:{joe%40x.org}:devices",
           "a key");
    is_str(redis_key_name(pool, "a:b{", "}{", "f", "d:1", "\xc3\xbc", NULL),
           "a%3Ab%7B:{%7D%7B}:f:d%3A1:%C3%BC", "nothing breaks out of its part");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_config_good(pool);
    test_config_bad(pool);
    test_breaker();
    test_keys(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
