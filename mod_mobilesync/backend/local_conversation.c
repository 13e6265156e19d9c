#include "backend/local_conversation.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/local_folder.h"
#include "backend/local_item.h"
#include "backend/local_scan.h"
#include "base/time.h"

/* Messages that are read before the index is written. */
#define CONVERSATION_BATCH 256

/* A message to read, and what was read. */
typedef struct {
    apr_int64_t uid;
    apr_uint64_t revision;
    const char *name;
} conversation_item_t;

/* -- dates ------------------------------------------------------------------------------------ */

/* Makes the date of the conversation's messages that of the latest one. */
static base_fault_t *conversation_date(local_session_t *session, local_folder_t *folder,
                                       const char *name, apr_pool_t *pool)
{
    apr_array_header_t *moved = apr_array_make(pool, 4, sizeof(apr_int64_t));
    local_index_t *index = session->index;
    sqlite3_stmt *statement;
    apr_int64_t day;
    int i, row;

    BASE_TRY(local_sql_integer(index, LOCAL_SQL_CONVERSATION_LATEST, &day, pool, "it",
                               folder->number, name));
    day = base_time_day_start(day);
    BASE_TRY(local_sql_bind(index, LOCAL_SQL_CONVERSATION_MOVED, &statement, pool, "itii",
                            folder->number, name, day, (apr_int64_t)(day + BASE_TIME_DAY)));
    for (;;) {
        BASE_TRY(local_sql_step(index, statement, &row, pool));
        if (!row)
            break;
        APR_ARRAY_PUSH(moved, apr_int64_t) = sqlite3_column_int64(statement, 0);
    }
    for (i = 0; i < moved->nelts; i++)
        BASE_TRY(local_sql_run(index, LOCAL_SQL_CONVERSATION_MOVE, pool, "iii",
                               local_folder_step(folder), folder->number,
                               APR_ARRAY_IDX(moved, i, apr_int64_t)));
    return local_sql_run(index, LOCAL_SQL_CONVERSATION_DATE, pool, "iit", day, folder->number,
                         name);
}

static base_fault_t *conversation_load(local_session_t *session, const local_folder_t *folder,
                                       apr_int64_t uid, local_conversation_t *conversation,
                                       apr_uint64_t *token, int *found, apr_pool_t *pool)
{
    sqlite3_stmt *statement;
    const char *name;

    *conversation = (local_conversation_t){.name = NULL};
    BASE_TRY(local_sql_bind(session->index, LOCAL_SQL_CONVERSATION_OF, &statement, pool, "ii",
                            folder->number, uid));
    BASE_TRY(local_sql_step(session->index, statement, found, pool));
    if (!*found)
        return NULL;
    *token = (apr_uint64_t)sqlite3_column_int64(statement, 0);
    name = (const char *)sqlite3_column_text(statement, 1);
    conversation->name = name ? apr_pstrdup(pool, name) : NULL;
    conversation->date = sqlite3_column_int64(statement, 2);
    sqlite3_reset(statement);
    return NULL;
}

base_fault_t *local_conversation_of(local_session_t *session, const local_folder_t *folder,
                                    apr_int64_t uid, local_conversation_t *conversation,
                                    apr_pool_t *pool)
{
    apr_uint64_t token;
    int found;

    *conversation = (local_conversation_t){.name = NULL};
    if (!folder->named) /* nobody has asked for conversations here */
        return NULL;
    return conversation_load(session, folder, uid, conversation, &token, &found, pool);
}

base_fault_t *local_conversation_left(local_session_t *session, local_folder_t *folder,
                                      const local_conversation_t *conversation, apr_pool_t *pool)
{
    apr_int64_t latest;

    if (!conversation->name)
        return NULL;
    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_CONVERSATION_LATEST, &latest, pool, "it",
                               folder->number, conversation->name));
    return base_time_day_start(latest) == conversation->date
               ? NULL
               : conversation_date(session, folder, conversation->name, pool);
}

base_fault_t *local_conversation_again(local_session_t *session, local_folder_t *folder,
                                       apr_int64_t uid, apr_pool_t *pool)
{
    if (folder->named < uid)
        return NULL;
    folder->named = uid - 1;
    return local_sql_run(session->index, LOCAL_SQL_FOLDER_NAMED, pool, "iti", folder->named,
                         folder->naming, folder->number);
}

/* -- reading ---------------------------------------------------------------------------------- */

