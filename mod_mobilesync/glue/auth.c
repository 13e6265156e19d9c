#include "glue/limits.h"

#include "apr_base64.h"
#include "apr_strings.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_auth.h"

#include "base/text.h"

APLOG_USE_MODULE(mobilesync);

/* What SetHandler says, which httpd itself looks at only after authentication. */
static const char *auth_handler(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *error = NULL, *name;

    if (!core->expr_handler)
        return core->handler;
    name = ap_expr_str_exec(r, core->expr_handler, &error);
    return error ? NULL : name;
}

int glue_auth_is_ours(request_rec *r)
{
    const glue_directory_t *directory = ap_get_module_config(r->per_dir_config, &mobilesync_module);
    const char *handler = auth_handler(r);

    return directory->enabled != 0 && handler &&
           (strcmp(handler, GLUE_HANDLER) == 0 || strcmp(handler, GLUE_AUTODISCOVER_HANDLER) == 0);
}

int glue_auth_is_admin(request_rec *r)
{
    const char *handler = auth_handler(r);

    return handler && strcmp(handler, GLUE_ADMIN_HANDLER) == 0;
}

/* The local part and the domain of a login, whichever way it was written. */
static void auth_split(const char *login, const char **user, const char **domain, apr_pool_t *pool)
{
    const char *slash = strchr(login, '\\'), *at = strrchr(login, '@');

    *user = login;
    *domain = NULL;
    if (slash) {
        /* NetBIOS names ("CORP\john") say nothing of the mail domain; a dotted one does */
        *user = slash + 1;
        if (memchr(login, '.', slash - login))
            *domain = apr_pstrmemdup(pool, login, slash - login);
        at = strrchr(*user, '@');
    }
    if (at) {
        *domain = at + 1;
        *user = apr_pstrmemdup(pool, *user, at - *user);
    }
}

const char *glue_auth_account(const char *login, const glue_config_t *config, apr_pool_t *pool)
{
    const char *user, *domain, *p;
    int bare = config->account_form && strcasecmp(config->account_form, "bare") == 0;

    auth_split(login, &user, &domain, pool);
    if (!*user || (domain && !*domain))
        return NULL;
    if (!domain && !bare)
        domain = config->default_domain;
    if (domain && bare && config->default_domain && !strcasecmp(domain, config->default_domain))
        domain = NULL;
    user = base_text_lower(domain ? apr_pstrcat(pool, user, "@", domain, NULL) : user, pool);
    for (p = user; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/')
            return NULL;
    return base_text_xml_legal(user, strlen(user)) ? user : NULL;
}

/* The login of a phone in its one form. NULL: it can be nobody's. */
static const char *auth_normalise(request_rec *r, const char *login, const char *password)
{
    const char *account = glue_auth_account(login, glue_config_get(r->server), r->pool);

    if (!account) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "login name refused: %s",
                      ap_escape_logitem(r->pool, login));
        apr_table_unset(r->headers_in, "Authorization");
    }
    else if (strcmp(account, login))
        apr_table_setn(r->headers_in, "Authorization",
                       apr_pstrcat(r->pool, "Basic ",
                                   ap_pbase64encode(
                                       r->pool, apr_pstrcat(r->pool, account, ":", password, NULL)),
                                   NULL));
    return account;
}

int glue_auth_check(request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Authorization");
    const char *decoded, *colon, *login;
    int ours = glue_auth_is_ours(r);

    if ((!ours && !glue_auth_is_admin(r)) || !header || strncasecmp(header, "Basic ", 6))
        return DECLINED;
    decoded = ap_pbase64decode(r->pool, header + 6);
    if (!(colon = strchr(decoded, ':')))
        return DECLINED;
    login = apr_pstrmemdup(r->pool, decoded, (apr_size_t)(colon - decoded));
    if (ours && !(login = auth_normalise(r, login, colon + 1)))
        return DECLINED;
    return glue_limits_check_login(r, login, colon + 1);
}

static authn_status auth_check_password(request_rec *r, const char *user, const char *password)
{
    const glue_config_t *config = glue_config_get(r->server);
    base_fault_t *fault;

    if (!config->service) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AuthBasicProvider mobilesync: MobileSyncBackend is not configured for this "
                      "virtual host");
        return AUTH_GENERAL_ERROR;
    }
    fault = backend_check_password(config->service->backend, user, password, r->pool);
    if (!fault)
        return AUTH_GRANTED;
    if (fault->code == BASE_FAULT_AUTH)
        return AUTH_DENIED;
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "checking the password of %s: %s", user,
                  fault->message);
    return AUTH_GENERAL_ERROR;
}

static const authn_provider auth_provider = {.check_password = auth_check_password};

void glue_auth_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, "mobilesync", AUTHN_PROVIDER_VERSION,
                              &auth_provider, AP_AUTH_INTERNAL_PER_CONF);
}
