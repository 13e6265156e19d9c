#include "base/content_line.h"

#include <string.h>
#include <strings.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"

/* -- where a line ends -- */

/* Behind the next LF. */
static const char *line_break(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    return lf ? lf + 1 : end;
}

/* The end of the text of a physical line: before LF and CRs. */
static const char *line_text_end(const char *at, const char *end)
{
    if (end > at && end[-1] == '\n')
        end--;
    while (end > at && end[-1] == '\r')
        end--;
    return end;
}

static int line_starts(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(end - at) >= length && strncasecmp(at, word, length) == 0;
}

/* Is quoted-printable named, wherever the text is folded? */
static int line_says_quoted(const char *at, const char *end)
{
    static const char word[] = "QUOTED-PRINTABLE"; /* its first letter is nowhere else in it */
    size_t length = 0;

    for (; at < end; at++) {
        const char *text = at;

        while (text < end && *text == '\r')
            text++;
        if (text + 1 < end && *text == '\n') {
            at = text + 1; /* the blank of a fold */
            continue;
        }
        if (!*at || *at == '\r')
            continue;
        length = apr_toupper(*at) == word[length] ? length + 1 : apr_toupper(*at) == *word;
        if (!word[length])
            return 1;
    }
    return 0;
}

/* Where a line is to be read on: head (in quotes), value, value of quoted-printable. */
typedef enum { LINE_HEAD, LINE_HEAD_QUOTE, LINE_VALUE, LINE_QUOTED } line_state_t;

/* The state behind a physical line of [start, end); first: where the content line begins. */
static line_state_t line_step(line_state_t state, const char *first, const char *start,
                              const char *end)
{
    for (; start < end && state <= LINE_HEAD_QUOTE; start++)
        if (*start == '"')
            state = state == LINE_HEAD ? LINE_HEAD_QUOTE : LINE_HEAD;
        else if (*start == ':' && state == LINE_HEAD)
            state = line_says_quoted(first, start) ? LINE_QUOTED : LINE_VALUE;
    return state;
}

/* Does the physical line end in a soft line break that the line at next continues? A "=" before the
 * end of the object is a mistake. */
static int line_is_soft(line_state_t state, const char *start, const char *next, const char *end)
{
    const char *last = line_text_end(start, next);

    return state == LINE_QUOTED && last > start && last[-1] == '=' && next < end &&
           !line_starts(next, end, "END:");
}

const char *base_content_line_end(const char *at, const char *end)
{
    line_state_t state = LINE_HEAD;
    const char *start = at, *next;

    for (;; start = next) {
        next = line_break(start, end);
        state = line_step(state, at, start, next);
        if (next == end)
            return end;
        if (*next != ' ' && *next != '\t' && !line_is_soft(state, start, next, end))
            return next;
    }
}

/* -- what is in it -- */

/* Without folds, soft line breaks, NULs and CRs. */
static char *line_unfold(const char *text, apr_size_t length, int *quoted, apr_pool_t *pool)
{
    const char *end = text + length, *start, *next, *p, *last;
    char *line = apr_palloc(pool, length + 1), *q = line;
    line_state_t state = LINE_HEAD;
    int soft = 1; /* the first line has no blank to be left out */

    for (start = text; start < end; start = next) {
        next = line_break(start, end);
        p = soft ? start : start + 1;
        state = line_step(state, text, start, next);
        soft = line_is_soft(state, start, next, end);
        last = line_text_end(start, next) - soft;
        for (; p < last; p++)
            if (*p && *p != '\r')
                *q++ = *p;
    }
    *q = '\0';
    *quoted = state == LINE_QUOTED;
    return line;
}

const char *base_content_span(const char *p, const char *set)
{
    int quoted = 0;

    for (; *p && (quoted || !strchr(set, *p)); p++)
        quoted ^= *p == '"';
    return p;
}

/* Quotes and escapes of RFC 6868 undone. */
static const char *line_unquote(const char *text, apr_size_t length, apr_pool_t *pool)
{
    static const char escaped[] = "n^'", plain[] = "\n^\"";
    char *clean = apr_palloc(pool, length + 1), *q = clean;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        const char *at = text[i] == '^' && i + 1 < length ? strchr(escaped, text[i + 1]) : NULL;

        if (at && *at) {
            *q++ = plain[at - escaped];
            i++;
        }
        else if (text[i] != '"')
            *q++ = text[i];
    }
    *q = '\0';
    return clean;
}

