/* Bringing the search index up to date, and asking it. */
#include "backend/search_index.h"

#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "backend/search_store.h"

/* In one transaction: changes that are taken, and older items that are read. */
#define INDEX_CHANGES 64
#define INDEX_FILL 256
/* Words of what is gone that are put up with. */
#define INDEX_DEAD_MIN 1000
/* For the query, after the deadline. */
#define INDEX_QUERY_TIME apr_time_from_sec(5)
/* How long names are kept. */
#define INDEX_PAGE_AGE (24 * apr_time_from_sec(3600))

/* The row of state. */
typedef struct {
    const char *version;
    apr_int64_t top, bottom, dead;
} index_state_t;

/* A folder that is searched, and its row. */
typedef struct {
    const backend_folder_t *info;
    apr_int64_t number; /* 0: it has no row */
    apr_uint32_t generation;
    const char *cursor;
    apr_int64_t below;
    int done; /* up to date in this run */
} index_folder_t;

typedef struct {
    search_index_t *index;
    const backend_driver_t *driver;
    void *session;
    const backend_search_t *search;
    index_state_t state;
    apr_array_header_t *all;     /* backend_folder_t: of the mailbox */
    apr_array_header_t *folders; /* index_folder_t: those searched */
    apr_pool_t *pool;
} index_run_t;

/* -- state ------------------------------------------------------------------------------------ */

static base_fault_t *index_state_load(index_run_t *run)
{
    sqlite3_stmt *statement;
    int row;

    run->state = (index_state_t){.version = ""};
    BASE_TRY(search_store_bind(run->index, SEARCH_SQL_STATE_GET, &statement, run->pool, ""));
    BASE_TRY(search_store_step(run->index, statement, &row, run->pool));
    if (!row)
        return NULL;
    run->state.version = apr_pstrdup(run->pool, (const char *)sqlite3_column_text(statement, 0));
    run->state.top = sqlite3_column_int64(statement, 1);
    run->state.bottom = sqlite3_column_int64(statement, 2);
    run->state.dead = sqlite3_column_int64(statement, 3);
    sqlite3_reset(statement);
    return NULL;
}

static base_fault_t *index_state_store(index_run_t *run)
{
    return search_store_run(run->index, SEARCH_SQL_STATE_SET, run->pool, "tiii",
                            run->search->extract_version, run->state.top, run->state.bottom,
                            run->state.dead);
}

/* Everything anew. */
static base_fault_t *index_clear(index_run_t *run)
{
    static const search_sql_t statements[] = {SEARCH_SQL_WORDS_CLEAR, SEARCH_SQL_DOC_CLEAR,
                                              SEARCH_SQL_FOLDER_CLEAR, SEARCH_SQL_PAGE_CLEAR};
    size_t i;

    for (i = 0; i < sizeof statements / sizeof *statements; i++)
        BASE_TRY(search_store_run(run->index, statements[i], run->pool, ""));
    run->state = (index_state_t){.version = run->search->extract_version};
    return NULL;
}

/* -- folders ---------------------------------------------------------------------------------- */

static const backend_folder_t *index_folder_find(const apr_array_header_t *folders, const char *id)
{
    int i;

    for (i = 0; i < folders->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(folders, i, backend_folder_t).id, id) == 0)
            return &APR_ARRAY_IDX(folders, i, backend_folder_t);
    return NULL;
}

static base_fault_t *index_folders_choose(index_run_t *run)
{
    const backend_search_t *search = run->search;
    int i;

    BASE_TRY(run->driver->folder_list(run->session, &run->all, run->pool));
    run->folders = apr_array_make(run->pool, search->folder_count, sizeof(index_folder_t));
    for (i = 0; i < search->folder_count; i++) {
        const backend_folder_t *info = index_folder_find(run->all, search->folder_ids[i]);

        if (!info)
            return base_fault_make(run->pool, BASE_FAULT_FOLDER_GONE, "there is no folder %s",
                                   search->folder_ids[i]);
        APR_ARRAY_PUSH(run->folders, index_folder_t) = (index_folder_t){.info = info};
    }
    return NULL;
}

