#include "wake_contract.h"

#include <apr_general.h>

#include "wake/bus.h"
#include "wake/memory.h"
#include "wake/hub.h"
#include "wake/timer.h"

static void test_timers(void)
{
    enum { TIMERS = 200, STEPS = 20000 };
    static wake_timer_t all[TIMERS];
    wake_timers_t timers = {0};
    unsigned random = 7;
    int i, j, wrong = 0;

    for (i = 0; i < STEPS; i++) {
        wake_timer_t *timer, *first;
        apr_time_t least = APR_INT64_MAX;

        random = random * 1103515245 + 12345;
        timer = &all[(random >> 8) % TIMERS];
        if ((random >> 4) % 3)
            wake_timers_set(&timers, timer, (apr_time_t)((random >> 12) % 1000));
        else
            wake_timers_unset(&timers, timer);
        for (j = 0; j < TIMERS; j++)
            if (all[j].position && all[j].due < least)
                least = all[j].due;
        first = wake_timers_first(&timers);
        wrong += first ? first->due != least : least != APR_INT64_MAX;
    }
    is_int(wrong, 0, "the first timer is always the earliest");
    wake_timers_free(&timers);
}

static void hold_until_deaf(wake_hub_t *hub, apr_pool_t *pool)
{
    wake_options_t options = wake_options("deaf@x", "probe");
    wake_waiter_t *waiter;
    int tries;

    for (tries = 0; tries < 30000; tries++) {
        apr_pool_clear(pool);
        if (wake_waiter_arm(hub, &options, &waiter, pool))
            return;
        usleep(1000);
    }
}

static void test_outage(wake_env_t *env, apr_pool_t *pool)
{
    wake_options_t options = wake_options("o@x", "E"), nobody = wake_options("o@x", "F");
    const char *other_folder = "77";
    wake_waiter_t *missed, *calm, *reset, *replaced, *none = NULL;
    apr_pool_t *probe;
    base_fault_t *fault;

    apr_pool_create(&probe, pool);
    missed = wake_armed_simply(env->hub, "o@x", "D", pool);
    options.folder_ids = &other_folder;
    options.folder_count = 1;
    calm = wake_armed(env->hub, &options, pool);
    reset = wake_armed_simply(env->hub, "p@x", "D", pool);
    replaced = wake_armed_simply(env->hub, "p@x", "E", pool);
    wake_bus_memory_set(env->bus, WAKE_MEMORY_DEAF);
    hold_until_deaf(env->hub, probe);
    fault = wake_waiter_arm(env->hub, &nobody, &none, pool);
    ok(base_fault_code(fault) == BASE_FAULT_UNAVAILABLE && fault->retry_after > 0,
       "without a connection nobody can be armed: %s", fault ? fault->message : "");
    wake_publish(env->bus, "o@x", "5", WAKE_EVENT_ADDED, pool);
    wake_reset(env->bus, "p@x", "D", pool);
    wake_supersede(env->bus, "p@x", "E", WAKE_KIND_PING, pool);
    ok(wake_waiter_reason(missed) == WAKE_REASON_NONE &&
           wake_waiter_reason(reset) == WAKE_REASON_NONE,
       "what happens meanwhile is not heard");
    wake_bus_memory_set(env->bus, WAKE_MEMORY_UP);
    is_int(wake_waiter_block(missed, -1), WAKE_REASON_CHANGED, "but told afterwards");
    is_int(wake_waiter_block(reset, -1), WAKE_REASON_RESET, "so is a reset");
    is_int(wake_waiter_block(replaced, -1), WAKE_REASON_SUPERSEDED, "and a newer request");
    is_int(wake_flush(env, calm, "o@x", pool), WAKE_REASON_RESET,
           "who missed nothing is not woken");

    missed = wake_armed_simply(env->hub, "o@x", "D", pool);
    wake_bus_memory_set(env->bus, WAKE_MEMORY_DOWN);
    is_int(base_fault_code(wake_publish(env->bus, "o@x", "5", WAKE_EVENT_ADDED, pool)),
           BASE_FAULT_UNAVAILABLE, "down: nothing works");
    wake_bus_memory_forget(env->bus);
    wake_bus_memory_set(env->bus, WAKE_MEMORY_UP);
    is_int(wake_waiter_block(missed, -1), WAKE_REASON_CHANGED, "lost numbers: better look");
    wake_waiter_rearm(missed);
    wake_publish(env->bus, "o@x", "5", WAKE_EVENT_ADDED, pool);
    is_int(wake_waiter_block(missed, -1), WAKE_REASON_CHANGED, "and all goes on");
}

