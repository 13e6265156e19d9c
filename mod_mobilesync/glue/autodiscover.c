/* SetHandler mobilesync-autodiscover: httpd's request for cmd/autodiscover.h, and its answer. */
#include "glue/metrics.h"

#include "apr_strings.h"
#include "apr_uri.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"

APLOG_USE_MODULE(mobilesync);

#define AUTODISCOVER_XML "/autodiscover/autodiscover.xml"
#define AUTODISCOVER_JSON "/autodiscover/autodiscover.json"
#define AUTODISCOVER_ACTIVESYNC "/Microsoft-Server-ActiveSync"

static int autodiscover_is_plain(const request_rec *r)
{
    return strcmp(ap_http_scheme(r), "https") != 0;
}

/* What follows the service's path in the URL, whatever case it is written in; NULL: another path. */
static const char *autodiscover_rest(const request_rec *r, const char *service)
{
    size_t length = strlen(service);

    if (strncasecmp(r->uri, service, length) != 0 || (r->uri[length] && r->uri[length] != '/'))
        return NULL;
    return r->uri + length;
}

/* The address of ".../autodiscover.json/v1.0/john@example.com"; NULL: there is none. */
static const char *autodiscover_path_address(const char *rest)
{
    static const char version[] = "/v1.0/";

    if (strncasecmp(rest, version, sizeof version - 1) != 0 || !rest[sizeof version - 1])
        return NULL;
    return rest + sizeof version - 1;
}

/* Without TLS, and nobody is authenticated. A client that found nothing over TLS looks here with a GET
 * (MS-OXDISCO 3.1.5.4), mostly because its domain's name has no certificate: it is sent to the name
 * of the server, which has one. */
static int autodiscover_to_tls(request_rec *r)
{
    const glue_config_t *config = glue_config_get(r->server);
    const char *host = r->server->server_hostname;
    apr_uri_t uri;

    if (r->method_number != M_GET) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "Autodiscover is asked without TLS");
        return HTTP_FORBIDDEN;
    }
    if (config->url && apr_uri_parse(r->pool, config->url, &uri) == APR_SUCCESS)
        host = uri.hostinfo;
    /* not r->unparsed_uri, which may have a host of its own (RFC 9112 3.2.2) */
    apr_table_setn(r->headers_out, "Location",
                   apr_pstrcat(r->pool, "https://", host, ap_escape_uri(r->pool, r->uri),
                               r->args ? "?" : "", r->args, NULL));
    return HTTP_MOVED_TEMPORARILY;
}

static void autodiscover_service(request_rec *r, cmd_autodiscover_t *service)
{
    const glue_config_t *config = glue_config_get(r->server);

    *service = (cmd_autodiscover_t){
        .url = config->url ? config->url : ap_construct_url(r->pool, AUTODISCOVER_ACTIVESYNC, r),
        .autodiscover_url = ap_construct_url(r->pool, AUTODISCOVER_XML, r),
        .redirects = config->redirects,
        .server = config->service->node,
        .backend = config->service->backend,
        .people = config->service->people,
        .log = glue_log_for_request(r),
        .now = r->request_time};
}

static int autodiscover_send(request_rec *r, const cmd_autodiscover_answer_t *answer)
{
    glue_metrics_autodiscover(r->server, answer->result);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "Autodiscover for %s: %s",
                  r->user ? r->user : "somebody",
                  ap_escape_logitem(r->pool, answer->outcome ? answer->outcome : "no memory"));
    apr_table_setn(r->headers_out, "Cache-Control", "private");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    if (answer->location)
        apr_table_setn(r->headers_out, "Location", answer->location);
    if (!answer->content_type)
        return answer->http_status;
    r->status = answer->http_status;
    ap_set_content_type(r, answer->content_type);
    ap_set_content_length(r, (apr_off_t)answer->length);
    if (ap_rwrite(answer->body, (int)answer->length, r) < 0)
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "the client went away before the answer");
    return OK;
}

static int autodiscover_xml(request_rec *r, const cmd_autodiscover_t *service)
{
    cmd_autodiscover_answer_t answer;
    apr_size_t length = 0;
    const char *account, *body = "";
    base_fault_t *fault;

    if (!r->user || !(account = glue_auth_account(r->user, glue_config_get(r->server), r->pool))) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "nobody is authenticated: autodiscover.xml needs AuthType and Require");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    /* an authenticated GET is answered as what it is: a request that is none (ErrorCode 600) */
    if (r->method_number == M_POST &&
        (fault = glue_body_read_text(r, CMD_AUTODISCOVER_MAX, &body, &length))) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, fault->status, r, "%s", fault->message);
        return fault->code == BASE_FAULT_TOO_LARGE ? HTTP_REQUEST_ENTITY_TOO_LARGE
                                                   : HTTP_BAD_REQUEST;
    }
    cmd_autodiscover_xml(service, account, body, length, &answer, r->pool);
    return autodiscover_send(r, &answer);
}

int glue_autodiscover_handler(request_rec *r)
{
    const glue_directory_t *directory = ap_get_module_config(r->per_dir_config, &mobilesync_module);
    cmd_autodiscover_answer_t answer;
    cmd_autodiscover_t service;
    const char *rest;

    if (!r->handler || strcmp(r->handler, GLUE_AUTODISCOVER_HANDLER))
        return DECLINED;
    if (directory->enabled == 0)
        return HTTP_FORBIDDEN;
    if (r->method_number != M_GET && r->method_number != M_POST)
        return HTTP_METHOD_NOT_ALLOWED;
    if (!(rest = autodiscover_rest(r, AUTODISCOVER_JSON)) &&
        !autodiscover_rest(r, AUTODISCOVER_XML))
        return HTTP_NOT_FOUND;
    if (!r->user && autodiscover_is_plain(r) && (!rest || !glue_config_get(r->server)->service))
        return autodiscover_to_tls(r);
    if (!glue_config_get(r->server)->service) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SetHandler mobilesync-autodiscover without MobileSyncRedis and "
                      "MobileSyncBackend in this virtual host");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    autodiscover_service(r, &service);
    if (!rest)
        return autodiscover_xml(r, &service);
    if (r->method_number != M_GET)
        return HTTP_METHOD_NOT_ALLOWED;
    cmd_autodiscover_json(&service, autodiscover_path_address(rest), r->args, &answer, r->pool);
    return autodiscover_send(r, &answer);
}
