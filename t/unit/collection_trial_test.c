/* Items that end the process, and items that the device cannot take, are found and left out. */
#include "collection_helpers.h"

static int received_count;

static int received(void *baton, const char *folder_id, const char *key, const char *next_key)
{
    (void)baton;
    return strcmp(folder_id, inbox) == 0 && strcmp(key, next_key) != 0 ? received_count : 0;
}

static apr_time_t now;

/* The same request ten minutes later, served by another node. */
static collection_request_t *again(const collection_request_t *asked, const char *node)
{
    collection_request_t *later = apr_pmemdup(pool, asked, sizeof *later);

    now += apr_time_from_sec(600);
    later->now = now;
    env.node = node;
    return later;
}

/* A step whose node dies while it renders. Returns what it was about to render. */
static const char *crash(const collection_request_t *asked)
{
    collection_t *collection = prepare(asked);

    return collection && !collection_begin(collection) ? commands(0, answer->command_count) : NULL;
}

/* A step as Sync does it. */
static const char *serve(const collection_request_t *asked)
{
    collection_t *collection = prepare(asked);
    const char *text = "";
    int i;

    if (!collection || collection_begin(collection))
        return NULL;
    for (i = 0; i < answer->command_count; i++) {
        const char *why = collection_convicted(collection, i);

        if (why)
            collection_drop(collection, i, why);
        text = apr_pstrcat(pool, text, *text ? " " : "", commands(i, i + 1), why ? "!" : "", NULL);
    }
    code = base_fault_code(collection_commit(collection));
    return code ? NULL : text;
}

static void test_crash(void)
{
    collection_request_t *asked;
    collection_t *collection;
    int i;

    fresh();
    now = NOW;
    for (i = 0; i < 4; i++)
        deliver(0, 0);
    asked = request(first_key());
    is_str(crash(again(asked, "a")), "+4:0 +3:0 +2:0 +1:0", "a node dies with four items");
    is_str(serve(again(asked, "b")), "+4:0", "the first alone");
    ok(answer->more_available, "is not all");
    is_str(serve(asked), "+4:0", "its repeat");
    asked = request(answer->key);
    is_str(crash(again(asked, "c")), "+3:0", "the second ends its node");
    is_str(crash(again(asked, "d")), "+3:0", "and another one");
    is_str(serve(again(asked, "e")), "+3:0!", "then it is not rendered");
    is_str(serve(again(request(answer->key), "e")), "+2:0", "the third");
    is_str(serve(again(request(answer->key), "e")), "+1:0", "the fourth");
    ok(!answer->more_available, "that is all");
    backend_memory_flag(backend, ACCOUNT, inbox, 3, 1, 1);
    deliver(0, 0);
    deliver(0, 0);
    is_str(serve(again(request(answer->key), "e")), "+3:1 +5:0 +6:0",
           "then it is as before, and tried when it changes");

    deliver(0, 0);
    deliver(0, 0);
    asked = request(answer->key);
    collection = prepare(again(asked, "e"));
    ok(!collection_begin(collection), "an answer is begun");
    collection_abandon(collection);
    is_str(serve(again(asked, "f")), "+7:0 +8:0", "one that was given up is no crash");
    deliver(0, 0);
    deliver(0, 0);
    asked = request(answer->key);
    asked = again(asked, "f");
    is_str(crash(asked), "+9:0 +10:0", "an answer that another node is at");
    env.node = "g";
    is_str(serve(asked), "+9:0 +10:0", "is none either, for a while");
    env.node = NULL;
}

static void test_received(void)
{
    collection_request_t *asked;
    const char *whole, *key;

    fresh();
    deliver(0, 0);
    deliver(0, 0);
    deliver(0, 0);
    env.received = received;
    asked = request(first_key());
    is_str(serve(asked), "+3:0 +2:0 +1:0", "an answer");
    whole = answer->key;
    received_count = 4;
    is_str(serve(asked), "+3:0 +2:0 +1:0", "its repeat");
    is_str(answer->key, whole, "with the same key");
    received_count = 5;
    is_str(serve(asked), "+3:0", "what was received so often is given one by one");
    key = answer->key;
    ok(strcmp(key, whole) != 0 && answer->more_available, "with a key of its own");
    received_count = 0;
    is_str(serve(asked), "+3:0", "its repeat");
    is_str(answer->key, key, "with the same key");
    received_count = 5;
    is_str(serve(asked), "", "what was received alone so often is left out");
    is_int(answer->quarantined, 1, "and quarantined");
    ok(answer->more_available, "that is not all");
    received_count = 0;
    key = answer->key;
    is_str(serve(request(key)), "+2:0", "the next, alone as well");
    is_str(serve(request(answer->key)), "+1:0", "and the last");
    ok(!answer->more_available, "that is all");
    is_str(serve(request(answer->key)), "", "the one is not offered again");
    backend_memory_flag(backend, ACCOUNT, inbox, 3, 1, 1);
    is_str(serve(request(answer->key)), "+3:1", "until it changes");

    /* the device has taken the first answer after all */
    fresh();
    deliver(0, 0);
    deliver(0, 0);
    asked = request(first_key());
    serve(asked);
    whole = answer->key;
    received_count = 5;
    serve(asked);
    received_count = 0;
    is_str(serve(request(whole)), "", "whichever key comes back decides");
    is_int(code, BASE_FAULT_NONE, "without a fault");

    fresh();
    deliver(0, 0);
    serve(request(first_key()));
    backend_memory_expunge(backend, ACCOUNT, inbox, 1);
    asked = request(answer->key);
    is_str(serve(asked), "-1", "a removal");
    received_count = 5;
    is_str(serve(asked), "-1", "is never left out");
    env.received = NULL;
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_crash();
    test_received();
    apr_terminate();
    return done_testing();
}
