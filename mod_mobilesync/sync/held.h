/* What a device holds of a folder: uid -> token, in chunks of SYNC_HELD_CHUNK uids. Each
 * chunk is one field of the folder's record, so that a step reads and writes only the chunks
 * that its changes touch, about 2 bytes for a mail held.
 *
 * The caller loads the chunks that it needs (sync_held_missing says which), then asks. */
#ifndef SYNC_HELD_H
#define SYNC_HELD_H

#include <apr_pools.h>

#define SYNC_HELD_CHUNK 1024
/* Held, but nobody knows in what version: differs from every real token. */
#define SYNC_TOKEN_UNKNOWN APR_UINT64_MAX

typedef struct sync_held sync_held_t;

typedef struct {
    const char *field;
    const void *data; /* NULL: nothing left in it, delete the field */
    apr_size_t length;
} sync_held_write_t;

sync_held_t *sync_held_make(apr_pool_t *pool);

/* Adds the uid's chunk to what is wanted, unless it is loaded or wanted already. */
void sync_held_want(sync_held_t *held, apr_uint64_t uid);
/* The wanted chunks' numbers; NULL and 0 when all are there. */
const apr_uint64_t *sync_held_missing(sync_held_t *held, int *count);
/* Name of a chunk's field: "h.1f". */
const char *sync_held_field(apr_uint64_t chunk, apr_pool_t *pool);
/* The chunk of such a name; 0 when it is not one. */
int sync_held_field_parse(const char *field, apr_uint64_t *chunk);
/* All fields that there are have been loaded: the other chunks are empty. */
void sync_held_complete(sync_held_t *held);
int sync_held_is_complete(const sync_held_t *held);
/* The greatest uid held that is less than below, of the chunks that are loaded; 0: none. */
apr_uint64_t sync_held_before(const sync_held_t *held, apr_uint64_t below);
/* data NULL: there was no such field. Returns 0 when the data is damaged. */
int sync_held_load(sync_held_t *held, apr_uint64_t chunk, const void *data, apr_size_t length);

/* The uid's chunk must be loaded (abort otherwise: a mistake of ours, never the data's). */
int sync_held_get(const sync_held_t *held, apr_uint64_t uid, apr_uint64_t *token);
void sync_held_set(sync_held_t *held, apr_uint64_t uid, apr_uint64_t token);
void sync_held_remove(sync_held_t *held, apr_uint64_t uid);

/* How many uids are held in the chunks that are loaded. */
apr_uint64_t sync_held_count(const sync_held_t *held);

/* The chunks that are no longer as they were loaded. */
const sync_held_write_t *sync_held_changed(const sync_held_t *held, int *count, apr_pool_t *pool);

#endif
