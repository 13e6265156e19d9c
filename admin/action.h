/* What changes SyncStates: each action is planned (which is all that a dry run does), entered into
 * the audit stream, done in one step of the store, told to those who wait, and entered with its
 * outcome. */
#ifndef ADMIN_ACTION_H
#define ADMIN_ACTION_H

#include "admin/call.h"
#include "admin/estimate.h"
#include "state/audit.h"
#include "state/trash.h"
#include "sync/quarantine.h"

/* Are there devices of that account (names[0])? *found 0: answered 404. */
base_fault_t *admin_account_find(admin_call_t *call, apr_array_header_t **devices, int *found);
/* Is there that device (names[1])? *found 0: answered 404, with the devices that there are. */
base_fault_t *admin_device_find(admin_call_t *call, int *found);

/* What moves records aside. */
typedef struct {
    const char *name; /* "device.reset" */
    state_trash_what_t what;
    const char *account;
    const char *device; /* NULL: all */
    const char *folder; /* NULL: all */
    int dry_run;
    apr_array_header_t *devices; /* const char *: those concerned */
    /* the plan */
    int folders;
    apr_uint64_t items;
    admin_estimate_t *estimate; /* of a dry run */
    /* the deed */
    const char *undo; /* NULL: there was nothing to move */
    int told;         /* to those who wait */
} admin_action_t;

/* Finds out what there is. */
base_fault_t *admin_action_plan(admin_call_t *call, admin_action_t *action);
/* Does what was planned. */
base_fault_t *admin_action_do(admin_call_t *call, admin_action_t *action);

/* Plans, does and answers what is to be done to the device (names[1]). */
base_fault_t *admin_action_of_device(admin_call_t *call, admin_action_t *action);

/* Those of the device (NULL: of all of the account) who wait learn of an action; what they are
 * answered, they find out themselves. Returns 0 when that failed, which is logged. */
int admin_action_wake(const admin_call_t *call, const char *action, const char *account,
                      const char *device);

/* -- suspend.c -- */

/* record: the DEVICE record. */
int admin_is_suspended(const state_record_t *record);
/* { since, by, reason }, or null. */
json_t *admin_suspension(const state_record_t *record, apr_pool_t *pool);
/* That of the device (names[1]). */
base_fault_t *admin_suspension_read(const admin_call_t *call, json_t **suspension);

/* -- wipe.c -- */

typedef enum {
    ADMIN_WIPE_NONE,
    ADMIN_WIPE_PENDING,
    ADMIN_WIPE_DONE /* acknowledged: blocked until it is released */
} admin_wipe_t;

admin_wipe_t admin_wipe_state(const state_record_t *record);
/* { state, scope, by, reason, since, sent, failed, done }, or null. */
json_t *admin_wipe_json(const state_record_t *record, apr_pool_t *pool);
/* Is there one of the device (names[1])? Then it is not removed: *forbidden 1, answered 409. */
base_fault_t *admin_wipe_forbids(admin_call_t *call, int *forbidden);

/* -- policy.c -- */

/* { name, acknowledged, acknowledged_name, time, current }, or null: nothing is asked of the device. */
json_t *admin_policy_state(const eas_policies_t *policies, const char *account,
                           const state_record_t *record, apr_pool_t *pool);

/* -- throttle.c -- */

/* What holds the device back at the server that answers, null: nothing. */
json_t *admin_throttle_of(const admin_call_t *call, const char *account, const char *device);

/* -- quarantine.c -- */

/* waiting: an administrator wants it to be tried, and the device has not come yet. */
json_t *admin_quarantined_json(const char *folder_id, apr_uint32_t generation,
                               const sync_quarantined_t *item, int waiting, apr_pool_t *pool);

/* -- undo.c -- */

/* What of the device (NULL: of the account) can be brought back, newest first. */
base_fault_t *admin_undo_entries(admin_call_t *call, const char *device, json_t **entries);

/* -- exchange.c -- */

/* The flight recorder's entries of the device (names[1]), newest first. */
base_fault_t *admin_exchange_entries(admin_call_t *call, json_t **list);
/* The newest of a command (and with a folder), NULL when there is none. */
const json_t *admin_exchange_last(const json_t *list, const char *command, const char *folder);

/* Did the device present that key of that folder? */
int admin_exchange_presented(const json_t *list, const char *folder, const char *key);

/* -- profile.c -- */

/* { client, protocol, heartbeat, window, truncation, overrides }: what is done differently for the device
 * of the record. */
json_t *admin_profile_json(const admin_call_t *call, const state_record_t *record);

/* -- brake.c -- */

/* [ { folder, since, removals, items } ]: what is paused for the device of the record. */
json_t *admin_brake_json(const state_record_t *record, apr_pool_t *pool);
/* That of the device (names[1]). */
base_fault_t *admin_brake_read(const admin_call_t *call, json_t **paused);

/* -- trace.c -- */

/* { until, content }; null: the device is not traced. */
json_t *admin_trace_state(const state_record_t *record, apr_time_t now, apr_pool_t *pool);
/* What was traced of the device (names[1]), newest first. */
base_fault_t *admin_trace_entries(admin_call_t *call, json_t **list);

/* -- device.c, why.c -- */

/* All that is known of the device (names), into the object. */
base_fault_t *admin_device_json(admin_call_t *call, json_t *object);
/* Why the device lacks what of a folder: a new object. */
base_fault_t *admin_why_folder(admin_call_t *call, const char *folder, json_t **json);

/* -- audit.c -- */

#define ADMIN_AUDIT_FIELDS_MAX 16

typedef struct {
    const char *id; /* of the entry before the deed */
    state_audit_field_t fields[ADMIN_AUDIT_FIELDS_MAX];
    int count;
} admin_audit_t;

/* Begins with the actor, his address and the action. value NULL: left out. */
void admin_audit_init(const admin_call_t *call, const char *action, admin_audit_t *audit);
void admin_audit_add(admin_audit_t *audit, const char *name, const char *value);
void admin_audit_add_number(const admin_call_t *call, admin_audit_t *audit, const char *name,
                            apr_uint64_t number);
base_fault_t *admin_audit_begin(const admin_call_t *call, admin_audit_t *audit);
/* The deed is done, or fault says why not. That this cannot be written is logged: the entry
 * before the deed is there. */
void admin_audit_end(const admin_call_t *call, admin_audit_t *audit, const base_fault_t *fault);

#endif
