/* The request's body, read from the input filters as it arrives. */
#include "glue/glue.h"

#include "apr_buckets.h"
#include "http_protocol.h"
#include "util_filter.h"

#include "eas/reader.h"
#include "eas/spool.h"

#define BODY_SLICE 65536

typedef base_fault_t *(*body_consume_fn)(void *baton, const char *bytes, apr_size_t length);

static base_fault_t *body_consume(request_rec *r, apr_bucket_brigade *brigade,
                                  body_consume_fn consume, void *baton, int *end)
{
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *bytes;
        apr_size_t length;
        apr_status_t status;

        if (APR_BUCKET_IS_EOS(bucket)) {
            *end = 1;
            return NULL;
        }
        if (APR_BUCKET_IS_METADATA(bucket))
            continue;
        status = apr_bucket_read(bucket, &bytes, &length, APR_BLOCK_READ);
        if (status != APR_SUCCESS)
            return base_fault_make_status(r->pool, BASE_FAULT_GONE, status, "reading the body");
        r->read_length += (apr_off_t)length;
        BASE_TRY(consume(baton, bytes, length));
    }
    return NULL;
}

static base_fault_t *body_read(request_rec *r, body_consume_fn consume, void *baton)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    base_fault_t *fault = NULL;
    int end = 0;

    while (!end && !fault) {
        apr_status_t status = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES,
                                             APR_BLOCK_READ, BODY_SLICE);

        if (status == AP_FILTER_ERROR || APR_STATUS_IS_ENOSPC(status)) /* LimitRequestBody */
            return base_fault_make_status(r->pool, BASE_FAULT_TOO_LARGE, status,
                                          "a filter refused the body");
        if (status != APR_SUCCESS)
            return base_fault_make_status(r->pool, BASE_FAULT_GONE, status, "reading the body");
        fault = body_consume(r, brigade, consume, baton, &end);
        apr_brigade_cleanup(brigade);
    }
    return fault;
}

/* -- WBXML ------------------------------------------------------------------------------------ */

static base_fault_t *body_feed(void *baton, const char *bytes, apr_size_t length)
{
    return eas_reader_feed(baton, bytes, length);
}

base_fault_t *glue_body_read_wbxml(request_rec *r, const glue_config_t *config,
                                   const eas_node_t **body)
{
    eas_limits_t limits = EAS_LIMITS_DEFAULT;
    eas_reader_t *reader;

    limits.bytes = (apr_off_t)config->request_kilobytes * 1024;
    limits.elements = (unsigned)config->request_elements;
    reader = eas_reader_create(&limits, config->spool_directory, r->pool);
    BASE_TRY(body_read(r, body_feed, reader));
    return eas_reader_finish(reader, body);
}

/* -- MIME ------------------------------------------------------------------------------------- */

typedef struct {
    eas_spool_t *spool;
    apr_off_t limit;
    apr_pool_t *pool;
} body_mime_t;

static base_fault_t *body_spool(void *baton, const char *bytes, apr_size_t length)
{
    body_mime_t *mime = baton;

    if (eas_spool_length(mime->spool) + (apr_off_t)length > mime->limit)
        return base_fault_make(mime->pool, BASE_FAULT_TOO_LARGE,
                               "the body has more than %" APR_OFF_T_FMT " bytes", mime->limit);
    return eas_spool_append(mime->spool, bytes, length);
}

base_fault_t *glue_body_read_mime(request_rec *r, const glue_config_t *config,
                                  const backend_blob_t **result)
{
    body_mime_t mime = {.spool = eas_spool_create(config->spool_directory, r->pool),
                        .limit = (apr_off_t)config->request_kilobytes * 1024,
                        .pool = r->pool};
    backend_blob_t *blob = apr_pcalloc(r->pool, sizeof *blob);
    apr_off_t length;

    BASE_TRY(body_read(r, body_spool, &mime));
    BASE_TRY(eas_spool_content(mime.spool, &blob->data, &blob->file, &length));
    blob->size = (apr_uint64_t)length;
    *result = length ? blob : NULL;
    return NULL;
}

base_fault_t *glue_body_read_text(request_rec *r, apr_off_t limit, const char **data,
                                  apr_size_t *length)
{
    body_mime_t text = {.spool = eas_spool_create(NULL, r->pool), .limit = limit, .pool = r->pool};
    apr_file_t *file;
    apr_off_t size;

    BASE_TRY(body_read(r, body_spool, &text));
    BASE_TRY(eas_spool_content(text.spool, data, &file, &size));
    *length = (apr_size_t)size;
    return NULL;
}
