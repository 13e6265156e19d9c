/* Between compose.c (header and envelope) and its parts: compose_quote.c (the original as text
 * under the new one) and compose_body.c (the structure of what is sent). */
#ifndef ITEM_COMPOSE_PARTS_H
#define ITEM_COMPOSE_PARTS_H

#include "item/compose.h"
#include "item/content.h"
#include "item/email.h"
#include "item/sink.h"

typedef struct {
    const item_mime_t *mime;
    item_content_t *content;
} item_compose_message_t;

/* A text part of the client's message with the original under it. */
typedef struct {
    const item_mime_part_t *part; /* which it replaces */
    item_body_type_t type;
    const char *text; /* UTF-8, CRLF */
    apr_size_t length;
} item_compose_text_t;

typedef struct {
    item_compose_message_t client;
    item_compose_message_t original; /* mime NULL: there is none to add */
    const item_compose_options_t *options;
    item_compose_text_t texts[2]; /* in the order of their parts */
    int text_count;
    apr_array_header_t *parts; /* const item_mime_part_t *: of the original, added as they are */
    int attach_original;       /* the original as a whole, as message/rfc822 */
    const char *boundary;      /* of the multipart/mixed around all that; NULL = none */
    /* The original's calendar, which stands beside the text, and the boundary between them; NULL = none. */
    const item_mime_part_t *invitation;
    const char *alternative;
    apr_pool_t *pool;
} item_compose_plan_t;

/* Decides what of the original goes where. */
base_fault_t *item_compose_plan(item_compose_plan_t *plan);

/* The original under the client's text part. *length 0: it is too long to be quoted. */
base_fault_t *item_compose_quote(const item_compose_plan_t *plan, const item_mime_part_t *part,
                                 item_compose_text_t *text);

/* Writes from MIME-Version to the end. */
base_fault_t *item_compose_write_body(const item_compose_plan_t *plan, item_sink_t *sink);

/* -- what drafts are made of as well (draft.c) -- */

/* "Name <address>", encoded. */
const char *item_compose_mailbox(const char *name, const char *address, apr_pool_t *pool);
/* A Message-ID derived from the key, without <>. */
const char *item_compose_new_id(const item_compose_options_t *options, apr_pool_t *pool);
void item_compose_put_field(item_sink_t *sink, const char *name, const char *value);
/* A text part from its Content-Type on. */
base_fault_t *item_compose_put_text(item_body_type_t type, const char *text, apr_size_t length,
                                    item_sink_t *sink, apr_pool_t *pool);
/* A part of another message as it is, from its header on. */
base_fault_t *item_compose_put_part(const item_mime_t *mime, const item_mime_part_t *part,
                                    item_sink_t *sink);
/* The content of a whole message, from the Content- fields on. */
base_fault_t *item_compose_put_content(const item_mime_t *mime, item_sink_t *sink);
/* What was written. */
base_fault_t *item_compose_blob(item_sink_t *sink, const backend_blob_t **blob, apr_pool_t *pool);
/* Folded lines of GMime's, which end with LF. */
const char *item_compose_crlf(const char *text, apr_pool_t *pool);

/* A hash of the plan's key and a word, in hex: what has to be the same in a retry. */
const char *item_compose_derive(const item_compose_options_t *options, const char *word,
                                apr_pool_t *pool);

#endif
