#include "glue/metrics.h"

#include "apr_buckets.h"
#include "apr_strings.h"
#include "http_log.h"
#include "http_protocol.h"

#include "eas/spool.h"

APLOG_USE_MODULE(mobilesync);

#define SEND_CONTENT_TYPE "application/vnd.ms-sync.wbxml"
#define SEND_GZIP_LEAST 512 /* below it the gzip header eats what is won */

static int send_wants_gzip(request_rec *r)
{
    const char *accepted = apr_table_get(r->headers_in, "Accept-Encoding");

    return accepted && ap_strcasestr(accepted, "gzip") && !ap_strcasestr(accepted, "gzip;q=0") &&
           !apr_table_get(r->subprocess_env, "no-gzip");
}

/* Compressed here and not by mod_deflate, whose answers are chunked: Content-Length is
 * required (MS-ASHTTP R216). */
static base_fault_t *send_compress(request_rec *r, eas_spool_t **spool)
{
    eas_spool_t *plain = *spool;

    if (!send_wants_gzip(r) || eas_spool_length(plain) < SEND_GZIP_LEAST)
        return NULL;
    BASE_TRY(eas_spool_gzip(plain, spool, r->pool));
    if (*spool != plain)
        apr_table_setn(r->headers_out, "Content-Encoding", "gzip");
    apr_table_mergen(r->headers_out, "Vary", "Accept-Encoding");
    return NULL;
}

static int send_body(request_rec *r, eas_spool_t *spool)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    const char *data;
    apr_file_t *file;
    apr_off_t length;
    base_fault_t *fault = eas_spool_content(spool, &data, &file, &length);

    if (fault) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, fault->status, r, "%s", fault->message);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_set_content_length(r, length);
    if (file) /* read in small blocks: mapped, it would be 4 MB at a time of each response */
        apr_bucket_file_enable_mmap(apr_brigade_insert_file(brigade, file, 0, length, r->pool), 0);
    else if (length) /* lives as long as r->pool, and so longer than the response */
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_immortal_create(data, (apr_size_t)length,
                                                                    r->connection->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(r->connection->bucket_alloc));
    if (ap_pass_brigade(r->output_filters, brigade) != APR_SUCCESS)
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "the client went away before the answer");
    return OK;
}

/* 449 is not one of httpd's (MS-ASHTTP 2.2.2.1.1 and MS-ASPROV use it). */
static void send_status(request_rec *r, int status)
{
    r->status = status;
    if (status == 449)
        r->status_line = "449 Retry after sending a PROVISION command";
}

int glue_send(request_rec *r, cmd_exchange_t *exchange)
{
    eas_spool_t *spool = exchange->spool;
    base_fault_t *fault;

    glue_metrics_answer(r, exchange);
    apr_table_overlap(r->headers_out, exchange->headers, APR_OVERLAP_TABLES_SET);
    apr_table_setn(r->headers_out, "Cache-Control", "private");
    if (exchange->outcome)
        apr_table_setn(r->subprocess_env, "MOBILESYNC_OUTCOME", exchange->outcome);
    /* whatever the body's size, no filter may make it chunked */
    if ((fault = send_compress(r, &spool))) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, fault->status, r, "%s", fault->message);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    send_status(r, exchange->http_status);
    /* an empty response has none, whatever ForceType or mod_mime say (MS-ASHTTP R212) */
    ap_set_content_type(r, !eas_spool_length(spool) ? NULL
                           : exchange->content_type ? exchange->content_type
                                                    : SEND_CONTENT_TYPE);
    return send_body(r, spool);
}
