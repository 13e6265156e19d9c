#include "backend/lines.h"

static void lines_put(backend_lines_t *lines, char c, char **out)
{
    lines->bare += c == '\n' && lines->last != '\r';
    lines->last = *(*out)++ = c;
}

apr_size_t backend_lines_host(backend_lines_t *lines, const char *in, apr_size_t length, char *out)
{
    const char *end = in + length;
    char *start = out;

    if (length == 0 && lines->cr) {
        lines->cr = 0;
        lines_put(lines, '\r', &out);
    }
    for (; in < end; in++) {
        if (lines->cr && (*in != '\n' || (lines->reversible && lines->last == '\r')))
            lines_put(lines, '\r', &out);
        lines->cr = *in == '\r';
        if (!lines->cr)
            lines_put(lines, *in, &out);
    }
    return (apr_size_t)(out - start);
}
