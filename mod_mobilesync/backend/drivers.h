/* The drivers that backend_driver_find knows; a new one is a row here. */
#ifndef BACKEND_DRIVERS_H
#define BACKEND_DRIVERS_H

#include "backend/backend.h"

#define BACKEND_DRIVERS(DRIVER) DRIVER(local) DRIVER(memory) DRIVER(fail)

#define BACKEND_DRIVER_DECLARE(name) extern const backend_driver_t backend_##name##_driver;
BACKEND_DRIVERS(BACKEND_DRIVER_DECLARE)
#undef BACKEND_DRIVER_DECLARE

/* What is behind a started backend: for drivers that wrap another, and for test hooks. */
const backend_driver_t *backend_driver_of(const backend_t *backend);
void *backend_instance_of(const backend_t *backend);

/* A session of a driver that is not configured: with what its functions get, for an account. */
backend_session_t *backend_session_make(const backend_driver_t *driver, const char *account,
                                        void *session, apr_pool_t *pool);

/* The value of the last "key=value" argument of that key, NULL when there is none. */
const char *backend_argument(const apr_array_header_t *arguments, const char *key);
/* INVALID for the first argument that is not "key=value" with a key of the list. */
base_fault_t *backend_arguments_check(const apr_array_header_t *arguments, const char *const *keys,
                                      apr_pool_t *pool);

#endif
