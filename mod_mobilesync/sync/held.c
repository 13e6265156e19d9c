#include "sync/held.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "sync/pack.h"

#define HELD_FORMAT 1

/* tokens and present are NULL while nothing is held: whoever asks for uids all over the place
 * gets chunks that take next to nothing. */
typedef struct {
    apr_uint64_t number;
    int loaded;
    int changed;
    int count;
    unsigned char *present;
    apr_uint64_t *token;
} held_chunk_t;

struct sync_held {
    apr_hash_t *chunks;         /* number -> held_chunk_t */
    apr_array_header_t *loaded; /* held_chunk_t * */
    apr_array_header_t *wanted; /* apr_uint64_t */
    int complete;
    apr_pool_t *pool;
};

sync_held_t *sync_held_make(apr_pool_t *pool)
{
    sync_held_t *held = apr_pcalloc(pool, sizeof *held);

    held->chunks = apr_hash_make(pool);
    held->loaded = apr_array_make(pool, 4, sizeof(held_chunk_t *));
    held->wanted = apr_array_make(pool, 4, sizeof(apr_uint64_t));
    held->pool = pool;
    return held;
}

static held_chunk_t *held_chunk(sync_held_t *held, apr_uint64_t number)
{
    held_chunk_t *chunk = apr_hash_get(held->chunks, &number, sizeof number);

    if (!chunk) {
        chunk = apr_pcalloc(held->pool, sizeof *chunk);
        chunk->number = number;
        apr_hash_set(held->chunks, &chunk->number, sizeof chunk->number, chunk);
    }
    return chunk;
}

static void held_allocate(const sync_held_t *held, held_chunk_t *chunk)
{
    if (chunk->present)
        return;
    chunk->present = apr_pcalloc(held->pool, SYNC_HELD_CHUNK);
    chunk->token = apr_pcalloc(held->pool, SYNC_HELD_CHUNK * sizeof *chunk->token);
}

void sync_held_want(sync_held_t *held, apr_uint64_t uid)
{
    apr_uint64_t number = uid / SYNC_HELD_CHUNK;

    if (apr_hash_get(held->chunks, &number, sizeof number))
        return;
    if (held->complete) {
        sync_held_load(held, number, NULL, 0);
        return;
    }
    held_chunk(held, number);
    APR_ARRAY_PUSH(held->wanted, apr_uint64_t) = number;
}

const apr_uint64_t *sync_held_missing(sync_held_t *held, int *count)
{
    int i, left = 0;

    for (i = 0; i < held->wanted->nelts; i++) {
        apr_uint64_t number = APR_ARRAY_IDX(held->wanted, i, apr_uint64_t);

        if (!held_chunk(held, number)->loaded)
            APR_ARRAY_IDX(held->wanted, left++, apr_uint64_t) = number;
    }
    *count = held->wanted->nelts = left;
    return left ? (const apr_uint64_t *)held->wanted->elts : NULL;
}

const char *sync_held_field(apr_uint64_t chunk, apr_pool_t *pool)
{
    return apr_psprintf(pool, "h.%" APR_UINT64_T_HEX_FMT, chunk);
}

int sync_held_field_parse(const char *field, apr_uint64_t *chunk)
{
    char *end;

    if (strncmp(field, "h.", 2) != 0 || !isxdigit((unsigned char)field[2]))
        return 0;
    *chunk = strtoull(field + 2, &end, 16);
    return !*end;
}

static int held_decode(held_chunk_t *chunk, const void *data, apr_size_t length)
{
    apr_uint64_t offset = 0;
    sync_unpack_t in;
    unsigned i, count;

    sync_unpack_start(&in, data, length);
    if (sync_unpack_uint(&in) != HELD_FORMAT)
        return 0;
    count = sync_unpack_count(&in, SYNC_HELD_CHUNK);
    for (i = 0; i < count && !in.bad; i++) {
        apr_uint64_t step = sync_unpack_uint(&in);
        apr_uint64_t token = sync_unpack_uint(&in) - 1; /* UNKNOWN is 0 in the field */

        /* steps are from the uid before, so 0 is good for the first one only */
        if (step >= SYNC_HELD_CHUNK || (i && !step) || offset + step >= SYNC_HELD_CHUNK)
            return 0;
        offset += step;
        chunk->present[offset] = 1;
        chunk->token[offset] = token;
    }
    chunk->count = (int)count;
    return sync_unpack_end(&in);
}

int sync_held_load(sync_held_t *held, apr_uint64_t number, const void *data, apr_size_t length)
{
    held_chunk_t *chunk = held_chunk(held, number);

    if (chunk->loaded)
        return 1;
    if (data) {
        held_allocate(held, chunk);
        if (!held_decode(chunk, data, length))
            return 0;
    }
    chunk->loaded = 1;
    APR_ARRAY_PUSH(held->loaded, held_chunk_t *) = chunk;
    return 1;
}

