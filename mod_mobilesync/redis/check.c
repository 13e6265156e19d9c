#include "redis/redis.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define CHECK_VERSION 7 /* scripts that begin with #!lua */

/* The value of "name:value\r\n" in the text of INFO; NULL when it is not there. */
static const char *check_value(const char *info, const char *name, apr_pool_t *pool)
{
    size_t length = strlen(name);
    const char *line = info;

    while (line) {
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return apr_pstrmemdup(pool, line + length + 1, strcspn(line + length + 1, "\r\n"));
        line = strchr(line, '\n');
        if (line)
            line++;
    }
    return NULL;
}

static void check_warn(apr_array_header_t *warnings, const char *text)
{
    APR_ARRAY_PUSH(warnings, const char *) = text;
}

static void check_info(const char *name, const char *info, apr_array_header_t *warnings,
                       apr_pool_t *pool)
{
    const char *value;

    value = check_value(info, "redis_version", pool);
    if (value && atoi(value) < CHECK_VERSION)
        check_warn(warnings, apr_psprintf(pool, "%s: version %s is too old, %d or later is needed",
                                          name, value, CHECK_VERSION));
    value = check_value(info, "maxmemory_policy", pool);
    if (value && strcmp(value, "noeviction") != 0)
        check_warn(warnings,
                   apr_psprintf(pool,
                                "%s: maxmemory-policy is %s: SyncStates may vanish and devices "
                                "resync; set it to noeviction",
                                name, value));
    value = check_value(info, "aof_enabled", pool);
    if (value && strcmp(value, "0") == 0)
        check_warn(warnings, apr_psprintf(pool,
                                          "%s: no append-only file: a restart of Redis makes "
                                          "devices resync; set appendonly yes",
                                          name));
    value = check_value(info, "role", pool);
    if (value && strcmp(value, "master") != 0)
        check_warn(warnings,
                   apr_psprintf(pool, "%s: it is a replica, nothing can be written to it", name));
}

base_fault_t *redis_dataset_bytes(redis_pool_t *redis, apr_uint64_t *bytes, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    const char *text;
    redis_value_t *value;

    *bytes = 0;
    redis_args_text(args, "INFO");
    redis_args_text(args, "memory");
    BASE_TRY(redis_command(redis, args, REDIS_REPEAT, &value, pool));
    text =
        value->kind == REDIS_STRING ? check_value(value->data, "used_memory_dataset", pool) : NULL;
    if (!text || !base_text_parse_uint(text, APR_UINT64_MAX, bytes))
        return base_fault_make(pool, BASE_FAULT_UNSUPPORTED,
                               "INFO does not say used_memory_dataset");
    return NULL;
}

base_fault_t *redis_check(redis_pool_t *redis, apr_array_header_t **warnings, apr_pool_t *pool)
{
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value;
    base_fault_t *fault;

    *warnings = apr_array_make(pool, 4, sizeof(const char *));
    /* INFO knows what CONFIG GET knows, and hosted servers allow it */
    redis_args_text(args, "INFO");
    fault = redis_command(redis, args, REDIS_REPEAT, &value, pool);
    if (base_fault_code(fault) == BASE_FAULT_UNAVAILABLE) {
        check_warn(*warnings,
                   apr_pstrcat(pool, redis_pool_config(redis)->name, ": ", fault->message, NULL));
        return NULL;
    }
    BASE_TRY(fault);
    if (value->kind == REDIS_STRING)
        check_info(redis_pool_config(redis)->name, value->data, *warnings, pool);
    return NULL;
}
