#include "backend/local_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "backend/local_fs.h"
#include "backend/local_look.h"
#include "backend/local_mark.h"
#include "backend/local_vdir.h"

/* How many stamps and tombstones of a folder are kept, at least. */
#define FOLDER_HISTORY 4096
#define FOLDER_TOMBSTONES 65536

static const char *folder_column_text(sqlite3_stmt *statement, int column, apr_pool_t *pool)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return apr_pstrdup(pool, text ? text : "");
}

static void folder_from_row(sqlite3_stmt *row, local_folder_t *folder, apr_pool_t *pool)
{
    int i = 0;

    memset(folder, 0, sizeof *folder);
    folder->number = sqlite3_column_int64(row, i++);
    folder->id = folder_column_text(row, i++, pool);
    folder->directory = folder_column_text(row, i++, pool);
    folder->device = sqlite3_column_int64(row, i++);
    folder->inode = sqlite3_column_int64(row, i++);
    folder->marked = sqlite3_column_int(row, i++);
    folder->generation = (apr_uint32_t)sqlite3_column_int64(row, i++);
    folder->next_uid = sqlite3_column_int64(row, i++);
    folder->modseq = sqlite3_column_int64(row, i++);
    folder->stamp = sqlite3_column_int64(row, i++);
    folder->forgotten = sqlite3_column_int64(row, i++);
    folder->floor = sqlite3_column_int64(row, i++);
    folder->cur_mtime = sqlite3_column_int64(row, i++);
    folder->new_mtime = sqlite3_column_int64(row, i++);
    folder->seen = sqlite3_column_int64(row, i++);
    folder->trusted = sqlite3_column_int(row, i++);
    folder->suspects = sqlite3_column_int(row, i++);
    folder->missed = sqlite3_column_int64(row, i++);
    folder->scanned = sqlite3_column_int64(row, i++);
    folder->named = sqlite3_column_int64(row, i++);
    folder->naming = folder_column_text(row, i++, pool);
    folder->class_ = sqlite3_column_int(row, i++);
    folder->guessed = sqlite3_column_int(row, i++);
    folder->chosen = sqlite3_column_int(row, i++);
    folder->parent = folder_column_text(row, i++, pool);
    folder->swept = sqlite3_column_int64(row, i++);
    folder->described = folder_column_text(row, i++, pool);
}

base_fault_t *local_folder_load(local_session_t *session, const char *id, local_folder_t *folder,
                                apr_pool_t *pool)
{
    sqlite3_stmt *statement;
    int row;

    BASE_TRY(local_sql_bind(session->index, LOCAL_SQL_FOLDER_BY_ID, &statement, pool, "t", id));
    BASE_TRY(local_sql_step(session->index, statement, &row, pool));
    if (!row)
        return base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "there is no such folder");
    folder_from_row(statement, folder, pool);
    sqlite3_reset(statement);
    if (folder->class_ != BACKEND_CLASS_EMAIL && session->vdir < 0)
        return base_fault_make(pool, BASE_FAULT_FOLDER_GONE, "there are no collections any more");
    return NULL;
}

base_fault_t *local_folder_all(local_session_t *session, int collections,
                               apr_array_header_t **folders, apr_pool_t *pool)
{
    sqlite3_stmt *statement;
    int row;

    *folders = apr_array_make(pool, 16, sizeof(local_folder_t));
    BASE_TRY(local_sql_bind(session->index,
                            collections ? LOCAL_SQL_VDIR_LIST : LOCAL_SQL_FOLDER_LIST, &statement,
                            pool, ""));
    for (;;) {
        BASE_TRY(local_sql_step(session->index, statement, &row, pool));
        if (!row)
            return NULL;
        folder_from_row(statement, apr_array_push(*folders), pool);
    }
}

/* -- writing rows --------------------------------------------------------------------------- */

apr_uint32_t local_folder_generation(apr_uint32_t above)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());

    return now > above ? now : above + 1;
}

/* Writes the id file; a store that cannot be written to does without. */
static int folder_mark(local_session_t *session, const char *directory, const char *id,
                       apr_uint32_t generation, struct stat *info)
{
    int descriptor = local_directory_open(session->maildir, *directory ? directory : ".");
    int marked = descriptor >= 0 && local_id_write(descriptor, id, generation) == 0;

    memset(info, 0, sizeof *info);
    if (descriptor >= 0) {
        fstat(descriptor, info);
        close(descriptor);
    }
    return marked;
}

