#include "backend/fail.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/drivers.h"

typedef struct {
    const char *call;
    apr_uint32_t first;
    int further; /* also later ones */
    int after;
    base_fault_code_t code;
} fail_rule_t;

typedef struct {
    const char *driver;
    apr_array_header_t *arguments; /* the other driver's */
    apr_array_header_t *rules;     /* fail_rule_t */
} fail_config_t;

typedef struct {
    backend_t *inner;
    const apr_array_header_t *rules;
    apr_uint32_t *counts; /* calls so far, one per rule; atomic */
    backend_fail_fn decide;
    void *baton;
} fail_instance_t;

typedef struct {
    fail_instance_t *instance;
    backend_session_t *inner;
} fail_session_t;

static const char *const fail_calls[] = {"*",
                                         "check_password",
                                         "open",
                                         "identity",
                                         "resolve",
                                         "folder_list",
                                         "folder_create",
                                         "folder_rename",
                                         "folder_delete",
                                         "probe",
                                         "changes",
                                         "enumerate",
                                         "count",
                                         "conversations",
                                         "entry",
                                         "fetch",
                                         "setting_get",
                                         "setting_set",
                                         "put",
                                         "replace",
                                         "update",
                                         "move",
                                         "remove",
                                         "search",
                                         "watch",
                                         "accounts",
                                         "find"};

static base_fault_t *fail_rule_parse(const char *text, fail_rule_t *rule, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text), *state = NULL, *end = NULL;
    const char *call = apr_strtok(copy, ":", &state);
    const char *number = apr_strtok(NULL, ":", &state);
    const char *code = apr_strtok(NULL, ":", &state);
    const char *after = apr_strtok(NULL, ":", &state);
    size_t i, calls = sizeof fail_calls / sizeof *fail_calls;
    apr_int64_t first = number ? apr_strtoi64(number, &end, 10) : 0;
    int k;

    memset(rule, 0, sizeof *rule);
    for (i = 0; i < calls && call; i++)
        if (strcmp(fail_calls[i], call) == 0)
            rule->call = fail_calls[i];
    for (k = 1; k < BASE_FAULT_COUNT_ && code; k++)
        if (strcmp(base_fault_code_name(k), code) == 0)
            rule->code = k;
    rule->first = (apr_uint32_t)first;
    rule->further = end && strcmp(end, "+") == 0;
    rule->after = after != NULL;
    if (!rule->call || !rule->code || first < 1 || first > APR_INT32_MAX ||
        (*end && !rule->further) || (after && strcmp(after, "after") != 0))
        return base_fault_make(pool, BASE_FAULT_INVALID, "fail=%s is not CALL:N:CODE[:after]",
                               text);
    return NULL;
}

static base_fault_t *fail_configure(const apr_array_header_t *arguments, void **config,
                                    apr_pool_t *pool)
{
    fail_config_t *made = apr_pcalloc(pool, sizeof *made);
    const char *driver = backend_argument(arguments, "driver");
    int i;

    made->driver = driver ? driver : "memory";
    made->arguments = apr_array_make(pool, arguments->nelts, sizeof(const char *));
    made->rules = apr_array_make(pool, 2, sizeof(fail_rule_t));
    if (strcmp(made->driver, "fail") == 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "driver=fail goes round in circles");
    for (i = 0; i < arguments->nelts; i++) {
        const char *argument = APR_ARRAY_IDX(arguments, i, const char *);

        if (strncmp(argument, "fail=", 5) == 0)
            BASE_TRY(fail_rule_parse(argument + 5, apr_array_push(made->rules), pool));
        else if (strncmp(argument, "driver=", 7) != 0)
            APR_ARRAY_PUSH(made->arguments, const char *) = argument;
    }
    BASE_TRY(backend_configure(made->driver, made->arguments, pool));
    *config = made;
    return NULL;
}

/* Have all rules count the call; the first that applies says what happens. */
static base_fault_code_t fail_plan(fail_instance_t *instance, const char *call, int after)
{
    base_fault_code_t code = BASE_FAULT_NONE;
    int i;

    for (i = 0; i < instance->rules->nelts; i++) {
        const fail_rule_t *rule = &APR_ARRAY_IDX(instance->rules, i, fail_rule_t);
        apr_uint32_t count;

        if (rule->after != after || (*rule->call != '*' && strcmp(rule->call, call) != 0))
            continue;
        count = __atomic_add_fetch(&instance->counts[i], 1, __ATOMIC_SEQ_CST);
        if (!code && (count == rule->first || (rule->further && count > rule->first)))
            code = rule->code;
    }
    return code;
}

static base_fault_t *fail_now(fail_instance_t *instance, const char *call, int after,
                              apr_pool_t *pool)
{
    base_fault_code_t code;

    if (instance->decide)
        code = instance->decide(instance->baton, call, after);
    else
        code = fail_plan(instance, call, after);
    if (code == BASE_FAULT_NONE)
        return NULL;
    return base_fault_make(pool, code, "%s fails as planned%s", call,
                           after ? ", having happened" : "");
}

