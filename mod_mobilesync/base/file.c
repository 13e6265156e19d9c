#include "base/file.h"

#include <apr_allocator.h>
#include <apr_file_io.h>

#define FILE_IDENTITY (APR_FINFO_SIZE | APR_FINFO_MTIME | APR_FINFO_INODE)

base_fault_t *base_file_read(const char *path, apr_size_t limit, const char **text,
                             apr_size_t *length, apr_finfo_t *info, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t found;
    apr_size_t read = 0;
    char *bytes;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);

    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INVALID, status, "%s", path);
    status = apr_file_info_get(&found, FILE_IDENTITY | APR_FINFO_TYPE, file);
    if (status == APR_SUCCESS &&
        (found.filetype != APR_REG || found.size < 0 || (apr_uint64_t)found.size > limit)) {
        apr_file_close(file);
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "%s is no file of up to %" APR_SIZE_T_FMT " bytes", path, limit);
    }
    if (status == APR_SUCCESS) {
        bytes = apr_palloc(pool, (apr_size_t)found.size + 1);
        status = apr_file_read_full(file, bytes, (apr_size_t)found.size, &read);
        bytes[read] = '\0';
        *text = bytes;
        *length = read;
    }
    apr_file_close(file);
    if (status != APR_SUCCESS && status != APR_EOF)
        return base_fault_make_status(pool, BASE_FAULT_INVALID, status, "%s", path);
    if (info)
        *info = found;
    return NULL;
}

int base_file_changed(const char *path, const apr_finfo_t *known, apr_finfo_t *now,
                      apr_pool_t *pool)
{
    *now = (apr_finfo_t){0};
    if (apr_stat(now, path, FILE_IDENTITY, pool) != APR_SUCCESS)
        *now = (apr_finfo_t){0};
    return now->mtime != known->mtime || now->size != known->size || now->inode != known->inode;
}

base_fault_t *base_pool_create(apr_pool_t **own, apr_pool_t *parent)
{
    apr_allocator_t *allocator;

    if (apr_allocator_create(&allocator) != APR_SUCCESS)
        return base_fault_make(parent, BASE_FAULT_INTERNAL, "making an allocator");
    if (apr_pool_create_ex(own, parent, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return base_fault_make(parent, BASE_FAULT_INTERNAL, "making a pool");
    }
    apr_allocator_owner_set(allocator, *own);
    return NULL;
}
