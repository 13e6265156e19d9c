/* What SendMail, SmartReply and SmartForward send (MS-ASCMD 2.2.1.17, 2.2.1.19, 2.2.1.20): the
 * client's MIME, completed, with the original quoted or attached. */
#ifndef ITEM_COMPOSE_H
#define ITEM_COMPOSE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "item/options.h"

typedef enum { ITEM_COMPOSE_SEND, ITEM_COMPOSE_REPLY, ITEM_COMPOSE_FORWARD } item_compose_mode_t;

typedef struct {
    item_compose_mode_t mode;
    int replace_mime; /* the client sent the whole message: nothing of the original is added */
    /* The original is an event (item_itip_forward): its calendar goes along whatever else does, unless the
     * client sends one of its own. */
    int event;
    const char *subject; /* where the client gave none, NULL: none */
    const backend_identity_t *identity;
    /* What the Message-ID is derived from when the client gave none: the ledger's key, so that a
     * retry sends the same. [A-Za-z0-9_-]{1,64} */
    const char *key;
    apr_time_t now;        /* Date when the client gave none */
    const char *directory; /* of temporary files, NULL = the system's */
} item_compose_options_t;

typedef struct {
    /* The message for the wire (CRLF, without Bcc) and for Sent (with Bcc). They share their
     * content: read one after the other, or seek. */
    const backend_blob_t *wire;
    const backend_blob_t *sent;
    const char *sender;                   /* envelope sender, addr-spec */
    const apr_array_header_t *recipients; /* const char *, addr-specs of To, Cc, Bcc, each once */
    const char *message_id;               /* without <> */
    int to_all; /* a reply that others get too whom the original went to */
} item_composed_t;

/* original: the message that is answered or forwarded; NULL for SEND, or when it is gone (then
 * nothing is quoted). A message without recipients is composed all the same. Faults: INVALID (a
 * recipient that is no address), TOO_LARGE (over 1,000 recipients), UNAVAILABLE (temporary file). */
base_fault_t *item_compose(const backend_blob_t *mime, const backend_blob_t *original,
                           const item_compose_options_t *options, item_composed_t **composed,
                           apr_pool_t *pool);

/* A client's message where it sends the parts of one (Forwardees and Body of SmartForward): item_address_t
 * and a text in UTF-8. Faults: UNAVAILABLE (temporary file). */
base_fault_t *item_compose_make(const apr_array_header_t *to, item_body_type_t type,
                                const char *text, const char *directory,
                                const backend_blob_t **mime, apr_pool_t *pool);

#endif
