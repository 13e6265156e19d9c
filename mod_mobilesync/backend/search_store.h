/* Inside of the search index: the SQLite file (search_store.c) and queries as SQL (search_query.c)
 * for search_index.c. */
#ifndef BACKEND_SEARCH_STORE_H
#define BACKEND_SEARCH_STORE_H

#include "backend/search_index.h"
#include "backend/sql.h"
#include "base/text.h"

typedef enum {
#define STATEMENT(name, sql) SEARCH_SQL_##name,
#include "backend/search_sql.tbl"
#undef STATEMENT
    SEARCH_SQL_COUNT_
} search_sql_t;

struct search_index {
    backend_sql_t sql;
    sqlite3_stmt *statements[SEARCH_SQL_COUNT_];
    apr_time_t until; /* queries are interrupted then; 0: never */
};

/* Its statements: see backend/sql.h. Faults: BUSY, another process writes; TIMEOUT, interrupted;
 * CORRUPT, to be removed. */
#define search_store_bind(index, ...) backend_sql_bind(&(index)->sql, __VA_ARGS__)
#define search_store_step(index, ...) backend_sql_step(&(index)->sql, __VA_ARGS__)
#define search_store_run(index, ...) backend_sql_run(&(index)->sql, __VA_ARGS__)
#define search_store_integer(index, ...) backend_sql_integer(&(index)->sql, __VA_ARGS__)
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
