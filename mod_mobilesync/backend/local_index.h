/* The local store's index: SQLite handles and statements.
 *
 * A handle is used by one session at a time (so SQLite needs no locks of its own); idle ones wait
 * in a per-child cache, bounded, least recently used first out. Handles are made in the child
 * that uses them and never cross a fork. */
#ifndef BACKEND_LOCAL_INDEX_H
#define BACKEND_LOCAL_INDEX_H

#include "backend/local.h"
#include "backend/sql.h"

#define LOCAL_INDEX_FILE "index.sqlite"

typedef enum {
#define STATEMENT(name, sql) LOCAL_SQL_##name,
#include "backend/local_sql.tbl"
#undef STATEMENT
    LOCAL_SQL_COUNT_
} local_sql_t;

/* Closes its handles with the pool. */
base_fault_t *local_cache_make(local_cache_t **cache, int handles, const base_log_t *log,
                               apr_pool_t *pool);

/* A handle of that index directory (made where missing), given back when the pool is destroyed.
 * An index that is not a sound one is put aside, with a warning, and a new one made. */
base_fault_t *local_index_acquire(local_cache_t *cache, const char *directory,
                                  local_index_t **index, apr_pool_t *pool);

/* Its statements: see backend/sql.h. */
backend_sql_t *local_sql(local_index_t *index);
#define local_sql_bind(index, ...) backend_sql_bind(local_sql(index), __VA_ARGS__)
#define local_sql_step(index, ...) backend_sql_step(local_sql(index), __VA_ARGS__)
#define local_sql_run(index, ...) backend_sql_run(local_sql(index), __VA_ARGS__)
/* The first column of the first row, 0 when there is none. */
#define local_sql_integer(index, which, value, ...) \
    backend_sql_integer(local_sql(index), which, value, NULL, __VA_ARGS__)

/* A write transaction: what is between sees and excludes all other processes. End it with the
 * fault of what was done: NULL commits, any other rolls back and is returned. */
base_fault_t *local_begin(local_index_t *index, apr_pool_t *pool);
base_fault_t *local_begin_read(local_index_t *index, apr_pool_t *pool);
base_fault_t *local_end(local_index_t *index, base_fault_t *fault, apr_pool_t *pool);

apr_int64_t local_index_last_row(local_index_t *index);

#endif