/* The body of every entry: instance, its name, and the call behind it. */
#define FAIL_AROUND(instance, call, expression)      \
    do {                                             \
        BASE_TRY(fail_now(instance, call, 0, pool)); \
        BASE_TRY(expression);                        \
        return fail_now(instance, call, 1, pool);    \
    } while (0)
#define FAIL_SESSION(call, function, ...)                 \
    FAIL_AROUND(((fail_session_t *)data)->instance, call, \
                function(((fail_session_t *)data)->inner, __VA_ARGS__))
#define FAIL_INSTANCE(call, function, ...)     \
    FAIL_AROUND((fail_instance_t *)data, call, \
                function(((fail_instance_t *)data)->inner, __VA_ARGS__))

static base_fault_t *fail_start(void *data, const base_log_t *log,
                                const backend_describer_t *describer, void **instance,
                                apr_pool_t *pool)
{
    const fail_config_t *config = data;
    fail_instance_t *made = apr_pcalloc(pool, sizeof *made);

    made->rules = config->rules;
    made->counts = apr_pcalloc(pool, (config->rules->nelts + 1) * sizeof *made->counts);
    *instance = made;
    return backend_start(config->driver, config->arguments, log, describer, &made->inner, pool);
}

static base_fault_t *fail_open(void *data, const char *account, void **session, apr_pool_t *pool)
{
    fail_session_t *opened = apr_pcalloc(pool, sizeof *opened);

    opened->instance = data;
    *session = opened;
    FAIL_INSTANCE("open", backend_session_open, account, &opened->inner, pool);
}

static base_fault_t *fail_check_password(void *data, const char *account, const char *password,
                                         apr_pool_t *pool)
{
    FAIL_INSTANCE("check_password", backend_check_password, account, password, pool);
}

static base_fault_t *fail_resolve(void *data, const char *address, const char **account,
                                  apr_pool_t *pool)
{
    FAIL_INSTANCE("resolve", backend_resolve, address, account, pool);
}

static base_fault_t *fail_accounts(void *data, apr_array_header_t **accounts, apr_pool_t *pool)
{
    FAIL_INSTANCE("accounts", backend_accounts, accounts, pool);
}

static base_fault_t *fail_identity(void *data, backend_identity_t **identity, apr_pool_t *pool)
{
    FAIL_SESSION("identity", backend_identity, identity, pool);
}

static base_fault_t *fail_setting_get(void *data, const char *name, const char **text,
                                      apr_pool_t *pool)
{
    FAIL_SESSION("setting_get", backend_setting_get, name, text, pool);
}

static base_fault_t *fail_setting_set(void *data, const char *name, const char *text,
                                      apr_pool_t *pool)
{
    FAIL_SESSION("setting_set", backend_setting_set, name, text, pool);
}

static base_fault_t *fail_folder_list(void *data, apr_array_header_t **folders, apr_pool_t *pool)
{
    FAIL_SESSION("folder_list", backend_folder_list, folders, pool);
}

static base_fault_t *fail_folder_create(void *data, const char *parent_id, const char *name,
                                        backend_class_t class_, const char **id, apr_pool_t *pool)
{
    FAIL_SESSION("folder_create", backend_folder_create, parent_id, name, class_, id, pool);
}

static base_fault_t *fail_folder_rename(void *data, const char *id, const char *parent_id,
                                        const char *name, apr_pool_t *pool)
{
    FAIL_SESSION("folder_rename", backend_folder_rename, id, parent_id, name, pool);
}

static base_fault_t *fail_folder_delete(void *data, const char *id, apr_pool_t *pool)
{
    FAIL_SESSION("folder_delete", backend_folder_delete, id, pool);
}

static base_fault_t *fail_probe(void *data, const char *folder_id, const char **cursor,
                                apr_pool_t *pool)
{
    FAIL_SESSION("probe", backend_folder_probe, folder_id, cursor, pool);
}

static base_fault_t *fail_changes(void *data, const char *folder_id, const char *cursor, int limit,
                                  backend_changes_t **changes, apr_pool_t *pool)
{
    FAIL_SESSION("changes", backend_folder_changes, folder_id, cursor, limit, changes, pool);
}

static base_fault_t *fail_enumerate(void *data, const char *folder_id, const backend_range_t *range,
                                    int limit, backend_page_t **page, apr_pool_t *pool)
{
    FAIL_SESSION("enumerate", backend_folder_enumerate, folder_id, range, limit, page, pool);
}

static base_fault_t *fail_count(void *data, const char *folder_id, const backend_range_t *range,
                                apr_uint64_t *count, apr_pool_t *pool)
{
    FAIL_SESSION("count", backend_folder_count, folder_id, range, count, pool);
}

