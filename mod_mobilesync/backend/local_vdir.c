#include "backend/local_vdir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/local_folder.h"
#include "backend/local_fs.h"
#include "backend/local_look.h"
#include "backend/local_mark.h"

/* So many files of a collection of others tell its classes; the rest is found by its scan. */
#define VDIR_SAMPLE 32

/* A directory, and the rows that are views of it. */
typedef struct {
    const char *directory;
    apr_int64_t device, inode;
    local_mark_t marks[LOCAL_CLASSES];
    local_folder_t *rows[LOCAL_CLASSES];
} vdir_seen_t;

/* -- rows ----------------------------------------------------------------------------------- */

base_fault_t *local_vdir_add(local_session_t *session, local_folder_t *folder, apr_pool_t *pool)
{
    int descriptor = local_directory_open(session->vdir, folder->directory);
    struct stat info;

    memset(&info, 0, sizeof info);
    if (descriptor >= 0) {
        fstat(descriptor, &info);
        close(descriptor);
    }
    if (!folder->id)
        folder->id = local_id_make(pool);
    if (!folder->parent)
        folder->parent = "";
    folder->generation = local_folder_generation(folder->generation);
    folder->device = (apr_int64_t)info.st_dev;
    folder->inode = (apr_int64_t)info.st_ino;
    folder->marked = local_mark_set(session, folder, pool);
    folder->next_uid = 1;
    folder->described = "";
    BASE_TRY(local_sql_run(session->index, LOCAL_SQL_VDIR_INSERT, pool, "ttiiiiiiit", folder->id,
                           folder->directory, folder->device, folder->inode,
                           (apr_int64_t)folder->marked, (apr_int64_t)folder->generation,
                           (apr_int64_t)folder->class_, (apr_int64_t)folder->guessed,
                           (apr_int64_t)folder->chosen, folder->parent));
    folder->number = local_index_last_row(session->index);
    return NULL;
}

/* -- the class of what others made ------------------------------------------------------------ */

/* The classes of some files. */
static int vdir_sample(local_session_t *session, int directory, int classes[LOCAL_CLASSES],
                       apr_pool_t *pool)
{
    DIR *stream = local_directory_stream(directory, ".", pool);
    int sampled = 0, found = 0;
    struct dirent *entry;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    while (stream && sampled < VDIR_SAMPLE && (entry = readdir(stream))) {
        local_file_t file = {.name = entry->d_name};
        base_fault_t *fault;

        if (!local_file_is_item(entry->d_name))
            continue;
        apr_pool_clear(scratch);
        sampled++;
        if (local_file_read_item(session, directory, &file, &fault, scratch) == 0 && !fault &&
            file.known)
            found = classes[file.class_] = 1;
    }
    apr_pool_destroy(scratch);
    return found;
}

/* A directory that nobody here knows: what it says, what its files say, what its name suggests. */
static base_fault_t *vdir_adopt(local_session_t *session, const vdir_seen_t *seen, apr_pool_t *pool)
{
    int directory = local_directory_open(session->vdir, seen->directory);
    int classes[LOCAL_CLASSES] = {0}, class_, guessed;
    local_collection_t collection;

    if (directory < 0) /* it may not be for us to read, or gone again */
        return errno == EACCES || errno == ENOENT || errno == ELOOP || errno == ENOTDIR
                   ? NULL
                   : local_fault(errno, pool, "opening '%s'", seen->directory);
    local_descriptor_own(directory, pool);
    local_collection_read(directory, &collection, pool);
    guessed = !vdir_sample(session, directory, classes, pool);
    if (collection.radicale_class != BACKEND_CLASS_EMAIL) {
        classes[collection.radicale_class] = 1;
        guessed = 0;
    }
    else if (collection.radicale && guessed)
        return NULL; /* Radicale's plain folder, no collection */
    if (guessed)
        classes[local_collection_guess(collection.name ? collection.name : seen->directory, pool)] =
            1;
    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++) {
        local_folder_t added = {.class_ = class_, .directory = seen->directory, .guessed = guessed};

        if (classes[class_])
            BASE_TRY(local_vdir_add(session, &added, pool));
    }
    return NULL;
}

/* -- directories ------------------------------------------------------------------------------ */