static held_chunk_t *held_of(const sync_held_t *held, apr_uint64_t uid)
{
    apr_uint64_t number = uid / SYNC_HELD_CHUNK;
    held_chunk_t *chunk = apr_hash_get(held->chunks, &number, sizeof number);

    if (!chunk || !chunk->loaded)
        abort();
    return chunk;
}

int sync_held_get(const sync_held_t *held, apr_uint64_t uid, apr_uint64_t *token)
{
    const held_chunk_t *chunk = held_of(held, uid);

    *token = chunk->present ? chunk->token[uid % SYNC_HELD_CHUNK] : 0;
    return chunk->present && chunk->present[uid % SYNC_HELD_CHUNK];
}

void sync_held_set(sync_held_t *held, apr_uint64_t uid, apr_uint64_t token)
{
    held_chunk_t *chunk = held_of(held, uid);
    apr_uint64_t i = uid % SYNC_HELD_CHUNK;

    held_allocate(held, chunk);
    if (chunk->present[i] && chunk->token[i] == token)
        return;
    chunk->count += !chunk->present[i];
    chunk->present[i] = 1;
    chunk->token[i] = token;
    chunk->changed = 1;
}

void sync_held_remove(sync_held_t *held, apr_uint64_t uid)
{
    held_chunk_t *chunk = held_of(held, uid);
    apr_uint64_t i = uid % SYNC_HELD_CHUNK;

    if (!chunk->present || !chunk->present[i])
        return;
    chunk->count--;
    chunk->present[i] = 0;
    chunk->token[i] = 0;
    chunk->changed = 1;
}

void sync_held_complete(sync_held_t *held)
{
    int count, i;
    const apr_uint64_t *missing = sync_held_missing(held, &count);

    for (i = 0; i < count; i++)
        sync_held_load(held, missing[i], NULL, 0);
    held->complete = 1;
}

int sync_held_is_complete(const sync_held_t *held)
{
    return held->complete;
}

apr_uint64_t sync_held_before(const sync_held_t *held, apr_uint64_t below)
{
    apr_uint64_t best = 0;
    int i;

    for (i = 0; i < held->loaded->nelts; i++) {
        const held_chunk_t *chunk = APR_ARRAY_IDX(held->loaded, i, held_chunk_t *);
        apr_uint64_t first = chunk->number * SYNC_HELD_CHUNK, uid;

        if (!chunk->count || first >= below || first < best - best % SYNC_HELD_CHUNK)
            continue;
        uid = below - first > SYNC_HELD_CHUNK ? first + SYNC_HELD_CHUNK : below;
        while (uid > first && !chunk->present[uid - 1 - first])
            uid--;
        if (uid > first && uid - 1 > best)
            best = uid - 1;
    }
    return best;
}

apr_uint64_t sync_held_count(const sync_held_t *held)
{
    apr_uint64_t count = 0;
    int i;

    for (i = 0; i < held->loaded->nelts; i++)
        count += (apr_uint64_t)APR_ARRAY_IDX(held->loaded, i, held_chunk_t *)->count;
    return count;
}

static void held_encode(const held_chunk_t *chunk, base_text_buffer_t *out)
{
    unsigned i, last = 0;

    sync_pack_uint(out, HELD_FORMAT);
    sync_pack_uint(out, (apr_uint64_t)chunk->count);
    for (i = 0; i < SYNC_HELD_CHUNK; i++) {
        if (!chunk->present[i])
            continue;
        sync_pack_uint(out, i - last);
        sync_pack_uint(out, chunk->token[i] + 1);
        last = i;
    }
}

const sync_held_write_t *sync_held_changed(const sync_held_t *held, int *count, apr_pool_t *pool)
{
    apr_array_header_t *writes = apr_array_make(pool, 4, sizeof(sync_held_write_t));
    int i;

    for (i = 0; i < held->loaded->nelts; i++) {
        const held_chunk_t *chunk = APR_ARRAY_IDX(held->loaded, i, held_chunk_t *);
        base_text_buffer_t out = {.pool = pool};
        sync_held_write_t *write;

        if (!chunk->changed)
            continue;
        write = apr_array_push(writes);
        write->field = sync_held_field(chunk->number, pool);
        write->data = NULL;
        write->length = 0;
        if (!chunk->count)
            continue;
        held_encode(chunk, &out);
        write->data = out.data;
        write->length = out.length;
    }
    *count = writes->nelts;
    return (const sync_held_write_t *)writes->elts;
}
