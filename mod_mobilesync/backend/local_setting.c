/* Settings: files in the Maildir, so that they are kept and moved with the mail. */
#include "backend/local_setting.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/local_fs.h"

#define SETTING_PREFIX "mobilesync-"

static const char *setting_file(const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, SETTING_PREFIX, name, NULL);
}

static base_fault_t *setting_read(int descriptor, const char **text, apr_pool_t *pool)
{
    struct stat info;
    size_t length = 0;
    ssize_t n = 0;
    char *data;

    if (fstat(descriptor, &info) != 0)
        return local_fault(errno, pool, "a file of the Maildir");
    if (!S_ISREG(info.st_mode) || info.st_size > BACKEND_SETTING_MAX)
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

base_fault_t *local_setting_get(void *data, const char *name, const char **text, apr_pool_t *pool)
{
    const local_session_t *session = data;
    const char *file = setting_file(name, pool);
    int descriptor = openat(session->maildir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    base_fault_t *fault;

    *text = NULL;
    if (descriptor < 0)
        return errno == ENOENT ? NULL : local_fault(errno, pool, "%s", file);
    fault = setting_read(descriptor, text, pool);
    close(descriptor);
    return fault;
}

base_fault_t *local_setting_set(void *data, const char *name, const char *text, apr_pool_t *pool)
{
    const local_session_t *session = data;
    const char *file = setting_file(name, pool);

    if (text ? local_file_replace(session->maildir, file, text, strlen(text)) == 0
             : unlinkat(session->maildir, file, 0) == 0 || errno == ENOENT)
        return NULL;
    return local_fault(errno, pool, "%s", file);
}
