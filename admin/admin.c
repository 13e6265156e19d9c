#include "admin/call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

#define ADMIN_SEGMENTS_MAX 8

typedef struct {
    const char *method;
    const char *path;
    int changes;
    const char *parameters;
    admin_run_fn run;
} admin_route_t;

static const admin_route_t admin_routes[] = {
#define ROUTE(method, path, changes, parameters, run) {method, path, changes, parameters, run},
#include "admin/routes.tbl"
#undef ROUTE
};

#define ADMIN_ROUTE_COUNT (sizeof admin_routes / sizeof *admin_routes)

/* -- the path --------------------------------------------------------------- */

/* The decoded segments; -1 when there are too many, one is too long or an escape is broken. Empty
 * ones do not count, as httpd merges slashes. */
static int path_split(const char *path, const char **segments, apr_pool_t *pool)
{
    char *last, *segment = apr_strtok(apr_pstrdup(pool, path), "/", &last);
    int count = 0;

    for (; segment; segment = apr_strtok(NULL, "/", &last)) {
        if (count == ADMIN_SEGMENTS_MAX ||
            !(segments[count] = base_text_percent_decode(segment, pool)) ||
            strlen(segments[count]) > STATE_NAME_MAX)
            return -1;
        count++;
    }
    return count;
}

/* Compares with a route's path and takes the names out. */
static int path_match(const char *pattern, const char *const *segments, int count,
                      const char **names)
{
    int i, name = 0;

    for (i = 0; i < count; i++) {
        size_t length = strcspn(pattern, "/");

        if (length == 1 && *pattern == '*')
            names[name++] = segments[i];
        else if (strlen(segments[i]) != length || strncmp(segments[i], pattern, length) != 0 ||
                 !length)
            return 0;
        pattern += length + (pattern[length] == '/');
    }
    return !*pattern;
}

static const admin_route_t *path_find(admin_call_t *call, const char **allowed)
{
    const char *segments[ADMIN_SEGMENTS_MAX], *method = call->request->method;
    int count = path_split(call->request->path, segments, call->pool);
    const admin_route_t *found = NULL;
    size_t i;

    *allowed = NULL;
    for (i = 0; count >= 0 && i < ADMIN_ROUTE_COUNT && !found; i++) {
        const admin_route_t *route = &admin_routes[i];

        if (!path_match(route->path, segments, count, call->names))
            continue;
        if (strcmp(route->method, strcmp(method, "HEAD") ? method : "GET") == 0)
            found = route;
        *allowed = apr_pstrcat(call->pool, *allowed ? *allowed : "", *allowed ? ", " : "",
                               route->method, NULL);
    }
    return found;
}

/* -- parameters ------------------------------------------------------------- */

/* A form's coding: '+' is a blank. */
static const char *parameter_decode(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text), *p;

    for (p = copy; *p; p++)
        if (*p == '+')
            *p = ' ';
    return base_text_percent_decode(copy, pool);
}

static base_fault_t *parameters_query(admin_call_t *call)
{
    const char *query = call->request->query ? call->request->query : "";
    char *last, *pair = apr_strtok(apr_pstrdup(call->pool, query), "&", &last);

    for (; pair; pair = apr_strtok(NULL, "&", &last)) {
        char *equals = strchr(pair, '=');
        const char *name, *value;

        if (equals)
            *equals = '\0';
        name = parameter_decode(pair, call->pool);
        value = parameter_decode(equals ? equals + 1 : "", call->pool);
        if (!name || !value)
            return base_fault_make(call->pool, BASE_FAULT_INVALID,
                                   "the query has a broken percent escape");
        apr_table_setn(call->parameters, name, value);
    }
    return NULL;
}

static int admin_is_json(const admin_request_t *request)
{
    static const char wanted[] = "application/json";
    const char *type = request->content_type;

    return type && strncasecmp(type, wanted, sizeof wanted - 1) == 0 &&
           (!type[sizeof wanted - 1] || strchr("; \t", type[sizeof wanted - 1]));
}

static base_fault_t *parameters_body(admin_call_t *call)
{
    const admin_request_t *request = call->request;
    json_error_t error;
    const char *name;
    json_t *body, *value;

    if (!request->body_length)
        return NULL;
    if (!admin_is_json(request))
        return base_fault_make(call->pool, BASE_FAULT_INVALID, "the body must be application/json");
    body = json_loadb(request->body, request->body_length, JSON_REJECT_DUPLICATES, &error);
    if (!body)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "the body is no JSON: %s at line %d, column %d", error.text,
                               error.line, error.column);
    json_object_foreach(body, name, value)
    {
        const char *text = json_is_string(value)  ? json_string_value(value)
                           : json_is_true(value)  ? "1"
                           : json_is_false(value) ? "0"
                           : json_is_integer(value)
                               ? apr_psprintf(call->pool, "%" APR_INT64_T_FMT,
                                              (apr_int64_t)json_integer_value(value))
                               : NULL;

        apr_table_set(call->parameters, name, text ? text : "(neither text nor number)");
    }
    json_decref(body);
    return NULL;
}

