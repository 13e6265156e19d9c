/* Messages: rows of the index, and reading. What changes files is in local_write.c. */
#include "backend/local_item.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include "backend/local_conversation.h"
#include "backend/local_folder.h"
#include "backend/local_name.h"
#include "backend/local_property.h"
#include "backend/local_scan.h"

static base_fault_t *item_from(local_session_t *session, sqlite3_stmt *statement,
                               local_item_t *item, int *found, apr_pool_t *pool)
{
    const char *name;

    BASE_TRY(local_sql_step(session->index, statement, found, pool));
    if (!*found)
        return NULL;
    memset(item, 0, sizeof *item);
    item->uid = sqlite3_column_int64(statement, 0);
    name = (const char *)sqlite3_column_text(statement, 1);
    item->name = apr_pstrdup(pool, name ? name : "");
    item->fresh = sqlite3_column_int(statement, 2);
    item->token = (apr_uint64_t)sqlite3_column_int64(statement, 3);
    item->date = sqlite3_column_int64(statement, 4);
    item->size = sqlite3_column_int64(statement, 5);
    item->missed = sqlite3_column_int64(statement, 6) != 0;
    item->properties = apr_pstrdup(pool, (const char *)sqlite3_column_text(statement, 7));
    item->conversation_date = sqlite3_column_int64(statement, 8);
    item->identity = apr_pstrdup(pool, (const char *)sqlite3_column_text(statement, 9));
    sqlite3_reset(statement);
    return NULL;
}

base_fault_t *local_item_load(local_session_t *session, const local_folder_t *folder,
                              apr_uint64_t uid, local_item_t *item, apr_pool_t *pool)
{
    sqlite3_stmt *statement;
    int found = 0;

    if (uid <= APR_INT64_MAX) {
        BASE_TRY(local_sql_bind(session->index, LOCAL_SQL_ITEM_BY_UID, &statement, pool, "ii",
                                folder->number, (apr_int64_t)uid));
        BASE_TRY(item_from(session, statement, item, &found, pool));
    }
    if (!found)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "there is no item %" APR_UINT64_T_FMT,
                               uid);
    return NULL;
}

base_fault_t *local_item_by_derived(local_session_t *session, const local_folder_t *folder,
                                    const char *derived_name, local_item_t *item, int *found,
                                    apr_pool_t *pool)
{
    sqlite3_stmt *statement;

    BASE_TRY(local_sql_bind(session->index, LOCAL_SQL_ITEM_BY_DERIVED, &statement, pool, "it",
                            folder->number, derived_name));
    return item_from(session, statement, item, found, pool);
}

base_fault_t *local_item_add(local_session_t *session, local_folder_t *folder, local_item_t *item,
                             apr_pool_t *pool)
{
    item->uid = folder->next_uid++;
    return local_sql_run(session->index, LOCAL_SQL_ITEM_INSERT, pool, "iitiiiiitt", folder->number,
                         item->uid, item->name, (apr_int64_t)item->fresh, (apr_int64_t)item->token,
                         (apr_int64_t)item->date, item->size, local_folder_step(folder),
                         local_name_derived(item->name, pool), item->properties);
}

base_fault_t *local_item_drop(local_session_t *session, local_folder_t *folder, apr_int64_t uid,
                              apr_pool_t *pool)
{
    local_conversation_t left;

    BASE_TRY(local_conversation_of(session, folder, uid, &left, pool));
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_ITEM_DELETE, pool, "ii", folder->number, uid));
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_GONE_INSERT, pool, "iii", folder->number,
                           local_folder_step(folder), uid));
    return local_conversation_left(session, folder, &left, pool);
}

void local_item_entry(const local_item_t *item, backend_entry_t *entry, apr_pool_t *pool)
{
    entry->uid = (apr_uint64_t)item->uid;
    entry->token = item->token;
    entry->date = item->date;
    entry->size = (apr_uint64_t)item->size;
    entry->properties = local_property_parse(item->properties, pool);
    entry->conversation_date = item->conversation_date ? item->conversation_date : item->date;
}

