/* The page for browsers: files that are part of the module. What it shows and does it gets from the
 * REST interface beside it. */
#include "admin/call.h"

#include <string.h>
#include <apr_strings.h>

typedef struct {
    const char *name;
    const unsigned char *data;
    size_t length;
} page_file_t;

#include "admin/page_data.inc" /* page_files, made from page/ */

#define PAGE_FILE_COUNT (sizeof page_files / sizeof *page_files)

static const struct {
    const char *ending, *type;
} page_types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

/* Names of accounts and devices come from outside: whatever they contain, nothing but the files
 * here runs, and nothing can be sent elsewhere. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static const char *page_type(const char *name)
{
    const char *ending = strrchr(name, '.');
    size_t i;

    for (i = 0; ending && i < sizeof page_types / sizeof *page_types; i++)
        if (strcmp(ending, page_types[i].ending) == 0)
            return page_types[i].type;
    return "application/octet-stream";
}

static base_fault_t *page_answer(admin_call_t *call, const char *name)
{
    admin_response_t *response = call->response;
    size_t i;

    for (i = 0; i < PAGE_FILE_COUNT && strcmp(page_files[i].name, name) != 0; i++)
        ;
    if (i == PAGE_FILE_COUNT) {
        admin_answer_problem(call, 404, "the page has no such file", NULL);
        return NULL;
    }
    apr_table_setn(response->headers, "Content-Security-Policy", page_policy);
    response->status = 200;
    response->content_type = page_type(name);
    response->body = (const char *)page_files[i].data;
    response->length = page_files[i].length;
    return NULL;
}

/* The page's own names are relative to "page/". */
base_fault_t *admin_page_redirect(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    const char *url = apr_pstrcat(call->pool, call->request->base, "/page/", NULL);

    apr_table_setn(call->response->headers, "Location", url);
    admin_json_set(answer, "page", url, call->pool);
    admin_answer(call, 302, answer);
    return NULL;
}

int admin_page_is_wanted(const admin_call_t *call)
{
    const char *accept = call->request->accept;

    apr_table_mergen(call->response->headers, "Vary", "Accept");
    return accept && strstr(accept, "text/html");
}

base_fault_t *admin_page_show(admin_call_t *call)
{
    const char *path = call->request->path;
    size_t length = strlen(path);

    return length && path[length - 1] == '/' ? page_answer(call, "index.html")
                                             : admin_page_redirect(call);
}

base_fault_t *admin_page_file(admin_call_t *call)
{
    return page_answer(call, call->names[0]);
}
