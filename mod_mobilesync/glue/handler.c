#include "glue/limits.h"

#include "apr_strings.h"
#include "http_log.h"
#include "http_protocol.h"

#include "base/text.h"
#include "cmd/profile.h"
#include "eas/status.h"

APLOG_USE_MODULE(mobilesync);

#define HANDLER_SERVER_VERSION "16.1" /* the Exchange line whose protocol this is */

static const char *handler_header(void *baton, const char *name)
{
    return apr_table_get(((request_rec *)baton)->headers_in, name);
}

/* The authenticated user decides; a User parameter that names somebody else is only noted. */
static void handler_compare_user(request_rec *r, const eas_request_t *request, const char *account)
{
    const char *asked;

    if (!request->user)
        return;
    asked = glue_auth_account(request->user, glue_config_get(r->server), r->pool);
    if (!asked || strcmp(asked, account))
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "User parameter %s, authenticated as %s",
                      ap_escape_logitem(r->pool, request->user), account);
}

static int handler_refuse(request_rec *r, base_fault_t *fault)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, fault->status, r, "request refused: %s",
                  ap_escape_logitem(r->pool, fault->message));
    return HTTP_BAD_REQUEST;
}

/* Up to 12.1 an undecodable body is HTTP 400; from 14.0 on a Status in a 200. */
static int handler_refuse_body(request_rec *r, cmd_exchange_t *exchange, const cmd_entry_t *entry,
                               base_fault_t *fault, int status)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, fault->status, r, "%s of %s, device %s: %s",
                  exchange->request->command_name, exchange->account, exchange->request->device_id,
                  ap_escape_logitem(r->pool, fault->message));
    if (fault->code == BASE_FAULT_GONE)
        return HTTP_REQUEST_TIME_OUT;
    if (fault->code == BASE_FAULT_TOO_LARGE)
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    if (fault->code == BASE_FAULT_INTERNAL || fault->code == BASE_FAULT_UNAVAILABLE)
        return HTTP_INTERNAL_SERVER_ERROR;
    cmd_answer_status(exchange, entry, status);
    return glue_send(r, exchange);
}

static int handler_type_is(request_rec *r, const char *wanted)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    size_t length = strlen(wanted);

    return type && strncasecmp(type, wanted, length) == 0 &&
           (!type[length] || strchr("; \t", type[length]));
}

/* Reads what the command takes. Returns a fault, with the Status it is answered with. */
static base_fault_t *handler_read(request_rec *r, cmd_exchange_t *exchange,
                                  const cmd_entry_t *entry, int *status)
{
    const glue_config_t *config = glue_config_get(r->server);

    if ((entry->flags & CMD_MIME_12_1) && exchange->request->version < EAS_VERSION_14_0) {
        *status = EAS_STATUS_InvalidContent;
        if (!handler_type_is(r, "message/rfc822"))
            return base_fault_make(r->pool, BASE_FAULT_INVALID, "the body must be message/rfc822");
        return glue_body_read_mime(r, config, &exchange->mime);
    }
    *status = EAS_STATUS_InvalidWBXML;
    BASE_TRY(glue_body_read_wbxml(r, config, &exchange->body));
    if (exchange->body && !handler_type_is(r, "application/vnd.ms-sync.wbxml") &&
        !handler_type_is(r, "application/vnd.ms-sync")) {
        *status = EAS_STATUS_InvalidContent;
        return base_fault_make(r->pool, BASE_FAULT_INVALID,
                               "the body must be application/vnd.ms-sync.wbxml");
    }
    return NULL;
}

static cmd_exchange_t *handler_exchange(request_rec *r, const eas_request_t *request,
                                        const char *account)
{
    cmd_exchange_t *exchange = apr_pcalloc(r->pool, sizeof *exchange);

    exchange->request = request;
    exchange->account = account;
    exchange->service = glue_config_get(r->server)->service;
    exchange->log = glue_log_for_request(r);
    exchange->now = r->request_time;
    if (!r->connection->master) { /* streams of HTTP/2 are read in any order */
        exchange->connection_port = r->connection->client_addr->port;
        exchange->connection_use = r->connection->keepalives;
    }
    exchange->patience.left = CMD_PATIENCE;
    exchange->pool = r->pool;
    exchange->http_status = HTTP_OK;
    exchange->headers = apr_table_make(r->pool, 4);
    if (!glue_park_offered(r))
        exchange->wait_max = glue_config_get(r->server)->blocking_heartbeat_max;
    return exchange;
}

