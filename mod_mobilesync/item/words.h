/* The words by which a message, a contact, a task, a note or an event is found: what a backend's search
 * index is made of. */
#ifndef ITEM_WORDS_H
#define ITEM_WORDS_H

#include "backend/backend.h"

/* Changes when item_words_extract() finds other words than before, or conversations are made in
 * another way: indexes are then made anew. */
#define ITEM_WORDS_VERSION "4"

/* A backend_extract_fn for items of all classes; what of those that are no mail counts is in words.tbl.
 * Texts are bounded: of the body its first 100 kB of plain text. */
base_fault_t *item_words_extract(const backend_blob_t *blob, backend_text_t *text,
                                 apr_pool_t *pool);

/* The name that a conversation has there; id: ITEM_CONVERSATION_ID_SIZE bytes. */
const char *item_words_conversation(const void *id, apr_pool_t *pool);

#endif
