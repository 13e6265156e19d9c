/* Dispatch: finds the driver's entry, calls it, and says in a fault where it happened. */
#include "backend/backend.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/drivers.h"
#include "backend/properties.h"

struct backend {
    const backend_driver_t *driver;
    void *instance;
};

struct backend_session {
    const backend_t *backend;
    const char *account;
    void *session;
};

struct backend_watch {
    const backend_t *backend;
    void *watch;
};

static const backend_driver_t *const backend_drivers[] = {
#define BACKEND_DRIVER_ROW(name) &backend_##name##_driver,
    BACKEND_DRIVERS(BACKEND_DRIVER_ROW)
#undef BACKEND_DRIVER_ROW
};

const backend_driver_t *backend_driver_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof backend_drivers / sizeof *backend_drivers; i++)
        if (strcmp(backend_drivers[i]->name, name) == 0)
            return backend_drivers[i];
    return NULL;
}

const backend_driver_t *backend_driver_of(const backend_t *backend)
{
    return backend->driver;
}

void *backend_instance_of(const backend_t *backend)
{
    return backend->instance;
}

const char *backend_argument(const apr_array_header_t *arguments, const char *key)
{
    size_t length = strlen(key);
    int i;

    for (i = arguments->nelts - 1; i >= 0; i--) {
        const char *argument = APR_ARRAY_IDX(arguments, i, const char *);

        if (strncmp(argument, key, length) == 0 && argument[length] == '=')
            return argument + length + 1;
    }
    return NULL;
}

base_fault_t *backend_arguments_check(const apr_array_header_t *arguments, const char *const *keys,
                                      apr_pool_t *pool)
{
    int i, k;

    for (i = 0; i < arguments->nelts; i++) {
        const char *argument = APR_ARRAY_IDX(arguments, i, const char *);
        const char *equals = strchr(argument, '=');

        if (!equals)
            return base_fault_make(pool, BASE_FAULT_INVALID, "argument '%s' is not key=value",
                                   argument);
        for (k = 0; keys[k]; k++)
            if (strlen(keys[k]) == (size_t)(equals - argument) &&
                strncmp(keys[k], argument, equals - argument) == 0)
                break;
        if (!keys[k])
            return base_fault_make(pool, BASE_FAULT_INVALID, "unknown argument '%s'", argument);
    }
    return NULL;
}

static base_fault_t *backend_driver_configure(const char *name, const apr_array_header_t *arguments,
                                              const backend_driver_t **driver, void **config,
                                              apr_pool_t *pool)
{
    static const apr_array_header_t none = {.elt_size = sizeof(const char *)};

    *config = NULL;
    *driver = backend_driver_find(name);
    if (!*driver)
        return base_fault_make(pool, BASE_FAULT_INVALID, "there is no backend '%s'", name);
    if (!(*driver)->configure)
        return NULL;
    return base_fault_wrap((*driver)->configure(arguments ? arguments : &none, config, pool), pool,
                           "backend %s", name);
}

base_fault_t *backend_configure(const char *driver, const apr_array_header_t *arguments,
                                apr_pool_t *pool)
{
    const backend_driver_t *found;
    void *config;

    return backend_driver_configure(driver, arguments, &found, &config, pool);
}

base_fault_t *backend_start(const char *driver, const apr_array_header_t *arguments,
                            const base_log_t *log, const backend_describer_t *describer,
                            backend_t **backend, apr_pool_t *pool)
{
    backend_t *started = apr_pcalloc(pool, sizeof *started);
    void *config;

    BASE_TRY(backend_driver_configure(driver, arguments, &started->driver, &config, pool));
    BASE_TRY(
        base_fault_wrap(started->driver->start(config, log, describer, &started->instance, pool),
                        pool, "starting backend %s", driver));
    *backend = started;
    return NULL;
}

static base_fault_t *backend_unsupported(const backend_t *backend, const char *what,
                                         apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_UNSUPPORTED, "backend %s has no %s",
                           backend->driver->name, what);
}

/* Where it happened, in front of what happened. */
static base_fault_t *backend_context(const backend_t *backend, const char *account,
                                     const char *folder_id, base_fault_t *fault, apr_pool_t *pool)
{
    if (folder_id)
        return base_fault_wrap(fault, pool, "backend %s: account %s: folder %s",
                               backend->driver->name, account, folder_id);
    return base_fault_wrap(fault, pool, "backend %s: account %s", backend->driver->name, account);
}

