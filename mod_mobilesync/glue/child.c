/* What a child opens after the fork, shared between virtual hosts that say the same: one pool
 * of Redis connections with its store, bus and hub for each Redis, one backend for each
 * MobileSyncBackend line. */
#include "glue/metrics.h"

#include "ap_mpm.h"
#include "apr_hash.h"
#include "apr_network_io.h"
#include "apr_strings.h"
#include "http_core.h"
#include "http_log.h"
#include "http_main.h"

#include "backend/directory.h"
#include "backend/submit.h"
#include "cmd/access.h"
#include "cmd/once.h"
#include "cmd/outbox.h"
#include "item/item.h"
#include "item/kind.h"
#include "redis/redis.h"
#include "wake/wake.h"

APLOG_USE_MODULE(mobilesync);

typedef struct {
    redis_pool_t *redis;
    state_store_t *store;
    wake_bus_t *bus;
    wake_hub_t *hub;
} child_redis_t;

typedef struct {
    server_rec *server; /* whose error log it writes to */
    const base_log_t *log;
    apr_hash_t *redis;    /* what it is known by -> child_redis_t * */
    apr_hash_t *backends; /* -> backend_t * */
    apr_hash_t *people;   /* -> backend_directory_t * */
    apr_pool_t *pool;
} child_t;

/* The parsed URL with the directives that stand beside it. */
static base_fault_t *child_redis_config(const glue_config_t *config, redis_config_t **redis,
                                        apr_pool_t *pool)
{
    BASE_TRY(redis_config_parse(config->redis_url, redis, pool));
    if (config->redis_prefix)
        (*redis)->prefix = config->redis_prefix;
    (*redis)->command_timeout = apr_time_from_msec(config->redis_timeout);
    (*redis)->connect_timeout = apr_time_from_msec(config->redis_timeout);
    (*redis)->connections = config->redis_connections;
    return NULL;
}

/* Threads that those who are woken together may take: the event MPM closes connections that it keeps
 * alive when none is left. */
static int child_pace(void)
{
    int threads;

    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS || threads < 4)
        return 1;
    return threads / 4;
}

static base_fault_t *child_redis_open(child_t *child, const glue_config_t *config, const char *node,
                                      child_redis_t **result)
{
    const char *key = apr_psprintf(child->pool, "%s %s %d %d %s", config->redis_url,
                                   config->redis_prefix ? config->redis_prefix : "",
                                   config->redis_timeout, config->redis_connections, node);
    redis_config_t *parsed;
    redis_pool_t *redis;
    child_redis_t *open = apr_hash_get(child->redis, key, APR_HASH_KEY_STRING);

    if (!open) {
        BASE_TRY(child_redis_config(config, &parsed, child->pool));
        redis = redis_pool_create(parsed, child->log, child->pool);
        if (config->metrics)
            redis_pool_observe(redis, glue_metrics_redis, config->metrics);
        open = apr_pcalloc(child->pool, sizeof *open);
        open->redis = redis;
        open->store = state_store_create_redis(redis, parsed->prefix, child->log, child->pool);
        open->bus = wake_bus_create_redis(redis, parsed->prefix, child->log, child->pool);
        BASE_TRY(wake_hub_create(open->bus, child->log, &open->hub, child->pool));
        wake_hub_count_reconnects(open->hub, glue_metrics_reconnects(config->metrics));
        wake_hub_identify(open->hub, node);
        wake_hub_pace(open->hub, child_pace());
        apr_hash_set(child->redis, key, APR_HASH_KEY_STRING, open);
    }
    *result = open;
    return NULL;
}

static base_fault_t *child_backend_open(child_t *child, const glue_config_t *config,
                                        backend_t **backend)
{
    const char *key =
        apr_pstrcat(child->pool, config->backend, " ",
                    apr_array_pstrcat(child->pool, config->backend_arguments, ' '), NULL);

    if (!(*backend = apr_hash_get(child->backends, key, APR_HASH_KEY_STRING))) {
        BASE_TRY(backend_start(config->backend, config->backend_arguments, child->log,
                               &item_describer, backend, child->pool));
        apr_hash_set(child->backends, key, APR_HASH_KEY_STRING, *backend);
    }
    return NULL;
}

static base_fault_t *child_people_open(child_t *child, const glue_config_t *config,
                                       backend_t *backend, backend_directory_t **people)
{
    const char *key = apr_psprintf(child->pool, "%pp %s %s", (void *)backend, config->people,
                                   apr_array_pstrcat(child->pool, config->people_arguments, ' '));

    if (!(*people = apr_hash_get(child->people, key, APR_HASH_KEY_STRING))) {
        BASE_TRY(backend_directory_start(config->people, config->people_arguments, backend,
                                         child->log, people, child->pool));
        apr_hash_set(child->people, key, APR_HASH_KEY_STRING, *people);
    }
    return NULL;
}

static void child_limits(const glue_config_t *config, cmd_limits_t *limits)
{
    *limits = (cmd_limits_t){
        .heartbeat_min = config->heartbeat_min,
        .heartbeat_max = config->heartbeat_max,
        .ping_folders_max = config->ping_folders_max,
        .waiting_max = glue_checks_waiting_max(config),
        .waiting_per_account = config->waiting_per_account,
        .coalesce = apr_time_from_sec(config->coalesce),
        .window_default = config->window_default,
        .window_max = config->window_max,
        .response_bytes = (apr_off_t)config->response_kilobytes * 1024,
        .response_time = apr_time_from_msec(config->response_milliseconds),
        .item_bytes_max = (apr_uint64_t)config->request_kilobytes * 1024,
        .brake = {.items = (apr_uint64_t)config->brake_items,
                  .share = (apr_uint64_t)config->brake_share,
                  .window = apr_time_from_sec(config->brake_time)},
    };
}

