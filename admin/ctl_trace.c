/* What was traced of a device, and the bundle for support: documents rather than tables. */
#include "admin/ctl.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>

/* Text of several lines, each made fit for a terminal. */
static void trace_print(const char *text, apr_pool_t *pool)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        printf("  %s\n", ctl_clean(apr_pstrmemdup(pool, text, length), pool));
        text += length + (text[length] == '\n');
    }
}

static void trace_entry(const json_t *entry, apr_pool_t *pool)
{
    const char *xml = json_string_value(json_object_get(entry, "xml"));

    printf("%s  %s %s", ctl_text(entry, "time", pool), ctl_text(entry, "command", pool),
           ctl_text(entry, "direction", pool));
    if (json_object_get(entry, "http_status"))
        printf(" %s", ctl_text(entry, "http_status", pool));
    printf(", %s bytes, %s%s\n", ctl_text(entry, "bytes", pool), ctl_text(entry, "node", pool),
           json_is_true(json_object_get(entry, "truncated")) ? ", cut" : "");
    if (xml)
        trace_print(xml, pool);
}

static ctl_exit_t trace_get(ctl_t *ctl, const char *what, json_t **answer)
{
    return ctl_request(
        ctl, "GET",
        ctl_path(ctl, "accounts", ctl->arguments[0], "devices", ctl->arguments[1], what, NULL),
        NULL, answer);
}

/* Oldest first, as it happened. */
ctl_exit_t ctl_trace(ctl_t *ctl)
{
    const json_t *list;
    json_t *answer;
    ctl_exit_t code = trace_get(ctl, "trace", &answer);
    size_t i;

    if (code)
        return code;
    if (ctl->options.json) {
        ctl_print_json(answer);
        return CTL_OK;
    }
    list = json_object_get(answer, "trace");
    for (i = json_array_size(list); i > 0; i--)
        trace_entry(json_array_get(list, i - 1), ctl->pool);
    if (json_is_null(json_object_get(answer, "tracing")))
        printf("The device is not traced now.\n");
    else
        printf("The device is traced until %s UTC.\n",
               ctl_text(answer, "tracing/until", ctl->pool));
    return CTL_OK;
}

ctl_exit_t ctl_bundle(ctl_t *ctl)
{
    json_t *answer;
    ctl_exit_t code = trace_get(ctl, "bundle", &answer);

    if (!code)
        ctl_print_json(answer);
    return code;
}