/* Without the write lock, since it takes long. */
static base_fault_t *conversation_read_batch(local_session_t *session, const local_folder_t *folder,
                                             backend_name_fn read, apr_time_t deadline,
                                             apr_array_header_t *items, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    sqlite3_stmt *statement;
    int i, row;

    BASE_TRY(local_sql_bind(session->index, LOCAL_SQL_UNNAMED, &statement, pool, "iii",
                            folder->number, folder->named, (apr_int64_t)CONVERSATION_BATCH));
    for (;;) {
        BASE_TRY(local_sql_step(session->index, statement, &row, pool));
        if (!row)
            break;
        APR_ARRAY_PUSH(items, conversation_item_t) = (conversation_item_t){
            .uid = sqlite3_column_int64(statement, 0),
            .revision = BACKEND_REVISION_OF((apr_uint64_t)sqlite3_column_int64(statement, 1))};
    }
    apr_pool_create(&scratch, pool);
    for (i = 0; i < items->nelts && (!i || apr_time_now() < deadline); i++) {
        conversation_item_t *item = &APR_ARRAY_IDX(items, i, conversation_item_t);
        backend_blob_t *blob;
        base_fault_t *fault;

        apr_pool_clear(scratch);
        fault = local_item_fetch(session, folder->id, (apr_uint64_t)item->uid, &blob, scratch);
        if (!fault)
            fault = read(blob, &item->name, scratch);
        switch ((int)base_fault_code(fault)) {
        case BASE_FAULT_NONE:
            item->name = item->name ? apr_pstrdup(pool, item->name) : NULL;
            break;
        case BASE_FAULT_NOT_FOUND:
        case BASE_FAULT_CONVERSION:
        case BASE_FAULT_CORRUPT:
        case BASE_FAULT_DENIED:
            item->name = NULL;
            break;
        default:
            return base_fault_wrap(fault, pool, "reading a conversation");
        }
    }
    apr_pool_destroy(scratch);
    items->nelts = i;
    return NULL;
}

/* *stale: the item's content was replaced since it was read. */
static base_fault_t *conversation_write_item(local_session_t *session, local_folder_t *folder,
                                             const conversation_item_t *item, apr_hash_t *touched,
                                             int *stale, apr_pool_t *pool)
{
    local_conversation_t had;
    apr_uint64_t token;
    int found;

    BASE_TRY(conversation_load(session, folder, item->uid, &had, &token, &found, pool));
    *stale = found && BACKEND_REVISION_OF(token) != item->revision;
    if (!found || *stale || (!had.name && !item->name) ||
        (had.name && item->name && strcmp(had.name, item->name) == 0))
        return NULL;
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_CONVERSATION_SET, pool, "tii", item->name,
                           folder->number, item->uid));
    if (had.name)
        apr_hash_set(touched, had.name, APR_HASH_KEY_STRING, "");
    if (item->name)
        apr_hash_set(touched, item->name, APR_HASH_KEY_STRING, "");
    else
        return local_sql_run(session->index, LOCAL_SQL_CONVERSATION_LEAVE, pool, "iii",
                             local_folder_step(folder), folder->number, item->uid);
    return NULL;
}

static base_fault_t *conversation_write(local_session_t *session, local_folder_t *folder,
                                        const char *version, const apr_array_header_t *items,
                                        apr_pool_t *pool)
{
    apr_hash_t *touched = apr_hash_make(pool);
    apr_int64_t named = folder->named, reached = folder->next_uid - 1;
    apr_hash_index_t *at;
    int i, stale = 0;

    BASE_TRY(local_folder_load(session, folder->id, folder, pool));
    if (folder->named != named && strcmp(folder->naming, version) == 0)
        return NULL; /* another process did it, or an item's content was replaced meanwhile */
    if (items->nelts)
        reached = APR_ARRAY_IDX(items, items->nelts - 1, conversation_item_t).uid;
    for (i = 0; i < items->nelts; i++) {
        const conversation_item_t *item = &APR_ARRAY_IDX(items, i, conversation_item_t);

        BASE_TRY(conversation_write_item(session, folder, item, touched, &stale, pool));
        if (stale) {
            reached = item->uid - 1;
            break;
        }
    }
    for (at = apr_hash_first(pool, touched); at; at = apr_hash_next(at))
        BASE_TRY(conversation_date(session, folder, apr_hash_this_key(at), pool));
    folder->named = reached;
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_FOLDER_NAMED, pool, "iti", reached, version,
                           folder->number));
    return local_folder_store(session, folder, pool);
}

base_fault_t *local_conversation_read(void *data, const char *folder_id, backend_name_fn read,
                                      const char *version, apr_time_t deadline, int *left,
                                      apr_pool_t *pool)
{
    local_session_t *session = data;
    base_fault_t *fault = NULL;
    local_folder_t folder;
    apr_pool_t *batch;

    *left = 0;
    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_NOW, &folder, pool));
    if (strcmp(folder.naming, version) != 0)
        folder.named = 0;
    apr_pool_create(&batch, pool);
    while (!fault && folder.named < folder.next_uid - 1 && !*left) {
        apr_array_header_t *items;

        apr_pool_clear(batch);
        items = apr_array_make(batch, CONVERSATION_BATCH, sizeof(conversation_item_t));
        fault = conversation_read_batch(session, &folder, read, deadline, items, batch);
        if (!fault && !(fault = local_begin(session->index, batch)))
            fault = local_end(session->index,
                              conversation_write(session, &folder, version, items, batch), batch);
        fault = base_fault_wrap(fault, pool, "conversations");
        folder.id = folder_id; /* a new load's strings go with the batch */
        *left = folder.named < folder.next_uid - 1 && apr_time_now() >= deadline;
    }
    apr_pool_destroy(batch);
    return fault;
}
