#include "admin/ctl.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define CTL_COLUMNS_MAX 16

/* -- text ------------------------------------------------------------------- */

/* What devices say of themselves must not steer a terminal: C0, DEL and C1 (in UTF-8: C2 80-9F)
 * become '?'. */
const char *ctl_clean(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, base_text_xml_sanitize(text, strlen(text), pool));
    unsigned char *p;

    for (p = (unsigned char *)copy; *p; p++) {
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
        else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
            p[0] = p[1] = '?';
    }
    return copy;
}

/* "2026-11-23T08:06:46.000Z" -> "2026-11-23 08:06:46" */
static const char *text_time(const char *text, apr_pool_t *pool)
{
    char *copy;

    if (strlen(text) != 24 || text[10] != 'T' || text[19] != '.' || text[23] != 'Z')
        return text;
    copy = apr_pstrmemdup(pool, text, 19);
    copy[10] = ' ';
    return copy;
}

static const char *text_of(const json_t *value, apr_pool_t *pool)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return text_time(ctl_clean(json_string_value(value), pool), pool);
    case JSON_INTEGER:
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    case JSON_REAL:
        return apr_psprintf(pool, "%.1f", json_real_value(value));
    case JSON_TRUE:
        return "yes";
    case JSON_FALSE:
        return "no";
    case JSON_ARRAY:
        return ctl_join(value, pool);
    case JSON_OBJECT:
    case JSON_NULL:
        break;
    }
    return "";
}

const char *ctl_text(const json_t *object, const char *member, apr_pool_t *pool)
{
    char *last, *name = apr_strtok(apr_pstrdup(pool, member), "/", &last);

    for (; name && object; name = apr_strtok(NULL, "/", &last))
        object = json_is_array(object) ? json_array_get(object, (size_t)apr_atoi64(name))
                                       : json_object_get(object, name);
    return text_of(object, pool);
}

const char *ctl_join(const json_t *array, apr_pool_t *pool)
{
    const char *text = "";
    size_t i;

    for (i = 0; i < json_array_size(array); i++)
        text =
            apr_pstrcat(pool, text, i ? ", " : "", text_of(json_array_get(array, i), pool), NULL);
    return text;
}

/* -- tables ----------------------------------------------------------------- */

/* *blanks: those before it, so that no line ends with blanks. */
static void print_padded(const char *text, size_t width, size_t *blanks)
{
    if (*text) {
        printf("%*s%s", (int)*blanks, "", text);
        *blanks = 0;
    }
    *blanks += width + 2 - base_text_utf8_count(text, strlen(text));
}

static size_t print_width(const json_t *rows, const ctl_column_t *column, apr_pool_t *pool)
{
    size_t width = strlen(column->title), i;

    for (i = 0; i < json_array_size(rows); i++) {
        const char *text = ctl_text(json_array_get(rows, i), column->member, pool);
        size_t length = base_text_utf8_count(text, strlen(text));

        width = length > width ? length : width;
    }
    return width;
}

void ctl_print_table(const json_t *rows, const ctl_column_t *columns, apr_pool_t *pool)
{
    const ctl_column_t *column;
    size_t widths[CTL_COLUMNS_MAX] = {0}, i, blanks = 0;

    for (column = columns; column->title; column++) {
        widths[column - columns] = print_width(rows, column, pool);
        print_padded(column->title, widths[column - columns], &blanks);
    }
    putchar('\n');
    for (i = 0; i < json_array_size(rows); i++) {
        blanks = 0;
        for (column = columns; column->title; column++)
            print_padded(ctl_text(json_array_get(rows, i), column->member, pool),
                         widths[column - columns], &blanks);
        putchar('\n');
    }
}

void ctl_print_members(const json_t *object, const ctl_column_t *members, apr_pool_t *pool)
{
    for (; members->title; members++) {
        const char *text = ctl_text(object, members->member, pool);

        if (*text)
            printf("%-18s %s\n", apr_pstrcat(pool, members->title, ":", NULL), text);
    }
}

void ctl_print_json(const json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
}
