/* What waking must do over any bus; the test of each bus runs all of it. bus and other are
 * two ways to the same bus, hub and remote two children on two nodes. */
#ifndef T_UNIT_WAKE_CONTRACT_H
#define T_UNIT_WAKE_CONTRACT_H

#include "tap.h"

#include <stdlib.h>
#include <unistd.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "wake/wake.h"

#define WAKE_LONG apr_time_from_sec(60) /* for what must come before */
#define WAKE_ODD "a/b{c}\" \xc3\xbc%7D:"

typedef struct {
    wake_bus_t *bus, *other;
    wake_hub_t *hub, *remote;
} wake_env_t;

static const char *const wake_folders[] = {"5", "12", WAKE_FOLDER_HIERARCHY};

static wake_options_t wake_options(const char *account, const char *device)
{
    return (wake_options_t){.account = account,
                            .device = device,
                            .kind = WAKE_KIND_PING,
                            .folder_ids = wake_folders,
                            .folder_count = 3,
                            .deadline = apr_time_now() + WAKE_LONG};
}

static wake_waiter_t *wake_armed(wake_hub_t *hub, const wake_options_t *options, apr_pool_t *pool)
{
    wake_waiter_t *waiter = NULL;
    base_fault_t *fault = wake_waiter_arm(hub, options, &waiter, pool);

    if (fault) {
        printf("Bail out! arming: %s\n", fault->message);
        exit(1);
    }
    return waiter;
}

static wake_waiter_t *wake_armed_simply(wake_hub_t *hub, const char *account, const char *device,
                                        apr_pool_t *pool)
{
    wake_options_t options = wake_options(account, device);

    return wake_armed(hub, &options, pool);
}

static const char *wake_version(wake_bus_t *bus, const char *account, const char *folder,
                                apr_pool_t *pool)
{
    const char **versions;

    return wake_versions_read(bus, account, &folder, 1, &versions, pool) ? "(fault)" : versions[0];
}

/* What was told before this has arrived: a reset comes after it and wakes whoever is not
 * awake. Any other reason says that something else had come. */
static wake_reason_t wake_flush(wake_env_t *env, wake_waiter_t *waiter, const char *account,
                                apr_pool_t *pool)
{
    ok(!wake_reset(env->other, account, NULL, pool), "a mark is sent");
    return wake_waiter_block(waiter, -1);
}

static void wake_contract_versions(wake_env_t *env, apr_pool_t *pool)
{
    const char *first, *second;

    is_str(wake_version(env->bus, "v@x", "5", pool), "0", "a folder that never changed");
    ok(!wake_publish(env->bus, "v@x", "5", WAKE_EVENT_ADDED, pool), "it changes");
    first = wake_version(env->other, "v@x", "5", pool);
    ok(strcmp(first, "0") != 0, "then it has a version");
    is_str(wake_version(env->bus, "v@x", "12", pool), "0", "others have not");
    is_str(wake_version(env->bus, "v", "5", pool), "0", "nor those of another account");
    ok(!wake_publish(env->other, "v@x", "5", WAKE_EVENT_CHANGED, pool), "it changes again");
    second = wake_version(env->bus, "v@x", "5", pool);
    ok(strcmp(first, second) != 0, "another version");
    ok(!wake_publish(env->bus, WAKE_ODD, WAKE_ODD, WAKE_EVENT_ADDED, pool) &&
           strcmp(wake_version(env->bus, WAKE_ODD, WAKE_ODD, pool), "0") != 0,
       "odd names");
}

static void wake_contract_changed(wake_env_t *env, apr_pool_t *pool)
{
    wake_waiter_t *waiter = wake_armed_simply(env->hub, "c@x", "D", pool);
    wake_waiter_t *odd;
    wake_options_t options = wake_options(WAKE_ODD, WAKE_ODD);
    const char *odd_folder = WAKE_ODD;

    is_int(wake_waiter_reason(waiter), WAKE_REASON_NONE, "armed");
    ok(!wake_publish(env->other, "c@x", "12", WAKE_EVENT_ADDED, pool), "a change");
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_CHANGED, "wakes");
    is_int(wake_waiter_reason(waiter), WAKE_REASON_CHANGED, "and stays awake");
    is_str(wake_waiter_version(waiter, 1, pool), wake_version(env->bus, "c@x", "12", pool),
           "the waiter knows the version");
    wake_waiter_rearm(waiter);
    ok(!wake_publish(env->other, "c@x", WAKE_FOLDER_HIERARCHY, WAKE_EVENT_ADDED, pool),
       "armed again: a change of the hierarchy");
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_CHANGED, "wakes");
    wake_waiter_rearm(waiter);
    wake_publish(env->other, "c@x", "6", WAKE_EVENT_ADDED, pool);
    wake_publish(env->other, "c", "5", WAKE_EVENT_ADDED, pool);
    is_int(wake_flush(env, waiter, "c@x", pool), WAKE_REASON_RESET,
           "other folders and accounts do not");
    options.folder_ids = &odd_folder;
    options.folder_count = 1;
    odd = wake_armed(env->hub, &options, pool);
    wake_publish(env->other, WAKE_ODD, WAKE_ODD, WAKE_EVENT_ADDED, pool);
    is_int(wake_waiter_block(odd, -1), WAKE_REASON_CHANGED, "odd names");
}

