#include "glue/config.h"

#include <stddef.h>
#include <stdlib.h>
#include "apr_strings.h"
#include "apr_uri.h"
#include "http_log.h"

#include "backend/backend.h"
#include "backend/directory.h"
#include "backend/submit.h"
#include "eas/profile.h"
#include "redis/redis.h"

APLOG_USE_MODULE(mobilesync);

#define UNSET_INT (-1)

/* What the generic setters need to know of a row; cmd->info points at one. */
typedef struct {
    const char *name;
    size_t offset;
    int value;
    int least;
    int greatest;
} config_int_t;

typedef struct {
    const char *name;
    size_t offset;
    const char *value;
} config_text_t;

#define DIRECTIVE_OTHER(name, takes, setter, help)
#define DIRECTIVE_TEXT(name, field, value, help)
#define DIRECTIVE_INT(name, field, value, least, greatest, help) \
    {#name, offsetof(glue_config_t, field), value, least, greatest},
static const config_int_t config_ints[] = {
#include "glue/directives.tbl"
};
#undef DIRECTIVE_TEXT
#undef DIRECTIVE_INT
#define DIRECTIVE_INT(name, field, value, least, greatest, help)
#define DIRECTIVE_TEXT(name, field, value, help) {#name, offsetof(glue_config_t, field), value},
static const config_text_t config_texts[] = {
#include "glue/directives.tbl"
};
#undef DIRECTIVE_TEXT
#undef DIRECTIVE_INT
#undef DIRECTIVE_OTHER

#define CONFIG_COUNT(rows) (sizeof(rows) / sizeof *(rows))

static int *config_int(void *config, const config_int_t *row)
{
    return (int *)((char *)config + row->offset);
}

static const char **config_text(void *config, const config_text_t *row)
{
    return (const char **)((char *)config + row->offset);
}

/* One setter serves all rows of a kind: the row is found by the directive's name. */
static const char *glue_config_set_int(cmd_parms *cmd, void *directory, const char *argument)
{
    size_t i;
    char *end;
    long value = strtol(argument, &end, 10);

    (void)directory;
    for (i = 0; strcasecmp(config_ints[i].name, cmd->cmd->name) != 0; i++)
        ;
    if (*end || end == argument || value < config_ints[i].least || value > config_ints[i].greatest)
        return apr_psprintf(cmd->pool, "%s takes a number from %d to %d, not \"%s\"",
                            cmd->cmd->name, config_ints[i].least, config_ints[i].greatest,
                            argument);
    *config_int(glue_config_get(cmd->server), &config_ints[i]) = (int)value;
    return NULL;
}

static const char *glue_config_set_text(cmd_parms *cmd, void *directory, const char *argument)
{
    size_t i;

    (void)directory;
    for (i = 0; strcasecmp(config_texts[i].name, cmd->cmd->name) != 0; i++)
        ;
    *config_text(glue_config_get(cmd->server), &config_texts[i]) = argument;
    return NULL;
}

static const char *glue_config_set_enabled(cmd_parms *cmd, void *directory, int on)
{
    (void)cmd;
    ((glue_directory_t *)directory)->enabled = on;
    return NULL;
}

/* All but the first argument. */
static apr_array_header_t *config_arguments(int count, char *const arguments[], apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, count, sizeof(const char *));
    int i;

    for (i = 1; i < count; i++)
        APR_ARRAY_PUSH(list, const char *) = arguments[i];
    return list;
}

static const char *glue_config_set_people(cmd_parms *cmd, void *directory, int count,
                                          char *const arguments[])
{
    glue_config_t *config = glue_config_get(cmd->server);

    (void)directory;
    if (count < 1)
        return "MobileSyncDirectory needs the name of a directory";
    config->people = arguments[0];
    config->people_arguments = config_arguments(count, arguments, cmd->pool);
    return NULL;
}

static const char *glue_config_set_backend(cmd_parms *cmd, void *directory, int count,
                                           char *const arguments[])
{
    glue_config_t *config = glue_config_get(cmd->server);

    (void)directory;
    if (count < 1)
        return "MobileSyncBackend needs the name of a driver";
    if (!backend_driver_find(arguments[0]))
        return apr_psprintf(cmd->pool, "MobileSyncBackend: there is no driver \"%s\"",
                            arguments[0]);
    config->backend = arguments[0];
    config->backend_arguments = config_arguments(count, arguments, cmd->pool);
    return NULL;
}

