/* Which parts of a message are its body and which are attachments. */
#ifndef ITEM_CONTENT_H
#define ITEM_CONTENT_H

#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "item/mime.h"

#define ITEM_CONTENT_BODIES_MAX 50 /* further text parts are attachments */

typedef struct {
    /* item_mime_part_t *, in order: what is shown when plain text is wanted, when HTML is wanted.
     * Each is text/html or other text. Both are empty when the message has no text. */
    apr_array_header_t *text;
    apr_array_header_t *html;
    int has_html;                    /* something in html is HTML: the native format */
    apr_array_header_t *attachments; /* item_mime_part_t * */
    /* The one of the attachments that says what meeting the message is about, if it is about one (RFC 6047;
     * item/meeting.h, item/itip.h look at what it says), or NULL: text/calendar, with a method rather than
     * without, else the only application/ics or NAME.ics. */
    const item_mime_part_t *calendar;
} item_content_t;

void item_content_find(const item_mime_t *mime, item_content_t **content, apr_pool_t *pool);

/* The calendar of attachments (content_calendar.c). */
const item_mime_part_t *item_content_choose(const apr_array_header_t *parts, apr_pool_t *pool);
/* What it says, in UTF-8; *text NULL: that is too long to be read. Faults: those of reading. */
base_fault_t *item_content_calendar(const item_mime_t *mime, const item_mime_part_t *calendar,
                                    const char **text, apr_size_t *length, apr_pool_t *pool);
/* The method that the type says, NULL; some programs say it there only (RFC 6047 2.4 wants both). */
const char *item_content_method(const item_mime_part_t *calendar, apr_pool_t *pool);
/* Is it a file that somebody may want by itself, too? */
int item_content_is_file(const item_mime_part_t *calendar, apr_pool_t *pool);

int item_content_is_html(const item_mime_part_t *part);

/* A name for an attachment: what the message says (without folders and characters that no file name
 * has), else made of its subject or type. Never empty. */
const char *item_content_name(const item_mime_part_t *part, apr_pool_t *pool);

/* Size of the decoded content, from the size of the encoded one. */
apr_uint64_t item_content_estimate(const item_mime_part_t *part);

/* Content-Ids and -Locations that the HTML of the body refers to: key -> "". Empty when the message
 * has no parts that could be meant. */
base_fault_t *item_content_references(const item_mime_t *mime, const item_content_t *content,
                                      apr_hash_t **references, apr_pool_t *pool);

/* The attachments (item_mime_part_t *) that are not shown within the body. */
base_fault_t *item_content_attached(const item_mime_t *mime, const item_content_t *content,
                                    apr_array_header_t **attached, apr_pool_t *pool);

/* Is the attachment shown within the body? */
int item_content_is_inline(const item_mime_part_t *part, apr_hash_t *references, apr_pool_t *pool);

#endif
