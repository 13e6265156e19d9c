/* The compact binary form in which sync/ keeps its states: LEB128 numbers and counted
 * bytes. Hand-written because nothing smaller than a serialisation framework offers it, and
 * forty lines need none. Reading never goes past the end: a short or damaged input makes
 * the reader bad, every further read gives 0 or "", and sync_unpack_end tells. */
#ifndef SYNC_PACK_H
#define SYNC_PACK_H

#include <apr_pools.h>

#include "base/text.h"

void sync_pack_uint(base_text_buffer_t *out, apr_uint64_t value);
void sync_pack_int(base_text_buffer_t *out, apr_int64_t value);
void sync_pack_bytes(base_text_buffer_t *out, const void *data, apr_size_t length);
void sync_pack_text(base_text_buffer_t *out, const char *text);

typedef struct {
    const unsigned char *at;
    const unsigned char *end;
    int bad;
} sync_unpack_t;

void sync_unpack_start(sync_unpack_t *in, const void *data, apr_size_t length);
apr_uint64_t sync_unpack_uint(sync_unpack_t *in);
apr_int64_t sync_unpack_int(sync_unpack_t *in);
/* A number of [0, maximum]; anything else is bad. */
unsigned sync_unpack_count(sync_unpack_t *in, unsigned maximum);
/* Points into the input. */
const void *sync_unpack_bytes(sync_unpack_t *in, apr_size_t *length);
/* A copy; text with a NUL in it is bad. */
const char *sync_unpack_text(sync_unpack_t *in, apr_pool_t *pool);
/* 1 when all was good and nothing is left. */
int sync_unpack_end(const sync_unpack_t *in);

#endif
