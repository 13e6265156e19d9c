/* Token buckets and what is remembered of credentials, by a clock of the test's own. */
#include "tap.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "glue/limit_tables.h"

#define START apr_time_from_sec(1784207655)
#define SECOND apr_time_from_sec(1)

static void test_rates(void)
{
    static const char *const wrong[] = {"",          "600",       "600/",       "0/minute",
                                        "-1/hour",   "x/hour",    "600/year",   "on",
                                        "1/second ", "1/ second", "9999999/day"};
    glue_rate_t rate;
    size_t i;

    ok(glue_rate_parse("600/Minute", &rate), "600/Minute");
    is_int((int)rate.count, 600, "its count");
    is_int((int)apr_time_sec(rate.period), 60, "its period");
    ok(glue_rate_parse("off", &rate) && !rate.count, "off: no limit");
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ok(!glue_rate_parse(wrong[i], &rate), wrong[i]);
}

static void test_sources(apr_pool_t *pool)
{
    static const struct {
        const char *ip, *source;
    } of[] = {{"192.0.2.7", "192.0.2.7"},
              {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
              {"2001:db8:1:2::1", "2001:db8:1:2::/64"},
              {"::ffff:192.0.2.7", "192.0.2.7"},
              {"fe80::1%eth0", "fe80::/64"},
              {"::1", "::/64"},
              {"unknown", "unknown"}};
    size_t i;

    for (i = 0; i < sizeof of / sizeof *of; i++)
        is_str(glue_buckets_source(of[i].ip, pool), of[i].source, of[i].ip);
}

static glue_buckets_t *buckets_make(apr_pool_t *pool)
{
    glue_buckets_t *buckets = apr_pcalloc(pool, sizeof *buckets);

    memset(buckets->key, 7, sizeof buckets->key);
    return buckets;
}

static glue_bucket_name_t device(const char *name)
{
    return (glue_bucket_name_t){GLUE_BUCKET_DEVICE_REQUESTS, "host", name};
}

static glue_verdict_t take(glue_buckets_t *buckets, const char *name, const glue_rate_t *rate,
                           apr_time_t now)
{
    glue_bucket_name_t which = device(name);
    glue_verdict_t verdict;

    glue_buckets_take(buckets, &which, rate, now, &verdict);
    return verdict;
}

static void test_bucket(apr_pool_t *pool)
{
    const glue_rate_t rate = {.count = 4, .period = 60 * SECOND}, off = {0};
    glue_buckets_t *buckets = buckets_make(pool);
    glue_bucket_name_t which = device("a\nD"), other = which;
    glue_verdict_t verdict;
    int i;

    for (i = 0; i < 4; i++)
        ok(!take(buckets, "a\nD", &rate, START).wait, "a token of a full bucket");
    verdict = take(buckets, "a\nD", &rate, START);
    is_int((int)apr_time_sec(verdict.wait), 15, "then one must wait for one");
    is_int((int)verdict.refused, 1, "for the first time");
    verdict = take(buckets, "a\nD", &rate, START + 10 * SECOND);
    is_int((int)apr_time_sec(verdict.wait), 5, "less and less");
    is_int((int)verdict.refused, 2, "which counts");
    ok(!take(buckets, "a\nE", &rate, START).wait, "others have theirs");
    other.scope = "elsewhere";
    glue_buckets_look(buckets, &other, &rate, START, &verdict);
    ok(!verdict.wait, "another scope too");
    other = which;
    other.kind = GLUE_BUCKET_ACCOUNT_LOGINS;
    glue_buckets_look(buckets, &other, &rate, START, &verdict);
    ok(!verdict.wait, "and another kind");
    ok(!take(buckets, "a\nD", &rate, START + 15 * SECOND).wait, "a token came");
    ok(take(buckets, "a\nD", &rate, START + 15 * SECOND).wait > 0, "one");
    is_int(glue_buckets_list(buckets, START + 20 * SECOND, pool)->nelts, 1, "it is listed");
    is_int(glue_buckets_list(buckets, START + 100 * SECOND, pool)->nelts, 0, "until it is full");
    ok(!take(buckets, "a\nD", &off, START + 15 * SECOND).wait, "no limit, no waiting");
    glue_buckets_look(buckets, &which, &rate, START + 15 * SECOND, &verdict);
    ok(verdict.wait > 0, "to look takes nothing, and tells the same");
    glue_buckets_look(buckets, &which, &rate, START + 31 * SECOND, &verdict);
    ok(!verdict.wait, "later there is one");
    for (i = 0; i < 4; i++)
        verdict = take(buckets, "a\nD", &rate, START + 1000 * SECOND);
    ok(!verdict.wait, "it fills up");
    ok(take(buckets, "a\nD", &rate, START + 1000 * SECOND).wait > 0, "but no further");
}

/* A clock that jumps back, and a rate that is configured anew. */
static void test_changes(apr_pool_t *pool)
{
    const glue_rate_t day = {.count = 1, .period = 86400 * SECOND};
    const glue_rate_t minute = {.count = 1, .period = 60 * SECOND};
    glue_buckets_t *buckets = buckets_make(pool);

    take(buckets, "a\nD", &day, START);
    ok(take(buckets, "a\nD", &day, START).wait > 80000 * SECOND, "a day to wait");
    ok(take(buckets, "a\nD", &minute, START).wait <= 60 * SECOND, "under another rate a minute");
    take(buckets, "a\nE", &minute, START);
    ok(take(buckets, "a\nE", &minute, START - 86400 * SECOND).wait <= 60 * SECOND,
       "a clock that is put back keeps nobody out for longer");
}

static void test_release(apr_pool_t *pool)
{
    const glue_rate_t rate = {.count = 1, .period = 60 * SECOND};
    glue_buckets_t *buckets = buckets_make(pool);
    const glue_bucket_t *one;
    apr_array_header_t *list;

    take(buckets, "a\nD", &rate, START);
    take(buckets, "a\nE", &rate, START);
    take(buckets, "a\nE", &rate, START + 1);
    take(buckets, "a\nD", &rate, START + 2);
    list = glue_buckets_list(buckets, START + 3, pool);
    is_int(list->nelts, 2, "two are held back");
    one = &APR_ARRAY_IDX(list, 0, glue_bucket_t);
    is_str(one->name, "a\nE", "the longest one first");
    is_int(glue_buckets_release(buckets, one->id), 1, "it is let through");
    ok(!take(buckets, "a\nE", &rate, START + 4).wait, "really");
    ok(take(buckets, "a\nD", &rate, START + 4).wait > 0, "not the other one");
    is_int(glue_buckets_release(buckets, 0), 2, "all");
    ok(!take(buckets, "a\nD", &rate, START + 5).wait, "are let through");
}

/* Many times more names than there is room for. */
static void test_crowd(apr_pool_t *pool)
{
    const glue_rate_t rate = {.count = 10, .period = 60 * SECOND};
    glue_buckets_t *buckets = buckets_make(pool);
    int i, held = 0;

    for (i = 0; i < 11; i++)
        take(buckets, "a\nD", &rate, START);
    for (i = 0; i < 10 * GLUE_BUCKETS_SIZE; i++)
        held += take(buckets, apr_itoa(pool, i), &rate, START).wait > 0;
    ok(take(buckets, "a\nD", &rate, START).wait > 0, "who was held back before a crowd still is");
    is_int(held, 0, "and nobody of the crowd");
    take(buckets, apr_pstrcat(pool, "x", apr_psprintf(pool, "%0500d", 1), NULL), &rate, START);
    ok(1, "a long name does no harm");
}

static const unsigned char *digest(apr_uint64_t set, int number)
{
    static unsigned char bytes[GLUE_CREDENTIALS_DIGEST];

    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, &set, sizeof set);
    memcpy(bytes + sizeof set, &number, sizeof number);
    return bytes;
}

