/* A device's SyncState as it is now, decoded for people. Reads only. */
#ifndef ADMIN_SNAPSHOT_H
#define ADMIN_SNAPSHOT_H

#include "admin/admin.h"
#include "sync/quarantine.h"

typedef struct {
    const char *id;
    const char *name;      /* NULL: the device was never told of it */
    const char *parent_id; /* likewise */
    int type;              /* MS-ASCMD 2.2.3.186.3; 0: likewise */
    int synchronised;      /* it has a folder state: all that follows */
    const char *damaged;   /* what cannot be read, NULL: all can */
    const char *sync_key;  /* the last one given */
    const char *confirmed; /* the last one that came back */
    apr_uint64_t items;    /* held by who has the last key given */
    int pending_adds, pending_changes, pending_deletes; /* in the last answer, not confirmed */
    int more;                                           /* that answer said MoreAvailable */
    int complete; /* nothing of the first synchronisation is left to be given */
    int filter;   /* FilterType in force */
    apr_uint32_t generation;
    apr_uint64_t bytes;
    const sync_quarantine_t *quarantine;
    const char *retry_waiting; /* of each of its items: 1 when the next Sync tries it */
} admin_folder_t;

typedef struct {
    const char *account;
    const char *device;
    const state_record_t *record; /* what is known of the device; version 0: nothing */
    const char *sync_key;         /* of the hierarchy, NULL: none */
    unsigned protocol;            /* 161, 0: not known */
    apr_array_header_t *folders;  /* admin_folder_t, in the order of their ids */
    int synchronised;             /* folders that have a state */
    apr_uint64_t items;
    apr_uint64_t bytes;
} admin_snapshot_t;

base_fault_t *admin_snapshot_read(const admin_service_t *service, const char *account,
                                  const char *device, admin_snapshot_t **snapshot,
                                  apr_pool_t *pool);

/* A field of a device record as a time, 0 when there is none. */
apr_time_t admin_record_time(const state_record_t *record, const char *name, apr_pool_t *pool);

/* "Email", "Calendar", ... of a folder type; NULL for none. */
const char *admin_folder_class(int type);

#endif
