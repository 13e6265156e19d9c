#include "admin/estimate.h"

#include <math.h>

#define ESTIMATE_SAMPLE 500

struct admin_estimate {
    const admin_service_t *service;
    backend_session_t *session;
    double bytes;
    int failed;
    apr_pool_t *pool;
};

admin_estimate_t *admin_estimate_open(const admin_service_t *service, const char *account,
                                      apr_pool_t *pool)
{
    admin_estimate_t *estimate = apr_pcalloc(pool, sizeof *estimate);
    base_fault_t *fault =
        service->backend ? backend_session_open(service->backend, account, &estimate->session, pool)
                         : NULL;

    if (fault)
        base_log_write(service->log, BASE_LOG_DEBUG, "admin: no estimate of sizes: %s",
                       fault->message);
    if (fault || !service->backend)
        return NULL;
    estimate->service = service;
    estimate->pool = pool;
    return estimate;
}

void admin_estimate_add(admin_estimate_t *estimate, const char *folder_id, apr_uint64_t items)
{
    const backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_page_t *page;
    base_fault_t *fault;
    apr_pool_t *loop;
    double bytes = 0;
    int i;

    if (!items)
        return;
    apr_pool_create(&loop, estimate->pool);
    fault = backend_folder_enumerate(estimate->session, folder_id, &range, ESTIMATE_SAMPLE, &page,
                                     loop);
    if (fault)
        base_log_write(estimate->service->log, BASE_LOG_DEBUG, "admin: no estimate of sizes: %s",
                       fault->message);
    /* a folder that is gone has nothing to be downloaded */
    estimate->failed |= fault && fault->code != BASE_FAULT_FOLDER_GONE;
    for (i = 0; !fault && i < page->count; i++)
        bytes += (double)page->entries[i].size;
    if (!fault && page->count)
        estimate->bytes += bytes / page->count * (double)items;
    apr_pool_destroy(loop);
}

json_t *admin_estimate_json(const admin_estimate_t *estimate)
{
    if (!estimate || estimate->failed)
        return json_null();
    return json_real(round(estimate->bytes / 1e6 * 10) / 10);
}
