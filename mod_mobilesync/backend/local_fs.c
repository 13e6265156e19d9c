#include "backend/local_fs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/text.h"

base_fault_t *local_fault(int error, apr_pool_t *pool, const char *format, ...)
{
    base_fault_code_t code = BASE_FAULT_UNAVAILABLE;
    base_fault_t *fault;
    const char *message;
    va_list arguments;

    va_start(arguments, format);
    message = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        code = BASE_FAULT_QUOTA;
    else if (error == EACCES || error == EPERM || error == EROFS || error == ELOOP)
        code = BASE_FAULT_DENIED;
    else if (error == ENAMETOOLONG)
        code = BASE_FAULT_INVALID;
    fault = base_fault_make_status(pool, code, APR_FROM_OS_ERROR(error), "%s", message);
    if (code == BASE_FAULT_UNAVAILABLE)
        fault->retry_after = 5;
    return fault;
}

/* -- paths ---------------------------------------------------------------------------------- */

static int fs_component_safe(const char *text)
{
    const char *p;

    for (p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/')
            return 0;
    return *text && *text != '.' && p - text <= 128;
}

/* Replaces %u, %n, %d and %%; NULL when the account lacks what it asks for. */
static const char *fs_expand(const char *pattern, const char *account, apr_pool_t *pool)
{
    const char *at = strrchr(account, '@');
    const char *local = at ? apr_pstrmemdup(pool, account, at - account) : account;
    base_text_buffer_t out = {.pool = pool};
    const char *value;

    for (; *pattern; pattern++) {
        if (*pattern != '%') {
            base_text_buffer_append(&out, pattern, 1);
            continue;
        }
        switch (*++pattern) {
        case 'u':
            value = account;
            break;
        case 'n':
            value = local;
            break;
        case 'd':
            value = at ? at + 1 : "";
            break;
        default: /* %%; configure refuses all others */
            base_text_buffer_puts(&out, "%");
            continue;
        }
        if (!fs_component_safe(value))
            return NULL;
        base_text_buffer_puts(&out, value);
    }
    return out.data;
}

base_fault_t *local_paths_make(const local_config_t *config, const char *account,
                               local_paths_t *paths, apr_pool_t *pool)
{
    const char *inner;
    struct stat info;

    paths->root = fs_component_safe(account) ? fs_expand(config->root, account, pool) : NULL;
    paths->index = config->index && paths->root ? fs_expand(config->index, account, pool) : NULL;
    if (!paths->root || (config->index && !paths->index))
        return base_fault_make(pool, BASE_FAULT_INVALID, "'%s' cannot be an account here", account);
    inner = config->maildir ? config->maildir : "Maildir";
    paths->maildir =
        strcmp(inner, ".") == 0 ? paths->root : apr_pstrcat(pool, paths->root, "/", inner, NULL);
    if (!config->maildir && lstat(paths->maildir, &info) != 0 &&
        lstat(apr_pstrcat(pool, paths->root, "/cur", NULL), &info) == 0 && S_ISDIR(info.st_mode))
        paths->maildir = paths->root;
    paths->vdir = config->vdir ? config->vdir : LOCAL_VDIR;
    if (strcmp(paths->vdir, "none") == 0)
        paths->vdir = NULL;
    else if (*paths->vdir == '/') {
        if (!(paths->vdir = fs_expand(paths->vdir, account, pool)))
            return base_fault_make(pool, BASE_FAULT_INVALID, "'%s' cannot be an account here",
                                   account);
    }
    else
        paths->vdir = apr_pstrcat(pool, paths->root, "/", paths->vdir, NULL);
    if (!paths->index)
        paths->index = apr_pstrcat(pool, paths->root, "/mobilesync", NULL);
    return NULL;
}

int local_maildir_open(const local_paths_t *paths)
{
    if (paths->maildir == paths->root) /* the root may be a link, what is in it may not */
        return open(paths->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return local_directory_open(AT_FDCWD, paths->maildir);
}

int local_paths_exist(const local_paths_t *paths)
{
    int descriptor = local_maildir_open(paths);
    struct stat info;
    int exists = descriptor >= 0 && fstatat(descriptor, "cur", &info, AT_SYMLINK_NOFOLLOW) == 0;

    if (descriptor >= 0)
        close(descriptor);
    return exists;
}

/* As Dovecot does it: the one way to share a store between a deliverer's user and httpd's that needs
 * no more settings. */
void local_mode_like(int made, int like, mode_t most)
{
    struct stat info;

    if (fstat(like, &info) == 0 && fchown(made, (uid_t)-1, info.st_gid) == 0)
        (void)!fchmod(made, info.st_mode & most);
}

int local_mkdir_like(int at, const char *name, int like, mode_t most)
{
    int made;

    if (mkdirat(at, name, 0700) != 0)
        return -1;
    made = local_directory_open(at, name);
    if (made < 0)
        return -1;
    local_mode_like(made, like, most);
    close(made);
    return 0;
}

static int fs_mkdir_path(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    const char *parent = slash && slash > path ? apr_pstrmemdup(pool, path, slash - path) : NULL;
    struct stat info;
    int at, result;

    if (stat(path, &info) == 0)
        return S_ISDIR(info.st_mode) ? 0 : (errno = ENOTDIR, -1);
    if (!parent || (fs_mkdir_path(parent, pool) != 0 && errno != EEXIST))
        return -1;
    at = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -1;
    result = local_mkdir_like(at, slash + 1, at, 02770); /* a mailbox is not for all to read */
    close(at);
    return result != 0 && errno != EEXIST ? -1 : 0;
}

base_fault_t *local_paths_create(const local_paths_t *paths, apr_pool_t *pool)
{
    base_fault_t *fault = NULL;
    int at;

    if (fs_mkdir_path(paths->maildir, pool) != 0)
        return local_fault(errno, pool, "making %s", paths->maildir);
    at = local_maildir_open(paths);
    if (at < 0)
        return local_fault(errno, pool, "opening %s", paths->maildir);
    fault = local_maildir_make(at, ".", pool);
    close(at);
    return fault;
}

base_fault_t *local_vdir_directory(const local_paths_t *paths, int create, int *descriptor,
                                   apr_pool_t *pool)
{
    *descriptor = local_directory_open(AT_FDCWD, paths->vdir);
    if (*descriptor < 0 && errno == ENOENT && !create)
        return NULL;
    if (*descriptor < 0 && errno == ENOENT && fs_mkdir_path(paths->vdir, pool) == 0)
        *descriptor = local_directory_open(AT_FDCWD, paths->vdir);
    return *descriptor < 0 ? local_fault(errno, pool, "opening %s", paths->vdir) : NULL;
}

int local_vdir_exists(const local_paths_t *paths)
{
    struct stat info;

    return lstat(paths->vdir, &info) == 0 || errno != ENOENT;
}

/* -- directories ---------------------------------------------------------------------------- */

apr_int64_t local_mtime(const struct stat *info)
{
    return (apr_int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

int local_directory_open(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static apr_status_t fs_descriptor_close(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

void local_descriptor_own(int descriptor, apr_pool_t *pool)
{
    apr_pool_cleanup_register(pool, (void *)(intptr_t)descriptor, fs_descriptor_close,
                              apr_pool_cleanup_null);
}

static apr_status_t fs_stream_close(void *data)
{
    closedir(data);
    return APR_SUCCESS;
}

DIR *local_directory_stream(int at, const char *name, apr_pool_t *pool)
{
    int descriptor = local_directory_open(at, name);
    DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);

    if (!stream) {
        int error = errno;

        if (descriptor >= 0)
            close(descriptor);
        errno = error;
        return NULL;
    }
    apr_pool_cleanup_register(pool, stream, fs_stream_close, apr_pool_cleanup_null);
    return stream;
}

base_fault_t *local_maildir_make(int at, const char *directory, apr_pool_t *pool)
{
    static const char *const parts[] = {"tmp", "new", "cur"};
    int inner, mark, error = 0;
    size_t i;

    if (strcmp(directory, ".") != 0 && local_mkdir_like(at, directory, at, 02777) != 0)
        return base_fault_wrap(local_fault(errno, pool, "making '%s'", directory), pool, "folder");
    inner = local_directory_open(at, directory);
    if (inner < 0)
        return local_fault(errno, pool, "opening '%s'", directory);
    for (i = 0; i < sizeof parts / sizeof *parts && !error; i++)
        if (local_mkdir_like(inner, parts[i], inner, 02777) != 0 && errno != EEXIST)
            error = errno;
    if (!error && *directory == '.' && directory[1]) { /* Maildir++ marks its subfolders */
        mark = openat(inner, "maildirfolder", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (mark >= 0)
            close(mark);
    }
    close(inner);
    return error ? local_fault(error, pool, "making a Maildir in '%s'", directory) : NULL;
}

int local_tree_remove(int at, const char *name)
{
    int descriptor, result = 0;
    struct dirent *entry;
    DIR *stream;

    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    descriptor = local_directory_open(at, name);
    if (descriptor < 0)
        return -1;
    stream = fdopendir(descriptor);
    if (!stream) {
        close(descriptor);
        return -1;
    }
    while ((entry = readdir(stream)) && result == 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = local_tree_remove(dirfd(stream), entry->d_name);
    closedir(stream);
    return result == 0 ? unlinkat(at, name, AT_REMOVEDIR) : result;
}

int local_rename(int from_at, const char *from, int to_at, const char *to)
{
    struct stat info;

    if (renameat2(from_at, from, to_at, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* a file system that cannot do it in one step */
    if (fstatat(to_at, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(from_at, from, to_at, to);
}

int local_swap(int from_at, const char *from, int to_at, const char *to)
{
    struct stat info;

    if (renameat2(from_at, from, to_at, to, RENAME_EXCHANGE) == 0)
        return 0;
    if ((errno != EINVAL && errno != ENOSYS) || fstatat(to_at, to, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    return renameat(from_at, from, to_at, to);
}

base_fault_t *local_write(int descriptor, const char *data, apr_size_t length, apr_pool_t *pool)
{
    while (length > 0) {
        ssize_t written = write(descriptor, data, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return local_fault(written < 0 ? errno : ENOSPC, pool, "writing an item");
        data += written;
        length -= (apr_size_t)written;
    }
    return NULL;
}

/* -- the id file ---------------------------------------------------------------------------- */

int local_id_read(int directory, char id[33], apr_uint32_t *generation)
{
    int descriptor = openat(directory, LOCAL_ID_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char text[64] = "";
    unsigned value = 0;
    ssize_t length;
    size_t i;

    if (descriptor < 0)
        return 0;
    length = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (length <= 0 || sscanf(text, "%32s %u", id, &value) != 2 || !value)
        return 0;
    for (i = 0; id[i]; i++)
        if (!isalnum((unsigned char)id[i]))
            return 0;
    *generation = value;
    return 1;
}

static base_fault_t *fs_file_read(int descriptor, apr_size_t limit, const char **text,
                                  apr_pool_t *pool)
{
    struct stat info;
    size_t length = 0;
    ssize_t n = 0;
    char *data;

    if (fstat(descriptor, &info) != 0)
        return local_fault(errno, pool, "a file of the Maildir");
    if (!S_ISREG(info.st_mode) || info.st_size < 0 || (apr_size_t)info.st_size > limit)
        return base_fault_make(pool, BASE_FAULT_CORRUPT, "its file cannot be one of ours");
    data = apr_palloc(pool, (size_t)info.st_size + 1);
    while (length < (size_t)info.st_size &&
           (n = read(descriptor, data + length, (size_t)info.st_size - length)) > 0)
        length += (size_t)n;
    if (n < 0)
        return local_fault(errno, pool, "a file of the Maildir");
    data[length] = '\0';
    *text = data;
    return NULL;
}

base_fault_t *local_file_read(int directory, const char *name, apr_size_t limit, const char **text,
                              apr_pool_t *pool)
{
    int descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    base_fault_t *fault;

    *text = NULL;
    if (descriptor < 0)
        return errno == ENOENT ? NULL : local_fault(errno, pool, "%s", name);
    fault = fs_file_read(descriptor, limit, text, pool);
    close(descriptor);
    return fault;
}

#define FS_TEMPORARY "mobilesync-"
#define FS_TEMPORARY_END ".tmp"
#define FS_TEMPORARY_USEC (86400 * APR_USEC_PER_SEC)

void local_file_tidy(int directory, const char *name, apr_time_t now)
{
    const char *begin = name + (*name == '.'), *end = strrchr(begin, '.');
    struct stat info;

    if (strncmp(begin, FS_TEMPORARY, strlen(FS_TEMPORARY)) == 0 && end &&
        strcmp(end, FS_TEMPORARY_END) == 0 &&
        fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        now - apr_time_from_sec(info.st_mtime) > FS_TEMPORARY_USEC)
        unlinkat(directory, name, 0);
}

int local_file_replace(int directory, const char *name, const char *text, size_t length)
{
    unsigned char random[8];
    char temporary[64];
    int descriptor, error = 0;
    unsigned long long number;

    apr_generate_random_bytes(random, sizeof random);
    memcpy(&number, random, sizeof number);
    /* what is hidden stays so: other programs read all that is not */
    snprintf(temporary, sizeof temporary, "%s" FS_TEMPORARY "%016llx" FS_TEMPORARY_END,
             *name == '.' ? "." : "", number);
    descriptor =
        openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return -1;
    local_mode_like(descriptor, directory, 0666);
    errno = 0;
    if (write(descriptor, text, length) != (ssize_t)length || fsync(descriptor) != 0)
        error = errno ? errno : ENOSPC;
    close(descriptor);
    if (!error && renameat(directory, temporary, directory, name) == 0)
        return 0;
    error = error ? error : errno;
    unlinkat(directory, temporary, 0);
    errno = error;
    return -1;
}

int local_id_write(int directory, const char *id, apr_uint32_t generation)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%s %u\n", id, generation);

    return local_file_replace(directory, LOCAL_ID_FILE, text, (size_t)length);
}

const char *local_id_make(apr_pool_t *pool)
{
    unsigned char random[10];

    apr_generate_random_bytes(random, sizeof random);
    return base_text_hex_encode(random, sizeof random, pool);
}

base_fault_t *local_place_open(const local_session_t *session, const local_folder_t *folder,
                               local_place_t *place, apr_pool_t *pool)
{
    const char *name = *folder->directory ? folder->directory : ".";

    place->directory = local_directory_open(session->maildir, name);
    if (place->directory >= 0)
        local_descriptor_own(place->directory, pool);
    place->cur = place->directory < 0 ? -1 : local_directory_open(place->directory, "cur");
    if (place->cur >= 0)
        local_descriptor_own(place->cur, pool);
    place->new = place->cur < 0 ? -1 : local_directory_open(place->directory, "new");
    if (place->new >= 0) {
        local_descriptor_own(place->new, pool);
        return NULL;
    }
    /* what is missing now may be under its new name at the next look; the other folders have
     * nothing to do with it, so that this is no outage */
    if (errno == ENOENT)
        return base_fault_make(pool, BASE_FAULT_BUSY, "'%s' is being renamed or removed", name);
    return local_fault(errno, pool, "opening '%s'", name);
}
