/* nftw, struct sockaddr_un */
#define _GNU_SOURCE 1
#include "redis_server.h"
#include "state_contract.h"

#include <apr_general.h>
#include <apr_thread_mutex.h>

static redis_pool_t *connect_to(redis_server_t *server, apr_pool_t *pool)
{
    redis_config_t *config;

    if (redis_config_parse(server->url, &config, pool))
        abort();
    config->connections = 4;
    return redis_pool_create(config, NULL, pool);
}

static void wait_until_back(redis_pool_t *redis, apr_pool_t *pool)
{
    int tries;

    for (tries = 0; tries < 3000 && !redis_say(redis, pool, "PING", NULL); tries++)
        usleep(10000);
    ok(tries < 3000, "it recovers by itself");
}

/* The keys are those of the key model, each with its hash tag. */
static void test_keys(state_store_t *store, redis_pool_t *redis, apr_pool_t *pool)
{
    static const char *const wanted[] = {
        "t:{k%40x}:d:D", "t:{k%40x}:devices", "t:{k%40x}:f:D:5",    "t:{k%40x}:h:D",
        "t:{k%40x}:i:D", "t:{k%40x}:l:D:s",   "t:{k%40x}:r:D:Ping", "t:{k%40x}:s:D",
    };
    state_key_t key = {.account = "k@x", .device = "D"};
    state_ledger_key_t entry = {"k@x", "D", "s", "e"};
    redis_value_t *value;
    apr_uint64_t version;
    size_t i;

    redis_say(redis, pool, "FLUSHALL", NULL);
    for (i = STATE_RECORD_DEVICE; i <= STATE_RECORD_REQUEST; i++) {
        key.kind = (state_record_kind_t)i;
        key.name = i == STATE_RECORD_FOLDER ? "5" : i == STATE_RECORD_REQUEST ? "Ping" : NULL;
        contract_set(store, &key, 0, "a", "x", &version, pool);
    }
    contract_claim(store, &entry, contract_long, pool);
    value = redis_say(redis, pool, "DBSIZE", NULL);
    is_int(value->integer, sizeof wanted / sizeof *wanted + 1, "as many keys as the model has");
    for (i = 0; i < sizeof wanted / sizeof *wanted; i++)
        is_int(redis_say(redis, pool, "EXISTS", wanted[i], NULL)->integer, 1, wanted[i]);
    value = redis_say(redis, pool, "KEYS", "t:accounts:*", NULL);
    is_int(value->count, 1, "and one bucket of accounts");
    value = redis_say(redis, pool, "SMEMBERS", value->elements[0]->data, NULL);
    is_str(value->elements[0]->data, "k@x", "that names the account");
    ok(redis_say(redis, pool, "PTTL", "t:{k%40x}:l:D:s", NULL)->integer > 0,
       "a ledger scope expires");
    is_int(redis_say(redis, pool, "PTTL", "t:{k%40x}:f:D:5", NULL)->integer, -1,
           "a record does not");
}

/* What a script does when it runs a second time because its first answer was lost: the
 * server cuts the connections again and again while somebody writes. */
typedef struct {
    redis_pool_t *redis;
    volatile int stop;
} cutter_t;

