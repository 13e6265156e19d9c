/* nftw, struct sockaddr_un */
#define _GNU_SOURCE 1
#include "redis_server.h"
#include "wake_contract.h"

#include <apr_general.h>

static redis_pool_t *connect_to(const char *url, apr_pool_t *pool)
{
    redis_config_t *config;

    if (redis_config_parse(url, &config, pool))
        abort();
    return redis_pool_create(config, NULL, pool);
}

static void wait_until_back(wake_env_t *env, apr_pool_t *pool)
{
    wake_options_t options = wake_options("back@x", "D");
    wake_waiter_t *waiter;
    int tries;

    for (tries = 0; tries < 3000; tries++) {
        if (!wake_waiter_arm(env->hub, &options, &waiter, pool) &&
            !wake_publish(env->other, "back@x", "5", WAKE_EVENT_ADDED, pool))
            break;
        usleep(10000);
    }
    ok(tries < 3000, "it recovers by itself");
}

/* While the server is away the same data are served under another name, where somebody
 * publishes a change: the hub cannot have heard of it. */
static void test_outage(wake_env_t *env, redis_server_t *server, apr_pool_t *pool)
{
    redis_server_t elsewhere = *server;
    wake_waiter_t *missed = wake_armed_simply(env->hub, "o@x", "D", pool);
    wake_waiter_t *calm = wake_armed_simply(env->hub, "calm@x", "D", pool);
    wake_options_t options = wake_options("o@x", "E");
    wake_waiter_t *none = NULL;
    wake_bus_t *bus;
    base_fault_t *fault;

    redis_server_kill(server);
    snprintf(elsewhere.socket, sizeof elsewhere.socket, "%s/elsewhere.sock", server->folder);
    if (!ok(redis_server_run(&elsewhere, NULL, NULL), "the data are served elsewhere"))
        return;
    bus = wake_bus_create_redis(
        connect_to(apr_pstrcat(pool, "unix:", elsewhere.socket, NULL), pool), "w", NULL, pool);
    ok(!wake_publish(bus, "o@x", "5", WAKE_EVENT_ADDED, pool), "a change during the outage");
    do
        fault = wake_waiter_arm(env->hub, &options, &none, pool);
    while (!fault);
    is_int(base_fault_code(fault), BASE_FAULT_UNAVAILABLE, "nobody can be armed meanwhile");
    is_int(wake_waiter_reason(missed), WAKE_REASON_NONE, "nor is anybody woken");
    redis_server_kill(&elsewhere);
    ok(redis_server_run(server, NULL, NULL), "the server is back");
    is_int(wake_waiter_block(missed, -1), WAKE_REASON_CHANGED, "and the change is told");
    wait_until_back(env, pool);
    is_int(wake_flush(env, calm, "calm@x", pool), WAKE_REASON_RESET,
           "who missed nothing is not woken");
}

static void test_killed_connection(wake_env_t *env, redis_pool_t *redis, apr_pool_t *pool)
{
    int i, changed = 0;

    for (i = 0; i < 10; i++) {
        wake_waiter_t *waiter = wake_armed_simply(env->hub, "kill@x", "D", pool);

        redis_say(redis, pool, "CLIENT", "KILL", "TYPE", "pubsub", NULL);
        wake_publish(env->other, "kill@x", "5", WAKE_EVENT_ADDED, pool);
        changed += wake_waiter_block(waiter, -1) == WAKE_REASON_CHANGED;
    }
    is_int(changed, 10, "a killed subscription misses nothing");
}

static void test_lost_data(wake_env_t *env, redis_pool_t *redis, apr_pool_t *pool)
{
    wake_waiter_t *waiter;

    wake_publish(env->bus, "lost@x", "5", WAKE_EVENT_ADDED, pool);
    waiter = wake_armed_simply(env->hub, "lost@x", "D", pool);
    redis_say(redis, pool, "FLUSHALL", NULL);
    redis_say(redis, pool, "SCRIPT", "FLUSH", NULL);
    wake_publish(env->other, "lost@x", "5", WAKE_EVENT_ADDED, pool);
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_CHANGED,
           "after Redis lost its data a version is still a new one");
}

static void test_nonsense(wake_env_t *env, redis_pool_t *redis, apr_pool_t *pool)
{
    static const char *const messages[] = {"",        "E", "E A", "E A 5",    "X A 5 5", "E A x 5",
                                           "S q 9 D", "R", "R 5", "EE A 9 5", "S p -1 D"};
    wake_waiter_t *waiter = wake_armed_simply(env->hub, "nonsense@x", "D", pool);
    size_t i;

    for (i = 0; i < sizeof messages / sizeof *messages; i++)
        redis_say(redis, pool, "PUBLISH", "w:{nonsense%40x}:c", messages[i], NULL);
    is_int(wake_flush(env, waiter, "nonsense@x", pool), WAKE_REASON_RESET,
           "what is no message is ignored");
    redis_say(redis, pool, "SET", "w:{bad%40x}:v", "text", NULL);
    is_int(base_fault_code(wake_publish(env->bus, "bad@x", "5", WAKE_EVENT_ADDED, pool)),
           BASE_FAULT_CORRUPT, "a key of the wrong type");
    is_str(wake_version(env->bus, "bad@x", "5", pool), "(fault)", "cannot be read either");
}

int main(void)
{
    redis_server_t server;
    redis_pool_t *redis;
    apr_pool_t *pool;
    wake_env_t env;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (redis_server_start(&server)) {
        redis = connect_to(server.url, pool);
        env.bus = wake_bus_create_redis(redis, "w", NULL, pool);
        env.other = wake_bus_create_redis(connect_to(server.url, pool), "w", NULL, pool);
        if (wake_hub_create(env.bus, NULL, &env.hub, pool) ||
            wake_hub_create(env.other, NULL, &env.remote, pool))
            return 1;
        wake_contract_run(&env, "redis", pool);
        test_killed_connection(&env, redis, pool);
        test_lost_data(&env, redis, pool);
        test_nonsense(&env, redis, pool);
        test_outage(&env, &server, pool);
        wake_contract_stop(&env, pool);
        redis_server_finish(&server);
    }
    else
        ok(1, "the redis bus # SKIP there is no redis-server");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
