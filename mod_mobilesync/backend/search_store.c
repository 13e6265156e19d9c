#include "backend/search_store.h"

#include <unistd.h>
#include <apr_strings.h>

#define STORE_SCHEMA_VERSION 2
#define STORE_BUSY_MS 1000
#define STORE_PROGRESS_STEPS 20000 /* virtual machine instructions between looks at the clock */

static const char *const store_texts[] = {
#define STATEMENT(name, sql) [SEARCH_SQL_##name] = sql,
#include "backend/search_sql.tbl"
#undef STATEMENT
};

/* below: what has a smaller uid was not looked at yet; 0: all was. top and bottom: the numbers of
 * doc between them were given out. dead: rows of words whose doc is gone. */
static const char store_schema[] =
    "CREATE TABLE state(one INTEGER PRIMARY KEY CHECK(one = 1), version TEXT NOT NULL,"
    " top INTEGER NOT NULL, bottom INTEGER NOT NULL, dead INTEGER NOT NULL);"
    "CREATE TABLE folder(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " generation INTEGER NOT NULL, cursor TEXT NOT NULL, below INTEGER NOT NULL);"
    "CREATE TABLE doc(number INTEGER PRIMARY KEY, folder INTEGER NOT NULL, uid INTEGER NOT NULL,"
    " date INTEGER NOT NULL, token INTEGER NOT NULL, attachments INTEGER NOT NULL,"
    " conversation TEXT, UNIQUE(folder, uid));"
    "CREATE INDEX doc_conversation ON doc(conversation) WHERE conversation IS NOT NULL;"
    "CREATE TABLE page(name TEXT PRIMARY KEY, top INTEGER NOT NULL, made INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE words USING fts5(subject, sender, recipient, cc, bcc, body, attachment,"
    " content = '', columnsize = 0,"
    " tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* M* Co'\");"
    "PRAGMA user_version = 2;";

static base_fault_t *store_fault(void *owner, int result, const char *what, apr_pool_t *pool)
{
    const search_index_t *index = owner;

    return backend_sql_fault_make(&index->sql, backend_sql_code(result), result, "search index",
                                  what, pool);
}

base_fault_t *search_store_end(search_index_t *index, base_fault_t *fault, apr_pool_t *pool)
{
    return backend_sql_end(&index->sql, fault, SEARCH_SQL_COMMIT, SEARCH_SQL_ROLLBACK, pool);
}

/* -- opening --------------------------------------------------------------------------------- */

static base_fault_t *store_set_up(search_index_t *index, apr_pool_t *pool)
{
    base_fault_t *fault = NULL;
    int version = 0;

    sqlite3_busy_timeout(index->sql.db, STORE_BUSY_MS);
    /* what a power cut may take was read from the mailbox and will be again */
    BASE_TRY(backend_sql_exec(&index->sql,
                              "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                              "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;"
                              "PRAGMA journal_size_limit = 4194304",
                              pool));
    BASE_TRY(backend_sql_version(&index->sql, &version, pool));
    if (version == STORE_SCHEMA_VERSION)
        return NULL;
    if (version > 0)
        return base_fault_make(pool, BASE_FAULT_CORRUPT, "search index: of another version");
    BASE_TRY(backend_sql_exec(&index->sql, "BEGIN IMMEDIATE", pool));
    fault = backend_sql_version(&index->sql, &version,
                                pool); /* another process may have made it meanwhile */
    if (!fault && version == 0)
        fault = backend_sql_exec(&index->sql, store_schema, pool);
    return search_store_end(index, fault, pool);
}

static apr_status_t store_close(void *data)
{
    search_index_t *index = data;

    backend_sql_close(&index->sql);
    return APR_SUCCESS;
}

static int store_progress(void *data)
{
    const search_index_t *index = data;

    return index->until && apr_time_now() > index->until;
}

base_fault_t *search_index_open(const char *path, search_index_t **index, apr_pool_t *pool)
{
    search_index_t *made = apr_pcalloc(pool, sizeof *made);
    base_fault_t *fault;

    made->sql = (backend_sql_t){.texts = store_texts,
                                .statements = made->statements,
                                .count = SEARCH_SQL_COUNT_,
                                .fault = store_fault,
                                .owner = made};
    fault = backend_sql_open(&made->sql, path, pool);
    apr_pool_cleanup_register(pool, made, store_close, apr_pool_cleanup_null);
    BASE_TRY(fault);
    /* it is opened for each search: closing must not wait for the disk */
    sqlite3_db_config(made->sql.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_progress_handler(made->sql.db, STORE_PROGRESS_STEPS, store_progress, made);
    BASE_TRY(store_set_up(made, pool));
    *index = made;
    return NULL;
}

void search_index_remove(const char *path, apr_pool_t *pool)
{
    unlink(path);
    unlink(apr_pstrcat(pool, path, "-wal", NULL));
    unlink(apr_pstrcat(pool, path, "-shm", NULL));
}
