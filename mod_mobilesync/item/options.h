/* How an item is to be shown: Options of Sync and of ItemOperations as the item classes see them. */
#ifndef ITEM_OPTIONS_H
#define ITEM_OPTIONS_H

#include <apr_tables.h>

#include "eas/tags.h"
#include "eas/version.h"

/* airsyncbase:Type (MS-ASAIRS 2.2.2.41) */
typedef enum {
    ITEM_BODY_NONE = 0,
    ITEM_BODY_TEXT = 1,
    ITEM_BODY_HTML = 2,
    ITEM_BODY_RTF = 3, /* accepted in a preference, never offered */
    ITEM_BODY_MIME = 4
} item_body_type_t;

#define ITEM_TRUNCATION_NONE APR_UINT64_MAX
#define ITEM_BODY_PREFERENCES_MAX 4 /* one for each type (MS-ASAIRS R158) */
#define ITEM_PREVIEW_MAX 255

/* airsyncbase:BodyPreference (MS-ASAIRS 2.2.2.12) */
typedef struct {
    item_body_type_t type;
    apr_uint64_t truncation_size; /* bytes of UTF-8; ITEM_TRUNCATION_NONE when absent */
    int all_or_none;
    int preview; /* characters, 0 = not asked for */
} item_body_preference_t;

typedef struct {
    eas_version_t version;
    int mime_support;             /* 0 never, 1 S/MIME messages only, 2 all (MS-ASCMD 2.2.3.110) */
    apr_uint64_t mime_truncation; /* bytes: item_options_mime_truncation(MIMETruncation) */
    item_body_preference_t preferences[ITEM_BODY_PREFERENCES_MAX];
    int preference_count; /* 0: the body comes as plain text, whole; not at all when a part is asked
                             for (MS-ASCON R247) */
    /* BodyPartPreference (MS-ASAIRS 2.2.2.11), of HTML; type NONE: not asked for. From 14.1 on. */
    item_body_preference_t part_preference;
    /* Schema of ItemOperations (MS-ASCMD 2.2.3.158): only these properties are written. NULL =
     * all that the version has. */
    const eas_tag_t *schema;
    int schema_count;
    /* Properties that the command's responses do not have (their schema). */
    const eas_tag_t *omitted;
    int omitted_count;
    /* Addresses of the account (const char *), for ReceivedAsBcc and who organises a meeting; NULL =
     * unknown. */
    const apr_array_header_t *addresses;
    /* What can be shown for a while only (series by rules that EAS cannot say) is shown from the year
     * before this moment on; 0: from its beginning. */
    apr_time_t now;
} item_options_t;

/* All defaults: no preferences, MIMESupport 0, nothing truncated. */
void item_options_init(item_options_t *options, eas_version_t version);

/* Bodies are cut down to nothing but their previews; parts stay (MS-ASCON R242). */
void item_options_previews(item_options_t *options);

/* MIMETruncation 0-8 (MS-ASCMD 2.2.3.111) in bytes; ITEM_TRUNCATION_NONE for 8. Returns 0 when
 * there is no such value. */
int item_options_mime_truncation(unsigned value, apr_uint64_t *size);

/* Is the element to be written: does the version have it, and the schema name it? */
int item_options_want(const item_options_t *options, eas_tag_t tag);

#endif
