#include "backend/local_dispatch.h"

#include <string.h>

#include "backend/blob.h"
#include "backend/local_conversation.h"
#include "backend/local_folder.h"
#include "backend/local_item.h"
#include "backend/local_tree.h"
#include "backend/local_vdir.h"

/* Is the folder a collection? FOLDER_GONE when there is no such folder. */
static base_fault_t *dispatch(local_session_t *session, const char *folder_id, int *collection,
                              apr_pool_t *pool)
{
    local_folder_t folder;

    if (!session->listed)
        BASE_TRY(local_folders_look(session, pool));
    BASE_TRY(local_folder_load(session, folder_id, &folder, pool));
    *collection = folder.class_ != BACKEND_CLASS_EMAIL;
    return NULL;
}

/* Returns what the one of both functions does that is there for the folder. */
#define DISPATCH(folder_id, of_collection, of_mail)              \
    do {                                                         \
        int collection_;                                         \
        BASE_TRY(dispatch(data, folder_id, &collection_, pool)); \
        return collection_ ? (of_collection) : (of_mail);        \
    } while (0)

base_fault_t *local_folder_list(void *data, apr_array_header_t **folders, apr_pool_t *pool)
{
    BASE_TRY(local_tree_list(data, folders, pool));
    return local_vdir_list(data, *folders, pool);
}

base_fault_t *local_folder_create(void *data, const char *parent_id, const char *name,
                                  backend_class_t class_, const char **id, apr_pool_t *pool)
{
    return class_ == BACKEND_CLASS_EMAIL
               ? local_tree_create(data, parent_id, name, class_, id, pool)
               : local_vdir_create(data, parent_id, name, class_, id, pool);
}

base_fault_t *local_folder_rename(void *data, const char *id, const char *parent_id,
                                  const char *name, apr_pool_t *pool)
{
    BASE_TRY(local_folders_look(data, pool));
    DISPATCH(id, local_vdir_rename(data, id, parent_id, name, pool),
             local_tree_rename(data, id, parent_id, name, pool));
}

base_fault_t *local_folder_delete(void *data, const char *id, apr_pool_t *pool)
{
    BASE_TRY(local_folders_look(data, pool));
    DISPATCH(id, local_vdir_delete(data, id, pool), local_tree_delete(data, id, pool));
}

/* Conversations are of mail. */
static base_fault_t *dispatch_nothing(int *left)
{
    *left = 0;
    return NULL;
}

base_fault_t *local_conversations(void *data, const char *folder_id, backend_name_fn read,
                                  const char *version, apr_time_t deadline, int *left,
                                  apr_pool_t *pool)
{
    DISPATCH(folder_id, dispatch_nothing(left),
             local_conversation_read(data, folder_id, read, version, deadline, left, pool));
}

base_fault_t *local_fetch(void *data, const char *folder_id, apr_uint64_t uid,
                          backend_blob_t **blob, apr_pool_t *pool)
{
    DISPATCH(folder_id, local_vdir_fetch(data, folder_id, uid, blob, pool),
             local_item_fetch(data, folder_id, uid, blob, pool));
}

base_fault_t *local_put(void *data, const char *folder_id, const backend_put_t *put,
                        const backend_blob_t *blob, backend_entry_t *entry, int *existed,
                        apr_pool_t *pool)
{
    if (put->derived_name && !backend_derived_name_valid(put->derived_name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "not a derived name");
    DISPATCH(folder_id, local_vdir_put(data, folder_id, put, blob, entry, existed, pool),
             local_item_put(data, folder_id, put, blob, entry, existed, pool));
}

base_fault_t *local_replace(void *data, const char *folder_id, apr_uint64_t uid,
                            apr_uint64_t if_match, apr_uint64_t flags, const backend_blob_t *blob,
                            backend_entry_t *entry, apr_pool_t *pool)
{
    DISPATCH(folder_id, local_vdir_replace(data, folder_id, uid, if_match, blob, entry, pool),
             local_item_replace(data, folder_id, uid, if_match, flags, blob, entry, pool));
}

base_fault_t *local_update(void *data, const char *folder_id, apr_uint64_t uid,
                           const backend_update_t *update, backend_entry_t *entry, apr_pool_t *pool)
{
    DISPATCH(folder_id, local_vdir_update(data, folder_id, uid, update, entry, pool),
             local_item_update(data, folder_id, uid, update, entry, pool));
}

static base_fault_t *dispatch_move(local_session_t *data, const char *folder_id, apr_uint64_t uid,
                                   const char *to_folder_id, const char *derived_name,
                                   backend_entry_t *entry, apr_pool_t *pool)
{
    int from = 0, to = 0;

    BASE_TRY(dispatch(data, folder_id, &from, pool));
    BASE_TRY(base_fault_wrap(dispatch(data, to_folder_id, &to, pool), pool, "destination %s",
                             to_folder_id));
    if (from != to)
        return base_fault_make(pool, BASE_FAULT_INVALID, "the destination is of another class");
    return from ? local_vdir_move(data, folder_id, uid, to_folder_id, derived_name, entry, pool)
                : local_item_move(data, folder_id, uid, to_folder_id, derived_name, entry, pool);
}

base_fault_t *local_move(void *data, const char *folder_id, apr_uint64_t uid,
                         const char *to_folder_id, const char *derived_name, backend_entry_t *entry,
                         apr_pool_t *pool)
{
    if (derived_name && !backend_derived_name_valid(derived_name))
        return base_fault_make(pool, BASE_FAULT_INVALID, "not a derived name");
    if (strcmp(folder_id, to_folder_id) == 0)
        return base_fault_make(pool, BASE_FAULT_INVALID, "source and destination are the same");
    return dispatch_move(data, folder_id, uid, to_folder_id, derived_name, entry, pool);
}

base_fault_t *local_remove(void *data, const char *folder_id, apr_uint64_t uid, apr_pool_t *pool)
{
    DISPATCH(folder_id, local_vdir_remove(data, folder_id, uid, pool),
             local_item_remove(data, folder_id, uid, pool));
}
