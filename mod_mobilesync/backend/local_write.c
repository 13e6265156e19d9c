/* Changing messages. Everything happens under the index's write lock, so that the processes of
 * this module never meet; other programs rename and remove at any time, hence the retries. */
#include "backend/local_item.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/local_folder.h"
#include "backend/local_name.h"
#include "backend/local_property.h"
#include "backend/local_scan.h"
#include "backend/properties.h"

static base_fault_t *write_missing(apr_uint64_t uid, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_NOT_FOUND, "there is no item %" APR_UINT64_T_FMT, uid);
}

/* Loads the folder inside of the transaction and opens its directories. */
static base_fault_t *write_enter(local_session_t *session, const char *folder_id,
                                 local_folder_t *folder, local_place_t *place, apr_pool_t *pool)
{
    BASE_TRY(local_folder_load(session, folder_id, folder, pool));
    return local_place_open(session, folder, place, pool);
}

base_fault_t *local_item_again(local_session_t *session, local_folder_t *folder,
                               const local_place_t *place, int attempt, local_item_t *item,
                               apr_pool_t *pool)
{
    apr_uint64_t uid = (apr_uint64_t)item->uid;
    int misses;

    if (attempt >= LOCAL_ATTEMPTS)
        return base_fault_make(pool, BASE_FAULT_CONFLICT, "other programs rename it all the time");
    for (misses = 0; misses < LOCAL_MISSES; misses++) {
        if (local_item_seek(place, item, 3, pool))
            return NULL;
        BASE_TRY(local_scan_locked(session, folder, LOCAL_LOOK_SCAN, pool));
        BASE_TRY(local_item_load(session, folder, uid, item, pool));
        if (!item->missed)
            return NULL;
    }
    return local_item_seek(place, item, 20, pool) ? NULL : write_missing(uid, pool);
}

/* -- flags and properties ------------------------------------------------------------------- */

/* Gives the file the flags; only these of the update matter here. */
static base_fault_t *write_flags_file(local_session_t *session, local_folder_t *folder,
                                      const local_place_t *place, const backend_update_t *update,
                                      local_item_t *item, apr_pool_t *pool)
{
    int attempt;

    for (attempt = 0;; attempt++) {
        local_name_t parsed;
        const char *name;
        struct stat info;
        int from = item->fresh ? place->new : place->cur, result;
        apr_uint64_t token;

        local_name_parse(item->name, &parsed);
        token = (parsed.token & ~update->mask) | (update->values & update->mask);
        item->token = token | BACKEND_PROPERTIES_OF(item->token);
        if (token == parsed.token) {
            name = item->name; /* nothing to change, if it is still there */
            result = fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW);
        }
        else {
            name = local_name_with_token(item->name, token, pool);
            result = local_rename(from, item->name, place->cur, name);
        }
        if (result == 0) {
            item->fresh = item->fresh && name == item->name;
            item->name = name;
            return NULL;
        }
        if (errno == EEXIST)
            return base_fault_make(pool, BASE_FAULT_CONFLICT, "there are two files '%s'", name);
        if (errno != ENOENT)
            return local_fault(errno, pool, "renaming a message");
        BASE_TRY(local_item_again(session, folder, place, attempt, item, pool));
    }
}

/* Writes the properties, as far as they change: into the file that is the mailbox's, then into the
 * row. Should the transaction fail after that, its repeat finds nothing else to do in the file. */
static base_fault_t *write_properties(local_session_t *session, const local_folder_t *folder,
                                      const backend_update_t *update, local_item_t *item,
                                      apr_pool_t *pool)
{
    backend_properties_t after;
    apr_uint64_t token = backend_properties_update(local_property_parse(item->properties, pool),
                                                   item->token, update, &after);

    if (token == item->token)
        return NULL;
    item->token = token;
    item->properties = local_property_format(&after, pool);
    BASE_TRY(local_property_write(session, item->name, item->properties, pool));
    return local_sql_run(session->index, LOCAL_SQL_ITEM_PROPERTIES, pool, "tii", item->properties,
                         folder->number, item->uid);
}

