/* The index of accounts: sets in slots of their own, which an account enters with its first record.
 * Everything else is found by the account's name; so the index can be made anew from the keys. */
#include "state/redis_store.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define ACCOUNT_BUCKETS 256
#define ACCOUNT_BUCKETS_AT_ONCE 32
#define ACCOUNT_SCANS 20          /* in one page of a rebuild */
#define ACCOUNT_SCAN_KEYS "10000" /* that each of them goes through, about: some milliseconds */

static const char *account_bucket_key(const redis_store_t *self, int bucket, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:accounts:%d", base_text_percent_encode(self->prefix, pool),
                        bucket);
}

/* The account's bucket lives in another slot, so that this is a step of its own, and best
 * effort: the index can be rebuilt from the keys. */
void state_redis_account_enter(redis_store_t *self, const char *account, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value;
    base_fault_t *fault;

    redis_args_text(args, "SADD");
    redis_args_text(args, account_bucket_key(self, state_account_bucket(account), pool));
    redis_args_text(args, account);
    fault = redis_command(self->redis, args, REDIS_REPEAT, &value, pool);
    if (fault)
        base_log_write(self->log, BASE_LOG_WARNING,
                       "account %s is missing from the index of accounts: %s", account,
                       fault->message);
}

/* The names of a bucket that follow `after` (NULL: all), in order. */
static base_fault_t *account_bucket(const redis_value_t *value, const char *after, int limit,
                                    apr_array_header_t *accounts, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, value->count, sizeof(const char *));
    int i;

    BASE_TRY(redis_value_fault(value, pool));
    for (i = 0; i < value->count; i++) {
        const redis_value_t *name = redis_value_string(value, i);

        if (name && *name->data && (!after || strcmp(name->data, after) > 0))
            APR_ARRAY_PUSH(names, const char *) = name->data;
    }
    state_names_sort(names);
    for (i = 0; i < names->nelts && accounts->nelts < limit; i++)
        APR_ARRAY_PUSH(accounts, const char *) = APR_ARRAY_IDX(names, i, const char *);
    return NULL;
}

base_fault_t *state_redis_account_list(void *data, const char *after, int limit,
                                       apr_array_header_t **accounts, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *commands[ACCOUNT_BUCKETS_AT_ONCE];
    redis_value_t **values;
    int first = after ? state_account_bucket(after) : 0, bucket, count, i;

    *accounts = apr_array_make(pool, limit < 1000 ? limit : 1000, sizeof(const char *));
    for (bucket = first; bucket < ACCOUNT_BUCKETS && (*accounts)->nelts < limit; bucket += count) {
        count = ACCOUNT_BUCKETS - bucket < ACCOUNT_BUCKETS_AT_ONCE ? ACCOUNT_BUCKETS - bucket
                                                                   : ACCOUNT_BUCKETS_AT_ONCE;
        for (i = 0; i < count; i++) {
            commands[i] = redis_args_make(pool);
            redis_args_text(commands[i], "SMEMBERS");
            redis_args_text(commands[i], account_bucket_key(self, bucket + i, pool));
        }
        BASE_TRY(redis_pipeline(self->redis, commands, count, REDIS_REPEAT, &values, pool));
        for (i = 0; i < count; i++)
            BASE_TRY(account_bucket(values[i], bucket + i == first ? after : NULL, limit, *accounts,
                                    pool));
    }
    return NULL;
}

/* -- rebuilding ------------------------------------------------------------- */

/* The account of a key "P:{account}:devices", NULL when it is none. */
static const char *account_of_key(const redis_store_t *self, const redis_value_t *key,
                                  apr_pool_t *pool)
{
    const char *open = key ? strchr(key->data, '{') : NULL, *end = open ? strchr(open, '}') : NULL;
    const char *account =
        end ? base_text_percent_decode(apr_pstrmemdup(pool, open + 1, (apr_size_t)(end - open - 1)),
                                       pool)
            : NULL;

    return account && *account && strlen(account) <= STATE_NAME_MAX &&
                   strcmp(state_redis_devices(self, account, pool), key->data) == 0
               ? account
               : NULL;
}

/* One SCAN; *cursor becomes "0" at the end. */
static base_fault_t *account_scan(redis_store_t *self, const char **cursor,
                                  apr_array_header_t *accounts, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    const redis_value_t *next;
    redis_value_t *value;
    int i;

    redis_args_text(args, "SCAN");
    redis_args_text(args, *cursor);
    redis_args_text(args, "MATCH");
    redis_args_text(args, apr_pstrcat(pool, base_text_percent_encode(self->prefix, pool),
                                      ":{*}:devices", NULL));
    redis_args_text(args, "COUNT");
    redis_args_text(args, ACCOUNT_SCAN_KEYS);
    BASE_TRY(redis_command(self->redis, args, REDIS_REPEAT, &value, pool));
    next = value->count == 2 ? redis_value_string(value, 0) : NULL;
    if (!next)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "redis: an odd answer to SCAN");
    *cursor = next->data;
    for (i = 0; i < value->elements[1]->count; i++) {
        const char *account = account_of_key(self, redis_value_string(value->elements[1], i), pool);

        if (account)
            APR_ARRAY_PUSH(accounts, const char *) = account;
    }
    return NULL;
}

/* Enters them, or only asks whether they are there. *missing: those that were not. */
static base_fault_t *accounts_enter(redis_store_t *self, const apr_array_header_t *accounts,
                                    int enter, int *missing, apr_pool_t *pool)
{
    redis_args_t **commands =
        apr_palloc(pool, (apr_size_t)(accounts->nelts + 1) * sizeof *commands);
    redis_value_t **values;
    int i;

    *missing = 0;
    if (!accounts->nelts)
        return NULL;
    for (i = 0; i < accounts->nelts; i++) {
        const char *account = APR_ARRAY_IDX(accounts, i, const char *);

        commands[i] = redis_args_make(pool);
        redis_args_text(commands[i], enter ? "SADD" : "SISMEMBER");
        redis_args_text(commands[i], account_bucket_key(self, state_account_bucket(account), pool));
        redis_args_text(commands[i], account);
    }
    BASE_TRY(redis_pipeline(self->redis, commands, accounts->nelts, REDIS_REPEAT, &values, pool));
    for (i = 0; i < accounts->nelts; i++) {
        BASE_TRY(redis_value_fault(values[i], pool));
        *missing += values[i]->integer == (enter ? 1 : 0);
    }
    return NULL;
}

base_fault_t *state_redis_account_rebuild(void *data, const char *after, int enter,
                                          state_rebuild_t *rebuild, apr_pool_t *pool)
{
    redis_store_t *self = data;
    const char *cursor = after ? after : "0";
    apr_array_header_t *accounts = apr_array_make(pool, 64, sizeof(const char *));
    int i;

    for (i = 0; i < ACCOUNT_SCANS; i++) {
        BASE_TRY(account_scan(self, &cursor, accounts, pool));
        if (strcmp(cursor, "0") == 0)
            break;
    }
    rebuild->accounts = accounts->nelts;
    rebuild->next = strcmp(cursor, "0") == 0 ? NULL : cursor;
    return accounts_enter(self, accounts, enter, &rebuild->missing, pool);
}
