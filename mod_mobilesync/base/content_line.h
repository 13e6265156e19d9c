/* Content lines: what vCard (RFC 6350 3.3) and iCalendar (RFC 5545 3.1) are made of. Libraries in
 * reach read iCalendar only (libical), or vCard with dependencies of a desktop. */
#ifndef BASE_CONTENT_LINE_H
#define BASE_CONTENT_LINE_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct {
    const char *name;  /* upper case; "TYPE" for a bare value, as vCard 2.1 has them */
    const char *value; /* without quotes; several values as they are, with commas */
} base_content_parameter_t;

typedef struct {
    const char *name;               /* upper case, without a group */
    apr_array_header_t *parameters; /* base_content_parameter_t */
    const char *value;              /* unfolded, still escaped */
} base_content_line_t;

/* Reads the line at *at (folded lines joined) and moves *at behind it. Returns 0 at the end. Lines
 * that are none are skipped. NULs end the text. */
int base_content_line_next(const char **at, base_content_line_t *line, apr_pool_t *pool);

/* Is the word among the values of the parameter, in any case of letters? */
int base_content_line_has(const base_content_line_t *line, const char *name, const char *word);

/* The next component of a structured value, up to a ';' or ',' (separator) that is not escaped:
 * unescaped; moves *at behind it. NULL at the end. */
const char *base_content_component(const char **at, char separator, apr_pool_t *pool);

/* The whole value as one text. */
const char *base_content_text(const char *value, apr_pool_t *pool);

#endif