static int parameter_is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (; *list; list += strspn(list, " ")) {
        size_t word = strcspn(list, " ");

        if (word == length && strncmp(list, name, word) == 0)
            return 1;
        list += word;
    }
    return 0;
}

static base_fault_t *parameters_read(admin_call_t *call, const admin_route_t *route)
{
    const apr_array_header_t *all;
    int i;

    call->parameters = apr_table_make(call->pool, 4);
    BASE_TRY(parameters_query(call));
    BASE_TRY(parameters_body(call));
    all = apr_table_elts(call->parameters);
    for (i = 0; i < all->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(all, i, apr_table_entry_t);

        if (!parameter_is_listed(route->parameters, entry->key))
            return base_fault_make(call->pool, BASE_FAULT_INVALID,
                                   "there is no parameter \"%.64s\" here%s%s", entry->key,
                                   *route->parameters ? "; there are: " : "", route->parameters);
    }
    return NULL;
}

const char *admin_parameter(const admin_call_t *call, const char *name)
{
    const char *value = apr_table_get(call->parameters, name);

    return value && *value ? value : NULL;
}

base_fault_t *admin_parameter_flag(const admin_call_t *call, const char *name, int *flag)
{
    static const struct {
        const char *text;
        int flag;
    } texts[] = {{"1", 1}, {"true", 1}, {"yes", 1}, {"", 1}, {"0", 0}, {"false", 0}, {"no", 0}};
    const char *value = apr_table_get(call->parameters, name);
    size_t i;

    *flag = 0;
    for (i = 0; value && i < sizeof texts / sizeof *texts; i++)
        if (strcasecmp(value, texts[i].text) == 0) {
            *flag = texts[i].flag;
            return NULL;
        }
    if (!value)
        return NULL;
    return base_fault_make(call->pool, BASE_FAULT_INVALID, "%s must be 1 or 0", name);
}

base_fault_t *admin_parameter_limit(const admin_call_t *call, int *limit)
{
    const char *value = admin_parameter(call, "limit");
    apr_uint64_t number = ADMIN_PAGE_DEFAULT;

    if (value && (!base_text_parse_uint(value, ADMIN_PAGE_MAX, &number) || !number))
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "limit must be a number from 1 to %d", ADMIN_PAGE_MAX);
    *limit = (int)number;
    return NULL;
}

base_fault_t *admin_parameter_time(const admin_call_t *call, const char *name, apr_time_t *when)
{
    const char *value = admin_parameter(call, name);

    *when = 0;
    if (!value || base_time_parse(value, when) ||
        base_time_parse(apr_pstrcat(call->pool, value, "T00:00:00Z", NULL), when))
        return NULL;
    return base_fault_make(call->pool, BASE_FAULT_INVALID,
                           "%s must be a date: 2026-11-23 or 2026-11-23T08:06:46Z", name);
}

/* -- the call --------------------------------------------------------------- */

/* Could a form on another site have sent it? The browser would add the administrator's
 * credentials. */
static int admin_is_confirmed(const admin_request_t *request)
{
    return admin_is_json(request) ||
           (request->confirmation && strcmp(request->confirmation, "1") == 0);
}

static void admin_run(admin_call_t *call)
{
    const char *allowed;
    const admin_route_t *route = path_find(call, &allowed);
    base_fault_t *fault;

    if (!allowed) {
        admin_answer_problem(call, 404, "there is nothing of that name; GET / tells what there is",
                             NULL);
        return;
    }
    if (!route) {
        apr_table_setn(call->response->headers, "Allow", allowed);
        admin_answer_problem(call, 405, apr_pstrcat(call->pool, "use ", allowed, NULL), NULL);
        return;
    }
    if (route->changes && !admin_is_confirmed(call->request)) {
        admin_answer_problem(call, 403,
                             "what changes something needs the content type application/json or "
                             "the header X-MobileSync-Admin: 1",
                             NULL);
        return;
    }
    fault = parameters_read(call, route);
    if (!fault)
        fault = route->run(call);
    if (fault)
        admin_answer_fault(call, fault);
}

admin_response_t *admin_handle(const admin_service_t *service, const admin_request_t *request,
                               apr_pool_t *pool)
{
    admin_call_t *call = apr_pcalloc(pool, sizeof *call);

    call->service = service;
    call->request = request;
    call->pool = pool;
    call->response = apr_pcalloc(pool, sizeof *call->response);
    call->response->headers = apr_table_make(pool, 4);
    admin_run(call);
    return call->response;
}

base_fault_t *admin_root_show(admin_call_t *call)
{
    json_t *root = admin_json_object(call->pool), *routes = json_array();
    size_t i;

    if (admin_page_is_wanted(call))
        return admin_page_redirect(call);
    admin_json_set(root, "service", "mod_mobilesync", call->pool);
    admin_json_set(root, "node", call->service->node, call->pool);
    for (i = 0; i < ADMIN_ROUTE_COUNT; i++)
        json_array_append_new(routes, json_string(apr_pstrcat(call->pool, admin_routes[i].method,
                                                              " /", admin_routes[i].path, NULL)));
    json_object_set_new(root, "routes", routes);
    admin_answer(call, 200, root);
    return NULL;
}
