#include "admin/ctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>
#include <apr_strings.h>

#include "base/text.h"

#define CLIENT_ANSWER_MAX (256 * 1048576)
#define CLIENT_CONNECT_SECONDS 30L
#define CLIENT_SILENT_SECONDS 120L
#define CLIENT_PAGE "500"

const char *ctl_path(const ctl_t *ctl, const char *name, ...)
{
    const char *path = "";
    va_list names;

    va_start(names, name);
    for (; name; name = va_arg(names, const char *))
        path = apr_pstrcat(ctl->pool, path, "/", base_text_percent_encode(name, ctl->pool), NULL);
    va_end(names);
    return path;
}

static const char *client_url(const ctl_t *ctl, const char *path, const apr_table_t *query)
{
    const apr_array_header_t *pairs = query ? apr_table_elts(query) : NULL;
    size_t length = strlen(ctl->config.server);
    const char *url;
    char separator = strchr(path, '?') ? '&' : '?';
    int i;

    while (length && ctl->config.server[length - 1] == '/')
        length--;
    url = apr_pstrcat(ctl->pool, apr_pstrmemdup(ctl->pool, ctl->config.server, length), path, NULL);
    for (i = 0; pairs && i < pairs->nelts; i++) {
        const apr_table_entry_t *pair = &APR_ARRAY_IDX(pairs, i, apr_table_entry_t);

        url = apr_psprintf(ctl->pool, "%s%c%s=%s", url, separator, pair->key,
                           base_text_percent_encode(pair->val, ctl->pool));
        separator = '&';
    }
    return url;
}

/* -- what went wrong -------------------------------------------------------- */

static ctl_exit_t client_problem_code(long status)
{
    switch (status) {
    case 401:
    case 403:
        return CTL_DENIED;
    case 404:
        return CTL_NOT_FOUND;
    case 409:
        return CTL_CONFLICT;
    case 400:
        return CTL_USAGE;
    case 503:
        return CTL_UNREACHABLE;
    default:
        return CTL_FAILED;
    }
}

static ctl_exit_t client_problem(const ctl_t *ctl, long status, const json_t *problem)
{
    ctl_exit_t code = client_problem_code(status);
    const char *detail = ctl_text(problem, "detail", ctl->pool);
    const json_t *devices = json_object_get(problem, "devices");
    const json_t *folders = json_object_get(problem, "folders");

    if (!*detail && status == 401)
        return ctl_error(code, "%s refuses user %s with this password", ctl->config.server,
                         ctl_clean(ctl->config.user, ctl->pool));
    if (!*detail)
        return ctl_error(code, "%s answers %ld%s", ctl->config.server, status,
                         status == 404 ? ": is that the URL of the administration?" : "");
    if (devices)
        return ctl_error(code, "%s; it has: %s", detail, ctl_join(devices, ctl->pool));
    if (folders)
        return ctl_error(code, "%s; it has: %s", detail, ctl_join(folders, ctl->pool));
    return ctl_error(code, "%s", detail);
}

/* -- one request ------------------------------------------------------------ */

static size_t client_receive(char *bytes, size_t size, size_t count, void *baton)
{
    base_text_buffer_t *body = baton;

    if (body->length + size * count > CLIENT_ANSWER_MAX)
        return 0;
    base_text_buffer_append(body, bytes, size * count);
    return size * count;
}

static apr_status_t client_cleanup_curl(void *data)
{
    curl_easy_cleanup(data);
    return APR_SUCCESS;
}

static apr_status_t client_cleanup_list(void *data)
{
    curl_slist_free_all(data);
    return APR_SUCCESS;
}

static apr_status_t client_cleanup_json(void *data)
{
    json_decref(data);
    return APR_SUCCESS;
}

static CURL *client_prepare(const ctl_t *ctl, const char *method, const char *url,
                            base_text_buffer_t *body, char *error)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = NULL;

    if (!curl)
        return NULL;
    apr_pool_cleanup_register(ctl->pool, curl, client_cleanup_curl, apr_pool_cleanup_null);
    headers = curl_slist_append(headers, "X-MobileSync-Admin: 1");
    headers = curl_slist_append(headers, "Accept: application/json");
    apr_pool_cleanup_register(ctl->pool, headers, client_cleanup_list, apr_pool_cleanup_null);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERNAME, ctl->config.user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, ctl->config.password);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC | CURLAUTH_DIGEST);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CLIENT_CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, CLIENT_SILENT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    if (ctl->config.ca)
        curl_easy_setopt(curl, CURLOPT_CAINFO, ctl->config.ca);
    if (strcmp(method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    return curl;
}

ctl_exit_t ctl_request(ctl_t *ctl, const char *method, const char *path, const apr_table_t *query,
                       json_t **answer)
{
    char error[CURL_ERROR_SIZE] = "";
    base_text_buffer_t body = {.pool = ctl->pool};
    CURL *curl = client_prepare(ctl, method, client_url(ctl, path, query), &body, error);
    CURLcode result = curl ? curl_easy_perform(curl) : CURLE_FAILED_INIT;
    long status = 0;

    if (result != CURLE_OK)
        return ctl_error(CTL_UNREACHABLE, "%s: %s", ctl->config.server,
                         *error ? error : curl_easy_strerror(result));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    *answer = json_loadb(body.data ? body.data : "", body.length, 0, NULL);
    if (*answer)
        apr_pool_cleanup_register(ctl->pool, *answer, client_cleanup_json, apr_pool_cleanup_null);
    if (status != 200)
        return client_problem(ctl, status, *answer);
    if (!json_is_object(*answer))
        return ctl_error(CTL_FAILED,
                         "%s: that is no answer of the administration; is it the "
                         "right URL?",
                         ctl->config.server);
    return CTL_OK;
}

ctl_exit_t ctl_request_pages(ctl_t *ctl, const char *method, const char *path, apr_table_t *query,
                             const char *member, const char *cursor, json_t **answer)
{
    apr_uint64_t limit = 0;
    json_t *all = json_array(), *page;
    const char *next, *most = ctl_option(ctl, "limit");

    *answer = json_object();
    apr_pool_cleanup_register(ctl->pool, *answer, client_cleanup_json, apr_pool_cleanup_null);
    json_object_set_new(*answer, member, all);
    if (most && (!base_text_parse_uint(most, APR_INT32_MAX, &limit) || !limit))
        return ctl_error(CTL_USAGE, "--limit takes a number from 1 on");
    do {
        ctl_exit_t code;

        apr_table_setn(query, "limit", CLIENT_PAGE);
        if ((code = ctl_request(ctl, method, path, query, &page)))
            return code;
        json_array_extend(all, json_object_get(page, member));
        next = json_string_value(json_object_get(page, "next"));
        if (next)
            apr_table_set(query, cursor, next);
    } while (next && (!limit || json_array_size(all) < limit));
    while (limit && json_array_size(all) > limit)
        json_array_remove(all, json_array_size(all) - 1);
    return CTL_OK;
}
