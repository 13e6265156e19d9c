/* HTML as events: libxml2's HTML parser through its SAX interface, no tree is built. In any pieces,
 * with bounded depth. */
#ifndef ITEM_HTML_PARSER_H
#define ITEM_HTML_PARSER_H

#include <apr_pools.h>

/* Names are in lower case, texts and values decoded: UTF-8. attributes: name, value (may be NULL), ...,
 * NULL; NULL when there are none. Every start has its end. */
typedef struct {
    void (*start)(void *baton, const char *name, const char **attributes);
    void (*end)(void *baton, const char *name);
    void (*text)(void *baton, const char *text, apr_size_t length);
} item_html_events_t;

typedef struct item_html_parser item_html_parser_t;

item_html_parser_t *item_html_parser_create(const item_html_events_t *events, void *baton,
                                            apr_pool_t *pool);
void item_html_parser_feed(item_html_parser_t *parser, const char *text, apr_size_t length);
/* 1 when all of the document was parsed; 0 when its nesting was beyond reason. */
int item_html_parser_finish(item_html_parser_t *parser);

/* Value of an attribute; NULL. */
const char *item_html_attribute(const char **attributes, const char *name);

/* A web address as browsers take it (WHATWG URL 4.4): no blanks around it, no line breaks and tabs in
 * it. */
const char *item_html_address(const char *text, apr_pool_t *pool);

#endif
