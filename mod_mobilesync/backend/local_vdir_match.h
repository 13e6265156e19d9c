/* Part of the scan of a collection: what the index knows, what is there, and which is which. */
#ifndef BACKEND_LOCAL_VDIR_MATCH_H
#define BACKEND_LOCAL_VDIR_MATCH_H

#include "backend/local_mark.h"
#include "backend/local_vdir.h"

typedef struct vdir_file vdir_file_t;

/* An item that the index knows. */
typedef struct vdir_item vdir_item_t;
struct vdir_item {
    apr_int64_t uid, missed;
    local_file_t was;  /* at the last scan; name is the index's */
    vdir_file_t *file; /* the one that it is now; NULL: none was found */
    vdir_item_t *same; /* another item of that identity */
};

struct vdir_file {
    local_file_t now;
    int unchanged; /* its etag is that of the item, or of the alien */
    vdir_item_t *item;
};

typedef struct {
    apr_int64_t class_, changed, inode, size;
    int seen;
} vdir_alien_t;

typedef struct {
    local_session_t *session;
    local_folder_t *folder;
    int directory;
    int anew;                  /* by another version of describing: everything is read */
    apr_array_header_t *items; /* vdir_item_t * */
    apr_array_header_t *files; /* vdir_file_t *: what is not an alien that is known */
    apr_hash_t *by_name, *by_identity, *aliens;
    int others[LOCAL_CLASSES]; /* classes that other files have */
    apr_time_t start;
    int quiet;    /* nothing was renamed while it scanned */
    int raced;    /* something that was seen was gone a moment later */
    int young;    /* something was written a moment ago */
    int suspects; /* known items that were missed, not yet gone */
    apr_pool_t *pool;
} vdir_scan_t;

/* Is the file an item of the folder's class? */
int local_vdir_is_ours(const vdir_scan_t *scan, const vdir_file_t *file);

/* Gives the files to the items. A file that turns out to be gone loses its name. */
void local_vdir_match(vdir_scan_t *scan);

#endif
