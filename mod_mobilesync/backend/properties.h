/* What drivers and their callers do with a mail's properties. */
#ifndef BACKEND_PROPERTIES_H
#define BACKEND_PROPERTIES_H

#include "backend/backend.h"

/* "follow-up", "categories", "last-verb" */
const char *backend_property_name(backend_property_t property);

/* TOO_LARGE, or INVALID for what cannot be a property's text. */
base_fault_t *backend_properties_check(const backend_properties_t *properties, apr_pool_t *pool);

/* 1 when one is set. */
int backend_properties_any(const backend_properties_t *properties);

/* NULL for none that is set. */
const backend_properties_t *backend_properties_copy(const backend_properties_t *properties,
                                                    apr_pool_t *pool);

/* The entry with properties of its own in the pool. */
backend_entry_t *backend_entry_copy(const backend_entry_t *entry, apr_pool_t *pool);

/* What the mail's properties are after the update, in *after; before NULL: none. Returns the token
 * with other numbers for those that have changed by it. */
apr_uint64_t backend_properties_update(const backend_properties_t *before, apr_uint64_t token,
                                       const backend_update_t *update, backend_properties_t *after);

/* CONFLICT when the token is not what the update wants. */
base_fault_t *backend_update_check(const backend_update_t *update, apr_uint64_t uid,
                                   apr_uint64_t token, apr_pool_t *pool);

#endif
