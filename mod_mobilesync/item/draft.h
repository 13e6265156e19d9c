/* Drafts of 16.x clients: the properties of an Add or a Change (MS-ASEMAIL 3.1.5.4) as a message,
 * new or made of the one that is there. */
#ifndef ITEM_DRAFT_H
#define ITEM_DRAFT_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "eas/node.h"
#include "item/reference.h"

#define ITEM_DRAFT_FILES_MAX 1000

typedef struct {
    const backend_identity_t *identity;
    /* What the Message-ID of a new draft is derived from: the same for a repeat of the request.
     * [A-Za-z0-9_-]{1,64} */
    const char *key;
    const item_reference_t *reference; /* of the draft that is changed, with its revision; NULL: a
                                          new one */
    int marked;            /* the key goes into the draft's header, for item_draft_t.again */
    const char *directory; /* of temporary files, NULL = the system's */
} item_draft_options_t;

/* An attachment that was added. */
typedef struct {
    const char *client_id;
    unsigned part; /* number of its part in the new message */
} item_draft_file_t;

typedef struct {
    const backend_blob_t *blob;
    const char *message_id;    /* without <> */
    apr_array_header_t *files; /* item_draft_file_t */
    int again;                 /* the original was written with this key */
    int renumbered;            /* it had attachments, or has some now: their parts are other ones */
} item_draft_t;

/* Does the Change say more than Read and Flag: is it one of the content? */
int item_draft_is_content(const eas_node_t *data);

/* data: ApplicationData. original: the draft as it is, NULL for a new one; what data does not name
 * stays. What an earlier attempt of the same request did to it (options->key) is not done again: its
 * attachments are there once, and what it deleted is gone. Faults: INVALID (what is wrong with data), NOT_FOUND (a FileReference that is none of
 * this draft), TOO_LARGE, and those of reading and writing. */
base_fault_t *item_draft_build(const eas_node_t *data, const backend_blob_t *original,
                               const item_draft_options_t *options, item_draft_t **draft,
                               apr_pool_t *pool);

#endif
