/* Errors are values. A function that can fail returns base_fault_t *: NULL is
 * success. Callers add context on the way up (base_fault_wrap); the one who turns
 * the fault into a Status or an HTTP code logs it, once.
 *
 * Ownership: a fault lives in the pool it was made in. Pass the pool that the
 * caller handed in, never a subpool that is cleared before the fault is read. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <apr_errno.h>
#include <apr_pools.h>

typedef enum {
    BASE_FAULT_NONE = 0,
#define FAULT_CODE(name, text) BASE_FAULT_##name,
#include "base/fault_codes.tbl"
#undef FAULT_CODE
    BASE_FAULT_COUNT_
} base_fault_code_t;

typedef struct base_fault base_fault_t;
struct base_fault {
    base_fault_code_t code;
    apr_status_t status; /* the system's or APR's word on it, or APR_SUCCESS */
    const char *message; /* what was being done, innermost last, without newline */
    int retry_after;     /* seconds after which a retry makes sense, 0 = unknown */
};

/* A new fault. The message is printf-like (apr_psprintf formats). */
base_fault_t *base_fault_make(apr_pool_t *pool, base_fault_code_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

/* The same with an apr_status_t (or errno) whose text is appended. */
base_fault_t *base_fault_make_status(apr_pool_t *pool, base_fault_code_t code, apr_status_t status,
                                     const char *format, ...)
    __attribute__((format(printf, 4, 5), returns_nonnull));

/* Adds context in front: "opening folder 5: no such file". NULL stays NULL. */
base_fault_t *base_fault_wrap(base_fault_t *fault, apr_pool_t *pool, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* BASE_FAULT_NONE for NULL. */
base_fault_code_t base_fault_code(const base_fault_t *fault);

/* "UNAVAILABLE": the row's name, for logs, records and tests. */
const char *base_fault_code_name(base_fault_code_t code);
const char *base_fault_code_text(base_fault_code_t code);

/* Returns the fault of an expression to the caller, unchanged. */
#define BASE_TRY(expression)                          \
    do {                                              \
        base_fault_t *base_try_fault_ = (expression); \
        if (base_try_fault_)                          \
            return base_try_fault_;                   \
    } while (0)

#endif
