/* The memory driver's vtable; see memory.h. */
#include "backend/memory_store.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/drivers.h"
#include "base/file.h"
#include "base/text.h"

static base_fault_t *memory_configure(const apr_array_header_t *arguments, void **config,
                                      apr_pool_t *pool)
{
    static const char *const keys[] = {"account", "domain", "messages", NULL};
    memory_config_t *made = apr_pcalloc(pool, sizeof *made);
    const char *messages = backend_argument(arguments, "messages");
    const char *domain = backend_argument(arguments, "domain");
    apr_uint64_t number = 0;
    int i;

    BASE_TRY(backend_arguments_check(arguments, keys, pool));
    if (messages && !base_text_parse_uint(messages, 1000000, &number))
        return base_fault_make(pool, BASE_FAULT_INVALID, "messages=%s is no number", messages);
    made->messages = (int)number;
    made->domain = domain ? domain : "localhost";
    made->logins = apr_array_make(pool, 2, sizeof(const char *));
    for (i = 0; i < arguments->nelts; i++) {
        const char *argument = APR_ARRAY_IDX(arguments, i, const char *);

        if (strncmp(argument, "account=", 8) != 0)
            continue;
        if (argument[8] == ':' || !strchr(argument + 8, ':'))
            return base_fault_make(pool, BASE_FAULT_INVALID, "account= wants NAME:PASSWORD");
        APR_ARRAY_PUSH(made->logins, const char *) = argument + 8;
    }
    *config = made;
    return NULL;
}

static base_fault_t *memory_start(void *config, const base_log_t *log,
                                  const backend_describer_t *describer, void **instance,
                                  apr_pool_t *pool)
{
    memory_instance_t *made = apr_pcalloc(pool, sizeof *made);
    apr_status_t status;

    (void)log;
    made->config = config;
    made->describer = describer;
    /* its own allocator: the lock guards it, the parent's may be another thread's */
    BASE_TRY(base_pool_create(&made->pool, pool));
    made->accounts = apr_hash_make(made->pool);
    status = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS)
        status = apr_thread_mutex_create(&made->search_lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
    *instance = made;
    return backend_watchers_make(&made->watchers, pool);
}

static base_fault_t *memory_check_password(void *data, const char *account, const char *password,
                                           apr_pool_t *pool)
{
    memory_instance_t *instance = data;
    const apr_array_header_t *logins = instance->config->logins;
    const char *wanted = apr_pstrcat(pool, account, ":", password, NULL);
    int i;

    for (i = 0; i < logins->nelts; i++)
        if (!strchr(account, ':') && strcmp(APR_ARRAY_IDX(logins, i, const char *), wanted) == 0)
            return NULL;
    return base_fault_make(pool, BASE_FAULT_AUTH, "wrong password or unknown account");
}

static base_fault_t *memory_open(void *instance, const char *account, void **session,
                                 apr_pool_t *pool)
{
    memory_session_t *opened = apr_pcalloc(pool, sizeof *opened);

    if (!*account)
        return base_fault_make(pool, BASE_FAULT_INVALID, "no account name");
    opened->instance = instance;
    apr_thread_mutex_lock(opened->instance->lock);
    opened->account = memory_account_get(opened->instance, account);
    apr_thread_mutex_unlock(opened->instance->lock);
    *session = opened;
    return NULL;
}

static base_fault_t *memory_identity(void *data, backend_identity_t **identity, apr_pool_t *pool)
{
    memory_session_t *session = data;
    const char *account = session->account->name;

    *identity = apr_pcalloc(pool, sizeof **identity);
    (*identity)->address =
        strchr(account, '@')
            ? account
            : apr_pstrcat(pool, account, "@", session->instance->config->domain, NULL);
    (*identity)->display_name = "";
    (*identity)->aliases = apr_array_make(pool, 1, sizeof(const char *));
    return NULL;
}

static base_fault_t *memory_setting_get(void *data, const char *name, const char **text,
                                        apr_pool_t *pool)
{
    memory_session_t *session = data;
    const char *kept;

    apr_thread_mutex_lock(session->instance->lock);
    kept = apr_hash_get(session->account->settings, name, APR_HASH_KEY_STRING);
    *text = apr_pstrdup(pool, kept);
    apr_thread_mutex_unlock(session->instance->lock);
    return NULL;
}

/* The texts before are lost memory until the process ends. */
static base_fault_t *memory_setting_set(void *data, const char *name, const char *text,
                                        apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_instance_t *instance = session->instance;

    (void)pool;
    apr_thread_mutex_lock(instance->lock);
    apr_hash_set(session->account->settings, apr_pstrdup(instance->pool, name), APR_HASH_KEY_STRING,
                 apr_pstrdup(instance->pool, text));
    apr_thread_mutex_unlock(instance->lock);
    return NULL;
}

