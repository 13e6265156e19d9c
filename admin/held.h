/* A folder state decoded: what the device holds that has the last answer. */
#ifndef ADMIN_HELD_H
#define ADMIN_HELD_H

#include "state/state.h"
#include "sync/diff.h"
#include "sync/folder_state.h"
#include "sync/held.h"
#include "sync/quarantine.h"

typedef struct {
    const char *damaged;              /* what cannot be read, NULL: all can */
    const sync_folder_state_t *state; /* NULL: damaged */
    const sync_position_t *position;  /* after the last answer */
    const sync_delta_t *delta;        /* of the last answer, NULL: it is confirmed */
    sync_held_t *set;                 /* with the delta laid over it */
} admin_held_t;

/* record has all fields of a FOLDER record that is there. */
admin_held_t *admin_held_decode(const state_record_t *record, apr_pool_t *pool);

/* Items of a FOLDER record that could not be rendered; empty when there are none. */
sync_quarantine_t *admin_held_quarantine(const state_record_t *record, apr_pool_t *pool);
/* Does the next Sync look at the item, whatever else happened? */
int admin_held_todo(const admin_held_t *held, apr_uint64_t uid);
/* What the device holds of an item. */
sync_holding_t admin_held_item(const admin_held_t *held, apr_uint64_t uid);
/* The item's entry in the last answer, NULL: none. */
const sync_delta_entry_t *admin_held_pending(const admin_held_t *held, apr_uint64_t uid);

#endif
