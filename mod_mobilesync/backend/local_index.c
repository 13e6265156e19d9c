#include "backend/local_index.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "backend/local_cache.h"

static const char *const sql_texts[] = {
#define STATEMENT(name, sql) [LOCAL_SQL_##name] = sql,
#include "backend/local_sql.tbl"
#undef STATEMENT
};

base_fault_t *local_index_fault(local_index_t *index, int result, const char *what,
                                apr_pool_t *pool)
{
    base_fault_code_t code = BASE_FAULT_INTERNAL;
    base_fault_t *fault;

    if (result == SQLITE_IOERR_SHORT_READ || result == SQLITE_IOERR_CORRUPTFS)
        result = SQLITE_CORRUPT; /* a file was cut or taken away: that does not pass by itself */
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
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
        index->damaged = 1;
        break;
    default:
        break;
    }
    fault = base_fault_make(pool, code, "index: %s: %s", what,
                            index->db ? sqlite3_errmsg(index->db) : sqlite3_errstr(result));
    if (code == BASE_FAULT_UNAVAILABLE)
        fault->retry_after = 5;
    return fault;
}

static base_fault_t *sql_bind_list(local_index_t *index, local_sql_t which,
                                   sqlite3_stmt **statement, apr_pool_t *pool, const char *types,
                                   va_list values)
{
    int result = SQLITE_OK, i;

    if (!index->statements[which])
        result = sqlite3_prepare_v3(index->db, sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &index->statements[which], NULL);
    if (result == SQLITE_ERROR) /* a table is not there: no statement of ours is wrong */
        result = SQLITE_CORRUPT;
    if (result != SQLITE_OK)
        return local_index_fault(index, result, sql_texts[which], pool);
    *statement = index->statements[which];
    sqlite3_reset(*statement);
    for (i = 0; types[i] && result == SQLITE_OK; i++) {
        if (types[i] == 'i')
            result = sqlite3_bind_int64(*statement, i + 1, va_arg(values, apr_int64_t));
        else /* NULL binds NULL; copied, since the statement outlives the caller's pool */
            result = sqlite3_bind_text(*statement, i + 1, va_arg(values, const char *), -1,
                                       SQLITE_TRANSIENT);
    }
    if (result != SQLITE_OK)
        return local_index_fault(index, result, sql_texts[which], pool);
    return NULL;
}

base_fault_t *local_sql_bind(local_index_t *index, local_sql_t which, sqlite3_stmt **statement,
                             apr_pool_t *pool, const char *types, ...)
{
    base_fault_t *fault;
    va_list values;

    va_start(values, types);
    fault = sql_bind_list(index, which, statement, pool, types, values);
    va_end(values);
    return fault;
}

base_fault_t *local_sql_step(local_index_t *index, sqlite3_stmt *statement, int *row,
                             apr_pool_t *pool)
{
    int result = sqlite3_step(statement);
    base_fault_t *fault = NULL;

    *row = result == SQLITE_ROW;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        fault = local_index_fault(index, result, sqlite3_sql(statement), pool);
    if (result != SQLITE_ROW)
        sqlite3_reset(statement);
    return fault;
}

base_fault_t *local_sql_run(local_index_t *index, local_sql_t which, apr_pool_t *pool,
                            const char *types, ...)
{
    sqlite3_stmt *statement;
    base_fault_t *fault;
    va_list values;
    int row;

    va_start(values, types);
    fault = sql_bind_list(index, which, &statement, pool, types, values);
    va_end(values);
    if (!fault)
        fault = local_sql_step(index, statement, &row, pool);
    return fault;
}

base_fault_t *local_sql_integer(local_index_t *index, local_sql_t which, apr_int64_t *value,
                                apr_pool_t *pool, const char *types, ...)
{
    sqlite3_stmt *statement;
    base_fault_t *fault;
    va_list values;
    int row = 0;

    *value = 0;
    va_start(values, types);
    fault = sql_bind_list(index, which, &statement, pool, types, values);
    va_end(values);
    if (!fault)
        fault = local_sql_step(index, statement, &row, pool);
    if (!fault && row) {
        *value = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return fault;
}

base_fault_t *local_begin(local_index_t *index, apr_pool_t *pool)
{
    return local_sql_run(index, LOCAL_SQL_BEGIN, pool, "");
}

base_fault_t *local_begin_read(local_index_t *index, apr_pool_t *pool)
{
    return local_sql_run(index, LOCAL_SQL_BEGIN_READ, pool, "");
}

base_fault_t *local_end(local_index_t *index, base_fault_t *fault, apr_pool_t *pool)
{
    if (!fault)
        fault = local_sql_run(index, LOCAL_SQL_COMMIT, pool, "");
    if (fault && !sqlite3_get_autocommit(index->db))
        (void)local_sql_run(index, LOCAL_SQL_ROLLBACK, pool, "");
    return fault;
}

apr_int64_t local_index_last_row(local_index_t *index)
{
    return sqlite3_last_insert_rowid(index->db);
}
