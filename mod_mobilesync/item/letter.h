/* Mail that the server itself writes: plain text in UTF-8, whole as RFC 5322 has it. */
#ifndef ITEM_LETTER_H
#define ITEM_LETTER_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct {
    const char *from, *to; /* addresses */
    const char *subject;
    const char *text; /* lines end with LF */
    const char *id;   /* the Message-ID before its @: letters and digits */
    apr_time_t date;
} item_letter_t;

/* What is no text in UTF-8 is replaced. */
const char *item_letter_format(const item_letter_t *letter, apr_pool_t *pool);

/* A header field's text, encoded where it has to be (RFC 2047), and cut to what a line holds. */
const char *item_letter_field(const char *text, apr_pool_t *pool);

/* In lines, as RFC 2045 6.8 wants them. */
const char *item_letter_base64(const char *text, apr_pool_t *pool);

#endif