static base_fault_t *write_update_locked(local_session_t *session, const char *folder_id,
                                         apr_uint64_t uid, const backend_update_t *update,
                                         backend_entry_t *entry, apr_pool_t *pool)
{
    local_folder_t folder;
    local_place_t place;
    local_item_t item;
    apr_uint64_t before;

    BASE_TRY(write_enter(session, folder_id, &folder, &place, pool));
    BASE_TRY(local_item_load(session, &folder, uid, &item, pool));
    BASE_TRY(backend_update_check(update, uid, item.token, pool));
    before = item.token;
    BASE_TRY(write_flags_file(session, &folder, &place, update, &item, pool));
    BASE_TRY(write_properties(session, &folder, update, &item, pool));
    if (item.token == before)
        BASE_TRY(local_sql_run(session->index, LOCAL_SQL_ITEM_NAME, pool, "tiii", item.name,
                               (apr_int64_t)item.fresh, folder.number, item.uid));
    else
        BASE_TRY(local_sql_run(session->index, LOCAL_SQL_ITEM_TOKEN, pool, "tiiiii", item.name,
                               (apr_int64_t)item.fresh, (apr_int64_t)item.token,
                               local_folder_step(&folder), folder.number, item.uid));
    local_item_entry(&item, entry, pool);
    return local_folder_store(session, &folder, pool);
}

base_fault_t *local_item_update(void *data, const char *folder_id, apr_uint64_t uid,
                                const backend_update_t *update, backend_entry_t *entry,
                                apr_pool_t *pool)
{
    local_session_t *session = data;
    local_folder_t folder;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index,
                     write_update_locked(session, folder_id, uid, update, entry, pool), pool);
}

/* -- remove --------------------------------------------------------------------------------- */

static base_fault_t *write_remove_locked(local_session_t *session, const char *folder_id,
                                         apr_uint64_t uid, apr_pool_t *pool)
{
    local_folder_t folder;
    local_place_t place;
    local_item_t item;
    int attempt;

    BASE_TRY(write_enter(session, folder_id, &folder, &place, pool));
    BASE_TRY(local_item_load(session, &folder, uid, &item, pool));
    for (attempt = 0; unlinkat(item.fresh ? place.new : place.cur, item.name, 0) != 0; attempt++) {
        base_fault_t *fault;

        if (errno != ENOENT)
            return local_fault(errno, pool, "removing a message");
        fault = local_item_again(session, &folder, &place, attempt, &item, pool);
        if (base_fault_code(fault) == BASE_FAULT_NOT_FOUND)
            return fault; /* whoever removed it: a later look says so */
        BASE_TRY(fault);
    }
    BASE_TRY(local_item_drop(session, &folder, item.uid, pool));
    BASE_TRY(local_folder_store(session, &folder, pool));
    local_property_forget(session, &item, pool);
    return NULL;
}

base_fault_t *local_item_remove(void *data, const char *folder_id, apr_uint64_t uid,
                                apr_pool_t *pool)
{
    local_session_t *session = data;
    local_folder_t folder;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &folder, pool));
    BASE_TRY(local_begin(session->index, pool));
    return local_end(session->index, write_remove_locked(session, folder_id, uid, pool), pool);
}

/* -- move ----------------------------------------------------------------------------------- */

typedef struct {
    local_folder_t folder, to;
    local_place_t place, to_place;
    local_item_t item, before;
    const char *moved_name; /* NULL: no file was moved */
} write_move_t;

/* The message's name in the destination: its own, unless there is a message of that base name
 * (a copy, say), which would be the same one to every program. */
static const char *write_move_name(local_session_t *session, const write_move_t *move,
                                   const char *derived_name, int taken, apr_pool_t *pool)
{
    const local_item_t *item = &move->item;
    local_item_t there = *item;
    const char *name = item->name;

    if (derived_name)
        name = there.name = local_name_with_derived(item->name, derived_name, pool);
    if (!taken && !local_item_seek(&move->to_place, &there, 1, pool))
        return name;
    return apr_pstrcat(pool, local_name_make(session->instance->host, pool), local_name_rest(name),
                       NULL);
}

