#include "redis/internal.h"

#include <stdarg.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

/* -- arguments -------------------------------------------------------------- */

redis_args_t *redis_args_make(apr_pool_t *pool)
{
    redis_args_t *args = apr_palloc(pool, sizeof *args);

    args->texts = apr_array_make(pool, 16, sizeof(const char *));
    args->lengths = apr_array_make(pool, 16, sizeof(size_t));
    return args;
}

void redis_args_bytes(redis_args_t *args, const void *bytes, apr_size_t length)
{
    APR_ARRAY_PUSH(args->texts, const char *) = length ? bytes : "";
    APR_ARRAY_PUSH(args->lengths, size_t) = length;
}

void redis_args_text(redis_args_t *args, const char *text)
{
    redis_args_bytes(args, text, strlen(text));
}

void redis_args_uint(redis_args_t *args, apr_uint64_t number)
{
    redis_args_text(args, apr_psprintf(args->texts->pool, "%" APR_UINT64_T_FMT, number));
}

/* -- values ----------------------------------------------------------------- */

static redis_value_t *value_new(const redisReadTask *task, redis_kind_t kind)
{
    redis_value_t *value = apr_pcalloc(task->privdata, sizeof *value);

    value->kind = kind;
    if (task->parent) {
        redis_value_t *parent = task->parent->obj;

        parent->elements[task->idx] = value;
    }
    return value;
}

static void *value_create_string(const redisReadTask *task, char *text, size_t length)
{
    redis_value_t *value =
        value_new(task, task->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_STRING);

    value->data = apr_pstrmemdup(task->privdata, text, length);
    value->length = length;
    return value;
}

#if HIREDIS_MAJOR >= 1
static void *value_create_array(const redisReadTask *task, size_t count)
#else
static void *value_create_array(const redisReadTask *task, int count)
#endif
{
    redis_value_t *value = value_new(task, REDIS_ARRAY);

    value->count = (int)count;
    value->elements = apr_pcalloc(task->privdata, (size_t)count * sizeof *value->elements);
    return value;
}

static void *value_create_integer(const redisReadTask *task, long long integer)
{
    redis_value_t *value = value_new(task, REDIS_INTEGER);

    value->integer = integer;
    return value;
}

static void *value_create_nil(const redisReadTask *task)
{
    return value_new(task, REDIS_NIL);
}

static void value_free(void *value)
{
    (void)value; /* the pool's */
}

void redis_value_attach(redisContext *context, apr_pool_t *pool)
{
    static const redisReplyObjectFunctions functions = {
        .createString = value_create_string,
        .createArray = value_create_array,
        .createInteger = value_create_integer,
        .createNil = value_create_nil,
        .freeObject = value_free,
    };

    /* hiredis takes a plain pointer, but never writes there */
    context->reader->fn = (redisReplyObjectFunctions *)&functions;
    context->reader->privdata = pool;
}

const redis_value_t *redis_value_string(const redis_value_t *array, int index)
{
    const redis_value_t *element;

    if (!array || array->kind != REDIS_ARRAY || index < 0 || index >= array->count)
        return NULL;
    element = array->elements[index];
    return element && element->kind == REDIS_STRING ? element : NULL;
}

int redis_value_uint(const redis_value_t *value, apr_uint64_t *number)
{
    if (value && value->kind == REDIS_INTEGER && value->integer >= 0) {
        *number = (apr_uint64_t)value->integer;
        return 1;
    }
    return value && value->kind == REDIS_STRING && strlen(value->data) == value->length &&
           base_text_parse_uint(value->data, APR_UINT64_MAX, number);
}

/* -- error replies ---------------------------------------------------------- */

static const struct {
    const char *code;
    base_fault_code_t fault;
    int discards; /* the connection is of no use any more */
} value_errors[] = {
    {"WRONGTYPE", BASE_FAULT_CORRUPT, 0},      {"LOADING", BASE_FAULT_UNAVAILABLE, 1},
    {"MASTERDOWN", BASE_FAULT_UNAVAILABLE, 1}, {"READONLY", BASE_FAULT_UNAVAILABLE, 1},
    {"NOAUTH", BASE_FAULT_UNAVAILABLE, 1},     {"WRONGPASS", BASE_FAULT_UNAVAILABLE, 1},
    {"NOPERM", BASE_FAULT_UNAVAILABLE, 0},     {"OOM", BASE_FAULT_UNAVAILABLE, 0},
    {"MISCONF", BASE_FAULT_UNAVAILABLE, 0},    {"NOREPLICAS", BASE_FAULT_UNAVAILABLE, 0},
    {"BUSY", BASE_FAULT_UNAVAILABLE, 0},       {"CLUSTERDOWN", BASE_FAULT_UNAVAILABLE, 0},
    {"TRYAGAIN", BASE_FAULT_UNAVAILABLE, 0},   {"MOVED", BASE_FAULT_UNAVAILABLE, 0},
    {"ASK", BASE_FAULT_UNAVAILABLE, 0},
};

int redis_error_is(const redis_value_t *value, const char *code)
{
    size_t length = strlen(code);

    return value->kind == REDIS_ERROR && strncmp(value->data, code, length) == 0 &&
           (value->data[length] == ' ' || value->data[length] == '\0');
}

int redis_error_discards(const redis_value_t *value)
{
    size_t i;

    for (i = 0; i < sizeof value_errors / sizeof *value_errors; i++)
        if (redis_error_is(value, value_errors[i].code))
            return value_errors[i].discards;
    return 0;
}

base_fault_t *redis_value_fault(const redis_value_t *value, apr_pool_t *pool)
{
    base_fault_code_t code = BASE_FAULT_INTERNAL;
    base_fault_t *fault;
    size_t i;

    if (value->kind != REDIS_ERROR)
        return NULL;
    for (i = 0; i < sizeof value_errors / sizeof *value_errors; i++)
        if (redis_error_is(value, value_errors[i].code))
            code = value_errors[i].fault;
    fault = base_fault_make(pool, code, "redis: %s", value->data);
    if (code == BASE_FAULT_UNAVAILABLE)
        fault->retry_after = 5;
    return fault;
}

/* -- key names -------------------------------------------------------------- */

const char *redis_key_name(apr_pool_t *pool, const char *prefix, const char *account, ...)
{
    base_text_buffer_t name = {.pool = pool};
    const char *part;
    va_list parts;

    base_text_buffer_puts(&name, base_text_percent_encode(prefix, pool));
    base_text_buffer_puts(&name, ":{");
    base_text_buffer_puts(&name, base_text_percent_encode(account, pool));
    base_text_buffer_puts(&name, "}");
    va_start(parts, account);
    while ((part = va_arg(parts, const char *))) {
        base_text_buffer_puts(&name, ":");
        base_text_buffer_puts(&name, base_text_percent_encode(part, pool));
    }
    va_end(parts);
    return name.data;
}
