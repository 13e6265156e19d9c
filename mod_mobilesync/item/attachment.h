/* One attachment's content by its part number, decoded, as a stream. */
#ifndef ITEM_ATTACHMENT_H
#define ITEM_ATTACHMENT_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/writer.h"

typedef struct item_attachment item_attachment_t;

/* One that a client has added by Sync (16.0 on), by the name that it gave it. */
typedef struct {
    const char *client_id;
    const char *file_reference; /* what the server calls it */
} item_attachment_added_t;

/* Attachments of a Response to an Add or a Change (MS-ASAIRS R1082, R1324); nothing when there are
 * none. */
void item_attachments_added_write(const apr_array_header_t *added, eas_writer_t *writer);

/* Opens part number `part` (item_reference_t.part) of a message. NOT_FOUND when the message has no
 * such part. The blob must stay open as long as the attachment. An embedded message
 * (message/rfc822) comes as its own RFC 5322 text. */
base_fault_t *item_attachment_open(const backend_blob_t *blob, unsigned part,
                                   item_attachment_t **attachment, apr_pool_t *pool);

/* The same of bytes that are in no message; they, type (NULL: unknown) and name live as long. */
base_fault_t *item_attachment_make(const void *bytes, apr_size_t length, const char *type,
                                   const char *name, item_attachment_t **attachment,
                                   apr_pool_t *pool);

const char *item_attachment_content_type(const item_attachment_t *attachment); /* "image/png" */
const char *item_attachment_name(const item_attachment_t *attachment);         /* never NULL */
apr_uint64_t item_attachment_size(const item_attachment_t *attachment);        /* decoded, exact */

/* Positions at a decoded offset (for Range); *length = number of bytes to deliver at most. The
 * position at open is the whole content. */
base_fault_t *item_attachment_seek(item_attachment_t *attachment, apr_uint64_t offset,
                                   apr_uint64_t length);

/* An eas_writer_read_fn with the attachment as baton: decoded bytes. */
base_fault_t *item_attachment_read(void *attachment, char *buffer, apr_size_t *length);

/* The same base64 encoded (RFC 4648, no line breaks), as itemoperations:Data has it (MS-ASCMD
 * 2.2.3.39.2): give it to eas_writer_text_stream. */
base_fault_t *item_attachment_read_base64(void *attachment, char *buffer, apr_size_t *length);

#endif
