/* A mailbox that is none: its Inbox has one message, which says something to its user. It stands in
 * for a mailbox that a device is not to see. Whatever is changed in it stays as it was; nothing can
 * be put into it, and it has no other folders. Its session is one of no configured backend. */
#ifndef BACKEND_NOTICE_H
#define BACKEND_NOTICE_H

#include "backend/backend.h"

#define BACKEND_NOTICE_FOLDER "notice" /* its id: no driver makes such a one */

typedef struct {
    const char *address; /* of the account */
    const char *message; /* RFC 5322; another message is another generation of the folder */
    apr_time_t date;     /* when it was received; a filter leaves out what is old */
} backend_notice_t;

base_fault_t *backend_notice_open(const backend_notice_t *notice, const char *account,
                                  backend_session_t **session, apr_pool_t *pool);

#endif
