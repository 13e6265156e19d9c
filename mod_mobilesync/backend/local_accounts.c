#include "backend/local_accounts.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/local_alias.h"
#include "backend/local_fs.h"
#include "base/text.h"

#define ACCOUNTS_MAX 100000

typedef struct {
    const local_instance_t *instance;
    apr_array_header_t *accounts; /* backend_identity_t */
    apr_pool_t *pool;
} accounts_t;

/* What the escapes stand for so far; NULL: not seen yet. */
typedef struct {
    const char *account, *local, *domain;
} accounts_names_t;

static const char **accounts_escape(accounts_names_t *names, char letter)
{
    return letter == 'u' ? &names->account : letter == 'n' ? &names->local : &names->domain;
}

/* Does the name fit the pattern, a part of root= ? Fills in what its escapes stand for; one that comes
 * again must stand for the same. */
static int accounts_match(const char *pattern, const char *name, accounts_names_t *names,
                          apr_pool_t *pool)
{
    const char **escape, *end;

    if (*pattern != '%') {
        if (!*pattern || !*name)
            return *pattern == *name;
        return *pattern == *name && accounts_match(pattern + 1, name + 1, names, pool);
    }
    if (pattern[1] == '%')
        return *name == '%' && accounts_match(pattern + 2, name + 1, names, pool);
    escape = accounts_escape(names, pattern[1]);
    if (*escape)
        return strncmp(name, *escape, strlen(*escape)) == 0 &&
               accounts_match(pattern + 2, name + strlen(*escape), names, pool);
    for (end = name + strlen(name); end > name; end--) {
        accounts_names_t tried = *names;

        *accounts_escape(&tried, pattern[1]) = apr_pstrmemdup(pool, name, (size_t)(end - name));
        if (accounts_match(pattern + 2, end, &tried, pool)) {
            *names = tried;
            return 1;
        }
    }
    return 0;
}

/* The account, when these names lead to its Maildir. */
static void accounts_add(accounts_t *list, const accounts_names_t *names)
{
    const local_config_t *config = list->instance->config;
    const char *account = names->account, *domain;
    apr_array_header_t *aliases;
    backend_identity_t *identity;
    local_paths_t paths;

    if (!account && names->local)
        account = names->domain ? apr_pstrcat(list->pool, names->local, "@", names->domain, NULL)
                                : names->local;
    if (!account || local_paths_make(config, account, &paths, list->pool) ||
        !local_paths_exist(&paths))
        return;
    domain = config->domains->nelts ? APR_ARRAY_IDX(config->domains, 0, const char *)
                                    : list->instance->host;
    identity = apr_array_push(list->accounts);
    identity->address =
        strchr(account, '@') ? account : apr_pstrcat(list->pool, account, "@", domain, NULL);
    identity->display_name = "";
    identity->aliases = aliases = apr_array_make(list->pool, 1, sizeof(const char *));
    local_aliases_list(list->instance->aliases, account, aliases, list->pool);
    if (identity->address != account)
        local_aliases_list(list->instance->aliases, identity->address, aliases, list->pool);
}

/* Goes down root= from the folder at path; rest: the parts that are left, "" at the end. */
static base_fault_t *accounts_walk(accounts_t *list, const char *path, const char *rest,
                                   const accounts_names_t *names)
{
    const char *slash, *part;
    struct dirent *entry;
    DIR *stream;

    rest += strspn(rest, "/");
    if (!*rest) {
        accounts_add(list, names);
        return NULL;
    }
    slash = strchr(rest, '/');
    slash = slash ? slash : rest + strlen(rest);
    part = apr_pstrmemdup(list->pool, rest, (size_t)(slash - rest));
    if (!strchr(part, '%'))
        return accounts_walk(list, apr_pstrcat(list->pool, path, "/", part, NULL), slash, names);
    stream = opendir(*path ? path : "/");
    if (!stream) /* of the folders that the escapes stand for some may be none of ours */
        return names->account || names->local || names->domain
                   ? NULL
                   : local_fault(errno, list->pool, "listing accounts in %s", path);
    while ((entry = readdir(stream)) && list->accounts->nelts < ACCOUNTS_MAX) {
        accounts_names_t deeper = *names;

        if (entry->d_name[0] != '.' && accounts_match(part, entry->d_name, &deeper, list->pool))
            accounts_walk(list, apr_pstrcat(list->pool, path, "/", entry->d_name, NULL), slash,
                          &deeper);
    }
    closedir(stream);
    return NULL;
}

base_fault_t *local_accounts(void *data, apr_array_header_t **accounts, apr_pool_t *pool)
{
    accounts_t list = {.instance = data, .pool = pool};
    accounts_names_t none = {NULL, NULL, NULL};

    *accounts = list.accounts = apr_array_make(pool, 64, sizeof(backend_identity_t));
    return accounts_walk(&list, "", list.instance->config->root, &none);
}
