#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "sync/key.h"

#define SERIES "0123456789abcdef"

static apr_pool_t *pool;

static const char *verdict(const sync_keys_t *keys, const char *presented, const char *digest)
{
    static const char *const names[] = {
        [SYNC_KEY_START] = "start",   [SYNC_KEY_START_AGAIN] = "again",
        [SYNC_KEY_BASE] = "base",     [SYNC_KEY_CONFIRM] = "confirm",
        [SYNC_KEY_REPLAY] = "replay", [SYNC_KEY_STALE] = "stale"};
    int index;
    sync_key_verdict_t judged = sync_key_judge(keys, presented, digest, &index);

    return index < 0 ? names[judged] : apr_psprintf(pool, "%s %d", names[judged], index);
}

static const char *key(unsigned counter)
{
    return sync_key_format(SERIES, counter, pool);
}

static void test_text(void)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "1",
                                      SERIES,
                                      SERIES "-",
                                      SERIES "-0",
                                      SERIES "-01",
                                      SERIES "-1 ",
                                      SERIES "- 1",
                                      SERIES "-+1",
                                      SERIES "-2147483648",
                                      SERIES "-99999999999999999999999",
                                      SERIES "0-1",
                                      SERIES "_1",
                                      "0123456789ABCDEF-1",
                                      "0123456789abcde-1",
                                      "0123456789abcdeg-1",
                                      "{0123456789abcdef}1"};
    char series[SYNC_SERIES_LENGTH + 1];
    unsigned counter = 0;
    size_t i;

    is_str(key(12), SERIES "-12", "a key");
    ok(sync_key_parse(key(12), series, &counter) && counter == 12 && !strcmp(series, SERIES),
       "is read back");
    ok(sync_key_parse(key(SYNC_COUNTER_MAX), series, &counter) && counter == SYNC_COUNTER_MAX,
       "also the last one");
    ok(strlen(key(SYNC_COUNTER_MAX)) <= SYNC_KEY_MAX, "which is short enough");
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!sync_key_parse(bad[i], series, &counter), "'%s' is no key", bad[i]);
}

static void test_start(void)
{
    sync_keys_t keys = {0};

    is_str(verdict(&keys, "0", "a"), "start", "0 begins");
    is_str(verdict(&keys, key(1), "a"), "stale", "no state: any other key is stale");
    is_str(verdict(&keys, "", "a"), "stale", "also none at all");
    sync_keys_start(&keys, SERIES);
    is_str(verdict(&keys, "0", "a"), "again", "0 again gets the first key again");
    is_str(verdict(&keys, key(1), "a"), "base", "the first key is the base");
    is_str(verdict(&keys, key(2), "a"), "stale", "the next was not given yet");
    is_str(verdict(&keys, "fedcba9876543210-1", "a"), "stale", "another series");
    is_int(sync_key_latest(&keys), 1, "the last key returned");
    is_int(sync_keys_answer(&keys, -1, "a"), 2, "the first answer");
    is_str(verdict(&keys, "0", "a"), "start", "from then on 0 begins anew");
}

static void test_answers(void)
{
    sync_keys_t keys;
    int forgotten;

    sync_keys_start(&keys, SERIES);
    sync_keys_answer(&keys, -1, "a");
    is_str(verdict(&keys, key(1), "a"), "replay 0", "the same request: the answer was lost");
    is_str(verdict(&keys, key(1), NULL), "base", "who only looks never replays");
    is_str(verdict(&keys, key(1), "b"), "base", "another request: a fresh answer");
    is_int(sync_keys_answer(&keys, -1, "b"), 3, "with a fresh key");
    is_str(verdict(&keys, key(1), "a"), "replay 0", "both can be repeated");
    is_str(verdict(&keys, key(1), "b"), "replay 1", "both");
    is_str(verdict(&keys, key(2), "c"), "confirm 0", "and both be confirmed");
    is_str(verdict(&keys, key(3), "c"), "confirm 1", "both");
    is_int(sync_key_latest(&keys), 3, "the last key returned is the newer one's");
    is_int(sync_keys_answer(&keys, -1, "a"), 4, "an answer to a request that had one");
    is_str(verdict(&keys, key(1), "a"), "replay 2", "the newest is repeated");
    sync_keys_confirm(&keys, 1);
    is_str(verdict(&keys, key(3), "d"), "base", "confirmed");
    is_str(verdict(&keys, key(3), "b"), "base", "its request is not a repeat any more");
    is_str(verdict(&keys, key(1), "a"), "stale", "the base before is gone");
    is_str(verdict(&keys, key(2), "a"), "stale", "and so is the other answer");
    is_str(verdict(&keys, key(4), "a"), "stale", "every other one");
    is_int(sync_keys_answer(&keys, -1, "d"), 5, "a counter is never given twice");
    while (sync_keys_room(&keys, &forgotten) && forgotten < 0)
        sync_keys_answer(&keys, -1, "e");
    is_int(keys.answer_count, SYNC_ALTERNATIVES_MAX, "there are so many answers at most");
    is_int(forgotten, 0, "then the oldest goes");
    sync_keys_answer(&keys, forgotten, "f");
    is_str(verdict(&keys, key(5), "d"), "stale", "its key is stale");
    is_str(verdict(&keys, key(9), "x"), "confirm 3", "the newest is there");
    is_str(verdict(&keys, key(6), "x"), "confirm 0", "and the second oldest");
    keys.next = SYNC_COUNTER_MAX;
    ok(!sync_keys_room(&keys, &forgotten), "a series can be used up");
}

