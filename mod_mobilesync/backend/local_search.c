#include "backend/local_search.h"

#include <apr_strings.h>

#include "backend/drivers.h"
#include "backend/search_index.h"

#define SEARCH_ATTEMPTS 20
#define SEARCH_PAUSE apr_time_from_msec(50)

/* Searches are rare and opening costs little beside them: no handle is kept. */
static base_fault_t *search_once(local_session_t *session, const char *path,
                                 const backend_search_t *search, backend_found_t **found,
                                 apr_pool_t *pool)
{
    search_index_t *index;
    base_fault_t *fault;
    apr_pool_t *open;

    apr_pool_create(&open, pool);
    fault = search_index_open(path, &index, open);
    if (!fault)
        fault = search_index_run(index, &backend_local_driver, session, search, found, pool);
    fault = base_fault_wrap(fault, pool, "%s", path); /* before its pool goes */
    apr_pool_destroy(open);
    return fault;
}

base_fault_t *local_search(void *data, const backend_search_t *search, backend_found_t **found,
                           apr_pool_t *pool)
{
    local_session_t *session = data;
    const char *path = apr_pstrcat(pool, session->paths.index, "/" LOCAL_SEARCH_FILE, NULL);
    base_fault_t *fault = search_once(session, path, search, found, pool);
    int attempt;

    /* SQLite does not wait for those who make the file at the same time */
    for (attempt = 0; attempt < SEARCH_ATTEMPTS && base_fault_code(fault) == BASE_FAULT_BUSY;
         attempt++) {
        apr_sleep(SEARCH_PAUSE);
        fault = search_once(session, path, search, found, pool);
    }
    if (base_fault_code(fault) != BASE_FAULT_CORRUPT)
        return fault;
    base_log_write(session->instance->log, BASE_LOG_WARNING,
                   "local backend: %s; it is made anew from the mailbox", fault->message);
    search_index_remove(path, pool);
    return search_once(session, path, search, found, pool);
}
