/* What mod_status shows of those who wait. The hook is optional: mod_status need not be there. */
#include "glue/metrics.h"

#include "apr_optional_hooks.h"
#include "http_protocol.h"
#include "mod_status.h"

static void status_figure_short(void *baton, const char *key, const char *help, apr_uint64_t value)
{
    (void)help;
    ap_rprintf(baton, "MobileSync%s: %" APR_UINT64_T_FMT "\n", key, value);
}

static void status_figure_page(void *baton, const char *key, const char *help, apr_uint64_t value)
{
    (void)key;
    ap_rprintf(baton, "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n", help, value);
}

static int status_show(request_rec *r, int flags)
{
    const glue_metrics_t *metrics = glue_config_get(r->server)->metrics;

    if (!metrics)
        return DECLINED;
    if (flags & AP_STATUS_SHORT) { /* ?auto */
        glue_metrics_waiting(metrics, status_figure_short, r);
        return OK;
    }
    ap_rputs("<hr />\n<h2>mod_mobilesync: waiting devices</h2>\n<dl>\n", r);
    glue_metrics_waiting(metrics, status_figure_page, r);
    ap_rputs("</dl>\n", r);
    return OK;
}

void glue_status_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, status_show, NULL, NULL, APR_HOOK_MIDDLE);
}