static base_fault_t *fail_conversations(void *data, const char *folder_id, backend_name_fn read,
                                        const char *version, apr_time_t deadline, int *left,
                                        apr_pool_t *pool)
{
    FAIL_SESSION("conversations", backend_folder_conversations, folder_id, read, version, deadline,
                 left, pool);
}

static base_fault_t *fail_find(void *data, const char *folder_id, const char *identity,
                               backend_entry_t *entry, apr_pool_t *pool)
{
    FAIL_SESSION("find", backend_item_find, folder_id, identity, entry, pool);
}

static base_fault_t *fail_entry(void *data, const char *folder_id, apr_uint64_t uid,
                                backend_entry_t *entry, apr_pool_t *pool)
{
    FAIL_SESSION("entry", backend_item_entry, folder_id, uid, entry, pool);
}

static base_fault_t *fail_fetch(void *data, const char *folder_id, apr_uint64_t uid,
                                backend_blob_t **blob, apr_pool_t *pool)
{
    FAIL_SESSION("fetch", backend_item_fetch, folder_id, uid, blob, pool);
}

static base_fault_t *fail_put(void *data, const char *folder_id, const backend_put_t *put,
                              const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                              apr_pool_t *pool)
{
    FAIL_SESSION("put", backend_item_put, folder_id, put, blob, entry, existed, pool);
}

static base_fault_t *fail_replace(void *data, const char *folder_id, apr_uint64_t uid,
                                  apr_uint64_t if_match, apr_uint64_t flags,
                                  const backend_blob_t *blob, backend_entry_t *entry,
                                  apr_pool_t *pool)
{
    FAIL_SESSION("replace", backend_item_replace, folder_id, uid, if_match, flags, blob, entry,
                 pool);
}

static base_fault_t *fail_update(void *data, const char *folder_id, apr_uint64_t uid,
                                 const backend_update_t *update, backend_entry_t *entry,
                                 apr_pool_t *pool)
{
    FAIL_SESSION("update", backend_item_update, folder_id, uid, update, entry, pool);
}

static base_fault_t *fail_move(void *data, const char *folder_id, apr_uint64_t uid,
                               const char *to_folder_id, const char *derived_name,
                               backend_entry_t *entry, apr_pool_t *pool)
{
    FAIL_SESSION("move", backend_item_move, folder_id, uid, to_folder_id, derived_name, entry,
                 pool);
}

static base_fault_t *fail_remove(void *data, const char *folder_id, apr_uint64_t uid,
                                 apr_pool_t *pool)
{
    FAIL_SESSION("remove", backend_item_remove, folder_id, uid, pool);
}

static base_fault_t *fail_search(void *data, const backend_search_t *search,
                                 backend_found_t **found, apr_pool_t *pool)
{
    FAIL_SESSION("search", backend_search, search, found, pool);
}

static base_fault_t *fail_watch(void *data, const char *account,
                                const apr_array_header_t *folder_ids, backend_changed_fn changed,
                                void *baton, void **watch, apr_pool_t *pool)
{
    FAIL_INSTANCE("watch", backend_watch_start, account, folder_ids, changed, baton,
                  (backend_watch_t **)watch, pool);
}

static void fail_unwatch(void *data, void *watch)
{
    (void)data;
    backend_watch_stop(watch);
}

void backend_fail_decide(backend_t *backend, backend_fail_fn decide, void *baton)
{
    static const apr_array_header_t none = {.elt_size = sizeof(fail_rule_t)};
    fail_instance_t *instance = backend_instance_of(backend);

    if (backend_driver_of(backend) != &backend_fail_driver)
        abort(); /* a broken test */
    instance->decide = decide;
    instance->baton = baton;
    instance->rules = &none;
}

backend_t *backend_fail_inner(backend_t *backend)
{
    if (backend_driver_of(backend) != &backend_fail_driver)
        return backend;
    return ((fail_instance_t *)backend_instance_of(backend))->inner;
}

const backend_driver_t backend_fail_driver = {
    .name = "fail",
    .configure = fail_configure,
    .start = fail_start,
    .check_password = fail_check_password,
    .open = fail_open,
    .identity = fail_identity,
    .resolve = fail_resolve,
    .accounts = fail_accounts,
    .setting_get = fail_setting_get,
    .setting_set = fail_setting_set,
    .folder_list = fail_folder_list,
    .folder_create = fail_folder_create,
    .folder_rename = fail_folder_rename,
    .folder_delete = fail_folder_delete,
    .probe = fail_probe,
    .changes = fail_changes,
    .enumerate = fail_enumerate,
    .count = fail_count,
    .conversations = fail_conversations,
    .entry = fail_entry,
    .find = fail_find,
    .fetch = fail_fetch,
    .put = fail_put,
    .replace = fail_replace,
    .update = fail_update,
    .move = fail_move,
    .remove = fail_remove,
    .search = fail_search,
    .watch = fail_watch,
    .unwatch = fail_unwatch,
};
