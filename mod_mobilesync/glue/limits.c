/* Abuse is held back before it costs anything: by token buckets for requests and failed logins, and by
 * what is remembered of credentials. All of it is in memory that the children share, so that it costs
 * no round trip; each server has its own.
 *
 * A phone with an old password repeats it for ever: that is answered from memory, and counts once in a
 * while only, so that it uses up neither the patience of a provider (which may lock the account) nor
 * that for others behind the same address. Credentials that were accepted before are always tried:
 * somebody who guesses keeps nobody out who is in. */
#include "glue/limits.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>

#include "apr_strings.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "http_request.h"

#include "glue/limit_tables.h"
#include "glue/metrics.h"

APLOG_USE_MODULE(mobilesync);

#define LIMITS_LOGIN "mod_mobilesync login" /* in the request's pool */

/* A login under way. */
typedef struct {
    unsigned char digest[GLUE_CREDENTIALS_DIGEST];
    const char *account;
    glue_credentials_state_t state;
    int settled;
} limits_login_t;

/* -- shared memory ---------------------------------------------------------- */

glue_limits_t *glue_limits_create(server_rec *server)
{
    const char *layout =
        apr_psprintf(server->process->pconf, "limits 1 %" APR_SIZE_T_FMT, sizeof(glue_limits_t));
    glue_limits_t *limits =
        glue_shared_create(server, "mod_mobilesync limits", layout, sizeof(glue_limits_t));
    apr_status_t status = limits && !limits->ready ? glue_limits_init(limits) : APR_SUCCESS;

    if (limits && limits->ready)
        return limits;
    ap_log_error(APLOG_MARK, APLOG_WARNING, status, server,
                 "mobilesync: no shared memory: neither requests nor logins are limited");
    return NULL;
}

/* -- buckets ---------------------------------------------------------------- */

static const char *limits_scope(const request_rec *r)
{
    return r->server->server_hostname ? r->server->server_hostname : "";
}

/* 503 is what phones understand (MS-ASHTTP 3.1.5.2.3). */
static int limits_refuse(request_rec *r, glue_limit_t limit, const char *name,
                         const glue_verdict_t *verdict)
{
    apr_interval_time_t seconds = apr_time_sec(verdict->wait + APR_USEC_PER_SEC - 1);

    glue_metrics_limit(r->server, limit);
    apr_table_setn(r->err_headers_out, "Retry-After", apr_psprintf(r->pool, "%ld", (long)seconds));
    apr_table_setn(r->subprocess_env, "MOBILESYNC_OUTCOME", "throttled");
    ap_log_rerror(APLOG_MARK, verdict->refused == 1 ? APLOG_INFO : APLOG_DEBUG, 0, r,
                  "held back: %s, %u times, next in %ld s", ap_escape_logitem(r->pool, name),
                  verdict->refused, (long)seconds);
    return HTTP_SERVICE_UNAVAILABLE;
}

static void limits_take(const glue_config_t *config, const glue_bucket_name_t *name,
                        const glue_rate_t *rate, apr_time_t now, glue_verdict_t *verdict)
{
    *verdict = (glue_verdict_t){0};
    if (!config->limits || !rate->count)
        return;
    glue_limits_lock(config->limits);
    glue_buckets_take(&config->limits->buckets, name, rate, now, verdict);
    glue_limits_unlock(config->limits);
}

int glue_limits_check_access(request_rec *r)
{
    const glue_config_t *config = glue_config_get(r->server);
    glue_bucket_name_t name = {.kind = GLUE_BUCKET_ADDRESS_REQUESTS, .scope = ""};
    glue_verdict_t verdict;

    if (!ap_is_initial_req(r) || !config->rates.address_requests.count || !glue_auth_is_ours(r))
        return DECLINED;
    name.name = glue_buckets_source(r->useragent_ip, r->pool);
    limits_take(config, &name, &config->rates.address_requests, r->request_time, &verdict);
    return verdict.wait ? limits_refuse(r, GLUE_LIMIT_ADDRESS, name.name, &verdict) : DECLINED;
}

