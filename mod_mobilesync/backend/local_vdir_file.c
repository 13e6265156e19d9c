#include "backend/local_vdir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/blob.h"
#include "backend/local_fs.h"
#include "backend/local_index.h"
#include "backend/local_mark.h"
#include "base/text.h"

/* -- names ---------------------------------------------------------------------------------- */

static const char *const file_extensions[] = {".vcf", ".ics"};

const char *local_file_extension(backend_class_t class_)
{
    return class_ == BACKEND_CLASS_CONTACTS ? ".vcf" : ".ics";
}

int local_file_is_item(const char *name)
{
    size_t length = strlen(name), i;

    for (i = 0; i < sizeof file_extensions / sizeof *file_extensions && name[0] != '.'; i++)
        if (length > strlen(file_extensions[i]) &&
            strcasecmp(name + length - strlen(file_extensions[i]), file_extensions[i]) == 0)
            return 1;
    return 0;
}

/* Length of a name without its extension. */
static size_t file_stem(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? (size_t)(dot - name) : strlen(name);
}

/* The derived name is what is behind the last dot of the stem, or all of it. */
const char *local_file_derived(const char *name, apr_pool_t *pool)
{
    const char *stem = apr_pstrmemdup(pool, name, file_stem(name)), *dot = strrchr(stem, '.');
    const char *derived = dot ? dot + 1 : stem;

    return backend_derived_name_valid(derived) ? derived : NULL;
}

/* Characters that every file system, program and URL takes. */
static int file_name_safe(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "_-.@{}+=");

    return length > 0 && !text[length] && length <= 128 && text[0] != '.' && text[0] != '-';
}

static const char *file_name_join(const char *stem, const char *derived, const char *extension,
                                  int number, apr_pool_t *pool)
{
    /* before the derived name, which is what is found again */
    if (number)
        stem = apr_pstrcat(pool, stem && *stem ? stem : "item", "-", local_id_make(pool), NULL);
    if (stem && *stem && derived && strcmp(stem, derived) != 0)
        stem = apr_pstrcat(pool, stem, ".", derived, NULL);
    else if (!stem || !*stem)
        stem = derived;
    return apr_pstrcat(pool, stem, extension, NULL);
}

const char *local_file_name(const char *identity, const char *derived, backend_class_t class_,
                            int number, apr_pool_t *pool)
{
    const char *stem = identity && file_name_safe(identity) ? identity : NULL;

    if (!stem && !derived)
        stem = local_id_make(pool);
    return file_name_join(stem, derived, local_file_extension(class_), number, pool);
}

const char *local_file_name_moved(const char *name, const char *derived, int number,
                                  apr_pool_t *pool)
{
    size_t length = file_stem(name);
    const char *extension = name + length, *stem = apr_pstrmemdup(pool, name, length);
    const char *dot = strrchr(stem, '.');

    if (!derived && !number)
        return name;
    /* one derived name takes the place of another, so that the name does not grow */
    if (derived && dot && backend_derived_name_valid(dot + 1))
        stem = apr_pstrmemdup(pool, stem, (apr_size_t)(dot - stem));
    if (length > 160)
        stem = "";
    return file_name_join(*stem || derived ? stem : local_id_make(pool), derived, extension, number,
                          pool);
}

/* -- content -------------------------------------------------------------------------------- */

void local_file_stat(local_file_t *file, const struct stat *info)
{
    apr_int64_t age;

    /* The time of the last change of anything: unlike mtime no program can set it back. What changed
     * a moment ago may change again without it: it is read again by the next scan. */
    file->ctime = (apr_int64_t)info->st_ctim.tv_sec * 1000000000 + info->st_ctim.tv_nsec;
    age = apr_time_now() - file->ctime / 1000;
    file->changed = age >= 0 && age < LOCAL_QUIET_USEC ? 0 : file->ctime;
    file->inode = (apr_int64_t)info->st_ino;
    file->size = info->st_size;
}

