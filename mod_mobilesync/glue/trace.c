/* The trace of a device for which an administrator asked: requests and responses as XML. Format:
 * admin/trace.h. A request is written before its command runs on, a response after it is sent. */
#include "glue/glue.h"

#include <jansson.h>
#include <string.h>

#include "apr_strings.h"
#include "http_log.h"

#include "admin/trace.h"
#include "base/text.h"
#include "eas/reader.h"
#include "state/recorder.h"

APLOG_USE_MODULE(mobilesync);

#define TRACE_XML_MAX 24576       /* bytes of a document */
#define TRACE_DECODED_MAX 4194304 /* a larger response is not decoded */
#define TRACE_TEXT_MAX 64         /* bytes of an element's content */
#define TRACE_FULL_TEXT_MAX 4096
#define TRACE_SLICE 65536

/* -- what is shown ---------------------------------------------------------- */

/* Elements of other pages whose content says nothing of what people write, to whom, and who they
 * are. What is not listed is not shown. */
static const char *const trace_plain[] = {
    "AllOrNone",
    "AppointmentReplyTime",
    "BodyPreference",
    "Busy",
    "BusyStatus",
    "Class",
    "ClientId",
    "CollectionId",
    "ContentType",
    "ConversationId",
    "ConversationIndex",
    "DateCompleted",
    "DateReceived",
    "DayOfMonth",
    "DayOfWeek",
    "DeleteSubFolders",
    "DisallowNewTimeProposal",
    "DueDate",
    "EndTime",
    "EstimatedDataSize",
    "FileReference",
    "FolderId",
    "Importance",
    "InstanceId",
    "InternetCPID",
    "Interval",
    "IsDraft",
    "IsInline",
    "ItemId",
    "LastVerbExecuted",
    "LastVerbExecutionTime",
    "LongId",
    "MeetingMessageType",
    "MeetingStatus",
    "MessageClass",
    "Method",
    "MonthOfYear",
    "NativeBodyType",
    "Occurrences",
    "OofState",
    "Part",
    "PolicyKey",
    "Range",
    "Read",
    "Reminder",
    "ReminderSet",
    "ReplaceMime",
    "ResponseRequested",
    "ResponseType",
    "SaveInSentItems",
    "Schema",
    "Send",
    "Sensitivity",
    "StartTime",
    "Status",
    "Store",
    "TimeZone",
    "Timezone",
    "Total",
    "Truncated",
    "TruncationSize",
    "Type",
    "UserResponse",
    "Version",
};

static int trace_is_plain(eas_tag_t tag)
{
    const char *name = eas_tag_name(tag);
    size_t i;

    switch (eas_tag_page(tag)) {
    case EAS_PAGE_AirSync:
    case EAS_PAGE_Move:
    case EAS_PAGE_GetItemEstimate:
    case EAS_PAGE_Ping:
    case EAS_PAGE_Provision:
        return 1;
    case EAS_PAGE_FolderHierarchy:
        return tag != EAS_FolderHierarchy_DisplayName;
    default:
        break;
    }
    for (i = 0; name && i < sizeof trace_plain / sizeof *trace_plain; i++)
        if (strcmp(name, trace_plain[i]) == 0)
            return 1;
    return 0;
}

/* Not even an administrator who asked for contents sees passwords. */
static int trace_is_no_password(eas_tag_t tag)
{
    const char *name = eas_tag_name(tag);

    return name && !strstr(name, "Password");
}

static const char *trace_xml(const cmd_exchange_t *exchange, const eas_node_t *document, int *cut,
                             apr_pool_t *pool)
{
    int full = exchange->trace == CMD_TRACE_FULL;
    const eas_node_view_t view = {.shown = full ? trace_is_no_password : trace_is_plain,
                                  .text_max = full ? TRACE_FULL_TEXT_MAX : TRACE_TEXT_MAX,
                                  .bytes_max = TRACE_XML_MAX};

    return eas_node_print(document, &view, cut, pool);
}

/* -- the response ------------------------------------------------------------ */

static base_fault_t *trace_feed(eas_reader_t *reader, apr_file_t *file, apr_off_t length,
                                apr_pool_t *pool)
{
    char *buffer = apr_palloc(pool, TRACE_SLICE);
    apr_off_t at = 0;

    while (at < length) {
        apr_off_t offset = at; /* another position than the one that it is sent from */
        apr_size_t wanted = length - at < TRACE_SLICE ? (apr_size_t)(length - at) : TRACE_SLICE;
        apr_size_t got = 0;
        apr_status_t status = apr_file_seek(file, APR_SET, &offset);

        if (status == APR_SUCCESS)
            status = apr_file_read_full(file, buffer, wanted, &got);
        if (status != APR_SUCCESS)
            return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status,
                                          "reading the response again");
        BASE_TRY(eas_reader_feed(reader, buffer, got));
        at += (apr_off_t)got;
    }
    return NULL;
}

