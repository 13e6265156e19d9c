/* The flight recorder: after each response, what the exchange came to. Format: state/exchange.h. */
#include "glue/metrics.h"

#include <jansson.h>

#include "apr_strings.h"
#include "http_log.h"

#include "base/text.h"
#include "state/exchange.h"
#include "cmd/access_news.h"
#include "cmd/outbox.h"
#include "state/recorder.h"

APLOG_USE_MODULE(mobilesync);

void glue_recorder_attach(request_rec *r, cmd_exchange_t *exchange)
{
    ap_set_module_config(r->request_config, &mobilesync_module, exchange);
    glue_metrics_begin(r, exchange);
}

static void recorder_set(json_t *entry, const char *name, const char *text, apr_pool_t *pool)
{
    if (text && *text)
        json_object_set_new(entry, name,
                            json_string(base_text_xml_sanitize(text, strlen(text), pool)));
}

static void recorder_set_number(json_t *entry, const char *name, apr_int64_t number)
{
    if (number)
        json_object_set_new(entry, name, json_integer(number));
}

static json_t *recorder_folder(const cmd_report_folder_t *folder, apr_pool_t *pool)
{
    const char *const texts[] = {folder->folder, folder->key, folder->next_key};
    const int numbers[] = {folder->status,        folder->replayed,    folder->more,
                           folder->adds,          folder->changes,     folder->deletes,
                           folder->quarantined,   folder->client_adds, folder->client_changes,
                           folder->client_deletes};
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        json_array_append_new(
            list, texts[i] ? json_string(base_text_xml_sanitize(apr_pstrndup(pool, texts[i], 64),
                                                                strnlen(texts[i], 64), pool))
                           : json_null());
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_array_append_new(list, json_integer(numbers[i]));
    return list;
}

static void recorder_set_folders(json_t *entry, const cmd_report_t *report, apr_pool_t *pool)
{
    int count = report->folders ? report->folders->nelts : 0, i;
    json_t *list;

    if (!count)
        return;
    list = json_array();
    json_object_set_new(entry, "l", list);
    for (i = 0; i < count && i < STATE_EXCHANGE_FOLDERS_MAX; i++)
        json_array_append_new(
            list,
            recorder_folder(APR_ARRAY_IDX(report->folders, i, const cmd_report_folder_t *), pool));
    recorder_set_number(entry, "x", count - i);
}

static json_t *recorder_entry(request_rec *r, const cmd_exchange_t *exchange)
{
    const cmd_report_t *report = &exchange->report;
    json_t *entry = json_object();

    recorder_set_number(entry, "t", apr_time_as_msec(r->request_time));
    recorder_set(entry, "c", exchange->request->command_name, r->pool);
    recorder_set(entry, "v", eas_version_name(exchange->request->version), r->pool);
    recorder_set(entry, "n", exchange->service->node, r->pool);
    recorder_set_number(entry, "h", r->status);
    recorder_set_number(entry, "s", report->status);
    recorder_set_number(entry, "a", report->heartbeat_asked);
    recorder_set_number(entry, "b", report->heartbeat);
    if (report->error) {
        recorder_set(entry, "f", base_fault_code_name(report->fault), r->pool);
        recorder_set(entry, "e",
                     apr_pstrndup(r->pool, report->error,
                                  base_text_utf8_floor(report->error, strlen(report->error),
                                                       STATE_EXCHANGE_ERROR_MAX)),
                     r->pool);
    }
    recorder_set_number(entry, "d", apr_time_as_msec(apr_time_now() - r->request_time));
    recorder_set_number(entry, "i", r->read_length);
    recorder_set_number(entry, "o", r->bytes_sent);
    recorder_set_number(entry, "g", r->connection->aborted);
    recorder_set_number(entry, "w", exchange->connection_port);
    recorder_set_number(entry, "k", exchange->connection_use);
    recorder_set_folders(entry, report, r->pool);
    return entry;
}

static int recorder_append(const char *bytes, size_t length, void *text)
{
    base_text_buffer_append(text, bytes, length);
    return 0;
}

static const char *recorder_text(const json_t *entry, apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};

    json_dump_callback(entry, recorder_append, &text, JSON_COMPACT);
    return text.data;
}

static void recorder_write(request_rec *r, cmd_exchange_t *exchange, int keep)
{
    json_t *entry = recorder_entry(r, exchange);
    const char *text = recorder_text(entry, r->pool);
    base_fault_t *fault;

    if (strlen(text) > STATE_RECORDER_EXCHANGE_MAX) { /* long keys, as no phone has them */
        json_object_set_new(entry, "x", json_integer(exchange->report.folders->nelts));
        json_object_del(entry, "l");
        text = recorder_text(entry, r->pool);
    }
    json_decref(entry);
    fault =
        state_recorder_add(exchange->service->store, STATE_RECORDER_EXCHANGES, exchange->account,
                           exchange->request->device_id, text, keep, r->pool);
    if (fault) /* an outage is in the log already */
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, fault->status, r, "flight recorder: %s",
                      fault->message);
}

int glue_recorder_log(request_rec *r)
{
    cmd_exchange_t *exchange = ap_get_module_config(r->request_config, &mobilesync_module);
    int keep;

    if (!exchange)
        return DECLINED;
    glue_metrics_end(r, exchange);
    glue_trace_response(r, exchange);
    cmd_access_news_send(exchange);
    if ((keep = glue_config_get(r->server)->recorder) > 0)
        recorder_write(r, exchange, keep);
    cmd_outbox_run(exchange, apr_time_now()); /* the last: it takes as long as its mail does */
    return DECLINED;
}
