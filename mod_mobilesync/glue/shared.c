#include "glue/glue.h"

#include <string.h>

#include "apr_shm.h"
#include "apr_strings.h"
#include "http_config.h"

/* What the parent knows over restarts, in which this module is loaded anew, and perhaps another
 * version of it. */
typedef struct {
    apr_shm_t *memory;
    const char *layout;
} shared_retained_t;

void *glue_shared_create(server_rec *server, const char *name, const char *layout, apr_size_t size)
{
    apr_pool_t *pool = server->process->pool;
    shared_retained_t *retained = ap_retained_data_get(name);

    if (!retained)
        retained = ap_retained_data_create(name, sizeof *retained);
    if (retained->layout && strcmp(retained->layout, layout) == 0)
        return apr_shm_baseaddr_get(retained->memory);
    if (retained->layout)
        apr_shm_destroy(retained->memory); /* older children have theirs still */
    retained->layout = NULL;
    if (apr_shm_create(&retained->memory, size, NULL, pool) != APR_SUCCESS)
        return NULL;
    retained->layout = apr_pstrdup(pool, layout);
    return memset(apr_shm_baseaddr_get(retained->memory), 0, size);
}