static const char *memory_address(const memory_instance_t *instance, const char *account,
                                  apr_pool_t *pool)
{
    return strchr(account, '@') ? apr_pstrdup(pool, account)
                                : apr_pstrcat(pool, account, "@", instance->config->domain, NULL);
}

/* Those that were opened, and those with a password. */
static base_fault_t *memory_accounts(void *data, apr_array_header_t **accounts, apr_pool_t *pool)
{
    memory_instance_t *instance = data;
    const apr_array_header_t *logins = instance->config->logins;
    apr_hash_t *names = apr_hash_make(pool);
    apr_hash_index_t *at;
    int i;

    for (i = 0; i < logins->nelts; i++) {
        const char *login = APR_ARRAY_IDX(logins, i, const char *);

        apr_hash_set(names, apr_pstrmemdup(pool, login, strcspn(login, ":")), APR_HASH_KEY_STRING,
                     "");
    }
    apr_thread_mutex_lock(instance->lock);
    for (at = apr_hash_first(pool, instance->accounts); at; at = apr_hash_next(at))
        apr_hash_set(names, apr_pstrdup(pool, apr_hash_this_key(at)), APR_HASH_KEY_STRING, "");
    apr_thread_mutex_unlock(instance->lock);
    *accounts = apr_array_make(pool, (int)apr_hash_count(names), sizeof(backend_identity_t));
    for (at = apr_hash_first(pool, names); at; at = apr_hash_next(at))
        APR_ARRAY_PUSH(*accounts, backend_identity_t) = (backend_identity_t){
            .address = memory_address(instance, apr_hash_this_key(at), pool), .display_name = ""};
    return NULL;
}

static base_fault_t *memory_resolve(void *data, const char *address, const char **account,
                                    apr_pool_t *pool)
{
    memory_instance_t *instance = data;
    const apr_array_header_t *logins = instance->config->logins;
    const char *at = strrchr(address, '@');
    const char *local = at ? apr_pstrmemdup(pool, address, at - address) : address;
    const char *found = NULL;
    int i;

    apr_thread_mutex_lock(instance->lock);
    if (apr_hash_get(instance->accounts, address, APR_HASH_KEY_STRING))
        found = address;
    else if (at && strcasecmp(at + 1, instance->config->domain) == 0) {
        if (apr_hash_get(instance->accounts, local, APR_HASH_KEY_STRING))
            found = local;
        for (i = 0; i < logins->nelts && !found; i++)
            if (strncmp(APR_ARRAY_IDX(logins, i, const char *), local, strlen(local)) == 0 &&
                APR_ARRAY_IDX(logins, i, const char *)[strlen(local)] == ':')
                found = local;
    }
    apr_thread_mutex_unlock(instance->lock);
    if (!found)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "nobody here has that address");
    *account = apr_pstrdup(pool, found);
    return NULL;
}

static base_fault_t *memory_folder_list(void *data, apr_array_header_t **folders, apr_pool_t *pool)
{
    memory_session_t *session = data;
    const apr_array_header_t *from = session->account->folders;
    int i;

    *folders = apr_array_make(pool, 8, sizeof(backend_folder_t));
    apr_thread_mutex_lock(session->instance->lock);
    for (i = 0; i < from->nelts; i++) {
        const memory_folder_t *folder = APR_ARRAY_IDX(from, i, memory_folder_t *);
        backend_folder_t *copy;

        if (folder->deleted)
            continue;
        copy = apr_array_push(*folders);
        *copy = folder->info;
        copy->name = apr_pstrdup(pool, copy->name);
    }
    apr_thread_mutex_unlock(session->instance->lock);
    return NULL;
}

base_fault_t *memory_gone(apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "there is no such folder");
}

/* Is the folder, or one above it, the one with that id? */
static int memory_folder_within(memory_account_t *account, const char *id, const char *above)
{
    while (id) {
        const memory_folder_t *folder = memory_folder_find(account, id);

        if (strcmp(id, above) == 0)
            return 1;
        id = folder ? folder->info.parent_id : NULL;
    }
    return 0;
}

