/* The local store's conversations: what filters of conversations look at is kept in the index, from
 * the first time that somebody asks for it in a folder.
 *
 * The date of a conversation is kept with each of its messages, by the day: so it moves at most once
 * a day however much is written, and a range of such dates is asked for like one of dates. */
#ifndef BACKEND_LOCAL_CONVERSATION_H
#define BACKEND_LOCAL_CONVERSATION_H

#include "backend/local_index.h"

/* Entry of the vtable. */
base_fault_t *local_conversation_read(void *data, const char *folder_id, backend_name_fn read,
                                      const char *version, apr_time_t deadline, int *left,
                                      apr_pool_t *pool);

/* The rest is for write transactions; the folder's counters are the caller's to store. */

typedef struct {
    const char *name; /* NULL: none that is known */
    apr_time_t date;
} local_conversation_t;

/* That of an item. */
base_fault_t *local_conversation_of(local_session_t *session, const local_folder_t *folder,
                                    apr_int64_t uid, local_conversation_t *conversation,
                                    apr_pool_t *pool);
/* The item has left it. */
base_fault_t *local_conversation_left(local_session_t *session, local_folder_t *folder,
                                      const local_conversation_t *conversation, apr_pool_t *pool);
/* The item's content was replaced: it is to be read once more. */
base_fault_t *local_conversation_again(local_session_t *session, local_folder_t *folder,
                                       apr_int64_t uid, apr_pool_t *pool);

#endif