static const char *glue_config_add_redirect(cmd_parms *cmd, void *directory, const char *from,
                                            const char *to)
{
    glue_config_t *config = glue_config_get(cmd->server);
    cmd_autodiscover_redirect_t redirect;
    base_fault_t *fault = cmd_autodiscover_redirect_parse(from, to, &redirect, cmd->pool);

    (void)directory;
    if (fault)
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", fault->message, NULL);
    if (!config->redirects)
        config->redirects = apr_array_make(cmd->pool, 4, sizeof redirect);
    APR_ARRAY_PUSH(config->redirects, cmd_autodiscover_redirect_t) = redirect;
    return NULL;
}

/* Read here, so that configtest finds mistakes in it. */
static const char *glue_config_set_policies(cmd_parms *cmd, void *directory, const char *argument)
{
    glue_config_t *config = glue_config_get(cmd->server);
    base_fault_t *fault;

    (void)directory;
    config->policies_path = "none";
    config->policies = NULL;
    if (strcasecmp(argument, "none") == 0)
        return NULL;
    config->policies_path = ap_server_root_relative(cmd->pool, argument);
    if (!config->policies_path)
        return apr_psprintf(cmd->pool, "MobileSyncPolicies: %s is no path", argument);
    fault = eas_policies_read(config->policies_path, &config->policies, cmd->pool);
    return fault ? apr_psprintf(cmd->pool, "MobileSyncPolicies: %s", fault->message) : NULL;
}

