#include "backend_maildir.h"

#include <apr_general.h>

int main(void)
{
    apr_array_header_t *arguments;
    apr_pool_t *pool;
    backend_t *backend;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    store_make(pool);
    arguments = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(arguments, const char *) = apr_pstrcat(pool, "root=", store_root, "/%u", NULL);
    must(backend_start("local", arguments, NULL, &backend, pool), "start");
    backend_contract(backend, "alice", pool);
    store_remove();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
