#include "state/recorder.h"
#include "state/driver.h"

#include <string.h>

static const size_t recorder_bytes[STATE_RECORDER_KIND_COUNT_] = {
    [STATE_RECORDER_EXCHANGES] = STATE_RECORDER_EXCHANGE_MAX,
    [STATE_RECORDER_TRACE] = STATE_RECORDER_TRACE_MAX,
};

base_fault_t *state_recorder_add(state_store_t *store, state_recorder_kind_t kind,
                                 const char *account, const char *device, const char *entry,
                                 int keep, apr_pool_t *pool)
{
    BASE_TRY(state_check_text(account, "account", pool));
    BASE_TRY(state_check_text(device, "device", pool));
    if (keep < 1 || keep > STATE_RECORDER_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: to keep %d entries", keep);
    if (strlen(entry) > recorder_bytes[kind])
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "state: an entry over %d bytes",
                               (int)recorder_bytes[kind]);
    return store->driver->recorder_add(store->self, kind, account, device, entry, keep, pool);
}

base_fault_t *state_recorder_read(state_store_t *store, state_recorder_kind_t kind,
                                  const char *account, const char *device,
                                  apr_array_header_t **entries, apr_pool_t *pool)
{
    BASE_TRY(state_check_text(account, "account", pool));
    BASE_TRY(state_check_text(device, "device", pool));
    return store->driver->recorder_read(store->self, kind, account, device, entries, pool);
}
