#include "glue/glue.h"

#include "http_log.h"

APLOG_USE_MODULE(mobilesync);

static int log_level(base_log_level_t level)
{
    switch (level) {
    case BASE_LOG_ERR:
        return APLOG_ERR;
    case BASE_LOG_WARNING:
        return APLOG_WARNING;
    case BASE_LOG_INFO:
        return APLOG_INFO;
    case BASE_LOG_DEBUG:
        return APLOG_DEBUG;
    case BASE_LOG_TRACE:
        return APLOG_TRACE1;
    }
    return APLOG_ERR;
}

static void log_request_write(void *baton, base_log_level_t level, const char *message)
{
    ap_log_rerror(APLOG_MARK, log_level(level), 0, (request_rec *)baton, "%s", message);
}

static int log_request_enabled(void *baton, base_log_level_t level)
{
    return APLOG_R_IS_LEVEL((request_rec *)baton, log_level(level));
}

static void log_server_write(void *baton, base_log_level_t level, const char *message)
{
    ap_log_error(APLOG_MARK, log_level(level), 0, (server_rec *)baton, "%s", message);
}

static int log_server_enabled(void *baton, base_log_level_t level)
{
    return APLOG_IS_LEVEL((server_rec *)baton, log_level(level));
}

const base_log_t *glue_log_for_request(request_rec *r)
{
    base_log_t *log = apr_pcalloc(r->pool, sizeof *log);

    *log = (base_log_t){.write = log_request_write, .enabled = log_request_enabled, .baton = r};
    return log;
}

const base_log_t *glue_log_for_server(server_rec *server, apr_pool_t *pool)
{
    base_log_t *log = apr_pcalloc(pool, sizeof *log);

    *log = (base_log_t){.write = log_server_write, .enabled = log_server_enabled, .baton = server};
    return log;
}
