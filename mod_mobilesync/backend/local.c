/* The local driver's vtable, arguments and accounts; see local.h. */
#include "backend/local.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/drivers.h"
#include "backend/local_accounts.h"
#include "backend/local_dispatch.h"
#include "backend/local_fs.h"
#include "backend/local_index.h"
#include "backend/local_item.h"
#include "backend/local_name.h"
#include "backend/local_query.h"
#include "backend/local_search.h"
#include "backend/local_setting.h"
#include "backend/local_watch.h"
#include "base/text.h"

/* -- arguments ------------------------------------------------------------------------------ */

static const struct {
    const char *key;
    backend_role_t role;
} local_role_keys[] = {{"drafts", BACKEND_ROLE_DRAFTS},
                       {"sent", BACKEND_ROLE_SENT},
                       {"trash", BACKEND_ROLE_TRASH},
                       {"junk", BACKEND_ROLE_JUNK},
                       {"archive", BACKEND_ROLE_ARCHIVE}};

static const struct {
    const char *key;
    backend_class_t class_;
} local_class_keys[] = {{"calendar", BACKEND_CLASS_CALENDAR},
                        {"contacts", BACKEND_CLASS_CONTACTS},
                        {"tasks", BACKEND_CLASS_TASKS},
                        {"notes", BACKEND_CLASS_NOTES}};

static base_fault_t *local_invalid(const char *key, const char *value, const char *wanted,
                                   apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_INVALID, "%s=%s is not %s", key, value, wanted);
}

static base_fault_t *local_configure_path(const apr_array_header_t *arguments, const char *key,
                                          const char **value, apr_pool_t *pool)
{
    const char *p;

    *value = backend_argument(arguments, key);
    if (!*value)
        return NULL;
    if (**value != '/')
        return local_invalid(key, *value, "an absolute path", pool);
    for (p = *value; (p = strchr(p, '%')); p += 2)
        if (!p[1] || !strchr("und%", p[1]))
            return local_invalid(key, *value, "a path with %u, %n, %d and %% only", pool);
    return NULL;
}

static base_fault_t *local_configure_number(const apr_array_header_t *arguments, const char *key,
                                            int otherwise, int *value, apr_pool_t *pool)
{
    const char *text = backend_argument(arguments, key);
    apr_uint64_t number = (apr_uint64_t)otherwise;

    if (text && (!base_text_parse_uint(text, 100000, &number) || number == 0))
        return local_invalid(key, text, "a number from 1 to 100000", pool);
    *value = (int)number;
    return NULL;
}

/* A name below root, a path of its own, or none. */
static base_fault_t *local_configure_vdir(const apr_array_header_t *arguments, local_config_t *made,
                                          apr_pool_t *pool)
{
    const char *vdir = backend_argument(arguments, "vdir");
    size_t i;

    for (i = 0; i < sizeof local_class_keys / sizeof *local_class_keys; i++) {
        const char *key = local_class_keys[i].key, *name = backend_argument(arguments, key);

        if (name && !backend_folder_name_valid(name))
            return local_invalid(key, name, "the name of a folder", pool);
        made->class_names[local_class_keys[i].class_] = name;
    }
    made->vdir = vdir;
    /* every directory in it would be a calendar */
    if (vdir && (strcmp(vdir, made->maildir ? made->maildir : "Maildir") == 0 ||
                 strcmp(vdir, "mobilesync") == 0 || strcmp(vdir, made->root) == 0))
        return local_invalid("vdir", vdir, "a directory of its own", pool);
    if (!vdir || (*vdir != '/' && *vdir && *vdir != '.' && !strchr(vdir, '/')))
        return NULL;
    if (*vdir != '/')
        return local_invalid("vdir", vdir, "a name below root, an absolute path, or none", pool);
    if (!strstr(vdir, "%u") && !strstr(vdir, "%n"))
        return local_invalid("vdir", vdir, "different for every account (%u or %n)", pool);
    return local_configure_path(arguments, "vdir", &made->vdir, pool);
}