static base_fault_t *index_folder_load(index_run_t *run, index_folder_t *folder)
{
    sqlite3_stmt *statement;
    int row;

    folder->number = 0;
    BASE_TRY(search_store_bind(run->index, SEARCH_SQL_FOLDER_GET, &statement, run->pool, "t",
                               folder->info->id));
    BASE_TRY(search_store_step(run->index, statement, &row, run->pool));
    if (!row)
        return NULL;
    folder->number = sqlite3_column_int64(statement, 0);
    folder->generation = (apr_uint32_t)sqlite3_column_int64(statement, 1);
    folder->cursor = apr_pstrdup(run->pool, (const char *)sqlite3_column_text(statement, 2));
    folder->below = sqlite3_column_int64(statement, 3);
    sqlite3_reset(statement);
    return NULL;
}

static base_fault_t *index_folder_drop(index_run_t *run, apr_int64_t number)
{
    BASE_TRY(search_store_run(run->index, SEARCH_SQL_DOC_DROP_FOLDER, run->pool, "i", number));
    run->state.dead += sqlite3_changes(run->index->sql.db);
    return search_store_run(run->index, SEARCH_SQL_FOLDER_DROP, run->pool, "i", number);
}

/* Begins the folder: from now on by its changes, and down from here what was there before. */
static base_fault_t *index_folder_begin(index_run_t *run, index_folder_t *folder)
{
    const char *cursor;

    if (folder->number)
        BASE_TRY(index_folder_drop(run, folder->number));
    BASE_TRY(run->driver->probe(run->session, folder->info->id, &cursor, run->pool));
    BASE_TRY(search_store_run(run->index, SEARCH_SQL_FOLDER_ADD, run->pool, "titi",
                              folder->info->id, (apr_int64_t)folder->info->generation, cursor,
                              APR_INT64_MAX));
    return index_folder_load(run, folder);
}

/* -- items ------------------------------------------------------------------------------------ */

/* What cannot be read is indexed without words, so that nobody tries again. */
static int index_is_unreadable(base_fault_code_t code)
{
    return code == BASE_FAULT_CONVERSION || code == BASE_FAULT_CORRUPT ||
           code == BASE_FAULT_DENIED || code == BASE_FAULT_TOO_LARGE;
}

static base_fault_t *index_extract(index_run_t *run, const index_folder_t *folder, apr_uint64_t uid,
                                   backend_text_t *text, int *gone, apr_pool_t *pool)
{
    backend_blob_t *blob;
    base_fault_t *fault = run->driver->fetch(run->session, folder->info->id, uid, &blob, pool);

    *gone = 0;
    if (!fault)
        fault = run->search->extract(blob, text, pool);
    if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND ||
        base_fault_code(fault) == BASE_FAULT_FOLDER_GONE) {
        *gone = 1; /* changes() will tell */
        return NULL;
    }
    if (!fault || !index_is_unreadable(fault->code))
        return fault;
    *text = (backend_text_t){.attachments = 0};
    return NULL;
}

static base_fault_t *index_drop(index_run_t *run, const index_folder_t *folder, apr_int64_t uid)
{
    BASE_TRY(
        search_store_run(run->index, SEARCH_SQL_DOC_DROP, run->pool, "ii", folder->number, uid));
    run->state.dead += sqlite3_changes(run->index->sql.db);
    return NULL;
}

/* Is the content of an item that is known by that token the same still? */
static int index_has_content(const index_folder_t *folder, apr_uint64_t known, apr_uint64_t token)
{
    if (folder->info->class_ != BACKEND_CLASS_EMAIL)
        return known == token;
    return BACKEND_REVISION_OF(known) == BACKEND_REVISION_OF(token);
}

static base_fault_t *index_item(index_run_t *run, const index_folder_t *folder,
                                const backend_entry_t *entry, int arrival, apr_pool_t *pool)
{
    backend_text_t text = {.attachments = 0};
    apr_int64_t number, uid = (apr_int64_t)entry->uid;
    const char *words[BACKEND_FIELD_COUNT_];
    int i, found, gone;

    BASE_TRY(search_store_integer(run->index, SEARCH_SQL_DOC_TOKEN, &number, &found, pool, "ii",
                                  folder->number, uid));
    if (found && index_has_content(folder, (apr_uint64_t)number, entry->token))
        return search_store_run(run->index, SEARCH_SQL_DOC_SET_TOKEN, pool, "iii",
                                (apr_int64_t)entry->token, folder->number, uid);
    if (found) /* its content was replaced */
        BASE_TRY(index_drop(run, folder, uid));
    BASE_TRY(index_extract(run, folder, entry->uid, &text, &gone, pool));
    if (gone)
        return NULL;
    number = arrival ? ++run->state.top : --run->state.bottom;
    for (i = 0; i < BACKEND_FIELD_COUNT_; i++)
        words[i] = search_words(text.fields[i], pool);
    BASE_TRY(search_store_run(run->index, SEARCH_SQL_DOC_ADD, pool, "iiiiiit", number,
                              folder->number, uid, (apr_int64_t)entry->date,
                              (apr_int64_t)entry->token, (apr_int64_t)(text.attachments != 0),
                              text.conversation));
    return search_store_run(run->index, SEARCH_SQL_WORDS_ADD, pool, "ittttttt", number, words[0],
                            words[1], words[2], words[3], words[4], words[5], words[6]);
}