/* These three need a parameter called pool where they are used. */
#define BACKEND_CALL(backend, account, folder_id, entry, ...)                                \
    ((backend)->driver->entry ? backend_context(backend, account, folder_id,                 \
                                                (backend)->driver->entry(__VA_ARGS__), pool) \
                              : backend_unsupported(backend, #entry, pool))
#define INSTANCE_CALL(account, entry, ...) \
    BACKEND_CALL(backend, account, NULL, entry, backend->instance, __VA_ARGS__)
#define SESSION_CALL(folder_id, entry, ...)                                              \
    BACKEND_CALL(session->backend, session->account, folder_id, entry, session->session, \
                 __VA_ARGS__)

base_fault_t *backend_check_password(backend_t *backend, const char *account, const char *password,
                                     apr_pool_t *pool)
{
    return INSTANCE_CALL(account, check_password, account, password, pool);
}

base_fault_t *backend_resolve(backend_t *backend, const char *address, const char **account,
                              apr_pool_t *pool)
{
    return INSTANCE_CALL(address, resolve, address, account, pool);
}

base_fault_t *backend_accounts(backend_t *backend, apr_array_header_t **accounts, apr_pool_t *pool)
{
    return INSTANCE_CALL("*", accounts, accounts, pool);
}

base_fault_t *backend_session_open(backend_t *backend, const char *account,
                                   backend_session_t **session, apr_pool_t *pool)
{
    backend_session_t *opened = apr_pcalloc(pool, sizeof *opened);

    opened->backend = backend;
    opened->account = apr_pstrdup(pool, account);
    BASE_TRY(INSTANCE_CALL(account, open, account, &opened->session, pool));
    *session = opened;
    return NULL;
}

backend_session_t *backend_session_make(const backend_driver_t *driver, const char *account,
                                        void *session, apr_pool_t *pool)
{
    backend_session_t *made = apr_pcalloc(pool, sizeof *made);
    backend_t *backend = apr_pcalloc(pool, sizeof *backend);

    backend->driver = driver;
    made->backend = backend;
    made->account = apr_pstrdup(pool, account);
    made->session = session;
    return made;
}

base_fault_t *backend_identity(backend_session_t *session, backend_identity_t **identity,
                               apr_pool_t *pool)
{
    return SESSION_CALL(NULL, identity, identity, pool);
}

apr_array_header_t *backend_identity_addresses(const backend_identity_t *identity, apr_pool_t *pool)
{
    apr_array_header_t *addresses = apr_array_make(pool, 4, sizeof(const char *));

    APR_ARRAY_PUSH(addresses, const char *) = identity->address;
    if (identity->aliases)
        apr_array_cat(addresses, identity->aliases);
    return addresses;
}

base_fault_t *backend_setting_get(backend_session_t *session, const char *name, const char **text,
                                  apr_pool_t *pool)
{
    return base_fault_wrap(SESSION_CALL(NULL, setting_get, name, text, pool), pool, "setting %s",
                           name);
}

base_fault_t *backend_setting_set(backend_session_t *session, const char *name, const char *text,
                                  apr_pool_t *pool)
{
    if (text && strlen(text) > BACKEND_SETTING_MAX)
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "setting %s is too long", name);
    return base_fault_wrap(SESSION_CALL(NULL, setting_set, name, text, pool), pool, "setting %s",
                           name);
}

base_fault_t *backend_folder_list(backend_session_t *session, apr_array_header_t **folders,
                                  apr_pool_t *pool)
{
    return SESSION_CALL(NULL, folder_list, folders, pool);
}

base_fault_t *backend_folder_create(backend_session_t *session, const char *parent_id,
                                    const char *name, backend_class_t class_, const char **id,
                                    apr_pool_t *pool)
{
    return SESSION_CALL(parent_id, folder_create, parent_id, name, class_, id, pool);
}

base_fault_t *backend_folder_rename(backend_session_t *session, const char *id,
                                    const char *parent_id, const char *name, apr_pool_t *pool)
{
    return SESSION_CALL(id, folder_rename, id, parent_id, name, pool);
}

base_fault_t *backend_folder_delete(backend_session_t *session, const char *id, apr_pool_t *pool)
{
    return SESSION_CALL(id, folder_delete, id, pool);
}

base_fault_t *backend_folder_probe(backend_session_t *session, const char *folder_id,
                                   const char **cursor, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, probe, folder_id, cursor, pool);
}

