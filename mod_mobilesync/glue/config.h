/* Configuration of a virtual host, expanded from directives.tbl. */
#ifndef GLUE_CONFIG_H
#define GLUE_CONFIG_H

#include "httpd.h"
#include "http_config.h"

#include "cmd/autodiscover.h"
#include "cmd/cmd.h"
#include "glue/buckets.h"

typedef struct glue_limits glue_limits_t;
typedef struct glue_metrics glue_metrics_t;
typedef struct glue_parks glue_parks_t;
typedef struct glue_metrics_child glue_metrics_child_t;

typedef struct {
#define DIRECTIVE_TEXT(name, field, value, help) const char *field;
#define DIRECTIVE_INT(name, field, value, least, greatest, help) int field;
#define DIRECTIVE_OTHER(name, takes, setter, help)
#include "glue/directives.tbl"
#undef DIRECTIVE_TEXT
#undef DIRECTIVE_INT
#undef DIRECTIVE_OTHER
    const char *backend;                   /* driver name, NULL: not configured */
    apr_array_header_t *backend_arguments; /* const char * */
    struct {
        glue_rate_t device_requests, address_requests, failed_logins;
    } rates;                              /* as the directives say */
    apr_array_header_t *redirects;        /* cmd_autodiscover_redirect_t, NULL: none */
    const char *people;                   /* name of the directory, NULL: not said */
    apr_array_header_t *people_arguments; /* const char * */
    const char *policies_path;            /* NULL: not said */
    eas_policies_t *policies;             /* NULL: none */
    /* Set in each child after the fork; NULL in the parent and where the virtual host has no
     * mobilesync configuration. */
    cmd_service_t *service;
    redis_pool_t *redis;                 /* likewise */
    glue_parks_t *parks;                 /* of this child; in the main server only */
    int blocking_told;                   /* this child has logged that waiting blocks */
    glue_limits_t *limits;               /* of the whole server, NULL: none */
    glue_metrics_t *metrics;             /* of the whole server, NULL: none */
    glue_metrics_child_t *metrics_child; /* in a child, NULL: none */
} glue_config_t;

typedef struct {
    int enabled; /* -1: not said */
} glue_directory_t;

/* the one symbol that httpd looks up: everything else stays hidden */
extern module AP_MODULE_DECLARE_DATA mobilesync_module __attribute__((visibility("default")));
extern const command_rec glue_config_commands[];

void *glue_config_create(apr_pool_t *pool, server_rec *server);
void *glue_config_merge(apr_pool_t *pool, void *base, void *add);
void *glue_directory_create(apr_pool_t *pool, char *directory);
void *glue_directory_merge(apr_pool_t *pool, void *base, void *add);

/* Fills in defaults and checks the whole, with an error that names the directive to mend. Opens
 * nothing. Returns OK or HTTP_INTERNAL_SERVER_ERROR (logged).
 * What is filled in lives in pconf. */
int glue_config_check(server_rec *server, apr_pool_t *pconf, apr_pool_t *pool);

glue_config_t *glue_config_get(const server_rec *server);

/* Was this virtual host configured for ActiveSync at all? */
int glue_config_used(const glue_config_t *config);

#endif