base_fault_t *local_folder_add(local_session_t *session, const char *directory, const char *id,
                               apr_uint32_t generation, local_folder_t *folder, apr_pool_t *pool)
{
    struct stat info;
    int marked;

    if (!id)
        id = local_id_make(pool);
    if (!generation)
        generation = local_folder_generation(0);
    marked = folder_mark(session, directory, id, generation, &info);
    memset(folder, 0, sizeof *folder);
    folder->id = id;
    folder->directory = directory;
    folder->device = (apr_int64_t)info.st_dev;
    folder->inode = (apr_int64_t)info.st_ino;
    folder->marked = marked;
    folder->generation = generation;
    folder->next_uid = 1;
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_FOLDER_INSERT, pool, "ttiiii", id, directory,
                           folder->device, folder->inode, (apr_int64_t)marked,
                           (apr_int64_t)generation));
    folder->number = local_index_last_row(session->index);
    return NULL;
}

base_fault_t *local_folder_place(local_session_t *session, const local_folder_t *folder,
                                 const char *directory, apr_pool_t *pool)
{
    return local_sql_run(session->index, LOCAL_SQL_FOLDER_PLACE, pool, "tiiii", directory,
                         folder->device, folder->inode, (apr_int64_t)folder->marked,
                         folder->number);
}

base_fault_t *local_folder_drop(local_session_t *session, apr_int64_t number, apr_pool_t *pool)
{
    static const local_sql_t statements[] = {
        LOCAL_SQL_FOLDER_DELETE_ITEMS, LOCAL_SQL_FOLDER_DELETE_GONE,
        LOCAL_SQL_FOLDER_DELETE_HISTORY, LOCAL_SQL_FOLDER_DELETE_ALIENS, LOCAL_SQL_FOLDER_DELETE};
    size_t i;

    for (i = 0; i < sizeof statements / sizeof *statements; i++)
        BASE_TRY(local_sql_run(session->index, statements[i], pool, "i", number));
    return NULL;
}

base_fault_t *local_folder_renew(local_session_t *session, local_folder_t *folder,
                                 apr_uint32_t above, apr_pool_t *pool)
{
    struct stat info;

    folder->generation =
        local_folder_generation(above > folder->generation ? above : folder->generation);
    folder->forgotten = folder->floor = folder->modseq;
    if (folder->class_ == BACKEND_CLASS_EMAIL)
        folder_mark(session, folder->directory, folder->id, folder->generation, &info);
    else
        local_mark_set(session, folder, pool);
    base_log_write(session->instance->log, BASE_LOG_WARNING,
                   "local backend: account %s: the index knows less of folder '%s' than was told "
                   "before (restored from a backup?); devices resynchronise it",
                   session->account, folder->directory);
    BASE_TRY(
        local_sql_run(session->index, LOCAL_SQL_FOLDER_DELETE_GONE, pool, "i", folder->number));
    return local_sql_run(session->index, LOCAL_SQL_FOLDER_RENEW, pool, "ii",
                         (apr_int64_t)folder->generation, folder->number);
}

apr_int64_t local_folder_step(local_folder_t *folder)
{
    folder->changed = 1;
    return ++folder->modseq;
}

/* Keeps the tables from growing for ever; not each time. */
static base_fault_t *folder_prune(local_session_t *session, local_folder_t *folder,
                                  apr_pool_t *pool)
{
    apr_int64_t limit;

    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_HISTORY_LIMIT, &limit, pool, "ii",
                               folder->number, (apr_int64_t)FOLDER_HISTORY));
    if (limit) {
        BASE_TRY(local_sql_run(session->index, LOCAL_SQL_HISTORY_PRUNE, pool, "ii", folder->number,
                               limit));
        BASE_TRY(local_sql_run(session->index, LOCAL_SQL_FOLDER_FLOOR, pool, "ii", limit,
                               folder->number));
    }
    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_GONE_LIMIT, &limit, pool, "ii",
                               folder->number, (apr_int64_t)FOLDER_TOMBSTONES));
    if (!limit)
        return NULL;
    BASE_TRY(
        local_sql_run(session->index, LOCAL_SQL_GONE_PRUNE, pool, "ii", folder->number, limit));
    return local_sql_run(session->index, LOCAL_SQL_FOLDER_FORGET, pool, "ii", limit,
                         folder->number);
}

