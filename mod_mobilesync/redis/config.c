#include "redis/redis.h"

#include <string.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "base/text.h"

#define CONFIG_PORT 6379
#define CONFIG_PREFIX "ms"
#define CONFIG_PREFIX_MAX 64
#define CONFIG_CONNECT_TIMEOUT apr_time_from_sec(1)
#define CONFIG_COMMAND_TIMEOUT apr_time_from_sec(2)
#define CONFIG_CONNECTIONS 16

/* No message repeats the URL or a part that may be a password: it goes to a log. */

static base_fault_t *config_decode(const char *text, const char *what, const char **decoded,
                                   apr_pool_t *pool)
{
    *decoded = base_text_percent_decode(text, pool);
    if (*decoded)
        return NULL;
    return base_fault_make(pool, BASE_FAULT_INVALID,
                           "Redis URL: the %s has a broken percent escape", what);
}

static base_fault_t *config_db(redis_config_t *config, const char *text, apr_pool_t *pool)
{
    apr_uint64_t db;

    if (!base_text_parse_uint(text, 65535, &db))
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: the database must be a number from 0 to 65535");
    config->db = (int)db;
    return NULL;
}

static base_fault_t *config_parameter(redis_config_t *config, const char *name, const char *value,
                                      apr_pool_t *pool)
{
    if (strcmp(name, "db") == 0)
        return config_db(config, value, pool);
    if (strcmp(name, "user") == 0)
        config->user = value;
    else if (strcmp(name, "password") == 0)
        config->password = value;
    else if (strcmp(name, "prefix") == 0)
        config->prefix = value;
    else
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: unknown parameter \"%s\" (there are db, user, password "
                               "and prefix)",
                               name);
    return NULL;
}

static base_fault_t *config_query(redis_config_t *config, const char *query, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, query), *last, *pair;

    for (pair = apr_strtok(rest, "&", &last); pair; pair = apr_strtok(NULL, "&", &last)) {
        char *equals = strchr(pair, '=');
        const char *name, *value;

        if (!equals)
            return base_fault_make(pool, BASE_FAULT_INVALID,
                                   "Redis URL: a parameter after \"?\" has no \"=\"");
        *equals = '\0';
        BASE_TRY(config_decode(pair, "name of a parameter", &name, pool));
        BASE_TRY(config_decode(equals + 1, "value of a parameter", &value, pool));
        BASE_TRY(config_parameter(config, name, value, pool));
    }
    return NULL;
}

static base_fault_t *config_unix(redis_config_t *config, const char *rest, apr_pool_t *pool)
{
    const char *query = strchr(rest, '?');

    if (strncmp(rest, "//", 2) == 0)
        rest += 2; /* unix:///path: an empty authority */
    if (query && query < rest)
        query = NULL;
    if (*rest != '/')
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: unix: needs an absolute path, as in "
                               "unix:/run/redis/redis.sock");
    if (query) {
        BASE_TRY(
            config_decode(apr_pstrmemdup(pool, rest, query - rest), "path", &config->path, pool));
        return config_query(config, query + 1, pool);
    }
    return config_decode(rest, "path", &config->path, pool);
}

static base_fault_t *config_tcp(redis_config_t *config, const char *url, apr_pool_t *pool)
{
    apr_uri_t uri;

    if (apr_uri_parse(pool, url, &uri) != APR_SUCCESS || uri.fragment)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: expected redis://[[user]:password@]host[:port][/db]");
    if (!uri.hostname || !*uri.hostname)
        return base_fault_make(pool, BASE_FAULT_INVALID, "Redis URL: there is no host");
    BASE_TRY(config_decode(uri.hostname, "host", &config->host, pool));
    config->port = CONFIG_PORT;
    if (uri.port_str) {
        apr_uint64_t port;

        if (!base_text_parse_uint(uri.port_str, 65535, &port) || port == 0)
            return base_fault_make(pool, BASE_FAULT_INVALID,
                                   "Redis URL: the port must be a number from 1 to 65535");
        config->port = (int)port;
    }
    if (uri.user && *uri.user)
        BASE_TRY(config_decode(uri.user, "user", &config->user, pool));
    if (uri.password)
        BASE_TRY(config_decode(uri.password, "password", &config->password, pool));
    if (uri.path && uri.path[0] && uri.path[1])
        BASE_TRY(config_db(config, uri.path + 1, pool));
    return uri.query ? config_query(config, uri.query, pool) : NULL;
}

static base_fault_t *config_finish(redis_config_t *config, apr_pool_t *pool)
{
    size_t length = strlen(config->prefix);

    if (config->user && !*config->user)
        config->user = NULL;
    if (config->password && !*config->password)
        config->password = NULL;
    if (config->user && !config->password)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: there is a user but no password");
    if (!length || length > CONFIG_PREFIX_MAX)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: the key prefix must have 1 to %d bytes",
                               CONFIG_PREFIX_MAX);
    config->name = config->path ? apr_pstrcat(pool, "redis at ", config->path, NULL)
                   : strchr(config->host, ':')
                       ? apr_psprintf(pool, "redis at [%s]:%d", config->host, config->port)
                       : apr_psprintf(pool, "redis at %s:%d", config->host, config->port);
    if (config->db)
        config->name = apr_psprintf(pool, "%s, db %d", config->name, config->db);
    return NULL;
}

base_fault_t *redis_config_parse(const char *url, redis_config_t **result, apr_pool_t *pool)
{
    redis_config_t *config = apr_pcalloc(pool, sizeof *config);

    config->prefix = CONFIG_PREFIX;
    config->connect_timeout = CONFIG_CONNECT_TIMEOUT;
    config->command_timeout = CONFIG_COMMAND_TIMEOUT;
    config->connections = CONFIG_CONNECTIONS;
    if (strncmp(url, "unix:", 5) == 0)
        BASE_TRY(config_unix(config, apr_pstrdup(pool, url + 5), pool));
    else if (strncmp(url, "redis://", 8) == 0)
        BASE_TRY(config_tcp(config, apr_pstrdup(pool, url), pool));
    else if (strncmp(url, "rediss://", 9) == 0)
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: TLS is not offered; use a unix socket, or stunnel to a "
                               "Redis on another host");
    else
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "Redis URL: it must begin with redis:// or unix:");
    BASE_TRY(config_finish(config, pool));
    *result = config;
    return NULL;
}
