#include "eas/spool.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <zlib.h>

#include "eas/tempfile.h"

/* Where a gzipped copy begins to be worth its CPU time. */
#define SPOOL_GZIP_MINIMUM 256
#define SPOOL_BLOCK (32 * 1024)

struct eas_spool {
    apr_pool_t *pool;
    const char *directory;
    char *memory; /* malloc: it grows, and is let go when the file takes over */
    apr_size_t capacity;
    apr_file_t *file;
    apr_off_t length;
};

static apr_status_t spool_cleanup(void *data)
{
    eas_spool_t *spool = data;

    free(spool->memory);
    spool->memory = NULL;
    return APR_SUCCESS;
}

eas_spool_t *eas_spool_create(const char *directory, apr_pool_t *pool)
{
    eas_spool_t *spool = apr_pcalloc(pool, sizeof *spool);

    apr_pool_cleanup_register(pool, spool, spool_cleanup, apr_pool_cleanup_null);
    spool->pool = pool;
    spool->directory = directory;
    return spool;
}

static base_fault_t *spool_reserve(eas_spool_t *spool, apr_size_t needed)
{
    apr_size_t capacity = spool->capacity ? spool->capacity : 4096;
    char *memory;

    if (needed <= spool->capacity)
        return NULL;
    while (capacity < needed)
        capacity *= 2;
    memory = realloc(spool->memory, capacity);
    if (!memory)
        return base_fault_make(spool->pool, BASE_FAULT_INTERNAL, "out of memory for a response");
    spool->memory = memory;
    spool->capacity = capacity;
    return NULL;
}

static base_fault_t *spool_write(eas_spool_t *spool, const void *bytes, apr_size_t length)
{
    apr_status_t status = APR_SUCCESS;

    if (length)
        status = apr_file_write_full(spool->file, bytes, length, NULL);
    if (status != APR_SUCCESS)
        return base_fault_make_status(spool->pool, BASE_FAULT_UNAVAILABLE, status,
                                      "writing a response to its temporary file");
    return NULL;
}

base_fault_t *eas_spool_append(eas_spool_t *spool, const void *bytes, apr_size_t length)
{
    if (!length)
        return NULL;
    if (!spool->file && spool->length + (apr_off_t)length > EAS_SPOOL_MEMORY) {
        BASE_TRY(eas_tempfile_open(spool->directory, &spool->file, spool->pool));
        BASE_TRY(spool_write(spool, spool->memory, (apr_size_t)spool->length));
        spool_cleanup(spool);
        spool->capacity = 0;
    }
    if (spool->file)
        BASE_TRY(spool_write(spool, bytes, length));
    else {
        BASE_TRY(spool_reserve(spool, (apr_size_t)spool->length + length));
        memcpy(spool->memory + spool->length, bytes, length);
    }
    spool->length += (apr_off_t)length;
    return NULL;
}

apr_off_t eas_spool_length(const eas_spool_t *spool)
{
    return spool->length;
}

base_fault_t *eas_spool_content(eas_spool_t *spool, const char **data, apr_file_t **file,
                                apr_off_t *length)
{
    apr_off_t start = 0;
    apr_status_t status;

    *data = spool->memory ? spool->memory : "";
    *file = spool->file;
    *length = spool->length;
    if (!spool->file)
        return NULL;
    *data = NULL;
    status = apr_file_seek(spool->file, APR_SET, &start);
    if (status != APR_SUCCESS)
        return base_fault_make_status(spool->pool, BASE_FAULT_INTERNAL, status,
                                      "rewinding a response's temporary file");
    return NULL;
}

/* Compresses one block of input into the result. */
static base_fault_t *spool_deflate(z_stream *stream, const void *bytes, apr_size_t length,
                                   int flush, eas_spool_t *result)
{
    unsigned char block[SPOOL_BLOCK];

    stream->next_in = (Bytef *)bytes;
    stream->avail_in = (uInt)length;
    do {
        stream->next_out = block;
        stream->avail_out = sizeof block;
        if (deflate(stream, flush) == Z_STREAM_ERROR)
            return base_fault_make(result->pool, BASE_FAULT_INTERNAL, "compressing a response");
        BASE_TRY(eas_spool_append(result, block, sizeof block - stream->avail_out));
    } while (stream->avail_out == 0);
    return NULL;
}

/* Compresses everything; *paid = 0 as soon as the copy cannot be a tenth smaller. */
static base_fault_t *spool_compress(eas_spool_t *spool, z_stream *stream, eas_spool_t *result,
                                    int *paid)
{
    apr_off_t length, left, limit = spool->length - spool->length / 10;
    const char *data;
    apr_file_t *file;

    BASE_TRY(eas_spool_content(spool, &data, &file, &length));
    *paid = 1;
    for (left = length; left > 0;) {
        char block[SPOOL_BLOCK];
        apr_size_t size = left < (apr_off_t)sizeof block ? (apr_size_t)left : sizeof block;
        const char *bytes = data ? data + (length - left) : block;
        apr_status_t status;

        if (file && (status = apr_file_read_full(file, block, size, NULL)) != APR_SUCCESS)
            return base_fault_make_status(result->pool, BASE_FAULT_INTERNAL, status,
                                          "reading a response's temporary file");
        left -= (apr_off_t)size;
        BASE_TRY(spool_deflate(stream, bytes, size, left ? Z_NO_FLUSH : Z_FINISH, result));
        if (result->length > limit) {
            *paid = 0;
            break;
        }
    }
    return NULL;
}

base_fault_t *eas_spool_gzip(eas_spool_t *spool, eas_spool_t **result, apr_pool_t *pool)
{
    z_stream stream = {0};
    eas_spool_t *copy;
    base_fault_t *fault;
    int paid = 0;

    *result = spool;
    if (spool->length < SPOOL_GZIP_MINIMUM)
        return NULL;
    /* 15 bits of window, + 16: the gzip container */
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return base_fault_make(pool, BASE_FAULT_INTERNAL, "out of memory for compression");
    copy = eas_spool_create(spool->directory, pool);
    fault = spool_compress(spool, &stream, copy, &paid);
    deflateEnd(&stream);
    if (!fault && paid)
        *result = copy;
    return fault;
}
