/* Content of a part as a stream that is pulled: transfer encoding removed, then as UTF-8. Nothing
 * is read before it is asked for. */
#ifndef ITEM_READER_H
#define ITEM_READER_H

#include <apr_pools.h>

#include "base/fault.h"
#include "item/mime.h"

typedef struct item_reader item_reader_t;
struct item_reader {
    /* Reads up to *length bytes; *length = 0 at the end. */
    base_fault_t *(*read)(item_reader_t *reader, char *buffer, apr_size_t *length);
    apr_uint64_t consumed; /* encoded bytes that were read so far */
    apr_uint64_t total;    /* encoded bytes there are */
};

/* Decoded bytes of a range of the source. */
item_reader_t *item_reader_range(item_source_t *source, apr_uint64_t start, apr_uint64_t end,
                                 item_mime_encoding_t encoding, apr_pool_t *pool);

/* Decoded bytes of a part. */
item_reader_t *item_reader_part(const item_mime_t *mime, const item_mime_part_t *part,
                                apr_pool_t *pool);

/* A text part as XML-legal UTF-8: its charset (for HTML without one: what the document says)
 * converted, bytes that mean nothing as U+FFFD, control characters but tab, CR and LF dropped, no
 * byte order mark. Text that is not what it says it is (or says nothing) is read as UTF-8 when it
 * looks like it, else as Windows-1252. Each read delivers whole characters: *length >= 4. */
item_reader_t *item_reader_text(const item_mime_t *mime, const item_mime_part_t *part,
                                apr_pool_t *pool);

/* The same for any reader, with the name of its charset (NULL = none). */
item_reader_t *item_reader_utf8(item_reader_t *bytes, const char *charset, apr_pool_t *pool);

/* Everything, in memory; at most limit bytes. */
base_fault_t *item_reader_all(item_reader_t *reader, apr_size_t limit, const char **data,
                              apr_size_t *length, apr_pool_t *pool);

#endif
