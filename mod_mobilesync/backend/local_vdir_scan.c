/* Bringing the index up to date with what other programs did to a collection's files. A file that is
 * what it was (ctime, inode, size) is not read; one that is not is described, and found again by its
 * UID, or where it has none by its content, so that it may have another name. */
#include "backend/local_vdir_match.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/local_folder.h"
#include "backend/local_fs.h"
#include "backend/local_item.h"
#include "backend/local_watch.h"

/* -- is a look needed? ---------------------------------------------------------------------- */

int local_vdir_holds(const local_session_t *session, const local_folder_t *folder, apr_time_t began)
{
    apr_time_t now = apr_time_now();
    struct stat info;

    if (strcmp(folder->described, session->instance->describer->version) != 0 ||
        (!folder->trusted && (folder->scanned < began || folder->scanned > now)) ||
        fstatat(session->vdir, folder->directory, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        local_mtime(&info) != folder->cur_mtime)
        return 0;
    /* a file that is rewritten in place does not move its directory's mtime */
    return folder->swept <= now && now - folder->swept < LOCAL_SWEEP_USEC &&
           local_watcher_written(session->instance->watcher, session->account, folder->id) <
               folder->swept;
}

/* -- reading the index ------------------------------------------------------------------------ */

static const char *scan_text(sqlite3_stmt *row, int column, apr_pool_t *pool)
{
    return apr_pstrdup(pool, (const char *)sqlite3_column_text(row, column));
}

static base_fault_t *scan_load_items(vdir_scan_t *scan)
{
    local_index_t *index = scan->session->index;
    sqlite3_stmt *row;
    int more;

    BASE_TRY(
        local_sql_bind(index, LOCAL_SQL_FILE_ALL, &row, scan->pool, "i", scan->folder->number));
    for (;;) {
        vdir_item_t *item;

        BASE_TRY(local_sql_step(index, row, &more, scan->pool));
        if (!more)
            return NULL;
        item = apr_pcalloc(scan->pool, sizeof *item);
        item->uid = sqlite3_column_int64(row, 0);
        item->was.name = scan_text(row, 1, scan->pool);
        item->was.token = (apr_uint64_t)sqlite3_column_int64(row, 2);
        item->was.date = sqlite3_column_int64(row, 3);
        item->missed = sqlite3_column_int64(row, 4);
        item->was.changed = sqlite3_column_int64(row, 5);
        item->was.inode = sqlite3_column_int64(row, 6);
        item->was.size = sqlite3_column_int64(row, 7);
        item->was.identity = scan_text(row, 8, scan->pool);
        APR_ARRAY_PUSH(scan->items, vdir_item_t *) = item;
        apr_hash_set(scan->by_name, item->was.name, APR_HASH_KEY_STRING, item);
        if (!item->was.identity)
            continue;
        item->same = apr_hash_get(scan->by_identity, item->was.identity, APR_HASH_KEY_STRING);
        apr_hash_set(scan->by_identity, item->was.identity, APR_HASH_KEY_STRING, item);
    }
}

static base_fault_t *scan_load_aliens(vdir_scan_t *scan)
{
    local_index_t *index = scan->session->index;
    sqlite3_stmt *row;
    int more;

    BASE_TRY(
        local_sql_bind(index, LOCAL_SQL_ALIEN_ALL, &row, scan->pool, "i", scan->folder->number));
    for (;;) {
        vdir_alien_t *alien;

        BASE_TRY(local_sql_step(index, row, &more, scan->pool));
        if (!more)
            return NULL;
        alien = apr_pcalloc(scan->pool, sizeof *alien);
        alien->class_ = sqlite3_column_int64(row, 1);
        alien->changed = sqlite3_column_int64(row, 2);
        alien->inode = sqlite3_column_int64(row, 3);
        alien->size = sqlite3_column_int64(row, 4);
        apr_hash_set(scan->aliens, scan_text(row, 0, scan->pool), APR_HASH_KEY_STRING, alien);
    }
}

/* -- reading the directory -------------------------------------------------------------------- */

static int scan_etag_same(const local_file_t *file, apr_int64_t changed, apr_int64_t inode,
                          apr_int64_t size)
{
    return file->ctime == changed && file->inode == inode && file->size == size;
}

/* Is the file an alien that did not change? */
static int scan_alien_same(vdir_scan_t *scan, const local_file_t *file)
{
    vdir_alien_t *alien = apr_hash_get(scan->aliens, file->name, APR_HASH_KEY_STRING);

    if (!alien)
        return 0;
    alien->seen = 1;
    if (scan->anew || !scan_etag_same(file, alien->changed, alien->inode, alien->size))
        return 0;
    if (alien->class_ >= 0 && alien->class_ < LOCAL_CLASSES)
        scan->others[alien->class_] = 1;
    return 1;
}

/* What one file cannot be read for; without descriptors or memory none can. */
static int scan_is_outage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* Without the pool of what is read: a card with its photo is large. *skipped: 1 for one that cannot be
 * read at the moment; the next scan tries again. */
static base_fault_t *scan_describe(vdir_scan_t *scan, local_file_t *file, int *skipped,
                                   apr_pool_t *scratch)
{
    base_fault_t *fault;

    *skipped = 0;
    if (local_file_read_item(scan->session, scan->directory, file, &fault, scratch) != 0) {
        int error = errno;

        if (scan_is_outage(error))
            return local_fault(error, scan->pool, "reading %s", file->name);
        if (error == ENOENT) {
            scan->raced = 1;
            file->name = NULL;
            return NULL;
        }
        *skipped = error != EACCES && error != ELOOP;
        if (*skipped)
            base_log_write(scan->session->instance->log, BASE_LOG_ERR,
                           "local backend: account %s: %s/%s cannot be read: %s",
                           scan->session->account, scan->folder->directory, file->name,
                           apr_pstrdup(scratch, strerror(error)));
        if (*skipped)
            return NULL;
        file->known = 0;
    }
    if (fault)
        return base_fault_wrap(fault, scan->pool, "reading %s", file->name);
    file->identity = apr_pstrdup(scan->pool, file->identity);
    return NULL;
}

/* What cannot be understood, and is not being written, is an item all the same: of the folder that had
 * it under that name, or that it should be in. Who asks for it is told what is wrong with it, and
 * nobody is told that it is gone. */
static base_fault_t *scan_adopt_damaged(vdir_scan_t *scan, const vdir_item_t *item,
                                        local_file_t *file)
{
    const vdir_alien_t *alien = apr_hash_get(scan->aliens, file->name, APR_HASH_KEY_STRING);

    if (file->known || file->foreign || !file->changed)
        return NULL;
    if (item || (alien && alien->class_ > BACKEND_CLASS_EMAIL))
        file->class_ = item ? scan->folder->class_ : (backend_class_t)alien->class_;
    BASE_TRY(local_file_place(scan->session, scan->folder->directory, file, scan->pool));
    file->identity = item ? item->was.identity : NULL;
    return NULL;
}

static base_fault_t *scan_sight(vdir_scan_t *scan, const char *name, apr_pool_t *scratch)
{
    local_file_t file = {.name = name};
    vdir_item_t *item = apr_hash_get(scan->by_name, name, APR_HASH_KEY_STRING);
    vdir_file_t *found;
    struct stat info;
    int skipped = 0;

    if (fstatat(scan->directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        scan->raced = 1; /* renamed: the next scan finds it */
        return NULL;
    }
    if (!S_ISREG(info.st_mode))
        return NULL;
    local_file_stat(&file, &info);
    scan->young |= !file.changed; /* it may not stay as it is */
    if (scan_alien_same(scan, &file))
        return NULL;
    found = apr_pcalloc(scan->pool, sizeof *found);
    found->unchanged = !scan->anew && item &&
                       scan_etag_same(&file, item->was.changed, item->was.inode, item->was.size);
    if (!found->unchanged)
        BASE_TRY(scan_describe(scan, &file, &skipped, scratch));
    if (!file.name || (skipped && !item))
        return NULL;
    found->unchanged |= skipped; /* what it was when it could be read */
    if (found->unchanged) {
        found->item = item;
        item->file = found;
    }
    if (!found->unchanged)
        BASE_TRY(scan_adopt_damaged(scan, item, &file));
    found->now = file;
    found->now.name = item ? item->was.name : apr_pstrdup(scan->pool, name);
    APR_ARRAY_PUSH(scan->files, vdir_file_t *) = found;
    return NULL;
}

static base_fault_t *scan_directory(vdir_scan_t *scan)
{
    DIR *stream = local_directory_stream(scan->directory, ".", scan->pool);
    base_fault_t *fault = NULL;
    struct dirent *entry;
    apr_pool_t *scratch;

    if (!stream)
        return local_fault(errno, scan->pool, "reading '%s'", scan->folder->directory);
    apr_pool_create(&scratch, scan->pool);
    while (!fault) {
        apr_pool_clear(scratch);
        errno = 0;
        entry = readdir(stream);
        if (!entry) {
            if (errno)
                fault = local_fault(errno, scan->pool, "reading '%s'", scan->folder->directory);
            break;
        }
        if (local_file_is_item(entry->d_name))
            fault = scan_sight(scan, entry->d_name, scratch);
        else
            local_file_tidy(scan->directory, entry->d_name, scan->start);
    }
    apr_pool_destroy(scratch);
    return fault;
}

/* -- writing ---------------------------------------------------------------------------------- */

static base_fault_t *scan_apply_item(vdir_scan_t *scan, const vdir_file_t *file)
{
    local_item_t item = {
        .uid = file->item->uid, .token = file->item->was.token, .date = file->item->was.date};

    if (file->unchanged && !file->item->missed)
        return NULL;
    if (file->unchanged)
        return local_sql_run(scan->session->index, LOCAL_SQL_ITEM_MISS, scan->pool, "iii",
                             (apr_int64_t)0, scan->folder->number, item.uid);
    return local_vdir_item_set(scan->session, scan->folder, &file->now, &item, scan->pool);
}

/* A file that is no item of the folder: another class's, or nothing that can be understood. */
static base_fault_t *scan_apply_alien(vdir_scan_t *scan, const vdir_file_t *file)
{
    const local_file_t *now = &file->now;
    apr_int64_t class_ = now->known ? (apr_int64_t)now->class_ : -1;

    if (now->known)
        scan->others[now->class_] = 1;
    else if (!now->changed)
        return NULL; /* it may be half written: the next scan tells */
    else
        base_log_write(
            scan->session->instance->log, BASE_LOG_WARNING,
            "local backend: account %s: %s/%s is no item that can be read; phones do not "
            "see it",
            scan->session->account, scan->folder->directory, now->name);
    return local_sql_run(scan->session->index, LOCAL_SQL_ALIEN_SET, scan->pool, "itiiii",
                         scan->folder->number, now->name, class_, now->changed, now->inode,
                         now->size);
}

/* Its file is there and has become something else; while that may be being written, it waits. */
static int scan_turned(const vdir_scan_t *scan, const vdir_item_t *item, int *young)
{
    int i;

    for (i = 0; i < scan->files->nelts; i++) {
        const vdir_file_t *file = APR_ARRAY_IDX(scan->files, i, vdir_file_t *);

        if (file->item || file->now.name != item->was.name)
            continue;
        *young = !file->now.changed && !file->now.known;
        return 1;
    }
    return 0;
}

static base_fault_t *scan_apply_missed(vdir_scan_t *scan, const vdir_item_t *item)
{
    int young = 0, turned = scan_turned(scan, item, &young);
    struct stat info;

    if (turned && !young)
        return local_item_drop(scan->session, scan->folder, item->uid, scan->pool);
    if (!turned && item->missed &&
        (scan->quiet ||
         (scan->start - item->missed > LOCAL_MISSED_USEC &&
          fstatat(scan->directory, item->was.name, &info, AT_SYMLINK_NOFOLLOW) != 0)))
        return local_item_drop(scan->session, scan->folder, item->uid, scan->pool);
    scan->suspects++;
    if (item->missed || turned)
        return NULL;
    return local_sql_run(scan->session->index, LOCAL_SQL_ITEM_MISS, scan->pool, "iii",
                         (apr_int64_t)scan->start, scan->folder->number, item->uid);
}

static int scan_arrival_order(const void *a, const void *b)
{
    const vdir_file_t *one = *(vdir_file_t *const *)a, *other = *(vdir_file_t *const *)b;

    if (one->now.ctime != other->now.ctime)
        return one->now.ctime < other->now.ctime ? -1 : 1;
    return strcmp(one->now.name, other->now.name);
}

static base_fault_t *scan_forget_aliens(vdir_scan_t *scan)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(scan->pool, scan->aliens); at; at = apr_hash_next(at)) {
        const vdir_alien_t *alien = apr_hash_this_val(at);

        if (!alien->seen)
            BASE_TRY(local_sql_run(scan->session->index, LOCAL_SQL_ALIEN_DELETE, scan->pool, "it",
                                   scan->folder->number, (const char *)apr_hash_this_key(at)));
    }
    return NULL;
}

