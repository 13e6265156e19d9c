/* Token buckets of devices, addresses and accounts: a table of fixed size that all children share.
 * A bucket that is full says nothing that an absent one would not, so that in a crowded table the
 * fullest makes room: whoever is held back stays so under an attack of many names. Knows neither
 * httpd nor a clock; who calls holds the table's lock. */
#ifndef GLUE_BUCKETS_H
#define GLUE_BUCKETS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#define GLUE_BUCKETS_SIZE 16384
#define GLUE_BUCKETS_WAYS 8 /* places that a bucket may be at */
#define GLUE_BUCKETS_KEY 16
#define GLUE_BUCKETS_NAME 200 /* longer names are cut where they are shown */

/* A bucket holds count tokens and fills up in period: so many at once, and on average. */
typedef struct {
    apr_int64_t count; /* 0: no limit */
    apr_interval_time_t period;
} glue_rate_t;

typedef enum {
    GLUE_BUCKET_DEVICE_REQUESTS,  /* name: account, line feed, device id */
    GLUE_BUCKET_ADDRESS_REQUESTS, /* of a source: see glue_buckets_source */
    GLUE_BUCKET_ADDRESS_LOGINS,   /* likewise: logins that failed */
    GLUE_BUCKET_ACCOUNT_LOGINS,   /* logins of an account that failed */
    GLUE_BUCKET_COUNT_
} glue_bucket_kind_t;

/* Which bucket. */
typedef struct {
    glue_bucket_kind_t kind;
    const char *scope; /* in which name means something: a virtual host; "": anywhere */
    const char *name;
} glue_bucket_name_t;

typedef struct {
    apr_uint64_t id;    /* keyed hash of kind, scope and name; 0: free */
    apr_time_t full;    /* when it will be full again */
    apr_time_t since;   /* who was refused first since it was full; 0: nobody */
    apr_int64_t period; /* of its rate when it was last asked, and the time of one token */
    apr_int64_t token;
    apr_uint32_t refused; /* since then */
    apr_uint16_t kind;
    char name[GLUE_BUCKETS_NAME];
} glue_bucket_t;

/* All 0 but the key: empty. */
typedef struct {
    unsigned char key[GLUE_BUCKETS_KEY]; /* random: nobody can aim at a place */
    glue_bucket_t slots[GLUE_BUCKETS_SIZE];
} glue_buckets_t;

/* What came of asking for a token. */
typedef struct {
    apr_interval_time_t wait; /* 0: there is one; else the time until there is */
    unsigned refused;         /* how often that was since the bucket was full */
} glue_verdict_t;

/* "600/minute" (second, minute, hour, day) or "off". 0: it is neither. */
int glue_rate_parse(const char *text, glue_rate_t *rate);

/* What counts as one source: an IPv4 address, the /64 of an IPv6 address. */
const char *glue_buckets_source(const char *ip, apr_pool_t *pool);

/* Takes a token if there is one. */
void glue_buckets_take(glue_buckets_t *buckets, const glue_bucket_name_t *name,
                       const glue_rate_t *rate, apr_time_t now, glue_verdict_t *verdict);
/* The same, but no token is taken; that there is none counts as refused. */
void glue_buckets_look(glue_buckets_t *buckets, const glue_bucket_name_t *name,
                       const glue_rate_t *rate, apr_time_t now, glue_verdict_t *verdict);
/* When the bucket has a token: now or later. */
apr_time_t glue_bucket_next(const glue_bucket_t *bucket, apr_time_t now);

/* Copies of those that were found empty since they were full, the longest ones first. */
apr_array_header_t *glue_buckets_list(const glue_buckets_t *buckets, apr_time_t now,
                                      apr_pool_t *pool);
/* How many of each kind it would list. */
void glue_buckets_count(const glue_buckets_t *buckets, apr_time_t now,
                        unsigned counts[GLUE_BUCKET_COUNT_]);
/* Forgets the bucket of an id (0: all); returns how many there were. */
int glue_buckets_release(glue_buckets_t *buckets, apr_uint64_t id);

#endif
