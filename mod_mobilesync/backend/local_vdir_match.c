/* Whose file is it? */
#include "backend/local_vdir_match.h"

#include <fcntl.h>
#include <string.h>

static int match_identity_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

int local_vdir_is_ours(const vdir_scan_t *scan, const vdir_file_t *file)
{
    return file->now.known && file->now.class_ == scan->folder->class_;
}

static vdir_item_t *match_by_name(const vdir_scan_t *scan, const vdir_file_t *file)
{
    vdir_item_t *item = apr_hash_get(scan->by_name, file->now.name, APR_HASH_KEY_STRING);

    return item && !item->file ? item : NULL;
}

static vdir_item_t *match_name_and_identity(vdir_scan_t *scan, const vdir_file_t *file)
{
    vdir_item_t *item = match_by_name(scan, file);

    return item && match_identity_same(item->was.identity, file->now.identity) ? item : NULL;
}

static int match_exists(const vdir_scan_t *scan, const vdir_file_t *file)
{
    struct stat info;

    return fstatat(scan->directory, file->now.name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* One that lost its file; or whose file was renamed while the directory was read, so that both names
 * were seen. */
static vdir_item_t *match_identity(vdir_scan_t *scan, const vdir_file_t *file)
{
    vdir_item_t *item, *first;

    if (!file->now.identity)
        return NULL;
    first = apr_hash_get(scan->by_identity, file->now.identity, APR_HASH_KEY_STRING);
    for (item = first; item; item = item->same)
        if (!item->file)
            return item;
    for (item = first; item; item = item->same)
        if (item->file->now.inode == file->now.inode && !match_exists(scan, item->file)) {
            item->file->item = NULL;
            item->file->now.known = 0;
            item->file->now.name = NULL; /* it is not there */
            return item;
        }
    return NULL;
}

static vdir_item_t *match_content(vdir_scan_t *scan, const vdir_file_t *file)
{
    int i;

    for (i = 0; i < scan->items->nelts && !file->now.identity; i++) {
        vdir_item_t *item = APR_ARRAY_IDX(scan->items, i, vdir_item_t *);

        if (!item->file && !item->was.identity && item->was.token == file->now.token)
            return item;
    }
    return NULL;
}

static vdir_item_t *match_name(vdir_scan_t *scan, const vdir_file_t *file)
{
    return match_by_name(scan, file);
}

/* The surest first, for all files. */
void local_vdir_match(vdir_scan_t *scan)
{
    static vdir_item_t *(*const ways[])(vdir_scan_t *, const vdir_file_t *) = {
        match_name_and_identity, match_identity, match_content, match_name};
    size_t way;
    int i;

    for (way = 0; way < sizeof ways / sizeof *ways; way++)
        for (i = 0; i < scan->files->nelts; i++) {
            vdir_file_t *file = APR_ARRAY_IDX(scan->files, i, vdir_file_t *);

            if (file->item || !local_vdir_is_ours(scan, file) ||
                !(file->item = ways[way](scan, file)))
                continue;
            file->item->file = file;
        }
}
