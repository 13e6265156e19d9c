/* Remote wipe (MS-ASPROV 3.2.5.1.2.2, 3.2.5.1.2.3): an administrator asks for it (admin/wipe.c), the phone's next
 * command is told to provision, Provision gives the directive, the phone acknowledges it and erases
 * itself. From then on it is blocked until an administrator releases it.
 *
 * In the record DEVICE: wipe, "device" (all that is on the phone) or "account" (what it has of this
 * server: from 16.1 on); wipe-since, wipe-by, wipe-why: when, by whom and why it was asked for; wipe-sent:
 * when the directive was sent last; wipe-failed: when the phone last said that it cannot; wipe-done:
 * when it acknowledged. A release, or a cancellation before it was acknowledged, takes all of them away.
 *
 * Whatever else happens to the SyncState, a wipe stays: a reset does not touch the record, and one with
 * a wipe is neither removed nor replaced by an undo (STATE_TRASH_HELD). Each directive is sent only after a
 * compare-and-set that found the wipe not acknowledged yet, so that none follows an acknowledgement, at
 * whatever node and whoever died in between. */
#ifndef CMD_WIPE_H
#define CMD_WIPE_H

#include "cmd/cmd.h"

/* A gate (cmd/gate.h), the first, as a phone that is to be erased has to hear of it however it is treated
 * otherwise. WIPE_REQUESTED: it is to ask Provision, which cmd_wipe_run answers then. (At 12.1 that is HTTP
 * 449, also for a phone without policy key, for which MS-ASCMD 2.2.2 has 403 as well: without a
 * policy this server gives none, and the phone would never learn of it.) BLOCKED: it was
 * wiped, or only its account is to be, and its protocol version cannot say so: it is not
 * erased as a whole instead. */
base_fault_t *cmd_wipe_judge(cmd_exchange_t *exchange);

/* Provision while there is a wipe: the directive, or the answer to its acknowledgement. */
base_fault_t *cmd_wipe_run(cmd_exchange_t *exchange);

#endif