/* A bus that gives those who wait time to go before the connection is made anew. */
static wake_bus_driver_t slow_driver;

static apr_interval_time_t slow_delay(void *listener)
{
    (void)listener;
    return apr_time_from_msec(300);
}

static void await_lost(wake_hub_t *hub)
{
    int connected = 1;

    while (connected) {
        apr_thread_mutex_lock(hub->mutex);
        connected = hub->connected;
        apr_thread_mutex_unlock(hub->mutex);
        usleep(1000);
    }
}

/* The connection is lost, whoever waited goes, and so nobody wants one any more. */
static void test_nobody_left(apr_pool_t *pool)
{
    wake_bus_t *bus = apr_palloc(pool, sizeof *bus), *inner = wake_bus_create_memory(pool);
    wake_options_t options = wake_options("n@x", "D");
    wake_waiter_t *waiter;
    wake_hub_t *hub;

    slow_driver = *inner->driver;
    slow_driver.delay = slow_delay;
    *bus = (wake_bus_t){.driver = &slow_driver, .self = inner->self};
    if (wake_hub_create(bus, NULL, &hub, pool))
        abort();
    waiter = wake_armed_simply(hub, "n@x", "D", pool);
    wake_bus_memory_set(inner, WAKE_MEMORY_DEAF);
    await_lost(hub);
    wake_waiter_end(waiter);
    wake_bus_memory_set(inner, WAKE_MEMORY_UP);
    usleep(600000); /* the time to connect passes, and the thread goes to sleep */
    ok(!wake_waiter_arm(hub, &options, &waiter, pool),
       "the next one of the account has the connection made");
    wake_hub_stop(hub);
}

/* A bus whose connection is lost and comes back, with a change missed, just when the numbers
 * of a waiter have been read and it is not armed yet. */
static wake_bus_driver_t interrupted_driver;
static wake_bus_t *interrupted_inner;
static wake_waiter_t *interrupted_witness;

static base_fault_t *interrupted_supersede(void *self, wake_query_t *query, apr_pool_t *pool)
{
    wake_waiter_t *witness = interrupted_witness;

    BASE_TRY(interrupted_inner->driver->supersede(self, query, pool));
    interrupted_witness = NULL;
    if (!witness)
        return NULL;
    wake_bus_memory_set(interrupted_inner, WAKE_MEMORY_DEAF);
    BASE_TRY(wake_publish(interrupted_inner, "i@x", "5", WAKE_EVENT_ADDED, pool));
    wake_bus_memory_set(interrupted_inner, WAKE_MEMORY_UP);
    is_int(wake_waiter_block(witness, -1), WAKE_REASON_CHANGED,
           "interrupted while arming: who is armed is told");
    return NULL;
}

static void test_interrupted(apr_pool_t *pool)
{
    wake_bus_t *bus = apr_palloc(pool, sizeof *bus);
    wake_hub_t *hub;
    wake_waiter_t *waiter;

    interrupted_inner = wake_bus_create_memory(pool);
    interrupted_driver = *interrupted_inner->driver;
    interrupted_driver.supersede = interrupted_supersede;
    *bus = (wake_bus_t){.driver = &interrupted_driver, .self = interrupted_inner->self};
    if (wake_hub_create(bus, NULL, &hub, pool))
        abort();
    interrupted_witness = wake_armed_simply(hub, "i@x", "W", pool);
    waiter = wake_armed_simply(hub, "i@x", "D", pool);
    is_str(wake_waiter_version(waiter, 0, pool), wake_version(interrupted_inner, "i@x", "5", pool),
           "and who is not yet has the later numbers");
    wake_hub_stop(hub);
}

/* Down and up again and again while changes come. */
static void *APR_THREAD_FUNC shake_run(apr_thread_t *thread, void *data)
{
    wake_race_t *race = data;

    (void)thread;
    while (__atomic_load_n(&race->seen, __ATOMIC_ACQUIRE) < race->rounds) {
        wake_bus_memory_set(race->env->bus, WAKE_MEMORY_DEAF);
        usleep(500);
        wake_bus_memory_set(race->env->bus, WAKE_MEMORY_UP);
        usleep(3000);
    }
    return NULL;
}

