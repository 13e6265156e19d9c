/* HTML <-> text. Push converters: text of any length goes through in pieces, memory stays flat. */
#ifndef ITEM_HTML_H
#define ITEM_HTML_H

#include <apr_pools.h>

#include "item/sink.h"

/* Plain text, as text (CRLF line ends, format=flowed lines joined) or as a HTML fragment. */
typedef struct item_plain item_plain_t;

/* flowed, delsp: the parameters of RFC 3676. html: the output is HTML. */
item_plain_t *item_plain_create(item_sink_t *sink, int flowed, int delsp, int html,
                                apr_pool_t *pool);
void item_plain_feed(item_plain_t *plain, const char *text, apr_size_t length);
void item_plain_finish(item_plain_t *plain);

/* HTML as text: block elements become lines, lists their bullets, tables their rows, links their
 * target behind them, quotations "> "; scripts, styles and the head are left out. */
typedef struct item_html_text item_html_text_t;

item_html_text_t *item_html_text_create(item_sink_t *sink, apr_pool_t *pool);
void item_html_text_feed(item_html_text_t *html, const char *text, apr_size_t length);
/* 1 when all of the document was rendered; 0 when its nesting was beyond reason. */
int item_html_text_finish(item_html_text_t *html);

/* HTML without what is active or asks other servers by itself (scripts, styles, forms, frames, media):
 * what html_clean.tbl names stays, and all text that is shown, as a fragment. Returns as
 * item_html_text_finish() does. */
int item_html_clean(const char *html, apr_size_t length, item_sink_t *sink, apr_pool_t *pool);

/* "&lt;" and so on for < > & " '. */
void item_html_escape(item_sink_t *sink, const char *text, apr_size_t length);

#endif
