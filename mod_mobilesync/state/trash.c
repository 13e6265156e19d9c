#include "state/trash.h"
#include "state/driver.h"

#include <string.h>

int state_trash_takes(state_trash_what_t what, state_record_kind_t kind)
{
    return what == STATE_TRASH_ALL || (what == STATE_TRASH_SYNC && kind != STATE_RECORD_DEVICE);
}

int state_trash_begun(state_record_kind_t kind)
{
    return kind == STATE_RECORD_HIERARCHY || kind == STATE_RECORD_FOLDER;
}

base_fault_t *state_trash_begun_fault(const char *device, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_CONFLICT,
                           "device %s has begun to synchronise anew since", device);
}

base_fault_t *state_trash_held_fault(const char *device, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_CONFLICT,
                           "a wipe of device %s is noted, which must not be forgotten", device);
}

base_fault_t *state_trash_none_fault(const char *id, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_NOT_FOUND,
                           "there is nothing (left) to bring back of %s", id);
}

static base_fault_t *trash_check_id(const char *id, apr_pool_t *pool)
{
    if (!id || !*id || strlen(id) > STATE_TRASH_ID_MAX ||
        strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") != strlen(id))
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: that is no id of a trash entry");
    return NULL;
}

base_fault_t *state_trash_move(state_store_t *store, const state_trash_request_t *request,
                               int *moved, apr_pool_t *pool)
{
    BASE_TRY(trash_check_id(request->id, pool));
    BASE_TRY(state_check_text(request->account, "account", pool));
    if (request->device || request->what == STATE_TRASH_FOLDER)
        BASE_TRY(state_check_text(request->device, "device", pool));
    if (request->what == STATE_TRASH_FOLDER)
        BASE_TRY(state_check_text(request->folder, "folder", pool));
    if (request->ttl <= 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "state: the TTL must be positive");
    *moved = 0;
    return store->driver->trash_move(store->self, request, moved, pool);
}

base_fault_t *state_trash_list(state_store_t *store, const char *account,
                               apr_array_header_t **entries, apr_pool_t *pool)
{
    BASE_TRY(state_check_text(account, "account", pool));
    return store->driver->trash_list(store->self, account, entries, pool);
}

base_fault_t *state_trash_restore(state_store_t *store, const char *account, const char *id,
                                  const char *device, int *restored, apr_pool_t *pool)
{
    BASE_TRY(trash_check_id(id, pool));
    BASE_TRY(state_check_text(account, "account", pool));
    if (device)
        BASE_TRY(state_check_text(device, "device", pool));
    *restored = 0;
    return store->driver->trash_restore(store->self, account, id, device, restored, pool);
}
