#include "item/attachment.h"

#include <string.h>
#include <apr_strings.h>
#include <gmime/gmime.h>

#include "item/content.h"
#include "item/mime.h"
#include "item/reader.h"
#include "item/wire.h"

#define ATTACHMENT_CHUNK 8192

struct item_attachment {
    /* bytes that are no part of a message; NULL: mime and part */
    item_source_t *bytes;
    const char *type, *name;
    const item_mime_t *mime;
    const item_mime_part_t *part;
    item_reader_t *reader;
    item_wire_t wire; /* instead of it, where the content is text as it stands in the message */
    int as_wire;
    apr_uint64_t size;
    apr_uint64_t left; /* bytes still to deliver */
    apr_pool_t *pool;
    apr_pool_t *reader_pool;
    GMimeEncoding base64; /* a plain struct: nothing to release */
    char encoded[ATTACHMENT_CHUNK * 2];
    apr_size_t encoded_start;
    apr_size_t encoded_end;
    int encoded_all;
};

static void attachment_restart(item_attachment_t *a)
{
    apr_pool_clear(a->reader_pool);
    if (a->bytes)
        a->reader = item_reader_range(a->bytes, 0, item_source_size(a->bytes), ITEM_MIME_IDENTITY,
                                      a->reader_pool);
    else {
        item_wire_init(&a->wire, a->mime->source, a->part->body, a->part->end);
        a->reader = item_reader_part(a->mime, a->part, a->reader_pool);
    }
    a->left = APR_UINT64_MAX;
    a->encoded_start = a->encoded_end = 0;
    a->encoded_all = 0;
    g_mime_encoding_init_encode(&a->base64, GMIME_CONTENT_ENCODING_BASE64);
}

base_fault_t *item_attachment_read(void *baton, char *buffer, apr_size_t *length)
{
    item_attachment_t *a = baton;

    if (*length > a->left)
        *length = (apr_size_t)a->left;
    if (*length == 0)
        return NULL;
    BASE_TRY(a->as_wire ? item_wire_read(&a->wire, buffer, length)
                        : a->reader->read(a->reader, buffer, length));
    a->left -= *length;
    return NULL;
}

/* Reads and forgets at most that many bytes; *skipped = how many there were. */
static base_fault_t *attachment_skip(item_attachment_t *a, apr_uint64_t bytes,
                                     apr_uint64_t *skipped)
{
    char buffer[ATTACHMENT_CHUNK];

    for (*skipped = 0; *skipped < bytes;) {
        apr_size_t n = sizeof buffer;

        if (n > bytes - *skipped)
            n = (apr_size_t)(bytes - *skipped);
        BASE_TRY(item_attachment_read(a, buffer, &n));
        if (n == 0)
            break;
        *skipped += n;
    }
    return NULL;
}

base_fault_t *item_attachment_open(const backend_blob_t *blob, unsigned part,
                                   item_attachment_t **attachment, apr_pool_t *pool)
{
    item_attachment_t *a = apr_pcalloc(pool, sizeof *a);
    item_source_t *source;
    item_mime_t *mime;

    BASE_TRY(item_source_open(blob, &source, pool));
    BASE_TRY(item_mime_parse(source, &mime, pool));
    a->mime = mime;
    a->part = item_mime_part(mime, part);
    if (!a->part || a->part->kind == ITEM_MIME_MULTIPART)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "the message has no part %u", part);
    /* the lines of messages and texts end with CRLF, however the mailbox keeps them */
    a->as_wire = a->part->encoding == ITEM_MIME_IDENTITY &&
                 (a->part->kind == ITEM_MIME_MESSAGE || strcmp(a->part->type, "text") == 0);
    a->pool = pool;
    apr_pool_create(&a->reader_pool, pool);
    /* the exact size is known after decoding only: once through it, without keeping anything */
    attachment_restart(a);
    BASE_TRY(attachment_skip(a, APR_UINT64_MAX, &a->size));
    attachment_restart(a);
    *attachment = a;
    return NULL;
}

base_fault_t *item_attachment_make(const void *bytes, apr_size_t length, const char *type,
                                   const char *name, item_attachment_t **attachment,
                                   apr_pool_t *pool)
{
    item_attachment_t *a = apr_pcalloc(pool, sizeof *a);
    backend_blob_t blob = {.data = bytes, .size = length};

    BASE_TRY(item_source_open(&blob, &a->bytes, pool));
    a->type = type ? type : "application/octet-stream";
    a->name = name;
    a->size = length;
    a->pool = pool;
    apr_pool_create(&a->reader_pool, pool);
    attachment_restart(a);
    *attachment = a;
    return NULL;
}

const char *item_attachment_content_type(const item_attachment_t *attachment)
{
    if (attachment->bytes)
        return attachment->type;
    return apr_pstrcat(attachment->pool, attachment->part->type, "/", attachment->part->subtype,
                       NULL);
}

const char *item_attachment_name(const item_attachment_t *attachment)
{
    return attachment->bytes ? attachment->name
                             : item_content_name(attachment->part, attachment->pool);
}

apr_uint64_t item_attachment_size(const item_attachment_t *attachment)
{
    return attachment->size;
}

base_fault_t *item_attachment_seek(item_attachment_t *attachment, apr_uint64_t offset,
                                   apr_uint64_t length)
{
    apr_uint64_t skipped;

    attachment_restart(attachment);
    BASE_TRY(attachment_skip(attachment, offset, &skipped));
    attachment->left = length;
    return NULL;
}

/* GMime breaks base64 into lines. */
static apr_size_t attachment_drop_newlines(char *text, apr_size_t length)
{
    apr_size_t i, n = 0;

    for (i = 0; i < length; i++)
        if (text[i] != '\n')
            text[n++] = text[i];
    return n;
}

static base_fault_t *attachment_encode(item_attachment_t *a)
{
    char buffer[ATTACHMENT_CHUNK];

    a->encoded_start = a->encoded_end = 0;
    while (a->encoded_end == 0 && !a->encoded_all) {
        apr_size_t n = sizeof buffer;

        BASE_TRY(item_attachment_read(a, buffer, &n));
        a->encoded_all = n == 0;
        n = n ? g_mime_encoding_step(&a->base64, buffer, n, a->encoded)
              : g_mime_encoding_flush(&a->base64, buffer, 0, a->encoded);
        a->encoded_end = attachment_drop_newlines(a->encoded, n);
    }
    return NULL;
}

base_fault_t *item_attachment_read_base64(void *baton, char *buffer, apr_size_t *length)
{
    item_attachment_t *a = baton;

    if (a->encoded_start == a->encoded_end)
        BASE_TRY(attachment_encode(a));
    if (*length > a->encoded_end - a->encoded_start)
        *length = a->encoded_end - a->encoded_start;
    memcpy(buffer, a->encoded + a->encoded_start, *length);
    a->encoded_start += *length;
    return NULL;
}

void item_attachments_added_write(const apr_array_header_t *added, eas_writer_t *writer)
{
    int i;

    if (!added->nelts)
        return;
    eas_writer_start(writer, EAS_AirSyncBase_Attachments);
    for (i = 0; i < added->nelts; i++) {
        const item_attachment_added_t *one = &APR_ARRAY_IDX(added, i, item_attachment_added_t);

        eas_writer_start(writer, EAS_AirSyncBase_Attachment);
        eas_writer_text(writer, EAS_AirSyncBase_ClientId, one->client_id);
        eas_writer_text(writer, EAS_AirSyncBase_FileReference, one->file_reference);
        eas_writer_end(writer);
    }
    eas_writer_end(writer);
}
