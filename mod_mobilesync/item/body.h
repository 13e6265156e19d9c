/* airsyncbase:Body (MS-ASAIRS 2.2.2.9): which form of the body is sent, converted and cut. */
#ifndef ITEM_BODY_H
#define ITEM_BODY_H

#include "item/content.h"
#include "item/email.h"
#include "item/sink.h"

typedef struct item_body item_body_t;

/* What a body is made from. */
typedef struct {
    item_body_type_t native; /* TEXT or HTML */
    /* The body as TEXT or HTML, whole characters at a time. *estimated (may be NULL): bytes that the
     * whole has, where the sink became full. */
    base_fault_t *(*render)(const void *baton, item_body_type_t type, item_sink_t *sink,
                            apr_uint64_t *estimated, apr_pool_t *pool);
    const void *baton;
} item_body_origin_t;

/* Chooses among the preferences for text and HTML, and converts. */
base_fault_t *item_body_load_origin(const item_body_origin_t *origin, const item_options_t *options,
                                    item_body_t **body, apr_pool_t *pool);

/* The same of a message, which may be wanted as MIME as well. */
base_fault_t *item_body_load(const item_mime_t *mime, const item_content_t *content, int smime,
                             const item_options_t *options, item_body_t **body, apr_pool_t *pool);

/* What the message itself says, without those that it answers: airsyncbase:BodyPart (MS-ASAIRS
 * 2.2.2.10), as HTML. */
base_fault_t *item_body_load_part(const item_mime_t *mime, const item_content_t *content,
                                  const item_body_preference_t *preference, item_body_t **body,
                                  apr_pool_t *pool);

/* The body as TEXT or HTML. *estimated (may be NULL): bytes that the whole has, where the sink became
 * full. */
base_fault_t *item_body_render(const item_mime_t *mime, const item_content_t *content,
                               item_body_type_t type, item_sink_t *sink, apr_uint64_t *estimated,
                               apr_pool_t *pool);

/* One text part of it as TEXT or HTML; text becomes a fragment of HTML. */
base_fault_t *item_body_render_part(const item_mime_t *mime, const item_mime_part_t *part,
                                    item_body_type_t type, item_sink_t *sink, apr_pool_t *pool);

/* What stands around text that becomes a document, and a document (or its first piece, with the head)
 * that will be UTF-8, whatever its head says. */
extern const char item_body_html_begin[];
extern const char item_body_html_end[];
void item_body_put_html(item_sink_t *sink, const char *html, apr_size_t length, apr_pool_t *pool);

/* The beginning of the body as text on one line, at most that many characters. */
base_fault_t *item_body_preview(const item_mime_t *mime, const item_content_t *content,
                                int characters, const char **preview, apr_pool_t *pool);

item_body_type_t item_body_type(const item_body_t *body);
int item_body_has_data(const item_body_t *body);
int item_body_is_truncated(const item_body_t *body);
apr_uint64_t item_body_length(const item_body_t *body); /* of the data, in bytes */
void item_body_rewind(item_body_t *body);
base_fault_t *item_body_read(void *body, char *buffer, apr_size_t *length);

void item_body_write(item_body_t *body, int part, eas_writer_t *writer);
void item_body_write_part(item_body_t *body, eas_writer_t *writer);

#endif
