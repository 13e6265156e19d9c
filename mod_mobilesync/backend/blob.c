#include "backend/blob.h"

#include <ctype.h>
#include <string.h>
#include <apr_siphash.h>

#include "base/text.h"

base_fault_t *backend_blob_load(const backend_blob_t *blob, const char **data, apr_pool_t *pool)
{
    apr_off_t start = 0;
    apr_size_t length;
    apr_status_t status;
    char *copy;

    if (blob->data) {
        *data = blob->data;
        return NULL;
    }
    copy = apr_palloc(pool, blob->size + 1);
    status = apr_file_seek(blob->file, APR_SET, &start);
    if (status == APR_SUCCESS && blob->size)
        status = apr_file_read_full(blob->file, copy, blob->size, &length);
    if (status == APR_EOF)
        return base_fault_make(pool, BASE_FAULT_CORRUPT,
                               "the file ends before %" APR_UINT64_T_FMT " bytes", blob->size);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_UNAVAILABLE, status, "reading an item");
    copy[blob->size] = '\0';
    *data = copy;
    return NULL;
}

backend_blob_t *backend_blob_of(const void *data, apr_uint64_t size, apr_pool_t *pool)
{
    backend_blob_t *blob = apr_pcalloc(pool, sizeof *blob);

    blob->data = data;
    blob->size = size;
    return blob;
}

int backend_derived_name_valid(const char *name)
{
    size_t i;

    for (i = 0; name[i]; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
            return 0;
    return i > 0 && i <= 64;
}

apr_uint64_t backend_content_token(const void *data, apr_size_t size)
{
    static const unsigned char key[APR_SIPHASH_KSIZE] = "mod_mobilesync"; /* the same for ever */
    apr_uint64_t token = apr_siphash24(data, size, key);

    return token == 0 || token == APR_UINT64_MAX ? 1 : token;
}

base_fault_t *backend_content_describe(const backend_describer_t *describer, backend_class_t class_,
                                       const backend_blob_t *blob,
                                       backend_description_t *description, apr_pool_t *pool)
{
    *description = (backend_description_t){.class_ = class_, .date = APR_INT64_MAX};
    if (!describer)
        return NULL;
    BASE_TRY(describer->describe(blob, description, pool));
    if (!description->known || description->class_ != class_)
        return base_fault_make(pool, BASE_FAULT_INVALID, "this is no item of the folder's class");
    return NULL;
}

base_fault_t *backend_mismatch(apr_uint64_t uid, apr_pool_t *pool)
{
    return base_fault_make(pool, BASE_FAULT_CONFLICT,
                           "item %" APR_UINT64_T_FMT " was changed by somebody else", uid);
}

int backend_folder_name_valid(const char *name)
{
    size_t i, length = strlen(name);

    if (length == 0 || length > 255 || !base_text_xml_legal(name, length) ||
        isspace((unsigned char)name[0]) || isspace((unsigned char)name[length - 1]))
        return 0;
    for (i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return 0;
    return strspn(name, ".") < length;
}