static void wake_contract_before(wake_env_t *env, apr_pool_t *pool)
{
    wake_waiter_t *waiter;

    wake_publish(env->bus, "b@x", "5", WAKE_EVENT_ADDED, pool);
    wake_reset(env->bus, "b@x", "D", pool);
    wake_supersede(env->bus, "b@x", "D", WAKE_KIND_PING, pool);
    waiter = wake_armed_simply(env->hub, "b@x", "D", pool);
    is_str(wake_waiter_version(waiter, 0, pool), wake_version(env->bus, "b@x", "5", pool),
           "armed with the version that is");
    is_int(wake_flush(env, waiter, "b@x", pool), WAKE_REASON_RESET, "the past does not wake");
}

static void wake_contract_expired(wake_env_t *env, apr_pool_t *pool)
{
    wake_options_t options = wake_options("e@x", "D");

    options.deadline = apr_time_now() - 1;
    is_int(wake_waiter_block(wake_armed(env->hub, &options, pool), -1), WAKE_REASON_EXPIRED,
           "a heartbeat that is over");
    options.deadline = apr_time_now() + apr_time_from_msec(30);
    is_int(wake_waiter_block(wake_armed(env->hub, &options, pool), -1), WAKE_REASON_EXPIRED,
           "one that ends");
    ok(apr_time_now() >= options.deadline, "not before its time");
}

static void wake_contract_coalesce(wake_env_t *env, apr_pool_t *pool)
{
    wake_options_t options = wake_options("k@x", "D");
    wake_waiter_t *waiter;
    apr_time_t begin;

    options.coalesce = apr_time_from_msec(30);
    waiter = wake_armed(env->hub, &options, pool);
    begin = apr_time_now();
    wake_publish(env->other, "k@x", "5", WAKE_EVENT_CHANGED, pool);
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_RIPE, "a change of flags waits for more");
    ok(apr_time_now() - begin >= options.coalesce, "for its time");
    options.coalesce = WAKE_LONG;
    waiter = wake_armed(env->hub, &options, pool);
    wake_publish(env->other, "k@x", "5", WAKE_EVENT_CHANGED, pool);
    wake_publish(env->other, "k@x", "5", WAKE_EVENT_ADDED, pool);
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_CHANGED, "an addition does not");
    wake_waiter_rearm(waiter);
    wake_waiter_hold(waiter, apr_time_from_msec(10));
    wake_waiter_hold(waiter, WAKE_LONG);
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_RIPE, "of two holds the shorter one counts");
    options.coalesce = 0;
    waiter = wake_armed(env->hub, &options, pool);
    wake_waiter_hold(waiter, apr_time_from_msec(10));
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_RIPE, "a hold of the caller's ripens");
    wake_waiter_rearm(waiter);
    wake_publish(env->other, "k@x", "5", WAKE_EVENT_CHANGED, pool);
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_CHANGED,
           "without coalescing it wakes at once");
}

