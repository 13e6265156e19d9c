#include "admin/call.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

static apr_status_t json_cleanup(void *data)
{
    json_decref(data);
    return APR_SUCCESS;
}

json_t *admin_json_object(apr_pool_t *pool)
{
    json_t *object = json_object();

    if (!object)
        abort(); /* out of memory, as APR's pools do */
    apr_pool_cleanup_register(pool, object, json_cleanup, apr_pool_cleanup_null);
    return object;
}

json_t *admin_json_text(const char *text, apr_pool_t *pool)
{
    json_t *json;

    if (!text)
        return json_null();
    json = json_string(text); /* NULL where it is not UTF-8 */
    return json ? json : json_string(base_text_xml_sanitize(text, strlen(text), pool));
}

json_t *admin_json_time(apr_time_t when, apr_pool_t *pool)
{
    return when && when < BACKEND_DATE_MOVING_EVER
               ? json_string(base_time_format_dashed(when, pool))
               : json_null();
}

json_t *admin_json_names(const apr_array_header_t *names, apr_pool_t *pool)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < names->nelts; i++)
        json_array_append_new(list, admin_json_text(APR_ARRAY_IDX(names, i, const char *), pool));
    return list;
}

void admin_json_set(json_t *object, const char *name, const char *text, apr_pool_t *pool)
{
    json_object_set_new(object, name, admin_json_text(text, pool));
}

/* -- answers ---------------------------------------------------------------- */

static int answer_append(const char *bytes, size_t length, void *data)
{
    base_text_buffer_append(data, bytes, length);
    return 0;
}

void admin_answer(admin_call_t *call, int status, const json_t *object)
{
    base_text_buffer_t out = {.pool = call->pool};

    json_dump_callback(object, answer_append, &out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    base_text_buffer_puts(&out, "\n");
    call->response->status = status;
    call->response->content_type = "application/json";
    call->response->body = out.data;
    call->response->length = out.length;
}

static const struct {
    int status;
    const char *title;
} answer_titles[] = {
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

void admin_answer_problem(admin_call_t *call, int status, const char *detail, json_t *extra)
{
    json_t *problem = admin_json_object(call->pool);
    const char *title = "Error";
    size_t i;

    for (i = 0; i < sizeof answer_titles / sizeof *answer_titles; i++)
        if (answer_titles[i].status == status)
            title = answer_titles[i].title;
    json_object_set_new(problem, "type", json_string("about:blank"));
    json_object_set_new(problem, "title", json_string(title));
    json_object_set_new(problem, "status", json_integer(status));
    admin_json_set(problem, "detail", detail, call->pool);
    if (extra)
        json_object_update(problem, extra);
    admin_answer(call, status, problem);
    call->response->content_type = "application/problem+json";
}

void admin_answer_fault(admin_call_t *call, const base_fault_t *fault)
{
    static const int statuses[BASE_FAULT_COUNT_] = {
        [BASE_FAULT_INVALID] = 400,  [BASE_FAULT_UNSUPPORTED] = 400, [BASE_FAULT_TOO_LARGE] = 413,
        [BASE_FAULT_DENIED] = 403,   [BASE_FAULT_NOT_FOUND] = 404,   [BASE_FAULT_FOLDER_GONE] = 404,
        [BASE_FAULT_CONFLICT] = 409, [BASE_FAULT_BUSY] = 503,        [BASE_FAULT_UNAVAILABLE] = 503,
        [BASE_FAULT_TIMEOUT] = 503,
    };
    int status = statuses[fault->code] ? statuses[fault->code] : 500;

    if (status >= 500)
        base_log_write(call->service->log, BASE_LOG_WARNING, "admin: %s %s by %s: %s",
                       call->request->method, call->request->path, call->request->actor,
                       fault->message);
    if (status == 503)
        apr_table_setn(call->response->headers, "Retry-After",
                       apr_itoa(call->pool, fault->retry_after ? fault->retry_after : 5));
    admin_answer_problem(call, status, fault->message, NULL);
}
