/* The fail driver: another driver whose calls fail by plan, before anything happened or after
 * it did (the answer was lost). For tests of what is above backend.h.
 *
 * Arguments: driver=NAME (default "memory"), fail=CALL:N:CODE[:after] (repeatable), and those of
 * the other driver. CALL is an entry of backend_driver_t or *, N counts such calls in this child
 * from 1 ("3": the third one, "3+": the third and all later ones), CODE is a row of
 * base/fault_codes.tbl. Example: fail=put:1:UNAVAILABLE:after */
#ifndef BACKEND_FAIL_H
#define BACKEND_FAIL_H

#include "backend/backend.h"

/* Called before each call (after = 0) and, where it succeeded, after it (after = 1): NONE lets
 * it be, any other code is returned to the caller. May be called from several threads. */
typedef base_fault_code_t (*backend_fail_fn)(void *baton, const char *call, int after);

/* Replaces the plan of the arguments; NULL: nothing fails any more. Not while calls run. */
void backend_fail_decide(backend_t *backend, backend_fail_fn decide, void *baton);

/* The backend behind it; the backend itself when it is no fail driver. */
backend_t *backend_fail_inner(backend_t *backend);

#endif
