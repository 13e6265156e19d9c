#include "eas/profile.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

static const struct {
    const char *name;
    apr_uint64_t least, greatest;
} profile_properties[] = {
#define EAS_PROFILE(symbol, name, least, greatest) {name, least, greatest},
#include "eas/profile.tbl"
#undef EAS_PROFILE
};

const char *eas_profile_name(eas_profile_property_t property)
{
    return profile_properties[property].name;
}

static const char *profile_value_text(eas_profile_property_t property, apr_uint64_t value,
                                      apr_pool_t *pool)
{
    if (property == EAS_PROFILE_PROTOCOL)
        return eas_version_name((eas_version_t)value);
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT, value);
}

const char *eas_profile_text(const eas_profile_t *profile, eas_profile_property_t property,
                             apr_pool_t *pool)
{
    apr_uint64_t value = profile->values[property];

    return value ? profile_value_text(property, value, pool) : NULL;
}

base_fault_t *eas_profile_value(eas_profile_property_t property, const char *text,
                                apr_uint64_t *value, apr_pool_t *pool)
{
    const char *name = profile_properties[property].name;
    apr_uint64_t least = profile_properties[property].least;
    apr_uint64_t greatest = profile_properties[property].greatest, number;

    if (strcmp(text, "none") == 0)
        number = 0;
    else if (property == EAS_PROFILE_PROTOCOL) {
        if ((number = eas_version_parse(text)) == EAS_VERSION_NONE)
            return base_fault_make(pool, BASE_FAULT_INVALID, "%s must be one of %s, or none", name,
                                   eas_version_list(EAS_VERSION_NONE, pool));
    }
    else if (!base_text_parse_uint(text, greatest, &number) || number < least)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "%s must be a number from %" APR_UINT64_T_FMT
                               " to %" APR_UINT64_T_FMT ", or none",
                               name, least, greatest);
    *value = number;
    return NULL;
}

static base_fault_t *profile_override_one(eas_profile_t *profile, const char *setting,
                                          apr_pool_t *pool)
{
    const char *equals = strchr(setting, '=');
    int i;

    for (i = 0; equals && i < EAS_PROFILE_COUNT_; i++) {
        const char *name = profile_properties[i].name;

        if (strlen(name) != (size_t)(equals - setting) || strncmp(name, setting, strlen(name)) != 0)
            continue;
        profile->overrides[i] = 1;
        return eas_profile_value((eas_profile_property_t)i, equals + 1, &profile->values[i], pool);
    }
    return base_fault_make(pool, BASE_FAULT_INVALID, "\"%s\" is nothing that a profile sets",
                           setting);
}

base_fault_t *eas_profile_override(eas_profile_t *profile, const char *text, apr_pool_t *pool)
{
    eas_profile_t changed = *profile;
    char *state = NULL, *copy = apr_pstrdup(pool, text), *setting;

    for (setting = apr_strtok(copy, " ", &state); setting; setting = apr_strtok(NULL, " ", &state))
        BASE_TRY(profile_override_one(&changed, setting, pool));
    *profile = changed;
    return NULL;
}

const char *eas_profile_overrides(const eas_profile_t *profile, apr_pool_t *pool)
{
    const char *text = NULL;
    int i;

    for (i = 0; i < EAS_PROFILE_COUNT_; i++) {
        const char *value = eas_profile_text(profile, (eas_profile_property_t)i, pool);

        if (profile->overrides[i])
            text = apr_pstrcat(pool, text ? text : "", text ? " " : "", profile_properties[i].name,
                               "=", value ? value : "none", NULL);
    }
    return text;
}
