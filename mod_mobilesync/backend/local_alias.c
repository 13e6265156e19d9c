#include "backend/local_alias.h"

#include <string.h>
#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "base/text.h"

#define ALIAS_SEPARATORS " \t\r\n"

struct local_aliases {
    const char *path;
    const base_log_t *log;
    apr_thread_mutex_t *lock;
    apr_finfo_t info;      /* of the file as it was read */
    apr_hash_t *accounts;  /* address in lower case -> account */
    apr_hash_t *addresses; /* account in lower case -> array of const char * */
    apr_pool_t *content;   /* of the two */
    int unreadable;        /* which has been said */
};

base_fault_t *local_aliases_make(const char *path, const base_log_t *log, local_aliases_t **aliases,
                                 apr_pool_t *pool)
{
    local_aliases_t *made = apr_pcalloc(pool, sizeof *made);
    apr_status_t status;

    made->path = path;
    made->log = log;
    apr_pool_create(&made->content, pool);
    made->accounts = apr_hash_make(made->content);
    made->addresses = apr_hash_make(made->content);
    if ((status = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool)))
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
    *aliases = made;
    return NULL;
}

static void alias_add(local_aliases_t *aliases, char *line)
{
    char *state, *address = apr_strtok(line, ALIAS_SEPARATORS, &state);
    const char *account = address ? apr_strtok(NULL, ALIAS_SEPARATORS, &state) : NULL, *key;
    apr_array_header_t *list;

    if (!account || *address == '#')
        return;
    if (!strchr(address, '@') || strchr(account, ',') ||
        apr_strtok(NULL, ALIAS_SEPARATORS, &state)) {
        base_log_write(aliases->log, BASE_LOG_WARNING,
                       "aliases=%s: %s is left out, a line is \"address account\"", aliases->path,
                       address);
        return;
    }
    address = apr_pstrdup(aliases->content, address);
    apr_hash_set(aliases->accounts, base_text_lower(address, aliases->content), APR_HASH_KEY_STRING,
                 base_text_lower(account, aliases->content));
    key = base_text_lower(account, aliases->content);
    list = apr_hash_get(aliases->addresses, key, APR_HASH_KEY_STRING);
    if (!list) {
        list = apr_array_make(aliases->content, 2, sizeof(const char *));
        apr_hash_set(aliases->addresses, key, APR_HASH_KEY_STRING, list);
    }
    APR_ARRAY_PUSH(list, const char *) = address;
}

static void alias_clear(local_aliases_t *aliases)
{
    apr_pool_clear(aliases->content);
    aliases->accounts = apr_hash_make(aliases->content);
    aliases->addresses = apr_hash_make(aliases->content);
}

/* With the lock held. */
static void alias_refresh(local_aliases_t *aliases, apr_pool_t *pool)
{
    apr_finfo_t info = {0};
    apr_file_t *file;
    char line[2048];
    apr_status_t status =
        apr_stat(&info, aliases->path, APR_FINFO_MTIME | APR_FINFO_SIZE | APR_FINFO_INODE, pool);

    if (status == APR_SUCCESS && info.mtime == aliases->info.mtime &&
        info.size == aliases->info.size && info.inode == aliases->info.inode)
        return;
    if (status == APR_SUCCESS)
        status = apr_file_open(&file, aliases->path, APR_FOPEN_READ | APR_FOPEN_BUFFERED,
                               APR_FPROT_OS_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        if (!aliases->unreadable)
            base_log_write(aliases->log, BASE_LOG_ERR, "aliases=%s cannot be read: %s",
                           aliases->path, apr_strerror(status, line, sizeof line));
        aliases->unreadable = 1;
        memset(&aliases->info, 0, sizeof aliases->info);
        alias_clear(aliases);
        return;
    }
    alias_clear(aliases);
    while (apr_file_gets(line, sizeof line, file) == APR_SUCCESS)
        alias_add(aliases, line);
    apr_file_close(file);
    aliases->info = info;
    aliases->unreadable = 0;
}

const char *local_aliases_account(local_aliases_t *aliases, const char *address, apr_pool_t *pool)
{
    const char *found;

    if (!aliases->path)
        return NULL;
    apr_thread_mutex_lock(aliases->lock);
    alias_refresh(aliases, pool);
    found = apr_hash_get(aliases->accounts, base_text_lower(address, pool), APR_HASH_KEY_STRING);
    found = apr_pstrdup(pool, found);
    apr_thread_mutex_unlock(aliases->lock);
    return found;
}

void local_aliases_list(local_aliases_t *aliases, const char *account,
                        apr_array_header_t *addresses, apr_pool_t *pool)
{
    const apr_array_header_t *list;
    int i;

    if (!aliases->path)
        return;
    apr_thread_mutex_lock(aliases->lock);
    alias_refresh(aliases, pool);
    list = apr_hash_get(aliases->addresses, base_text_lower(account, pool), APR_HASH_KEY_STRING);
    for (i = 0; list && i < list->nelts; i++)
        APR_ARRAY_PUSH(addresses, const char *) =
            apr_pstrdup(pool, APR_ARRAY_IDX(list, i, const char *));
    apr_thread_mutex_unlock(aliases->lock);
}