base_fault_t *backend_folder_changes(backend_session_t *session, const char *folder_id,
                                     const char *cursor, int limit, backend_changes_t **changes,
                                     apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, changes, folder_id, cursor, limit, changes, pool);
}

base_fault_t *backend_folder_enumerate(backend_session_t *session, const char *folder_id,
                                       const backend_range_t *range, int limit,
                                       backend_page_t **page, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, enumerate, folder_id, range, limit, page, pool);
}

base_fault_t *backend_folder_count(backend_session_t *session, const char *folder_id,
                                   const backend_range_t *range, apr_uint64_t *count,
                                   apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, count, folder_id, range, count, pool);
}

base_fault_t *backend_folder_conversations(backend_session_t *session, const char *folder_id,
                                           backend_name_fn read, const char *version,
                                           apr_time_t deadline, int *left, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, conversations, folder_id, read, version, deadline, left, pool);
}

base_fault_t *backend_item_entry(backend_session_t *session, const char *folder_id,
                                 apr_uint64_t uid, backend_entry_t *entry, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, entry, folder_id, uid, entry, pool);
}

base_fault_t *backend_item_find(backend_session_t *session, const char *folder_id,
                                const char *identity, backend_entry_t *entry, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, find, folder_id, identity, entry, pool);
}

base_fault_t *backend_item_fetch(backend_session_t *session, const char *folder_id,
                                 apr_uint64_t uid, backend_blob_t **blob, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, fetch, folder_id, uid, blob, pool);
}

base_fault_t *backend_item_put(backend_session_t *session, const char *folder_id,
                               const backend_put_t *put, const backend_blob_t *blob,
                               backend_entry_t *entry, int *existed, apr_pool_t *pool)
{
    if (put->properties)
        BASE_TRY(backend_properties_check(put->properties, pool));
    return SESSION_CALL(folder_id, put, folder_id, put, blob, entry, existed, pool);
}

base_fault_t *backend_item_replace(backend_session_t *session, const char *folder_id,
                                   apr_uint64_t uid, apr_uint64_t if_match, apr_uint64_t flags,
                                   const backend_blob_t *blob, backend_entry_t *entry,
                                   apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, replace, folder_id, uid, if_match, flags, blob, entry, pool);
}

base_fault_t *backend_item_update(backend_session_t *session, const char *folder_id,
                                  apr_uint64_t uid, const backend_update_t *update,
                                  backend_entry_t *entry, apr_pool_t *pool)
{
    BASE_TRY(backend_properties_check(&update->properties, pool));
    return SESSION_CALL(folder_id, update, folder_id, uid, update, entry, pool);
}

base_fault_t *backend_item_set_flags(backend_session_t *session, const char *folder_id,
                                     apr_uint64_t uid, apr_uint64_t mask, apr_uint64_t values,
                                     backend_entry_t *entry, apr_pool_t *pool)
{
    const backend_update_t update = {.mask = mask, .values = values};

    return backend_item_update(session, folder_id, uid, &update, entry, pool);
}

base_fault_t *backend_item_move(backend_session_t *session, const char *folder_id, apr_uint64_t uid,
                                const char *to_folder_id, const char *derived_name,
                                backend_entry_t *entry, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, move, folder_id, uid, to_folder_id, derived_name, entry, pool);
}

base_fault_t *backend_item_remove(backend_session_t *session, const char *folder_id,
                                  apr_uint64_t uid, apr_pool_t *pool)
{
    return SESSION_CALL(folder_id, remove, folder_id, uid, pool);
}

base_fault_t *backend_search(backend_session_t *session, const backend_search_t *search,
                             backend_found_t **found, apr_pool_t *pool)
{
    return SESSION_CALL(NULL, search, search, found, pool);
}

base_fault_t *backend_watch_start(backend_t *backend, const char *account,
                                  const apr_array_header_t *folder_ids, backend_changed_fn changed,
                                  void *baton, backend_watch_t **watch, apr_pool_t *pool)
{
    backend_watch_t *started;
    void *made;

    BASE_TRY(INSTANCE_CALL(account, watch, account, folder_ids, changed, baton, &made, pool));
    if (!(started = malloc(sizeof *started)))
        abort(); /* as APR's pools do */
    *started = (backend_watch_t){.backend = backend, .watch = made};
    *watch = started;
    return NULL;
}

void backend_watch_stop(backend_watch_t *watch)
{
    watch->backend->driver->unwatch(watch->backend->instance, watch->watch);
    free(watch);
}
