/* Items that cannot be rendered, and answers that end the process. */
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "sync/quarantine.h"
#include "sync/trial.h"

static apr_pool_t *pool;

static sync_quarantine_t *quarantine_again(const sync_quarantine_t *quarantine)
{
    base_text_buffer_t out = {.pool = pool};

    sync_quarantine_pack(quarantine, &out);
    return sync_quarantine_unpack(out.data, out.length, pool);
}

static void test_quarantine(void)
{
    sync_quarantine_t *quarantine = sync_quarantine_unpack(NULL, 0, pool);
    base_text_buffer_t out = {.pool = pool};
    char reason[2 * SYNC_QUARANTINE_REASON_MAX];
    apr_size_t length;
    int uid;

    is_int(quarantine->items->nelts, 0, "nothing at first");
    sync_quarantine_put(quarantine, 7, 100, "odd");
    sync_quarantine_put(quarantine, APR_UINT64_MAX, 200, "");
    sync_quarantine_put(quarantine, 7, 300, "odder");
    quarantine = quarantine_again(quarantine);
    ok(!quarantine->changed, "as it was read");
    is_int(quarantine->items->nelts, 2, "an item is listed once");
    is_int((long long)sync_quarantine_find(quarantine, 7)->tries, 2, "with its tries");
    is_str(sync_quarantine_find(quarantine, 7)->reason, "odder", "the last reason");
    is_int(sync_quarantine_find(quarantine, 7)->when, 300, "and when");
    is_int((long long)sync_quarantine_find(quarantine, APR_UINT64_MAX)->tries, 1, "so is another");
    ok(!sync_quarantine_find(quarantine, 8), "what was not put is not there");
    sync_quarantine_remove(quarantine, 8);
    ok(!quarantine->changed, "nor removed");
    sync_quarantine_remove(quarantine, 7);
    ok(quarantine->changed && !sync_quarantine_find(quarantine, 7), "an item is removed");

    memset(reason, 'x', sizeof reason);
    memcpy(reason + SYNC_QUARANTINE_REASON_MAX - 1, "\xc3\xbc", 3);
    sync_quarantine_put(quarantine, 1, 1, reason);
    is_int((long long)strlen(sync_quarantine_find(quarantine, 1)->reason),
           SYNC_QUARANTINE_REASON_MAX - 1, "a long reason is cut between characters");
    for (uid = 1000; uid < 1000 + SYNC_QUARANTINE_MAX; uid++)
        sync_quarantine_put(quarantine, (apr_uint64_t)uid, uid, "many");
    quarantine = quarantine_again(quarantine);
    is_int(quarantine->items->nelts, SYNC_QUARANTINE_MAX, "no more than so many");
    ok(sync_quarantine_find(quarantine, 1000) && !sync_quarantine_find(quarantine, 1),
       "the oldest gave way");

    sync_quarantine_pack(quarantine, &out);
    for (length = 0; length < out.length; length++)
        if (sync_quarantine_unpack(out.data, length, pool)->items->nelts)
            break;
    is_int((long long)length, (long long)out.length, "a cut one is none");
}

/* Those of the node "dead". */
static int is_gone(void *baton, const sync_attempt_t *attempt)
{
    (void)baton;
    return strcmp(attempt->node, "dead") == 0;
}

static sync_trial_t *trial_again(const sync_trial_t *trial)
{
    base_text_buffer_t out = {.pool = pool};

    sync_trial_pack(trial, &out);
    return sync_trial_unpack(out.data, out.length, pool);
}

static sync_trial_t *begin(sync_trial_t *trial, const char *node, unsigned items, apr_uint64_t uid)
{
    static apr_time_t when;
    const sync_attempt_t attempt = {
        .when = ++when, .node = node, .pid = 4711, .items = items, .uid = uid};

    sync_trial_begin(trial, &attempt);
    return trial_again(trial);
}

static void test_trial(void)
{
    sync_trial_t *trial = sync_trial_unpack(NULL, 0, pool);
    base_text_buffer_t out = {.pool = pool};
    sync_attempt_t attempt;
    apr_size_t length;
    int i;

    ok(sync_trial_is_empty(trial), "nothing at first");
    trial = begin(trial, "alive", 30, 0);
    ok(!sync_trial_is_empty(trial), "an attempt is noted");
    sync_trial_judge(trial, is_gone, NULL);
    is_int(trial->suspects, 0, "while it lives nobody is suspected");
    attempt = APR_ARRAY_IDX(trial->attempts, 0, sync_attempt_t);
    attempt.pid++;
    sync_trial_end(trial, &attempt);
    ok(!sync_trial_is_empty(trial), "another one does not end it");
    attempt.pid--;
    sync_trial_end(trial, &attempt);
    ok(sync_trial_is_empty(trial), "it ends itself");

    trial = begin(trial, "dead", 30, 0);
    trial = begin(trial, "alive", 1, 5);
    trial = begin(trial, "dead", 20, 0);
    sync_trial_judge(trial, is_gone, NULL);
    is_int(trial->suspects, 30, "a crash: its items are suspects");
    is_int(trial->attempts->nelts, 1, "who lives goes on");
    ok(!sync_trial_convicts(trial, 5), "nobody is convicted");
    sync_trial_passed(trial, 1);
    is_int(trial->suspects, 29, "one was given");
    is_int(trial->attempts->nelts, 0, "who is late does not count");
    trial = begin(trial, "dead", 1, 7);
    sync_trial_judge(trial, is_gone, NULL);
    ok(!sync_trial_convicts(trial, 7), "one crash alone is none");
    trial = begin(trial, "dead", 1, 8);
    sync_trial_judge(trial, is_gone, NULL);
    ok(!sync_trial_convicts(trial, 7) && !sync_trial_convicts(trial, 8), "nor with another one");
    trial = begin(trial, "dead", 1, 8);
    sync_trial_judge(trial, is_gone, NULL);
    trial = trial_again(trial);
    ok(sync_trial_convicts(trial, 8), "two are");
    ok(!sync_trial_convicts(trial, 7), "the one, not the other");
    is_int(trial->suspects, 29, "the suspects stay");
    sync_trial_passed(trial, 1);
    ok(!sync_trial_convicts(trial, 8), "an answer acquits");
    sync_trial_passed(trial, 100);
    ok(sync_trial_is_empty(trial), "when all were given it is over");

    for (i = 0; i < 2 * SYNC_TRIAL_ATTEMPTS_MAX; i++)
        trial = begin(trial, "alive", 1, 1);
    is_int(trial->attempts->nelts, SYNC_TRIAL_ATTEMPTS_MAX, "no more than so many at once");
    sync_trial_pack(trial, &out);
    for (length = 0; length < out.length; length++)
        if (!sync_trial_is_empty(sync_trial_unpack(out.data, length, pool)))
            break;
    is_int((long long)length, (long long)out.length, "a cut one is none");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_quarantine();
    test_trial();
    apr_terminate();
    return done_testing();
}
