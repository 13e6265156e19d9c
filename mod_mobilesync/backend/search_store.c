#include "backend/search_store.h"

#include <fcntl.h>
#include <stdarg.h>
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

base_fault_t *search_store_fault(search_index_t *index, int result, const char *what,
                                 apr_pool_t *pool)
{
    base_fault_code_t code = BASE_FAULT_INTERNAL;

    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        code = BASE_FAULT_BUSY;
        break;
    case SQLITE_INTERRUPT:
        code = BASE_FAULT_TIMEOUT;
        break;
    case SQLITE_IOERR:
        code = BASE_FAULT_UNAVAILABLE;
        break;
    case SQLITE_FULL:
        code = BASE_FAULT_QUOTA;
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        code = BASE_FAULT_DENIED;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* rows that contradict each other */
        code = BASE_FAULT_CORRUPT;
        break;
    default:
        break;
    }
    return base_fault_make(pool, code, "search index: %s: %s", what,
                           index->db ? sqlite3_errmsg(index->db) : sqlite3_errstr(result));
}

/* -- statements ------------------------------------------------------------------------------ */

static base_fault_t *store_bind_list(search_index_t *index, search_sql_t which,
                                     sqlite3_stmt **statement, apr_pool_t *pool, const char *types,
                                     va_list values)
{
    int result = SQLITE_OK, i;

    if (!index->statements[which])
        result = sqlite3_prepare_v3(index->db, store_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &index->statements[which], NULL);
    if (result == SQLITE_ERROR) /* a table is not there: no statement of ours is wrong */
        result = SQLITE_CORRUPT;
    if (result != SQLITE_OK)
        return search_store_fault(index, result, store_texts[which], pool);
    *statement = index->statements[which];
    sqlite3_reset(*statement);
    for (i = 0; types[i] && result == SQLITE_OK; i++) {
        if (types[i] == 'i')
            result = sqlite3_bind_int64(*statement, i + 1, va_arg(values, apr_int64_t));
        else /* NULL binds NULL */
            result = sqlite3_bind_text(*statement, i + 1, va_arg(values, const char *), -1,
                                       SQLITE_STATIC);
    }
    return result == SQLITE_OK ? NULL : search_store_fault(index, result, store_texts[which], pool);
}

base_fault_t *search_store_bind(search_index_t *index, search_sql_t which, sqlite3_stmt **statement,
                                apr_pool_t *pool, const char *types, ...)
{
    base_fault_t *fault;
    va_list values;

    va_start(values, types);
    fault = store_bind_list(index, which, statement, pool, types, values);
    va_end(values);
    return fault;
}

base_fault_t *search_store_step(search_index_t *index, sqlite3_stmt *statement, int *row,
                                apr_pool_t *pool)
{
    int result = sqlite3_step(statement);
    base_fault_t *fault = NULL;

    *row = result == SQLITE_ROW;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        fault = search_store_fault(index, result, sqlite3_sql(statement), pool);
    if (result != SQLITE_ROW)
        sqlite3_reset(statement);
    return fault;
}

base_fault_t *search_store_run(search_index_t *index, search_sql_t which, apr_pool_t *pool,
                               const char *types, ...)
{
    sqlite3_stmt *statement;
    base_fault_t *fault;
    va_list values;
    int row;

    va_start(values, types);
    fault = store_bind_list(index, which, &statement, pool, types, values);
    va_end(values);
    return fault ? fault : search_store_step(index, statement, &row, pool);
}

base_fault_t *search_store_integer(search_index_t *index, search_sql_t which, apr_int64_t *value,
                                   int *found, apr_pool_t *pool, const char *types, ...)
{
    sqlite3_stmt *statement;
    base_fault_t *fault;
    va_list values;

    va_start(values, types);
    fault = store_bind_list(index, which, &statement, pool, types, values);
    va_end(values);
    if (!fault)
        fault = search_store_step(index, statement, found, pool);
    if (fault || !*found)
        return fault;
    *value = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return NULL;
}

base_fault_t *search_store_end(search_index_t *index, base_fault_t *fault, apr_pool_t *pool)
{
    if (!fault)
        fault = search_store_run(index, SEARCH_SQL_COMMIT, pool, "");
    if (fault && !sqlite3_get_autocommit(index->db))
        (void)search_store_run(index, SEARCH_SQL_ROLLBACK, pool, "");
    return fault;
}

/* -- opening --------------------------------------------------------------------------------- */

static base_fault_t *store_exec(search_index_t *index, const char *sql, apr_pool_t *pool)
{
    int result = sqlite3_exec(index->db, sql, NULL, NULL, NULL);

    return result == SQLITE_OK ? NULL : search_store_fault(index, result, "setting up", pool);
}

static base_fault_t *store_version(search_index_t *index, int *version, apr_pool_t *pool)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(index->db, "PRAGMA user_version", -1, &statement, NULL);

    if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        *version = sqlite3_column_int(statement, 0);
        result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return result == SQLITE_OK ? NULL : search_store_fault(index, result, "opening", pool);
}

static base_fault_t *store_set_up(search_index_t *index, apr_pool_t *pool)
{
    base_fault_t *fault = NULL;
    int version = 0;

    sqlite3_busy_timeout(index->db, STORE_BUSY_MS);
    /* what a power cut may take was read from the mailbox and will be again */
    BASE_TRY(store_exec(index,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                        "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;"
                        "PRAGMA journal_size_limit = 4194304",
                        pool));
    BASE_TRY(store_version(index, &version, pool));
    if (version == STORE_SCHEMA_VERSION)
        return NULL;
    if (version > 0)
        return base_fault_make(pool, BASE_FAULT_CORRUPT, "search index: of another version");
    BASE_TRY(store_exec(index, "BEGIN IMMEDIATE", pool));
    fault = store_version(index, &version, pool); /* another process may have made it meanwhile */
    if (!fault && version == 0)
        fault = store_exec(index, store_schema, pool);
    return search_store_end(index, fault, pool);
}

static apr_status_t store_close(void *data)
{
    search_index_t *index = data;
    int i;

    for (i = 0; i < SEARCH_SQL_COUNT_; i++)
        sqlite3_finalize(index->statements[i]);
    sqlite3_close(index->db);
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
    int result, file;

    /* A new file is for us only, as SQLite will make those beside it. An old one must not be opened
     * here: closing it would give back locks that SQLite holds on it elsewhere in this process. */
    file = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (file >= 0)
        close(file);
    result =
        sqlite3_open_v2(path ? path : ":memory:", &made->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    apr_pool_cleanup_register(pool, made, store_close, apr_pool_cleanup_null);
    if (result != SQLITE_OK)
        return search_store_fault(made, result, path ? path : "memory", pool);
    sqlite3_extended_result_codes(made->db, 1);
    /* it is opened for each search: closing must not wait for the disk */
    sqlite3_db_config(made->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_progress_handler(made->db, STORE_PROGRESS_STEPS, store_progress, made);
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
