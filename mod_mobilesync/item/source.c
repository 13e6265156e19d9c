#include "item/source.h"

#include <string.h>

/* Up to here a file is read whole: one read is cheaper than a window that moves. */
#define SOURCE_WHOLE (256 * 1024)

struct item_source {
    const char *data; /* the whole blob, or NULL */
    apr_file_t *file;
    apr_off_t start; /* where it begins in the file */
    apr_uint64_t size;
    char *window;
    apr_uint64_t window_start;
    apr_size_t window_length;
    apr_pool_t *pool;
};

static base_fault_t *source_read_file(item_source_t *source, apr_uint64_t offset, char *buffer,
                                      apr_size_t *length)
{
    apr_off_t position = source->start + (apr_off_t)offset;
    apr_size_t got = 0;
    apr_status_t status = apr_file_seek(source->file, APR_SET, &position);

    if (status == APR_SUCCESS)
        status = apr_file_read_full(source->file, buffer, *length, &got);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status))
        return base_fault_make_status(source->pool, BASE_FAULT_UNAVAILABLE, status,
                                      "reading an item");
    *length = got;
    return NULL;
}

base_fault_t *item_source_open(const backend_blob_t *blob, item_source_t **source, apr_pool_t *pool)
{
    item_source_t *s;

    if (blob->file)
        return item_source_open_range(blob->file, 0, blob->size, source, pool);
    s = apr_pcalloc(pool, sizeof *s);
    s->pool = pool;
    s->size = blob->size;
    s->data = blob->data ? blob->data : "";
    *source = s;
    return NULL;
}

base_fault_t *item_source_open_range(apr_file_t *file, apr_off_t start, apr_uint64_t size,
                                     item_source_t **source, apr_pool_t *pool)
{
    item_source_t *s = apr_pcalloc(pool, sizeof *s);

    s->pool = pool;
    s->file = file;
    s->start = start;
    s->size = size;
    if (size <= SOURCE_WHOLE) {
        char *data = apr_palloc(pool, (apr_size_t)size + 1);
        apr_size_t length = (apr_size_t)size;

        BASE_TRY(source_read_file(s, 0, data, &length));
        data[length] = '\0';
        s->size = length; /* shorter than it was said to be: what is there counts */
        s->data = data;
    }
    *source = s;
    return NULL;
}

apr_uint64_t item_source_size(const item_source_t *source)
{
    return source->size;
}

static base_fault_t *source_fill(item_source_t *source, apr_uint64_t offset)
{
    if (!source->window)
        source->window = apr_palloc(source->pool, ITEM_SOURCE_WINDOW);
    source->window_start = offset;
    source->window_length = ITEM_SOURCE_WINDOW;
    return source_read_file(source, offset, source->window, &source->window_length);
}

base_fault_t *item_source_view(item_source_t *source, apr_uint64_t offset, apr_size_t want,
                               const char **bytes, apr_size_t *length)
{
    apr_uint64_t rest = offset < source->size ? source->size - offset : 0;

    if (source->data) {
        *bytes = source->data + (source->size - rest);
        *length = (apr_size_t)rest;
        return NULL;
    }
    if (want > rest)
        want = (apr_size_t)rest;
    if (want == 0) {
        *bytes = "";
        *length = 0;
        return NULL;
    }
    if (!source->window || offset < source->window_start ||
        offset + want > source->window_start + source->window_length)
        BASE_TRY(source_fill(source, offset));
    *bytes = source->window + (offset - source->window_start);
    *length = (apr_size_t)(source->window_start + source->window_length - offset);
    if (*length < want)
        source->size = offset + *length; /* the file has become shorter */
    return NULL;
}

base_fault_t *item_source_read(item_source_t *source, apr_uint64_t offset, char *buffer,
                               apr_size_t *length)
{
    const char *bytes;
    apr_size_t available;

    BASE_TRY(item_source_view(source, offset, 1, &bytes, &available));
    if (available > *length)
        available = *length;
    memcpy(buffer, bytes, available);
    *length = available;
    return NULL;
}