static void test_credentials(apr_pool_t *pool)
{
    glue_credentials_t *known = apr_pcalloc(pool, sizeof *known);

    is_int(glue_credentials_find(known, digest(5, 1), START), GLUE_CREDENTIALS_UNKNOWN, "nothing");
    glue_credentials_refuse(known, digest(5, 1), START + SECOND, START);
    is_int(glue_credentials_find(known, digest(5, 1), START), GLUE_CREDENTIALS_REFUSED, "refused");
    is_int(glue_credentials_find(known, digest(5, 2), START), GLUE_CREDENTIALS_UNKNOWN, "no other");
    is_int(glue_credentials_find(known, digest(5, 1), START + SECOND), GLUE_CREDENTIALS_UNKNOWN,
           "for its time");
    glue_credentials_accept(known, digest(5, 1), START);
    is_int(glue_credentials_find(known, digest(5, 1), START), GLUE_CREDENTIALS_ACCEPTED,
           "right after all: what was refused is forgotten at once");
    glue_credentials_refuse(known, digest(5, 1), START, START);
    is_int(glue_credentials_find(known, digest(5, 1), START), GLUE_CREDENTIALS_UNKNOWN,
           "no longer right: what was accepted too, even if refusals are not remembered");
    glue_credentials_refuse(known, digest(5, 3), START + SECOND, START);
    glue_credentials_accept(known, digest(5, 4), START);
    is_int(glue_credentials_release(known, START), 1, "what is refused can be forgotten");
    is_int(glue_credentials_find(known, digest(5, 3), START), GLUE_CREDENTIALS_UNKNOWN, "is gone");
    is_int(glue_credentials_find(known, digest(5, 4), START), GLUE_CREDENTIALS_ACCEPTED,
           "that only");
}