static base_fault_t *scan_apply(vdir_scan_t *scan)
{
    vdir_file_t **files = (vdir_file_t **)scan->files->elts;
    int i, arrivals = 0;

    for (i = 0; i < scan->items->nelts; i++) {
        const vdir_item_t *item = APR_ARRAY_IDX(scan->items, i, vdir_item_t *);

        if (!item->file)
            BASE_TRY(scan_apply_missed(scan, item));
    }
    for (i = 0; i < scan->files->nelts; i++) {
        vdir_file_t *file = files[i];
        vdir_alien_t *alien =
            file->now.name ? apr_hash_get(scan->aliens, file->now.name, APR_HASH_KEY_STRING) : NULL;

        if (!file->now.name)
            continue;
        if (file->item)
            BASE_TRY(scan_apply_item(scan, file));
        else if (!local_vdir_is_ours(scan, file))
            BASE_TRY(scan_apply_alien(scan, file));
        else
            files[arrivals++] = file;
        if (alien && (file->item || local_vdir_is_ours(scan, file)))
            alien->seen = 0; /* it is one no more */
    }
    qsort(files, (size_t)arrivals, sizeof *files, scan_arrival_order);
    for (i = 0; i < arrivals; i++) {
        local_item_t added = {.uid = 0};

        BASE_TRY(
            local_vdir_item_add(scan->session, scan->folder, &files[i]->now, &added, scan->pool));
    }
    BASE_TRY(scan_forget_aliens(scan));
    return local_folder_store(scan->session, scan->folder, scan->pool);
}

