/* The Email class (MS-ASEMAIL, MS-ASAIRS): one RFC 5322 message as the children of
 * ApplicationData (Sync) or Properties (ItemOperations, Search). */
#ifndef ITEM_EMAIL_H
#define ITEM_EMAIL_H

#include <apr_pools.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/version.h"
#include "eas/writer.h"
#include "item/options.h"
#include "item/reference.h"

typedef struct item_email item_email_t;

/* Parses and converts. entry gives flags (token), date received and size. The blob must live and
 * stay open as long as the email is used; everything is in the pool, which must not be cleared
 * before. A message that cannot be parsed is loaded as its raw text. Faults: CONVERSION, and
 * those of reading the blob (CORRUPT, UNAVAILABLE). */
base_fault_t *item_email_load(const backend_blob_t *blob, const item_reference_t *reference,
                              const backend_entry_t *entry, const item_options_t *options,
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