static void test_pack(void)
{
    base_text_buffer_t out = {.pool = pool};
    sync_keys_t keys, back;
    sync_unpack_t in;
    size_t i;

    sync_keys_start(&keys, SERIES);
    sync_keys_answer(&keys, -1, "a");
    sync_keys_answer(&keys, -1, "bb");
    sync_keys_pack(&keys, &out);
    sync_unpack_start(&in, out.data, out.length);
    sync_keys_unpack(&back, &in, pool);
    ok(sync_unpack_end(&in), "keys are read back");
    ok(!strcmp(back.series, SERIES) && back.base == 1 && back.next == 4 && !back.fresh &&
           back.answer_count == 2 && back.answers[1].counter == 3 &&
           !strcmp(back.answers[1].digest, "bb"),
       "as they were");
    for (i = 0; i < out.length; i++) {
        sync_unpack_start(&in, out.data, i);
        sync_keys_unpack(&back, &in, pool);
        if (sync_unpack_end(&in))
            break;
    }
    is_int((long long)i, (long long)out.length, "no cut form is taken for whole");
    keys.answers[1].counter = 2;
    out.length = 0;
    sync_keys_pack(&keys, &out);
    sync_unpack_start(&in, out.data, out.length);
    sync_keys_unpack(&back, &in, pool);
    ok(!sync_unpack_end(&in), "nor one with a counter twice");
}

static void test_numbers(void)
{
    static const apr_int64_t values[] = {
        0, 1, -1, 63, 64, -64, -65, APR_INT64_MAX, APR_INT64_MIN, 1234567890123};
    static const unsigned char too_long[] = {0xff, 0xff, 0xff, 0xff, 0xff,
                                             0xff, 0xff, 0xff, 0xff, 0x02};
    base_text_buffer_t out = {.pool = pool};
    sync_unpack_t in;
    apr_size_t length;
    size_t i;

    for (i = 0; i < sizeof values / sizeof *values; i++) {
        sync_pack_int(&out, values[i]);
        sync_pack_uint(&out, (apr_uint64_t)values[i]);
    }
    sync_pack_text(&out, "text");
    sync_unpack_start(&in, out.data, out.length);
    for (i = 0; i < sizeof values / sizeof *values; i++)
        ok(sync_unpack_int(&in) == values[i] && sync_unpack_uint(&in) == (apr_uint64_t)values[i],
           "number %d of either kind", (int)i);
    is_str(sync_unpack_text(&in, pool), "text", "text");
    ok(sync_unpack_end(&in), "and the end");
    is_int((long long)sync_unpack_uint(&in), 0, "past the end there is 0");
    ok(!sync_unpack_end(&in), "which is bad");
    sync_unpack_start(&in, too_long, sizeof too_long);
    sync_unpack_uint(&in);
    ok(in.bad, "a number of more than 64 bits is bad");
    sync_unpack_start(&in, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11);
    sync_unpack_bytes(&in, &length);
    ok(in.bad && length == 0, "a length past the end is bad");
    sync_unpack_start(&in,
                      "\x03"
                      "a\0b",
                      4);
    is_str(sync_unpack_text(&in, pool), "", "text has no NUL");
    sync_unpack_start(&in, NULL, 0);
    ok(sync_unpack_end(&in), "nothing is nothing");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_text();
    test_start();
    test_answers();
    test_pack();
    test_numbers();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
