#include "eas/version.h"

#include <string.h>
#include <apr_strings.h>

static const struct {
    eas_version_t version;
    const char *name;
} versions[] = {
    {EAS_VERSION_12_1, "12.1"}, {EAS_VERSION_14_0, "14.0"}, {EAS_VERSION_14_1, "14.1"},
    {EAS_VERSION_16_0, "16.0"}, {EAS_VERSION_16_1, "16.1"},
};

#define VERSION_COUNT (sizeof versions / sizeof versions[0])

eas_version_t eas_version_parse(const char *text)
{
    size_t i;

    for (i = 0; i < VERSION_COUNT; i++)
        if (strcmp(versions[i].name, text) == 0)
            return versions[i].version;
    return EAS_VERSION_NONE;
}

eas_version_t eas_version_from_byte(unsigned byte)
{
    size_t i;

    for (i = 0; i < VERSION_COUNT; i++)
        if ((unsigned)versions[i].version == byte)
            return versions[i].version;
    return EAS_VERSION_NONE;
}

const char *eas_version_name(eas_version_t version)
{
    size_t i;

    for (i = 0; i < VERSION_COUNT; i++)
        if (versions[i].version == version)
            return versions[i].name;
    return "unknown";
}

const char *eas_version_list(eas_version_t newest, apr_pool_t *pool)
{
    const char *list = versions[0].name;
    size_t i;

    for (i = 1; i < VERSION_COUNT; i++)
        if (newest == EAS_VERSION_NONE || versions[i].version <= newest)
            list = apr_pstrcat(pool, list, ",", versions[i].name, NULL);
    return list;
}
