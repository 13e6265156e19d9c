/* Collections of the local store: calendars, address books, task lists and notes as vdir
 * (https://vdirsyncer.pimutils.org/en/stable/vdir.html): a directory for each, a file for each item,
 * .vcf or .ics. See local.h for the layout and what was decided.
 *
 *   local_mark.c         the id file
 *   local_collection.c   names, Radicale's properties, the class of what others made
 *   local_vdir.c         the directories and their rows (local_vdir_look)
 *   local_vdir_tree.c    list, create, rename, delete
 *   local_vdir_scan.c    the files and their rows
 *   local_vdir_match.c   which file is which item
 *   local_vdir_file.c    reading files; names
 *   local_vdir_put.c     put, replace
 *   local_vdir_write.c   fetch, move, remove */
#ifndef BACKEND_LOCAL_VDIR_H
#define BACKEND_LOCAL_VDIR_H

#include "backend/local_scan.h"

#define LOCAL_VDIR_HIDDEN ".mobilesync-" /* what begins so is ours, and not for long */
#define LOCAL_VDIR_FILE_MAX (16 * 1024 * 1024)
/* How long a file may have been rewritten in place without being noticed, where nobody watches: each
 * file is looked at again then, when somebody asks. 5,000 files take some 20 ms. */
#define LOCAL_SWEEP_USEC (60 * APR_USEC_PER_SEC)

/* -- directories: local_vdir.c -- */

/* Looks whether other programs made, renamed or deleted collections; costs one stat when not. */
base_fault_t *local_vdir_look(local_session_t *session, apr_pool_t *pool);
/* In a write transaction: the rows of a directory that is there. class_ and what is known of it are
 * in *folder; its number, id (unless set) and generation are filled in. */
base_fault_t *local_vdir_add(local_session_t *session, local_folder_t *folder, apr_pool_t *pool);

/* -- the tree: local_vdir_tree.c; as the entries of the vtable -- */

/* Adds backend_folder_t to the list. */
base_fault_t *local_vdir_list(local_session_t *session, apr_array_header_t *folders,
                              apr_pool_t *pool);
base_fault_t *local_vdir_create(local_session_t *session, const char *parent_id, const char *name,
                                backend_class_t class_, const char **id, apr_pool_t *pool);
base_fault_t *local_vdir_rename(local_session_t *session, const char *id, const char *parent_id,
                                const char *name, apr_pool_t *pool);
base_fault_t *local_vdir_delete(local_session_t *session, const char *id, apr_pool_t *pool);

/* -- names and classes of collections: local_collection.c -- */

/* What its directory says of it. directory: open. */
typedef struct {
    const char *name;               /* NULL: nothing but the directory's own name */
    int radicale;                   /* it has .Radicale.props */
    backend_class_t radicale_class; /* by these; BACKEND_CLASS_EMAIL: they do not say */
} local_collection_t;
void local_collection_read(int directory, local_collection_t *collection, apr_pool_t *pool);
/* -1 with errno. class_: of a new one. */
int local_collection_name_set(int directory, const char *name, backend_class_t class_, int radicale,
                              apr_pool_t *pool);
/* Is it one of the files that say so? */
int local_collection_is_file(const char *name);
/* The class that the name of a collection suggests. */
backend_class_t local_collection_guess(const char *name, apr_pool_t *pool);

/* -- files: local_vdir_file.c -- */

/* What there is to know of a file. */
typedef struct {
    const char *name;
    apr_int64_t changed, inode, size; /* etag: ctime in ns (0: too young to tell), inode, size */
    apr_int64_t ctime;                /* as it is */
    int known, foreign;               /* backend_description_t */
    backend_class_t class_; /* not known: what it may be; BACKEND_CLASS_EMAIL: nobody knows */
    const char *identity;
    apr_uint64_t token; /* 0: it cannot be read */
    apr_time_t date;
} local_file_t;

/* Is the name one of a file that can be an item? */
int local_file_is_item(const char *name);
const char *local_file_extension(backend_class_t class_);
/* The derived name in a file's name; NULL when it has none. */
const char *local_file_derived(const char *name, apr_pool_t *pool);
/* A name for an item: of its UID where that can be one, and the derived name (NULL: none). number 0:
 * the best one, others when that is taken. */
const char *local_file_name(const char *identity, const char *derived, backend_class_t class_,
                            int number, apr_pool_t *pool);
/* The name that an item has in another collection. */
const char *local_file_name_moved(const char *name, const char *derived, int number,
                                  apr_pool_t *pool);

/* Takes etag and size from there. */
void local_file_stat(local_file_t *file, const struct stat *info);
/* Reads and describes it, without class and more where it is too large. -1 with errno. */
int local_file_read_item(local_session_t *session, int directory, local_file_t *file,
                         base_fault_t **fault, apr_pool_t *pool);
/* Has the directory a folder of the class? */
base_fault_t *local_vdir_has(local_session_t *session, const char *directory,
                             backend_class_t class_, int *has, apr_pool_t *pool);
/* Makes an item of what cannot be understood: of its class_ where the directory has a folder of that,
 * else of one that its name allows; not known where there is none. */
base_fault_t *local_file_place(local_session_t *session, const char *directory, local_file_t *file,
                               apr_pool_t *pool);
/* The token of the file's present content; 0 with errno when it cannot be read. */
apr_uint64_t local_file_token(int directory, const char *name, apr_pool_t *pool);

/* -- items -- */

/* The directory while a function works in it; BUSY when it is being renamed. Closed with the pool. */
base_fault_t *local_vdir_open(const local_session_t *session, const local_folder_t *folder,
                              int *directory, apr_pool_t *pool);

/* Does the last scan still hold for a look that began then? */
int local_vdir_holds(const local_session_t *session, const local_folder_t *folder,
                     apr_time_t began);
/* One scan, in a write transaction; again: as of Maildirs. */
base_fault_t *local_vdir_scan(local_session_t *session, local_folder_t *folder, int *again,
                              apr_pool_t *pool);

/* In a write transaction: a new row, with a new uid. */
base_fault_t *local_vdir_item_add(local_session_t *session, local_folder_t *folder,
                                  const local_file_t *file, local_item_t *item, apr_pool_t *pool);
/* The row of an item whose file is that one now. */
base_fault_t *local_vdir_item_set(local_session_t *session, local_folder_t *folder,
                                  const local_file_t *file, local_item_t *item, apr_pool_t *pool);
/* In a write transaction: an item's file was not under its name; finds the one that it has. NOT_FOUND
 * when it has none. */
base_fault_t *local_vdir_again(local_session_t *session, local_folder_t *folder, int attempt,
                               local_item_t *item, apr_pool_t *pool);

base_fault_t *local_vdir_fetch(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                               backend_blob_t **blob, apr_pool_t *pool);
base_fault_t *local_vdir_put(local_session_t *session, const char *folder_id,
                             const backend_put_t *put, const backend_blob_t *blob,
                             backend_entry_t *entry, int *existed, apr_pool_t *pool);
base_fault_t *local_vdir_replace(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                                 apr_uint64_t if_match, const backend_blob_t *blob,
                                 backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *local_vdir_update(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                                const backend_update_t *update, backend_entry_t *entry,
                                apr_pool_t *pool);
base_fault_t *local_vdir_move(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                              const char *to_folder_id, const char *derived_name,
                              backend_entry_t *entry, apr_pool_t *pool);
base_fault_t *local_vdir_remove(local_session_t *session, const char *folder_id, apr_uint64_t uid,
                                apr_pool_t *pool);

#endif
