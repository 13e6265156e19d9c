#include "backend/local_query.h"

#include <string.h>
#include <apr_strings.h>

#include "backend/local_folder.h"
#include "backend/local_property.h"
#include "backend/local_scan.h"
#include "base/text.h"

/* A cursor is GENERATION.MODSEQ.STAMP. The stamp is that of the transaction which the modseq
 * belongs to: an index that was restored from a backup and has gone on since has other ones. */
typedef struct {
    apr_uint64_t generation, modseq, stamp;
} query_cursor_t;

static const char *query_cursor_text(const local_folder_t *folder, apr_int64_t modseq,
                                     apr_int64_t stamp, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%u.%" APR_INT64_T_FMT ".%" APR_INT64_T_FMT, folder->generation,
                        modseq, stamp);
}

static int query_cursor_parse(const char *text, query_cursor_t *cursor, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text), *first = strchr(copy, '.'), *second;

    if (!first || !(second = strchr(first + 1, '.')))
        return 0;
    *first = *second = '\0';
    return base_text_parse_uint(copy, APR_UINT32_MAX, &cursor->generation) &&
           base_text_parse_uint(first + 1, APR_INT64_MAX, &cursor->modseq) &&
           base_text_parse_uint(second + 1, APR_UINT32_MAX, &cursor->stamp);
}

static base_fault_t *query_stale(const char *why, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_STALE, "%s", why);
}

base_fault_t *local_query_probe(void *data, const char *folder_id, const char **cursor,
                                apr_pool_t *pool)
{
    local_folder_t folder;

    BASE_TRY(local_scan_folder(data, folder_id, LOCAL_LOOK_NOW, &folder, pool));
    *cursor = query_cursor_text(&folder, folder.modseq, folder.stamp, pool);
    return NULL;
}

/* Does the cursor name a moment that this index has seen? *foreign: it proves that the index is
 * older than what was told. */
static base_fault_t *query_cursor_check(local_session_t *session, const local_folder_t *folder,
                                        const query_cursor_t *cursor, int *foreign,
                                        apr_pool_t *pool)
{
    apr_int64_t stamp = 0;

    if (cursor->generation != folder->generation)
        return query_stale("cursor of another generation", pool);
    *foreign = 1;
    if ((apr_int64_t)cursor->modseq > folder->modseq)
        return query_stale("cursor ahead of the index", pool);
    if (cursor->modseq > 0 && (apr_int64_t)cursor->modseq > folder->floor) {
        BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_HISTORY_AT, &stamp, pool, "ii",
                                   folder->number, (apr_int64_t)cursor->modseq));
        if ((apr_uint64_t)stamp != cursor->stamp)
            return query_stale("cursor of a history that the index does not have", pool);
    }
    *foreign = 0;
    if ((apr_int64_t)cursor->modseq < folder->forgotten)
        return base_fault_make(pool, BASE_FAULT_EXPIRED, "cursor from before the oldest tombstone");
    return NULL;
}

/* Of the columns uid, token, date, size, properties, from that one on. */
static void query_entry(sqlite3_stmt *row, int column, backend_entry_t *entry, apr_pool_t *pool)
{
    entry->uid = (apr_uint64_t)sqlite3_column_int64(row, column);
    entry->token = (apr_uint64_t)sqlite3_column_int64(row, column + 1);
    entry->date = sqlite3_column_int64(row, column + 2);
    entry->size = (apr_uint64_t)sqlite3_column_int64(row, column + 3);
    entry->properties =
        local_property_parse((const char *)sqlite3_column_text(row, column + 4), pool);
    entry->conversation_date = sqlite3_column_int64(row, column + 5);
}

/* Merges upserts and tombstones, both in the order of modseq. */
static base_fault_t *query_collect(local_session_t *session, const local_folder_t *folder,
                                   apr_int64_t since, int limit, backend_changes_t *changes,
                                   apr_pool_t *pool)
{
    apr_array_header_t *upserts = apr_array_make(pool, 16, sizeof(backend_entry_t));
    apr_array_header_t *gone = apr_array_make(pool, 16, sizeof(apr_uint64_t));
    apr_int64_t reached = since, stamp, most = (apr_int64_t)limit + 1;
    local_index_t *index = session->index;
    sqlite3_stmt *added, *removed;
    int more_added, more_removed;

    BASE_TRY(local_sql_bind(index, LOCAL_SQL_CHANGES_UPSERTS, &added, pool, "iii", folder->number,
                            since, most));
    BASE_TRY(local_sql_bind(index, LOCAL_SQL_CHANGES_GONE, &removed, pool, "iii", folder->number,
                            since, most));
    BASE_TRY(local_sql_step(index, added, &more_added, pool));
    BASE_TRY(local_sql_step(index, removed, &more_removed, pool));
    while ((more_added || more_removed) && upserts->nelts + gone->nelts < limit) {
        apr_int64_t at = more_added ? sqlite3_column_int64(added, 0) : APR_INT64_MAX;
        apr_int64_t gone_at = more_removed ? sqlite3_column_int64(removed, 0) : APR_INT64_MAX;

        if (at < gone_at) {
            query_entry(added, 1, apr_array_push(upserts), pool);
            reached = at;
            BASE_TRY(local_sql_step(index, added, &more_added, pool));
        }
        else {
            APR_ARRAY_PUSH(gone, apr_uint64_t) = (apr_uint64_t)sqlite3_column_int64(removed, 1);
            reached = gone_at;
            BASE_TRY(local_sql_step(index, removed, &more_removed, pool));
        }
    }
    changes->more = more_added || more_removed;
    sqlite3_reset(added);
    sqlite3_reset(removed);
    changes->upserts = (const backend_entry_t *)upserts->elts;
    changes->upsert_count = upserts->nelts;
    changes->gone = (const apr_uint64_t *)gone->elts;
    changes->gone_count = gone->nelts;
    reached = changes->more ? reached : folder->modseq;
    BASE_TRY(local_sql_integer(index, LOCAL_SQL_HISTORY_AT, &stamp, pool, "ii", folder->number,
                               reached));
    changes->cursor =
        query_cursor_text(folder, reached, reached == folder->modseq ? folder->stamp : stamp, pool);
    return NULL;
}