static base_fault_t *local_configure(const apr_array_header_t *arguments, void **config,
                                     apr_pool_t *pool)
{
    static const char *const keys[] = {"root",     "maildir",  "index",   "create", "domain",
                                       "users",    "aliases",  "drafts",  "sent",   "trash",
                                       "junk",     "archive",  "handles", "poll",   "vdir",
                                       "calendar", "contacts", "tasks",   "notes",  NULL};
    local_config_t *made = apr_pcalloc(pool, sizeof *made);
    const char *create = backend_argument(arguments, "create");
    size_t i;
    int k;

    BASE_TRY(backend_arguments_check(arguments, keys, pool));
    BASE_TRY(local_configure_path(arguments, "root", &made->root, pool));
    BASE_TRY(local_configure_path(arguments, "index", &made->index, pool));
    if (!made->root)
        return base_fault_make(pool, BASE_FAULT_INVALID, "root= is missing");
    if (!strstr(made->root, "%u") && !strstr(made->root, "%n"))
        return local_invalid("root", made->root, "different for every account (%u or %n)", pool);
    if (made->index && !strstr(made->index, "%u") && !strstr(made->index, "%n"))
        return local_invalid("index", made->index, "different for every account (%u or %n)", pool);
    made->maildir = backend_argument(arguments, "maildir");
    if (made->maildir && strcmp(made->maildir, ".") != 0 &&
        (!*made->maildir || *made->maildir == '.' || strchr(made->maildir, '/')))
        return local_invalid("maildir", made->maildir, "a name below root, or '.'", pool);
    BASE_TRY(local_configure_vdir(arguments, made, pool));
    if (create && strcmp(create, "yes") != 0 && strcmp(create, "no") != 0)
        return local_invalid("create", create, "yes or no", pool);
    made->create = !create || strcmp(create, "yes") == 0;
    made->users = backend_argument(arguments, "users");
    made->aliases = backend_argument(arguments, "aliases");
    if (made->aliases && *made->aliases != '/')
        return local_invalid("aliases", made->aliases, "an absolute path", pool);
    BASE_TRY(local_configure_number(arguments, "handles", 64, &made->handles, pool));
    BASE_TRY(local_configure_number(arguments, "poll", 5, &made->poll_seconds, pool));
    for (i = 0; i < sizeof local_role_keys / sizeof *local_role_keys; i++)
        made->names[local_role_keys[i].role] = backend_argument(arguments, local_role_keys[i].key);
    made->domains = apr_array_make(pool, 2, sizeof(const char *));
    for (k = 0; k < arguments->nelts; k++)
        if (strncmp(APR_ARRAY_IDX(arguments, k, const char *), "domain=", 7) == 0)
            APR_ARRAY_PUSH(made->domains, const char *) =
                APR_ARRAY_IDX(arguments, k, const char *) + 7;
    *config = made;
    return NULL;
}

static base_fault_t *local_start(void *config, const base_log_t *log,
                                 const backend_describer_t *describer, void **instance,
                                 apr_pool_t *pool)
{
    local_instance_t *made = apr_pcalloc(pool, sizeof *made);

    made->config = config;
    made->log = log;
    made->describer = describer;
    made->host = local_name_host(pool);
    BASE_TRY(local_cache_make(&made->cache, made->config->handles, log, pool));
    BASE_TRY(local_aliases_make(made->config->aliases, log, &made->aliases, pool));
    BASE_TRY(local_watcher_make(&made->watcher, made, pool));
    *instance = made;
    return NULL;
}

/* -- accounts ------------------------------------------------------------------------------- */

/* The account's hash in an htpasswd file; NULL when it has none. */
static base_fault_t *local_users_find(const char *path, const char *account, const char **hash,
                                      apr_pool_t *pool)
{
    apr_size_t length = strlen(account);
    apr_status_t status;
    apr_file_t *file;
    char line[1024];

    *hash = NULL;
    status =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BUFFERED, APR_FPROT_OS_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status, "users=%s", path);
    while (!*hash && apr_file_gets(line, sizeof line, file) == APR_SUCCESS)
        if (strncmp(line, account, length) == 0 && line[length] == ':')
            *hash = apr_pstrmemdup(pool, line + length + 1, strcspn(line + length + 1, ":\r\n"));
    apr_file_close(file);
    return NULL;
}

static base_fault_t *local_check_password(void *data, const char *account, const char *password,
                                          apr_pool_t *pool)
{
    const local_instance_t *instance = data;
    local_paths_t paths;
    const char *hash;

    if (!instance->config->users)
        return base_fault_make(pool, BASE_FAULT_UNSUPPORTED, "there is no users= file");
    /* a name that cannot be an account, or with a colon, is nobody's */
    if (strchr(account, ':') || local_paths_make(instance->config, account, &paths, pool))
        return base_fault_make(pool, BASE_FAULT_AUTH, "wrong password or unknown account");
    BASE_TRY(local_users_find(instance->config->users, account, &hash, pool));
    if (!hash || !*hash || apr_password_validate(password, hash) != APR_SUCCESS)
        return base_fault_make(pool, BASE_FAULT_AUTH, "wrong password or unknown account");
    return NULL;
}

/* A mailbox without collections is one for mail only: no describer, none configured, or none there
 * and none that can be made. What cannot be looked at just now is a fault, so that no phone takes its
 * folders for deleted. */
static base_fault_t *local_open_vdir(local_session_t *session, apr_pool_t *pool)
{
    base_fault_t *fault;

    session->vdir = -1;
    if (!session->instance->describer || !session->paths.vdir)
        return NULL;
    fault = local_vdir_directory(&session->paths, session->instance->config->create, &session->vdir,
                                 pool);
    if (session->vdir >= 0)
        local_descriptor_own(session->vdir, pool);
    else if (fault && !local_vdir_exists(&session->paths)) {
        base_log_write(session->instance->log, BASE_LOG_INFO,
                       "local backend: account %s: no calendars and contacts: %s", session->account,
                       fault->message);
        return NULL;
    }
    return fault;
}