static void test_shake(wake_env_t *env, apr_pool_t *pool)
{
    wake_race_t race = {.env = env, .rounds = 30};
    wake_options_t options = wake_options("race@x", "D");
    apr_thread_t *producer, *shaker;
    wake_waiter_t *waiter;
    apr_status_t status;
    int i, expired = 0;

    options.deadline = apr_time_now() + 10 * WAKE_LONG;
    apr_thread_create(&producer, NULL, wake_race_produce, &race, pool);
    apr_thread_create(&shaker, NULL, shake_run, &race, pool);
    for (i = 1; i <= race.rounds; i++) {
        while (wake_waiter_arm(env->hub, &options, &waiter, pool))
            usleep(300);
        while (__atomic_load_n(&race.mailbox, __ATOMIC_ACQUIRE) < i && !expired) {
            expired = wake_waiter_block(waiter, -1) != WAKE_REASON_CHANGED;
            wake_waiter_rearm(waiter);
        }
        __atomic_store_n(&race.seen, i, __ATOMIC_RELEASE);
    }
    apr_thread_join(&status, producer);
    apr_thread_join(&status, shaker);
    while (wake_waiter_arm(env->hub, &options, &waiter, pool)) /* its last failure */
        usleep(300);
    is_int(expired, 0, "a connection that comes and goes misses nothing either");
}

/* -- pace ------------------------------------------------------------------- */

#define PACE_WAITERS 6

static int pace_woken;

static void pace_wake(void *baton, wake_reason_t reason)
{
    (void)baton;
    (void)reason;
    pace_woken++;
}

/* A hub without a thread, so that nothing happens but what is called here: no turn is over
 * before its time. */
static void test_pace(void)
{
    wake_hub_t hub = {.pace = 2, .round = 1};
    wake_waiter_t waiters[PACE_WAITERS] = {{.id = 0}};
    wake_turn_t turns[PACE_WAITERS] = {{0}};
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < PACE_WAITERS; i++) {
        waiters[i] = (wake_waiter_t){
            .hub = &hub, .pending = WAKE_REASON_CHANGED, .wake = pace_wake, .turn = &turns[i]};
        wake_timers_set(&hub.timers, &waiters[i].timer, now - PACE_WAITERS + i);
    }
    wake_hub_fire(&hub);
    hub.round_end = APR_INT64_MAX;
    is_int(pace_woken, 2, "two are woken, as is the pace");
    ok(turns[0].round && turns[1].round && !turns[2].round, "those who were due first");
    wake_hub_fire(&hub);
    is_int(pace_woken, 2, "nobody else as long as they are under way");
    wake_pace_end(&hub, &turns[1]);
    hub.round_end = APR_INT64_MAX;
    is_int(pace_woken, 3, "one ends, one begins");
    wake_pace_end(&hub, &turns[1]);
    wake_pace_end(&hub, &turns[5]);
    is_int(pace_woken, 3, "a turn ends once, and not before it began");
    hub.round_end = now - 1;
    wake_hub_fire(&hub);
    hub.round_end = APR_INT64_MAX;
    is_int(pace_woken, 5, "those who take too long do not hold up the others");
    wake_pace_end(&hub, &turns[0]);
    is_int(pace_woken, 5, "nor do they count when they end");
    waiters[5].turn = NULL;
    hub.stopped = 1;
    wake_hub_fire(&hub);
    is_int(pace_woken, PACE_WAITERS, "at the end everybody is woken");
    wake_timers_free(&hub.timers);
}

int main(void)
{
    apr_pool_t *pool, *hubs;
    wake_env_t env;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&hubs, pool);
    test_timers();
    test_pace();
    env.bus = env.other = wake_bus_create_memory(pool);
    if (wake_hub_create(env.bus, NULL, &env.hub, hubs) ||
        wake_hub_create(env.bus, NULL, &env.remote, hubs))
        return 1;
    wake_contract_run(&env, "memory", pool);
    test_outage(&env, pool);
    test_interrupted(pool);
    test_nobody_left(pool);
    test_shake(&env, pool);
    wake_contract_stop(&env, pool);
    apr_pool_clear(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
