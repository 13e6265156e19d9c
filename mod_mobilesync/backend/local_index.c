#include "backend/local_index.h"

#include "backend/local_cache.h"

static const char *const sql_texts[] = {
#define STATEMENT(name, sql) [LOCAL_SQL_##name] = sql,
#include "backend/local_sql.tbl"
#undef STATEMENT
};

static base_fault_t *index_fault(void *owner, int result, const char *what, apr_pool_t *pool)
{
    local_index_t *index = owner;
    base_fault_code_t code = backend_sql_code(result);
    base_fault_t *fault;

    if (code == BASE_FAULT_BUSY)
        code = BASE_FAULT_UNAVAILABLE;
    if (code == BASE_FAULT_CORRUPT)
        index->damaged = 1;
    fault = backend_sql_fault_make(&index->sql, code, result, "index", what, pool);
    if (code == BASE_FAULT_UNAVAILABLE)
        fault->retry_after = 5;
    return fault;
}

void local_index_init(local_index_t *index)
{
    index->sql = (backend_sql_t){.texts = sql_texts,
                                 .statements = index->statements,
                                 .count = LOCAL_SQL_COUNT_,
                                 .fault = index_fault,
                                 .owner = index};
}

backend_sql_t *local_sql(local_index_t *index)
{
    return &index->sql;
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
    return backend_sql_end(&index->sql, fault, LOCAL_SQL_COMMIT, LOCAL_SQL_ROLLBACK, pool);
}

apr_int64_t local_index_last_row(local_index_t *index)
{
    return sqlite3_last_insert_rowid(index->sql.db);
}
