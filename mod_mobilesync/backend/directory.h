/* The directory of people (the Global Address List): who can be written to. Drivers: local (accounts
 * of the server and an address book of vCards), none. */
#ifndef BACKEND_DIRECTORY_H
#define BACKEND_DIRECTORY_H

#include "backend/backend.h"

typedef struct {
    const void *bytes;
    apr_size_t length;
} backend_bytes_t;

/* Texts are XML-legal UTF-8 on one line, NULL where nothing is known. */
typedef struct {
    const char *display_name; /* never NULL */
    const char *email;        /* never NULL */
    const char *alias;
    const char *first_name, *last_name;
    const char *company, *title, *office;
    const char *phone, *home_phone, *mobile_phone;
    backend_bytes_t picture;                /* a picture file; length 0: none */
    const apr_array_header_t *certificates; /* backend_bytes_t: X.509, DER */
} backend_person_t;

typedef enum {
    BACKEND_PEOPLE_BEGIN, /* a name, an address or another text begins so, or a word within it */
    BACKEND_PEOPLE_EMAIL  /* an address is just that, in any case of letters */
} backend_people_t;

typedef struct {
    const backend_person_t *people; /* by display name */
    int count;
    int total; /* without skip and limit */
} backend_people_found_t;

/* Those of a blob of vCards (a contact of an account's) who are looked for, as directories look: pushes
 * backend_person_t. */
base_fault_t *backend_people_match(const backend_blob_t *cards, const char *text,
                                   backend_people_t how, apr_array_header_t *people,
                                   apr_pool_t *pool);

typedef struct backend_directory backend_directory_t;
typedef struct backend_directory_driver backend_directory_driver_t;
struct backend_directory_driver {
    const char *name;
    base_fault_t *(*configure)(const apr_array_header_t *arguments, void **config,
                               apr_pool_t *pool);
    base_fault_t *(*start)(void *config, backend_t *backend, const base_log_t *log, void **instance,
                           apr_pool_t *pool);
    base_fault_t *(*find)(void *instance, const char *viewer, const char *text,
                          backend_people_t how, int skip, int limit, backend_people_found_t *found,
                          apr_pool_t *pool);
};

/* Checks driver and arguments; opens nothing. */
base_fault_t *backend_directory_configure(const char *driver, const apr_array_header_t *arguments,
                                          apr_pool_t *pool);
/* In a child; lives as long as the pool, which is the child's. For all threads. */
base_fault_t *backend_directory_start(const char *driver, const apr_array_header_t *arguments,
                                      backend_t *backend, const base_log_t *log,
                                      backend_directory_t **directory, apr_pool_t *pool);

/* viewer: the address of who asks; accounts of other domains are not shown to them. */
base_fault_t *backend_directory_find(backend_directory_t *directory, const char *viewer,
                                     const char *text, backend_people_t how, int skip, int limit,
                                     backend_people_found_t **found, apr_pool_t *pool);

#endif