base_fault_t *local_folder_store(local_session_t *session, local_folder_t *folder, apr_pool_t *pool)
{
    apr_uint32_t stamp;

    if (!folder->changed)
        return NULL;
    apr_generate_random_bytes((unsigned char *)&stamp, sizeof stamp);
    folder->stamp = stamp;
    folder->changed = 0;
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_FOLDER_COUNTERS, pool, "iiii",
                           folder->next_uid, folder->modseq, folder->stamp, folder->number));
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_HISTORY_INSERT, pool, "iii", folder->number,
                           folder->modseq, folder->stamp));
    return stamp % 256 == 0 ? folder_prune(session, folder, pool) : NULL;
}

int local_quiet(apr_int64_t mtime, apr_time_t seen, apr_time_t scan_start)
{
    /* seen helps where the file server's clock is ahead of ours */
    return scan_start - mtime / 1000 >= LOCAL_QUIET_USEC ||
           (seen && scan_start - seen >= LOCAL_QUIET_USEC);
}

/* -- reconciling ---------------------------------------------------------------------------- */

typedef struct {
    const char *directory;
    apr_int64_t device, inode;
    char id[33]; /* "" when there is no id file, or it is a copy's */
    apr_uint32_t generation;
    local_folder_t *row;
} folder_seen_t;

