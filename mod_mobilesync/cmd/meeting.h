/* Meetings in a mailbox: which event of its calendars a message is about, and how it is written. */
#ifndef CMD_MEETING_H
#define CMD_MEETING_H

#include "cmd/cmd.h"

#define CMD_MEETING_TRIES 8 /* while others change the event all the time */

typedef struct {
    const backend_folder_t *folder; /* its calendar; the default one, where there is none of it */
    backend_entry_t entry;          /* uid 0: there is none of it */
    backend_blob_t *blob;           /* NULL: the same */
} cmd_meeting_t;

/* The addresses (const char *) by which the mailbox's owner is invited. */
base_fault_t *cmd_meeting_addresses(backend_session_t *session, apr_array_header_t **addresses,
                                    apr_pool_t *pool);

/* Whose calendar it is that says what a meeting is. */
typedef struct {
    const char *account; /* NULL: he has no mailbox here, or calendars are left to their owners */
    backend_session_t *session;
    const apr_array_header_t *addresses; /* const char * */
    int own;                             /* it is the exchange's account */
} cmd_meeting_organizer_t;

/* By his address (addr-spec or NULL: nobody). */
base_fault_t *cmd_meeting_organizer(cmd_exchange_t *exchange, const char *address,
                                    cmd_meeting_organizer_t *organizer);

/* The event of a UID in the calendars of the list (backend_folder_t), of the default one rather than of
 * others. FOLDER_GONE: there is no calendar at all. */
base_fault_t *cmd_meeting_find(backend_session_t *session, const apr_array_header_t *folders,
                               const char *uid, cmd_meeting_t *meeting, apr_pool_t *pool);

/* Writes what becomes of it: blob NULL: it is removed. CONFLICT: it changed since it was found. A new
 * one is put with a name that its UID gives, so that it is there once whoever puts it. */
base_fault_t *cmd_meeting_store(backend_session_t *session, cmd_meeting_t *meeting, const char *uid,
                                const backend_blob_t *blob, apr_pool_t *pool);

#endif
