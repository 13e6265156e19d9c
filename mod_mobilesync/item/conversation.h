/* ConversationId and ConversationIndex (MS-ASCON 2.2.2.3, 2.2.2.4): opaque to clients, which group by
 * the first and sort by the second. */
#ifndef ITEM_CONVERSATION_H
#define ITEM_CONVERSATION_H

#include "backend/backend.h"
#include "item/mime.h"

#define ITEM_CONVERSATION_ID_SIZE 16

/* The same for all messages of a thread: a hash of the Message-ID that the thread began with
 * (References, In-Reply-To, own Message-ID), without any of these of the topic, and without a topic of
 * sender and date. So it does not depend on what else has arrived, and when. */
const unsigned char *item_conversation_id(const item_mime_t *mime, apr_pool_t *pool);

/* The ConversationId as text, of a message of which only the header is read: for
 * backend_folder_conversations. The version changes when they are made in another way. */
#define ITEM_CONVERSATION_VERSION "2"
base_fault_t *item_conversation_name(const backend_blob_t *blob, const char **name,
                                     apr_pool_t *pool);

/* Outlook's Thread-Index when there is one, else the header made of the Date (date: when it cannot
 * be read): 5 bytes and 5 more for each response. */
const unsigned char *item_conversation_index(const item_mime_t *mime, apr_time_t date,
                                             apr_size_t *length, apr_pool_t *pool);

/* The subject without "Re:", "Fwd:" and their kin in front. */
const char *item_conversation_topic(const char *subject);

#endif
