/* What is kept of a request that waits. A request_rec with its pools takes 30 KB and more, and says
 * nothing that a few strings do not say as well: so it is freed when its connection is parked, and
 * made anew when there is something to answer. What the location's configuration says is read
 * again, so that other modules' filters and the access log find what they would have found. */
#include "glue/glue.h"

#include <stdlib.h>
#include <string.h>
#include "apr_strings.h"
#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"

/* What answering, logging and reading the request once more need. */
static const char *const kept_headers[] = {
    "Host",
    "Connection",
    "User-Agent",
    "Accept-Encoding",
    "MS-ASProtocolVersion",
    "MS-ASAcceptMultiPart",
    "X-MS-PolicyKey",
};

#define KEPT_HEADERS (sizeof kept_headers / sizeof *kept_headers)

/* One block, the texts behind it. */
struct glue_kept {
    server_rec *server;
    apr_time_t request_time;
    apr_off_t read_length;
    const char *line; /* "POST /... HTTP/1.1" */
    const char *user;
    const char *auth_type; /* the others may be NULL */
    const char *hostname;
    const char *address; /* NULL: the connection's */
    const char *log_id;
    const char *headers[KEPT_HEADERS];
    const char *environment; /* of the request: name and value in turn */
    int environment_count;
};

/* The texts of the struct that are copied. */
static const char **kept_text(glue_kept_t *kept, size_t i)
{
    const char **const texts[] = {&kept->line,     &kept->user,    &kept->auth_type,
                                  &kept->hostname, &kept->address, &kept->log_id};

    if (i < sizeof texts / sizeof *texts)
        return texts[i];
    i -= sizeof texts / sizeof *texts;
    return i < KEPT_HEADERS ? &kept->headers[i] : NULL;
}

/* What other modules have set for the log and for each other: SetEnvIf, mod_unique_id ... */
static size_t kept_environment(const request_rec *r, char *at)
{
    const apr_array_header_t *table = apr_table_elts(r->subprocess_env);
    size_t size = 0;
    int i;

    for (i = 0; i < table->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(table, i, apr_table_entry_t);
        size_t key = strlen(entry->key) + 1, value = strlen(entry->val) + 1;

        if (at) {
            memcpy(at + size, entry->key, key);
            memcpy(at + size + key, entry->val, value);
        }
        size += key + value;
    }
    return size;
}

static void kept_set_environment(request_rec *r, const glue_kept_t *kept)
{
    const char *at = kept->environment;
    int i;

    for (i = 0; i < kept->environment_count; i++) {
        const char *name = at, *value = at + strlen(at) + 1;

        apr_table_set(r->subprocess_env, name, value);
        at = value + strlen(value) + 1;
    }
}

glue_kept_t *glue_kept_make(const request_rec *r)
{
    const conn_rec *c = r->connection;
    glue_kept_t from = {.server = r->server,
                        .request_time = r->request_time,
                        .read_length = r->read_length,
                        .line = r->the_request,
                        .user = r->user,
                        .auth_type = r->ap_auth_type,
                        .hostname = r->hostname,
                        .address = strcmp(r->useragent_ip, c->client_ip) ? r->useragent_ip : NULL,
                        .log_id = r->log_id,
                        .environment_count = apr_table_elts(r->subprocess_env)->nelts};
    glue_kept_t *kept;
    const char **text;
    size_t size = sizeof from + kept_environment(r, NULL), i;
    char *at;

    for (i = 0; i < KEPT_HEADERS; i++)
        from.headers[i] = apr_table_get(r->headers_in, kept_headers[i]);
    for (i = 0; (text = kept_text(&from, i)); i++)
        size += *text ? strlen(*text) + 1 : 0;
    if (!(kept = malloc(size)))
        abort(); /* as APR's pools do */
    *kept = from;
    at = (char *)(kept + 1);
    for (i = 0; (text = kept_text(kept, i)); i++)
        if (*text) {
            size_t length = strlen(*text) + 1;

            *text = memcpy(at, *text, length);
            at += length;
        }
    kept->environment = at;
    kept_environment(r, at);
    return kept;
}

void glue_kept_free(glue_kept_t *kept)
{
    free(kept);
}

static const char *kept_copy(const char *text, apr_pool_t *pool)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

/* Who asked, where a module like mod_remoteip knows better than the connection. */
static void kept_set_address(request_rec *r, const char *address)
{
    apr_sockaddr_t *resolved;

    if (!address ||
        apr_sockaddr_info_get(&resolved, address, APR_UNSPEC, r->connection->client_addr->port, 0,
                              r->pool) != APR_SUCCESS)
        return;
    r->useragent_addr = resolved;
    r->useragent_ip = apr_pstrdup(r->pool, address);
}

request_rec *glue_kept_revive(const glue_kept_t *kept, conn_rec *c)
{
    request_rec *r = ap_create_request(c);
    size_t i;

    r->server = kept->server;
    r->per_dir_config = kept->server->lookup_defaults;
    r->request_time = kept->request_time;
    r->read_length = kept->read_length;
    r->the_request = apr_pstrdup(r->pool, kept->line);
    ap_parse_request_line(r); /* it was parsed before: there is nothing to refuse */
    r->status = HTTP_OK;
    r->user = apr_pstrdup(r->pool, kept->user);
    r->ap_auth_type = (char *)kept_copy(kept->auth_type, r->pool);
    r->hostname = kept_copy(kept->hostname, r->pool);
    r->log_id = kept_copy(kept->log_id, r->pool);
    kept_set_address(r, kept->address);
    for (i = 0; i < KEPT_HEADERS; i++)
        if (kept->headers[i])
            apr_table_setn(r->headers_in, kept_headers[i], kept_copy(kept->headers[i], r->pool));
    kept_set_environment(r, kept);
    ap_location_walk(r);
    ap_if_walk(r);
    ap_run_insert_filter(r);
    return r;
}
