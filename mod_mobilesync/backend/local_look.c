#include "backend/local_look.h"

#include <errno.h>
#include <string.h>

#include "backend/local_folder.h"
#include "backend/local_fs.h"

/* What the index knows of the directory. */
typedef struct {
    apr_int64_t mtime;
    apr_int64_t seen; /* when that was first seen */
    int trusted;      /* the last scan saw all that it stands for */
} look_state_t;

static base_fault_t *look_state(local_session_t *session, const local_looked_t *looked,
                                look_state_t *state, apr_pool_t *pool)
{
    sqlite3_stmt *statement;
    int row;

    memset(state, 0, sizeof *state);
    BASE_TRY(local_sql_bind(session->index, looked->get, &statement, pool, ""));
    BASE_TRY(local_sql_step(session->index, statement, &row, pool));
    if (!row)
        return NULL;
    state->mtime = sqlite3_column_int64(statement, 0);
    state->seen = sqlite3_column_int64(statement, 1);
    state->trusted = sqlite3_column_int(statement, 2);
    sqlite3_reset(statement);
    return NULL;
}

static base_fault_t *look_mtime(const local_looked_t *looked, apr_int64_t *mtime, apr_pool_t *pool)
{
    struct stat info;

    if (fstat(looked->directory, &info) != 0)
        return local_fault(errno, pool, "looking at %s", looked->what);
    *mtime = local_mtime(&info);
    return NULL;
}

/* One scan under the write lock. *again: directories were missed by a scan that nothing
 * disturbed, so that a second one can tell at once. */
static base_fault_t *look_reconcile(local_session_t *session, const local_looked_t *looked,
                                    int *again, apr_pool_t *pool)
{
    local_look_scan_t scan = {.start = apr_time_now()};
    apr_int64_t mtime, after;
    apr_array_header_t *seen;
    look_state_t state;

    BASE_TRY(look_state(session, looked, &state, pool));
    BASE_TRY(look_mtime(looked, &mtime, pool));
    BASE_TRY(looked->read(session, &seen, pool));
    BASE_TRY(look_mtime(looked, &after, pool));
    if (mtime != state.mtime)
        state.seen = 0;
    scan.quiet = after == mtime && local_quiet(mtime, state.seen, scan.start);
    BASE_TRY(looked->apply(session, seen, &scan, pool));
    *again = scan.quiet && scan.suspects;
    return local_sql_run(session->index, looked->set, pool, "iii", mtime,
                         state.seen ? state.seen : (apr_int64_t)scan.start,
                         (apr_int64_t)(scan.quiet && !scan.suspects));
}

static base_fault_t *look_unchanged(local_session_t *session, const local_looked_t *looked,
                                    int *unchanged, apr_pool_t *pool)
{
    look_state_t state;
    apr_int64_t mtime;

    *unchanged = 0;
    BASE_TRY(look_mtime(looked, &mtime, pool));
    BASE_TRY(look_state(session, looked, &state, pool));
    *unchanged = state.trusted && state.mtime == mtime;
    return NULL;
}

base_fault_t *local_look_at(local_session_t *session, const local_looked_t *looked,
                            apr_pool_t *pool)
{
    base_fault_t *fault;
    apr_pool_t *scratch;
    int unchanged, again = 0;

    BASE_TRY(look_unchanged(session, looked, &unchanged, pool));
    if (unchanged)
        return NULL;
    BASE_TRY(local_begin(session->index, pool));
    fault = look_unchanged(session, looked, &unchanged, pool); /* another process was faster? */
    if (!fault && !unchanged) {
        apr_pool_create(&scratch, pool);
        fault = look_reconcile(session, looked, &again, scratch);
        if (!fault && again) {
            apr_pool_clear(scratch);
            fault = look_reconcile(session, looked, &again, scratch);
        }
        fault = base_fault_wrap(fault, pool, "looking at the folders of %s", looked->what);
        apr_pool_destroy(scratch);
    }
    return local_end(session->index, fault, pool);
}

base_fault_t *local_look_missed(local_session_t *session, const local_folder_t *row, int there,
                                local_look_scan_t *scan, apr_pool_t *pool)
{
    scan->suspects++;
    if (there)
        return NULL; /* look again */
    if (row->missed && (scan->quiet || scan->start - row->missed > LOCAL_MISSED_USEC)) {
        scan->suspects--;
        return local_folder_drop(session, row->number, pool);
    }
    if (row->missed)
        return NULL;
    return local_sql_run(session->index, LOCAL_SQL_FOLDER_MISS, pool, "ii",
                         (apr_int64_t)scan->start, row->number);
}