static base_fault_t *local_open(void *data, const char *account, void **session, apr_pool_t *pool)
{
    local_session_t *opened = apr_pcalloc(pool, sizeof *opened);

    opened->instance = data;
    opened->account = account;
    opened->pool = pool;
    opened->looked = apr_hash_make(pool);
    BASE_TRY(local_paths_make(opened->instance->config, account, &opened->paths, pool));
    opened->maildir = local_maildir_open(&opened->paths);
    if (opened->maildir < 0) {
        if (!opened->instance->config->create)
            return base_fault_make(pool, BASE_FAULT_DENIED, "there is no mailbox %s",
                                   opened->paths.maildir);
        BASE_TRY(local_paths_create(&opened->paths, pool));
        opened->maildir = local_maildir_open(&opened->paths);
    }
    if (opened->maildir < 0)
        return local_fault(errno, pool, "opening %s", opened->paths.maildir);
    local_descriptor_own(opened->maildir, pool);
    if (opened->instance->config->create && faccessat(opened->maildir, "cur", F_OK, 0) != 0)
        BASE_TRY(local_paths_create(&opened->paths, pool));
    BASE_TRY(local_open_vdir(opened, pool));
    BASE_TRY(
        local_index_acquire(opened->instance->cache, opened->paths.index, &opened->index, pool));
    *session = opened;
    return NULL;
}

static base_fault_t *local_identity(void *data, backend_identity_t **identity, apr_pool_t *pool)
{
    const local_session_t *session = data;
    const apr_array_header_t *domains = session->instance->config->domains;
    const char *domain =
        domains->nelts ? APR_ARRAY_IDX(domains, 0, const char *) : session->instance->host;
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    *identity = apr_pcalloc(pool, sizeof **identity);
    (*identity)->address = strchr(session->account, '@')
                               ? session->account
                               : apr_pstrcat(pool, session->account, "@", domain, NULL);
    local_aliases_list(session->instance->aliases, session->account, list, pool);
    if (strcasecmp((*identity)->address, session->account) != 0)
        local_aliases_list(session->instance->aliases, (*identity)->address, list, pool);
    (*identity)->display_name = "";
    (*identity)->aliases = list;
    return NULL;
}

static int local_account_exists(const local_instance_t *instance, const char *account,
                                apr_pool_t *pool)
{
    local_paths_t paths;

    return !local_paths_make(instance->config, account, &paths, pool) && local_paths_exist(&paths);
}

/* The account may be the address, or its local part where the domain is one of ours; with
 * "+detail" or without. */
static int local_resolve_own(const local_instance_t *instance, const char *address,
                             const char **account, apr_pool_t *pool)
{
    const apr_array_header_t *domains = instance->config->domains;
    const char *lower = base_text_lower(address, pool), *at = strrchr(lower, '@');
    const char *candidates[4] = {NULL};
    int i, ours = 0, count = 0;

    if (at) {
        const char *local = apr_pstrmemdup(pool, lower, at - lower), *plus = strchr(local, '+');
        const char *bare = plus ? apr_pstrmemdup(pool, local, plus - local) : NULL;

        for (i = 0; i < domains->nelts; i++)
            ours |= strcasecmp(at + 1, APR_ARRAY_IDX(domains, i, const char *)) == 0;
        candidates[count++] = lower;
        if (ours)
            candidates[count++] = local;
        if (bare)
            candidates[count++] = apr_pstrcat(pool, bare, at, NULL);
        if (bare && ours)
            candidates[count++] = bare;
    }
    for (i = 0; i < count; i++)
        if (local_account_exists(instance, candidates[i], pool)) {
            *account = candidates[i];
            return 1;
        }
    return 0;
}

/* A mailbox of that name goes before an alias; an alias of an alias is none. */
static base_fault_t *local_resolve(void *data, const char *address, const char **account,
                                   apr_pool_t *pool)
{
    const local_instance_t *instance = data;
    const char *target;

    if (local_resolve_own(instance, address, account, pool))
        return NULL;
    target = local_aliases_account(instance->aliases, address, pool);
    if (target && strchr(target, '@') && local_resolve_own(instance, target, account, pool))
        return NULL;
    if (target && !strchr(target, '@') && local_account_exists(instance, target, pool)) {
        *account = target;
        return NULL;
    }
    return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "nobody here has that address");
}

const backend_driver_t backend_local_driver = {
    .name = "local",
    .configure = local_configure,
    .start = local_start,
    .check_password = local_check_password,
    .open = local_open,
    .identity = local_identity,
    .resolve = local_resolve,
    .accounts = local_accounts,
    .setting_get = local_setting_get,
    .setting_set = local_setting_set,
    .folder_list = local_folder_list,
    .folder_create = local_folder_create,
    .folder_rename = local_folder_rename,
    .folder_delete = local_folder_delete,
    .probe = local_query_probe,
    .changes = local_query_changes,
    .enumerate = local_query_enumerate,
    .count = local_query_count,
    .conversations = local_conversations,
    .entry = local_item_get,
    .find = local_item_find,
    .fetch = local_fetch,
    .put = local_put,
    .replace = local_replace,
    .update = local_update,
    .move = local_move,
    .remove = local_remove,
    .search = local_search,
    .watch = local_watch_start,
    .unwatch = local_watch_stop,
};
