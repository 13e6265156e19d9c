#include "backend/local_property.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>
#include <jansson.h>

#include "backend/local_folder.h"
#include "backend/local_name.h"
#include "backend/local_scan.h"
#include "backend/properties.h"

#define PROPERTY_FILE_MAX (BACKEND_PROPERTY_COUNT * (6 * BACKEND_PROPERTY_MAX + 64))

/* -- text ----------------------------------------------------------------------------------- */

static apr_status_t property_json_free(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

static apr_status_t property_text_free(void *text)
{
    free(text);
    return APR_SUCCESS;
}

const char *local_property_format(const backend_properties_t *properties, apr_pool_t *pool)
{
    json_t *json;
    char *text;
    int i;

    if (!backend_properties_any(properties))
        return NULL;
    json = json_object();
    apr_pool_cleanup_register(pool, json, property_json_free, apr_pool_cleanup_null);
    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++)
        if (properties->text[i])
            json_object_set_new(json, backend_property_name(i), json_string(properties->text[i]));
    text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
    if (!text)
        abort(); /* out of memory: the texts are UTF-8 */
    apr_pool_cleanup_register(pool, text, property_text_free, apr_pool_cleanup_null);
    return text;
}

const backend_properties_t *local_property_parse(const char *text, apr_pool_t *pool)
{
    backend_properties_t properties;
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    int i;

    if (!json)
        return NULL;
    apr_pool_cleanup_register(pool, json, property_json_free, apr_pool_cleanup_null);
    for (i = 0; i < BACKEND_PROPERTY_COUNT; i++)
        properties.text[i] = json_string_value(json_object_get(json, backend_property_name(i)));
    return backend_properties_check(&properties, pool) ? NULL
                                                       : backend_properties_copy(&properties, pool);
}

/* -- files ---------------------------------------------------------------------------------- */

static size_t property_unique_length(const char *name)
{
    size_t length = (size_t)(local_name_rest(name) - name);

    return length ? length : strcspn(name, ":");
}

static const char *property_unique(const char *name, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, name, property_unique_length(name));
}

int local_property_same_file(const char *name, const char *other)
{
    size_t length = property_unique_length(name);

    return length == property_unique_length(other) && memcmp(name, other, length) == 0;
}

base_fault_t *local_property_read(local_session_t *session, const char *name, const char **text,
                                  apr_pool_t *pool)
{
    int directory = local_directory_open(session->maildir, LOCAL_PROPERTY_DIRECTORY);
    const char *unique = property_unique(name, pool);
    base_fault_t *fault;

    *text = NULL;
    if (directory < 0)
        return errno == ENOENT ? NULL : local_fault(errno, pool, LOCAL_PROPERTY_DIRECTORY);
    fault = local_file_read(directory, unique, PROPERTY_FILE_MAX, text, pool);
    close(directory);
    if (fault ? base_fault_code(fault) != BASE_FAULT_CORRUPT
              : !*text || local_property_parse(*text, pool))
        return fault;
    base_log_write(session->instance->log, BASE_LOG_WARNING,
                   "local backend: account %s: " LOCAL_PROPERTY_DIRECTORY
                   "/%s is not what it should be, and ignored",
                   session->account, unique);
    *text = NULL;
    return NULL;
}

base_fault_t *local_property_write(local_session_t *session, const char *name, const char *text,
                                   apr_pool_t *pool)
{
    const char *unique = property_unique(name, pool);
    int directory, error = 0;

    directory = local_directory_open(session->maildir, LOCAL_PROPERTY_DIRECTORY);
    if (directory < 0 && errno == ENOENT && text &&
        local_mkdir_like(session->maildir, LOCAL_PROPERTY_DIRECTORY, session->maildir, 02777) == 0)
        directory = local_directory_open(session->maildir, LOCAL_PROPERTY_DIRECTORY);
    if (directory < 0)
        return errno == ENOENT && !text ? NULL : local_fault(errno, pool, LOCAL_PROPERTY_DIRECTORY);
    if (text ? local_file_replace(directory, unique, text, strlen(text)) != 0
             : unlinkat(directory, unique, 0) != 0 && errno != ENOENT)
        error = errno;
    close(directory);
    return error ? local_fault(error, pool, LOCAL_PROPERTY_DIRECTORY "/%s", unique) : NULL;
}

base_fault_t *local_property_list(local_session_t *session, apr_hash_t **names, apr_pool_t *pool)
{
    DIR *stream = local_directory_stream(session->maildir, LOCAL_PROPERTY_DIRECTORY, pool);
    struct dirent *entry;

    *names = apr_hash_make(pool);
    if (!stream)
        return errno == ENOENT ? NULL : local_fault(errno, pool, LOCAL_PROPERTY_DIRECTORY);
    for (;;) {
        errno = 0;
        entry = readdir(stream);
        if (!entry)
            return errno ? local_fault(errno, pool, LOCAL_PROPERTY_DIRECTORY) : NULL;
        if (entry->d_name[0] != '.') {
            const char *name = apr_pstrdup(pool, entry->d_name);

            apr_hash_set(*names, name, APR_HASH_KEY_STRING, name);
        }
    }
}

int local_property_listed(apr_hash_t *names, const char *name)
{
    return apr_hash_get(names, name, (apr_ssize_t)property_unique_length(name)) != NULL;
}

/* -- messages of a file --------------------------------------------------------------------- */

