/* What FolderCreate, FolderUpdate and FolderDelete have in common (MS-ASCMD 2.2.1.3, 2.2.1.4,
 * 2.2.1.6): the hierarchy's sync key with the rules of FolderSync, and the change made once. A
 * repeat with the same key gets the answer that was lost; one that comes before the key was
 * stepped finds in the ledger what was done. */
#ifndef CMD_FOLDER_CHANGE_H
#define CMD_FOLDER_CHANGE_H

#include "cmd/hierarchy.h"
#include "cmd/once.h"

#define FOLDER_CHANGE_ROOT "0" /* ParentId of a top-level folder */

typedef struct folder_change folder_change_t;
struct folder_change {
    cmd_exchange_t *exchange;
    /* Makes the change in the mailbox and sets command.id where it is new. again: an earlier
     * attempt of the same request vanished, and may have made it. A Status that no fault stands
     * for goes into status. */
    base_fault_t *(*perform)(folder_change_t *change, const hierarchy_t *hierarchy, int again);
    hierarchy_command_t command; /* as the client wants it */
    const char *shown_name;      /* what the client calls the folder, with the spaces it typed */
    int status;
    int done; /* it is made: what is left is the key */
};

/* Reads the request: for ADD ParentId, DisplayName and Type, for UPDATE ServerId, ParentId and
 * DisplayName, for DELETE ServerId. INVALID when one is missing or is not as the schema has it. */
base_fault_t *folder_change_parse(folder_change_t *change);

/* The backend's name of the parent: NULL for a top-level folder. */
const char *folder_change_parent(const folder_change_t *change);

/* EXISTS for the Inbox's name in any case of letters, next to the Inbox. */
base_fault_t *folder_change_check_name(const folder_change_t *change);

/* The whole command once it is parsed. */
base_fault_t *folder_change_run(folder_change_t *change);

#endif
