/* The "generic cell rate algorithm": of a token bucket it is enough to know when it will be full. */
#include "glue/buckets.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <apr_siphash.h>
#include <apr_strings.h>

#define BUCKETS_SETS (GLUE_BUCKETS_SIZE / GLUE_BUCKETS_WAYS)
#define BUCKETS_COUNT_MAX 1000000

int glue_rate_parse(const char *text, glue_rate_t *rate)
{
    static const struct {
        const char *name;
        int seconds;
    } periods[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
    char *end;
    size_t i;

    *rate = (glue_rate_t){0};
    if (strcasecmp(text, "off") == 0)
        return 1;
    rate->count = strtol(text, &end, 10);
    if (end == text || *end != '/' || rate->count < 1 || rate->count > BUCKETS_COUNT_MAX)
        return 0;
    for (i = 0; i < sizeof periods / sizeof *periods; i++)
        if (strcasecmp(end + 1, periods[i].name) == 0)
            rate->period = apr_time_from_sec(periods[i].seconds);
    return rate->period != 0;
}

const char *glue_buckets_source(const char *ip, apr_pool_t *pool)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    ip = apr_pstrmemdup(pool, ip, strcspn(ip, "%")); /* without a scope */
    if (inet_pton(AF_INET6, ip, &address) != 1)
        return ip;
    if (memcmp(&address, mapped, sizeof mapped) == 0)
        return apr_pstrdup(pool,
                           inet_ntop(AF_INET, (char *)&address + sizeof mapped, text, sizeof text));
    memset((char *)&address + 8, 0, 8);
    return apr_pstrcat(pool, inet_ntop(AF_INET6, &address, text, sizeof text), "/64", NULL);
}

/* Names of another kind or scope are others. */
static apr_uint64_t buckets_id(const glue_buckets_t *buckets, const glue_bucket_name_t *name)
{
    unsigned char key[GLUE_BUCKETS_KEY];
    apr_uint64_t id;
    size_t i;

    memcpy(key, buckets->key, sizeof key);
    key[0] ^= (unsigned char)name->kind;
    id = apr_siphash24(name->scope, strlen(name->scope), key);
    for (i = 0; i < sizeof id; i++)
        key[i] ^= (unsigned char)(id >> 8 * i);
    id = apr_siphash24(name->name, strlen(name->name), key);
    return id ? id : 1;
}

/* Its place; with make also for one that is new, at the cost of the fullest. */
static glue_bucket_t *buckets_find(glue_buckets_t *buckets, const glue_bucket_name_t *name,
                                   int make)
{
    apr_uint64_t id = buckets_id(buckets, name);
    glue_bucket_t *set = &buckets->slots[id % BUCKETS_SETS * GLUE_BUCKETS_WAYS], *found = set;
    int i;

    for (i = 0; i < GLUE_BUCKETS_WAYS; i++) {
        if (set[i].id == id)
            return &set[i];
        if (found->id && (!set[i].id || set[i].full < found->full))
            found = &set[i];
    }
    if (!make)
        return NULL;
    *found = (glue_bucket_t){.id = id, .kind = (apr_uint16_t)name->kind};
    apr_cpystrn(found->name, name->name, sizeof found->name);
    return found;
}

apr_time_t glue_bucket_next(const glue_bucket_t *bucket, apr_time_t now)
{
    apr_time_t next = bucket->full + bucket->token - bucket->period;

    return next > now ? next : now;
}

static void bucket_refuse(glue_bucket_t *bucket, apr_time_t now, glue_verdict_t *verdict)
{
    if (!bucket->since)
        bucket->since = now;
    bucket->refused++;
    *verdict =
        (glue_verdict_t){.wait = glue_bucket_next(bucket, now) - now, .refused = bucket->refused};
}

/* What time and a change of the rate made of it. */
static void bucket_update(glue_bucket_t *bucket, const glue_rate_t *rate, apr_time_t now)
{
    bucket->period = rate->period;
    bucket->token = rate->period / rate->count;
    if (bucket->full <= now) {
        bucket->full = now;
        bucket->since = 0;
        bucket->refused = 0;
    }
    else if (bucket->full > now + bucket->period) /* the rate was another, or the clock */
        bucket->full = now + bucket->period;
}

void glue_buckets_take(glue_buckets_t *buckets, const glue_bucket_name_t *name,
                       const glue_rate_t *rate, apr_time_t now, glue_verdict_t *verdict)
{
    glue_bucket_t *bucket;

    *verdict = (glue_verdict_t){0};
    if (!rate->count)
        return;
    bucket = buckets_find(buckets, name, 1);
    bucket_update(bucket, rate, now);
    if (glue_bucket_next(bucket, now) > now)
        bucket_refuse(bucket, now, verdict);
    else
        bucket->full += bucket->token;
}

void glue_buckets_look(glue_buckets_t *buckets, const glue_bucket_name_t *name,
                       const glue_rate_t *rate, apr_time_t now, glue_verdict_t *verdict)
{
    glue_bucket_t *bucket;

    *verdict = (glue_verdict_t){0};
    if (!rate->count || !(bucket = buckets_find(buckets, name, 0)))
        return;
    bucket_update(bucket, rate, now);
    if (glue_bucket_next(bucket, now) > now)
        bucket_refuse(bucket, now, verdict);
}

static int buckets_by_age(const void *left, const void *right)
{
    const glue_bucket_t *a = left, *b = right;

    return (a->since > b->since) - (a->since < b->since);
}

static int bucket_holds_back(const glue_bucket_t *bucket, apr_time_t now)
{
    return bucket->id && bucket->since && bucket->full > now;
}

void glue_buckets_count(const glue_buckets_t *buckets, apr_time_t now,
                        unsigned counts[GLUE_BUCKET_COUNT_])
{
    int i;

    memset(counts, 0, GLUE_BUCKET_COUNT_ * sizeof *counts);
    for (i = 0; i < GLUE_BUCKETS_SIZE; i++)
        if (bucket_holds_back(&buckets->slots[i], now))
            counts[buckets->slots[i].kind]++;
}

apr_array_header_t *glue_buckets_list(const glue_buckets_t *buckets, apr_time_t now,
                                      apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(glue_bucket_t));
    int i;

    for (i = 0; i < GLUE_BUCKETS_SIZE; i++)
        if (bucket_holds_back(&buckets->slots[i], now))
            APR_ARRAY_PUSH(list, glue_bucket_t) = buckets->slots[i];
    qsort(list->elts, (size_t)list->nelts, sizeof(glue_bucket_t), buckets_by_age);
    return list;
}

int glue_buckets_release(glue_buckets_t *buckets, apr_uint64_t id)
{
    int i, count = 0;

    for (i = 0; i < GLUE_BUCKETS_SIZE; i++)
        if (buckets->slots[i].id && (!id || buckets->slots[i].id == id)) {
            buckets->slots[i] = (glue_bucket_t){0};
            count++;
        }
    return count;
}
