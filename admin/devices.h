/* Going through devices. */
#ifndef ADMIN_DEVICES_H
#define ADMIN_DEVICES_H

#include "admin/access.h"
#include "admin/action.h"

/* A short look at a device: its record, and whether there are states, without reading them. */
struct admin_device_look {
    const char *account, *device;
    const state_record_t *record; /* DEVICE */
    apr_time_t last;              /* seen, to about an hour; 0: not known */
    int folders;                  /* that have a state */
    int active;                   /* it has a folder hierarchy or a folder state */
    int suspended;
    admin_wipe_t wipe;
    sync_access_decision_t access; /* as of its next request */
    sync_access_entry_t entry;     /* that decided, if one did */
    sync_access_served_t served;   /* as what it was served last */
    const char *entries[2];        /* of the list: for the device, for it and the account */
    int quarantined;               /* items that could not be rendered for it */
};

/* Fills in the rest. */
base_fault_t *admin_device_look(const admin_access_t *access, admin_device_look_t *look,
                                apr_pool_t *pool);
json_t *admin_device_summary(const admin_device_look_t *look, apr_pool_t *pool);

/* A walk through devices, page by page. */
typedef struct {
    admin_call_t *call; /* its parameters limit and after */
    int whole;          /* no pages: all that there is */
    int from_start;     /* not from the parameter after on, which is another list's */
    const char *after;  /* in place of the parameter, NULL: the parameter */
    /* *taken: 1 when the device counts for the limit. pool is cleared now and then. */
    base_fault_t *(*visit)(void *baton, const admin_device_look_t *look, int *taken,
                           apr_pool_t *pool);
    void *baton;
    const admin_access_t *access; /* NULL: as things are */
    int limit, taken, examined;
    const char *next; /* what the next page takes as after, NULL: that was all */
} admin_walk_t;

/* Through the devices of the account (NULL: of all), until a page is full. */
base_fault_t *admin_walk(admin_walk_t *walk, const char *account);

#endif
