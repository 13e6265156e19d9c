/* Charsets of messages: which converter reads them and which code page they are. */
#ifndef ITEM_CHARSET_H
#define ITEM_CHARSET_H

#include <apr_pools.h>

typedef struct {
    const char *label;
    const char *converter; /* for iconv_open; NULL: UTF-8 or to be found out */
    unsigned code_page;
} item_charset_t;

/* Part of item_child_init(). */
void item_charset_child_init(apr_pool_t *pool);

/* Never NULL. A missing charset (NULL) is us-ascii; a name that is not in charset.tbl has converter
 * NULL and code page 65001, since UTF-8 is what is delivered. */
const item_charset_t *item_charset_find(const char *name);

/* The charset that an HTML document names in its first bytes (a meta element's charset), or NULL. */
const char *item_charset_sniff_html(const char *html, apr_size_t length, apr_pool_t *pool);

#endif
