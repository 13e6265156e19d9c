/* Access control on the command line: what a change comes to, and lists from files. */
#include "admin/ctl.h"

#include <stdio.h>
#include <string.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#define IMPORT_BYTES \
    2000 /* of lines in one request: percent-encoded, they stand in its first line */

void ctl_print_changed(const ctl_t *ctl, const json_t *answer)
{
    static const ctl_column_t columns[] = {
        {"ACCOUNT", "account"}, {"DEVICE", "device"}, {"FROM", "from"}, {"TO", "to"}, {NULL, NULL}};
    const json_t *changed = json_object_get(answer, "changed");

    if (json_array_size(changed))
        ctl_print_table(changed, columns, ctl->pool);
    printf("%s devices have another status by it; they synchronise what they may see then from the "
           "beginning.\n",
           ctl_text(answer, "devices_changed", ctl->pool));
    if (strcmp(ctl_text(answer, "mode", ctl->pool), "disabled") == 0)
        printf("Access control is disabled (MobileSyncAccess): it has no effect.\n");
}

/* Lines of the file from *at on, as many as go into a request; *line: the number of the first of the
 * next. */
static const char *import_part(const char **at, int *line, apr_pool_t *pool)
{
    const char *start = *at, *end = start;

    while (*end) {
        size_t length = strcspn(end, "\n");

        length += end[length] == '\n';
        if (end > start && (size_t)(end - start) + length > IMPORT_BYTES)
            break;
        end += length;
        ++*line;
    }
    *at = end;
    return apr_pstrmemdup(pool, start, (apr_size_t)(end - start));
}

/* *total: { entries, changed, devices_changed, mode } of all requests. */
static ctl_exit_t import_run(ctl_t *ctl, const char *text, int dry, json_t *total)
{
    apr_table_t *query = apr_table_copy(ctl->pool, ctl->query);
    json_int_t entries = 0, devices = 0;
    json_t *changed = json_array(), *answer;
    int line = 1, first = 1;

    json_object_set_new(total, "changed", changed);
    apr_table_setn(query, "status", ctl->arguments[1]);
    apr_table_setn(query, "dry_run", dry ? "1" : "0");
    for (; *text; first = line) {
        ctl_exit_t code;

        apr_table_setn(query, "list", import_part(&text, &line, ctl->pool));
        if ((code = ctl_request(ctl, "POST", "/access/import", query, &answer)))
            return first == 1 ? code
                              : ctl_error(code, "(counted from line %d of the file on)", first);
        entries += json_integer_value(json_object_get(answer, "entries"));
        devices += json_integer_value(json_object_get(answer, "devices_changed"));
        json_array_extend(changed, json_object_get(answer, "changed"));
        json_object_set(total, "mode", json_object_get(answer, "mode"));
    }
    json_object_set_new(total, "entries", json_integer(entries));
    json_object_set_new(total, "devices_changed", json_integer(devices));
    return CTL_OK;
}

static apr_status_t import_free(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

static ctl_exit_t import_read(const ctl_t *ctl, const char **text)
{
    const char *name = ctl->arguments[0];
    char reason[120], *bytes;
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t status =
        apr_file_open(&file, name, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, ctl->pool);

    if (status == APR_SUCCESS)
        status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (status == APR_SUCCESS) {
        bytes = apr_pcalloc(ctl->pool, (apr_size_t)info.size + 1);
        status = apr_file_read_full(file, bytes, (apr_size_t)info.size, NULL);
        *text = bytes;
    }
    if (status == APR_SUCCESS && strlen(*text) != (size_t)info.size)
        return ctl_error(CTL_USAGE, "%s: there are bytes in it that are no text", name);
    if (status == APR_SUCCESS || (status == APR_EOF && info.size == 0))
        return CTL_OK;
    return ctl_error(CTL_USAGE, "%s: %s", name, apr_strerror(status, reason, sizeof reason));
}

/* All of the file is looked at before any of it is done. */
ctl_exit_t ctl_import(ctl_t *ctl)
{
    json_t *total = json_object();
    const char *text = "";
    ctl_exit_t code;

    apr_pool_cleanup_register(ctl->pool, total, import_free, apr_pool_cleanup_null);
    if ((code = import_read(ctl, &text)) || (code = import_run(ctl, text, 1, total)))
        return code;
    if (!ctl->options.json && (ctl->options.dry_run || !ctl->options.yes))
        ctl_print_changed(ctl, total);
    if (!ctl->options.dry_run &&
        ((code = ctl_confirm(ctl)) || (code = import_run(ctl, text, 0, total))))
        return code;
    if (ctl->options.json)
        ctl_print_json(total);
    else
        printf("%s devices %s.\n", ctl_text(total, "entries", ctl->pool),
               ctl->options.dry_run ? "would be put on the list" : "are put on the list");
    return CTL_OK;
}
