/* A message in the form of the wire: every line ends with CRLF (RFC 5322 2.1; mailboxes keep bare
 * LF), everything else byte for byte. */
#ifndef ITEM_WIRE_H
#define ITEM_WIRE_H

#include "base/fault.h"
#include "item/mime.h"
#include "item/reader.h"
#include "item/sink.h"

/* Copies the range [start, end) of the source into the sink, illegal bytes as U+FFFD when legal is
 * set. */
base_fault_t *item_wire_copy(item_source_t *source, apr_uint64_t start, apr_uint64_t end, int legal,
                             item_sink_t *sink);

/* Copies a header field, with a line break also when the message ends without one. */
base_fault_t *item_wire_copy_field(const item_mime_t *mime, const item_mime_field_t *field,
                                   item_sink_t *sink);

/* The same as a stream. */
typedef struct {
    item_source_t *source;
    apr_uint64_t offset;
    apr_uint64_t end;
    int last_cr; /* the last byte delivered was CR */
    int newline; /* a LF is owed */
} item_wire_t;
void item_wire_init(item_wire_t *wire, item_source_t *source, apr_uint64_t start, apr_uint64_t end);
base_fault_t *item_wire_read(item_wire_t *wire, char *buffer, apr_size_t *length);

/* What a message is in wire form, of which at most limit bytes are wanted. */
typedef struct {
    apr_uint64_t length; /* of what is wanted, cut at a UTF-8 character when there is more */
    apr_uint64_t total;
    int legal; /* what is wanted is XML-legal UTF-8 */
} item_wire_measure_t;
base_fault_t *item_wire_measure(item_source_t *source, apr_uint64_t limit,
                                item_wire_measure_t *measure);

/* The message with every part that cannot stand in XML (8-bit text that is not UTF-8, binary,
 * control characters) transfer-encoded anew, as a gateway to a 7-bit world does (RFC 6152 3); the
 * others stay as they are. */
base_fault_t *item_wire_downgrade(const item_mime_t *mime, item_sink_t *sink, apr_pool_t *pool);

/* Transfer-encodes decoded content as lines with CRLF: quoted-printable or base64. */
base_fault_t *item_wire_encode(item_reader_t *content, item_mime_encoding_t encoding,
                               item_sink_t *sink, apr_pool_t *pool);

/* Copies the header of a part without the named field (and its folded lines), with CRLF, without the
 * empty line at its end. */
base_fault_t *item_wire_copy_header(item_source_t *source, const item_mime_part_t *part,
                                    const char *const *without, item_sink_t *sink,
                                    apr_pool_t *pool);

#endif