/* A collection that has items of other classes is shown as folders of these, too. */
static base_fault_t *scan_add_views(vdir_scan_t *scan)
{
    int class_;

    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++) {
        local_folder_t added = {.class_ = class_, .directory = scan->folder->directory};
        int has;

        if (!scan->others[class_] || class_ == (int)scan->folder->class_)
            continue;
        BASE_TRY(local_vdir_has(scan->session, added.directory, added.class_, &has, scan->pool));
        if (!has)
            BASE_TRY(local_vdir_add(scan->session, &added, scan->pool));
    }
    return NULL;
}

base_fault_t *local_vdir_scan(local_session_t *session, local_folder_t *folder, int *again,
                              apr_pool_t *pool)
{
    vdir_scan_t scan = {.session = session, .folder = folder, .pool = pool};
    const char *version = session->instance->describer->version;
    apr_int64_t mtime;
    struct stat info;

    scan.start = apr_time_now();
    scan.anew = strcmp(folder->described, version) != 0;
    scan.items = apr_array_make(pool, 256, sizeof(vdir_item_t *));
    scan.files = apr_array_make(pool, 256, sizeof(vdir_file_t *));
    scan.by_name = apr_hash_make(pool);
    scan.by_identity = apr_hash_make(pool);
    scan.aliens = apr_hash_make(pool);
    BASE_TRY(local_vdir_open(session, folder, &scan.directory, pool));
    if (fstat(scan.directory, &info) != 0)
        return local_fault(errno, pool, "looking at the collection");
    mtime = local_mtime(&info);
    if (mtime != folder->cur_mtime)
        folder->seen = scan.start;
    BASE_TRY(scan_load_items(&scan));
    BASE_TRY(scan_load_aliens(&scan));
    BASE_TRY(scan_directory(&scan));
    scan.quiet = fstat(scan.directory, &info) == 0 && local_mtime(&info) == mtime &&
                 local_quiet(mtime, folder->seen, scan.start);
    local_vdir_match(&scan);
    BASE_TRY(scan_apply(&scan));
    BASE_TRY(scan_add_views(&scan));
    folder->cur_mtime = mtime;
    folder->suspects = scan.suspects;
    folder->trusted = scan.quiet && !scan.raced && !scan.young && !scan.suspects;
    folder->swept = scan.start;
    folder->described = version;
    *again = scan.quiet && scan.suspects;
    folder->scanned = scan.raced || scan.suspects ? 0 : scan.start;
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_VDIR_SWEPT, pool, "iti", folder->swept,
                           version, folder->number));
    return local_sql_run(session->index, LOCAL_SQL_FOLDER_SCANNED, pool, "iiiiiii", mtime,
                         (apr_int64_t)0, folder->seen, (apr_int64_t)folder->trusted,
                         (apr_int64_t)folder->suspects, folder->scanned, folder->number);
}
