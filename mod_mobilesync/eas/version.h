/* Protocol versions served (MS-ASHTTP 2.2.1.1.2.4). Values compare: 12.1 < 16.1. */
#ifndef EAS_VERSION_H
#define EAS_VERSION_H

#include <apr_pools.h>

typedef enum {
    EAS_VERSION_NONE = 0,
    EAS_VERSION_12_1 = 121,
    EAS_VERSION_14_0 = 140,
    EAS_VERSION_14_1 = 141,
    EAS_VERSION_16_0 = 160,
    EAS_VERSION_16_1 = 161
} eas_version_t;

/* "14.1" or the byte of a base64 query (141) -> version; NONE when not served. */
eas_version_t eas_version_parse(const char *text);
eas_version_t eas_version_from_byte(unsigned byte);
const char *eas_version_name(eas_version_t version);

/* "12.1,14.0,14.1,16.0,16.1": the MS-ASProtocolVersions header, up to the newest (NONE: all). */
const char *eas_version_list(eas_version_t newest, apr_pool_t *pool);

#endif
