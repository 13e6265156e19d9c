/* A module for tests: httpd says that it cannot wait for connections asynchronously, as it did before
 * 2.4.63. */
#include "httpd.h"
#include "ap_mpm.h"
#include "mpm_common.h"
#include "http_config.h"

/* the one symbol that httpd looks up */
extern module AP_MODULE_DECLARE_DATA old_httpd_module __attribute__((visibility("default")));

static int old_httpd_query(int code, int *result, apr_status_t *status)
{
#ifdef AP_MPMQ_CAN_WAITIO
    if (code == AP_MPMQ_CAN_WAITIO) {
        *result = -1;
        *status = APR_ENOTIMPL;
        return OK;
    }
#endif
    return DECLINED;
}

static void old_httpd_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_mpm_query(old_httpd_query, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

AP_DECLARE_MODULE(old_httpd) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, old_httpd_hooks,
#ifdef AP_MODULE_FLAG_NONE
    AP_MODULE_FLAG_NONE,
#endif
};