/* What happened since the cursor. *more: there is more of it. STALE, EXPIRED: begin the folder anew. */
static base_fault_t *index_changes(index_run_t *run, index_folder_t *folder, int *more,
                                   apr_pool_t *item_pool)
{
    backend_changes_t *changes;
    int i;

    BASE_TRY(run->driver->changes(run->session, folder->info->id, folder->cursor, INDEX_CHANGES,
                                  &changes, run->pool));
    for (i = 0; i < changes->gone_count; i++)
        BASE_TRY(index_drop(run, folder, (apr_int64_t)changes->gone[i]));
    for (i = 0; i < changes->upsert_count; i++) {
        apr_pool_clear(item_pool);
        /* an older item, of which something changed, will be met on the way down */
        if (changes->upserts[i].uid >= (apr_uint64_t)folder->below)
            BASE_TRY(index_item(run, folder, &changes->upserts[i], 1, item_pool));
    }
    *more = changes->more;
    if (strcmp(changes->cursor, folder->cursor) == 0)
        return NULL;
    folder->cursor = changes->cursor;
    return search_store_run(run->index, SEARCH_SQL_FOLDER_CURSOR, run->pool, "ti", folder->cursor,
                            folder->number);
}

/* Further down among what was there before. */
static base_fault_t *index_fill(index_run_t *run, index_folder_t *folder, apr_pool_t *item_pool)
{
    backend_range_t range = {.since = APR_INT64_MIN, .before = APR_INT64_MAX};
    backend_page_t *page;
    int i;

    if (folder->below != APR_INT64_MAX)
        range.below = (apr_uint64_t)folder->below;
    BASE_TRY(run->driver->enumerate(run->session, folder->info->id, &range, INDEX_FILL, &page,
                                    run->pool));
    for (i = 0; i < page->count; i++) {
        if (apr_time_now() > run->search->deadline)
            break;
        apr_pool_clear(item_pool);
        BASE_TRY(index_item(run, folder, &page->entries[i], 0, item_pool));
        folder->below = (apr_int64_t)page->entries[i].uid;
    }
    if (i == page->count && !page->more)
        folder->below = 0;
    return search_store_run(run->index, SEARCH_SQL_FOLDER_BELOW, run->pool, "ii", folder->below,
                            folder->number);
}

static base_fault_t *index_advance_locked(index_run_t *run, index_folder_t *folder,
                                          apr_pool_t *item_pool)
{
    base_fault_t *fault;
    apr_int64_t docs;
    int found, more = 0;

    BASE_TRY(index_state_load(run));
    BASE_TRY(search_store_integer(run->index, SEARCH_SQL_DOC_COUNT, &docs, &found, run->pool, ""));
    if (strcmp(run->state.version, run->search->extract_version) != 0 ||
        (run->state.dead > INDEX_DEAD_MIN && run->state.dead > docs))
        BASE_TRY(index_clear(run));
    BASE_TRY(index_folder_load(run, folder));
    if (!folder->number || folder->generation != folder->info->generation)
        BASE_TRY(index_folder_begin(run, folder));
    fault = index_changes(run, folder, &more, item_pool);
    if (base_fault_code(fault) == BASE_FAULT_STALE ||
        base_fault_code(fault) == BASE_FAULT_EXPIRED) {
        BASE_TRY(index_folder_begin(run, folder));
        fault = NULL;
    }
    BASE_TRY(fault);
    if (!more && folder->below)
        BASE_TRY(index_fill(run, folder, item_pool));
    folder->done = !more && !folder->below;
    return index_state_store(run);
}

