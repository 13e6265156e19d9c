/* Profiles: what is done differently for clients that are known to need it, by DeviceType and
 * User-Agent. They are data, a JSON file:
 *
 *   { "version": 1, "clients": [
 *       { "name": "...", "type": "pattern", "agent": "pattern", "because": "where to read why",
 *         "protocol": "14.1", "heartbeat": 600, "window": 100, "truncation": 1000000 } ] }
 *
 * Patterns are those of shells (apr_fnmatch), in any case of letters; one may be left out. The
 * first client that matches counts. The file is read again when it changes; while it is wrong
 * what was read before stays in force, which is logged. */
#ifndef EAS_PROFILE_H
#define EAS_PROFILE_H

#include <apr_pools.h>

#include "base/fault.h"
#include "base/log.h"
#include "eas/version.h"

typedef enum {
#define EAS_PROFILE(symbol, name, least, greatest) EAS_PROFILE_##symbol,
#include "eas/profile.tbl"
#undef EAS_PROFILE
    EAS_PROFILE_COUNT_
} eas_profile_property_t;

typedef struct {
    const char *client;                          /* its name, NULL: none matches */
    apr_uint64_t values[EAS_PROFILE_COUNT_];     /* 0: not limited */
    unsigned char overrides[EAS_PROFILE_COUNT_]; /* is it of this device alone? */
} eas_profile_t;

typedef struct eas_profiles eas_profiles_t;

const char *eas_profile_name(eas_profile_property_t property);
/* "14.1", "600"; NULL where it is not limited. */
const char *eas_profile_text(const eas_profile_t *profile, eas_profile_property_t property,
                             apr_pool_t *pool);
/* Reads such a text, or "none": not limited. INVALID says what may be there. */
base_fault_t *eas_profile_value(eas_profile_property_t property, const char *text,
                                apr_uint64_t *value, apr_pool_t *pool);

/* Is the file good? INVALID says where it is not. */
base_fault_t *eas_profiles_check(const char *path, apr_pool_t *pool);
/* For the threads of a child. NULL as path: nobody is known. */
base_fault_t *eas_profiles_create(const char *path, const base_log_t *log,
                                  eas_profiles_t **profiles, apr_pool_t *pool);
/* type and agent may be NULL. profiles NULL: nobody is known. */
void eas_profiles_find(eas_profiles_t *profiles, const char *type, const char *agent,
                       eas_profile_t *profile, apr_pool_t *pool);

/* What an administrator set for one device, kept as "window=50 protocol=none": into the profile.
 * INVALID leaves it as it was. */
base_fault_t *eas_profile_override(eas_profile_t *profile, const char *text, apr_pool_t *pool);
/* The text of the profile's overrides; NULL: there are none. */
const char *eas_profile_overrides(const eas_profile_t *profile, apr_pool_t *pool);

#endif