const char *base_content_parameter_name(const char *text, apr_size_t length, apr_pool_t *pool)
{
    static const char *const encodings[] = {"QUOTED-PRINTABLE", "BASE64", "7BIT", "8BIT"};
    const char *equals = memchr(text, '=', length);
    size_t i;

    if (equals)
        return base_text_upper(apr_pstrmemdup(pool, text, (apr_size_t)(equals - text)), pool);
    for (i = 0; i < sizeof encodings / sizeof *encodings; i++)
        if (strlen(encodings[i]) == length && strncasecmp(encodings[i], text, length) == 0)
            return "ENCODING";
    return "TYPE";
}

static const char *line_parameter(const char *p, base_content_line_t *line, apr_pool_t *pool)
{
    const char *end = base_content_span(p, ";:"), *equals = memchr(p, '=', (size_t)(end - p)),
               *comma;
    base_content_parameter_t *parameter;

    if (line->parameters->nelts == BASE_CONTENT_PARAMETERS_MAX)
        return end;
    parameter = apr_array_push(line->parameters);
    parameter->name = base_content_parameter_name(p, (apr_size_t)(end - p), pool);
    p = equals ? equals + 1 : p;
    comma = base_content_span(p, ",;:");
    parameter->value = line_unquote(p, (apr_size_t)(end - p), pool);
    parameter->first =
        comma == end ? parameter->value : line_unquote(p, (apr_size_t)(comma - p), pool);
    return end;
}

/* "group.name" up to end; NULL: no name is like that. */
static const char *line_name(const char *text, const char *end, const char **group,
                             apr_pool_t *pool)
{
    const char *dot = memchr(text, '.', (size_t)(end - text)), *p;

    for (p = text; p < end; p++)
        if ((unsigned char)*p < ' ')
            return NULL;
    if (end == (dot ? dot + 1 : text) || *text == ' ')
        return NULL;
    if (group)
        *group = dot ? apr_pstrmemdup(pool, text, (apr_size_t)(dot - text)) : NULL;
    dot = dot ? dot + 1 : text;
    return base_text_upper(apr_pstrmemdup(pool, dot, (apr_size_t)(end - dot)), pool);
}

const char *base_content_line_name(const char *text, apr_size_t length, const char **group,
                                   apr_pool_t *pool)
{
    const char *end = text + length, *p, *name = NULL;
    int quoted = 0, ignored;

    for (p = text; p < end && (quoted || *p != ':'); p++) {
        quoted ^= *p == '"';
        if (!name && *p == ';')
            name = p;
    }
    if (p == end)
        return NULL;
    name = name ? name : p;
    if (memchr(text, '\n', (size_t)(name - text)) || memchr(text, '\0', (size_t)(name - text))) {
        text = line_unfold(text, (apr_size_t)(name - text), &ignored, pool);
        name = text + strlen(text);
    }
    return line_name(text, name, group, pool);
}

int base_content_line_read(const char *text, apr_size_t length, base_content_line_t *line,
                           apr_pool_t *pool)
{
    const char *p, *start = line_unfold(text, length, &line->quoted_printable, pool);

    p = base_content_span(start, ";:");
    if (!*p || !(line->name = line_name(start, p, &line->group, pool)))
        return 0;
    line->parameters = apr_array_make(pool, 2, sizeof(base_content_parameter_t));
    while (*p == ';')
        p = line_parameter(p + 1, line, pool);
    if (*p != ':')
        return 0;
    line->head = apr_pstrmemdup(pool, start, (apr_size_t)(p - start));
    line->value = p + 1;
    return 1;
}

int base_content_line_next(const char **at, const char *end, base_content_line_t *line,
                           apr_pool_t *pool)
{
    while (*at < end) {
        const char *text = *at;

        *at = base_content_line_end(text, end);
        if (base_content_line_read(text, (apr_size_t)(*at - text), line, pool))
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
        int left = strcasecmp(parameter->name, name) == 0 ? BASE_CONTENT_PARAMETERS_MAX : 0;

        for (; *p && left; left--) {
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
    const char *p = *at, *end;
    char *text, *q;

    if (!p)
        return NULL;
    for (end = p; *end && (!separator || *end != separator); end++)
        end += *end == '\\' && end[1];
    text = q = apr_palloc(pool, (apr_size_t)(end - p) + 1);
    for (; p < end; p++) {
        if (*p != '\\' || p + 1 == end)
            *q++ = *p;
        else {
            p++;
            *q++ = *p == 'n' || *p == 'N' ? '\n' : *p;
        }
    }
    *q = '\0';
    *at = *end ? end + 1 : NULL;
    return text;
}

const char *base_content_text(const char *value, apr_pool_t *pool)
{
    return base_content_component(&value, '\0', pool);
}
