/* The brake on mass changes (sync/brake.h), before what a device removes from a folder: Deletes of Sync,
 * MoveItems, FolderDelete, EmptyFolderContents of other folders than Deleted Items and Junk, and Move
 * of a conversation, but not what a conversation that is always moved takes along later. */
#ifndef CMD_BRAKE_H
#define CMD_BRAKE_H

#include "cmd/cmd.h"

/* Is it on at all? Then what is to be removed has to be counted. */
int cmd_brake_is_on(const cmd_exchange_t *exchange);

/* May so many of the folder's items be removed? digest names the request. Fault PAUSED: nothing of it is
 * to be done, nor anything else with this folder. With wanted 0 it only says whether it is paused. */
base_fault_t *cmd_brake_check(cmd_exchange_t *exchange, const char *folder_id, apr_uint64_t wanted,
                              const char *digest);

/* For who waits: of a paused folder nothing is told, as no Sync would give it. */
int cmd_brake_is_paused(cmd_exchange_t *exchange, const char *folder_id);

/* Every item of the folder is to be removed. */
base_fault_t *cmd_brake_check_all(cmd_exchange_t *exchange, const char *folder_id);

#endif
