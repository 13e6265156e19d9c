#include "wake/bus.h"

#include <string.h>
#include <apr_strings.h>

#define BUS_NAME_MAX 512

static base_fault_t *bus_check(const char *text, const char *what, apr_pool_t *pool)
{
    if (text && *text && strlen(text) <= BUS_NAME_MAX)
        return NULL;
    return base_fault_make(pool, BASE_FAULT_INVALID, "wake: %s %s",
                           text && *text ? "overlong" : "no", what);
}

base_fault_t *wake_publish(wake_bus_t *bus, const char *account, const char *folder_id,
                           wake_event_t event, apr_pool_t *pool)
{
    BASE_TRY(bus_check(account, "account", pool));
    BASE_TRY(bus_check(folder_id, "folder", pool));
    return base_fault_wrap(bus->driver->publish(bus->self, account, folder_id, event, pool), pool,
                           "telling that folder %s changed", folder_id);
}

base_fault_t *wake_reset(wake_bus_t *bus, const char *account, const char *device, apr_pool_t *pool)
{
    BASE_TRY(bus_check(account, "account", pool));
    if (device)
        BASE_TRY(bus_check(device, "device", pool));
    return base_fault_wrap(bus->driver->reset(bus->self, account, device ? device : "", pool), pool,
                           "telling of a reset");
}

base_fault_t *wake_supersede(wake_bus_t *bus, const char *account, const char *device,
                             wake_kind_t kind, apr_pool_t *pool)
{
    wake_query_t query = {.account = account, .device = device, .kind = kind};

    BASE_TRY(bus_check(account, "account", pool));
    BASE_TRY(bus_check(device, "device", pool));
    return base_fault_wrap(bus->driver->supersede(bus->self, &query, pool), pool,
                           "ending older requests of the device");
}

base_fault_t *wake_versions_read(wake_bus_t *bus, const char *account,
                                 const char *const *folder_ids, int count, const char ***versions,
                                 apr_pool_t *pool)
{
    wake_query_t query = {
        .account = account, .device = "", .folder_ids = folder_ids, .folder_count = count};
    int i;

    BASE_TRY(bus_check(account, "account", pool));
    query.versions = apr_pcalloc(pool, (apr_size_t)count * sizeof *query.versions);
    BASE_TRY(base_fault_wrap(bus->driver->read(bus->self, &query, 1, pool), pool,
                             "reading the versions of folders"));
    *versions = apr_palloc(pool, (apr_size_t)count * sizeof **versions);
    for (i = 0; i < count; i++)
        (*versions)[i] = apr_psprintf(pool, "%" APR_UINT64_T_FMT, query.versions[i]);
    return NULL;
}
