/* The module record and its hooks. */
#include "glue/limits.h"
#include "glue/metrics.h"

#include "http_connection.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"
#include "mod_auth.h"
#include "mpm_common.h"

#include "eas/selftest.h"

static void glue_share_memory(server_rec *main_server)
{
    glue_metrics_t *metrics = glue_metrics_create(main_server);
    glue_limits_t *limits = glue_limits_create(main_server);
    server_rec *server;

    for (server = main_server; server; server = server->next) {
        glue_config_get(server)->metrics = metrics;
        glue_config_get(server)->limits = limits;
    }
}

/* httpd runs post_config twice at start-up and loads the module anew in between; the first
 * pass is only for checking the syntax. Nothing opened here may live on: children fork later,
 * and GLib must not even be initialised in this process. */
static int glue_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                            server_rec *main_server)
{
    server_rec *server;
    base_fault_t *fault;

    (void)plog;
    for (server = main_server; server; server = server->next)
        if (glue_config_check(server, pconf, ptemp) != OK)
            return HTTP_INTERNAL_SERVER_ERROR;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    if ((fault = eas_selftest_run(ptemp))) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server,
                     "mobilesync: this libwbxml does not work as it should: %s", fault->message);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    glue_child_probe_redis(main_server, ptemp);
    glue_checks_run(main_server, ptemp);
    glue_share_memory(main_server);
    return OK;
}

/* In the parent. */
static void glue_child_status(server_rec *server, pid_t pid, ap_generation_t generation, int slot,
                              mpm_child_status status)
{
    (void)generation;
    (void)slot;
    if (status == MPM_CHILD_EXITED)
        glue_metrics_child_gone(glue_config_get(server)->metrics, pid);
}

static void glue_hooks(apr_pool_t *pool)
{
    static const char *const before_basic[] = {"mod_auth_basic.c", NULL};

    ap_hook_post_config(glue_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_status(glue_child_status, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(glue_child_init, NULL, NULL, APR_HOOK_MIDDLE);
#if AP_MODULE_MAGIC_AT_LEAST(20120211, 110) /* 2.4.49 brought the hook */
    ap_hook_child_stopping(glue_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
#endif
    ap_hook_check_access(glue_limits_check_access, NULL, NULL, APR_HOOK_FIRST,
                         AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(glue_auth_check, NULL, before_basic, APR_HOOK_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(glue_limits_login_passed, NULL, NULL, APR_HOOK_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_insert_error_filter(glue_limits_login_failed, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_log_transaction(glue_limits_log, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(glue_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(glue_admin_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(glue_autodiscover_handler, NULL, NULL, APR_HOOK_MIDDLE);

#ifdef AP_MPMQ_CAN_WAITIO
    ap_hook_process_connection(glue_park_process_connection, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_suspend_connection(glue_park_suspend, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_resume_connection(glue_park_resume, NULL, NULL, APR_HOOK_REALLY_FIRST);
#endif
    ap_hook_log_transaction(glue_recorder_log, NULL, NULL, APR_HOOK_MIDDLE);
    glue_auth_register(pool);
    glue_status_register();
}

AP_DECLARE_MODULE(mobilesync) = {
    STANDARD20_MODULE_STUFF, glue_directory_create, glue_directory_merge, glue_config_create,
    glue_config_merge,       glue_config_commands,  glue_hooks,
#ifdef AP_MODULE_FLAG_NONE
    AP_MODULE_FLAG_NONE,
#endif
};
