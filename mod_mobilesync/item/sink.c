#include "item/sink.h"

#include <string.h>

#define SINK_MEMORY (128 * 1024)

void item_sink_init(item_sink_t *sink, apr_uint64_t limit, apr_pool_t *pool)
{
    memset(sink, 0, sizeof *sink);
    sink->buffer.pool = pool;
    sink->limit = limit;
}

base_fault_t *item_sink_flush(item_sink_t *sink)
{
    if (sink->spool && !sink->fault && sink->buffer.length)
        sink->fault = eas_spool_append(sink->spool, sink->buffer.data, sink->buffer.length);
    if (sink->spool)
        sink->buffer.length = 0;
    return sink->fault;
}

static void sink_append(item_sink_t *sink, const char *bytes, apr_size_t length)
{
    if (sink->buffer.length + length > SINK_MEMORY) {
        if (!sink->spool)
            sink->spool = eas_spool_create(sink->directory, sink->buffer.pool);
        item_sink_flush(sink);
    }
    if (length > SINK_MEMORY)
        sink->fault = sink->fault ? sink->fault : eas_spool_append(sink->spool, bytes, length);
    else
        base_text_buffer_append(&sink->buffer, bytes, length);
    sink->length += length;
}

void item_sink_write(item_sink_t *sink, const char *bytes, apr_size_t length)
{
    if (item_sink_done(sink))
        return;
    if (length > sink->limit - sink->length) {
        length = base_text_utf8_floor(bytes, length, (apr_size_t)(sink->limit - sink->length));
        sink->full = 1;
    }
    if (length)
        sink_append(sink, bytes, length);
}

void item_sink_puts(item_sink_t *sink, const char *text)
{
    item_sink_write(sink, text, strlen(text));
}

int item_sink_done(const item_sink_t *sink)
{
    return sink->full || sink->fault;
}

base_fault_t *item_sink_read(item_sink_t *sink, apr_uint64_t offset, char *buffer,
                             apr_size_t *length)
{
    const char *data = sink->buffer.data;
    apr_file_t *file = NULL;
    apr_off_t total = (apr_off_t)sink->length, position = (apr_off_t)offset;
    apr_status_t status;

    if (sink->spool) {
        BASE_TRY(item_sink_flush(sink));
        BASE_TRY(eas_spool_content(sink->spool, &data, &file, &total));
    }
    if (*length > (apr_uint64_t)total - offset)
        *length = (apr_size_t)((apr_uint64_t)total - offset);
    if (*length == 0)
        return NULL;
    if (!file) {
        memcpy(buffer, data + offset, *length);
        return NULL;
    }
    status = apr_file_seek(file, APR_SET, &position);
    if (status == APR_SUCCESS)
        status = apr_file_read_full(file, buffer, *length, NULL);
    return status == APR_SUCCESS ? NULL
                                 : base_fault_make_status(sink->buffer.pool, BASE_FAULT_UNAVAILABLE,
                                                          status, "reading a temporary file");
}

base_fault_t *item_sink_text(item_sink_t *sink, const char **text, apr_pool_t *pool)
{
    apr_size_t length = (apr_size_t)sink->length;
    char *whole;

    if (sink->fault)
        return sink->fault;
    *text = sink->buffer.data ? sink->buffer.data : "";
    if (!sink->spool)
        return NULL;
    whole = apr_palloc(pool, length + 1);
    BASE_TRY(item_sink_read(sink, 0, whole, &length));
    whole[length] = '\0';
    *text = whole;
    return NULL;
}
