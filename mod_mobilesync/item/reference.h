/* The strings by which a client names items and attachments.
 *
 *   ServerId       <folder id>:<generation>:<uid>
 *   FileReference  <folder id>:<generation>:<uid>:<part>[:<revision>]
 *
 * Drafts change, and with another content the parts have other numbers: that is what the revision is
 * for (backend/backend.h), without which it is the first content. They carry the folder's generation (uidvalidity), so that a stale one is "not found", never
 * another item. Parsing is strict: what was not built here is refused. Lengths: ServerId <= 64
 * characters (MS-ASCMD 2.2.3.166), FileReference <= 93. */
#ifndef ITEM_REFERENCE_H
#define ITEM_REFERENCE_H

#include <apr_pools.h>

#define ITEM_REFERENCE_FOLDER_MAX 32
#define ITEM_SERVER_ID_MAX 64

typedef struct {
    const char *folder_id; /* [A-Za-z0-9]{1,32} */
    apr_uint32_t generation;
    apr_uint64_t uid;      /* > 0 */
    unsigned part;         /* number of the MIME part (item/mime.h), 0 in a ServerId */
    apr_uint64_t revision; /* of the content that the part is in */
} item_reference_t;

const char *item_reference_server_id(const item_reference_t *reference, apr_pool_t *pool);
const char *item_reference_file(const item_reference_t *reference, unsigned part, apr_pool_t *pool);

/* 1 and *reference when the text is such a string, else 0. folder_id lives in the pool. */
int item_reference_parse_server_id(const char *text, item_reference_t *reference, apr_pool_t *pool);
int item_reference_parse_file(const char *text, item_reference_t *reference, apr_pool_t *pool);

#endif