int glue_limits_check_device(request_rec *r, const char *account, const char *device)
{
    const glue_config_t *config = glue_config_get(r->server);
    glue_bucket_name_t name = {.kind = GLUE_BUCKET_DEVICE_REQUESTS, .scope = limits_scope(r)};
    glue_verdict_t verdict;

    if (!config->rates.device_requests.count)
        return OK;
    name.name = apr_pstrcat(r->pool, account, "\n", device, NULL);
    limits_take(config, &name, &config->rates.device_requests, r->request_time, &verdict);
    if (!verdict.wait)
        return OK;
    /* a name that clients know, for one that asks too often (MS-ASHTTP 2.2.2.1.2.13) */
    apr_table_setn(r->err_headers_out, "X-MS-ASThrottle", "CommandFrequency");
    return limits_refuse(r, GLUE_LIMIT_DEVICE,
                         apr_pstrcat(r->pool, account, ", device ", device, NULL), &verdict);
}

/* -- logins ----------------------------------------------------------------- */

/* What distinguishes credentials: the protection space (RFC 9110, 11.5), account and password. The
 * password takes part in nothing but a keyed digest. */
static int limits_digest(request_rec *r, const glue_limits_t *limits, const char *account,
                         const char *password, unsigned char *digest)
{
    const char *realm = ap_auth_name(r);
    char *text = apr_psprintf(r->pool, "%s:%d\n%s\n%s\n%s", limits_scope(r), ap_get_server_port(r),
                              realm ? realm : "", account, password);
    unsigned char whole[EVP_MAX_MD_SIZE];
    unsigned length;
    int done = HMAC(EVP_sha256(), limits->key, GLUE_LIMITS_KEY, (unsigned char *)text, strlen(text),
                    whole, &length) != NULL;

    memset(text, 0, strlen(text));
    if (done)
        memcpy(digest, whole, GLUE_CREDENTIALS_DIGEST);
    return done;
}

static void limits_login_names(const request_rec *r, const char *account,
                               glue_bucket_name_t names[2])
{
    names[0] = (glue_bucket_name_t){.kind = GLUE_BUCKET_ADDRESS_LOGINS,
                                    .scope = "",
                                    .name = glue_buckets_source(r->useragent_ip, r->pool)};
    names[1] = (glue_bucket_name_t){
        .kind = GLUE_BUCKET_ACCOUNT_LOGINS, .scope = limits_scope(r), .name = account};
}

int glue_limits_check_login(request_rec *r, const char *account, const char *password)
{
    const glue_config_t *config = glue_config_get(r->server);
    glue_limits_t *limits = config->limits;
    limits_login_t *login = apr_pcalloc(r->pool, sizeof *login);
    glue_bucket_name_t names[2];
    glue_verdict_t verdicts[2] = {{0}};
    int i;

    if (!limits || (!config->rates.failed_logins.count && config->failed_login_memory <= 0) ||
        !limits_digest(r, limits, account, password, login->digest))
        return DECLINED;
    login->account = account;
    limits_login_names(r, account, names);
    glue_limits_lock(limits);
    login->state = glue_credentials_find(&limits->credentials, login->digest, r->request_time);
    for (i = 0; i < 2 && login->state == GLUE_CREDENTIALS_UNKNOWN && !verdicts[0].wait; i++)
        glue_buckets_look(&limits->buckets, &names[i], &config->rates.failed_logins,
                          r->request_time, &verdicts[i]);
    glue_limits_unlock(limits);
    if (login->state == GLUE_CREDENTIALS_REFUSED && config->failed_login_memory > 0) {
        glue_metrics_limit(r->server, GLUE_LIMIT_REPEATED_LOGIN);
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      "login of %s refused from memory: the same credentials were wrong before",
                      ap_escape_logitem(r->pool, account));
        ap_note_auth_failure(r);
        return HTTP_UNAUTHORIZED;
    }
    for (i = 0; i < 2; i++)
        if (verdicts[i].wait)
            return limits_refuse(r, GLUE_LIMIT_LOGIN, names[i].name, &verdicts[i]);
    apr_pool_userdata_setn(login, LIMITS_LOGIN, NULL, r->pool);
    return DECLINED;
}

/* The login of the request that is not settled yet, NULL: none. */
static limits_login_t *limits_login(const request_rec *r)
{
    void *login = NULL;

    apr_pool_userdata_get(&login, LIMITS_LOGIN, r->pool);
    return login && !((limits_login_t *)login)->settled ? login : NULL;
}

int glue_limits_login_passed(request_rec *r)
{
    glue_limits_t *limits = glue_config_get(r->server)->limits;
    limits_login_t *login = limits_login(r);

    if (!login)
        return DECLINED;
    login->settled = 1;
    glue_limits_lock(limits);
    glue_credentials_accept(&limits->credentials, login->digest, r->request_time);
    glue_limits_unlock(limits);
    return DECLINED;
}