#define CONFIG_WHERE_TAKE1 RSRC_CONF
#define CONFIG_WHERE_FLAG (RSRC_CONF | ACCESS_CONF)
#define CONFIG_WHERE_TAKE2 RSRC_CONF
#define CONFIG_WHERE_TAKE_ARGV RSRC_CONF
#define DIRECTIVE_TEXT(name, field, value, help) \
    AP_INIT_TAKE1(#name, glue_config_set_text, NULL, RSRC_CONF, help),
#define DIRECTIVE_INT(name, field, value, least, greatest, help) \
    AP_INIT_TAKE1(#name, glue_config_set_int, NULL, RSRC_CONF, help),
#define DIRECTIVE_OTHER(name, takes, setter, help) \
    AP_INIT_##takes(#name, setter, NULL, CONFIG_WHERE_##takes, help),
const command_rec glue_config_commands[] = {
#include "glue/directives.tbl"
    {NULL}};
#undef DIRECTIVE_TEXT
#undef DIRECTIVE_INT
#undef DIRECTIVE_OTHER

glue_config_t *glue_config_get(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &mobilesync_module);
}

int glue_config_used(const glue_config_t *config)
{
    return config->backend || config->redis_url;
}

void *glue_config_create(apr_pool_t *pool, server_rec *server)
{
    glue_config_t *config = apr_pcalloc(pool, sizeof *config);
    size_t i;

    (void)server;
    for (i = 0; i < CONFIG_COUNT(config_ints); i++)
        *config_int(config, &config_ints[i]) = UNSET_INT;
    return config;
}

void *glue_config_merge(apr_pool_t *pool, void *base, void *add)
{
    glue_config_t *merged = apr_pmemdup(pool, add, sizeof *merged);
    size_t i;

    for (i = 0; i < CONFIG_COUNT(config_ints); i++)
        if (*config_int(merged, &config_ints[i]) == UNSET_INT)
            *config_int(merged, &config_ints[i]) = *config_int(base, &config_ints[i]);
    for (i = 0; i < CONFIG_COUNT(config_texts); i++)
        if (!*config_text(merged, &config_texts[i]))
            *config_text(merged, &config_texts[i]) = *config_text(base, &config_texts[i]);
    if (!merged->backend) {
        merged->backend = ((glue_config_t *)base)->backend;
        merged->backend_arguments = ((glue_config_t *)base)->backend_arguments;
    }
    if (!merged->redirects)
        merged->redirects = ((glue_config_t *)base)->redirects;
    if (!merged->people) {
        merged->people = ((glue_config_t *)base)->people;
        merged->people_arguments = ((glue_config_t *)base)->people_arguments;
    }
    if (!merged->policies_path) {
        merged->policies_path = ((glue_config_t *)base)->policies_path;
        merged->policies = ((glue_config_t *)base)->policies;
    }
    return merged;
}

void *glue_directory_create(apr_pool_t *pool, char *directory)
{
    glue_directory_t *config = apr_pcalloc(pool, sizeof *config);

    (void)directory;
    config->enabled = -1;
    return config;
}

void *glue_directory_merge(apr_pool_t *pool, void *base, void *add)
{
    glue_directory_t *merged = apr_pmemdup(pool, add, sizeof *merged);

    if (merged->enabled < 0)
        merged->enabled = ((glue_directory_t *)base)->enabled;
    return merged;
}

/* A backend needs to know which domain its accounts have: what it is not told it gets from
 * MobileSyncDefaultDomain. The list may be another virtual host's as well: it is copied. */
static void config_set_domain(glue_config_t *config, apr_pool_t *pool)
{
    int i;

    if (!config->backend || !config->default_domain)
        return;
    for (i = 0; i < config->backend_arguments->nelts; i++)
        if (!strncmp(APR_ARRAY_IDX(config->backend_arguments, i, const char *), "domain=", 7))
            return;
    config->backend_arguments = apr_array_copy(pool, config->backend_arguments);
    APR_ARRAY_PUSH(config->backend_arguments, const char *) =
        apr_pstrcat(pool, "domain=", config->default_domain, NULL);
}

static void config_set_defaults(glue_config_t *config, apr_pool_t *pool)
{
    size_t i;

    if (!config->people) {
        config->people = "local";
        config->people_arguments = apr_array_make(pool, 1, sizeof(const char *));
    }
    for (i = 0; i < CONFIG_COUNT(config_ints); i++)
        if (*config_int(config, &config_ints[i]) == UNSET_INT)
            *config_int(config, &config_ints[i]) = config_ints[i].value;
    for (i = 0; i < CONFIG_COUNT(config_texts); i++)
        if (!*config_text(config, &config_texts[i]))
            *config_text(config, &config_texts[i]) = config_texts[i].value;
}

/* NULL: they are fine. */
static const char *config_set_rates(glue_config_t *config, apr_pool_t *pool)
{
    const struct {
        const char *directive, *text;
        glue_rate_t *rate;
    } rates[] = {
        {"MobileSyncDeviceRequests", config->device_requests, &config->rates.device_requests},
        {"MobileSyncAddressRequests", config->address_requests, &config->rates.address_requests},
        {"MobileSyncFailedLogins", config->failed_logins, &config->rates.failed_logins}};
    size_t i;

    for (i = 0; i < CONFIG_COUNT(rates); i++)
        if (!glue_rate_parse(rates[i].text, rates[i].rate))
            return apr_psprintf(pool,
                                "%s takes off, or like 600/minute (second, minute, hour, day), not "
                                "\"%s\"",
                                rates[i].directive, rates[i].text);
    return NULL;
}

/* Files that are read later, by children: here nothing of OpenSSL may run (the module is loaded
 * twice), but a path that is wrong shall be told at start-up. */
static const char *config_file_problem(const char *directive, const char *path, apr_pool_t *pool)
{
    char reason[120];
    apr_finfo_t info;
    apr_status_t status = path ? apr_stat(&info, path, APR_FINFO_TYPE, pool) : APR_SUCCESS;

    return status == APR_SUCCESS ? NULL
                                 : apr_psprintf(pool, "%s: %s: %s", directive, path,
                                                apr_strerror(status, reason, sizeof reason));
}

static int config_is_url(const char *text, apr_pool_t *pool)
{
    apr_uri_t uri;

    return apr_uri_parse(pool, text, &uri) == APR_SUCCESS && uri.scheme && uri.hostname &&
           (!strcasecmp(uri.scheme, "https") || !strcasecmp(uri.scheme, "http"));
}

/* The file that is installed may be missing; one that is named may not. */
static const char *config_clients_problem(glue_config_t *config, apr_pool_t *pool)
{
    base_fault_t *fault;

    if (!strcasecmp(config->clients, "none"))
        config->clients = NULL;
    if (!config->clients || (!strcmp(config->clients, MOBILESYNC_CLIENTS) &&
                             config_file_problem("", config->clients, pool)))
        return NULL;
    fault = eas_profiles_check(config->clients, pool);
    return fault ? apr_psprintf(pool, "MobileSyncClients: %s", fault->message) : NULL;
}

/* The text of what is wrong with the values taken together, NULL when nothing is. */
static const char *config_problem(glue_config_t *config, apr_pool_t *pool)
{
    redis_config_t *redis;
    backend_submit_t *submit;
    sync_access_mode_t mode;
    const char *problem;
    base_fault_t *fault;

    if (!config->redis_url)
        return "MobileSyncRedis is missing: SyncStates need a place to be kept";
    if (!config->backend)
        return "MobileSyncBackend is missing: there is no mailbox to serve";
    if (config->heartbeat_min > config->heartbeat_max)
        return "MobileSyncHeartbeatMin is above MobileSyncHeartbeatMax";
    if (config->window_default > config->window_max)
        return "MobileSyncWindow is above MobileSyncWindowMax";
    if (config->sendmail && config->smtp_url)
        return "MobileSyncSendmail and MobileSyncSmtp exclude each other";
    if (config->smtp_authorities && !config->smtp_url)
        return "MobileSyncSmtpCAFile is of use with MobileSyncSmtp only";
    if (config->url && !config_is_url(config->url, pool))
        return "MobileSyncUrl must be like https://mail.example.com/Microsoft-Server-ActiveSync";
    if (strcasecmp(config->account_form, "full") && strcasecmp(config->account_form, "bare"))
        return "MobileSyncAccountName must be full or bare";
    if (strcasecmp(config->meetings, "on") && strcasecmp(config->meetings, "off"))
        return "MobileSyncMeetings must be on or off";
    if (!sync_access_mode_parse(config->access_mode, &mode))
        return "MobileSyncAccess must be permissive, interactive, strict or disabled";
    if (strcasecmp(config->free_busy, "on") != 0 && strcasecmp(config->free_busy, "off") != 0)
        return "MobileSyncFreeBusy must be on or off";
    if (config->access_notify && !strchr(config->access_notify, '@'))
        return "MobileSyncAccessNotify must be an address";
    if ((fault = redis_config_parse(config->redis_url, &redis, pool)))
        return apr_psprintf(pool, "MobileSyncRedis: %s", fault->message);
    if ((fault = backend_configure(config->backend, config->backend_arguments, pool)))
        return apr_psprintf(pool, "MobileSyncBackend: %s", fault->message);
    if ((fault = backend_directory_configure(config->people, config->people_arguments, pool)))
        return apr_psprintf(pool, "MobileSyncDirectory: %s", fault->message);
    if ((fault = backend_submit_configure(config->sendmail, config->smtp_url,
                                          config->spool_directory, &submit, pool)))
        return apr_psprintf(pool, "%s: %s",
                            config->sendmail ? "MobileSyncSendmail" : "MobileSyncSmtp",
                            fault->message);
    if (config->smtp_authorities &&
        (fault = backend_submit_set_authorities(submit, config->smtp_authorities, pool)))
        return apr_psprintf(pool, "MobileSyncSmtpCAFile: %s", fault->message);
    if ((problem = config_clients_problem(config, pool)))
        return problem;
    problem = config_file_problem("MobileSyncCertificateAuthorities", config->authorities, pool);
    return problem
               ? problem
               : config_file_problem("MobileSyncCertificateRevocations", config->revocations, pool);
}

int glue_config_check(server_rec *server, apr_pool_t *pconf, apr_pool_t *pool)
{
    glue_config_t *config = glue_config_get(server);
    const char *problem;

    if (!glue_config_used(config))
        return OK;
    config_set_defaults(config, pconf);
    config_set_domain(config, pconf);
    if (!(problem = config_set_rates(config, pool)) && !(problem = config_problem(config, pool)))
        return OK;
    ap_log_error(APLOG_MARK, APLOG_EMERG, 0, server, "mobilesync, virtual host %s: %s",
                 server->server_hostname ? server->server_hostname : "(main)", problem);
    return HTTP_INTERNAL_SERVER_ERROR;
}