/* *data NULL: it is too large. -1 with errno. */
static int file_read(int directory, const char *name, const char **data, struct stat *info,
                     apr_pool_t *pool)
{
    /* NONBLOCK: a FIFO in its place must not hang us */
    int descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    apr_size_t length = 0;
    ssize_t n = 0;
    char *buffer;

    *data = NULL;
    if (descriptor < 0)
        return -1;
    if (fstat(descriptor, info) != 0 || !S_ISREG(info->st_mode)) {
        close(descriptor);
        errno = ELOOP;
        return -1;
    }
    if (info->st_size <= LOCAL_VDIR_FILE_MAX) {
        buffer = apr_palloc(pool, (apr_size_t)info->st_size + 1);
        while (length < (apr_size_t)info->st_size &&
               (n = read(descriptor, buffer + length, (apr_size_t)info->st_size - length)) > 0)
            length += (apr_size_t)n;
        buffer[length] = '\0';
        info->st_size = (off_t)length; /* it may have been cut meanwhile */
        *data = buffer;
    }
    close(descriptor);
    return n < 0 ? -1 : 0;
}

int local_file_read_item(local_session_t *session, int directory, local_file_t *file,
                         base_fault_t **fault, apr_pool_t *pool)
{
    backend_description_t description = {.known = 0};
    const char *data;
    struct stat info;

    *fault = NULL;
    if (file_read(directory, file->name, &data, &info, pool) != 0)
        return -1;
    local_file_stat(file, &info);
    file->known = file->foreign = 0;
    if (!data)
        return 0;
    *fault = session->instance->describer->describe(
        backend_blob_of(data, (apr_uint64_t)info.st_size, pool), &description, pool);
    file->known = description.known;
    file->foreign = description.foreign;
    file->class_ = description.class_;
    file->identity = description.uid;
    file->date = description.date;
    file->token = backend_content_token(data, (apr_size_t)info.st_size);
    return 0;
}

base_fault_t *local_vdir_has(local_session_t *session, const char *directory,
                             backend_class_t class_, int *has, apr_pool_t *pool)
{
    apr_int64_t views;

    BASE_TRY(local_sql_integer(session->index, LOCAL_SQL_VDIR_VIEWS, &views, pool, "ti", directory,
                               (apr_int64_t)class_));
    *has = views > 0;
    return NULL;
}

base_fault_t *local_file_place(local_session_t *session, const char *directory, local_file_t *file,
                               apr_pool_t *pool)
{
    const apr_int64_t etag[] = {file->ctime, file->inode, file->size};
    const char *extension = file->name + file_stem(file->name);
    int class_;

    file->date = APR_INT64_MAX;
    if (!file->token)
        file->token = backend_content_token(etag, sizeof etag);
    if (file->class_ != BACKEND_CLASS_EMAIL)
        BASE_TRY(local_vdir_has(session, directory, file->class_, &file->known, pool));
    for (class_ = BACKEND_CLASS_EMAIL + 1; !file->known && class_ < LOCAL_CLASSES; class_++) {
        file->class_ = (backend_class_t)class_;
        if (strcasecmp(extension, local_file_extension(file->class_)) == 0)
            BASE_TRY(local_vdir_has(session, directory, file->class_, &file->known, pool));
    }
    return NULL;
}

apr_uint64_t local_file_token(int directory, const char *name, apr_pool_t *pool)
{
    const char *data;
    struct stat info;

    if (file_read(directory, name, &data, &info, pool) != 0)
        return 0;
    if (!data) {
        errno = EFBIG;
        return 0;
    }
    return backend_content_token(data, (apr_size_t)info.st_size);
}

base_fault_t *local_vdir_open(const local_session_t *session, const local_folder_t *folder,
                              int *directory, apr_pool_t *pool)
{
    *directory = local_directory_open(session->vdir, folder->directory);
    if (*directory >= 0) {
        local_descriptor_own(*directory, pool);
        return NULL;
    }
    if (errno == ENOENT)
        return base_fault_make(pool, BASE_FAULT_BUSY, "'%s' is being renamed or removed",
                               folder->directory);
    return local_fault(errno, pool, "opening '%s'", folder->directory);
}
