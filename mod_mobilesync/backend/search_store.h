/* Inside of the search index: the SQLite file (search_store.c) and queries as SQL (search_query.c)
 * for search_index.c. */
#ifndef BACKEND_SEARCH_STORE_H
#define BACKEND_SEARCH_STORE_H

#include <sqlite3.h>

#include "backend/search_index.h"
#include "base/text.h"

typedef enum {
#define STATEMENT(name, sql) SEARCH_SQL_##name,
#include "backend/search_sql.tbl"
#undef STATEMENT
    SEARCH_SQL_COUNT_
} search_sql_t;

struct search_index {
    sqlite3 *db;
    sqlite3_stmt *statements[SEARCH_SQL_COUNT_];
    apr_time_t until; /* queries are interrupted then; 0: never */
};

/* BUSY: another process writes. TIMEOUT: interrupted. CORRUPT: to be removed. */
base_fault_t *search_store_fault(search_index_t *index, int result, const char *what,
                                 apr_pool_t *pool);

/* Prepares and binds: types has a letter per parameter, i = apr_int64_t, t = const char * (which
 * must live until the statement is reset). */
base_fault_t *search_store_bind(search_index_t *index, search_sql_t which, sqlite3_stmt **statement,
                                apr_pool_t *pool, const char *types, ...);
/* *row = 1 when there is a row; at the end the statement is reset. */
base_fault_t *search_store_step(search_index_t *index, sqlite3_stmt *statement, int *row,
                                apr_pool_t *pool);
/* Runs a statement that gives no rows; the number of rows that it changed is sqlite3_changes(). */
base_fault_t *search_store_run(search_index_t *index, search_sql_t which, apr_pool_t *pool,
                               const char *types, ...);
/* The first column of the first row; *found = 0 when there is none. */
base_fault_t *search_store_integer(search_index_t *index, search_sql_t which, apr_int64_t *value,
                                   int *found, apr_pool_t *pool, const char *types, ...);
/* Commits when fault is NULL, else rolls back and returns it. */
base_fault_t *search_store_end(search_index_t *index, base_fault_t *fault, apr_pool_t *pool);

/* -- queries -- */

/* A condition on a row of doc, with its parameters. */
typedef struct {
    base_text_buffer_t sql;
    apr_array_header_t *values; /* search_value_t */
} search_condition_t;

typedef struct {
    const char *text; /* NULL: number */
    apr_int64_t number;
} search_value_t;

void search_condition_make(const backend_query_t *query, search_condition_t *condition,
                           apr_pool_t *pool);
int search_condition_bind(const search_condition_t *condition, sqlite3_stmt *statement, int first);

/* The text as it is indexed and searched: characters of scripts without spaces between words stand
 * alone. The text itself where there are none. "" for NULL. */
const char *search_words(const char *text, apr_pool_t *pool);

#endif
