/* What stands before libxml2's HTML parser: tells tags from text as browsers do (WHATWG HTML 13.2.5)
 * and drops what is not rendered anyway, since libxml2 2.9
 *   - shows <![if ...]>, which Outlook writes everywhere, and <?xml ...> as text,
 *   - fed in pieces, loses its way in scripts,
 *   - keeps an attribute in memory, however long (pictures as data: URIs),
 *   - fed in pieces, takes a quotation mark in a name for the begin of a value, or not: what is no
 *     name for it is '_' in what it gets, so that marks are there around values only. */
#ifndef ITEM_HTML_FILTER_H
#define ITEM_HTML_FILTER_H

#include <apr.h>

#define ITEM_HTML_TAG_MAX 16384 /* bytes of a tag; what is longer is cut */

typedef struct {
    int state;
    char name[12]; /* of the tag, lower case, as far as it fits */
    apr_size_t name_length;
    apr_size_t tag;   /* bytes of the tag so far */
    int part;         /* of the tag */
    char quote;       /* of the attribute value that is open */
    char cut;         /* the one that was open where the tag was cut */
    int slash;        /* read, and not put yet */
    int dashes;       /* of the end of a comment */
    apr_size_t match; /* bytes of "</name" in a script or style */
} item_html_filter_t; /* the zero struct is the start */

typedef void (*item_html_filter_fn)(void *baton, const char *text, apr_size_t length);

void item_html_filter_feed(item_html_filter_t *filter, const char *text, apr_size_t length,
                           item_html_filter_fn put, void *baton);
void item_html_filter_finish(item_html_filter_t *filter, item_html_filter_fn put, void *baton);

#endif