static base_fault_t *memory_place_check(memory_account_t *account, const memory_folder_t *moved,
                                        const char *parent_id, const char *name, apr_pool_t *pool)
{
    const memory_folder_t *there;

    if (!backend_folder_name_valid(name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "a folder cannot have that name");
    if (parent_id && !memory_folder_find(account, parent_id))
        return memory_gone(pool);
    if (moved && memory_folder_within(account, parent_id, moved->info.id))
        return base_fault_make(pool, BASE_FAULT_INVALID, "a folder cannot be in itself");
    there = memory_folder_by_name(account, parent_id, name);
    if (there && there != moved)
        return base_fault_make(pool, BASE_FAULT_EXISTS, "there is a folder of that name");
    return NULL;
}

static base_fault_t *memory_folder_create(void *data, const char *parent_id, const char *name,
                                          backend_class_t class_, const char **id, apr_pool_t *pool)
{
    memory_session_t *session = data;
    base_fault_t *fault;

    apr_thread_mutex_lock(session->instance->lock);
    fault = memory_place_check(session->account, NULL, parent_id, name, pool);
    if (!fault)
        *id = memory_folder_add(session->instance, session->account, parent_id, name, class_,
                                BACKEND_ROLE_USER)
                  ->info.id;
    apr_thread_mutex_unlock(session->instance->lock);
    if (!fault)
        backend_watchers_notify(session->instance->watchers, session->account->name, NULL);
    return fault;
}

/* The folder when it may be renamed or deleted. */
static base_fault_t *memory_folder_own(memory_account_t *account, const char *id,
                                       memory_folder_t **folder, apr_pool_t *pool)
{
    *folder = memory_folder_find(account, id);
    if (!*folder)
        return memory_gone(pool);
    if ((*folder)->info.role != BACKEND_ROLE_USER)
        return base_fault_make(pool, BASE_FAULT_DENIED, "a special folder stays as it is");
    return NULL;
}

static base_fault_t *memory_folder_rename(void *data, const char *id, const char *parent_id,
                                          const char *name, apr_pool_t *pool)
{
    memory_session_t *session = data;
    apr_pool_t *keep = session->instance->pool;
    memory_folder_t *folder;
    base_fault_t *fault;

    apr_thread_mutex_lock(session->instance->lock);
    fault = memory_folder_own(session->account, id, &folder, pool);
    if (!fault)
        fault = memory_place_check(session->account, folder, parent_id, name, pool);
    if (!fault) {
        folder->info.name = apr_pstrdup(keep, name);
        folder->info.parent_id = parent_id ? apr_pstrdup(keep, parent_id) : NULL;
    }
    apr_thread_mutex_unlock(session->instance->lock);
    if (!fault)
        backend_watchers_notify(session->instance->watchers, session->account->name, NULL);
    return fault;
}

static void memory_folder_clear_tree(memory_account_t *account, const char *id)
{
    int i;

    /* children first: they are found by going up to the folder */
    for (i = account->folders->nelts - 1; i >= 0; i--) {
        memory_folder_t *folder = APR_ARRAY_IDX(account->folders, i, memory_folder_t *);

        if (!folder->deleted && folder->info.parent_id && strcmp(folder->info.parent_id, id) == 0)
            memory_folder_clear_tree(account, folder->info.id);
    }
    memory_folder_clear(memory_folder_find(account, id));
}

static base_fault_t *memory_folder_delete(void *data, const char *id, apr_pool_t *pool)
{
    memory_session_t *session = data;
    memory_folder_t *folder;
    base_fault_t *fault;

    apr_thread_mutex_lock(session->instance->lock);
    fault = memory_folder_own(session->account, id, &folder, pool);
    if (!fault)
        memory_folder_clear_tree(session->account, id);
    apr_thread_mutex_unlock(session->instance->lock);
    if (!fault)
        backend_watchers_notify(session->instance->watchers, session->account->name, NULL);
    return fault;
}

const backend_driver_t backend_memory_driver = {
    .name = "memory",
    .configure = memory_configure,
    .start = memory_start,
    .check_password = memory_check_password,
    .open = memory_open,
    .identity = memory_identity,
    .resolve = memory_resolve,
    .accounts = memory_accounts,
    .setting_get = memory_setting_get,
    .setting_set = memory_setting_set,
    .folder_list = memory_folder_list,
    .folder_create = memory_folder_create,
    .folder_rename = memory_folder_rename,
    .folder_delete = memory_folder_delete,
    .probe = memory_probe,
    .changes = memory_changes,
    .enumerate = memory_enumerate,
    .count = memory_count,
    .conversations = memory_conversations,
    .entry = memory_entry,
    .find = memory_find,
    .fetch = memory_fetch,
    .put = memory_put,
    .replace = memory_replace,
    .update = memory_update,
    .move = memory_move,
    .remove = memory_remove,
    .search = memory_search,
    .watch = memory_watch,
    .unwatch = memory_unwatch,
};
