/* Content lines: what vCard (RFC 6350 3.3, RFC 2426, vCard 2.1) and iCalendar (RFC 5545 3.1) are made
 * of. Libraries in reach read iCalendar only (libical), or vCard with dependencies of a desktop. */
#ifndef BASE_CONTENT_LINE_H
#define BASE_CONTENT_LINE_H

#include <apr_pools.h>
#include <apr_tables.h>

/* Parameters of a line, and values of a parameter, that are read: attendees have some ten. */
#define BASE_CONTENT_PARAMETERS_MAX 500

typedef struct {
    /* upper case; of a bare value, as vCard 2.1 has them, "TYPE" or "ENCODING" */
    const char *name;
    const char *value; /* without quotes and RFC 6868's escapes; several as they are, with commas */
    const char *first; /* the first of them: a comma in quotes belongs to it */
} base_content_parameter_t;

typedef struct {
    const char *name;               /* upper case, without a group */
    const char *group;              /* as it is written; NULL: none */
    const char *head;               /* all that stands before the ':', as it is written */
    apr_array_header_t *parameters; /* base_content_parameter_t; the first of many */
    const char *value;              /* unfolded, still escaped and encoded */
    int quoted_printable;           /* vCard 2.1's encoding; soft line breaks are gone */
} base_content_line_t;

/* Where the line ends that begins at at: behind its line end (LF, CRLF; none at the end of the text),
 * behind the lines that are folded into it and those that follow a soft line break of
 * quoted-printable. Linear. */
const char *base_content_line_end(const char *at, const char *end);

/* Its name in upper case, and its group (may be NULL), without looking at the rest. NULL: it is none. */
const char *base_content_line_name(const char *text, apr_size_t length, const char **group,
                                   apr_pool_t *pool);

/* Reads a line so bounded; NULs and CRs are left out. 0: it is none. */
int base_content_line_read(const char *text, apr_size_t length, base_content_line_t *line,
                           apr_pool_t *pool);

/* Reads the line at *at and moves *at behind it. Returns 0 at the end. Lines that are none are
 * skipped. */
int base_content_line_next(const char **at, const char *end, base_content_line_t *line,
                           apr_pool_t *pool);

/* Is the word among the values of the parameter, in any case of letters? */
int base_content_line_has(const base_content_line_t *line, const char *name, const char *word);

/* Up to a character of the set that is not in quotes. */
const char *base_content_span(const char *text, const char *set);

/* The name that a parameter has by what is written of it: up to '=', or of a bare value. */
const char *base_content_parameter_name(const char *text, apr_size_t length, apr_pool_t *pool);

/* The next component of a structured value, up to a ';' or ',' (separator) that is not escaped:
 * unescaped; moves *at behind it. NULL at the end. */
const char *base_content_component(const char **at, char separator, apr_pool_t *pool);

/* The whole value as one text. */
const char *base_content_text(const char *value, apr_pool_t *pool);

#endif
