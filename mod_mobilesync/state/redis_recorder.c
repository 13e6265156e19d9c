/* state/recorder.h in Redis. */
#include "state/recorder.h"
#include "state/redis_store.h"

#include <string.h>
#include <apr_strings.h>

static const struct {
    const char *letter;
    apr_interval_time_t ttl;
} recorder_kinds[STATE_RECORDER_KIND_COUNT_] = {
    [STATE_RECORDER_EXCHANGES] = {"e", apr_time_from_sec(30 * 86400)},
    [STATE_RECORDER_TRACE] = {"x", apr_time_from_sec(86400)},
};

static const char *recorder_key(const redis_store_t *self, state_recorder_kind_t kind,
                                const char *account, const char *device, apr_pool_t *pool)
{
    return redis_key_name(pool, self->prefix, account, recorder_kinds[kind].letter, device, NULL);
}

base_fault_t *state_redis_recorder_add(void *data, state_recorder_kind_t kind, const char *account,
                                       const char *device, const char *entry, int keep,
                                       apr_pool_t *pool)
{
    redis_store_t *self = data;
    const char *key = recorder_key(self, kind, account, device, pool);
    redis_args_t *commands[3];
    redis_value_t **values;
    int i;

    for (i = 0; i < 3; i++)
        commands[i] = redis_args_make(pool);
    redis_args_text(commands[0], "LPUSH");
    redis_args_text(commands[0], key);
    redis_args_text(commands[0], entry);
    redis_args_text(commands[1], "LTRIM");
    redis_args_text(commands[1], key);
    redis_args_text(commands[1], "0");
    redis_args_uint(commands[1], (apr_uint64_t)keep - 1);
    redis_args_text(commands[2], "PEXPIRE");
    redis_args_text(commands[2], key);
    redis_args_uint(commands[2], (apr_uint64_t)apr_time_as_msec(recorder_kinds[kind].ttl));
    BASE_TRY(redis_pipeline(self->redis, commands, 3, REDIS_ONCE, &values, pool));
    return redis_value_fault(values[0], pool);
}

base_fault_t *state_redis_recorder_read(void *data, state_recorder_kind_t kind, const char *account,
                                        const char *device, apr_array_header_t **entries,
                                        apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value;
    int i;

    redis_args_text(args, "LRANGE");
    redis_args_text(args, recorder_key(self, kind, account, device, pool));
    redis_args_text(args, "0");
    redis_args_text(args, "-1");
    BASE_TRY(redis_command(self->redis, args, REDIS_REPEAT, &value, pool));
    *entries = apr_array_make(pool, value->count, sizeof(const char *));
    for (i = 0; i < value->count; i++)
        if (redis_value_string(value, i))
            APR_ARRAY_PUSH(*entries, const char *) = redis_value_string(value, i)->data;
    return NULL;
}