/* Sets name and fresh when there is such a file. */
static int item_try(const local_place_t *place, local_item_t *item, const char *name, int fresh)
{
    struct stat info;

    if (fstatat(fresh ? place->new : place->cur, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    item->name = name;
    item->fresh = fresh;
    return 1;
}

int local_item_seek(const local_place_t *place, local_item_t *item, int rounds, apr_pool_t *pool)
{
    const char *names[64], *base;
    local_name_t parsed;
    int round, flags, count = 32;

    local_name_parse(item->name, &parsed);
    base = apr_pstrmemdup(pool, item->name, parsed.base_length);
    for (flags = 0; flags < 32; flags++) {
        names[flags] = local_name_with_token(item->name, (apr_uint64_t)flags, pool);
        names[32 + flags] = local_name_with_token(base, (apr_uint64_t)flags, pool);
    }
    if (strcmp(names[0], names[32]) != 0)
        count = 64; /* with its keywords, and without them */
    /* between two looks it can slip from one name to another, hence the rounds */
    for (round = 0; round < rounds; round++) {
        if (item_try(place, item, item->name, item->fresh) || item_try(place, item, base, 1) ||
            item_try(place, item, base, 0))
            return 1;
        for (flags = 0; flags < count; flags++)
            if (item_try(place, item, names[flags], 0))
                return 1;
    }
    return 0;
}

/* -- reading -------------------------------------------------------------------------------- */

base_fault_t *local_item_get(void *data, const char *folder_id, apr_uint64_t uid,
                             backend_entry_t *entry, apr_pool_t *pool)
{
    local_session_t *session = data;
    local_folder_t folder;
    local_item_t item;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_item_load(session, &folder, uid, &item, pool));
    local_item_entry(&item, entry, pool);
    return NULL;
}

base_fault_t *local_item_find(void *data, const char *folder_id, const char *identity,
                              backend_entry_t *entry, apr_pool_t *pool)
{
    local_session_t *session = data;
    local_folder_t folder;
    sqlite3_stmt *statement;
    local_item_t item;
    int found;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_sql_bind(session->index, LOCAL_SQL_ITEM_BY_IDENTITY, &statement, pool, "it",
                            folder.number, identity));
    BASE_TRY(item_from(session, statement, &item, &found, pool));
    if (!found)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "there is no item of that UID");
    local_item_entry(&item, entry, pool);
    return NULL;
}

static apr_status_t item_close(void *file)
{
    return apr_file_close(file); /* harmless where the reader did it already */
}

base_fault_t *local_item_blob(int descriptor, backend_blob_t **blob, apr_pool_t *pool)
{
    apr_os_file_t file = descriptor;
    apr_status_t status;
    struct stat info;

    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(descriptor);
        return base_fault_make(pool, BASE_FAULT_DENIED, "not a regular file");
    }
    *blob = apr_pcalloc(pool, sizeof **blob);
    (*blob)->size = (apr_uint64_t)info.st_size;
    status = apr_os_file_put(&(*blob)->file, &file, APR_FOPEN_READ | APR_FOPEN_BINARY, pool);
    if (status != APR_SUCCESS) {
        close(descriptor);
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "opening a message");
    }
    apr_pool_cleanup_register(pool, (*blob)->file, item_close, apr_pool_cleanup_null);
    return NULL;
}

/* Opens the message under its name, or under the one that it has by now. */
static int item_open(const local_place_t *place, local_item_t *item, apr_pool_t *pool)
{
    int attempt, descriptor = -1;

    for (attempt = 0; attempt < 20; attempt++) {
        /* NONBLOCK: a FIFO in its place must not hang us */
        descriptor = openat(item->fresh ? place->new : place->cur, item->name,
                            O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (descriptor >= 0 || errno != ENOENT)
            return descriptor;
        if (!local_item_seek(place, item, 1, pool))
            break;
    }
    errno = ENOENT;
    return -1;
}

base_fault_t *local_item_fetch(void *data, const char *folder_id, apr_uint64_t uid,
                               backend_blob_t **blob, apr_pool_t *pool)
{
    local_session_t *session = data;
    local_folder_t folder;
    local_place_t place;
    local_item_t item;
    int attempt, misses = 0, descriptor;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    for (attempt = 0; attempt < LOCAL_ATTEMPTS && misses < LOCAL_MISSES; attempt++) {
        BASE_TRY(local_item_load(session, &folder, uid, &item, pool));
        misses += item.missed;
        BASE_TRY(local_place_open(session, &folder, &place, pool));
        descriptor = item_open(&place, &item, pool);
        if (descriptor >= 0)
            return local_item_blob(descriptor, blob, pool);
        if (errno != ENOENT)
            return local_fault(errno, pool, "opening message %" APR_UINT64_T_FMT, uid);
        BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_NOW, &folder, pool));
    }
    return base_fault_make(pool, BASE_FAULT_NOT_FOUND,
                           "the file of item %" APR_UINT64_T_FMT " is gone", uid);
}
