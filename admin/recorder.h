/* The flight recorder's lists (state/recorder.h) as answers: their entries are JSON with short names,
 * which get their long ones here. */
#ifndef ADMIN_RECORDER_H
#define ADMIN_RECORDER_H

#include "admin/call.h"
#include "state/recorder.h"

typedef struct {
    const char *packed, *name;
} admin_recorder_member_t;

typedef struct {
    state_recorder_kind_t kind;
    const admin_recorder_member_t *members; /* what the answer has as it is; ends with {NULL} */
    /* Adds to json what the table cannot say. */
    void (*rest)(json_t *json, const json_t *packed);
} admin_recorder_form_t;

/* What the list has of the call's device (names[1]), newest first; *list is the caller's. */
base_fault_t *admin_recorder_entries(admin_call_t *call, const admin_recorder_form_t *form,
                                     json_t **list);

#endif
