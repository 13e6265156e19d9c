/* The people of an account's own contact folders: whom ResolveRecipients finds beside the directory,
 * and who is known to somebody who is away. */
#ifndef CMD_CONTACTS_H
#define CMD_CONTACTS_H

#include "cmd/cmd.h"

#define CMD_CONTACTS_MAX 500 /* contacts that are looked at */

/* Those who match as in the directory, the newest first (backend_person_t). They are found by the
 * index of words; contacts that are not in it yet are read until the deadline. A backend that cannot
 * search knows nobody. */
base_fault_t *cmd_contacts_find(backend_session_t *session, const char *text, backend_people_t how,
                                apr_time_t deadline, apr_array_header_t **people, apr_pool_t *pool);

#endif
