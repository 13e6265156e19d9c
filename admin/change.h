/* Changes that an administrator makes to a device's record (names[0] and [1] of the call): planned,
 * which is all that a dry run does; entered into the audit stream; made in one compare-and-set;
 * told to those who wait; entered with the outcome. */
#ifndef ADMIN_CHANGE_H
#define ADMIN_CHANGE_H

#include "admin/action.h"

#define ADMIN_CHANGE_FIELDS_MAX 8

typedef struct {
    const char *name;
    const char *value; /* NULL: it is taken away, or left out of the audit */
} admin_change_field_t;

typedef enum {
    ADMIN_CHANGE_ALWAYS,
    ADMIN_CHANGE_UNLESS_SET, /* nothing is done where the record has the first of the fields */
    ADMIN_CHANGE_IF_SET      /* ... or lacks it */
} admin_change_when_t;

typedef struct {
    const char *action;                 /* "device.suspend" */
    const admin_change_field_t *fields; /* of the record */
    int count;
    const admin_change_field_t *audit; /* what the audit says besides */
    int audit_count;
    /* makes the first field's value of what the record has when it is written; NULL: it has one */
    const char *(*value)(const admin_call_t *call, const state_record_t *record);
    admin_change_when_t when;
    const char
        *unless; /* one of the fields: where the record has it nothing is done either; or NULL */
    int wake;    /* tell those of the device who wait */
    /* what begin fills in */
    int dry_run;
    json_t *answer; /* devices, action, dry_run, account */
} admin_change_t;

/* Of the device's record. */
state_key_t admin_change_key(const admin_call_t *call);

/* Reads dry_run, and whether there is such a device: *found 0: answered 404. */
base_fault_t *admin_change_begin(admin_call_t *call, admin_change_t *change, int *found);

/* Makes the change unless it is a dry run. The answer gets "changes", and "waiting_told" where that was
 * to be done. */
base_fault_t *admin_change_make(admin_call_t *call, admin_change_t *change);

/* Without audit and telling: part of something else that has them. */
base_fault_t *admin_change_write(const admin_call_t *call, const admin_change_t *change);

/* Those fields of the record as they are now. */
base_fault_t *admin_change_read(const admin_call_t *call, const admin_change_t *change,
                                state_record_t **record);

#endif