/* 0 when it is no directory. */
static int vdir_see(int vdir, const char *directory, vdir_seen_t *seen, apr_pool_t *pool)
{
    int descriptor = local_directory_open(vdir, directory), found = 0;
    struct stat info;

    memset(seen, 0, sizeof *seen);
    if (descriptor >= 0) {
        found = fstat(descriptor, &info) == 0;
        local_marks_read(descriptor, seen->marks, pool);
        close(descriptor);
    }
    else if (errno != ENOENT && fstatat(vdir, directory, &info, AT_SYMLINK_NOFOLLOW) == 0)
        found = S_ISDIR(info.st_mode); /* it is there, though we cannot look into it */
    if (found) {
        seen->device = (apr_int64_t)info.st_dev;
        seen->inode = (apr_int64_t)info.st_ino;
    }
    return found;
}

static base_fault_t *vdir_read(local_session_t *session, apr_array_header_t **seen,
                               apr_pool_t *pool)
{
    DIR *stream = local_directory_stream(session->vdir, ".", pool);
    struct dirent *entry;
    vdir_seen_t found;

    *seen = apr_array_make(pool, 16, sizeof(vdir_seen_t));
    if (!stream)
        return local_fault(errno, pool, "reading %s", session->paths.vdir);
    while ((entry = readdir(stream))) {
        const char *name = entry->d_name;

        if (strncmp(name, LOCAL_VDIR_HIDDEN, strlen(LOCAL_VDIR_HIDDEN)) == 0)
            local_tree_remove(session->vdir, name); /* what a crash left */
        if (name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
            !vdir_see(session->vdir, name, &found, pool))
            continue;
        found.directory = apr_pstrdup(pool, name);
        APR_ARRAY_PUSH(*seen, vdir_seen_t) = found;
    }
    return NULL;
}

/* How sure it is that the row is a view of what was seen; as of Maildirs. */
static int vdir_likeness(const vdir_seen_t *seen, const local_folder_t *row)
{
    const local_mark_t *mark = &seen->marks[row->class_];
    int inode = seen->inode == row->inode && seen->device == row->device;
    int name = strcmp(seen->directory, row->directory) == 0;

    if (mark->id[0])
        return strcmp(mark->id, row->id) == 0 ? 4 + 2 * inode + name : 0;
    if (inode && (name || !row->marked))
        return 2;
    return name && !row->marked;
}

/* Gives every view its row; among copies of a directory, the same one as before. */
static void vdir_match(apr_array_header_t *seen, apr_array_header_t *rows)
{
    int i, k, class_;

    for (k = 0; k < rows->nelts; k++) {
        local_folder_t *row = &APR_ARRAY_IDX(rows, k, local_folder_t);
        vdir_seen_t *best = NULL;
        int likeness = 0;

        for (i = 0; i < seen->nelts; i++) {
            vdir_seen_t *candidate = &APR_ARRAY_IDX(seen, i, vdir_seen_t);
            int like = candidate->rows[row->class_] ? 0 : vdir_likeness(candidate, row);

            if (like > likeness) {
                best = candidate;
                likeness = like;
            }
        }
        if (best)
            best->rows[row->class_] = row;
    }
    for (i = 0; i < seen->nelts; i++) /* copies get ids of their own */
        for (k = 0; k < seen->nelts; k++)
            for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++) {
                vdir_seen_t *one = &APR_ARRAY_IDX(seen, i, vdir_seen_t);
                vdir_seen_t *other = &APR_ARRAY_IDX(seen, k, vdir_seen_t);

                if (i != k && !other->rows[class_] && other->marks[class_].id[0] &&
                    strcmp(one->marks[class_].id, other->marks[class_].id) == 0 &&
                    (one->rows[class_] || i < k)) {
                    other->marks[class_].id[0] = '\0';
                    other->marks[class_].chosen = 0;
                }
            }
}

