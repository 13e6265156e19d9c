/* The inside of drafts: what was asked for (draft.c) and how it is written (draft_write.c). */
#ifndef ITEM_DRAFT_IMPL_H
#define ITEM_DRAFT_IMPL_H

#include "item/body.h"
#include "item/compose_parts.h"
#include "item/draft.h"

/* Which request wrote the draft: so a repeat after a crash tells its own work from another program's. */
#define ITEM_DRAFT_MARK "X-MobileSync-Change"

typedef struct {
    const eas_node_t *data;
    const eas_node_t *body; /* a new one that is text or HTML; NULL: the old one stays */
    const item_draft_options_t *options;
    item_compose_options_t compose;
    item_compose_message_t original; /* mime NULL: a new draft */
    apr_array_header_t *kept;        /* const item_mime_part_t *: attachments of the original */
    apr_array_header_t *added;       /* const eas_node_t * */
    item_draft_t *draft;
    item_sink_t sink;
    apr_pool_t *pool;
} item_draft_work_t;

/* The content of an element, which may be long and in a file. */
base_fault_t *item_draft_source(const item_draft_work_t *draft, const eas_node_t *content,
                                item_source_t **source);

/* -- draft_write.c -- */

/* Does the element stand for a header field? */
int item_draft_is_header(eas_tag_t tag);
/* By its Content-ID an attachment is known that an earlier attempt of the same request has added. */
const char *item_draft_content_id(const item_draft_work_t *draft, const eas_node_t *add);
/* The whole message, to the sink. */
base_fault_t *item_draft_put(item_draft_work_t *draft);

#endif