static void wake_contract_supersede(wake_env_t *env, apr_pool_t *pool)
{
    wake_options_t sync = wake_options("s@x", "D");
    wake_waiter_t *old, *new, *other_device, *other_kind, *other_account;

    sync.kind = WAKE_KIND_SYNC;
    old = wake_armed_simply(env->hub, "s@x", "D", pool);
    other_device = wake_armed_simply(env->hub, "s@x", "E", pool);
    other_kind = wake_armed(env->hub, &sync, pool);
    other_account = wake_armed_simply(env->hub, "s", "D", pool);
    new = wake_armed_simply(env->remote, "s@x", "D", pool);
    is_int(wake_waiter_block(old, -1), WAKE_REASON_SUPERSEDED, "a newer Ping on another node");
    ok(!wake_supersede(env->other, "s@x", "D", WAKE_KIND_SYNC, pool), "a Sync that does not wait");
    is_int(wake_waiter_block(other_kind, -1), WAKE_REASON_SUPERSEDED, "ends the one that does");
    is_int(wake_flush(env, new, "s@x", pool), WAKE_REASON_RESET, "but not the Ping");
    is_int(wake_waiter_block(other_device, -1), WAKE_REASON_RESET, "nothing ends another device's");
    is_int(wake_flush(env, other_account, "s", pool), WAKE_REASON_RESET, "or another account's");
}

static void wake_contract_reset(wake_env_t *env, apr_pool_t *pool)
{
    wake_waiter_t *one = wake_armed_simply(env->hub, "r@x", "D", pool);
    wake_waiter_t *two = wake_armed_simply(env->remote, "r@x", "E", pool);

    ok(!wake_reset(env->other, "r@x", "D", pool), "a device is reset");
    is_int(wake_waiter_block(one, -1), WAKE_REASON_RESET, "its request wakes");
    wake_publish(env->other, "r@x", "5", WAKE_EVENT_ADDED, pool);
    is_int(wake_waiter_block(two, -1), WAKE_REASON_CHANGED, "another's does not");
    wake_waiter_rearm(one);
    is_int(wake_waiter_reason(one), WAKE_REASON_RESET, "after a reset there is no arming again");
    one = wake_armed_simply(env->hub, "r@x", "D", pool);
    wake_waiter_rearm(two);
    ok(!wake_reset(env->other, "r@x", NULL, pool), "the account is reset");
    is_int(wake_waiter_block(one, -1), WAKE_REASON_RESET, "one wakes");
    is_int(wake_waiter_block(two, -1), WAKE_REASON_RESET, "so does the other");
}

static void wake_contract_notify(wake_env_t *env, apr_pool_t *pool)
{
    wake_waiter_t *here = wake_armed_simply(env->hub, "n@x", "D", pool);
    wake_waiter_t *there = wake_armed_simply(env->remote, "n@x", "E", pool);

    wake_notify(env->hub, "n@x", "6", WAKE_EVENT_ADDED);
    wake_notify(env->hub, "nobody@x", "5", WAKE_EVENT_ADDED);
    wake_notify(env->hub, "n@x", "5", WAKE_EVENT_ADDED);
    is_int(wake_waiter_block(here, -1), WAKE_REASON_CHANGED, "what a child sees itself wakes here");
    is_int(wake_flush(env, there, "n@x", pool), WAKE_REASON_RESET, "and nowhere else");
}

/* -- parked ----------------------------------------------------------------- */

typedef struct {
    int calls;
    int reason;
} wake_parked_t;

static void wake_parked(void *baton, wake_reason_t reason)
{
    wake_parked_t *parked = baton;

    __atomic_store_n(&parked->reason, reason, __ATOMIC_RELEASE);
    __atomic_add_fetch(&parked->calls, 1, __ATOMIC_ACQ_REL);
}

/* 1 once it was called so many times. */
static int wake_parked_calls(wake_parked_t *parked, int calls)
{
    int tries;

    for (tries = 0; tries < 30000; tries++) {
        if (__atomic_load_n(&parked->calls, __ATOMIC_ACQUIRE) >= calls)
            return 1;
        usleep(1000);
    }
    return 0;
}

static void wake_contract_park(wake_env_t *env, apr_pool_t *pool)
{
    wake_waiter_t *waiter = wake_armed_simply(env->hub, "p@x", "D", pool);
    wake_parked_t parked = {0};

    is_int(wake_waiter_park(waiter, NULL, wake_parked, &parked), WAKE_REASON_NONE, "parked");
    wake_publish(env->other, "p@x", "5", WAKE_EVENT_ADDED, pool);
    ok(wake_parked_calls(&parked, 1) && parked.reason == WAKE_REASON_CHANGED, "and called");
    is_int(wake_waiter_park(waiter, NULL, wake_parked, &parked), WAKE_REASON_CHANGED,
           "who is awake is told at once");
    wake_waiter_rearm(waiter);
    wake_publish(env->other, "p@x", "5", WAKE_EVENT_ADDED, pool);
    wake_publish(env->other, "p@x", "5", WAKE_EVENT_ADDED, pool);
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_CHANGED, "the next time somebody blocks");
    is_int(parked.calls, 1, "and is not called");
}

