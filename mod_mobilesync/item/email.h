/* The Email class (MS-ASEMAIL, MS-ASAIRS): one RFC 5322 message as the children of
 * ApplicationData (Sync) or Properties (ItemOperations, Search). */
#ifndef ITEM_EMAIL_H
#define ITEM_EMAIL_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/version.h"
#include "eas/writer.h"
#include "item/reference.h"

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
    apr_uint64_t mime_truncation; /* bytes: item_email_mime_truncation(MIMETruncation) */
    item_body_preference_t preferences[ITEM_BODY_PREFERENCES_MAX];
    int preference_count; /* 0: the body comes as plain text, whole; not at all when a part is asked
                             for (MS-ASCON R247) */
    /* BodyPartPreference (MS-ASAIRS 2.2.2.11), of HTML; type NONE: not asked for. From 14.1 on. */
    item_body_preference_t part_preference;
    /* Schema of ItemOperations (MS-ASCMD 2.2.3.158): only these properties are written. NULL =
     * all that the version has. */
    const eas_tag_t *schema;
    int schema_count;
    /* Addresses of the account (const char *), for ReceivedAsBcc; NULL = unknown. */
    const apr_array_header_t *addresses;
} item_email_options_t;

/* All defaults: no preferences, MIMESupport 0, nothing truncated. */
void item_email_options_init(item_email_options_t *options, eas_version_t version);

/* Bodies are cut down to nothing but their previews; parts stay (MS-ASCON R242). */
void item_email_options_previews(item_email_options_t *options);

/* MIMETruncation 0-8 (MS-ASCMD 2.2.3.111) in bytes; ITEM_TRUNCATION_NONE for 8. Returns 0 when
 * there is no such value. */
int item_email_mime_truncation(unsigned value, apr_uint64_t *size);

typedef struct item_email item_email_t;

/* Parses and converts. entry gives flags (token), date received and size. The blob must live and
 * stay open as long as the email is used; everything is in the pool, which must not be cleared
 * before. A message that cannot be parsed is loaded as its raw text. Faults: CONVERSION, and
 * those of reading the blob (CORRUPT, UNAVAILABLE). */
base_fault_t *item_email_load(const backend_blob_t *blob, const item_reference_t *reference,
                              const backend_entry_t *entry, const item_email_options_t *options,
                              item_email_t **email, apr_pool_t *pool);

/* Writes the properties. part: 0, or the index that stands in airsyncbase:Body/Part instead of the
 * Data, which the caller sends itself (multipart response, MS-ASCMD 2.2.1.10.1). */
void item_email_write(item_email_t *email, int part, eas_writer_t *writer);

/* The body's data alone, for a multipart response: 0 when there is none to send (no Part then:
 * call item_email_write with part 0). An eas_writer_read_fn with the email as baton reads it
 * from the start; the length is exact. */
int item_email_body_has_data(const item_email_t *email);
base_fault_t *item_email_body_length(item_email_t *email, apr_uint64_t *length);
base_fault_t *item_email_body_read(void *email, char *buffer, apr_size_t *length);

/* What of a token a client of the version can see. */
apr_uint64_t item_email_token_visible(eas_version_t version);
/* The rest, whose changes need no Change; protocol as in SyncStates, 0 = not known: nothing. */
apr_uint64_t item_email_token_unseen(unsigned protocol);

/* The children of ApplicationData for a Change when nothing but flags and properties changed
 * (MS-ASEMAIL R75, R76, 3.2.5.4.1): those of which a bit of the token that is in changed differs from
 * what the device holds. */
void item_email_write_marks(eas_version_t version, apr_uint64_t changed,
                            const backend_entry_t *entry, eas_writer_t *writer, apr_pool_t *pool);

#endif
