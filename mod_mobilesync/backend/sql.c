#include "backend/sql.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

base_fault_t *backend_sql_fault(backend_sql_t *sql, int result, const char *what, apr_pool_t *pool)
{
    return result == SQLITE_OK ? NULL : sql->fault(sql->owner, result, what, pool);
}

base_fault_code_t backend_sql_code(int result)
{
    if (result == SQLITE_IOERR_SHORT_READ || result == SQLITE_IOERR_CORRUPTFS)
        result = SQLITE_CORRUPT; /* a file was cut or taken away: that does not pass by itself */
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return BASE_FAULT_BUSY;
    case SQLITE_INTERRUPT:
        return BASE_FAULT_TIMEOUT;
    case SQLITE_IOERR:
        return BASE_FAULT_UNAVAILABLE;
    case SQLITE_FULL:
        return BASE_FAULT_QUOTA;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return BASE_FAULT_DENIED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* rows that contradict each other */
        return BASE_FAULT_CORRUPT;
    default:
        return BASE_FAULT_INTERNAL;
    }
}

base_fault_t *backend_sql_fault_make(const backend_sql_t *sql, base_fault_code_t code, int result,
                                     const char *whose, const char *what, apr_pool_t *pool)
{
    return base_fault_make(pool, code, "%s: %s: %s", whose, what,
                           sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(result));
}

/* -- files ----------------------------------------------------------------------------------- */

base_fault_t *backend_sql_open(backend_sql_t *sql, const char *path, apr_pool_t *pool)
{
    /* A new file is for us only, as SQLite will make those beside it. An old one must not be opened
     * here: closing it would give back locks that SQLite holds on it elsewhere in this process. */
    int file = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

    if (file >= 0)
        close(file);
    if (!path)
        path = ":memory:";
    BASE_TRY(backend_sql_fault(
        sql,
        sqlite3_open_v2(path, &sql->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL),
        path, pool));
    sqlite3_extended_result_codes(sql->db, 1);
    return NULL;
}

void backend_sql_close(backend_sql_t *sql)
{
    int i;

    for (i = 0; i < sql->count; i++)
        sqlite3_finalize(sql->statements[i]);
    sqlite3_close(sql->db);
}

base_fault_t *backend_sql_exec(backend_sql_t *sql, const char *text, apr_pool_t *pool)
{
    return backend_sql_fault(sql, sqlite3_exec(sql->db, text, NULL, NULL, NULL), "setting up",
                             pool);
}

base_fault_t *backend_sql_version(backend_sql_t *sql, int *version, apr_pool_t *pool)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(sql->db, "PRAGMA user_version", -1, &statement, NULL);

    if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        *version = sqlite3_column_int(statement, 0);
        result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return backend_sql_fault(sql, result, "opening", pool);
}

/* -- statements ------------------------------------------------------------------------------ */

static base_fault_t *sql_bind_list(backend_sql_t *sql, int which, sqlite3_stmt **statement,
                                   apr_pool_t *pool, const char *types, va_list values)
{
    int result = SQLITE_OK, i;

    if (!sql->statements[which])
        result = sqlite3_prepare_v3(sql->db, sql->texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &sql->statements[which], NULL);
    if (result == SQLITE_ERROR) /* a table is not there: no statement of ours is wrong */
        result = SQLITE_CORRUPT;
    BASE_TRY(backend_sql_fault(sql, result, sql->texts[which], pool));
    *statement = sql->statements[which];
    sqlite3_reset(*statement);
    for (i = 0; types[i] && result == SQLITE_OK; i++) {
        if (types[i] == 'i')
            result = sqlite3_bind_int64(*statement, i + 1, va_arg(values, apr_int64_t));
        else /* NULL binds NULL; copied, since the statement outlives the caller's pool */
            result = sqlite3_bind_text(*statement, i + 1, va_arg(values, const char *), -1,
                                       SQLITE_TRANSIENT);
    }
    return backend_sql_fault(sql, result, sql->texts[which], pool);
}

base_fault_t *backend_sql_bind(backend_sql_t *sql, int which, sqlite3_stmt **statement,
                               apr_pool_t *pool, const char *types, ...)
{
    base_fault_t *fault;
    va_list values;

    va_start(values, types);
    fault = sql_bind_list(sql, which, statement, pool, types, values);
    va_end(values);
    return fault;
}

base_fault_t *backend_sql_step(backend_sql_t *sql, sqlite3_stmt *statement, int *row,
                               apr_pool_t *pool)
{
    int result = sqlite3_step(statement);
    base_fault_t *fault = NULL;

    *row = result == SQLITE_ROW;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        fault = backend_sql_fault(sql, result, sqlite3_sql(statement), pool);
    if (result != SQLITE_ROW)
        sqlite3_reset(statement);
    return fault;
}

base_fault_t *backend_sql_run(backend_sql_t *sql, int which, apr_pool_t *pool, const char *types,
                              ...)
{
    sqlite3_stmt *statement;
    base_fault_t *fault;
    va_list values;
    int row;

    va_start(values, types);
    fault = sql_bind_list(sql, which, &statement, pool, types, values);
    va_end(values);
    return fault ? fault : backend_sql_step(sql, statement, &row, pool);
}

base_fault_t *backend_sql_integer(backend_sql_t *sql, int which, apr_int64_t *value, int *found,
                                  apr_pool_t *pool, const char *types, ...)
{
    sqlite3_stmt *statement;
    base_fault_t *fault;
    va_list values;
    int row = 0;

    if (!found)
        *value = 0;
    va_start(values, types);
    fault = sql_bind_list(sql, which, &statement, pool, types, values);
    va_end(values);
    if (!fault)
        fault = backend_sql_step(sql, statement, &row, pool);
    if (!fault && row) {
        *value = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    if (found)
        *found = row;
    return fault;
}

base_fault_t *backend_sql_end(backend_sql_t *sql, base_fault_t *fault, int commit, int rollback,
                              apr_pool_t *pool)
{
    if (!fault)
        fault = backend_sql_run(sql, commit, pool, "");
    if (fault && !sqlite3_get_autocommit(sql->db))
        (void)backend_sql_run(sql, rollback, pool, "");
    return fault;
}
