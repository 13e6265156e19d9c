/* The brake on mass changes: what a device removes from a folder within some time. Beyond the limits
 * the folder is paused for the device, nothing of that request is done, and an administrator says
 * whether it was meant. Field "brake" of the DEVICE record: an entry for each folder that something
 * was removed from, blank-separated texts FOLDER,STATE,SINCE,COUNT,SIZE,DIGEST. */
#ifndef SYNC_BRAKE_H
#define SYNC_BRAKE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#define SYNC_BRAKE_FIELD "brake"
#define SYNC_BRAKE_FOLDERS_MAX 1000
#define SYNC_BRAKE_SHARE_LEAST 20 /* items: of small folders a share says nothing */

typedef enum {
    SYNC_BRAKE_COUNTING = 'c',
    SYNC_BRAKE_PAUSED = 'p',
    SYNC_BRAKE_APPROVED = 'a' /* by an administrator: for a window nothing is counted */
} sync_brake_state_t;

typedef struct {
    const char *folder;
    sync_brake_state_t state;
    apr_time_t since;
    apr_uint64_t count; /* removed since then; PAUSED: with those that were refused */
    apr_uint64_t size;  /* items that the folder had then */
    const char *digest; /* of the request counted last: its repeat counts no more */
} sync_brake_entry_t;

typedef struct {
    apr_uint64_t items;         /* 0: any number */
    apr_uint64_t share;         /* percent of the folder's items, 0: any */
    apr_interval_time_t window; /* within which they are counted */
} sync_brake_limits_t;

typedef enum {
    SYNC_BRAKE_FREE,    /* go on: nothing is to be written */
    SYNC_BRAKE_COUNTED, /* go on, with the entries as they are now */
    SYNC_BRAKE_HELD,    /* the folder is paused */
    SYNC_BRAKE_PULLED   /* it is from now on, with the entries as they are now */
} sync_brake_verdict_t;

/* sync_brake_entry_t; what cannot be read is left out. NULL as text: none. */
apr_array_header_t *sync_brake_parse(const char *text, apr_pool_t *pool);
/* NULL when nothing is left: entries that count or approve end with their window. */
const char *sync_brake_format(const apr_array_header_t *entries, apr_interval_time_t window,
                              apr_time_t now, apr_pool_t *pool);
/* NULL: there is none. */
sync_brake_entry_t *sync_brake_find(const apr_array_header_t *entries, const char *folder);

/* May the device remove so many of the folder's items (size of them now)? digest, without blanks and
 * commas, names the request. */
sync_brake_verdict_t sync_brake_judge(apr_array_header_t *entries,
                                      const sync_brake_limits_t *limits, const char *folder,
                                      apr_uint64_t wanted, apr_uint64_t size, const char *digest,
                                      apr_time_t now);

#endif
