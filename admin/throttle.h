/* Who is held back at the httpd that answers, as the administration sees it. */
#ifndef ADMIN_THROTTLE_H
#define ADMIN_THROTTLE_H

#include <apr_tables.h>
#include <apr_time.h>

typedef struct {
    const char *id;      /* [0-9a-f]{16} */
    const char *what;    /* "requests", or "logins" that failed */
    const char *account; /* NULL: of an address */
    const char *device;  /* NULL: of an account */
    const char *address; /* or the prefix of a network; NULL: of an account or a device */
    apr_time_t since;
    apr_time_t until; /* the next request is let through */
    unsigned refused; /* requests, since then */
} admin_throttled_t;

typedef struct {
    void *baton;
    /* admin_throttled_t, the oldest first. */
    apr_array_header_t *(*list)(void *baton, apr_time_t now, apr_pool_t *pool);
    /* Lets it through at once. id NULL: all, and credentials that were refused are forgotten. */
    void (*release)(void *baton, const char *id, apr_time_t now, apr_pool_t *pool);
} admin_throttles_t;

#endif
