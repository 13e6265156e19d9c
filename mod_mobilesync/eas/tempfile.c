#include "eas/tempfile.h"

#include <apr_strings.h>

base_fault_t *eas_tempfile_open(const char *directory, apr_file_t **file, apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    char *name;

    if (!directory)
        status = apr_temp_dir_get(&directory, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status,
                                      "looking for a folder for temporary files");
    name = apr_pstrcat(pool, directory, "/mobilesync.XXXXXX", NULL);
    status = apr_file_mktemp(file, name,
                             APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL |
                                 APR_FOPEN_BINARY,
                             pool);
    if (status == APR_SUCCESS)
        status = apr_file_remove(name, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status,
                                      "creating a temporary file in %s", directory);
    return NULL;
}
