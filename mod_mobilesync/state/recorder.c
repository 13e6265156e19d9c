#include "state/recorder.h"
#include "state/driver.h"

#include <string.h>

base_fault_t *state_recorder_add(state_store_t *store, const char *account, const char *device,
                                 const char *entry, int keep, apr_pool_t *pool)
{
    BASE_TRY(state_check_text(account, "account", pool));
    BASE_TRY(state_check_text(device, "device", pool));
    if (keep < 1 || keep > STATE_RECORDER_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: to keep %d entries", keep);
    if (strlen(entry) > STATE_RECORDER_ENTRY_MAX)
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "state: an entry over %d bytes",
                               STATE_RECORDER_ENTRY_MAX);
    return store->driver->recorder_add(store->self, account, device, entry, keep, pool);
}

base_fault_t *state_recorder_read(state_store_t *store, const char *account, const char *device,
                                  apr_array_header_t **entries, apr_pool_t *pool)
{
    BASE_TRY(state_check_text(account, "account", pool));
    BASE_TRY(state_check_text(device, "device", pool));
    return store->driver->recorder_read(store->self, account, device, entries, pool);
}