static base_fault_t *write_move_file(local_session_t *session, write_move_t *move,
                                     const char *derived_name, apr_pool_t *pool)
{
    int attempt, taken = 0;

    for (attempt = 0; attempt < 2 * LOCAL_ATTEMPTS; attempt++) {
        local_item_t *item = &move->item;
        const char *name = write_move_name(session, move, derived_name, taken, pool);

        if (local_rename(item->fresh ? move->place.new : move->place.cur, item->name,
                         item->fresh ? move->to_place.new : move->to_place.cur, name) == 0) {
            move->moved_name = name;
            return NULL;
        }
        taken = errno == EEXIST;
        if (!taken && errno != ENOENT)
            return local_fault(errno, pool, "moving a message");
        if (!taken)
            BASE_TRY(local_item_again(session, &move->folder, &move->place, attempt, item, pool));
    }
    return base_fault_make(pool, BASE_FAULT_CONFLICT, "no name is free for the message");
}

static base_fault_t *write_move_rows(local_session_t *session, write_move_t *move, apr_pool_t *pool)
{
    local_name_t parsed;

    move->before = move->item;
    BASE_TRY(local_item_drop(session, &move->folder, move->item.uid, pool));
    local_name_parse(move->moved_name, &parsed);
    move->item.name = move->moved_name;
    move->item.token = parsed.token;
    move->item.conversation_date = 0; /* which is not known yet where it comes to */
    if (move->item.properties && !local_property_same_file(move->before.name, move->moved_name))
        BASE_TRY(local_property_write(session, move->moved_name, move->item.properties, pool));
    BASE_TRY(local_item_add(session, &move->to, &move->item, pool));
    BASE_TRY(local_folder_store(session, &move->folder, pool));
    return local_folder_store(session, &move->to, pool);
}

static base_fault_t *write_move_locked(local_session_t *session, const char *folder_id,
                                       apr_uint64_t uid, const char *to_folder_id,
                                       const char *derived_name, write_move_t *move,
                                       apr_pool_t *pool)
{
    int found = 0;

    BASE_TRY(base_fault_wrap(write_enter(session, to_folder_id, &move->to, &move->to_place, pool),
                             pool, "destination %s", to_folder_id));
    if (derived_name) {
        BASE_TRY(local_scan_locked(session, &move->to, LOCAL_LOOK_NOW, pool));
        BASE_TRY(
            local_item_by_derived(session, &move->to, derived_name, &move->item, &found, pool));
        if (found)
            return NULL;
    }
    BASE_TRY(write_enter(session, folder_id, &move->folder, &move->place, pool));
    BASE_TRY(local_item_load(session, &move->folder, uid, &move->item, pool));
    BASE_TRY(write_move_file(session, move, derived_name, pool));
    return write_move_rows(session, move, pool);
}

base_fault_t *local_item_move(void *data, const char *folder_id, apr_uint64_t uid,
                              const char *to_folder_id, const char *derived_name,
                              backend_entry_t *entry, apr_pool_t *pool)
{
    local_session_t *session = data;
    write_move_t move;
    base_fault_t *fault;

    memset(&move, 0, sizeof move);
    if (derived_name && !backend_derived_name_valid(derived_name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "not a derived name");
    if (strcmp(folder_id, to_folder_id) == 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "source and destination are the same");
    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &move.folder, pool));
    BASE_TRY(local_scan_folder(session, to_folder_id, LOCAL_LOOK_ONCE, &move.to, pool));
    BASE_TRY(local_begin(session->index, pool));
    fault = local_end(
        session->index,
        write_move_locked(session, folder_id, uid, to_folder_id, derived_name, &move, pool), pool);
    if (fault && move.moved_name) /* not recorded: as if it had not happened */
        local_rename(move.item.fresh ? move.to_place.new : move.to_place.cur, move.moved_name,
                     move.item.fresh ? move.place.new : move.place.cur, move.moved_name);
    if (fault)
        return fault;
    if (move.moved_name)
        local_property_forget(session, &move.before, pool); /* when it has another name now */
    local_item_entry(&move.item, entry, pool);
    return NULL;
}