/* One transaction's worth of work. */
static base_fault_t *index_advance(index_run_t *run, index_folder_t *folder)
{
    apr_pool_t *item_pool;
    base_fault_t *fault;

    BASE_TRY(search_store_run(run->index, SEARCH_SQL_BEGIN, run->pool, ""));
    apr_pool_create(&item_pool, run->pool);
    fault = base_fault_wrap(index_advance_locked(run, folder, item_pool), run->pool,
                            "indexing folder %s", folder->info->id);
    fault = search_store_end(run->index, fault, run->pool);
    apr_pool_destroy(item_pool);
    return fault;
}

/* Is there nothing to do? Costs a probe and no lock. */
static base_fault_t *index_folder_look(index_run_t *run, index_folder_t *folder)
{
    const char *cursor;

    BASE_TRY(index_folder_load(run, folder));
    if (!folder->number || folder->generation != folder->info->generation || folder->below)
        return NULL;
    BASE_TRY(run->driver->probe(run->session, folder->info->id, &cursor, run->pool));
    folder->done = strcmp(cursor, folder->cursor) == 0;
    return NULL;
}

/* Folders that are gone, or have another generation. */
static base_fault_t *index_prune(index_run_t *run)
{
    apr_array_header_t *numbers = apr_array_make(run->pool, 4, sizeof(apr_int64_t));
    base_fault_t *fault = NULL;
    sqlite3_stmt *statement;
    int i, row;

    BASE_TRY(search_store_bind(run->index, SEARCH_SQL_FOLDER_LIST, &statement, run->pool, ""));
    for (;;) {
        const backend_folder_t *info;

        BASE_TRY(search_store_step(run->index, statement, &row, run->pool));
        if (!row)
            break;
        info = index_folder_find(run->all, (const char *)sqlite3_column_text(statement, 1));
        if (!info || info->generation != sqlite3_column_int64(statement, 2))
            APR_ARRAY_PUSH(numbers, apr_int64_t) = sqlite3_column_int64(statement, 0);
    }
    if (!numbers->nelts)
        return NULL;
    BASE_TRY(search_store_run(run->index, SEARCH_SQL_BEGIN, run->pool, ""));
    fault = index_state_load(run);
    for (i = 0; i < numbers->nelts && !fault; i++)
        fault = index_folder_drop(run, APR_ARRAY_IDX(numbers, i, apr_int64_t));
    if (!fault)
        fault = search_store_run(run->index, SEARCH_SQL_STATE_SET, run->pool, "tiii",
                                 run->state.version, run->state.top, run->state.bottom,
                                 run->state.dead);
    return search_store_end(run->index, fault, run->pool);
}

/* Goes round the folders until all are up to date or time is up, so that the newest of each comes
 * first. */
static base_fault_t *index_update(index_run_t *run, int *complete)
{
    int i, left = run->folders->nelts, first = 1;

    BASE_TRY(index_prune(run));
    BASE_TRY(index_state_load(run));
    if (strcmp(run->state.version, run->search->extract_version) == 0)
        for (i = 0; i < run->folders->nelts; i++)
            BASE_TRY(index_folder_look(run, &APR_ARRAY_IDX(run->folders, i, index_folder_t)));
    while (left) {
        left = 0;
        for (i = 0; i < run->folders->nelts; i++) {
            index_folder_t *folder = &APR_ARRAY_IDX(run->folders, i, index_folder_t);

            if (folder->done)
                continue;
            /* each folder's changes are taken once, whatever the time: they are few */
            if (!first && apr_time_now() > run->search->deadline)
                return NULL;
            BASE_TRY(index_advance(run, folder));
            left += !folder->done;
        }
        first = 0;
    }
    *complete = 1;
    return NULL;
}

/* -- asking ----------------------------------------------------------------------------------- */

/* What of doc belongs to the pages of that name: numbers up to *top. */
static base_fault_t *index_page(index_run_t *run, apr_int64_t *top, int *resumed)
{
    const backend_search_t *search = run->search;
    apr_time_t now = apr_time_now();
    base_fault_t *fault;

    *top = APR_INT64_MAX;
    if (!search->name)
        return NULL;
    if (search->skip > 0 && !search->renew)
        return search_store_integer(run->index, SEARCH_SQL_PAGE_GET, top, resumed, run->pool, "t",
                                    search->name);
    BASE_TRY(index_state_load(run));
    fault = search_store_run(run->index, SEARCH_SQL_PAGE_PRUNE, run->pool, "i",
                             (apr_int64_t)(now - INDEX_PAGE_AGE));
    if (!fault)
        fault = search_store_run(run->index, SEARCH_SQL_PAGE_SET, run->pool, "tii", search->name,
                                 run->state.top, (apr_int64_t)now);
    /* somebody else writes: the next page may repeat an item, which is no reason to fail */
    return base_fault_code(fault) == BASE_FAULT_BUSY ? NULL : fault;
}

