#include "redis/internal.h"

#include <apr_sha1.h>
#include <apr_strings.h>
#include <string.h>

#include "base/text.h"

struct redis_script {
    const char *name;
    const char *source;
    const char *sha; /* 40 hex digits */
};

static base_fault_t *command_lost(const char *why, apr_pool_t *pool)
{
    base_fault_t *fault =
        base_fault_make(pool, BASE_FAULT_UNAVAILABLE, "redis: the connection broke: %s", why);

    fault->retry_after = 1;
    return fault;
}

/* What the answers say about the server. */
static int command_inspect(redis_pool_t *redis, redis_value_t *const *values, int count,
                           apr_pool_t *pool)
{
    int i, discard = 0;

    for (i = 0; i < count; i++) {
        if (values[i]->kind != REDIS_ERROR)
            continue;
        if (redis_error_discards(values[i]))
            discard = 1;
        if (base_fault_code(redis_value_fault(values[i], pool)) == BASE_FAULT_UNAVAILABLE)
            redis_pool_refused(redis, values[i]->data);
    }
    return discard;
}

/* One attempt. *outcome OK: the values are there. A fault: there is no connection. */
static base_fault_t *command_trip(redis_pool_t *redis, redis_args_t *const *commands, int count,
                                  redis_value_t **values, redis_link_outcome_t *outcome,
                                  const char **why, apr_pool_t *pool)
{
    redis_link_t *link;
    int discard;

    BASE_TRY(redis_pool_take(redis, &link, pool));
    *outcome = redis_link_exchange(link, commands, count, values, why, pool);
    discard = *outcome == REDIS_LINK_OK && command_inspect(redis, values, count, pool);
    redis_pool_give(redis, link, *outcome, *why, discard);
    return NULL;
}

static apr_size_t command_bytes(redis_args_t *const *commands, int count)
{
    apr_size_t bytes = 0;
    int i, k;

    for (i = 0; i < count; i++)
        for (k = 0; k < commands[i]->lengths->nelts; k++)
            bytes += APR_ARRAY_IDX(commands[i]->lengths, k, size_t);
    return bytes;
}

/* A script that the server does not know yet is no error: it is sent. */
static int command_failed(redis_value_t *const *values, int count)
{
    int i;

    for (i = 0; i < count; i++)
        if (values[i]->kind == REDIS_ERROR && !redis_error_is(values[i], "NOSCRIPT"))
            return 1;
    return 0;
}

base_fault_t *redis_pipeline(redis_pool_t *redis, redis_args_t *const *commands, int count,
                             redis_retry_t retry, redis_value_t ***values, apr_pool_t *pool)
{
    int attempt;

    *values = apr_pcalloc(pool, (apr_size_t)count * sizeof **values);
    for (attempt = 1;; attempt++) {
        redis_link_outcome_t outcome = REDIS_LINK_UNSENT;
        const char *why = NULL;
        apr_time_t began = apr_time_now();
        base_fault_t *fault = command_trip(redis, commands, count, *values, &outcome, &why, pool);
        redis_trip_t trip = {.failed = fault || outcome != REDIS_LINK_OK ||
                                       command_failed(*values, count)};

        if (!fault) {
            trip.duration = apr_time_now() - began;
            trip.sent = command_bytes(commands, count);
        }
        if (trip.failed || retry != REDIS_WAIT)
            redis_pool_tell(redis, &trip);
        if (fault || outcome == REDIS_LINK_OK)
            return fault;
        /* a server that was restarted breaks the connections that were idle: one more try,
         * over a new one. After a timeout it would only wait twice as long. */
        if (attempt > 1 || outcome == REDIS_LINK_TIMEOUT ||
            (outcome == REDIS_LINK_BROKEN && retry != REDIS_REPEAT))
            return command_lost(why, pool);
    }
}

base_fault_t *redis_command(redis_pool_t *redis, redis_args_t *args, redis_retry_t retry,
                            redis_value_t **value, apr_pool_t *pool)
{
    redis_args_t *commands[1] = {args};
    redis_value_t **values;

    BASE_TRY(redis_pipeline(redis, commands, 1, retry, &values, pool));
    *value = values[0];
    return redis_value_fault(*value, pool);
}

redis_script_t *redis_script_make(const char *name, const char *source, apr_pool_t *pool)
{
    redis_script_t *script = apr_palloc(pool, sizeof *script);
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    apr_sha1_update(&context, source, (unsigned)strlen(source));
    apr_sha1_final(digest, &context);
    script->name = name;
    script->source = source;
    script->sha = base_text_hex_encode(digest, sizeof digest, pool);
    return script;
}

redis_args_t *redis_script_args(const redis_script_t *script, int key_count, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);

    redis_args_text(args, "EVALSHA");
    redis_args_text(args, script->sha);
    redis_args_uint(args, (apr_uint64_t)key_count);
    return args;
}

base_fault_t *redis_script_call(redis_pool_t *redis, const redis_script_t *script,
                                redis_args_t *args, redis_retry_t retry, redis_value_t **value,
                                apr_pool_t *pool)
{
    redis_value_t **values;

    BASE_TRY(base_fault_wrap(redis_pipeline(redis, &args, 1, retry, &values, pool), pool, "%s",
                             script->name));
    if (redis_error_is(values[0], "NOSCRIPT")) { /* nothing was executed; EVAL also loads it */
        APR_ARRAY_IDX(args->texts, 0, const char *) = "EVAL";
        APR_ARRAY_IDX(args->lengths, 0, size_t) = 4;
        APR_ARRAY_IDX(args->texts, 1, const char *) = script->source;
        APR_ARRAY_IDX(args->lengths, 1, size_t) = strlen(script->source);
        BASE_TRY(base_fault_wrap(redis_pipeline(redis, &args, 1, retry, &values, pool), pool, "%s",
                                 script->name));
    }
    *value = values[0];
    return base_fault_wrap(redis_value_fault(*value, pool), pool, "%s", script->name);
}
