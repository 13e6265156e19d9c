/* The structure of a message (RFC 5322, RFC 2045, RFC 2046): its parts as ranges of the blob.
 *
 * Why not GMime's parser: it recurses on the nesting of address groups, in any message inside the
 * message (a To field of a megabyte overflows the stack), and builds objects for each part and
 * header field (100,000 parts: 130-400 MB), with no way to set a limit. Here depth, number of parts
 * and length of fields are bounded, nothing is decoded before it is needed, and ranges let
 * compose.c splice messages without touching the rest. What is decoded (parameters, encoded-words,
 * addresses, dates, transfer encodings) is decoded by GMime, field by field. */
#ifndef ITEM_MIME_H
#define ITEM_MIME_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/fault.h"
#include "item/source.h"

#define ITEM_MIME_DEPTH_MAX 50             /* deeper parts are opaque */
#define ITEM_MIME_PARTS_MAX 2000           /* what follows belongs to no part */
#define ITEM_MIME_FIELD_MAX (256 * 1024)   /* bytes of a header field; the rest is dropped */
#define ITEM_MIME_PART_FIELD_MAX 8192      /* the same in the header of a part */
#define ITEM_MIME_HEADER_MAX (2048 * 1024) /* of all fields that are kept */

typedef enum { ITEM_MIME_LEAF, ITEM_MIME_MULTIPART, ITEM_MIME_MESSAGE } item_mime_kind_t;

/* Content-Transfer-Encoding; 7bit, 8bit, binary and unknown ones are the identity. */
typedef enum {
    ITEM_MIME_IDENTITY,
    ITEM_MIME_BASE64,
    ITEM_MIME_QUOTED_PRINTABLE,
    ITEM_MIME_UUENCODE
} item_mime_encoding_t;

typedef struct item_mime_part item_mime_part_t;
struct item_mime_part {
    item_mime_part_t *parent;
    item_mime_part_t *first; /* MULTIPART: the parts; MESSAGE: the message inside */
    item_mime_part_t *last;
    item_mime_part_t *next;
    unsigned number; /* depth-first, the message itself is 1: stable, messages do not change */
    unsigned depth;
    item_mime_kind_t kind;
    item_mime_encoding_t encoding;
    const char *type;    /* lower case, never NULL */
    const char *subtype; /* lower case, never NULL */
    /* raw (undecoded, unfolded) values; NULL when the field is missing */
    const char *content_type;
    const char *disposition;
    const char *content_id; /* without <> */
    const char *location;
    const char *subject; /* of a MESSAGE's child */
    const char *boundary;
    apr_uint64_t start; /* of the header */
    apr_uint64_t body;  /* after the empty line */
    apr_uint64_t end;   /* of the content, without the line break before a boundary */
};

/* A header field of the message itself. */
typedef struct {
    const char *name;   /* as written */
    const char *value;  /* raw, unfolded, without leading white space */
    apr_uint64_t start; /* range of the field, folded lines and line break included */
    apr_uint64_t end;
} item_mime_field_t;

typedef struct {
    item_source_t *source;
    item_mime_part_t *root;
    apr_array_header_t *fields; /* item_mime_field_t, in order */
    unsigned count;             /* of parts */
    apr_pool_t *pool;
} item_mime_t;

/* Never fails on content: whatever the bytes are, there is a root part. Faults: those of reading.
 * The source is used as long as the result. */
base_fault_t *item_mime_parse(item_source_t *source, item_mime_t **mime, apr_pool_t *pool);

/* The part of that number, NULL when there is none. */
item_mime_part_t *item_mime_part(const item_mime_t *mime, unsigned number);

/* The next part depth-first, NULL after the last one. */
item_mime_part_t *item_mime_next(const item_mime_part_t *part);

int item_mime_is(const item_mime_part_t *part, const char *type, const char *subtype);

/* First field of that name (case-insensitive): raw value, or NULL. */
const char *item_mime_field(const item_mime_t *mime, const char *name);

#endif
