#include "backend/directory.h"

#include <string.h>

#include "backend/directory_local.h"

struct backend_directory {
    const backend_directory_driver_t *driver;
    void *instance;
};

static base_fault_t *none_configure(const apr_array_header_t *arguments, void **config,
                                    apr_pool_t *pool)
{
    *config = NULL;
    return arguments->nelts ? base_fault_make(pool, BASE_FAULT_INVALID, "none takes no arguments")
                            : NULL;
}

static base_fault_t *none_start(void *config, backend_t *backend, const base_log_t *log,
                                void **instance, apr_pool_t *pool)
{
    (void)config;
    (void)backend;
    (void)log;
    (void)pool;
    *instance = NULL;
    return NULL;
}

static base_fault_t *none_find(void *instance, const char *viewer, const char *text,
                               backend_people_t how, int skip, int limit,
                               backend_people_found_t *found, apr_pool_t *pool)
{
    (void)instance;
    (void)viewer;
    (void)text;
    (void)how;
    (void)skip;
    (void)limit;
    (void)found;
    (void)pool;
    return NULL;
}

static const backend_directory_driver_t directory_none = {
    .name = "none", .configure = none_configure, .start = none_start, .find = none_find};

static const backend_directory_driver_t *const directory_drivers[] = {&backend_directory_local,
                                                                      &directory_none};

static base_fault_t *directory_driver(const char *name, const apr_array_header_t *arguments,
                                      const backend_directory_driver_t **driver, void **config,
                                      apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof directory_drivers / sizeof *directory_drivers; i++)
        if (strcmp(directory_drivers[i]->name, name) == 0) {
            *driver = directory_drivers[i];
            return (*driver)->configure(arguments, config, pool);
        }
    return base_fault_make(pool, BASE_FAULT_INVALID, "there is no directory '%s'", name);
}

base_fault_t *backend_directory_configure(const char *name, const apr_array_header_t *arguments,
                                          apr_pool_t *pool)
{
    const backend_directory_driver_t *driver;
    void *config;

    return directory_driver(name, arguments, &driver, &config, pool);
}

base_fault_t *backend_directory_start(const char *name, const apr_array_header_t *arguments,
                                      backend_t *backend, const base_log_t *log,
                                      backend_directory_t **directory, apr_pool_t *pool)
{
    backend_directory_t *made = apr_pcalloc(pool, sizeof *made);
    void *config;

    BASE_TRY(directory_driver(name, arguments, &made->driver, &config, pool));
    *directory = made;
    return made->driver->start(config, backend, log, &made->instance, pool);
}

base_fault_t *backend_directory_find(backend_directory_t *directory, const char *viewer,
                                     const char *text, backend_people_t how, int skip, int limit,
                                     backend_people_found_t **found, apr_pool_t *pool)
{
    *found = apr_pcalloc(pool, sizeof **found);
    return base_fault_wrap(
        directory->driver->find(directory->instance, viewer, text, how, skip, limit, *found, pool),
        pool, "directory %s", directory->driver->name);
}
