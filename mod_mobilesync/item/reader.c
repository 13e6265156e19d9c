#include "item/reader.h"

#include <string.h>
#include <gmime/gmime.h>

#include "base/text.h"

#define READER_CHUNK 8192

/* Decoded bytes of a range */
typedef struct {
    item_reader_t reader;
    item_source_t *source;
    apr_uint64_t offset;
    apr_uint64_t end;
    item_mime_encoding_t encoding;
    GMimeEncoding state; /* a plain struct: nothing to release */
    char *out;           /* decoded and not yet delivered */
    apr_size_t out_start;
    apr_size_t out_end;
    int padded;
    int begun; /* uuencode: the "begin" line was seen */
} reader_range_t;

static base_fault_t *reader_range_identity(reader_range_t *r, char *buffer, apr_size_t *length)
{
    if (*length > r->end - r->offset)
        *length = (apr_size_t)(r->end - r->offset);
    if (*length)
        BASE_TRY(item_source_read(r->source, r->offset, buffer, length));
    r->offset += *length;
    r->reader.consumed += *length;
    return NULL;
}

/* Skips to behind the line "begin <mode> <name>"; content without one is decoded from its start. */
static apr_size_t reader_uu_begin(reader_range_t *r, const char *bytes, apr_size_t length)
{
    const char *line = bytes, *end = bytes + length;

    r->begun = 1;
    r->state.state = GMIME_UUDECODE_STATE_BEGIN;
    while (line < end) {
        const char *newline = memchr(line, '\n', end - line);

        if (end - line > 6 && memcmp(line, "begin ", 6) == 0)
            return newline ? (apr_size_t)(newline + 1 - bytes) : length;
        if (!newline)
            break;
        line = newline + 1;
    }
    return 0;
}

static base_fault_t *reader_range_decode(reader_range_t *r)
{
    const char *bytes;
    apr_size_t length, skip = 0;

    r->out_start = r->out_end = 0;
    while (r->out_end == 0 && r->offset < r->end) {
        BASE_TRY(item_source_view(r->source, r->offset, 1, &bytes, &length));
        if (length > r->end - r->offset)
            length = (apr_size_t)(r->end - r->offset);
        if (length > READER_CHUNK)
            length = READER_CHUNK;
        if (length == 0) {
            r->offset = r->end;
            break;
        }
        if (r->encoding == ITEM_MIME_UUENCODE && !r->begun)
            skip = reader_uu_begin(r, bytes, length);
        r->out_end = g_mime_encoding_step(&r->state, bytes + skip, length - skip, r->out);
        r->offset += length;
        r->reader.consumed += length;
    }
    /* base64 that ends without its padding: GMime keeps the last bytes to itself */
    if (r->out_end == 0 && r->encoding == ITEM_MIME_BASE64 && !r->padded) {
        r->padded = 1;
        r->out_end = g_mime_encoding_step(&r->state, "==", 2, r->out);
    }
    return NULL;
}

static base_fault_t *reader_range_read(item_reader_t *reader, char *buffer, apr_size_t *length)
{
    reader_range_t *r = (reader_range_t *)reader;
    apr_size_t n;

    if (r->encoding == ITEM_MIME_IDENTITY)
        return reader_range_identity(r, buffer, length);
    if (r->out_start == r->out_end)
        BASE_TRY(reader_range_decode(r));
    n = r->out_end - r->out_start;
    if (*length > n)
        *length = n;
    memcpy(buffer, r->out + r->out_start, *length);
    r->out_start += *length;
    return NULL;
}

item_reader_t *item_reader_range(item_source_t *source, apr_uint64_t start, apr_uint64_t end,
                                 item_mime_encoding_t encoding, apr_pool_t *pool)
{
    static const GMimeContentEncoding encodings[] = {
        [ITEM_MIME_IDENTITY] = GMIME_CONTENT_ENCODING_BINARY,
        [ITEM_MIME_BASE64] = GMIME_CONTENT_ENCODING_BASE64,
        [ITEM_MIME_QUOTED_PRINTABLE] = GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
        [ITEM_MIME_UUENCODE] = GMIME_CONTENT_ENCODING_UUENCODE,
    };
    reader_range_t *r = apr_pcalloc(pool, sizeof *r);

    r->reader.read = reader_range_read;
    r->reader.total = end - start;
    r->source = source;
    r->offset = start;
    r->end = end;
    r->encoding = encoding;
    if (encoding != ITEM_MIME_IDENTITY) {
        g_mime_encoding_init_decode(&r->state, encodings[encoding]);
        r->out = apr_palloc(pool, g_mime_encoding_outlen(&r->state, READER_CHUNK) + 16);
    }
    return &r->reader;
}

item_reader_t *item_reader_part(const item_mime_t *mime, const item_mime_part_t *part,
                                apr_pool_t *pool)
{
    return item_reader_range(mime->source, part->body, part->end, part->encoding, pool);
}

base_fault_t *item_reader_all(item_reader_t *reader, apr_size_t limit, const char **data,
                              apr_size_t *length, apr_pool_t *pool)
{
    base_text_buffer_t buffer = {.pool = pool};
    char chunk[READER_CHUNK];

    base_text_buffer_append(&buffer, "", 0);
    while (buffer.length < limit) {
        apr_size_t n = sizeof chunk;

        if (n > limit - buffer.length)
            n = limit - buffer.length;
        if (n < 4)
            break; /* less than a character */
        BASE_TRY(reader->read(reader, chunk, &n));
        if (n == 0)
            break;
        base_text_buffer_append(&buffer, chunk, n);
    }
    *data = buffer.data;
    *length = buffer.length;
    return NULL;
}
