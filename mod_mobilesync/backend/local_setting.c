/* Settings: files in the Maildir, so that they are kept and moved with the mail. */
#include "backend/local_setting.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/local_fs.h"

#define SETTING_PREFIX "mobilesync-"

static const char *setting_file(const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, SETTING_PREFIX, name, NULL);
}

base_fault_t *local_setting_get(void *data, const char *name, const char **text, apr_pool_t *pool)
{
    const local_session_t *session = data;

    return local_file_read(session->maildir, setting_file(name, pool), BACKEND_SETTING_MAX, text,
                           pool);
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