static void *APR_THREAD_FUNC cutter_run(apr_thread_t *thread, void *data)
{
    cutter_t *cutter = data;
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    while (!__atomic_load_n(&cutter->stop, __ATOMIC_ACQUIRE)) {
        redis_say(cutter->redis, pool, "CLIENT", "KILL", "TYPE", "normal", NULL);
        usleep(300);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_cut(state_store_t *store, redis_server_t *server, apr_pool_t *pool)
{
    cutter_t cutter = {.redis = connect_to(server, pool)};
    state_key_t key = contract_folder("cut@x", "D", "5");
    apr_pool_t *loop;
    apr_thread_t *thread;
    apr_status_t status;
    state_record_t *record;
    apr_uint64_t version = 0;
    int i, conflicts = 0, lost = 0;

    apr_pool_create(&loop, pool);
    apr_thread_create(&thread, NULL, cutter_run, &cutter, pool);
    for (i = 0; i < 3000; i++) {
        base_fault_code_t code =
            contract_set(store, &key, version, "n", apr_itoa(loop, i), &version, loop);

        if (code == BASE_FAULT_CONFLICT)
            conflicts++;
        if (code != BASE_FAULT_NONE) {
            lost += code == BASE_FAULT_UNAVAILABLE;
            while (state_record_read(store, &key, NULL, 0, &record, loop))
                usleep(1000);
            version = record->version;
        }
        apr_pool_clear(loop);
    }
    __atomic_store_n(&cutter.stop, 1, __ATOMIC_RELEASE);
    apr_thread_join(&status, thread);
    printf("# %d of 3000 commits stayed without an answer\n", lost);
    is_int(conflicts, 0, "cut connections: nobody conflicts with himself");
}

static void test_restart(state_store_t *store, redis_pool_t *redis, redis_server_t *server,
                         apr_pool_t *pool)
{
    state_key_t key = contract_folder("restart@x", "D", "5");
    state_ledger_key_t entry = {"restart@x", "D", "s", "e"};
    state_claim_t *claim = contract_claim(store, &entry, contract_long, pool);
    state_record_t *record;
    apr_uint64_t version = 0, later = 0;
    base_fault_t *fault;

    contract_set(store, &key, 0, "a", "kept", &version, pool);
    redis_server_kill(server);
    fault = state_record_read(store, &key, NULL, 0, &record, pool);
    ok(base_fault_code(fault) == BASE_FAULT_UNAVAILABLE && fault->retry_after > 0,
       "killed: UNAVAILABLE with retry_after");
    is_int(contract_record(store, &entry, claim->fence, "x", pool), BASE_FAULT_UNAVAILABLE,
           "for every call");
    ok(redis_server_run(server, NULL, NULL), "started again");
    wait_until_back(redis, pool);
    is_str(contract_get(store, &key, "a", &later, pool), "kept", "the record is there");
    is_int(contract_set(store, &key, version, "a", "on", &later, pool), 0,
           "its version too, and the scripts are loaded again");
    is_int(contract_record(store, &entry, claim->fence, "x", pool), 0, "so is the claim");
}

static void test_flush(state_store_t *store, redis_pool_t *redis, apr_pool_t *pool)
{
    state_key_t key = contract_folder("flush@x", "D", "5");
    apr_uint64_t version = 0;

    contract_set(store, &key, 0, "a", "1", &version, pool);
    redis_say(redis, pool, "SCRIPT", "FLUSH", NULL);
    is_int(contract_set(store, &key, version, "a", "2", &version, pool), 0, "after SCRIPT FLUSH");
}

static void test_corrupt(state_store_t *store, redis_pool_t *redis, apr_pool_t *pool)
{
    state_key_t key = contract_folder("bad@x", "D", "5");
    const char *name = state_key_name("t", &key, pool);
    state_ledger_key_t entry = {"bad@x", "D", "s", "e"};
    apr_array_header_t *names;
    state_claim_t *claim;
    state_record_t *record;
    apr_uint64_t version = 0;

    redis_say(redis, pool, "SET", name, "text", NULL);
    redis_say(redis, pool, "SET", "t:{bad%40x}:l:D:s", "text", NULL);
    redis_say(redis, pool, "SET", "t:{bad%40x}:devices", "text", NULL);
    is_int(base_fault_code(state_record_read(store, &key, NULL, 0, &record, pool)),
           BASE_FAULT_CORRUPT, "a key of the wrong type: read");
    is_int(contract_set(store, &key, 0, "a", "x", &version, pool), BASE_FAULT_CORRUPT, "commit");
    is_int(base_fault_code(state_ledger_claim(store, &entry, 1, 1, &claim, pool)),
           BASE_FAULT_CORRUPT, "claim");
    is_int(base_fault_code(state_device_list(store, "bad@x", &names, pool)), BASE_FAULT_CORRUPT,
           "list");
    redis_say(redis, pool, "DEL", name, NULL);
    is_int(contract_set(store, &key, 0, "a", "x", &version, pool), BASE_FAULT_CORRUPT,
           "a commit whose index is damaged fails");
    is_int(redis_say(redis, pool, "EXISTS", name, NULL)->integer, 0, "and writes nothing");
    redis_say(redis, pool, "DEL", "t:{bad%40x}:devices", NULL);
    contract_set(store, &key, 0, "a", "x", &version, pool);
    redis_say(redis, pool, "HSET", name, "_x", "2", NULL);
    is_int(base_fault_code(state_record_read(store, &key, NULL, 0, &record, pool)),
           BASE_FAULT_CORRUPT, "a record of another format is not read");
    is_int(contract_set(store, &key, version, "a", "y", &version, pool), BASE_FAULT_CORRUPT,
           "nor written");
    redis_say(redis, pool, "DEL", name, NULL);
    redis_say(redis, pool, "HSET", name, "foreign", "x", NULL);
    is_int(contract_set(store, &key, 0, "a", "y", &version, pool), BASE_FAULT_CORRUPT,
           "nor is somebody else's hash");
    is_int(base_fault_code(state_record_read(store, &key, NULL, 0, &record, pool)),
           BASE_FAULT_CORRUPT, "or read");
    ok(!state_record_remove(store, &key, pool), "but removed it is");
    is_int(contract_set(store, &key, 0, "a", "y", &version, pool), 0, "and all is well");
}

int main(void)
{
    redis_server_t server;
    redis_pool_t *redis;
    state_store_t *store;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (redis_server_start(&server)) {
        redis = connect_to(&server, pool);
        store = state_store_create_redis(redis, "t", NULL, pool);
        state_contract_run(store, "redis", pool);
        test_keys(store, redis, pool);
        test_cut(store, &server, pool);
        test_restart(store, redis, &server, pool);
        test_flush(store, redis, pool);
        test_corrupt(store, redis, pool);
        redis_server_finish(&server);
    }
    else
        ok(1, "the redis store # SKIP there is no redis-server");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
