/* The brake on mass changes: what is counted, when it is too much, how it is kept. */
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "sync/brake.h"

#define NOW apr_time_from_sec(1000000)
#define WINDOW apr_time_from_sec(600)

static const char *judge(const char *text, const sync_brake_limits_t *limits, int wanted,
                         const char *digest, apr_time_t now, sync_brake_verdict_t expected,
                         const char *name, apr_pool_t *pool)
{
    apr_array_header_t *entries = sync_brake_parse(text, pool);

    is_int(sync_brake_judge(entries, limits, "5", (apr_uint64_t)wanted, 200, digest, now), expected,
           name);
    return sync_brake_format(entries, limits->window, now, pool);
}

static void test_items(apr_pool_t *pool)
{
    const sync_brake_limits_t limits = {.items = 10, .window = WINDOW};
    const char *text = NULL;

    is_str(judge(text, &limits, 0, "a", NOW, SYNC_BRAKE_FREE, "nothing is removed", pool), NULL,
           "nothing is kept");
    text = judge(text, &limits, 6, "a", NOW, SYNC_BRAKE_COUNTED, "some", pool);
    is_str(text, "5,c,1000000000000,6,200,a", "are counted");
    is_str(judge(text, &limits, 6, "a", NOW, SYNC_BRAKE_FREE, "the same request again", pool), text,
           "counts no more");
    text = judge(text, &limits, 4, "b", NOW + 1, SYNC_BRAKE_COUNTED, "up to the limit", pool);
    is_str(judge(text, &limits, 5, "c", NOW + WINDOW, SYNC_BRAKE_COUNTED, "a window later", pool),
           "5,c,1000600000000,5,200,c", "the count begins anew");
    text = judge(text, &limits, 1, "c", NOW + 2, SYNC_BRAKE_PULLED, "one more", pool);
    is_str(text, "5,p,1000000000002,11,200,c", "pauses the folder");
    judge(text, &limits, 1, "d", NOW + 3, SYNC_BRAKE_HELD, "whatever comes then", pool);
    judge(text, &limits, 0, "d", NOW + 3, SYNC_BRAKE_HELD, "even nothing", pool);
    judge(text, &limits, 1, "d", NOW + 9 * WINDOW, SYNC_BRAKE_HELD, "however late", pool);
    judge(NULL, &limits, 500, "a", NOW, SYNC_BRAKE_PULLED, "all at once", pool);
    text = "5,a,1000000000000,0,0,";
    judge(text, &limits, 500, "a", NOW + 1, SYNC_BRAKE_FREE, "approved", pool);
    judge(text, &limits, 500, "a", NOW + WINDOW, SYNC_BRAKE_PULLED, "for a window", pool);
}

static void test_share(apr_pool_t *pool)
{
    const sync_brake_limits_t limits = {.share = 50, .window = WINDOW};
    apr_array_header_t *entries = sync_brake_parse(NULL, pool);

    is_int(sync_brake_judge(entries, &limits, "1", 19, 19, "a", NOW), SYNC_BRAKE_COUNTED,
           "all of a small folder");
    is_int(sync_brake_judge(entries, &limits, "2", 100, 200, "a", NOW), SYNC_BRAKE_COUNTED, "half");
    is_int(sync_brake_judge(entries, &limits, "2", 1, 100, "b", NOW), SYNC_BRAKE_PULLED,
           "more than half of what there was at first");
    is_int(sync_brake_judge(entries, &limits, "1", 0, 100, "b", NOW), SYNC_BRAKE_FREE,
           "folders count for themselves");
}

static void test_text(apr_pool_t *pool)
{
    static const char *const wrong[] = {"5", "5,", "5,x,1,2,3,a", "5,c,1,2", "%zz,c,1,2,3,a", ","};
    apr_array_header_t *entries;
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        is_int(sync_brake_parse(wrong[i], pool)->nelts, 0, wrong[i]);
    entries = sync_brake_parse("a%2Cb%20c,p,5,2,3,d x 7,c,1000000000000,2,3,d", pool);
    is_int(entries->nelts, 2, "what cannot be read is left out");
    ok(sync_brake_find(entries, "a,b c") && sync_brake_find(entries, "7"), "odd names");
    is_str(sync_brake_format(entries, WINDOW, NOW, pool),
           "a%2Cb%20c,p,5,2,3,d 7,c,1000000000000,2,3,d", "back to text");
    is_str(sync_brake_format(entries, WINDOW, NOW + WINDOW, pool), "a%2Cb%20c,p,5,2,3,d",
           "what is over is forgotten, a pause is not");
}

static void test_many(apr_pool_t *pool)
{
    const sync_brake_limits_t limits = {.items = 10, .window = WINDOW};
    apr_array_header_t *entries = sync_brake_parse(NULL, pool);
    int i;

    for (i = 0; i < SYNC_BRAKE_FOLDERS_MAX + 10; i++)
        sync_brake_judge(entries, &limits, apr_itoa(pool, i), 1, 1, "a", NOW);
    is_int(entries->nelts, SYNC_BRAKE_FOLDERS_MAX, "so many and no more");
    for (i = 0; i < entries->nelts; i++)
        APR_ARRAY_IDX(entries, i, sync_brake_entry_t).state = SYNC_BRAKE_PAUSED;
    is_int(sync_brake_judge(entries, &limits, "new", 1, 1, "a", NOW), SYNC_BRAKE_HELD,
           "no pause is forgotten for another folder");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_items(pool);
    test_share(pool);
    test_text(pool);
    test_many(pool);
    apr_terminate();
    return done_testing();
}
