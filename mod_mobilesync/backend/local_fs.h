/* The local store's file system: paths, directories, the id file. Everything below an account's
 * root is opened relative to a descriptor and without following symbolic links. */
#ifndef BACKEND_LOCAL_FS_H
#define BACKEND_LOCAL_FS_H

#include <dirent.h>

#include "backend/local.h"

/* DENIED, QUOTA, INVALID (name too long) or UNAVAILABLE, by errno; never NOT_FOUND. */
base_fault_t *local_fault(int error, apr_pool_t *pool, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* INVALID for a name that cannot be an account's: empty, with a slash or a control character,
 * starting with a dot, or without what the root's %n and %d need. */
base_fault_t *local_paths_make(const local_config_t *config, const char *account,
                               local_paths_t *paths, apr_pool_t *pool);
/* 1 when there is a Maildir. */
int local_paths_exist(const local_paths_t *paths);
/* A descriptor of the Maildir; -1 with errno. */
int local_maildir_open(const local_paths_t *paths);
/* Makes root and Maildir where they are missing. */
base_fault_t *local_paths_create(const local_paths_t *paths, apr_pool_t *pool);

/* A descriptor of the collections' directory, made where it is missing and create; -1: it is. */
base_fault_t *local_vdir_directory(const local_paths_t *paths, int create, int *descriptor,
                                   apr_pool_t *pool);

/* 0: it is certain that it is not there. */
int local_vdir_exists(const local_paths_t *paths);

/* Modification time in nanoseconds. */
apr_int64_t local_mtime(const struct stat *info);

/* Open a directory; -1 with errno. */
int local_directory_open(int at, const char *name);
/* Has a pool close the descriptor. */
void local_descriptor_own(int descriptor, apr_pool_t *pool);
/* A stream over a directory below at, closed with the pool; NULL with errno. */
DIR *local_directory_stream(int at, const char *name, apr_pool_t *pool);

/* Gives what is open, and was just made, the group of a directory and those of its permissions that
 * most has. */
void local_mode_like(int made, int like, mode_t most);
/* Makes a directory with permissions and group of the one `like`, as far as `most` allows; -1 with
 * errno. */
int local_mkdir_like(int at, const char *name, int like, mode_t most);

/* Makes a Maildir (and marks it as a Maildir++ folder) with the permissions of its parent. */
base_fault_t *local_maildir_make(int at, const char *directory, apr_pool_t *pool);
/* Removes a directory and all that is in it. 0, or -1 with errno. */
int local_tree_remove(int at, const char *name);

/* rename(2) that never replaces anything; -1 with errno (EEXIST). */
int local_rename(int from_at, const char *from, int to_at, const char *to);

/* Writes all of it; QUOTA when there is no room. */
base_fault_t *local_write(int descriptor, const char *data, apr_size_t length, apr_pool_t *pool);

/* A small file's content, NULL when there is no such file; CORRUPT when it cannot be one of ours. */
base_fault_t *local_file_read(int directory, const char *name, apr_size_t limit, const char **text,
                              apr_pool_t *pool);
/* Gives a small file new content at once, and the permissions that others have for the directory; -1
 * with errno, and the old content then. */
int local_file_replace(int directory, const char *name, const char *text, size_t length);

/* Removes the file when it is one that a crash left of that: such a name, and a day old. */
void local_file_tidy(int directory, const char *name, apr_time_t now);

/* Puts one file in the place of another that must be there, which gets the first one's place (or
 * is removed, where the file system cannot do that in one step); -1 with errno (ENOENT). */
int local_swap(int from_at, const char *from, int to_at, const char *to);

/* The id file of a Maildir: 0 when it has none, or none that can be understood. */
int local_id_read(int directory, char id[33], apr_uint32_t *generation);
/* -1 with errno when it cannot be written (a read-only store). */
int local_id_write(int directory, const char *id, apr_uint32_t generation);
/* A new random id. */
const char *local_id_make(apr_pool_t *pool);

/* -- a folder's directory while a function works in it -- */
typedef struct {
    int directory, cur, new; /* descriptors, closed with the pool */
} local_place_t;

/* UNAVAILABLE when the directory is not there (it may be being renamed; the next look at the
 * folders finds out). */
base_fault_t *local_place_open(const local_session_t *session, const local_folder_t *folder,
                               local_place_t *place, apr_pool_t *pool);

#endif
