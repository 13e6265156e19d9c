/* Writes a response as WBXML through libwbxml's encoder into a spool.
 *
 * Faults are latched: after the first one every call is a no-op and
 * eas_writer_finish() returns it, so that renderers need no check on each line.
 * Text is made XML-legal UTF-8 here (base_text_xml_sanitize): no caller can put
 * an illegal character on the wire. */
#ifndef EAS_WRITER_H
#define EAS_WRITER_H

#include <apr_pools.h>

#include "base/fault.h"
#include "eas/spool.h"
#include "eas/tags.h"

typedef struct eas_writer eas_writer_t;

/* Reads up to *length bytes; *length = 0 at the end. */
typedef base_fault_t *(*eas_writer_read_fn)(void *baton, char *buffer, apr_size_t *length);

eas_writer_t *eas_writer_create(eas_spool_t *spool, apr_pool_t *pool);

void eas_writer_start(eas_writer_t *writer, eas_tag_t tag);
void eas_writer_end(eas_writer_t *writer);                  /* closes the innermost open element */
void eas_writer_empty(eas_writer_t *writer, eas_tag_t tag); /* <Tag/> */
void eas_writer_text(eas_writer_t *writer, eas_tag_t tag, const char *text);
void eas_writer_textn(eas_writer_t *writer, eas_tag_t tag, const char *text, apr_size_t length);
void eas_writer_uint(eas_writer_t *writer, eas_tag_t tag, apr_uint64_t value);
void eas_writer_opaque(eas_writer_t *writer, eas_tag_t tag, const void *bytes, apr_size_t length);

/* Keeps an eye on the numbers written with this tag: a Status, whose value for success is given. */
void eas_writer_watch(eas_writer_t *writer, eas_tag_t tag, apr_uint64_t success);
/* The first that was no success; success when there were no others, 0 when there was none at all. */
apr_uint64_t eas_writer_watched(const eas_writer_t *writer);

/* Content of any size from a reader. An opaque needs its exact length up front;
 * a string is sanitised on the way (also across block borders). */
void eas_writer_opaque_stream(eas_writer_t *writer, eas_tag_t tag, apr_size_t length,
                              eas_writer_read_fn read, void *baton);
void eas_writer_text_stream(eas_writer_t *writer, eas_tag_t tag, eas_writer_read_fn read,
                            void *baton);

/* Bytes rendered so far: what bounds a Sync response. */
apr_off_t eas_writer_size(const eas_writer_t *writer);

/* 1 when nothing was written: the response is the empty one. */
int eas_writer_is_empty(const eas_writer_t *writer);

/* Flushes into the spool; all elements must be closed. Returns the latched fault. */
base_fault_t *eas_writer_finish(eas_writer_t *writer);

#endif
