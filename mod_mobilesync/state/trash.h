/* What administrators do to SyncStates: records are moved aside, not deleted, and can be
 * brought back for a while. Nobody who syncs sees what lies in the trash.
 *
 * A move is one step of the store for one account: all of it happens, or nothing. A request
 * that read a record before is refused when it commits (CONFLICT), because the record is not
 * there any more; it begins again and finds no state.
 *
 * Keys (beside those of state/state.h):
 *   P:{account}:trash        zset   id of an entry -> when it expires, milliseconds
 *   P:{account}:t:ID         hash   the entry: what was moved, by number
 *   P:{account}:t:ID:N       hash   a record, or a scope of the ledger, as it was
 *
 * Faults: as in state/state.h; NOT_FOUND: there is no such entry (any more). */
#ifndef STATE_TRASH_H
#define STATE_TRASH_H

#include "state/state.h"

/* A DEVICE record with this field (cmd/wipe.h) stays where it is: a device that is to be erased must not be
 * forgotten. Neither is it moved with all of its device, nor does another one take its place. */
#define STATE_TRASH_HELD "wipe"

#define STATE_TRASH_ID_MAX 64

typedef enum {
    STATE_TRASH_FOLDER, /* the record FOLDER of one folder */
    STATE_TRASH_SYNC,   /* HIERARCHY, FOLDER and REQUEST records: the device begins again */
    STATE_TRASH_ALL     /* those, the DEVICE record and the ledger: the device is forgotten */
} state_trash_what_t;

typedef struct {
    const char *id; /* of the entry to be made, [A-Za-z0-9-]; a repeat with an id that is known
                       changes nothing and answers the same */
    const char *account;
    const char *device; /* NULL: all devices of the account */
    state_trash_what_t what;
    const char *folder; /* FOLDER: which, of one device */
    const char *note;   /* kept with the entry; the caller's */
    apr_interval_time_t ttl;
} state_trash_request_t;

typedef struct {
    const char *id;
    const char *device; /* as requested */
    state_trash_what_t what;
    const char *folder;
    const char *note;
    apr_time_t created;
    apr_time_t expires;
    apr_array_header_t *devices; /* const char *: those that have something in it */
} state_trash_t;

/* *moved: number of records (without the ledger). With 0 no entry is made. CONFLICT, and nothing is
 * done, when what is ALL and a device is held. */
base_fault_t *state_trash_move(state_store_t *store, const state_trash_request_t *request,
                               int *moved, apr_pool_t *pool);

/* The account's entries that still hold something (state_trash_t *), newest first. */
base_fault_t *state_trash_list(state_store_t *store, const char *account,
                               apr_array_header_t **entries, apr_pool_t *pool);

/* Puts back what the entry has of the device (NULL: of all), in one step. CONFLICT, and nothing is
 * done, when one of them has begun again meanwhile: it has a hierarchy or a folder state
 * (FOLDER: a state of that folder), or its record is held; the message names it. A device record made meanwhile gives
 * way, a scope of the ledger does not. *restored: number of records. */
base_fault_t *state_trash_restore(state_store_t *store, const char *account, const char *id,
                                  const char *device, int *restored, apr_pool_t *pool);

#endif