static void wake_contract_gone(wake_env_t *env, apr_pool_t *parent)
{
    wake_parked_t parked = {0};
    int before = wake_hub_count(env->hub), i;
    wake_waiter_t *waiter;
    apr_pool_t *pool;

    apr_pool_create(&pool, parent);
    for (i = 0; i < 300; i++) {
        waiter = wake_armed_simply(env->hub, "g@x", "D", pool);
        wake_waiter_park(waiter, NULL, wake_parked, &parked);
        apr_pool_clear(pool);
    }
    is_int(wake_hub_count(env->hub), before, "who hangs up leaves the hub");
    waiter = wake_armed_simply(env->hub, "g@x", "E", pool);
    wake_publish(env->other, "g@x", "5", WAKE_EVENT_ADDED, pool);
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_CHANGED, "the account is subscribed afresh");
    ok(parked.calls == 0 || parked.reason == WAKE_REASON_SUPERSEDED, "nobody is called afterwards");
    apr_pool_destroy(pool);
}

static void wake_contract_many(wake_env_t *env, apr_pool_t *pool)
{
    enum { ACCOUNTS = 60, DEVICES = 10 };
    wake_parked_t parked = {0};
    int i, j;

    for (i = 0; i < ACCOUNTS; i++)
        for (j = 0; j < DEVICES; j++)
            wake_waiter_park(wake_armed_simply(env->hub, apr_psprintf(pool, "m%d@x", i),
                                               apr_psprintf(pool, "D%d", j), pool),
                             NULL, wake_parked, &parked);
    is_int(parked.calls, 0, "hundreds wait");
    for (i = 0; i < ACCOUNTS; i++)
        wake_publish(env->other, apr_psprintf(pool, "m%d@x", i), "5", WAKE_EVENT_ADDED, pool);
    ok(wake_parked_calls(&parked, ACCOUNTS * DEVICES), "all are woken");
    is_int(parked.calls, ACCOUNTS * DEVICES, "once each");
}

/* -- nothing is missed ------------------------------------------------------ */

typedef struct {
    wake_env_t *env;
    int mailbox; /* what the backend knows: the consumer compares with it */
    int seen;
    int rounds;
} wake_race_t;

