/* SetHandler mobilesync-admin: httpd's request for admin/, and its answer. */
#include "glue/limits.h"
#include "glue/metrics.h"

#include "ap_mpm.h"
#include "apr_strings.h"
#include "apr_uri.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"

#include "admin/admin.h"
#include "cmd/access.h"

APLOG_USE_MODULE(mobilesync);

/* Number of segments of a path; slashes in a row count as one, as httpd sees it. */
static int admin_segments(const char *path)
{
    int count = 0;

    while (*(path += strspn(path, "/"))) {
        count++;
        path += strcspn(path, "/");
    }
    return count;
}

/* What of the URL is below the Location, as the client sent it: a decoded path could not tell the
 * slashes of names from others. NULL when this is no plain <Location>. */
static const char *admin_path(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *location = core->d, *path = r->unparsed_uri;
    size_t length = location ? strlen(location) : 0;
    int skip;

    if (!length || *location != '/' || strncmp(r->uri, location, length) != 0)
        return NULL;
    if (*path != '/') /* an absolute URI */
        path = (path = strstr(path, "://")) && (path = strchr(path + 3, '/')) ? path : "/";
    path = apr_pstrmemdup(r->pool, path, strcspn(path, "?#"));
    for (skip = admin_segments(location); skip > 0; skip--) {
        path += strspn(path, "/");
        path += strcspn(path, "/");
    }
    return path;
}

/* The Location as a URL has it. */
static const char *admin_base(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    char *location = apr_pstrdup(r->pool, core->d);

    ap_no2slash(location);
    location[strlen(location) - (*location && location[strlen(location) - 1] == '/')] = '\0';
    return ap_os_escape_path(r->pool, location, 1);
}

static base_fault_t *admin_body(request_rec *r, admin_request_t *request)
{
    if (r->method_number == M_GET)
        return NULL;
    return glue_body_read_text(r, ADMIN_BODY_MAX, &request->body, &request->body_length);
}

static int admin_send(request_rec *r, const admin_response_t *response)
{
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Cross-Origin-Resource-Policy", "same-origin");
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; frame-ancestors 'none'");
    apr_table_overlap(r->headers_out, response->headers, APR_OVERLAP_TABLES_SET);
    r->status = response->status;
    ap_set_content_type(r, response->content_type);
    ap_set_content_length(r, (apr_off_t)response->length);
    if (ap_rwrite(response->body, (int)response->length, r) < 0)
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "the client went away before the answer");
    return OK;
}

/* A URL without user and password. */
static const char *admin_fact_url(const char *url, apr_pool_t *pool)
{
    apr_uri_t uri;

    if (apr_uri_parse(pool, url, &uri) != APR_SUCCESS || !uri.scheme)
        return "(set)";
    uri.query = NULL;
    return apr_uri_unparse(pool, &uri, APR_URI_UNP_OMITUSERINFO);
}

static void admin_fact_text(apr_table_t *facts, const char *name, const char *value)
{
    if (!value)
        return;
    if (strstr(value, "://") || strncmp(value, "unix:", 5) == 0)
        value = admin_fact_url(value, apr_table_elts(facts)->pool);
    apr_table_setn(facts, name, strcmp(name, "MobileSyncSendmail") ? value : "(set)");
}

/* What support asks first. Of backend and sendmail the arguments may have passwords in them. */
static apr_table_t *admin_facts(request_rec *r)
{
    const glue_config_t *config = glue_config_get(r->server);
    apr_table_t *facts = apr_table_make(r->pool, 32);

    apr_table_setn(facts, "module", MOBILESYNC_VERSION);
    apr_table_setn(facts, "httpd", ap_get_server_description());
    apr_table_setn(facts, "mpm", ap_show_mpm());
    apr_table_setn(facts, "protocols", eas_version_list(EAS_VERSION_NONE, r->pool));
    apr_table_setn(facts, "commands", cmd_list(r->pool));
    apr_table_setn(facts, "MobileSyncBackend", config->backend);
#define DIRECTIVE_TEXT(name, field, value, help) admin_fact_text(facts, #name, config->field);
#define DIRECTIVE_INT(name, field, value, least, greatest, help) \
    apr_table_setn(facts, #name, apr_itoa(r->pool, config->field));
#define DIRECTIVE_OTHER(name, takes, setter, help)
#include "glue/directives.tbl"
#undef DIRECTIVE_TEXT
#undef DIRECTIVE_INT
#undef DIRECTIVE_OTHER
    return facts;
}

int glue_admin_handler(request_rec *r)
{
    const cmd_service_t *service = glue_config_get(r->server)->service;
    admin_service_t admin = {.log = glue_log_for_request(r)};
    admin_request_t request = {.method = r->method,
                               .query = r->args,
                               .accept = apr_table_get(r->headers_in, "Accept"),
                               .content_type = apr_table_get(r->headers_in, "Content-Type"),
                               .confirmation = apr_table_get(r->headers_in, "X-MobileSync-Admin"),
                               .actor = r->user,
                               .remote = r->useragent_ip,
                               .now = r->request_time};
    base_fault_t *fault;

    if (!r->handler || strcmp(r->handler, GLUE_ADMIN_HANDLER))
        return DECLINED;
    if (!service) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SetHandler mobilesync-admin without MobileSyncRedis and MobileSyncBackend "
                      "in this virtual host");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!r->user) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "nobody is authenticated: this Location needs AuthType and Require");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!(request.path = admin_path(r))) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SetHandler mobilesync-admin belongs directly in a <Location /...>");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    request.base = admin_base(r);
    if ((fault = admin_body(r, &request))) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, fault->status, r, "%s", fault->message);
        return fault->code == BASE_FAULT_TOO_LARGE ? HTTP_REQUEST_ENTITY_TOO_LARGE
                                                   : HTTP_BAD_REQUEST;
    }
    admin.store = service->store;
    admin.bus = service->bus;
    admin.backend = service->backend;
    admin.profiles = service->profiles;
    admin.access_mode = service->access->mode;
    admin.devices_max = service->access->devices_max;
    admin.access_notify = service->access->notify;
    admin.node = service->node;
    admin.policies = service->policies;
    admin.facts = admin_facts(r);
    admin.throttles = glue_limits_throttles(glue_config_get(r->server), r->pool);
    admin.metrics = glue_config_get(r->server);
    admin.metrics_write = glue_config_get(r->server)->metrics ? glue_metrics_write : NULL;
    return admin_send(r, admin_handle(&admin, &request, r->pool));
}