/* What the client learns of the server; FolderSync with key 0 says it too (R1104). */
static int handler_options(request_rec *r, const char *account)
{
    cmd_exchange_t *exchange = handler_exchange(
        r, eas_request_parse_options(r->args, handler_header, r, r->pool), account);

    cmd_profile_enter(exchange);
    apr_table_setn(r->headers_out, "MS-ASProtocolVersions", cmd_profile_versions(exchange));
    apr_table_setn(r->headers_out, "MS-ASProtocolCommands", cmd_list(r->pool));
    apr_table_setn(r->headers_out, "Allow", "OPTIONS,POST");
    apr_table_setn(r->headers_out, "Public", "OPTIONS,POST");
    apr_table_setn(r->headers_out, "Cache-Control", "private");
    ap_set_content_type(r, NULL);
    ap_set_content_length(r, 0);
    return OK;
}

static int handler_command(request_rec *r, const eas_request_t *request, const char *account)
{
    const cmd_entry_t *entry = cmd_find(request->command);
    cmd_exchange_t *exchange;
    base_fault_t *fault;
    int status;

    if (!entry) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "command %s is not offered",
                      ap_escape_logitem(r->pool, request->command_name));
        return HTTP_NOT_IMPLEMENTED;
    }
    exchange = handler_exchange(r, request, account);
    glue_recorder_attach(r, exchange);
    if ((fault = handler_read(r, exchange, entry, &status)))
        return handler_refuse_body(r, exchange, entry, fault, status);
    if (exchange->body && APLOGrtrace1(r))
        ap_log_rerror(APLOG_MARK, APLOG_TRACE1, 0, r, "request: %s",
                      eas_node_dump(exchange->body, r->pool));
    cmd_dispatch(exchange);
    glue_trace_request(r, exchange);
    if (exchange->wait.waiter)
        return glue_wait(r, exchange);
    return glue_send(r, exchange);
}

static int handler_post(request_rec *r, const char *account)
{
    eas_request_t *request;
    int status;
    base_fault_t *fault =
        eas_request_parse(r->args ? r->args : "", handler_header, r, &request, r->pool);

    if (fault)
        return handler_refuse(r, fault);
    handler_compare_user(r, request, account);
    if ((status = glue_limits_check_device(r, account, request->device_id)) != OK)
        return status;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "%s %s of %s, device %s (%s)",
                  eas_version_name(request->version),
                  ap_escape_logitem(r->pool, request->command_name), account, request->device_id,
                  request->device_type);
    return handler_command(r, request, account);
}

/* What was read once can be read again. */
cmd_exchange_t *glue_handler_again(request_rec *r)
{
    eas_request_t *request;
    cmd_exchange_t *exchange;

    if (eas_request_parse(r->args ? r->args : "", handler_header, r, &request, r->pool))
        return NULL;
    apr_table_setn(r->headers_out, "MS-Server-ActiveSync", HANDLER_SERVER_VERSION);
    exchange = handler_exchange(r, request,
                                glue_auth_account(r->user, glue_config_get(r->server), r->pool));
    cmd_exchange_restart(exchange);
    ap_set_module_config(r->request_config, &mobilesync_module, exchange);
    return exchange;
}

int glue_handler(request_rec *r)
{
    const glue_directory_t *directory = ap_get_module_config(r->per_dir_config, &mobilesync_module);
    const char *account;

    if (!r->handler || strcmp(r->handler, GLUE_HANDLER))
        return DECLINED;
    if (directory->enabled == 0)
        return HTTP_FORBIDDEN;
    apr_table_setn(r->headers_out, "MS-Server-ActiveSync", HANDLER_SERVER_VERSION);
    if (!glue_config_get(r->server)->service) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SetHandler mobilesync without MobileSyncRedis and MobileSyncBackend in this "
                      "virtual host");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!r->user || !(account = glue_auth_account(r->user, glue_config_get(r->server), r->pool))) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "nobody is authenticated: this Location needs AuthType and Require");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (r->method_number == M_OPTIONS)
        return handler_options(r, account);
    glue_park_begin(r->connection);
    return r->method_number == M_POST ? handler_post(r, account) : HTTP_NOT_IMPLEMENTED;
}