/* *document NULL: there is none. */
static base_fault_t *trace_decode(const cmd_exchange_t *exchange, const eas_node_t **document,
                                  apr_pool_t *pool)
{
    static const eas_limits_t limits = EAS_LIMITS_DEFAULT;
    const char *directory = exchange->service->spool_directory, *data;
    eas_reader_t *reader;
    apr_off_t length;
    apr_file_t *file;

    *document = NULL;
    BASE_TRY(eas_spool_content(exchange->spool, &data, &file, &length));
    if (!length || exchange->content_type || length > TRACE_DECODED_MAX)
        return NULL;
    reader = eas_reader_create(&limits, directory, pool);
    BASE_TRY(file ? trace_feed(reader, file, length, pool)
                  : eas_reader_feed(reader, data, (apr_size_t)length));
    return eas_reader_finish(reader, document);
}

/* -- entries ----------------------------------------------------------------- */

static int trace_append(const char *bytes, size_t length, void *text)
{
    base_text_buffer_append(text, bytes, length);
    return 0;
}

static void trace_write(request_rec *r, const cmd_exchange_t *exchange, json_t *entry,
                        const char *xml)
{
    size_t most = strlen(xml);
    base_text_buffer_t text;
    base_fault_t *fault;

    do { /* in JSON it is longer: quotes and ends of lines are two characters each */
        text = (base_text_buffer_t){.pool = r->pool};
        json_object_set_new(
            entry, "x", json_stringn_nocheck(xml, base_text_utf8_floor(xml, strlen(xml), most)));
        json_dump_callback(entry, trace_append, &text, JSON_COMPACT);
        if (text.length > STATE_RECORDER_TRACE_MAX)
            json_object_set_new(entry, "u", json_integer(1));
        most = most / 4 * 3;
    } while (text.length > STATE_RECORDER_TRACE_MAX);
    json_decref(entry);
    fault =
        state_recorder_add(exchange->service->store, STATE_RECORDER_TRACE, exchange->account,
                           exchange->request->device_id, text.data, ADMIN_TRACE_ENTRIES, r->pool);
    if (fault)
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, fault->status, r, "trace: %s", fault->message);
}

static json_t *trace_entry(const cmd_exchange_t *exchange, const char *direction, apr_time_t when,
                           apr_off_t bytes, int cut)
{
    json_t *entry = json_object();

    json_object_set_new(entry, "t", json_integer(apr_time_as_msec(when)));
    json_object_set_new(entry, "d", json_string(direction));
    json_object_set_new(entry, "c", json_string(exchange->request->command_name));
    json_object_set_new(entry, "n", json_string(exchange->service->node));
    json_object_set_new(entry, "b", json_integer((json_int_t)bytes));
    if (exchange->trace == CMD_TRACE_FULL)
        json_object_set_new(entry, "f", json_integer(1));
    if (cut)
        json_object_set_new(entry, "u", json_integer(1));
    return entry;
}

void glue_trace_request(request_rec *r, const cmd_exchange_t *exchange)
{
    const char *xml;
    int cut;

    if (exchange->trace == CMD_TRACE_OFF)
        return;
    xml = trace_xml(exchange, exchange->body, &cut, r->pool);
    trace_write(r, exchange, trace_entry(exchange, "request", r->request_time, r->read_length, cut),
                xml);
}

/* Who hung up before the answer was not told anything. */
void glue_trace_response(request_rec *r, const cmd_exchange_t *exchange)
{
    const eas_node_t *document;
    base_fault_t *fault;
    json_t *entry;
    const char *xml;
    int cut;

    if (exchange->trace == CMD_TRACE_OFF || (r->connection->aborted && !r->bytes_sent))
        return;
    fault = trace_decode(exchange, &document, r->pool);
    xml = trace_xml(exchange, fault ? NULL : document, &cut, r->pool);
    entry =
        trace_entry(exchange, "response", apr_time_now(), eas_spool_length(exchange->spool), cut);
    json_object_set_new(entry, "h", json_integer(r->status));
    if (fault)
        json_object_set_new(
            entry, "e",
            json_string(base_text_xml_sanitize(fault->message, strlen(fault->message), r->pool)));
    trace_write(r, exchange, entry, xml);
}
