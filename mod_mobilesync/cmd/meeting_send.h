/* Invitations and cancellations that the server sends for an organizer (MS-ASCMD 3.1.5.5). From 16.0 on
 * it does, while it processes the Sync that changes the calendar (R7478); up to 14.1 the client
 * does (R7479).
 *
 * Who is told what: item/itip_diff.h. Only an operation that took effect is followed, so that one which
 * lost a conflict, changes nothing or is a repeat sends nothing, and the Message-ID is derived from what
 * is told to whom: what is tried again goes out once (cmd_send_message).
 *
 * What there was before is in the ledger, and what is owed in the outbox (cmd/outbox.h), before the
 * calendar changes: so a process that is killed between the change and the mail leaves everything that
 * is needed to send it, to a repeat of the request and to whoever comes else.
 *
 * The change of the calendar stands, and the client is told so, whatever becomes of the mail: it cannot
 * be told of that in a Sync. What cannot be sent for now is tried again for a day, without the client. A
 * message that could not be sent then, or is refused, is logged (WARNING), and a note in the organizer's
 * Inbox says whom it did not reach. */
#ifndef CMD_MEETING_SEND_H
#define CMD_MEETING_SEND_H

#include "cmd/cmd.h"
#include "cmd/collection.h"
#include "cmd/outbox.h"

/* For the operations of a Sync in a folder; NULL: nobody is told anything. */
collection_follow_t *cmd_meeting_follow(cmd_exchange_t *exchange, const backend_folder_t *folder,
                                        apr_pool_t *pool);

/* CMD_OUTBOX_EVENT. */
base_fault_t *cmd_meeting_finish(cmd_exchange_t *exchange, const cmd_outbox_entry_t *entry,
                                 int last, int *done);

#endif