/* Fills in what is at the directory; 0 when it is no Maildir. */
static int folder_see(int maildir, const char *directory, folder_seen_t *seen)
{
    int descriptor = local_directory_open(maildir, *directory ? directory : ".");
    struct stat info, cur;
    int found = 0;

    memset(seen, 0, sizeof *seen);
    if (descriptor >= 0) {
        found = fstat(descriptor, &info) == 0 &&
                fstatat(descriptor, "cur", &cur, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(cur.st_mode);
        if (!local_id_read(descriptor, seen->id, &seen->generation))
            seen->id[0] = '\0';
        close(descriptor);
    }
    else if (errno != ENOENT && fstatat(maildir, directory, &info, AT_SYMLINK_NOFOLLOW) == 0)
        found = S_ISDIR(info.st_mode); /* it is there, though we cannot look into it */
    if (found) {
        seen->device = (apr_int64_t)info.st_dev;
        seen->inode = (apr_int64_t)info.st_ino;
    }
    return found;
}

static base_fault_t *folder_scan(local_session_t *session, apr_array_header_t **seen,
                                 apr_pool_t *pool)
{
    DIR *stream = local_directory_stream(session->maildir, ".", pool);
    apr_time_t now = apr_time_now();
    struct dirent *entry;
    folder_seen_t found;

    *seen = apr_array_make(pool, 16, sizeof(folder_seen_t));
    if (!stream)
        return local_fault(errno, pool, "reading the Maildir");
    if (folder_see(session->maildir, "", &found)) {
        found.directory = "";
        APR_ARRAY_PUSH(*seen, folder_seen_t) = found;
    }
    while ((entry = readdir(stream))) {
        const char *name = entry->d_name;

        if (strncmp(name, LOCAL_DELETED_PREFIX, strlen(LOCAL_DELETED_PREFIX)) == 0)
            local_tree_remove(session->maildir, name); /* what a crash left */
        local_file_tidy(session->maildir, name, now);
        if (name[0] != '.' || !name[1] || strcmp(name, "..") == 0 ||
            (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
            !folder_see(session->maildir, name, &found))
            continue;
        found.directory = apr_pstrdup(pool, name);
        APR_ARRAY_PUSH(*seen, folder_seen_t) = found;
    }
    return NULL;
}

/* How sure it is that the row stands for what was seen, which has its id (or none). */
static int folder_likeness(const folder_seen_t *seen, const local_folder_t *row)
{
    int inode = seen->inode == row->inode && seen->device == row->device;
    int name = strcmp(seen->directory, row->directory) == 0;

    if (seen->id[0])
        return strcmp(seen->id, row->id) == 0 ? 4 + 2 * inode + name : 0;
    if (name && !*row->directory)
        return 3; /* the Inbox is where it is */
    if (inode && (name || !row->marked))
        return 2;
    return name && !row->marked;
}

/* Gives every directory its row: an id file decides, among copies of one the same inode, then
 * the same name. */
static void folder_match(apr_array_header_t *seen, apr_array_header_t *rows)
{
    int i, k;

    for (k = 0; k < rows->nelts; k++) {
        local_folder_t *row = &APR_ARRAY_IDX(rows, k, local_folder_t);
        folder_seen_t *best = NULL;
        int likeness = 0;

        for (i = 0; i < seen->nelts; i++) {
            folder_seen_t *candidate = &APR_ARRAY_IDX(seen, i, folder_seen_t);
            int like = candidate->row ? 0 : folder_likeness(candidate, row);

            if (like > likeness) {
                best = candidate;
                likeness = like;
            }
        }
        if (best)
            best->row = row;
    }
    for (i = 0; i < seen->nelts; i++) /* copies get an id of their own */
        for (k = 0; k < seen->nelts; k++) {
            folder_seen_t *one = &APR_ARRAY_IDX(seen, i, folder_seen_t);
            folder_seen_t *other = &APR_ARRAY_IDX(seen, k, folder_seen_t);

            if (i != k && !other->row && other->id[0] && strcmp(one->id, other->id) == 0 &&
                (one->row || i < k))
                other->id[0] = '\0';
        }
}

static base_fault_t *folder_apply_seen(local_session_t *session, folder_seen_t *seen,
                                       apr_pool_t *pool)
{
    local_folder_t *row = seen->row, added;
    struct stat info;

    if (!row) /* an id that the index does not know: it was lost */
        return local_folder_add(session, seen->directory, seen->id[0] ? seen->id : NULL,
                                seen->id[0] ? local_folder_generation(seen->generation) : 0, &added,
                                pool);
    if (seen->id[0] && seen->generation > row->generation)
        BASE_TRY(local_folder_renew(session, row, seen->generation, pool));
    else if (!seen->id[0] || seen->generation != row->generation)
        seen->generation = folder_mark(session, seen->directory, row->id, row->generation, &info)
                               ? row->generation
                               : 0;
    if (strcmp(row->directory, seen->directory) == 0 && row->device == seen->device &&
        row->inode == seen->inode && row->marked == (seen->generation != 0) && !row->missed)
        return NULL;
    row->device = seen->device;
    row->inode = seen->inode;
    row->marked = seen->generation != 0;
    return local_folder_place(session, row, seen->directory, pool);
}

/* Is what the row stands for there, though the scan did not see it? */
static int folder_is_there(const local_session_t *session, const local_folder_t *row)
{
    folder_seen_t seen;

    if (!folder_see(session->maildir, row->directory, &seen))
        return 0;
    seen.directory = row->directory;
    return folder_likeness(&seen, row) > 0;
}

static base_fault_t *folder_apply(local_session_t *session, apr_array_header_t *seen,
                                  local_look_scan_t *scan, apr_pool_t *pool)
{
    apr_array_header_t *rows;
    int i, k;

    BASE_TRY(local_folder_all(session, 0, &rows, pool));
    folder_match(seen, rows);
    for (i = 0; i < seen->nelts; i++)
        BASE_TRY(folder_apply_seen(session, &APR_ARRAY_IDX(seen, i, folder_seen_t), pool));
    for (k = 0; k < rows->nelts; k++) {
        const local_folder_t *row = &APR_ARRAY_IDX(rows, k, local_folder_t);

        for (i = 0; i < seen->nelts; i++)
            if (APR_ARRAY_IDX(seen, i, folder_seen_t).row == row)
                break;
        if (i == seen->nelts)
            BASE_TRY(local_look_missed(session, row, folder_is_there(session, row), scan, pool));
    }
    return NULL;
}

base_fault_t *local_folders_look(local_session_t *session, apr_pool_t *pool)
{
    const local_looked_t looked = {.what = "the Maildir",
                                   .directory = session->maildir,
                                   .get = LOCAL_SQL_MAILBOX_GET,
                                   .set = LOCAL_SQL_MAILBOX_SET,
                                   .read = folder_scan,
                                   .apply = folder_apply};

    BASE_TRY(local_look_at(session, &looked, pool));
    session->listed = 1;
    return session->vdir < 0 ? NULL : local_vdir_look(session, pool);
}
