/* Where converted text goes: memory, past a bound a temporary file; at most limit bytes. Converters
 * write whole characters with each call and stop when the sink is full. */
#ifndef ITEM_SINK_H
#define ITEM_SINK_H

#include <apr_file_io.h>
#include <apr_pools.h>

#include "base/fault.h"
#include "base/text.h"
#include "eas/spool.h"

typedef struct {
    base_text_buffer_t buffer; /* the content while it is short, later what is not yet in */
    eas_spool_t *spool;        /* the spool, NULL while it is short */
    const char *directory;     /* of the temporary file, NULL = the system's */
    apr_uint64_t length;
    apr_uint64_t limit;
    int full;            /* there was more than limit bytes: what is here is cut at a character */
    base_fault_t *fault; /* latched */
} item_sink_t;

void item_sink_init(item_sink_t *sink, apr_uint64_t limit, apr_pool_t *pool);
void item_sink_write(item_sink_t *sink, const char *bytes, apr_size_t length);
void item_sink_puts(item_sink_t *sink, const char *text);

/* Nothing more is wanted: converters return early. */
int item_sink_done(const item_sink_t *sink);

/* Brings everything into the spool, if there is one. Returns the latched fault. */
base_fault_t *item_sink_flush(item_sink_t *sink);

/* All of it in memory, NUL-terminated. Only after the last write. */
base_fault_t *item_sink_text(item_sink_t *sink, const char **text, apr_pool_t *pool);

/* Copies from an offset; *length = 0 at the end. Only after the last write. */
base_fault_t *item_sink_read(item_sink_t *sink, apr_uint64_t offset, char *buffer,
                             apr_size_t *length);

#endif
