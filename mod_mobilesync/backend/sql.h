/* A SQLite file and its prepared statements: what the local driver's index and the search index
 * share. The statements are rows of a table (STATEMENT(name, SQL)), named by their numbers. */
#ifndef BACKEND_SQL_H
#define BACKEND_SQL_H

#include <apr_pools.h>
#include <sqlite3.h>

#include "base/fault.h"

typedef struct {
    sqlite3 *db;
    const char *const *texts;
    sqlite3_stmt **statements; /* as many; prepared when they are first used */
    int count;
    /* What a result of SQLite means; what: the thing that was tried. */
    base_fault_t *(*fault)(void *owner, int result, const char *what, apr_pool_t *pool);
    void *owner;
} backend_sql_t;

/* BUSY (another has it locked), TIMEOUT (interrupted), UNAVAILABLE (read or write errors), QUOTA,
 * DENIED, CORRUPT; else INTERNAL. */
base_fault_code_t backend_sql_code(int result);
/* With what SQLite says. whose: "index". */
base_fault_t *backend_sql_fault_make(const backend_sql_t *sql, base_fault_code_t code, int result,
                                     const char *whose, const char *what, apr_pool_t *pool);

/* Opens the file, made where it is missing and for this user only; NULL: in memory. For one thread at a
 * time. To be closed also after a fault. */
base_fault_t *backend_sql_open(backend_sql_t *sql, const char *path, apr_pool_t *pool);
void backend_sql_close(backend_sql_t *sql);

/* NULL when the result is SQLITE_OK. */
base_fault_t *backend_sql_fault(backend_sql_t *sql, int result, const char *what, apr_pool_t *pool);

/* Statements that are run once, such as a schema. */
base_fault_t *backend_sql_exec(backend_sql_t *sql, const char *text, apr_pool_t *pool);
/* PRAGMA user_version. */
base_fault_t *backend_sql_version(backend_sql_t *sql, int *version, apr_pool_t *pool);

/* Prepares and binds: types has a letter per parameter, i = apr_int64_t, t = const char *, copied. */
base_fault_t *backend_sql_bind(backend_sql_t *sql, int which, sqlite3_stmt **statement,
                               apr_pool_t *pool, const char *types, ...);
/* *row = 1 when there is a row; at the end the statement is reset. */
base_fault_t *backend_sql_step(backend_sql_t *sql, sqlite3_stmt *statement, int *row,
                               apr_pool_t *pool);
/* Runs a statement that gives no rows; the number of rows that it changed is sqlite3_changes(). */
base_fault_t *backend_sql_run(backend_sql_t *sql, int which, apr_pool_t *pool, const char *types,
                              ...);
/* The first column of the first row. When there is none *found = 0 and *value stays; without found
 * *value = 0. */
base_fault_t *backend_sql_integer(backend_sql_t *sql, int which, apr_int64_t *value, int *found,
                                  apr_pool_t *pool, const char *types, ...);
/* The end of a transaction: commits when fault is NULL, else rolls back and returns it. */
base_fault_t *backend_sql_end(backend_sql_t *sql, base_fault_t *fault, int commit, int rollback,
                              apr_pool_t *pool);

#endif
