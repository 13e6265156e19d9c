/* Settings of an account: entries of the vtable. */
#ifndef BACKEND_LOCAL_SETTING_H
#define BACKEND_LOCAL_SETTING_H

#include "backend/local.h"

base_fault_t *local_setting_get(void *data, const char *name, const char **text, apr_pool_t *pool);
base_fault_t *local_setting_set(void *data, const char *name, const char *text, apr_pool_t *pool);

#endif