/* More than a set has room for. */
static void test_credentials_crowd(apr_pool_t *pool)
{
    glue_credentials_t *known = apr_pcalloc(pool, sizeof *known);
    int i, kept = 0;

    for (i = 0; i < 3; i++)
        glue_credentials_accept(known, digest(9, i), START + i);
    for (i = 100; i < 200; i++)
        glue_credentials_refuse(known, digest(9, i), START + i * SECOND, START + 50);
    for (i = 0; i < 3; i++)
        kept += glue_credentials_find(known, digest(9, i), START) == GLUE_CREDENTIALS_ACCEPTED;
    is_int(kept, 3, "whoever guesses pushes out nobody who is in");
    is_int(glue_credentials_find(known, digest(9, 199), START), GLUE_CREDENTIALS_REFUSED,
           "the last guess is remembered");
    for (i = 10; i < 40; i++)
        glue_credentials_accept(known, digest(9, i), START + i);
    is_int(glue_credentials_find(known, digest(9, 0), START), GLUE_CREDENTIALS_UNKNOWN,
           "the oldest make room for those who come");
    is_int(glue_credentials_find(known, digest(9, 39), START), GLUE_CREDENTIALS_ACCEPTED, "these");
    glue_credentials_refuse(known, digest(9, 300), START + SECOND, START);
    is_int(glue_credentials_find(known, digest(9, 300), START), GLUE_CREDENTIALS_UNKNOWN,
           "where all are in, a guess is not remembered");
}

/* A process is killed while it has the lock, half-way through a change. */
static void test_death(void)
{
    const glue_rate_t rate = {.count = 1, .period = 60 * SECOND};
    glue_limits_t *limits =
        mmap(NULL, sizeof *limits, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = -1;
    pid_t child;

    if (limits == MAP_FAILED || glue_limits_init(limits) != APR_SUCCESS) {
        ok(0, "memory that processes share");
        return;
    }
    take(&limits->buckets, "a\nD", &rate, START);
    glue_credentials_refuse(&limits->credentials, digest(5, 1), START + SECOND, START);
    if ((child = fork()) == 0) {
        glue_limits_lock(limits);
        limits->buckets.slots[0].id = 1;
        _exit(0);
    }
    waitpid(child, &status, 0);
    is_int(status, 0, "a process ends with the lock");
    glue_limits_lock(limits);
    ok(!take(&limits->buckets, "a\nD", &rate, START).wait, "others go on, with empty tables");
    is_int(glue_credentials_find(&limits->credentials, digest(5, 1), START),
           GLUE_CREDENTIALS_UNKNOWN, "all of them");
    is_int(glue_buckets_release(&limits->buckets, 0), 1, "what was half written is gone");
    glue_limits_unlock(limits);
    glue_limits_lock(limits);
    ok(!take(&limits->buckets, "a\nD", &rate, START).wait &&
           take(&limits->buckets, "a\nD", &rate, START).wait > 0,
       "and limit as before");
    glue_limits_unlock(limits);
    munmap(limits, sizeof *limits);
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_rates();
    test_sources(pool);
    test_bucket(pool);
    test_changes(pool);
    test_release(pool);
    test_crowd(pool);
    test_credentials(pool);
    test_credentials_crowd(pool);
    test_death();
    apr_pool_destroy(pool);
    return done_testing();
}
