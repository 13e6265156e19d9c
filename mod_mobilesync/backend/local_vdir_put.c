/* Storing an item: written to a hidden file beside it and synced, then linked to its name under the
 * index's write lock; one that replaces another changes places with it. */
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

typedef struct {
    local_session_t *session;
    local_folder_t folder;
    int directory;
    const char *temporary; /* its name until it is in its place; NULL: it was not made */
    const char *name;      /* its place, NULL until it is there */
    backend_description_t description;
    apr_uint64_t token;
} put_t;

static base_fault_t *put_describe(put_t *put, const backend_blob_t *blob, const char **data,
                                  apr_pool_t *pool)
{
    if (blob->size > LOCAL_VDIR_FILE_MAX)
        return base_fault_make(pool, BASE_FAULT_TOO_LARGE, "the item is too large");
    BASE_TRY(backend_blob_load(blob, data, pool));
    put->token = backend_content_token(*data, (apr_size_t)blob->size);
    return backend_content_describe(put->session->instance->describer, put->folder.class_,
                                    backend_blob_of(*data, blob->size, pool), &put->description,
                                    pool);
}

/* The file, complete and on disk, with permissions and group of the collection. */
static base_fault_t *put_temporary(put_t *put, const char *data, apr_size_t length,
                                   apr_pool_t *pool)
{
    const char *name = apr_pstrcat(pool, LOCAL_VDIR_HIDDEN, local_id_make(pool), ".tmp", NULL);
    base_fault_t *fault;
    int descriptor;

    descriptor =
        openat(put->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return local_fault(errno, pool, "making a file in '%s'", put->folder.directory);
    put->temporary = name;
    local_mode_like(descriptor, put->directory, 0666);
    fault = local_write(descriptor, data, length, pool);
    if (!fault && fsync(descriptor) != 0)
        fault = local_fault(errno, pool, "writing an item");
    if (close(descriptor) != 0 && !fault)
        fault = local_fault(errno, pool, "writing an item");
    return fault;
}

static base_fault_t *put_begin(put_t *put, const backend_blob_t *blob, apr_pool_t *pool)
{
    const char *data;

    BASE_TRY(put_describe(put, blob, &data, pool));
    BASE_TRY(local_vdir_open(put->session, &put->folder, &put->directory, pool));
    BASE_TRY(put_temporary(put, data, (apr_size_t)blob->size, pool));
    return local_begin(put->session->index, pool);
}

static void put_end(const put_t *put)
{
    if (put->temporary)
        unlinkat(put->directory, put->temporary, 0);
}

static base_fault_t *put_sync(const put_t *put, apr_pool_t *pool)
{
    return fsync(put->directory) == 0 || errno == EINVAL
               ? NULL
               : local_fault(errno, pool, "storing an item");
}

/* An earlier attempt is recorded, or its file was seen by a look of this session; one that comes while
 * this session lasts has the name that the item would get: so hundreds of puts need not look at all
 * files each. look: that name is taken. */
static base_fault_t *put_find(put_t *put, const char *derived_name, int look, local_item_t *item,
                              int *existed, apr_pool_t *pool)
{
    if (!derived_name)
        return NULL;
    if (look)
        BASE_TRY(local_scan_locked(put->session, &put->folder, LOCAL_LOOK_SCAN, pool));
    return local_item_by_derived(put->session, &put->folder, derived_name, item, existed, pool);
}

/* link(2) never replaces a file; where there are no links, a rename that does not either. */
static base_fault_t *put_link(put_t *put, const char *derived_name, local_item_t *item,
                              int *existed, apr_pool_t *pool)
{
    int attempt;

    for (attempt = 0; attempt < LOCAL_ATTEMPTS; attempt++) {
        const char *name =
            local_file_name(put->description.uid, derived_name, put->folder.class_, attempt, pool);

        if (linkat(put->directory, put->temporary, put->directory, name, 0) == 0 ||
            ((errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) &&
             local_rename(put->directory, put->temporary, put->directory, name) == 0)) {
            put->name = name;
            /* the second name changes what tells the file's versions apart */
            (void)unlinkat(put->directory, put->temporary, 0);
            return put_sync(put, pool);
        }
        if (errno != EEXIST)
            return local_fault(errno, pool, "storing an item");
        if (attempt == 0)
            BASE_TRY(put_find(put, derived_name, 1, item, existed, pool));
        if (*existed)
            return NULL;
    }
    return base_fault_make(pool, BASE_FAULT_CONFLICT, "no name is free for the item");
}

/* What the index is to know of the file. */
static base_fault_t *put_file(const put_t *put, local_file_t *file, apr_pool_t *pool)
{
    struct stat info;

    *file = (local_file_t){.name = put->name,
                           .identity = put->description.uid,
                           .token = put->token,
                           .date = put->description.date};
    if (fstatat(put->directory, put->name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return local_fault(errno, pool, "storing an item");
    local_file_stat(file, &info);
    return NULL;
}

static base_fault_t *put_locked(put_t *put, const char *derived_name, local_item_t *item,
                                int *existed, apr_pool_t *pool)
{
    local_session_t *session = put->session;
    local_file_t file;

    BASE_TRY(local_folder_load(session, put->folder.id, &put->folder, pool));
    BASE_TRY(put_find(put, derived_name, 0, item, existed, pool));
    if (!*existed)
        BASE_TRY(put_link(put, derived_name, item, existed, pool));
    if (*existed)
        return NULL;
    BASE_TRY(put_file(put, &file, pool));
    BASE_TRY(local_vdir_item_add(session, &put->folder, &file, item, pool));
    return local_folder_store(session, &put->folder, pool);
}

base_fault_t *local_vdir_put(local_session_t *session, const char *folder_id,
                             const backend_put_t *put, const backend_blob_t *blob,
                             backend_entry_t *entry, int *existed, apr_pool_t *pool)
{
    put_t made = {.session = session};
    base_fault_t *fault;
    local_item_t item;

    *existed = 0;
    memset(&item, 0, sizeof item);
    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &made.folder, pool));
    fault = put_begin(&made, blob, pool);
    if (!fault)
        fault = local_end(session->index,
                          put_locked(&made, put->derived_name, &item, existed, pool), pool);
    put_end(&made);
    if (fault && made.name) /* not recorded: as if it had not happened */
        unlinkat(made.directory, made.name, 0);
    if (!fault)
        local_item_entry(&item, entry, pool);
    return fault;
}

/* -- replacing ------------------------------------------------------------------------------ */

static base_fault_t *replace_check(const put_t *put, const local_item_t *item, const char *name,
                                   apr_uint64_t if_match, apr_pool_t *pool)
{
    apr_uint64_t token = local_file_token(put->directory, name, pool);

    if (!token && errno != ENOENT)
        return local_fault(errno, pool, "reading an item");
    return !token || token == if_match ? NULL : backend_mismatch((apr_uint64_t)item->uid, pool);
}

/* Puts the old file back. When another program has put one in the place of ours meanwhile, that is the
 * newest, and stays. */
static void replace_undo(const put_t *put, const char *name, apr_pool_t *pool)
{
    if (local_swap(put->directory, put->temporary, put->directory, name) == 0 &&
        local_file_token(put->directory, put->temporary, pool) != put->token)
        (void)local_swap(put->directory, put->temporary, put->directory, name);
}

/* The new file changes places with the old one, whose content is looked at once more then: what
 * another program wrote in between is put back. At every moment there is one of the two. */
static base_fault_t *replace_swap(put_t *put, apr_uint64_t if_match, local_item_t *item,
                                  apr_pool_t *pool)
{
    base_fault_t *fault;
    int attempt;

    for (attempt = 0;; attempt++) {
        BASE_TRY(replace_check(put, item, item->name, if_match, pool));
        if (local_swap(put->directory, put->temporary, put->directory, item->name) == 0)
            break;
        if (errno != ENOENT)
            return local_fault(errno, pool, "replacing an item");
        BASE_TRY(local_vdir_again(put->session, &put->folder, attempt, item, pool));
    }
    fault = replace_check(put, item, put->temporary, if_match, pool);
    if (fault) {
        replace_undo(put, item->name, pool);
        return fault;
    }
    put->name = item->name;
    return put_sync(put, pool);
}

static base_fault_t *replace_locked(put_t *put, apr_uint64_t if_match, local_item_t *item,
                                    apr_pool_t *pool)
{
    local_session_t *session = put->session;
    local_file_t file;

    BASE_TRY(local_folder_load(session, put->folder.id, &put->folder, pool));
    BASE_TRY(local_item_load(session, &put->folder, (apr_uint64_t)item->uid, item, pool));
    if (item->token != if_match)
        return backend_mismatch((apr_uint64_t)item->uid, pool);
    BASE_TRY(replace_swap(put, if_match, item, pool));
    BASE_TRY(put_file(put, &file, pool));
    BASE_TRY(local_vdir_item_set(session, &put->folder, &file, item, pool));
    return local_folder_store(session, &put->folder, pool);
}

base_fault_t *local_vdir_replace(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                                 apr_uint64_t if_match, const backend_blob_t *blob,
                                 backend_entry_t *entry, apr_pool_t *pool)
{
    put_t made = {.session = session};
    base_fault_t *fault;
    local_item_t item;

    BASE_TRY(local_scan_folder(session, folder_id, LOCAL_LOOK_ONCE, &made.folder, pool));
    BASE_TRY(local_item_load(session, &made.folder, uid, &item, pool));
    fault = put_begin(&made, blob, pool);
    if (!fault)
        fault = local_end(session->index, replace_locked(&made, if_match, &item, pool), pool);
    if (fault && made.name) /* not recorded: as if it had not happened */
        replace_undo(&made, made.name, pool);
    put_end(&made);
    if (!fault)
        local_item_entry(&item, entry, pool);
    return fault;
}