/* Also where an ErrorDocument answers in its place. */
static int limits_is_unauthorized(const request_rec *r)
{
    for (; r; r = r->prev)
        if (r->status == HTTP_UNAUTHORIZED)
            return 1;
    return 0;
}

void glue_limits_login_failed(request_rec *r)
{
    const glue_config_t *config = glue_config_get(r->server);
    limits_login_t *login = limits_login(r);
    glue_bucket_name_t names[2];
    glue_verdict_t verdict;
    int i;

    if (!login || !limits_is_unauthorized(r))
        return;
    login->settled = 1;
    glue_metrics_limit(r->server, GLUE_LIMIT_FAILED_LOGIN);
    limits_login_names(r, login->account, names);
    glue_limits_lock(config->limits);
    /* even if refusals are not remembered: that they were accepted before is over */
    glue_credentials_refuse(&config->limits->credentials, login->digest,
                            r->request_time + apr_time_from_sec(config->failed_login_memory),
                            r->request_time);
    for (i = 0; i < 2; i++)
        glue_buckets_take(&config->limits->buckets, &names[i], &config->rates.failed_logins,
                          r->request_time, &verdict);
    glue_limits_unlock(config->limits);
}

int glue_limits_log(request_rec *r)
{
    glue_limits_login_failed(r);
    return DECLINED;
}

/* -- administration --------------------------------------------------------- */

static void limits_describe(const glue_bucket_t *bucket, apr_time_t now, admin_throttled_t *shown,
                            apr_pool_t *pool)
{
    char *name = apr_pstrdup(pool, bucket->name), *device = strchr(name, '\n');

    *shown = (admin_throttled_t){.id = apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT, bucket->id),
                                 .what = "logins",
                                 .since = bucket->since,
                                 .until = glue_bucket_next(bucket, now),
                                 .refused = bucket->refused};
    if (device)
        *device++ = '\0';
    switch ((glue_bucket_kind_t)bucket->kind) {
    case GLUE_BUCKET_DEVICE_REQUESTS:
        shown->what = "requests";
        shown->account = name;
        shown->device = device;
        break;
    case GLUE_BUCKET_ADDRESS_REQUESTS:
        shown->what = "requests";
        shown->address = name;
        break;
    case GLUE_BUCKET_ADDRESS_LOGINS:
        shown->address = name;
        break;
    case GLUE_BUCKET_ACCOUNT_LOGINS:
        shown->account = name;
        break;
    case GLUE_BUCKET_COUNT_:
        break;
    }
}

static apr_array_header_t *limits_list(void *baton, apr_time_t now, apr_pool_t *pool)
{
    glue_limits_t *limits = baton;
    apr_array_header_t *buckets, *list;
    int i;

    glue_limits_lock(limits);
    buckets = glue_buckets_list(&limits->buckets, now, pool);
    glue_limits_unlock(limits);
    list = apr_array_make(pool, buckets->nelts, sizeof(admin_throttled_t));
    for (i = 0; i < buckets->nelts; i++)
        limits_describe(&APR_ARRAY_IDX(buckets, i, glue_bucket_t), now, apr_array_push(list), pool);
    return list;
}

void glue_limits_count(glue_limits_t *limits, apr_time_t now, unsigned counts[GLUE_BUCKET_COUNT_])
{
    glue_limits_lock(limits);
    glue_buckets_count(&limits->buckets, now, counts);
    glue_limits_unlock(limits);
}

static void limits_release(void *baton, const char *id, apr_time_t now, apr_pool_t *pool)
{
    glue_limits_t *limits = baton;

    (void)pool;
    glue_limits_lock(limits);
    glue_buckets_release(&limits->buckets, id ? strtoull(id, NULL, 16) : 0);
    if (!id)
        glue_credentials_release(&limits->credentials, now);
    glue_limits_unlock(limits);
}

const admin_throttles_t *glue_limits_throttles(const glue_config_t *config, apr_pool_t *pool)
{
    admin_throttles_t *throttles = apr_palloc(pool, sizeof *throttles);

    if (!config->limits)
        return NULL;
    *throttles = (admin_throttles_t){
        .baton = config->limits, .list = limits_list, .release = limits_release};
    return throttles;
}
