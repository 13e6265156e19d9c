/* The audit stream. */
#include "state/redis_scripts.h"
#include "state/redis_store.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

static const char *audit_key(const redis_store_t *self, apr_pool_t *pool)
{
    return apr_pstrcat(pool, base_text_percent_encode(self->prefix, pool), ":audit", NULL);
}

static void audit_args_fields(redis_args_t *args, const state_audit_field_t *fields, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        redis_args_text(args, fields[i].name);
        redis_args_text(args, fields[i].value ? fields[i].value : "");
    }
}

base_fault_t *state_redis_audit_begin(void *data, const state_audit_field_t *fields, int count,
                                      const char **id, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value;

    redis_args_text(args, "XADD");
    redis_args_text(args, audit_key(self, pool));
    redis_args_text(args, "MAXLEN");
    redis_args_text(args, "~");
    redis_args_uint(args, STATE_AUDIT_MAX);
    redis_args_text(args, "*");
    audit_args_fields(args, fields, count);
    /* once: an entry that nobody ends would stand for a deed that nobody did */
    BASE_TRY(redis_command(self->redis, args, REDIS_ONCE, &value, pool));
    if (value->kind != REDIS_STRING)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "no id of an audit entry came back");
    *id = value->data;
    return NULL;
}

base_fault_t *state_redis_audit_end(void *data, const char *id, const state_audit_field_t *fields,
                                    int count, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_script_args(self->audit, 1, pool);
    redis_value_t *value;
    const char *word;

    redis_args_text(args, audit_key(self, pool));
    redis_args_text(args, id);
    audit_args_fields(args, fields, count);
    return state_redis_run(self, self->audit, args, &value, &word, pool);
}

static state_audit_entry_t *audit_entry(const redis_value_t *value, apr_pool_t *pool)
{
    const redis_value_t *id = redis_value_string(value, 0), *fields;
    state_audit_entry_t *entry;
    state_audit_field_t *made;
    int i;

    if (!id || value->count < 2 || value->elements[1]->kind != REDIS_ARRAY)
        return NULL;
    fields = value->elements[1];
    entry = apr_pcalloc(pool, sizeof *entry);
    made = apr_pcalloc(pool, ((apr_size_t)fields->count / 2 + 1) * sizeof *made);
    entry->id = id->data;
    entry->when = apr_time_from_msec(apr_atoi64(id->data));
    entry->fields = made;
    for (i = 0; i + 1 < fields->count; i += 2)
        if (redis_value_string(fields, i) && redis_value_string(fields, i + 1))
            made[entry->count++] =
                (state_audit_field_t){.name = redis_value_string(fields, i)->data,
                                      .value = redis_value_string(fields, i + 1)->data};
    return entry;
}

base_fault_t *state_redis_audit_list(void *data, const char *before, int limit,
                                     apr_array_header_t **entries, apr_pool_t *pool)
{
    redis_store_t *self = data;
    redis_args_t *args = redis_args_make(pool);
    redis_value_t *value;
    int i;

    redis_args_text(args, "XREVRANGE");
    redis_args_text(args, audit_key(self, pool));
    redis_args_text(args, before ? apr_pstrcat(pool, "(", before, NULL) : "+");
    redis_args_text(args, "-");
    redis_args_text(args, "COUNT");
    redis_args_uint(args, (apr_uint64_t)limit);
    BASE_TRY(redis_command(self->redis, args, REDIS_REPEAT, &value, pool));
    *entries = apr_array_make(pool, value->count, sizeof(state_audit_entry_t *));
    for (i = 0; i < value->count; i++) {
        state_audit_entry_t *entry = audit_entry(value->elements[i], pool);

        if (entry)
            APR_ARRAY_PUSH(*entries, state_audit_entry_t *) = entry;
    }
    return NULL;
}
