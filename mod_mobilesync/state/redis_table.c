/* Tables in Redis: a hash each. */
#include "state/redis_scripts.h"
#include "state/redis_store.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

static const char *table_key(const redis_store_t *self, state_table_t table, apr_pool_t *pool)
{
    static const char *const names[STATE_TABLE_COUNT_] = {[STATE_TABLE_ACCESS] = ":access",
                                                          [STATE_TABLE_ACCESS_NEWS] =
                                                              ":access-news",
                                                          [STATE_TABLE_OUTBOX] = ":outbox"};

    return apr_pstrcat(pool, base_text_percent_encode(self->prefix, pool), names[table], NULL);
}

base_fault_t *state_redis_table_read(void *data, state_table_t table, const char *const *names,
                                     int count, const state_table_beside_t *beside,
                                     const char **texts, state_record_t **record, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *commands[2] = {redis_args_make(pool)};
    redis_value_t **values;
    int i;

    redis_args_text(commands[0], "HMGET");
    redis_args_text(commands[0], table_key(self, table, pool));
    for (i = 0; i < count; i++)
        redis_args_text(commands[0], names[i]);
    if (beside)
        commands[1] = state_redis_read_args(self, beside->key, beside->names, beside->count, pool);
    BASE_TRY(redis_pipeline(self->redis, commands, beside ? 2 : 1, REDIS_REPEAT, &values, pool));
    BASE_TRY(redis_value_fault(values[0], pool));
    for (i = 0; i < count; i++) {
        const redis_value_t *text = redis_value_string(values[0], i);

        texts[i] = text ? text->data : NULL;
    }
    return beside ? state_redis_read_record(values[1], beside->names, beside->count, record, pool)
                  : NULL;
}

/* What is taken away is marked: no text is a lone NUL. */
static void table_args_entry(redis_args_t *args, const state_table_entry_t *entry)
{
    redis_args_text(args, entry->name);
    if (entry->value)
        redis_args_text(args, entry->value);
    else
        redis_args_bytes(args, "", 1);
}

base_fault_t *state_redis_table_write(void *data, state_table_t table, const char *check,
                                      const char *expected, const state_table_entry_t *entries,
                                      int count, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_script_args(self->table, 1, pool);
    const state_table_entry_t before = {.name = check ? check : "", .value = expected};
    redis_value_t *value;
    const char *word;
    int i;

    redis_args_text(args, table_key(self, table, pool));
    table_args_entry(args, &before);
    for (i = 0; i < count; i++)
        table_args_entry(args, &entries[i]);
    BASE_TRY(state_redis_run(self, self->table, args, &value, &word, pool));
    return strcmp(word, "CONFLICT") == 0 ? state_table_conflict(pool) : NULL;
}

base_fault_t *state_redis_table_list(void *data, state_table_t table, const char *after, int limit,
                                     apr_array_header_t **entries, const char **next,
                                     apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_args_make(pool);
    const redis_value_t *cursor;
    redis_value_t *value;
    apr_uint64_t number = 0;
    int i;

    if (after && !base_text_parse_uint(after, APR_UINT64_MAX, &number))
        return base_fault_make(pool, BASE_FAULT_INVALID, "after must be a \"next\" of an answer");
    redis_args_text(args, "HSCAN");
    redis_args_text(args, table_key(self, table, pool));
    redis_args_uint(args, number);
    redis_args_text(args, "COUNT");
    redis_args_uint(args, (apr_uint64_t)limit);
    BASE_TRY(redis_command(self->redis, args, REDIS_REPEAT, &value, pool));
    cursor = value->count == 2 ? redis_value_string(value, 0) : NULL;
    if (!cursor)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "redis: an odd answer to HSCAN");
    *next = strcmp(cursor->data, "0") == 0 ? NULL : cursor->data;
    value = value->elements[1];
    *entries = apr_array_make(pool, value->count / 2, sizeof(state_table_entry_t));
    for (i = 0; i + 1 < value->count; i += 2) {
        const redis_value_t *name = redis_value_string(value, i);
        const redis_value_t *text = redis_value_string(value, i + 1);

        if (name && text)
            APR_ARRAY_PUSH(*entries, state_table_entry_t) =
                (state_table_entry_t){.name = name->data, .value = text->data};
    }
    return NULL;
}
