/* Items of collections: rows, reading, moving and removing. Everything that changes happens under the
 * index's write lock; other programs rename and remove at any time, hence the retries. */
#include "backend/local_vdir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/local_folder.h"
#include "backend/local_fs.h"
#include "backend/local_item.h"
#include "backend/properties.h"

static void write_item_from(const local_file_t *file, local_item_t *item)
{
    item->name = file->name;
    item->token = file->token;
    item->date = file->date;
    item->size = file->size;
    item->identity = file->identity;
    item->missed = 0;
}

base_fault_t *local_vdir_item_add(local_session_t *session, local_folder_t *folder,
                                  const local_file_t *file, local_item_t *item, apr_pool_t *pool)
{
    memset(item, 0, sizeof *item);
    write_item_from(file, item);
    item->uid = folder->next_uid++;
    return local_sql_run(session->index, LOCAL_SQL_FILE_INSERT, pool, "iitiiiitiit", folder->number,
                         item->uid, file->name, (apr_int64_t)file->token, (apr_int64_t)file->date,
                         file->size, local_folder_step(folder),
                         local_file_derived(file->name, pool), file->changed, file->inode,
                         file->identity);
}

base_fault_t *local_vdir_item_set(local_session_t *session, local_folder_t *folder,
                                  const local_file_t *file, local_item_t *item, apr_pool_t *pool)
{
    int same = item->token == file->token && item->date == file->date;

    write_item_from(file, item);
    if (same)
        return local_sql_run(session->index, LOCAL_SQL_FILE_PLACE, pool, "tiiitii", file->name,
                             file->size, file->changed, file->inode, file->identity, folder->number,
                             item->uid);
    return local_sql_run(session->index, LOCAL_SQL_FILE_SET, pool, "tiiiiiitii", file->name,
                         (apr_int64_t)file->token, (apr_int64_t)file->date, file->size,
                         local_folder_step(folder), file->changed, file->inode, file->identity,
                         folder->number, item->uid);
}

base_fault_t *local_vdir_again(local_session_t *session, local_folder_t *folder, int attempt,
                               local_item_t *item, apr_pool_t *pool)
{
    apr_uint64_t uid = (apr_uint64_t)item->uid;

    if (attempt >= LOCAL_MISSES)
        return base_fault_make(pool, BASE_FAULT_NOT_FOUND,
                               "the file of item %" APR_UINT64_T_FMT " is gone", uid);
    BASE_TRY(local_scan_locked(session, folder, LOCAL_LOOK_SCAN, pool));
    return local_item_load(session, folder, uid, item, pool);
}

/* -- reading -------------------------------------------------------------------------------- */

base_fault_t *local_vdir_fetch(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                               backend_blob_t **blob, apr_pool_t *pool)
{
    local_folder_t folder;
    local_item_t item;
    int attempt, directory, descriptor;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    for (attempt = 0; attempt < LOCAL_MISSES; attempt++) {
        BASE_TRY(local_item_load(session, &folder, uid, &item, pool));
        BASE_TRY(local_vdir_open(session, &folder, &directory, pool));
        /* NONBLOCK: a FIFO in its place must not hang us */
        descriptor = openat(directory, item.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (descriptor >= 0)
            return local_item_blob(descriptor, blob, pool);
        if (errno != ENOENT)
            return local_fault(errno, pool, "opening item %" APR_UINT64_T_FMT, uid);
        BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_SCAN, &folder, pool));
    }
    return base_fault_make(pool, BASE_FAULT_NOT_FOUND,
                           "the file of item %" APR_UINT64_T_FMT " is gone", uid);
}

/* Items of collections have no flags and no properties: nothing to do, if it is there. */
base_fault_t *local_vdir_update(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                                const backend_update_t *update, backend_entry_t *entry,
                                apr_pool_t *pool)
{
    local_folder_t folder;
    local_item_t item;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_item_load(session, &folder, uid, &item, pool));
    BASE_TRY(backend_update_check(update, uid, item.token, pool));
    local_item_entry(&item, entry, pool);
    return NULL;
}

/* -- remove --------------------------------------------------------------------------------- */

static base_fault_t *write_remove_locked(local_session_t *session, const char *folder_id,
                                         apr_uint64_t uid, apr_pool_t *pool)
{
    local_folder_t folder;
    local_item_t item;
    int attempt, directory;

    BASE_TRY(local_folder_load(session, folder_id, &folder, pool));
    BASE_TRY(local_vdir_open(session, &folder, &directory, pool));
    BASE_TRY(local_item_load(session, &folder, uid, &item, pool));
    for (attempt = 0; unlinkat(directory, item.name, 0) != 0; attempt++) {
        if (errno != ENOENT)
            return local_fault(errno, pool, "removing an item");
        BASE_TRY(local_vdir_again(session, &folder, attempt, &item, pool));
    }
    BASE_TRY(local_item_drop(session, &folder, item.uid, pool));
    return local_folder_store(session, &folder, pool);
}

