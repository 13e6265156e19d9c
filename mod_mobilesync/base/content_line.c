#include "base/content_line.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

/* One line without its folds; NULL at the end. */
static char *line_unfold(const char **at, apr_pool_t *pool)
{
    const char *p = *at, *scan = p;
    char *line, *q;

    if (!*p)
        return NULL;
    for (;;) { /* a line break before a blank is a fold */
        scan += strcspn(scan, "\n");
        if (*scan && (scan[1] == ' ' || scan[1] == '\t'))
            scan++;
        else
            break;
    }
    line = q = apr_palloc(pool, (apr_size_t)(scan - p) + 1);
    for (; p < scan; p++) {
        if (*p == '\r' && (p + 1 == scan || p[1] == '\n'))
            continue;
        if (*p == '\n')
            p++; /* and the blank */
        else
            *q++ = *p;
    }
    *q = '\0';
    *at = *scan ? scan + 1 : scan;
    return line;
}

static const char *line_upper(const char *text, apr_size_t length, apr_pool_t *pool)
{
    char *upper = apr_pstrmemdup(pool, text, length), *p;

    for (p = upper; *p; p++)
        *p = apr_toupper(*p);
    return upper;
}

/* Up to a character of the set that is not in quotes. */
static char *line_span(char *p, const char *set)
{
    int quoted = 0;

    for (; *p && (quoted || !strchr(set, *p)); p++)
        quoted ^= *p == '"';
    return p;
}

static const char *line_unquote(const char *text, apr_size_t length, apr_pool_t *pool)
{
    char *plain = apr_palloc(pool, length + 1), *q = plain;
    apr_size_t i;

    for (i = 0; i < length; i++)
        if (text[i] != '"')
            *q++ = text[i];
    *q = '\0';
    return plain;
}

static char *line_parameter(char *p, base_content_line_t *line, apr_pool_t *pool)
{
    base_content_parameter_t *parameter = apr_array_push(line->parameters);
    char *end = line_span(p, ";:"), *equals = memchr(p, '=', (size_t)(end - p));

    parameter->name = equals ? line_upper(p, (apr_size_t)(equals - p), pool) : "TYPE";
    p = equals ? equals + 1 : p;
    parameter->value = line_unquote(p, (apr_size_t)(end - p), pool);
    return end;
}

int base_content_line_next(const char **at, base_content_line_t *line, apr_pool_t *pool)
{
    char *text, *p, *dot;

    while ((text = line_unfold(at, pool))) {
        p = line_span(text, ";:");
        if (p == text || !*p)
            continue;
        dot = memchr(text, '.', (size_t)(p - text));
        dot = dot ? dot + 1 : text;
        line->name = line_upper(dot, (apr_size_t)(p - dot), pool);
        line->parameters = apr_array_make(pool, 2, sizeof(base_content_parameter_t));
        while (*p == ';')
            p = line_parameter(p + 1, line, pool);
        if (*p != ':')
            continue;
        line->value = p + 1;
        return 1;
    }
    return 0;
}

int base_content_line_has(const base_content_line_t *line, const char *name, const char *word)
{
    apr_size_t length = strlen(word);
    int i;

    for (i = 0; i < line->parameters->nelts; i++) {
        const base_content_parameter_t *parameter =
            &APR_ARRAY_IDX(line->parameters, i, base_content_parameter_t);
        const char *p = parameter->value;

        while (strcmp(parameter->name, name) == 0 && *p) {
            apr_size_t n = strcspn(p, ",");

            if (n == length && strncasecmp(p, word, n) == 0)
                return 1;
            p += n + (p[n] == ',');
        }
    }
    return 0;
}

const char *base_content_component(const char **at, char separator, apr_pool_t *pool)
{
    const char *p = *at;
    char *text, *q;

    if (!p)
        return NULL;
    text = q = apr_palloc(pool, strlen(p) + 1);
    for (; *p && (!separator || *p != separator); p++) {
        if (*p != '\\' || !p[1])
            *q++ = *p;
        else {
            p++;
            *q++ = *p == 'n' || *p == 'N' ? '\n' : *p;
        }
    }
    *q = '\0';
    *at = *p ? p + 1 : NULL;
    return text;
}

const char *base_content_text(const char *value, apr_pool_t *pool)
{
    return base_content_component(&value, '\0', pool);
}
