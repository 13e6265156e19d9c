/* Where a message's HTML stops to be its own and quotes what it answers. */
#ifndef ITEM_QUOTE_H
#define ITEM_QUOTE_H

#include <apr.h>

/* Length of what comes before the quoted messages at the end; all of it when there are none, when
 * nothing comes before them (an answer below the quotation), or when they are forwarded: then they
 * are what the message says. */
apr_size_t item_quote_begin(const char *html, apr_size_t length);

#endif