static void *APR_THREAD_FUNC wake_race_produce(apr_thread_t *thread, void *data)
{
    wake_race_t *race = data;
    unsigned random = 1;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create(&pool, NULL);
    for (i = 1; i <= race->rounds; i++) {
        random = random * 1103515245 + 12345;
        if ((random >> 20) % 4) /* before, while and after the consumer arms */
            usleep((random >> 16) % 400);
        __atomic_store_n(&race->mailbox, i, __ATOMIC_RELEASE);
        wake_publish(race->env->other, "race@x", "5", WAKE_EVENT_ADDED, pool);
        apr_pool_clear(pool);
        while (__atomic_load_n(&race->seen, __ATOMIC_ACQUIRE) == i - 1)
            usleep(20);
        if (__atomic_load_n(&race->seen, __ATOMIC_ACQUIRE) < 0)
            break;
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Arm, look, wait; after every third round the request is answered and comes anew. */
static void wake_race_consume(wake_race_t *race, apr_pool_t *parent)
{
    wake_reason_t reason = WAKE_REASON_CHANGED;
    wake_waiter_t *waiter = NULL;
    apr_pool_t *pool;
    int i, woken = 0;

    apr_pool_create(&pool, parent);
    for (i = 1; i <= race->rounds; i++) {
        if (i % 3 == 1) {
            apr_pool_clear(pool);
            waiter = wake_armed_simply(race->env->hub, "race@x", "D", pool);
        }
        while (__atomic_load_n(&race->mailbox, __ATOMIC_ACQUIRE) < i) {
            reason = wake_waiter_block(waiter, -1);
            if (reason != WAKE_REASON_CHANGED)
                break;
            woken++;
            wake_waiter_rearm(waiter);
        }
        __atomic_store_n(&race->seen, reason == WAKE_REASON_CHANGED ? i : -1, __ATOMIC_RELEASE);
        if (reason != WAKE_REASON_CHANGED)
            break;
    }
    is_int(i - 1, race->rounds, "no change is missed, whenever it comes");
    printf("# %d of %d changes came while somebody waited\n", woken, race->rounds);
    apr_pool_destroy(pool);
}

static void wake_contract_race(wake_env_t *env, apr_pool_t *pool)
{
    wake_race_t race = {.env = env, .rounds = 1000};
    apr_thread_t *thread;
    apr_status_t status;

    apr_thread_create(&thread, NULL, wake_race_produce, &race, pool);
    wake_race_consume(&race, pool);
    apr_thread_join(&status, thread);
}

enum { WAKE_RIVALS = 8 };

typedef struct {
    wake_hub_t *hub;
    wake_waiter_t *waiter;
    apr_pool_t *pool;
} wake_rival_t;

static void *APR_THREAD_FUNC wake_rival_run(apr_thread_t *thread, void *data)
{
    wake_rival_t *rival = data;

    (void)thread;
    rival->waiter = wake_armed_simply(rival->hub, "rival@x", "D", rival->pool);
    return NULL;
}

static int wake_rivals_awake(wake_rival_t *rivals)
{
    int i, awake = 0;

    for (i = 0; i < WAKE_RIVALS; i++)
        awake += wake_waiter_reason(rivals[i].waiter) == WAKE_REASON_SUPERSEDED;
    return awake;
}

static void wake_contract_rivals(wake_env_t *env, apr_pool_t *pool)
{
    wake_rival_t rivals[WAKE_RIVALS];
    apr_thread_t *threads[WAKE_RIVALS];
    apr_status_t status;
    int i, tries;

    for (i = 0; i < WAKE_RIVALS; i++) {
        rivals[i].hub = i % 2 ? env->hub : env->remote;
        apr_pool_create(&rivals[i].pool, NULL);
        apr_thread_create(&threads[i], NULL, wake_rival_run, &rivals[i], pool);
    }
    for (i = 0; i < WAKE_RIVALS; i++)
        apr_thread_join(&status, threads[i]);
    for (tries = 0; tries < 10000 && wake_rivals_awake(rivals) < WAKE_RIVALS - 1; tries++)
        usleep(1000);
    is_int(wake_rivals_awake(rivals), WAKE_RIVALS - 1,
           "of requests that come at once all but one are superseded");
    for (i = 0; i < WAKE_RIVALS; i++)
        if (wake_waiter_reason(rivals[i].waiter) == WAKE_REASON_NONE)
            is_int(wake_flush(env, rivals[i].waiter, "rival@x", pool), WAKE_REASON_RESET,
                   "and one goes on waiting");
    for (i = 0; i < WAKE_RIVALS; i++)
        apr_pool_destroy(rivals[i].pool);
}

/* The waiting of an account, or one that says "(none)". */
static const wake_waiting_t *wake_waiting_one(wake_env_t *env, const char *account,
                                              apr_pool_t *pool)
{
    static const wake_waiting_t none = {.device = "(none)", .node = "(none)"};
    apr_array_header_t *list;
    int silent;

    if (wake_waiting_list(env->bus, &account, 1, &list, &silent, pool) || silent || !list->nelts)
        return &none;
    return &APR_ARRAY_IDX(list, list->nelts - 1, wake_waiting_t);
}

static int wake_waiting_sum(wake_env_t *env, const char *node, apr_pool_t *pool)
{
    apr_array_header_t *counts;
    int silent, sum = 0, i;

    if (wake_waiting_count(env->bus, &counts, &silent, pool) || silent)
        return -1;
    for (i = 0; i < counts->nelts; i++) {
        const wake_waiting_count_t *count = &APR_ARRAY_IDX(counts, i, wake_waiting_count_t);

        if (strcmp(count->node, node) == 0)
            sum += count->pings + 1000 * count->syncs;
    }
    return sum;
}

static void wake_contract_waiting(wake_env_t *env, apr_pool_t *parent)
{
    static const char *const accounts[] = {"nobody@x", WAKE_ODD, "w@x"};
    const wake_waiting_t *one;
    wake_options_t options = wake_options(WAKE_ODD, WAKE_ODD);
    apr_array_header_t *list;
    apr_pool_t *pool;
    int silent, before, other;

    apr_pool_create(&pool, parent);
    wake_hub_identify(env->hub, "node one");
    wake_hub_identify(env->remote, "node two");
    before = wake_waiting_sum(env, "node one", pool);
    other = wake_waiting_sum(env, "node two", pool);
    options.deadline = apr_time_now() + apr_time_from_sec(900);
    options.since = options.deadline - apr_time_from_sec(900);
    options.wanted = options.since + apr_time_from_sec(3000);
    wake_armed(env->hub, &options, pool);
    options = wake_options("w@x", "D");
    options.kind = WAKE_KIND_SYNC;
    wake_armed(env->remote, &options, pool);
    ok(!wake_waiting_list(env->other, accounts, 3, &list, &silent, pool), "who waits?");
    is_int(silent, 0, "everybody answers");
    is_int(list->nelts, 2, "two do");
    one = wake_waiting_one(env, WAKE_ODD, pool);
    is_str(one->account, WAKE_ODD, "an account");
    is_str(one->device, WAKE_ODD, "a device");
    is_str(one->node, "node one", "a node");
    is_int(one->asked, 3000, "the heartbeat asked for");
    is_int(one->granted, 900, "and granted");
    ok(one->since > apr_time_now() - WAKE_LONG && one->since <= apr_time_now(), "since when");
    one = wake_waiting_one(env, "w@x", pool);
    is_str(one->node, "node two", "another node");
    is_int(one->kind, WAKE_KIND_SYNC, "a Sync");
    is_int(wake_waiting_sum(env, "node one", pool), before + 1, "counted, of one node");
    is_int(wake_waiting_sum(env, "node two", pool), other + 1000, "and of the other");
    apr_pool_clear(pool);
    is_str(wake_waiting_one(env, WAKE_ODD, pool)->device, "(none)", "no more");
    is_int(wake_waiting_sum(env, "node one", pool), before, "not counted either");
    apr_pool_destroy(pool);
}

static void wake_contract_invalid(wake_env_t *env, apr_pool_t *pool)
{
    wake_options_t options = wake_options("", "D");
    wake_waiter_t *waiter = NULL;

    is_int(base_fault_code(wake_waiter_arm(env->hub, &options, &waiter, pool)), BASE_FAULT_INVALID,
           "no account");
    is_int(base_fault_code(wake_publish(env->bus, "x", "", WAKE_EVENT_ADDED, pool)),
           BASE_FAULT_INVALID, "no folder");
    is_int(base_fault_code(wake_reset(env->bus, "x", "", pool)), BASE_FAULT_INVALID,
           "an empty device is not all devices");
}

/* The last: env->hub is stopped afterwards. */
static void wake_contract_stop(wake_env_t *env, apr_pool_t *pool)
{
    wake_waiter_t *blocked = wake_armed_simply(env->hub, "stop@x", "D", pool);
    wake_waiter_t *parked_one = wake_armed_simply(env->hub, "stop@x", "E", pool);
    wake_options_t options = wake_options("stop@x", "F");
    wake_parked_t parked = {0};
    wake_waiter_t *waiter = NULL;

    wake_waiter_park(parked_one, NULL, wake_parked, &parked);
    wake_hub_drain(env->hub);
    is_int(wake_waiter_block(blocked, -1), WAKE_REASON_STOPPING, "a hub that drains wakes");
    ok(wake_parked_calls(&parked, 1) && parked.reason == WAKE_REASON_STOPPING, "everybody");
    ok(!wake_waiter_arm(env->hub, &options, &waiter, pool), "who comes later");
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_STOPPING, "is woken at once");
    wake_hub_stop(env->hub);
    wake_hub_stop(env->hub);
    is_int(wake_waiter_reason(blocked), WAKE_REASON_STOPPING, "a stopped one too");
    ok(!wake_waiter_arm(env->hub, &options, &waiter, pool), "and who comes after its end");
    is_int(wake_waiter_block(waiter, -1), WAKE_REASON_STOPPING, "as well");
}

static void wake_contract_run(wake_env_t *env, const char *label, apr_pool_t *parent)
{
    static void (*const parts[])(wake_env_t * env, apr_pool_t * pool) = {
        wake_contract_versions, wake_contract_changed,  wake_contract_before,
        wake_contract_expired,  wake_contract_coalesce, wake_contract_supersede,
        wake_contract_reset,    wake_contract_notify,   wake_contract_park,
        wake_contract_gone,     wake_contract_many,     wake_contract_race,
        wake_contract_rivals,   wake_contract_waiting,  wake_contract_invalid,
    };
    apr_pool_t *pool;
    size_t i;

    printf("# the contract, with the %s bus\n", label);
    apr_pool_create(&pool, parent);
    for (i = 0; i < sizeof parts / sizeof *parts; i++) {
        parts[i](env, pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    is_int(wake_hub_count(env->hub), 0, "nobody is left in the hub");
}

#endif
