/* ConversationMode: the filter takes conversations in whole, and lets them go whole. */
#include "collection_helpers.h"

#define WEEK 3 /* FilterType */
#define MONTH 5

static collection_options_t filter;

/* One mail of a conversation. */
static apr_uint64_t mail(const char *conversation, int days)
{
    static int number;
    const char *text = apr_psprintf(pool, "Message-ID: <%s%d@x>\nReferences: <%s@x>\n\nhello",
                                    conversation, ++number, conversation);

    return backend_memory_deliver(backend, ACCOUNT, inbox, text, 0, NOW - days * DAY);
}

static collection_request_t *asking(const char *key, int type)
{
    collection_request_t *made = request(key);

    filter = (collection_options_t){.filter = type, .blob = ""};
    made->options = apr_pmemdup(pool, &filter, sizeof filter);
    made->conversations = 1;
    return made;
}

/* What the request says nothing of stays as it was. */
static collection_request_t *going_on(void)
{
    collection_request_t *made = request(answer->key);

    made->conversations = COLLECTION_CONVERSATIONS_STICKY;
    return made;
}

static int watching(void)
{
    collection_watch_answer_t watch;
    collection_request_t *asked = request("0");

    if (collection_watch_check(&env, asked, &watch, pool))
        return -1;
    return (int)watch.what;
}

static int estimate(const collection_request_t *asked)
{
    apr_uint64_t count = 0;

    return collection_estimate(&env, asked, &count, pool) ? -1 : (int)count;
}

static void test_initial(void)
{
    collection_request_t *asked;

    fresh();
    mail("a", 20); /* 1 */
    mail("b", 20);
    mail("a", 3); /* 3 */
    mail("c", 2);
    step(request("0"));
    asked = asking(answer->key, WEEK);
    asked->conversations = 0;
    is_int(estimate(asked), 2, "an estimate without conversations");
    asked->conversations = 1;
    is_int(estimate(asked), 3, "and with them");
    asked->window = 2;
    is_str(step(asked), "+4:0 +3:0", "the first window");
    ok(answer->more_available && answer->bodies_since > NOW - 8 * DAY &&
           answer->bodies_since < NOW - 6 * DAY,
       "there is more, of which from before the filter no bodies");
    is_str(step(going_on()), "+1:0", "the old mail of a conversation that goes on");
    ok(!answer->more_available, "is all");
    is_str(step(going_on()), "", "nothing more");
    is_int(watching(), COLLECTION_WATCH_NOTHING, "to be told");
    plan.calls = 0;
    step(going_on());
    is_int(plan.calls, 1, "a Sync that brings nothing reads the state once");
}

static void test_arrivals(void)
{
    fresh();
    mail("a", 20); /* 1, 2: old */
    mail("a", 19);
    mail("b", 20);
    step(request("0"));
    is_str(step(asking(answer->key, WEEK)), "", "all is old");
    mail("a", 0); /* 4 */
    is_int(watching(), COLLECTION_WATCH_ADDED, "an arrival");
    is_int(estimate(going_on()), 3, "counts with its conversation");
    is_str(step(going_on()), "+4:0 +1:0 +2:0", "an arrival brings the old mail back");
    mail("b", 9); /* 5: found late, old itself */
    is_int(watching(), COLLECTION_WATCH_NOTHING,
           "what is old and comes to what is old is not wanted");
    is_str(step(going_on()), "", "and not told");
    backend_memory_flag(backend, ACCOUNT, inbox, 1, BACKEND_FLAG_SEEN, BACKEND_FLAG_SEEN);
    is_int(watching(), COLLECTION_WATCH_CHANGED, "a flag of the old mail counts");
    is_str(step(going_on()), "*1:1", "and is told");
    backend_memory_expunge(backend, ACCOUNT, inbox, 4);
    is_int(watching(), COLLECTION_WATCH_CHANGED, "the latest goes");
    is_str(step(going_on()), "~1 ~2 -4", "and its conversation leaves the filter");
}

static void test_ageing(void)
{
    collection_request_t *asked;

    fresh();
    mail("a", 20); /* 1 */
    mail("a", 5);
    mail("b", 6); /* 3 */
    mail("b", 1);
    step(request("0"));
    is_str(step(asking(answer->key, WEEK)), "+4:0 +3:0 +2:0 +1:0", "two conversations");
    asked = going_on();
    asked->now = NOW + 2 * DAY;
    is_str(step(asked), "", "no mail of it is left in the week but one: it stays whole");
    asked = going_on();
    asked->now = NOW + 3 * DAY;
    is_str(step(asked), "~2 ~1", "none is left: it goes whole");
    asked = going_on();
    asked->now = NOW + 3 * DAY;
    is_str(step(asked), "", "once");
    asked = going_on();
    asked->now = NOW + 8 * DAY;
    asked->window = 1;
    is_str(step(asked), "~4", "the other one after its time");
    asked = going_on();
    asked->now = NOW + 8 * DAY;
    is_str(step(asked), "~3", "in as many windows as it takes");
}

static void test_options(void)
{
    collection_request_t *asked;

    fresh();
    mail("a", 40); /* 1 */
    mail("a", 20);
    mail("a", 3); /* 3 */
    mail("b", 40);
    step(request("0"));
    asked = asking(answer->key, WEEK);
    asked->conversations = 0;
    is_str(step(asked), "+3:0", "a week");
    is_str(step(asking(answer->key, WEEK)), "+2:0 +1:0", "and its conversations");
    asked = asking(answer->key, WEEK);
    asked->conversations = COLLECTION_CONVERSATIONS_STICKY;
    is_str(step(asked), "", "options do not end it");
    is_int(watching(), COLLECTION_WATCH_NOTHING, "nor is anything new");
    asked->key = answer->key;
    asked->conversations = 0;
    asked->get_changes = 0;
    step(asked);
    is_int(watching(), COLLECTION_WATCH_CHANGED, "asked for without changes, it is still to come");
    is_str(step(request(answer->key)), "~2 ~1", "without it they go");
    is_str(step(asking(answer->key, MONTH)), "+2:0 +1:0", "a longer time, and conversations");
    is_str(step(asking(answer->key, 0)), "+4:0", "everything");
    is_str(step(asking(answer->key, WEEK)), "~4", "what goes goes by conversations");
    asked = asking(answer->key, WEEK);
    asked->conversations = 0;
    is_str(step(asked), "~2 ~1", "or one by one");
}

/* An answer that was lost comes again as it was. */
static void test_lost(void)
{
    collection_request_t *asked;
    const char *key, *told;

    fresh();
    mail("a", 20);
    step(request("0"));
    step(asking(answer->key, WEEK));
    mail("a", 0);
    asked = going_on();
    told = step(asked);
    key = answer->key;
    is_str(told, "+2:0 +1:0", "an arrival with the old mail");
    is_str(step(asked), told, "lost: the same once more");
    ok(answer->replayed && strcmp(answer->key, key) == 0 && answer->bodies_since > 0,
       "under the same key, and with the same bodies");
    is_str(step(going_on()), "", "and then nothing");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_initial();
    test_arrivals();
    test_ageing();
    test_options();
    test_lost();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