/* Is there a message of that unique name which has properties? */
static base_fault_t *property_used(local_session_t *session, const char *unique, int *used,
                                   apr_pool_t *pool)
{
    size_t length = strlen(unique);
    sqlite3_stmt *statement;
    int row;

    *used = 0;
    BASE_TRY(local_sql_bind(session->index, LOCAL_SQL_ITEM_WITH_PROPERTIES, &statement, pool, "t",
                            unique));
    do {
        const char *name;

        BASE_TRY(local_sql_step(session->index, statement, &row, pool));
        if (!row)
            return NULL;
        name = (const char *)sqlite3_column_text(statement, 0);
        if (!name || strncmp(name, unique, length) != 0)
            break;
        *used = local_property_same_file(name, unique);
    } while (!*used);
    sqlite3_reset(statement);
    return NULL;
}

static base_fault_t *property_forget(local_session_t *session, const char *name, apr_pool_t *pool)
{
    int used;

    BASE_TRY(property_used(session, property_unique(name, pool), &used, pool));
    return used ? NULL : local_property_write(session, name, NULL, pool);
}

void local_property_forget(local_session_t *session, const local_item_t *item, apr_pool_t *pool)
{
    base_fault_t *fault = item->properties ? property_forget(session, item->name, pool) : NULL;

    if (fault)
        base_log_write(session->instance->log, BASE_LOG_INFO, "local backend: account %s: %s",
                       session->account, fault->message);
}

base_fault_t *local_property_reload(local_session_t *session, const local_folder_t *folder,
                                    apr_pool_t *pool)
{
    apr_array_header_t *items = apr_array_make(pool, 64, sizeof(local_item_t));
    sqlite3_stmt *statement;
    apr_hash_t *names;
    int row, i;

    BASE_TRY(local_property_list(session, &names, pool));
    BASE_TRY(
        local_sql_bind(session->index, LOCAL_SQL_ITEM_ALL, &statement, pool, "i", folder->number));
    for (;;) {
        local_item_t *item;
        const char *name;

        BASE_TRY(local_sql_step(session->index, statement, &row, pool));
        if (!row)
            break;
        name = (const char *)sqlite3_column_text(statement, 1);
        if (!sqlite3_column_int(statement, 5) && !local_property_listed(names, name))
            continue;
        item = apr_array_push(items);
        item->uid = sqlite3_column_int64(statement, 0);
        item->name = apr_pstrdup(pool, name);
    }
    for (i = 0; i < items->nelts; i++) {
        const local_item_t *item = &APR_ARRAY_IDX(items, i, local_item_t);
        const char *text;

        BASE_TRY(local_property_read(session, item->name, &text, pool));
        BASE_TRY(local_sql_run(session->index, LOCAL_SQL_ITEM_PROPERTIES, pool, "tii", text,
                               folder->number, item->uid));
    }
    return NULL;
}

/* -- files without messages ------------------------------------------------------------------ */

static base_fault_t *property_judge_stray(local_session_t *session, const char *unique,
                                          apr_time_t now, apr_pool_t *pool)
{
    apr_int64_t since = 0;
    int used, known;

    BASE_TRY(property_used(session, unique, &used, pool));
    BASE_TRY(backend_sql_integer(local_sql(session->index), LOCAL_SQL_STRAY_SINCE, &since, &known,
                                 pool, "t", unique));
    if (used)
        return known ? local_sql_run(session->index, LOCAL_SQL_STRAY_FOUND, pool, "t", unique)
                     : NULL;
    if (!known)
        return local_sql_run(session->index, LOCAL_SQL_STRAY_SET, pool, "ti", unique,
                             (apr_int64_t)now);
    if (now - since < LOCAL_STRAY_USEC)
        return NULL;
    BASE_TRY(local_property_write(session, unique, NULL, pool));
    return local_sql_run(session->index, LOCAL_SQL_STRAY_FOUND, pool, "t", unique);
}

static base_fault_t *property_sweep_locked(local_session_t *session, apr_time_t now,
                                           apr_pool_t *pool)
{
    apr_hash_index_t *i;
    apr_hash_t *names;
    apr_pool_t *loop;
    base_fault_t *fault = NULL;

    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_STRAY_SET, pool, "ti", "", (apr_int64_t)now));
    BASE_TRY(local_property_list(session, &names, pool));
    apr_pool_create(&loop, pool);
    for (i = apr_hash_first(pool, names); i && !fault; i = apr_hash_next(i)) {
        apr_pool_clear(loop);
        fault = property_judge_stray(session, apr_hash_this_key(i), now, loop);
    }
    fault = base_fault_wrap(fault, pool, "looking for properties without messages");
    apr_pool_destroy(loop);
    return fault;
}

base_fault_t *local_property_sweep(local_session_t *session, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    apr_array_header_t *folders;
    apr_int64_t last;
    int i;

    session->stray = 0;
    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_STRAY_SINCE, &last, pool, "t", ""));
    if (last <= now && now - last < LOCAL_STRAY_LOOK_USEC)
        return NULL;
    BASE_TRY(local_folder_all(session, 0, &folders, pool));
    for (i = 0; i < folders->nelts; i++) {
        local_folder_t folder;
        base_fault_t *fault = local_scan_folder(
            session, APR_ARRAY_IDX(folders, i, local_folder_t).id, LOCAL_LOOK_NOW, &folder, pool);

        if (base_fault_code(fault) != BASE_FAULT_FOLDER_GONE)
            BASE_TRY(fault);
    }
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, property_sweep_locked(session, now, pool), pool);
}