static const char *index_sql(const index_run_t *run, const search_condition_t *condition)
{
    base_text_buffer_t sql = {.pool = run->pool};
    int i;

    base_text_buffer_puts(&sql, "SELECT doc.folder, doc.uid FROM doc WHERE doc.folder IN (0");
    for (i = 0; i < run->folders->nelts; i++)
        base_text_buffer_printf(&sql, ", %" APR_INT64_T_FMT,
                                APR_ARRAY_IDX(run->folders, i, index_folder_t).number);
    base_text_buffer_puts(&sql, ") AND doc.number <= ? AND ");
    base_text_buffer_append(&sql, condition->sql.data, condition->sql.length);
    base_text_buffer_puts(&sql, " ORDER BY doc.date DESC, doc.number DESC");
    return sql.data;
}

static const backend_folder_t *index_folder_of(const index_run_t *run, apr_int64_t number)
{
    int i;

    for (i = 0; i < run->folders->nelts - 1; i++)
        if (APR_ARRAY_IDX(run->folders, i, index_folder_t).number == number)
            break;
    return APR_ARRAY_IDX(run->folders, i, index_folder_t).info;
}

static base_fault_t *index_collect(index_run_t *run, sqlite3_stmt *statement,
                                   backend_found_t *found)
{
    const backend_search_t *search = run->search;
    apr_array_header_t *matches = apr_array_make(run->pool, 16, sizeof(backend_match_t));
    int row;

    for (;; found->total++) {
        BASE_TRY(search_store_step(run->index, statement, &row, run->pool));
        if (!row)
            break;
        if (found->total >= search->skip && found->total - search->skip < search->limit) {
            const backend_folder_t *info = index_folder_of(run, sqlite3_column_int64(statement, 0));

            APR_ARRAY_PUSH(matches, backend_match_t) =
                (backend_match_t){.folder_id = info->id,
                                  .generation = info->generation,
                                  .uid = (apr_uint64_t)sqlite3_column_int64(statement, 1)};
        }
    }
    found->matches = (const backend_match_t *)matches->elts;
    found->count = matches->nelts;
    return NULL;
}

static base_fault_t *index_query(index_run_t *run, apr_int64_t top, backend_found_t *found)
{
    search_condition_t condition;
    sqlite3_stmt *statement = NULL;
    base_fault_t *fault = NULL;
    const char *sql;
    int i, result;

    for (i = 0; i < run->folders->nelts; i++)
        BASE_TRY(index_folder_load(run, &APR_ARRAY_IDX(run->folders, i, index_folder_t)));
    search_condition_make(run->search->query, &condition, run->pool);
    sql = index_sql(run, &condition);
    result = sqlite3_prepare_v2(run->index->sql.db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(statement, 1, top);
    if (result == SQLITE_OK)
        result = search_condition_bind(&condition, statement, 2);
    if (result != SQLITE_OK)
        fault = backend_sql_fault(&run->index->sql, result, "asking", run->pool);
    if (!fault)
        fault = index_collect(run, statement, found);
    sqlite3_finalize(statement);
    return fault;
}

base_fault_t *search_index_run(search_index_t *index, const backend_driver_t *driver, void *session,
                               const backend_search_t *search, backend_found_t **found,
                               apr_pool_t *pool)
{
    index_run_t run = {
        .index = index, .driver = driver, .session = session, .search = search, .pool = pool};
    apr_time_t now = apr_time_now();
    apr_int64_t top;
    base_fault_t *fault;

    *found = apr_pcalloc(pool, sizeof **found);
    BASE_TRY(index_folders_choose(&run));
    index->until = 0;
    fault = index_update(&run, &(*found)->complete);
    /* somebody else is indexing: what there is has to do */
    if (fault && fault->code != BASE_FAULT_BUSY)
        return fault;
    index->until = (search->deadline > now ? search->deadline : now) + INDEX_QUERY_TIME;
    fault = index_page(&run, &top, &(*found)->resumed);
    if (!fault)
        fault = index_query(&run, top, *found);
    index->until = 0;
    return fault;
}