static base_fault_t *query_changes_read(local_session_t *session, const char *folder_id,
                                        const query_cursor_t *cursor, int limit, int *foreign,
                                        backend_changes_t *changes, apr_pool_t *pool)
{
    local_folder_t folder;

    BASE_TRY(local_folder_load(session, folder_id, &folder, pool));
    BASE_TRY(query_cursor_check(session, &folder, cursor, foreign, pool));
    return query_collect(session, &folder, (apr_int64_t)cursor->modseq, limit, changes, pool);
}

/* The index does not know what it told: nothing it told is valid any more. */
static base_fault_t *query_renew(local_session_t *session, const char *folder_id,
                                 const query_cursor_t *cursor, apr_pool_t *pool)
{
    local_folder_t folder;
    base_fault_t *fault;
    int foreign = 0;

    BASE_TRY(local_begin(session->index, pool));
    fault = local_folder_load(session, folder_id, &folder, pool);
    if (!fault)
        (void)query_cursor_check(session, &folder, cursor, &foreign, pool);
    if (!fault && foreign)
        fault = local_folder_renew(session, &folder, 0, pool);
    if (!fault && foreign && folder.class_ == BACKEND_CLASS_EMAIL)
        fault = local_property_reload(session, &folder, pool);
    return local_end(session->index, fault, pool);
}

base_fault_t *local_query_changes(void *data, const char *folder_id, const char *text, int limit,
                                  backend_changes_t **changes, apr_pool_t *pool)
{
    local_session_t *session = data;
    query_cursor_t cursor;
    local_folder_t folder;
    base_fault_t *fault;
    int foreign = 0;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    if (!query_cursor_parse(text, &cursor, pool))
        return query_stale("not a cursor of this folder", pool);
    *changes = apr_pcalloc(pool, sizeof **changes);
    BASE_TRY(local_begin_read(session->index, pool));
    fault = local_end(
        session->index,
        query_changes_read(session, folder_id, &cursor, limit, &foreign, *changes, pool), pool);
    if (fault && foreign)
        BASE_TRY(query_renew(session, folder_id, &cursor, pool));
    return fault;
}

static apr_int64_t query_below(const backend_range_t *range)
{
    return range->below && range->below <= APR_INT64_MAX ? (apr_int64_t)range->below
                                                         : APR_INT64_MAX;
}

/* The latest date of the range; of all dates also that of what matters for ever. */
static apr_int64_t query_until(const backend_range_t *range)
{
    return range->before == APR_INT64_MAX || range->before == APR_INT64_MIN ? range->before
                                                                            : range->before - 1;
}

base_fault_t *local_query_enumerate(void *data, const char *folder_id, const backend_range_t *range,
                                    int limit, backend_page_t **page, apr_pool_t *pool)
{
    apr_array_header_t *entries = apr_array_make(pool, 16, sizeof(backend_entry_t));
    local_session_t *session = data;
    sqlite3_stmt *statement;
    local_folder_t folder;
    int row;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_sql_bind(session->index,
                            range->conversations ? LOCAL_SQL_ENUMERATE_CONVERSATIONS
                                                 : LOCAL_SQL_ENUMERATE,
                            &statement, pool, "iiiii", folder.number, query_below(range),
                            (apr_int64_t)range->since, query_until(range), (apr_int64_t)limit + 1));
    *page = apr_pcalloc(pool, sizeof **page);
    for (;;) {
        BASE_TRY(local_sql_step(session->index, statement, &row, pool));
        if (!row || entries->nelts == limit)
            break;
        query_entry(statement, 0, apr_array_push(entries), pool);
    }
    sqlite3_reset(statement);
    (*page)->entries = (const backend_entry_t *)entries->elts;
    (*page)->count = entries->nelts;
    (*page)->more = row;
    return NULL;
}

base_fault_t *local_query_count(void *data, const char *folder_id, const backend_range_t *range,
                                apr_uint64_t *count, apr_pool_t *pool)
{
    local_session_t *session = data;
    local_folder_t folder;
    apr_int64_t number;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_sql_integer(
        session->index, range->conversations ? LOCAL_SQL_COUNT_CONVERSATIONS : LOCAL_SQL_COUNT,
        &number, pool, "iiii", folder.number, (apr_int64_t)range->since, query_until(range),
        query_below(range)));
    *count = (apr_uint64_t)number;
    return NULL;
}
