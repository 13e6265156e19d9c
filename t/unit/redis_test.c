/* nftw, struct sockaddr_un */
#define _GNU_SOURCE 1
#include "tap.h"
#include "redis_server.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "redis/redis.h"

#define THREADS 8

/* -- log lines -------------------------------------------------------------- */

typedef struct {
    apr_thread_mutex_t *mutex;
    int errors, warnings;
    char last[1100];
} lines_t;

static void lines_write(void *baton, base_log_level_t level, const char *message)
{
    lines_t *lines = baton;

    apr_thread_mutex_lock(lines->mutex);
    lines->errors += level == BASE_LOG_ERR;
    lines->warnings += level == BASE_LOG_WARNING;
    snprintf(lines->last, sizeof lines->last, "%s", message);
    apr_thread_mutex_unlock(lines->mutex);
}

/* -- commands --------------------------------------------------------------- */

static redis_pool_t *pool_make(const char *url, lines_t *lines, int connections, apr_pool_t *pool)
{
    redis_config_t *config;
    base_log_t *log = apr_pcalloc(pool, sizeof *log);

    if (redis_config_parse(url, &config, pool))
        abort();
    config->connections = connections;
    memset(lines, 0, sizeof *lines);
    apr_thread_mutex_create(&lines->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    log->write = lines_write;
    log->baton = lines;
    return redis_pool_create(config, log, pool);
}

static base_fault_t *run(redis_pool_t *redis, redis_retry_t retry, redis_value_t **value,
                         apr_pool_t *pool, ...)
{
    redis_args_t *args = redis_args_make(pool);
    const char *text;
    va_list list;

    va_start(list, pool);
    while ((text = va_arg(list, const char *)))
        redis_args_text(args, text);
    va_end(list);
    return redis_command(redis, args, retry, value, pool);
}

static void test_values(redis_pool_t *redis, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value = NULL;
    apr_uint64_t number = 0;

    redis_args_text(args, "SET");
    redis_args_bytes(args, "k\0\xff", 3);
    redis_args_bytes(args, "v\0\r\n", 4);
    ok(!redis_command(redis, args, REDIS_REPEAT, &value, pool) && value->kind == REDIS_STRING,
       "binary key and value");
    args = redis_args_make(pool);
    redis_args_text(args, "GET");
    redis_args_bytes(args, "k\0\xff", 3);
    ok(!redis_command(redis, args, REDIS_REPEAT, &value, pool) && value->length == 4 &&
           memcmp(value->data, "v\0\r\n", 5) == 0,
       "come back, NUL-terminated");
    ok(!run(redis, REDIS_REPEAT, &value, pool, "GET", "none", NULL) && value->kind == REDIS_NIL,
       "nil");
    ok(!run(redis, REDIS_ONCE, &value, pool, "INCR", "n", NULL) &&
           redis_value_uint(value, &number) && number == 1,
       "integer");
    ok(!run(redis, REDIS_REPEAT, &value, pool, "EVAL",
            "#!lua\nreturn {1, {'a', {}}, false, '18446744073709551615'}", "0", NULL) &&
           value->kind == REDIS_ARRAY && value->count == 4 && value->elements[1]->count == 2 &&
           value->elements[1]->elements[1]->count == 0 && value->elements[2]->kind == REDIS_NIL,
       "nested arrays");
    ok(redis_value_uint(value->elements[3], &number) && number == APR_UINT64_MAX,
       "a number as text");
    ok(!redis_value_uint(value, &number) && !redis_value_string(value, 0) &&
           !redis_value_string(value, 4) && redis_value_string(value, 3),
       "what is no number or string is not taken for one");
    is_int(base_fault_code(run(redis, REDIS_REPEAT, &value, pool, "LPUSH", "n", "x", NULL)),
           BASE_FAULT_CORRUPT, "WRONGTYPE is CORRUPT");
    is_int(base_fault_code(run(redis, REDIS_REPEAT, &value, pool, "NOSUCH", NULL)),
           BASE_FAULT_INTERNAL, "an unknown command is INTERNAL");
}

static void test_pipeline(redis_pool_t *redis, apr_pool_t *pool)
{
    redis_args_t *commands[500];
    redis_value_t **values = NULL;
    int i, good = 0;

    for (i = 0; i < 500; i++) {
        commands[i] = redis_args_make(pool);
        redis_args_text(commands[i], i == 250 ? "NOSUCH" : "ECHO");
        redis_args_uint(commands[i], (apr_uint64_t)i);
    }
    ok(!redis_pipeline(redis, commands, 500, REDIS_REPEAT, &values, pool), "500 commands at once");
    for (i = 0; i < 500; i++)
        good += values[i]->kind == REDIS_STRING && atoi(values[i]->data) == i;
    is_int(good, 499, "each has its answer");
    ok(values[250]->kind == REDIS_ERROR && redis_value_fault(values[250], pool) &&
           !redis_value_fault(values[249], pool),
       "an error is one of them");
}

static void test_script(redis_pool_t *redis, apr_pool_t *pool)
{
    redis_script_t *script =
        redis_script_make("test", "#!lua\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])", pool);
    redis_script_t *broken =
        redis_script_make("broken", "#!lua\nreturn redis.call('LPUSH', KEYS[1], 1)", pool);
    redis_value_t *value = NULL;
    redis_args_t *args;
    base_fault_t *fault;
    int i;

    for (i = 1; i <= 3; i++) {
        if (i == 3)
            ok(!run(redis, REDIS_ONCE, &value, pool, "SCRIPT", "FLUSH", NULL), "SCRIPT FLUSH");
        args = redis_script_args(script, 1, pool);
        redis_args_text(args, "counter");
        redis_args_uint(args, 5);
        fault = redis_script_call(redis, script, args, REDIS_ONCE, &value, pool);
        ok(!fault && value->integer == 5 * i, "script call %d runs once", i);
    }
    args = redis_script_args(broken, 1, pool);
    redis_args_text(args, "counter");
    fault = redis_script_call(redis, broken, args, REDIS_ONCE, &value, pool);
    ok(base_fault_code(fault) == BASE_FAULT_CORRUPT && strncmp(fault->message, "broken: ", 8) == 0,
       "WRONGTYPE in a script is CORRUPT and says which script");
}

typedef struct {
    redis_pool_t *redis;
    int failed;
} worker_t;

/* Threads end with a return: AddressSanitizer takes apr_thread_exit amiss. */
static void *APR_THREAD_FUNC worker_run(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create(&pool, NULL);
    for (i = 0; i < 500; i++) {
        redis_value_t *value;

        worker->failed +=
            run(worker->redis, REDIS_ONCE, &value, pool, "INCR", "race", NULL) != NULL;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_threads(redis_pool_t *redis, apr_pool_t *pool)
{
    worker_t workers[THREADS];
    apr_thread_t *threads[THREADS];
    redis_value_t *value = NULL;
    apr_status_t status;
    int i, failed = 0;

    for (i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){.redis = redis};
        apr_thread_create(&threads[i], NULL, worker_run, &workers[i], pool);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
        failed += workers[i].failed;
    }
    is_int(failed, 0, "more threads than connections: everybody is served");
    ok(!run(redis, REDIS_REPEAT, &value, pool, "GET", "race", NULL) &&
           atoi(value->data) == THREADS * 500,
       "each command once");
}

/* -- outages ---------------------------------------------------------------- */

static void wait_until_back(redis_pool_t *redis, apr_pool_t *pool)
{
    redis_value_t *value;
    int tries;

    for (tries = 0; tries < 3000 && run(redis, REDIS_REPEAT, &value, pool, "PING", NULL); tries++)
        usleep(10000);
    ok(tries < 3000, "it recovers by itself");
}

static void test_restart(redis_server_t *server, redis_pool_t *redis, lines_t *lines,
                         apr_pool_t *pool)
{
    redis_value_t *value = NULL;
    base_fault_t *fault;
    int i, refused = 0;

    ok(!run(redis, REDIS_ONCE, &value, pool, "SET", "kept", "1", NULL), "a value is set");
    redis_server_kill(server);
    ok(redis_server_run(server, NULL, NULL), "killed and started again between two commands");
    ok(!run(redis, REDIS_ONCE, &value, pool, "INCR", "kept", NULL) && value->integer == 2,
       "the stale connection is noticed before anything is sent: nobody sees the restart");
    is_int(lines->errors, 0, "and nothing is logged");

    redis_server_kill(server);
    for (i = 0; i < 1000; i++) {
        fault = run(redis, REDIS_REPEAT, &value, pool, "GET", "kept", NULL);
        refused += base_fault_code(fault) == BASE_FAULT_UNAVAILABLE && fault->retry_after > 0;
    }
    is_int(refused, 1000, "down: UNAVAILABLE with retry_after");
    is_int(lines->errors, 1, "one line for the outage");
    ok(strstr(lines->last, " is down: ") != NULL, "it says so: %s", lines->last);
    ok(redis_server_run(server, NULL, NULL), "the server comes back");
    wait_until_back(redis, pool);
    is_int(lines->warnings, 1, "one line for its end");
    ok(strstr(lines->last, " is back after ") != NULL, "it says so: %s", lines->last);
    is_int(lines->errors, 1, "and no other");
}

/* The server closes a connection right after an answer; whether that is noticed before the
 * next command is sent or after, is chance. */
static void test_broken(redis_pool_t *redis, apr_pool_t *pool)
{
    redis_value_t *value = NULL;
    base_fault_t *fault;
    int i, failed = 0;

    for (i = 0; i < 100; i++) {
        fault = run(redis, REDIS_ONCE, &value, pool, "CLIENT", "KILL", "TYPE", "normal", "SKIPME",
                    "no", NULL);
        failed += fault && base_fault_code(fault) != BASE_FAULT_UNAVAILABLE;
        failed += run(redis, REDIS_REPEAT, &value, pool, "PING", NULL) != NULL;
    }
    is_int(failed, 0, "what may be repeated is, over another connection");
}

static void test_hang(redis_server_t *server, apr_pool_t *pool)
{
    lines_t lines;
    redis_pool_t *redis = pool_make(server->url, &lines, 4, pool);
    redis_config_t *config = (redis_config_t *)redis_pool_config(redis);
    redis_value_t *value = NULL;
    base_fault_t *fault;
    int i;

    config->command_timeout = config->connect_timeout = apr_time_from_msec(300);
    ok(!run(redis, REDIS_REPEAT, &value, pool, "PING", NULL), "a server that answers");
    kill(server->pid, SIGSTOP);
    for (i = 0; i < 200; i++) {
        fault = run(redis, REDIS_REPEAT, &value, pool, "PING", NULL);
        if (base_fault_code(fault) != BASE_FAULT_UNAVAILABLE)
            break;
    }
    is_int(i, 200, "and then hangs: UNAVAILABLE");
    is_int(lines.errors, 1, "one line");
    kill(server->pid, SIGCONT);
    wait_until_back(redis, pool);
    is_int(lines.warnings, 1, "and one when it answers again");
}

static void test_password(redis_server_t *server, apr_pool_t *pool)
{
    lines_t lines;
    redis_pool_t *redis;
    redis_value_t *value = NULL;
    base_fault_t *fault;

    redis_server_kill(server);
    ok(redis_server_run(server, "--requirepass", "pass/word"), "a server with a password");
    redis = pool_make(server->url, &lines, 2, pool);
    fault = run(redis, REDIS_REPEAT, &value, pool, "PING", NULL);
    ok(base_fault_code(fault) == BASE_FAULT_UNAVAILABLE && strstr(fault->message, "NOAUTH"),
       "without it: %s", fault ? fault->message : "served");
    redis = pool_make(apr_pstrcat(pool, server->url, "?password=pass/wort", NULL), &lines, 2, pool);
    fault = run(redis, REDIS_REPEAT, &value, pool, "PING", NULL);
    ok(base_fault_code(fault) == BASE_FAULT_UNAVAILABLE && strstr(fault->message, "WRONGPASS") &&
           !strstr(lines.last, "wort"),
       "with a wrong one: %s", lines.last);
    redis = pool_make(apr_pstrcat(pool, server->url, "?db=5&password=pass/word", NULL), &lines, 2,
                      pool);
    wait_until_back(redis, pool); /* it may still be loading */
    ok(!run(redis, REDIS_REPEAT, &value, pool, "SET", "five", "1", NULL), "with the right one");
    redis = pool_make(apr_pstrcat(pool, server->url, "?user=default&password=pass/word", NULL),
                      &lines, 2, pool);
    ok(!run(redis, REDIS_REPEAT, &value, pool, "GET", "five", NULL) && value->kind == REDIS_NIL,
       "as a user; the database was another");
    redis_server_kill(server);
    ok(redis_server_run(server, NULL, NULL), "without a password again");
}

static void test_check(redis_server_t *server, redis_pool_t *redis, apr_pool_t *pool)
{
    apr_array_header_t *warnings = NULL;
    redis_value_t *value = NULL;
    lines_t lines;

    wait_until_back(redis, pool);
    ok(!redis_check(redis, &warnings, pool) && warnings->nelts == 0, "nothing to warn of");
    run(redis, REDIS_ONCE, &value, pool, "CONFIG", "SET", "appendonly", "no", "maxmemory-policy",
        "allkeys-lru", NULL);
    ok(!redis_check(redis, &warnings, pool) && warnings->nelts == 2, "two warnings");
    ok(strstr(APR_ARRAY_IDX(warnings, 0, const char *), "noeviction") &&
           strstr(APR_ARRAY_IDX(warnings, 1, const char *), "appendonly"),
       "that say what to set");
    redis_server_kill(server);
    redis = pool_make(server->url, &lines, 1, pool);
    ok(!redis_check(redis, &warnings, pool) && warnings->nelts == 1,
       "no server: a warning, not a fault");
    redis_server_run(server, NULL, NULL);
}

static void test_full(redis_pool_t *redis, lines_t *lines, apr_pool_t *pool)
{
    redis_value_t *value = NULL;
    int before = lines->errors, i;

    wait_until_back(redis, pool);
    run(redis, REDIS_ONCE, &value, pool, "CONFIG", "SET", "maxmemory", "1", NULL);
    for (i = 0; i < 10; i++) {
        base_fault_t *fault = run(redis, REDIS_ONCE, &value, pool, "SET", "more", "1", NULL);

        if (base_fault_code(fault) != BASE_FAULT_UNAVAILABLE || !fault->retry_after)
            break;
    }
    is_int(i, 10, "out of memory: UNAVAILABLE");
    is_int(lines->errors - before, 1, "one line");
    ok(strstr(lines->last, "OOM") != NULL, "it says so: %s", lines->last);
    ok(!run(redis, REDIS_REPEAT, &value, pool, "GET", "kept", NULL), "reading goes on");
    run(redis, REDIS_ONCE, &value, pool, "CONFIG", "SET", "maxmemory", "0", NULL);
    ok(!run(redis, REDIS_ONCE, &value, pool, "SET", "more", "1", NULL), "so does writing, later");
}

/* -- subscriptions ---------------------------------------------------------- */

static int next_is(redis_subscriber_t *subscriber, redis_event_kind_t kind, const char *channel,
                   redis_event_t *event)
{
    int tries;

    for (tries = 0; tries < 30; tries++) {
        redis_subscriber_next(subscriber, apr_time_from_sec(1), event);
        if (event->kind != REDIS_EVENT_NONE)
            break;
    }
    return event->kind == kind && (!channel || strcmp(event->channel, channel) == 0);
}

static void *APR_THREAD_FUNC interrupt_run(apr_thread_t *thread, void *data)
{
    (void)thread;
    redis_subscriber_interrupt(data);
    return NULL;
}

/* A server that lets us in, but not subscribe. */
static void test_refused(redis_server_t *server, apr_pool_t *pool)
{
    lines_t lines;
    redis_pool_t *redis = pool_make(server->url, &lines, 2, pool);
    redis_subscriber_t *subscriber = NULL;
    redis_event_t event;
    redis_value_t *value;

    run(redis, REDIS_ONCE, &value, pool, "ACL", "SETUSER", "default", "-subscribe", NULL);
    redis_subscriber_create(redis, &subscriber, pool);
    redis_subscriber_connect(subscriber, pool);
    redis_subscriber_subscribe(subscriber, "a");
    ok(next_is(subscriber, REDIS_EVENT_LOST, NULL, &event) && lines.errors == 1 &&
           strstr(lines.last, "NOPERM"),
       "a refused subscription is logged: %s", lines.last);
    run(redis, REDIS_ONCE, &value, pool, "ACL", "SETUSER", "default", "+subscribe", NULL);
}

static void test_subscriber(redis_server_t *server, redis_pool_t *redis, apr_pool_t *pool)
{
    redis_subscriber_t *subscriber = NULL;
    redis_event_t event;
    redis_value_t *value = NULL;
    apr_thread_t *thread;
    apr_status_t status;
    char *large = apr_palloc(pool, 300001);

    memset(large, 'x', 300000);
    large[300000] = '\0';
    wait_until_back(redis, pool);
    ok(!redis_subscriber_create(redis, &subscriber, pool), "a subscriber");
    ok(!redis_subscriber_connect(subscriber, pool), "connects");
    redis_subscriber_subscribe(subscriber, "a");
    redis_subscriber_subscribe(subscriber, "b c");
    ok(next_is(subscriber, REDIS_EVENT_SUBSCRIBED, "a", &event) &&
           next_is(subscriber, REDIS_EVENT_SUBSCRIBED, "b c", &event),
       "two channels");
    run(redis, REDIS_ONCE, &value, pool, "PUBLISH", "b c", "hello", NULL);
    run(redis, REDIS_ONCE, &value, pool, "PUBLISH", "a", large, NULL);
    run(redis, REDIS_ONCE, &value, pool, "PUBLISH", "other", "x", NULL);
    ok(next_is(subscriber, REDIS_EVENT_MESSAGE, "b c", &event) && strcmp(event.data, "hello") == 0,
       "a message");
    ok(next_is(subscriber, REDIS_EVENT_MESSAGE, "a", &event) && event.length == 300000 &&
           strcmp(event.data, large) == 0,
       "a large one, in many reads");
    redis_subscriber_unsubscribe(subscriber, "a");
    ok(next_is(subscriber, REDIS_EVENT_UNSUBSCRIBED, "a", &event), "one channel less");
    apr_thread_create(&thread, NULL, interrupt_run, subscriber, pool);
    redis_subscriber_next(subscriber, -1, &event);
    is_int(event.kind, REDIS_EVENT_NONE, "an endless wait is interrupted");
    apr_thread_join(&status, thread);
    redis_server_kill(server);
    ok(next_is(subscriber, REDIS_EVENT_LOST, NULL, &event), "the server's end is told");
    ok(base_fault_code(redis_subscriber_connect(subscriber, pool)) == BASE_FAULT_UNAVAILABLE,
       "it does not connect");
    ok(redis_subscriber_delay(subscriber) > 0, "and says when to try again");
    redis_subscriber_next(subscriber, apr_time_from_msec(1), &event);
    is_int(event.kind, REDIS_EVENT_NONE, "an unconnected one only waits");
    redis_server_run(server, NULL, NULL);
    ok(!redis_subscriber_connect(subscriber, pool), "until the server is back");
    redis_subscriber_subscribe(subscriber, "a");
    ok(next_is(subscriber, REDIS_EVENT_SUBSCRIBED, "a", &event), "and subscribes again");
    run(redis, REDIS_ONCE, &value, pool, "CLIENT", "KILL", "TYPE", "pubsub", NULL);
    ok(next_is(subscriber, REDIS_EVENT_LOST, NULL, &event), "a killed connection is told");
}

static void test_server(apr_pool_t *pool)
{
    redis_server_t server;
    redis_pool_t *redis;
    lines_t lines;

    if (!redis_server_start(&server)) {
        ok(1, "everything with a server # SKIP there is no redis-server");
        return;
    }
    redis = pool_make(server.url, &lines, 3, pool);
    test_values(redis, pool);
    test_pipeline(redis, pool);
    test_script(redis, pool);
    test_threads(redis, pool);
    test_restart(&server, redis, &lines, pool);
    test_broken(redis, pool);
    test_hang(&server, pool);
    test_password(&server, pool);
    test_check(&server, redis, pool);
    test_full(redis, &lines, pool);
    test_subscriber(&server, redis, pool);
    test_refused(&server, pool);
    redis_server_finish(&server);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_server(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