/* A view that the index does not know (it was lost), or a copy. */
static base_fault_t *vdir_apply_mark(local_session_t *session, const vdir_seen_t *seen,
                                     backend_class_t class_, apr_pool_t *pool)
{
    const local_mark_t *mark = &seen->marks[class_];
    local_folder_t added = {.class_ = class_,
                            .directory = seen->directory,
                            .id = mark->id[0] ? mark->id : NULL,
                            .generation = mark->generation,
                            .parent = mark->parent};
    local_folder_t other;
    apr_int64_t chosen;

    if (added.id && !local_folder_load(session, added.id, &other, pool))
        added.id = NULL; /* somebody wrote another folder's there */
    /* one that was away may have been the default folder before another one was chosen */
    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_VDIR_CHOSEN, &chosen, pool, "i",
                               (apr_int64_t)class_));
    added.chosen = mark->chosen && !chosen;
    return local_vdir_add(session, &added, pool);
}

static base_fault_t *vdir_apply_row(local_session_t *session, const vdir_seen_t *seen,
                                    local_folder_t *row, apr_pool_t *pool)
{
    const local_mark_t *mark = &seen->marks[row->class_];
    const char *was = row->directory;
    int marked = mark->id[0] && mark->generation == row->generation;

    row->directory = seen->directory; /* where a mark is written to */
    if (mark->id[0] && mark->generation > row->generation)
        BASE_TRY(local_folder_renew(session, row, mark->generation, pool));
    else if (!marked)
        marked = local_mark_set(session, row, pool);
    if (strcmp(was, seen->directory) == 0 && row->device == seen->device &&
        row->inode == seen->inode && row->marked == marked && !row->missed)
        return NULL;
    row->device = seen->device;
    row->inode = seen->inode;
    row->marked = marked;
    return local_folder_place(session, row, seen->directory, pool);
}

static base_fault_t *vdir_apply_seen(local_session_t *session, const vdir_seen_t *seen,
                                     apr_pool_t *pool)
{
    int class_, known = 0;

    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++) {
        known |= seen->rows[class_] || seen->marks[class_].generation;
        if (seen->rows[class_])
            BASE_TRY(vdir_apply_row(session, seen, seen->rows[class_], pool));
        else if (seen->marks[class_].generation)
            BASE_TRY(vdir_apply_mark(session, seen, class_, pool));
    }
    return known ? NULL : vdir_adopt(session, seen, pool);
}

/* Is what the row stands for there, though the scan did not see it? */
static int vdir_is_there(const local_session_t *session, const local_folder_t *row,
                         apr_pool_t *pool)
{
    vdir_seen_t seen;

    if (!vdir_see(session->vdir, row->directory, &seen, pool))
        return 0;
    seen.directory = row->directory;
    return vdir_likeness(&seen, row) > 0;
}

static int vdir_was_seen(const apr_array_header_t *seen, const local_folder_t *row)
{
    int i;

    for (i = 0; i < seen->nelts; i++)
        if (APR_ARRAY_IDX(seen, i, vdir_seen_t).rows[row->class_] == row)
            return 1;
    return 0;
}

static base_fault_t *vdir_apply(local_session_t *session, apr_array_header_t *seen,
                                local_look_scan_t *scan, apr_pool_t *pool)
{
    apr_array_header_t *rows;
    int i;

    BASE_TRY(local_folder_all(session, 1, &rows, pool));
    vdir_match(seen, rows);
    for (i = 0; i < seen->nelts; i++) {
        apr_pool_t *scratch;

        apr_pool_create(&scratch, pool); /* of new ones some files are read */
        BASE_TRY(vdir_apply_seen(session, &APR_ARRAY_IDX(seen, i, vdir_seen_t), scratch));
        apr_pool_destroy(scratch);
    }
    for (i = 0; i < rows->nelts; i++) {
        const local_folder_t *row = &APR_ARRAY_IDX(rows, i, local_folder_t);

        if (!vdir_was_seen(seen, row))
            BASE_TRY(
                local_look_missed(session, row, vdir_is_there(session, row, pool), scan, pool));
    }
    return NULL;
}

base_fault_t *local_vdir_look(local_session_t *session, apr_pool_t *pool)
{
    const local_looked_t looked = {.what = "the collections",
                                   .directory = session->vdir,
                                   .get = LOCAL_SQL_VDIR_GET,
                                   .set = LOCAL_SQL_VDIR_SET,
                                   .read = vdir_read,
                                   .apply = vdir_apply};

    return local_look_at(session, &looked, pool);
}
