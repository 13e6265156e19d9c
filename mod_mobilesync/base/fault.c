#include "base/fault.h"

#include <stdarg.h>
#include <apr_strings.h>

static const struct {
    const char *name;
    const char *text;
} fault_codes[] = {
    [BASE_FAULT_NONE] = {"NONE", "no error"},
#define FAULT_CODE(name, text) [BASE_FAULT_##name] = {#name, text},
#include "base/fault_codes.tbl"
#undef FAULT_CODE
};

static base_fault_t *fault_new(apr_pool_t *pool, base_fault_code_t code, apr_status_t status,
                               const char *message)
{
    base_fault_t *fault = apr_pcalloc(pool, sizeof *fault);

    fault->code = code;
    fault->status = status;
    fault->message = message;
    return fault;
}

base_fault_t *base_fault_make(apr_pool_t *pool, base_fault_code_t code, const char *format, ...)
{
    va_list arguments;
    const char *message;

    va_start(arguments, format);
    message = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    return fault_new(pool, code, APR_SUCCESS, message);
}

base_fault_t *base_fault_make_status(apr_pool_t *pool, base_fault_code_t code, apr_status_t status,
                                     const char *format, ...)
{
    char text[160];
    va_list arguments;
    const char *message;

    va_start(arguments, format);
    message = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    apr_strerror(status, text, sizeof text);
    return fault_new(pool, code, status, apr_pstrcat(pool, message, ": ", text, NULL));
}

base_fault_t *base_fault_wrap(base_fault_t *fault, apr_pool_t *pool, const char *format, ...)
{
    va_list arguments;
    const char *context;
    base_fault_t *wrapped;

    if (!fault)
        return NULL;
    va_start(arguments, format);
    context = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    wrapped = fault_new(pool, fault->code, fault->status,
                        apr_pstrcat(pool, context, ": ", fault->message, NULL));
    wrapped->retry_after = fault->retry_after;
    return wrapped;
}

base_fault_code_t base_fault_code(const base_fault_t *fault)
{
    return fault ? fault->code : BASE_FAULT_NONE;
}

const char *base_fault_code_name(base_fault_code_t code)
{
    return code < BASE_FAULT_COUNT_ ? fault_codes[code].name : "UNKNOWN";
}

const char *base_fault_code_text(base_fault_code_t code)
{
    return code < BASE_FAULT_COUNT_ ? fault_codes[code].text : "unknown error";
}
