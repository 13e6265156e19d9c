/* Access control as administrators see and change it: the list of decisions about devices, the rules,
 * and what comes of them for each device (sync/access.h).
 *
 * A change is planned, which is all that a dry run does: the devices that it makes a difference to are
 * those that the decision differs for. Then it is entered into the audit stream, made in one step of
 * the store, told to those of these devices that wait, and entered with its outcome. The SyncState of
 * a device goes when the device comes (cmd/access.h): a change that is taken back before is none. */
#ifndef ADMIN_ACCESS_H
#define ADMIN_ACCESS_H

#include <apr_hash.h>

#include "admin/call.h"
#include "sync/access.h"

/* What decides, at one moment. */
typedef struct {
    const admin_service_t *service;
    const char *version; /* of the rules; NULL: there never were any */
    const sync_access_rules_t *rules;
    apr_hash_t
        *entries; /* of the list, in place of those in the store: name -> text, "" for none; or
                            NULL */
} admin_access_t;

typedef struct admin_device_look admin_device_look_t; /* admin/devices.h */

base_fault_t *admin_access_open(const admin_service_t *service, const admin_access_t **access,
                                apr_pool_t *pool);

/* Decides about devices: fills in access, entry and served. */
base_fault_t *admin_access_look(const admin_access_t *access, admin_device_look_t *looks, int count,
                                apr_pool_t *pool);

/* The same of one that was looked at before, by what decides here. */
void admin_access_decide(const admin_access_t *access, admin_device_look_t *look, apr_pool_t *pool);

/* { status, by, rule, since, actor, reason }. Of a device that waits for its next request status is
 * what that will be served as. */
json_t *admin_access_json(const admin_device_look_t *look, apr_pool_t *pool);

/* A status parameter; NONE when it was not given. */
base_fault_t *admin_parameter_status(const admin_call_t *call, const char *name,
                                     sync_access_status_t *status);

/* -- access_change.c -- */

#define ADMIN_ACCESS_TOLD_MAX 200 /* devices that an answer names */

typedef struct {
    const char *action; /* "access.set" */
    const admin_access_t *before;
    admin_access_t after;
    int is_new; /* it changes the list or the rules at all */
    /* the step: see state_table_write */
    const char *check, *expected;
    apr_array_header_t *writes; /* state_table_entry_t */
    /* whom it can concern; NULL: anybody */
    const char *account, *device;
    /* what the audit says besides */
    apr_table_t *audit;
    /* the answer, begun by admin_access_change_init */
    json_t *answer;
} admin_access_change_t;

/* Reads dry_run and what decides now. */
base_fault_t *admin_access_change_init(admin_call_t *call, const char *action,
                                       admin_access_change_t *change);
/* Plans, and does it unless it is a dry run. Answers with: action, dry_run, changes, devices_changed,
 * changed [ { account, device, from, to } ], waiting_told. */
base_fault_t *admin_access_change_run(admin_call_t *call, admin_access_change_t *change);

#endif