static base_fault_t *child_access(const glue_config_t *config, const cmd_access_t **result,
                                  apr_pool_t *pool)
{
    cmd_access_t *access = apr_pcalloc(pool, sizeof *access);

    sync_access_mode_parse(config->access_mode, &access->mode);
    access->devices_max = config->devices_per_account;
    access->domain = config->default_domain;
    access->texts[SYNC_ACCESS_QUARANTINE] = config->quarantine_text;
    access->texts[SYNC_ACCESS_BLOCK] = config->block_text;
    access->notify = config->access_notify;
    access->notify_interval = apr_time_from_sec(config->access_notify_minutes * 60);
    *result = access;
    return cmd_access_rules_create(&access->rules, pool);
}

static const char *child_node(const glue_config_t *config, apr_pool_t *pool)
{
    char name[APRMAXHOSTLEN + 1];

    if (config->node)
        return config->node;
    return apr_gethostname(name, sizeof name, pool) == APR_SUCCESS ? apr_pstrdup(pool, name)
                                                                   : "localhost";
}

static base_fault_t *child_service_open(child_t *child, glue_config_t *config)
{
    cmd_service_t *service = apr_pcalloc(child->pool, sizeof *service);
    backend_submit_t *submit;
    child_redis_t *redis;

    BASE_TRY(backend_submit_configure(config->sendmail, config->smtp_url, config->spool_directory,
                                      &submit, child->pool));
    if (submit && config->smtp_authorities)
        BASE_TRY(backend_submit_set_authorities(submit, config->smtp_authorities, child->pool));
    service->node = child_node(config, child->pool);
    BASE_TRY(child_redis_open(child, config, service->node, &redis));
    BASE_TRY(child_backend_open(child, config, &service->backend));
    BASE_TRY(child_people_open(child, config, service->backend, &service->people));
    BASE_TRY(eas_profiles_create(config->clients, child->log, &service->profiles, child->pool));
    child_limits(config, &service->limits);
    BASE_TRY(child_access(config, &service->access, child->pool));
    BASE_TRY(cmd_outbox_create(&service->outbox, child->pool));
    service->home =
        cmd_once_scope(child->pool, "home", config->backend,
                       apr_array_pstrcat(child->pool, config->backend_arguments, ' '), NULL);
    service->store = redis->store;
    service->bus = redis->bus;
    service->hub = redis->hub;
    service->submit = submit;
    service->policies = config->policies;
    service->free_busy_is_private = strcasecmp(config->free_busy, "off") == 0;
    service->spool_directory = config->spool_directory;
    service->authorities = config->authorities;
    service->revocations = config->revocations;
    service->meetings = strcasecmp(config->meetings, "on") == 0;
    config->redis = redis->redis;
    config->service = service;
    return NULL;
}

void glue_child_init(apr_pool_t *pool, server_rec *main_server)
{
    child_t child = {.server = main_server,
                     .log = glue_log_for_server(main_server, pool),
                     .redis = apr_hash_make(pool),
                     .backends = apr_hash_make(pool),
                     .people = apr_hash_make(pool),
                     .pool = pool};
    glue_metrics_child_t *metrics = glue_metrics_child_init(glue_config_get(main_server)->metrics);
    server_rec *server;

    item_child_init(pool);
    backend_submit_child_init();
    for (server = main_server; server; server = server->next) {
        glue_config_t *config = glue_config_get(server);
        base_fault_t *fault;

        config->metrics_child = metrics;
        if (glue_config_used(config) && (fault = child_service_open(&child, config)))
            ap_log_error(APLOG_MARK, APLOG_ERR, fault->status, server,
                         "mobilesync cannot serve virtual host %s: %s",
                         server->server_hostname ? server->server_hostname : "(main)",
                         fault->message);
    }
    glue_park_child_init(pool, main_server);
    glue_accept_child_init(pool, main_server);
}

void glue_child_stopping(apr_pool_t *pool, int graceful)
{
    server_rec *server;

    (void)pool;
    (void)graceful;
    for (server = ap_server_conf; server; server = server->next)
        if (glue_config_get(server)->service)
            wake_hub_drain(glue_config_get(server)->service->hub);
}

void glue_child_probe_redis(server_rec *main_server, apr_pool_t *pool)
{
    apr_hash_t *asked = apr_hash_make(pool);
    server_rec *server;
    int i;

    for (server = main_server; server; server = server->next) {
        const glue_config_t *config = glue_config_get(server);
        redis_config_t *parsed;
        apr_array_header_t *warnings;

        if (!glue_config_used(config) ||
            apr_hash_get(asked, config->redis_url, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(asked, config->redis_url, APR_HASH_KEY_STRING, "");
        if (child_redis_config(config, &parsed, pool) ||
            redis_check(redis_pool_create(parsed, NULL, pool), &warnings, pool))
            continue;
        for (i = 0; i < warnings->nelts; i++)
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server, "%s",
                         APR_ARRAY_IDX(warnings, i, const char *));
    }
}