base_fault_t *local_vdir_remove(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                                apr_pool_t *pool)
{
    local_folder_t folder;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, write_remove_locked(session, folder_id, uid, pool), pool);
}

/* -- move ----------------------------------------------------------------------------------- */

typedef struct {
    local_folder_t folder, to;
    int directory, to_directory;
    local_item_t item;
    const char *from;
    const char *moved_name; /* NULL: no file was moved */
} write_move_t;

static base_fault_t *write_move_file(local_session_t *session, write_move_t *move,
                                     const char *derived_name, apr_pool_t *pool)
{
    int attempt, taken = 0, missed = 0;

    for (attempt = 0; attempt < LOCAL_ATTEMPTS; attempt++) {
        const char *name = local_file_name_moved(move->item.name, derived_name, taken, pool);

        if (local_rename(move->directory, move->item.name, move->to_directory, name) == 0) {
            move->from = move->item.name;
            move->moved_name = name;
            return NULL;
        }
        if (errno == EEXIST)
            taken++;
        else if (errno != ENOENT)
            return local_fault(errno, pool, "moving an item");
        else
            BASE_TRY(local_vdir_again(session, &move->folder, missed++, &move->item, pool));
    }
    return base_fault_make(pool, BASE_FAULT_CONFLICT, "no name is free for the item");
}

static base_fault_t *write_move_rows(local_session_t *session, write_move_t *move, apr_pool_t *pool)
{
    local_file_t file = {.name = move->moved_name,
                         .identity = move->item.identity,
                         .token = move->item.token,
                         .date = move->item.date};
    struct stat info;

    if (fstatat(move->to_directory, move->moved_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return local_fault(errno, pool, "moving an item");
    local_file_stat(&file, &info);
    BASE_TRY(local_item_drop(session, &move->folder, move->item.uid, pool));
    BASE_TRY(local_vdir_item_add(session, &move->to, &file, &move->item, pool));
    BASE_TRY(local_folder_store(session, &move->folder, pool));
    return local_folder_store(session, &move->to, pool);
}

static base_fault_t *write_move_locked(local_session_t *session, const char *folder_id,
                                       apr_uint64_t uid, const char *to_folder_id,
                                       const char *derived_name, write_move_t *move,
                                       apr_pool_t *pool)
{
    int found = 0;

    BASE_TRY(local_folder_load(session, to_folder_id, &move->to, pool));
    BASE_TRY(local_vdir_open(session, &move->to, &move->to_directory, pool));
    if (derived_name) {
        BASE_TRY(local_scan_locked(session, &move->to, LOCAL_LOOK_NOW, pool));
        BASE_TRY(
            local_item_by_derived(session, &move->to, derived_name, &move->item, &found, pool));
        if (found)
            return NULL;
    }
    BASE_TRY(local_folder_load(session, folder_id, &move->folder, pool));
    if (move->folder.class_ != move->to.class_)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the destination is of another class");
    BASE_TRY(local_vdir_open(session, &move->folder, &move->directory, pool));
    BASE_TRY(local_item_load(session, &move->folder, uid, &move->item, pool));
    BASE_TRY(write_move_file(session, move, derived_name, pool));
    return write_move_rows(session, move, pool);
}

base_fault_t *local_vdir_move(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                              const char *to_folder_id, const char *derived_name,
                              backend_entry_t *entry, apr_pool_t *pool)
{
    base_fault_t *fault;
    write_move_t move;

    memset(&move, 0, sizeof move);
    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &move.folder, pool));
    BASE_TRY(
        base_fault_wrap(local_scan_folder(session, to_folder_id, LOCAL_LOOK_ONCE, &move.to, pool),
                        pool, "destination %s", to_folder_id));
    BASE_TRY(local_begin(session->index, pool));
    fault = local_end(
        session->index,
        write_move_locked(session, folder_id, uid, to_folder_id, derived_name, &move, pool), pool);
    if (fault && move.moved_name) /* not recorded: as if it had not happened */
        local_rename(move.to_directory, move.moved_name, move.directory, move.from);
    if (!fault)
        local_item_entry(&move.item, entry, pool);
    return fault;
}
